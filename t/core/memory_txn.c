
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <stdlib.h>
#include <string.h>

#include "memory_txn.h"


typedef struct memory_lent_s  memory_lent_t;

struct memory_lent_s {
    memory_lent_t  *next;
    char            data[];
};


static int memory_get(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *key, portone_str_t *value);
static int memory_next(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *after, portone_str_t *key, portone_str_t *value);
static int memory_prev(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *before, portone_str_t *key, portone_str_t *value);
static int memory_put(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *key, const portone_str_t *value);
static int memory_del(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *key);
static void memory_unreadable(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *key);
static void memory_begin(memory_store_t *store);
static void memory_end(memory_store_t *store, int commit);
static int memory_fails(memory_store_t *store);
static memory_entry_t memory_entry(const char *key, size_t key_len,
    const char *value, size_t value_len);
static void memory_insert(memory_map_t *map, const portone_str_t *key,
    const portone_str_t *value);
static void memory_remove(memory_map_t *map, size_t i);
static void memory_clear(memory_map_t *map);
static size_t memory_position(const memory_map_t *map,
    const portone_str_t *key, int *found);
static portone_str_t memory_lend(memory_store_t *store, const char *data,
    size_t len);
static void memory_call_in(memory_store_t *store);
static portone_str_t memory_key(char buf[PORTONE_KEY_MAX],
    const char *merchant, const char *uid, const char *refund_id);
static void *memory_alloc(size_t size);
static void memory_copy(char *dst, const char *src, size_t len);


void
memory_init(memory_store_t *store)
{
    memset(store, 0, sizeof(memory_store_t));

    store->txn.get = memory_get;
    store->txn.next = memory_next;
    store->txn.prev = memory_prev;
    store->txn.unreadable = memory_unreadable;
}


void
memory_free(memory_store_t *store)
{
    size_t  db;

    for (db = 0; db < PORTONE_DB_MAX; db++) {
        memory_clear(&store->committed[db]);
    }
}


int
memory_apply(memory_store_t *store, memory_apply_pt apply, void *data)
{
    int  rc;

    memory_begin(store);

    rc = apply(&store->txn, data);

    memory_end(store, rc == PORTONE_OK);

    return rc;
}


int
memory_dry_run(memory_store_t *store, memory_apply_pt apply, void *data)
{
    int  rc;

    memory_begin(store);

    rc = apply(&store->txn, data);

    memory_end(store, 0);

    return rc;
}


int
memory_read(memory_store_t *store, memory_apply_pt apply, void *data)
{
    int  rc;

    memory_begin(store);

    store->txn.put = NULL;
    store->txn.del = NULL;

    rc = apply(&store->txn, data);

    memory_end(store, 0);

    return rc;
}


static void
memory_begin(memory_store_t *store)
{
    size_t         i, db;
    memory_map_t  *from, *to;

    store->txn.put = memory_put;
    store->txn.del = memory_del;

    for (db = 0; db < PORTONE_DB_MAX; db++) {
        from = &store->committed[db];
        to = &store->working[db];

        if (from->n == 0) {
            continue;
        }

        to->entries = memory_alloc(from->n * sizeof(memory_entry_t));

        for (i = 0; i < from->n; i++) {
            to->entries[i] = memory_entry(from->entries[i].key,
                                          from->entries[i].key_len,
                                          from->entries[i].value,
                                          from->entries[i].value_len);
        }

        to->n = from->n;
    }
}


static void
memory_unreadable(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *key)
{
    memory_store_t  *store;

    store = (memory_store_t *) txn;

    store->unreadable++;
}


static memory_entry_t
memory_entry(const char *key, size_t key_len, const char *value,
    size_t value_len)
{
    memory_entry_t  entry;

    entry.key_len = key_len;
    entry.key = memory_alloc(key_len + 1);
    memory_copy(entry.key, key, key_len);

    entry.value_len = value_len;
    entry.value = memory_alloc(value_len + 1);
    memory_copy(entry.value, value, value_len);

    return entry;
}


static void
memory_end(memory_store_t *store, int commit)
{
    size_t         db;
    memory_map_t   map;

    memory_call_in(store);

    for (db = 0; db < PORTONE_DB_MAX; db++) {

        if (commit) {
            map = store->committed[db];
            store->committed[db] = store->working[db];
            store->working[db] = map;
        }

        memory_clear(&store->working[db]);
    }
}


static int
memory_fails(memory_store_t *store)
{
    return ++store->calls == store->fail_at;
}


