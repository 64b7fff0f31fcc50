
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_portone_sandbox_faults.h"
#include "ngx_http_portone_sandbox_request.h"


#define NGX_HTTP_PORTONE_SANDBOX_POLL        10         /* ms */
#define NGX_HTTP_PORTONE_SANDBOX_LONG_POLL   10000      /* ms */
#define NGX_HTTP_PORTONE_SANDBOX_GATE_LIMIT  60000      /* ms */


static void ngx_http_portone_sandbox_wait(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_check_pt check,
    ngx_http_portone_sandbox_next_pt next);
static void ngx_http_portone_sandbox_poll(ngx_http_portone_sandbox_ctx_t *ctx);
static void ngx_http_portone_sandbox_poll_handler(ngx_event_t *ev);
static ngx_int_t ngx_http_portone_sandbox_never(
    ngx_http_portone_sandbox_ctx_t *ctx);
static ngx_int_t ngx_http_portone_sandbox_check_delay(
    ngx_http_portone_sandbox_ctx_t *ctx);
static ngx_int_t ngx_http_portone_sandbox_check_gate(
    ngx_http_portone_sandbox_ctx_t *ctx);
static void ngx_http_portone_sandbox_gate_count(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_int_t n);


/*
 * A reset of the zone closes an API request that is still held; next stays
 * uncalled.
 */

static void
ngx_http_portone_sandbox_wait(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_check_pt check,
    ngx_http_portone_sandbox_next_pt next)
{
    ctx->check = check;
    ctx->next = next;

    ngx_http_portone_sandbox_poll(ctx);
}


void
ngx_http_portone_sandbox_wait_long_poll(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_check_pt check,
    ngx_http_portone_sandbox_next_pt next)
{
    ctx->deadline = ngx_current_msec + NGX_HTTP_PORTONE_SANDBOX_LONG_POLL;

    ngx_http_portone_sandbox_transport_watch(ctx->request);
    ngx_http_portone_sandbox_wait(ctx, check, next);
}


void
ngx_http_portone_sandbox_wait_for_ever(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_http_portone_sandbox_transport_watch(ctx->request);
    ngx_http_portone_sandbox_wait(ctx, ngx_http_portone_sandbox_never, NULL);
}


static ngx_int_t
ngx_http_portone_sandbox_never(ngx_http_portone_sandbox_ctx_t *ctx)
{
    return NGX_AGAIN;
}


ngx_int_t
ngx_http_portone_sandbox_wait_due(ngx_http_portone_sandbox_ctx_t *ctx)
{
    return (ngx_msec_int_t) (ctx->deadline - ngx_current_msec) > 0
           ? NGX_AGAIN : NGX_DECLINED;
}


void
ngx_http_portone_sandbox_wait_end(ngx_http_portone_sandbox_ctx_t *ctx)
{
    if (ctx->event.timer_set) {
        ngx_del_timer(&ctx->event);
    }

    ngx_http_portone_sandbox_gate_count(ctx, -1);
}


static void
ngx_http_portone_sandbox_poll(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_int_t   rc;
    ngx_uint_t  reset;

    /* a reset ends the requests of the time before */

    reset = 0;

    if (ctx->number) {
        ngx_http_portone_sandbox_zone_lock(ctx->zone);
        reset = ctx->generation != ctx->zone->sh->generation;
        ngx_http_portone_sandbox_zone_unlock(ctx->zone);
    }

    if (reset) {
        ngx_http_portone_sandbox_transport_close(ctx);
        return;
    }

    rc = ctx->check(ctx);

    if (rc != NGX_AGAIN) {
        ctx->next(ctx, rc);
        return;
    }

    ctx->event.handler = ngx_http_portone_sandbox_poll_handler;
    ctx->event.data = ctx;
    ctx->event.log = ctx->request->connection->log;

    ngx_add_timer(&ctx->event, NGX_HTTP_PORTONE_SANDBOX_POLL);
}


static void
ngx_http_portone_sandbox_poll_handler(ngx_event_t *ev)
{
    ngx_connection_t                *c;
    ngx_http_portone_sandbox_ctx_t  *ctx;

    ctx = ev->data;
    c = ctx->request->connection;

    ngx_http_set_log_request(c->log, ctx->request);

    ngx_http_portone_sandbox_poll(ctx);

    ngx_http_run_posted_requests(c);
}


void
ngx_http_portone_sandbox_wait_hold(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_fault_t *fault,
    ngx_http_portone_sandbox_next_pt next)
{
    if (fault == NULL) {
        next(ctx, NGX_OK);
        return;
    }

    /*
     * the connection is left alone meanwhile: PortOne executes, even if the
     * client goes away
     */

    if (fault->kind == NGX_HTTP_PORTONE_SANDBOX_DELAY) {
        ctx->deadline = ngx_current_msec + (ngx_msec_t) fault->ms;
        ngx_http_portone_sandbox_wait(ctx,
                                      ngx_http_portone_sandbox_check_delay,
                                      next);
        return;
    }

    ctx->gate = fault->text;
    ctx->deadline = ngx_current_msec + NGX_HTTP_PORTONE_SANDBOX_GATE_LIMIT;
    ngx_http_portone_sandbox_gate_count(ctx, 1);

    ngx_http_portone_sandbox_wait(ctx, ngx_http_portone_sandbox_check_gate,
                                  next);
}


static ngx_int_t
ngx_http_portone_sandbox_check_delay(ngx_http_portone_sandbox_ctx_t *ctx)
{
    return ngx_http_portone_sandbox_wait_due(ctx) == NGX_AGAIN ? NGX_AGAIN
                                                          : NGX_OK;
}


static ngx_int_t
ngx_http_portone_sandbox_check_gate(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_int_t                         rc;
    ngx_http_portone_sandbox_gate_t  *gate;

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    gate = ngx_http_portone_sandbox_faults_gate_find(ctx->zone, &ctx->gate);
    rc = (gate && !gate->open) ? NGX_AGAIN : NGX_OK;

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    if (rc == NGX_AGAIN
        && ngx_http_portone_sandbox_wait_due(ctx) != NGX_AGAIN)
    {
        ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                      "portone sandbox: gate \"%V\" was not opened in time",
                      &ctx->gate);
        rc = NGX_DECLINED;
    }

    if (rc != NGX_AGAIN) {
        ngx_http_portone_sandbox_gate_count(ctx, -1);
    }

    return rc;
}


static void
ngx_http_portone_sandbox_gate_count(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_int_t n)
{
    ngx_http_portone_sandbox_gate_t  *gate;

    if (ctx->gate.len == 0) {
        return;
    }

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    if (ctx->generation == ctx->zone->sh->generation) {

        gate = ngx_http_portone_sandbox_faults_gate_find(ctx->zone, &ctx->gate);

        if (gate && (n > 0 || gate->waiting)) {
            gate->waiting += n;
        }
    }

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    if (n < 0) {
        ngx_str_null(&ctx->gate);
    }
}
