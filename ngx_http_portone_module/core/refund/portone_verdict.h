
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_VERDICT_H_INCLUDED_
#define _PORTONE_VERDICT_H_INCLUDED_


#include "portone_error.h"
#include "portone_payment.h"
#include "portone_record.h"


/*
 * The state of a refund that an answer of PortOne proves.  The evidence is
 * portone_record_compare()'s, for the payment in the answer.
 */


/*
 * PortOne has answered the cancel with code 0 and the payment after it:
 * PORTONE_STATE_SUCCEEDED, _PENDING, or _UNKNOWN if the numbers disagree.
 */
portone_state_e portone_verdict_accepted(const portone_payment_t *before,
    const portone_payment_t *after, const portone_evidence_t *evidence,
    int64_t amount);

/*
 * PortOne has refused the cancel, and the payment was read since:
 * PORTONE_STATE_REJECTED or _MANUAL_REVIEW, with the error to tell.
 */
portone_state_e portone_verdict_refused(const portone_payment_t *before,
    const portone_payment_t *after, const portone_evidence_t *evidence,
    portone_error_e *error);

/*
 * The time of an open refund has come, and its payment was read:
 * PORTONE_STATE_SUCCEEDED, _REJECTED, _NOT_EXECUTED, _MANUAL_REVIEW, or
 * _PENDING as before.
 */
portone_state_e portone_verdict_open(const cJSON *record,
    const portone_payment_t *after, const portone_evidence_t *evidence,
    int64_t amount);


#endif /* _PORTONE_VERDICT_H_INCLUDED_ */
