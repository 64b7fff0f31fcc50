
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _MEMORY_TXN_H_INCLUDED_
#define _MEMORY_TXN_H_INCLUDED_


#include "portone_txn.h"


/*
 * An ordered key-value store in memory, in place of LMDB.  It takes its
 * memory from malloc() and not from cJSON's hooks, so that it works on when
 * those fail.  A value that is used after the next put or del is a use of
 * freed memory, for the sanitizers to see.
 */


typedef struct {
    size_t           key_len;
    size_t           value_len;
    char            *key;
    char            *value;       /* a NUL follows */
} memory_entry_t;

typedef struct {
    memory_entry_t  *entries;     /* sorted by key */
    size_t           n;
} memory_map_t;


typedef struct {
    portone_txn_t    txn;         /* the first: the ledger is handed this */
    memory_map_t     committed[PORTONE_DB_MAX];
    memory_map_t     working[PORTONE_DB_MAX];
    void            *lent;        /* values and keys handed out */
    size_t           calls;       /* of get, next, prev, put and del */
    size_t           fail_at;     /* the call that fails, 0: none */
    size_t           unreadable;  /* values that were told to be so */
} memory_store_t;


typedef int (*memory_apply_pt)(portone_txn_t *txn, void *data);


void memory_init(memory_store_t *store);
void memory_free(memory_store_t *store);

/*
 * memory_apply() runs a function of the ledger in a write transaction, which
 * is committed if and only if it returns PORTONE_OK; memory_read() in a read
 * transaction.  Both return what the function returned.
 */
int memory_apply(memory_store_t *store, memory_apply_pt apply, void *data);
int memory_read(memory_store_t *store, memory_apply_pt apply, void *data);

/* runs the function and rolls back whatever it returned */
int memory_dry_run(memory_store_t *store, memory_apply_pt apply, void *data);

/* writes what a test begins with; the parts of the key are joined by NUL */
void memory_set(memory_store_t *store, portone_db_e db, const char *merchant,
    const char *uid, const char *refund_id, const char *value);

/* writes an entry whose key is not text; removes the i-th one by key */
void memory_set_key(memory_store_t *store, portone_db_e db,
    const portone_str_t *key, const portone_str_t *value);
void memory_unset(memory_store_t *store, portone_db_e db, size_t i);

/*
 * The committed value, NUL-terminated and valid until the next transaction;
 * NULL: there is none.  refund_id is NULL but for PORTONE_DB_ATTEMPTS.
 */
const char *memory_value(memory_store_t *store, portone_db_e db,
    const char *merchant, const char *uid, const char *refund_id);

/* how many keys are committed */
size_t memory_count(const memory_store_t *store, portone_db_e db);

/* all that is committed as one text, to be freed with free() */
char *memory_dump(const memory_store_t *store);


#endif /* _MEMORY_TXN_H_INCLUDED_ */
