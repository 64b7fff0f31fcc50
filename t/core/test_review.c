
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * A person settles a refund in manual_review, whatever PortOne says of it.
 */


#include "flow_model.h"
#include "flow_payments.h"
#include "open_records.h"

#include "portone_review.h"

#include "portone_json.h"


#define N(array)  (sizeof(array) / sizeof(array[0]))

#define REVIEW    RECORD("manual_review", "why", NOTHING, ",\"code\":-1")
#define KEYED     RECORD("manual_review", "why", NOTHING,                     \
                         ",\"merchant\":\"shop\",\"idempotency_key\":\"k\"")

#define MADE      PAYMENT("imp_1", "order-1", WON(1000, 300) HISTORY(OURS))

#define YES       PORTONE_STATE_SUCCEEDED
#define NO        PORTONE_STATE_NOT_EXECUTED


typedef struct {
    const char       *what;
    model_script_t    script;
    portone_state_e   said;
    const char       *steps;
    portone_error_e   error;
    const char       *cancellation;   /* the evidence; NULL: none */
    double            cancelled;      /* of the stored payment */
} review_t;


static const review_t  reviews[] = {

    { "it was made", { OPEN(FRESH, MADE, REVIEW) }, YES,
      "LTYSL", PORTONE_NO_ERROR, "OUR", 300 },

    { "it was not made, and somebody else has made one like it",
      { OPEN(FRESH, MADE, REVIEW) }, NO,
      "LTYSL", PORTONE_NO_ERROR, NULL, 300 },

    { "it was not made", { OPEN(FRESH, FRESH, REVIEW) }, NO,
      "LTYSL", PORTONE_NO_ERROR, NULL, 0 },

    { "it was made, and PortOne does not show it",
      { OPEN(FRESH, FRESH, REVIEW) }, YES,
      "LTYSL", PORTONE_NO_ERROR, NULL, 0 },

    { "PortOne knows nothing", { OPEN(FRESH, NULL, REVIEW),
                                 .reread = { MODEL_404 } }, YES,
      "LTYSL", PORTONE_NO_ERROR, NULL, 300 },

    { "PortOne knows nothing, and it was not made",
      { OPEN(FRESH, NULL, REVIEW), .reread = { MODEL_404 } }, NO,
      "LTYSL", PORTONE_NO_ERROR, NULL, 0 },

    { "the token had expired", { OPEN(FRESH, MADE, REVIEW),
                                 .reread = { MODEL_401 } }, YES,
      "LTYRYSL", PORTONE_NO_ERROR, "OUR", 300 },

    { "PortOne is not to be asked", { OPEN(FRESH, MADE, REVIEW),
                                      .no_fetch = 1 }, YES,
      "LSL", PORTONE_NO_ERROR, NULL, 300 },

    { "PortOne is not to be asked, and it was not made",
      { OPEN(FRESH, MADE, REVIEW), .no_fetch = 1 }, NO,
      "LSL", PORTONE_NO_ERROR, NULL, 0 },

    { "PortOne is not to be asked, and the balance is known",
      { OPEN(MADE, MADE, REVIEW), .no_fetch = 1 }, YES,
      "LSL", PORTONE_NO_ERROR, NULL, 300 },

    { "PortOne is not to be asked, and more was refunded since",
      { OPEN(GONE, GONE, REVIEW), .no_fetch = 1 }, YES,
      "LSL", PORTONE_NO_ERROR, NULL, 1000 }
};


static void
start(model_t *model, const model_script_t *script, portone_state_e said)
{
    model_init(model, script);

    model->flow.want = PORTONE_WANT_REVIEW;
    model->flow.review_id = portone_str(OPEN_ID);
    model->flow.review_state = said;
}


