
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <assert.h>
#include <errno.h>
#include <string.h>

#include "portone_task.h"


/* events to steps; a payment is looked at, and a task follows */


static portone_step_e portone_flow_next(portone_flow_t *flow,
    portone_step_e step);
static portone_step_e portone_flow_begin(portone_flow_t *flow);
static portone_step_e portone_flow_look(portone_flow_t *flow, int rc,
    int64_t now);
static int portone_flow_parse(portone_flow_t *flow);
static portone_error_e portone_flow_check(portone_flow_t *flow);
static portone_step_e portone_flow_follow(portone_flow_t *flow, int64_t now);
static portone_step_e portone_flow_granted(portone_flow_t *flow, int64_t now);
static portone_step_e portone_flow_denied(portone_flow_t *flow,
    portone_token_e result, int64_t now);
static portone_step_e portone_flow_read(portone_flow_t *flow,
    portone_call_e call, portone_answer_t *answer, int64_t now);
static int portone_flow_asked(const portone_flow_t *flow);
static void portone_flow_forget(portone_flow_t *flow);


portone_step_e
portone_flow_start(portone_flow_t *flow)
{
    assert(flow->field == NULL);
    assert(flow->want != PORTONE_WANT_REVIEW || flow->review_id.len);

    return portone_flow_next(flow, portone_flow_begin(flow));
}


portone_step_e
portone_flow_looked_up(portone_flow_t *flow, int rc, int64_t now)
{
    assert(flow->step == PORTONE_STEP_LOOKUP);
    assert(flow->field != NULL);

    return portone_flow_next(flow, portone_flow_look(flow, rc, now));
}


portone_step_e
portone_flow_token(portone_flow_t *flow, portone_token_e result,
    int64_t clock_offset, int64_t now)
{
    assert(flow->step == PORTONE_STEP_TOKEN
           || flow->step == PORTONE_STEP_REFRESH);

    if (result != PORTONE_TOKEN_GRANTED) {
        return portone_flow_next(flow,
                                 portone_flow_denied(flow, result, now));
    }

    flow->clock_offset = clock_offset;

    return portone_flow_next(flow, portone_flow_granted(flow, now));
}


portone_step_e
portone_flow_fetched(portone_flow_t *flow, portone_call_e call,
    portone_answer_t *answer, int64_t now)
{
    assert(flow->step == PORTONE_STEP_FETCH);

    return portone_flow_next(flow,
                             portone_flow_read(flow, call, answer, now));
}


portone_step_e
portone_flow_saved(portone_flow_t *flow, int rc)
{
    assert(flow->step == PORTONE_STEP_SAVE);
    assert(flow->has_fetched);

    portone_step_drop(flow);

    if (rc != PORTONE_OK || flow->abandoned) {
        return portone_flow_next(flow,
                       portone_step_finish(flow, PORTONE_STORE_UNAVAILABLE));
    }

    flow->learned = flow->save.stored;

    return portone_flow_next(flow, portone_step_lookup(flow));
}


portone_step_e
portone_flow_claimed(portone_flow_t *flow, int rc, int64_t now)
{
    assert(flow->step == PORTONE_STEP_CLAIM);
    assert(flow->record != NULL && flow->body != NULL);

    return portone_flow_next(flow, portone_refund_claimed(flow, rc, now));
}


portone_step_e
portone_flow_cancelled(portone_flow_t *flow, portone_call_e call,
    portone_answer_t *answer, int64_t now)
{
    assert(flow->step == PORTONE_STEP_CANCEL);
    assert(flow->recorded);

    return portone_flow_next(flow, portone_refund_cancelled(flow, call,
                                                            answer, now));
}


portone_step_e
portone_flow_reread(portone_flow_t *flow, portone_call_e call,
    portone_answer_t *answer, int64_t now)
{
    assert(flow->step == PORTONE_STEP_REREAD);

    return portone_flow_next(flow,
                             portone_flow_read(flow, call, answer, now));
}


portone_step_e
portone_flow_settled(portone_flow_t *flow, int rc)
{
    assert(flow->step == PORTONE_STEP_SETTLE);
    assert(flow->record != NULL && flow->settlement.record.len);

    return portone_flow_next(flow, flow->task->settled(flow, rc));
}


