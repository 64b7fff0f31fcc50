
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_SANDBOX_REQUEST_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_REQUEST_H_INCLUDED_


/*
 * The way of a request: body, arrival, faults before, execution, faults after,
 * answer.  In the order of calls, topmost first: request, then the calls of
 * PortOne (token, cancel, read), then what all of these use.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_portone_sandbox_module.h"
#include "ngx_http_portone_sandbox_text.h"


/* the content handler of portone_sandbox locations */
ngx_int_t ngx_http_portone_sandbox_request_handler(ngx_http_request_t *r);


/* answers POST users/getToken */
void ngx_http_portone_sandbox_token_issue(
    ngx_http_portone_sandbox_ctx_t *ctx);

/*
 * Checks the Authorization and Tier headers and keeps whose token it is in
 * ctx->account and ctx->tier.  NGX_DECLINED: the refusal is in ctx.
 */
ngx_int_t ngx_http_portone_sandbox_token_check(
    ngx_http_portone_sandbox_ctx_t *ctx);


/* answers POST payments/cancel of a caller whose token has been checked */
void ngx_http_portone_sandbox_cancel(ngx_http_portone_sandbox_ctx_t *ctx);


/*
 * Reading payments, by a caller whose token has been checked.
 */

/* GET payments/{imp_uid} */
void ngx_http_portone_sandbox_read_payment(
    ngx_http_portone_sandbox_ctx_t *ctx);

/* GET payments/find/{merchant_uid}[/{status}] */
void ngx_http_portone_sandbox_read_find(ngx_http_portone_sandbox_ctx_t *ctx);

/* GET payments/findAll/{merchant_uid}[/{status}] */
void ngx_http_portone_sandbox_read_find_all(
    ngx_http_portone_sandbox_ctx_t *ctx);

/* GET payments?imp_uid[]=...&merchant_uid[]=... */
void ngx_http_portone_sandbox_read_several(
    ngx_http_portone_sandbox_ctx_t *ctx);


/*
 * The parameters of a call, from a JSON or a form body, and of a query.
 */

typedef enum {
    NGX_HTTP_PORTONE_SANDBOX_ARG_ABSENT = 0,    /* null, too */
    NGX_HTTP_PORTONE_SANDBOX_ARG_TEXT,
    NGX_HTTP_PORTONE_SANDBOX_ARG_NUMBER,
    NGX_HTTP_PORTONE_SANDBOX_ARG_OTHER          /* boolean, object, array */
} ngx_http_portone_sandbox_arg_type_e;


typedef struct {
    ngx_http_portone_sandbox_arg_type_e  type;
    ngx_str_t                            value;
} ngx_http_portone_sandbox_arg_t;


/*
 * Makes the body's parameters readable: ctx->json, ctx->form, or
 * ctx->body_error when its form is unknown.
 */
void ngx_http_portone_sandbox_args_body(ngx_http_portone_sandbox_ctx_t *ctx);

/*
 * A parameter of the body.  In a form each one is TEXT.  The value of a NUMBER
 * is its decimal text.  NGX_ERROR: memory ran out.
 */
ngx_int_t ngx_http_portone_sandbox_args_get(
    ngx_http_portone_sandbox_ctx_t *ctx, const char *name,
    ngx_http_portone_sandbox_arg_t *arg);

/* a parameter of the query: NGX_OK, NGX_DECLINED (absent) or NGX_ERROR */
ngx_int_t ngx_http_portone_sandbox_args_query(ngx_http_request_t *r,
    const char *name, ngx_str_t *value);

/*
 * Takes the next pair off a query or form: NGX_OK, NGX_DONE (all are taken) or
 * NGX_ERROR (memory ran out).  Name and value are decoded.
 */
ngx_int_t ngx_http_portone_sandbox_args_next(ngx_pool_t *pool,
    ngx_str_t *rest, ngx_str_t *name, ngx_str_t *value);

/* the first header of the name (in lower case), or an empty value */
void ngx_http_portone_sandbox_args_header(ngx_http_request_t *r,
    const char *name, ngx_str_t *value);

/* decodes %XX and, in a form or query, "+" */
ngx_int_t ngx_http_portone_sandbox_args_decode(ngx_pool_t *pool,
    u_char *data, size_t len, ngx_uint_t plus, ngx_str_t *value);

