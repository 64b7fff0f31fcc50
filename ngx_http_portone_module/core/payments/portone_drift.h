
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_DRIFT_H_INCLUDED_
#define _PORTONE_DRIFT_H_INCLUDED_


#include "portone_answer.h"
#include "portone_ledger.h"


/*
 * Stored payments are held against what PortOne has, a batch at a time, in
 * the order of their keys.  What differs is stored as PortOne has it, by the
 * rules of portone_ledger_save(): over what was seen before, and not while
 * a refund is open.
 */


/* PortOne is asked for this many payments at a time */
#define PORTONE_DRIFT_MAX    100

/*
 * bytes: of the stored texts of a batch, because PortOne's answer is as long
 * and bounded too, with all text escaped twice that; and of the identifiers,
 * because they stand in a URL, escaped three times that
 */
#define PORTONE_DRIFT_TEXTS  (256 * 1024)
#define PORTONE_DRIFT_UIDS   2048

/* how many are looked at for a batch */
#define PORTONE_DRIFT_LOOK   200


/* a payment of a batch */

typedef struct {
    portone_key_t             key;
    portone_str_t             imp_uid;      /* in key */
    char                     *text;         /* as stored; owned */
    size_t                    len;
    portone_payment_t         payment;      /* PortOne's; owned */
    portone_save_t            save;   /* of what differs */
    char                     *texts[2];     /* of the save; owned */
    size_t                    appeared;     /* cancellations that the store
                                               did not know */
    size_t                    vanished;     /* that PortOne does not have */
    unsigned                  found:1;      /* PortOne has told it */
    unsigned                  differs:1;
} portone_drift_payment_t;


typedef struct {
    portone_key_t             last;         /* where the last batch ended; len
                                               0: from the first on.  Set for
                                               the next one */
    size_t                    merchant;     /* bytes of it in each key */
    size_t                    n;
    size_t                    skipped;      /* with an open refund, or not to
                                               be read */
    unsigned                  done:1;       /* the last payment was reached */
    portone_drift_payment_t   payments[PORTONE_DRIFT_MAX];
} portone_drift_t;


/*
 * portone_drift_t: takes the next batch, of one merchant, also in read
 * transactions.  It is freed by portone_drift_free(), also after an error,
 * and begins zeroed but for last.
 */
int portone_drift_batch(portone_txn_t *txn, void *data);

/*
 * portone_drift_compare() takes the payments of an OK answer that were asked
 * for, each once, and finds out what differs: amount, cancel_amount, currency,
 * status, and the cancellations.  Other members alone are no difference.
 * PORTONE_ERROR: the answer is not a list of payments, or there is no memory;
 * what was taken before is good.  now: Unix seconds.
 */
int portone_drift_compare(portone_drift_t *drift, portone_answer_t *answer,
    int64_t now);

/* portone_drift_t: stores what differs; save.stored tells of each */
int portone_drift_store(portone_txn_t *txn, void *data);

void portone_drift_free(portone_drift_t *drift);


#endif /* _PORTONE_DRIFT_H_INCLUDED_ */