void
portone_flow_abandon(portone_flow_t *flow)
{
    assert(flow->step == PORTONE_STEP_SAVE
           || flow->step == PORTONE_STEP_CLAIM
           || flow->step == PORTONE_STEP_SETTLE);

    flow->abandoned = 1;

    if (flow->step != PORTONE_STEP_SETTLE || !flow->task->own) {
        flow->error = PORTONE_STORE_UNAVAILABLE;
        return;
    }

    if (flow->state != PORTONE_STATE_NOT_EXECUTED
        && flow->state != PORTONE_STATE_REJECTED)
    {
        flow->state = PORTONE_STATE_UNKNOWN;
        flow->error = PORTONE_OUTCOME_UNKNOWN;
    }
}


void
portone_flow_free(portone_flow_t *flow)
{
    size_t  i;

    for (i = 0; i < sizeof(flow->texts) / sizeof(flow->texts[0]); i++) {
        cJSON_free(flow->texts[i]);
    }

    portone_flow_forget(flow);
    portone_step_drop(flow);

    cJSON_free(flow->body);
    cJSON_Delete(flow->record);
    portone_answer_free(&flow->answer);
    portone_ledger_lookup_free(&flow->lookup);
    portone_request_free(&flow->request);

    memset(flow, 0, sizeof(portone_flow_t));
}


static portone_step_e
portone_flow_next(portone_flow_t *flow, portone_step_e step)
{
    flow->step = step;

    return step;
}


static portone_step_e
portone_flow_begin(portone_flow_t *flow)
{
    flow->field = "";

    if (flow->want == PORTONE_WANT_REFUND
        && flow->require_amount
        && !flow->request.has_amount)
    {
        flow->field = "amount";
        return portone_step_finish(flow, PORTONE_AMOUNT_REQUIRED);
    }

    flow->lookup.merchant = flow->merchant;
    flow->lookup.imp_uid = flow->request.imp_uid;
    flow->lookup.merchant_uid = flow->request.merchant_uid;
    flow->lookup.idempotency = flow->idempotency.key;
    flow->lookup.want_refunds = (flow->want == PORTONE_WANT_READ
                                 || flow->want == PORTONE_WANT_SYNC
                                 || flow->want == PORTONE_WANT_REVIEW);

    return PORTONE_STEP_LOOKUP;
}


static portone_step_e
portone_flow_look(portone_flow_t *flow, int rc, int64_t now)
{
    portone_error_e  error;

    portone_flow_forget(flow);

    if (rc == PORTONE_ERROR) {
        return portone_step_finish(flow, PORTONE_STORE_UNAVAILABLE);
    }

    if (portone_replay(flow) == PORTONE_OK) {
        return PORTONE_STEP_FINISH;
    }

    if (rc == PORTONE_OK) {
        rc = portone_flow_parse(flow);
    }

    if (rc == PORTONE_DECLINED && portone_sync_may_fetch(flow)) {
        return portone_sync_fetch(flow);
    }

    if (rc == PORTONE_OK) {
        error = portone_flow_check(flow);

        if (error == PORTONE_NO_ERROR) {
            return portone_flow_follow(flow, now);
        }

    } else {
        error = (rc == PORTONE_DECLINED) ? PORTONE_PAYMENT_NOT_FOUND
                                         : PORTONE_STORE_UNAVAILABLE;
    }

    return portone_step_finish(flow, error);
}


/* PORTONE_DECLINED: the stored payment is of another order */

static int
portone_flow_parse(portone_flow_t *flow)
{
    const char  *why;

    if (portone_payment_parse(&flow->payment, flow->lookup.payment,
                              flow->lookup.payment_len, &why)
        != PORTONE_OK)
    {
        flow->unreadable = (errno != ENOMEM);

        return PORTONE_ERROR;
    }

    flow->has_payment = 1;

    if (flow->request.imp_uid.len == 0
        && !portone_str_eq(&flow->request.merchant_uid,
                           &flow->payment.merchant_uid))
    {
        /* registered for this order, and of another one at PortOne */

        portone_flow_forget(flow);

        return PORTONE_DECLINED;
    }

    return PORTONE_OK;
}


