
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _FUZZ_STORE_H_INCLUDED_
#define _FUZZ_STORE_H_INCLUDED_


#include "memory_txn.h"


/*
 * fuzz_store_fill() puts entries into the store, a line each:
 *
 *     <P, M, I, A, K, T or J> <key, its parts joined by "/"> <value>
 *
 * for payments, merchant_uids, intents, attempts, what became of idempotency
 * keys, the index of these by time, whose keys begin with Unix seconds, and
 * the journal.  Other lines are left out.
 */
void fuzz_store_fill(memory_store_t *store, portone_str_t *text);

/* takes the first word, which ends at a blank, off the line */
portone_str_t fuzz_store_word(portone_str_t *line);


#endif /* _FUZZ_STORE_H_INCLUDED_ */
