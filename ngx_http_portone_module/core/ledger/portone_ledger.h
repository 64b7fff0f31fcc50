
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_LEDGER_H_INCLUDED_
#define _PORTONE_LEDGER_H_INCLUDED_


#include "portone_idempotency.h"
#include "portone_journal.h"
#include "portone_record.h"


/*
 * The transactions.  Each function runs inside one transaction of the store and
 * has the type of ngx_http_portone_store_pt; data is the structure named in its
 * comment.  PORTONE_OK: commit; the verdict tells of a precondition that does
 * not hold, and the store is unchanged then.  PORTONE_ERROR: roll back.  The
 * functions start from their input each time, so that they can be run again.
 */


typedef enum {
    PORTONE_CLAIMED = 1,
    PORTONE_CLAIM_IN_PROGRESS,   /* another refund of the payment is open */
    PORTONE_CLAIM_CHANGED        /* the payment is other than the one looked at,
                                    or the idempotency key is used by now */
} portone_claim_e;


#define PORTONE_REFUND_ID_LEN  36    /* a UUID */
#define PORTONE_ACCOUNT_LEN    32    /* a fingerprint */
#define PORTONE_TIER_LEN       3


/* an open refund of a payment, as far as a client is told of it */

typedef struct {
    portone_state_e           state;
    int64_t                   settle_at;
    char                      refund_id[PORTONE_REFUND_ID_LEN + 1];
} portone_open_t;


typedef struct {
    portone_key_t             key;
    portone_str_t             payment;   /* text, as it was looked at */
    portone_str_t             record;    /* text of the intent */
    portone_key_t             idempotency;    /* len 0: none */
    portone_str_t             idempotency_record;
    int64_t                   expires_at;     /* end of idempotency_record */
    int64_t                   now;            /* Unix seconds */

    portone_claim_e           verdict;
    portone_open_t            open;      /* the refund in progress */
} portone_claim_t;


void portone_ledger_open_read(portone_open_t *open, const cJSON *intent);

/*
 * portone_ledger_intent() reads the intent of a payment, which the caller owns.
 * PORTONE_DECLINED: all refunds of the payment have ended; PORTONE_OK with
 * *intent NULL: a refund is open, its intent is unreadable.
 */
int portone_ledger_intent(portone_txn_t *txn, const portone_key_t *key,
    cJSON **intent);

/* portone_claim_t: the intent is put, unless another refund is open */
int portone_ledger_claim(portone_txn_t *txn, void *data);


typedef struct {
    portone_key_t             key;
    portone_str_t             refund_id;
    portone_str_t             payment;   /* text; len 0: leave it */
    portone_str_t             record;    /* text */
    portone_str_t             journal;   /* text of the entry; may be absent if
                                            open is set and payment absent */
    portone_key_t             idempotency;    /* len 0: absent, or to be left as
                                                 it is */
    portone_str_t             answer;         /* text; len 0: forget the key */
    int64_t                   now;            /* Unix seconds */
    portone_str_t             intent;    /* text, as it was claimed; len 0:
                                            claimed by others */
    portone_state_e           seen;      /* state of the intent when the
                                            evidence was asked for */
    portone_str_t             over;      /* text of the payment that has to be
                                            stored; len 0: whatever is */
    unsigned                  open:1;    /* stays the intent */

    unsigned                  changed:1; /* verdict: another payment is stored
                                            than over; the store is unchanged */
    unsigned                  stale:1;   /* verdict: the intent is gone, or
                                            somebody has learned more; the store
                                            is unchanged */
} portone_settlement_t;


/*
 * portone_settlement_t: the intent becomes an attempt, or is kept updated.  The
 * journal tells of the former, and of the latter if it has changed the payment.
 * Two flows can look at a refund at a time; the one that was overtaken must not
 * undo what the other has found.
 */
int portone_ledger_settle(portone_txn_t *txn, void *data);


typedef struct {
    portone_str_t             merchant;
    const portone_payment_t  *payment;
    portone_str_t             text;      /* text of the payment */
    portone_str_t             journal;   /* text of the entry */
    portone_str_t             seen;      /* text that was stored when PortOne
                                            was asked; len 0: absent */

    unsigned                  stored:1;  /* verdict: the text is what is
                                            stored */
} portone_save_t;


/*
 * portone_save_t: the payment is put, and the journal tells of it if it has
 * changed.  The stored payment has to be the one that was seen, and unlocked: a
 * reading must not undo what a refund has settled since, and would be undone by
 * what an open refund is about to settle.
 *
 * merchant_uid leads to the payment from here on, unless it leads to one that
 * has the better right to the order: PortOne does not keep merchant_uid unique,
 * so a paid payment goes before an unpaid one, and among equals the one started
 * last.
 */
int portone_ledger_save(portone_txn_t *txn, void *data);

/*
 * portone_ledger_locked() tells whether an open refund locks its payment.  Only
 * its settlement writes the payment then, because the newer one of two readings
 * cannot be told.  A refund that waits for a person writes nothing any more.
 * PORTONE_OK: locked; PORTONE_DECLINED: unlocked.
 */
int portone_ledger_locked(portone_txn_t *txn, const portone_key_t *key);


typedef struct {
    portone_str_t             merchant;
    portone_str_t             imp_uid;        /* wins over merchant_uid */
    portone_str_t             merchant_uid;
    portone_str_t             idempotency;    /* key; len 0: absent */
    int64_t                   now;            /* Unix seconds, set for each
                                                 lookup */
    unsigned                  want_refunds:1;

    /* results, owned by the caller: portone_ledger_lookup_free() */
    portone_key_t             key;
    char                     *payment;        /* text */
    size_t                    payment_len;
    cJSON                    *intent;         /* record; NULL: none is open */
    cJSON                    *refunds;        /* array, oldest first */
    cJSON                    *saved;          /* record of the key, also when
                                                 the payment is unknown */
} portone_lookup_t;


/* the newest refunds of a payment that are listed */
#define PORTONE_REFUNDS_MAX  100


/*
 * portone_lookup_t: also for read transactions.  PORTONE_DECLINED: the payment
 * is unknown.
 */
int portone_ledger_lookup(portone_txn_t *txn, void *data);
void portone_ledger_lookup_free(portone_lookup_t *lookup);


/* an intent whose time has come */

typedef struct {
    portone_key_t             key;
    char                      account[PORTONE_ACCOUNT_LEN + 1];
    char                      tier[PORTONE_TIER_LEN + 1];
    int                       include_sandbox;
} portone_due_t;


/* how many are found, and looked at, in one transaction */
#define PORTONE_DUE_MAX   16
#define PORTONE_DUE_LOOK  256


typedef struct {
    portone_key_t             last;      /* where the last look ended; len 0:
                                            from the first on.  Set for the
                                            next look */
    int64_t                   now;       /* Unix seconds */
    size_t                    max;       /* to be found, up to
                                            PORTONE_DUE_MAX */

    size_t                    n;
    portone_due_t             due[PORTONE_DUE_MAX];
    unsigned                  done:1;    /* the last one was reached */
} portone_due_list_t;


/* portone_due_list_t: also for read transactions; what is in manual_review
   is left out */
int portone_ledger_due(portone_txn_t *txn, void *data);


#endif /* _PORTONE_LEDGER_H_INCLUDED_ */
