
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_variables.h"


static ngx_int_t ngx_http_portone_variable_set(ngx_http_variable_value_t *v,
    ngx_str_t *text);
static ngx_int_t ngx_http_portone_variable_text(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_portone_variable_message(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_portone_variable_api_status(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_portone_variable_api_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_portone_variable_store_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_portone_variable_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, ngx_msec_t ms);


/*
 * Each is evaluated anew: a map or a log can ask before and after the refund.
 * An empty value is "-", which nginx's logs also show for a variable that is
 * not found, where map and add_header would see an empty string.
 */

#define ngx_http_portone_variable_member(name, member)                        \
    { ngx_string(name), NULL, ngx_http_portone_variable_text,                 \
      offsetof(ngx_http_portone_ctx_t, member),                               \
      NGX_HTTP_VAR_NOCACHEABLE, 0 }


static ngx_http_variable_t  ngx_http_portone_vars[] = {

    ngx_http_portone_variable_member("portone_merchant_uid", merchant_uid),
    ngx_http_portone_variable_member("portone_imp_uid", imp_uid),
    ngx_http_portone_variable_member("portone_refund_id", refund_id),
    ngx_http_portone_variable_member("portone_amount", amount),
    ngx_http_portone_variable_member("portone_refundable_amount",
                                     refundable_amount),
    ngx_http_portone_variable_member("portone_state", state),
    ngx_http_portone_variable_member("portone_error", error),
    ngx_http_portone_variable_member("portone_code", code),
    ngx_http_portone_variable_member("portone_token", token),
    ngx_http_portone_variable_member("portone_replayed", replayed),

    { ngx_string("portone_message"), NULL,
      ngx_http_portone_variable_message, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("portone_api_status"), NULL,
      ngx_http_portone_variable_api_status, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("portone_api_time"), NULL,
      ngx_http_portone_variable_api_time, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("portone_store_time"), NULL,
      ngx_http_portone_variable_store_time, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


static ngx_str_t  ngx_http_portone_none = ngx_string("-");


ngx_int_t
ngx_http_portone_variables_add(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_portone_vars; v->name.len; v++) {

        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_portone_variable_set(ngx_http_variable_value_t *v, ngx_str_t *text)
{
    if (text->len == 0) {
        text = &ngx_http_portone_none;
    }

    v->data = text->data;
    v->len = text->len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_portone_variable_text(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_portone_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_portone_module);

    return ngx_http_portone_variable_set(v,
                                 ctx ? (ngx_str_t *) ((u_char *) ctx + data)
                                     : &ngx_http_portone_none);
}


/*
 * PortOne's message can have line feeds; in a header they would begin another
 * header.
 */

static ngx_int_t
ngx_http_portone_variable_message(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    size_t                   i;
    ngx_str_t                text;
    ngx_http_portone_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_portone_module);

    if (ctx == NULL || ctx->message.len == 0) {
        return ngx_http_portone_variable_set(v, &ngx_http_portone_none);
    }

    text.len = ctx->message.len;
    text.data = ngx_pnalloc(r->pool, text.len);
    if (text.data == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < text.len; i++) {
        text.data[i] = (ctx->message.data[i] < ' '
                        || ctx->message.data[i] == 0x7f)
                           ? ' ' : ctx->message.data[i];
    }

    return ngx_http_portone_variable_set(v, &text);
}


static ngx_int_t
ngx_http_portone_variable_api_status(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                text;
    ngx_http_portone_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_portone_module);

    if (ctx == NULL || ctx->api_status == 0) {
        return ngx_http_portone_variable_set(v, &ngx_http_portone_none);
    }

    text.data = ngx_pnalloc(r->pool, NGX_INT_T_LEN);
    if (text.data == NULL) {
        return NGX_ERROR;
    }

    text.len = ngx_sprintf(text.data, "%ui", ctx->api_status) - text.data;

    return ngx_http_portone_variable_set(v, &text);
}


static ngx_int_t
ngx_http_portone_variable_api_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_portone_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_portone_module);

    if (ctx == NULL || !ctx->has_api_time) {
        return ngx_http_portone_variable_set(v, &ngx_http_portone_none);
    }

    return ngx_http_portone_variable_time(r, v, ctx->api_time);
}


static ngx_int_t
ngx_http_portone_variable_store_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_portone_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_portone_module);

    if (ctx == NULL || !ctx->has_store_time) {
        return ngx_http_portone_variable_set(v, &ngx_http_portone_none);
    }

    return ngx_http_portone_variable_time(r, v, ctx->store_time);
}


/* seconds with milliseconds, like $request_time */

static ngx_int_t
ngx_http_portone_variable_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, ngx_msec_t ms)
{
    ngx_str_t  text;

    text.data = ngx_pnalloc(r->pool, NGX_TIME_T_LEN + 4);
    if (text.data == NULL) {
        return NGX_ERROR;
    }

    text.len = ngx_sprintf(text.data, "%T.%03M", (time_t) ms / 1000,
                           ms % 1000)
               - text.data;

    return ngx_http_portone_variable_set(v, &text);
}
