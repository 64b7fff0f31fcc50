
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_handlers.h"
#include "ngx_http_portone_body.h"
#include "ngx_http_portone_flow.h"
#include "ngx_http_portone_path.h"
#include "ngx_http_portone_reply.h"


static ngx_int_t ngx_http_portone_payment_read(ngx_http_request_t *r,
    ngx_http_portone_path_t *path);
static ngx_int_t ngx_http_portone_payment_post(ngx_http_request_t *r,
    ngx_http_portone_path_t *path);
static ngx_int_t ngx_http_portone_payment_sync(ngx_http_request_t *r,
    ngx_http_portone_path_t *path);
static ngx_int_t ngx_http_portone_payment_start(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow);
static ngx_int_t ngx_http_portone_payment_method(ngx_http_request_t *r,
    ngx_http_portone_path_t *path);


ngx_int_t
ngx_http_portone_payment_handler(ngx_http_request_t *r)
{
    ngx_int_t                     rc;
    const char                   *field;
    ngx_http_portone_path_t       path;
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

    rc = ngx_http_portone_path_parse(r, &path, &field);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* 405 goes before 400 */

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
        return ngx_http_portone_payment_read(r, &path);

    case NGX_HTTP_POST:
        return ngx_http_portone_payment_post(r, &path);

    case NGX_HTTP_PUT:

        if (path.merchant_uid.len) {
            return ngx_http_portone_register(r, &path.merchant_uid);
        }

        break;
    }

    return ngx_http_portone_payment_method(r, &path);
}


static ngx_int_t
ngx_http_portone_payment_read(ngx_http_request_t *r,
    ngx_http_portone_path_t *path)
{
    ngx_int_t                     rc;
    ngx_http_portone_flow_t      *flow;
    ngx_http_portone_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_portone_module);

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    if (!ngx_http_portone_path_named(path)) {

        if (plcf->payment_write && ngx_http_portone_export_wanted(r)) {
            return ngx_http_portone_export(r);
        }

        return ngx_http_portone_reply_error(r, PORTONE_INVALID_REQUEST,
                                            "merchant_uid", NULL);
    }

    flow = ngx_http_portone_flow_create_reading(r, &path->merchant_uid,
                                                &path->imp_uid,
                                              ngx_http_portone_reply_payment);

    return ngx_http_portone_payment_start(r, flow);
}


static ngx_int_t
ngx_http_portone_payment_post(ngx_http_request_t *r,
    ngx_http_portone_path_t *path)
{
    static ngx_str_t  ndjson = ngx_string("application/x-ndjson");

    if (path->refund_id.len) {
        return ngx_http_portone_review(r);
    }

    if (path->sync) {
        return ngx_http_portone_payment_sync(r, path);
    }

    if (ngx_http_portone_path_named(path)) {
        return ngx_http_portone_payment_method(r, path);
    }

    if (ngx_http_portone_body_type(r, &ndjson) != NGX_OK) {
        return ngx_http_portone_body_refuse(r, PORTONE_UNSUPPORTED_MEDIA_TYPE,
                                            NULL, NULL);
    }

    return ngx_http_portone_import(r);
}


static ngx_int_t
ngx_http_portone_payment_sync(ngx_http_request_t *r,
    ngx_http_portone_path_t *path)
{
    ngx_int_t                     rc;
    ngx_http_portone_flow_t      *flow;
    ngx_http_portone_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_portone_module);

    if (!plcf->fetch) {

        /* with "portone_fetch off" the location may lack keys for PortOne */

        return ngx_http_portone_payment_method(r, path);
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    flow = ngx_http_portone_flow_create_sync(r, &path->merchant_uid,
                                             &path->imp_uid,
                                             ngx_http_portone_reply_payment);

    return ngx_http_portone_payment_start(r, flow);
}


/* flow == NULL: there was no memory */

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
ngx_http_portone_payment_method(ngx_http_request_t *r,
    ngx_http_portone_path_t *path)
{
    return ngx_http_portone_body_refuse(r, PORTONE_METHOD_NOT_ALLOWED, NULL,
                                        ngx_http_portone_path_allow(r, path));
}
