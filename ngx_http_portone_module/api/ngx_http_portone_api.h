
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_API_H_INCLUDED_
#define _NGX_HTTP_PORTONE_API_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "portone_drift.h"
#include "portone_flow.h"
#include "ngx_http_portone_curl.h"
#include "ngx_http_portone_zone.h"


/*
 * PortOne's calls.  Each function fills in the path, the body and the headers
 * of a call, in its pool; NGX_ERROR: out of memory.  The caller sets the tier,
 * and the authorization of all calls but the token's.
 */

/* POST /users/getToken; the caller wipes the body, which has the secret */
ngx_int_t ngx_http_portone_api_token(ngx_http_portone_call_t *call,
    ngx_http_portone_account_t *account);

/* GET /payments/{imp_uid} */
ngx_int_t ngx_http_portone_api_payment(ngx_http_portone_call_t *call,
    portone_str_t *imp_uid, ngx_uint_t include_sandbox);

/*
 * GET /payments/find/{merchant_uid}[/{status}]: the newest payment of the
 * order, of any status or of this one
 */
ngx_int_t ngx_http_portone_api_find(ngx_http_portone_call_t *call,
    portone_str_t *merchant_uid, portone_find_e find,
    ngx_uint_t include_sandbox);

/*
 * GET /payments?imp_uid[]=...: the payments of the batch that are still
 * missing
 */
ngx_int_t ngx_http_portone_api_payments(ngx_http_portone_call_t *call,
    portone_drift_t *drift, ngx_uint_t include_sandbox);

/* POST /payments/cancel, at most once */
ngx_int_t ngx_http_portone_api_cancel(ngx_http_portone_call_t *call,
    const char *body);

/*
 * how the call ended, and the answer, which the caller frees; also counts the
 * call
 */
portone_call_e ngx_http_portone_api_answer(ngx_http_portone_call_t *call,
    portone_answer_t *answer);


#endif /* _NGX_HTTP_PORTONE_API_H_INCLUDED_ */
