
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


#endif /* _NGX_HTTP_PORTONE_SANDBOX_CONTROL_H_INCLUDED_ */
