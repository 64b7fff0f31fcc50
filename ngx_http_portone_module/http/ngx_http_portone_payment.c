
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_payment.h"
#include "ngx_http_portone_body.h"
#include "ngx_http_portone_export.h"
#include "ngx_http_portone_flow.h"
#include "ngx_http_portone_import.h"
#include "ngx_http_portone_register.h"
#include "ngx_http_portone_reply.h"
#include "ngx_http_portone_review.h"
#include "portone_uid.h"


static ngx_int_t ngx_http_portone_payment_read(ngx_http_request_t *r,
    ngx_http_portone_target_t *target);
static ngx_int_t ngx_http_portone_payment_start(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow);
static ngx_int_t ngx_http_portone_payment_post(ngx_http_request_t *r,
    ngx_http_portone_target_t *target);
static ngx_int_t ngx_http_portone_payment_sync(ngx_http_request_t *r,
    ngx_http_portone_target_t *target);
static const char *ngx_http_portone_payment_allow(ngx_http_request_t *r,
    ngx_http_portone_target_t *target);
static ngx_uint_t ngx_http_portone_payment_named(
    ngx_http_portone_target_t *target);
static void ngx_http_portone_payment_action(ngx_http_request_t *r,
    ngx_http_portone_target_t *target, ngx_str_t *path);
static ngx_int_t ngx_http_portone_payment_imp_uid(ngx_http_request_t *r,
    ngx_http_portone_target_t *target, const char **field);


ngx_int_t
ngx_http_portone_payment_handler(ngx_http_request_t *r)
{
    ngx_int_t                     rc;
    const char                   *field;
    ngx_http_portone_target_t     target;
    ngx_http_portone_loc_conf_t  *plcf;

    if (r != r->main) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "portone_payment does not serve subrequests");
        return NGX_HTTP_FORBIDDEN;
    }

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_portone_module);

    if (r->method != NGX_HTTP_GET && r->method != NGX_HTTP_HEAD
        && !plcf->payment_write)
    {
        return ngx_http_portone_body_refuse(r, PORTONE_METHOD_NOT_ALLOWED,
                                            NULL, "GET, HEAD");
    }

    rc = ngx_http_portone_payment_target(r, &target, &field);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* what is not allowed at all is told as that */

    if (rc == NGX_DECLINED
        && (r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD
                         |NGX_HTTP_PUT|NGX_HTTP_POST)))
    {
        return ngx_http_portone_body_refuse(r, PORTONE_INVALID_REQUEST,
                                            field, NULL);
    }

    switch (r->method) {

    case NGX_HTTP_GET:
    case NGX_HTTP_HEAD:
        return ngx_http_portone_payment_read(r, &target);

    case NGX_HTTP_POST:
        return ngx_http_portone_payment_post(r, &target);

    case NGX_HTTP_PUT:

        if (target.merchant_uid.len) {
            return ngx_http_portone_register(r, &target.merchant_uid);
        }

        break;
    }

    return ngx_http_portone_body_refuse(r, PORTONE_METHOD_NOT_ALLOWED,
                             NULL, ngx_http_portone_payment_allow(r, &target));
}


static ngx_int_t
ngx_http_portone_payment_read(ngx_http_request_t *r,
    ngx_http_portone_target_t *target)
{
    ngx_int_t                     rc;
    ngx_http_portone_flow_t      *flow;
    ngx_http_portone_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_portone_module);

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    if (!ngx_http_portone_payment_named(target)) {

        if (plcf->payment_write && ngx_http_portone_export_wanted(r)) {
            return ngx_http_portone_export(r);
        }

        return ngx_http_portone_reply_error(r, PORTONE_INVALID_REQUEST,
                                            "merchant_uid", NULL);
    }

    flow = ngx_http_portone_flow_reading(r, &target->merchant_uid,
                                         &target->imp_uid,
                                         ngx_http_portone_reply_payment);

    return ngx_http_portone_payment_start(r, flow);
}


/* NULL: there was no memory for it */