static int
memory_get(portone_txn_t *txn, portone_db_e db, const portone_str_t *key,
    portone_str_t *value)
{
    int              found;
    size_t           i;
    memory_map_t    *map;
    memory_store_t  *store;

    store = (memory_store_t *) txn;
    map = &store->working[db];

    if (memory_fails(store)) {
        return PORTONE_ERROR;
    }

    i = memory_position(map, key, &found);

    if (!found) {
        return PORTONE_DECLINED;
    }

    *value = memory_lend(store, map->entries[i].value,
                         map->entries[i].value_len);

    return PORTONE_OK;
}


static int
memory_next(portone_txn_t *txn, portone_db_e db, const portone_str_t *after,
    portone_str_t *key, portone_str_t *value)
{
    int              found;
    size_t           i;
    memory_map_t    *map;
    memory_store_t  *store;

    store = (memory_store_t *) txn;
    map = &store->working[db];

    if (memory_fails(store)) {
        return PORTONE_ERROR;
    }

    i = memory_position(map, after, &found);

    if (found) {
        i++;
    }

    if (i == map->n) {
        return PORTONE_DECLINED;
    }

    *key = memory_lend(store, map->entries[i].key, map->entries[i].key_len);
    *value = memory_lend(store, map->entries[i].value,
                         map->entries[i].value_len);

    return PORTONE_OK;
}


static int
memory_prev(portone_txn_t *txn, portone_db_e db, const portone_str_t *before,
    portone_str_t *key, portone_str_t *value)
{
    int              found;
    size_t           i;
    memory_map_t    *map;
    memory_store_t  *store;

    store = (memory_store_t *) txn;
    map = &store->working[db];

    if (memory_fails(store)) {
        return PORTONE_ERROR;
    }

    i = memory_position(map, before, &found);

    if (i == 0) {
        return PORTONE_DECLINED;
    }

    i--;

    *key = memory_lend(store, map->entries[i].key, map->entries[i].key_len);
    *value = memory_lend(store, map->entries[i].value,
                         map->entries[i].value_len);

    return PORTONE_OK;
}


static int
memory_put(portone_txn_t *txn, portone_db_e db, const portone_str_t *key,
    const portone_str_t *value)
{
    memory_store_t  *store;

    store = (memory_store_t *) txn;

    if (memory_fails(store) || key->len == 0 || key->len > PORTONE_KEY_MAX) {
        return PORTONE_ERROR;
    }

    memory_insert(&store->working[db], key, value);

    /* last, so that a value just got can be put: LMDB allows that */

    memory_call_in(store);

    return PORTONE_OK;
}


static int
memory_del(portone_txn_t *txn, portone_db_e db, const portone_str_t *key)
{
    int              found;
    size_t           i;
    memory_store_t  *store;

    store = (memory_store_t *) txn;

    if (memory_fails(store)) {
        return PORTONE_ERROR;
    }

    i = memory_position(&store->working[db], key, &found);

    if (found) {
        memory_remove(&store->working[db], i);
    }

    memory_call_in(store);

    return PORTONE_OK;
}


static void
memory_insert(memory_map_t *map, const portone_str_t *key,
    const portone_str_t *value)
{
    int              found;
    size_t           i;
    memory_entry_t   entry, *entries;

    entry = memory_entry(key->data, key->len, value->data, value->len);

    i = memory_position(map, key, &found);

    if (found) {
        memory_remove(map, i);
    }

    entries = memory_alloc((map->n + 1) * sizeof(memory_entry_t));

    entries[i] = entry;

    if (map->n != 0) {
        memcpy(entries, map->entries, i * sizeof(memory_entry_t));
        memcpy(entries + i + 1, map->entries + i,
               (map->n - i) * sizeof(memory_entry_t));
    }

    free(map->entries);

    map->entries = entries;
    map->n++;
}


static void
memory_remove(memory_map_t *map, size_t i)
{
    free(map->entries[i].key);
    free(map->entries[i].value);

    map->n--;

    memmove(&map->entries[i], &map->entries[i + 1],
            (map->n - i) * sizeof(memory_entry_t));
}


static void
memory_clear(memory_map_t *map)
{
    while (map->n > 0) {
        memory_remove(map, map->n - 1);
    }

    free(map->entries);

    map->entries = NULL;
}


/* of the first entry whose key is not less than the given one */

