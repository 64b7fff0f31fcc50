
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_CURL_H_INCLUDED_
#define _NGX_HTTP_PORTONE_CURL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "portone_flow.h"


/*
 * The transport: one HTTP call to PortOne on nginx's event loop.  libcurl is
 * known in this folder only, so that it can be replaced.
 */


/*
 * Where and how to call; made when the configuration is read, lives as long
 * as the configuration cycle.
 */

typedef struct ngx_http_portone_api_server_s {
    ngx_str_t                            url;    /* "https://host[:port][/p]",
                                                    without a trailing slash,
                                                    NUL-terminated */
    ngx_str_t                            host;   /* NUL-terminated */
    in_port_t                            port;
    ngx_str_t                            addrs;  /* "addr[,addr]" as libcurl's
                                                    RESOLVE list wants them;
                                                    empty: use the resolver */
    ngx_resolver_t                      *resolver;
    ngx_msec_t                           resolver_timeout;
    ngx_msec_t                           connect_timeout;
    ngx_msec_t                           read_timeout;
    ngx_str_t                            ssl_trusted_certificate;
                                                 /* NUL-terminated or empty:
                                                    the system's */
    unsigned                             ssl:1;
    unsigned                             ssl_verify:1;
} ngx_http_portone_api_server_t;


typedef struct ngx_http_portone_call_s  ngx_http_portone_call_t;

typedef void (*ngx_http_portone_call_pt)(ngx_http_portone_call_t *call);

struct ngx_http_portone_call_s {

    /* set by the caller; all of it must live until the handler is called */

    ngx_http_portone_api_server_t       *server;
    ngx_pool_t                          *pool;
    ngx_log_t                           *log;
    ngx_str_t                            path;   /* "/payments/cancel", with
                                                    arguments, escaped */
    ngx_str_t                            body;   /* JSON; empty: GET */
    ngx_str_t                            authorization;   /* or empty */
    ngx_str_t                            tier;            /* or empty */
    ngx_http_portone_call_pt             handler;
    void                                *data;
    ngx_uint_t                           kind;   /* the caller's: which of
                                                    PortOne's calls it is */

    /* the body leaves at most once, whatever happens to the connection */
    unsigned                             once:1;

    /* the result, valid in the handler and after it */

    portone_call_e                       outcome;
    ngx_uint_t                           status;          /* HTTP */
    ngx_str_t                            answer;          /* in pool */
    ngx_msec_t                           time;            /* spent, ms */
    const char                          *reason;          /* for the log,
                                                             always set, in
                                                             pool or static */
    /* private */
    void                                *private;
};


/* the most that an answer may have, bytes; a longer one is no answer */
#define NGX_HTTP_PORTONE_ANSWER_MAX  (1024 * 1024)


/*
 * ngx_http_portone_curl_init() is called in each worker after the fork,
 * keepalive is the number of idle connections kept; NGX_ERROR: logged, and
 * every submit ends as PORTONE_CALL_OVERLOADED.
 */
ngx_int_t ngx_http_portone_curl_init(ngx_cycle_t *cycle, ngx_uint_t keepalive);
void ngx_http_portone_curl_exit(ngx_cycle_t *cycle);

/*
 * ngx_http_portone_curl_check() looks at the version of the libcurl that is
 * loaded: NGX_ERROR and an [emerg] line for a version that is refused, a
 * [warn] line for one with known defects.
 */
ngx_int_t ngx_http_portone_curl_check(ngx_log_t *log);

/*
 * ngx_http_portone_curl_submit() starts the call.  The handler is called
 * exactly once, always from the event loop, after submit has returned.  While
 * the call runs, the worker stays on reload.
 */
void ngx_http_portone_curl_submit(ngx_http_portone_call_t *call);


#endif /* _NGX_HTTP_PORTONE_CURL_H_INCLUDED_ */
