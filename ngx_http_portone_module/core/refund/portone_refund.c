
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <assert.h>
#include <string.h>

#include "portone_cancel.h"
#include "portone_json.h"
#include "portone_task.h"
#include "portone_verdict.h"


/* the flow's own refund: claimed, sent to PortOne once, settled */


static int portone_refund_key(portone_flow_t *flow, int64_t now);
static int portone_refund_late(portone_flow_t *flow, int64_t now);
static portone_step_e portone_refund_answered(portone_flow_t *flow,
    portone_answer_t *answer, int64_t now);
static portone_step_e portone_refund_accepted(portone_flow_t *flow,
    portone_answer_t *answer, int64_t now);
static portone_step_e portone_refund_refused(portone_flow_t *flow,
    portone_answer_t *answer, int64_t now);
static portone_step_e portone_refund_found(portone_flow_t *flow, int64_t now);
static portone_step_e portone_refund_missing(portone_flow_t *flow,
    int64_t now);
static portone_step_e portone_refund_failed(portone_flow_t *flow,
    portone_error_e error, int64_t now);
static portone_step_e portone_refund_unknown(portone_flow_t *flow,
    int64_t now);
static portone_step_e portone_refund_settled(portone_flow_t *flow, int rc);


static const portone_task_t  portone_refund_task = {
    portone_refund_found,
    portone_refund_missing,
    portone_refund_failed,
    portone_refund_settled,
    1,
    0
};


portone_step_e
portone_refund_start(portone_flow_t *flow, int64_t now)
{
    portone_error_e    error;
    portone_policy_t   policy;

    if (flow->lookup.intent != NULL) {
        portone_ledger_open_read(&flow->open, flow->lookup.intent);

        return portone_step_finish(flow, PORTONE_REFUND_IN_PROGRESS);
    }

    if (flow->key_open) {
        return portone_step_finish(flow, PORTONE_REFUND_IN_PROGRESS);
    }

    /* a payment that was stored unpaid may have been paid since */

    if (!portone_payment_was_paid(&flow->payment)
        && portone_sync_may_fetch(flow))
    {
        return portone_sync_fetch(flow);
    }

    policy.request = &flow->request;
    policy.payment = &flow->payment;
    policy.now = now + flow->clock_offset;
    policy.phone_month = flow->phone_month;

    error = portone_policy_refund(&policy);

    flow->amount = policy.amount;
    flow->field = policy.field;

    if (error != PORTONE_NO_ERROR) {
        return portone_sync_recheck(flow, error);
    }

    flow->refusal = PORTONE_NO_ERROR;
    flow->task = &portone_refund_task;

    return portone_step_token(flow, PORTONE_STEP_CLAIM);
}


/* all of this precedes the claim: between it and the cancel nothing fails */

portone_step_e
portone_refund_prepare(portone_flow_t *flow, int64_t now)
{
    char                   *text;
    portone_claim_facts_t   facts;

    assert(flow->want == PORTONE_WANT_REFUND);
    assert(flow->amount > 0);
    assert(flow->amount <= portone_payment_balance(&flow->payment));

    facts.refund_id = flow->refund_id;
    facts.merchant = flow->merchant;
    facts.account = flow->account;
    facts.tier = flow->tier;
    facts.reason = flow->request.cancel.reason;
    facts.idempotency = flow->idempotency.key;
    facts.payment = &flow->payment;
    facts.amount = flow->amount;
    facts.requested_at = now;
    facts.settle_at = now + flow->settle_time_s;
    facts.clock_offset = flow->clock_offset;
    facts.include_sandbox = flow->include_sandbox;

    cJSON_Delete(flow->record);
    cJSON_free(flow->body);

    flow->body = NULL;
    flow->record = portone_record_create(&facts);

    if (flow->record == NULL) {
        return portone_step_finish(flow, PORTONE_OVERLOADED);
    }

    text = portone_record_print(flow->record);
    if (text == NULL) {
        return portone_step_finish(flow, PORTONE_OVERLOADED);
    }

    flow->claim.key = flow->lookup.key;
    flow->claim.record = portone_step_text(flow, PORTONE_TEXT_CLAIM, text);
    flow->claim.payment.data = flow->lookup.payment;
    flow->claim.payment.len = flow->lookup.payment_len;
    flow->claim.now = now;

    if (portone_refund_key(flow, now) != PORTONE_OK) {
        return portone_step_finish(flow, PORTONE_OVERLOADED);
    }

    flow->body = portone_cancel_body(&flow->request.cancel, &flow->payment,
                                     flow->amount);
    if (flow->body == NULL) {
        return portone_step_finish(flow, PORTONE_OVERLOADED);
    }

    return PORTONE_STEP_CLAIM;
}


