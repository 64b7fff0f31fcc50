
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_portone_sandbox_control.h"
#include "ngx_http_portone_sandbox_faults.h"
#include "ngx_http_portone_sandbox_ledger.h"
#include "ngx_http_portone_sandbox_request.h"


#define NGX_HTTP_PORTONE_SANDBOX_MAX_OFFSET  (10 * 365 * 86400)


typedef struct {
    ngx_uint_t    methods;
    ngx_uint_t    nsegments;
    const char   *name;               /* segment 1 */
    const char   *action;             /* last segment, or NULL */
    void        (*handler)(ngx_http_portone_sandbox_ctx_t *ctx);
} ngx_http_portone_sandbox_control_t;


static ngx_uint_t ngx_http_portone_sandbox_control_is(ngx_str_t *segment,
    const char *name);
static void ngx_http_portone_sandbox_control_ledger(
    ngx_http_portone_sandbox_ctx_t *ctx);
static ngx_int_t ngx_http_portone_sandbox_check_arrived(
    ngx_http_portone_sandbox_ctx_t *ctx);
static void ngx_http_portone_sandbox_ledger_answer(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_int_t rc);
static void ngx_http_portone_sandbox_control_reset(
    ngx_http_portone_sandbox_ctx_t *ctx);
static void ngx_http_portone_sandbox_control_expire(
    ngx_http_portone_sandbox_ctx_t *ctx);
static void ngx_http_portone_sandbox_control_clock(
    ngx_http_portone_sandbox_ctx_t *ctx);


static ngx_http_portone_sandbox_control_t
    ngx_http_portone_sandbox_controls[] =
{
    { NGX_HTTP_GET|NGX_HTTP_POST, 2, "payments", NULL,
      ngx_http_portone_sandbox_control_payments },
    { NGX_HTTP_POST, 4, "payments", "finish",
      ngx_http_portone_sandbox_control_payments_finish },
    { NGX_HTTP_POST, 4, "payments", "undo",
      ngx_http_portone_sandbox_control_payments_undo },
    { NGX_HTTP_POST, 4, "payments", "console",
      ngx_http_portone_sandbox_control_payments_console },
    { NGX_HTTP_POST, 4, "payments", "webhook",
      ngx_http_portone_sandbox_control_payments_webhook },
    { NGX_HTTP_GET, 2, "webhooks", NULL,
      ngx_http_portone_sandbox_control_payments_webhooks },
    { NGX_HTTP_GET|NGX_HTTP_POST|NGX_HTTP_DELETE, 2, "faults", NULL,
      ngx_http_portone_sandbox_control_faults },
    { NGX_HTTP_GET|NGX_HTTP_POST, 3, "gates", NULL,
      ngx_http_portone_sandbox_control_faults_gate },
    { NGX_HTTP_GET, 2, "ledger", NULL,
      ngx_http_portone_sandbox_control_ledger },
    { NGX_HTTP_POST, 2, "reset", NULL,
      ngx_http_portone_sandbox_control_reset },
    { NGX_HTTP_POST, 3, "tokens", "expire",
      ngx_http_portone_sandbox_control_expire },
    { NGX_HTTP_GET|NGX_HTTP_POST, 2, "clock", NULL,
      ngx_http_portone_sandbox_control_clock },
    { 0, 0, NULL, NULL, NULL }
};


static ngx_uint_t
ngx_http_portone_sandbox_control_is(ngx_str_t *segment, const char *name)
{
    return segment->len == ngx_strlen(name)
           && ngx_strncmp(segment->data, name, segment->len) == 0;
}


