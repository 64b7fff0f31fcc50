
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_PAYMENT_H_INCLUDED_
#define _PORTONE_PAYMENT_H_INCLUDED_


#include "portone_str.h"
#include "portone_money.h"


/*
 * PortOne's payment object.  The members that refunds depend on are checked
 * and typed, all others stay in json untouched.  Strings point into json.
 */

typedef struct {
    portone_str_t   imp_uid;
    portone_str_t   merchant_uid;
    portone_str_t   currency;
    portone_str_t   status;
    portone_str_t   pay_method;          /* may be absent */
    int64_t         amount;
    int64_t         cancel_amount;       /* 0 to amount */
    int64_t         paid_at;             /* Unix seconds, 0: never paid */
    int64_t         started_at;
    int             exponent;            /* decimals of the currency */
    cJSON          *json;                /* owned */
    cJSON          *history;             /* cancel_history or NULL */
    char           *text;                /* text that json was parsed from,
                                            if it was kept and has no
                                            refundable_amount; owned */
    unsigned        verbatim:1;          /* json is as it was parsed */
} portone_payment_t;


/* an entry of cancel_history */

typedef struct {
    int64_t         amount;
    int64_t         cancelled_at;        /* Unix seconds, PortOne's clock */
    portone_str_t   reason;
    portone_str_t   cancellation_id;     /* absent in old entries */
    portone_str_t   pg_tid;
} portone_cancellation_t;


/*
 * portone_payment_init() takes json in any case.  On PORTONE_ERROR it is freed,
 * and *why (static text) is the name of the member that is missing, malformed
 * or stands twice, or "payment" when json is NULL or other than an object; on
 * PORTONE_OK *why is NULL.
 * Required: imp_uid, merchant_uid, amount, cancel_amount, currency, status.  A
 * malformed cancel_history (other than an array, more than 1000 entries,
 * entries that lack an amount) is an error; a null or absent one is empty.  A
 * member refundable_amount is removed: portone_payment_print() adds a fresh
 * one.
 */
int portone_payment_init(portone_payment_t *payment, cJSON *json,
    const char **why);

/* parses text and calls portone_payment_init() */
int portone_payment_parse(portone_payment_t *payment, const char *text,
    size_t len, const char **why);

void portone_payment_free(portone_payment_t *payment);

/* the rest to refund: amount - cancel_amount, 0 or more */
int64_t portone_payment_balance(const portone_payment_t *payment);

/*
 * 0: "ready" or "failed", and cancel_amount 0: no money was ever received; else
 * 1, also for a status that PortOne may add
 */
int portone_payment_was_paid(const portone_payment_t *payment);

/*
 * portone_payment_is_slow() tells that a refund may show days after PortOne
 * has accepted it: virtual accounts, PayPal, WeChat Pay, Paymentwall.
 */
int portone_payment_is_slow(const portone_payment_t *payment);

size_t portone_payment_cancellations(const portone_payment_t *payment);

/* entry i of cancel_history, i < portone_payment_cancellations() */
void portone_payment_cancellation(const portone_payment_t *payment, size_t i,
    portone_cancellation_t *cancellation);

/*
 * portone_payment_identity() writes what tells an entry from all others
 * of its payment: its cancellation_id, or for entries of before late 2023,
 * which lack one, "amount/time/pg_tid".  Returns the length; buf is
 * NUL-terminated.
 */

#define PORTONE_IDENTITY_LEN  256

size_t portone_payment_identity(const portone_cancellation_t *c,
    char buf[PORTONE_IDENTITY_LEN]);

/*
 * portone_payment_month_passed() tells whether now lies in a later calendar
 * month of Korea (UTC+9 all year since 1988) than then; Unix seconds from 1970
 * to 9999.  The caller excludes an unknown time (0).
 */
int portone_payment_month_passed(int64_t then, int64_t now);

/*
 * portone_payment_print() returns the JSON text of the payment, the kept one if
 * there is, NUL-terminated, to be freed with cJSON_free(); NULL: out of memory.
 * refundable != 0 adds refundable_amount.
 */
char *portone_payment_print(const portone_payment_t *payment, int refundable);

/*
 * portone_payment_reprint() returns the same with refundable_amount, made of
 * text, which portone_payment_print() has printed with refundable 0.
 */
char *portone_payment_reprint(const portone_payment_t *payment,
    const portone_str_t *text);


#endif /* _PORTONE_PAYMENT_H_INCLUDED_ */
