
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * Settling while memory and the store fail, while others settle the same
 * refund, and while the client does not wait: the refund has one home and one
 * outcome, the right one.
 */


#include "flow_model.h"
#include "flow_payments.h"
#include "open_records.h"

#include "portone_json.h"


#define N(array)  (sizeof(array) / sizeof(array[0]))

/* a body is not needed to tell a 401 */
#define BARE_401  MODEL_ANSWER(401, "")

#define MADE    PAYMENT("imp_1", "order-1", WON(1000, 300) HISTORY(OURS))
#define MIXED   PAYMENT("imp_1", "order-1", WON(1000, 550)                    \
                        HISTORY(OURS "," FOREIGN))
#define NEWER   PAYMENT("imp_1", "order-1", WON(1000, 500)                    \
                        HISTORY(OURS "," ENTRY("O2", 200, 1763756990, "")))

#define SETTLED(state)                                                        \
    "{\"refund_id\":\"" OPEN_ID "\",\"state\":\"" state "\"}"


typedef struct {
    const char       *what;
    model_script_t    script;
    portone_error_e   error;
    const char       *state;       /* of the open refund afterwards */
} fault_case_t;


static const fault_case_t  fault_cases[] = {
    { "reconciler, made",
      { .stored = FRESH, .portone = MADE, .open = LOST, .settle = 1 },
      PORTONE_NO_ERROR, "succeeded" },
    { "reconciler, not made",
      { .stored = FRESH, .portone = FRESH, .open = LOST, .settle = 1 },
      PORTONE_NO_ERROR, "not_executed" },
    { "reconciler, ambiguous",
      { .stored = FRESH, .portone = MIXED, .open = LOST, .settle = 1 },
      PORTONE_NO_ERROR, "manual_review" },
    { "reading, made",
      { .stored = FRESH, .portone = MADE, .open = LOST },
      PORTONE_NO_ERROR, "succeeded" },
    { "reading, a token has ended",
      { .stored = FRESH, .portone = FRESH, .open = LOST,
        .reread = { BARE_401 } },
      PORTONE_NO_ERROR, "not_executed" },
    { "refund, made",
      { .stored = FRESH, .portone = MADE, .open = LOST, .request = SOME },
      PORTONE_NO_ERROR, "succeeded" },
    { "refund, not made",
      { .stored = FRESH, .portone = FRESH, .open = LOST, .request = SOME },
      PORTONE_NO_ERROR, "not_executed" },
    { "refund, ambiguous",
      { .stored = FRESH, .portone = MIXED, .open = LOST, .request = SOME },
      PORTONE_REFUND_IN_PROGRESS, "manual_review" }
};


/*
 * One home, and the right outcome or none.  PORTONE_STATE_MAX: nothing that
 * is final is there.
 */

static portone_state_e
check_outcome(model_t *model, const char *expected)
{
    cJSON            *intent, *attempt;
    portone_state_e   state;

    intent = open_record(model, PORTONE_DB_INTENTS);
    attempt = open_record(model, PORTONE_DB_ATTEMPTS);

    if ((intent == NULL) == (attempt == NULL)) {
        fail_msg("%s: %s home", expected, intent ? "a second" : "no");
    }

    state = portone_record_state(intent ? intent : attempt);

    cJSON_Delete(intent);
    cJSON_Delete(attempt);

    switch (state) {

    case PORTONE_STATE_SENDING:
    case PORTONE_STATE_UNKNOWN:
    case PORTONE_STATE_PENDING:
        assert_non_null(intent);
        return PORTONE_STATE_MAX;

    case PORTONE_STATE_MANUAL_REVIEW:
        assert_non_null(intent);
        break;

    default:
        assert_non_null(attempt);
        break;
    }

    assert_string_equal(portone_record_word(state), expected);

    return state;
}


static int
is_done(model_t *model, const fault_case_t *c)
{
    int  done;

    unit_paused = 1;

    done = (check_outcome(model, c->state) != PORTONE_STATE_MAX)
           && model->flow.error == c->error;

    if (c->script.request != NULL && c->error == PORTONE_NO_ERROR) {
        done = done && strcmp(model_stored_state(model, PORTONE_DB_ATTEMPTS),
                              "succeeded") == 0;
    }

    unit_paused = 0;

    return done;
}


static const fault_case_t  *exhausted;


static int
run_once(void)
{
    int      done;
    model_t  model;

    model_init(&model, &exhausted->script);
    model_run(&model);

    done = is_done(&model, exhausted);

    model_free(&model);

    return done;
}