/*
 * Parses the body, of any Content-Type: curl -d sends a form's.  NGX_DECLINED:
 * the body is other than JSON, the answer is in ctx.
 */
ngx_int_t ngx_http_portone_sandbox_args_control(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_uint_t required);

/*
 * Looks whether the parsed body is an object of the named fields only.
 * NGX_DECLINED: the body is another one, the answer is in ctx.
 */
ngx_int_t ngx_http_portone_sandbox_args_only(
    ngx_http_portone_sandbox_ctx_t *ctx, const char **names);


/*
 * Requests that wait while the worker goes on: they look again every few
 * milliseconds, because the event they wait for may happen in another worker.
 */

/*
 * Calls check now and then until it answers something else than NGX_AGAIN,
 * then next with that.  The request ends when the client goes away, and check
 * ends it after 10 seconds by answering with
 * ngx_http_portone_sandbox_wait_due().
 */
void ngx_http_portone_sandbox_wait_long_poll(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_check_pt check,
    ngx_http_portone_sandbox_next_pt next);

/* waits until the client goes away */
void ngx_http_portone_sandbox_wait_for_ever(
    ngx_http_portone_sandbox_ctx_t *ctx);

/* NGX_AGAIN before ctx->deadline, NGX_DECLINED after it */
ngx_int_t ngx_http_portone_sandbox_wait_due(
    ngx_http_portone_sandbox_ctx_t *ctx);

/*
 * Calls next once the fault, which may be NULL, lets the request pass: NGX_OK,
 * or NGX_DECLINED when a gate has stayed closed for a minute.
 */
void ngx_http_portone_sandbox_wait_hold(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_fault_t *fault,
    ngx_http_portone_sandbox_next_pt next);

/* forgets that the request waits, because it ends */
void ngx_http_portone_sandbox_wait_end(ngx_http_portone_sandbox_ctx_t *ctx);


/*
 * Sending an answer, or losing it.
 */

/* sends ctx->status and ctx->response, altered by the fault ctx->answer */
void ngx_http_portone_sandbox_transport_send(
    ngx_http_portone_sandbox_ctx_t *ctx);

/* closes the connection, the request stays unanswered */
void ngx_http_portone_sandbox_transport_close(
    ngx_http_portone_sandbox_ctx_t *ctx);

/* as above, with a reset */
void ngx_http_portone_sandbox_transport_reset(
    ngx_http_portone_sandbox_ctx_t *ctx);

/* has an earlier answer on this connection met "close_idle" */
ngx_uint_t ngx_http_portone_sandbox_transport_closes_idle(ngx_connection_t *c);

/* from now on the request ends when the client goes away */
void ngx_http_portone_sandbox_transport_watch(ngx_http_request_t *r);


/*
 * Answers: these functions fill ctx->status and ctx->response; the caller
 * sends.
 */

/* PortOne's envelope with code 0; response is JSON */
void ngx_http_portone_sandbox_respond_success(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_uint_t status, ngx_str_t *response);

/* PortOne's envelope with a code and a message */
void ngx_http_portone_sandbox_respond_failure(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_uint_t status, int64_t code, ngx_str_t *message);

/* HTTP 501: PortOne's answer to "what" is unrecorded; logged */
void ngx_http_portone_sandbox_respond_unrecorded(
    ngx_http_portone_sandbox_ctx_t *ctx,
    const char *what);

/* HTTP 507: the zone is full; logged */
void ngx_http_portone_sandbox_respond_full(ngx_http_portone_sandbox_ctx_t *ctx);

/* an answer of the control interface; a failed text becomes HTTP 500 */
void ngx_http_portone_sandbox_respond_control(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_uint_t status,
    ngx_http_portone_sandbox_text_t *text);
void ngx_http_portone_sandbox_respond_error(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_uint_t status,
    const char *message);

/* HTTP 400 with a NUL-terminated text */
void ngx_http_portone_sandbox_respond_invalid(
    ngx_http_portone_sandbox_ctx_t *ctx, u_char *error);


#endif /* _NGX_HTTP_PORTONE_SANDBOX_REQUEST_H_INCLUDED_ */
