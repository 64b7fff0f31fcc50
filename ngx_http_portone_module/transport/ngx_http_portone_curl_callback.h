
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_CURL_CALLBACK_H_INCLUDED_
#define _NGX_HTTP_PORTONE_CURL_CALLBACK_H_INCLUDED_


#include "ngx_http_portone_curl_call.h"


/*
 * What libcurl calls in an exchange, as data: the request is sent once, the
 * answer is taken with a limit.
 * Private to ngx_http_portone_curl_call.c, which sets them.
 */

size_t ngx_http_portone_curl_callback_write_header(char *buf, size_t size,
    size_t n, void *data);
size_t ngx_http_portone_curl_callback_write(char *buf, size_t size, size_t n,
    void *data);
int ngx_http_portone_curl_callback_issue(void *data, char *ip,
    char *local_ip, int port, int local_port);
int ngx_http_portone_curl_callback_lookup(void *state, void *reserved,
    void *data);
curl_socket_t ngx_http_portone_curl_callback_socket(void *data,
    curlsocktype purpose, struct curl_sockaddr *addr);


#endif /* _NGX_HTTP_PORTONE_CURL_CALLBACK_H_INCLUDED_ */
