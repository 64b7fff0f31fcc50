
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * Refunds with an idempotency key: what is saved with each outcome, what the
 * same request is answered then, and that the key always has the fate of its
 * refund.
 */


#include "flow_model.h"
#include "flow_payments.h"
#include "replay_model.h"

#include "portone_reply.h"


#define N(array)  (sizeof(array) / sizeof(array[0]))

/* what the same request comes to, in place of an error */
#define AGAIN  PORTONE_ERROR_MAX

typedef struct {
    const char       *what;
    model_script_t    script;
    portone_error_e   first;
    portone_error_e   then;         /* AGAIN: the refund is made */
    portone_state_e   state;        /* of an answer that is saved */
} replay_case_t;


static const replay_case_t  replay_cases[] = {

    { "made", { OF(FRESH, FRESH, SOME) },
      PORTONE_NO_ERROR, PORTONE_NO_ERROR, PORTONE_STATE_SUCCEEDED },
    { "made, of what is left", { OF(PARTLY, PARTLY, ALL) },
      PORTONE_NO_ERROR, PORTONE_NO_ERROR, PORTONE_STATE_SUCCEEDED },
    { "made, of a payment that had to be fetched", { OF(NULL, FRESH, SOME) },
      PORTONE_NO_ERROR, PORTONE_NO_ERROR, PORTONE_STATE_SUCCEEDED },
    { "accepted", { OF(FRESH, FRESH, SOME), .asynchronous = 1 },
      PORTONE_NO_ERROR, PORTONE_NO_ERROR, PORTONE_STATE_PENDING },

    { "refused", { OF(FRESH, FRESH, SOME), .cancel = { MODEL_REFUSED } },
      PORTONE_REFUND_REJECTED, PORTONE_REFUND_REJECTED,
      PORTONE_STATE_REJECTED },
    { "refused without a message",
      { OF(FRESH, FRESH, SOME),
        .cancel = { MODEL_ANSWER(200, "{\"code\":7,\"message\":null}") } },
      PORTONE_REFUND_REJECTED, PORTONE_REFUND_REJECTED,
      PORTONE_STATE_REJECTED },
    { "refused, and not there",
      { OF(FRESH, FRESH, SOME), .cancel = { MODEL_REFUSED },
        .reread = { MODEL_404 } },
      PORTONE_REFUND_REJECTED, PORTONE_REFUND_REJECTED,
      PORTONE_STATE_REJECTED },

    /* the balance has changed: the request may be right now */
    { "refunded elsewhere", { OF(FRESH, GONE, ALL) },
      PORTONE_ALREADY_REFUNDED, AGAIN, 0 },
    { "partly refunded elsewhere", { OF(FRESH, PARTLY, SOME) },
      PORTONE_CHECKSUM_MISMATCH, AGAIN, 0 },

    /* certainly not executed */
    { "not sent", { OF(FRESH, FRESH, SOME), .cancel = { MODEL_NOT_SENT } },
      PORTONE_PORTONE_UNAVAILABLE, AGAIN, 0 },
    { "not sent by us", { OF(FRESH, FRESH, SOME),
                          .cancel = { MODEL_OVERLOADED } },
      PORTONE_OVERLOADED, AGAIN, 0 },
    { "401 twice",
      { OF(FRESH, FRESH, SOME), .cancel = { MODEL_401, MODEL_401 } },
      PORTONE_PORTONE_UNAUTHORIZED, AGAIN, 0 },
    { "401, and no token",
      { OF(FRESH, FRESH, SOME), .cancel = { MODEL_401 },
        .tokens = { PORTONE_TOKEN_GRANTED, PORTONE_TOKEN_UNAVAILABLE } },
      PORTONE_PORTONE_UNAVAILABLE, AGAIN, 0 },
    { "claimed, but not in time",
      { OF(FRESH, FRESH, SOME), .step = PORTONE_STEP_CLAIM, .abandoned = 1 },
      PORTONE_STORE_UNAVAILABLE, AGAIN, 0 },

    /* nothing was recorded */
    { "no claim",
      { OF(FRESH, FRESH, SOME), .step = PORTONE_STEP_CLAIM, .fails = 1 },
      PORTONE_STORE_UNAVAILABLE, AGAIN, 0 },
    { "no token",
      { OF(FRESH, FRESH, SOME), .tokens = { PORTONE_TOKEN_UNAVAILABLE } },
      PORTONE_PORTONE_UNAVAILABLE, AGAIN, 0 },
    { "too much",
      { OF(FRESH, FRESH, "{\"merchant_uid\":\"order-1\",\"amount\":1001}") },
      PORTONE_AMOUNT_EXCEEDS_REFUNDABLE, AGAIN, 0 },
    { "no such payment", { OF(NULL, FRESH, SOME), .fetch = { MODEL_404 } },
      PORTONE_PAYMENT_NOT_FOUND, AGAIN, 0 },

    /* nobody knows */
    { "lost", { OF(FRESH, FRESH, SOME), .cancel = { MODEL_LOST_EXECUTED } },
      PORTONE_OUTCOME_UNKNOWN, PORTONE_REFUND_IN_PROGRESS, 0 },
    { "refused, and not to be read",
      { OF(FRESH, FRESH, SOME), .cancel = { MODEL_REFUSED },
        .reread = { MODEL_500 } },
      PORTONE_OUTCOME_UNKNOWN, PORTONE_REFUND_IN_PROGRESS, 0 },
    { "refused, and yet there",
      { OF(FRESH, FRESH, SOME),
        .cancel = { MODEL_EXECUTED(200, "{\"code\":-1}") } },
      PORTONE_OUTCOME_UNKNOWN, PORTONE_REFUND_IN_PROGRESS, 0 },
    { "made, but that could not be stored",
      { OF(FRESH, FRESH, SOME), .step = PORTONE_STEP_SETTLE, .fails = 1 },
      PORTONE_OUTCOME_UNKNOWN, PORTONE_REFUND_IN_PROGRESS, 0 },
    { "refused, but that could not be stored",
      { OF(FRESH, FRESH, SOME), .cancel = { MODEL_REFUSED },
        .step = PORTONE_STEP_SETTLE, .fails = 1 },
      PORTONE_REFUND_REJECTED, PORTONE_REFUND_IN_PROGRESS, 0 }
};


