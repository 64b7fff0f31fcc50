
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_RECORD_H_INCLUDED_
#define _PORTONE_RECORD_H_INCLUDED_


#include "portone_key.h"
#include "portone_payment.h"


/*
 * A refund as the store holds it, in readable JSON.  One record has two homes:
 * while the refund is open it is the intent of its payment (at most one, which
 * is the lock of the payment), once it is settled it is an attempt.  The refund
 * account and the token stay out of it.
 */


typedef enum {
    PORTONE_STATE_SENDING = 0,    /* claimed; the cancel may have been sent */
    PORTONE_STATE_PENDING,        /* accepted, the money moves later */
    PORTONE_STATE_SUCCEEDED,
    PORTONE_STATE_REJECTED,       /* PortOne refused it */
    PORTONE_STATE_UNKNOWN,        /* sent, and nothing settles it yet */
    PORTONE_STATE_NOT_EXECUTED,   /* unsent, or proved not to have run */
    PORTONE_STATE_MANUAL_REVIEW,  /* ambiguous: a person settles it */
    PORTONE_STATE_MAX
} portone_state_e;


/* the facts of a refund when it is claimed */

typedef struct {
    portone_str_t             refund_id;
    portone_str_t             merchant;
    portone_str_t             account;       /* fingerprint of the keys */
    portone_str_t             tier;
    portone_str_t             reason;
    portone_str_t             idempotency;   /* key; len 0: absent */
    const portone_payment_t  *payment;       /* before the refund */
    int64_t                   amount;
    int64_t                   requested_at;  /* Unix seconds, our clock */
    int64_t                   settle_at;     /* a re-read may be believed */
    int64_t                   clock_offset;  /* PortOne's clock - ours, s */
    int                       include_sandbox;
} portone_claim_facts_t;


/*
 * portone_record_create() returns the record of a refund in state "sending",
 * with the evidence of before (balance and identities of the cancellations)
 * that settling needs, owned by the caller.  NULL: out of memory.
 */
cJSON *portone_record_create(const portone_claim_facts_t *facts);

/*
 * portone_record_settle() sets the state, and settled_at when the state is
 * final.  portone_record_answer() notes what PortOne said, after the evidence
 * of after, portone_record_evidence() the cancellation that proves the refund.
 * PORTONE_ERROR: out of memory.
 */
int portone_record_settle(cJSON *record, portone_state_e state, int64_t now);
int portone_record_answer(cJSON *record, int64_t code,
    const portone_str_t *message);
int portone_record_after(cJSON *record, const portone_payment_t *after);
int portone_record_evidence(cJSON *record, const portone_cancellation_t *c);

/* the text to store, freed by cJSON_free(); NULL: out of memory */
char *portone_record_print(const cJSON *record);

/*
 * portone_record_refund() returns the member of refunds[] that clients see,
 * owned by the caller.  NULL: out of memory.
 */
cJSON *portone_record_refund(const cJSON *record);

const char *portone_record_word(portone_state_e state);

/* PORTONE_STATE_MAX: an unknown word */
portone_state_e portone_record_state(const cJSON *record);


/*
 * portone_record_due() tells whether an open refund can be settled by reading
 * PortOne: its time has come, and it waits for PortOne rather than for a
 * person.
 */
int portone_record_due(const cJSON *record, int64_t now);


/*
 * The changes of a payment between the claim and a later reading of it, by the
 * identities of its cancellations.
 */

typedef struct {
    size_t                    appeared;   /* new entries */
    size_t                    vanished;   /* undone cancellations */
    size_t                    ours;       /* new entries that are ours */
    int64_t                   moved;      /* change of cancel_amount */
    portone_cancellation_t    entry;      /* the first of ours, else the
                                             first new one */
} portone_evidence_t;


/*
 * portone_record_compare() holds a reading of PortOne against the record.  A
 * new entry is ours when its amount is the one we sent, its reason too if we
 * sent one, and it is dated at the claim or later by PortOne's clock.
 * PORTONE_ERROR: the record is malformed, or memory ran out.
 */
int portone_record_compare(const cJSON *record,
    const portone_payment_t *after, portone_evidence_t *evidence);


#endif /* _PORTONE_RECORD_H_INCLUDED_ */
