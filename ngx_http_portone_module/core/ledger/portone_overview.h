
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_OVERVIEW_H_INCLUDED_
#define _PORTONE_OVERVIEW_H_INCLUDED_


#include "portone_ledger.h"
#include "portone_uid.h"


/*
 * The refunds that are open: how many in each state, since when, and those that
 * a person has to settle; and the refunds that ended last.
 */


#define PORTONE_CURRENCY_LEN    3


/* as wide as the store allows; all NUL-terminated, empty if unknown */

typedef struct {
    portone_state_e           state;         /* PORTONE_STATE_MAX: unreadable */
    int64_t                   time;          /* when it was requested, or when
                                                it ended; Unix seconds, 0:
                                                unknown */
    char                      merchant[PORTONE_KEY_MAX + 1];
    char                      merchant_uid[4 * PORTONE_MERCHANT_UID_MAX + 1];
    char                      imp_uid[4 * PORTONE_IMP_UID_MAX + 1];
    char                      refund_id[PORTONE_REFUND_ID_LEN + 1];
    char                      amount[PORTONE_MONEY_LEN];
    char                      currency[PORTONE_CURRENCY_LEN + 1];
} portone_refund_line_t;


/* how many are looked at in one transaction, and how many are shown */
#define PORTONE_OVERVIEW_LOOK     128
#define PORTONE_OVERVIEW_REVIEWS  20


typedef struct {
    portone_key_t             last;      /* where the last look ended; len 0:
                                            from the first on.  Set for the
                                            next look */

    int64_t                   late;      /* pending refunds that were requested
                                            before this time need a person, too;
                                            0: all pending ones can wait.  Set
                                            by the caller */

    /* by state; PORTONE_STATE_MAX: unreadable intents */

    size_t                    open[PORTONE_STATE_MAX + 1];
    int64_t                   oldest[PORTONE_STATE_MAX + 1];
                                         /* requested_at; 0: unknown */

    /*
     * refunds that need a person: those in manual_review, late or unreadable;
     * and the oldest of them, oldest first
     */

    size_t                    need;
    size_t                    n;
    portone_refund_line_t     reviews[PORTONE_OVERVIEW_REVIEWS];

    unsigned                  done:1;    /* the last one was reached */
} portone_overview_t;


/*
 * portone_overview_t, zeroed but for late before the first look, and passed on
 * to the next ones until it is done; also for read transactions.  Refunds that
 * are opened or settled between two looks may be counted or missed.
 */
int portone_overview(portone_txn_t *txn, void *data);

/* how many entries of the journal are looked at, and how many are shown */
#define PORTONE_RECENT_LOOK  200
#define PORTONE_RECENT_MAX   20


typedef struct {
    size_t                 n;
    portone_refund_line_t  refunds[PORTONE_RECENT_MAX];  /* last first */
} portone_recent_t;


/* portone_recent_t: the refunds that the end of the journal tells of */
int portone_overview_recent(portone_txn_t *txn, void *data);


#endif /* _PORTONE_OVERVIEW_H_INCLUDED_ */
