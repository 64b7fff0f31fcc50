
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_TEXT_H_INCLUDED_
#define _NGX_HTTP_PORTONE_TEXT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * A text that grows, as a chain of buffers.  Out of memory, a text drops the
 * rest and sets "failed", which the caller asks once at the end.
 */

typedef struct {
    ngx_pool_t     *pool;
    ngx_chain_t    *chain;
    ngx_chain_t   **last;
    ngx_buf_t      *buf;
    off_t           len;
    unsigned        failed:1;
} ngx_http_portone_text_t;


/* the most that one call of ngx_http_portone_text_print() can add, bytes */
#define NGX_HTTP_PORTONE_TEXT_MAX  1024


void ngx_http_portone_text_init(ngx_http_portone_text_t *text,
    ngx_pool_t *pool);

/* fmt is of ngx_sprintf() */
void ngx_http_portone_text_print(ngx_http_portone_text_t *text, const char *fmt,
    ...);

/* add a NUL-terminated text of any length, as it is and escaped */
void ngx_http_portone_text_copy(ngx_http_portone_text_t *text,
    const char *data);
void ngx_http_portone_text_escape(ngx_http_portone_text_t *text,
    const char *data, uintptr_t (*escape)(u_char *dst, u_char *src,
    size_t size));

#define ngx_http_portone_text_html(text, data)                                \
    ngx_http_portone_text_escape(text, data, ngx_escape_html)
#define ngx_http_portone_text_json(text, data)                                \
    ngx_http_portone_text_escape(text, data, ngx_escape_json)


#endif /* _NGX_HTTP_PORTONE_TEXT_H_INCLUDED_ */
