
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_TXN_H_INCLUDED_
#define _PORTONE_TXN_H_INCLUDED_


#include "portone_str.h"


/*
 * One transaction of an ordered key-value store, as the ledger sees it.
 * LMDB provides it on the server, a map in memory provides it in tests, so
 * that the same ledger code is run by both.
 */


typedef enum {
    PORTONE_DB_PAYMENTS = 0,      /* merchant NUL imp_uid -> payment */
    PORTONE_DB_MERCHANT_UIDS,     /* merchant NUL merchant_uid -> imp_uid */
    PORTONE_DB_INTENTS,           /* merchant NUL imp_uid -> intent */
    PORTONE_DB_ATTEMPTS,          /* merchant NUL imp_uid NUL refund_id
                                     -> attempt */
    PORTONE_DB_IDEMPOTENCY,       /* merchant NUL key -> what became of it */
    PORTONE_DB_IDEMPOTENCY_EXPIRY,
                                  /* big-endian time, key of the above ->
                                     empty */
    PORTONE_DB_JOURNAL,           /* big-endian sequence -> entry */
    PORTONE_DB_META,              /* "format" -> version */
    PORTONE_DB_MAX
} portone_db_e;


typedef struct portone_txn_s  portone_txn_t;

struct portone_txn_s {

    /*
     * get: PORTONE_OK, PORTONE_DECLINED when the key is absent, PORTONE_ERROR.
     * The value belongs to the store and is valid until the next put, del or
     * the end of the transaction.
     */
    int  (*get)(portone_txn_t *txn, portone_db_e db, const portone_str_t *key,
                portone_str_t *value);

    /*
     * next: the smallest key greater than the given one, with its value;
     * results and lifetimes as those of get.
     */
    int  (*next)(portone_txn_t *txn, portone_db_e db,
                 const portone_str_t *after, portone_str_t *key,
                 portone_str_t *value);

    /* prev: the greatest key smaller than the given one, likewise */
    int  (*prev)(portone_txn_t *txn, portone_db_e db,
                 const portone_str_t *before, portone_str_t *key,
                 portone_str_t *value);

    /* put, del: PORTONE_OK or PORTONE_ERROR; NULL in a read transaction */
    int  (*put)(portone_txn_t *txn, portone_db_e db, const portone_str_t *key,
                const portone_str_t *value);

    /* deletion of an absent key succeeds */
    int  (*del)(portone_txn_t *txn, portone_db_e db,
                const portone_str_t *key);

    /* tells the log that the value of a key is damaged */
    void (*unreadable)(portone_txn_t *txn, portone_db_e db,
                       const portone_str_t *key);
};


/* bytes; LMDB refuses longer keys */
#define PORTONE_KEY_MAX  511


#endif /* _PORTONE_TXN_H_INCLUDED_ */
