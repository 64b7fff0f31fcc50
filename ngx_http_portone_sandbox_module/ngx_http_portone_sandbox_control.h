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


#endif /* _NGX_HTTP_PORTONE_SANDBOX_CONTROL_H_INCLUDED_ */
