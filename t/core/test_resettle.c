
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * Open refunds: what a reading of PortOne makes of them.  Each verdict is
 * reached by the reconciler, by a reading and by a new refund.
 */


#include "flow_model.h"
#include "flow_payments.h"
#include "open_records.h"

#include "portone_json.h"


#define N(array)  (sizeof(array) / sizeof(array[0]))

/* what postpones a settlement leaves these behind, the first time */
#define AGAIN  .tries = 1, .settle_at = MODEL_NOW + MODEL_RETRY


typedef struct {
    const char       *what;
    model_script_t    script;
    const char       *steps;          /* of the reconciler */
    const char       *state;          /* of the refund, afterwards */
    const char       *cancellation;   /* the evidence; NULL: none */
    double            cancelled;      /* of the stored payment */
    int64_t           tries;
    int64_t           settle_at;      /* 0: as it was */
} verdict_t;


/* a payment of 1000, as it was, or with a history */

#define SEEN(cancelled, entries)                                              \
    PAYMENT("imp_1", "order-1", WON(1000, cancelled) HISTORY(entries))


static const verdict_t  verdicts[] = {

    { "it is there",
      { OPEN(FRESH, SEEN(300, OURS), LOST) },
      "LTYS", "succeeded", "OUR", 300, 0, 0 },

    { "it is there, beside what was there before",
      { OPEN(PARTLY, SEEN(700, OLD "," OURS), LOST_LATER) },
      "LTYS", "succeeded", "OUR", 700, 0, 0 },

    { "it is there, in another order",
      { OPEN(PARTLY, SEEN(700, OURS "," OLD), LOST_LATER) },
      "LTYS", "succeeded", "OUR", 700, 0, 0 },

    { "it is there; who sent it is dead",
      { OPEN(FRESH, SEEN(300, OURS), RECORD("sending", "why", NOTHING, "")) },
      "LTYS", "succeeded", "OUR", 300, 0, 0 },

    { "it is there, at last",
      { OPEN(FRESH, SEEN(300, OURS),
             RECORD("pending", "why", NOTHING, ",\"code\":0")) },
      "LTYS", "succeeded", "OUR", 300, 0, 0 },

    { "it is there, as early as the clocks allow",
      { OPEN(FRESH, SEEN(300, ENTRY("OUR", 300, 1763756895, "why")), LOST) },
      "LTYS", "succeeded", "OUR", 300, 0, 0 },

    { "it is there, without a reason to tell it by",
      { OPEN(FRESH, SEEN(300, ENTRY("OUR", 300, 1763756901, "made up")),
             RECORD("unknown", "", NOTHING, "")) },
      "LTYS", "succeeded", "OUR", 300, 0, 0 },

    { "it is there, in cents",
      { OPEN(PAYMENT("imp_1", "order-1", CENTS(0.49)),
             PAYMENT("imp_1", "order-1", CENTS(0.79)
                     HISTORY(ENTRY("OUR", 0.3, 1763756901, "why"))),
             "{\"refund_id\":\"" OPEN_ID "\",\"state\":\"unknown\","
             "\"amount\":0.3,\"reason\":\"why\"," TIMES
             "\"before\":{\"amount\":19.99,\"cancel_amount\":0.49,"
             "\"cancellations\":[]}}") },
      "LTYS", "succeeded", "OUR", 0.79, 0, 0 },

    { "it is not there",
      { OPEN(FRESH, FRESH, LOST) },
      "LTYS", "not_executed", NULL, 0, 0, 0 },

    { "it is not there, only what was there before",
      { OPEN(PARTLY, PARTLY, LOST_LATER) },
      "LTYS", "not_executed", NULL, 400, 0, 0 },

    { "it is not there; who should have sent it is dead",
      { OPEN(FRESH, FRESH, RECORD("sending", "why", NOTHING, "")) },
      "LTYS", "not_executed", NULL, 0, 0, 0 },

    { "it is not there; PortOne had refused it",
      { OPEN(FRESH, FRESH, RECORD("unknown", "why", NOTHING,
                                  ",\"code\":-1,\"message\":\"limit\"")) },
      "LTYS", "rejected", NULL, 0, 0, 0 },

    { "it is not there; PortOne had accepted it, and answered nonsense",
      { OPEN(FRESH, FRESH, RECORD("unknown", "why", NOTHING,
                                  ",\"code\":0,\"message\":null")) },
      "LTYS", "not_executed", NULL, 0, 0, 0 },

    { "it is there; PortOne had refused it",
      { OPEN(FRESH, SEEN(300, OURS),
             RECORD("unknown", "why", NOTHING, ",\"code\":-1")) },
      "LTYS", "manual_review", NULL, 300, 0, 0 },

    { "it is not there, and the money may move later",
      { OPEN(FRESH, PAYMENT("imp_1", "order-1", WON(1000, 0)
                            ",\"pay_method\":\"vbank\""), LOST) },
      "LTYS", "manual_review", NULL, 0, 0, 0 },

    { "it is not there, the money moves late, and PortOne had refused it",
      { OPEN(FRESH, PAYMENT("imp_1", "order-1", WON(1000, 0)
                            ",\"pay_method\":\"paypal\""),
             RECORD("unknown", "why", NOTHING, ",\"code\":-1")) },
      "LTYS", "rejected", NULL, 0, 0, 0 },

    { "the money has moved later",
      { OPEN(FRESH, PAYMENT("imp_1", "order-1", WON(1000, 300)
                            ",\"pay_method\":\"paypal\"" HISTORY(OURS)),
             LOST) },
      "LTYS", "succeeded", "OUR", 300, 0, 0 },

    { "the money has not moved yet",
      { OPEN(FRESH, FRESH, RECORD("pending", "why", NOTHING,
                                  ",\"code\":0")) },
      "LTYS", "pending", NULL, 0, AGAIN },

    { "the console was used for the same sum",
      { OPEN(FRESH, SEEN(300, ENTRY("CON", 300, 1763756950, "console")),
             LOST) },
      "LTYS", "manual_review", NULL, 300, 0, 0 },

    { "the console was used for the same sum while it is pending",
      { OPEN(FRESH, SEEN(300, ENTRY("CON", 300, 1763756950, "console")),
             RECORD("pending", "why", NOTHING, ",\"code\":0")) },
      "LTYS", "manual_review", NULL, 300, 0, 0 },

    { "the console was used for another sum",
      { OPEN(FRESH, SEEN(200, ENTRY("CON", 200, 1763756950, "why")), LOST) },
      "LTYS", "manual_review", NULL, 200, 0, 0 },

    { "the console was used for another sum while it is pending",
      { OPEN(FRESH, SEEN(250, FOREIGN),
             RECORD("pending", "why", NOTHING, ",\"code\":0")) },
      "LTYS", "manual_review", NULL, 250, 0, 0 },

    { "it is there twice",
      { OPEN(FRESH, SEEN(600, OURS "," ENTRY("CON", 300, 1763756950, "why")),
             LOST) },
      "LTYS", "manual_review", NULL, 600, 0, 0 },

    { "it is there, and the console was used",
      { OPEN(FRESH, SEEN(550, OURS "," FOREIGN), LOST) },
      "LTYS", "manual_review", NULL, 550, 0, 0 },

    { "an earlier one was undone",
      { OPEN(PARTLY, FRESH, LOST_LATER) },
      "LTYS", "manual_review", NULL, 0, 0, 0 },

    { "it is there, and an earlier one was undone",
      { OPEN(PARTLY, SEEN(300, OURS), LOST_LATER) },
      "LTYS", "manual_review", NULL, 300, 0, 0 },

    { "an earlier one was undone while it is pending",
      { OPEN(PARTLY, FRESH, RECORD("pending", "why", EARLIER,
                                   ",\"code\":0")) },
      "LTYS", "manual_review", NULL, 0, 0, 0 },

    { "an earlier one was undone and made again",
      { OPEN(PARTLY, SEEN(400, ENTRY("NEW", 400, 1763756950, "old")),
             LOST_LATER) },
      "LTYS", "manual_review", NULL, 400, 0, 0 },

    { "the sums agree, the entries do not",
      { OPEN(PARTLY, SEEN(700, OURS "," ENTRY("NEW", 400, 1763751000,
                                              "old")), LOST_LATER) },
      "LTYS", "manual_review", NULL, 700, 0, 0 },

    { "one entry too many for the sum",
      { OPEN(FRESH, SEEN(300, OURS "," FOREIGN), LOST) },
      "LTYS", "manual_review", NULL, 300, 0, 0 },

    { "one entry too few for the sum",
      { OPEN(PARTLY, SEEN(700, OURS), LOST_LATER) },
      "LTYS", "manual_review", NULL, 700, 0, 0 },

    { "one like it is older than the request",
      { OPEN(FRESH, SEEN(300, ENTRY("OUR", 300, 1763756894, "why")), LOST) },
      "LTYS", "manual_review", NULL, 300, 0, 0 },

    { "the sum without an entry",
      { OPEN(FRESH, PAYMENT("imp_1", "order-1", WON(1000, 300)), LOST) },
      "LTYS", "manual_review", NULL, 300, 0, 0 },

    { "the entry without the sum",
      { OPEN(FRESH, SEEN(0, OURS), LOST) },
      "LTYS", "manual_review", NULL, 0, 0, 0 },

    { "the entry with too much",
      { OPEN(FRESH, SEEN(301, OURS), LOST) },
      "LTYS", "manual_review", NULL, 301, 0, 0 },

    { "the payment is not there any more",
      { OPEN(FRESH, NULL, LOST), .reread = { MODEL_404 } },
      "LTYS", "manual_review", NULL, 0, 0, 0 },

    { "a token has ended, and the next one is good",
      { OPEN(FRESH, SEEN(300, OURS), LOST), .reread = { MODEL_401 } },
      "LTYRYS", "succeeded", "OUR", 300, 0, 0 },

    { "PortOne refuses two tokens",
      { OPEN(FRESH, SEEN(300, OURS), LOST),
        .reread = { MODEL_401, MODEL_401 } },
      "LTYRYS", "unknown", NULL, 0, AGAIN },

    { "PortOne refuses the keys",
      { OPEN(FRESH, FRESH, LOST), .tokens = { PORTONE_TOKEN_REFUSED } },
      "LTS", "unknown", NULL, 0, AGAIN },

    { "there is no token",
      { OPEN(FRESH, FRESH, LOST), .tokens = { PORTONE_TOKEN_UNAVAILABLE } },
      "LTS", "unknown", NULL, 0, AGAIN },

    { "there is no room to get a token",
      { OPEN(FRESH, FRESH, LOST), .tokens = { PORTONE_TOKEN_OVERLOADED } },
      "LTS", "unknown", NULL, 0, AGAIN },

    { "there is no second token",
      { OPEN(FRESH, FRESH, LOST), .reread = { MODEL_401 },
        .tokens = { PORTONE_TOKEN_GRANTED, PORTONE_TOKEN_REFUSED } },
      "LTYRS", "unknown", NULL, 0, AGAIN },

    { "PortOne is not reached",
      { OPEN(FRESH, FRESH, LOST), .reread = { MODEL_NOT_SENT } },
      "LTYS", "unknown", NULL, 0, AGAIN },

    { "there is no room for the call",
      { OPEN(FRESH, FRESH, LOST), .reread = { MODEL_OVERLOADED } },
      "LTYS", "unknown", NULL, 0, AGAIN },

    { "PortOne does not answer",
      { OPEN(FRESH, FRESH, LOST), .reread = { MODEL_LOST } },
      "LTYS", "unknown", NULL, 0, AGAIN },

    { "PortOne fails",
      { OPEN(FRESH, FRESH, LOST), .reread = { MODEL_500 } },
      "LTYS", "unknown", NULL, 0, AGAIN },

    { "PortOne answers what is not JSON",
      { OPEN(FRESH, FRESH, LOST), .reread = { MODEL_HTML } },
      "LTYS", "unknown", NULL, 0, AGAIN },

    { "somebody on the way does not find PortOne",
      { OPEN(FRESH, FRESH, LOST), .reread = { MODEL_ANSWER(404, "<html>") } },
      "LTYS", "unknown", NULL, 0, AGAIN },

    { "PortOne answers the reading with a code",
      { OPEN(FRESH, FRESH, LOST), .reread = { MODEL_REFUSED } },
      "LTYS", "unknown", NULL, 0, AGAIN },

    { "PortOne answers nothing",
      { OPEN(FRESH, FRESH, LOST),
        .reread = { MODEL_ANSWER(200, "{\"code\":0,\"response\":null}") } },
      "LTYS", "unknown", NULL, 0, AGAIN },

    { "PortOne answers another payment",
      { OPEN(FRESH, FRESH, LOST),
        .reread = { MODEL_ANSWER(200, "{\"code\":0,\"response\":"
                                 PAYMENT("imp_2", "order-1", WON(1000, 0))
                                 "}") } },
      "LTYS", "unknown", NULL, 0, AGAIN },

    { "PortOne answers half a payment",
      { OPEN(FRESH, FRESH, LOST),
        .reread = { MODEL_ANSWER(200, "{\"code\":0,\"response\":"
                                 "{\"imp_uid\":\"imp_1\"}}") } },
      "LTYS", "unknown", NULL, 0, AGAIN },

    { "PortOne fails while it is pending",
      { OPEN(FRESH, FRESH, RECORD("pending", "why", NOTHING, ",\"code\":0")),
        .reread = { MODEL_500 } },
      "LTYS", "pending", NULL, 0, AGAIN },

    { "who sent it is dead, and PortOne fails",
      { OPEN(FRESH, FRESH, RECORD("sending", "why", NOTHING, "")),
        .reread = { MODEL_500 } },
      "LTYS", "unknown", NULL, 0, AGAIN },

    { "the record has no evidence",
      { OPEN(FRESH, SEEN(300, OURS),
             "{\"refund_id\":\"" OPEN_ID "\",\"state\":\"unknown\","
             "\"amount\":300," TIMES "\"x\":1}") },
      "LTYS", "unknown", NULL, 0, AGAIN },

    { "the record has half the evidence",
      { OPEN(FRESH, FRESH, RECORD("unknown", "why", "{\"cancel_amount\":0}",
                                  "")) },
      "LTYS", "unknown", NULL, 0, AGAIN },

    { "the record has no balance",
      { OPEN(FRESH, FRESH, RECORD("unknown", "why", "{\"cancellations\":[]}",
                                  "")) },
      "LTYS", "unknown", NULL, 0, AGAIN },

    { "the record has half a won",
      { OPEN(FRESH, FRESH, RECORD("unknown", "why",
                                  "{\"cancel_amount\":0.5,"
                                  "\"cancellations\":[]}", "")) },
      "LTYS", "unknown", NULL, 0, AGAIN },

    { "the record has no amount",
      { OPEN(FRESH, FRESH,
             "{\"refund_id\":\"" OPEN_ID "\",\"state\":\"unknown\"," TIMES
             "\"before\":" NOTHING "}") },
      "LTYS", "unknown", NULL, 0, AGAIN }
};


