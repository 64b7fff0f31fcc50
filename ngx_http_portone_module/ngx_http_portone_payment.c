
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_payment.h"
#include "ngx_http_portone_flow.h"
#include "ngx_http_portone_reply.h"


static ngx_int_t ngx_http_portone_payment_uids(ngx_http_request_t *r,
    portone_str_t *merchant_uid, portone_str_t *imp_uid, const char **field);


ngx_int_t
ngx_http_portone_payment_handler(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    const char               *field;
    portone_str_t             merchant_uid, imp_uid;
    ngx_http_portone_flow_t  *flow;

    if (r != r->main) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "portone_payment does not serve subrequests");
        return NGX_HTTP_FORBIDDEN;
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    if (r->method != NGX_HTTP_GET && r->method != NGX_HTTP_HEAD) {
        return ngx_http_portone_reply_error(r, PORTONE_METHOD_NOT_ALLOWED,
                                            NULL, "GET, HEAD");
    }

    rc = ngx_http_portone_payment_uids(r, &merchant_uid, &imp_uid, &field);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc == NGX_DECLINED) {
        return ngx_http_portone_reply_error(r, PORTONE_INVALID_REQUEST,
                                            field, NULL);
    }

    flow = ngx_http_portone_flow_reading(r, &merchant_uid, &imp_uid,
                                         ngx_http_portone_reply_payment);
    if (flow == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->main->count++;

    ngx_http_portone_flow_start(flow);

    return NGX_DONE;
}


/* the order is what follows the location's prefix, or ?imp_uid= */

static ngx_int_t
ngx_http_portone_payment_uids(ngx_http_request_t *r,
    portone_str_t *merchant_uid, portone_str_t *imp_uid, const char **field)
{
    u_char                    *p, *src, *dst;
    ngx_str_t                  arg;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    merchant_uid->len = 0;
    imp_uid->len = 0;

    if (r->uri.len > clcf->name.len) {
        merchant_uid->data = (char *) r->uri.data + clcf->name.len;
        merchant_uid->len = r->uri.len - clcf->name.len;

        if (!portone_uid_valid(merchant_uid, PORTONE_MERCHANT_UID_MAX)) {
            *field = "merchant_uid";
            return NGX_DECLINED;
        }
    }

    if (ngx_http_arg(r, (u_char *) "imp_uid", sizeof("imp_uid") - 1, &arg)
        == NGX_OK)
    {
        p = ngx_pnalloc(r->pool, arg.len + 1);
        if (p == NULL) {
            return NGX_ERROR;
        }

        src = arg.data;
        dst = p;

        ngx_unescape_uri(&dst, &src, arg.len, 0);

        imp_uid->data = (char *) p;
        imp_uid->len = dst - p;

        if (!portone_uid_valid(imp_uid, PORTONE_IMP_UID_MAX)) {
            *field = "imp_uid";
            return NGX_DECLINED;
        }
    }

    if (merchant_uid->len == 0 && imp_uid->len == 0) {
        *field = "merchant_uid";
        return NGX_DECLINED;
    }

    return NGX_OK;
}
