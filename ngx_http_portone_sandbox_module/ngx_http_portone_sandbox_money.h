#ifndef _NGX_HTTP_PORTONE_SANDBOX_MONEY_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_MONEY_H_INCLUDED_


/*
 * Amounts are integers of the smallest unit of their currency.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <cjson/cJSON.h>


/* enough for any printed amount, "-999,999,999,999,999.00" included */
#define NGX_HTTP_PORTONE_SANDBOX_MONEY_LEN  40


/* decimals by ISO 4217, or NGX_ERROR when it is not three letters A-Z */
ngx_int_t ngx_http_portone_sandbox_money_decimals(ngx_str_t *currency);

/*
 * Reads a decimal number ("1300", "-2", "12.50") exactly.  NGX_ERROR: not a
 * number, more decimals than the currency has, or more than 15 digits.
 */
ngx_int_t ngx_http_portone_sandbox_money_parse(ngx_str_t *text,
    ngx_uint_t decimals, int64_t *amount);

/*
 * The decimal text of a JSON number into buf of
 * NGX_HTTP_PORTONE_SANDBOX_MONEY_LEN bytes.  NGX_ERROR: more than 15 digits.
 */
ngx_int_t ngx_http_portone_sandbox_money_text(cJSON *number, u_char *buf,
    ngx_str_t *text);

/* prints "1300" or "12.5" and returns the end; not NUL-terminated */
u_char *ngx_http_portone_sandbox_money_print(u_char *buf, int64_t amount,
    ngx_uint_t decimals);

/* prints "1,300.00" and returns the end; not NUL-terminated */
u_char *ngx_http_portone_sandbox_money_print_grouped(u_char *buf,
    int64_t amount, ngx_uint_t decimals);


#endif /* _NGX_HTTP_PORTONE_SANDBOX_MONEY_H_INCLUDED_ */
