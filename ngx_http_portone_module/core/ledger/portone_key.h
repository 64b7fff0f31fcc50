
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_KEY_H_INCLUDED_
#define _PORTONE_KEY_H_INCLUDED_


#include "portone_txn.h"


/*
 * The keys of the store.  A key is made of parts that are joined by NUL bytes,
 * or begins with a number, so that the order of keys is the order of numbers.
 */


typedef struct {
    size_t  len;
    char    data[PORTONE_KEY_MAX];
} portone_key_t;


/*
 * portone_key() makes the key of a payment, an order or an idempotency key,
 * portone_key_attempt() that of an attempt.  PORTONE_DECLINED: a part is
 * empty or has a NUL, or the key would be longer than PORTONE_KEY_MAX.
 */
int portone_key(portone_key_t *key, const portone_str_t *merchant,
    const portone_str_t *uid);
int portone_key_attempt(portone_key_t *key, const portone_key_t *payment,
    const portone_str_t *refund_id);

/* the bytes of the key, which stay where they are */
portone_str_t portone_key_str(const portone_key_t *key);

/*
 * portone_key_split() finds the parts of a payment's key, which they point
 * into.  PORTONE_DECLINED: the key has one part, which is taken for merchant.
 */
int portone_key_split(const portone_key_t *key, portone_str_t *merchant,
    portone_str_t *imp_uid);

/*
 * portone_key_number() makes a key of eight bytes, big-endian;
 * portone_key_number_read() returns the number that a key begins with.  A
 * shorter key is read as if it ended with zeroes.
 */

#define PORTONE_KEY_NUMBER_LEN  8

void portone_key_number(portone_key_t *key, uint64_t number);
uint64_t portone_key_number_read(const portone_key_t *key);

/*
 * portone_key_next() and portone_key_prev() go one key on in a database: the
 * key becomes that of the neighbour, whose value is returned.  Results and
 * lifetimes as those of next and prev in portone_txn.h; the key changes with
 * PORTONE_OK only.
 */
int portone_key_next(portone_txn_t *txn, portone_db_e db, portone_key_t *key,
    portone_str_t *value);
int portone_key_prev(portone_txn_t *txn, portone_db_e db, portone_key_t *key,
    portone_str_t *value);


#endif /* _PORTONE_KEY_H_INCLUDED_ */
