
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <string.h>

#include "portone_json.h"
#include "portone_task.h"
#include "portone_verdict.h"


/*
 * An open refund: its answer got lost, or PortOne only accepted it, or the
 * process died.  From settle_at on it is too late for PortOne to execute it,
 * and a re-read shows its outcome.
 */


/* the longest time between two looks, seconds */
#define PORTONE_OPEN_PAUSE  600


static int portone_open_early(const portone_flow_t *flow,
    const cJSON *record);
static int portone_open_same_account(const portone_flow_t *flow,
    const cJSON *record);
static portone_step_e portone_open_found(portone_flow_t *flow, int64_t now);
static portone_step_e portone_open_missing(portone_flow_t *flow, int64_t now);
static portone_step_e portone_open_failed(portone_flow_t *flow,
    portone_error_e error, int64_t now);
static portone_step_e portone_open_postpone(portone_flow_t *flow,
    int64_t now);
static portone_step_e portone_open_settled(portone_flow_t *flow, int rc);


static const portone_task_t  portone_open_task = {
    portone_open_found,
    portone_open_missing,
    portone_open_failed,
    portone_open_settled,
    0,
    0
};


int
portone_open_due(const portone_flow_t *flow, int64_t now)
{
    const cJSON  *intent;

    intent = flow->lookup.intent;

    if (intent == NULL || flow->opened || flow->abandoned) {
        return 0;
    }

    if (!portone_record_due(intent, now)
        && !portone_open_early(flow, intent))
    {
        return 0;
    }

    return flow->want == PORTONE_WANT_SETTLE
           || portone_open_same_account(flow, intent);
}


/*
 * PortOne has executed what it has accepted, and its evidence is as good as
 * it will ever be; settle_at is only when the reconciler looks again.  An
 * unknown refund waits for settle_at: a cancellation that looks like ours can
 * be of the console, with ours still to come.
 */

static int
portone_open_early(const portone_flow_t *flow, const cJSON *record)
{
    return flow->want == PORTONE_WANT_SYNC
           && portone_record_state(record) == PORTONE_STATE_PENDING;
}


/* PortOne can hide the payment from another account, which proves nothing */

static int
portone_open_same_account(const portone_flow_t *flow, const cJSON *record)
{
    portone_str_t  account;

    account = portone_json_str(record, "account");

    return portone_str_eq(&account, &flow->account);
}


portone_step_e
portone_open_start(portone_flow_t *flow)
{
    portone_settle_take(flow, &portone_open_task);

    memcpy(flow->opened_id, flow->open.refund_id, sizeof(flow->opened_id));

    return portone_settle_read(flow);
}


static portone_step_e
portone_open_found(portone_flow_t *flow, int64_t now)
{
    int64_t              amount;
    portone_state_e      state;
    portone_evidence_t   evidence;

    if (portone_record_compare(flow->record, &flow->fetched, &evidence)
        != PORTONE_OK
        || portone_money_from_json(&amount,
                                   portone_json_member(flow->record,
                                                       "amount"),
                                   flow->fetched.exponent)
           != PORTONE_OK
        || portone_record_after(flow->record, &flow->fetched) != PORTONE_OK)
    {
        return portone_open_failed(flow, PORTONE_PORTONE_UNAVAILABLE, now);
    }

    state = portone_verdict_open(flow->record, &flow->fetched, &evidence,
                                 amount);

    if (state == PORTONE_STATE_PENDING) {
        flow->learned = 1;
        return portone_open_postpone(flow, now);
    }

    if (state == PORTONE_STATE_SUCCEEDED
        && portone_record_evidence(flow->record, &evidence.entry)
           != PORTONE_OK)
    {
        return portone_open_failed(flow, PORTONE_PORTONE_UNAVAILABLE, now);
    }

    return portone_settle(flow, state, PORTONE_NO_ERROR, now);
}


static portone_step_e
portone_open_missing(portone_flow_t *flow, int64_t now)
{
    flow->trouble = PORTONE_PORTONE_UNAVAILABLE;

    if (!portone_open_same_account(flow, flow->record)) {
        return portone_open_postpone(flow, now);
    }

    /* PortOne knew the payment when the cancel was sent */

    return portone_settle(flow, PORTONE_STATE_MANUAL_REVIEW,
                          PORTONE_NO_ERROR, now);
}


static portone_step_e
portone_open_failed(portone_flow_t *flow, portone_error_e error, int64_t now)
{
    flow->trouble = error;

    return portone_open_postpone(flow, now);
}


/* the refund stays open: again later, with a longer pause each time */

static portone_step_e
portone_open_postpone(portone_flow_t *flow, int64_t now)
{
    int64_t          tries, pause, i;
    portone_state_e  state;

    portone_step_drop(flow);

    if (now < portone_json_int(flow->record, "settle_at", 0)) {

        /* it was looked at early, and its time stays as it was */

        flow->opened_id[0] = '\0';

        return portone_open_settled(flow, PORTONE_OK);
    }

    tries = portone_json_int(flow->record, "tries", 0);
    pause = flow->retry_time_s;

    for (i = 0; i < tries && pause < PORTONE_OPEN_PAUSE; i++) {
        pause *= 2;
    }

    if (pause > PORTONE_OPEN_PAUSE) {
        pause = PORTONE_OPEN_PAUSE;
    }

    if (portone_json_set_int(flow->record, "tries", tries + 1) != PORTONE_OK
        || portone_json_set_int(flow->record, "settle_at", now + pause)
           != PORTONE_OK)
    {
        return portone_open_settled(flow, PORTONE_ERROR);
    }

    state = portone_record_state(flow->record);

    if (state == PORTONE_STATE_SENDING) {
        state = PORTONE_STATE_UNKNOWN;
    }

    return portone_settle(flow, state, PORTONE_NO_ERROR, now);
}


static portone_step_e
portone_open_settled(portone_flow_t *flow, int rc)
{
    flow->opened = 1;
    flow->opened_state = (rc == PORTONE_OK)
                             ? portone_record_state(flow->record)
                             : flow->open.state;

    if (rc == PORTONE_OK && flow->settlement.stale) {

        /* somebody else has settled it, and tells of it */

        flow->opened_id[0] = '\0';
        flow->trouble = PORTONE_NO_ERROR;
        flow->learned = 0;

    } else if (flow->settlement.payment.len) {
        flow->learned = 1;
    }

    /* only a payment that is stored goes on to the next step */

    portone_step_drop(flow);

    if (flow->abandoned) {
        return PORTONE_STEP_FINISH;
    }

    if (rc != PORTONE_OK
        && (flow->want == PORTONE_WANT_SETTLE
            || flow->want == PORTONE_WANT_SYNC))
    {
        return portone_step_finish(flow, PORTONE_STORE_UNAVAILABLE);
    }

    if (flow->want == PORTONE_WANT_SETTLE) {
        return portone_step_finish(flow, PORTONE_NO_ERROR);
    }

    /* on with the request, whatever has come of the open refund */

    return portone_step_lookup(flow);
}