static ngx_int_t
ngx_http_portone_payment_start(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow)
{
    if (flow == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->main->count++;

    ngx_http_portone_flow_start(flow);

    return NGX_DONE;
}


static ngx_int_t
ngx_http_portone_payment_post(ngx_http_request_t *r,
    ngx_http_portone_target_t *target)
{
    static ngx_str_t  ndjson = ngx_string("application/x-ndjson");

    if (target->refund_id.len) {
        return ngx_http_portone_review(r);
    }

    if (target->sync) {
        return ngx_http_portone_payment_sync(r, target);
    }

    if (ngx_http_portone_payment_named(target)) {
        return ngx_http_portone_body_refuse(r, PORTONE_METHOD_NOT_ALLOWED,
                              NULL, ngx_http_portone_payment_allow(r, target));
    }

    if (ngx_http_portone_body_type(r, &ndjson) != NGX_OK) {
        return ngx_http_portone_body_refuse(r, PORTONE_UNSUPPORTED_MEDIA_TYPE,
                                            NULL, NULL);
    }

    return ngx_http_portone_import(r);
}


static ngx_int_t
ngx_http_portone_payment_sync(ngx_http_request_t *r,
    ngx_http_portone_target_t *target)
{
    ngx_int_t                     rc;
    ngx_http_portone_flow_t      *flow;
    ngx_http_portone_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_portone_module);

    if (!plcf->fetch) {

        /* here PortOne is not asked, there may be no keys */

        return ngx_http_portone_body_refuse(r, PORTONE_METHOD_NOT_ALLOWED,
                              NULL, ngx_http_portone_payment_allow(r, target));
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    flow = ngx_http_portone_flow_sync(r, &target->merchant_uid,
                                      &target->imp_uid,
                                      ngx_http_portone_reply_payment);

    return ngx_http_portone_payment_start(r, flow);
}


/* where writing is allowed */

static const char *
ngx_http_portone_payment_allow(ngx_http_request_t *r,
    ngx_http_portone_target_t *target)
{
    ngx_str_t                     path;
    ngx_http_core_loc_conf_t     *clcf;
    ngx_http_portone_target_t     post;
    ngx_http_portone_loc_conf_t  *plcf;

    if (!ngx_http_portone_payment_named(target)) {
        return "GET, HEAD, POST";
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_portone_module);

    path.data = r->uri.data + clcf->name.len;
    path.len = r->uri.len - clcf->name.len;

    post = *target;
    post.sync = 0;
    post.refund_id.len = 0;

    ngx_http_portone_payment_action(r, &post, &path);

    if ((post.sync && plcf->fetch) || post.refund_id.len) {
        return target->merchant_uid.len ? "GET, HEAD, PUT, POST"
                                        : "GET, HEAD, POST";
    }

    return target->merchant_uid.len ? "GET, HEAD, PUT" : "GET, HEAD";
}


static ngx_uint_t
ngx_http_portone_payment_named(ngx_http_portone_target_t *target)
{
    return target->merchant_uid.len || target->imp_uid.len;
}


ngx_int_t
ngx_http_portone_payment_target(ngx_http_request_t *r,
    ngx_http_portone_target_t *target, const char **field)
{
    ngx_int_t                  rc;
    ngx_str_t                  path;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    ngx_memzero(target, sizeof(ngx_http_portone_target_t));

    rc = ngx_http_portone_payment_imp_uid(r, target, field);

    if (rc != NGX_OK) {
        return rc;
    }

    if (r->uri.len <= clcf->name.len) {
        return NGX_OK;
    }

    path.data = r->uri.data + clcf->name.len;
    path.len = r->uri.len - clcf->name.len;

    if (r->method == NGX_HTTP_POST) {
        ngx_http_portone_payment_action(r, target, &path);
    }

    target->merchant_uid.data = (char *) path.data;
    target->merchant_uid.len = path.len;

    if (path.len == 0 && target->imp_uid.len) {
        return NGX_OK;
    }

    if (!portone_uid_valid(&target->merchant_uid, PORTONE_MERCHANT_UID_MAX)) {
        *field = "merchant_uid";
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/*
 * Takes "/sync" or "/refunds/{refund_id}" off the end of the path.  An order
 * can end like this itself: it is always the last that is taken off, so each
 * order can be named.
 */

static void
ngx_http_portone_payment_action(ngx_http_request_t *r,
    ngx_http_portone_target_t *target, ngx_str_t *path)
{
    u_char     *p;
    size_t      len;
    ngx_str_t  *name;

    static ngx_str_t  sync = ngx_string("sync");
    static ngx_str_t  refunds = ngx_string("refunds/");

    p = path->data + path->len;
    name = &sync;

    if (path->len > refunds.len + PORTONE_REFUND_ID_LEN - 1
        && ngx_strncmp(p - PORTONE_REFUND_ID_LEN - refunds.len, refunds.data,
                       refunds.len)
           == 0)
    {
        name = &refunds;
        p -= PORTONE_REFUND_ID_LEN;

    } else if (path->len < sync.len
               || ngx_strncmp(p - sync.len, sync.data, sync.len) != 0)
    {
        return;
    }

    len = p - path->data - name->len;

    /* an order before it, or one that ?imp_uid= names */

    if (len ? (len == 1 || path->data[len - 1] != '/')
            : target->imp_uid.len == 0)
    {
        return;
    }

    if (name == &sync) {
        target->sync = 1;

    } else {
        target->refund_id.data = (char *) p;
        target->refund_id.len = PORTONE_REFUND_ID_LEN;
    }

    path->len = len ? len - 1 : 0;
}


static ngx_int_t
ngx_http_portone_payment_imp_uid(ngx_http_request_t *r,
    ngx_http_portone_target_t *target, const char **field)
{
    u_char     *p, *src, *dst;
    ngx_str_t   arg;

    if (ngx_http_arg(r, (u_char *) "imp_uid", sizeof("imp_uid") - 1, &arg)
        != NGX_OK)
    {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, arg.len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    src = arg.data;
    dst = p;

    ngx_unescape_uri(&dst, &src, arg.len, 0);

    target->imp_uid.data = (char *) p;
    target->imp_uid.len = dst - p;

    if (!portone_uid_valid(&target->imp_uid, PORTONE_IMP_UID_MAX)) {
        *field = "imp_uid";
        return NGX_DECLINED;
    }

    return NGX_OK;
}
