
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_api.h"
#include "portone_json.h"


static ngx_int_t ngx_http_portone_api_get(ngx_http_portone_call_t *tr,
    const char *prefix, portone_str_t *uid, const char *suffix,
    ngx_uint_t include_sandbox);
static void ngx_http_portone_api_count(ngx_http_portone_call_t *tr,
    ngx_http_portone_call_outcome_e outcome);


ngx_int_t
ngx_http_portone_api_token(ngx_http_portone_call_t *tr,
    ngx_http_portone_account_t *account)
{
    int             rc;
    char           *text;
    cJSON          *body;
    portone_str_t   key, secret;

    tr->call = NGX_HTTP_PORTONE_CALL_TOKEN;

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

    /* the copies of the secret do not stay behind in the heap */

    if (rc == PORTONE_OK) {
        ngx_explicit_memzero(
            portone_json_member(body, "imp_secret")->valuestring, secret.len);
    }

    cJSON_Delete(body);

    if (text == NULL) {
        return NGX_ERROR;
    }

    tr->body.len = ngx_strlen(text);
    tr->body.data = ngx_pnalloc(tr->pool, tr->body.len);

    if (tr->body.data != NULL) {
        ngx_memcpy(tr->body.data, text, tr->body.len);
    }

    ngx_explicit_memzero(text, tr->body.len);
    cJSON_free(text);

    if (tr->body.data == NULL) {
        return NGX_ERROR;
    }

    ngx_str_set(&tr->path, "/users/getToken");
    tr->once = 0;

    return NGX_OK;
}


ngx_int_t
ngx_http_portone_api_payment(ngx_http_portone_call_t *tr,
    portone_str_t *imp_uid, ngx_uint_t include_sandbox)
{
    tr->call = NGX_HTTP_PORTONE_CALL_PAYMENT;

    return ngx_http_portone_api_get(tr, "/payments/", imp_uid, "",
                                    include_sandbox);
}


ngx_int_t
ngx_http_portone_api_find(ngx_http_portone_call_t *tr,
    portone_str_t *merchant_uid, portone_find_e find,
    ngx_uint_t include_sandbox)
{
    static const char  *statuses[] = {
        [PORTONE_FIND_ANY] = "",
        [PORTONE_FIND_PAID] = "/paid",
        [PORTONE_FIND_CANCELLED] = "/cancelled"
    };

    tr->call = NGX_HTTP_PORTONE_CALL_FIND;

    return ngx_http_portone_api_get(tr, "/payments/find/", merchant_uid,
                                    statuses[find], include_sandbox);
}


ngx_int_t
ngx_http_portone_api_payments(ngx_http_portone_call_t *tr,
    portone_drift_t *drift, ngx_uint_t include_sandbox)
{
    u_char         *p;
    size_t          i, len;
    portone_str_t  *uid;

    static ngx_str_t  path = ngx_string("/payments");
    static ngx_str_t  name = ngx_string("&imp_uid[]=");
    static ngx_str_t  query = ngx_string("&include_sandbox=true");

    tr->call = NGX_HTTP_PORTONE_CALL_PAYMENTS;

    len = path.len + query.len;

    for (i = 0; i < drift->n; i++) {
        len += name.len + 3 * drift->payments[i].imp_uid.len;
    }

    p = ngx_pnalloc(tr->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    tr->path.data = p;

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

    tr->path.len = p - tr->path.data;
    tr->path.data[path.len] = '?';

    ngx_str_null(&tr->body);
    tr->once = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_portone_api_get(ngx_http_portone_call_t *tr, const char *prefix,
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

    p = ngx_pnalloc(tr->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    tr->path.data = p;

    p = ngx_cpymem(p, prefix, ngx_strlen(prefix));
    p = (u_char *) ngx_escape_uri(p, (u_char *) uid->data, uid->len,
                                  NGX_ESCAPE_URI_COMPONENT);
    p = ngx_cpymem(p, suffix, ngx_strlen(suffix));

    if (include_sandbox) {
        p = ngx_cpymem(p, query.data, query.len);
    }

    tr->path.len = p - tr->path.data;

    ngx_str_null(&tr->body);
    tr->once = 0;

    return NGX_OK;
}


ngx_int_t
ngx_http_portone_api_cancel(ngx_http_portone_call_t *tr,
    const char *body)
{
    tr->call = NGX_HTTP_PORTONE_CALL_CANCEL;

    ngx_str_set(&tr->path, "/payments/cancel");

    tr->body.data = (u_char *) body;
    tr->body.len = ngx_strlen(body);

    /* a second arrival would be a second refund, but for the checksum */

    tr->once = 1;

    return NGX_OK;
}


portone_call_e
ngx_http_portone_api_answer(ngx_http_portone_call_t *tr,
    portone_answer_t *answer)
{
    static const ngx_http_portone_call_outcome_e  outcomes[] = {
        [PORTONE_ANSWER_BROKEN] = NGX_HTTP_PORTONE_CALL_BROKEN,
        [PORTONE_ANSWER_OK] = NGX_HTTP_PORTONE_CALL_OK,
        [PORTONE_ANSWER_REFUSED] = NGX_HTTP_PORTONE_CALL_REFUSED,
        [PORTONE_ANSWER_NOT_FOUND] = NGX_HTTP_PORTONE_CALL_NOT_FOUND,
        [PORTONE_ANSWER_UNAUTHORIZED] = NGX_HTTP_PORTONE_CALL_UNAUTHORIZED
    };

    ngx_memzero(answer, sizeof(portone_answer_t));

    switch (tr->outcome) {

    case NGX_HTTP_PORTONE_NOT_SENT:
        ngx_http_portone_api_count(tr, NGX_HTTP_PORTONE_CALL_NOT_SENT);
        return PORTONE_CALL_NOT_SENT;

    case NGX_HTTP_PORTONE_OVERLOADED:
        ngx_http_portone_api_count(tr, NGX_HTTP_PORTONE_CALL_OVERLOADED);
        return PORTONE_CALL_OVERLOADED;

    case NGX_HTTP_PORTONE_UNANSWERED:
        ngx_http_portone_api_count(tr, NGX_HTTP_PORTONE_CALL_UNANSWERED);
        return PORTONE_CALL_UNANSWERED;

    case NGX_HTTP_PORTONE_ANSWERED:
        break;
    }

    portone_answer_parse(answer, (int) tr->status, (char *) tr->answer.data,
                         tr->answer.len);

    ngx_http_portone_api_count(tr, outcomes[answer->kind]);

    return PORTONE_CALL_ANSWERED;
}


static void
ngx_http_portone_api_count(ngx_http_portone_call_t *tr,
    ngx_http_portone_call_outcome_e outcome)
{
    ngx_http_portone_count(calls[tr->call][outcome]);

    ngx_http_portone_observe_time(
                           &ngx_http_portone_counters->call_time[tr->call],
                           (uint64_t) tr->time * 1000);

    switch (outcome) {

    case NGX_HTTP_PORTONE_CALL_OVERLOADED:

        /* tells of us, not of PortOne */

        break;

    case NGX_HTTP_PORTONE_CALL_BROKEN:
    case NGX_HTTP_PORTONE_CALL_UNANSWERED:
    case NGX_HTTP_PORTONE_CALL_NOT_SENT:
        ngx_http_portone_gauge_now(unanswered);
        break;

    default:
        ngx_http_portone_gauge_now(answered);
        break;
    }
}
