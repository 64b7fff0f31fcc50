
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_handlers.h"
#include "ngx_http_portone_body.h"
#include "ngx_http_portone_client.h"
#include "ngx_http_portone_commit.h"
#include "ngx_http_portone_match_values.h"
#include "ngx_http_portone_reply.h"
#include "portone_register.h"


/* how long a registration may wait for its turn to be committed */
#define NGX_HTTP_PORTONE_REGISTER_TIMEOUT_MS  5000


typedef struct {
    ngx_http_portone_client_t   client;
    portone_register_t          core;
    ngx_http_portone_commit_t   commit;
} ngx_http_portone_register_t;


static ngx_int_t ngx_http_portone_register_start(ngx_http_request_t *r,
    ngx_str_t *text);
static void ngx_http_portone_register_commit(ngx_http_request_t *r,
    ngx_http_portone_register_t *reg);
static void ngx_http_portone_register_done(ngx_http_portone_commit_t *op);
static ngx_int_t ngx_http_portone_register_answer(ngx_http_request_t *r,
    ngx_http_portone_register_t *reg);
static void ngx_http_portone_register_destroy(
    ngx_http_portone_register_t *reg);


static const ngx_http_portone_body_t  ngx_http_portone_register_body = {
    ngx_string("application/json"),
    65536,  /* more is a matter of an import */
    ngx_http_portone_register_start,
    ngx_http_portone_reply_error
};


ngx_int_t
ngx_http_portone_register(ngx_http_request_t *r, portone_str_t *merchant_uid)
{
    ngx_http_portone_ctx_t  *ctx;

    if (ngx_http_portone_body_check(r, &ngx_http_portone_register_body)
        == PORTONE_NO_ERROR)
    {
        ctx = ngx_http_portone_client_ctx(r);
        if (ctx == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        ctx->merchant_uid.data = (u_char *) merchant_uid->data;
        ctx->merchant_uid.len = merchant_uid->len;
    }

    return ngx_http_portone_body_read(r, &ngx_http_portone_register_body);
}


static ngx_int_t
ngx_http_portone_register_start(ngx_http_request_t *r, ngx_str_t *text)
{
    ngx_int_t                     rc;
    portone_register_t           *core;
    ngx_http_portone_ctx_t       *ctx;
    ngx_http_portone_register_t  *reg;
    ngx_http_portone_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_portone_module);

    reg = ngx_http_portone_client_create(r, 4096,
                                         sizeof(ngx_http_portone_register_t));
    if (reg == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx = reg->client.ctx;
    core = &reg->core;

    core->now = ngx_time();
    core->merchant_uid.data = (char *) ctx->merchant_uid.data;
    core->merchant_uid.len = ctx->merchant_uid.len;

    core->merchant.data = (char *) plcf->merchant.data;
    core->merchant.len = plcf->merchant.len;

    if (ngx_http_portone_match_values(r, reg->client.pool, &core->match_values,
                                      &core->n_match_values)
        != NGX_OK)
    {
        ngx_http_portone_register_destroy(reg);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (portone_register_parse(core, (char *) text->data, text->len)
        != PORTONE_NO_ERROR)
    {
        rc = ngx_http_portone_register_answer(r, reg);

        ngx_http_portone_register_destroy(reg);

        return rc;
    }

    ngx_http_portone_register_commit(r, reg);

    return NGX_DONE;
}


static void
ngx_http_portone_register_commit(ngx_http_request_t *r,
    ngx_http_portone_register_t *reg)
{
    ngx_http_portone_commit_t     *op;
    ngx_http_portone_main_conf_t  *pmcf;

    pmcf = ngx_http_get_module_main_conf(r, ngx_http_portone_module);

    op = &reg->commit;

    op->store = pmcf->store;
    op->log = &reg->client.log;
    op->apply = portone_register_apply;
    op->data = &reg->core;
    op->handler = ngx_http_portone_register_done;
    op->timeout = NGX_HTTP_PORTONE_REGISTER_TIMEOUT_MS;

    ngx_http_portone_commit(op);
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
