
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <string.h>

#include "portone_flow_private.h"
#include "portone_json.h"


/*
 * An open refund: its answer never came, or PortOne only accepted it, or the
 * process died.  From settle_at on PortOne cannot execute it any more, and
 * what a re-read shows is what came of it.
 */


/* the longest time between two looks, seconds */
#define PORTONE_RESETTLE_MAX  600


static int portone_resettle_early(const portone_flow_t *flow,
    const cJSON *record);
static int portone_resettle_same_account(const portone_flow_t *flow,
    const cJSON *record);
static portone_step_e portone_resettle_verdict(portone_flow_t *flow,
    int64_t now);


int
portone_resettle_due(const portone_flow_t *flow, int64_t now)
{
    const cJSON  *intent;

    intent = flow->lookup.intent;

    if (intent == NULL || flow->resettled || flow->abandoned) {
        return 0;
    }

    if (!portone_record_due(intent, now)
        && !portone_resettle_early(flow, intent))
    {
        return 0;
    }

    return flow->settle || portone_resettle_same_account(flow, intent);
}


/*
 * What PortOne has accepted is not on its way any more: from then on its
 * evidence is as good as it will ever be, and settle_at is only when the
 * reconciler looks again.  Not so what is unknown: a cancellation that looks
 * like ours can be of the console, with ours still to come.
 */

static int
portone_resettle_early(const portone_flow_t *flow, const cJSON *record)
{
    return flow->sync
           && portone_record_state(record) == PORTONE_STATE_PENDING;
}


/* another one may not be shown the payment: that would prove nothing */

static int
portone_resettle_same_account(const portone_flow_t *flow, const cJSON *record)
{
    portone_str_t  account;

    account = portone_json_str(record, "account");

    return portone_str_eq(&account, &flow->account);
}


portone_step_e
portone_resettle_start(portone_flow_t *flow)
{
    cJSON_Delete(flow->record);

    portone_ledger_open_read(&flow->open, flow->lookup.intent);

    memcpy(flow->resettled_id, flow->open.refund_id,
           sizeof(flow->resettled_id));

    flow->record = flow->lookup.intent;
    flow->lookup.intent = NULL;

    flow->claim.key = flow->lookup.key;
    flow->resettling = 1;

    /* the refund of a test channel can have come by another location */

    if (cJSON_IsTrue(portone_json_member(flow->record, "include_sandbox"))) {
        flow->include_sandbox = 1;
    }

    return portone_flow_with_token(flow, PORTONE_STEP_REREAD);
}


portone_step_e
portone_resettle_reread(portone_flow_t *flow, portone_call_e call,
    portone_answer_t *answer, int64_t now)
{
    portone_answer_e  kind;

    kind = (call == PORTONE_CALL_ANSWERED) ? answer->kind
                                           : PORTONE_ANSWER_BROKEN;

    flow->trouble = (call == PORTONE_CALL_OVERLOADED)
                        ? PORTONE_OVERLOADED : PORTONE_PORTONE_UNAVAILABLE;

    switch (kind) {

    case PORTONE_ANSWER_OK:

        if (portone_flow_payment(flow, answer) != PORTONE_OK
            || !portone_str_eq(&flow->fetched.imp_uid,
                               &flow->payment.imp_uid))
        {
            return portone_resettle_postpone(flow, now);
        }

        return portone_resettle_verdict(flow, now);

    case PORTONE_ANSWER_NOT_FOUND:

        portone_answer_free(answer);

        if (!portone_resettle_same_account(flow, flow->record)) {
            return portone_resettle_postpone(flow, now);
        }

        /* PortOne knew the payment when the cancel was sent */

        return portone_flow_settle(flow, PORTONE_STATE_MANUAL_REVIEW,
                                   PORTONE_NO_ERROR, now);

    case PORTONE_ANSWER_UNAUTHORIZED:

        portone_answer_free(answer);

        if (!flow->refreshed) {
            return portone_flow_refresh(flow, PORTONE_STEP_REREAD);
        }

        flow->trouble = PORTONE_PORTONE_UNAUTHORIZED;

        return portone_resettle_postpone(flow, now);

    default:
        portone_answer_free(answer);

        return portone_resettle_postpone(flow, now);
    }
}


