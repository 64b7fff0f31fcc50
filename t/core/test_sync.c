
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * A payment is brought up to date: what is read, what is stored of it, and
 * what is done about an open refund.
 */


#include "flow_model.h"
#include "flow_payments.h"
#include "open_records.h"

#include "portone_json.h"


#define N(array)  (sizeof(array) / sizeof(array[0]))

#define BY_IMP    "{\"imp_uid\":\"imp_1\"}"
#define BY_ORDER  "{\"merchant_uid\":\"order-1\"}"

#define SYNC(in_store, at_portone, asked)                                     \
    OF(in_store, at_portone, asked), .sync = 1

#define SYNC_OPEN(in_store, at_portone, record)                               \
    SYNC(in_store, at_portone, BY_IMP), .open = record

/* with our 300 won, and with more than that */
#define DONE      PAYMENT("imp_1", "order-1", WON(1000, 300) HISTORY(OURS))
#define BOTH      PAYMENT("imp_1", "order-1", WON(1000, 550)                  \
                          HISTORY(OURS "," FOREIGN))
#define CONSOLE   PAYMENT("imp_1", "order-1", WON(1000, 250) HISTORY(FOREIGN))
#define SECOND    PAYMENT("imp_2", "order-1", WON(1000, 0)                    \
                          ",\"started_at\":1763750001")
#define LATER_READY                                                           \
    PAYMENT("imp_2", "order-1",                                               \
            "\"amount\":1000,\"cancel_amount\":0,\"currency\":\"KRW\","       \
            "\"status\":\"ready\",\"started_at\":1763750001")

/* the time to settle is still to come */
#define EARLY(state)                                                          \
    "{\"refund_id\":\"" OPEN_ID "\",\"state\":\"" state "\",\"amount\":300,"  \
    "\"reason\":\"why\",\"requested_at\":1763756800,\"clock_offset\":100,"    \
    "\"settle_at\":1763757001,\"account\":\"f00d\",\"before\":" NOTHING "}"


typedef struct {
    const char       *what;
    model_script_t    script;
    const char       *steps;
    portone_error_e   error;
    double            cancelled;    /* of the stored payment, -1: none */
    const char       *intent;       /* state of the open one; NULL: settled */
    const char       *attempt;
} sync_case_t;


static void
run_sync_cases(const sync_case_t *cases, size_t n)
{
    size_t              i;
    model_t             model;
    const sync_case_t  *c;

    for (i = 0; i < n; i++) {
        c = &cases[i];

        model_init(&model, &c->script);
        model_run(&model);

        if (strcmp(model.steps, c->steps) != 0
            || model.flow.error != c->error
            || model_stored_cancelled(&model) != c->cancelled)
        {
            fail_msg("%s: steps %s, error \"%s\", cancelled %g", c->what,
                     model.steps, portone_error_word(model.flow.error),
                     model_stored_cancelled(&model));
        }

        if (c->intent != NULL) {
            open_check(&model, PORTONE_DB_INTENTS, c->intent);
        }

        if (c->attempt != NULL) {
            open_check(&model, PORTONE_DB_ATTEMPTS, c->attempt);
        }

        if (c->error == PORTONE_NO_ERROR) {
            assert_true(model.flow.found);
        }

        model_free(&model);
    }
}


