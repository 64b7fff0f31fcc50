
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * The refund and the store: other workers are faster, the disk fails or
 * takes too long, and the client does not wait.
 */


#include "flow_model.h"
#include "flow_payments.h"


#define OTHER_RECORD(state)                                                   \
    "{\"refund_id\":\"other\",\"state\":\"" state "\",\"settle_at\":7}"


static size_t  changes;


static void
put_payment(model_t *model, const char *text)
{
    memory_set(&model->store, PORTONE_DB_PAYMENTS, "shop", "imp_1", NULL,
               text);
}


static void
put_intent(model_t *model, const char *text)
{
    memory_set(&model->store, PORTONE_DB_INTENTS, "shop", "imp_1", NULL,
               text);
}


/* other workers, at the worst moments */

static void
claim_first(model_t *model, portone_step_e step)
{
    if (step == PORTONE_STEP_CLAIM) {
        put_intent(model, OTHER_RECORD("unknown"));
    }
}


static void
claim_early(model_t *model, portone_step_e step)
{
    if (step == PORTONE_STEP_LOOKUP) {
        put_intent(model, OTHER_RECORD("pending"));
    }
}


static void
claim_unreadably(model_t *model, portone_step_e step)
{
    if (step == PORTONE_STEP_CLAIM) {
        put_intent(model, "{");
    }
}


static void
refund_a_part(model_t *model, portone_step_e step)
{
    if (step == PORTONE_STEP_CLAIM && changes++ == 0) {
        put_payment(model, PARTLY);
    }
}


static void
refund_the_rest(model_t *model, portone_step_e step)
{
    if (step == PORTONE_STEP_CLAIM && changes++ == 0) {
        put_payment(model, GONE);
    }
}


static void
change_always(model_t *model, portone_step_e step)
{
    char  text[512];

    if (step == PORTONE_STEP_CLAIM) {
        snprintf(text, sizeof(text),
                 PAYMENT("imp_1", "order-1", WON(1000, 0) ",\"new\":%zu"),
                 ++changes);
        put_payment(model, text);
    }
}


static void
change_three_times(model_t *model, portone_step_e step)
{
    if (changes < 3) {
        change_always(model, step);
    }
}


static void
settle_first(model_t *model, portone_step_e step)
{
    char                  text[128];
    portone_settlement_t  settlement;

    if (step != PORTONE_STEP_SETTLE) {
        return;
    }

    snprintf(text, sizeof(text), "{\"refund_id\":\"%s\",\"state\":\"%s\"}",
             MODEL_REFUND, "not_executed");

    settlement = model->flow.settlement;
    settlement.record = portone_str(text);
    settlement.journal = portone_str("{}");
    settlement.payment.len = 0;
    settlement.open = 0;

    assert_int_equal(memory_apply(&model->store, portone_ledger_settle,
                                  &settlement),
                     PORTONE_OK);
    assert_int_equal(settlement.stale, 0);

    model->settled_by_others = 1;
}


static void
lookup_fails(model_t *model, portone_step_e step)
{
    model->store.fail_at = (step == PORTONE_STEP_LOOKUP)
                           ? model->store.calls + 1 : 0;
}


