
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_portone_curl.h"
#include "ngx_http_portone_curl_event.h"
#include "ngx_http_portone_curl_socket.h"
#include "ngx_http_portone_curl_call.h"
#include "ngx_http_portone_metrics.h"


/* what libcurl gets on top of its own timeouts before it is given up, ms */
#define NGX_HTTP_PORTONE_GUARD_TIME  5000


typedef struct {
    ngx_queue_t                   exchanges;  /* all of them */

    /* to be ended from the event loop; refused have no memory for more */
    ngx_queue_t                   doomed;
    ngx_http_portone_call_t      *refused;
    ngx_event_t                   late;

    ngx_uint_t                    keepalive;
    ngx_uint_t                    added;      /* exchanges within libcurl */
    ngx_uint_t                    waiting;    /* exchanges without a socket */

    unsigned                      global:1;
    unsigned                      ready:1;
} ngx_http_portone_curl_t;


static void ngx_http_portone_curl_prepare(void);
static void ngx_http_portone_curl_start(ngx_http_portone_curl_call_t *x,
    ngx_str_t *addrs);
static ngx_int_t ngx_http_portone_curl_connect(ngx_http_portone_curl_call_t *x);
static ngx_int_t ngx_http_portone_curl_reconnect(
    ngx_http_portone_curl_call_t *x, CURLcode code);
static void ngx_http_portone_curl_remove(ngx_http_portone_curl_call_t *x);
static void ngx_http_portone_curl_connections(void);
static void ngx_http_portone_curl_resolved(ngx_http_portone_curl_resolve_t *r);
static void ngx_http_portone_curl_unresolved(ngx_http_portone_curl_call_t *x);
static void ngx_http_portone_curl_done(CURL *easy, CURLcode code);
static void ngx_http_portone_curl_starved(CURL *easy);
static ngx_http_portone_curl_call_t *ngx_http_portone_curl_find(CURL *easy);
static void ngx_http_portone_curl_guard(ngx_event_t *ev);
static void ngx_http_portone_curl_doom(ngx_http_portone_curl_call_t *x,
    const char *reason);
static void ngx_http_portone_curl_late_post(void);
static void ngx_http_portone_curl_late(ngx_event_t *ev);
static void ngx_http_portone_curl_finish(ngx_http_portone_curl_call_t *x,
    CURLcode code);
static void ngx_http_portone_curl_detach(ngx_http_portone_curl_call_t *x);


static ngx_http_portone_curl_t  ngx_http_portone_curl;


static ngx_http_portone_curl_event_handlers_t
    ngx_http_portone_curl_handlers =
{
    ngx_http_portone_curl_done,
    ngx_http_portone_curl_starved
};


ngx_int_t
ngx_http_portone_curl_check(ngx_log_t *log)
{
    ngx_uint_t               v;
    curl_version_info_data  *info;

    info = curl_version_info(CURLVERSION_NOW);
    v = info->version_num;

    if (v < 0x075500) {
        ngx_log_error(NGX_LOG_EMERG, log, 0,
                      "libcurl %s is loaded, 7.85.0 or newer is needed",
                      info->version);
        return NGX_ERROR;
    }

    if ((info->features & CURL_VERSION_SSL) == 0) {
        ngx_log_error(NGX_LOG_EMERG, log, 0,
                      "the loaded libcurl %s cannot speak TLS",
                      info->version);
        return NGX_ERROR;
    }

    /* 7.87.0, 8.9.0, 8.10.0 to 8.11.x, 8.20.0 */

    if (v == 0x075700
        || v == 0x080900
        || (v >= 0x080a00 && v <= 0x080bff)
        || v == 0x081400)
    {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "libcurl %s is loaded, which has known defects; "
                      "use another version", info->version);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_portone_curl_init(ngx_cycle_t *cycle, ngx_uint_t keepalive)
{
    CURLcode                  code;
    ngx_http_portone_curl_t  *pc;

    pc = &ngx_http_portone_curl;

    ngx_http_portone_curl_prepare();

    pc->keepalive = keepalive;

    code = curl_global_init(CURL_GLOBAL_DEFAULT);

    if (code != CURLE_OK) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "curl_global_init() failed: %s",
                      curl_easy_strerror(code));
        return NGX_ERROR;
    }

    pc->global = 1;

    if (ngx_http_portone_curl_event_init(cycle->log,
                                         &ngx_http_portone_curl_handlers)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_portone_curl_call_init();

    pc->ready = 1;

    ngx_http_portone_curl_connections();

    return NGX_OK;
}


