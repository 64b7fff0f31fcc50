
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_review.h"
#include "ngx_http_portone_body.h"
#include "ngx_http_portone_flow.h"
#include "ngx_http_portone_payment.h"
#include "ngx_http_portone_reply.h"
#include "portone_review.h"


/* bytes of a body with one short member */
#define NGX_HTTP_PORTONE_REVIEW_MAX  4096


static void ngx_http_portone_review_body(ngx_http_request_t *r);
static ngx_int_t ngx_http_portone_review_start(ngx_http_request_t *r,
    portone_state_e state);


ngx_int_t
ngx_http_portone_review(ngx_http_request_t *r)
{
    portone_error_e  error;

    static ngx_str_t  json = ngx_string("application/json");

    error = ngx_http_portone_body_check(r, &json, NGX_HTTP_PORTONE_REVIEW_MAX);

    if (error != PORTONE_NO_ERROR) {
        return ngx_http_portone_body_refuse(r, error, NULL, NULL);
    }

    return ngx_http_portone_body_read(r, ngx_http_portone_review_body);
}


static void
ngx_http_portone_review_body(ngx_http_request_t *r)
{
    ngx_int_t        rc;
    ngx_str_t        text;
    portone_error_e  error;
    portone_state_e  state;
    char             field[PORTONE_FIELD_LEN];

    rc = ngx_http_portone_body_text(r, NGX_HTTP_PORTONE_REVIEW_MAX, &text);

    if (rc == NGX_ERROR) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    if (rc == NGX_DECLINED) {
        ngx_http_finalize_request(r,
            ngx_http_portone_reply_error(r, PORTONE_TOO_LARGE, NULL, NULL));
        return;
    }

    error = portone_review_parse(&state, (char *) text.data, text.len, field);

    if (error != PORTONE_NO_ERROR) {
        ngx_http_finalize_request(r,
                        ngx_http_portone_reply_error(r, error, field, NULL));
        return;
    }

    rc = ngx_http_portone_review_start(r, state);

    if (rc != NGX_DONE) {
        ngx_http_finalize_request(r, rc);
    }
}


static ngx_int_t
ngx_http_portone_review_start(ngx_http_request_t *r, portone_state_e state)
{
    const char                 *field;
    ngx_http_portone_flow_t    *flow;
    ngx_http_portone_target_t   target;

    /* it has been valid before the body was read */

    if (ngx_http_portone_payment_target(r, &target, &field) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    flow = ngx_http_portone_flow_reading(r, &target.merchant_uid,
                                         &target.imp_uid,
                                         ngx_http_portone_reply_payment);
    if (flow == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memcpy(flow->review_id, target.refund_id.data, PORTONE_REFUND_ID_LEN);

    flow->core.review_id.data = flow->review_id;
    flow->core.review_id.len = PORTONE_REFUND_ID_LEN;
    flow->core.review_state = state;

    ngx_http_portone_flow_start(flow);

    return NGX_DONE;
}
