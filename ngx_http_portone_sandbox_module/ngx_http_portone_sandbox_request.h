#ifndef _NGX_HTTP_PORTONE_SANDBOX_REQUEST_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_REQUEST_H_INCLUDED_


/*
 * The way of a request: body, arrival, faults before, execution, faults
 * after, answer.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_portone_sandbox_module.h"


/* the content handler of portone_sandbox locations */
ngx_int_t ngx_http_portone_sandbox_handler(ngx_http_request_t *r);

/*
 * Ends the work on an API request before its answer leaves: it no longer
 * counts as concurrent, and the ledger knows its status (0: no answer).
 */
void ngx_http_portone_sandbox_leave(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_uint_t status);


#endif /* _NGX_HTTP_PORTONE_SANDBOX_REQUEST_H_INCLUDED_ */