static void
what_portone_says_is_stored(void **state)
{
    static const sync_case_t  cases[] = {
        { "not stored", { SYNC(NULL, PARTLY, BY_IMP) }, "LTFDL",
          PORTONE_NO_ERROR, 400, NULL, NULL },
        { "an order that is not stored", { SYNC(NULL, PARTLY, BY_ORDER) },
          "LTFDL", PORTONE_NO_ERROR, 400, NULL, NULL },
        { "not paid yet", { SYNC(NULL, READY, BY_IMP) }, "LTFDL",
          PORTONE_NO_ERROR, 0, NULL, NULL },
        { "refunded in the console", { SYNC(FRESH, CONSOLE, BY_IMP) },
          "LTYDL", PORTONE_NO_ERROR, 250, NULL, NULL },
        { "an order refunded in the console",
          { SYNC(FRESH, CONSOLE, BY_ORDER) }, "LTYDL", PORTONE_NO_ERROR, 250,
          NULL, NULL },
        { "undone", { SYNC(PARTLY, FRESH, BY_IMP) }, "LTYDL",
          PORTONE_NO_ERROR, 0, NULL, NULL },
        { "paid since", { SYNC(READY, FRESH, BY_IMP) }, "LTYDL",
          PORTONE_NO_ERROR, 0, NULL, NULL },

        /* without a write */
        { "nothing new", { SYNC(PARTLY, PARTLY, BY_IMP) }, "LTY",
          PORTONE_NO_ERROR, 400, NULL, NULL },
        { "nothing new of an order", { SYNC(PARTLY, PARTLY, BY_ORDER) },
          "LTY", PORTONE_NO_ERROR, 400, NULL, NULL },

        { "the token is refused once",
          { SYNC(FRESH, CONSOLE, BY_IMP), .reread = { MODEL_401 } },
          "LTYRYDL", PORTONE_NO_ERROR, 250, NULL, NULL },
        { "the token is refused once for what is not stored",
          { SYNC(NULL, CONSOLE, BY_IMP), .fetch = { MODEL_401 } },
          "LTFRFDL", PORTONE_NO_ERROR, 250, NULL, NULL },

        /* an amount is a matter of refunds */
        { "an amount is required",
          { SYNC(FRESH, CONSOLE, BY_IMP), .require_amount = 1 }, "LTYDL",
          PORTONE_NO_ERROR, 250, NULL, NULL }
    };

    run_sync_cases(cases, N(cases));
}


static void
what_cannot_be_read_is_told(void **state)
{
    static const sync_case_t  cases[] = {
        { "nowhere", { SYNC(NULL, NULL, BY_IMP) }, "LTF",
          PORTONE_PAYMENT_NOT_FOUND, -1, NULL, NULL },
        { "gone", { SYNC(FRESH, NULL, BY_IMP) }, "LTY",
          PORTONE_PAYMENT_NOT_FOUND, 0, NULL, NULL },
        { "gone, and never paid", { SYNC(READY, NULL, BY_ORDER) }, "LTF",
          PORTONE_PAYMENT_NOT_FOUND, 0, NULL, NULL },
        { "a path",
          { SYNC(NULL, FRESH, "{\"imp_uid\":\"../imp_1\"}") }, "L",
          PORTONE_PAYMENT_NOT_FOUND, -1, NULL, NULL },
        { "not sent",
          { SYNC(FRESH, CONSOLE, BY_IMP), .reread = { MODEL_NOT_SENT } },
          "LTY", PORTONE_PORTONE_UNAVAILABLE, 0, NULL, NULL },
        { "lost",
          { SYNC(FRESH, CONSOLE, BY_IMP), .reread = { MODEL_LOST } },
          "LTY", PORTONE_PORTONE_UNAVAILABLE, 0, NULL, NULL },
        { "overloaded",
          { SYNC(FRESH, CONSOLE, BY_IMP), .reread = { MODEL_OVERLOADED } },
          "LTY", PORTONE_OVERLOADED, 0, NULL, NULL },
        { "500",
          { SYNC(FRESH, CONSOLE, BY_IMP), .reread = { MODEL_500 } }, "LTY",
          PORTONE_PORTONE_UNAVAILABLE, 0, NULL, NULL },
        { "another payment",
          { SYNC(FRESH, CONSOLE, BY_IMP),
            .reread = { MODEL_ANSWER(200, "{\"code\":0,\"message\":null,"
                                          "\"response\":" SECOND "}") } },
          "LTY", PORTONE_PORTONE_UNAVAILABLE, 0, NULL, NULL },
        { "another payment of an order",
          { SYNC(FRESH, CONSOLE, BY_ORDER),
            .reread = { MODEL_ANSWER(200, "{\"code\":0,\"message\":null,"
                                          "\"response\":" SECOND "}") } },
          "LTY", PORTONE_PORTONE_UNAVAILABLE, 0, NULL, NULL },
        { "the token is refused twice",
          { SYNC(FRESH, CONSOLE, BY_IMP),
            .reread = { MODEL_401, MODEL_401 } },
          "LTYRY", PORTONE_PORTONE_UNAUTHORIZED, 0, NULL, NULL },
        { "the keys are refused",
          { SYNC(FRESH, CONSOLE, BY_IMP),
            .tokens = { PORTONE_TOKEN_REFUSED } },
          "LT", PORTONE_PORTONE_UNAUTHORIZED, 0, NULL, NULL },
        { "no token",
          { SYNC(FRESH, CONSOLE, BY_IMP),
            .tokens = { PORTONE_TOKEN_UNAVAILABLE } },
          "LT", PORTONE_PORTONE_UNAVAILABLE, 0, NULL, NULL },
        { "the store does not take it",
          { SYNC(FRESH, CONSOLE, BY_IMP), .fails = 1,
            .step = PORTONE_STEP_SAVE },
          "LTYD", PORTONE_STORE_UNAVAILABLE, 0, NULL, NULL },
        { "the store takes too long",
          { SYNC(FRESH, CONSOLE, BY_IMP), .abandoned = 1,
            .step = PORTONE_STEP_SAVE },
          "LTYD", PORTONE_STORE_UNAVAILABLE, 250, NULL, NULL }
    };

    run_sync_cases(cases, N(cases));
}


