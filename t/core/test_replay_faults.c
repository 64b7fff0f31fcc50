
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * The fate of idempotency keys when refunds are settled later, and when
 * allocations and calls of the store fail.
 */


#include "flow_model.h"
#include "flow_payments.h"
#include "replay_model.h"

#include "portone_reply.h"

#include "portone_json.h"


#define N(array)  (sizeof(array) / sizeof(array[0]))

#define OPEN_ID  "019aa000-0000-7000-8000-0000000000ff"

/* an open refund of this key, found by the reconciler */

#define OPEN(state, members)                                                  \
    "{\"refund_id\":\"" OPEN_ID "\",\"state\":\"" state "\","            \
    "\"merchant\":\"shop\",\"idempotency_key\":\"" KEY "\","                  \
    "\"amount\":300,\"reason\":\"why\",\"requested_at\":1763756800,"          \
    "\"settle_at\":1763756920,\"clock_offset\":100,\"account\":\"f00d\","     \
    "\"before\":{\"amount\":1000,\"cancel_amount\":0,\"cancellations\":[]}"   \
    members "}"

#define OURS  ENTRY("OUR", 300, 1763756901, "why")

#define SEEN(cancelled, entries)                                              \
    PAYMENT("imp_1", "order-1", WON(1000, cancelled) HISTORY(entries))

#define ACCEPTED                                                              \
    "{\"state\":\"pending\",\"error\":null,\"body\":\"{}\"}"

#define LATER(at_portone, record)                                             \
    .stored = FRESH, .portone = at_portone, .open = record, .settle = 1


typedef struct {
    const char       *what;
    model_script_t    script;
    const char       *answer;      /* saved before */
    const char       *state;       /* of the answer saved afterwards, "null";
                                      NULL: the key is not there any more */
    portone_error_e   then;
} late_case_t;


static const late_case_t  late_cases[] = {
    { "made", { LATER(SEEN(300, OURS), OPEN("unknown", "")) }, "null",
      "succeeded", PORTONE_NO_ERROR },
    { "made, who sent it is dead",
      { LATER(SEEN(300, OURS), OPEN("sending", "")) }, "null",
      "succeeded", PORTONE_NO_ERROR },
    { "made at last",
      { LATER(SEEN(300, OURS), OPEN("pending", ",\"code\":0")) }, ACCEPTED,
      "succeeded", PORTONE_NO_ERROR },
    { "accepted, and not yet made",
      { LATER(FRESH, OPEN("pending", ",\"code\":0")) }, ACCEPTED,
      "pending", PORTONE_NO_ERROR },
    { "refused",
      { LATER(FRESH, OPEN("unknown", ",\"code\":-1,\"message\":\"no\"")) },
      "null", "rejected", PORTONE_REFUND_REJECTED },
    { "not made", { LATER(FRESH, OPEN("unknown", "")) }, "null", NULL, 0 },
    { "not made, who sent it is dead",
      { LATER(FRESH, OPEN("sending", "")) }, "null", NULL, 0 },
    { "a person has to see",
      { LATER(SEEN(250, FOREIGN), OPEN("unknown", "")) }, "null", "null",
      PORTONE_REFUND_IN_PROGRESS },
    { "nothing can be read",
      { LATER(FRESH, OPEN("unknown", "")), .reread = { MODEL_500 } }, "null",
      "null", PORTONE_REFUND_IN_PROGRESS },
    { "nothing can be stored",
      { LATER(FRESH, OPEN("unknown", "")), .step = PORTONE_STEP_SETTLE,
        .fails = 1 },
      "null", "null", PORTONE_REFUND_IN_PROGRESS }
};


/* the record, which has expired long ago, and its entry of the index */

static void
save(model_t *model, const char *answer)
{
    char            text[512], key[] = "\0\0\0\0\0\0\003\350shop\0" KEY;
    portone_str_t   index, none;

    (void) snprintf(text, sizeof(text),
                    "{\"fingerprint\":\"" MINE "\",\"refund_id\":\""
                    OPEN_ID "\",\"imp_uid\":\"imp_1\",\"ttl\":86400,"
                    "\"expires_at\":1000,\"answer\":%s}", answer);

    memory_set(&model->store, PORTONE_DB_IDEMPOTENCY, "shop", KEY, NULL,
               text);

    index.data = key;
    index.len = sizeof(key) - 1;
    none = portone_str("");

    memory_set_key(&model->store, PORTONE_DB_IDEMPOTENCY_EXPIRY, &index,
                   &none);
}


static void
a_late_outcome_goes_to_the_key(void **state)
{
    cJSON              *record;
    size_t              i;
    model_t             model;
    const char         *text;
    const cJSON        *answer;
    portone_str_t       word;
    portone_flow_t      flow;
    const late_case_t  *c;

    for (i = 0; i < N(late_cases); i++) {
        c = &late_cases[i];

        model_init(&model, &c->script);
        save(&model, c->answer);
        model_run(&model);

        replay_check(&model, OPEN_ID);

        text = index_saved(&model.store, KEY);

        if (c->state == NULL) {
            assert_null(text);
            assert_int_not_equal(replay_ask(&model, &flow, MINE, MODEL_NOW),
                                 PORTONE_STEP_FINISH);
            portone_flow_free(&flow);
            model_free(&model);
            continue;
        }

        record = cJSON_Parse(text);
        answer = portone_json_member(record, "answer");

        word = cJSON_IsNull(answer) ? portone_str("null")
                                    : portone_json_str(answer, "state");
        unit_text(word.data, word.len, c->state);

        /* what is known by now is kept from now on */

        if (strcmp(c->state, "null") != 0) {
            assert_int_equal(portone_json_int(record, "expires_at", 0),
                             MODEL_NOW + TTL);
        }

        cJSON_Delete(record);

        /* one that is due would be looked at first */

        if (c->script.step == 0) {
            assert_int_equal(replay_ask(&model, &flow, MINE, MODEL_NOW),
                             PORTONE_STEP_FINISH);
            assert_int_equal(flow.error, c->then);
            assert_int_equal(flow.replayed,
                             c->then != PORTONE_REFUND_IN_PROGRESS);
            portone_flow_free(&flow);
        }

        model_free(&model);
    }
}


