
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_BODY_H_INCLUDED_
#define _NGX_HTTP_PORTONE_BODY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * NGX_OK: the request has this media type, with whatever parameters (JSON is
 * UTF-8); else NGX_DECLINED.
 */
ngx_int_t ngx_http_portone_body_type(ngx_http_request_t *r, ngx_str_t *type);

/*
 * The body that was read, in one piece: NGX_DECLINED: it has more bytes than
 * max, or is in a temporary file, reading which would block.  NGX_ERROR: no
 * memory.
 */
ngx_int_t ngx_http_portone_body_text(ngx_http_request_t *r, size_t max,
    ngx_str_t *text);


#endif /* _NGX_HTTP_PORTONE_BODY_H_INCLUDED_ */