static void
other_workers_are_faster(void **state)
{
    size_t   i;
    model_t  model;

    static const struct {
        const char        *what;
        model_script_t     script;
        const char        *steps;
        portone_error_e    error;
        portone_state_e    open;
        const char        *refund_id;
    } cases[] = {
        { "a refund is open", { OF(FRESH, FRESH, SOME),
                                .meddle = claim_early },
          "L", PORTONE_REFUND_IN_PROGRESS, PORTONE_STATE_PENDING, "other" },
        { "a refund is open, nothing is left",
          { OF(GONE, GONE, SOME), .meddle = claim_early },
          "L", PORTONE_REFUND_IN_PROGRESS, PORTONE_STATE_PENDING, "other" },
        { "a refund is open, the payment is read",
          { OF(FRESH, FRESH, NULL), .meddle = claim_early },
          "L", PORTONE_NO_ERROR, 0, "" },
        { "claimed first", { OF(FRESH, FRESH, SOME), .meddle = claim_first },
          "LTC", PORTONE_REFUND_IN_PROGRESS, PORTONE_STATE_UNKNOWN, "other" },
        { "claimed first, of a payment that was fetched",
          { OF(NULL, FRESH, SOME), .meddle = claim_first },
          "LTFDLTC", PORTONE_REFUND_IN_PROGRESS, PORTONE_STATE_UNKNOWN,
          "other" },
        { "locked by what cannot be read",
          { OF(FRESH, FRESH, SOME), .meddle = claim_unreadably },
          "LTC", PORTONE_STORE_UNAVAILABLE, 0, "" },

        { "a part was refunded", { OF(FRESH, PARTLY, SOME),
                                   .meddle = refund_a_part },
          "LTCLTCXS", PORTONE_NO_ERROR, 0, "" },
        { "too much was refunded",
          { OF(FRESH, PARTLY, "{\"imp_uid\":\"imp_1\",\"amount\":601}"),
            .meddle = refund_a_part },
          "LTCL", PORTONE_AMOUNT_EXCEEDS_REFUNDABLE, 0, "" },
        { "the balance is not the expected one any more",
          { OF(FRESH, PARTLY, "{\"imp_uid\":\"imp_1\",\"checksum\":1000}"),
            .meddle = refund_a_part },
          "LTCLTY", PORTONE_CHECKSUM_MISMATCH, 0, "" },
        { "everything was refunded", { OF(FRESH, GONE, SOME),
                                       .meddle = refund_the_rest },
          "LTCLTF", PORTONE_ALREADY_REFUNDED, 0, "" },

        { "changed three times", { OF(FRESH, FRESH, SOME),
                                   .meddle = change_three_times },
          "LTCLTCLTCLTCXS", PORTONE_NO_ERROR, 0, "" },
        { "changed always", { OF(FRESH, FRESH, SOME),
                              .meddle = change_always },
          "LTCLTCLTCLTC", PORTONE_OVERLOADED, 0, "" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        changes = 0;

        model_init(&model, &cases[i].script);
        model_run(&model);

        if (strcmp(model.steps, cases[i].steps) != 0
            || model.flow.error != cases[i].error
            || model.flow.open.state != cases[i].open)
        {
            fail_msg("%s: steps %s, error \"%s\", open %d", cases[i].what,
                     model.steps, portone_error_word(model.flow.error),
                     model.flow.open.state);
        }

        assert_string_equal(model.flow.open.refund_id, cases[i].refund_id);

        model_free(&model);
    }
}


/* what was decided anew after a change is what is sent */

static void
a_new_round_sends_new_figures(void **state)
{
    model_t  model;

    static const model_script_t  script = {
        OF(FRESH, PARTLY, ALL), .meddle = refund_a_part
    };

    changes = 0;

    model_init(&model, &script);
    model_run(&model);

    assert_int_equal(model.flow.error, PORTONE_NO_ERROR);
    assert_int_equal(model.flow.amount, 600);
    unit_text(model.sent, strlen(model.sent),
              "{\"imp_uid\":\"imp_1\",\"amount\":600,\"checksum\":600}");

    model_free(&model);
}


static void
the_store_fails(void **state)
{
    static const model_case_t  cases[] = {
        { "lookup", { OF(FRESH, FRESH, SOME), .meddle = lookup_fails },
          "L", PORTONE_STORE_UNAVAILABLE, "", "", -1, 0, NULL, 0 },
        { "deposit", { OF(NULL, FRESH, SOME), .fails = 1,
                       .step = PORTONE_STEP_SAVE },
          "LTFD", PORTONE_STORE_UNAVAILABLE, "", "", -1, 0, NULL, 0 },
        { "claim", { OF(FRESH, FRESH, SOME), .fails = 1,
                     .step = PORTONE_STEP_CLAIM },
          "LTC", PORTONE_STORE_UNAVAILABLE, "", "", 0, 0, NULL, 0 },

        /* nobody is told of a success that is not stored */
        { "settle a success", { OF(FRESH, FRESH, SOME), .fails = 1,
                                .step = PORTONE_STEP_SETTLE },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "sending", "", 0, 0, NULL, 1 },
        { "settle what is pending",
          { OF(FRESH, FRESH, SOME), .fails = 1, .asynchronous = 1,
            .step = PORTONE_STEP_SETTLE },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "sending", "", 0, 0, NULL, 1 },
        { "settle what is unknown",
          { OF(FRESH, FRESH, SOME), .fails = 1, .cancel = { MODEL_LOST },
            .step = PORTONE_STEP_SETTLE },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "sending", "", 0, 0, NULL, 0 },
        { "settle what needs a person",
          { OF(FRESH, FRESH, SOME), .fails = 1,
            .cancel = { MODEL_EXECUTED(200, "{\"code\":-1}") },
            .step = PORTONE_STEP_SETTLE },
          "LTCXYS", PORTONE_OUTCOME_UNKNOWN, "sending", "", 0, -1, NULL, 1 },

        /* that nothing was refunded is true without a record, too */
        { "settle a refusal",
          { OF(FRESH, FRESH, SOME), .fails = 1, .cancel = { MODEL_REFUSED },
            .step = PORTONE_STEP_SETTLE },
          "LTCXYS", PORTONE_REFUND_REJECTED, "sending", "", 0, -1, "limit",
          0 },
        { "settle what was not sent",
          { OF(FRESH, FRESH, SOME), .fails = 1, .cancel = { MODEL_NOT_SENT },
            .step = PORTONE_STEP_SETTLE },
          "LTCXS", PORTONE_PORTONE_UNAVAILABLE, "sending", "", 0, 0, NULL,
          0 },

        /* others have settled it meanwhile */
        { "a success comes late",
          { OF(FRESH, FRESH, SOME), .meddle = settle_first },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "", "not_executed", 0, 0, NULL,
          1 },
        { "a refusal comes late",
          { OF(FRESH, FRESH, SOME), .cancel = { MODEL_REFUSED },
            .meddle = settle_first },
          "LTCXYS", PORTONE_REFUND_REJECTED, "", "not_executed", 0, -1,
          "limit", 0 }
    };

    model_run_cases(cases, sizeof(cases) / sizeof(cases[0]));
}


static void
the_client_does_not_wait(void **state)
{
    static const model_case_t  cases[] = {
        { "for the deposit",
          { OF(NULL, FRESH, SOME), .abandoned = 1,
            .step = PORTONE_STEP_SAVE },
          "LTFD", PORTONE_STORE_UNAVAILABLE, "", "", -1, 0, NULL, 0 },
        { "for the claim, which comes late",
          { OF(FRESH, FRESH, SOME), .abandoned = 1,
            .step = PORTONE_STEP_CLAIM },
          "LTCS", PORTONE_STORE_UNAVAILABLE, "", "not_executed", 0, 0, NULL,
          0 },
        { "for the claim, which fails",
          { OF(FRESH, FRESH, SOME), .abandoned = 1, .fails = 1,
            .step = PORTONE_STEP_CLAIM },
          "LTC", PORTONE_STORE_UNAVAILABLE, "", "", 0, 0, NULL, 0 },
        { "for the claim, which is not ours",
          { OF(FRESH, FRESH, SOME), .abandoned = 1, .meddle = claim_first,
            .step = PORTONE_STEP_CLAIM },
          "LTC", PORTONE_REFUND_IN_PROGRESS, "", "", 0, 0, NULL, 0 },
        { "for the claim of a payment that has changed",
          { OF(FRESH, FRESH, SOME), .abandoned = 1, .meddle = change_always,
            .step = PORTONE_STEP_CLAIM },
          "LTC", PORTONE_STORE_UNAVAILABLE, "", "", 0, 0, NULL, 0 },

        { "for the settlement of a success",
          { OF(FRESH, FRESH, SOME), .abandoned = 1,
            .step = PORTONE_STEP_SETTLE },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "", "succeeded", 300, 0, NULL,
          1 },
        { "for that of what is pending",
          { OF(FRESH, FRESH, SOME), .abandoned = 1, .asynchronous = 1,
            .step = PORTONE_STEP_SETTLE },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "pending", "", 0, 0, NULL, 1 },
        { "for that of a success, which fails",
          { OF(FRESH, FRESH, SOME), .abandoned = 1, .fails = 1,
            .step = PORTONE_STEP_SETTLE },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "sending", "", 0, 0, NULL, 1 },
        { "for that of what is unknown",
          { OF(FRESH, FRESH, SOME), .abandoned = 1, .cancel = { MODEL_LOST },
            .step = PORTONE_STEP_SETTLE },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, 0, NULL, 0 },
        { "for that of a refusal",
          { OF(FRESH, FRESH, SOME), .abandoned = 1,
            .cancel = { MODEL_REFUSED }, .step = PORTONE_STEP_SETTLE },
          "LTCXYS", PORTONE_REFUND_REJECTED, "", "rejected", 0, -1, "limit",
          0 }
    };

    changes = 0;

    model_run_cases(cases, sizeof(cases) / sizeof(cases[0]));
}


static int64_t         late_by;
static portone_step_e  late_step;


static void
be_late(model_t *model, portone_step_e step)
{
    if (step == late_step) {
        model->now = MODEL_NOW + late_by;
    }
}


/*
 * The time after which a re-read is believed counts from the claim: what is
 * sent much later would still be under way then.
 */

static void
what_is_late_is_not_sent(void **state)
{
    size_t   i;
    model_t  model;

    static const struct {
        model_script_t     script;
        portone_step_e     step;
        int64_t            late_by;
        int64_t            send_time;
        const char        *steps;
        portone_error_e    error;
    } cases[] = {
        { { OF(FRESH, FRESH, SOME), .meddle = be_late },
          PORTONE_STEP_CLAIM, 10, 10, "LTCXS", PORTONE_NO_ERROR },
        { { OF(FRESH, FRESH, SOME), .meddle = be_late },
          PORTONE_STEP_CLAIM, 11, 10, "LTCS", PORTONE_STORE_UNAVAILABLE },
        { { OF(FRESH, FRESH, SOME), .meddle = be_late },
          PORTONE_STEP_CLAIM, 3600, 10, "LTCS", PORTONE_STORE_UNAVAILABLE },
        { { OF(FRESH, FRESH, SOME), .meddle = be_late },
          PORTONE_STEP_CLAIM, 1, 1, "LTCXS", PORTONE_NO_ERROR },
        { { OF(FRESH, FRESH, SOME), .meddle = be_late },
          PORTONE_STEP_CLAIM, 2, 1, "LTCS", PORTONE_STORE_UNAVAILABLE },

        /* a new round has a time of its own */
        { { OF(FRESH, FRESH, SOME), .meddle = be_late },
          PORTONE_STEP_TOKEN, 3600, 10, "LTCXS", PORTONE_NO_ERROR },

        /* 401 tells that nothing was executed */
        { { OF(FRESH, FRESH, SOME), .meddle = be_late,
            .cancel = { MODEL_401, MODEL_OWN } },
          PORTONE_STEP_REFRESH, 10, 10, "LTCXRXS", PORTONE_NO_ERROR },
        { { OF(FRESH, FRESH, SOME), .meddle = be_late,
            .cancel = { MODEL_401, MODEL_OWN } },
          PORTONE_STEP_REFRESH, 11, 10, "LTCXRS",
          PORTONE_PORTONE_UNAVAILABLE },

        /* a reading is never late */
        { { OF(FRESH, FRESH, SOME), .meddle = be_late,
            .cancel = { MODEL_REFUSED }, .reread = { MODEL_401, MODEL_OWN } },
          PORTONE_STEP_REFRESH, 60, 10, "LTCXYRYS",
          PORTONE_REFUND_REJECTED }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        late_step = cases[i].step;
        late_by = cases[i].late_by;

        model_init(&model, &cases[i].script);
        model.flow.send_time_s = cases[i].send_time;
        model_run(&model);

        if (strcmp(model.steps, cases[i].steps) != 0
            || model.flow.error != cases[i].error)
        {
            fail_msg("case %zu: steps %s, error \"%s\"", i, model.steps,
                     portone_error_word(model.flow.error));
        }

        if (model.n_executed == 0) {
            assert_string_equal(model_stored_state(&model,
                                                   PORTONE_DB_INTENTS), "");
        }

        model_free(&model);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(other_workers_are_faster),
        cmocka_unit_test(a_new_round_sends_new_figures),
        cmocka_unit_test(the_store_fails),
        cmocka_unit_test(the_client_does_not_wait),
        cmocka_unit_test(what_is_late_is_not_sent)
    };

    return cmocka_run_group_tests_name("flow_store", tests, NULL, NULL);
}
