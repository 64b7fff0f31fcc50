
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <assert.h>
#include <errno.h>
#include <string.h>

#include "portone_cancel.h"
#include "portone_flow_private.h"
#include "portone_json.h"
#include "portone_uid.h"


static portone_step_e portone_flow_prepare(portone_flow_t *flow,
    int64_t now);
static int portone_flow_late(portone_flow_t *flow, int64_t now);


portone_step_e
portone_flow_start(portone_flow_t *flow)
{
    flow->field = "";

    if (flow->require_amount
        && !flow->request.has_amount
        && !flow->read && !flow->settle && !flow->sync)
    {
        flow->field = "amount";
        return portone_flow_finish(flow, PORTONE_AMOUNT_REQUIRED);
    }

    flow->lookup.merchant = flow->merchant;
    flow->lookup.imp_uid = flow->request.imp_uid;
    flow->lookup.merchant_uid = flow->request.merchant_uid;
    flow->lookup.idempotency = flow->idempotency.key;
    flow->lookup.want_refunds = flow->read || flow->sync;

    return PORTONE_STEP_LOOKUP;
}


portone_step_e
portone_flow_looked_up(portone_flow_t *flow, int rc, int64_t now)
{
    const char        *why;
    portone_error_e    error;
    portone_policy_t   policy;

    if (flow->has_payment) {
        portone_payment_free(&flow->payment);
        flow->has_payment = 0;
        flow->found = 0;
    }

    if (rc == PORTONE_ERROR) {
        return portone_flow_finish(flow, PORTONE_STORE_UNAVAILABLE);
    }

    if (portone_replay(flow) == PORTONE_OK) {
        return PORTONE_STEP_FINISH;
    }

    if (rc == PORTONE_OK) {

        if (portone_payment_parse(&flow->payment, flow->lookup.payment,
                                  flow->lookup.payment_len, &why)
            != PORTONE_OK)
        {
            flow->unreadable = (errno != ENOMEM);

            return portone_flow_finish(flow, PORTONE_STORE_UNAVAILABLE);
        }

        flow->has_payment = 1;

        if (flow->request.imp_uid.len == 0
            && !portone_str_eq(&flow->request.merchant_uid,
                               &flow->payment.merchant_uid))
        {
            /* registered for this order, and of another one at PortOne */

            portone_payment_free(&flow->payment);
            flow->has_payment = 0;

            rc = PORTONE_DECLINED;
        }
    }

    if (rc == PORTONE_DECLINED) {

        if (portone_flow_may_fetch(flow)) {
            return portone_flow_with_token(flow, PORTONE_STEP_FETCH);
        }

        return portone_flow_finish(flow, PORTONE_PAYMENT_NOT_FOUND);
    }

    if (!portone_policy_matches(&flow->payment, flow->matches,
                                flow->n_matches))
    {
        flow->mismatch = 1;
        return portone_flow_finish(flow, PORTONE_PAYMENT_NOT_FOUND);
    }

    flow->found = 1;

    if (flow->request.imp_uid.len
        && flow->request.merchant_uid.len
        && !portone_str_eq(&flow->request.merchant_uid,
                           &flow->payment.merchant_uid))
    {
        flow->field = "merchant_uid";
        return portone_flow_finish(flow, PORTONE_INVALID_REQUEST);
    }

    if (flow->review_id.len && !flow->reviewed) {
        return portone_review_start(flow, now);
    }

    if (portone_resettle_due(flow, now)) {
        return portone_resettle_start(flow);
    }

    if (flow->sync) {
        return portone_sync_looked_up(flow);
    }

    if (flow->read || flow->settle) {
        return portone_flow_finish(flow, PORTONE_NO_ERROR);
    }

    if (flow->lookup.intent != NULL) {
        portone_ledger_open_read(&flow->open, flow->lookup.intent);

        return portone_flow_finish(flow, PORTONE_REFUND_IN_PROGRESS);
    }

    if (flow->key_open) {
        return portone_flow_finish(flow, PORTONE_REFUND_IN_PROGRESS);
    }

    /* what was not paid when it was stored may have been paid since */

    if (!portone_payment_was_paid(&flow->payment)
        && portone_flow_may_fetch(flow))
    {
        return portone_flow_with_token(flow, PORTONE_STEP_FETCH);
    }

    policy.request = &flow->request;
    policy.payment = &flow->payment;
    policy.now = now + flow->clock_offset;
    policy.phone_month = flow->phone_month;

    error = portone_policy_refund(&policy);

    flow->amount = policy.amount;
    flow->field = policy.field;

    if (error != PORTONE_NO_ERROR) {
        return portone_recheck(flow, error);
    }

    flow->refusal = PORTONE_NO_ERROR;

    return portone_flow_with_token(flow, PORTONE_STEP_CLAIM);
}