void
ngx_http_portone_curl_exit(ngx_cycle_t *cycle)
{
    ngx_queue_t                   *q;
    ngx_http_portone_curl_t       *pc;
    ngx_http_portone_curl_call_t  *x;

    pc = &ngx_http_portone_curl;

    if (pc->ready) {

        while (!ngx_queue_empty(&pc->exchanges)) {
            q = ngx_queue_head(&pc->exchanges);
            x = ngx_queue_data(q, ngx_http_portone_curl_call_t, queue);

            ngx_http_portone_curl_detach(x);
        }

        ngx_http_portone_curl_handle_exit();
        ngx_http_portone_curl_event_exit();

        pc->ready = 0;
    }

    if (pc->global) {
        curl_global_cleanup();
        pc->global = 0;
    }
}


void
ngx_http_portone_curl_submit(ngx_http_portone_call_t *t)
{
    ngx_http_portone_curl_t        *pc;
    ngx_http_portone_api_server_t  *ep;
    ngx_http_portone_curl_call_t   *x;

    pc = &ngx_http_portone_curl;
    ep = t->server;

    ngx_http_portone_curl_prepare();

    t->outcome = PORTONE_CALL_NOT_SENT;
    t->status = 0;
    t->answer.len = 0;
    t->answer.data = NULL;
    t->time = 0;
    t->reason = "";

    x = ngx_pcalloc(t->pool, sizeof(ngx_http_portone_curl_call_t));

    if (x == NULL) {
        t->outcome = PORTONE_CALL_OVERLOADED;
        t->reason = "no memory for a request";

        t->private = pc->refused;
        pc->refused = t;

        ngx_http_portone_curl_late_post();

        return;
    }

    t->private = x;

    x->transfer = t;
    x->start = ngx_current_msec;
    x->reuse = (pc->keepalive > 0);

    ngx_queue_insert_tail(&pc->exchanges, &x->queue);
    ngx_http_portone_metrics_gauge_inc(calls);

    /*
     * a worker that leaves waits only for timers that are not cancelable,
     * and libcurl's is
     */

    x->guard.handler = ngx_http_portone_curl_guard;
    x->guard.data = x;
    x->guard.log = t->log;

    ngx_add_timer(&x->guard, (ep->addrs.len ? 0 : ep->resolver_timeout)
                             + ep->connect_timeout + ep->read_timeout
                             + NGX_HTTP_PORTONE_GUARD_TIME);

    if (!pc->ready) {
        x->starved = 1;
        ngx_http_portone_curl_doom(x, "libcurl is not initialized");
        return;
    }

    if (pc->waiting >= ngx_http_portone_curl_socket_available()) {
        x->starved = 1;
        ngx_http_portone_curl_doom(x, "worker_connections are not enough");
        return;
    }

    if (ngx_http_portone_curl_call_valid(t) != NGX_OK) {
        ngx_http_portone_curl_doom(x, "invalid character in the path or in "
                                      "a header");
        return;
    }

    pc->waiting++;
    x->waiting = &pc->waiting;

    if (ep->addrs.len) {
        ngx_http_portone_curl_start(x, &ep->addrs);
        return;
    }

    x->resolve.resolver = ep->resolver;
    x->resolve.name = ep->host;
    x->resolve.timeout = ep->resolver_timeout;
    x->resolve.pool = t->pool;
    x->resolve.handler = ngx_http_portone_curl_resolved;
    x->resolve.data = x;

    switch (ngx_http_portone_curl_resolve(&x->resolve)) {

    case NGX_OK:
        ngx_http_portone_curl_start(x, &x->resolve.addrs);
        break;

    case NGX_AGAIN:
        break;

    default: /* NGX_ERROR */
        ngx_http_portone_curl_unresolved(x);
    }
}


void
ngx_http_portone_curl_abort(ngx_http_portone_call_t *t)
{
    ngx_http_portone_call_t       *refused, *prev;
    ngx_http_portone_curl_call_t  *x;

    prev = NULL;

    for (refused = ngx_http_portone_curl.refused;
         refused;
         refused = refused->private)
    {
        if (refused == t) {

            if (prev) {
                prev->private = t->private;

            } else {
                ngx_http_portone_curl.refused = t->private;
            }

            t->private = NULL;

            return;
        }

        prev = refused;
    }

    x = t->private;

    if (x == NULL) {
        return;
    }

    x->reason = "aborted";
    x->starved = 0;

    ngx_http_portone_curl_call_result(x, CURLE_ABORTED_BY_CALLBACK);
    ngx_http_portone_curl_detach(x);
}


