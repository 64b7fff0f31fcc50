
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_error_status.h"


static ngx_int_t ngx_http_portone_error_status_error(ngx_conf_t *cf,
    ngx_http_portone_error_status_t *es, ngx_str_t *value);
static ngx_int_t ngx_http_portone_error_status_regex(ngx_conf_t *cf,
    ngx_http_portone_error_status_t *es, ngx_str_t *error, ngx_str_t *regex);


char *
ngx_http_portone_error_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_portone_loc_conf_t *plcf = conf;

    ngx_int_t                         status;
    ngx_str_t                        *value;
    ngx_http_portone_error_status_t  *es;

    value = cf->args->elts;

    if (plcf->error_statuses == NGX_CONF_UNSET_PTR) {
        plcf->error_statuses = ngx_array_create(cf->pool, 4,
                                    sizeof(ngx_http_portone_error_status_t));
        if (plcf->error_statuses == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    es = ngx_array_push(plcf->error_statuses);
    if (es == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(es, sizeof(ngx_http_portone_error_status_t));

    if (ngx_http_portone_error_status_error(cf, es, &value[1]) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (cf->args->nelts == 4
        && ngx_http_portone_error_status_regex(cf, es, &value[1], &value[2])
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    value = &value[cf->args->nelts - 1];

    status = ngx_atoi(value->data, value->len);

    /* 1xx and 304 lack a body, 2xx means success to a refused client */

    if (status < 300 || status > 599 || status == NGX_HTTP_NOT_MODIFIED) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid status \"%V\", it must be from 300 to "
                           "599 and not 304", value);
        return NGX_CONF_ERROR;
    }

    es->status = status;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_portone_error_status_error(ngx_conf_t *cf,
    ngx_http_portone_error_status_t *es, ngx_str_t *value)
{
    portone_str_t  word;

    word.len = value->len;
    word.data = (char *) value->data;

    es->error = portone_error_find(&word);

    if (es->error != PORTONE_NO_ERROR) {
        return NGX_OK;
    }

    if (value->len > 1 && value->data[0] == '-') {
        es->code = ngx_atoi(value->data + 1, value->len - 1);

        if (es->code != NGX_ERROR) {
            es->code = -es->code;
            es->by_code = 1;
        }

    } else {
        es->code = ngx_atoi(value->data, value->len);
        es->by_code = (es->code != NGX_ERROR);
    }

    if (!es->by_code) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is neither an error of this module "
                           "nor a code of PortOne", value);
        return NGX_ERROR;
    }

    if (es->code == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "code 0 of PortOne is no error");
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_portone_error_status_regex(ngx_conf_t *cf,
    ngx_http_portone_error_status_t *es, ngx_str_t *error, ngx_str_t *regex)
{
#if (NGX_PCRE)
    ngx_regex_compile_t  rc;
    u_char               errstr[NGX_MAX_CONF_ERRSTR];
#endif

    if (regex->len < 2 || regex->data[0] != '~') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\", "
                           "a regular expression begins with \"~\"",
                           regex);
        return NGX_ERROR;
    }

    if (!es->by_code) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "a regular expression goes with a code of "
                           "PortOne, not with \"%V\"", error);
        return NGX_ERROR;
    }

#if (NGX_PCRE)

    ngx_memzero(&rc, sizeof(ngx_regex_compile_t));

    rc.pattern.data = regex->data + 1;
    rc.pattern.len = regex->len - 1;
    rc.pool = cf->pool;
    rc.err.len = NGX_MAX_CONF_ERRSTR;
    rc.err.data = errstr;

    if (ngx_regex_compile(&rc) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%V", &rc.err);
        return NGX_ERROR;
    }

    es->regex = rc.regex;

    return NGX_OK;

#else

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "using regex \"%V\" requires PCRE library", regex);
    return NGX_ERROR;

#endif
}


ngx_uint_t
ngx_http_portone_error_status_get(ngx_http_portone_loc_conf_t *plcf,
    portone_error_e error, int64_t *code, portone_str_t *message)
{
    ngx_uint_t                        i;
    ngx_http_portone_error_status_t  *es;
#if (NGX_PCRE)
    ngx_str_t                         text;
#endif

    if (plcf->error_statuses == NULL) {
        return portone_error_status(error);
    }

    es = plcf->error_statuses->elts;

    for (i = 0; i < plcf->error_statuses->nelts; i++) {

        if (!es[i].by_code) {

            if (es[i].error == error) {
                return es[i].status;
            }

            continue;
        }

        if (code == NULL || *code != es[i].code) {
            continue;
        }

#if (NGX_PCRE)

        if (es[i].regex) {
            text.len = message->len;
            text.data = (u_char *) message->data;

            if (ngx_regex_exec(es[i].regex, &text, NULL, 0) < 0) {
                continue;
            }
        }

#endif

        return es[i].status;
    }

    return portone_error_status(error);
}
