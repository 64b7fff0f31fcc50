
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_webhook.h"
#include "ngx_http_portone_body.h"
#include "ngx_http_portone_flow.h"
#include "ngx_http_portone_reply.h"
#include "portone_webhook.h"


/* bytes; PortOne's have less than 300 */
#define NGX_HTTP_PORTONE_WEBHOOK_BODY  8192

/*
 * Anybody can send webhooks, about payments that do not exist, too, and each
 * is a call to PortOne: a worker has this many under way, no more.
 */
#define NGX_HTTP_PORTONE_WEBHOOK_MAX  64

/*
 * PortOne waits for 15 s when it sends again, ms: a second is left for the
 * way
 */
#define NGX_HTTP_PORTONE_WEBHOOK_TIME  14000


typedef portone_error_e (*ngx_http_portone_webhook_pt)(
    portone_webhook_t *webhook, const char *text, size_t len,
    const char **field);


static ngx_http_portone_webhook_pt ngx_http_portone_webhook_type(
    ngx_http_request_t *r);
static void ngx_http_portone_webhook_body(ngx_http_request_t *r);
static ngx_int_t ngx_http_portone_webhook_error(ngx_http_request_t *r,
    portone_error_e error, const char *field);
static ngx_int_t ngx_http_portone_webhook_read(ngx_http_request_t *r,
    portone_webhook_t *webhook);
static void ngx_http_portone_webhook_done(ngx_http_portone_flow_t *flow,
    void *data);


static ngx_uint_t  ngx_http_portone_webhooks;    /* under way */


ngx_int_t
ngx_http_portone_webhook_handler(ngx_http_request_t *r)
{
    portone_error_e  error;

    if (r != r->main) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "portone_webhook does not serve subrequests");
        return NGX_HTTP_FORBIDDEN;
    }

    if (r->method != NGX_HTTP_POST) {
        return ngx_http_portone_body_refuse(r, PORTONE_METHOD_NOT_ALLOWED,
                                            NULL, "POST");
    }

    error = PORTONE_UNSUPPORTED_MEDIA_TYPE;

    if (ngx_http_portone_webhook_type(r) != NULL) {
        error = ngx_http_portone_body_check(r, NULL,
                                            NGX_HTTP_PORTONE_WEBHOOK_BODY);
    }

    if (error != PORTONE_NO_ERROR) {
        return ngx_http_portone_body_refuse(r, error, NULL, NULL);
    }

    return ngx_http_portone_body_read(r, ngx_http_portone_webhook_body);
}


/* NULL: neither */

static ngx_http_portone_webhook_pt
ngx_http_portone_webhook_type(ngx_http_request_t *r)
{
    static ngx_str_t  json = ngx_string("application/json");
    static ngx_str_t  form = ngx_string("application/x-www-form-urlencoded");

    if (ngx_http_portone_body_type(r, &json) == NGX_OK) {
        return portone_webhook_json;
    }

    if (ngx_http_portone_body_type(r, &form) == NGX_OK) {
        return portone_webhook_form;
    }

    return NULL;
}


static void
ngx_http_portone_webhook_body(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_str_t                    text;
    const char                  *field;
    portone_error_e              error;
    portone_webhook_t            webhook;
    ngx_http_portone_webhook_pt  parse;

    rc = ngx_http_portone_body_text(r, NGX_HTTP_PORTONE_WEBHOOK_BODY, &text);

    if (rc != NGX_OK) {
        rc = (rc == NGX_DECLINED)
             ? ngx_http_portone_webhook_error(r, PORTONE_TOO_LARGE, NULL)
             : NGX_HTTP_INTERNAL_SERVER_ERROR;

        ngx_http_finalize_request(r, rc);
        return;
    }

    parse = ngx_http_portone_webhook_type(r);

    error = parse(&webhook, (char *) text.data, text.len, &field);

    if (error != PORTONE_NO_ERROR) {
        rc = ngx_http_portone_webhook_error(r, error, field);
        ngx_http_finalize_request(r, rc);
        return;
    }

    rc = ngx_http_portone_webhook_read(r, &webhook);

    portone_webhook_free(&webhook);

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
}


static ngx_int_t
ngx_http_portone_webhook_error(ngx_http_request_t *r, portone_error_e error,
    const char *field)
{
    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "webhook is answered with %s", portone_error_word(error));

    return ngx_http_portone_reply_error(r, error, field, NULL);
}


/* NGX_DONE: the flow answers */

static ngx_int_t
ngx_http_portone_webhook_read(ngx_http_request_t *r,
    portone_webhook_t *webhook)
{
    portone_str_t             none = portone_null_string;
    ngx_http_portone_flow_t  *flow;

    if (ngx_http_portone_webhooks == NGX_HTTP_PORTONE_WEBHOOK_MAX) {
        return ngx_http_portone_webhook_error(r, PORTONE_OVERLOADED, NULL);
    }

    /* imp_uid names the payment; which order it is of, PortOne tells */

    flow = ngx_http_portone_flow_sync(r, webhook->imp_uid.len
                                             ? &none : &webhook->merchant_uid,
                                      &webhook->imp_uid,
                                      ngx_http_portone_reply_webhook);
    if (flow == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* PortOne is no customer */

    flow->core.n_matches = 0;

    flow->webhook = 1;
    flow->limit = NGX_HTTP_PORTONE_WEBHOOK_TIME;
    flow->done = ngx_http_portone_webhook_done;

    ngx_http_portone_webhooks++;

    ngx_http_portone_flow_start(flow);

    return NGX_DONE;
}


static void
ngx_http_portone_webhook_done(ngx_http_portone_flow_t *flow, void *data)
{
    ngx_http_portone_webhooks--;
}
