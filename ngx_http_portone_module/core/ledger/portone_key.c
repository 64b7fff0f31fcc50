
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <assert.h>
#include <string.h>

#include "portone_key.h"


static int portone_key_append(portone_key_t *key, const portone_str_t *part);
static void portone_key_set(portone_key_t *key, const char *data, size_t len);


int
portone_key(portone_key_t *key, const portone_str_t *merchant,
    const portone_str_t *uid)
{
    key->len = 0;

    if (portone_key_append(key, merchant) != PORTONE_OK) {
        return PORTONE_DECLINED;
    }

    return portone_key_append(key, uid);
}


int
portone_key_attempt(portone_key_t *key, const portone_key_t *payment,
    const portone_str_t *refund_id)
{
    portone_key_set(key, payment->data, payment->len);

    return portone_key_append(key, refund_id);
}


portone_str_t
portone_key_str(const portone_key_t *key)
{
    portone_str_t  str;

    str.len = key->len;
    str.data = key->data;

    return str;
}


static int
portone_key_append(portone_key_t *key, const portone_str_t *part)
{
    if (part->len == 0
        || part->len + 1 > PORTONE_KEY_MAX - key->len
        || memchr(part->data, '\0', part->len) != NULL)
    {
        return PORTONE_DECLINED;
    }

    if (key->len) {
        key->data[key->len++] = '\0';
    }

    memcpy(key->data + key->len, part->data, part->len);
    key->len += part->len;

    return PORTONE_OK;
}


int
portone_key_split(const portone_key_t *key, portone_str_t *merchant,
    portone_str_t *imp_uid)
{
    merchant->data = key->data;
    merchant->len = strnlen(key->data, key->len);

    if (merchant->len == key->len) {
        imp_uid->data = key->data + key->len;
        imp_uid->len = 0;

        return PORTONE_DECLINED;
    }

    imp_uid->data = key->data + merchant->len + 1;
    imp_uid->len = key->len - merchant->len - 1;

    return PORTONE_OK;
}


void
portone_key_number(portone_key_t *key, uint64_t number)
{
    int  i;

    for (i = PORTONE_KEY_NUMBER_LEN - 1; i >= 0; i--) {
        key->data[i] = (char) (number & 0xff);
        number >>= 8;
    }

    key->len = PORTONE_KEY_NUMBER_LEN;
}


uint64_t
portone_key_number_read(const portone_key_t *key)
{
    size_t    i;
    uint64_t  number;

    number = 0;

    for (i = 0; i < PORTONE_KEY_NUMBER_LEN; i++) {
        number <<= 8;

        if (i < key->len) {
            number |= (portone_byte_t) key->data[i];
        }
    }

    return number;
}


int
portone_key_next(portone_txn_t *txn, portone_db_e db, portone_key_t *key,
    portone_str_t *value)
{
    int            rc;
    portone_str_t  after, found;

    after = portone_key_str(key);

    rc = txn->next(txn, db, &after, &found, value);

    if (rc == PORTONE_OK) {
        portone_key_set(key, found.data, found.len);
    }

    return rc;
}


int
portone_key_prev(portone_txn_t *txn, portone_db_e db, portone_key_t *key,
    portone_str_t *value)
{
    int            rc;
    portone_str_t  before, found;

    before = portone_key_str(key);

    rc = txn->prev(txn, db, &before, &found, value);

    if (rc == PORTONE_OK) {
        portone_key_set(key, found.data, found.len);
    }

    return rc;
}


static void
portone_key_set(portone_key_t *key, const char *data, size_t len)
{
    /* the store refuses longer keys */

    assert(len <= PORTONE_KEY_MAX);

    memcpy(key->data, data, len);
    key->len = len;
}