int
portone_flow_may_fetch(const portone_flow_t *flow)
{
    const portone_request_t  *request;

    if (!flow->fetch || flow->was_fetched || flow->review_id.len) {
        return 0;
    }

    request = &flow->request;

    return portone_uid_addressable(request->imp_uid.len
                                   ? &request->imp_uid
                                   : &request->merchant_uid);
}


portone_step_e
portone_flow_with_token(portone_flow_t *flow, portone_step_e resume)
{
    flow->resume = resume;
    flow->refreshed = 0;

    return PORTONE_STEP_TOKEN;
}


portone_step_e
portone_flow_refresh(portone_flow_t *flow, portone_step_e resume)
{
    flow->resume = resume;
    flow->refreshed = 1;

    return PORTONE_STEP_REFRESH;
}


portone_step_e
portone_flow_token(portone_flow_t *flow, portone_token_e result,
    int64_t clock_offset, int64_t now)
{
    portone_error_e  error;

    if (result == PORTONE_TOKEN_GRANTED) {

        flow->clock_offset = clock_offset;

        if (flow->resume == PORTONE_STEP_CLAIM) {
            return portone_flow_prepare(flow, now);
        }

        if (flow->resume == PORTONE_STEP_CANCEL
            && portone_flow_late(flow, now))
        {
            return portone_flow_not_executed(flow,
                                             PORTONE_PORTONE_UNAVAILABLE,
                                             now);
        }

        return flow->resume;
    }

    switch (result) {

    case PORTONE_TOKEN_REFUSED:
        error = PORTONE_PORTONE_UNAUTHORIZED;
        break;

    case PORTONE_TOKEN_OVERLOADED:
        error = PORTONE_OVERLOADED;
        break;

    default:
        error = PORTONE_PORTONE_UNAVAILABLE;
        break;
    }

    switch (flow->resume) {

    case PORTONE_STEP_CANCEL:

        /* PortOne answered 401 to the cancel: it was not executed */

        return portone_flow_not_executed(flow, error, now);

    case PORTONE_STEP_REREAD:

        if (flow->reviewing) {
            return portone_review_failed(flow, error);
        }

        if (flow->resettling) {
            flow->trouble = error;
            return portone_resettle_postpone(flow, now);
        }

        if (flow->sync || flow->rechecking) {
            return portone_recheck_failed(flow, error);
        }

        return portone_flow_unknown(flow, now);

    default:
        return portone_recheck_failed(flow, error);
    }
}


