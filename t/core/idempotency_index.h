
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _IDEMPOTENCY_INDEX_H_INCLUDED_
#define _IDEMPOTENCY_INDEX_H_INCLUDED_


#include "memory_txn.h"


/* what is saved of a key of the merchant "shop"; NULL: nothing */
const char *index_saved(memory_store_t *store, const char *key);

/* the time that the key of an entry of the index begins with, Unix seconds */
int64_t index_time(const memory_entry_t *entry);

/* each record has one entry of its time in the index, and there are no more */
void index_check(memory_store_t *store);


#endif /* _IDEMPOTENCY_INDEX_H_INCLUDED_ */
