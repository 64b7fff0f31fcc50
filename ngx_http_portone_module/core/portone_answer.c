
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <string.h>

#include "portone_answer.h"
#include "portone_json.h"


#define PORTONE_MESSAGE_MAX  4096    /* bytes */

/* no code: it has more than the 52 bits of portone_json_int() */
#define PORTONE_NO_CODE      INT64_MIN


static portone_answer_e portone_answer_kind(const portone_answer_t *answer);


void
portone_answer_parse(portone_answer_t *answer, int status, const char *text,
    size_t len)
{
    cJSON  *response;

    memset(answer, 0, sizeof(portone_answer_t));

    answer->status = status;
    answer->json = portone_json_parse(text, len);
    answer->code = portone_json_int(answer->json, "code", PORTONE_NO_CODE);
    answer->kind = portone_answer_kind(answer);

    if (answer->code == PORTONE_NO_CODE) {
        answer->code = 0;
    }

    answer->message = portone_json_str(answer->json, "message");
    answer->message.len = portone_utf8_cut(answer->message.data,
                                           answer->message.len,
                                           PORTONE_MESSAGE_MAX);

    if (answer->kind == PORTONE_ANSWER_OK) {
        response = portone_json_member(answer->json, "response");

        if (cJSON_IsObject(response) || cJSON_IsArray(response)) {
            answer->response = response;
        }
    }
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
