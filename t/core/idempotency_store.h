
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _IDEMPOTENCY_STORE_H_INCLUDED_
#define _IDEMPOTENCY_STORE_H_INCLUDED_


#include "portone_idempotency.h"

#include "memory_txn.h"
#include "idempotency_index.h"


/* the operations on keys, each in a transaction of its own */


#define N(array)  (sizeof(array) / sizeof(array[0]))

#define NOW  1763757000
#define TTL  100

#define ANSWER(state)                                                         \
    "{\"state\":\"" state "\",\"error\":null,\"message\":null,"               \
    "\"body\":\"{}\",\"code\":0}"

#define RECORD(id, expires_at, answer)                                        \
    "{\"fingerprint\":\"f00d\",\"refund_id\":\"" id "\","                     \
    "\"imp_uid\":\"imp_1\",\"ttl\":100,\"expires_at\":" #expires_at ","       \
    "\"answer\":" answer "}"


typedef struct {
    enum { GET, CLAIM, SETTLE }  what;
    portone_key_t                key;
    int64_t                      now;
    portone_str_t                record;       /* of CLAIM */
    int64_t                      expires_at;   /* of CLAIM */
    portone_str_t                refund_id;    /* of SETTLE */
    portone_str_t                answer;       /* of SETTLE */
    cJSON                       *found;        /* by GET */
} operation_t;


extern memory_store_t  store;


/* what the operation asks for, in the transaction */
int store_apply(portone_txn_t *txn, void *data);

portone_key_t store_key(const char *name);

/* the record of a refund that is under way, to be freed with cJSON_free() */
char *store_record(const char *id, int64_t expires_at);

/* PORTONE_OK: the text that is found is the stored one */
int store_get(const char *name, int64_t now);
int store_claim(const char *name, const char *id, int64_t expires_at,
    int64_t now);
int store_settle(const char *name, const char *id, const char *answer,
    int64_t now);

/* a record and its entry of the index, as if they had always been there */
void store_put(const char *name, const char *record, int64_t expires_at);

/* how many entries the index has */
size_t store_entries(void);


#endif /* _IDEMPOTENCY_STORE_H_INCLUDED_ */
