
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_path.h"
#include "portone_ledger.h"
#include "portone_uid.h"


static void ngx_http_portone_path_rest(ngx_http_request_t *r,
    ngx_str_t *rest);
static void ngx_http_portone_path_action(ngx_http_portone_path_t *path,
    ngx_str_t *rest);
static ngx_int_t ngx_http_portone_path_imp_uid(ngx_http_request_t *r,
    ngx_http_portone_path_t *path, const char **field);


ngx_int_t
ngx_http_portone_path_parse(ngx_http_request_t *r,
    ngx_http_portone_path_t *path, const char **field)
{
    ngx_int_t  rc;
    ngx_str_t  rest;

    ngx_memzero(path, sizeof(ngx_http_portone_path_t));

    rc = ngx_http_portone_path_imp_uid(r, path, field);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_portone_path_rest(r, &rest);

    if (rest.len == 0) {
        return NGX_OK;
    }

    if (r->method == NGX_HTTP_POST) {
        ngx_http_portone_path_action(path, &rest);
    }

    path->merchant_uid.data = (char *) rest.data;
    path->merchant_uid.len = rest.len;

    if (rest.len == 0 && path->imp_uid.len) {
        return NGX_OK;
    }

    if (!portone_uid_valid(&path->merchant_uid, PORTONE_MERCHANT_UID_MAX)) {
        *field = "merchant_uid";
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* the part of the address behind the location's prefix */

static void
ngx_http_portone_path_rest(ngx_http_request_t *r, ngx_str_t *rest)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    rest->len = (r->uri.len > clcf->name.len) ? r->uri.len - clcf->name.len
                                              : 0;
    rest->data = r->uri.data + r->uri.len - rest->len;
}


ngx_uint_t
ngx_http_portone_path_named(ngx_http_portone_path_t *path)
{
    return path->merchant_uid.len || path->imp_uid.len;
}


const char *
ngx_http_portone_path_allow(ngx_http_request_t *r,
    ngx_http_portone_path_t *path)
{
    ngx_str_t                     rest;
    ngx_http_portone_path_t       post;
    ngx_http_portone_loc_conf_t  *plcf;

    if (!ngx_http_portone_path_named(path)) {
        return "GET, HEAD, POST";
    }

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_portone_module);

    post = *path;
    post.sync = 0;
    post.refund_id.len = 0;

    ngx_http_portone_path_rest(r, &rest);
    ngx_http_portone_path_action(&post, &rest);

    if ((post.sync && plcf->fetch) || post.refund_id.len) {
        return path->merchant_uid.len ? "GET, HEAD, PUT, POST"
                                      : "GET, HEAD, POST";
    }

    return path->merchant_uid.len ? "GET, HEAD, PUT" : "GET, HEAD";
}


/*
 * Takes "/sync" or "/refunds/{refund_id}" off the end of the rest.  An order
 * can end like this itself: only the last one is taken off, so each order can
 * be named.
 */

static void
ngx_http_portone_path_action(ngx_http_portone_path_t *path, ngx_str_t *rest)
{
    u_char     *p;
    size_t      len;
    ngx_str_t  *name;

    static ngx_str_t  sync = ngx_string("sync");
    static ngx_str_t  refunds = ngx_string("refunds/");

    p = rest->data + rest->len;
    name = &sync;

    if (rest->len > refunds.len + PORTONE_REFUND_ID_LEN - 1
        && ngx_strncmp(p - PORTONE_REFUND_ID_LEN - refunds.len, refunds.data,
                       refunds.len)
           == 0)
    {
        name = &refunds;
        p -= PORTONE_REFUND_ID_LEN;

    } else if (rest->len < sync.len
               || ngx_strncmp(p - sync.len, sync.data, sync.len) != 0)
    {
        return;
    }

    len = p - rest->data - name->len;

    /* an order goes before the action, or ?imp_uid= names the payment */

    if (len ? (len == 1 || rest->data[len - 1] != '/')
            : path->imp_uid.len == 0)
    {
        return;
    }

    if (name == &sync) {
        path->sync = 1;

    } else {
        path->refund_id.data = (char *) p;
        path->refund_id.len = PORTONE_REFUND_ID_LEN;
    }

    rest->len = len ? len - 1 : 0;
}


static ngx_int_t
ngx_http_portone_path_imp_uid(ngx_http_request_t *r,
    ngx_http_portone_path_t *path, const char **field)
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

    path->imp_uid.data = (char *) p;
    path->imp_uid.len = dst - p;

    if (!portone_uid_valid(&path->imp_uid, PORTONE_IMP_UID_MAX)) {
        *field = "imp_uid";
        return NGX_DECLINED;
    }

    return NGX_OK;
}
