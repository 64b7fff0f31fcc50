#ifndef _NGX_HTTP_PORTONE_SANDBOX_HISTORY_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_HISTORY_H_INCLUDED_


/*
 * How money moves: entries of a payment's cancel_history.  All functions are
 * called with the zone locked and answer NGX_OK; NGX_DECLINED: the zone is
 * full and nothing has changed; NGX_ABORT: there is nothing to work on.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_portone_sandbox_zone.h"


typedef struct {
    int64_t     amount;       /* smallest unit */
    ngx_str_t   reason;       /* may be empty */
    time_t      now;
} ngx_http_portone_sandbox_refund_t;


/* refunds at once */
ngx_int_t ngx_http_portone_sandbox_history_add(
    ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_payment_t *payment,
    ngx_http_portone_sandbox_refund_t *refund);

/* accepts an asynchronous refund: the payment does not show it yet */
ngx_int_t ngx_http_portone_sandbox_history_accept(
    ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_payment_t *payment,
    ngx_http_portone_sandbox_refund_t *refund);

/* ends the accepted refund: done, or (success = 0) forgotten */
ngx_int_t ngx_http_portone_sandbox_history_finish(
    ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_payment_t *payment, ngx_uint_t success,
    time_t now);

/* takes the last refund back */
ngx_int_t ngx_http_portone_sandbox_history_undo(
    ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_payment_t *payment);


#endif /* _NGX_HTTP_PORTONE_SANDBOX_HISTORY_H_INCLUDED_ */
