
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_portone_sandbox_payments.h"


#define NGX_HTTP_PORTONE_SANDBOX_MAX_DIGITS  15


static const char  *ngx_http_portone_sandbox_no_decimals[] = {
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG",
    "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF", NULL
};


static const char  *ngx_http_portone_sandbox_three_decimals[] = {
    "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND", NULL
};


static int64_t ngx_http_portone_sandbox_money_unit(ngx_uint_t decimals);


ngx_int_t
ngx_http_portone_sandbox_money_decimals(ngx_str_t *currency)
{
    ngx_uint_t    i;
    const char  **name;

    if (currency->len != 3) {
        return NGX_ERROR;
    }

    for (i = 0; i < 3; i++) {
        if (currency->data[i] < 'A' || currency->data[i] > 'Z') {
            return NGX_ERROR;
        }
    }

    for (name = ngx_http_portone_sandbox_no_decimals; *name; name++) {
        if (ngx_strncmp(currency->data, *name, 3) == 0) {
            return 0;
        }
    }

    for (name = ngx_http_portone_sandbox_three_decimals; *name; name++) {
        if (ngx_strncmp(currency->data, *name, 3) == 0) {
            return 3;
        }
    }

    return 2;
}


static int64_t
ngx_http_portone_sandbox_money_unit(ngx_uint_t decimals)
{
    int64_t  unit;

    for (unit = 1; decimals; decimals--) {
        unit *= 10;
    }

    return unit;
}


ngx_int_t
ngx_http_portone_sandbox_money_parse(ngx_str_t *text, ngx_uint_t decimals,
    int64_t *amount)
{
    u_char      *p, *end;
    int64_t      value;
    ngx_uint_t   digits, fraction, point, negative;

    p = text->data;
    end = p + text->len;
    negative = 0;

    if (p < end && *p == '-') {
        negative = 1;
        p++;
    }

    value = 0;
    digits = 0;
    fraction = 0;
    point = 0;

    for ( /* void */ ; p < end; p++) {

        if (*p == '.' && !point && digits) {
            point = 1;
            continue;
        }

        if (*p < '0' || *p > '9') {
            return NGX_ERROR;
        }

        if (point && fraction == decimals) {

            /* "1300.00" is a whole number of won, "1300.50" is not */

            if (*p != '0') {
                return NGX_ERROR;
            }

            digits++;
            continue;
        }

        if (++digits > NGX_HTTP_PORTONE_SANDBOX_MAX_DIGITS) {
            return NGX_ERROR;
        }

        value = value * 10 + (*p - '0');

        if (point) {
            fraction++;
        }
    }

    if (digits == 0 || end[-1] == '.') {
        return NGX_ERROR;
    }

    value *= ngx_http_portone_sandbox_money_unit(decimals - fraction);

    *amount = negative ? -value : value;

    return NGX_OK;
}


ngx_int_t
ngx_http_portone_sandbox_money_text(cJSON *number, u_char *buf,
    ngx_str_t *text)
{
    int  n;

    /*
     * 15 digits are what a double keeps of a decimal number: up to there
     * this is the text that was sent
     */

    n = snprintf((char *) buf, NGX_HTTP_PORTONE_SANDBOX_MONEY_LEN, "%.15g",
                 number->valuedouble);

    if (n <= 0 || n >= NGX_HTTP_PORTONE_SANDBOX_MONEY_LEN
        || strtod((char *) buf, NULL) != number->valuedouble)
    {
        return NGX_ERROR;
    }

    text->data = buf;
    text->len = n;

    return NGX_OK;
}


u_char *
ngx_http_portone_sandbox_money_print(u_char *buf, int64_t amount,
    ngx_uint_t decimals)
{
    u_char   *p;
    int64_t   unit;

    p = buf;

    if (amount < 0) {
        *p++ = '-';
        amount = -amount;
    }

    unit = ngx_http_portone_sandbox_money_unit(decimals);

    p = ngx_sprintf(p, "%L", amount / unit);
    amount %= unit;

    if (amount == 0) {
        return p;
    }

    *p++ = '.';

    while (amount) {
        unit /= 10;
        *p++ = (u_char) ('0' + amount / unit);
        amount %= unit;
    }

    return p;
}


u_char *
ngx_http_portone_sandbox_money_print_grouped(u_char *buf, int64_t amount,
    ngx_uint_t decimals)
{
    u_char      *p, *end, *dst, digits[NGX_INT64_LEN];
    int64_t      unit;
    ngx_uint_t   left;

    dst = buf;

    if (amount < 0) {
        *dst++ = '-';
        amount = -amount;
    }

    unit = ngx_http_portone_sandbox_money_unit(decimals);
    end = ngx_sprintf(digits, "%L", amount / unit);
    left = end - digits;

    for (p = digits; p < end; p++, left--) {
        if (p != digits && left % 3 == 0) {
            *dst++ = ',';
        }

        *dst++ = *p;
    }

    *dst++ = '.';

    amount %= unit;

    for (left = ngx_max(decimals, 2); left; left--) {
        if (unit > 1) {
            unit /= 10;
            *dst++ = (u_char) ('0' + amount / unit);
            amount %= unit;

        } else {
            *dst++ = '0';
        }
    }

    return dst;
}
