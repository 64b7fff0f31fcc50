
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_CURL_RESOLVE_H_INCLUDED_
#define _NGX_HTTP_PORTONE_CURL_RESOLVE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* One name lookup through nginx's resolver. */


typedef struct ngx_http_portone_curl_resolve_s  ngx_http_portone_curl_resolve_t;

typedef void (*ngx_http_portone_curl_resolve_pt)(
    ngx_http_portone_curl_resolve_t *r);

struct ngx_http_portone_curl_resolve_s {

    /* set by the caller; all of it must live until the handler is called */

    ngx_resolver_t               *resolver;   /* NULL: none is configured */
    ngx_str_t                     name;
    ngx_msec_t                    timeout;
    ngx_pool_t                   *pool;

    /*
     * called when ngx_http_portone_curl_resolve() has returned NGX_AGAIN.  The
     * resolver still walks through its waiters then: a handler must not stop
     * any other lookup.
     */
    ngx_http_portone_curl_resolve_pt  handler;
    void                             *data;

    /* the result */

    ngx_str_t                     addrs;      /* "addr[,addr]", in pool;
                                                 empty: failed */
    const char                   *reason;     /* of a failure, static */

    /* private */
    ngx_resolver_ctx_t           *ctx;
    unsigned                      started:1;
};


/* the most addresses of a name that are used */
#define NGX_HTTP_PORTONE_CURL_RESOLVE_MAX  16


/*
 * ngx_http_portone_curl_resolve() starts the lookup.  NGX_OK: addrs is set;
 * NGX_AGAIN: the handler will be called; NGX_ERROR: reason is set.
 */
ngx_int_t ngx_http_portone_curl_resolve(ngx_http_portone_curl_resolve_t *r);

/* ngx_http_portone_curl_resolve_stop() ends a lookup, if one is under way */
void ngx_http_portone_curl_resolve_stop(ngx_http_portone_curl_resolve_t *r);


#endif /* _NGX_HTTP_PORTONE_CURL_RESOLVE_H_INCLUDED_ */
