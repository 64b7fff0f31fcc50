#ifndef _NGX_HTTP_PORTONE_SANDBOX_OBJECT_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_OBJECT_H_INCLUDED_


/*
 * Reading and changing a built payment object.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <cjson/cJSON.h>

#include "ngx_http_portone_sandbox_zone.h"


#define NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN  256


/*
 * Reads the facts of a built payment object.  NGX_ERROR: error tells why.
 */
ngx_int_t ngx_http_portone_sandbox_object_facts(cJSON *object,
    ngx_http_portone_sandbox_facts_t *facts, u_char *error);

/* NGX_HTTP_PORTONE_SANDBOX_ANY_STATUS when it is none of PortOne's */
ngx_uint_t ngx_http_portone_sandbox_object_status(ngx_str_t *name);

/* replaces or adds an amount of money, a time, and a string */
ngx_int_t ngx_http_portone_sandbox_object_set_amount(cJSON *object,
    const char *name, int64_t amount, ngx_uint_t decimals);
ngx_int_t ngx_http_portone_sandbox_object_set_number(cJSON *object,
    const char *name, time_t value);
ngx_int_t ngx_http_portone_sandbox_object_set_string(cJSON *object,
    const char *name, ngx_str_t *value);


#endif /* _NGX_HTTP_PORTONE_SANDBOX_OBJECT_H_INCLUDED_ */
