
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_portone_sandbox_payments.h"
#include "ngx_http_portone_sandbox_request.h"


static ngx_uint_t ngx_http_portone_sandbox_args_is_type(ngx_str_t *header,
    const char *type);
static ngx_int_t ngx_http_portone_sandbox_args_json(
    ngx_http_portone_sandbox_ctx_t *ctx, const char *name,
    ngx_http_portone_sandbox_arg_t *arg);


static ngx_uint_t
ngx_http_portone_sandbox_args_is_type(ngx_str_t *header, const char *type)
{
    size_t  len;

    len = ngx_strlen(type);

    if (header->len < len
        || ngx_strncasecmp(header->data, (u_char *) type, len) != 0)
    {
        return 0;
    }

    return header->len == len || header->data[len] == ';'
           || header->data[len] == ' ';
}


void
ngx_http_portone_sandbox_args_body(ngx_http_portone_sandbox_ctx_t *ctx)
{
    const char        *end;
    ngx_table_elt_t   *type;

    if (ctx->body.len == 0) {
        return;
    }

    type = ctx->request->headers_in.content_type;

    if (type
        && ngx_http_portone_sandbox_args_is_type(&type->value,
                                       "application/x-www-form-urlencoded"))
    {
        ctx->form = 1;
        return;
    }

    if (type == NULL
        || !ngx_http_portone_sandbox_args_is_type(&type->value,
                                                  "application/json"))
    {
        ctx->body_error = "a body of this Content-Type";
        return;
    }

    /* the body is NUL-terminated, so what follows the JSON is found */

    ctx->json = cJSON_ParseWithOpts((char *) ctx->body.data, &end, 1);

    if (ctx->json == NULL
        || (u_char *) end != ctx->body.data + ctx->body.len)
    {
        ctx->body_error = "a body that is not JSON";
        return;
    }

    if (!cJSON_IsObject(ctx->json)) {
        ctx->body_error = "a body that is not an object";
    }
}


ngx_int_t
ngx_http_portone_sandbox_args_get(ngx_http_portone_sandbox_ctx_t *ctx,
    const char *name, ngx_http_portone_sandbox_arg_t *arg)
{
    ngx_int_t  rc;
    ngx_str_t  rest, key, value;

    arg->type = NGX_HTTP_PORTONE_SANDBOX_ARG_ABSENT;
    ngx_str_null(&arg->value);

    if (ctx->json) {
        return ngx_http_portone_sandbox_args_json(ctx, name, arg);
    }

    if (!ctx->form) {
        return NGX_OK;
    }

    rest = ctx->body;

    for ( ;; ) {
        rc = ngx_http_portone_sandbox_args_next(ctx->request->pool, &rest,
                                                &key, &value);
        if (rc != NGX_OK) {
            return rc == NGX_DONE ? NGX_OK : NGX_ERROR;
        }

        if (key.len == ngx_strlen(name)
            && ngx_strncmp(key.data, name, key.len) == 0)
        {
            arg->type = NGX_HTTP_PORTONE_SANDBOX_ARG_TEXT;
            arg->value = value;
            return NGX_OK;
        }
    }
}


