
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "portone_flow_private.h"
#include "portone_uid.h"


/*
 * A refund is refused because of what is stored, and that can be out of date:
 * the balance, when the caller believes in another one, or the payment that
 * the order leads to, when it cannot be refunded.  PortOne is asked before
 * the refusal is told.
 */


portone_step_e
portone_recheck(portone_flow_t *flow, portone_error_e error)
{
    flow->refusal = error;

    if (!flow->fetch) {
        return portone_flow_finish(flow, error);
    }

    switch (error) {

    case PORTONE_CHECKSUM_MISMATCH:

        if (flow->was_fetched || flow->fresh
            || !portone_uid_addressable(&flow->payment.imp_uid))
        {
            break;
        }

        flow->rechecking = 1;

        return portone_flow_with_token(flow, PORTONE_STEP_REREAD);

    case PORTONE_NOT_REFUNDABLE:
    case PORTONE_ALREADY_REFUNDED:
        return portone_recheck_order(flow);

    default:
        break;
    }

    return portone_flow_finish(flow, error);
}


/*
 * PortOne names the payment of an order that was begun last: an attempt that
 * has failed hides the one that was paid, and one that is refunded and stored
 * hides one that was paid since.  A payment that is partly refunded can have
 * the status of one that is refunded.
 */

portone_step_e
portone_recheck_order(portone_flow_t *flow)
{
    if (flow->request.imp_uid.len
        || !portone_uid_addressable(&flow->request.merchant_uid))
    {
        return portone_flow_finish(flow, flow->refusal);
    }

    switch (flow->find) {

    case PORTONE_FIND_ANY:
        flow->find = PORTONE_FIND_PAID;
        break;

    case PORTONE_FIND_PAID:

        if (flow->refusal == PORTONE_NOT_REFUNDABLE) {
            flow->find = PORTONE_FIND_CANCELLED;
            break;
        }

        /* fall through */

    default:
        return portone_flow_finish(flow, flow->refusal);
    }

    return portone_flow_with_token(flow, PORTONE_STEP_FETCH);
}


/* what is known is told if PortOne does not tell more */

portone_step_e
portone_recheck_failed(portone_flow_t *flow, portone_error_e error)
{
    switch (flow->refusal) {

    case PORTONE_CHECKSUM_MISMATCH:
    case PORTONE_ALREADY_REFUNDED:
        return portone_flow_finish(flow, flow->refusal);

    default:
        return portone_flow_finish(flow, error);
    }
}
