
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * When an open refund is settled, by whom, and how long it waits for the next
 * time if nothing was learned.
 */


#include "flow_model.h"
#include "flow_payments.h"
#include "open_records.h"

#include "portone_json.h"


#define N(array)  (sizeof(array) / sizeof(array[0]))


typedef struct {
    int64_t           tries;
    int64_t           retry_time;
    int64_t           pause;
} pause_t;


static void
the_pause_doubles_up_to_ten_minutes(void **state)
{
    char             record[1024];
    cJSON           *json;
    size_t           i;
    model_t          model;
    model_script_t   script;

    static const pause_t  pauses[] = {
        { 0, 10, 10 }, { 1, 10, 20 }, { 2, 10, 40 }, { 5, 10, 320 },
        { 6, 10, 600 }, { 7, 10, 600 }, { 1000000, 10, 600 },
        { 0, 1, 1 }, { 3, 1, 8 }, { 9, 1, 512 }, { 10, 1, 600 },
        { 0, 600, 600 }, { 0, 601, 600 }, { 0, 3600, 600 }, { 4, 3600, 600 },
        { -7, 10, 10 }
    };

    for (i = 0; i < N(pauses); i++) {
        snprintf(record, sizeof(record),
                 RECORD("unknown", "why", NOTHING, ",\"tries\":%lld"),
                 (long long) pauses[i].tries);

        memset(&script, 0, sizeof(model_script_t));

        script.stored = FRESH;
        script.portone = FRESH;
        script.open = record;
        script.settle = 1;
        script.reread[0].call = PORTONE_CALL_NOT_SENT;

        model_init(&model, &script);
        model.flow.retry_time_s = pauses[i].retry_time;
        model_run(&model);

        json = open_record(&model, PORTONE_DB_INTENTS);

        assert_int_equal(portone_json_int(json, "tries", 0),
                         pauses[i].tries + 1);
        assert_int_equal(portone_json_int(json, "settle_at", 0),
                         MODEL_NOW + pauses[i].pause);

        cJSON_Delete(json);
        model_free(&model);
    }
}


typedef struct {
    const char       *what;
    const char       *open;
    const char       *account;
    unsigned          by_reconciler:1;   /* it does what others do not */
} early_t;


#define AT(time)                                                              \
    "{\"refund_id\":\"" OPEN_ID "\",\"state\":\"unknown\",\"amount\":300,"    \
    "\"account\":\"f00d\",\"settle_at\":" time ",\"before\":" NOTHING "}"


static const early_t  early[] = {
    { "one second before its time", AT("1763757001"), NULL, 0 },
    { "long before its time", AT("1763757999"), NULL, 0 },
    { "at no time", AT("null"), NULL, 0 },
    { "at a time in words", AT("\"1763757000\""), NULL, 0 },
    { "a person settles it",
      RECORD("manual_review", "why", NOTHING, ""), NULL, 0 },
    { "a state of the future",
      RECORD("paused", "why", NOTHING, ""), NULL, 0 },
    { "no state",
      "{\"refund_id\":\"" OPEN_ID "\",\"amount\":300," TIMES "\"before\":"
      NOTHING "}", NULL, 0 },
    { "another account", LOST, "beef", 1 },
    { "no account", LOST, "", 1 },
    { "an account of which nothing is recorded",
      "{\"refund_id\":\"" OPEN_ID "\",\"state\":\"unknown\",\"amount\":300,"
      "\"settle_at\":1,\"before\":" NOTHING "}", NULL, 1 }
};


static void
nobody_asks_portone_before_its_time(void **state)
{
    size_t           i, by;
    model_t          model;
    model_script_t   script;

    for (i = 0; i < N(early); i++) {

        for (by = 0; by < 3; by++) {

            if (by == 0 && early[i].by_reconciler) {
                continue;
            }

            memset(&script, 0, sizeof(model_script_t));

            script.stored = FRESH;
            script.portone = FRESH;
            script.open = early[i].open;
            script.account = early[i].account;
            script.settle = (by == 0);
            script.request = (by == 1) ? SOME : NULL;

            model_init(&model, &script);
            model_run(&model);

            if (strcmp(model.steps, "L") != 0) {
                fail_msg("%s: %s", early[i].what, model.steps);
            }

            assert_int_equal(model.flow.error,
                             (by == 1) ? PORTONE_REFUND_IN_PROGRESS
                                       : PORTONE_NO_ERROR);
            assert_false(model.flow.opened);
            assert_string_equal(memory_value(&model.store,
                                             PORTONE_DB_INTENTS, "shop",
                                             "imp_1", NULL),
                                early[i].open);

            model_free(&model);
        }
    }
}


