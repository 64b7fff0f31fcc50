
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_IDEMPOTENCY_H_INCLUDED_
#define _PORTONE_IDEMPOTENCY_H_INCLUDED_


#include "portone_record.h"


/*
 * The record of a request with an idempotency key, as readable JSON:
 *
 *     {"fingerprint", "refund_id", "imp_uid", "ttl", "expires_at",
 *      "answer": null | {"state", "error", "code", "message", "body"}}
 *
 * The transactions of the intent and of its settlement write it as well.
 * While answer is null, or its state is "pending", the refund is open, and the
 * key stays.  ttl counts from the last answer.  A refund that was not executed
 * takes its record away, so that the key can be used again.
 */


/* bytes; with the merchant and a time it fits a key of the store */
#define PORTONE_IDEMPOTENCY_KEY_MAX  255

/* expired records that one claim clears away, at most */
#define PORTONE_IDEMPOTENCY_EXPIRE   4


typedef struct {
    portone_str_t    key;            /* len 0: none */
    portone_str_t    fingerprint;    /* digest of the request */
    int64_t          ttl_s;          /* life of an answer */
} portone_idempotency_t;


/* the text to store with a claim; NULL: out of memory */
char *portone_idempotency_record(const portone_idempotency_t *idempotency,
    const portone_str_t *refund_id, const portone_str_t *imp_uid,
    int64_t expires_at);

/* PORTONE_DECLINED: the key is free, or has expired */
int portone_idempotency_get(portone_txn_t *txn, const portone_key_t *key,
    int64_t now, cJSON **record);

/*
 * _claim() puts the record and clears some of the expired ones away;
 * PORTONE_DECLINED: the key is in use, the store is unchanged.
 */
int portone_idempotency_claim(portone_txn_t *txn, const portone_key_t *key,
    const portone_str_t *record, int64_t expires_at, int64_t now);

/*
 * _settle() notes the answer, JSON text, of the refund, or with len 0 forgets
 * the key.  A key that belongs to another refund by now is left alone.
 */
int portone_idempotency_settle(portone_txn_t *txn, const portone_key_t *key,
    const portone_str_t *refund_id, const portone_str_t *answer, int64_t now);


#endif /* _PORTONE_IDEMPOTENCY_H_INCLUDED_ */
