
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_reply.h"
#include "ngx_http_portone_error_status.h"
#include "ngx_http_portone_metrics.h"
#include "portone_reply.h"

#include <ngx_md5.h>


/* when resources are short, a client may try again after this time */
#define NGX_HTTP_PORTONE_RETRY_AFTER_S  5


static ngx_int_t ngx_http_portone_reply_flow(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow, ngx_uint_t status, char *text);
static ngx_int_t ngx_http_portone_reply_flow_error(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow, ngx_uint_t *status);
static ngx_int_t ngx_http_portone_reply_ctx(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow);
static ngx_int_t ngx_http_portone_reply_ctx_payment(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow);
static ngx_int_t ngx_http_portone_reply_ctx_refund(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow);
static ngx_int_t ngx_http_portone_reply_ctx_error(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow);
static ngx_int_t ngx_http_portone_reply_money(ngx_http_request_t *r,
    ngx_str_t *dst, int64_t amount, int exponent);
static ngx_int_t ngx_http_portone_reply_copy(ngx_http_request_t *r,
    ngx_str_t *dst, const char *data, size_t len);
static void ngx_http_portone_reply_word(ngx_str_t *dst, const char *word);
static time_t ngx_http_portone_reply_retry_time(portone_error_e error);
static ngx_int_t ngx_http_portone_reply_retry_after(ngx_http_request_t *r,
    time_t time_s);
static ngx_int_t ngx_http_portone_reply_etag(ngx_http_request_t *r,
    const char *text);
static ngx_table_elt_t *ngx_http_portone_reply_push(ngx_http_request_t *r,
    const char *name, ngx_str_t *value);
static ngx_int_t ngx_http_portone_reply_send(ngx_http_request_t *r,
    ngx_uint_t status, char *text);


ngx_int_t
ngx_http_portone_reply_error(ngx_http_request_t *r, portone_error_e error,
    const char *field, const char *allow)
{
    ngx_str_t                     value;
    ngx_http_portone_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_portone_module);

    if (allow) {
        value.data = (u_char *) allow;
        value.len = ngx_strlen(allow);

        if (ngx_http_portone_reply_header(r, "Allow", &value) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    return ngx_http_portone_reply_text(r, error, 0,
                             portone_reply_error(error, field,
                                                 plcf->language));
}


ngx_int_t
ngx_http_portone_reply_text(ngx_http_request_t *r, portone_error_e error,
    ngx_uint_t status, char *text)
{
    ngx_http_portone_ctx_t       *ctx;
    ngx_http_portone_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_portone_module);

    /* a flow counts its own answer */

    if (plcf->handler->counted < NGX_HTTP_PORTONE_REQUEST_MAX) {
        ngx_http_portone_metrics_count(
                              requests[plcf->handler->counted][error]);
    }

    if (error == PORTONE_NO_ERROR) {
        return ngx_http_portone_reply_send(r, status, text);
    }

    ctx = ngx_http_portone_client_ctx(r);
    if (ctx == NULL) {
        goto failed;
    }

    ngx_http_portone_reply_word(&ctx->error, portone_error_word(error));
    ngx_http_portone_reply_word(&ctx->message,
                                portone_error_message(error, plcf->language));

    if (ngx_http_portone_reply_retry_after(r,
                                   ngx_http_portone_reply_retry_time(error))
        != NGX_OK)
    {
        goto failed;
    }

    status = ngx_http_portone_error_status_get(plcf, error, NULL, NULL);

    return ngx_http_portone_reply_send(r, status, text);

failed:

    cJSON_free(text);

    return NGX_HTTP_INTERNAL_SERVER_ERROR;
}


ngx_int_t
ngx_http_portone_reply_refund(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow)
{
    ngx_uint_t  status;

    /* 304 or 412 would hide a refund that was made */

    r->disable_not_modified = 1;

    status = (flow->core.state == PORTONE_STATE_PENDING) ? NGX_HTTP_ACCEPTED
                                                         : NGX_HTTP_OK;

    return ngx_http_portone_reply_flow(r, flow, status,
                                       portone_reply_refund(&flow->core));
}


