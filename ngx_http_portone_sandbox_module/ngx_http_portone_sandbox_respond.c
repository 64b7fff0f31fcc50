
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_portone_sandbox_request.h"


static void ngx_http_portone_sandbox_respond(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_uint_t status,
    ngx_http_portone_sandbox_text_t *text);


static void
ngx_http_portone_sandbox_respond(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_uint_t status, ngx_http_portone_sandbox_text_t *text)
{
    ngx_str_set(&ctx->content_type, "application/json; charset=utf-8");
    ctx->status = status;

    if (ngx_http_portone_sandbox_text_done(text, &ctx->response) != NGX_OK) {
        ctx->status = NGX_HTTP_INTERNAL_SERVER_ERROR;
        ngx_str_null(&ctx->response);
    }
}


void
ngx_http_portone_sandbox_respond_success(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_uint_t status, ngx_str_t *response)
{
    ngx_http_portone_sandbox_text_t  text;

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool,
                                       response->len + 64);

    ngx_http_portone_sandbox_text_format(&text,
                                "{\"code\":0,\"message\":null,\"response\":");
    ngx_http_portone_sandbox_text_str(&text, response);
    ngx_http_portone_sandbox_text_format(&text, "}");

    ngx_http_portone_sandbox_respond(ctx, status, &text);
}


void
ngx_http_portone_sandbox_respond_failure(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_uint_t status, int64_t code, ngx_str_t *message)
{
    ngx_http_portone_sandbox_text_t  text;

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 256);

    ngx_http_portone_sandbox_text_format(&text, "{\"code\":%L,\"message\":",
                                         code);
    ngx_http_portone_sandbox_text_json(&text, message);
    ngx_http_portone_sandbox_text_format(&text, ",\"response\":null}");

    ngx_http_portone_sandbox_respond(ctx, status, &text);
}


void
ngx_http_portone_sandbox_respond_unrecorded(ngx_http_portone_sandbox_ctx_t *ctx,
    const char *what)
{
    ngx_str_t                        message;
    ngx_http_portone_sandbox_text_t  text;

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 256);

    ngx_http_portone_sandbox_text_format(&text,
                              "sandbox: %s is not recorded for PortOne",
                              what);

    if (ngx_http_portone_sandbox_text_done(&text, &message) != NGX_OK) {
        ctx->status = NGX_HTTP_INTERNAL_SERVER_ERROR;
        ngx_str_null(&ctx->response);
        return;
    }

    ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                  "portone %V", &message);

    ngx_http_portone_sandbox_respond_failure(ctx, NGX_HTTP_NOT_IMPLEMENTED, -1,
                                             &message);
}


void
ngx_http_portone_sandbox_respond_full(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_str_t  message = ngx_string("sandbox: the zone is full");

    ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                  "portone sandbox: zone \"%V\" is full",
                  &ctx->zone->shm_zone->shm.name);

    if (ctx->number) {
        ngx_http_portone_sandbox_respond_failure(ctx,
                                                 NGX_HTTP_INSUFFICIENT_STORAGE,
                                                 -1, &message);
        return;
    }

    ngx_http_portone_sandbox_respond_error(ctx, NGX_HTTP_INSUFFICIENT_STORAGE,
                                           "the zone is full");
}


void
ngx_http_portone_sandbox_respond_control(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_uint_t status, ngx_http_portone_sandbox_text_t *text)
{
    ngx_http_portone_sandbox_text_format(text, "\n");
    ngx_http_portone_sandbox_respond(ctx, status, text);
}


void
ngx_http_portone_sandbox_respond_error(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_uint_t status, const char *message)
{
    ngx_str_t                        str;
    ngx_http_portone_sandbox_text_t  text;

    str.data = (u_char *) message;
    str.len = ngx_strlen(message);

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 128);

    ngx_http_portone_sandbox_text_format(&text, "{\"error\":");
    ngx_http_portone_sandbox_text_json(&text, &str);
    ngx_http_portone_sandbox_text_format(&text, "}");

    ngx_http_portone_sandbox_respond_control(ctx, status, &text);
}


void
ngx_http_portone_sandbox_respond_invalid(ngx_http_portone_sandbox_ctx_t *ctx,
    u_char *error)
{
    ngx_http_portone_sandbox_respond_error(ctx, NGX_HTTP_BAD_REQUEST,
                                           (char *) error);
}
