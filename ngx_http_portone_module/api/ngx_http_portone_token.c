
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_token.h"
#include "ngx_http_portone_api.h"


/*
 * A token is replaced this long before it expires, s, so that it is valid all
 * the way to PortOne; with a short life, a quarter of the life before.  In its
 * last minute PortOne moves the expiry of the same token by five minutes.
 */
#define NGX_HTTP_PORTONE_TOKEN_MARGIN  30

/* how often a worker looks whether the one with the lease is done, ms */
#define NGX_HTTP_PORTONE_TOKEN_POLL  20

/* time between renewals of the lease, well within it, ms */
#define NGX_HTTP_PORTONE_TOKEN_RENEW  1000


typedef struct {
    ngx_http_portone_account_t         *account;
    ngx_http_portone_api_server_t      *server;
    ngx_pool_t                         *pool;
    ngx_log_t                           log;
    ngx_event_t                         timer;
    ngx_http_portone_call_t             call;
    unsigned                            fetching:1;
} ngx_http_portone_refresh_t;


static ngx_int_t ngx_http_portone_token_usable(
    ngx_http_portone_token_request_t *request);
static ngx_int_t ngx_http_portone_token_refresh(
    ngx_http_portone_token_request_t *request);
static void ngx_http_portone_token_timer(ngx_event_t *ev);
static void ngx_http_portone_token_fetch(ngx_http_portone_refresh_t *refresh);
static void ngx_http_portone_token_fetched(ngx_http_portone_call_t *call);
static portone_token_e ngx_http_portone_token_answer(
    ngx_http_portone_refresh_t *refresh, ngx_http_portone_token_t *token);
static ngx_uint_t ngx_http_portone_token_wake(
    ngx_http_portone_account_t *account);
static void ngx_http_portone_token_done(ngx_http_portone_refresh_t *refresh);


ngx_int_t
ngx_http_portone_token_get(ngx_http_portone_token_request_t *request)
{
    ngx_http_portone_zone_read(request->account, &request->token);

    request->failures = request->token.failures;

    if (ngx_http_portone_token_usable(request) == NGX_OK) {
        request->result = PORTONE_TOKEN_GRANTED;
        request->source = NGX_HTTP_PORTONE_TOKEN_HIT;
        return NGX_OK;
    }

    request->source = request->refused ? NGX_HTTP_PORTONE_TOKEN_REFRESHED
                                       : NGX_HTTP_PORTONE_TOKEN_MISS;

    if (request->account->refresh == NULL
        && ngx_http_portone_token_refresh(request) != NGX_OK)
    {
        request->result = PORTONE_TOKEN_OVERLOADED;
        return NGX_OK;
    }

    ngx_queue_insert_tail(&request->account->waiters, &request->queue);

    return NGX_AGAIN;
}


