
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * Whole refunds in which every allocation and every call of the store fails
 * once, and all answers meet all faults: the invariants of the model hold.
 */


#include "flow_model.h"
#include "flow_payments.h"


#define N(array)  (sizeof(array) / sizeof(array[0]))

/* a body is not needed to tell a 401 */
#define BARE_401  MODEL_ANSWER(401, "")

/* refused, and executed all the same */
#define REFUSED_DONE  "{\"code\":-1}"

#define LONG_BODY                                                             \
    "{\"merchant_uid\":\"order-1\",\"amount\":300,\"reason\":\"why\","        \
    "\"refund_holder\":\"a\",\"refund_bank\":\"04\","                         \
    "\"refund_account\":\"1102003004\",\"refund_tel\":\"010\","               \
    "\"tax_free\":1,\"vat_amount\":2,\"checksum\":600,"                       \
    "\"retain_promotion\":true,\"extra\":{\"requester\":\"admin\"}}"


typedef struct {
    const char       *what;
    model_script_t    script;
    portone_error_e   error;
    const char       *intent;
    const char       *attempt;
} fault_case_t;


static const fault_case_t  fault_cases[] = {
    { "success", { OF(PARTLY, PARTLY, LONG_BODY) }, PORTONE_NO_ERROR, "",
      "succeeded" },
    { "fetched", { OF(NULL, PARTLY, ALL) }, PORTONE_NO_ERROR, "",
      "succeeded" },
    { "fetched again", { OF(READY, FRESH, ALL) }, PORTONE_NO_ERROR, "",
      "succeeded" },
    { "pending", { OF(FRESH, FRESH, SOME), .asynchronous = 1 },
      PORTONE_NO_ERROR, "pending", "" },
    { "every token is refused once",
      { OF(NULL, FRESH, SOME), .fetch = { BARE_401, MODEL_OWN },
        .cancel = { BARE_401, MODEL_REFUSED },
        .reread = { BARE_401, MODEL_OWN } },
      PORTONE_REFUND_REJECTED, "", "rejected" },
    { "refunded elsewhere", { OF(FRESH, GONE, ALL) },
      PORTONE_ALREADY_REFUNDED, "", "rejected" },
    { "refused, and yet there",
      { OF(FRESH, FRESH, SOME),
        .cancel = { MODEL_EXECUTED(200, REFUSED_DONE) } },
      PORTONE_OUTCOME_UNKNOWN, "manual_review", "" },
    { "not sent", { OF(FRESH, FRESH, SOME), .cancel = { MODEL_NOT_SENT } },
      PORTONE_PORTONE_UNAVAILABLE, "", "not_executed" },
    { "lost", { OF(FRESH, FRESH, SOME), .cancel = { MODEL_LOST_EXECUTED } },
      PORTONE_OUTCOME_UNKNOWN, "unknown", "" }
};


static const fault_case_t  *exhausted;


static int
is_done(model_t *model, const fault_case_t *c)
{
    int  done;

    unit_paused = 1;

    done = model->flow.error == c->error
           && strcmp(model_stored_state(model, PORTONE_DB_INTENTS),
                     c->intent) == 0
           && strcmp(model_stored_state(model, PORTONE_DB_ATTEMPTS),
                     c->attempt) == 0;

    unit_paused = 0;

    return done;
}


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
        assert_true(unit_exhaust(run_once) > 60);
    }
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


static void
settle_first(model_t *model, portone_step_e step)
{
    portone_str_t         record;
    portone_settlement_t  settlement;

    static const char  text[] =
        "{\"refund_id\":\"" MODEL_REFUND "\",\"state\":\"not_executed\"}";

    if (step != PORTONE_STEP_SETTLE) {
        return;
    }

    record = portone_str(text);

    settlement = model->flow.settlement;
    settlement.record = record;
    settlement.journal = portone_str("{}");
    settlement.payment.len = 0;
    settlement.open = 0;

    assert_int_equal(memory_apply(&model->store, portone_ledger_settle,
                                  &settlement),
                     PORTONE_OK);

    model->settled_by_others = 1;
}


