
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_curl_private.h"


typedef struct {
    CURLM                                   *multi;
    ngx_http_portone_curl_event_handlers_t  *handlers;
    ngx_event_t                              timer;
    ngx_event_t                              kick;
} ngx_http_portone_curl_event_t;


static int ngx_http_portone_curl_event_socket(CURL *easy, curl_socket_t s,
    int what, void *data, void *socket_data);
static int ngx_http_portone_curl_event_timeout(CURLM *multi, long timeout,
    void *data);
static void ngx_http_portone_curl_event_stop(ngx_event_t *ev);
static void ngx_http_portone_curl_event_io_handler(ngx_event_t *ev);
static void ngx_http_portone_curl_event_timer_handler(ngx_event_t *ev);
static void ngx_http_portone_curl_event_action(curl_socket_t s, int mask);
static void ngx_http_portone_curl_event_clear_error(void);


static ngx_http_portone_curl_event_t  ngx_http_portone_curl_event;


ngx_int_t
ngx_http_portone_curl_event_init(ngx_log_t *log,
    ngx_http_portone_curl_event_handlers_t *handlers)
{
    CURLM                          *multi;
    ngx_http_portone_curl_event_t  *ce;

    ce = &ngx_http_portone_curl_event;

    multi = curl_multi_init();
    if (multi == NULL) {
        ngx_log_error(NGX_LOG_EMERG, log, 0, "curl_multi_init() failed");
        return NGX_ERROR;
    }

    if (curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION,
                          ngx_http_portone_curl_event_socket)
        != CURLM_OK
        || curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION,
                             ngx_http_portone_curl_event_timeout)
           != CURLM_OK
        || curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING)
           != CURLM_OK)
    {
        ngx_log_error(NGX_LOG_EMERG, log, 0, "curl_multi_setopt() failed");
        (void) curl_multi_cleanup(multi);
        return NGX_ERROR;
    }

    ngx_memzero(ce, sizeof(ngx_http_portone_curl_event_t));

    ce->multi = multi;
    ce->handlers = handlers;

    ngx_http_portone_curl_socket_init(multi,
                                      ngx_http_portone_curl_event_io_handler);

    /*
     * libcurl sets timeouts for idle work too: a worker that leaves must go
     * without them, and a call has a timer of its own
     */
    ce->timer.handler = ngx_http_portone_curl_event_timer_handler;
    ce->timer.data = ce;
    ce->timer.log = log;
    ce->timer.cancelable = 1;

    ce->kick.handler = ngx_http_portone_curl_event_timer_handler;
    ce->kick.data = ce;
    ce->kick.log = log;

    return NGX_OK;
}


void
ngx_http_portone_curl_event_exit(void)
{
    ngx_http_portone_curl_event_t  *ce;

    ce = &ngx_http_portone_curl_event;

    if (ce->multi == NULL) {
        return;
    }

    /* closes the idle connections and may call the socket function */

    (void) curl_multi_cleanup(ce->multi);
    ngx_http_portone_curl_event_clear_error();

    ngx_http_portone_curl_socket_exit();

    ce->multi = NULL;

    ngx_http_portone_curl_event_stop(&ce->timer);
    ngx_http_portone_curl_event_stop(&ce->kick);
}


