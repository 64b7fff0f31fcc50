
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_CANCEL_H_INCLUDED_
#define _PORTONE_CANCEL_H_INCLUDED_


#include "portone_payment.h"


/* the part of a request that PortOne is sent as it stands; len 0: absent */

typedef struct {
    portone_str_t       reason;
    portone_str_t       refund_holder;
    portone_str_t       refund_bank;
    portone_str_t       refund_account;
    portone_str_t       refund_tel;
    portone_str_t       requester;          /* extra.requester: customer,
                                               admin */
    portone_decimal_t   tax_free;           /* >= 0 */
    portone_decimal_t   vat_amount;         /* >= 0 */
    unsigned            has_tax_free:1;
    unsigned            has_vat_amount:1;
    unsigned            has_retain_promotion:1;
    unsigned            retain_promotion:1;
} portone_cancel_t;


/*
 * portone_cancel_body() returns the body of POST /payments/cancel, JSON text
 * to be freed with cJSON_free(); NULL: out of memory.  imp_uid, amount and
 * checksum are always in it: PortOne refunds everything when amount is
 * missing, and checks the balance only if there is a checksum.
 */
char *portone_cancel_body(const portone_cancel_t *cancel,
    const portone_payment_t *payment, int64_t amount);


#endif /* _PORTONE_CANCEL_H_INCLUDED_ */