static void
the_word_counts_whatever_portone_says(void **state)
{
    cJSON          *record;
    size_t          i;
    model_t         model;
    portone_str_t   str;

    for (i = 0; i < N(reviews); i++) {
        print_message("%s\n", reviews[i].what);

        start(&model, &reviews[i].script, reviews[i].said);
        model_run(&model);

        assert_string_equal(model.steps, reviews[i].steps);
        assert_int_equal(model.flow.error, reviews[i].error);
        assert_true(model.flow.reviewed);

        open_check(&model, PORTONE_DB_ATTEMPTS,
                      portone_record_word(reviews[i].said));

        record = open_record(&model, PORTONE_DB_ATTEMPTS);

        assert_true(cJSON_IsTrue(portone_json_member(record, "reviewed")));
        assert_int_equal(portone_json_int(record, "settled_at", 0),
                         MODEL_NOW);

        str = portone_json_str(record, "cancellation_id");
        unit_text(str.data, str.len, reviews[i].cancellation != NULL
                                         ? reviews[i].cancellation : "");

        cJSON_Delete(record);

        assert_true(model_stored_cancelled(&model) == reviews[i].cancelled);
        assert_int_equal(memory_count(&model.store, PORTONE_DB_JOURNAL), 1);
        assert_int_equal(cJSON_GetArraySize(model.flow.lookup.refunds), 1);

        model_free(&model);
    }
}


static void
what_cannot_be_read_is_left_in_review(void **state)
{
    size_t   i;
    model_t  model;

    static const struct {
        model_script_t    script;
        const char       *steps;
        portone_error_e   error;
    } cases[] = {
        { { OPEN(FRESH, MADE, REVIEW), .reread = { MODEL_LOST } },
          "LTY", PORTONE_PORTONE_UNAVAILABLE },
        { { OPEN(FRESH, MADE, REVIEW), .reread = { MODEL_NOT_SENT } },
          "LTY", PORTONE_PORTONE_UNAVAILABLE },
        { { OPEN(FRESH, MADE, REVIEW), .reread = { MODEL_OVERLOADED } },
          "LTY", PORTONE_OVERLOADED },
        { { OPEN(FRESH, MADE, REVIEW), .reread = { MODEL_HTML } },
          "LTY", PORTONE_PORTONE_UNAVAILABLE },
        { { OPEN(FRESH, MADE, REVIEW), .reread = { MODEL_500 } },
          "LTY", PORTONE_PORTONE_UNAVAILABLE },
        { { OPEN(FRESH, MADE, REVIEW),
            .reread = { MODEL_ANSWER(200, "{\"code\":0,\"message\":null,"
                                     "\"response\":"
                                     PAYMENT("imp_2", "order-1",
                                             WON(1000, 300)) "}") } },
          "LTY", PORTONE_PORTONE_UNAVAILABLE },
        { { OPEN(FRESH, MADE, REVIEW), .reread = { MODEL_401, MODEL_401 } },
          "LTYRY", PORTONE_PORTONE_UNAUTHORIZED },
        { { OPEN(FRESH, MADE, REVIEW),
            .tokens = { PORTONE_TOKEN_REFUSED } },
          "LT", PORTONE_PORTONE_UNAUTHORIZED },
        { { OPEN(FRESH, MADE, REVIEW),
            .tokens = { PORTONE_TOKEN_UNAVAILABLE } },
          "LT", PORTONE_PORTONE_UNAVAILABLE }
    };

    for (i = 0; i < N(cases); i++) {
        start(&model, &cases[i].script, YES);
        model_run(&model);

        assert_string_equal(model.steps, cases[i].steps);
        assert_int_equal(model.flow.error, cases[i].error);
        assert_false(model.flow.reviewed);
        open_check(&model, PORTONE_DB_INTENTS, "manual_review");
        assert_true(model_stored_cancelled(&model) == 0);

        model_free(&model);
    }
}


static void
only_what_is_in_review(void **state)
{
    size_t   i;
    model_t  model;

    static const model_script_t  scripts[] = {
        { OPEN(FRESH, FRESH, NULL) },
        { OPEN(FRESH, FRESH, LOST) },
        { OPEN(FRESH, FRESH, RECORD("sending", "why", NOTHING, "")) },
        { OPEN(FRESH, FRESH, RECORD("pending", "why", NOTHING, "")) },
        { OPEN(FRESH, FRESH, "{\"refund_id\":\"other\","
                             "\"state\":\"manual_review\"}") }
    };

    for (i = 0; i < N(scripts); i++) {
        start(&model, &scripts[i], YES);
        model_run(&model);

        assert_string_equal(model.steps, "L");
        assert_int_equal(model.flow.error, PORTONE_NOT_IN_REVIEW);
        assert_false(model.flow.reviewed);
        assert_int_equal(memory_count(&model.store, PORTONE_DB_ATTEMPTS), 0);

        model_free(&model);
    }
}