/* what submit needs even when init has failed */

static void
ngx_http_portone_curl_prepare(void)
{
    ngx_http_portone_curl_t  *pc;

    pc = &ngx_http_portone_curl;

    if (pc->late.handler) {
        return;
    }

    ngx_queue_init(&pc->exchanges);
    ngx_queue_init(&pc->doomed);

    pc->late.handler = ngx_http_portone_curl_late;
    pc->late.data = pc;
}


static void
ngx_http_portone_curl_start(ngx_http_portone_curl_call_t *x, ngx_str_t *addrs)
{
    x->addrs = *addrs;
    x->connect_start = ngx_current_msec;

    if (ngx_http_portone_curl_connect(x) != NGX_OK) {
        x->starved = 1;
        ngx_http_portone_curl_doom(x, "no memory for a request");
    }
}


static ngx_int_t
ngx_http_portone_curl_connect(ngx_http_portone_curl_call_t *x)
{
    ngx_http_portone_curl_t  *pc;

    pc = &ngx_http_portone_curl;

    if (ngx_http_portone_curl_handle_get(&x->handle, x->transfer) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_portone_curl_call_setup(x) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_portone_curl_event_add(x->handle.easy, x->transfer->log)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    x->added = 1;

    pc->added++;
    ngx_http_portone_curl_connections();

    return NGX_OK;
}


/* NGX_DECLINED: nothing more can be tried */

static ngx_int_t
ngx_http_portone_curl_reconnect(ngx_http_portone_curl_call_t *x, CURLcode code)
{
    if (x->doomed || !ngx_http_portone_curl_call_more(x, code)) {
        return NGX_DECLINED;
    }

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, x->transfer->log, 0,
                   "portone curl reconnect: %p \"%s\"", x, x->error);

    ngx_http_portone_curl_remove(x);

    x->error[0] = '\0';
    x->reason = NULL;

    return ngx_http_portone_curl_connect(x);
}


/* the handle is lost rather than freed if libcurl still has a hold on it */

static void
ngx_http_portone_curl_remove(ngx_http_portone_curl_call_t *x)
{
    ngx_int_t                 rc;
    ngx_http_portone_curl_t  *pc;

    pc = &ngx_http_portone_curl;
    rc = NGX_OK;

    if (x->added) {
        rc = ngx_http_portone_curl_event_remove(x->handle.easy,
                                                x->transfer->log);

        x->added = 0;

        pc->added--;
        ngx_http_portone_curl_connections();
    }

    if (x->handle.easy && rc == NGX_OK) {

        /* one that has failed may do so ever after (seen with 8.14.1) */

        if (x->complete) {
            ngx_http_portone_curl_handle_keep(&x->handle);

        } else {
            curl_easy_cleanup(x->handle.easy);
        }
    }

    x->handle.easy = NULL;
}


static void
ngx_http_portone_curl_connections(void)
{
    ngx_uint_t                n;
    ngx_http_portone_curl_t  *pc;

    pc = &ngx_http_portone_curl;

    /*
     * libcurl closes an idle connection if there are more than n of them at
     * the end of a transfer, and it counts those in use too, that of the
     * transfer included
     */

    n = pc->keepalive;

    if (pc->added) {
        n += pc->added - 1;
    }

    ngx_http_portone_curl_event_connections(n);
}


static void
ngx_http_portone_curl_resolved(ngx_http_portone_curl_resolve_t *r)
{
    ngx_http_portone_curl_call_t  *x = r->data;

    if (r->addrs.len) {
        ngx_http_portone_curl_start(x, &r->addrs);

    } else {
        ngx_http_portone_curl_unresolved(x);
    }
}


static void
ngx_http_portone_curl_unresolved(ngx_http_portone_curl_call_t *x)
{
    ngx_snprintf((u_char *) x->error, CURL_ERROR_SIZE,
                 "name lookup failed: %s%Z", x->resolve.reason);

    ngx_http_portone_curl_doom(x, x->error);
}


static void
ngx_http_portone_curl_done(CURL *easy, CURLcode code)
{
    ngx_http_portone_curl_call_t  *x;

    x = ngx_http_portone_curl_find(easy);

    if (x == NULL) {
        return;
    }

    if (code != CURLE_OK
        && ngx_http_portone_curl_reconnect(x, code) == NGX_OK)
    {
        return;
    }

    ngx_http_portone_curl_finish(x, code);
}


