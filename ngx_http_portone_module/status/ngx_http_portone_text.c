
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_text.h"


#define NGX_HTTP_PORTONE_TEXT_BUFFER  8192


static u_char *ngx_http_portone_text_room(ngx_http_portone_text_t *text,
    size_t size);


void
ngx_http_portone_text_init(ngx_http_portone_text_t *text, ngx_pool_t *pool)
{
    ngx_memzero(text, sizeof(ngx_http_portone_text_t));

    text->pool = pool;
    text->last = &text->chain;
}


void
ngx_http_portone_text_print(ngx_http_portone_text_t *text, const char *fmt, ...)
{
    u_char   *p, *last;
    va_list   args;

    p = ngx_http_portone_text_room(text, NGX_HTTP_PORTONE_TEXT_MAX);
    if (p == NULL) {
        return;
    }

    va_start(args, fmt);
    last = ngx_vslprintf(p, p + NGX_HTTP_PORTONE_TEXT_MAX, fmt, args);
    va_end(args);

    text->len += last - p;
    text->buf->last = last;
}


void
ngx_http_portone_text_copy(ngx_http_portone_text_t *text, const char *data)
{
    u_char  *p;
    size_t   len;

    len = ngx_strlen(data);

    p = ngx_http_portone_text_room(text, len);
    if (p == NULL) {
        return;
    }

    text->buf->last = ngx_cpymem(p, data, len);
    text->len += len;
}


void
ngx_http_portone_text_escape(ngx_http_portone_text_t *text, const char *data,
    uintptr_t (*escape)(u_char *dst, u_char *src, size_t size))
{
    u_char  *p;
    size_t   len;

    len = ngx_strlen(data);

    p = ngx_http_portone_text_room(text,
                                   len + escape(NULL, (u_char *) data, len));
    if (p == NULL) {
        return;
    }

    text->buf->last = (u_char *) escape(p, (u_char *) data, len);
    text->len += text->buf->last - p;
}


/* room for the next bytes, size at most; NULL: out of memory */

static u_char *
ngx_http_portone_text_room(ngx_http_portone_text_t *text, size_t size)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    if (text->failed) {
        return NULL;
    }

    b = text->buf;

    if (b && (size_t) (b->end - b->last) >= size) {
        return b->last;
    }

    b = ngx_create_temp_buf(text->pool,
                            ngx_max(size, NGX_HTTP_PORTONE_TEXT_BUFFER));
    cl = ngx_alloc_chain_link(text->pool);

    if (b == NULL || cl == NULL) {
        text->failed = 1;
        return NULL;
    }

    cl->buf = b;
    cl->next = NULL;

    *text->last = cl;
    text->last = &cl->next;
    text->buf = b;

    return b->last;
}