/* the outcome as it is stored, the refunds that are told, and the evidence */

static void
check_verdict(model_t *model, const verdict_t *verdict)
{
    int           settled;
    char         *state;
    cJSON        *record, *before;
    const cJSON  *after;

    settled = strcmp(verdict->state, "succeeded") == 0
              || strcmp(verdict->state, "rejected") == 0
              || strcmp(verdict->state, "not_executed") == 0;

    record = open_record(model, settled ? PORTONE_DB_ATTEMPTS
                                        : PORTONE_DB_INTENTS);

    if (record == NULL) {
        fail_msg("%s: not %s", verdict->what,
                 settled ? "settled" : "open any more");
    }

    assert_null(open_record(model, settled ? PORTONE_DB_INTENTS
                                           : PORTONE_DB_ATTEMPTS));

    state = cJSON_GetStringValue(portone_json_member(record, "state"));

    if (state == NULL || strcmp(state, verdict->state) != 0) {
        fail_msg("%s: %s", verdict->what, state);
    }

    if (model_stored_cancelled(model) != verdict->cancelled) {
        fail_msg("%s: cancelled %g", verdict->what,
                 model_stored_cancelled(model));
    }

    assert_string_equal(portone_record_word(model->flow.opened_state),
                        verdict->state);
    assert_string_equal(model->flow.opened_id, OPEN_ID);

    if (portone_json_int(record, "tries", 0) != verdict->tries
        || portone_json_int(record, "settle_at", 0)
           != (verdict->settle_at ? verdict->settle_at : OPEN_SETTLE_AT)
        || portone_json_int(record, "settled_at", 0)
           != (settled ? model->now : 0))
    {
        fail_msg("%s: times of %s", verdict->what,
                 cJSON_PrintUnformatted(record));
    }

    if (verdict->cancellation != NULL) {
        assert_string_equal(
            cJSON_GetStringValue(portone_json_member(record,
                                                     "cancellation_id")),
            verdict->cancellation);

    } else {
        assert_null(portone_json_member(record, "cancellation_id"));
    }

    /* what the verdict is built on stays */

    before = cJSON_Parse(verdict->script.open);

    assert_true(cJSON_Compare(portone_json_member(record, "before"),
                              portone_json_member(before, "before"), 1)
                || portone_json_member(before, "before") == NULL);

    cJSON_Delete(before);

    after = portone_json_member(record, "after");

    if (verdict->tries == 0 && model->payment != NULL) {
        assert_true(model_number(after, "cancel_amount")
                    == model_number(model->payment, "cancel_amount")
                       - model->n_executed * 100);
    }

    cJSON_Delete(record);
}


