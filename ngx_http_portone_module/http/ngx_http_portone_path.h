
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_PATH_H_INCLUDED_
#define _NGX_HTTP_PORTONE_PATH_H_INCLUDED_


#include "ngx_http_portone.h"
#include "portone_str.h"


/*
 * The path of a request to portone_payment names a payment: the order follows
 * the location's prefix, or ?imp_uid= stands for it.  A POST adds an action,
 * "/sync" or "/refunds/{refund_id}".  The bare location is the collection.
 */

typedef struct {
    portone_str_t   merchant_uid;    /* len 0: absent */
    portone_str_t   imp_uid;         /* likewise */
    portone_str_t   refund_id;       /* from a POST to .../refunds/{id} */
    unsigned        sync:1;          /* from a POST to .../sync */
} ngx_http_portone_path_t;


/*
 * Reads the path of the request; the strings are in memory of the request.
 * NGX_DECLINED: *field is invalid.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_portone_path_parse(ngx_http_request_t *r,
    ngx_http_portone_path_t *path, const char **field);

/* whether the path names a payment; else it is the collection */
ngx_uint_t ngx_http_portone_path_named(ngx_http_portone_path_t *path);

/* the methods that the path allows where writing is allowed */
const char *ngx_http_portone_path_allow(ngx_http_request_t *r,
    ngx_http_portone_path_t *path);


#endif /* _NGX_HTTP_PORTONE_PATH_H_INCLUDED_ */
