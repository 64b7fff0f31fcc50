
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_portone_sandbox_control.h"
#include "ngx_http_portone_sandbox_faults.h"
#include "ngx_http_portone_sandbox_ledger.h"
#include "ngx_http_portone_sandbox_payments.h"
#include "ngx_http_portone_sandbox_request.h"


#define NGX_HTTP_PORTONE_SANDBOX_MAX_BODY          65536
#define NGX_HTTP_PORTONE_SANDBOX_MAX_CONTROL_BODY  1048576


static ngx_int_t ngx_http_portone_sandbox_path(
    ngx_http_portone_sandbox_ctx_t *ctx);
static ngx_uint_t ngx_http_portone_sandbox_segment_is(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_uint_t n, const char *name);
static void ngx_http_portone_sandbox_route(
    ngx_http_portone_sandbox_ctx_t *ctx);
static void ngx_http_portone_sandbox_body_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_portone_sandbox_body(
    ngx_http_portone_sandbox_ctx_t *ctx);
static ngx_int_t ngx_http_portone_sandbox_resolve(
    ngx_http_portone_sandbox_ctx_t *ctx);
static ngx_int_t ngx_http_portone_sandbox_resolve_locked(
    ngx_http_portone_sandbox_ctx_t *ctx);
static ngx_int_t ngx_http_portone_sandbox_arrive(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_uint_t idle);
static void ngx_http_portone_sandbox_execute(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_int_t rc);
static void ngx_http_portone_sandbox_call(
    ngx_http_portone_sandbox_ctx_t *ctx);
static void ngx_http_portone_sandbox_answer(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_int_t rc);
static void ngx_http_portone_sandbox_unknown_call(
    ngx_http_portone_sandbox_ctx_t *ctx);
static void ngx_http_portone_sandbox_cleanup(void *data);


ngx_int_t
ngx_http_portone_sandbox_request_handler(ngx_http_request_t *r)
{
    off_t                            max;
    ngx_int_t                        rc;
    ngx_http_cleanup_t              *cln;
    ngx_http_portone_sandbox_ctx_t  *ctx;

    cln = ngx_http_cleanup_add(r, sizeof(ngx_http_portone_sandbox_ctx_t));
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx = cln->data;
    ngx_memzero(ctx, sizeof(ngx_http_portone_sandbox_ctx_t));
    cln->handler = ngx_http_portone_sandbox_cleanup;

    ctx->request = r;
    ctx->conf = ngx_http_get_module_loc_conf(r,
                                             ngx_http_portone_sandbox_module);
    ctx->zone = ctx->conf->zone;

    ngx_http_set_ctx(r, ctx, ngx_http_portone_sandbox_module);

    rc = ngx_http_portone_sandbox_path(ctx);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc == NGX_DECLINED) {
        return NGX_HTTP_NOT_FOUND;
    }

    ngx_http_portone_sandbox_route(ctx);

    max = ngx_http_portone_sandbox_segment_is(ctx, 0, "_sandbox")
          ? NGX_HTTP_PORTONE_SANDBOX_MAX_CONTROL_BODY
          : NGX_HTTP_PORTONE_SANDBOX_MAX_BODY;

    if (r->headers_in.content_length_n > max) {
        return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
    }

    r->request_body_in_single_buf = 1;

    rc = ngx_http_read_client_request_body(r,
                                       ngx_http_portone_sandbox_body_handler);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    return NGX_DONE;
}


/*
 * Splits the path below the location.  NGX_DECLINED: the path lies beside it,
 * as "/portone-x" beside "location /portone".
 */

