
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_SANDBOX_TEXT_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_TEXT_H_INCLUDED_


/*
 * A growing text in a pool, for writing JSON.  A failed allocation is kept in
 * the text, so that only the end of the writing needs to look at it.
 */


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN  256


typedef struct {
    ngx_pool_t  *pool;
    u_char      *start;
    u_char      *last;
    u_char      *end;
    ngx_uint_t   failed;
} ngx_http_portone_sandbox_text_t;


void ngx_http_portone_sandbox_text_init(ngx_http_portone_sandbox_text_t *text,
    ngx_pool_t *pool, size_t size);
void ngx_http_portone_sandbox_text_add(ngx_http_portone_sandbox_text_t *text,
    u_char *data, size_t len);
void ngx_http_portone_sandbox_text_str(ngx_http_portone_sandbox_text_t *text,
    ngx_str_t *str);

/* nginx's formats; what is longer than 256 bytes is cut */
void ngx_cdecl ngx_http_portone_sandbox_text_format(
    ngx_http_portone_sandbox_text_t *text, const char *fmt, ...);

/* a JSON string with its quotes; invalid UTF-8 becomes U+FFFD */
void ngx_http_portone_sandbox_text_json(ngx_http_portone_sandbox_text_t *text,
    ngx_str_t *str);

/* as above, an empty string becomes null */
void ngx_http_portone_sandbox_text_json_or_null(
    ngx_http_portone_sandbox_text_t *text, ngx_str_t *str);

/* hands the text over: NGX_OK, or NGX_ERROR when memory ran out */
ngx_int_t ngx_http_portone_sandbox_text_done(
    ngx_http_portone_sandbox_text_t *text, ngx_str_t *str);

/*
 * Rewrites JSON so that text is \uXXXX-escaped and slashes are \/-escaped,
 * as PHP does.
 */
ngx_int_t ngx_http_portone_sandbox_text_escape(ngx_pool_t *pool,
    ngx_str_t *json, ngx_str_t *escaped);

/*
 * Prints the name into error, of NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN bytes, by
 * a format that ends in %Z.  Returns NGX_ERROR.
 */
ngx_int_t ngx_http_portone_sandbox_text_error(u_char *error, const char *fmt,
    const char *name);


#endif /* _NGX_HTTP_PORTONE_SANDBOX_TEXT_H_INCLUDED_ */