static int
portone_refund_key(portone_flow_t *flow, int64_t now)
{
    char             *text;
    portone_claim_t  *claim;

    claim = &flow->claim;

    claim->idempotency.len = 0;

    if (flow->idempotency.key.len == 0) {
        return PORTONE_OK;
    }

    claim->expires_at = now + flow->idempotency.ttl_s;

    text = portone_idempotency_record(&flow->idempotency, &flow->refund_id,
                                      &flow->payment.imp_uid,
                                      claim->expires_at);

    if (text == NULL
        || portone_key(&claim->idempotency, &flow->merchant,
                       &flow->idempotency.key)
           != PORTONE_OK)
    {
        cJSON_free(text);
        return PORTONE_ERROR;
    }

    claim->idempotency_record = portone_step_text(flow, PORTONE_TEXT_KEY,
                                                  text);

    return PORTONE_OK;
}


portone_step_e
portone_refund_claimed(portone_flow_t *flow, int rc, int64_t now)
{
    if (rc != PORTONE_OK) {
        return portone_step_finish(flow, PORTONE_STORE_UNAVAILABLE);
    }

    switch (flow->claim.verdict) {

    case PORTONE_CLAIM_IN_PROGRESS:
        flow->open = flow->claim.open;
        return portone_step_finish(flow, PORTONE_REFUND_IN_PROGRESS);

    case PORTONE_CLAIM_CHANGED:

        if (flow->abandoned) {
            return portone_step_finish(flow, PORTONE_STORE_UNAVAILABLE);
        }

        if (++flow->rounds == PORTONE_FLOW_ROUNDS) {
            return portone_step_finish(flow, PORTONE_OVERLOADED);
        }

        return portone_step_lookup(flow);

    case PORTONE_CLAIMED:
        break;
    }

    flow->recorded = 1;
    flow->state = PORTONE_STATE_SENDING;

    if (flow->abandoned || portone_refund_late(flow, now)) {
        return portone_refund_unsent(flow, PORTONE_STORE_UNAVAILABLE, now);
    }

    flow->refreshed = 0;

    return PORTONE_STEP_CANCEL;
}


/*
 * The time after which a re-read is believed counts from the claim: a cancel
 * that is sent much later could still be under way then.
 */

static int
portone_refund_late(portone_flow_t *flow, int64_t now)
{
    int64_t  requested_at;

    requested_at = portone_json_int(flow->record, "requested_at", 0);

    return now - requested_at > flow->send_time_s;
}


portone_step_e
portone_refund_resume(portone_flow_t *flow, int64_t now)
{
    if (portone_refund_late(flow, now)) {
        return portone_refund_unsent(flow, PORTONE_PORTONE_UNAVAILABLE, now);
    }

    return PORTONE_STEP_CANCEL;
}


portone_step_e
portone_refund_cancelled(portone_flow_t *flow, portone_call_e call,
    portone_answer_t *answer, int64_t now)
{
    switch (call) {

    case PORTONE_CALL_NOT_SENT:
        portone_answer_free(answer);
        return portone_refund_unsent(flow, PORTONE_PORTONE_UNAVAILABLE, now);

    case PORTONE_CALL_OVERLOADED:
        portone_answer_free(answer);
        return portone_refund_unsent(flow, PORTONE_OVERLOADED, now);

    case PORTONE_CALL_UNANSWERED:
        portone_answer_free(answer);
        return portone_refund_unknown(flow, now);

    case PORTONE_CALL_ANSWERED:
        break;
    }

    return portone_refund_answered(flow, answer, now);
}


static portone_step_e
portone_refund_answered(portone_flow_t *flow, portone_answer_t *answer,
    int64_t now)
{
    switch (answer->kind) {

    case PORTONE_ANSWER_OK:
        return portone_refund_accepted(flow, answer, now);

    case PORTONE_ANSWER_UNAUTHORIZED:
        portone_answer_free(answer);

        if (!flow->refreshed) {
            return portone_step_refresh(flow, PORTONE_STEP_CANCEL);
        }

        return portone_refund_unsent(flow, PORTONE_PORTONE_UNAUTHORIZED, now);

    case PORTONE_ANSWER_REFUSED:
    case PORTONE_ANSWER_NOT_FOUND:
        return portone_refund_refused(flow, answer, now);

    case PORTONE_ANSWER_BROKEN:
        break;
    }

    portone_answer_free(answer);

    return portone_refund_unknown(flow, now);
}


