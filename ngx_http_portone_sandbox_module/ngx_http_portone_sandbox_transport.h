#ifndef _NGX_HTTP_PORTONE_SANDBOX_TRANSPORT_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_TRANSPORT_H_INCLUDED_


/*
 * How an answer is sent, or not sent.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_portone_sandbox_module.h"


/* sends ctx->status and ctx->response, altered by the fault ctx->answer */
void ngx_http_portone_sandbox_send(ngx_http_portone_sandbox_ctx_t *ctx);

/*
 * If an earlier answer on this connection met "close_idle": closes it with a
 * reset and returns 1.
 */
ngx_uint_t ngx_http_portone_sandbox_closed_idle(
    ngx_http_portone_sandbox_ctx_t *ctx);


#endif /* _NGX_HTTP_PORTONE_SANDBOX_TRANSPORT_H_INCLUDED_ */
