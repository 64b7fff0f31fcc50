
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_JOURNAL_H_INCLUDED_
#define _PORTONE_JOURNAL_H_INCLUDED_


#include "portone_key.h"
#include "portone_payment.h"


/*
 * The journal: an entry for each change of a stored payment and for each refund
 * that has ended, written in the transaction that makes the change and never
 * changed afterwards.  A transaction that puts a payment appends an entry with
 * it.
 *
 * The text is made beforehand, where the payment is at hand as a tree; only
 * appending belongs into the transaction.
 */


typedef enum {
    PORTONE_JOURNAL_DEPOSIT = 0,  /* the payment was read at PortOne */
    PORTONE_JOURNAL_REGISTER,     /* the shop has told of it */
    PORTONE_JOURNAL_SETTLE        /* a refund has ended, or has changed its
                                     payment and is still open */
} portone_journal_e;


typedef struct {
    portone_journal_e         kind;
    int64_t                   time;       /* Unix seconds, our clock */
    portone_str_t             merchant;
    const portone_payment_t  *payment;    /* as it is put; NULL: it is left */
    const cJSON              *record;     /* record of the refund, or NULL */
} portone_journal_facts_t;


/*
 * portone_journal_entry() returns the text of an entry, NUL-terminated, to be
 * freed with cJSON_free(); NULL: out of memory.  From the payment and the
 * record it takes the members that are listed in portone_journal.c only: what
 * PortOne may add, names, reasons and accounts stay out.  One of payment and
 * record is there.
 */
char *portone_journal_entry(const portone_journal_facts_t *facts);

/*
 * portone_journal_append() puts the entry under the sequence number after the
 * last one.  PORTONE_ERROR: the store failed, or the entry is empty.
 */
int portone_journal_append(portone_txn_t *txn, const portone_str_t *entry);


#endif /* _PORTONE_JOURNAL_H_INCLUDED_ */
