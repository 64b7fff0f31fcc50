
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_api.h"
#include "portone_json.h"


static ngx_int_t ngx_http_portone_api_get(ngx_http_portone_call_t *call,
    const char *prefix, portone_str_t *uid, const char *suffix,
    ngx_uint_t include_sandbox);
static void ngx_http_portone_api_count(ngx_http_portone_call_t *call,
    ngx_http_portone_call_outcome_e outcome);


ngx_int_t
ngx_http_portone_api_token(ngx_http_portone_call_t *call,
    ngx_http_portone_account_t *account)
{
    int             rc;
    char           *text;
    cJSON          *body;
    portone_str_t   key, secret;

    call->kind = NGX_HTTP_PORTONE_CALL_TOKEN;

    body = cJSON_CreateObject();
    if (body == NULL) {
        return NGX_ERROR;
    }

    key.len = account->imp_key.len;
    key.data = (char *) account->imp_key.data;

    secret.len = account->imp_secret.len;
    secret.data = (char *) account->imp_secret.data;

    rc = portone_json_set_str(body, "imp_key", &key);
    rc |= portone_json_set_str(body, "imp_secret", &secret);

    text = (rc == PORTONE_OK) ? portone_json_print(body) : NULL;

    /* wipe the copy of the secret in the heap */

    if (rc == PORTONE_OK) {
        ngx_explicit_memzero(
            portone_json_member(body, "imp_secret")->valuestring, secret.len);
    }

    cJSON_Delete(body);

    if (text == NULL) {
        return NGX_ERROR;
    }

    call->body.len = ngx_strlen(text);
    call->body.data = ngx_pnalloc(call->pool, call->body.len);

    if (call->body.data != NULL) {
        ngx_memcpy(call->body.data, text, call->body.len);
    }

    ngx_explicit_memzero(text, call->body.len);
    cJSON_free(text);

    if (call->body.data == NULL) {
        return NGX_ERROR;
    }

    ngx_str_set(&call->path, "/users/getToken");
    call->once = 0;

    return NGX_OK;
}


ngx_int_t
ngx_http_portone_api_payment(ngx_http_portone_call_t *call,
    portone_str_t *imp_uid, ngx_uint_t include_sandbox)
{
    call->kind = NGX_HTTP_PORTONE_CALL_PAYMENT;

    return ngx_http_portone_api_get(call, "/payments/", imp_uid, "",
                                    include_sandbox);
}


ngx_int_t
ngx_http_portone_api_find(ngx_http_portone_call_t *call,
    portone_str_t *merchant_uid, portone_find_e find,
    ngx_uint_t include_sandbox)
{
    static const char  *statuses[] = {
        [PORTONE_FIND_ANY] = "",
        [PORTONE_FIND_PAID] = "/paid",
        [PORTONE_FIND_CANCELLED] = "/cancelled"
    };

    call->kind = NGX_HTTP_PORTONE_CALL_FIND;

    return ngx_http_portone_api_get(call, "/payments/find/", merchant_uid,
                                    statuses[find], include_sandbox);
}


