
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_text.h"


#define NGX_HTTP_PORTONE_TEXT_BUFFER  8192


static u_char *ngx_http_portone_text_room(ngx_http_portone_text_t *text,
    size_t size);
static ngx_int_t ngx_http_portone_text_link(ngx_http_portone_text_t *text,
    ngx_buf_t *b);


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
ngx_http_portone_text_static(ngx_http_portone_text_t *text, const char *data)
{
    u_char     *p;
    size_t      len;
    ngx_buf_t  *b;

    len = ngx_strlen(data);

    if (len <= NGX_HTTP_PORTONE_TEXT_MAX) {
        p = ngx_http_portone_text_room(text, len);

        if (p != NULL) {
            text->buf->last = ngx_cpymem(p, data, len);
            text->len += len;
        }

        return;
    }

    b = text->failed ? NULL : ngx_calloc_buf(text->pool);

    if (b == NULL) {
        text->failed = 1;
        return;
    }

    b->pos = (u_char *) data;
    b->last = b->pos + len;
    b->memory = 1;

    if (ngx_http_portone_text_link(text, b) != NGX_OK) {
        return;
    }

    text->len += len;

    /* the next text goes into a buffer of its own */

    text->buf = NULL;
}


void
ngx_http_portone_text_html(ngx_http_portone_text_t *text, const char *data)
{
    u_char  *p;
    size_t   len, size;

    len = ngx_strlen(data);
    size = len + ngx_escape_html(NULL, (u_char *) data, len);

    p = ngx_http_portone_text_room(text, size);
    if (p == NULL) {
        return;
    }

    text->buf->last = (u_char *) ngx_escape_html(p, (u_char *) data, len);
    text->len += text->buf->last - p;
}


void
ngx_http_portone_text_json(ngx_http_portone_text_t *text, const char *data)
{
    u_char  *p;
    size_t   len, size;

    len = ngx_strlen(data);
    size = len + ngx_escape_json(NULL, (u_char *) data, len);

    p = ngx_http_portone_text_room(text, size);
    if (p == NULL) {
        return;
    }

    text->buf->last = (u_char *) ngx_escape_json(p, (u_char *) data, len);
    text->len += text->buf->last - p;
}


/* room for the next bytes, size at most; NULL: out of memory */

static u_char *
ngx_http_portone_text_room(ngx_http_portone_text_t *text, size_t size)
{
    ngx_buf_t  *b;

    if (text->failed) {
        return NULL;
    }

    b = text->buf;

    if (b == NULL || (size_t) (b->end - b->last) < size) {
        b = ngx_create_temp_buf(text->pool,
                               ngx_max(size, NGX_HTTP_PORTONE_TEXT_BUFFER));
        if (b == NULL) {
            text->failed = 1;
            return NULL;
        }

        if (ngx_http_portone_text_link(text, b) != NGX_OK) {
            return NULL;
        }

        text->buf = b;
    }

    return b->last;
}


static ngx_int_t
ngx_http_portone_text_link(ngx_http_portone_text_t *text, ngx_buf_t *b)
{
    ngx_chain_t  *cl;

    cl = ngx_alloc_chain_link(text->pool);
    if (cl == NULL) {
        text->failed = 1;
        return NGX_ERROR;
    }

    cl->buf = b;
    cl->next = NULL;

    *text->last = cl;
    text->last = &cl->next;

    return NGX_OK;
}