/* the order leads to the payment with the better claim, all the same */

static void
an_order_has_several_payments(void **state)
{
    static const sync_case_t  cases[] = {
        { "paid with another one since", { SYNC(READY, SECOND, BY_ORDER) },
          "LTFDL", PORTONE_NO_ERROR, 0, NULL, NULL },
        { "tried with another one since",
          { SYNC(READY, LATER_READY, BY_ORDER) }, "LTFDL", PORTONE_NO_ERROR,
          0, NULL, NULL }
    };

    run_sync_cases(cases, N(cases));
}


static void
open_refunds_are_settled(void **state)
{
    static const sync_case_t  cases[] = {
        { "succeeded", { SYNC_OPEN(FRESH, DONE, LOST) }, "LTYSL",
          PORTONE_NO_ERROR, 300, NULL, "succeeded" },
        { "not executed", { SYNC_OPEN(FRESH, FRESH, LOST) }, "LTYSL",
          PORTONE_NO_ERROR, 0, NULL, "not_executed" },
        { "for a person", { SYNC_OPEN(FRESH, BOTH, LOST) }, "LTYSL",
          PORTONE_NO_ERROR, 550, "manual_review", NULL },
        { "left by a crash",
          { SYNC_OPEN(FRESH, DONE, RECORD("sending", "why", NOTHING, "")) },
          "LTYSL", PORTONE_NO_ERROR, 300, NULL, "succeeded" },
        { "accepted and done",
          { SYNC_OPEN(FRESH, DONE, RECORD("pending", "why", NOTHING, "")) },
          "LTYSL", PORTONE_NO_ERROR, 300, NULL, "succeeded" },
        { "accepted and not done",
          { SYNC_OPEN(FRESH, FRESH, RECORD("pending", "why", NOTHING, "")) },
          "LTYSL", PORTONE_NO_ERROR, 0, "pending", NULL },

        /* nothing is learned, and so told */
        { "not reached",
          { SYNC_OPEN(FRESH, DONE, LOST), .reread = { MODEL_LOST } },
          "LTYSL", PORTONE_PORTONE_UNAVAILABLE, 0, "unknown", NULL },
        { "overloaded",
          { SYNC_OPEN(FRESH, DONE, LOST), .reread = { MODEL_OVERLOADED } },
          "LTYSL", PORTONE_OVERLOADED, 0, "unknown", NULL },
        { "the keys are refused",
          { SYNC_OPEN(FRESH, DONE, LOST),
            .tokens = { PORTONE_TOKEN_REFUSED } },
          "LTSL", PORTONE_PORTONE_UNAUTHORIZED, 0, "unknown", NULL },
        { "the token is refused twice",
          { SYNC_OPEN(FRESH, DONE, LOST),
            .reread = { MODEL_401, MODEL_401 } },
          "LTYRYSL", PORTONE_PORTONE_UNAUTHORIZED, 0, "unknown", NULL },
        { "the store does not take it",
          { SYNC_OPEN(FRESH, DONE, LOST), .fails = 1,
            .step = PORTONE_STEP_SETTLE },
          "LTYS", PORTONE_STORE_UNAVAILABLE, 0, "unknown", NULL },

        /* nobody would ask for it again */
        { "gone", { SYNC_OPEN(FRESH, NULL, LOST) }, "LTYSLTY",
          PORTONE_PAYMENT_NOT_FOUND, 0, "manual_review", NULL },

        /* a person has it: what is there now helps */
        { "it waits for a person",
          { SYNC_OPEN(FRESH, BOTH,
                      RECORD("manual_review", "why", NOTHING, "")) },
          "LTYDL", PORTONE_NO_ERROR, 550, "manual_review", NULL }
    };

    run_sync_cases(cases, N(cases));
}