static portone_step_e
portone_refund_accepted(portone_flow_t *flow, portone_answer_t *answer,
    int64_t now)
{
    int                  rc;
    portone_str_t        none = portone_null_string;
    portone_state_e      state;
    portone_evidence_t   evidence;

    if (portone_step_payment(flow, answer) != PORTONE_OK
        || !portone_str_eq(&flow->fetched.imp_uid, &flow->payment.imp_uid)
        || !portone_str_eq(&flow->fetched.currency, &flow->payment.currency)
        || portone_record_compare(flow->record, &flow->fetched, &evidence)
           != PORTONE_OK)
    {
        return portone_refund_unknown(flow, now);
    }

    rc = portone_record_answer(flow->record, 0, &none);
    rc |= portone_record_after(flow->record, &flow->fetched);

    if (rc != PORTONE_OK) {
        return portone_refund_unknown(flow, now);
    }

    flow->has_code = 1;
    flow->code = 0;

    state = portone_verdict_accepted(&flow->payment, &flow->fetched,
                                     &evidence, flow->amount);

    if (state == PORTONE_STATE_UNKNOWN) {
        return portone_refund_unknown(flow, now);
    }

    /* a single new entry is ours by the balance, whatever its reason is */

    if (state == PORTONE_STATE_SUCCEEDED
        && (evidence.ours == 1 || evidence.appeared == 1)
        && portone_record_evidence(flow->record, &evidence.entry)
           != PORTONE_OK)
    {
        return portone_refund_unknown(flow, now);
    }

    return portone_settle(flow, state, PORTONE_NO_ERROR, now);
}


/*
 * "already refunded" comes in several wordings and codes: the balance is
 * read, instead of being guessed from the text.
 */

static portone_step_e
portone_refund_refused(portone_flow_t *flow, portone_answer_t *answer,
    int64_t now)
{
    portone_answer_free(&flow->answer);

    flow->answer = *answer;
    memset(answer, 0, sizeof(portone_answer_t));

    flow->has_code = 1;
    flow->code = flow->answer.code;
    flow->message = flow->answer.message;
    flow->refreshed = 0;

    if (portone_record_answer(flow->record, flow->code, &flow->message)
        != PORTONE_OK)
    {
        return portone_refund_unknown(flow, now);
    }

    return PORTONE_STEP_REREAD;
}


static portone_step_e
portone_refund_found(portone_flow_t *flow, int64_t now)
{
    portone_error_e      error;
    portone_state_e      state;
    portone_evidence_t   evidence;

    if (portone_record_compare(flow->record, &flow->fetched, &evidence)
        != PORTONE_OK
        || portone_record_after(flow->record, &flow->fetched) != PORTONE_OK)
    {
        return portone_refund_unknown(flow, now);
    }

    state = portone_verdict_refused(&flow->payment, &flow->fetched, &evidence,
                                    &error);

    return portone_settle(flow, state, error, now);
}


/* the refusal stands by itself, with no payment to hold it against */

static portone_step_e
portone_refund_missing(portone_flow_t *flow, int64_t now)
{
    return portone_settle(flow, PORTONE_STATE_REJECTED,
                          PORTONE_REFUND_REJECTED, now);
}


static portone_step_e
portone_refund_failed(portone_flow_t *flow, portone_error_e error,
    int64_t now)
{
    (void) error;

    return portone_refund_unknown(flow, now);
}


portone_step_e
portone_refund_unsent(portone_flow_t *flow, portone_error_e error,
    int64_t now)
{
    assert(flow->recorded);

    return portone_settle(flow, PORTONE_STATE_NOT_EXECUTED, error, now);
}


static portone_step_e
portone_refund_unknown(portone_flow_t *flow, int64_t now)
{
    portone_step_drop(flow);

    return portone_settle(flow, PORTONE_STATE_UNKNOWN,
                          PORTONE_OUTCOME_UNKNOWN, now);
}


static portone_step_e
portone_refund_settled(portone_flow_t *flow, int rc)
{
    if (rc == PORTONE_OK && !flow->settlement.stale) {

        /* a client that left early was told another state */

        flow->state = portone_record_state(flow->record);

        return PORTONE_STEP_FINISH;
    }

    /*
     * The intent is still there and will be settled later.  A success is told
     * only when it is durable; "nothing was refunded" is true in any case.
     */

    if (flow->state == PORTONE_STATE_NOT_EXECUTED
        || flow->state == PORTONE_STATE_REJECTED)
    {
        return PORTONE_STEP_FINISH;
    }

    flow->state = PORTONE_STATE_UNKNOWN;

    return portone_step_finish(flow, PORTONE_OUTCOME_UNKNOWN);
}