ngx_int_t
ngx_http_portone_curl_event_add(CURL *easy, ngx_log_t *log)
{
    CURLMcode  rc;

    /* only asks for a timeout of 0: the work begins in the event loop */

    rc = curl_multi_add_handle(ngx_http_portone_curl_event.multi, easy);

    if (rc != CURLM_OK) {
        ngx_log_error(NGX_LOG_ALERT, log, 0,
                      "curl_multi_add_handle() failed: %s",
                      curl_multi_strerror(rc));
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_portone_curl_event_remove(CURL *easy, ngx_log_t *log)
{
    CURLMcode  rc;

    rc = curl_multi_remove_handle(ngx_http_portone_curl_event.multi, easy);
    ngx_http_portone_curl_event_clear_error();

    if (rc != CURLM_OK) {
        ngx_log_error(NGX_LOG_ALERT, log, 0,
                      "curl_multi_remove_handle() failed: %s",
                      curl_multi_strerror(rc));
        return NGX_ERROR;
    }

    return NGX_OK;
}


void
ngx_http_portone_curl_event_connections(ngx_uint_t n)
{
    /* 0 would lift the limit */

    (void) curl_multi_setopt(ngx_http_portone_curl_event.multi,
                             CURLMOPT_MAXCONNECTS, (long) ngx_max(n, 1));
}


/*
 * Returning -1 from here or from the timer function would abort every
 * transfer of the process: always 0.
 */

static int
ngx_http_portone_curl_event_socket(CURL *easy, curl_socket_t s, int what,
    void *data, void *socket_data)
{
    ngx_connection_t  *c = socket_data;

    ngx_log_debug3(NGX_LOG_DEBUG_HTTP, ngx_cycle->log, 0,
                   "portone curl socket: fd:%d what:%d c:%p", s, what, c);

    if (ngx_http_portone_curl_socket_watch(s, what, c) != NGX_OK) {
        ngx_http_portone_curl_event.handlers->no_resources(easy);
    }

    return 0;
}


static int
ngx_http_portone_curl_event_timeout(CURLM *multi, long timeout, void *data)
{
    ngx_http_portone_curl_event_t  *ce;

    ce = &ngx_http_portone_curl_event;

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, ngx_cycle->log, 0,
                   "portone curl timeout: %l", timeout);

    /*
     * nginx keeps a timer that is set when the new deadline differs by less
     * than 300 ms: the deletion makes sure that libcurl is called in time
     */

    ngx_http_portone_curl_event_stop(&ce->timer);
    ngx_http_portone_curl_event_stop(&ce->kick);

    if (timeout == 0) {

        /*
         * libcurl must not be called from within its callback.  The next turn
         * of the event loop is used, so that the rest has its turn even if
         * libcurl asks again and again.
         */

        ce->kick.log = ngx_cycle->log;
        ngx_post_event(&ce->kick, &ngx_posted_next_events);

    } else if (timeout > 0) {
        ce->timer.log = ngx_cycle->log;
        ngx_add_timer(&ce->timer, (ngx_msec_t) timeout);
    }

    return 0;
}


static void
ngx_http_portone_curl_event_stop(ngx_event_t *ev)
{
    if (ev->timer_set) {
        ngx_del_timer(ev);
    }

    if (ev->posted) {
        ngx_delete_posted_event(ev);
    }
}


static void
ngx_http_portone_curl_event_io_handler(ngx_event_t *ev)
{
    ngx_connection_t  *c;

    c = ev->data;

    if (ngx_http_portone_curl_socket_unpark(c)) {
        return;
    }

    if (c->close) {

        /*
         * worker_shutdown_timeout: the transfer is let finish, its own
         * timeouts bound it
         */

        c->close = 0;
        c->error = 0;

        return;
    }

    /* this may free c */

    ngx_http_portone_curl_event_action(c->fd, ev->write ? CURL_CSELECT_OUT
                                                        : CURL_CSELECT_IN);
}


static void
ngx_http_portone_curl_event_timer_handler(ngx_event_t *ev)
{
    ev->timedout = 0;

    ngx_http_portone_curl_event_action(CURL_SOCKET_TIMEOUT, 0);
}


static void
ngx_http_portone_curl_event_action(curl_socket_t s, int mask)
{
    int                             n;
    CURL                           *easy;
    CURLMsg                        *msg;
    CURLcode                        code;
    CURLMcode                       rc;
    ngx_http_portone_curl_event_t  *ce;

    ce = &ngx_http_portone_curl_event;

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, ngx_cycle->log, 0,
                   "portone curl action: fd:%d mask:%d", s, mask);

    rc = curl_multi_socket_action(ce->multi, s, mask, &n);
    ngx_http_portone_curl_event_clear_error();

    if (rc != CURLM_OK) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                      "curl_multi_socket_action() failed: %s",
                      curl_multi_strerror(rc));
    }

    for ( ;; ) {
        msg = curl_multi_info_read(ce->multi, &n);

        if (msg == NULL) {
            break;
        }

        if (msg->msg != CURLMSG_DONE) {
            continue;
        }

        /* msg is gone as soon as its handle is removed */

        easy = msg->easy_handle;
        code = msg->data.result;

        ce->handlers->done(easy, code);
    }
}


/*
 * libcurl leaves errors of OpenSSL in the queue of the thread; with the next
 * TLS connection nginx would tell of them with an alert
 */

static void
ngx_http_portone_curl_event_clear_error(void)
{
#if (NGX_OPENSSL)
    ERR_clear_error();
#endif
}