static ngx_int_t
ngx_http_portone_sandbox_path(ngx_http_portone_sandbox_ctx_t *ctx)
{
    u_char                    *p, *end, *last;
    ngx_str_t                  path, *root;
    ngx_uint_t                 raw;
    ngx_http_request_t        *r;
    ngx_http_core_loc_conf_t  *clcf;

    r = ctx->request;
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    root = &clcf->name;
    path = r->uri;
    raw = 0;

    /* undecoded, an encoded slash stays inside of its segment */

    if (r->valid_unparsed_uri && r->unparsed_uri.len >= root->len
        && ngx_strncmp(r->unparsed_uri.data, root->data, root->len) == 0)
    {
        raw = 1;
        path = r->unparsed_uri;

        p = ngx_strlchr(path.data, path.data + path.len, '?');
        if (p) {
            path.len = p - path.data;
        }
    }

    p = path.data + root->len;
    end = path.data + path.len;

    if (root->len && root->data[root->len - 1] != '/' && p < end) {

        if (*p != '/') {
            return NGX_DECLINED;
        }

        p++;
    }

    while (p < end) {

        last = ngx_strlchr(p, end, '/');
        if (last == NULL) {
            last = end;
        }

        if (last == p) {
            p++;
            continue;
        }

        if (ctx->nsegments == NGX_HTTP_PORTONE_SANDBOX_MAX_SEGMENTS) {
            return NGX_DECLINED;
        }

        if (raw) {
            if (ngx_http_portone_sandbox_args_decode(r->pool, p, last - p, 0,
                                          &ctx->segments[ctx->nsegments])
                != NGX_OK)
            {
                return NGX_ERROR;
            }

        } else {
            ctx->segments[ctx->nsegments].data = p;
            ctx->segments[ctx->nsegments].len = last - p;
        }

        ctx->nsegments++;
        p = last + 1;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_portone_sandbox_segment_is(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_uint_t n, const char *name)
{
    return n < ctx->nsegments
           && ctx->segments[n].len == ngx_strlen(name)
           && ngx_strncmp(ctx->segments[n].data, name, ngx_strlen(name)) == 0;
}


static void
ngx_http_portone_sandbox_route(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_uint_t  n, get, post;

    n = ctx->nsegments;
    get = (ctx->request->method == NGX_HTTP_GET);
    post = (ctx->request->method == NGX_HTTP_POST);

    ctx->call = NGX_HTTP_PORTONE_SANDBOX_OTHER;

    if (n == 2 && post
        && ngx_http_portone_sandbox_segment_is(ctx, 0, "users")
        && ngx_http_portone_sandbox_segment_is(ctx, 1, "getToken"))
    {
        ctx->call = NGX_HTTP_PORTONE_SANDBOX_TOKEN;
        return;
    }

    if (!ngx_http_portone_sandbox_segment_is(ctx, 0, "payments")) {
        return;
    }

    if (n == 2 && post
        && ngx_http_portone_sandbox_segment_is(ctx, 1, "cancel"))
    {
        ctx->call = NGX_HTTP_PORTONE_SANDBOX_CANCEL;
        return;
    }

    if (!get) {
        return;
    }

    if (n == 1
        || ((n == 3 || n == 4)
            && (ngx_http_portone_sandbox_segment_is(ctx, 1, "find")
                || ngx_http_portone_sandbox_segment_is(ctx, 1, "findAll"))))
    {
        ctx->call = NGX_HTTP_PORTONE_SANDBOX_FIND;

    } else if (n == 2) {
        ctx->call = NGX_HTTP_PORTONE_SANDBOX_PAYMENT;
    }
}


static ngx_int_t
ngx_http_portone_sandbox_body(ngx_http_portone_sandbox_ctx_t *ctx)
{
    u_char              *p;
    size_t               len;
    ssize_t              n;
    ngx_buf_t           *b;
    ngx_chain_t         *cl;
    ngx_http_request_t  *r;

    r = ctx->request;
    len = 0;

    if (r->request_body == NULL) {
        return NGX_OK;
    }

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        len += ngx_buf_size(cl->buf);
    }

    if (len > NGX_HTTP_PORTONE_SANDBOX_MAX_CONTROL_BODY
        || (len > NGX_HTTP_PORTONE_SANDBOX_MAX_BODY
            && !ngx_http_portone_sandbox_segment_is(ctx, 0, "_sandbox")))
    {
        return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
    }

    p = ngx_pnalloc(r->pool, len + 1);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->body.data = p;
    ctx->body.len = len;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_buf_in_memory(b)) {
            p = ngx_cpymem(p, b->pos, b->last - b->pos);
            continue;
        }

        if (!b->in_file) {
            continue;
        }

        /* just written, so it is read from the page cache */

        n = ngx_read_file(b->file, p, b->file_last - b->file_pos,
                          b->file_pos);

        if (n != b->file_last - b->file_pos) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        p += n;
    }

    *p = '\0';

    return NGX_OK;
}


