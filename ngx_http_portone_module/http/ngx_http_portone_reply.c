
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_reply.h"
#include "ngx_http_portone_error_status.h"
#include "ngx_http_portone_metrics.h"
#include "portone_reply.h"

#include <ngx_md5.h>


static ngx_int_t ngx_http_portone_reply_begin(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow, ngx_uint_t *status);
static ngx_int_t ngx_http_portone_reply_flow_error(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow, ngx_uint_t *status);
static ngx_int_t ngx_http_portone_reply_ctx(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow);
static ngx_int_t ngx_http_portone_reply_money(ngx_http_request_t *r,
    ngx_str_t *dst, int64_t amount, int exponent);
static ngx_int_t ngx_http_portone_reply_copy(ngx_http_request_t *r,
    ngx_str_t *dst, const char *data, size_t len);
static ngx_int_t ngx_http_portone_reply_retry_after(ngx_http_request_t *r,
    time_t seconds);
static ngx_int_t ngx_http_portone_reply_etag(ngx_http_request_t *r,
    const char *text, size_t len);
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

    /* what goes through a flow is counted there */

    if (plcf->handler->counted < NGX_HTTP_PORTONE_REQUEST_MAX) {
        ngx_http_portone_count(requests[plcf->handler->counted][error]);
    }

    if (error == PORTONE_NO_ERROR) {
        return ngx_http_portone_reply_send(r, status, text);
    }

    ctx = ngx_http_portone_client_ctx(r);
    if (ctx == NULL) {
        goto failed;
    }

    ctx->error.data = (u_char *) portone_error_word(error);
    ctx->error.len = ngx_strlen(ctx->error.data);

    ctx->message.data = (u_char *) portone_error_message(error,
                                                         plcf->language);
    ctx->message.len = ngx_strlen(ctx->message.data);

    switch (error) {

    case PORTONE_REFUND_IN_PROGRESS:
    case PORTONE_STORE_UNAVAILABLE:
    case PORTONE_OVERLOADED:

        if (ngx_http_portone_reply_retry_after(r,
                                               NGX_HTTP_PORTONE_RETRY_AFTER)
            != NGX_OK)
        {
            goto failed;
        }

        break;

    default:
        break;
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
    ngx_uint_t       status;
    portone_flow_t  *core;

    core = &flow->core;

    /* 304 or 412 would hide a refund that has been made */

    r->disable_not_modified = 1;

    status = (core->state == PORTONE_STATE_PENDING) ? NGX_HTTP_ACCEPTED
                                                    : NGX_HTTP_OK;

    if (ngx_http_portone_reply_begin(r, flow, &status) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_portone_reply_send(r, status,
                                       portone_reply_refund(core));
}


ngx_int_t
ngx_http_portone_reply_payment(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow)
{
    char            *text;
    ngx_uint_t       status;
    portone_flow_t  *core;

    core = &flow->core;

    status = NGX_HTTP_OK;

    if (ngx_http_portone_reply_begin(r, flow, &status) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    text = portone_reply_payment(core);

    if (text
        && core->error == PORTONE_NO_ERROR
        && ngx_http_portone_reply_etag(r, text, ngx_strlen(text)) != NGX_OK)
    {
        cJSON_free(text);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_portone_reply_send(r, status, text);
}


ngx_int_t
ngx_http_portone_reply_webhook(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow)
{
    ngx_uint_t       status;
    portone_flow_t  *core;

    core = &flow->core;

    status = NGX_HTTP_OK;

    if (ngx_http_portone_reply_begin(r, flow, &status) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_portone_reply_send(r, status,
                                       portone_reply_webhook(core));
}


/* the variables, and of an error its status and headers */

static ngx_int_t
ngx_http_portone_reply_begin(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow, ngx_uint_t *status)
{
    if (ngx_http_portone_reply_ctx(r, flow) != NGX_OK) {
        return NGX_ERROR;
    }

    if (flow->core.error == PORTONE_NO_ERROR) {
        return NGX_OK;
    }

    return ngx_http_portone_reply_flow_error(r, flow, status);
}


/* the status and the headers of an error */

static ngx_int_t
ngx_http_portone_reply_flow_error(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow, ngx_uint_t *status)
{
    time_t           seconds;
    int64_t         *code;
    portone_flow_t  *core;

    core = &flow->core;

    switch (core->error) {

    case PORTONE_REFUND_IN_PROGRESS:

        /* one that is being sent is over soon, one that is unknown is not */

        seconds = NGX_HTTP_PORTONE_RETRY_AFTER;

        if (core->open.state != PORTONE_STATE_SENDING) {
            seconds = ngx_max(seconds, core->open.settle_at - ngx_time());
        }

        break;

    case PORTONE_STORE_UNAVAILABLE:
    case PORTONE_OVERLOADED:
        seconds = NGX_HTTP_PORTONE_RETRY_AFTER;
        break;

    default:
        seconds = 0;
        break;
    }

    if (seconds
        && ngx_http_portone_reply_retry_after(r, seconds) != NGX_OK)
    {
        return NGX_ERROR;
    }

    /*
     * a code is what a refusal is told by; errors with a word of their own
     * keep their status, above all an outcome that is not known
     */

    code = (core->error == PORTONE_REFUND_REJECTED) ? &core->code : NULL;

    *status = ngx_http_portone_error_status_get(flow->conf, core->error, code,
                                                &core->message);

    if (flow->webhook && core->error == PORTONE_REFUND_IN_PROGRESS) {

        /* PortOne sends again what is answered with 5xx, and nothing else */

        *status = NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    ngx_log_error(NGX_LOG_INFO, &flow->client.log, 0, "answered %ui %V",
                  *status, &flow->client.ctx->error);

    return NGX_OK;
}


/* copies what the variables tell out of the flow, which is about to end */

static ngx_int_t
ngx_http_portone_reply_ctx(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow)
{
    int                      exponent;
    u_char                  *p;
    ngx_int_t                rc;
    const char              *text;
    portone_flow_t          *core;
    portone_str_t            merchant_uid, imp_uid, message;
    ngx_http_portone_ctx_t  *ctx;

    core = &flow->core;
    ctx = flow->client.ctx;

    ctx->api_status = flow->api_status;
    ctx->api_time = flow->api_time;
    ctx->store_time = flow->store_time;
    ctx->has_api_time = flow->has_api_time;
    ctx->has_store_time = flow->has_store_time;

    rc = NGX_OK;

    if (core->found) {
        merchant_uid = core->payment.merchant_uid;
        imp_uid = core->payment.imp_uid;
        exponent = core->payment.exponent;

        rc |= ngx_http_portone_reply_money(r, &ctx->refundable_amount,
                                    portone_payment_balance(&core->payment),
                                    exponent);

        if (core->amount) {
            rc |= ngx_http_portone_reply_money(r, &ctx->amount, core->amount,
                                               exponent);
        }

    } else {
        merchant_uid = core->request.merchant_uid;
        imp_uid = core->request.imp_uid;
    }

    rc |= ngx_http_portone_reply_copy(r, &ctx->merchant_uid,
                                      merchant_uid.data, merchant_uid.len);
    rc |= ngx_http_portone_reply_copy(r, &ctx->imp_uid, imp_uid.data,
                                      imp_uid.len);

    if (core->attempt) {
        rc |= ngx_http_portone_reply_copy(r, &ctx->refund_id,
                                          core->refund_id.data,
                                          core->refund_id.len);

        text = portone_record_word(core->state);

        ctx->state.data = (u_char *) text;
        ctx->state.len = ngx_strlen(text);

        rc |= ngx_http_portone_reply_header(r, "Portone-Refund-Id",
                                            &ctx->refund_id);

    } else if (core->key_open && core->error == PORTONE_REFUND_IN_PROGRESS) {

        /* by it a client tells its own refund from another one of the order */

        rc |= ngx_http_portone_reply_copy(r, &ctx->refund_id,
                                          core->open.refund_id,
                                          ngx_strlen(core->open.refund_id));

        rc |= ngx_http_portone_reply_header(r, "Portone-Refund-Id",
                                            &ctx->refund_id);
    }

    if (core->has_code) {
        p = ngx_pnalloc(r->pool, NGX_INT64_LEN);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ctx->code.data = p;
        ctx->code.len = ngx_sprintf(p, "%L", core->code) - p;
    }

    if (core->error != PORTONE_NO_ERROR) {
        text = portone_error_word(core->error);

        ctx->error.data = (u_char *) text;
        ctx->error.len = ngx_strlen(text);

        message = portone_reply_message(core);

        rc |= ngx_http_portone_reply_copy(r, &ctx->message, message.data,
                                          message.len);
    }

    if (core->replayed) {
        ngx_str_set(&ctx->replayed, "true");

        rc |= ngx_http_portone_reply_header(r, "Idempotent-Replayed",
                                            &ctx->replayed);
    }

    return rc == NGX_OK ? NGX_OK : NGX_ERROR;
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


ngx_int_t
ngx_http_portone_reply_header(ngx_http_request_t *r, const char *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value = *value;
    h->lowcase_key = NULL;

    return NGX_OK;
}


static ngx_int_t
ngx_http_portone_reply_retry_after(ngx_http_request_t *r, time_t seconds)
{
    ngx_str_t  value;

    value.data = ngx_pnalloc(r->pool, NGX_TIME_T_LEN);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    value.len = ngx_sprintf(value.data, "%T", seconds) - value.data;

    return ngx_http_portone_reply_header(r, "Retry-After", &value);
}


/* nginx's own filter compares it with If-None-Match */

static ngx_int_t
ngx_http_portone_reply_etag(ngx_http_request_t *r, const char *text,
    size_t len)
{
    u_char            digest[16], *p;
    ngx_md5_t         md5;
    ngx_table_elt_t  *h;

    ngx_md5_init(&md5);
    ngx_md5_update(&md5, text, len);
    ngx_md5_final(digest, &md5);

    p = ngx_pnalloc(r->pool, 2 * sizeof(digest) + 2);
    if (p == NULL) {
        return NGX_ERROR;
    }

    p[0] = '"';
    ngx_hex_dump(p + 1, digest, sizeof(digest));
    p[2 * sizeof(digest) + 1] = '"';

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif
    ngx_str_set(&h->key, "ETag");
    h->value.len = 2 * sizeof(digest) + 2;
    h->value.data = p;
    h->lowcase_key = NULL;

    r->headers_out.etag = h;

    return NGX_OK;
}


/* text is freed; NULL: there was no memory for it */

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
