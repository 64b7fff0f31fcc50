#ifndef _NGX_HTTP_PORTONE_SANDBOX_TOKEN_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_TOKEN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_portone_sandbox_module.h"


/* answers POST users/getToken */
void ngx_http_portone_sandbox_token_issue(
    ngx_http_portone_sandbox_ctx_t *ctx);

/*
 * Checks the Authorization and Tier headers and keeps whose token it is in
 * ctx->account and ctx->tier.  NGX_DECLINED: the refusal is in ctx.
 */
ngx_int_t ngx_http_portone_sandbox_token_check(
    ngx_http_portone_sandbox_ctx_t *ctx);


#endif /* _NGX_HTTP_PORTONE_SANDBOX_TOKEN_H_INCLUDED_ */