portone_step_e
portone_flow_fetched(portone_flow_t *flow, portone_call_e call,
    portone_answer_t *answer, int64_t now)
{
    char                 *text;
    portone_error_e       error;
    portone_save_t       *save;
    portone_request_t    *request;
    portone_answer_e      kind;

    if (call == PORTONE_CALL_OVERLOADED) {
        portone_answer_free(answer);
        return portone_recheck_failed(flow, PORTONE_OVERLOADED);
    }

    kind = (call == PORTONE_CALL_ANSWERED) ? answer->kind
                                           : PORTONE_ANSWER_BROKEN;

    if (kind != PORTONE_ANSWER_OK) {
        portone_answer_free(answer);

        if (kind == PORTONE_ANSWER_UNAUTHORIZED && !flow->refreshed) {
            return portone_flow_refresh(flow, flow->resume);
        }

        switch (kind) {

        case PORTONE_ANSWER_NOT_FOUND:

            if (flow->find != PORTONE_FIND_ANY) {
                return portone_recheck_order(flow);
            }

            /* the payment may be in the store, unpaid as it was */

            error = (flow->found && !flow->sync) ? PORTONE_NOT_REFUNDABLE
                                               : PORTONE_PAYMENT_NOT_FOUND;
            break;

        case PORTONE_ANSWER_UNAUTHORIZED:
            error = PORTONE_PORTONE_UNAUTHORIZED;
            break;

        default:
            error = PORTONE_PORTONE_UNAVAILABLE;
            break;
        }

        return portone_recheck_failed(flow, error);
    }

    if (portone_flow_payment(flow, answer) != PORTONE_OK) {
        return portone_recheck_failed(flow, PORTONE_PORTONE_UNAVAILABLE);
    }

    request = &flow->request;

    if (flow->resume == PORTONE_STEP_REREAD
        ? !portone_str_eq(&flow->fetched.imp_uid, &flow->payment.imp_uid)
        : request->imp_uid.len
        ? !portone_str_eq(&flow->fetched.imp_uid, &request->imp_uid)
        : !portone_str_eq(&flow->fetched.merchant_uid,
                          &request->merchant_uid))
    {
        return portone_recheck_failed(flow, PORTONE_PORTONE_UNAVAILABLE);
    }

    text = portone_payment_print(&flow->fetched, 0);
    if (text == NULL) {
        return portone_flow_finish(flow, PORTONE_OVERLOADED);
    }

    flow->was_fetched = 1;
    flow->rechecking = 0;

    save = &flow->save;

    save->merchant = flow->merchant;
    save->payment = &flow->fetched;
    save->text = portone_flow_text(flow, PORTONE_TEXT_SAVE, text);
    save->seen.len = 0;

    if (flow->has_payment
        && portone_str_eq(&flow->payment.imp_uid, &flow->fetched.imp_uid))
    {
        save->seen.data = flow->lookup.payment;
        save->seen.len = flow->lookup.payment_len;

        if (portone_str_eq(&save->text, &save->seen)) {

            /* what is told again and again costs no writing to disk */

            if (flow->sync) {
                return portone_flow_finish(flow, PORTONE_NO_ERROR);
            }

            if (flow->refusal != PORTONE_NO_ERROR) {
                return portone_flow_finish(flow, flow->refusal);
            }
        }
    }

    if (portone_flow_journal(flow, PORTONE_JOURNAL_DEPOSIT, NULL, now,
                             &save->journal)
        != PORTONE_OK)
    {
        return portone_flow_finish(flow, PORTONE_OVERLOADED);
    }

    return PORTONE_STEP_SAVE;
}


portone_step_e
portone_flow_saved(portone_flow_t *flow, int rc)
{
    portone_payment_free(&flow->fetched);
    flow->has_fetched = 0;

    if (rc != PORTONE_OK || flow->abandoned) {
        return portone_flow_finish(flow, PORTONE_STORE_UNAVAILABLE);
    }

    flow->fresh = flow->save.stored;

    portone_ledger_lookup_free(&flow->lookup);

    return PORTONE_STEP_LOOKUP;
}


/* all that the claim and the cancel need, so that nothing can fail between */

static portone_step_e
portone_flow_prepare(portone_flow_t *flow, int64_t now)
{
    char                   *text;
    portone_claim_facts_t   facts;

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
    facts.settle_at = now + flow->settle_time;
    facts.clock_offset = flow->clock_offset;
    facts.include_sandbox = flow->include_sandbox;

    cJSON_Delete(flow->record);
    cJSON_free(flow->body);

    flow->body = NULL;
    flow->record = portone_record_create(&facts);

    if (flow->record == NULL) {
        return portone_flow_finish(flow, PORTONE_OVERLOADED);
    }

    text = portone_record_print(flow->record);
    if (text == NULL) {
        return portone_flow_finish(flow, PORTONE_OVERLOADED);
    }

    flow->claim.key = flow->lookup.key;
    flow->claim.record = portone_flow_text(flow, PORTONE_TEXT_CLAIM, text);
    flow->claim.payment.data = flow->lookup.payment;
    flow->claim.payment.len = flow->lookup.payment_len;

    flow->claim.now = now;
    flow->claim.idempotency.len = 0;

    if (flow->idempotency.key.len) {
        flow->claim.expires_at = now + flow->idempotency.ttl;

        text = portone_idempotency_record(&flow->idempotency,
                                          &flow->refund_id,
                                          &flow->payment.imp_uid,
                                          flow->claim.expires_at);

        if (text == NULL
            || portone_key(&flow->claim.idempotency, &flow->merchant,
                           &flow->idempotency.key)
               != PORTONE_OK)
        {
            cJSON_free(text);
            return portone_flow_finish(flow, PORTONE_OVERLOADED);
        }

        flow->claim.idempotency_record =
                              portone_flow_text(flow, PORTONE_TEXT_KEY, text);
    }

    flow->body = portone_cancel_body(&flow->request.cancel, &flow->payment,
                                     flow->amount);
    if (flow->body == NULL) {
        return portone_flow_finish(flow, PORTONE_OVERLOADED);
    }

    return PORTONE_STEP_CLAIM;
}


