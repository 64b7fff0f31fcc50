#ifndef _NGX_HTTP_PORTONE_SANDBOX_WAIT_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_WAIT_H_INCLUDED_


/*
 * Requests that wait, without blocking anybody: by looking again every few
 * milliseconds, because what they wait for may happen in another worker.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_portone_sandbox_module.h"


/*
 * Calls check now and then until it answers something else than NGX_AGAIN,
 * then next with that.  An API request that is still held when the zone is
 * reset is closed and next is not called.
 */
void ngx_http_portone_sandbox_wait(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_check_pt check,
    ngx_http_portone_sandbox_next_pt next);

/*
 * As above, for control requests: ends when the client goes away, and check
 * ends it after 10 seconds by answering with ngx_http_portone_sandbox_due().
 */
void ngx_http_portone_sandbox_long_poll(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_check_pt check,
    ngx_http_portone_sandbox_next_pt next);

/* NGX_AGAIN before ctx->deadline, NGX_DECLINED after it */
ngx_int_t ngx_http_portone_sandbox_due(ngx_http_portone_sandbox_ctx_t *ctx);

/*
 * Calls next once the fault (NULL: none) lets the request pass: NGX_OK, or
 * NGX_DECLINED when a gate has not been opened for a minute.
 */
void ngx_http_portone_sandbox_hold(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_fault_t *fault,
    ngx_http_portone_sandbox_next_pt next);

/* forgets that the request waits, because it ends */
void ngx_http_portone_sandbox_wait_end(ngx_http_portone_sandbox_ctx_t *ctx);


#endif /* _NGX_HTTP_PORTONE_SANDBOX_WAIT_H_INCLUDED_ */