static portone_step_e
portone_resettle_verdict(portone_flow_t *flow, int64_t now)
{
    int64_t              amount, code, moved;
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
        return portone_resettle_postpone(flow, now);
    }

    moved = evidence.moved;
    code = portone_json_int(flow->record, "code", 0);

    if (moved == 0 && evidence.appeared == 0 && evidence.vanished == 0) {

        /*
         * What PortOne has accepted comes days later with some methods: not
         * yet there is not the same as not executed.
         */

        if (portone_record_state(flow->record) == PORTONE_STATE_PENDING) {
            flow->fresh = 1;
            return portone_resettle_postpone(flow, now);
        }

        if (code) {

            /* it said no, and only reading the payment again had failed */

            state = PORTONE_STATE_REJECTED;

        } else if (portone_payment_is_slow(&flow->fetched)) {

            /*
             * PortOne may have accepted it without our hearing of it, and
             * until the money moves checksum would let a second one pass
             */

            state = PORTONE_STATE_MANUAL_REVIEW;

        } else {
            state = PORTONE_STATE_NOT_EXECUTED;
        }

    } else if (code == 0
               && moved == amount
               && evidence.appeared == 1
               && evidence.ours == 1
               && evidence.vanished == 0)
    {
        if (portone_record_evidence(flow->record, &evidence.entry)
            != PORTONE_OK)
        {
            return portone_resettle_postpone(flow, now);
        }

        state = PORTONE_STATE_SUCCEEDED;

    } else {

        /* also if PortOne said no, and a refund like it is there */

        state = PORTONE_STATE_MANUAL_REVIEW;
    }

    return portone_flow_settle(flow, state, PORTONE_NO_ERROR, now);
}


/* nothing was learned: again later, with a longer pause each time */

portone_step_e
portone_resettle_postpone(portone_flow_t *flow, int64_t now)
{
    int64_t          tries, pause, i;
    portone_state_e  state;

    if (flow->has_fetched) {
        portone_payment_free(&flow->fetched);
        flow->has_fetched = 0;
    }

    if (now < portone_json_int(flow->record, "settle_at", 0)) {

        /* it was looked at early, and the time to come has not changed */

        flow->resettled_id[0] = '\0';

        return portone_resettle_settled(flow, PORTONE_OK);
    }

    tries = portone_json_int(flow->record, "tries", 0);
    pause = flow->retry_time;

    for (i = 0; i < tries && pause < PORTONE_RESETTLE_MAX; i++) {
        pause *= 2;
    }

    if (pause > PORTONE_RESETTLE_MAX) {
        pause = PORTONE_RESETTLE_MAX;
    }

    if (portone_json_set_int(flow->record, "tries", tries + 1) != PORTONE_OK
        || portone_json_set_int(flow->record, "settle_at", now + pause)
           != PORTONE_OK)
    {
        return portone_resettle_settled(flow, PORTONE_ERROR);
    }

    state = portone_record_state(flow->record);

    if (state == PORTONE_STATE_SENDING) {
        state = PORTONE_STATE_UNKNOWN;
    }

    return portone_flow_settle(flow, state, PORTONE_NO_ERROR, now);
}


portone_step_e
portone_resettle_settled(portone_flow_t *flow, int rc)
{
    flow->resettling = 0;
    flow->resettled = 1;
    flow->resettled_state = (rc == PORTONE_OK)
                                ? portone_record_state(flow->record)
                                : flow->open.state;

    if (rc == PORTONE_OK && flow->settlement.stale) {

        /* somebody else has settled it, and tells of it */

        flow->resettled_id[0] = '\0';
        flow->trouble = PORTONE_NO_ERROR;
        flow->fresh = 0;

    } else if (flow->settlement.payment.len) {
        flow->fresh = 1;
    }

    if (flow->has_fetched) {

        /* not stored: it must not become the payment of what comes next */

        portone_payment_free(&flow->fetched);
        flow->has_fetched = 0;
    }

    if (flow->abandoned) {
        return PORTONE_STEP_FINISH;
    }

    if (flow->settle || (flow->sync && rc != PORTONE_OK)) {
        return portone_flow_finish(flow, (rc == PORTONE_OK)
                                             ? PORTONE_NO_ERROR
                                             : PORTONE_STORE_UNAVAILABLE);
    }

    /* on with what was asked for, whatever has come of it */

    portone_ledger_lookup_free(&flow->lookup);

    return PORTONE_STEP_LOOKUP;
}
