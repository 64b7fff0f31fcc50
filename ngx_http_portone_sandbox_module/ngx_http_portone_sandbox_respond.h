#ifndef _NGX_HTTP_PORTONE_SANDBOX_RESPOND_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_RESPOND_H_INCLUDED_


/*
 * What is answered: these functions fill ctx->status and ctx->response and
 * send nothing.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_portone_sandbox_module.h"
#include "ngx_http_portone_sandbox_text.h"


/* PortOne's envelope with code 0; response is JSON */
void ngx_http_portone_sandbox_success(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_uint_t status, ngx_str_t *response);

/* PortOne's envelope with a code and a message */
void ngx_http_portone_sandbox_failure(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_uint_t status, int64_t code, ngx_str_t *message);

/* HTTP 501: nobody has recorded what PortOne does with "what"; logged */
void ngx_http_portone_sandbox_unrecorded(ngx_http_portone_sandbox_ctx_t *ctx,
    const char *what);

/* HTTP 507: the zone has no room; logged */
void ngx_http_portone_sandbox_full(ngx_http_portone_sandbox_ctx_t *ctx);

/* an answer of the control interface; a failed text becomes HTTP 500 */
void ngx_http_portone_sandbox_control_answer(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_uint_t status,
    ngx_http_portone_sandbox_text_t *text);
void ngx_http_portone_sandbox_control_error(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_uint_t status,
    const char *message);


#endif /* _NGX_HTTP_PORTONE_SANDBOX_RESPOND_H_INCLUDED_ */
