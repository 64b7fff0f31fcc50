
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_conf_location.h"
#include "ngx_http_portone_conf_access.h"
#include "ngx_http_portone_handlers.h"
#include "ngx_http_portone_metrics.h"
#include "ngx_http_portone_status.h"
#include "portone_str.h"


/* a merchant and an identifier of 40 characters, 160 bytes, fit into a key */
#define NGX_HTTP_PORTONE_CONF_MERCHANT_MAX  64

#define NGX_HTTP_PORTONE_CONF_TIER_LEN      3

/* the longest life of the answer of an idempotency key, s */
#define NGX_HTTP_PORTONE_CONF_TTL_MAX       (365 * 24 * 60 * 60)


static ngx_int_t ngx_http_portone_conf_location_place(ngx_conf_t *cf,
    ngx_http_portone_handler_t *handler);


static ngx_http_portone_handler_t  ngx_http_portone_conf_location_handlers[] = {

    { ngx_string("portone_cancel"), ngx_http_portone_cancel_handler,
      NGX_HTTP_PORTONE_REQUEST_REFUND, NGX_HTTP_POST, 1, 1, 0 },

    { ngx_string("portone_payment"), ngx_http_portone_payment_handler,
      NGX_HTTP_PORTONE_REQUEST_PAYMENT, NGX_HTTP_GET, 1, 0, 1 },

    { ngx_string("portone_webhook"), ngx_http_portone_webhook_handler,
      NGX_HTTP_PORTONE_REQUEST_WEBHOOK, 0, 1, 1, 0 },

    { ngx_string("portone_status"), ngx_http_portone_status_handler,
      NGX_HTTP_PORTONE_REQUEST_MAX, 0, 0, 0, 0 }
};


static ngx_conf_enum_t  ngx_http_portone_conf_location_formats[] = {
    { ngx_string("json"), NGX_HTTP_PORTONE_STATUS_JSON },
    { ngx_string("prometheus"), NGX_HTTP_PORTONE_STATUS_PROMETHEUS },
    { ngx_string("html"), NGX_HTTP_PORTONE_STATUS_HTML },
    { ngx_null_string, 0 }
};


char *
ngx_http_portone_conf_location_handler(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_portone_loc_conf_t *plcf = conf;

    ngx_str_t                   *value;
    ngx_http_core_loc_conf_t    *clcf;
    ngx_http_portone_handler_t  *handler;

    handler = ngx_http_portone_conf_location_handlers;

    while (ngx_strcmp(handler->name.data, cmd->name.data) != 0) {
        handler++;
    }

    if (plcf->handler == handler) {
        return "is duplicate";
    }

    if (plcf->handler) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" and \"%V\" cannot share a location",
                           &plcf->handler->name, &cmd->name);
        return NGX_CONF_ERROR;
    }

    if (handler->has_path
        && ngx_http_portone_conf_location_place(cf, handler) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (handler->has_path && cf->args->nelts == 2) {
        value = cf->args->elts;

        if (ngx_strcmp(value[1].data, "write") != 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[1]);
            return NGX_CONF_ERROR;
        }

        plcf->payment_write = 1;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = handler->handler;

    plcf->handler = handler;
    plcf->file = cf->conf_file->file.name;
    plcf->line = cf->conf_file->line;

    if (ngx_http_portone_conf_access_add(cf, plcf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* only a location given by a prefix says where the order begins */

static ngx_int_t
ngx_http_portone_conf_location_place(ngx_conf_t *cf,
    ngx_http_portone_handler_t *handler)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

#if (NGX_PCRE)

    if (clcf->regex) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" cannot be used in a location given by a "
                           "regular expression: the order is what follows "
                           "the location's prefix", &handler->name);
        return NGX_ERROR;
    }

#endif

    if (clcf->named) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" cannot be used in a named location: the "
                           "order is what follows the location's prefix",
                           &handler->name);
        return NGX_ERROR;
    }

    return NGX_OK;
}


char *
ngx_http_portone_conf_location_status(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_portone_loc_conf_t *plcf = conf;

    char                          *rv;
    ngx_str_t                     *value;
    ngx_conf_enum_t               *format;
    ngx_http_portone_main_conf_t  *pmcf;

    rv = ngx_http_portone_conf_location_handler(cf, cmd, conf);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_portone_module);

    pmcf->status = 1;

    plcf->status_format = NGX_HTTP_PORTONE_STATUS_JSON;

    if (cf->args->nelts == 1) {
        return NGX_CONF_OK;
    }

    value = cf->args->elts;

    for (format = ngx_http_portone_conf_location_formats;
         format->name.len;
         format++)
    {
        if (ngx_strcmp(value[1].data, format->name.data) == 0) {
            plcf->status_format = format->value;
            return NGX_CONF_OK;
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid format \"%V\", it must be \"json\", "
                       "\"prometheus\" or \"html\"", &value[1]);

    return NGX_CONF_ERROR;
}


