
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_token.h"
#include "ngx_http_portone_api.h"


/*
 * A token is replaced this long before it expires, s, so that none expires
 * on its way; of one with a short life, a quarter of the life.  In its last
 * minute PortOne moves the expiry of the same token by five minutes.
 */
#define NGX_HTTP_PORTONE_TOKEN_MARGIN  30

/* how often a worker looks whether the one with the lease is done, ms */
#define NGX_HTTP_PORTONE_TOKEN_POLL  20

/* well within the lease, so that it does not end while the fetch lasts, ms */
#define NGX_HTTP_PORTONE_TOKEN_RENEW  1000


typedef struct {
    ngx_http_portone_account_t         *account;
    ngx_http_portone_api_server_t      *endpoint;
    ngx_pool_t                         *pool;
    ngx_log_t                           log;
    ngx_event_t                         timer;
    ngx_http_portone_call_t             transfer;
    unsigned                            fetching:1;
} ngx_http_portone_refresh_t;


static ngx_int_t ngx_http_portone_token_usable(
    ngx_http_portone_token_request_t *t);
static ngx_int_t ngx_http_portone_token_refresh(
    ngx_http_portone_token_request_t *t);
static void ngx_http_portone_token_timer(ngx_event_t *ev);
static void ngx_http_portone_token_fetch(ngx_http_portone_refresh_t *rf);
static void ngx_http_portone_token_fetched(ngx_http_portone_call_t *tr);
static portone_token_e ngx_http_portone_token_answer(
    ngx_http_portone_refresh_t *rf, ngx_http_portone_token_t *grant);
static ngx_uint_t ngx_http_portone_token_wake(
    ngx_http_portone_account_t *account);
static void ngx_http_portone_token_done(ngx_http_portone_refresh_t *rf);


ngx_int_t
ngx_http_portone_token_get(ngx_http_portone_token_request_t *t)
{
    ngx_http_portone_zone_read(t->account, &t->grant);

    t->failures = t->grant.failures;

    if (ngx_http_portone_token_usable(t) == NGX_OK) {
        t->result = PORTONE_TOKEN_GRANTED;
        t->source = NGX_HTTP_PORTONE_TOKEN_HIT;
        return NGX_OK;
    }

    t->source = t->refused ? NGX_HTTP_PORTONE_TOKEN_REFRESHED
                           : NGX_HTTP_PORTONE_TOKEN_MISS;

    if (t->account->refresh == NULL
        && ngx_http_portone_token_refresh(t) != NGX_OK)
    {
        t->result = PORTONE_TOKEN_OVERLOADED;
        return NGX_OK;
    }

    ngx_queue_insert_tail(&t->account->waiters, &t->queue);

    return NGX_AGAIN;
}