static void
memory_runs_out(void **state)
{
    size_t  i;

    for (i = 0; i < N(fault_cases); i++) {
        exhausted = &fault_cases[i];
        assert_true(unit_exhaust(run_once) > 100);
    }
}


/* to put it off fails as well: the intent stays as it is */

static void
memory_runs_out_while_it_is_put_off(void **state)
{
    size_t          n, live;
    cJSON          *record;
    model_t         model;
    model_script_t  script = { .stored = FRESH, .portone = FRESH,
                               .open = LOST, .settle = 1,
                               .reread = { MODEL_500 } };

    unit_hooks();
    live = unit_live;

    for (n = 1; /* void */ ; n++) {
        unit_allocations = 0;
        unit_fail_at = n;

        model_init(&model, &script);
        model_run(&model);

        unit_fail_at = 0;
        unit_paused = 1;

        assert_int_equal(check_outcome(&model, ""), PORTONE_STATE_MAX);

        record = open_record(&model, PORTONE_DB_INTENTS);

        assert_true(portone_json_int(record, "tries", 0) == 1
                    ? portone_json_int(record, "settle_at", 0)
                      == MODEL_NOW + MODEL_RETRY
                    : portone_json_int(record, "settle_at", 0)
                      == OPEN_SETTLE_AT);

        cJSON_Delete(record);

        unit_paused = 0;

        model_free(&model);
        assert_int_equal(unit_live, live);

        if (unit_allocations < n) {
            break;
        }
    }

    assert_true(n > 50);
}


static void
the_store_fails_at_every_call(void **state)
{
    int      done;
    size_t   i, n, calls;
    model_t  model;

    for (i = 0; i < N(fault_cases); i++) {

        for (n = 1; /* void */ ; n++) {
            model_init(&model, &fault_cases[i].script);

            model.store.fail_at = n;

            model_run(&model);

            calls = model.store.calls;
            done = is_done(&model, &fault_cases[i]);

            model_free(&model);

            if (calls < n) {
                assert_true(done);
                break;
            }

            if (done) {
                fail_msg("%s: call %zu failed and nobody noticed",
                         fault_cases[i].what, n);
            }
        }

        assert_true(n > 5);
    }
}


typedef struct {
    const char       *what;
    model_script_t    script;
    const char       *steps;
    portone_error_e   error;
    portone_db_e      home;
    const char       *state;
} slow_case_t;


#define SLOW   .step = PORTONE_STEP_SETTLE, .abandoned = 1
#define FAILS  .step = PORTONE_STEP_SETTLE, .fails = 1


static const slow_case_t  slow_cases[] = {

    { "the client of a reading is told, then it is stored",
      { .stored = FRESH, .portone = MADE, .open = LOST, SLOW },
      "LTYS", PORTONE_STORE_UNAVAILABLE, PORTONE_DB_ATTEMPTS, "succeeded" },

    { "the client of a refund is told, then it is stored: nothing is sent",
      { .stored = FRESH, .portone = MADE, .open = LOST, .request = SOME,
        SLOW },
      "LTYS", PORTONE_STORE_UNAVAILABLE, PORTONE_DB_ATTEMPTS, "succeeded" },

    { "the client of a refund is told, then it fails: nothing is sent",
      { .stored = FRESH, .portone = MADE, .open = LOST, .request = SOME,
        .fails = 1, SLOW },
      "LTYS", PORTONE_STORE_UNAVAILABLE, PORTONE_DB_INTENTS, "unknown" },

    { "the reconciler cannot store it",
      { .stored = FRESH, .portone = MADE, .open = LOST, .settle = 1, FAILS },
      "LTYS", PORTONE_STORE_UNAVAILABLE, PORTONE_DB_INTENTS, "unknown" },

    { "a reading tells what is stored if it cannot store more",
      { .stored = FRESH, .portone = MADE, .open = LOST, FAILS },
      "LTYSL", PORTONE_NO_ERROR, PORTONE_DB_INTENTS, "unknown" },

    { "an order that cannot be settled is locked",
      { .stored = FRESH, .portone = MADE, .open = LOST, .request = SOME,
        FAILS },
      "LTYSL", PORTONE_REFUND_IN_PROGRESS, PORTONE_DB_INTENTS, "unknown" }
};