static void
by_the_reconciler(void **state)
{
    size_t           i;
    model_t          model;
    model_script_t   script;

    for (i = 0; i < N(verdicts); i++) {
        script = verdicts[i].script;
        script.settle = 1;

        model_init(&model, &script);
        model_run(&model);

        if (strcmp(model.steps, verdicts[i].steps) != 0) {
            fail_msg("%s: %s", verdicts[i].what, model.steps);
        }

        assert_int_equal(model.flow.error, PORTONE_NO_ERROR);
        check_verdict(&model, &verdicts[i]);

        model_free(&model);
    }
}


static void
by_a_reading(void **state)
{
    char             steps[64];
    size_t           i;
    cJSON           *refund;
    model_t          model;

    for (i = 0; i < N(verdicts); i++) {
        model_init(&model, &verdicts[i].script);
        model_run(&model);

        snprintf(steps, sizeof(steps), "%sL", verdicts[i].steps);

        if (strcmp(model.steps, steps) != 0) {
            fail_msg("%s: %s", verdicts[i].what, model.steps);
        }

        assert_int_equal(model.flow.error, PORTONE_NO_ERROR);
        check_verdict(&model, &verdicts[i]);

        /* what is told is what is stored now, once */

        assert_int_equal(cJSON_GetArraySize(model.flow.lookup.refunds), 1);

        refund = cJSON_GetArrayItem(model.flow.lookup.refunds, 0);

        assert_string_equal(
            cJSON_GetStringValue(portone_json_member(refund, "state")),
            verdicts[i].state);

        model_free(&model);
    }
}


