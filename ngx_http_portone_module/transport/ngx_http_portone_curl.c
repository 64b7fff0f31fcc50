
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_curl_private.h"
#include "ngx_http_portone_metrics.h"


/* granted to libcurl on top of its own timeouts, ms */
#define NGX_HTTP_PORTONE_GUARD_TIME  5000


typedef struct {
    ngx_queue_t                   calls;  /* all of them */

    /* ended from the event loop; those in refused lack the memory for more */
    ngx_queue_t                   deferred;
    ngx_http_portone_call_t      *refused;
    ngx_event_t                   late;

    ngx_uint_t                    keepalive;
    ngx_uint_t                    added;      /* calls within libcurl */
    ngx_uint_t                    waiting;    /* calls that wait for a socket */

    unsigned                      global:1;
    unsigned                      ready:1;
} ngx_http_portone_curl_t;


static void ngx_http_portone_curl_prepare(void);
static ngx_http_portone_curl_call_t *ngx_http_portone_curl_create(
    ngx_http_portone_call_t *call);
static void ngx_http_portone_curl_lookup(
    ngx_http_portone_curl_call_t *curl_call);
static void ngx_http_portone_curl_start(ngx_http_portone_curl_call_t *curl_call,
    ngx_str_t *addrs);
static ngx_int_t ngx_http_portone_curl_connect(
    ngx_http_portone_curl_call_t *curl_call);
static ngx_int_t ngx_http_portone_curl_reconnect(
    ngx_http_portone_curl_call_t *curl_call, CURLcode code);
static void ngx_http_portone_curl_remove(
    ngx_http_portone_curl_call_t *curl_call);
static void ngx_http_portone_curl_connections(void);
static void ngx_http_portone_curl_resolved(ngx_http_portone_curl_resolve_t *r);
static void ngx_http_portone_curl_unresolved(
    ngx_http_portone_curl_call_t *curl_call);
static void ngx_http_portone_curl_done(CURL *easy, CURLcode code);
static void ngx_http_portone_curl_no_resources(CURL *easy);
static ngx_http_portone_curl_call_t *ngx_http_portone_curl_find(CURL *easy);
static void ngx_http_portone_curl_guard(ngx_event_t *ev);
static void ngx_http_portone_curl_defer_end(
    ngx_http_portone_curl_call_t *curl_call,
    const char *reason);
static void ngx_http_portone_curl_late_post(void);
static void ngx_http_portone_curl_late(ngx_event_t *ev);
static void ngx_http_portone_curl_finish(
    ngx_http_portone_curl_call_t *curl_call,
    CURLcode code);
static void ngx_http_portone_curl_detach(
    ngx_http_portone_curl_call_t *curl_call);


static ngx_http_portone_curl_t  ngx_http_portone_curl;


static ngx_http_portone_curl_event_handlers_t
    ngx_http_portone_curl_handlers =
{
    ngx_http_portone_curl_done,
    ngx_http_portone_curl_no_resources
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
    ngx_http_portone_curl_handle_init();

    pc->ready = 1;

    ngx_http_portone_curl_connections();

    return NGX_OK;
}