void
ngx_http_portone_conf_location_inherit(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *prev, ngx_http_portone_loc_conf_t *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (!clcf->lmt_excpt || clcf->handler || prev->handler == NULL) {
        return;
    }

    clcf->handler = prev->handler->handler;

    conf->handler = prev->handler;
    conf->payment_write = prev->payment_write;
    conf->file = prev->file;
    conf->line = prev->line;
}


char *
ngx_http_portone_conf_location_merchant(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_portone_loc_conf_t *plcf = conf;

    ngx_str_t     *value;
    portone_str_t  text;

    if (plcf->merchant.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    text.len = value[1].len;
    text.data = (char *) value[1].data;

    if (text.len == 0
        || text.len > NGX_HTTP_PORTONE_CONF_MERCHANT_MAX
        || portone_str_utf8_length(text.data, text.len) == SIZE_MAX
        || portone_str_has_control(&text))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid merchant \"%V\", it must have 1 to "
                           "%d bytes of text", &value[1],
                           NGX_HTTP_PORTONE_CONF_MERCHANT_MAX);
        return NGX_CONF_ERROR;
    }

    plcf->merchant = value[1];

    return NGX_CONF_OK;
}


char *
ngx_http_portone_conf_location_tier(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_portone_loc_conf_t *plcf = conf;

    ngx_str_t   *value;
    ngx_uint_t   i;

    if (plcf->tier.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    for (i = 0; i < value[1].len; i++) {

        if ((value[1].data[i] < 'A' || value[1].data[i] > 'Z')
            && (value[1].data[i] < '0' || value[1].data[i] > '9'))
        {
            break;
        }
    }

    if (value[1].len != NGX_HTTP_PORTONE_CONF_TIER_LEN || i < value[1].len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid tier \"%V\", it must have %d "
                           "characters of A-Z and 0-9", &value[1],
                           NGX_HTTP_PORTONE_CONF_TIER_LEN);
        return NGX_CONF_ERROR;
    }

    plcf->tier = value[1];

    return NGX_CONF_OK;
}


char *
ngx_http_portone_conf_location_certificate(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf)
{
    ngx_http_portone_loc_conf_t *plcf = conf;

    ngx_str_t        *value;
    ngx_file_info_t   fi;

    if (plcf->ssl_trusted_certificate.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_conf_full_name(cf->cycle, &value[1], 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    /* libcurl reads the file in the workers, maybe as another user */

    if (ngx_file_info(value[1].data, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_file_info_n " \"%V\" failed", &value[1]);
        return NGX_CONF_ERROR;
    }

    plcf->ssl_trusted_certificate = value[1];

    return NGX_CONF_OK;
}


char *
ngx_http_portone_conf_location_match(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_portone_loc_conf_t *plcf = conf;

    ngx_str_t                         *value;
    ngx_http_portone_match_t          *match;
    ngx_http_compile_complex_value_t   ccv;

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "needs the name of a field";
    }

    if (plcf->matches == NGX_CONF_UNSET_PTR) {
        plcf->matches = ngx_array_create(cf->pool, 2,
                                         sizeof(ngx_http_portone_match_t));
        if (plcf->matches == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    match = ngx_array_push(plcf->matches);
    if (match == NULL) {
        return NGX_CONF_ERROR;
    }

    match->field = value[1];

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &value[2];
    ccv.complex_value = &match->value;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_portone_conf_location_ttl_check(ngx_conf_t *cf, void *post, void *data)
{
    time_t *ttl = data;

    /* with 0, a repeated request would be a second refund */

    if (*ttl < 1 || *ttl > NGX_HTTP_PORTONE_CONF_TTL_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"portone_idempotency_ttl\" must be from 1s to "
                           "365d");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_portone_conf_location_settle_check(ngx_conf_t *cf, void *post,
    void *data)
{
    time_t *settle_time = data;

    if (*settle_time > NGX_HTTP_PORTONE_CONF_SETTLE_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"portone_settle_time\" must not be more than "
                           "1d");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
