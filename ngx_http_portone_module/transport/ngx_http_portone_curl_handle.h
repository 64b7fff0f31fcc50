
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_CURL_HANDLE_H_INCLUDED_
#define _NGX_HTTP_PORTONE_CURL_HANDLE_H_INCLUDED_


#include "ngx_http_portone_curl.h"

#include <curl/curl.h>


/*
 * Easy handles that are used again: to make one and to set its options takes
 * longer than what libcurl does for a short exchange.  Private to
 * ngx_http_portone_curl.c.
 */


/* requests of one endpoint and one kind have most options in common */

typedef enum {
    NGX_HTTP_PORTONE_CURL_HANDLE_GET = 0,
    NGX_HTTP_PORTONE_CURL_HANDLE_POST
} ngx_http_portone_curl_handle_e;


typedef struct {
    CURL                           *easy;
    ngx_http_portone_api_server_t  *server;
    ngx_http_portone_curl_handle_e  kind;
    ngx_uint_t                      used;  /* its options are set */
} ngx_http_portone_curl_handle_t;


/*
 * ngx_http_portone_curl_handle_get() gives a handle for a call, kept or new;
 * NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_portone_curl_handle_get(ngx_http_portone_curl_handle_t *h,
    ngx_http_portone_call_t *t);

/* keeps a handle whose transfer was complete, and which libcurl has let go */
void ngx_http_portone_curl_handle_keep(ngx_http_portone_curl_handle_t *h);

/* frees those that are kept */
void ngx_http_portone_curl_handle_exit(void);


#endif /* _NGX_HTTP_PORTONE_CURL_HANDLE_H_INCLUDED_ */
