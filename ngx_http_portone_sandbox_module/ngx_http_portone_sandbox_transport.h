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

/* closes the connection without an answer */
void ngx_http_portone_sandbox_close(ngx_http_portone_sandbox_ctx_t *ctx);

/* as above, with a reset */
void ngx_http_portone_sandbox_reset_connection(
    ngx_http_portone_sandbox_ctx_t *ctx);

/* has an earlier answer on this connection met "close_idle" */
ngx_uint_t ngx_http_portone_sandbox_closes_idle(ngx_connection_t *c);

/* from now on the request ends when the client goes away */
void ngx_http_portone_sandbox_watch(ngx_http_request_t *r);


#endif /* _NGX_HTTP_PORTONE_SANDBOX_TRANSPORT_H_INCLUDED_ */
