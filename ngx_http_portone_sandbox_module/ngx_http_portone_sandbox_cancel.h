#ifndef _NGX_HTTP_PORTONE_SANDBOX_CANCEL_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_CANCEL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_portone_sandbox_module.h"


/* answers POST payments/cancel of a caller whose token has been checked */
void ngx_http_portone_sandbox_cancel(ngx_http_portone_sandbox_ctx_t *ctx);


#endif /* _NGX_HTTP_PORTONE_SANDBOX_CANCEL_H_INCLUDED_ */
