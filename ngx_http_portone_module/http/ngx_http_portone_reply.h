
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_REPLY_H_INCLUDED_
#define _NGX_HTTP_PORTONE_REPLY_H_INCLUDED_


#include "ngx_http_portone_flow.h"


/*
 * Answers to the client, and the values of the variables.  All but _header()
 * return what the request is to be finalized with.
 */

/*
 * Answers an error that was found before there was a flow.  allow: the
 * methods, for PORTONE_METHOD_NOT_ALLOWED; field: the culprit or NULL.
 */
ngx_int_t ngx_http_portone_reply_error(ngx_http_request_t *r,
    portone_error_e error, const char *field, const char *allow);

/*
 * Answers with a body, which is freed; NULL: there was no memory for the
 * body.  PORTONE_NO_ERROR: with this status; else with that of the error.
 */
ngx_int_t ngx_http_portone_reply_text(ngx_http_request_t *r,
    portone_error_e error, ngx_uint_t status, char *text);

/* adds a header; name is static; NGX_ERROR: no memory */
ngx_int_t ngx_http_portone_reply_header(ngx_http_request_t *r,
    const char *name, ngx_str_t *value);

/* answer with a finished flow, or with its error */
ngx_int_t ngx_http_portone_reply_refund(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow);
ngx_int_t ngx_http_portone_reply_payment(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow);
ngx_int_t ngx_http_portone_reply_webhook(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow);


#endif /* _NGX_HTTP_PORTONE_REPLY_H_INCLUDED_ */