static void
check_same(portone_flow_t *flow, portone_flow_t *first,
    const replay_case_t *c)
{
    char           *body, *said;
    portone_str_t   message, expected;

    assert_int_equal(flow->replayed, 1);
    assert_int_equal(flow->recorded, 1);
    assert_int_equal(flow->state, c->state);
    unit_text(flow->refund_id.data, flow->refund_id.len, MODEL_REFUND);

    assert_int_equal(flow->has_code, first->has_code);
    assert_int_equal(flow->code, first->code);

    message = portone_reply_message(flow);
    expected = portone_reply_message(first);
    assert_true(portone_str_eq(&message, &expected));

    body = portone_reply_refund(first);
    said = portone_reply_refund(flow);

    assert_string_equal(said, body);

    cJSON_free(body);
    cJSON_free(said);
}


static void
the_same_request_gets_the_same_answer(void **state)
{
    size_t                i;
    model_t               model;
    portone_flow_t        flow;
    portone_step_e        step;
    portone_error_e       error;
    const replay_case_t  *c;

    for (i = 0; i < N(replay_cases); i++) {
        c = &replay_cases[i];

        model_init(&model, &c->script);
        replay_set_key(&model.flow);
        model_run(&model);

        assert_int_equal(model.flow.replayed, 0);
        replay_check(&model, MODEL_REFUND);

        step = replay_ask(&model, &flow, MINE, MODEL_NOW);
        error = (step == PORTONE_STEP_FINISH) ? flow.error : AGAIN;

        /* a payment that has nothing left says so, by itself */

        if (error == PORTONE_ALREADY_REFUNDED) {
            assert_int_equal(flow.replayed, 0);
            assert_null(index_saved(&model.store, KEY));
            error = AGAIN;
        }

        if (model.flow.error != c->first || error != c->then) {
            fail_msg("%s: first \"%s\", then \"%s\"", c->what,
                     portone_error_word(model.flow.error),
                     (error == AGAIN) ? "again" : portone_error_word(error));
        }

        if (c->state != PORTONE_STATE_SENDING) {
            check_same(&flow, &model.flow, c);

        } else {
            assert_int_equal(flow.replayed, 0);
            assert_int_equal(flow.recorded, 0);
        }

        if (c->then == PORTONE_REFUND_IN_PROGRESS) {
            assert_string_equal(flow.open.refund_id, MODEL_REFUND);
        }

        portone_flow_free(&flow);

        /* another request learns nothing, and does nothing */

        if (c->then != AGAIN) {
            assert_int_equal(replay_ask(&model, &flow, "other", MODEL_NOW),
                             PORTONE_STEP_FINISH);
            assert_int_equal(flow.error, PORTONE_IDEMPOTENCY_KEY_REUSED);
            assert_int_equal(flow.found, 0);
            assert_int_equal(flow.recorded, 0);
            assert_int_equal(flow.replayed, 0);
            assert_string_equal(flow.open.refund_id, "");

            portone_flow_free(&flow);
        }

        model_free(&model);
    }
}


