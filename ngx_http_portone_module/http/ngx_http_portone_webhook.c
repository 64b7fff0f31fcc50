
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_handlers.h"
#include "ngx_http_portone_body.h"
#include "ngx_http_portone_flow.h"
#include "ngx_http_portone_reply.h"
#include "portone_webhook.h"


/* bytes; PortOne's have less than 300 */
#define NGX_HTTP_PORTONE_WEBHOOK_BODY  8192

/*
 * Anybody can send webhooks, also about payments that do not exist, and each
 * is a call to PortOne: the most that a worker has under way.
 */
#define NGX_HTTP_PORTONE_WEBHOOK_MAX  64

/* PortOne waits for 15 s when it sends again: a second is left for the way */
#define NGX_HTTP_PORTONE_WEBHOOK_TIME_MS  14000


typedef portone_error_e (*ngx_http_portone_webhook_pt)(
    portone_webhook_t *webhook, const char *text, size_t len,
    const char **field);


static ngx_int_t ngx_http_portone_webhook_json(ngx_http_request_t *r,
    ngx_str_t *text);
static ngx_int_t ngx_http_portone_webhook_form(ngx_http_request_t *r,
    ngx_str_t *text);
static ngx_int_t ngx_http_portone_webhook_text(ngx_http_request_t *r,
    ngx_str_t *text, ngx_http_portone_webhook_pt parse);
static ngx_int_t ngx_http_portone_webhook_start(ngx_http_request_t *r,
    portone_webhook_t *webhook);
static ngx_int_t ngx_http_portone_webhook_error(ngx_http_request_t *r,
    portone_error_e error, const char *field, const char *allow);
static void ngx_http_portone_webhook_done(ngx_http_portone_flow_t *flow,
    void *data);


static const ngx_http_portone_body_t  ngx_http_portone_webhook_bodies[] = {
    { ngx_string("application/json"), NGX_HTTP_PORTONE_WEBHOOK_BODY,
      ngx_http_portone_webhook_json, ngx_http_portone_webhook_error },
    { ngx_string("application/x-www-form-urlencoded"),
      NGX_HTTP_PORTONE_WEBHOOK_BODY,
      ngx_http_portone_webhook_form, ngx_http_portone_webhook_error }
};


static ngx_uint_t  ngx_http_portone_webhooks;    /* under way */


ngx_int_t
ngx_http_portone_webhook_handler(ngx_http_request_t *r)
{
    const ngx_http_portone_body_t  *body;

    body = ngx_http_portone_webhook_bodies;

    if (ngx_http_portone_body_type(r, &body[1].type) == NGX_OK) {
        body++;
    }

    return ngx_http_portone_body_post(r, body);
}


static ngx_int_t
ngx_http_portone_webhook_json(ngx_http_request_t *r, ngx_str_t *text)
{
    return ngx_http_portone_webhook_text(r, text, portone_webhook_json);
}


static ngx_int_t
ngx_http_portone_webhook_form(ngx_http_request_t *r, ngx_str_t *text)
{
    return ngx_http_portone_webhook_text(r, text, portone_webhook_form);
}


static ngx_int_t
ngx_http_portone_webhook_text(ngx_http_request_t *r, ngx_str_t *text,
    ngx_http_portone_webhook_pt parse)
{
    ngx_int_t           rc;
    const char         *field;
    portone_error_e     error;
    portone_webhook_t   webhook;

    error = parse(&webhook, (char *) text->data, text->len, &field);

    if (error != PORTONE_NO_ERROR) {
        return ngx_http_portone_webhook_error(r, error, field, NULL);
    }

    rc = ngx_http_portone_webhook_start(r, &webhook);

    portone_webhook_free(&webhook);

    return rc;
}


static ngx_int_t
ngx_http_portone_webhook_start(ngx_http_request_t *r,
    portone_webhook_t *webhook)
{
    portone_str_t             none = portone_null_string, *merchant_uid;
    ngx_http_portone_flow_t  *flow;

    if (ngx_http_portone_webhooks == NGX_HTTP_PORTONE_WEBHOOK_MAX) {
        return ngx_http_portone_webhook_error(r, PORTONE_OVERLOADED, NULL,
                                              NULL);
    }

    /* imp_uid names the payment; PortOne tells the order */

    merchant_uid = webhook->imp_uid.len ? &none : &webhook->merchant_uid;

    flow = ngx_http_portone_flow_create_sync(r, merchant_uid,
                                             &webhook->imp_uid,
                                             ngx_http_portone_reply_webhook);
    if (flow == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* portone_match is for customers */

    flow->core.n_match_values = 0;

    flow->webhook = 1;
    flow->limit_ms = NGX_HTTP_PORTONE_WEBHOOK_TIME_MS;
    flow->done = ngx_http_portone_webhook_done;

    ngx_http_portone_webhooks++;

    ngx_http_portone_flow_start(flow);

    return NGX_DONE;
}


static ngx_int_t
ngx_http_portone_webhook_error(ngx_http_request_t *r, portone_error_e error,
    const char *field, const char *allow)
{
    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "webhook is answered with %s", portone_error_word(error));

    return ngx_http_portone_reply_error(r, error, field, allow);
}


static void
ngx_http_portone_webhook_done(ngx_http_portone_flow_t *flow, void *data)
{
    ngx_http_portone_webhooks--;
}
