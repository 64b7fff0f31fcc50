
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "portone_flow_private.h"


/*
 * A payment is brought up to date: PortOne has said that something has
 * changed, or somebody thinks so.  What was said is not believed, PortOne is
 * read.  What it says is stored over the payment that was seen before; if
 * that is not there any more, PortOne is read once more.
 */


portone_step_e
portone_sync_looked_up(portone_flow_t *flow)
{
    const cJSON  *intent;

    if (flow->fresh) {
        return portone_flow_finish(flow, PORTONE_NO_ERROR);
    }

    intent = flow->lookup.intent;

    if (intent != NULL
        && portone_record_state(intent) != PORTONE_STATE_MANUAL_REVIEW)
    {
        portone_ledger_open_read(&flow->open, intent);

        return portone_flow_finish(flow, (flow->trouble != PORTONE_NO_ERROR)
                                             ? flow->trouble
                                             : PORTONE_REFUND_IN_PROGRESS);
    }

    if (flow->rounds++ == PORTONE_FLOW_ROUNDS) {
        return portone_flow_finish(flow, PORTONE_OVERLOADED);
    }

    /* who has tried in vain may have paid with another payment since */

    if (flow->request.imp_uid.len == 0
        && !portone_payment_was_paid(&flow->payment)
        && portone_flow_may_fetch(flow))
    {
        return portone_flow_with_token(flow, PORTONE_STEP_FETCH);
    }

    return portone_flow_with_token(flow, PORTONE_STEP_REREAD);
}