/* a client asks again when the time of its refund has come */

static void
a_request_settles_its_own_refund(void **state)
{
    char            *body;
    cJSON           *json;
    model_t          model;
    portone_flow_t  *flow;

    static const model_script_t  script = {
        .stored = FRESH, .portone = SEEN(300, OURS),
        .open = OPEN("unknown", ""), .request = SOME
    };

    model_init(&model, &script);
    save(&model, "null");

    flow = &model.flow;

    replay_set_key(flow);
    flow->refund_id = portone_str("another");

    assert_int_equal(portone_flow_start(flow), PORTONE_STEP_LOOKUP);
    assert_int_equal(model_step(&model, PORTONE_STEP_LOOKUP),
                     PORTONE_STEP_TOKEN);
    assert_int_equal(model_step(&model, PORTONE_STEP_TOKEN),
                     PORTONE_STEP_REREAD);
    assert_int_equal(model_step(&model, PORTONE_STEP_REREAD),
                     PORTONE_STEP_SETTLE);
    assert_int_equal(model_step(&model, PORTONE_STEP_SETTLE),
                     PORTONE_STEP_LOOKUP);

    flow->lookup.now = MODEL_NOW;

    assert_int_equal(model_step(&model, PORTONE_STEP_LOOKUP),
                     PORTONE_STEP_FINISH);

    assert_int_equal(flow->error, PORTONE_NO_ERROR);
    assert_int_equal(flow->replayed, 1);
    assert_int_equal(flow->state, PORTONE_STATE_SUCCEEDED);
    unit_text(flow->refund_id.data, flow->refund_id.len, OPEN_ID);
    assert_int_equal(model.n_cancels, 0);

    body = portone_reply_refund(flow);
    json = cJSON_Parse(body);

    assert_int_equal(portone_json_int(json, "refundable_amount", -1), 700);

    cJSON_Delete(json);
    cJSON_free(body);

    replay_check(&model, OPEN_ID);
    model_free(&model);
}


/* all that follows: refunds and settlements in which something fails */

static const model_script_t  scripts[] = {
    { OF(FRESH, FRESH, SOME) },
    { OF(NULL, FRESH, ALL) },
    { OF(FRESH, FRESH, SOME), .asynchronous = 1 },
    { OF(FRESH, FRESH, SOME), .cancel = { MODEL_REFUSED } },
    { OF(FRESH, GONE, ALL) },
    { OF(FRESH, FRESH, SOME), .cancel = { MODEL_401, MODEL_401 } },
    { OF(FRESH, FRESH, SOME), .cancel = { MODEL_LOST_EXECUTED } },
    { LATER(SEEN(300, OURS), OPEN("unknown", "")) },
    { LATER(SEEN(300, OURS), OPEN("pending", ",\"code\":0")) },
    { LATER(FRESH, OPEN("unknown", ",\"code\":-1")) },
    { LATER(FRESH, OPEN("sending", "")) }
};


static void
start(model_t *model, const model_script_t *script)
{
    model_init(model, script);

    if (script->settle) {
        save(model, strstr(script->open, "pending") ? ACCEPTED : "null");

    } else {
        replay_set_key(&model->flow);
    }
}


static void
the_key_has_the_fate_of_its_refund(void **state)
{
    int      memory;
    size_t   i, n, calls, live;
    model_t  model;

    unit_hooks();
    live = unit_live;

    for (i = 0; i < N(scripts) * 2; i++) {
        memory = i % 2;

        for (n = 1; /* void */ ; n++) {
            start(&model, &scripts[i / 2]);

            unit_allocations = 0;

            if (memory) {
                unit_fail_at = n;

            } else {
                model.store.fail_at = n;
            }

            model_run(&model);

            unit_fail_at = 0;
            calls = memory ? unit_allocations : model.store.calls;

            replay_check(&model,
                       scripts[i / 2].settle ? OPEN_ID : MODEL_REFUND);
            model_free(&model);

            assert_int_equal(unit_live, live);

            if (calls < n) {
                break;
            }
        }

        assert_true(n > 5);
    }
}


static void
an_answer_cannot_be_told_without_memory(void **state)
{
    char            *text;
    size_t           n;
    model_t          model;
    portone_flow_t   flow;

    start(&model, &scripts[0]);
    model_run(&model);

    for (n = 1; /* void */ ; n++) {
        assert_int_equal(replay_ask(&model, &flow, MINE, MODEL_NOW),
                         PORTONE_STEP_FINISH);

        unit_allocations = 0;
        unit_fail_at = n;

        text = portone_reply_refund(&flow);

        unit_fail_at = 0;
        portone_flow_free(&flow);

        if (unit_allocations < n) {
            break;
        }

        assert_null(text);
    }

    assert_non_null(text);
    assert_int_equal(n, 2);

    cJSON_free(text);
    model_free(&model);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_late_outcome_goes_to_the_key),
        cmocka_unit_test(a_request_settles_its_own_refund),
        cmocka_unit_test(the_key_has_the_fate_of_its_refund),
        cmocka_unit_test(an_answer_cannot_be_told_without_memory)
    };

    return cmocka_run_group_tests_name("replay_faults", tests, NULL, NULL);
}
