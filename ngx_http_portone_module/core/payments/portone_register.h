
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_REGISTER_H_INCLUDED_
#define _PORTONE_REGISTER_H_INCLUDED_


#include "portone_ledger.h"
#include "portone_policy.h"


/*
 * A payment that the shop registers.  The shop may be wrong: a refund still
 * sends the balance as checksum, and PortOne refuses a wrong one.  The stored
 * payment is better known: a registration adds members and changes them, but
 * keeps all others, and never lowers cancel_amount.
 */


typedef enum {
    PORTONE_REGISTER_NEW = 1,
    PORTONE_REGISTER_CHANGED,
    PORTONE_REGISTER_SAME,       /* the store is unchanged */
    PORTONE_REGISTER_REFUSED     /* the store is unchanged, error tells why */
} portone_register_e;


typedef struct {

    /* set by the caller before portone_register_parse() */

    portone_str_t             merchant;
    portone_str_t             merchant_uid;   /* order that the payment must
                                                 name; len 0: it names its
                                                 own */
    const portone_match_t    *match_values;
    size_t                    n_match_values;
    int64_t                   now;            /* Unix seconds */

    /* results */

    const portone_payment_t  *payment;        /* as it is stored now */
    portone_register_e        verdict;
    portone_error_e           error;
    portone_open_t            open;           /* the refund in progress */
    char                      field[PORTONE_FIELD_LEN];
    unsigned                  mismatch:1;     /* portone_match, for the log */

    /* private */

    portone_payment_t         given;          /* owned */
    portone_payment_t         merged;         /* owned */
    unsigned                  has_given:1;
    unsigned                  has_merged:1;
    unsigned                  has_currency:1;
    unsigned                  has_cancel_amount:1;
    unsigned                  has_status:1;
} portone_register_t;


/*
 * portone_register_parse() checks the payment object.  Required: imp_uid,
 * amount, and merchant_uid unless the caller has set one.  Defaults: KRW for
 * currency, 0 for cancel_amount, paid for status.  Unknown members are kept.
 * PORTONE_NO_ERROR, PORTONE_INVALID_JSON, PORTONE_INVALID_REQUEST with field,
 * which may be "", or PORTONE_OVERLOADED when memory ran out.
 */
portone_error_e portone_register_parse(portone_register_t *reg,
    const char *text, size_t len);

/*
 * portone_register_t, after it was parsed: the payment is put, or merged into
 * the stored one.  A transaction of the ledger, see portone_ledger.h.
 */
int portone_register_apply(portone_txn_t *txn, void *data);

/*
 * portone_register_reply() returns the body of the answer: the payment as it is
 * stored, or the error.  To be freed with cJSON_free(); NULL: out of memory.
 */
char *portone_register_reply(const portone_register_t *reg,
    portone_language_e language);

void portone_register_free(portone_register_t *reg);


#endif /* _PORTONE_REGISTER_H_INCLUDED_ */
