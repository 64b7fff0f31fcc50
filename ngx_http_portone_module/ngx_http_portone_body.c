
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_body.h"


ngx_int_t
ngx_http_portone_body_type(ngx_http_request_t *r, ngx_str_t *type)
{
    u_char     *last;
    size_t      len;
    ngx_str_t  *value;

    if (r->headers_in.content_type == NULL) {
        return NGX_DECLINED;
    }

    value = &r->headers_in.content_type->value;

    last = ngx_strlchr(value->data, value->data + value->len, ';');
    if (last == NULL) {
        last = value->data + value->len;
    }

    while (last > value->data && (last[-1] == ' ' || last[-1] == '\t')) {
        last--;
    }

    len = last - value->data;

    if (len != type->len
        || ngx_strncasecmp(value->data, type->data, len) != 0)
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_portone_body_text(ngx_http_request_t *r, size_t max,
    ngx_str_t *text)
{
    u_char       *p;
    size_t        len;
    ngx_chain_t  *cl;

    ngx_str_null(text);

    if (r->request_body == NULL || r->request_body->bufs == NULL) {
        return NGX_OK;
    }

    len = 0;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {

        if (cl->buf->in_file) {
            return NGX_DECLINED;
        }

        len += cl->buf->last - cl->buf->pos;
    }

    if (len > max) {
        return NGX_DECLINED;
    }

    cl = r->request_body->bufs;

    text->len = len;

    if (cl->next == NULL) {
        text->data = cl->buf->pos;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;

    for ( /* void */ ; cl; cl = cl->next) {
        len = cl->buf->last - cl->buf->pos;

        /* the last buffer of a chunked body has no memory */

        if (len != 0) {
            p = ngx_cpymem(p, cl->buf->pos, len);
        }
    }

    return NGX_OK;
}
