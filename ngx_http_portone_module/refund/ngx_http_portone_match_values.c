
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_match_values.h"


ngx_int_t
ngx_http_portone_match_values(ngx_http_request_t *r, ngx_pool_t *pool,
    const portone_match_t **matches, size_t *n)
{
    u_char                       *p;
    ngx_str_t                     value;
    ngx_uint_t                    i;
    portone_match_t              *match;
    ngx_http_portone_match_t     *pm;
    ngx_http_portone_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_portone_module);

    *matches = NULL;
    *n = 0;

    if (plcf->matches == NULL || plcf->matches->nelts == 0) {
        return NGX_OK;
    }

    match = ngx_pcalloc(pool, plcf->matches->nelts * sizeof(portone_match_t));
    if (match == NULL) {
        return NGX_ERROR;
    }

    pm = plcf->matches->elts;

    for (i = 0; i < plcf->matches->nelts; i++) {

        match[i].field.len = pm[i].field.len;
        match[i].field.data = (char *) pm[i].field.data;

        if (ngx_http_complex_value(r, &pm[i].value, &value) != NGX_OK) {
            return NGX_ERROR;
        }

        if (value.len == 0) {
            continue;
        }

        p = ngx_pnalloc(pool, value.len);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(p, value.data, value.len);

        match[i].value.len = value.len;
        match[i].value.data = (char *) p;
    }

    *matches = match;
    *n = plcf->matches->nelts;

    return NGX_OK;
}
