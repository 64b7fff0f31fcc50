
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <assert.h>
#include <errno.h>
#include <string.h>

#include "portone_idempotency.h"
#include "portone_json.h"


/* how much longer a key is kept whose refund is still open, seconds */
#define PORTONE_IDEMPOTENCY_LONGER  3600

/* the record is unreadable */
#define PORTONE_IDEMPOTENCY_BROKEN  1


static int portone_idempotency_read(portone_txn_t *txn,
    const portone_key_t *key, cJSON **record);
static int portone_idempotency_load(portone_txn_t *txn,
    const portone_key_t *key, cJSON **record);
static int portone_idempotency_open(const cJSON *record);
static int portone_idempotency_write(portone_txn_t *txn,
    const portone_key_t *key, cJSON *record);
static int portone_idempotency_keep(portone_txn_t *txn,
    const portone_key_t *key, cJSON *record, int64_t expires_at);
static int portone_idempotency_forget(portone_txn_t *txn,
    const portone_key_t *key, int64_t expires_at);
static int portone_idempotency_expire(portone_txn_t *txn, int64_t now);
static int portone_idempotency_expire_one(portone_txn_t *txn,
    const portone_key_t *key, int64_t expires_at, int64_t now);
static void portone_idempotency_index(portone_key_t *index,
    const portone_key_t *key, int64_t expires_at);


char *
portone_idempotency_record(const portone_idempotency_t *idempotency,
    const portone_str_t *refund_id, const portone_str_t *imp_uid,
    int64_t expires_at)
{
    int     rc;
    cJSON  *record;

    record = cJSON_CreateObject();

    rc = portone_json_add_str(record, "fingerprint",
                              &idempotency->fingerprint);
    rc |= portone_json_add_str(record, "refund_id", refund_id);
    rc |= portone_json_add_str(record, "imp_uid", imp_uid);
    rc |= portone_json_add_int(record, "ttl", idempotency->ttl_s);
    rc |= portone_json_add_int(record, "expires_at", expires_at);
    rc |= portone_json_add(record, "answer", cJSON_CreateNull());

    return portone_json_finish(record, rc);
}


int
portone_idempotency_get(portone_txn_t *txn, const portone_key_t *key,
    int64_t now, cJSON **record)
{
    int  rc;

    rc = portone_idempotency_read(txn, key, record);

    if (rc != PORTONE_OK) {
        return rc;
    }

    if (!portone_idempotency_open(*record)
        && portone_json_int(*record, "expires_at", 0) <= now)
    {
        cJSON_Delete(*record);
        *record = NULL;

        return PORTONE_DECLINED;
    }

    return PORTONE_OK;
}


int
portone_idempotency_claim(portone_txn_t *txn, const portone_key_t *key,
    const portone_str_t *record, int64_t expires_at, int64_t now)
{
    int             rc;
    cJSON          *old;
    portone_key_t   index;
    portone_str_t   str, none = portone_string("");

    rc = portone_idempotency_get(txn, key, now, &old);

    if (rc == PORTONE_OK) {
        cJSON_Delete(old);
        return PORTONE_DECLINED;
    }

    if (rc == PORTONE_ERROR
        || portone_idempotency_expire(txn, now) != PORTONE_OK)
    {
        return PORTONE_ERROR;
    }

    /* an expired one of the same key may be left in the index */

    rc = portone_idempotency_read(txn, key, &old);

    if (rc == PORTONE_OK) {
        rc = portone_idempotency_forget(txn, key,
                                   portone_json_int(old, "expires_at", 0));
        cJSON_Delete(old);
    }

    if (rc == PORTONE_ERROR) {
        return PORTONE_ERROR;
    }

    str = portone_key_str(key);

    if (txn->put(txn, PORTONE_DB_IDEMPOTENCY, &str, record) != PORTONE_OK) {
        return PORTONE_ERROR;
    }

    portone_idempotency_index(&index, key, expires_at);
    str = portone_key_str(&index);

    return txn->put(txn, PORTONE_DB_IDEMPOTENCY_EXPIRY, &str, &none);
}


