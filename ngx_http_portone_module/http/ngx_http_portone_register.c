
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_register.h"
#include "ngx_http_portone_body.h"
#include "ngx_http_portone_client.h"
#include "ngx_http_portone_commit.h"
#include "ngx_http_portone_match_values.h"
#include "ngx_http_portone_reply.h"
#include "portone_register.h"


/* bytes; more is a matter of an import */
#define NGX_HTTP_PORTONE_REGISTER_MAX      65536

/* how long it may wait for its turn to be committed, ms */
#define NGX_HTTP_PORTONE_REGISTER_TIMEOUT  5000


typedef struct {
    ngx_http_portone_client_t   client;
    portone_register_t          core;
    ngx_http_portone_commit_t   commit;
} ngx_http_portone_register_t;


static void ngx_http_portone_register_body(ngx_http_request_t *r);
static ngx_int_t ngx_http_portone_register_start(ngx_http_request_t *r,
    ngx_str_t *text);
static void ngx_http_portone_register_done(ngx_http_portone_commit_t *op);
static ngx_int_t ngx_http_portone_register_answer(ngx_http_request_t *r,
    ngx_http_portone_register_t *reg);
static void ngx_http_portone_register_destroy(
    ngx_http_portone_register_t *reg);


ngx_int_t
ngx_http_portone_register(ngx_http_request_t *r, portone_str_t *merchant_uid)
{
    portone_error_e          error;
    ngx_http_portone_ctx_t  *ctx;

    static ngx_str_t  json = ngx_string("application/json");

    error = ngx_http_portone_body_check(r, &json,
                                        NGX_HTTP_PORTONE_REGISTER_MAX);

    if (error != PORTONE_NO_ERROR) {
        return ngx_http_portone_body_refuse(r, error, NULL, NULL);
    }

    ctx = ngx_http_portone_client_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->merchant_uid.data = (u_char *) merchant_uid->data;
    ctx->merchant_uid.len = merchant_uid->len;

    return ngx_http_portone_body_read(r, ngx_http_portone_register_body);
}


static void
ngx_http_portone_register_body(ngx_http_request_t *r)
{
    ngx_int_t  rc;
    ngx_str_t  text;

    rc = ngx_http_portone_body_text(r, NGX_HTTP_PORTONE_REGISTER_MAX, &text);

    switch (rc) {

    case NGX_OK:
        rc = ngx_http_portone_register_start(r, &text);
        break;

    case NGX_DECLINED:
        rc = ngx_http_portone_reply_error(r, PORTONE_TOO_LARGE, NULL, NULL);
        break;

    default:
        rc = NGX_HTTP_INTERNAL_SERVER_ERROR;
        break;
    }

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
}


static ngx_int_t
ngx_http_portone_register_start(ngx_http_request_t *r, ngx_str_t *text)
{
    ngx_int_t                      rc;
    ngx_http_portone_ctx_t        *ctx;
    ngx_http_portone_commit_t     *op;
    ngx_http_portone_register_t   *reg;
    ngx_http_portone_loc_conf_t   *plcf;
    ngx_http_portone_main_conf_t  *pmcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_portone_module);
    pmcf = ngx_http_get_module_main_conf(r, ngx_http_portone_module);

    reg = ngx_http_portone_client_create(r, 4096,
                                         sizeof(ngx_http_portone_register_t));
    if (reg == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx = reg->client.ctx;

    reg->core.now = ngx_time();
    reg->core.merchant_uid.data = (char *) ctx->merchant_uid.data;
    reg->core.merchant_uid.len = ctx->merchant_uid.len;

    reg->core.merchant.data = (char *) plcf->merchant.data;
    reg->core.merchant.len = plcf->merchant.len;

    if (ngx_http_portone_match_values(r, reg->client.pool,
                                      &reg->core.matches,
                                      &reg->core.n_matches)
        != NGX_OK)
    {
        ngx_http_portone_register_destroy(reg);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (portone_register_parse(&reg->core, (char *) text->data, text->len)
        != PORTONE_NO_ERROR)
    {
        rc = ngx_http_portone_register_answer(r, reg);

        ngx_http_portone_register_destroy(reg);

        return rc;
    }

    op = &reg->commit;

    op->store = pmcf->store;
    op->log = &reg->client.log;
    op->apply = portone_register_apply;
    op->data = &reg->core;
    op->handler = ngx_http_portone_register_done;
    op->timeout = NGX_HTTP_PORTONE_REGISTER_TIMEOUT;

    ngx_http_portone_commit(op);

    return NGX_DONE;
}


static void
ngx_http_portone_register_done(ngx_http_portone_commit_t *op)
{
    ngx_int_t                     rc;
    ngx_http_request_t           *r;
    ngx_http_portone_register_t  *reg;

    reg = (ngx_http_portone_register_t *)
              ((u_char *) op - offsetof(ngx_http_portone_register_t, commit));

    if (reg->core.mismatch) {
        ngx_log_error(NGX_LOG_WARN, &reg->client.log, 0,
                      "payment does not match portone_match");
    }

    r = reg->client.request;

    if (r == NULL) {
        ngx_http_portone_register_destroy(reg);
        return;
    }

    if (op->status == NGX_HTTP_PORTONE_COMMITTED) {
        rc = ngx_http_portone_register_answer(r, reg);

    } else {
        rc = ngx_http_portone_reply_error(r, PORTONE_STORE_UNAVAILABLE, NULL,
                                          NULL);
    }

    ngx_http_portone_client_finalize(&reg->client, rc);

    ngx_http_portone_register_destroy(reg);
}


static ngx_int_t
ngx_http_portone_register_answer(ngx_http_request_t *r,
    ngx_http_portone_register_t *reg)
{
    ngx_uint_t                    status;
    portone_register_t           *core;
    ngx_http_portone_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_portone_module);

    core = &reg->core;

    status = (core->verdict == PORTONE_REGISTER_NEW) ? NGX_HTTP_CREATED
                                                     : NGX_HTTP_OK;

    return ngx_http_portone_reply_text(r, core->error, status,
                                  portone_register_reply(core,
                                                         plcf->language));
}


static void
ngx_http_portone_register_destroy(ngx_http_portone_register_t *reg)
{
    portone_register_free(&reg->core);

    ngx_http_portone_client_destroy(&reg->client);
}
