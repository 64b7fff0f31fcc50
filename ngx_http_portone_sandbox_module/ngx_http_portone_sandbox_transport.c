
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_portone_sandbox_faults.h"
#include "ngx_http_portone_sandbox_ledger.h"
#include "ngx_http_portone_sandbox_payments.h"
#include "ngx_http_portone_sandbox_request.h"
#include "ngx_http_portone_sandbox_text.h"


#define NGX_HTTP_PORTONE_SANDBOX_CHUNK  16384


static ngx_int_t ngx_http_portone_sandbox_alter(
    ngx_http_portone_sandbox_ctx_t *ctx);
static ngx_int_t ngx_http_portone_sandbox_other_payment(
    ngx_http_portone_sandbox_ctx_t *ctx);
static ngx_int_t ngx_http_portone_sandbox_send_header(
    ngx_http_portone_sandbox_ctx_t *ctx, off_t length);
static void ngx_http_portone_sandbox_send_whole(
    ngx_http_portone_sandbox_ctx_t *ctx);
static void ngx_http_portone_sandbox_send_parts(
    ngx_http_portone_sandbox_ctx_t *ctx);
static void ngx_http_portone_sandbox_next_part(ngx_http_request_t *r);
static void ngx_http_portone_sandbox_cut_part(
    ngx_http_portone_sandbox_ctx_t *ctx);
static void ngx_http_portone_sandbox_wait_writable(ngx_http_request_t *r);
static void ngx_http_portone_sandbox_pause_handler(ngx_event_t *ev);
static ngx_int_t ngx_http_portone_sandbox_mark_idle(ngx_connection_t *c);
static void ngx_http_portone_sandbox_idle_mark(void *data);


/* the padding of "big": the answer stays valid JSON */
static u_char  ngx_http_portone_sandbox_blanks[NGX_HTTP_PORTONE_SANDBOX_CHUNK];


static ngx_str_t  ngx_http_portone_sandbox_garbage =
    ngx_string("<html><body>sandbox: this is no JSON {\"code\":0");
static ngx_str_t  ngx_http_portone_sandbox_unauthorized =
    ngx_string("Unauthorized");
static ngx_str_t  ngx_http_portone_sandbox_null = ngx_string("null");


