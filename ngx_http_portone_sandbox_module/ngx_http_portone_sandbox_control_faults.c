
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_portone_sandbox_control.h"
#include "ngx_http_portone_sandbox_faults.h"
#include "ngx_http_portone_sandbox_payments.h"
#include "ngx_http_portone_sandbox_request.h"
#include "ngx_http_portone_sandbox_text.h"


static ngx_int_t ngx_http_portone_sandbox_check_waiting(
    ngx_http_portone_sandbox_ctx_t *ctx);
static void ngx_http_portone_sandbox_gate_answer(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_int_t rc);


void
ngx_http_portone_sandbox_control_faults(ngx_http_portone_sandbox_ctx_t *ctx)
{
    cJSON                            *item;
    u_char                            error[
                                        NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN];
    ngx_int_t                         rc;
    ngx_http_portone_sandbox_text_t   text;

    if (ctx->request->method == NGX_HTTP_POST
        && ngx_http_portone_sandbox_args_control(ctx, 1) != NGX_OK)
    {
        ngx_http_portone_sandbox_transport_send(ctx);
        return;
    }

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 512);

    rc = NGX_OK;

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    switch (ctx->request->method) {

    case NGX_HTTP_GET:
        ngx_http_portone_sandbox_text_format(&text, "{\"faults\":[");
        ngx_http_portone_sandbox_faults_write(ctx->zone, &text);
        ngx_http_portone_sandbox_text_format(&text, "]}");
        break;

    case NGX_HTTP_POST:

        if (cJSON_IsArray(ctx->json)) {

            cJSON_ArrayForEach(item, ctx->json) {
                rc = ngx_http_portone_sandbox_faults_arm(ctx->zone, item,
                                                         error);
                if (rc != NGX_OK) {
                    break;
                }
            }

        } else {
            rc = ngx_http_portone_sandbox_faults_arm(ctx->zone, ctx->json,
                                                     error);
        }

        break;

    default: /* NGX_HTTP_DELETE */
        ngx_http_portone_sandbox_faults_clear(ctx->zone);
    }

    if (ctx->request->method != NGX_HTTP_GET) {
        ngx_http_portone_sandbox_text_format(&text, "{\"faults\":%ui}",
                                             ctx->zone->sh->nfaults);
    }

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    if (rc == NGX_OK) {
        ngx_http_portone_sandbox_respond_control(ctx, NGX_HTTP_OK, &text);

    } else if (rc == NGX_DECLINED) {
        ngx_http_portone_sandbox_respond_full(ctx);

    } else {
        ngx_http_portone_sandbox_respond_invalid(ctx, error);
    }

    ngx_http_portone_sandbox_transport_send(ctx);
}


void
ngx_http_portone_sandbox_control_faults_gate(
    ngx_http_portone_sandbox_ctx_t *ctx)
{
    cJSON                            *item;
    ngx_int_t                         rc, n;
    ngx_str_t                         value;
    ngx_http_portone_sandbox_gate_t  *gate;

    static const char                *names[] = { "open", NULL };

    ctx->wait_name = ctx->segments[2];

    if (ctx->request->method == NGX_HTTP_GET) {

        rc = ngx_http_portone_sandbox_args_query(ctx->request, "waiting",
                                                 &value);
        n = (rc == NGX_OK) ? ngx_atoi(value.data, value.len) : 0;

        if (n == NGX_ERROR) {
            ngx_http_portone_sandbox_respond_error(ctx, NGX_HTTP_BAD_REQUEST,
                                                   "invalid \"waiting\"");
            ngx_http_portone_sandbox_transport_send(ctx);
            return;
        }

        ctx->wait_count = n;

        ngx_http_portone_sandbox_wait_long_poll(ctx,
                                       ngx_http_portone_sandbox_check_waiting,
                                       ngx_http_portone_sandbox_gate_answer);
        return;
    }

    if (ngx_http_portone_sandbox_args_control(ctx, 1) != NGX_OK
        || ngx_http_portone_sandbox_args_only(ctx, names) != NGX_OK)
    {
        ngx_http_portone_sandbox_transport_send(ctx);
        return;
    }

    item = cJSON_GetObjectItemCaseSensitive(ctx->json, "open");

    if (!cJSON_IsBool(item)) {
        ngx_http_portone_sandbox_respond_error(ctx, NGX_HTTP_BAD_REQUEST,
                                               "invalid \"open\"");
        ngx_http_portone_sandbox_transport_send(ctx);
        return;
    }

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    gate = ngx_http_portone_sandbox_faults_gate_get(ctx->zone, &ctx->wait_name);

    if (gate) {
        gate->open = cJSON_IsTrue(item) ? 1 : 0;
    }

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    if (gate == NULL) {
        ngx_http_portone_sandbox_respond_full(ctx);
        ngx_http_portone_sandbox_transport_send(ctx);
        return;
    }

    ngx_http_portone_sandbox_gate_answer(ctx, NGX_OK);
}


static ngx_int_t
ngx_http_portone_sandbox_check_waiting(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_uint_t                        waiting;
    ngx_http_portone_sandbox_gate_t  *gate;

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    gate = ngx_http_portone_sandbox_faults_gate_find(ctx->zone,
                                                     &ctx->wait_name);
    waiting = gate ? gate->waiting : 0;

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    if (waiting >= ctx->wait_count) {
        return NGX_OK;
    }

    return ngx_http_portone_sandbox_wait_due(ctx);
}


static void
ngx_http_portone_sandbox_gate_answer(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_int_t rc)
{
    ngx_uint_t                        waiting, open;
    ngx_http_portone_sandbox_gate_t  *gate;
    ngx_http_portone_sandbox_text_t   text;

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    gate = ngx_http_portone_sandbox_faults_gate_find(ctx->zone,
                                                     &ctx->wait_name);
    waiting = gate ? gate->waiting : 0;
    open = gate ? gate->open : 0;

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 128);
    ngx_http_portone_sandbox_text_format(&text, "{\"name\":");
    ngx_http_portone_sandbox_text_json(&text, &ctx->wait_name);
    ngx_http_portone_sandbox_text_format(&text,
                                         ",\"open\":%s,\"waiting\":%ui}",
                                         open ? "true" : "false", waiting);

    ngx_http_portone_sandbox_respond_control(ctx,
                       rc == NGX_OK ? NGX_HTTP_OK : NGX_HTTP_GATEWAY_TIME_OUT,
                       &text);
    ngx_http_portone_sandbox_transport_send(ctx);
}
