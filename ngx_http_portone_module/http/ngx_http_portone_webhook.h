
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_WEBHOOK_H_INCLUDED_
#define _NGX_HTTP_PORTONE_WEBHOOK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


ngx_int_t ngx_http_portone_webhook_handler(ngx_http_request_t *r);


#endif /* _NGX_HTTP_PORTONE_WEBHOOK_H_INCLUDED_ */
