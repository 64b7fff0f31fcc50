
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_MONEY_H_INCLUDED_
#define _PORTONE_MONEY_H_INCLUDED_


#include "portone_str.h"


/*
 * An amount of money is an int64_t in the smallest unit of its currency
 * (KRW: won, USD: cents), from 0 to PORTONE_MONEY_MAX.  JSON numbers enter
 * as decimals, because the currency is known only once the payment is found.
 */

#define PORTONE_MONEY_MAX  999999999999999LL    /* 15 digits, as a decimal */


typedef struct {
    int64_t  coefficient;
    int      scale;             /* value = coefficient / 10^scale, scale >= 0 */
} portone_decimal_t;


/* enough for any amount with sign, point and terminating NUL */
#define PORTONE_MONEY_LEN  PORTONE_INT_LEN


/*
 * portone_money_decimal() takes a parsed JSON number apart exactly; it is the
 * only place where a double is looked at.  PORTONE_DECLINED: infinite or NaN,
 * more than 15 significant digits, more than 15 decimals or 15 digits before
 * the point.  Equal numbers give equal decimals (trailing zeroes are dropped,
 * -0 is 0).
 */
int portone_money_decimal(portone_decimal_t *decimal, double number);

/*
 * portone_money_exponent() gives the number of decimals of an ISO 4217 currency
 * (upper case), or -1 for an unknown currency.
 */
int portone_money_exponent(const portone_str_t *currency);

/*
 * portone_money_from_decimal() converts exactly.  PORTONE_DECLINED: negative,
 * over PORTONE_MONEY_MAX, or with more decimals than the currency has.
 */
int portone_money_from_decimal(int64_t *amount,
    const portone_decimal_t *decimal, int exponent);

/* both of the above; PORTONE_DECLINED also when item is other than a number */
int portone_money_from_json(int64_t *amount, const cJSON *item, int exponent);

/*
 * portone_money_print() writes an amount >= 0 as a JSON number, zeroes at the
 * end of the decimals dropped ("1000", "10.5"), and returns its length.
 */
size_t portone_money_print(char buf[PORTONE_MONEY_LEN], int64_t amount,
    int exponent);

/*
 * portone_money_json() returns a new JSON number for the amount, owned by the
 * caller, which prints as portone_money_print() writes it; NULL: out of memory.
 */
cJSON *portone_money_json(int64_t amount, int exponent);


#endif /* _PORTONE_MONEY_H_INCLUDED_ */