static void
the_store_is_slow_or_fails(void **state)
{
    size_t   i;
    model_t  model;

    for (i = 0; i < N(slow_cases); i++) {
        model_init(&model, &slow_cases[i].script);
        model_run(&model);

        if (strcmp(model.steps, slow_cases[i].steps) != 0
            || model.flow.error != slow_cases[i].error)
        {
            fail_msg("%s: %s, %s", slow_cases[i].what, model.steps,
                     portone_error_word(model.flow.error));
        }

        open_check(&model, slow_cases[i].home, slow_cases[i].state);

        assert_int_equal(model.n_cancels, 0);
        assert_true(model_stored_cancelled(&model)
                    == (slow_cases[i].home == PORTONE_DB_ATTEMPTS ? 300 : 0));

        model_free(&model);
    }
}


/* another worker settles it while this one is about to */

static void
others_settle(model_t *model, const char *payment)
{
    portone_settlement_t  settlement;

    memset(&settlement, 0, sizeof(portone_settlement_t));

    settlement.key.len = sizeof("shop\0imp_1") - 1;
    memcpy(settlement.key.data, "shop\0imp_1", settlement.key.len);

    settlement.refund_id = portone_str(OPEN_ID);
    settlement.payment = portone_str(payment);
    settlement.record = portone_str(SETTLED("succeeded"));
    settlement.journal = portone_str("{}");

    assert_int_equal(memory_apply(&model->store, portone_ledger_settle,
                                  &settlement),
                     PORTONE_OK);
}


static void
others_are_faster(model_t *model, portone_step_e step)
{
    if (step == PORTONE_STEP_SETTLE && !model->flow.opened) {
        others_settle(model, NEWER);
    }
}


static void
the_first_settlement_wins(void **state)
{
    size_t          by;
    model_t         model;
    model_script_t  script = { .stored = FRESH, .portone = FRESH,
                               .open = LOST, .meddle = others_are_faster };

    for (by = 0; by < 3; by++) {
        script.settle = (by == 0);
        script.request = (by == 1) ? ALL : NULL;
        script.portone = (by == 1) ? NEWER : FRESH;

        model_init(&model, &script);
        model_run(&model);

        /* what this one has seen is neither stored nor told, not in the log */

        assert_int_equal(model.flow.error, PORTONE_NO_ERROR);
        assert_true(model.flow.opened);
        assert_string_equal(model.flow.opened_id, "");

        assert_string_equal(memory_value(&model.store, PORTONE_DB_ATTEMPTS,
                                         "shop", "imp_1", OPEN_ID),
                            SETTLED("succeeded"));
        assert_int_equal(memory_count(&model.store, PORTONE_DB_INTENTS), 0);

        assert_string_equal(model.steps, by == 0 ? "LTYS"
                                       : by == 1 ? "LTYSLTCXS" : "LTYSL");
        assert_true(model_stored_cancelled(&model) == (by == 1 ? 1000 : 500));

        model_free(&model);
    }
}


static size_t  looks;


static void
settle_before_the_second_look(model_t *model, portone_step_e step)
{
    if (step == PORTONE_STEP_LOOKUP && ++looks == 2
        && memory_value(&model->store, PORTONE_DB_INTENTS, "shop", "imp_1",
                        NULL) != NULL)
    {
        others_settle(model, NEWER);
    }
}


/*
 * A settlement that is given up for want of memory leaves nothing behind: an
 * old reading of the payment must not be stored by what comes next.
 */

static void
an_old_reading_is_not_stored_later(void **state)
{
    size_t          n;
    model_t         model;
    model_script_t  script = { .stored = FRESH, .portone = MADE,
                               .open = LOST, .request = SOME,
                               .cancel = { MODEL_NOT_SENT },
                               .meddle = settle_before_the_second_look };

    unit_hooks();

    for (n = 1; /* void */ ; n++) {
        looks = 0;
        unit_allocations = 0;
        unit_fail_at = n;

        model_init(&model, &script);
        model_run(&model);

        unit_fail_at = 0;

        if (strcmp(model_stored_state(&model, PORTONE_DB_ATTEMPTS),
                   "not_executed") == 0
            && model_stored_cancelled(&model) != 500
            && strstr(memory_value(&model.store, PORTONE_DB_ATTEMPTS, "shop",
                                   "imp_1", OPEN_ID),
                      "before") == NULL)
        {
            fail_msg("allocation %zu: cancelled %g", n,
                     model_stored_cancelled(&model));
        }

        model_free(&model);

        if (unit_allocations < n) {
            break;
        }
    }

    assert_true(n > 100);
}


