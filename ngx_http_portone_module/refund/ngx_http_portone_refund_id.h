
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_REFUND_ID_H_INCLUDED_
#define _NGX_HTTP_PORTONE_REFUND_ID_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "portone_ledger.h"


/*
 * Writes a new UUID of version 7 (RFC 9562), NUL-terminated: it begins with
 * the time, ms, so that ids sort by age.  NGX_ERROR: the kernel refused random
 * bytes.
 */
ngx_int_t ngx_http_portone_refund_id(char id[PORTONE_REFUND_ID_LEN + 1]);


#endif /* _NGX_HTTP_PORTONE_REFUND_ID_H_INCLUDED_ */
