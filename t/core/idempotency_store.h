
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _IDEMPOTENCY_STORE_H_INCLUDED_
#define _IDEMPOTENCY_STORE_H_INCLUDED_


#include "portone_idempotency.h"

#include "memory_txn.h"
#include "memory_txn.c"
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


static memory_store_t  store;


static inline int
apply(portone_txn_t *txn, void *data)
{
    operation_t *op = data;

    switch (op->what) {

    case GET:
        return portone_idempotency_get(txn, &op->key, op->now, &op->found);

    case CLAIM:
        return portone_idempotency_claim(txn, &op->key, &op->record,
                                         op->expires_at, op->now);

    default:
        return portone_idempotency_settle(txn, &op->key, &op->refund_id,
                                          &op->answer, op->now);
    }
}


static inline portone_key_t
key_of(const char *name)
{
    portone_key_t  key;
    portone_str_t  merchant, part;

    merchant = portone_str("shop");
    part = portone_str(name);

    assert_int_equal(portone_key(&key, &merchant, &part), PORTONE_OK);

    return key;
}


/* PORTONE_OK: the text that is found is the stored one */

static inline int
get(const char *name, int64_t now)
{
    int          rc;
    char        *text;
    operation_t  op;

    memset(&op, 0, sizeof(operation_t));

    op.what = GET;
    op.key = key_of(name);
    op.now = now;
    op.found = (cJSON *) &op;

    rc = memory_read(&store, apply, &op);

    if (rc != PORTONE_OK) {
        assert_null(op.found);
        return rc;
    }

    text = cJSON_PrintUnformatted(op.found);
    assert_string_equal(text, saved_text(&store, name));

    cJSON_free(text);
    cJSON_Delete(op.found);

    return PORTONE_OK;
}


static inline char *
record_of(const char *id, int64_t expires_at)
{
    char                  *text;
    portone_str_t          refund_id, imp_uid;
    portone_idempotency_t  idempotency;

    memset(&idempotency, 0, sizeof(portone_idempotency_t));

    idempotency.fingerprint = portone_str("f00d");
    idempotency.ttl = TTL;
    refund_id = portone_str(id);
    imp_uid = portone_str("imp_1");

    text = portone_idempotency_record(&idempotency, &refund_id, &imp_uid,
                                      expires_at);
    assert_non_null(text);

    return text;
}


static inline int
claim(const char *name, const char *id, int64_t expires_at, int64_t now)
{
    int          rc;
    char        *text;
    operation_t  op;

    memset(&op, 0, sizeof(operation_t));

    text = record_of(id, expires_at);

    op.what = CLAIM;
    op.key = key_of(name);
    op.now = now;
    op.record = portone_str(text);
    op.expires_at = expires_at;

    rc = memory_apply(&store, apply, &op);

    cJSON_free(text);

    return rc;
}


static inline int
settle(const char *name, const char *id, const char *answer, int64_t now)
{
    operation_t  op;

    memset(&op, 0, sizeof(operation_t));

    op.what = SETTLE;
    op.key = key_of(name);
    op.now = now;
    op.refund_id = portone_str(id);
    op.answer = portone_str(answer);

    return memory_apply(&store, apply, &op);
}


/* a record and its entry of the index, as if they had always been there */

static inline void
put(const char *name, const char *record, int64_t expires_at)
{
    int            i;
    char           data[PORTONE_KEY_MAX];
    portone_key_t  key;
    portone_str_t  index, none;

    if (record != NULL) {
        memory_set(&store, PORTONE_DB_IDEMPOTENCY, "shop", name, NULL, record);
    }

    key = key_of(name);

    for (i = 0; i < 8; i++) {
        data[i] = (char) (expires_at >> (8 * (7 - i)));
    }

    memcpy(data + 8, key.data, key.len);

    index.data = data;
    index.len = 8 + key.len;
    none = portone_str("");

    memory_insert(&store.committed[PORTONE_DB_IDEMPOTENCY_EXPIRY], &index,
                  &none);
}


static inline size_t
entries(void)
{
    return memory_count(&store, PORTONE_DB_IDEMPOTENCY_EXPIRY);
}


#endif /* _IDEMPOTENCY_STORE_H_INCLUDED_ */
