
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_handlers.h"
#include "ngx_http_portone_body.h"
#include "ngx_http_portone_flow.h"
#include "ngx_http_portone_path.h"
#include "ngx_http_portone_reply.h"
#include "portone_review.h"


static ngx_int_t ngx_http_portone_review_start(ngx_http_request_t *r,
    ngx_str_t *text);


static const ngx_http_portone_body_t  ngx_http_portone_review_body = {
    ngx_string("application/json"),
    4096,  /* one short member */
    ngx_http_portone_review_start,
    ngx_http_portone_reply_error
};


ngx_int_t
ngx_http_portone_review(ngx_http_request_t *r)
{
    return ngx_http_portone_body_read(r, &ngx_http_portone_review_body);
}


static ngx_int_t
ngx_http_portone_review_start(ngx_http_request_t *r, ngx_str_t *text)
{
    const char                 *culprit;
    portone_error_e             error;
    portone_state_e             state;
    ngx_http_portone_flow_t    *flow;
    ngx_http_portone_path_t     path;
    char                        field[PORTONE_FIELD_LEN];

    error = portone_review_parse(&state, (char *) text->data, text->len,
                                 field);

    if (error != PORTONE_NO_ERROR) {
        return ngx_http_portone_reply_error(r, error, field, NULL);
    }

    /* the path was valid before the body was read */

    if (ngx_http_portone_path_parse(r, &path, &culprit) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    flow = ngx_http_portone_flow_create_reading(r, &path.merchant_uid,
                                                &path.imp_uid,
                                              ngx_http_portone_reply_payment);
    if (flow == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memcpy(flow->review_id, path.refund_id.data, PORTONE_REFUND_ID_LEN);

    flow->core.want = PORTONE_WANT_REVIEW;
    flow->core.review_id.data = flow->review_id;
    flow->core.review_id.len = PORTONE_REFUND_ID_LEN;
    flow->core.review_state = state;

    ngx_http_portone_flow_start(flow);

    return NGX_DONE;
}
