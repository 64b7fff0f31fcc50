
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_MATCH_VALUES_H_INCLUDED_
#define _NGX_HTTP_PORTONE_MATCH_VALUES_H_INCLUDED_


#include "ngx_http_portone.h"
#include "portone_policy.h"


/*
 * Sets *match_values to the n fields and values of portone_match in the
 * location of the request, in memory of the pool.  The values are those of
 * now: the request may be gone when they are needed.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_portone_match_values(ngx_http_request_t *r,
    ngx_pool_t *pool, const portone_match_t **match_values, size_t *n);


#endif /* _NGX_HTTP_PORTONE_MATCH_VALUES_H_INCLUDED_ */
