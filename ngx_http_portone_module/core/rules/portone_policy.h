
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_POLICY_H_INCLUDED_
#define _PORTONE_POLICY_H_INCLUDED_


#include "portone_payment.h"
#include "portone_request.h"


/* a member of the payment and the value that it must have: portone_match */

typedef struct {
    portone_str_t             field;
    portone_str_t             value;
} portone_match_t;


typedef struct {
    const portone_request_t  *request;
    const portone_payment_t  *payment;
    int64_t                   now;           /* Unix seconds, PortOne's clock
                                                as well as it is known */
    unsigned                  phone_month:1;

    /* results */
    int64_t                   amount;        /* amount to refund, > 0 */
    const char               *field;         /* the culprit, or "" */
} portone_policy_t;


/*
 * portone_policy_refund() decides by the stored payment alone whether the
 * request may be sent; PORTONE_NO_ERROR: it may, for amount.
 */
portone_error_e portone_policy_refund(portone_policy_t *policy);

/*
 * portone_policy_matches() tells whether the payment has every value asked for.
 * Strings compare by their bytes, numbers and booleans by their JSON text; an
 * empty value or a missing member is a mismatch.
 */
int portone_policy_matches(const portone_payment_t *payment,
    const portone_match_t *match_values, size_t n);


#endif /* _PORTONE_POLICY_H_INCLUDED_ */