static ngx_int_t
ngx_http_portone_token_usable(ngx_http_portone_token_request_t *t)
{
    if (t->grant.generation == 0
        || t->grant.generation == t->refused
        || ngx_time() >= t->grant.refresh)
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_portone_token_refresh(ngx_http_portone_token_request_t *t)
{
    ngx_pool_t                  *pool;
    ngx_http_portone_refresh_t  *rf;

    pool = ngx_create_pool(1024, ngx_cycle->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    rf = ngx_pcalloc(pool, sizeof(ngx_http_portone_refresh_t));
    if (rf == NULL) {
        ngx_destroy_pool(pool);
        return NGX_ERROR;
    }

    /* those who wait can have logs that do not live as long as this */

    rf->log = *ngx_cycle->log;
    rf->log.action = "fetching a token";
    pool->log = &rf->log;

    rf->account = t->account;
    rf->endpoint = t->endpoint;
    rf->pool = pool;

    rf->timer.handler = ngx_http_portone_token_timer;
    rf->timer.data = rf;
    rf->timer.log = &rf->log;

    t->account->refresh = rf;

    /*
     * the timer is what keeps the worker alive on reload, and it lets this
     * function return before anything is decided
     */

    ngx_add_timer(&rf->timer, 0);

    return NGX_OK;
}


static void
ngx_http_portone_token_timer(ngx_event_t *ev)
{
    ngx_http_portone_refresh_t *rf = ev->data;

    if (rf->fetching) {
        (void) ngx_http_portone_zone_lease(rf->account);
        ngx_add_timer(&rf->timer, NGX_HTTP_PORTONE_TOKEN_RENEW);
        return;
    }

    /* another worker may have been faster */

    if (ngx_http_portone_token_wake(rf->account) == 0) {
        ngx_http_portone_token_done(rf);
        return;
    }

    if (ngx_http_portone_zone_lease(rf->account) != NGX_OK) {
        ngx_add_timer(&rf->timer, NGX_HTTP_PORTONE_TOKEN_POLL);
        return;
    }

    ngx_add_timer(&rf->timer, NGX_HTTP_PORTONE_TOKEN_RENEW);

    rf->fetching = 1;

    ngx_http_portone_token_fetch(rf);
}


static void
ngx_http_portone_token_fetch(ngx_http_portone_refresh_t *rf)
{
    ngx_http_portone_call_t  *tr;

    tr = &rf->transfer;

    tr->endpoint = rf->endpoint;
    tr->pool = rf->pool;
    tr->log = &rf->log;
    tr->handler = ngx_http_portone_token_fetched;
    tr->data = rf;
    tr->tier = rf->account->tier;

    if (ngx_http_portone_api_token(tr, rf->account) != NGX_OK) {
        tr->outcome = NGX_HTTP_PORTONE_OVERLOADED;
        tr->reason = "no memory";
        ngx_http_portone_token_fetched(tr);
        return;
    }

    ngx_http_portone_curl_submit(tr);
}


static void
ngx_http_portone_token_fetched(ngx_http_portone_call_t *tr)
{
    portone_token_e              result;
    ngx_http_portone_token_t     grant;
    ngx_http_portone_refresh_t  *rf;

    rf = tr->data;

    ngx_memzero(&grant, sizeof(ngx_http_portone_token_t));

    result = ngx_http_portone_token_answer(rf, &grant);

    ngx_http_portone_count(tokens[result]);

    ngx_explicit_memzero(tr->body.data, tr->body.len);
    ngx_explicit_memzero(tr->answer.data, tr->answer.len);

    rf->fetching = 0;

    if (result == PORTONE_TOKEN_GRANTED) {
        ngx_http_portone_zone_grant(rf->account, &grant);

    } else {
        ngx_http_portone_zone_fail(rf->account, result);
    }

    ngx_explicit_memzero(grant.token, PORTONE_TOKEN_MAX);

    if (ngx_http_portone_token_wake(rf->account) == 0) {
        ngx_http_portone_token_done(rf);
        return;
    }

    /* some wait for a newer token than this: the next round is theirs */

    if (rf->timer.timer_set) {
        ngx_del_timer(&rf->timer);
    }

    ngx_add_timer(&rf->timer, 0);
}


static portone_token_e
ngx_http_portone_token_answer(ngx_http_portone_refresh_t *rf,
    ngx_http_portone_token_t *grant)
{
    time_t                        life, margin;
    portone_call_e                call;
    portone_grant_t               granted;
    portone_token_e               result;
    portone_answer_t              answer;
    ngx_http_portone_call_t      *tr;

    tr = &rf->transfer;

    call = ngx_http_portone_api_answer(tr, &answer);

    switch (call) {

    case PORTONE_CALL_ANSWERED:
        break;

    case PORTONE_CALL_OVERLOADED:
        ngx_log_error(NGX_LOG_ERR, &rf->log, 0,
                      "no token from PortOne: %s", tr->reason);
        portone_answer_free(&answer);
        return PORTONE_TOKEN_OVERLOADED;

    default:
        ngx_log_error(NGX_LOG_ERR, &rf->log, 0,
                      "no token from PortOne: %s", tr->reason);
        portone_answer_free(&answer);
        return PORTONE_TOKEN_UNAVAILABLE;
    }

    result = PORTONE_TOKEN_UNAVAILABLE;

    switch (answer.kind) {

    case PORTONE_ANSWER_OK:

        if (portone_answer_grant(&answer, &granted) != PORTONE_OK) {
            break;
        }

        /* PortOne's own clock tells the life: ours may be wrong */

        life = granted.expired_at - granted.now;
        margin = ngx_min(NGX_HTTP_PORTONE_TOKEN_MARGIN, life / 4);

        grant->expires = ngx_time() + life;
        grant->refresh = grant->expires - margin;
        grant->clock_offset = granted.now - ngx_time();
        grant->len = granted.access_token.len;

        ngx_memcpy(grant->token, granted.access_token.data, grant->len);

        portone_answer_free(&answer);

        ngx_log_debug1(NGX_LOG_DEBUG_HTTP, &rf->log, 0,
                       "portone token granted for %T s", life);

        return PORTONE_TOKEN_GRANTED;

    case PORTONE_ANSWER_UNAUTHORIZED:
    case PORTONE_ANSWER_REFUSED:
        result = PORTONE_TOKEN_REFUSED;
        break;

    default:
        break;
    }

    ngx_log_error(NGX_LOG_ERR, &rf->log, 0,
                  "no token from PortOne: HTTP status %ui, code %L%s",
                  tr->status, answer.code,
                  (result == PORTONE_TOKEN_REFUSED)
                      ? ", portone_imp_key or portone_imp_secret is refused"
                      : "");

    portone_answer_free(&answer);

    return result;
}


/* answers all who can be answered; 0: nobody waits any more */

static ngx_uint_t
ngx_http_portone_token_wake(ngx_http_portone_account_t *account)
{
    ngx_queue_t                       *q, *next, ready;
    ngx_http_portone_token_t           grant;
    ngx_http_portone_token_request_t  *t;

    ngx_queue_init(&ready);

    ngx_http_portone_zone_read(account, &grant);

    for (q = ngx_queue_head(&account->waiters);
         q != ngx_queue_sentinel(&account->waiters);
         q = next)
    {
        next = ngx_queue_next(q);
        t = ngx_queue_data(q, ngx_http_portone_token_request_t, queue);

        t->grant = grant;

        if (ngx_http_portone_token_usable(t) == NGX_OK) {
            t->result = PORTONE_TOKEN_GRANTED;

        } else if (grant.failures != t->failures) {
            t->result = (portone_token_e) grant.failure;

        } else {
            continue;
        }

        ngx_queue_remove(q);
        ngx_queue_insert_tail(&ready, q);
    }

    ngx_explicit_memzero(grant.token, PORTONE_TOKEN_MAX);

    while (!ngx_queue_empty(&ready)) {
        q = ngx_queue_head(&ready);
        ngx_queue_remove(q);

        t = ngx_queue_data(q, ngx_http_portone_token_request_t, queue);

        /* who is woken may ask again, and wait for the next round */

        t->handler(t);
    }

    return !ngx_queue_empty(&account->waiters);
}


static void
ngx_http_portone_token_done(ngx_http_portone_refresh_t *rf)
{
    if (rf->timer.timer_set) {
        ngx_del_timer(&rf->timer);
    }

    rf->account->refresh = NULL;

    ngx_destroy_pool(rf->pool);
}
