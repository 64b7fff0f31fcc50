
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_curl_private.h"


static void ngx_http_portone_curl_resolve_handler(ngx_resolver_ctx_t *ctx);
static ngx_int_t ngx_http_portone_curl_resolve_addrs(
    ngx_http_portone_curl_resolve_t *r, ngx_resolver_ctx_t *ctx);


ngx_int_t
ngx_http_portone_curl_resolve(ngx_http_portone_curl_resolve_t *r)
{
    ngx_resolver_ctx_t  *ctx;

    r->ctx = NULL;
    r->started = 0;

    r->addrs.len = 0;
    r->addrs.data = NULL;

    r->reason = "no resolver is defined";

    if (r->resolver == NULL) {
        return NGX_ERROR;
    }

    ctx = ngx_resolve_start(r->resolver, NULL);

    if (ctx == NGX_NO_RESOLVER) {
        return NGX_ERROR;
    }

    if (ctx == NULL) {
        r->reason = "no memory";
        return NGX_ERROR;
    }

    ctx->name = r->name;
    ctx->handler = ngx_http_portone_curl_resolve_handler;
    ctx->data = r;
    ctx->timeout = ngx_max(r->timeout, 1);    /* 0 would turn it off */

    r->ctx = ctx;

    /* the handler is called from within when the answer is cached */

    if (ngx_resolve_name(ctx) != NGX_OK) {

        /* ngx_resolve_name() has freed ctx */

        r->ctx = NULL;
        r->reason = "it could not be started";

        return NGX_ERROR;
    }

    if (r->ctx) {
        r->started = 1;
        return NGX_AGAIN;
    }

    return r->addrs.len ? NGX_OK : NGX_ERROR;
}


void
ngx_http_portone_curl_resolve_stop(ngx_http_portone_curl_resolve_t *r)
{
    if (r->ctx) {
        ngx_resolve_name_done(r->ctx);
        r->ctx = NULL;
    }
}


static void
ngx_http_portone_curl_resolve_handler(ngx_resolver_ctx_t *ctx)
{
    ngx_http_portone_curl_resolve_t  *r = ctx->data;

    if (ctx->state != NGX_OK) {
        r->reason = ngx_resolver_strerror(ctx->state);

    } else if (ngx_http_portone_curl_resolve_addrs(r, ctx) != NGX_OK) {
        r->reason = "no memory";
    }

    ngx_resolve_name_done(ctx);
    r->ctx = NULL;

    if (r->started) {
        r->handler(r);
    }
}


static ngx_int_t
ngx_http_portone_curl_resolve_addrs(ngx_http_portone_curl_resolve_t *r,
    ngx_resolver_ctx_t *ctx)
{
    u_char      *p, *last;
    ngx_uint_t   i, n;

    n = ngx_min(ctx->naddrs, NGX_HTTP_PORTONE_CURL_RESOLVE_MAX);

    p = ngx_pnalloc(r->pool, n * (NGX_SOCKADDR_STRLEN + 1));
    if (p == NULL) {
        return NGX_ERROR;
    }

    r->addrs.data = p;
    last = p + n * (NGX_SOCKADDR_STRLEN + 1);

    for (i = 0; i < n; i++) {

        if (i > 0) {
            *p++ = ',';
        }

        /* brackets around an IPv6 address come only with a port */

        p += ngx_sock_ntop(ctx->addrs[i].sockaddr, ctx->addrs[i].socklen, p,
                           last - p, 0);
    }

    r->addrs.len = p - r->addrs.data;

    return NGX_OK;
}
