
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_REVIEW_H_INCLUDED_
#define _NGX_HTTP_PORTONE_REVIEW_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* POST to .../refunds/{refund_id}: a person settles what is in review */
ngx_int_t ngx_http_portone_review(ngx_http_request_t *r);


#endif /* _NGX_HTTP_PORTONE_REVIEW_H_INCLUDED_ */
