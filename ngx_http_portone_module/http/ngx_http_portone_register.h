
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_REGISTER_H_INCLUDED_
#define _NGX_HTTP_PORTONE_REGISTER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "portone_str.h"


/*
 * PUT of a payment object: the payment is registered, or merged into the
 * stored one.  merchant_uid points into the request.
 */
ngx_int_t ngx_http_portone_register(ngx_http_request_t *r,
    portone_str_t *merchant_uid);


#endif /* _NGX_HTTP_PORTONE_REGISTER_H_INCLUDED_ */
