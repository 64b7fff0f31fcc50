
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_match_values.h"


ngx_int_t
ngx_http_portone_match_values(ngx_http_request_t *r, ngx_pool_t *pool,
    const portone_match_t **match_values, size_t *n)
{
    u_char                       *p;
    ngx_str_t                     text;
    ngx_uint_t                    i;
    portone_match_t              *value;
    ngx_http_portone_match_t     *match;
    ngx_http_portone_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_portone_module);

    *match_values = NULL;
    *n = 0;

    if (plcf->matches == NULL || plcf->matches->nelts == 0) {
        return NGX_OK;
    }

    value = ngx_pcalloc(pool, plcf->matches->nelts * sizeof(portone_match_t));
    if (value == NULL) {
        return NGX_ERROR;
    }

    match = plcf->matches->elts;

    for (i = 0; i < plcf->matches->nelts; i++) {

        value[i].field.len = match[i].field.len;
        value[i].field.data = (char *) match[i].field.data;

        if (ngx_http_complex_value(r, &match[i].value, &text) != NGX_OK) {
            return NGX_ERROR;
        }

        if (text.len == 0) {
            continue;
        }

        p = ngx_pnalloc(pool, text.len);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(p, text.data, text.len);

        value[i].value.len = text.len;
        value[i].value.data = (char *) p;
    }

    *match_values = value;
    *n = plcf->matches->nelts;

    return NGX_OK;
}
