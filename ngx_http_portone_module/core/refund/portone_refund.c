
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <assert.h>
#include <string.h>

#include "portone_flow_private.h"
#include "portone_json.h"


/* what came of a cancel, and its settlement */


static portone_step_e portone_flow_success(portone_flow_t *flow,
    portone_answer_t *answer, int64_t now);


portone_step_e
portone_flow_cancelled(portone_flow_t *flow, portone_call_e call,
    portone_answer_t *answer, int64_t now)
{
    assert(flow->attempt);

    switch (call) {

    case PORTONE_CALL_NOT_SENT:
        portone_answer_free(answer);
        return portone_flow_not_executed(flow, PORTONE_PORTONE_UNAVAILABLE,
                                         now);

    case PORTONE_CALL_OVERLOADED:
        portone_answer_free(answer);
        return portone_flow_not_executed(flow, PORTONE_OVERLOADED, now);

    case PORTONE_CALL_UNANSWERED:
        portone_answer_free(answer);
        return portone_flow_unknown(flow, now);

    case PORTONE_CALL_ANSWERED:
        break;
    }

    switch (answer->kind) {

    case PORTONE_ANSWER_OK:
        return portone_flow_success(flow, answer, now);

    case PORTONE_ANSWER_UNAUTHORIZED:
        portone_answer_free(answer);

        if (!flow->refreshed) {
            return portone_flow_refresh(flow, PORTONE_STEP_CANCEL);
        }

        return portone_flow_not_executed(flow, PORTONE_PORTONE_UNAUTHORIZED,
                                         now);

    case PORTONE_ANSWER_REFUSED:
    case PORTONE_ANSWER_NOT_FOUND:

        /*
         * "already refunded" comes in several wordings and codes: what is
         * left is read, not guessed from the text
         */

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
            return portone_flow_unknown(flow, now);
        }

        return PORTONE_STEP_REREAD;

    case PORTONE_ANSWER_BROKEN:
        break;
    }

    portone_answer_free(answer);

    return portone_flow_unknown(flow, now);
}


static portone_step_e
portone_flow_success(portone_flow_t *flow, portone_answer_t *answer,
    int64_t now)
{
    int                  rc;
    int64_t              moved;
    portone_str_t        none = portone_null_string;
    portone_evidence_t   evidence;

    if (portone_flow_payment(flow, answer) != PORTONE_OK
        || !portone_str_eq(&flow->fetched.imp_uid, &flow->payment.imp_uid)
        || !portone_str_eq(&flow->fetched.currency, &flow->payment.currency)
        || portone_record_compare(flow->record, &flow->fetched, &evidence)
           != PORTONE_OK)
    {
        return portone_flow_unknown(flow, now);
    }

    rc = portone_record_answer(flow->record, 0, &none);
    rc |= portone_record_after(flow->record, &flow->fetched);

    if (rc != PORTONE_OK) {
        return portone_flow_unknown(flow, now);
    }

    flow->has_code = 1;
    flow->code = 0;

    /*
     * The balance was the stored one when PortOne took the cancel, because
     * of checksum; cancel_amount and the history need not be, of a payment
     * that was registered by hand.
     */

    moved = portone_payment_balance(&flow->payment)
            - portone_payment_balance(&flow->fetched);

    if (moved == 0 && evidence.ours == 0) {
        return portone_flow_settle(flow, PORTONE_STATE_PENDING,
                                   PORTONE_NO_ERROR, now);
    }

    if (moved != flow->amount) {
        return portone_flow_unknown(flow, now);
    }

    /* a single new entry is ours by the balance, whatever its reason is */

    if ((evidence.ours == 1 || evidence.appeared == 1)
        && portone_record_evidence(flow->record, &evidence.entry)
           != PORTONE_OK)
    {
        return portone_flow_unknown(flow, now);
    }

    return portone_flow_settle(flow, PORTONE_STATE_SUCCEEDED,
                               PORTONE_NO_ERROR, now);
}


