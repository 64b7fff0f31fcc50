
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_CURL_EVENT_H_INCLUDED_
#define _NGX_HTTP_PORTONE_CURL_EVENT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <curl/curl.h>


/*
 * libcurl's multi interface on nginx's events: the sockets and the timer of
 * one multi handle per process.  Private to ngx_http_portone_curl.c.
 */


typedef struct {

    /*
     * the transfer of easy has ended with code; called outside of libcurl,
     * may add and remove any handle
     */
    void                   (*done)(CURL *easy, CURLcode code);

    /*
     * no connection or event could be had for a socket of easy; called
     * within libcurl, must not call into it
     */
    void                   (*starved)(CURL *easy);

} ngx_http_portone_curl_event_handlers_t;


/*
 * ngx_http_portone_curl_event_init() makes the multi handle; the handlers are
 * static.  NGX_ERROR: logged.
 */
ngx_int_t ngx_http_portone_curl_event_init(ngx_log_t *log,
    ngx_http_portone_curl_event_handlers_t *handlers);

/* all the handles added must have been removed before */
void ngx_http_portone_curl_event_exit(void);

/*
 * ngx_http_portone_curl_event_add() starts the transfer of easy from the
 * event loop, never from inside this call.  NGX_ERROR: logged, easy was not
 * added.
 */
ngx_int_t ngx_http_portone_curl_event_add(CURL *easy, ngx_log_t *log);

/*
 * ngx_http_portone_curl_event_remove() ends the transfer of easy if it still
 * runs, done is not called.  NGX_ERROR: logged, easy must not be used again.
 */
ngx_int_t ngx_http_portone_curl_event_remove(CURL *easy, ngx_log_t *log);

/* how many connections, in use or idle, libcurl keeps before it closes one */
void ngx_http_portone_curl_event_connections(ngx_uint_t n);


#endif /* _NGX_HTTP_PORTONE_CURL_EVENT_H_INCLUDED_ */
