
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_handlers.h"
#include "ngx_http_portone_body.h"
#include "ngx_http_portone_flow.h"
#include "ngx_http_portone_reply.h"
#include "portone_idempotency.h"
#include "portone_uid.h"


static ngx_int_t ngx_http_portone_cancel_start(ngx_http_request_t *r,
    ngx_str_t *text);
static ngx_int_t ngx_http_portone_cancel_key(ngx_http_request_t *r,
    ngx_str_t *key);


static const ngx_http_portone_body_t  ngx_http_portone_cancel_body = {
    ngx_string("application/json"),
    8192,  /* twice what all fields at their longest need, as \uXXXX */
    ngx_http_portone_cancel_start,
    ngx_http_portone_reply_error
};


ngx_int_t
ngx_http_portone_cancel_handler(ngx_http_request_t *r)
{
    return ngx_http_portone_body_post(r, &ngx_http_portone_cancel_body);
}


static ngx_int_t
ngx_http_portone_cancel_start(ngx_http_request_t *r, ngx_str_t *text)
{
    ngx_int_t                 rc;
    ngx_str_t                 key;
    portone_error_e           error;
    portone_request_t         request;
    ngx_http_portone_flow_t  *flow;
    char                      field[PORTONE_FIELD_LEN];

    error = portone_request_parse(&request, (char *) text->data, text->len,
                                  field);

    if (error != PORTONE_NO_ERROR) {
        return ngx_http_portone_reply_error(r, error, field, NULL);
    }

    rc = ngx_http_portone_cancel_key(r, &key);

    if (rc != NGX_OK) {
        portone_request_free(&request);

        if (rc == NGX_DECLINED) {
            return ngx_http_portone_reply_error(r, PORTONE_INVALID_REQUEST,
                                                "Idempotency-Key", NULL);
        }

        return rc;
    }

    flow = ngx_http_portone_flow_create_refund(r, &request, text, &key,
                                               ngx_http_portone_reply_refund);
    if (flow == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_portone_flow_start(flow);

    return NGX_DONE;
}


/* NGX_DECLINED: the key lacks text, or is too long for the store */

static ngx_int_t
ngx_http_portone_cancel_key(ngx_http_request_t *r, ngx_str_t *key)
{
    portone_str_t                 str;
    ngx_http_portone_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_portone_module);

    if (ngx_http_complex_value(r, plcf->idempotency_key, key) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    str.len = key->len;
    str.data = (char *) key->data;

    if (key->len > PORTONE_IDEMPOTENCY_KEY_MAX
        || (key->len && !portone_uid_valid(&str, key->len)))
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}
