
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "unit.h"
#include "idempotency_store.h"


memory_store_t  store;


int
store_apply(portone_txn_t *txn, void *data)
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


portone_key_t
store_key(const char *name)
{
    portone_key_t  key;
    portone_str_t  merchant, part;

    merchant = portone_str("shop");
    part = portone_str(name);

    assert_int_equal(portone_key(&key, &merchant, &part), PORTONE_OK);

    return key;
}


int
store_get(const char *name, int64_t now)
{
    int          rc;
    char        *text;
    operation_t  op;

    memset(&op, 0, sizeof(operation_t));

    op.what = GET;
    op.key = store_key(name);
    op.now = now;
    op.found = (cJSON *) &op;

    rc = memory_read(&store, store_apply, &op);

    if (rc != PORTONE_OK) {
        assert_null(op.found);
        return rc;
    }

    text = cJSON_PrintUnformatted(op.found);
    assert_string_equal(text, index_saved(&store, name));

    cJSON_free(text);
    cJSON_Delete(op.found);

    return PORTONE_OK;
}


char *
store_record(const char *id, int64_t expires_at)
{
    char                  *text;
    portone_str_t          refund_id, imp_uid;
    portone_idempotency_t  idempotency;

    memset(&idempotency, 0, sizeof(portone_idempotency_t));

    idempotency.fingerprint = portone_str("f00d");
    idempotency.ttl_s = TTL;
    refund_id = portone_str(id);
    imp_uid = portone_str("imp_1");

    text = portone_idempotency_record(&idempotency, &refund_id, &imp_uid,
                                      expires_at);
    assert_non_null(text);

    return text;
}


int
store_claim(const char *name, const char *id, int64_t expires_at, int64_t now)
{
    int          rc;
    char        *text;
    operation_t  op;

    memset(&op, 0, sizeof(operation_t));

    text = store_record(id, expires_at);

    op.what = CLAIM;
    op.key = store_key(name);
    op.now = now;
    op.record = portone_str(text);
    op.expires_at = expires_at;

    rc = memory_apply(&store, store_apply, &op);

    cJSON_free(text);

    return rc;
}


int
store_settle(const char *name, const char *id, const char *answer, int64_t now)
{
    operation_t  op;

    memset(&op, 0, sizeof(operation_t));

    op.what = SETTLE;
    op.key = store_key(name);
    op.now = now;
    op.refund_id = portone_str(id);
    op.answer = portone_str(answer);

    return memory_apply(&store, store_apply, &op);
}


void
store_put(const char *name, const char *record, int64_t expires_at)
{
    int            i;
    char           data[PORTONE_KEY_MAX];
    portone_key_t  key;
    portone_str_t  index, none;

    if (record != NULL) {
        memory_set(&store, PORTONE_DB_IDEMPOTENCY, "shop", name, NULL, record);
    }

    key = store_key(name);

    for (i = 0; i < 8; i++) {
        data[i] = (char) (expires_at >> (8 * (7 - i)));
    }

    memcpy(data + 8, key.data, key.len);

    index.data = data;
    index.len = 8 + key.len;
    none = portone_str("");

    memory_set_key(&store, PORTONE_DB_IDEMPOTENCY_EXPIRY, &index, &none);
}


size_t
store_entries(void)
{
    return memory_count(&store, PORTONE_DB_IDEMPOTENCY_EXPIRY);
}
