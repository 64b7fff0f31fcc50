
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_client.h"


static ngx_int_t ngx_http_portone_client_attach(
    ngx_http_portone_client_t *client, ngx_http_request_t *r);
static void ngx_http_portone_client_detach(void *data);


ngx_http_portone_ctx_t *
ngx_http_portone_client_ctx(ngx_http_request_t *r)
{
    ngx_http_portone_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_portone_module);

    if (ctx == NULL) {
        ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_portone_ctx_t));
        if (ctx == NULL) {
            return NULL;
        }

        ngx_http_set_ctx(r, ctx, ngx_http_portone_module);
    }

    return ctx;
}


void *
ngx_http_portone_client_create(ngx_http_request_t *r, size_t pool_size,
    size_t size)
{
    ngx_log_t                  *log;
    ngx_pool_t                 *pool;
    ngx_http_core_loc_conf_t   *clcf;
    ngx_http_portone_client_t  *client;

    log = ngx_cycle->log;

    if (r) {
        clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
        log = clcf->error_log;
    }

    pool = ngx_create_pool(pool_size, ngx_cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    client = ngx_pcalloc(pool, size);
    if (client == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    client->pool = pool;

    client->log = *log;
    client->log.connection = 0;
    client->log.handler = NULL;
    client->log.action = NULL;

    pool->log = &client->log;

    if (r && ngx_http_portone_client_attach(client, r) != NGX_OK) {
        ngx_http_portone_client_destroy(client);
        return NULL;
    }

    return client;
}


static ngx_int_t
ngx_http_portone_client_attach(ngx_http_portone_client_t *client,
    ngx_http_request_t *r)
{
    ngx_http_cleanup_t  *cln;

    client->ctx = ngx_http_portone_client_ctx(r);
    if (client->ctx == NULL) {
        return NGX_ERROR;
    }

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_portone_client_detach;
    cln->data = client;

    client->cleanup = cln;
    client->request = r;
    client->log.connection = r->connection->number;

    return NGX_OK;
}


static void
ngx_http_portone_client_detach(void *data)
{
    ngx_http_portone_client_t *client = data;

    if (client == NULL) {
        return;
    }

    client->ctx = NULL;
    client->request = NULL;

    if (client->gone) {
        client->gone(client);
    }
}


void
ngx_http_portone_client_finalize(ngx_http_portone_client_t *client,
    ngx_int_t rc)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = client->request;
    c = r->connection;

    client->cleanup->data = NULL;
    client->ctx = NULL;
    client->request = NULL;

    ngx_http_finalize_request(r, rc);

    ngx_http_run_posted_requests(c);
}


void
ngx_http_portone_client_destroy(ngx_http_portone_client_t *client)
{
    if (client->request) {
        client->cleanup->data = NULL;
    }

    ngx_destroy_pool(client->pool);
}