ngx_int_t
ngx_http_portone_api_payments(ngx_http_portone_call_t *call,
    portone_drift_t *drift, ngx_uint_t include_sandbox)
{
    u_char         *p;
    size_t          i, len;
    portone_str_t  *uid;

    static ngx_str_t  path = ngx_string("/payments");
    static ngx_str_t  name = ngx_string("&imp_uid[]=");
    static ngx_str_t  query = ngx_string("&include_sandbox=true");

    call->kind = NGX_HTTP_PORTONE_CALL_PAYMENTS;

    len = path.len + query.len;

    for (i = 0; i < drift->n; i++) {
        len += name.len + 3 * drift->payments[i].imp_uid.len;
    }

    p = ngx_pnalloc(call->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    call->path.data = p;

    p = ngx_cpymem(p, path.data, path.len);

    for (i = 0; i < drift->n; i++) {

        if (drift->payments[i].found) {
            continue;
        }

        uid = &drift->payments[i].imp_uid;

        p = ngx_cpymem(p, name.data, name.len);
        p = (u_char *) ngx_escape_uri(p, (u_char *) uid->data, uid->len,
                                      NGX_ESCAPE_URI_COMPONENT);
    }

    if (include_sandbox) {
        p = ngx_cpymem(p, query.data, query.len);
    }

    call->path.len = p - call->path.data;
    call->path.data[path.len] = '?';

    ngx_str_null(&call->body);
    call->once = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_portone_api_get(ngx_http_portone_call_t *call, const char *prefix,
    portone_str_t *uid, const char *suffix, ngx_uint_t include_sandbox)
{
    u_char     *p;
    size_t      len;
    uintptr_t   escape;

    static ngx_str_t  query = ngx_string("?include_sandbox=true");

    escape = 2 * ngx_escape_uri(NULL, (u_char *) uid->data, uid->len,
                                NGX_ESCAPE_URI_COMPONENT);

    len = ngx_strlen(prefix) + uid->len + escape + ngx_strlen(suffix)
          + query.len;

    p = ngx_pnalloc(call->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    call->path.data = p;

    p = ngx_cpymem(p, prefix, ngx_strlen(prefix));
    p = (u_char *) ngx_escape_uri(p, (u_char *) uid->data, uid->len,
                                  NGX_ESCAPE_URI_COMPONENT);
    p = ngx_cpymem(p, suffix, ngx_strlen(suffix));

    if (include_sandbox) {
        p = ngx_cpymem(p, query.data, query.len);
    }

    call->path.len = p - call->path.data;

    ngx_str_null(&call->body);
    call->once = 0;

    return NGX_OK;
}


ngx_int_t
ngx_http_portone_api_cancel(ngx_http_portone_call_t *call,
    const char *body)
{
    call->kind = NGX_HTTP_PORTONE_CALL_CANCEL;

    ngx_str_set(&call->path, "/payments/cancel");

    call->body.data = (u_char *) body;
    call->body.len = ngx_strlen(body);

    /* a second arrival would be a second refund, but for the checksum */

    call->once = 1;

    return NGX_OK;
}


portone_call_e
ngx_http_portone_api_answer(ngx_http_portone_call_t *call,
    portone_answer_t *answer)
{
    static const ngx_http_portone_call_outcome_e  answered[] = {
        [PORTONE_ANSWER_BROKEN] = NGX_HTTP_PORTONE_CALL_BROKEN,
        [PORTONE_ANSWER_OK] = NGX_HTTP_PORTONE_CALL_OK,
        [PORTONE_ANSWER_REFUSED] = NGX_HTTP_PORTONE_CALL_REFUSED,
        [PORTONE_ANSWER_NOT_FOUND] = NGX_HTTP_PORTONE_CALL_NOT_FOUND,
        [PORTONE_ANSWER_UNAUTHORIZED] = NGX_HTTP_PORTONE_CALL_UNAUTHORIZED
    };

    static const ngx_http_portone_call_outcome_e  unanswered[] = {
        [PORTONE_CALL_NOT_SENT] = NGX_HTTP_PORTONE_CALL_NOT_SENT,
        [PORTONE_CALL_OVERLOADED] = NGX_HTTP_PORTONE_CALL_OVERLOADED,
        [PORTONE_CALL_UNANSWERED] = NGX_HTTP_PORTONE_CALL_UNANSWERED
    };

    ngx_memzero(answer, sizeof(portone_answer_t));

    if (call->outcome != PORTONE_CALL_ANSWERED) {
        ngx_http_portone_api_count(call, unanswered[call->outcome]);
        return call->outcome;
    }

    portone_answer_parse(answer, (int) call->status,
                         (char *) call->answer.data, call->answer.len);

    ngx_http_portone_api_count(call, answered[answer->kind]);

    return PORTONE_CALL_ANSWERED;
}


static void
ngx_http_portone_api_count(ngx_http_portone_call_t *call,
    ngx_http_portone_call_outcome_e outcome)
{
    ngx_http_portone_metrics_count(calls[call->kind][outcome]);

    ngx_http_portone_metrics_observe_time(
                &ngx_http_portone_metrics_counters->call_time[call->kind],
                (uint64_t) call->time * 1000);

    switch (outcome) {

    case NGX_HTTP_PORTONE_CALL_OVERLOADED:

        /* tells of us only */

        break;

    case NGX_HTTP_PORTONE_CALL_BROKEN:
    case NGX_HTTP_PORTONE_CALL_UNANSWERED:
    case NGX_HTTP_PORTONE_CALL_NOT_SENT:
        ngx_http_portone_metrics_gauge_now(unanswered);
        break;

    default:
        ngx_http_portone_metrics_gauge_now(answered);
        break;
    }
}
