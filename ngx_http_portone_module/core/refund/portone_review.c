
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <errno.h>
#include <string.h>

#include "portone_json.h"
#include "portone_review.h"
#include "portone_task.h"


/*
 * A refund in manual_review, settled by the word of a person.  PortOne is
 * read once more, so that the stored balance is PortOne's when the order is
 * free again; the word stands whatever the reading shows.
 */


static portone_step_e portone_review_found(portone_flow_t *flow, int64_t now);
static portone_step_e portone_review_failed(portone_flow_t *flow,
    portone_error_e error, int64_t now);
static portone_step_e portone_review_settle(portone_flow_t *flow,
    int64_t now);
static int portone_review_balance(portone_flow_t *flow);
static portone_step_e portone_review_settled(portone_flow_t *flow, int rc);
static portone_step_e portone_review_end(portone_flow_t *flow,
    portone_error_e error);


static const portone_task_t  portone_review_task = {
    portone_review_found,
    portone_review_settle,
    portone_review_failed,
    portone_review_settled,
    0,
    1
};


portone_error_e
portone_review_parse(portone_state_e *state, const char *text, size_t len,
    char field[PORTONE_FIELD_LEN])
{
    cJSON           *json, *item;
    portone_error_e  error;

    field[0] = '\0';

    json = portone_json_parse(text, len);

    if (json == NULL) {
        return (errno == ENOMEM) ? PORTONE_OVERLOADED : PORTONE_INVALID_JSON;
    }

    error = PORTONE_INVALID_REQUEST;

    if (cJSON_IsObject(json)) {
        *state = portone_record_state(json);

        /* the first member that is unknown or stands twice; else "state" */

        cJSON_ArrayForEach(item, json) {

            if (strcmp(item->string, "state") != 0) {
                break;
            }
        }

        if (item == NULL
            && (*state == PORTONE_STATE_SUCCEEDED
                || *state == PORTONE_STATE_NOT_EXECUTED))
        {
            error = PORTONE_NO_ERROR;

        } else {
            error = portone_request_culprit(field, item ? item->string
                                                        : "state");
        }
    }

    cJSON_Delete(json);

    return error;
}


portone_step_e
portone_review_start(portone_flow_t *flow, int64_t now)
{
    cJSON          *intent;
    portone_str_t   refund_id;

    intent = flow->lookup.intent;
    refund_id = portone_json_str(intent, "refund_id");

    if (!portone_str_eq(&refund_id, &flow->review_id)
        || portone_record_state(intent) != PORTONE_STATE_MANUAL_REVIEW)
    {
        return portone_step_finish(flow, PORTONE_NOT_IN_REVIEW);
    }

    portone_settle_take(flow, &portone_review_task);

    if (!flow->fetch) {
        return portone_review_settle(flow, now);
    }

    return portone_settle_read(flow);
}


static portone_step_e
portone_review_found(portone_flow_t *flow, int64_t now)
{
    portone_evidence_t  evidence;

    if (portone_record_compare(flow->record, &flow->fetched, &evidence)
        != PORTONE_OK
        || portone_record_after(flow->record, &flow->fetched) != PORTONE_OK)
    {
        return portone_review_end(flow, PORTONE_PORTONE_UNAVAILABLE);
    }

    if (flow->review_state == PORTONE_STATE_SUCCEEDED && evidence.ours == 1) {

        /* if this fails, the word of the person is the evidence */

        (void) portone_record_evidence(flow->record, &evidence.entry);
    }

    return portone_review_settle(flow, now);
}


static portone_step_e
portone_review_failed(portone_flow_t *flow, portone_error_e error,
    int64_t now)
{
    (void) now;

    return portone_review_end(flow, error);
}


/* a payment that PortOne lacks has no balance that contradicts the word */

static portone_step_e
portone_review_settle(portone_flow_t *flow, int64_t now)
{
    if (flow->review_state == PORTONE_STATE_SUCCEEDED
        && !flow->has_fetched
        && portone_review_balance(flow) != PORTONE_OK)
    {
        return portone_review_end(flow, PORTONE_STORE_UNAVAILABLE);
    }

    if (portone_json_set(flow->record, "reviewed", cJSON_CreateTrue())
        != PORTONE_OK)
    {
        return portone_review_settled(flow, PORTONE_ERROR);
    }

    return portone_settle(flow, flow->review_state, PORTONE_NO_ERROR, now);
}


/*
 * PortOne was left out, or the payment is unknown there; the word alone
 * raises cancel_amount, as a registration may.
 */

static int
portone_review_balance(portone_flow_t *flow)
{
    cJSON        *json, *before;
    int64_t       amount, cancel_amount;
    const char   *why;

    before = portone_json_member(flow->record, "before");

    if (portone_money_from_json(&amount,
                                portone_json_member(flow->record, "amount"),
                                flow->payment.exponent)
        != PORTONE_OK
        || portone_money_from_json(&cancel_amount,
                                   portone_json_member(before,
                                                       "cancel_amount"),
                                   flow->payment.exponent)
           != PORTONE_OK)
    {
        return PORTONE_ERROR;
    }

    cancel_amount += amount;

    if (cancel_amount <= flow->payment.cancel_amount
        || cancel_amount > flow->payment.amount)
    {
        return PORTONE_OK;
    }

    json = cJSON_Duplicate(flow->payment.json, 1);

    if (portone_json_set(json, "cancel_amount",
                         portone_money_json(cancel_amount,
                                            flow->payment.exponent))
        != PORTONE_OK)
    {
        cJSON_Delete(json);
        return PORTONE_ERROR;
    }

    if (portone_payment_init(&flow->fetched, json, &why) != PORTONE_OK) {
        return PORTONE_ERROR;
    }

    flow->has_fetched = 1;

    return PORTONE_OK;
}


static portone_step_e
portone_review_settled(portone_flow_t *flow, int rc)
{
    if (rc != PORTONE_OK) {
        return portone_review_end(flow, PORTONE_STORE_UNAVAILABLE);
    }

    if (flow->settlement.stale) {

        /* somebody else was faster */

        return portone_review_end(flow, flow->abandoned
                                            ? PORTONE_STORE_UNAVAILABLE
                                            : PORTONE_NOT_IN_REVIEW);
    }

    if (flow->settlement.changed) {

        /* the payment that was read may be older than the stored one */

        if (flow->abandoned) {
            return portone_review_end(flow, PORTONE_STORE_UNAVAILABLE);
        }

        if (++flow->rounds == PORTONE_FLOW_ROUNDS) {
            return portone_review_end(flow, PORTONE_OVERLOADED);
        }

        return portone_step_lookup(flow);
    }

    flow->reviewed = 1;

    if (flow->abandoned) {
        return PORTONE_STEP_FINISH;
    }

    return portone_step_lookup(flow);
}


/* the refund is still in manual_review, and the same can be said again */

static portone_step_e
portone_review_end(portone_flow_t *flow, portone_error_e error)
{
    portone_step_drop(flow);

    return portone_step_finish(flow, error);
}