static ngx_int_t
ngx_http_portone_sandbox_args_json(ngx_http_portone_sandbox_ctx_t *ctx,
    const char *name, ngx_http_portone_sandbox_arg_t *arg)
{
    cJSON   *item;
    u_char  *buf;

    item = cJSON_GetObjectItemCaseSensitive(ctx->json, name);

    if (item == NULL || cJSON_IsNull(item)) {
        return NGX_OK;
    }

    if (cJSON_IsString(item)) {
        arg->type = NGX_HTTP_PORTONE_SANDBOX_ARG_TEXT;
        arg->value.data = (u_char *) item->valuestring;
        arg->value.len = ngx_strlen(item->valuestring);
        return NGX_OK;
    }

    arg->type = NGX_HTTP_PORTONE_SANDBOX_ARG_OTHER;

    if (cJSON_IsNumber(item)) {

        buf = ngx_pnalloc(ctx->request->pool,
                          NGX_HTTP_PORTONE_SANDBOX_MONEY_LEN);
        if (buf == NULL) {
            return NGX_ERROR;
        }

        if (ngx_http_portone_sandbox_money_text(item, buf, &arg->value)
            == NGX_OK)
        {
            arg->type = NGX_HTTP_PORTONE_SANDBOX_ARG_NUMBER;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_portone_sandbox_args_query(ngx_http_request_t *r, const char *name,
    ngx_str_t *value)
{
    ngx_int_t  rc;
    ngx_str_t  rest, key;

    rest = r->args;

    for ( ;; ) {
        rc = ngx_http_portone_sandbox_args_next(r->pool, &rest, &key, value);

        if (rc != NGX_OK) {
            ngx_str_null(value);
            return rc == NGX_DONE ? NGX_DECLINED : NGX_ERROR;
        }

        if (key.len == ngx_strlen(name)
            && ngx_strncmp(key.data, name, key.len) == 0)
        {
            return NGX_OK;
        }
    }
}


ngx_int_t
ngx_http_portone_sandbox_args_next(ngx_pool_t *pool, ngx_str_t *rest,
    ngx_str_t *name, ngx_str_t *value)
{
    u_char  *p, *last, *eq;

    if (rest->len == 0) {
        return NGX_DONE;
    }

    p = rest->data;

    last = ngx_strlchr(p, p + rest->len, '&');
    if (last == NULL) {
        last = p + rest->len;
        rest->len = 0;

    } else {
        rest->len -= last + 1 - p;
        rest->data = last + 1;
    }

    eq = ngx_strlchr(p, last, '=');
    if (eq == NULL) {
        eq = last;
    }

    if (ngx_http_portone_sandbox_args_decode(pool, p, eq - p, 1, name)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (eq < last) {
        eq++;
    }

    return ngx_http_portone_sandbox_args_decode(pool, eq, last - eq, 1,
                                                value);
}


ngx_int_t
ngx_http_portone_sandbox_args_decode(ngx_pool_t *pool, u_char *data,
    size_t len, ngx_uint_t plus, ngx_str_t *value)
{
    u_char     *p, *end, *dst;
    ngx_int_t   ch;

    dst = ngx_pnalloc(pool, len + 1);
    if (dst == NULL) {
        return NGX_ERROR;
    }

    value->data = dst;

    p = data;
    end = p + len;

    while (p < end) {

        if (*p == '+' && plus) {
            *dst++ = ' ';
            p++;
            continue;
        }

        if (*p == '%' && end - p >= 3) {
            ch = ngx_hextoi(p + 1, 2);

            if (ch != NGX_ERROR) {
                *dst++ = (u_char) ch;
                p += 3;
                continue;
            }
        }

        *dst++ = *p++;
    }

    *dst = '\0';
    value->len = dst - value->data;

    return NGX_OK;
}


void
ngx_http_portone_sandbox_args_header(ngx_http_request_t *r, const char *name,
    ngx_str_t *value)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    ngx_str_null(value);

    part = &r->headers_in.headers.part;

    for ( /* void */ ; part; part = part->next) {
        header = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (header[i].key.len == ngx_strlen(name)
                && ngx_strncmp(header[i].lowcase_key, name,
                               header[i].key.len)
                   == 0)
            {
                *value = header[i].value;
                return;
            }
        }
    }
}


/* any Content-Type will do: curl -d sends a form's */

ngx_int_t
ngx_http_portone_sandbox_args_control(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_uint_t required)
{
    const char  *end;

    if (ctx->body.len == 0 && !required) {
        return NGX_OK;
    }

    if (ctx->body.len) {
        ctx->json = cJSON_ParseWithOpts((char *) ctx->body.data, &end, 1);

        if (ctx->json
            && (u_char *) end == ctx->body.data + ctx->body.len)
        {
            return NGX_OK;
        }
    }

    ngx_http_portone_sandbox_respond_error(ctx, NGX_HTTP_BAD_REQUEST,
                                           "the body is not JSON");
    return NGX_DECLINED;
}


/* the body has to be an object of the named fields only */

ngx_int_t
ngx_http_portone_sandbox_args_only(ngx_http_portone_sandbox_ctx_t *ctx,
    const char **names)
{
    cJSON       *item;
    const char **name;

    if (!cJSON_IsObject(ctx->json)) {
        ngx_http_portone_sandbox_respond_error(ctx, NGX_HTTP_BAD_REQUEST,
                                               "the body is not an object");
        return NGX_DECLINED;
    }

    cJSON_ArrayForEach(item, ctx->json) {

        for (name = names; *name; name++) {
            if (ngx_strcmp(*name, item->string) == 0) {
                break;
            }
        }

        if (*name == NULL) {
            ngx_http_portone_sandbox_respond_error(ctx, NGX_HTTP_BAD_REQUEST,
                                                   "unknown field");
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}
