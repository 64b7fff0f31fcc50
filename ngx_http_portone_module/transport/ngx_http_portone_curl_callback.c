
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_curl_private.h"


/* bytes */
#define NGX_HTTP_PORTONE_ANSWER_SIZE  4096
#define NGX_HTTP_PORTONE_HEADER_MAX   65536


static ngx_uint_t ngx_http_portone_curl_callback_late(
    ngx_http_portone_curl_call_t *curl_call);
static ngx_uint_t ngx_http_portone_curl_callback_stale(
    ngx_http_portone_curl_call_t *curl_call, in_port_t local_port);


size_t
ngx_http_portone_curl_callback_write_header(char *buf, size_t size, size_t n,
    void *data)
{
    ngx_http_portone_curl_call_t  *curl_call = data;

    n *= size;

    /* libcurl limits the length of a line, and leaves their number to us */

    curl_call->header += n;

    if (curl_call->header > NGX_HTTP_PORTONE_HEADER_MAX) {
        curl_call->reason = "too large header in the answer";
        return 0;
    }

    /* an empty line ends it, but a 1xx is followed by another one */

    if (n > 0 && (buf[0] == CR || buf[0] == LF)) {
        curl_call->headed = 1;

    } else if (n >= 5 && ngx_strncmp(buf, "HTTP/", 5) == 0) {
        curl_call->headed = 0;
    }

    return n;
}


size_t
ngx_http_portone_curl_callback_write(char *buf, size_t size, size_t n,
    void *data)
{
    ngx_http_portone_curl_call_t  *curl_call = data;

    u_char     *p;
    size_t      answer_size;
    ngx_str_t  *answer;

    n *= size;
    answer = &curl_call->call->answer;

    if (n > NGX_HTTP_PORTONE_ANSWER_MAX - answer->len) {
        curl_call->reason = "too large answer";
        return 0;
    }

    if (n > curl_call->size - answer->len) {

        answer_size = ngx_max(curl_call->size, NGX_HTTP_PORTONE_ANSWER_SIZE);

        while (answer_size < answer->len + n) {
            answer_size *= 2;
        }

        p = ngx_pnalloc(curl_call->call->pool, answer_size);
        if (p == NULL) {
            curl_call->reason = "no memory for the answer";
            return 0;
        }

        if (answer->data) {
            ngx_memcpy(p, answer->data, answer->len);
            (void) ngx_pfree(curl_call->call->pool, answer->data);
        }

        answer->data = p;
        curl_call->size = answer_size;
    }

    ngx_memcpy(answer->data + answer->len, buf, n);
    answer->len += n;

    return n;
}


/*
 * A connection, new or kept, is ready, and the request is sent when this
 * returns.
 *
 * libcurl sends a request again by itself when a connection that it has reused
 * dies before the first byte of the answer (seen: a cancel arrived twice, and
 * the caller saw one 200).  Each sending begins here, so this stops the second
 * one.
 */

int
ngx_http_portone_curl_callback_issue(void *data, char *ip, char *local_ip,
    int port, int local_port)
{
    ngx_http_portone_curl_call_t  *curl_call = data;

    ngx_log_debug3(NGX_LOG_DEBUG_HTTP, curl_call->call->log, 0,
                   "portone exchange request: %p %s:%d", curl_call, ip, port);

    if (curl_call->call->once && ngx_http_portone_curl_call_sent(curl_call)) {
        return CURL_PREREQFUNC_ABORT;
    }

    ngx_http_portone_curl_call_unwait(curl_call);

    if (curl_call->call->once
        && ngx_http_portone_curl_callback_stale(curl_call,
                                                (in_port_t) local_port))
    {
        curl_call->reconnect = 1;
        return CURL_PREREQFUNC_ABORT;
    }

    if (curl_call->call->once
        && ngx_http_portone_curl_callback_late(curl_call))
    {
        curl_call->reason = "it is too late to send it";
        return CURL_PREREQFUNC_ABORT;
    }

    curl_call->issued = 1;

    ngx_http_portone_curl_call_connected(curl_call);

    return CURL_PREREQFUNC_OK;
}


/*
 * A process that was stopped for a while is unaware of it: a request that
 * leaves then could be executed after others have seen that it was not.
 */

static ngx_uint_t
ngx_http_portone_curl_callback_late(ngx_http_portone_curl_call_t *curl_call)
{
    ngx_time_update();

    return ngx_current_msec - curl_call->connect_start
           > curl_call->call->server->connect_timeout;
}


/*
 * 1: the connection was kept and PortOne has closed it, else there would be
 * nothing to read.  libcurl has a look before it uses one, but newer versions
 * (8.23.0) skip it if the last use was within a second, and the body would be
 * gone then.
 */

static ngx_uint_t
ngx_http_portone_curl_callback_stale(ngx_http_portone_curl_call_t *curl_call,
    in_port_t local_port)
{
    CURL             *easy;
    long              connects;
    u_char            c;
    ssize_t           n;
    socklen_t         len;
    curl_socket_t     s;
    ngx_sockaddr_t    sa;

    easy = curl_call->handle.easy;

    /* libcurl 7 has had a look */

    if (!ngx_http_portone_curl_call_recent
        || curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects)
           != CURLE_OK
        || connects != 0)
    {
        return 0;
    }

    if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &s) != CURLE_OK
        || s == CURL_SOCKET_BAD)
    {
        return 0;
    }

    /* it may be that of the request before, for which the handle was used */

    len = sizeof(ngx_sockaddr_t);

    if (getsockname(s, &sa.sockaddr, &len) == -1
        || ngx_inet_get_port(&sa.sockaddr) != local_port)
    {
        return 0;
    }

    n = recv(s, &c, 1, MSG_PEEK|MSG_DONTWAIT);

    if (n == -1 && (ngx_socket_errno == NGX_EAGAIN
                    || ngx_socket_errno == NGX_EINTR))
    {
        return 0;
    }

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, curl_call->call->log, 0,
                   "portone exchange stale connection: %p %z", curl_call, n);

    return 1;
}


int
ngx_http_portone_curl_callback_lookup(void *state, void *reserved, void *data)
{
    return 1;
}


curl_socket_t
ngx_http_portone_curl_callback_socket(void *data, curlsocktype purpose,
    struct curl_sockaddr *addr)
{
    ngx_http_portone_curl_call_t  *curl_call = data;

    ngx_err_t      err;
    curl_socket_t  s;

    ngx_http_portone_curl_call_unwait(curl_call);

    s = ngx_http_portone_curl_socket_open(addr);

    if (s != CURL_SOCKET_BAD) {
        return s;
    }

    err = ngx_socket_errno;

    if (err == 0) {
        curl_call->no_resources = 1;
        curl_call->reason = "worker_connections are not enough";
        return CURL_SOCKET_BAD;
    }

    ngx_log_error(NGX_LOG_ALERT, curl_call->call->log, err,
                  ngx_socket_n " failed");

    if (err == NGX_EMFILE || err == NGX_ENFILE) {
        curl_call->no_resources = 1;
        curl_call->reason = "too many open files";
    }

    return CURL_SOCKET_BAD;
}