static void
open_refunds_are_left_alone_before_their_time(void **state)
{
    static const sync_case_t  cases[] = {
        { "being sent", { SYNC_OPEN(FRESH, DONE, EARLY("sending")) }, "L",
          PORTONE_REFUND_IN_PROGRESS, 0, "sending", NULL },
        { "unknown", { SYNC_OPEN(FRESH, DONE, EARLY("unknown")) }, "L",
          PORTONE_REFUND_IN_PROGRESS, 0, "unknown", NULL },
        { "of another account",
          { SYNC_OPEN(FRESH, DONE, LOST), .account = "beef" }, "L",
          PORTONE_REFUND_IN_PROGRESS, 0, "unknown", NULL },

        /* what PortOne has accepted is not on its way any more */
        { "accepted and done", { SYNC_OPEN(FRESH, DONE, EARLY("pending")) },
          "LTYSL", PORTONE_NO_ERROR, 300, NULL, "succeeded" },
        { "accepted, and more than that",
          { SYNC_OPEN(FRESH, BOTH, EARLY("pending")) }, "LTYSL",
          PORTONE_NO_ERROR, 550, "manual_review", NULL },
        { "accepted and not done",
          { SYNC_OPEN(FRESH, FRESH, EARLY("pending")) }, "LTYL",
          PORTONE_NO_ERROR, 0, "pending", NULL },
        { "accepted and not reached",
          { SYNC_OPEN(FRESH, DONE, EARLY("pending")),
            .reread = { MODEL_LOST } },
          "LTYL", PORTONE_PORTONE_UNAVAILABLE, 0, "pending", NULL }
    };

    run_sync_cases(cases, N(cases));
}


/* who asks early does not make the reconciler wait */

static void
a_look_before_the_time_leaves_the_time(void **state)
{
    cJSON    *json;
    model_t   model;

    static const model_script_t  script = {
        SYNC_OPEN(FRESH, FRESH, EARLY("pending"))
    };

    model_init(&model, &script);
    model_run(&model);

    json = open_record(&model, PORTONE_DB_INTENTS);

    assert_int_equal(portone_json_int(json, "settle_at", 0), MODEL_NOW + 1);
    assert_null(portone_json_member(json, "tries"));

    cJSON_Delete(json);
    model_free(&model);
}


/* a refund is claimed while PortOne is read */

static void
claim_meanwhile(model_t *model, portone_step_e step)
{
    if (step == PORTONE_STEP_SAVE) {
        memory_set(&model->store, PORTONE_DB_INTENTS, "shop", "imp_1", NULL,
                   EARLY("sending"));
    }
}


/* and another reading is stored */

static void
store_meanwhile(model_t *model, portone_step_e step)
{
    if (step == PORTONE_STEP_SAVE && model->n_rereads == 1) {
        memory_set(&model->store, PORTONE_DB_PAYMENTS, "shop", "imp_1", NULL,
                   PARTLY);
    }
}


/* or one each time */

static void
store_each_time(model_t *model, portone_step_e step)
{
    char  text[512];

    if (step == PORTONE_STEP_SAVE) {
        snprintf(text, sizeof(text),
                 PAYMENT("imp_1", "order-1", WON(1000, 0) ",\"n\":%zu"),
                 model->n_steps);
        memory_set(&model->store, PORTONE_DB_PAYMENTS, "shop", "imp_1", NULL,
                   text);
    }
}


