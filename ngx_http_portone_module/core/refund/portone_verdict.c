
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "portone_verdict.h"
#include "portone_json.h"


/*
 * The balance was the stored one when PortOne took the cancel, because of
 * checksum; cancel_amount and the history of a payment that was registered by
 * hand can differ.  So the balance is compared.
 */

portone_state_e
portone_verdict_accepted(const portone_payment_t *before,
    const portone_payment_t *after, const portone_evidence_t *evidence,
    int64_t amount)
{
    int64_t  moved;

    moved = portone_payment_balance(before) - portone_payment_balance(after);

    if (moved == 0 && evidence->ours == 0) {
        return PORTONE_STATE_PENDING;
    }

    if (moved != amount) {
        return PORTONE_STATE_UNKNOWN;
    }

    return PORTONE_STATE_SUCCEEDED;
}


portone_state_e
portone_verdict_refused(const portone_payment_t *before,
    const portone_payment_t *after, const portone_evidence_t *evidence,
    portone_error_e *error)
{
    if (evidence->ours) {

        /* refused, and yet a refund like it is there */

        *error = PORTONE_OUTCOME_UNKNOWN;

        return PORTONE_STATE_MANUAL_REVIEW;
    }

    /* checksum looks at the balance only, whatever the history is */

    if (portone_payment_balance(after) == portone_payment_balance(before)
        && portone_str_eq(&after->currency, &before->currency))
    {
        *error = PORTONE_REFUND_REJECTED;

    } else if (portone_payment_balance(after) == 0) {
        *error = PORTONE_ALREADY_REFUNDED;

    } else {
        *error = PORTONE_CHECKSUM_MISMATCH;
    }

    return PORTONE_STATE_REJECTED;
}


portone_state_e
portone_verdict_open(const cJSON *record, const portone_payment_t *after,
    const portone_evidence_t *evidence, int64_t amount)
{
    int64_t  code;

    code = portone_json_int(record, "code", 0);

    if (evidence->moved == 0
        && evidence->appeared == 0
        && evidence->vanished == 0)
    {
        /*
         * Some methods execute days later what PortOne has accepted: absent
         * so far is still pending.
         */

        if (portone_record_state(record) == PORTONE_STATE_PENDING) {
            return PORTONE_STATE_PENDING;
        }

        if (code) {

            /* PortOne refused; only reading the payment again had failed */

            return PORTONE_STATE_REJECTED;
        }

        /*
         * PortOne may have accepted the cancel of a slow method, and the
         * answer got lost; until the money moves, checksum would let a second
         * one pass.
         */

        return portone_payment_is_slow(after) ? PORTONE_STATE_MANUAL_REVIEW
                                              : PORTONE_STATE_NOT_EXECUTED;
    }

    if (code == 0
        && evidence->moved == amount
        && evidence->appeared == 1
        && evidence->ours == 1
        && evidence->vanished == 0)
    {
        return PORTONE_STATE_SUCCEEDED;
    }

    /* also if PortOne refused, and a refund like it is there */

    return PORTONE_STATE_MANUAL_REVIEW;
}