static size_t
memory_position(const memory_map_t *map, const portone_str_t *key, int *found)
{
    int              order;
    size_t           low, high, i, len;
    memory_entry_t  *entry;

    *found = 0;

    low = 0;
    high = map->n;

    while (low < high) {
        i = (low + high) / 2;
        entry = &map->entries[i];

        len = (key->len < entry->key_len) ? key->len : entry->key_len;

        order = memcmp(entry->key, key->data, len);

        if (order > 0 || (order == 0 && entry->key_len >= key->len)) {
            *found = (order == 0 && entry->key_len == key->len);
            high = i;

        } else {
            low = i + 1;
        }
    }

    return low;
}


static portone_str_t
memory_lend(memory_store_t *store, const char *data, size_t len)
{
    portone_str_t   str;
    memory_lent_t  *lent;

    /* no NUL follows: values of LMDB have none either */

    lent = memory_alloc(sizeof(memory_lent_t) + len);

    memory_copy(lent->data, data, len);

    lent->next = store->lent;
    store->lent = lent;

    str.len = len;
    str.data = lent->data;

    return str;
}


static void
memory_call_in(memory_store_t *store)
{
    memory_lent_t  *lent, *next;

    for (lent = store->lent; lent != NULL; lent = next) {
        next = lent->next;
        free(lent);
    }

    store->lent = NULL;
}


void
memory_set(memory_store_t *store, portone_db_e db, const char *merchant,
    const char *uid, const char *refund_id, const char *value)
{
    char            buf[PORTONE_KEY_MAX];
    portone_str_t   key, text;

    key = memory_key(buf, merchant, uid, refund_id);
    text = portone_str(value);

    memory_insert(&store->committed[db], &key, &text);
}


void
memory_set_key(memory_store_t *store, portone_db_e db,
    const portone_str_t *key, const portone_str_t *value)
{
    memory_insert(&store->committed[db], key, value);
}


void
memory_unset(memory_store_t *store, portone_db_e db, size_t i)
{
    memory_remove(&store->committed[db], i);
}


const char *
memory_value(memory_store_t *store, portone_db_e db, const char *merchant,
    const char *uid, const char *refund_id)
{
    int             found;
    char            buf[PORTONE_KEY_MAX];
    size_t          i;
    portone_str_t   key;

    key = memory_key(buf, merchant, uid, refund_id);

    i = memory_position(&store->committed[db], &key, &found);

    return found ? store->committed[db].entries[i].value : NULL;
}


static portone_str_t
memory_key(char buf[PORTONE_KEY_MAX], const char *merchant, const char *uid,
    const char *refund_id)
{
    size_t          i, len;
    const char     *parts[3];
    portone_str_t   key;

    parts[0] = merchant;
    parts[1] = uid;
    parts[2] = refund_id;

    key.len = 0;
    key.data = buf;

    for (i = 0; i < 3 && parts[i] != NULL; i++) {
        len = strlen(parts[i]);

        if (key.len + 1 + len > PORTONE_KEY_MAX) {
            abort();
        }

        if (i > 0) {
            buf[key.len++] = '\0';
        }

        memory_copy(buf + key.len, parts[i], len);
        key.len += len;
    }

    return key;
}


size_t
memory_count(const memory_store_t *store, portone_db_e db)
{
    return store->committed[db].n;
}


char *
memory_dump(const memory_store_t *store)
{
    char            *text, *p;
    size_t           i, j, db, len;
    memory_entry_t  *entry;

    len = 1;

    for (db = 0; db < PORTONE_DB_MAX; db++) {

        for (i = 0; i < store->committed[db].n; i++) {
            entry = &store->committed[db].entries[i];
            len += 4 + entry->key_len + entry->value_len;
        }
    }

    text = memory_alloc(len);
    p = text;

    for (db = 0; db < PORTONE_DB_MAX; db++) {

        for (i = 0; i < store->committed[db].n; i++) {
            entry = &store->committed[db].entries[i];

            *p++ = (char) ('0' + db);
            *p++ = ' ';

            for (j = 0; j < entry->key_len; j++) {
                *p++ = (entry->key[j] == '\0') ? '/' : entry->key[j];
            }

            *p++ = '=';
            memory_copy(p, entry->value, entry->value_len);
            p += entry->value_len;
            *p++ = '\n';
        }
    }

    *p = '\0';

    return text;
}


static void *
memory_alloc(size_t size)
{
    void  *p;

    p = calloc(1, size);

    if (p == NULL) {
        abort();
    }

    return p;
}


static void
memory_copy(char *dst, const char *src, size_t len)
{
    if (len != 0) {
        memcpy(dst, src, len);
    }
}
