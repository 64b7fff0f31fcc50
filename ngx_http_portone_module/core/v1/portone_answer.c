
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <string.h>

#include "portone_answer.h"
#include "portone_json.h"


#define PORTONE_MESSAGE_MAX  4096    /* bytes */

/* a missing code: it has more than the 52 bits of portone_json_int() */
#define PORTONE_NO_CODE      INT64_MIN


static portone_answer_e portone_answer_kind(const portone_answer_t *answer);
static int portone_answer_keep(portone_answer_t *answer,
    const portone_str_t *text);


void
portone_answer_parse(portone_answer_t *answer, int status, const char *text,
    size_t len)
{
    cJSON          *response;
    portone_str_t   str;

    memset(answer, 0, sizeof(portone_answer_t));

    str.data = text;
    str.len = len;

    answer->status = status;
    answer->json = portone_json_parse(text, len);
    answer->code = portone_json_int(answer->json, "code", PORTONE_NO_CODE);
    answer->kind = portone_answer_kind(answer);

    if (answer->code == PORTONE_NO_CODE) {
        answer->code = 0;
    }

    answer->message = portone_json_str(answer->json, "message");
    answer->message.len = portone_str_utf8_cut(answer->message.data,
                                           answer->message.len,
                                           PORTONE_MESSAGE_MAX);

    if (answer->kind == PORTONE_ANSWER_OK) {
        response = portone_json_member(answer->json, "response");

        if (cJSON_IsObject(response) || cJSON_IsArray(response)) {
            answer->response = response;
        }

        if (cJSON_IsObject(response)
            && portone_answer_keep(answer, &str) != PORTONE_OK)
        {
            answer->response = NULL;
            answer->kind = PORTONE_ANSWER_BROKEN;
        }
    }
}


/*
 * The store's values are lines, so the text of a response of several lines is
 * dropped.
 */

static int
portone_answer_keep(portone_answer_t *answer, const portone_str_t *text)
{
    size_t         i;
    portone_str_t  value;

    if (portone_json_scan_last(text, "response", &value) != PORTONE_OK) {
        return PORTONE_OK;
    }

    for (i = 0; i < value.len; i++) {

        if ((portone_byte_t) value.data[i] < ' ') {
            return PORTONE_OK;
        }
    }

    answer->text = portone_str_copy(&value);

    return (answer->text != NULL) ? PORTONE_OK : PORTONE_ERROR;
}


static portone_answer_e
portone_answer_kind(const portone_answer_t *answer)
{
    int  status;

    status = answer->status;

    if (status == 401) {
        return PORTONE_ANSWER_UNAUTHORIZED;
    }

    if (answer->code == PORTONE_NO_CODE) {
        return PORTONE_ANSWER_BROKEN;
    }

    if (status >= 200 && status <= 299) {
        return (answer->code == 0) ? PORTONE_ANSWER_OK
                                   : PORTONE_ANSWER_REFUSED;
    }

    if (status >= 400 && status <= 499 && answer->code != 0) {
        return (status == 404) ? PORTONE_ANSWER_NOT_FOUND
                               : PORTONE_ANSWER_REFUSED;
    }

    return PORTONE_ANSWER_BROKEN;
}


void
portone_answer_free(portone_answer_t *answer)
{
    cJSON_Delete(answer->json);
    cJSON_free(answer->text);
    memset(answer, 0, sizeof(portone_answer_t));
}


cJSON *
portone_answer_take(portone_answer_t *answer)
{
    cJSON  *response;

    response = answer->response;

    if (!cJSON_IsObject(response)) {
        return NULL;
    }

    answer->response = NULL;

    return cJSON_DetachItemViaPointer(answer->json, response);
}


int
portone_answer_payment(portone_answer_t *answer, portone_payment_t *payment)
{
    const char  *why;

    if (portone_payment_init(payment, portone_answer_take(answer), &why)
        != PORTONE_OK)
    {
        return PORTONE_ERROR;
    }

    if (payment->verbatim) {
        payment->text = answer->text;
        answer->text = NULL;
    }

    return PORTONE_OK;
}


int
portone_answer_grant(const portone_answer_t *answer, portone_grant_t *grant)
{
    size_t       i;
    const char  *token;

    if (answer->kind != PORTONE_ANSWER_OK) {
        return PORTONE_ERROR;
    }

    grant->access_token = portone_json_str(answer->response, "access_token");
    grant->now = portone_json_int(answer->response, "now", 0);
    grant->expired_at = portone_json_int(answer->response, "expired_at", 0);

    if (grant->access_token.len == 0
        || grant->access_token.len > PORTONE_TOKEN_MAX
        || grant->now <= 0
        || grant->expired_at <= grant->now)
    {
        return PORTONE_ERROR;
    }

    /* the token becomes part of a header line */

    token = grant->access_token.data;

    for (i = 0; i < grant->access_token.len; i++) {

        if (token[i] <= ' ' || token[i] > '~') {
            return PORTONE_ERROR;
        }
    }

    return PORTONE_OK;
}