void
ngx_http_portone_sandbox_control(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_uint_t                           found;
    ngx_http_portone_sandbox_control_t  *control;

    found = 0;

    for (control = ngx_http_portone_sandbox_controls;
         control->name;
         control++)
    {
        if (ctx->nsegments != control->nsegments
            || !ngx_http_portone_sandbox_control_is(&ctx->segments[1],
                                                    control->name)
            || (control->action
                && !ngx_http_portone_sandbox_control_is(
                                        &ctx->segments[ctx->nsegments - 1],
                                        control->action)))
        {
            continue;
        }

        if (ctx->request->method & control->methods) {
            control->handler(ctx);
            return;
        }

        found = 1;
    }

    if (found) {
        ngx_http_portone_sandbox_respond_error(ctx, NGX_HTTP_NOT_ALLOWED,
                                               "method not allowed");
    } else {
        ngx_http_portone_sandbox_respond_error(ctx, NGX_HTTP_NOT_FOUND,
                                               "no such control");
    }

    ngx_http_portone_sandbox_transport_send(ctx);
}


static void
ngx_http_portone_sandbox_control_ledger(ngx_http_portone_sandbox_ctx_t *ctx)
{
    u_char     *p;
    ngx_int_t   call, n, rc;
    ngx_str_t   value;

    call = NGX_HTTP_PORTONE_SANDBOX_ANY;

    /* the ledger of all payments, unless the query names one */

    rc = ngx_http_portone_sandbox_args_query(ctx->request, "imp_uid",
                                             &ctx->wait_name);

    if (rc != NGX_ERROR) {
        rc = ngx_http_portone_sandbox_args_query(ctx->request, "wait",
                                                 &value);
    }

    if (rc == NGX_ERROR) {
        ctx->status = NGX_HTTP_INTERNAL_SERVER_ERROR;
        ngx_http_portone_sandbox_transport_send(ctx);
        return;
    }

    if (rc == NGX_OK) {

        p = ngx_strlchr(value.data, value.data + value.len, ':');
        n = NGX_ERROR;

        if (p) {
            call = ngx_http_portone_sandbox_zone_call_by_name(value.data,
                                                              p - value.data);
            n = ngx_atoi(p + 1, value.data + value.len - p - 1);
        }

        if (n == NGX_ERROR || call == NGX_ERROR) {
            ngx_http_portone_sandbox_respond_error(ctx, NGX_HTTP_BAD_REQUEST,
                         "invalid \"wait\", \"call:number\" is expected");
            ngx_http_portone_sandbox_transport_send(ctx);
            return;
        }

        ctx->wait_count = n;
    }

    ctx->wait_call = call;

    ngx_http_portone_sandbox_wait_long_poll(ctx,
                                        ngx_http_portone_sandbox_check_arrived,
                                        ngx_http_portone_sandbox_ledger_answer);
}


static ngx_int_t
ngx_http_portone_sandbox_check_arrived(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_uint_t  n;

    if (ctx->wait_count == 0) {
        return NGX_OK;
    }

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    n = ngx_http_portone_sandbox_ledger_count(ctx->zone, ctx->wait_call,
                                              &ctx->wait_name);

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    if (n >= ctx->wait_count) {
        return NGX_OK;
    }

    return ngx_http_portone_sandbox_wait_due(ctx);
}


static void
ngx_http_portone_sandbox_ledger_answer(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_int_t rc)
{
    ngx_int_t                        call;
    ngx_str_t                        value;
    ngx_uint_t                       requests;
    ngx_http_portone_sandbox_text_t  text;

    requests = 1;

    if (ngx_http_portone_sandbox_args_query(ctx->request, "requests", &value)
        == NGX_OK
        && value.len == 1 && value.data[0] == '0')
    {
        requests = 0;
    }

    call = NGX_HTTP_PORTONE_SANDBOX_ANY;

    if (ngx_http_portone_sandbox_args_query(ctx->request, "call", &value)
        == NGX_OK)
    {
        call = ngx_http_portone_sandbox_zone_call_by_name(value.data,
                                                          value.len);
    }

    if (call == NGX_ERROR) {
        ngx_http_portone_sandbox_respond_error(ctx, NGX_HTTP_BAD_REQUEST,
                                               "invalid \"call\"");
        ngx_http_portone_sandbox_transport_send(ctx);
        return;
    }

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 8192);

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    ngx_http_portone_sandbox_ledger_write(ctx->zone, &text, call,
                                          &ctx->wait_name, requests);

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    ngx_http_portone_sandbox_respond_control(ctx,
                       rc == NGX_OK ? NGX_HTTP_OK : NGX_HTTP_GATEWAY_TIME_OUT,
                       &text);
    ngx_http_portone_sandbox_transport_send(ctx);
}