void
ngx_http_portone_curl_exit(ngx_cycle_t *cycle)
{
    ngx_queue_t                   *q;
    ngx_http_portone_curl_t       *pc;
    ngx_http_portone_curl_call_t  *curl_call;

    pc = &ngx_http_portone_curl;

    if (pc->ready) {

        while (!ngx_queue_empty(&pc->calls)) {
            q = ngx_queue_head(&pc->calls);
            curl_call = ngx_queue_data(q, ngx_http_portone_curl_call_t, queue);

            ngx_http_portone_curl_detach(curl_call);
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
ngx_http_portone_curl_submit(ngx_http_portone_call_t *call)
{
    ngx_http_portone_curl_t       *pc;
    ngx_http_portone_curl_call_t  *curl_call;

    pc = &ngx_http_portone_curl;

    ngx_http_portone_curl_prepare();

    curl_call = ngx_http_portone_curl_create(call);

    if (curl_call == NULL) {
        call->outcome = PORTONE_CALL_OVERLOADED;
        call->reason = "no memory for a request";

        call->private = pc->refused;
        pc->refused = call;

        ngx_http_portone_curl_late_post();

        return;
    }

    if (!pc->ready) {
        curl_call->no_resources = 1;
        ngx_http_portone_curl_defer_end(curl_call,
                                        "libcurl is not initialized");
        return;
    }

    if (pc->waiting >= ngx_http_portone_curl_socket_available()) {
        curl_call->no_resources = 1;
        ngx_http_portone_curl_defer_end(curl_call,
                                        "worker_connections are not enough");
        return;
    }

    if (ngx_http_portone_curl_call_valid(call) != NGX_OK) {
        ngx_http_portone_curl_defer_end(curl_call,
                         "invalid character in the path or in a header");
        return;
    }

    pc->waiting++;
    curl_call->waiting = &pc->waiting;

    if (call->server->addrs.len) {
        ngx_http_portone_curl_start(curl_call, &call->server->addrs);

    } else {
        ngx_http_portone_curl_lookup(curl_call);
    }
}


/* NULL: out of memory */

static ngx_http_portone_curl_call_t *
ngx_http_portone_curl_create(ngx_http_portone_call_t *call)
{
    ngx_http_portone_curl_t        *pc;
    ngx_http_portone_curl_call_t   *curl_call;
    ngx_http_portone_api_server_t  *server;

    pc = &ngx_http_portone_curl;
    server = call->server;

    call->outcome = PORTONE_CALL_NOT_SENT;
    call->status = 0;
    call->answer.len = 0;
    call->answer.data = NULL;
    call->time = 0;
    call->reason = "";

    curl_call = ngx_pcalloc(call->pool, sizeof(ngx_http_portone_curl_call_t));
    if (curl_call == NULL) {
        return NULL;
    }

    call->private = curl_call;

    curl_call->call = call;
    curl_call->start = ngx_current_msec;
    curl_call->reuse = (pc->keepalive > 0);

    ngx_queue_insert_tail(&pc->calls, &curl_call->queue);
    ngx_http_portone_metrics_gauge_inc(calls);

    /* a worker that leaves waits for this timer; libcurl's is cancelable */

    curl_call->guard.handler = ngx_http_portone_curl_guard;
    curl_call->guard.data = curl_call;
    curl_call->guard.log = call->log;

    ngx_add_timer(&curl_call->guard,
                  (server->addrs.len ? 0 : server->resolver_timeout)
                  + server->connect_timeout + server->read_timeout
                  + NGX_HTTP_PORTONE_GUARD_TIME);

    return curl_call;
}


static void
ngx_http_portone_curl_lookup(ngx_http_portone_curl_call_t *curl_call)
{
    ngx_http_portone_api_server_t    *server;
    ngx_http_portone_curl_resolve_t  *r;

    server = curl_call->call->server;
    r = &curl_call->resolve;

    r->resolver = server->resolver;
    r->name = server->host;
    r->timeout = server->resolver_timeout;
    r->pool = curl_call->call->pool;
    r->handler = ngx_http_portone_curl_resolved;
    r->data = curl_call;

    switch (ngx_http_portone_curl_resolve(r)) {

    case NGX_OK:
        ngx_http_portone_curl_start(curl_call, &r->addrs);
        break;

    case NGX_AGAIN:
        break;

    default: /* NGX_ERROR */
        ngx_http_portone_curl_unresolved(curl_call);
    }
}


/* submit needs this even when init has failed */

static void
ngx_http_portone_curl_prepare(void)
{
    ngx_http_portone_curl_t  *pc;

    pc = &ngx_http_portone_curl;

    if (pc->late.handler) {
        return;
    }

    ngx_queue_init(&pc->calls);
    ngx_queue_init(&pc->deferred);

    pc->late.handler = ngx_http_portone_curl_late;
    pc->late.data = pc;
}


static void
ngx_http_portone_curl_start(ngx_http_portone_curl_call_t *curl_call,
    ngx_str_t *addrs)
{
    curl_call->addrs = *addrs;
    curl_call->connect_start = ngx_current_msec;

    if (ngx_http_portone_curl_connect(curl_call) != NGX_OK) {
        curl_call->no_resources = 1;
        ngx_http_portone_curl_defer_end(curl_call, "no memory for a request");
    }
}


static ngx_int_t
ngx_http_portone_curl_connect(ngx_http_portone_curl_call_t *curl_call)
{
    ngx_http_portone_curl_t  *pc;

    pc = &ngx_http_portone_curl;

    if (ngx_http_portone_curl_handle_get(&curl_call->handle, curl_call->call)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_portone_curl_handle_setup(curl_call) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_portone_curl_event_add(curl_call->handle.easy,
                                        curl_call->call->log)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    curl_call->added = 1;

    pc->added++;
    ngx_http_portone_curl_connections();

    return NGX_OK;
}


/* NGX_DECLINED: all has been tried */

static ngx_int_t
ngx_http_portone_curl_reconnect(ngx_http_portone_curl_call_t *curl_call,
    CURLcode code)
{
    if (curl_call->deferred
        || !ngx_http_portone_curl_call_more(curl_call, code))
    {
        return NGX_DECLINED;
    }

    ngx_log_debug2(NGX_LOG_DEBUG_HTTP, curl_call->call->log, 0,
                   "portone curl reconnect: %p \"%s\"",
                   curl_call, curl_call->error);

    ngx_http_portone_curl_remove(curl_call);

    curl_call->error[0] = '\0';
    curl_call->reason = NULL;

    return ngx_http_portone_curl_connect(curl_call);
}


/* the handle is lost rather than freed if libcurl still has a hold on it */

static void
ngx_http_portone_curl_remove(ngx_http_portone_curl_call_t *curl_call)
{
    ngx_int_t                 rc;
    ngx_http_portone_curl_t  *pc;

    pc = &ngx_http_portone_curl;
    rc = NGX_OK;

    if (curl_call->added) {
        rc = ngx_http_portone_curl_event_remove(curl_call->handle.easy,
                                                curl_call->call->log);

        curl_call->added = 0;

        pc->added--;
        ngx_http_portone_curl_connections();
    }

    if (curl_call->handle.easy && rc == NGX_OK) {

        /* one that has failed may do so ever after (seen with 8.14.1) */

        if (curl_call->complete) {
            ngx_http_portone_curl_handle_keep(&curl_call->handle);

        } else {
            curl_easy_cleanup(curl_call->handle.easy);
        }
    }

    curl_call->handle.easy = NULL;
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
    ngx_http_portone_curl_call_t  *curl_call = r->data;

    if (r->addrs.len) {
        ngx_http_portone_curl_start(curl_call, &r->addrs);

    } else {
        ngx_http_portone_curl_unresolved(curl_call);
    }
}


static void
ngx_http_portone_curl_unresolved(ngx_http_portone_curl_call_t *curl_call)
{
    ngx_snprintf((u_char *) curl_call->error, CURL_ERROR_SIZE,
                 "name lookup failed: %s%Z", curl_call->resolve.reason);

    ngx_http_portone_curl_defer_end(curl_call, curl_call->error);
}


static void
ngx_http_portone_curl_done(CURL *easy, CURLcode code)
{
    ngx_http_portone_curl_call_t  *curl_call;

    curl_call = ngx_http_portone_curl_find(easy);

    if (curl_call == NULL) {
        return;
    }

    if (code != CURLE_OK
        && ngx_http_portone_curl_reconnect(curl_call, code) == NGX_OK)
    {
        return;
    }

    ngx_http_portone_curl_finish(curl_call, code);
}


static void
ngx_http_portone_curl_no_resources(CURL *easy)
{
    ngx_http_portone_curl_call_t  *curl_call;

    curl_call = ngx_http_portone_curl_find(easy);

    if (curl_call) {
        curl_call->no_resources = 1;
        ngx_http_portone_curl_defer_end(curl_call,
                                        "worker_connections are not enough");
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
    ngx_http_portone_curl_call_t  *curl_call = ev->data;

    ngx_log_error(NGX_LOG_CRIT, curl_call->call->log, 0,
                  "libcurl did not end a request to PortOne in time");

    curl_call->reason = "libcurl did not end the request in time";

    ngx_http_portone_curl_finish(curl_call, CURLE_OPERATION_TIMEDOUT);
}


/*
 * Ends a call on the next turn of the event loop, for submit and for callbacks
 * of libcurl and the resolver, which must not call its handler.
 */

static void
ngx_http_portone_curl_defer_end(ngx_http_portone_curl_call_t *curl_call,
    const char *reason)
{
    if (curl_call->deferred) {
        return;
    }

    curl_call->deferred = 1;
    curl_call->reason = reason;

    ngx_queue_insert_tail(&ngx_http_portone_curl.deferred,
                          &curl_call->deferred_queue);

    ngx_http_portone_curl_late_post();
}


static void
ngx_http_portone_curl_late_post(void)
{
    ngx_event_t  *ev;

    ev = &ngx_http_portone_curl.late;

    /* a timer keeps a worker that leaves, which a posted event would not */

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
    ngx_http_portone_call_t       *call;
    ngx_http_portone_curl_call_t  *curl_call;

    pc = ev->data;

    /* one a turn: a handler that submits anew lets the event loop go on */

    call = pc->refused;

    if (call) {
        pc->refused = call->private;
        call->private = NULL;

        if (pc->refused || !ngx_queue_empty(&pc->deferred)) {
            ngx_http_portone_curl_late_post();
        }

        call->handler(call);

        return;
    }

    if (ngx_queue_empty(&pc->deferred)) {
        return;
    }

    q = ngx_queue_head(&pc->deferred);

    if (q != ngx_queue_last(&pc->deferred)) {
        ngx_http_portone_curl_late_post();
    }

    curl_call = ngx_queue_data(q, ngx_http_portone_curl_call_t, deferred_queue);

    ngx_http_portone_curl_finish(curl_call, CURLE_FAILED_INIT);
}


/* curl_call, and the pool that it is in, may be gone after this */

static void
ngx_http_portone_curl_finish(ngx_http_portone_curl_call_t *curl_call,
    CURLcode code)
{
    ngx_http_portone_call_t  *call;

    call = curl_call->call;

    ngx_http_portone_curl_call_result(curl_call, code);

    curl_call->complete = (code == CURLE_OK);

    ngx_log_debug5(NGX_LOG_DEBUG_HTTP, call->log, 0,
                   "portone curl done: %p code:%d outcome:%d status:%ui "
                   "reason:\"%s\"",
                   curl_call, code, call->outcome, call->status, call->reason);

    ngx_http_portone_curl_detach(curl_call);

    call->handler(call);
}


static void
ngx_http_portone_curl_detach(ngx_http_portone_curl_call_t *curl_call)
{
    ngx_http_portone_curl_resolve_stop(&curl_call->resolve);

    ngx_http_portone_curl_remove(curl_call);

    ngx_http_portone_curl_call_unwait(curl_call);

    if (curl_call->guard.timer_set) {
        ngx_del_timer(&curl_call->guard);
    }

    if (curl_call->deferred) {
        ngx_queue_remove(&curl_call->deferred_queue);
    }

    ngx_queue_remove(&curl_call->queue);
    ngx_http_portone_metrics_gauge_dec(calls);

    curl_call->call->private = NULL;
}
