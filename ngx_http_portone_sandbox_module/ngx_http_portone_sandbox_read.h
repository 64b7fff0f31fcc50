#ifndef _NGX_HTTP_PORTONE_SANDBOX_READ_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_READ_H_INCLUDED_


/*
 * Reading payments, by a caller whose token has been checked.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_portone_sandbox_module.h"


/* GET payments/{imp_uid} */
void ngx_http_portone_sandbox_read_payment(
    ngx_http_portone_sandbox_ctx_t *ctx);

/* GET payments/find/{merchant_uid}[/{status}] */
void ngx_http_portone_sandbox_read_find(ngx_http_portone_sandbox_ctx_t *ctx);

/* GET payments/findAll/{merchant_uid}[/{status}] */
void ngx_http_portone_sandbox_read_find_all(
    ngx_http_portone_sandbox_ctx_t *ctx);

/* GET payments?imp_uid[]=...&merchant_uid[]=... */
void ngx_http_portone_sandbox_read_several(
    ngx_http_portone_sandbox_ctx_t *ctx);


#endif /* _NGX_HTTP_PORTONE_SANDBOX_READ_H_INCLUDED_ */
