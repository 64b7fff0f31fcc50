#ifndef _NGX_HTTP_PORTONE_SANDBOX_PAYMENTS_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_PAYMENTS_H_INCLUDED_


/*
 * The payments of a zone.  All functions are called with the zone locked.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <cjson/cJSON.h>

#include "ngx_http_portone_sandbox_zone.h"


#define NGX_HTTP_PORTONE_SANDBOX_MAX_PAYMENTS  100000


ngx_http_portone_sandbox_payment_t *ngx_http_portone_sandbox_payment_find(
    ngx_http_portone_sandbox_zone_t *zone, ngx_str_t *imp_uid);

/* the payments of a merchant_uid (through order_queue), or NULL */
ngx_http_portone_sandbox_order_t *ngx_http_portone_sandbox_order_find(
    ngx_http_portone_sandbox_zone_t *zone, ngx_str_t *merchant_uid);

/* the newest payment of a merchant_uid, or NULL */
ngx_http_portone_sandbox_payment_t *ngx_http_portone_sandbox_payment_newest(
    ngx_http_portone_sandbox_zone_t *zone, ngx_str_t *merchant_uid);

/* is the payment one of this account and tier */
ngx_uint_t ngx_http_portone_sandbox_payment_visible(
    ngx_http_portone_sandbox_payment_t *payment, ngx_str_t *account,
    ngx_str_t *tier);

/*
 * Creates or replaces a payment.  "object" is what
 * ngx_http_portone_sandbox_fields_payment() has built; stays the caller's.
 * NGX_OK, or NGX_DECLINED when the zone is full: then nothing has changed.
 */
ngx_int_t ngx_http_portone_sandbox_payment_put(
    ngx_http_portone_sandbox_zone_t *zone, cJSON *object, ngx_str_t *account,
    ngx_str_t *tier, ngx_uint_t async);

/*
 * Stores a changed payment object and, if pending is not NULL, the entry of a
 * cancel that is accepted and not finished (empty: none).
 * NGX_OK, or NGX_DECLINED when the zone is full: then nothing has changed.
 */
ngx_int_t ngx_http_portone_sandbox_payment_store(
    ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_payment_t *payment, cJSON *object,
    ngx_str_t *pending);

void ngx_http_portone_sandbox_payments_clear(
    ngx_http_portone_sandbox_zone_t *zone);

/*
 * Creates the declared payments that are missing.  NGX_ERROR: the zone is too
 * small, it has been logged.
 */
ngx_int_t ngx_http_portone_sandbox_payments_declare(
    ngx_http_portone_sandbox_zone_t *zone, ngx_log_t *log);


#endif /* _NGX_HTTP_PORTONE_SANDBOX_PAYMENTS_H_INCLUDED_ */