/* whether the payment may be shown, and is the one that the request means */

static portone_error_e
portone_flow_check(portone_flow_t *flow)
{
    if (!portone_policy_matches(&flow->payment, flow->match_values,
                                flow->n_match_values))
    {
        flow->mismatch = 1;
        return PORTONE_PAYMENT_NOT_FOUND;
    }

    flow->found = 1;

    if (flow->request.imp_uid.len
        && flow->request.merchant_uid.len
        && !portone_str_eq(&flow->request.merchant_uid,
                           &flow->payment.merchant_uid))
    {
        flow->field = "merchant_uid";
        return PORTONE_INVALID_REQUEST;
    }

    return PORTONE_NO_ERROR;
}


static portone_step_e
portone_flow_follow(portone_flow_t *flow, int64_t now)
{
    if (flow->want == PORTONE_WANT_REVIEW && !flow->reviewed) {
        return portone_review_start(flow, now);
    }

    if (portone_open_due(flow, now)) {
        return portone_open_start(flow);
    }

    switch (flow->want) {

    case PORTONE_WANT_REFUND:
        return portone_refund_start(flow, now);

    case PORTONE_WANT_SYNC:
        return portone_sync_start(flow);

    default:
        return portone_step_finish(flow, PORTONE_NO_ERROR);
    }
}


static portone_step_e
portone_flow_granted(portone_flow_t *flow, int64_t now)
{
    switch (flow->resume) {

    case PORTONE_STEP_CLAIM:
        return portone_refund_prepare(flow, now);

    case PORTONE_STEP_CANCEL:
        return portone_refund_resume(flow, now);

    default:
        return flow->resume;
    }
}


static portone_step_e
portone_flow_denied(portone_flow_t *flow, portone_token_e result,
    int64_t now)
{
    portone_error_e  error;

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

    case PORTONE_STEP_CLAIM:
        return portone_step_finish(flow, error);

    case PORTONE_STEP_CANCEL:

        /* PortOne answered 401 to the cancel: it was not executed */

        return portone_refund_unsent(flow, error, now);

    default:
        return flow->task->failed(flow, error, now);
    }
}


/* an answer to FETCH or REREAD goes to the task */

static portone_step_e
portone_flow_read(portone_flow_t *flow, portone_call_e call,
    portone_answer_t *answer, int64_t now)
{
    portone_error_e   error;
    portone_answer_e  kind;

    error = (call == PORTONE_CALL_OVERLOADED) ? PORTONE_OVERLOADED
                                              : PORTONE_PORTONE_UNAVAILABLE;

    kind = (call == PORTONE_CALL_ANSWERED) ? answer->kind
                                           : PORTONE_ANSWER_BROKEN;

    if (kind == PORTONE_ANSWER_OK) {

        if (portone_step_payment(flow, answer) == PORTONE_OK
            && portone_flow_asked(flow))
        {
            return flow->task->found(flow, now);
        }

        return flow->task->failed(flow, error, now);
    }

    portone_answer_free(answer);

    switch (kind) {

    case PORTONE_ANSWER_NOT_FOUND:
        return flow->task->missing(flow, now);

    case PORTONE_ANSWER_UNAUTHORIZED:

        if (!flow->refreshed) {
            return portone_step_refresh(flow, flow->step);
        }

        error = PORTONE_PORTONE_UNAUTHORIZED;
        break;

    default:
        break;
    }

    return flow->task->failed(flow, error, now);
}


static int
portone_flow_asked(const portone_flow_t *flow)
{
    const portone_payment_t  *fetched;

    fetched = &flow->fetched;

    if (flow->step == PORTONE_STEP_REREAD) {
        return portone_str_eq(&fetched->imp_uid, &flow->payment.imp_uid);
    }

    if (flow->request.imp_uid.len) {
        return portone_str_eq(&fetched->imp_uid, &flow->request.imp_uid);
    }

    return portone_str_eq(&fetched->merchant_uid,
                          &flow->request.merchant_uid);
}


static void
portone_flow_forget(portone_flow_t *flow)
{
    if (flow->has_payment) {
        portone_payment_free(&flow->payment);
        flow->has_payment = 0;
        flow->found = 0;
    }
}