void
ngx_http_portone_sandbox_transport_send(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_uint_t                         kind;
    ngx_http_request_t                *r;
    ngx_http_portone_sandbox_fault_t  *fault;

    r = ctx->request;
    fault = ctx->answer;
    kind = fault ? fault->kind : NGX_HTTP_PORTONE_SANDBOX_NO_FAULT;

    switch (kind) {

    case NGX_HTTP_PORTONE_SANDBOX_LOSE_REQUEST:
    case NGX_HTTP_PORTONE_SANDBOX_LOSE_ANSWER:
        ngx_http_portone_sandbox_transport_close(ctx);
        return;

    }

    if (ngx_http_portone_sandbox_alter(ctx) != NGX_OK) {
        ctx->status = NGX_HTTP_INTERNAL_SERVER_ERROR;
        ngx_str_null(&ctx->response);
    }

    ctx->chunk = NGX_HTTP_PORTONE_SANDBOX_CHUNK;
    ctx->limit = ctx->response.len;
    ctx->length = ctx->response.len;

    switch (kind) {

    case NGX_HTTP_PORTONE_SANDBOX_TRUNCATE:
        ctx->limit = ngx_min(ctx->length, (off_t) fault->bytes);
        break;

    case NGX_HTTP_PORTONE_SANDBOX_BIG:
        ctx->length = ngx_max(ctx->length, (off_t) fault->bytes);
        ctx->limit = ctx->length;
        break;

    case NGX_HTTP_PORTONE_SANDBOX_SLOW:
        ctx->chunk = 1;
        ctx->pause = ngx_max((ngx_msec_t) fault->ms, 1);
        break;

    case NGX_HTTP_PORTONE_SANDBOX_CLOSE_IDLE:
        if (ngx_http_portone_sandbox_mark_idle(r->connection) != NGX_OK) {
            ctx->status = NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        /* fall through */

    default:
        ngx_http_portone_sandbox_send_whole(ctx);
        return;
    }

    ngx_http_portone_sandbox_send_parts(ctx);
}


/* puts the fault's status and body in place of those of the call */

static ngx_int_t
ngx_http_portone_sandbox_alter(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_str_t                          escaped;
    ngx_http_portone_sandbox_fault_t  *fault;

    fault = ctx->answer;

    if (fault == NULL) {
        return NGX_OK;
    }

    switch (fault->kind) {

    case NGX_HTTP_PORTONE_SANDBOX_STATUS:
    case NGX_HTTP_PORTONE_SANDBOX_STATUS_AFTER:
        ctx->status = (ngx_uint_t) fault->status;
        ctx->response = fault->text;
        ngx_str_set(&ctx->content_type, "application/json; charset=utf-8");

        if (fault->text.len == 0) {

            /* as the machines in front of PortOne do */

            ngx_str_set(&ctx->content_type, "text/html");
            ngx_str_set(&ctx->response,
                        "<html><body>sandbox: status</body></html>");
        }

        break;

    case NGX_HTTP_PORTONE_SANDBOX_BODY:
    case NGX_HTTP_PORTONE_SANDBOX_BODY_BEFORE:
        ctx->status = fault->status ? (ngx_uint_t) fault->status
                                    : NGX_HTTP_OK;
        ctx->response = fault->text;
        ngx_str_set(&ctx->content_type, "application/json; charset=utf-8");
        break;

    case NGX_HTTP_PORTONE_SANDBOX_GARBAGE:
        ctx->status = NGX_HTTP_OK;
        ctx->response = ngx_http_portone_sandbox_garbage;
        break;

    case NGX_HTTP_PORTONE_SANDBOX_UNAUTHORIZED:
        ngx_http_portone_sandbox_respond_failure(ctx, NGX_HTTP_UNAUTHORIZED, -1,
                                     &ngx_http_portone_sandbox_unauthorized);
        break;

    case NGX_HTTP_PORTONE_SANDBOX_REFUSE:
    case NGX_HTTP_PORTONE_SANDBOX_REFUSE_AFTER:
        ngx_http_portone_sandbox_respond_failure(ctx, NGX_HTTP_OK, fault->code,
                                                 &fault->text);
        break;

    case NGX_HTTP_PORTONE_SANDBOX_NO_RESPONSE:
        ngx_http_portone_sandbox_respond_success(ctx, NGX_HTTP_OK,
                                               &ngx_http_portone_sandbox_null);
        break;

    case NGX_HTTP_PORTONE_SANDBOX_ESCAPE:
        if (ngx_http_portone_sandbox_text_escape(ctx->request->pool,
                                                 &ctx->response, &escaped)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        ctx->response = escaped;
        break;

    case NGX_HTTP_PORTONE_SANDBOX_OTHER_PAYMENT:
        return ngx_http_portone_sandbox_other_payment(ctx);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_portone_sandbox_other_payment(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_str_t                            json;
    ngx_queue_t                         *q;
    ngx_http_portone_sandbox_payment_t  *payment;

    ngx_str_set(&json,
                "{\"imp_uid\":\"imp_other\",\"merchant_uid\":\"other\","
                "\"amount\":1000,\"cancel_amount\":1000,"
                "\"currency\":\"KRW\",\"status\":\"cancelled\","
                "\"sandbox\":false,\"cancel_history\":[]}");

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    for (q = ngx_queue_head(&ctx->zone->sh->payments);
         q != ngx_queue_sentinel(&ctx->zone->sh->payments);
         q = ngx_queue_next(q))
    {
        payment = ngx_queue_data(q, ngx_http_portone_sandbox_payment_t,
                                 queue);

        if (payment->sn.str.len != ctx->imp_uid.len
            || ngx_strncmp(payment->sn.str.data, ctx->imp_uid.data,
                           ctx->imp_uid.len)
               != 0)
        {
            json.len = payment->json.len;
            json.data = ngx_pstrdup(ctx->request->pool, &payment->json);
            break;
        }
    }

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    if (json.data == NULL) {
        return NGX_ERROR;
    }

    ngx_http_portone_sandbox_respond_success(ctx, NGX_HTTP_OK, &json);

    return NGX_OK;
}


void
ngx_http_portone_sandbox_transport_close(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_http_portone_sandbox_ledger_leave(ctx, 0);
    ngx_http_finalize_request(ctx->request, NGX_HTTP_CLOSE);
}


/* notices a client that goes away */

void
ngx_http_portone_sandbox_transport_watch(ngx_http_request_t *r)
{
    ngx_event_t  *rev;

    rev = r->connection->read;
    r->read_event_handler = ngx_http_test_reading;

    /* the client may have gone meanwhile */

    if (rev->ready || rev->pending_eof) {
        ngx_post_event(rev, &ngx_posted_events);
    }
}


static ngx_int_t
ngx_http_portone_sandbox_send_header(ngx_http_portone_sandbox_ctx_t *ctx,
    off_t length)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    ngx_http_portone_sandbox_ledger_leave(ctx, ctx->status);

    r->headers_out.status = ctx->status;
    r->headers_out.content_length_n = length;
    r->headers_out.content_type = ctx->content_type;
    r->headers_out.content_type_len = ctx->content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    return ngx_http_send_header(r);
}


static void
ngx_http_portone_sandbox_send_whole(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_buf_t           *b;
    ngx_int_t            rc;
    ngx_chain_t          out;
    ngx_http_request_t  *r;

    r = ctx->request;

    rc = ngx_http_portone_sandbox_send_header(ctx, ctx->response.len);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        ngx_http_finalize_request(r, rc);
        return;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        ngx_http_finalize_request(r, NGX_ERROR);
        return;
    }

    b->pos = ctx->response.data;
    b->last = b->pos + ctx->response.len;
    b->memory = ctx->response.len ? 1 : 0;
    b->last_buf = (r == r->main) ? 1 : 0;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    ngx_http_finalize_request(r, ngx_http_output_filter(r, &out));
}


static void
ngx_http_portone_sandbox_send_parts(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ngx_http_portone_sandbox_blanks[0] == '\0') {
        ngx_memset(ngx_http_portone_sandbox_blanks, ' ',
                   sizeof(ngx_http_portone_sandbox_blanks));
    }

    ctx->buf = ngx_calloc_buf(r->pool);
    if (ctx->buf == NULL) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    rc = ngx_http_portone_sandbox_send_header(ctx, ctx->length);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        ngx_http_finalize_request(r, rc);
        return;
    }

    ngx_http_portone_sandbox_transport_watch(r);
    ngx_http_portone_sandbox_next_part(r);
}