/*
 * A PortOne that refuses what it does and then hides it cannot be seen
 * through: no money has moved yet, or the payment is not shown any more.
 */

static int
is_hidden(const model_script_t *script)
{
    size_t  i;

    for (i = 0; i < 2; i++) {

        if (script->cancel[i].executed
            && script->cancel[i].status == 200
            && strcmp(script->cancel[i].text, REFUSED_DONE) == 0)
        {
            return script->asynchronous || script->reread[0].status == 404;
        }
    }

    return 0;
}


static void
everything_meets_everything(void **state)
{
    size_t           i, j, k, f, n, hidden;
    model_t          model;
    model_script_t   script;

    static const model_call_t  cancels[] = {
        MODEL_OWN, MODEL_NOT_SENT, MODEL_OVERLOADED, MODEL_LOST,
        MODEL_LOST_EXECUTED, MODEL_401, MODEL_404, MODEL_500, MODEL_HTML,
        MODEL_REFUSED, MODEL_EXECUTED(200, REFUSED_DONE),
        MODEL_EXECUTED(200, "{\"code\":0}"), MODEL_EXECUTED(500, "")
    };

    static const model_call_t  rereads[] = {
        MODEL_OWN, MODEL_NOT_SENT, MODEL_OVERLOADED, MODEL_LOST, MODEL_401,
        MODEL_404, MODEL_500, MODEL_HTML, MODEL_REFUSED,
        MODEL_ANSWER(200, "{\"code\":0}")
    };

    static const struct {
        portone_step_e   step;
        unsigned         fails:1;
        unsigned         abandoned:1;
        unsigned         settled_first:1;
    } faults[] = {
        { 0, 0, 0, 0 },
        { PORTONE_STEP_CLAIM, 1, 0, 0 },
        { PORTONE_STEP_CLAIM, 0, 1, 0 },
        { PORTONE_STEP_CLAIM, 1, 1, 0 },
        { PORTONE_STEP_SETTLE, 1, 0, 0 },
        { PORTONE_STEP_SETTLE, 0, 1, 0 },
        { PORTONE_STEP_SETTLE, 1, 1, 0 },
        { 0, 0, 0, 1 }
    };

    static const char  *payments[] = { FRESH, PARTLY, GONE };

    n = 0;
    hidden = 0;

    for (i = 0; i < N(cancels) * N(cancels); i++) {

        /* the second one is sent only after a 401 */

        if (cancels[i / N(cancels)].status != 401 && i % N(cancels) != 0) {
            continue;
        }

        for (j = 0; j < N(rereads); j++) {

            for (k = 0; k < N(payments) * 2; k++) {

                for (f = 0; f < N(faults); f++) {
                    memset(&script, 0, sizeof(model_script_t));

                    script.stored = FRESH;
                    script.portone = payments[k / 2];
                    script.request = SOME;
                    script.cancel[0] = cancels[i / N(cancels)];
                    script.cancel[1] = cancels[i % N(cancels)];
                    script.reread[0] = rereads[j];
                    script.asynchronous = k % 2;
                    script.step = faults[f].step;
                    script.fails = faults[f].fails;
                    script.abandoned = faults[f].abandoned;

                    if (faults[f].settled_first) {
                        script.meddle = settle_first;
                    }

                    if (is_hidden(&script)) {
                        hidden++;
                        continue;
                    }

                    model_init(&model, &script);
                    model_run(&model);
                    model_free(&model);

                    n++;
                }
            }
        }
    }

    assert_int_equal(n + hidden, (2 * N(cancels) - 1) * N(rereads)
                                 * N(payments) * 2 * N(faults));
    assert_int_equal(hidden, 2 * (N(rereads) + 1) * N(payments) * N(faults));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(the_store_fails_at_every_call),
        cmocka_unit_test(everything_meets_everything)
    };

    return cmocka_run_group_tests_name("flow_faults", tests, NULL, NULL);
}