portone_step_e
portone_flow_claimed(portone_flow_t *flow, int rc, int64_t now)
{
    if (rc != PORTONE_OK) {
        return portone_flow_finish(flow, PORTONE_STORE_UNAVAILABLE);
    }

    switch (flow->claim.verdict) {

    case PORTONE_CLAIM_IN_PROGRESS:
        flow->open = flow->claim.open;
        return portone_flow_finish(flow, PORTONE_REFUND_IN_PROGRESS);

    case PORTONE_CLAIM_CHANGED:

        if (flow->abandoned) {
            return portone_flow_finish(flow, PORTONE_STORE_UNAVAILABLE);
        }

        if (++flow->rounds == PORTONE_FLOW_ROUNDS) {
            return portone_flow_finish(flow, PORTONE_OVERLOADED);
        }

        portone_ledger_lookup_free(&flow->lookup);
        return PORTONE_STEP_LOOKUP;

    case PORTONE_CLAIMED:
        break;
    }

    flow->attempt = 1;
    flow->state = PORTONE_STATE_SENDING;

    if (flow->abandoned || portone_flow_late(flow, now)) {
        return portone_flow_not_executed(flow, PORTONE_STORE_UNAVAILABLE,
                                         now);
    }

    flow->refreshed = 0;

    return PORTONE_STEP_CANCEL;
}


/*
 * The time after which a re-read is believed counts from the claim: a cancel
 * that is sent much later could still be under way then.
 */

static int
portone_flow_late(portone_flow_t *flow, int64_t now)
{
    int64_t  requested_at;

    requested_at = portone_json_int(flow->record, "requested_at", 0);

    return now - requested_at > flow->send_time;
}


void
portone_flow_abandon(portone_flow_t *flow, portone_step_e step)
{
    flow->abandoned = 1;

    if (step == PORTONE_STEP_SETTLE
        && !flow->resettling && !flow->reviewing)
    {

        switch (flow->state) {

        case PORTONE_STATE_NOT_EXECUTED:
        case PORTONE_STATE_REJECTED:
            break;

        default:
            flow->state = PORTONE_STATE_UNKNOWN;
            flow->error = PORTONE_OUTCOME_UNKNOWN;
            break;
        }

        return;
    }

    flow->error = PORTONE_STORE_UNAVAILABLE;
}


portone_step_e
portone_flow_finish(portone_flow_t *flow, portone_error_e error)
{
    flow->error = error;

    return PORTONE_STEP_FINISH;
}


int
portone_flow_payment(portone_flow_t *flow, portone_answer_t *answer)
{
    int  rc;

    if (flow->has_fetched) {
        portone_payment_free(&flow->fetched);
        flow->has_fetched = 0;
    }

    rc = portone_answer_payment(answer, &flow->fetched);

    portone_answer_free(answer);

    if (rc != PORTONE_OK) {
        return PORTONE_ERROR;
    }

    flow->has_fetched = 1;

    return PORTONE_OK;
}


int
portone_flow_journal(portone_flow_t *flow, portone_journal_e kind,
    const cJSON *record, int64_t now, portone_str_t *entry)
{
    char                     *text;
    portone_journal_facts_t   facts;

    facts.kind = kind;
    facts.time = now;
    facts.merchant = flow->merchant;
    facts.payment = flow->has_fetched ? &flow->fetched : NULL;
    facts.record = record;

    text = portone_journal_entry(&facts);
    if (text == NULL) {
        return PORTONE_ERROR;
    }

    *entry = portone_flow_text(flow, PORTONE_TEXT_JOURNAL, text);

    return PORTONE_OK;
}


portone_str_t
portone_flow_text(portone_flow_t *flow, size_t i, char *text)
{
    cJSON_free(flow->texts[i]);

    flow->texts[i] = text;

    return portone_str(text);
}


void
portone_flow_free(portone_flow_t *flow)
{
    size_t  i;

    for (i = 0; i < sizeof(flow->texts) / sizeof(flow->texts[0]); i++) {
        cJSON_free(flow->texts[i]);
    }

    if (flow->has_payment) {
        portone_payment_free(&flow->payment);
    }

    if (flow->has_fetched) {
        portone_payment_free(&flow->fetched);
    }

    cJSON_free(flow->body);
    cJSON_Delete(flow->record);
    portone_answer_free(&flow->answer);
    portone_ledger_lookup_free(&flow->lookup);
    portone_request_free(&flow->request);

    memset(flow, 0, sizeof(portone_flow_t));
}
