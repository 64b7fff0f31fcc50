#ifndef _NGX_HTTP_PORTONE_SANDBOX_FIELDS_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_FIELDS_H_INCLUDED_


/*
 * The fields of PortOne's payment object, and the options the sandbox adds to
 * them when a payment is declared (account, tier, async).
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <cjson/cJSON.h>

#include "ngx_http_portone_sandbox_object.h"


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


#endif /* _NGX_HTTP_PORTONE_SANDBOX_FIELDS_H_INCLUDED_ */
