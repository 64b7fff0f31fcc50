#ifndef _NGX_HTTP_PORTONE_SANDBOX_ARGS_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_ARGS_H_INCLUDED_


/*
 * The parameters of a call, from a JSON or a form body, and of a query.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_portone_sandbox_module.h"


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
 * ctx->body_error when its form is not known.
 */
void ngx_http_portone_sandbox_args_body(ngx_http_portone_sandbox_ctx_t *ctx);

/*
 * A parameter of the body.  In a form each one is TEXT.  The value of a
 * NUMBER is its decimal text.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_portone_sandbox_args_get(
    ngx_http_portone_sandbox_ctx_t *ctx, const char *name,
    ngx_http_portone_sandbox_arg_t *arg);

/* a parameter of the query: NGX_OK, NGX_DECLINED (absent) or NGX_ERROR */
ngx_int_t ngx_http_portone_sandbox_args_query(ngx_http_request_t *r,
    const char *name, ngx_str_t *value);

/*
 * Takes the next pair off a query or form: NGX_OK, NGX_DONE (no more) or
 * NGX_ERROR (no memory).  Name and value are decoded.
 */
ngx_int_t ngx_http_portone_sandbox_args_next(ngx_pool_t *pool,
    ngx_str_t *rest, ngx_str_t *name, ngx_str_t *value);

/* the first header of the name (in lower case), or an empty value */
void ngx_http_portone_sandbox_args_header(ngx_http_request_t *r,
    const char *name, ngx_str_t *value);

/* decodes %XX and, in a form or query, "+" */
ngx_int_t ngx_http_portone_sandbox_args_decode(ngx_pool_t *pool,
    u_char *data, size_t len, ngx_uint_t plus, ngx_str_t *value);


#endif /* _NGX_HTTP_PORTONE_SANDBOX_ARGS_H_INCLUDED_ */
