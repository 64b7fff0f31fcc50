
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "portone_json.h"
#include "portone_reply.h"
#include "portone_task.h"


/* the answers that are saved with idempotency keys */


static char *portone_replay_answer(const portone_flow_t *flow,
    portone_state_e state, portone_error_e error);


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

    /* an unreadable answer is an error: it may have been a success */

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
    flow->recorded = 1;
    flow->replayed = 1;

    return PORTONE_OK;
}


/*
 * The saved answer is the one that the client of this refund is told, or
 * would be told now.
 */

int
portone_replay_save(portone_flow_t *flow, portone_state_e state)
{
    char             *text;
    portone_str_t     key, merchant;
    portone_error_e   error;

    key = portone_json_str(flow->record, "idempotency_key");

    if (key.len == 0) {
        return PORTONE_OK;
    }

    switch (state) {

    case PORTONE_STATE_SUCCEEDED:
    case PORTONE_STATE_PENDING:
        error = PORTONE_NO_ERROR;
        break;

    case PORTONE_STATE_REJECTED:
        error = flow->task->own ? flow->error : PORTONE_REFUND_REJECTED;
        break;

    case PORTONE_STATE_NOT_EXECUTED:
        error = flow->error;
        break;

    default:

        /* the key stays with the open refund */

        return PORTONE_OK;
    }

    merchant = portone_json_str(flow->record, "merchant");

    if (portone_key(&flow->settlement.idempotency, &merchant, &key)
        != PORTONE_OK)
    {
        return PORTONE_ERROR;
    }

    if (state == PORTONE_STATE_NOT_EXECUTED
        || (state == PORTONE_STATE_REJECTED
            && error != PORTONE_REFUND_REJECTED))
    {
        /* PortOne executed nothing: the request may be made again */

        return PORTONE_OK;
    }

    text = portone_replay_answer(flow, state, error);
    if (text == NULL) {
        return PORTONE_ERROR;
    }

    flow->settlement.answer = portone_step_text(flow, PORTONE_TEXT_ANSWER,
                                                text);

    return PORTONE_OK;
}


static char *
portone_replay_answer(const portone_flow_t *flow, portone_state_e state,
    portone_error_e error)
{
    int             rc;
    char           *body;
    cJSON          *answer;
    const cJSON    *code;
    portone_str_t   word, message;

    body = portone_reply_record(flow, state, error);
    if (body == NULL) {
        return NULL;
    }

    answer = cJSON_CreateObject();

    word = portone_str(portone_record_word(state));
    rc = portone_json_set_str(answer, "state", &word);

    word = portone_str(portone_error_word(error));
    rc |= portone_json_set_str(answer, "error", &word);

    message = portone_json_str(flow->record, "message");
    rc |= portone_json_set_str(answer, "message", &message);

    rc |= portone_json_set(answer, "body", cJSON_CreateString(body));

    code = portone_json_member(flow->record, "code");

    if (portone_json_is_number(code)) {
        rc |= portone_json_set_int(answer, "code",
                                   portone_json_int(flow->record, "code", 0));
    }

    cJSON_free(body);

    return portone_json_finish(answer, rc);
}
