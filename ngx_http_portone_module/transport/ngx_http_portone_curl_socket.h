
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_CURL_SOCKET_H_INCLUDED_
#define _NGX_HTTP_PORTONE_CURL_SOCKET_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <curl/curl.h>


/*
 * libcurl's sockets as connections of nginx.  libcurl stops watching a socket
 * at the end of each transfer, and watches it again for the next one.  In
 * between it is parked here: it stays registered, which saves two system
 * calls of each transfer.
 *
 * Private to ngx_http_portone_curl*.c and ngx_http_portone_exchange*.c.
 */


/* the handler is that of all sockets, multi the handle they belong to */
void ngx_http_portone_curl_socket_init(CURLM *multi,
    ngx_event_handler_pt handler);

/* to be called when libcurl has closed all of its sockets */
void ngx_http_portone_curl_socket_exit(void);

/*
 * ngx_http_portone_curl_socket_watch() does what libcurl's socket callback is
 * told; c is what it has assigned to the socket.  NGX_ERROR: there is no
 * connection, or no event, for it.
 */
ngx_int_t ngx_http_portone_curl_socket_watch(curl_socket_t s, int what,
    ngx_connection_t *c);

/*
 * Whether nobody waits for the event that has come for c, because c was
 * parked: it is let go, and c must not be used any more.
 */
ngx_uint_t ngx_http_portone_curl_socket_unpark(ngx_connection_t *c);

/*
 * The callbacks that open and close a socket.  Only what is opened and closed
 * by them is parked: the number of a socket that is closed is soon that of
 * another, which would be taken for the one that is parked.  -1: nginx has no
 * connection for it if errno is 0, otherwise socket() has failed.
 */
curl_socket_t ngx_http_portone_curl_socket_open(struct curl_sockaddr *addr);
int ngx_http_portone_curl_socket_close(void *data, curl_socket_t s);

/* how many connections nginx has for sockets, at the expense of parked ones */
ngx_uint_t ngx_http_portone_curl_socket_available(void);


#endif /* _NGX_HTTP_PORTONE_CURL_SOCKET_H_INCLUDED_ */