int
portone_idempotency_settle(portone_txn_t *txn, const portone_key_t *key,
    const portone_str_t *refund_id, const portone_str_t *answer, int64_t now)
{
    int             rc;
    cJSON          *record;
    int64_t         expires_at;
    portone_str_t   owner;

    rc = portone_idempotency_load(txn, key, &record);

    if (rc != PORTONE_OK) {

        /* a damaged record is skipped, so that its refund can be settled */

        return (rc == PORTONE_ERROR) ? PORTONE_ERROR : PORTONE_OK;
    }

    owner = portone_json_str(record, "refund_id");

    if (!portone_str_eq(&owner, refund_id)) {
        rc = PORTONE_OK;

    } else if (answer->len == 0) {
        rc = portone_idempotency_forget(txn, key,
                                portone_json_int(record, "expires_at", 0));

    } else {
        rc = portone_json_set(record, "answer",
                              portone_json_parse(answer->data, answer->len));

        if (rc == PORTONE_OK) {

            /* the answer can be days later than the request */

            expires_at = now + portone_json_int(record, "ttl", 0);

            rc = portone_idempotency_keep(txn, key, record, expires_at);
        }
    }

    cJSON_Delete(record);

    return rc;
}


/*
 * an unreadable record may be that of a refund: it must not pass for a free key
 */

static int
portone_idempotency_read(portone_txn_t *txn, const portone_key_t *key,
    cJSON **record)
{
    int  rc;

    rc = portone_idempotency_load(txn, key, record);

    return (rc == PORTONE_IDEMPOTENCY_BROKEN) ? PORTONE_ERROR : rc;
}


static int
portone_idempotency_load(portone_txn_t *txn, const portone_key_t *key,
    cJSON **record)
{
    int            rc;
    portone_str_t  str, value;

    *record = NULL;

    if (key->len > PORTONE_KEY_MAX - PORTONE_KEY_NUMBER_LEN) {
        return PORTONE_ERROR;
    }

    str = portone_key_str(key);

    rc = txn->get(txn, PORTONE_DB_IDEMPOTENCY, &str, &value);

    if (rc != PORTONE_OK) {
        return rc;
    }

    *record = portone_json_parse(value.data, value.len);

    if (*record != NULL) {
        return PORTONE_OK;
    }

    if (errno == ENOMEM) {
        return PORTONE_ERROR;
    }

    txn->unreadable(txn, PORTONE_DB_IDEMPOTENCY, &str);

    return PORTONE_IDEMPOTENCY_BROKEN;
}


static int
portone_idempotency_open(const cJSON *record)
{
    const cJSON  *answer;

    answer = portone_json_member(record, "answer");

    return !cJSON_IsObject(answer)
           || portone_record_state(answer) == PORTONE_STATE_PENDING;
}


static int
portone_idempotency_write(portone_txn_t *txn, const portone_key_t *key,
    cJSON *record)
{
    int             rc;
    char           *text;
    portone_str_t   str, value;

    text = portone_json_print(record);
    if (text == NULL) {
        return PORTONE_ERROR;
    }

    str = portone_key_str(key);
    value = portone_str(text);

    rc = txn->put(txn, PORTONE_DB_IDEMPOTENCY, &str, &value);

    cJSON_free(text);

    return rc;
}


/* writes the record, and the index for the new time */

static int
portone_idempotency_keep(portone_txn_t *txn, const portone_key_t *key,
    cJSON *record, int64_t expires_at)
{
    portone_key_t   index;
    portone_str_t   str, none = portone_string("");

    portone_idempotency_index(&index, key,
                              portone_json_int(record, "expires_at", 0));
    str = portone_key_str(&index);

    if (txn->del(txn, PORTONE_DB_IDEMPOTENCY_EXPIRY, &str) != PORTONE_OK
        || portone_json_set_int(record, "expires_at", expires_at)
           != PORTONE_OK
        || portone_idempotency_write(txn, key, record) != PORTONE_OK)
    {
        return PORTONE_ERROR;
    }

    portone_idempotency_index(&index, key, expires_at);
    str = portone_key_str(&index);

    return txn->put(txn, PORTONE_DB_IDEMPOTENCY_EXPIRY, &str, &none);
}


