
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_cancel.h"
#include "ngx_http_portone_body.h"
#include "ngx_http_portone_flow.h"
#include "ngx_http_portone_metrics.h"
#include "ngx_http_portone_reply.h"
#include "portone_uid.h"


/*
 * All fields at their longest, every character as \uXXXX, fit into half of
 * this; a body that needs a temporary file is refused as well, because
 * reading it would block.
 */
#define NGX_HTTP_PORTONE_REQUEST_MAX  8192


static void ngx_http_portone_cancel_body(ngx_http_request_t *r);
static ngx_int_t ngx_http_portone_cancel_key(ngx_http_request_t *r,
    ngx_str_t *key);


ngx_int_t
ngx_http_portone_cancel_handler(ngx_http_request_t *r)
{
    portone_error_e  error;

    static ngx_str_t  json = ngx_string("application/json");

    if (r != r->main) {

        /* mirror, SSI and the like must not move money by a side door */

        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "portone_cancel does not serve subrequests");
        return NGX_HTTP_FORBIDDEN;
    }

    if (r->method != NGX_HTTP_POST) {
        return ngx_http_portone_body_refuse(r, PORTONE_METHOD_NOT_ALLOWED,
                                            NULL, "POST");
    }

    error = ngx_http_portone_body_check(r, &json,
                                        NGX_HTTP_PORTONE_REQUEST_MAX);

    if (error != PORTONE_NO_ERROR) {
        return ngx_http_portone_body_refuse(r, error, NULL, NULL);
    }

    return ngx_http_portone_body_read(r, ngx_http_portone_cancel_body);
}


static void
ngx_http_portone_cancel_body(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_str_t                 text, key;
    portone_error_e           error;
    portone_request_t         request;
    ngx_http_portone_flow_t  *flow;
    char                      field[PORTONE_FIELD_LEN];

    rc = ngx_http_portone_body_text(r, NGX_HTTP_PORTONE_REQUEST_MAX, &text);

    if (rc == NGX_DECLINED) {
        ngx_http_finalize_request(r,
            ngx_http_portone_reply_error(r, PORTONE_TOO_LARGE, NULL, NULL));
        return;
    }

    if (rc != NGX_OK) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    error = portone_request_parse(&request, (char *) text.data, text.len,
                                  field);

    if (error != PORTONE_NO_ERROR) {
        ngx_http_finalize_request(r,
                        ngx_http_portone_reply_error(r, error, field, NULL));
        return;
    }

    rc = ngx_http_portone_cancel_key(r, &key);

    if (rc != NGX_OK) {
        portone_request_free(&request);

        if (rc == NGX_DECLINED) {
            rc = ngx_http_portone_reply_error(r, PORTONE_INVALID_REQUEST,
                                              "Idempotency-Key", NULL);
        }

        ngx_http_finalize_request(r, rc);
        return;
    }

    flow = ngx_http_portone_flow_refund(r, &request, &text, &key,
                                        ngx_http_portone_reply_refund);
    if (flow == NULL) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    ngx_http_portone_flow_start(flow);
}


/* NGX_DECLINED: no text, or too long for a key of the store */

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