static void
a_payment_that_is_not_stored_is_not_fetched(void **state)
{
    model_t                model;
    const model_script_t   script = { .portone = FRESH };

    start(&model, &script, YES);
    model_run(&model);

    assert_string_equal(model.steps, "L");
    assert_int_equal(model.flow.error, PORTONE_PAYMENT_NOT_FOUND);

    model_free(&model);
}


static void
somebody_is_faster(model_t *model, portone_step_e step)
{
    portone_str_t           str = portone_string(OPEN_ID);
    portone_settlement_t    settlement;

    if (step != PORTONE_STEP_SETTLE) {
        return;
    }

    memset(&settlement, 0, sizeof(portone_settlement_t));

    settlement.key = model->flow.claim.key;
    settlement.refund_id = str;
    settlement.seen = PORTONE_STATE_MANUAL_REVIEW;
    settlement.record = portone_str(RECORD("succeeded", "why", NOTHING, ""));
    settlement.journal = portone_str("{}");

    assert_int_equal(memory_apply(&model->store, portone_ledger_settle,
                                  &settlement),
                     PORTONE_OK);
    assert_false(settlement.stale);
}


static void
of_two_people_the_first_one_counts(void **state)
{
    model_t                model;
    const model_script_t   script = { OPEN(FRESH, FRESH, REVIEW),
                                      .meddle = somebody_is_faster };

    start(&model, &script, NO);
    model_run(&model);

    assert_string_equal(model.steps, "LTYS");
    assert_int_equal(model.flow.error, PORTONE_NOT_IN_REVIEW);
    open_check(&model, PORTONE_DB_ATTEMPTS, "succeeded");

    model_free(&model);
}


static void
somebody_stores_the_payment(model_t *model, portone_step_e step)
{
    if (step == PORTONE_STEP_SETTLE && model->n_rereads <= 1) {
        memory_set(&model->store, PORTONE_DB_PAYMENTS, "shop", "imp_1", NULL,
                   PARTLY);
    }
}


static void
a_payment_that_was_stored_meanwhile_is_read_again(void **state)
{
    model_t                model;
    const model_script_t   script = { OPEN(FRESH, MADE, REVIEW),
                                      .meddle = somebody_stores_the_payment };

    start(&model, &script, YES);
    model_run(&model);

    assert_string_equal(model.steps, "LTYSLTYSL");
    assert_int_equal(model.flow.error, PORTONE_NO_ERROR);
    open_check(&model, PORTONE_DB_ATTEMPTS, "succeeded");
    assert_true(model_stored_cancelled(&model) == 300);

    model_free(&model);
}


static void
a_store_that_fails_leaves_it_in_review(void **state)
{
    model_t                model;
    const model_script_t   script = { OPEN(FRESH, MADE, REVIEW),
                                      .fails = 1,
                                      .step = PORTONE_STEP_SETTLE };

    start(&model, &script, YES);
    model_run(&model);

    assert_int_equal(model.flow.error, PORTONE_STORE_UNAVAILABLE);
    open_check(&model, PORTONE_DB_INTENTS, "manual_review");

    model_free(&model);
}


static void
the_key_gets_what_came_out(void **state)
{
    size_t        i;
    model_t       model;
    const char   *value;

    static const model_script_t   script = { OPEN(FRESH, MADE, KEYED) };
    static const portone_state_e  said[] = { YES, NO };

    for (i = 0; i < N(said); i++) {
        start(&model, &script, said[i]);

        memory_set(&model.store, PORTONE_DB_IDEMPOTENCY, "shop", "k", NULL,
                   "{\"fingerprint\":\"f\",\"refund_id\":\"" OPEN_ID "\","
                   "\"imp_uid\":\"imp_1\",\"ttl\":60,\"expires_at\":1,"
                   "\"answer\":null}");

        model_run(&model);

        value = memory_value(&model.store, PORTONE_DB_IDEMPOTENCY, "shop",
                             "k", NULL);

        if (said[i] == NO) {
            assert_null(value);

        } else {
            assert_non_null(value);
            assert_non_null(strstr(value, "\"state\":\"succeeded\""));
            assert_non_null(strstr(value, "\\\"refundable_amount\\\":700"));
        }

        model_free(&model);
    }
}


