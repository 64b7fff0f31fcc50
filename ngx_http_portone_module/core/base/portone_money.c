
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portone_json.h"
#include "portone_money.h"


#define PORTONE_DECIMAL_DIGITS  15    /* DBL_DIG: as many survive a double */


static int portone_currency_listed(const char *list, const char *code);
static int64_t portone_money_unit(int exponent);


/*
 * ISO 4217 by the number of decimals.  Currencies that were withdrawn lately
 * stay: payments made in them can still be refunded.
 */

static const char  portone_currencies_0[] =
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF ";

static const char  portone_currencies_2[] =
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV "
    "BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE "
    "CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD "
    "HNL HRK HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR "
    "LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD "
    "NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR "
    "SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY "
    "TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG "
    "ZWL ";

static const char  portone_currencies_3[] =
    "BHD IQD JOD KWD LYD OMR TND ";

static const char  portone_currencies_4[] =
    "CLF UYW ";


int
portone_money_decimal(portone_decimal_t *decimal, double number)
{
    int          digits, exponent;
    char         buf[PORTONE_MONEY_LEN + 8];
    int64_t      coefficient;
    const char  *p;

    decimal->coefficient = 0;
    decimal->scale = 0;

    if (!isfinite(number)) {
        return PORTONE_DECLINED;
    }

    if (fpclassify(number) == FP_ZERO) {
        return PORTONE_OK;
    }

    /* most amounts are integers, which a double of this size holds exactly */

    if (number >= -PORTONE_MONEY_MAX && number <= PORTONE_MONEY_MAX) {
        coefficient = (int64_t) number;

        if ((double) coefficient == number) {
            decimal->coefficient = coefficient;
            return PORTONE_OK;
        }
    }

    snprintf(buf, sizeof(buf), "%.*e", PORTONE_DECIMAL_DIGITS - 1, number);

    if (strtod(buf, NULL) != number) {
        return PORTONE_DECLINED;
    }

    digits = 0;
    coefficient = 0;

    /* only digits are looked at: the decimal point depends on the locale */

    for (p = buf; *p != 'e'; p++) {
        if (*p >= '0' && *p <= '9') {
            coefficient = coefficient * 10 + (*p - '0');
            digits++;
        }
    }

    exponent = (int) strtol(p + 1, NULL, 10) - (digits - 1);

    while (coefficient % 10 == 0) {
        coefficient /= 10;
        exponent++;
    }

    for ( /* void */ ; exponent > 0; exponent--) {

        if (coefficient > PORTONE_MONEY_MAX / 10) {
            return PORTONE_DECLINED;
        }

        coefficient *= 10;
    }

    if (-exponent > PORTONE_DECIMAL_DIGITS) {
        return PORTONE_DECLINED;
    }

    decimal->coefficient = (buf[0] == '-') ? -coefficient : coefficient;
    decimal->scale = -exponent;

    return PORTONE_OK;
}


int
portone_money_exponent(const portone_str_t *currency)
{
    size_t  i;
    char    code[5];

    if (currency->len != 3) {
        return -1;
    }

    for (i = 0; i < 3; i++) {
        if (currency->data[i] < 'A' || currency->data[i] > 'Z') {
            return -1;
        }

        code[i] = currency->data[i];
    }

    /* the space keeps a match from beginning inside another code */

    code[3] = ' ';
    code[4] = '\0';

    if (portone_currency_listed(portone_currencies_0, code)) {
        return 0;
    }

    if (portone_currency_listed(portone_currencies_2, code)) {
        return 2;
    }

    if (portone_currency_listed(portone_currencies_3, code)) {
        return 3;
    }

    if (portone_currency_listed(portone_currencies_4, code)) {
        return 4;
    }

    return -1;
}


static int
portone_currency_listed(const char *list, const char *code)
{
    return strstr(list, code) != NULL;
}


int
portone_money_from_decimal(int64_t *amount, const portone_decimal_t *decimal,
    int exponent)
{
    int      scale;
    int64_t  value;

    assert(exponent >= 0 && decimal->scale >= 0);

    value = decimal->coefficient;

    if (value < 0 || value > PORTONE_MONEY_MAX) {
        return PORTONE_DECLINED;
    }

    for (scale = decimal->scale; scale > exponent; scale--) {

        if (value % 10 != 0) {
            return PORTONE_DECLINED;
        }

        value /= 10;
    }

    for ( /* void */ ; scale < exponent; scale++) {

        if (value > PORTONE_MONEY_MAX / 10) {
            return PORTONE_DECLINED;
        }

        value *= 10;
    }

    *amount = value;

    return PORTONE_OK;
}


int
portone_money_from_json(int64_t *amount, const cJSON *item, int exponent)
{
    portone_decimal_t  decimal;

    if (!portone_json_is_number(item)) {
        return PORTONE_DECLINED;
    }

    /* valueint is an int and saturates */

    if (portone_money_decimal(&decimal, item->valuedouble) != PORTONE_OK) {
        return PORTONE_DECLINED;
    }

    return portone_money_from_decimal(amount, &decimal, exponent);
}


size_t
portone_money_print(char buf[PORTONE_MONEY_LEN], int64_t amount, int exponent)
{
    int      n;
    int64_t  unit;

    assert(amount >= 0 && exponent >= 0);

    while (exponent > 0 && amount % 10 == 0) {
        amount /= 10;
        exponent--;
    }

    if (exponent == 0) {
        return portone_str_print_int(buf, amount);
    }

    unit = portone_money_unit(exponent);

    n = snprintf(buf, PORTONE_MONEY_LEN, "%lld.%0*lld",
                 (long long) (amount / unit), exponent,
                 (long long) (amount % unit));

    return (size_t) n;
}


cJSON *
portone_money_json(int64_t amount, int exponent)
{
    char    buf[PORTONE_MONEY_LEN];
    double  unit;

    (void) portone_money_print(buf, amount, exponent);

    unit = (double) portone_money_unit(exponent);

    /* both are exact, and a quotient is rounded as reading the text rounds */

    return portone_json_number(buf, (double) amount / unit);
}


/* the number of smallest units in one unit of the currency */

static int64_t
portone_money_unit(int exponent)
{
    int64_t  unit;

    for (unit = 1; exponent > 0; exponent--) {
        unit *= 10;
    }

    return unit;
}
