
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_CURL_CALL_H_INCLUDED_
#define _NGX_HTTP_PORTONE_CURL_CALL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#include "ngx_http_portone_curl.h"
#include "ngx_http_portone_curl_handle.h"
#include "ngx_http_portone_curl_resolve.h"


/*
 * A transfer as libcurl sees it: the options of its handle, the callbacks,
 * the outcome.  Private to ngx_http_portone_curl.c.
 */


typedef struct {
    ngx_http_portone_call_t        *transfer;
    ngx_http_portone_curl_handle_t  handle;
    const char                     *reason;  /* of a failure found here */

    ngx_queue_t                      queue;
    ngx_queue_t                      doomed_queue;
    ngx_event_t                      guard;
    ngx_msec_t                       start;
    ngx_http_portone_curl_resolve_t  resolve;

    /*
     * libcurl gets one address at a time: 7.88.1 goes on to the next one only
     * when some later timeout wakes it up
     */
    ngx_str_t                     addrs;     /* left to be tried */
    ngx_str_t                     tried;     /* those before the last try */
    ngx_msec_t                    connect_start;

    /* counts the exchanges that have no socket yet, NULL when it has one */
    ngx_uint_t                   *waiting;

    struct curl_slist            *headers;
    struct curl_slist             address;

    size_t                        size;      /* of the answer's buffer */
    size_t                        header;    /* bytes of it received */

    ngx_uint_t                    puts;      /* of addresses, with its own or
                                                when it was found listed */

    unsigned                      added:1;   /* to the multi handle */
    unsigned                      doomed:1;  /* in the doomed queue */
    unsigned                      issued:1;  /* the request was given to
                                                libcurl to send */
    unsigned                      starved:1; /* short of our own resources */
    unsigned                      reuse:1;   /* the connection may be kept */
    unsigned                      stale:1;   /* the one that was kept is over */
    unsigned                      headed:1;  /* the answer's header is over */
    unsigned                      listed:1;  /* libcurl has its address from
                                                another exchange */
    unsigned                      complete:1;    /* to libcurl */

    char                          error[CURL_ERROR_SIZE];
} ngx_http_portone_curl_call_t;


/* libcurl 8 or newer is loaded */
extern ngx_uint_t  ngx_http_portone_curl_call_recent;


/* ngx_http_portone_curl_call_init() is called once per process */
void ngx_http_portone_curl_call_init(void);

/* whether the path and headers can be sent as they are */
ngx_int_t ngx_http_portone_curl_call_valid(ngx_http_portone_call_t *t);

/*
 * ngx_http_portone_curl_call_setup() sets the options of x->handle for the
 * first of x->addrs, and takes it off them; what the options refer to is in
 * the pool of the transfer or static.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_portone_curl_call_setup(ngx_http_portone_curl_call_t *x);

/*
 * whether the next address, or the same with a new connection, can be tried:
 * no connection was ready yet and the time to connect is not over
 */
ngx_uint_t ngx_http_portone_curl_call_more(ngx_http_portone_curl_call_t *x,
    CURLcode code);

/* whether PortOne can have got the request */
ngx_uint_t ngx_http_portone_curl_call_sent(ngx_http_portone_curl_call_t *x);

/* x has a connection: what libcurl knows of its address is right */
void ngx_http_portone_curl_call_connected(ngx_http_portone_curl_call_t *x);

/* x has, or no longer needs, a socket */
void ngx_http_portone_curl_call_unwait(ngx_http_portone_curl_call_t *x);

/* ngx_http_portone_curl_call_result() sets the result of the transfer */
void ngx_http_portone_curl_call_result(ngx_http_portone_curl_call_t *x,
    CURLcode code);


#endif /* _NGX_HTTP_PORTONE_CURL_CALL_H_INCLUDED_ */