static int
review_once(void)
{
    int                    done;
    model_t                model;
    const model_script_t   script = { OPEN(FRESH, MADE, REVIEW) };

    unit_paused = 1;
    start(&model, &script, YES);
    unit_paused = 0;

    model_run(&model);

    done = model.flow.reviewed && model.flow.error == PORTONE_NO_ERROR
           && model_stored_cancelled(&model) == 300;

    /* it has one home, whatever fails */

    assert_int_equal(memory_count(&model.store, PORTONE_DB_INTENTS)
                     + memory_count(&model.store, PORTONE_DB_ATTEMPTS), 1);

    model_free(&model);

    return done;
}


static void
without_memory_it_is_settled_or_stays(void **state)
{
    size_t  n;

    unit_hooks();

    for (n = 1; /* void */ ; n++) {
        unit_allocations = 0;
        unit_fail_at = n;

        (void) review_once();

        unit_fail_at = 0;

        assert_int_equal(unit_live, 0);

        if (unit_allocations < n) {
            break;
        }
    }

    assert_true(n > 50);
    assert_true(review_once());
}


static void
what_is_said(void **state)
{
    char              field[PORTONE_FIELD_LEN];
    size_t            i;
    portone_state_e   said;

    static const struct {
        const char       *text;
        portone_error_e   error;
        const char       *field;
    } cases[] = {
        { "{\"state\":\"succeeded\"}", PORTONE_NO_ERROR, "" },
        { " {\"state\" : \"not_executed\"} ", PORTONE_NO_ERROR, "" },
        { "{\"state\":\"rejected\"}", PORTONE_INVALID_REQUEST, "state" },
        { "{\"state\":\"manual_review\"}", PORTONE_INVALID_REQUEST, "state" },
        { "{\"state\":null}", PORTONE_INVALID_REQUEST, "state" },
        { "{}", PORTONE_INVALID_REQUEST, "state" },
        { "{\"State\":\"succeeded\"}", PORTONE_INVALID_REQUEST, "State" },
        { "{\"state\":\"succeeded\",\"x\":1}", PORTONE_INVALID_REQUEST, "x" },
        { "{\"x\":1,\"state\":\"succeeded\"}", PORTONE_INVALID_REQUEST, "x" },
        { "{\"state\":\"succeeded\",\"state\":\"succeeded\"}",
          PORTONE_INVALID_REQUEST, "state" },
        { "\"succeeded\"", PORTONE_INVALID_REQUEST, "" },
        { "[]", PORTONE_INVALID_REQUEST, "" },
        { "{\"state\":\"succeeded\"", PORTONE_INVALID_JSON, "" },
        { "", PORTONE_INVALID_JSON, "" }
    };

    for (i = 0; i < N(cases); i++) {
        assert_int_equal(portone_review_parse(&said, cases[i].text,
                                              strlen(cases[i].text), field),
                         cases[i].error);
        assert_string_equal(field, cases[i].field);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_word_counts_whatever_portone_says),
        cmocka_unit_test(what_cannot_be_read_is_left_in_review),
        cmocka_unit_test(only_what_is_in_review),
        cmocka_unit_test(a_payment_that_is_not_stored_is_not_fetched),
        cmocka_unit_test(of_two_people_the_first_one_counts),
        cmocka_unit_test(a_payment_that_was_stored_meanwhile_is_read_again),
        cmocka_unit_test(a_store_that_fails_leaves_it_in_review),
        cmocka_unit_test(the_key_gets_what_came_out),
        cmocka_unit_test(without_memory_it_is_settled_or_stays),
        cmocka_unit_test(what_is_said)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
