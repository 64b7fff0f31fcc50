
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_CANCEL_H_INCLUDED_
#define _PORTONE_CANCEL_H_INCLUDED_


#include "portone_payment.h"
#include "portone_request.h"


/*
 * portone_cancel_body() makes the body of POST /payments/cancel, JSON text to
 * be freed with cJSON_free(); NULL: no memory.  It always has imp_uid, amount
 * and checksum: PortOne refunds everything when amount is missing, and checks
 * nothing when checksum is.
 */
char *portone_cancel_body(const portone_request_t *request,
    const portone_payment_t *payment, int64_t amount);


#endif /* _PORTONE_CANCEL_H_INCLUDED_ */