/* somebody else settles what is open */

static void
settle_meanwhile(model_t *model, portone_step_e step)
{
    portone_str_t         id;
    portone_settlement_t  settlement;

    if (step != PORTONE_STEP_SETTLE) {
        return;
    }

    memset(&settlement, 0, sizeof(portone_settlement_t));

    id = portone_str("imp_1");
    (void) portone_key(&settlement.key, &model->flow.merchant, &id);

    settlement.refund_id = portone_str(OPEN_ID);
    settlement.record = portone_str(RECORD("succeeded", "why", NOTHING, ""));
    settlement.payment = portone_str(FRESH);
    settlement.journal = portone_str("{}");
    settlement.seen = PORTONE_STATE_UNKNOWN;

    assert_int_equal(memory_apply(&model->store, portone_ledger_settle,
                                  &settlement), PORTONE_OK);
    assert_int_equal(settlement.stale, 0);
}


static void
what_others_do_meanwhile_is_not_undone(void **state)
{
    static const sync_case_t  cases[] = {
        { "a refund is claimed",
          { SYNC(FRESH, CONSOLE, BY_IMP), .meddle = claim_meanwhile },
          "LTYDL", PORTONE_REFUND_IN_PROGRESS, 0, "sending", NULL },
        { "another reading is stored",
          { SYNC(FRESH, CONSOLE, BY_IMP), .meddle = store_meanwhile },
          "LTYDLTYDL", PORTONE_NO_ERROR, 250, NULL, NULL },
        { "the open refund is settled",
          { SYNC_OPEN(FRESH, DONE, LOST), .meddle = settle_meanwhile },
          "LTYSLTYDL", PORTONE_NO_ERROR, 300, NULL, "succeeded" }
    };

    run_sync_cases(cases, N(cases));
}


static void
it_does_not_go_on_for_ever(void **state)
{
    model_t         model;
    model_script_t  script = { SYNC(FRESH, CONSOLE, BY_IMP),
                               .meddle = store_each_time };

    model_init(&model, &script);
    model_run(&model);

    assert_string_equal(model.steps, "LTYDLTYDLTYDLTYDL");
    assert_int_equal(model.flow.error, PORTONE_OVERLOADED);

    model_free(&model);
}


/* no allocation that fails makes a payment look stored that is not */

static const model_script_t  *exhausted;


static int
sync_exhausted(void)
{
    int      done;
    model_t  model;

    model_init(&model, exhausted);
    model_run(&model);

    done = (model.flow.error == PORTONE_NO_ERROR);

    unit_paused = 1;

    if (done) {
        assert_true(model_stored_cancelled(&model)
                    == cJSON_GetObjectItem(model.payment, "cancel_amount")
                       ->valuedouble);
    }

    unit_paused = 0;

    model_free(&model);

    return done;
}


static void
memory_runs_out(void **state)
{
    size_t  i;

    static const model_script_t  scripts[] = {
        { SYNC(NULL, CONSOLE, BY_IMP) },
        { SYNC(FRESH, CONSOLE, BY_IMP) },
        { SYNC(PARTLY, PARTLY, BY_IMP) },
        { SYNC_OPEN(FRESH, DONE, LOST) }
    };

    for (i = 0; i < N(scripts); i++) {
        exhausted = &scripts[i];

        assert_true(unit_exhaust(sync_exhausted) > 10);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(what_portone_says_is_stored),
        cmocka_unit_test(what_cannot_be_read_is_told),
        cmocka_unit_test(an_order_has_several_payments),
        cmocka_unit_test(open_refunds_are_settled),
        cmocka_unit_test(open_refunds_are_left_alone_before_their_time),
        cmocka_unit_test(a_look_before_the_time_leaves_the_time),
        cmocka_unit_test(what_others_do_meanwhile_is_not_undone),
        cmocka_unit_test(it_does_not_go_on_for_ever),
        cmocka_unit_test(memory_runs_out)
    };

    return cmocka_run_group_tests_name("sync", tests, NULL, NULL);
}
