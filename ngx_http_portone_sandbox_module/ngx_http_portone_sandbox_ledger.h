#ifndef _NGX_HTTP_PORTONE_SANDBOX_LEDGER_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_LEDGER_H_INCLUDED_


/*
 * What the sandboxed PortOne has received and done.  All functions are called
 * with the zone locked.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_portone_sandbox_module.h"
#include "ngx_http_portone_sandbox_text.h"


/*
 * Notes the arrival of an API request and gives it its number.  The oldest
 * requests make room; one that does not fit at all is counted as dropped.
 */
void ngx_http_portone_sandbox_ledger_arrive(
    ngx_http_portone_sandbox_ctx_t *ctx);

/* notes what became of it: ctx->status (0: no answer) and ctx->executed */
void ngx_http_portone_sandbox_ledger_settle(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_uint_t status);

void ngx_http_portone_sandbox_ledger_clear(
    ngx_http_portone_sandbox_zone_t *zone);

/* how many requests of a call (for an imp_uid, if not empty) have arrived */
ngx_uint_t ngx_http_portone_sandbox_ledger_count(
    ngx_http_portone_sandbox_zone_t *zone, ngx_uint_t call,
    ngx_str_t *imp_uid);

/* the ledger as a JSON object; imp_uid may be empty, call may be "any" */
void ngx_http_portone_sandbox_ledger_write(
    ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_text_t *text, ngx_uint_t call,
    ngx_str_t *imp_uid, ngx_uint_t requests);


#endif /* _NGX_HTTP_PORTONE_SANDBOX_LEDGER_H_INCLUDED_ */