static void
others_claim(model_t *model, portone_step_e step)
{
    if (step == PORTONE_STEP_CLAIM) {
        memory_set(&model->store, PORTONE_DB_INTENTS, "shop", "imp_1", NULL,
                   "{\"refund_id\":\"other\",\"state\":\"sending\"}");
    }
}


/* the log tells of the one that was settled, the answer of the other one */

static void
the_next_refund_is_another_one(void **state)
{
    model_t         model;
    model_script_t  script = { .stored = FRESH, .portone = MADE,
                               .open = LOST, .request = SOME,
                               .meddle = others_claim };

    model_init(&model, &script);
    model_run(&model);

    assert_string_equal(model.steps, "LTYSLTC");
    assert_int_equal(model.flow.error, PORTONE_REFUND_IN_PROGRESS);
    assert_string_equal(model.flow.open.refund_id, "other");
    assert_string_equal(model.flow.opened_id, OPEN_ID);
    assert_int_equal(model.flow.opened_state, PORTONE_STATE_SUCCEEDED);

    model_free(&model);
}


/*
 * Whatever fails in whatever state, a refund that is there is not called not
 * executed, and one that is not there is not called succeeded.
 */

static void
everything_meets_everything(void **state)
{
    size_t           i, j, k, f, by, n;
    model_t          model;
    model_script_t   script;

    static const char  *records[] = {
        RECORD("sending", "why", NOTHING, ""),
        RECORD("pending", "why", NOTHING, ",\"code\":0"),
        LOST,
        RECORD("unknown", "why", NOTHING, ",\"code\":-1")
    };

    static const struct {
        const char  *payment;
        const char  *states[4];     /* of the records above */
    } payments[] = {
        { FRESH, { "not_executed", "", "not_executed", "rejected" } },
        { MADE, { "succeeded", "succeeded", "succeeded", "manual_review" } },
        { MIXED, { "manual_review", "manual_review", "manual_review",
                   "manual_review" } }
    };

    static const model_call_t  rereads[] = {
        MODEL_OWN, MODEL_NOT_SENT, MODEL_OVERLOADED, MODEL_LOST, MODEL_401,
        MODEL_500, MODEL_HTML, MODEL_REFUSED,
        MODEL_ANSWER(200, "{\"code\":0}")
    };

    static const struct {
        portone_step_e   step;
        unsigned         fails:1;
        unsigned         abandoned:1;
    } faults[] = {
        { 0, 0, 0 },
        { PORTONE_STEP_SETTLE, 1, 0 },
        { PORTONE_STEP_SETTLE, 0, 1 },
        { PORTONE_STEP_SETTLE, 1, 1 }
    };

    n = 0;

    for (i = 0; i < N(records) * N(payments); i++) {

        for (j = 0; j < N(rereads) * N(rereads); j++) {

            /* the second one is for after a 401 */

            if (rereads[j / N(rereads)].status != 401 && j % N(rereads)) {
                continue;
            }

            for (k = 0; k < 4; k++) {

                for (f = 0; f < N(faults); f++) {

                    for (by = 0; by < 3; by++) {
                        memset(&script, 0, sizeof(model_script_t));

                        script.stored = FRESH;
                        script.portone = payments[i % N(payments)].payment;
                        script.open = records[i / N(payments)];
                        script.reread[0] = rereads[j / N(rereads)];
                        script.reread[1] = rereads[j % N(rereads)];
                        script.tokens[0] = k;
                        script.step = faults[f].step;
                        script.fails = faults[f].fails;
                        script.abandoned = faults[f].abandoned && by != 0;
                        script.settle = (by == 0);
                        script.request = (by == 1) ? SOME : NULL;

                        model_init(&model, &script);
                        model_run(&model);

                        check_outcome(&model,
                                      payments[i % N(payments)]
                                          .states[i / N(payments)]);

                        model_free(&model);
                        n++;
                    }
                }
            }
        }
    }

    assert_int_equal(n, N(records) * N(payments) * (2 * N(rereads) - 1) * 4
                        * N(faults) * 3);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(memory_runs_out_while_it_is_put_off),
        cmocka_unit_test(the_store_fails_at_every_call),
        cmocka_unit_test(the_store_is_slow_or_fails),
        cmocka_unit_test(the_first_settlement_wins),
        cmocka_unit_test(an_old_reading_is_not_stored_later),
        cmocka_unit_test(the_next_refund_is_another_one),
        cmocka_unit_test(everything_meets_everything)
    };

    return cmocka_run_group_tests_name("resettle_faults", tests, NULL, NULL);
}
