
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_EXPORT_H_INCLUDED_
#define _NGX_HTTP_PORTONE_EXPORT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* whether the request accepts application/x-ndjson by name */
ngx_uint_t ngx_http_portone_export_wanted(ngx_http_request_t *r);

/* GET or HEAD: all payments of the location's merchant, one a line */
ngx_int_t ngx_http_portone_export(ngx_http_request_t *r);


#endif /* _NGX_HTTP_PORTONE_EXPORT_H_INCLUDED_ */
