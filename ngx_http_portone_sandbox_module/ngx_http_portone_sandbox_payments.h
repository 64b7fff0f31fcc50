
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_SANDBOX_PAYMENTS_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_PAYMENTS_H_INCLUDED_


/*
 * Payments and how they change: the payments of a zone, their history, the
 * fields that a declaration gives, the object that is built of them, money.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <cjson/cJSON.h>

#include "ngx_http_portone_sandbox_text.h"
#include "ngx_http_portone_sandbox_zone.h"


/*
 * The payments of a zone.  All functions are called with the zone locked.
 */

#define NGX_HTTP_PORTONE_SANDBOX_MAX_PAYMENTS  100000


ngx_http_portone_sandbox_payment_t *ngx_http_portone_sandbox_payments_find(
    ngx_http_portone_sandbox_zone_t *zone, ngx_str_t *imp_uid);

/* the payments of a merchant_uid (through order_queue), or NULL */
ngx_http_portone_sandbox_order_t *ngx_http_portone_sandbox_payments_order(
    ngx_http_portone_sandbox_zone_t *zone, ngx_str_t *merchant_uid);

/* the newest payment of a merchant_uid, or NULL */
ngx_http_portone_sandbox_payment_t *ngx_http_portone_sandbox_payments_newest(
    ngx_http_portone_sandbox_zone_t *zone, ngx_str_t *merchant_uid);

/* is the payment one of this account and tier */
ngx_uint_t ngx_http_portone_sandbox_payments_visible(
    ngx_http_portone_sandbox_payment_t *payment, ngx_str_t *account,
    ngx_str_t *tier);

/*
 * Creates or replaces a payment.  ngx_http_portone_sandbox_fields_payment()
 * has built the object, which stays the caller's.  NGX_OK, or NGX_DECLINED
 * when the zone is full: all is as before.
 */
ngx_int_t ngx_http_portone_sandbox_payments_put(
    ngx_http_portone_sandbox_zone_t *zone, cJSON *object, ngx_str_t *account,
    ngx_str_t *tier, ngx_uint_t async);

/*
 * Stores a changed payment object and the entry of a cancel that is accepted
 * and still unfinished.  pending: an empty string deletes the entry, NULL
 * keeps it.  NGX_OK, or NGX_DECLINED when the zone is full: all is as before.
 */
ngx_int_t ngx_http_portone_sandbox_payments_store(
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


/*
 * How money moves: entries of a payment's cancel_history.  Callers hold the
 * lock of the zone.  NGX_OK; NGX_DECLINED: the zone is full, all is as before;
 * NGX_ABORT: there is nothing to work on.
 */

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

/*
 * accepts an asynchronous refund, which the payment shows once it is finished
 */
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


/*
 * The fields of PortOne's payment object, and the options the sandbox adds to
 * them when a payment is declared (account, tier, async).
 */

typedef struct {
    ngx_str_t   account;      /* points into the object the options are of */
    ngx_str_t   tier;
    ngx_uint_t  async;
} ngx_http_portone_sandbox_options_t;


/*
 * Adds "name=value" of the portone_sandbox_payment directive to an object,
 * typed as the field is.  NGX_ERROR: error (NUL-terminated,
 * NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN bytes) tells why.
 */
ngx_int_t ngx_http_portone_sandbox_fields_add(cJSON *given, ngx_str_t *arg,
    u_char *error);

/*
 * Builds the full payment object from given fields: checks what PortOne
 * itself must know, fills the rest with defaults, keeps unknown fields.
 * "given" is used up except for the options, which point into it: delete it
 * after them.  The result is the caller's to delete.  NULL: error tells why.
 */
cJSON *ngx_http_portone_sandbox_fields_payment(cJSON *given, time_t now,
    ngx_http_portone_sandbox_options_t *options, u_char *error);


/*
 * Reading and changing a built payment object.
 */

/*
 * Reads the facts of a built payment object.  NGX_ERROR: error tells why.
 */
ngx_int_t ngx_http_portone_sandbox_object_facts(cJSON *object,
    ngx_http_portone_sandbox_facts_t *facts, u_char *error);

/* NGX_HTTP_PORTONE_SANDBOX_ANY_STATUS when PortOne lacks the status */
ngx_uint_t ngx_http_portone_sandbox_object_status(ngx_str_t *name);

/* replaces or adds an amount of money, a time, and a string */
ngx_int_t ngx_http_portone_sandbox_object_set_amount(cJSON *object,
    const char *name, int64_t amount, ngx_uint_t decimals);
ngx_int_t ngx_http_portone_sandbox_object_set_number(cJSON *object,
    const char *name, time_t value);
ngx_int_t ngx_http_portone_sandbox_object_set_string(cJSON *object,
    const char *name, ngx_str_t *value);


/*
 * Amounts are integers of the smallest unit of their currency.
 */

/* enough for any printed amount, "-999,999,999,999,999.00" included */
#define NGX_HTTP_PORTONE_SANDBOX_MONEY_LEN  40


/* decimals by ISO 4217; NGX_ERROR: anything but three letters A-Z */
ngx_int_t ngx_http_portone_sandbox_money_decimals(ngx_str_t *currency);

/*
 * Reads a decimal number ("1300", "-2", "12.50") exactly.  NGX_ERROR: other
 * text, more decimals than the currency has, or more than 15 digits.
 */
ngx_int_t ngx_http_portone_sandbox_money_parse(ngx_str_t *text,
    ngx_uint_t decimals, int64_t *amount);

/*
 * The decimal text of a JSON number into buf of
 * NGX_HTTP_PORTONE_SANDBOX_MONEY_LEN bytes.  NGX_ERROR: more than 15 digits.
 */
ngx_int_t ngx_http_portone_sandbox_money_text(cJSON *number, u_char *buf,
    ngx_str_t *text);

/* prints "1300" or "12.5" and returns the end; the caller adds a NUL */
u_char *ngx_http_portone_sandbox_money_print(u_char *buf, int64_t amount,
    ngx_uint_t decimals);

/* prints "1,300.00" and returns the end; the caller adds a NUL */
u_char *ngx_http_portone_sandbox_money_print_grouped(u_char *buf,
    int64_t amount, ngx_uint_t decimals);


#endif /* _NGX_HTTP_PORTONE_SANDBOX_PAYMENTS_H_INCLUDED_ */