static void
ngx_http_portone_curl_starved(CURL *easy)
{
    ngx_http_portone_curl_call_t  *x;

    x = ngx_http_portone_curl_find(easy);

    if (x) {
        x->starved = 1;
        ngx_http_portone_curl_doom(x, "worker_connections are not enough");
    }
}


/* NULL for a handle of libcurl's own, which shuts a connection down */

static ngx_http_portone_curl_call_t *
ngx_http_portone_curl_find(CURL *easy)
{
    char  *p;

    p = NULL;

    if (curl_easy_getinfo(easy, CURLINFO_PRIVATE, &p) != CURLE_OK) {
        return NULL;
    }

    return (ngx_http_portone_curl_call_t *) p;
}


static void
ngx_http_portone_curl_guard(ngx_event_t *ev)
{
    ngx_http_portone_curl_call_t  *x = ev->data;

    ngx_log_error(NGX_LOG_CRIT, x->transfer->log, 0,
                  "libcurl did not end a request to PortOne in time");

    x->reason = "libcurl did not end the request in time";

    ngx_http_portone_curl_finish(x, CURLE_OPERATION_TIMEDOUT);
}


/*
 * Ends an exchange from where its handler must not be called: from submit
 * and from callbacks of libcurl and the resolver.
 */

static void
ngx_http_portone_curl_doom(ngx_http_portone_curl_call_t *x, const char *reason)
{
    if (x->doomed) {
        return;
    }

    x->doomed = 1;
    x->reason = reason;

    ngx_queue_insert_tail(&ngx_http_portone_curl.doomed, &x->doomed_queue);

    ngx_http_portone_curl_late_post();
}


static void
ngx_http_portone_curl_late_post(void)
{
    ngx_event_t  *ev;

    ev = &ngx_http_portone_curl.late;

    /* a timer, because a posted event would not keep a worker that leaves */

    if (!ev->timer_set) {
        ev->log = ngx_cycle->log;
        ngx_add_timer(ev, 0);
    }
}


static void
ngx_http_portone_curl_late(ngx_event_t *ev)
{
    ngx_queue_t                   *q;
    ngx_http_portone_curl_t       *pc;
    ngx_http_portone_call_t       *t;
    ngx_http_portone_curl_call_t  *x;

    pc = ev->data;

    /* one a turn, so that a handler that submits anew cannot make it spin */

    t = pc->refused;

    if (t) {
        pc->refused = t->private;
        t->private = NULL;

        if (pc->refused || !ngx_queue_empty(&pc->doomed)) {
            ngx_http_portone_curl_late_post();
        }

        t->handler(t);

        return;
    }

    if (ngx_queue_empty(&pc->doomed)) {
        return;
    }

    q = ngx_queue_head(&pc->doomed);

    if (q != ngx_queue_last(&pc->doomed)) {
        ngx_http_portone_curl_late_post();
    }

    x = ngx_queue_data(q, ngx_http_portone_curl_call_t, doomed_queue);

    ngx_http_portone_curl_finish(x, CURLE_FAILED_INIT);
}


/* x, and the pool that it is in, may be gone after this */

static void
ngx_http_portone_curl_finish(ngx_http_portone_curl_call_t *x, CURLcode code)
{
    ngx_http_portone_call_t  *t;

    t = x->transfer;

    ngx_http_portone_curl_call_result(x, code);

    x->complete = (code == CURLE_OK);

    ngx_log_debug5(NGX_LOG_DEBUG_HTTP, t->log, 0,
                   "portone curl done: %p code:%d outcome:%d status:%ui "
                   "reason:\"%s\"",
                   x, code, t->outcome, t->status, t->reason);

    ngx_http_portone_curl_detach(x);

    t->handler(t);
}


static void
ngx_http_portone_curl_detach(ngx_http_portone_curl_call_t *x)
{
    ngx_http_portone_curl_resolve_stop(&x->resolve);

    ngx_http_portone_curl_remove(x);

    ngx_http_portone_curl_call_unwait(x);

    if (x->guard.timer_set) {
        ngx_del_timer(&x->guard);
    }

    if (x->doomed) {
        ngx_queue_remove(&x->doomed_queue);
    }

    ngx_queue_remove(&x->queue);
    ngx_http_portone_metrics_gauge_dec(calls);

    x->transfer->private = NULL;
}
