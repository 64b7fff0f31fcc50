
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_CANCEL_H_INCLUDED_
#define _NGX_HTTP_PORTONE_CANCEL_H_INCLUDED_


#include "ngx_http_portone.h"


/* the content handler of portone_cancel */
ngx_int_t ngx_http_portone_cancel_handler(ngx_http_request_t *r);


#endif /* _NGX_HTTP_PORTONE_CANCEL_H_INCLUDED_ */