portone_step_e
portone_flow_reread(portone_flow_t *flow, portone_call_e call,
    portone_answer_t *answer, int64_t now)
{
    portone_error_e      error;
    portone_answer_e     kind;
    portone_evidence_t   evidence;

    if (flow->reviewing) {
        return portone_review_reread(flow, call, answer, now);
    }

    if (flow->resettling) {
        return portone_resettle_reread(flow, call, answer, now);
    }

    if (flow->sync || flow->rechecking) {
        return portone_flow_fetched(flow, call, answer, now);
    }

    kind = (call == PORTONE_CALL_ANSWERED) ? answer->kind
                                           : PORTONE_ANSWER_BROKEN;

    if (kind != PORTONE_ANSWER_OK) {
        portone_answer_free(answer);
    }

    switch (kind) {

    case PORTONE_ANSWER_OK:
        break;

    case PORTONE_ANSWER_NOT_FOUND:

        /*
         * the refusal stands by itself; there is nothing to hold it against
         */

        return portone_flow_settle(flow, PORTONE_STATE_REJECTED,
                                   PORTONE_REFUND_REJECTED, now);

    case PORTONE_ANSWER_UNAUTHORIZED:

        if (!flow->refreshed) {
            return portone_flow_refresh(flow, PORTONE_STEP_REREAD);
        }

        /* fall through */

    default:
        return portone_flow_unknown(flow, now);
    }

    if (portone_flow_payment(flow, answer) != PORTONE_OK
        || !portone_str_eq(&flow->fetched.imp_uid, &flow->payment.imp_uid)
        || portone_record_compare(flow->record, &flow->fetched, &evidence)
           != PORTONE_OK
        || portone_record_after(flow->record, &flow->fetched) != PORTONE_OK)
    {
        return portone_flow_unknown(flow, now);
    }

    if (evidence.ours) {

        /* refused, and yet a refund like it is there */

        return portone_flow_settle(flow, PORTONE_STATE_MANUAL_REVIEW,
                                   PORTONE_OUTCOME_UNKNOWN, now);
    }

    /* not the history: checksum looks at the balance only */

    if (portone_payment_balance(&flow->fetched)
        == portone_payment_balance(&flow->payment)
        && portone_str_eq(&flow->fetched.currency, &flow->payment.currency))
    {
        error = PORTONE_REFUND_REJECTED;

    } else if (portone_payment_balance(&flow->fetched) == 0) {
        error = PORTONE_ALREADY_REFUNDED;

    } else {
        error = PORTONE_CHECKSUM_MISMATCH;
    }

    return portone_flow_settle(flow, PORTONE_STATE_REJECTED, error, now);
}


portone_step_e
portone_flow_not_executed(portone_flow_t *flow, portone_error_e error,
    int64_t now)
{
    return portone_flow_settle(flow, PORTONE_STATE_NOT_EXECUTED, error, now);
}


portone_step_e
portone_flow_unknown(portone_flow_t *flow, int64_t now)
{
    if (flow->has_fetched) {
        portone_payment_free(&flow->fetched);
        flow->has_fetched = 0;
    }

    return portone_flow_settle(flow, PORTONE_STATE_UNKNOWN,
                               PORTONE_OUTCOME_UNKNOWN, now);
}


portone_step_e
portone_flow_settle(portone_flow_t *flow, portone_state_e state,
    portone_error_e error, int64_t now)
{
    char                  *text;
    portone_settlement_t  *settlement;

    flow->state = state;
    flow->error = error;

    settlement = &flow->settlement;

    memset(settlement, 0, sizeof(portone_settlement_t));

    settlement->key = flow->claim.key;
    settlement->refund_id = portone_json_str(flow->record, "refund_id");
    settlement->now = now;
    settlement->seen = PORTONE_STATE_SENDING;

    if (flow->reviewing) {

        /* meanwhile others may store the payment */

        settlement->over.data = flow->lookup.payment;
        settlement->over.len = flow->lookup.payment_len;
    }

    if (flow->resettling || flow->reviewing) {
        settlement->seen = flow->open.state;

    } else {
        settlement->intent = flow->claim.record;
    }

    switch (state) {

    case PORTONE_STATE_PENDING:
    case PORTONE_STATE_UNKNOWN:
    case PORTONE_STATE_MANUAL_REVIEW:
        settlement->open = 1;
        break;

    default:
        break;
    }

    if (portone_record_settle(flow->record, state, now) != PORTONE_OK) {
        goto failed;
    }

    text = portone_record_print(flow->record);
    if (text == NULL) {
        goto failed;
    }

    settlement->record = portone_flow_text(flow, PORTONE_TEXT_SETTLE, text);

    if ((flow->has_fetched || !settlement->open)
        && portone_flow_journal(flow, PORTONE_JOURNAL_SETTLE, flow->record,
                                now, &settlement->journal)
           != PORTONE_OK)
    {
        goto failed;
    }

    if (flow->has_fetched) {
        text = portone_payment_print(&flow->fetched, 0);
        if (text == NULL) {
            goto failed;
        }

        settlement->payment = portone_flow_text(flow, PORTONE_TEXT_PAYMENT,
                                                text);

        portone_payment_free(&flow->payment);
        flow->payment = flow->fetched;
        flow->has_fetched = 0;
    }

    if (portone_replay_save(flow, state) != PORTONE_OK) {
        goto failed;
    }

    return PORTONE_STEP_SETTLE;

failed:

    return portone_flow_settled(flow, PORTONE_ERROR);
}


portone_step_e
portone_flow_settled(portone_flow_t *flow, int rc)
{
    if (flow->reviewing) {
        return portone_review_settled(flow, rc);
    }

    if (flow->resettling) {
        return portone_resettle_settled(flow, rc);
    }

    if (rc == PORTONE_OK && !flow->settlement.stale) {

        /* a client that did not wait was told another one */

        flow->state = portone_record_state(flow->record);

        return PORTONE_STEP_FINISH;
    }

    /*
     * The intent is still there and will be settled later.  A success that
     * is not durable must not be told as one; that nothing was refunded is
     * true with or without a record of it.
     */

    switch (flow->state) {

    case PORTONE_STATE_NOT_EXECUTED:
    case PORTONE_STATE_REJECTED:
        return PORTONE_STEP_FINISH;

    default:
        flow->state = PORTONE_STATE_UNKNOWN;
        return portone_flow_finish(flow, PORTONE_OUTCOME_UNKNOWN);
    }
}
