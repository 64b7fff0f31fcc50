
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <string.h>

#include "portone_json.h"
#include "portone_reply.h"
#include "portone_task.h"


/* the answers that are saved with idempotency keys */


static char *portone_replay_answer(const portone_flow_t *flow);


int
portone_replay(portone_flow_t *flow)
{
    const cJSON      *saved, *answer;
    portone_str_t     str, body, refund_id;
    portone_error_e   error;
    portone_state_e   state;

    saved = flow->lookup.saved;

    flow->key_open = 0;

    if (saved == NULL) {
        return PORTONE_DECLINED;
    }

    str = portone_json_str(saved, "fingerprint");

    if (!portone_str_eq(&str, &flow->idempotency.fingerprint)) {
        flow->error = PORTONE_IDEMPOTENCY_KEY_REUSED;
        return PORTONE_OK;
    }

    answer = portone_json_member(saved, "answer");

    if (!cJSON_IsObject(answer)) {

        /* the refund is open: the payment's intent tells more */

        portone_ledger_open_read(&flow->open, saved);
        flow->key_open = 1;

        return PORTONE_DECLINED;
    }

    str = portone_json_str(answer, "error");
    body = portone_json_str(answer, "body");
    refund_id = portone_json_str(saved, "refund_id");

    error = portone_error_find(&str);
    state = portone_record_state(answer);

    /* what is not understood must not pass for a success, nor be done again */

    if ((str.len != 0 && error == PORTONE_NO_ERROR)
        || state == PORTONE_STATE_MAX
        || body.len == 0
        || refund_id.len == 0)
    {
        flow->error = PORTONE_STORE_UNAVAILABLE;
        return PORTONE_OK;
    }

    flow->error = error;
    flow->state = state;
    flow->has_code = portone_json_is_number(portone_json_member(answer,
                                                                "code"));
    flow->code = portone_json_int(answer, "code", 0);
    flow->message = portone_json_str(answer, "message");
    flow->refund_id = refund_id;
    flow->attempt = 1;
    flow->replayed = 1;

    return PORTONE_OK;
}


int
portone_replay_save(portone_flow_t *flow, portone_state_e state)
{
    char                  *text;
    portone_str_t          key, merchant;
    portone_flow_t         told;
    portone_settlement_t  *settlement;

    settlement = &flow->settlement;

    key = portone_json_str(flow->record, "idempotency_key");

    if (key.len == 0) {
        return PORTONE_OK;
    }

    /* what the client of this refund is told, or would be now */

    told = *flow;

    switch (state) {

    case PORTONE_STATE_SUCCEEDED:
    case PORTONE_STATE_PENDING:
        told.error = PORTONE_NO_ERROR;
        break;

    case PORTONE_STATE_REJECTED:

        if (!flow->task->own) {
            told.error = PORTONE_REFUND_REJECTED;
        }

        break;

    case PORTONE_STATE_NOT_EXECUTED:
        break;

    default:

        /* the key stays with the open refund */

        return PORTONE_OK;
    }

    merchant = portone_json_str(flow->record, "merchant");

    if (portone_key(&settlement->idempotency, &merchant, &key)
        != PORTONE_OK)
    {
        return PORTONE_ERROR;
    }

    if (state == PORTONE_STATE_NOT_EXECUTED
        || (state == PORTONE_STATE_REJECTED
            && told.error != PORTONE_REFUND_REJECTED))
    {
        /* nothing was executed, and the request may be made again */

        return PORTONE_OK;
    }

    told.state = state;
    told.attempt = 1;
    told.replayed = 0;
    told.field = "";
    told.refund_id = portone_json_str(flow->record, "refund_id");
    told.has_code = portone_json_is_number(portone_json_member(flow->record,
                                                               "code"));
    told.code = portone_json_int(flow->record, "code", 0);
    told.message = portone_json_str(flow->record, "message");

    text = portone_replay_answer(&told);
    if (text == NULL) {
        return PORTONE_ERROR;
    }

    settlement->answer = portone_step_text(flow, PORTONE_TEXT_ANSWER, text);

    return PORTONE_OK;
}


static char *
portone_replay_answer(const portone_flow_t *flow)
{
    int             rc;
    char           *body, *text;
    cJSON          *answer;
    portone_str_t   error, state;

    body = portone_reply_refund(flow);
    if (body == NULL) {
        return NULL;
    }

    answer = cJSON_CreateObject();

    error = portone_str(portone_error_word(flow->error));
    state = portone_str(portone_record_word(flow->state));

    rc = portone_json_set_str(answer, "state", &state);
    rc |= portone_json_set_str(answer, "error", &error);
    rc |= portone_json_set_str(answer, "message", &flow->message);
    rc |= portone_json_set(answer, "body", cJSON_CreateString(body));

    if (flow->has_code) {
        rc |= portone_json_set_int(answer, "code", flow->code);
    }

    cJSON_free(body);

    text = (rc == PORTONE_OK) ? portone_json_print(answer) : NULL;

    cJSON_Delete(answer);

    return text;
}
