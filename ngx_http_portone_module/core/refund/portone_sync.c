
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "portone_task.h"
#include "portone_uid.h"


/*
 * A payment is brought up to date: PortOne has said that something has
 * changed, or somebody thinks so, or the stored payment would have a refund
 * refused.  PortOne is read, and its payment is stored over the one that was
 * seen before; if another one is stored by then, PortOne is read once more.
 */


static portone_step_e portone_sync_read(portone_flow_t *flow,
    portone_step_e step);
static portone_step_e portone_sync_order(portone_flow_t *flow);
static portone_step_e portone_sync_found(portone_flow_t *flow, int64_t now);
static portone_step_e portone_sync_missing(portone_flow_t *flow, int64_t now);
static portone_step_e portone_sync_failed(portone_flow_t *flow,
    portone_error_e error, int64_t now);


static const portone_task_t  portone_sync_task = {
    portone_sync_found,
    portone_sync_missing,
    portone_sync_failed,
    NULL,
    0,
    0
};


portone_step_e
portone_sync_start(portone_flow_t *flow)
{
    const cJSON  *intent;

    if (flow->learned) {
        return portone_step_finish(flow, PORTONE_NO_ERROR);
    }

    intent = flow->lookup.intent;

    if (intent != NULL
        && portone_record_state(intent) != PORTONE_STATE_MANUAL_REVIEW)
    {
        portone_ledger_open_read(&flow->open, intent);

        return portone_step_finish(flow, (flow->trouble != PORTONE_NO_ERROR)
                                             ? flow->trouble
                                             : PORTONE_REFUND_IN_PROGRESS);
    }

    if (flow->rounds++ == PORTONE_FLOW_ROUNDS) {
        return portone_step_finish(flow, PORTONE_OVERLOADED);
    }

    /* the customer may have paid with another payment of the order since */

    if (flow->request.imp_uid.len == 0
        && !portone_payment_was_paid(&flow->payment)
        && portone_sync_may_fetch(flow))
    {
        return portone_sync_fetch(flow);
    }

    return portone_sync_read(flow, PORTONE_STEP_REREAD);
}


int
portone_sync_may_fetch(const portone_flow_t *flow)
{
    const portone_request_t  *request;

    if (!flow->fetch || flow->was_fetched
        || flow->want == PORTONE_WANT_REVIEW)
    {
        return 0;
    }

    request = &flow->request;

    return portone_uid_addressable(request->imp_uid.len
                                   ? &request->imp_uid
                                   : &request->merchant_uid);
}


portone_step_e
portone_sync_fetch(portone_flow_t *flow)
{
    return portone_sync_read(flow, PORTONE_STEP_FETCH);
}


static portone_step_e
portone_sync_read(portone_flow_t *flow, portone_step_e step)
{
    flow->task = &portone_sync_task;

    return portone_step_token(flow, step);
}


/*
 * The store can be out of date: the balance, when the caller believes in
 * another one, or the payment that the order leads to, when the policy
 * refuses it.
 */

portone_step_e
portone_sync_recheck(portone_flow_t *flow, portone_error_e error)
{
    flow->refusal = error;

    if (!flow->fetch) {
        return portone_step_finish(flow, error);
    }

    if (error == PORTONE_NOT_REFUNDABLE || error == PORTONE_ALREADY_REFUNDED) {
        return portone_sync_order(flow);
    }

    if (error != PORTONE_CHECKSUM_MISMATCH
        || flow->was_fetched || flow->learned
        || !portone_uid_addressable(&flow->payment.imp_uid))
    {
        return portone_step_finish(flow, error);
    }

    return portone_sync_read(flow, PORTONE_STEP_REREAD);
}


/*
 * PortOne names the payment of an order that was begun last: an attempt that
 * has failed hides the one that was paid, and one that is refunded and stored
 * hides one that was paid since.  A payment that is partly refunded can have
 * the status of one that is refunded.
 */

static portone_step_e
portone_sync_order(portone_flow_t *flow)
{
    if (flow->request.imp_uid.len
        || !portone_uid_addressable(&flow->request.merchant_uid))
    {
        return portone_step_finish(flow, flow->refusal);
    }

    if (flow->find == PORTONE_FIND_ANY) {
        flow->find = PORTONE_FIND_PAID;

    } else if (flow->find == PORTONE_FIND_PAID
               && flow->refusal == PORTONE_NOT_REFUNDABLE)
    {
        flow->find = PORTONE_FIND_CANCELLED;

    } else {
        return portone_step_finish(flow, flow->refusal);
    }

    return portone_sync_fetch(flow);
}


static portone_step_e
portone_sync_found(portone_flow_t *flow, int64_t now)
{
    char            *text;
    portone_save_t  *save;

    text = portone_payment_print(&flow->fetched, 0);
    if (text == NULL) {
        return portone_step_finish(flow, PORTONE_OVERLOADED);
    }

    flow->was_fetched = 1;

    save = &flow->save;

    save->merchant = flow->merchant;
    save->payment = &flow->fetched;
    save->text = portone_step_text(flow, PORTONE_TEXT_SAVE, text);
    save->seen.len = 0;

    if (flow->has_payment
        && portone_str_eq(&flow->payment.imp_uid, &flow->fetched.imp_uid))
    {
        save->seen.data = flow->lookup.payment;
        save->seen.len = flow->lookup.payment_len;

        if (portone_str_eq(&save->text, &save->seen)) {

            /* the same again: the flow ends here and spares the disk */

            if (flow->want == PORTONE_WANT_SYNC) {
                return portone_step_finish(flow, PORTONE_NO_ERROR);
            }

            if (flow->refusal != PORTONE_NO_ERROR) {
                return portone_step_finish(flow, flow->refusal);
            }
        }
    }

    if (portone_step_journal(flow, PORTONE_JOURNAL_DEPOSIT, NULL, now,
                             &save->journal)
        != PORTONE_OK)
    {
        return portone_step_finish(flow, PORTONE_OVERLOADED);
    }

    return PORTONE_STEP_SAVE;
}


static portone_step_e
portone_sync_missing(portone_flow_t *flow, int64_t now)
{
    portone_error_e  error;

    if (flow->find != PORTONE_FIND_ANY) {
        return portone_sync_order(flow);
    }

    /* the payment may be in the store, unpaid as it was */

    error = (flow->found && flow->want != PORTONE_WANT_SYNC)
                ? PORTONE_NOT_REFUNDABLE : PORTONE_PAYMENT_NOT_FOUND;

    return portone_sync_failed(flow, error, now);
}


/* the refusal stands if PortOne tells nothing new */

static portone_step_e
portone_sync_failed(portone_flow_t *flow, portone_error_e error, int64_t now)
{
    (void) now;

    if (flow->refusal == PORTONE_CHECKSUM_MISMATCH
        || flow->refusal == PORTONE_ALREADY_REFUNDED)
    {
        error = flow->refusal;
    }

    return portone_step_finish(flow, error);
}
