
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <string.h>

#include "fuzz.h"
#include "fuzz_store.h"


typedef struct {
    portone_db_e     db;
    portone_str_t    key;
    portone_str_t    value;
} fuzz_entry_t;


static portone_str_t fuzz_store_key(char buf[PORTONE_KEY_MAX],
    portone_db_e db, portone_str_t *word);
static int fuzz_store_put(portone_txn_t *txn, void *data);
static portone_db_e fuzz_store_db(char letter);


void
fuzz_store_fill(memory_store_t *store, portone_str_t *text)
{
    char            key[PORTONE_KEY_MAX];
    portone_str_t   line, word;
    fuzz_entry_t    entry;

    while (text->len != 0) {
        line = fuzz_line(text);

        word = fuzz_store_word(&line);
        entry.db = (word.len == 1) ? fuzz_store_db(*word.data)
                                   : PORTONE_DB_MAX;

        word = fuzz_store_word(&line);
        entry.value = line;

        if (entry.db != PORTONE_DB_MAX && word.len != 0) {
            entry.key = fuzz_store_key(key, entry.db, &word);

            fuzz_check(memory_apply(store, fuzz_store_put, &entry)
                       == PORTONE_OK);
        }
    }
}


static portone_str_t
fuzz_store_key(char buf[PORTONE_KEY_MAX], portone_db_e db,
    portone_str_t *word)
{
    uint64_t       seconds;
    portone_str_t  key;

    key.data = buf;
    key.len = 0;

    if (db == PORTONE_DB_IDEMPOTENCY_EXPIRY) {
        seconds = (uint64_t) fuzz_number(word);

        for ( /* void */ ; key.len < 8; key.len++) {
            buf[key.len] = (char) (seconds >> (56 - 8 * key.len));
        }

        if (word->len != 0) {
            word->data++;
            word->len--;
        }
    }

    while (word->len != 0 && key.len < PORTONE_KEY_MAX) {
        buf[key.len++] = (*word->data == '/') ? '\0' : *word->data;
        word->data++;
        word->len--;
    }

    return key;
}


static int
fuzz_store_put(portone_txn_t *txn, void *data)
{
    fuzz_entry_t *entry = data;

    return txn->put(txn, entry->db, &entry->key, &entry->value);
}


portone_str_t
fuzz_store_word(portone_str_t *line)
{
    portone_str_t  word;

    word.data = line->data;
    word.len = 0;

    while (word.len < line->len && word.data[word.len] != ' ') {
        word.len++;
    }

    line->data += word.len;
    line->len -= word.len;

    if (line->len != 0) {
        line->data++;
        line->len--;
    }

    return word;
}


static portone_db_e
fuzz_store_db(char letter)
{
    switch (letter) {

    case 'P':
        return PORTONE_DB_PAYMENTS;

    case 'M':
        return PORTONE_DB_MERCHANT_UIDS;

    case 'I':
        return PORTONE_DB_INTENTS;

    case 'A':
        return PORTONE_DB_ATTEMPTS;

    case 'K':
        return PORTONE_DB_IDEMPOTENCY;

    case 'T':
        return PORTONE_DB_IDEMPOTENCY_EXPIRY;

    case 'J':
        return PORTONE_DB_JOURNAL;

    default:
        return PORTONE_DB_MAX;
    }
}
