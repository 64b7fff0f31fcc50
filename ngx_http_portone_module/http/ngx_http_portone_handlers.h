
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_HANDLERS_H_INCLUDED_
#define _NGX_HTTP_PORTONE_HANDLERS_H_INCLUDED_


#include "ngx_http_portone.h"
#include "portone_str.h"


/* the content handlers of portone_cancel, portone_payment, portone_webhook */

ngx_int_t ngx_http_portone_cancel_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_portone_payment_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_portone_webhook_handler(ngx_http_request_t *r);


/* parts of portone_payment; all return what a content handler returns */

/*
 * PUT of a payment object: the payment is registered, or merged into the
 * stored one.  merchant_uid points into the request.
 */
ngx_int_t ngx_http_portone_register(ngx_http_request_t *r,
    portone_str_t *merchant_uid);

/* POST to .../refunds/{refund_id}: a person settles a refund in review */
ngx_int_t ngx_http_portone_review(ngx_http_request_t *r);

/* POST of application/x-ndjson: registers one payment a line */
ngx_int_t ngx_http_portone_import(ngx_http_request_t *r);

/* GET or HEAD: all payments of the location's merchant, one a line */
ngx_int_t ngx_http_portone_export(ngx_http_request_t *r);

/* whether the request asks for an export: it accepts application/x-ndjson */
ngx_uint_t ngx_http_portone_export_wanted(ngx_http_request_t *r);


#endif /* _NGX_HTTP_PORTONE_HANDLERS_H_INCLUDED_ */