static const char  *claimed_by;


/* the second one of two requests at once comes to the claim too late */

static void
claim_before(model_t *model, portone_step_e step)
{
    if (step != PORTONE_STEP_CLAIM || claimed_by == NULL) {
        return;
    }

    memory_set(&model->store, PORTONE_DB_IDEMPOTENCY, "shop", KEY, NULL,
               claimed_by);
    claimed_by = NULL;

    /* the records of that refund are not here */

    model->settled_by_others = 1;
}


static void
a_key_is_lost_to_who_claims_first(void **state)
{
    size_t   i;
    model_t  model;

    static const struct {
        const char       *claimed_by;
        portone_error_e   error;
        int               replayed;
    } cases[] = {
        { SAVED("null"), PORTONE_REFUND_IN_PROGRESS, 0 },
        { SAVED("{\"state\":\"rejected\",\"error\":\"refund_rejected\","
                "\"body\":\"{}\"}"), PORTONE_REFUND_REJECTED, 1 },
        { "{\"fingerprint\":\"x\",\"refund_id\":\"y\",\"answer\":null}",
          PORTONE_IDEMPOTENCY_KEY_REUSED, 0 },
        { "{", PORTONE_STORE_UNAVAILABLE, 0 }
    };

    static const model_script_t  script = {
        OF(FRESH, FRESH, SOME), .meddle = claim_before
    };

    for (i = 0; i < N(cases); i++) {
        claimed_by = cases[i].claimed_by;

        model_init(&model, &script);
        replay_set_key(&model.flow);
        model.flow.lookup.now = MODEL_NOW;
        model_run(&model);

        assert_int_equal(model.flow.error, cases[i].error);
        assert_int_equal(model.flow.replayed, cases[i].replayed);
        assert_int_equal(model.n_cancels, 0);
        assert_int_equal(memory_count(&model.store, PORTONE_DB_INTENTS), 0);

        model_free(&model);
    }
}


static void
a_damaged_answer_is_neither_told_nor_made_again(void **state)
{
    size_t           i;
    model_t          model;
    portone_flow_t   flow;

    static const model_script_t  script = { OF(FRESH, FRESH, SOME) };

    static const char  *answers[] = {
        "{}",
        "{\"state\":\"succeeded\",\"error\":null}",
        "{\"state\":\"succeeded\",\"error\":null,\"body\":\"\"}",
        "{\"state\":\"succeeded\",\"error\":null,\"body\":{}}",
        "{\"state\":\"new\",\"error\":null,\"body\":\"{}\"}",
        "{\"error\":null,\"body\":\"{}\"}",
        "{\"state\":\"rejected\",\"error\":\"new\",\"body\":\"{}\"}"
    };

    for (i = 0; i <= N(answers); i++) {
        char  text[512];

        if (i < N(answers)) {
            snprintf(text, sizeof(text),
                     "{\"fingerprint\":\"" MINE "\",\"refund_id\":\"r1\","
                     "\"expires_at\":1763757001,\"answer\":%s}", answers[i]);

        } else {
            snprintf(text, sizeof(text),
                     "{\"fingerprint\":\"" MINE "\","
                     "\"expires_at\":1763757001,\"answer\":"
                     "{\"state\":\"succeeded\",\"body\":\"{}\"}}");
        }

        model_init(&model, &script);
        memory_set(&model.store, PORTONE_DB_IDEMPOTENCY, "shop", KEY, NULL,
                   text);

        assert_int_equal(replay_ask(&model, &flow, MINE, MODEL_NOW),
                         PORTONE_STEP_FINISH);
        assert_int_equal(flow.error, PORTONE_STORE_UNAVAILABLE);
        assert_int_equal(flow.replayed, 0);
        assert_int_equal(flow.recorded, 0);

        portone_flow_free(&flow);
        model_free(&model);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_same_request_gets_the_same_answer),
        cmocka_unit_test(a_key_is_lost_to_who_claims_first),
        cmocka_unit_test(a_damaged_answer_is_neither_told_nor_made_again)
    };

    return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