static ngx_int_t
ngx_http_portone_token_usable(ngx_http_portone_token_request_t *request)
{
    if (request->token.generation == 0
        || request->token.generation == request->refused
        || ngx_time() >= request->token.refresh)
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_portone_token_refresh(ngx_http_portone_token_request_t *request)
{
    ngx_pool_t                  *pool;
    ngx_http_portone_refresh_t  *refresh;

    pool = ngx_create_pool(1024, ngx_cycle->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    refresh = ngx_pcalloc(pool, sizeof(ngx_http_portone_refresh_t));
    if (refresh == NULL) {
        ngx_destroy_pool(pool);
        return NGX_ERROR;
    }

    /* a log that outlives the logs of those who wait */

    refresh->log = *ngx_cycle->log;
    refresh->log.action = "fetching a token";
    pool->log = &refresh->log;

    refresh->account = request->account;
    refresh->server = request->server;
    refresh->pool = pool;

    refresh->timer.handler = ngx_http_portone_token_timer;
    refresh->timer.data = refresh;
    refresh->timer.log = &refresh->log;

    request->account->refresh = refresh;

    /*
     * the timer is what keeps the worker alive on reload, and it lets this
     * function return before anything is decided
     */

    ngx_add_timer(&refresh->timer, 0);

    return NGX_OK;
}


static void
ngx_http_portone_token_timer(ngx_event_t *ev)
{
    ngx_http_portone_refresh_t *refresh = ev->data;

    if (refresh->fetching) {
        (void) ngx_http_portone_zone_lease(refresh->account);
        ngx_add_timer(&refresh->timer, NGX_HTTP_PORTONE_TOKEN_RENEW);
        return;
    }

    /* another worker may have been faster */

    if (ngx_http_portone_token_wake(refresh->account) == 0) {
        ngx_http_portone_token_done(refresh);
        return;
    }

    if (ngx_http_portone_zone_lease(refresh->account) != NGX_OK) {
        ngx_add_timer(&refresh->timer, NGX_HTTP_PORTONE_TOKEN_POLL);
        return;
    }

    ngx_add_timer(&refresh->timer, NGX_HTTP_PORTONE_TOKEN_RENEW);

    refresh->fetching = 1;

    ngx_http_portone_token_fetch(refresh);
}


static void
ngx_http_portone_token_fetch(ngx_http_portone_refresh_t *refresh)
{
    ngx_http_portone_call_t  *call;

    call = &refresh->call;

    call->server = refresh->server;
    call->pool = refresh->pool;
    call->log = &refresh->log;
    call->handler = ngx_http_portone_token_fetched;
    call->data = refresh;
    call->tier = refresh->account->tier;

    if (ngx_http_portone_api_token(call, refresh->account) != NGX_OK) {
        call->outcome = PORTONE_CALL_OVERLOADED;
        call->reason = "no memory";
        ngx_http_portone_token_fetched(call);
        return;
    }

    ngx_http_portone_curl_submit(call);
}


static void
ngx_http_portone_token_fetched(ngx_http_portone_call_t *call)
{
    portone_token_e              result;
    ngx_http_portone_token_t     token;
    ngx_http_portone_refresh_t  *refresh;

    refresh = call->data;

    ngx_memzero(&token, sizeof(ngx_http_portone_token_t));

    result = ngx_http_portone_token_answer(refresh, &token);

    ngx_http_portone_metrics_count(tokens[result]);

    ngx_explicit_memzero(call->body.data, call->body.len);
    ngx_explicit_memzero(call->answer.data, call->answer.len);

    refresh->fetching = 0;

    if (result == PORTONE_TOKEN_GRANTED) {
        ngx_http_portone_zone_grant(refresh->account, &token);

    } else {
        ngx_http_portone_zone_fail(refresh->account, result);
    }

    ngx_explicit_memzero(token.data, PORTONE_TOKEN_MAX);

    if (ngx_http_portone_token_wake(refresh->account) == 0) {
        ngx_http_portone_token_done(refresh);
        return;
    }

    /* some wait for a newer token than this: the next round is theirs */

    if (refresh->timer.timer_set) {
        ngx_del_timer(&refresh->timer);
    }

    ngx_add_timer(&refresh->timer, 0);
}


static portone_token_e
ngx_http_portone_token_answer(ngx_http_portone_refresh_t *refresh,
    ngx_http_portone_token_t *token)
{
    time_t                    life, margin;
    portone_call_e            outcome;
    portone_grant_t           granted;
    portone_token_e           result;
    portone_answer_t          answer;
    ngx_http_portone_call_t  *call;

    call = &refresh->call;

    outcome = ngx_http_portone_api_answer(call, &answer);

    if (outcome != PORTONE_CALL_ANSWERED) {
        ngx_log_error(NGX_LOG_ERR, &refresh->log, 0,
                      "no token from PortOne: %s", call->reason);

        return (outcome == PORTONE_CALL_OVERLOADED)
                   ? PORTONE_TOKEN_OVERLOADED : PORTONE_TOKEN_UNAVAILABLE;
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

        token->expires = ngx_time() + life;
        token->refresh = token->expires - margin;
        token->clock_offset = granted.now - ngx_time();
        token->len = granted.access_token.len;

        ngx_memcpy(token->data, granted.access_token.data, token->len);

        portone_answer_free(&answer);

        ngx_log_debug1(NGX_LOG_DEBUG_HTTP, &refresh->log, 0,
                       "portone token granted for %T s", life);

        return PORTONE_TOKEN_GRANTED;

    case PORTONE_ANSWER_UNAUTHORIZED:
    case PORTONE_ANSWER_REFUSED:
        result = PORTONE_TOKEN_REFUSED;
        break;

    default:
        break;
    }

    ngx_log_error(NGX_LOG_ERR, &refresh->log, 0,
                  "no token from PortOne: HTTP status %ui, code %L%s",
                  call->status, answer.code,
                  (result == PORTONE_TOKEN_REFUSED)
                      ? ", portone_imp_key or portone_imp_secret is refused"
                      : "");

    portone_answer_free(&answer);

    return result;
}


/* answers all who can be answered, and returns whether some still wait */

static ngx_uint_t
ngx_http_portone_token_wake(ngx_http_portone_account_t *account)
{
    ngx_queue_t                       *q, *next, ready;
    ngx_http_portone_token_t           token;
    ngx_http_portone_token_request_t  *request;

    ngx_queue_init(&ready);

    ngx_http_portone_zone_read(account, &token);

    for (q = ngx_queue_head(&account->waiters);
         q != ngx_queue_sentinel(&account->waiters);
         q = next)
    {
        next = ngx_queue_next(q);
        request = ngx_queue_data(q, ngx_http_portone_token_request_t, queue);

        request->token = token;

        if (ngx_http_portone_token_usable(request) == NGX_OK) {
            request->result = PORTONE_TOKEN_GRANTED;

        } else if (token.failures != request->failures) {
            request->result = (portone_token_e) token.failure;

        } else {
            continue;
        }

        ngx_queue_remove(q);
        ngx_queue_insert_tail(&ready, q);
    }

    ngx_explicit_memzero(token.data, PORTONE_TOKEN_MAX);

    while (!ngx_queue_empty(&ready)) {
        q = ngx_queue_head(&ready);
        ngx_queue_remove(q);

        request = ngx_queue_data(q, ngx_http_portone_token_request_t, queue);

        /*
         * a requester that is woken may ask again, and wait for the next round
         */

        request->handler(request);
    }

    return !ngx_queue_empty(&account->waiters);
}


static void
ngx_http_portone_token_done(ngx_http_portone_refresh_t *refresh)
{
    if (refresh->timer.timer_set) {
        ngx_del_timer(&refresh->timer);
    }

    refresh->account->refresh = NULL;

    ngx_destroy_pool(refresh->pool);
}
