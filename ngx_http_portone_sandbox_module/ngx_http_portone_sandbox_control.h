
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_SANDBOX_CONTROL_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_CONTROL_H_INCLUDED_


/*
 * The control interface below _sandbox/.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_portone_sandbox_module.h"


/* answers a request below _sandbox/, perhaps later, and sends the answer */
void ngx_http_portone_sandbox_control(ngx_http_portone_sandbox_ctx_t *ctx);

/* the controls that are in other files; they answer and send, too */

void ngx_http_portone_sandbox_control_payments(
    ngx_http_portone_sandbox_ctx_t *ctx);
void ngx_http_portone_sandbox_control_payments_finish(
    ngx_http_portone_sandbox_ctx_t *ctx);
void ngx_http_portone_sandbox_control_payments_undo(
    ngx_http_portone_sandbox_ctx_t *ctx);
void ngx_http_portone_sandbox_control_payments_console(
    ngx_http_portone_sandbox_ctx_t *ctx);
void ngx_http_portone_sandbox_control_payments_webhook(
    ngx_http_portone_sandbox_ctx_t *ctx);
void ngx_http_portone_sandbox_control_payments_webhooks(
    ngx_http_portone_sandbox_ctx_t *ctx);
void ngx_http_portone_sandbox_control_faults(
    ngx_http_portone_sandbox_ctx_t *ctx);
void ngx_http_portone_sandbox_control_faults_gate(
    ngx_http_portone_sandbox_ctx_t *ctx);

/*
 * Parses the body.  The Content-Type plays no part: curl -d sends a form's.
 * NGX_DECLINED: it is not JSON, the answer is in ctx.
 */
ngx_int_t ngx_http_portone_sandbox_control_json(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_uint_t required);

/*
 * Looks whether the parsed body is an object of the named fields only.
 * NGX_DECLINED: it is not, the answer is in ctx.
 */
ngx_int_t ngx_http_portone_sandbox_control_fields(
    ngx_http_portone_sandbox_ctx_t *ctx, const char **names);

/* HTTP 400 with a NUL-terminated text */
void ngx_http_portone_sandbox_control_invalid(
    ngx_http_portone_sandbox_ctx_t *ctx, u_char *error);


#endif /* _NGX_HTTP_PORTONE_SANDBOX_CONTROL_H_INCLUDED_ */
