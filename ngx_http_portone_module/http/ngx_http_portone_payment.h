
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_PAYMENT_H_INCLUDED_
#define _NGX_HTTP_PORTONE_PAYMENT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "portone_str.h"


/* what the address of a request leads to; all of it in memory of r */

typedef struct {
    portone_str_t   merchant_uid;    /* len 0: none */
    portone_str_t   imp_uid;         /* likewise */
    portone_str_t   refund_id;       /* of a POST to .../refunds/{id} */
    unsigned        sync:1;          /* a POST to .../sync */
} ngx_http_portone_target_t;


ngx_int_t ngx_http_portone_payment_handler(ngx_http_request_t *r);

/*
 * The order is what follows the location's prefix, or ?imp_uid=; in a POST
 * without what is to be done with it, "/sync" or "/refunds/{refund_id}".  If
 * neither is there, the location itself is meant.  NGX_DECLINED: field is not
 * valid.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_portone_payment_target(ngx_http_request_t *r,
    ngx_http_portone_target_t *target, const char **field);


#endif /* _NGX_HTTP_PORTONE_PAYMENT_H_INCLUDED_ */
