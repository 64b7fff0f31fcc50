
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_register.h"
#include "ngx_http_portone_body.h"
#include "ngx_http_portone_commit.h"
#include "ngx_http_portone_flow.h"
#include "ngx_http_portone_match_values.h"
#include "ngx_http_portone_reply.h"
#include "portone_register.h"


/* bytes; more is a matter of an import */
#define NGX_HTTP_PORTONE_REGISTER_MAX      65536

/* how long it may wait for its turn to be committed, ms */
#define NGX_HTTP_PORTONE_REGISTER_TIMEOUT  5000


typedef struct {
    portone_register_t          core;
    ngx_http_portone_commit_t   commit;
    ngx_pool_t                 *pool;
    ngx_log_t                   log;
    ngx_http_request_t         *request;    /* NULL: gone */
    ngx_http_cleanup_t         *cleanup;    /* of the request */
} ngx_http_portone_register_t;


static void ngx_http_portone_register_body(ngx_http_request_t *r);
static ngx_int_t ngx_http_portone_register_start(ngx_http_request_t *r,
    ngx_str_t *text);
static void ngx_http_portone_register_done(ngx_http_portone_commit_t *op);
static ngx_int_t ngx_http_portone_register_answer(ngx_http_request_t *r,
    ngx_http_portone_register_t *reg);
static void ngx_http_portone_register_detach(void *data);
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

    ctx = ngx_http_portone_get_ctx(r);
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
    ngx_pool_t                    *pool;
    ngx_http_portone_ctx_t        *ctx;
    ngx_http_core_loc_conf_t      *clcf;
    ngx_http_portone_commit_t     *op;
    ngx_http_portone_register_t   *reg;
    ngx_http_portone_loc_conf_t   *plcf;
    ngx_http_portone_main_conf_t  *pmcf;

    ctx = ngx_http_portone_get_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_portone_module);
    pmcf = ngx_http_get_module_main_conf(r, ngx_http_portone_module);

    pool = ngx_create_pool(4096, ngx_cycle->log);
    if (pool == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    reg = ngx_pcalloc(pool, sizeof(ngx_http_portone_register_t));
    if (reg == NULL) {
        ngx_destroy_pool(pool);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    reg->pool = pool;
    reg->request = r;

    /* the log of the connection does not live as long as a commit */

    reg->log = *clcf->error_log;
    reg->log.connection = r->connection->number;
    reg->log.handler = NULL;
    reg->log.action = NULL;

    reg->core.now = ngx_time();
    reg->core.merchant_uid.data = (char *) ctx->merchant_uid.data;
    reg->core.merchant_uid.len = ctx->merchant_uid.len;

    reg->core.merchant.data = (char *) plcf->merchant.data;
    reg->core.merchant.len = plcf->merchant.len;

    if (ngx_http_portone_match_values(r, pool, &reg->core.matches,
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

    reg->cleanup = ngx_http_cleanup_add(r, 0);

    if (reg->cleanup == NULL) {
        ngx_http_portone_register_destroy(reg);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    reg->cleanup->handler = ngx_http_portone_register_detach;
    reg->cleanup->data = reg;

    op = &reg->commit;

    op->store = pmcf->store;
    op->log = &reg->log;
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
    ngx_connection_t             *c;
    ngx_http_request_t           *r;
    ngx_http_portone_register_t  *reg;

    reg = (ngx_http_portone_register_t *)
              ((u_char *) op - offsetof(ngx_http_portone_register_t, commit));

    if (reg->core.mismatch) {
        ngx_log_error(NGX_LOG_WARN, &reg->log, 0,
                      "payment does not match portone_match");
    }

    r = reg->request;

    if (r == NULL) {
        ngx_http_portone_register_destroy(reg);
        return;
    }

    c = r->connection;

    if (op->status == NGX_HTTP_PORTONE_COMMITTED) {
        rc = ngx_http_portone_register_answer(r, reg);

    } else {
        rc = ngx_http_portone_reply_error(r, PORTONE_STORE_UNAVAILABLE, NULL,
                                          NULL);
    }

    reg->cleanup->data = NULL;

    ngx_http_portone_register_destroy(reg);

    ngx_http_finalize_request(r, rc);

    ngx_http_run_posted_requests(c);
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
ngx_http_portone_register_detach(void *data)
{
    ngx_http_portone_register_t *reg = data;

    if (reg) {
        reg->request = NULL;
    }
}


static void
ngx_http_portone_register_destroy(ngx_http_portone_register_t *reg)
{
    portone_register_free(&reg->core);

    ngx_destroy_pool(reg->pool);
}