static void
the_reconciler_uses_the_account_it_has(void **state)
{
    size_t           i;
    model_t          model;
    model_script_t   script;

    for (i = 0; i < N(early); i++) {

        if (!early[i].by_reconciler) {
            continue;
        }

        memset(&script, 0, sizeof(model_script_t));

        script.stored = FRESH;
        script.portone = FRESH;
        script.open = early[i].open;
        script.account = early[i].account;
        script.settle = 1;

        model_init(&model, &script);
        model_run(&model);

        assert_string_equal(model.steps, "LTYS");
        open_check(&model, PORTONE_DB_ATTEMPTS, "not_executed");

        model_free(&model);

        /* that this one is not shown the payment proves nothing */

        script.portone = NULL;

        model_init(&model, &script);
        model_run(&model);

        assert_string_equal(model.steps, "LTYS");
        open_check(&model, PORTONE_DB_INTENTS, "unknown");

        model_free(&model);
    }
}


static void
its_time_comes_in_this_second(void **state)
{
    model_t         model;
    model_script_t  script = { OPEN(FRESH, FRESH, AT("1763757000")) };

    model_init(&model, &script);
    model_run(&model);

    assert_string_equal(model.steps, "LTYSL");
    open_check(&model, PORTONE_DB_ATTEMPTS, "not_executed");

    model_free(&model);
}


/* the payment of a test channel is shown to who asks for it only */

static void
ask_for_the_test_channel(model_t *model, portone_step_e step)
{
    if (step == PORTONE_STEP_REREAD) {
        assert_true(model->flow.include_sandbox);
    }
}


static void
a_test_channel_is_asked_for(void **state)
{
    size_t          by;
    model_t         model;
    model_script_t  script = {
        OPEN(FRESH, FRESH, RECORD("unknown", "why", NOTHING,
                                  ",\"include_sandbox\":true")),
        .meddle = ask_for_the_test_channel
    };

    for (by = 0; by < 2; by++) {
        script.request = by ? SOME : NULL;

        model_init(&model, &script);
        model_run(&model);

        assert_int_equal(model.n_rereads, 1);
        open_check(&model, PORTONE_DB_ATTEMPTS, "not_executed");

        model_free(&model);
    }
}


/* who may not see the payment does not learn that it has a refund either */

static void
a_stranger_settles_nothing(void **state)
{
    model_t          model;
    portone_match_t  match = { portone_string("customer_uid"),
                               portone_string("somebody") };
    model_script_t   script = { OPEN(FRESH, FRESH, LOST) };

    model_init(&model, &script);

    model.flow.match_values = &match;
    model.flow.n_match_values = 1;

    model_run(&model);

    assert_string_equal(model.steps, "L");
    assert_int_equal(model.flow.error, PORTONE_PAYMENT_NOT_FOUND);

    model_free(&model);
}


static void
without_the_payment_nothing_is_asked(void **state)
{
    model_t         model;
    model_script_t  script = { .portone = FRESH, .open = LOST, .settle = 1,
                               .no_fetch = 1 };

    model_init(&model, &script);
    model_run(&model);

    assert_string_equal(model.steps, "L");
    assert_int_equal(model.flow.error, PORTONE_PAYMENT_NOT_FOUND);

    model_free(&model);

    script.stored = "{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"order-1\"}";

    model_init(&model, &script);
    model_run(&model);

    assert_string_equal(model.steps, "L");
    assert_int_equal(model.flow.error, PORTONE_STORE_UNAVAILABLE);
    assert_int_equal(memory_count(&model.store, PORTONE_DB_INTENTS), 1);

    model_free(&model);
}


/* a record that cannot become an attempt stays where it is */

static void
a_record_without_an_id_locks_its_payment(void **state)
{
    size_t          by;
    model_t         model;
    model_script_t  script = {
        OPEN(FRESH, FRESH, "{\"state\":\"unknown\",\"amount\":300,"
             "\"account\":\"f00d\",\"settle_at\":1,\"before\":" NOTHING "}")
    };

    static const portone_error_e  errors[] = {
        PORTONE_STORE_UNAVAILABLE, PORTONE_REFUND_IN_PROGRESS,
        PORTONE_NO_ERROR
    };

    for (by = 0; by < 3; by++) {
        script.settle = (by == 0);
        script.request = (by == 1) ? SOME : NULL;

        model_init(&model, &script);
        model_run(&model);

        assert_string_equal(model.steps, by ? "LTYSL" : "LTYS");
        assert_int_equal(model.flow.error, errors[by]);
        assert_string_equal(memory_value(&model.store, PORTONE_DB_INTENTS,
                                         "shop", "imp_1", NULL),
                            script.open);
        assert_int_equal(memory_count(&model.store, PORTONE_DB_ATTEMPTS), 0);

        model_free(&model);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_pause_doubles_up_to_ten_minutes),
        cmocka_unit_test(nobody_asks_portone_before_its_time),
        cmocka_unit_test(the_reconciler_uses_the_account_it_has),
        cmocka_unit_test(its_time_comes_in_this_second),
        cmocka_unit_test(a_test_channel_is_asked_for),
        cmocka_unit_test(a_stranger_settles_nothing),
        cmocka_unit_test(without_the_payment_nothing_is_asked),
        cmocka_unit_test(a_record_without_an_id_locks_its_payment)
    };

    return cmocka_run_group_tests_name("resettle_when", tests, NULL, NULL);
}
