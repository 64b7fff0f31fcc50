
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_body.h"
#include "ngx_http_portone_client.h"
#include "ngx_http_portone_reply.h"


static void ngx_http_portone_body_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_portone_body_text(ngx_http_request_t *r, size_t max,
    ngx_str_t *text);


ngx_int_t
ngx_http_portone_body_post(ngx_http_request_t *r,
    const ngx_http_portone_body_t *body)
{
    ngx_http_portone_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_portone_module);

    if (r != r->main) {

        /* a refund by mirror, SSI and the like would be a side door */

        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "%V does not serve subrequests", &plcf->handler->name);
        return NGX_HTTP_FORBIDDEN;
    }

    if (r->method != NGX_HTTP_POST) {
        return ngx_http_portone_body_refuse(r, PORTONE_METHOD_NOT_ALLOWED,
                                            NULL, "POST");
    }

    return ngx_http_portone_body_read(r, body);
}


ngx_int_t
ngx_http_portone_body_read(ngx_http_request_t *r,
    const ngx_http_portone_body_t *body)
{
    ngx_int_t                rc;
    portone_error_e          error;
    ngx_http_portone_ctx_t  *ctx;

    error = ngx_http_portone_body_check(r, body);

    if (error != PORTONE_NO_ERROR) {
        return ngx_http_portone_body_refuse(r, error, NULL, NULL);
    }

    ctx = ngx_http_portone_client_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->data = (void *) body;

    r->request_body_in_single_buf = 1;

    rc = ngx_http_read_client_request_body(r, ngx_http_portone_body_handler);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    return NGX_DONE;
}


portone_error_e
ngx_http_portone_body_check(ngx_http_request_t *r,
    const ngx_http_portone_body_t *body)
{
    if (ngx_http_portone_body_type(r, &body->type) != NGX_OK) {
        return PORTONE_UNSUPPORTED_MEDIA_TYPE;
    }

    if (r->headers_in.content_length_n > (off_t) body->max) {
        return PORTONE_TOO_LARGE;
    }

    return PORTONE_NO_ERROR;
}


static void
ngx_http_portone_body_handler(ngx_http_request_t *r)
{
    ngx_int_t                       rc;
    ngx_str_t                       text;
    ngx_http_portone_ctx_t         *ctx;
    const ngx_http_portone_body_t  *body;

    ctx = ngx_http_get_module_ctx(r, ngx_http_portone_module);
    body = ctx->data;

    rc = ngx_http_portone_body_text(r, body->max, &text);

    switch (rc) {

    case NGX_OK:
        rc = body->handler(r, &text);
        break;

    case NGX_DECLINED:
        rc = body->error(r, PORTONE_TOO_LARGE, NULL, NULL);
        break;

    default:
        rc = NGX_HTTP_INTERNAL_SERVER_ERROR;
        break;
    }

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
}


/*
 * NGX_DECLINED: the body has more bytes than max, or is in a temporary file,
 * which is refused because reading the file would block.
 */

static ngx_int_t
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

        /* the last buffer of a chunked body lacks memory */

        if (len != 0) {
            p = ngx_cpymem(p, cl->buf->pos, len);
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_portone_body_refuse(ngx_http_request_t *r, portone_error_e error,
    const char *field, const char *allow)
{
    ngx_int_t  rc;

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_portone_reply_error(r, error, field, allow);
}


ngx_int_t
ngx_http_portone_body_type(ngx_http_request_t *r, const ngx_str_t *type)
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