/*
 * sends as much as the client takes; the write handler of a client that is
 * slow
 */

static void
ngx_http_portone_sandbox_next_part(ngx_http_request_t *r)
{
    ngx_buf_t                       *b;
    ngx_int_t                        rc;
    ngx_event_t                     *wev;
    ngx_chain_t                      out;
    ngx_http_portone_sandbox_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_portone_sandbox_module);
    wev = r->connection->write;
    b = ctx->buf;

    if (wev->timedout) {
        ngx_http_finalize_request(r, NGX_HTTP_REQUEST_TIME_OUT);
        return;
    }

    if (wev->timer_set) {
        ngx_del_timer(wev);
    }

    /* whatever the last part has left in the buffers */

    rc = r->out ? ngx_http_output_filter(r, NULL) : NGX_OK;

    while (rc == NGX_OK) {

        if (ctx->sent == ctx->limit) {

            /* the header waits for a body, which here stays away */

            if (ctx->sent == 0 && !b->flush) {
                b->flush = 1;
                out.buf = b;
                out.next = NULL;
                rc = ngx_http_output_filter(r, &out);
                continue;
            }

            ngx_http_finalize_request(r, ctx->limit < ctx->length
                                         ? NGX_HTTP_CLOSE : NGX_OK);
            return;
        }

        ngx_http_portone_sandbox_cut_part(ctx);

        out.buf = b;
        out.next = NULL;

        rc = ngx_http_output_filter(r, &out);

        if (rc == NGX_OK && ctx->pause && ctx->sent < ctx->limit) {

            r->write_event_handler = ngx_http_request_empty_handler;

            ctx->event.handler = ngx_http_portone_sandbox_pause_handler;
            ctx->event.data = ctx;
            ctx->event.log = r->connection->log;

            ngx_add_timer(&ctx->event, ctx->pause);
            return;
        }
    }

    if (rc != NGX_AGAIN) {
        ngx_http_finalize_request(r, NGX_ERROR);
        return;
    }

    ngx_http_portone_sandbox_wait_writable(r);
}