static void
ngx_http_portone_sandbox_control_reset(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_int_t                        rc;
    ngx_uint_t                       n;
    ngx_http_portone_sandbox_text_t  text;

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    rc = ngx_http_portone_sandbox_zone_reset(ctx->zone,
                                             ctx->request->connection->log);
    n = ctx->zone->sh->npayments;

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    if (rc == NGX_OK) {
        ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 64);
        ngx_http_portone_sandbox_text_format(&text, "{\"payments\":%ui}", n);
        ngx_http_portone_sandbox_respond_control(ctx, NGX_HTTP_OK, &text);

    } else {
        ngx_http_portone_sandbox_respond_full(ctx);
    }

    ngx_http_portone_sandbox_transport_send(ctx);
}


static void
ngx_http_portone_sandbox_control_expire(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_uint_t                       i, n;
    ngx_http_portone_sandbox_sh_t   *sh;
    ngx_http_portone_sandbox_text_t  text;

    sh = ctx->zone->sh;
    n = 0;

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    for (i = 0; i < NGX_HTTP_PORTONE_SANDBOX_MAX_TOKENS; i++) {
        if (sh->tokens[i].expired_at) {
            sh->tokens[i].expired_at = 0;
            n++;
        }
    }

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 64);
    ngx_http_portone_sandbox_text_format(&text, "{\"expired\":%ui}", n);
    ngx_http_portone_sandbox_respond_control(ctx, NGX_HTTP_OK, &text);

    ngx_http_portone_sandbox_transport_send(ctx);
}


static void
ngx_http_portone_sandbox_control_clock(ngx_http_portone_sandbox_ctx_t *ctx)
{
    cJSON                            *item;
    time_t                            now;
    ngx_http_portone_sandbox_text_t   text;

    static const char                *names[] = { "offset", NULL };

    if (ctx->request->method == NGX_HTTP_POST) {

        if (ngx_http_portone_sandbox_args_control(ctx, 1) != NGX_OK
            || ngx_http_portone_sandbox_args_only(ctx, names) != NGX_OK)
        {
            ngx_http_portone_sandbox_transport_send(ctx);
            return;
        }

        item = cJSON_GetObjectItemCaseSensitive(ctx->json, "offset");

        if (!cJSON_IsNumber(item)
            || item->valuedouble < -NGX_HTTP_PORTONE_SANDBOX_MAX_OFFSET
            || item->valuedouble > NGX_HTTP_PORTONE_SANDBOX_MAX_OFFSET
            || (double) (int64_t) item->valuedouble != item->valuedouble)
        {
            ngx_http_portone_sandbox_respond_error(ctx, NGX_HTTP_BAD_REQUEST,
                                                   "invalid \"offset\"");
            ngx_http_portone_sandbox_transport_send(ctx);
            return;
        }
    }

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    if (ctx->request->method == NGX_HTTP_POST) {
        item = cJSON_GetObjectItemCaseSensitive(ctx->json, "offset");
        ctx->zone->sh->clock_offset = (time_t) item->valuedouble;
        ctx->zone->sh->clock_set = 1;
    }

    now = ngx_http_portone_sandbox_zone_now(ctx->zone,
                                            ctx->conf->clock_offset);

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 64);
    ngx_http_portone_sandbox_text_format(&text,
                                         "{\"offset\":%T,\"now\":%T}",
                                         now - ngx_time(), now);
    ngx_http_portone_sandbox_respond_control(ctx, NGX_HTTP_OK, &text);

    ngx_http_portone_sandbox_transport_send(ctx);
}
