
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_DRIFT_H_INCLUDED_
#define _PORTONE_DRIFT_H_INCLUDED_


#include "portone_answer.h"
#include "portone_ledger.h"


/*
 * Stored payments are compared with PortOne's, a batch at a time, in the order
 * of their keys.  A payment that differs is stored as PortOne has it, by the
 * rules of portone_ledger_save(): over what was seen before, and only while it
 * is unlocked.
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
    portone_save_t            save;         /* the payment, if it differs */
    char                     *texts[2];     /* texts of save; owned */
    size_t                    appeared;     /* cancellations that are new to the
                                               store */
    size_t                    vanished;     /* cancellations that PortOne
                                               lacks */
    unsigned                  found:1;      /* PortOne has told it */
    unsigned                  differs:1;
} portone_drift_payment_t;


typedef struct {
    portone_key_t             last;         /* where the last batch ended; len
                                               0: from the first on.  Set for
                                               the next one */
    size_t                    merchant;     /* bytes of it in each key */
    size_t                    n;
    size_t                    skipped;      /* payments with an open refund, or
                                               unreadable */
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
 * for, each once, and finds out which ones differ: in amount, cancel_amount,
 * currency, merchant_uid, status, or the cancellations.  Other members are
 * ignored.  PORTONE_ERROR: the answer is other than a list of payments, or
 * memory ran out; payments that were taken before are good.  now: Unix seconds.
 */
int portone_drift_compare(portone_drift_t *drift, portone_answer_t *answer,
    int64_t now);

/* portone_drift_t: stores what differs; save.stored tells of each */
int portone_drift_store(portone_txn_t *txn, void *data);

void portone_drift_free(portone_drift_t *drift);


#endif /* _PORTONE_DRIFT_H_INCLUDED_ */