/* points the buffer at what goes out next */

static void
ngx_http_portone_sandbox_cut_part(ngx_http_portone_sandbox_ctx_t *ctx)
{
    size_t      n;
    ngx_buf_t  *b;

    b = ctx->buf;
    n = (size_t) ngx_min((off_t) ctx->chunk, ctx->limit - ctx->sent);

    if (ctx->sent < (off_t) ctx->response.len) {
        n = ngx_min(n, ctx->response.len - (size_t) ctx->sent);
        b->pos = ctx->response.data + ctx->sent;

    } else {
        b->pos = ngx_http_portone_sandbox_blanks;
    }

    b->last = b->pos + n;
    b->memory = 1;
    b->flush = 1;

    ctx->sent += n;
    b->last_buf = (ctx->sent == ctx->length) ? 1 : 0;
}


static void
ngx_http_portone_sandbox_wait_writable(ngx_http_request_t *r)
{
    ngx_event_t               *wev;
    ngx_http_core_loc_conf_t  *clcf;

    wev = r->connection->write;
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    r->write_event_handler = ngx_http_portone_sandbox_next_part;

    ngx_add_timer(wev, clcf->send_timeout);

    if (ngx_handle_write_event(wev, clcf->send_lowat) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_ERROR);
    }
}


static void
ngx_http_portone_sandbox_pause_handler(ngx_event_t *ev)
{
    ngx_connection_t                *c;
    ngx_http_portone_sandbox_ctx_t  *ctx;

    ctx = ev->data;
    c = ctx->request->connection;

    ngx_http_set_log_request(c->log, ctx->request);

    ngx_http_portone_sandbox_next_part(ctx->request);

    ngx_http_run_posted_requests(c);
}


/*
 * The mark lives in the connection's pool, which outlasts the request: it is
 * found by its handler.
 */

static ngx_int_t
ngx_http_portone_sandbox_mark_idle(ngx_connection_t *c)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(c->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_portone_sandbox_idle_mark;

    return NGX_OK;
}


static void
ngx_http_portone_sandbox_idle_mark(void *data)
{
    return;
}


ngx_uint_t
ngx_http_portone_sandbox_transport_closes_idle(ngx_connection_t *c)
{
    ngx_pool_cleanup_t  *cln;

    for (cln = c->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_http_portone_sandbox_idle_mark) {
            return 1;
        }
    }

    return 0;
}


void
ngx_http_portone_sandbox_transport_reset(ngx_http_portone_sandbox_ctx_t *ctx)
{
    struct linger      linger;
    ngx_connection_t  *c;

    c = ctx->request->connection;

    linger.l_onoff = 1;
    linger.l_linger = 0;

    if (setsockopt(c->fd, SOL_SOCKET, SO_LINGER, (const void *) &linger,
                   sizeof(struct linger))
        == -1)
    {
        ngx_connection_error(c, ngx_socket_errno,
                             "setsockopt(SO_LINGER) failed");
    }

    ngx_http_portone_sandbox_transport_close(ctx);
}
