
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_portone_sandbox_text.h"


#define NGX_HTTP_PORTONE_SANDBOX_FORMAT_LEN  256


static u_char *ngx_http_portone_sandbox_text_reserve(
    ngx_http_portone_sandbox_text_t *text, size_t len);


void
ngx_http_portone_sandbox_text_init(ngx_http_portone_sandbox_text_t *text,
    ngx_pool_t *pool, size_t size)
{
    text->pool = pool;
    text->failed = 0;
    text->start = ngx_palloc(pool, size);

    if (text->start == NULL) {
        text->failed = 1;
        size = 0;
    }

    text->last = text->start;
    text->end = text->start + size;
}


static u_char *
ngx_http_portone_sandbox_text_reserve(ngx_http_portone_sandbox_text_t *text,
    size_t len)
{
    u_char  *p;
    size_t   used, size;

    if (text->failed) {
        return NULL;
    }

    if ((size_t) (text->end - text->last) >= len) {
        return text->last;
    }

    used = text->last - text->start;
    size = 2 * (text->end - text->start);

    if (size < used + len) {
        size = used + len;
    }

    p = ngx_palloc(text->pool, size);
    if (p == NULL) {
        text->failed = 1;
        return NULL;
    }

    ngx_memcpy(p, text->start, used);
    (void) ngx_pfree(text->pool, text->start);

    text->start = p;
    text->last = p + used;
    text->end = p + size;

    return text->last;
}


void
ngx_http_portone_sandbox_text_add(ngx_http_portone_sandbox_text_t *text,
    u_char *data, size_t len)
{
    if (len == 0
        || ngx_http_portone_sandbox_text_reserve(text, len) == NULL)
    {
        return;
    }

    text->last = ngx_cpymem(text->last, data, len);
}


void
ngx_http_portone_sandbox_text_str(ngx_http_portone_sandbox_text_t *text,
    ngx_str_t *str)
{
    ngx_http_portone_sandbox_text_add(text, str->data, str->len);
}


void ngx_cdecl
ngx_http_portone_sandbox_text_format(ngx_http_portone_sandbox_text_t *text,
    const char *fmt, ...)
{
    u_char   *p, buf[NGX_HTTP_PORTONE_SANDBOX_FORMAT_LEN];
    va_list   args;

    va_start(args, fmt);
    p = ngx_vslprintf(buf, buf + sizeof(buf), fmt, args);
    va_end(args);

    ngx_http_portone_sandbox_text_add(text, buf, p - buf);
}


void
ngx_http_portone_sandbox_text_json(ngx_http_portone_sandbox_text_t *text,
    ngx_str_t *str)
{
    u_char    *p, *end, *next;
    uint32_t   ch;

    /* six bytes are the longest form of one byte: \u001f */

    if (ngx_http_portone_sandbox_text_reserve(text, 6 * str->len + 2)
        == NULL)
    {
        return;
    }

    *text->last++ = '"';

    p = str->data;
    end = p + str->len;

    while (p < end) {

        if (*p == '"' || *p == '\\') {
            *text->last++ = '\\';
            *text->last++ = *p++;

        } else if (*p < 0x20) {
            text->last = ngx_sprintf(text->last, "\\u%04xi",
                                     (ngx_uint_t) *p++);

        } else if (*p < 0x80) {
            *text->last++ = *p++;

        } else {
            next = p;
            ch = ngx_utf8_decode(&next, end - p);

            if (ch > 0x10ffff || next == p) {
                text->last = ngx_cpymem(text->last, "\xef\xbf\xbd", 3);
                p++;

            } else {
                text->last = ngx_cpymem(text->last, p, next - p);
                p = next;
            }
        }
    }

    *text->last++ = '"';
}


void
ngx_http_portone_sandbox_text_json_or_null(
    ngx_http_portone_sandbox_text_t *text, ngx_str_t *str)
{
    if (str->len == 0) {
        ngx_http_portone_sandbox_text_add(text, (u_char *) "null", 4);
        return;
    }

    ngx_http_portone_sandbox_text_json(text, str);
}


ngx_int_t
ngx_http_portone_sandbox_text_done(ngx_http_portone_sandbox_text_t *text,
    ngx_str_t *str)
{
    if (text->failed) {
        return NGX_ERROR;
    }

    str->data = text->start;
    str->len = text->last - text->start;

    return NGX_OK;
}


ngx_int_t
ngx_http_portone_sandbox_text_escape(ngx_pool_t *pool, ngx_str_t *json,
    ngx_str_t *escaped)
{
    u_char    *p, *end, *next, *dst;
    uint32_t   ch;

    dst = ngx_pnalloc(pool, 6 * json->len);
    if (dst == NULL) {
        return NGX_ERROR;
    }

    escaped->data = dst;

    p = json->data;
    end = p + json->len;

    while (p < end) {

        /* in JSON slashes and such bytes stand in strings only */

        if (*p == '/') {
            *dst++ = '\\';
            *dst++ = *p++;
            continue;
        }

        if (*p < 0x80) {
            *dst++ = *p++;
            continue;
        }

        next = p;
        ch = ngx_utf8_decode(&next, end - p);

        if (ch > 0x10ffff || next == p) {
            ch = 0xfffd;
            next = p + 1;
        }

        p = next;

        if (ch > 0xffff) {
            ch -= 0x10000;
            dst = ngx_sprintf(dst, "\\u%04xD", 0xd800 + (ch >> 10));
            ch = 0xdc00 + (ch & 0x3ff);
        }

        dst = ngx_sprintf(dst, "\\u%04xD", ch);
    }

    escaped->len = dst - escaped->data;

    return NGX_OK;
}


ngx_int_t
ngx_http_portone_sandbox_text_error(u_char *error, const char *fmt,
    const char *name)
{
    ngx_snprintf(error, NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN, fmt, name);
    error[NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN - 1] = '\0';

    return NGX_ERROR;
}