static int
portone_idempotency_forget(portone_txn_t *txn, const portone_key_t *key,
    int64_t expires_at)
{
    portone_key_t  index;
    portone_str_t  str;

    str = portone_key_str(key);

    if (txn->del(txn, PORTONE_DB_IDEMPOTENCY, &str) != PORTONE_OK) {
        return PORTONE_ERROR;
    }

    portone_idempotency_index(&index, key, expires_at);
    str = portone_key_str(&index);

    return txn->del(txn, PORTONE_DB_IDEMPOTENCY_EXPIRY, &str);
}


static int
portone_idempotency_expire(portone_txn_t *txn, int64_t now)
{
    int             rc, i;
    uint64_t        expires_at;
    portone_key_t   index, key;
    portone_str_t   str, value;

    /* a NUL comes before all keys */

    index.data[0] = '\0';
    index.len = 1;

    for (i = 0; i < PORTONE_IDEMPOTENCY_EXPIRE; i++) {

        rc = portone_key_next(txn, PORTONE_DB_IDEMPOTENCY_EXPIRY, &index,
                              &value);

        if (rc != PORTONE_OK) {
            return (rc == PORTONE_DECLINED) ? PORTONE_OK : PORTONE_ERROR;
        }

        if (index.len <= PORTONE_KEY_NUMBER_LEN) {

            /* a damaged entry; those after it must have their turn */

            str = portone_key_str(&index);

            txn->unreadable(txn, PORTONE_DB_IDEMPOTENCY_EXPIRY, &str);

            if (txn->del(txn, PORTONE_DB_IDEMPOTENCY_EXPIRY, &str)
                != PORTONE_OK)
            {
                return PORTONE_ERROR;
            }

            continue;
        }

        expires_at = portone_key_number_read(&index);

        if (expires_at > (uint64_t) now) {
            return PORTONE_OK;
        }

        key.len = index.len - PORTONE_KEY_NUMBER_LEN;
        memcpy(key.data, index.data + PORTONE_KEY_NUMBER_LEN, key.len);

        if (portone_idempotency_expire_one(txn, &key, (int64_t) expires_at,
                                           now)
            != PORTONE_OK)
        {
            return PORTONE_ERROR;
        }
    }

    return PORTONE_OK;
}


static int
portone_idempotency_expire_one(portone_txn_t *txn, const portone_key_t *key,
    int64_t expires_at, int64_t now)
{
    int             rc;
    cJSON          *record;
    portone_key_t   index;
    portone_str_t   str;

    rc = portone_idempotency_load(txn, key, &record);

    if (rc == PORTONE_ERROR) {
        return PORTONE_ERROR;
    }

    if (record == NULL
        || portone_json_int(record, "expires_at", 0) != expires_at)
    {
        /*
         * an entry with another time leaves the record alone; an entry whose
         * record is unreadable must not stay the first for ever
         */

        portone_idempotency_index(&index, key, expires_at);
        str = portone_key_str(&index);

        rc = txn->del(txn, PORTONE_DB_IDEMPOTENCY_EXPIRY, &str);

    } else if (portone_idempotency_open(record)) {
        rc = portone_idempotency_keep(txn, key, record,
                                      now + PORTONE_IDEMPOTENCY_LONGER);

    } else {
        rc = portone_idempotency_forget(txn, key, expires_at);
    }

    cJSON_Delete(record);

    return rc;
}


static void
portone_idempotency_index(portone_key_t *index, const portone_key_t *key,
    int64_t expires_at)
{
    assert(key->len <= PORTONE_KEY_MAX - PORTONE_KEY_NUMBER_LEN);

    portone_key_number(index, (uint64_t) expires_at);

    memcpy(index->data + index->len, key->data, key->len);
    index->len += key->len;
}