/* the next refund is made if the order is free, with the balance as it is */

static void
by_a_refund(void **state)
{
    int              open;
    char             steps[64];
    size_t           i;
    model_t          model;
    model_script_t   script;

    for (i = 0; i < N(verdicts); i++) {
        script = verdicts[i].script;
        script.request = "{\"imp_uid\":\"imp_1\",\"amount\":100,"
                         "\"reason\":\"next\"}";

        if (strcmp(verdicts[i].what, "it is there, in cents") == 0) {
            continue;
        }

        model_init(&model, &script);
        model_run(&model);

        open = strcmp(verdicts[i].state, "pending") == 0
               || strcmp(verdicts[i].state, "unknown") == 0
               || strcmp(verdicts[i].state, "manual_review") == 0;

        snprintf(steps, sizeof(steps), "%sL%s", verdicts[i].steps,
                 open ? "" : "TCXS");

        if (strcmp(model.steps, steps) != 0) {
            fail_msg("%s: %s", verdicts[i].what, model.steps);
        }

        if (open) {
            assert_int_equal(model.flow.error, PORTONE_REFUND_IN_PROGRESS);
            assert_string_equal(model.flow.open.refund_id, OPEN_ID);
            assert_int_equal(model.n_cancels, 0);
            check_verdict(&model, &verdicts[i]);

        } else {
            assert_int_equal(model.flow.error, PORTONE_NO_ERROR);
            assert_int_equal(model.n_executed, 1);
            assert_true(model_stored_cancelled(&model)
                        == verdicts[i].cancelled + 100);
            assert_string_equal(model_stored_state(&model,
                                                   PORTONE_DB_ATTEMPTS),
                                "succeeded");
            open_check(&model, PORTONE_DB_ATTEMPTS, verdicts[i].state);
        }

        model_free(&model);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(by_the_reconciler),
        cmocka_unit_test(by_a_reading),
        cmocka_unit_test(by_a_refund)
    };

    return cmocka_run_group_tests_name("resettle", tests, NULL, NULL);
}