static void
ngx_http_portone_sandbox_body_handler(ngx_http_request_t *r)
{
    ngx_int_t                        rc;
    ngx_uint_t                       idle;
    ngx_http_portone_sandbox_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_portone_sandbox_module);

    rc = ngx_http_portone_sandbox_body(ctx);

    if (rc != NGX_OK) {
        ngx_http_finalize_request(r, rc);
        return;
    }

    if (ngx_http_portone_sandbox_segment_is(ctx, 0, "_sandbox")) {
        ngx_http_portone_sandbox_control(ctx);
        return;
    }

    ngx_http_portone_sandbox_args_body(ctx);

    idle = ngx_http_portone_sandbox_transport_closes_idle(r->connection);

    if (ngx_http_portone_sandbox_arrive(ctx, idle) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    if (idle) {
        ngx_http_portone_sandbox_transport_reset(ctx);
        return;
    }

    ngx_http_portone_sandbox_wait_hold(ctx, ctx->before,
                                       ngx_http_portone_sandbox_execute);
}


/* finds the payment that the call names, if it names one */

static ngx_int_t
ngx_http_portone_sandbox_resolve(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_http_portone_sandbox_arg_t  imp_uid, merchant_uid;

    if (ctx->call == NGX_HTTP_PORTONE_SANDBOX_CANCEL) {

        if (ngx_http_portone_sandbox_args_get(ctx, "imp_uid", &imp_uid)
            != NGX_OK
            || ngx_http_portone_sandbox_args_get(ctx, "merchant_uid",
                                                 &merchant_uid)
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        ctx->imp_uid = imp_uid.value;
        ctx->merchant_uid = merchant_uid.value;

    } else if (ctx->call == NGX_HTTP_PORTONE_SANDBOX_PAYMENT) {
        ctx->imp_uid = ctx->segments[1];

    } else if (ctx->call == NGX_HTTP_PORTONE_SANDBOX_FIND
               && ctx->nsegments > 2)
    {
        ctx->merchant_uid = ctx->segments[2];
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_portone_sandbox_resolve_locked(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_str_t                            *uid, *src;
    ngx_http_portone_sandbox_payment_t   *payment;

    if (ctx->imp_uid.len) {
        payment = ngx_http_portone_sandbox_payments_find(ctx->zone,
                                                         &ctx->imp_uid);
        uid = &ctx->merchant_uid;
        src = payment ? &payment->order->sn.str : NULL;

    } else if (ctx->merchant_uid.len) {
        payment = ngx_http_portone_sandbox_payments_newest(ctx->zone,
                                                           &ctx->merchant_uid);
        uid = &ctx->imp_uid;
        src = payment ? &payment->sn.str : NULL;

    } else {
        return NGX_OK;
    }

    if (payment == NULL) {
        return NGX_OK;
    }

    uid->len = src->len;
    uid->data = ngx_pstrdup(ctx->request->pool, src);

    if (uid->data == NULL) {
        return NGX_ERROR;
    }

    if (ctx->call == NGX_HTTP_PORTONE_SANDBOX_CANCEL) {
        ctx->counted = 1;
        payment->concurrent_now++;
        payment->concurrent_max = ngx_max(payment->concurrent_max,
                                          payment->concurrent_now);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_portone_sandbox_arrive(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_uint_t idle)
{
    ngx_int_t                          rc;
    ngx_uint_t                         i, failed;
    ngx_http_portone_sandbox_fault_t **taken[] = {
        &ctx->before, &ctx->after, &ctx->answer
    };

    if (ngx_http_portone_sandbox_resolve(ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    failed = 0;

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    rc = ngx_http_portone_sandbox_resolve_locked(ctx);

    /* a connection that is about to be closed skips further faults */

    for (i = 0; i < sizeof(taken) / sizeof(taken[0]) && !idle; i++) {
        *taken[i] = ngx_http_portone_sandbox_faults_take(ctx->zone, i,
                                              ctx->call, &ctx->imp_uid,
                                              &ctx->merchant_uid,
                                              ctx->request->pool, &failed);
    }

    ngx_http_portone_sandbox_ledger_arrive(ctx);

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    return failed ? NGX_ERROR : rc;
}


static void
ngx_http_portone_sandbox_execute(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_int_t rc)
{
    if (rc != NGX_OK) {
        ngx_http_portone_sandbox_transport_close(ctx);
        return;
    }

    if (ngx_http_portone_sandbox_faults_executes(ctx->answer)) {
        ngx_http_portone_sandbox_call(ctx);
    }

    ngx_http_portone_sandbox_wait_hold(ctx, ctx->after,
                                       ngx_http_portone_sandbox_answer);
}


static void
ngx_http_portone_sandbox_call(ngx_http_portone_sandbox_ctx_t *ctx)
{
    if (ctx->call == NGX_HTTP_PORTONE_SANDBOX_TOKEN) {
        ngx_http_portone_sandbox_token_issue(ctx);
        return;
    }

    if (ctx->call == NGX_HTTP_PORTONE_SANDBOX_OTHER) {
        ngx_http_portone_sandbox_unknown_call(ctx);
        return;
    }

    if (ngx_http_portone_sandbox_token_check(ctx) != NGX_OK) {
        return;
    }

    if (ctx->call == NGX_HTTP_PORTONE_SANDBOX_CANCEL) {
        ngx_http_portone_sandbox_cancel(ctx);

    } else if (ctx->call == NGX_HTTP_PORTONE_SANDBOX_PAYMENT) {
        ngx_http_portone_sandbox_read_payment(ctx);

    } else if (ctx->nsegments == 1) {
        ngx_http_portone_sandbox_read_several(ctx);

    } else if (ngx_http_portone_sandbox_segment_is(ctx, 1, "find")) {
        ngx_http_portone_sandbox_read_find(ctx);

    } else {
        ngx_http_portone_sandbox_read_find_all(ctx);
    }
}


static void
ngx_http_portone_sandbox_unknown_call(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_str_t   wrong_method = ngx_string("sandbox: method not allowed");
    ngx_str_t   wrong_path = ngx_string("sandbox: no such call");
    ngx_uint_t  n;

    n = ctx->nsegments;

    if (n == 3
        && ngx_http_portone_sandbox_segment_is(ctx, 0, "payments")
        && (ngx_http_portone_sandbox_segment_is(ctx, 1, "status")
            || ngx_http_portone_sandbox_segment_is(ctx, 2, "balance")))
    {
        ngx_http_portone_sandbox_respond_unrecorded(ctx,
                                                 "what this call would answer");
        return;
    }

    if ((n == 2 && ngx_http_portone_sandbox_segment_is(ctx, 0, "users")
         && ngx_http_portone_sandbox_segment_is(ctx, 1, "getToken"))
        || ((n == 1 || n == 2)
            && ngx_http_portone_sandbox_segment_is(ctx, 0, "payments"))
        || ((n == 3 || n == 4)
            && (ngx_http_portone_sandbox_segment_is(ctx, 1, "find")
                || ngx_http_portone_sandbox_segment_is(ctx, 1, "findAll"))))
    {
        ngx_http_portone_sandbox_respond_failure(ctx, NGX_HTTP_NOT_ALLOWED, -1,
                                                 &wrong_method);
        return;
    }

    ngx_http_portone_sandbox_respond_failure(ctx, NGX_HTTP_NOT_FOUND, -1,
                                             &wrong_path);
}


static void
ngx_http_portone_sandbox_answer(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_int_t rc)
{
    if (rc != NGX_OK) {
        ngx_http_portone_sandbox_transport_close(ctx);
        return;
    }

    if (ctx->answer
        && (ctx->answer->kind == NGX_HTTP_PORTONE_SANDBOX_HANG
            || ctx->answer->kind == NGX_HTTP_PORTONE_SANDBOX_HANG_AFTER))
    {
        ngx_http_portone_sandbox_wait_for_ever(ctx);
        return;
    }

    ngx_http_portone_sandbox_transport_send(ctx);
}


static void
ngx_http_portone_sandbox_cleanup(void *data)
{
    ngx_http_portone_sandbox_ctx_t  *ctx = data;

    ngx_http_portone_sandbox_wait_end(ctx);
    ngx_http_portone_sandbox_ledger_leave(ctx, 0);

    cJSON_Delete(ctx->json);
    ctx->json = NULL;
}
