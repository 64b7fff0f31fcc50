
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "unit.h"
#include "idempotency_index.h"

#include "portone_json.h"


const char *
index_saved(memory_store_t *store, const char *key)
{
    return memory_value(store, PORTONE_DB_IDEMPOTENCY, "shop", key, NULL);
}


int64_t
index_time(const memory_entry_t *entry)
{
    int      i;
    int64_t  time;

    time = 0;

    for (i = 0; i < 8; i++) {
        time = time * 256 + (unsigned char) entry->key[i];
    }

    return time;
}


void
index_check(memory_store_t *store)
{
    int                    paused;
    cJSON                 *record;
    size_t                 i, j, n;
    const memory_map_t    *records, *index;
    const memory_entry_t  *entry, *found;

    records = &store->committed[PORTONE_DB_IDEMPOTENCY];
    index = &store->committed[PORTONE_DB_IDEMPOTENCY_EXPIRY];

    assert_int_equal(records->n, index->n);

    paused = unit_paused;
    unit_paused = 1;

    for (i = 0; i < records->n; i++) {
        entry = &records->entries[i];

        record = cJSON_Parse(entry->value);
        assert_non_null(record);

        n = 0;
        found = NULL;

        for (j = 0; j < index->n; j++) {

            if (index->entries[j].key_len == 8 + entry->key_len
                && memcmp(index->entries[j].key + 8, entry->key,
                          entry->key_len)
                   == 0)
            {
                found = &index->entries[j];
                n++;
            }
        }

        assert_int_equal(n, 1);
        assert_int_equal(found->value_len, 0);
        assert_int_equal(index_time(found),
                         portone_json_int(record, "expires_at", -1));

        cJSON_Delete(record);
    }

    unit_paused = paused;
}
