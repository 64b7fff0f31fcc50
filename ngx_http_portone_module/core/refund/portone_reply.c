
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <string.h>

#include "portone_reply.h"
#include "portone_json.h"


/* the outcome of a refund, for its client */

typedef struct {
    portone_state_e         state;
    portone_error_e         error;
    const char             *field;        /* culprit or "" */
    int64_t                 code;         /* PortOne's, or 0 */
    portone_str_t           message;      /* PortOne's */
    const portone_str_t    *refund_id;    /* NULL: unrecorded */
} portone_reply_t;


static void portone_reply_init(portone_reply_t *reply,
    const portone_flow_t *flow);
static char *portone_reply_outcome(const portone_flow_t *flow,
    const portone_reply_t *reply);
static char *portone_reply_flow_error(const portone_flow_t *flow,
    const portone_reply_t *reply);
static portone_str_t portone_reply_sentence(const portone_flow_t *flow,
    const portone_reply_t *reply);
static int portone_reply_word(cJSON *json, const char *name,
    const char *word);
static int portone_reply_refundable(cJSON *json, const portone_flow_t *flow);


char *
portone_reply_error(portone_error_e error, const char *field,
    portone_language_e language)
{
    portone_error_body_t  body;

    memset(&body, 0, sizeof(portone_error_body_t));

    body.error = error;
    body.message = portone_str(portone_error_message(error, language));
    body.field = field;

    return portone_json_finish(portone_error_body(&body), PORTONE_OK);
}


char *
portone_reply_refund(const portone_flow_t *flow)
{
    portone_str_t     body;
    portone_reply_t   reply;

    if (flow->replayed) {
        body = portone_json_str(portone_json_member(flow->lookup.saved,
                                                    "answer"),
                                "body");

        return portone_str_copy(&body);
    }

    portone_reply_init(&reply, flow);

    return portone_reply_outcome(flow, &reply);
}


char *
portone_reply_record(const portone_flow_t *flow, portone_state_e state,
    portone_error_e error)
{
    portone_str_t     refund_id;
    portone_reply_t   reply;

    refund_id = portone_json_str(flow->record, "refund_id");

    reply.state = state;
    reply.error = error;
    reply.field = "";
    reply.code = portone_json_int(flow->record, "code", 0);
    reply.message = portone_json_str(flow->record, "message");
    reply.refund_id = &refund_id;

    return portone_reply_outcome(flow, &reply);
}


char *
portone_reply_payment(const portone_flow_t *flow)
{
    int     rc;
    cJSON  *json;

    if (flow->error != PORTONE_NO_ERROR) {
        return portone_reply_refund(flow);
    }

    json = cJSON_Duplicate(flow->payment.json, 1);

    rc = portone_reply_refundable(json, flow);
    rc |= portone_json_set(json, "refunds",
                           cJSON_Duplicate(flow->lookup.refunds, 1));

    return portone_json_finish(json, rc);
}


char *
portone_reply_webhook(const portone_flow_t *flow)
{
    int     rc;
    cJSON  *json;

    if (flow->error != PORTONE_NO_ERROR) {
        return portone_reply_refund(flow);
    }

    json = cJSON_CreateObject();

    rc = portone_json_set_str(json, "imp_uid", &flow->payment.imp_uid);
    rc |= portone_json_set_str(json, "status", &flow->payment.status);

    return portone_json_finish(json, rc);
}


portone_str_t
portone_reply_message(const portone_flow_t *flow)
{
    portone_reply_t  reply;

    portone_reply_init(&reply, flow);

    return portone_reply_sentence(flow, &reply);
}


static void
portone_reply_init(portone_reply_t *reply, const portone_flow_t *flow)
{
    reply->state = flow->state;
    reply->error = flow->error;
    reply->field = flow->field;
    reply->code = flow->has_code ? flow->code : 0;
    reply->message = flow->message;
    reply->refund_id = flow->recorded ? &flow->refund_id : NULL;
}


static char *
portone_reply_outcome(const portone_flow_t *flow,
    const portone_reply_t *reply)
{
    int     rc;
    cJSON  *json;

    if (reply->error != PORTONE_NO_ERROR) {
        return portone_reply_flow_error(flow, reply);
    }

    if (reply->state != PORTONE_STATE_PENDING) {

        if (flow->settlement.payment.len) {
            return portone_payment_reprint(&flow->payment,
                                           &flow->settlement.payment);
        }

        return portone_payment_print(&flow->payment, 1);
    }

    json = cJSON_Duplicate(flow->payment.json, 1);

    rc = portone_reply_refundable(json, flow);
    rc |= portone_reply_word(json, "state",
                             portone_record_word(reply->state));
    rc |= portone_json_set_str(json, "refund_id", reply->refund_id);

    return portone_json_finish(json, rc);
}


static char *
portone_reply_flow_error(const portone_flow_t *flow,
    const portone_reply_t *reply)
{
    int                    rc;
    cJSON                 *json;
    portone_error_body_t   body;

    body.error = reply->error;
    body.message = portone_reply_sentence(flow, reply);
    body.code = reply->code;
    body.field = reply->field;

    if (flow->found) {
        body.merchant_uid = flow->payment.merchant_uid;
        body.imp_uid = flow->payment.imp_uid;

    } else {
        body.merchant_uid = flow->request.merchant_uid;
        body.imp_uid = flow->request.imp_uid;
    }

    rc = PORTONE_OK;
    json = portone_error_body(&body);

    switch (reply->error) {

    case PORTONE_AMOUNT_EXCEEDS_REFUNDABLE:
    case PORTONE_ALREADY_REFUNDED:
    case PORTONE_CHECKSUM_MISMATCH:
    case PORTONE_REFUND_REJECTED:
    case PORTONE_PHONE_MONTH_PASSED:
    case PORTONE_REFUND_ACCOUNT_REQUIRED:
        rc |= portone_reply_refundable(json, flow);
        break;

    case PORTONE_REFUND_IN_PROGRESS:

        if (flow->open.refund_id[0]) {
            rc |= portone_reply_word(json, "refund_id", flow->open.refund_id);
        }

        break;

    default:
        break;
    }

    if (reply->refund_id != NULL) {
        rc |= portone_json_set_str(json, "refund_id", reply->refund_id);
    }

    return portone_json_finish(json, rc);
}


static portone_str_t
portone_reply_sentence(const portone_flow_t *flow,
    const portone_reply_t *reply)
{
    if (reply->error == PORTONE_REFUND_REJECTED && reply->message.len) {
        return reply->message;
    }

    return portone_str(portone_error_message(reply->error, flow->language));
}


static int
portone_reply_word(cJSON *json, const char *name, const char *word)
{
    return portone_json_set(json, name, cJSON_CreateString(word));
}


static int
portone_reply_refundable(cJSON *json, const portone_flow_t *flow)
{
    int64_t  balance;

    balance = portone_payment_balance(&flow->payment);

    return portone_json_set(json, "refundable_amount",
                            portone_money_json(balance,
                                               flow->payment.exponent));
}
