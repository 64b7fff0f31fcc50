
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <assert.h>
#include <string.h>

#include "portone_json.h"
#include "portone_task.h"


/* the end of a refund, whoever began it */


static void portone_settle_init(portone_flow_t *flow, portone_state_e state,
    int64_t now);
static int portone_settle_record(portone_flow_t *flow, int64_t now);
static int portone_settle_payment(portone_flow_t *flow);


void
portone_settle_take(portone_flow_t *flow, const portone_task_t *task)
{
    assert(flow->lookup.intent != NULL);

    portone_ledger_open_read(&flow->open, flow->lookup.intent);

    cJSON_Delete(flow->record);

    flow->record = flow->lookup.intent;
    flow->lookup.intent = NULL;

    flow->claim.key = flow->lookup.key;
    flow->task = task;
}


portone_step_e
portone_settle_read(portone_flow_t *flow)
{
    /* the refund of a test channel can have come by another location */

    if (cJSON_IsTrue(portone_json_member(flow->record, "include_sandbox"))) {
        flow->include_sandbox = 1;
    }

    return portone_step_token(flow, PORTONE_STEP_REREAD);
}


portone_step_e
portone_settle(portone_flow_t *flow, portone_state_e state,
    portone_error_e error, int64_t now)
{
    assert(flow->record != NULL);
    assert(state != PORTONE_STATE_SENDING && state != PORTONE_STATE_MAX);

    flow->state = state;
    flow->error = error;

    portone_settle_init(flow, state, now);

    if (portone_record_settle(flow->record, state, now) != PORTONE_OK
        || portone_settle_record(flow, now) != PORTONE_OK
        || portone_settle_payment(flow) != PORTONE_OK
        || portone_replay_save(flow, state) != PORTONE_OK)
    {
        return flow->task->settled(flow, PORTONE_ERROR);
    }

    return PORTONE_STEP_SETTLE;
}


static void
portone_settle_init(portone_flow_t *flow, portone_state_e state, int64_t now)
{
    portone_settlement_t  *settlement;

    settlement = &flow->settlement;

    memset(settlement, 0, sizeof(portone_settlement_t));

    settlement->key = flow->claim.key;
    settlement->refund_id = portone_json_str(flow->record, "refund_id");
    settlement->now = now;

    if (flow->task->own) {
        settlement->seen = PORTONE_STATE_SENDING;
        settlement->intent = flow->claim.record;

    } else {
        settlement->seen = flow->open.state;
    }

    if (flow->task->unlocked) {
        settlement->over.data = flow->lookup.payment;
        settlement->over.len = flow->lookup.payment_len;
    }

    settlement->open = (state == PORTONE_STATE_PENDING
                        || state == PORTONE_STATE_UNKNOWN
                        || state == PORTONE_STATE_MANUAL_REVIEW);
}


static int
portone_settle_record(portone_flow_t *flow, int64_t now)
{
    char                  *text;
    portone_settlement_t  *settlement;

    settlement = &flow->settlement;

    text = portone_record_print(flow->record);
    if (text == NULL) {
        return PORTONE_ERROR;
    }

    settlement->record = portone_step_text(flow, PORTONE_TEXT_SETTLE, text);

    if (settlement->open && !flow->has_fetched) {
        return PORTONE_OK;
    }

    return portone_step_journal(flow, PORTONE_JOURNAL_SETTLE, flow->record,
                                now, &settlement->journal);
}


static int
portone_settle_payment(portone_flow_t *flow)
{
    char  *text;

    if (!flow->has_fetched) {
        return PORTONE_OK;
    }

    text = portone_payment_print(&flow->fetched, 0);
    if (text == NULL) {
        return PORTONE_ERROR;
    }

    flow->settlement.payment = portone_step_text(flow, PORTONE_TEXT_PAYMENT,
                                                 text);

    portone_payment_free(&flow->payment);
    flow->payment = flow->fetched;
    flow->has_fetched = 0;

    return PORTONE_OK;
}