ngx_int_t
ngx_http_portone_reply_payment(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow)
{
    char  *text;

    text = portone_reply_payment(&flow->core);

    if (text
        && flow->core.error == PORTONE_NO_ERROR
        && ngx_http_portone_reply_etag(r, text) != NGX_OK)
    {
        cJSON_free(text);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_portone_reply_flow(r, flow, NGX_HTTP_OK, text);
}


ngx_int_t
ngx_http_portone_reply_webhook(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow)
{
    return ngx_http_portone_reply_flow(r, flow, NGX_HTTP_OK,
                                       portone_reply_webhook(&flow->core));
}


/* the status is that of a success; the text is freed */

static ngx_int_t
ngx_http_portone_reply_flow(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow, ngx_uint_t status, char *text)
{
    if (ngx_http_portone_reply_ctx(r, flow) != NGX_OK) {
        goto failed;
    }

    if (flow->core.error != PORTONE_NO_ERROR
        && ngx_http_portone_reply_flow_error(r, flow, &status) != NGX_OK)
    {
        goto failed;
    }

    return ngx_http_portone_reply_send(r, status, text);

failed:

    cJSON_free(text);

    return NGX_HTTP_INTERNAL_SERVER_ERROR;
}


/* the status and the headers of an error */

static ngx_int_t
ngx_http_portone_reply_flow_error(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow, ngx_uint_t *status)
{
    time_t           time_s;
    int64_t         *code;
    portone_flow_t  *core;

    core = &flow->core;

    time_s = ngx_http_portone_reply_retry_time(core->error);

    /* a refund that is being sent ends soon, another one when it is due */

    if (core->error == PORTONE_REFUND_IN_PROGRESS
        && core->open.state != PORTONE_STATE_SENDING)
    {
        time_s = ngx_max(time_s, core->open.settle_at - ngx_time());
    }

    if (ngx_http_portone_reply_retry_after(r, time_s) != NGX_OK) {
        return NGX_ERROR;
    }

    /*
     * PortOne's code decides the status of a refusal; errors with a word of
     * their own keep their status, above all an unknown outcome
     */

    code = (core->error == PORTONE_REFUND_REJECTED) ? &core->code : NULL;

    *status = ngx_http_portone_error_status_get(flow->conf, core->error, code,
                                                &core->message);

    if (flow->webhook && core->error == PORTONE_REFUND_IN_PROGRESS) {

        /* PortOne sends a webhook again after 5xx only */

        *status = NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    ngx_log_error(NGX_LOG_INFO, &flow->client.log, 0, "answered %ui %V",
                  *status, &flow->client.ctx->error);

    return NGX_OK;
}


/* copies the values of the variables out of the flow before it ends */

static ngx_int_t
ngx_http_portone_reply_ctx(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow)
{
    ngx_http_portone_ctx_t  *ctx;

    ctx = flow->client.ctx;

    ctx->api_status = flow->api_status;
    ctx->api_time = flow->api_time;
    ctx->store_time = flow->store_time;
    ctx->has_api_time = flow->has_api_time;
    ctx->has_store_time = flow->has_store_time;

    if (ngx_http_portone_reply_ctx_payment(r, flow) != NGX_OK
        || ngx_http_portone_reply_ctx_refund(r, flow) != NGX_OK
        || ngx_http_portone_reply_ctx_error(r, flow) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (flow->core.replayed) {
        ngx_str_set(&ctx->replayed, "true");

        return ngx_http_portone_reply_header(r, "Idempotent-Replayed",
                                             &ctx->replayed);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_portone_reply_ctx_payment(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow)
{
    int                      exponent;
    ngx_int_t                rc;
    portone_str_t           *merchant_uid, *imp_uid;
    portone_flow_t          *core;
    ngx_http_portone_ctx_t  *ctx;

    core = &flow->core;
    ctx = flow->client.ctx;

    rc = NGX_OK;

    if (core->found) {
        merchant_uid = &core->payment.merchant_uid;
        imp_uid = &core->payment.imp_uid;
        exponent = core->payment.exponent;

        rc |= ngx_http_portone_reply_money(r, &ctx->refundable_amount,
                                    portone_payment_balance(&core->payment),
                                    exponent);

        if (core->amount) {
            rc |= ngx_http_portone_reply_money(r, &ctx->amount, core->amount,
                                               exponent);
        }

    } else {
        merchant_uid = &core->request.merchant_uid;
        imp_uid = &core->request.imp_uid;
    }

    rc |= ngx_http_portone_reply_copy(r, &ctx->merchant_uid,
                                      merchant_uid->data, merchant_uid->len);
    rc |= ngx_http_portone_reply_copy(r, &ctx->imp_uid, imp_uid->data,
                                      imp_uid->len);

    return rc;
}


static ngx_int_t
ngx_http_portone_reply_ctx_refund(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow)
{
    portone_str_t            id;
    portone_flow_t          *core;
    ngx_http_portone_ctx_t  *ctx;

    core = &flow->core;
    ctx = flow->client.ctx;

    if (core->recorded) {
        id = core->refund_id;

        ngx_http_portone_reply_word(&ctx->state,
                                    portone_record_word(core->state));

    } else if (core->key_open && core->error == PORTONE_REFUND_IN_PROGRESS) {

        /* tells a client its own refund from another one of the order */

        id.data = core->open.refund_id;
        id.len = ngx_strlen(core->open.refund_id);

    } else {
        return NGX_OK;
    }

    if (ngx_http_portone_reply_copy(r, &ctx->refund_id, id.data, id.len)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_portone_reply_header(r, "Portone-Refund-Id",
                                         &ctx->refund_id);
}


static ngx_int_t
ngx_http_portone_reply_ctx_error(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow)
{
    u_char                  *p;
    portone_str_t            message;
    portone_flow_t          *core;
    ngx_http_portone_ctx_t  *ctx;

    core = &flow->core;
    ctx = flow->client.ctx;

    if (core->has_code) {
        p = ngx_pnalloc(r->pool, NGX_INT64_LEN);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ctx->code.data = p;
        ctx->code.len = ngx_sprintf(p, "%L", core->code) - p;
    }

    if (core->error == PORTONE_NO_ERROR) {
        return NGX_OK;
    }

    ngx_http_portone_reply_word(&ctx->error, portone_error_word(core->error));

    message = portone_reply_message(core);

    return ngx_http_portone_reply_copy(r, &ctx->message, message.data,
                                       message.len);
}


static ngx_int_t
ngx_http_portone_reply_money(ngx_http_request_t *r, ngx_str_t *dst,
    int64_t amount, int exponent)
{
    char    buf[PORTONE_MONEY_LEN];
    size_t  len;

    len = portone_money_print(buf, amount, exponent);

    return ngx_http_portone_reply_copy(r, dst, buf, len);
}


static ngx_int_t
ngx_http_portone_reply_copy(ngx_http_request_t *r, ngx_str_t *dst,
    const char *data, size_t len)
{
    if (len == 0) {
        ngx_str_null(dst);
        return NGX_OK;
    }

    dst->data = ngx_pnalloc(r->pool, len);
    if (dst->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(dst->data, data, len);
    dst->len = len;

    return NGX_OK;
}


/* the word is static */

static void
ngx_http_portone_reply_word(ngx_str_t *dst, const char *word)
{
    dst->data = (u_char *) word;
    dst->len = ngx_strlen(word);
}


/* seconds after which a client may try again; 0: waiting is of no use */

static time_t
ngx_http_portone_reply_retry_time(portone_error_e error)
{
    switch (error) {

    case PORTONE_REFUND_IN_PROGRESS:
    case PORTONE_STORE_UNAVAILABLE:
    case PORTONE_OVERLOADED:
        return NGX_HTTP_PORTONE_RETRY_AFTER_S;

    default:
        return 0;
    }
}


static ngx_int_t
ngx_http_portone_reply_retry_after(ngx_http_request_t *r, time_t time_s)
{
    ngx_str_t  value;

    if (time_s == 0) {
        return NGX_OK;
    }

    value.data = ngx_pnalloc(r->pool, NGX_TIME_T_LEN);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    value.len = ngx_sprintf(value.data, "%T", time_s) - value.data;

    return ngx_http_portone_reply_header(r, "Retry-After", &value);
}


/* nginx's own filter compares the value with If-None-Match */

static ngx_int_t
ngx_http_portone_reply_etag(ngx_http_request_t *r, const char *text)
{
    u_char     digest[16], *p;
    ngx_md5_t  md5;
    ngx_str_t  value;

    ngx_md5_init(&md5);
    ngx_md5_update(&md5, text, ngx_strlen(text));
    ngx_md5_final(digest, &md5);

    value.len = 2 * sizeof(digest) + 2;

    p = ngx_pnalloc(r->pool, value.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value.data = p;

    *p++ = '"';
    p = ngx_hex_dump(p, digest, sizeof(digest));
    *p = '"';

    r->headers_out.etag = ngx_http_portone_reply_push(r, "ETag", &value);

    return r->headers_out.etag ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_portone_reply_header(ngx_http_request_t *r, const char *name,
    ngx_str_t *value)
{
    return ngx_http_portone_reply_push(r, name, value) ? NGX_OK : NGX_ERROR;
}


static ngx_table_elt_t *
ngx_http_portone_reply_push(ngx_http_request_t *r, const char *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NULL;
    }

    h->hash = 1;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif
    h->value = *value;
    h->lowcase_key = NULL;

    ngx_http_portone_reply_word(&h->key, name);

    return h;
}


/* frees the text; NULL: there was no memory for the text */

static ngx_int_t
ngx_http_portone_reply_send(ngx_http_request_t *r, ngx_uint_t status,
    char *text)
{
    size_t        len;
    ngx_int_t     rc;
    ngx_buf_t    *b;
    ngx_chain_t   out;

    if (text == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    len = ngx_strlen(text);

    b = ngx_create_temp_buf(r->pool, len + 1);

    if (b != NULL) {
        b->last = ngx_cpymem(b->last, text, len);
        *b->last++ = '\n';
        b->last_buf = (r == r->main) ? 1 : 0;
        b->last_in_chain = 1;
    }

    cJSON_free(text);

    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.status = status;
    r->headers_out.content_length_n = len + 1;

    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}
