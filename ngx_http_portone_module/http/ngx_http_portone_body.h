
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_BODY_H_INCLUDED_
#define _NGX_HTTP_PORTONE_BODY_H_INCLUDED_


#include "ngx_http_portone.h"


/*
 * NGX_OK: the request has this media type, with whatever parameters (JSON is
 * UTF-8); else NGX_DECLINED.
 */
ngx_int_t ngx_http_portone_body_type(ngx_http_request_t *r, ngx_str_t *type);

/*
 * Whether the body can be read: of this media type, NULL is any, and by its
 * header not longer than max.  PORTONE_NO_ERROR: it can.
 */
portone_error_e ngx_http_portone_body_check(ngx_http_request_t *r,
    ngx_str_t *type, size_t max);

/*
 * Reads the body, in one piece if it fits into a buffer, and calls handler;
 * returns what the content handler has to.
 */
ngx_int_t ngx_http_portone_body_read(ngx_http_request_t *r,
    ngx_http_client_body_handler_pt handler);

/*
 * Answers with an error instead of reading the body; field and allow as those
 * of ngx_http_portone_reply_error(); returns what the content handler has to.
 */
ngx_int_t ngx_http_portone_body_refuse(ngx_http_request_t *r,
    portone_error_e error, const char *field, const char *allow);

/*
 * The body that was read, in one piece: NGX_DECLINED: it has more bytes than
 * max, or is in a temporary file, reading which would block.  NGX_ERROR: no
 * memory.
 */
ngx_int_t ngx_http_portone_body_text(ngx_http_request_t *r, size_t max,
    ngx_str_t *text);


#endif /* _NGX_HTTP_PORTONE_BODY_H_INCLUDED_ */
