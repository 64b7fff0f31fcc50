
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <stdlib.h>
#include <string.h>

#include "portone_export.h"
#include "portone_import.h"

#include "fuzz.h"
#include "memory_txn.h"


/*
 * Payments that are imported, exported, and imported again.
 *
 *     <allocation that fails, 0: none> <lines of a transaction, 1 to 9>
 *     <line>
 *     ...
 *
 * Each line is stored or refused; what is stored are payments that can be
 * read, under their own keys; the same lines once more lower nothing; and what
 * is exported comes out of an empty store byte for byte as it went in.
 */


#define FUZZ_BUFFER  65536
#define FUZZ_LINES   200


static size_t fuzz_import_lines(const portone_str_t *text);
static void fuzz_import(memory_store_t *store, const portone_str_t *text,
    size_t max, int64_t fails, portone_import_result_t *total);
static void fuzz_import_check(memory_store_t *store,
    const memory_store_t *before);
static void fuzz_import_payment(const memory_entry_t *entry,
    portone_payment_t *payment);
static char *fuzz_export(memory_store_t *store, size_t *len);


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char                     *first, *second;
    size_t                    max, len[2];
    int64_t                   fails;
    memory_store_t            store, before, other;
    portone_str_t             text, line;
    portone_import_result_t   total, again;

    text.data = (const char *) data;
    text.len = size;

    line = fuzz_line(&text);

    fails = fuzz_number(&line);
    max = (size_t) fuzz_number(&line) % 9 + 1;

    if (text.len > FUZZ_BUFFER / 2 || fuzz_import_lines(&text) > FUZZ_LINES) {
        return 0;
    }

    memory_init(&store);
    memory_init(&before);
    memory_init(&other);

    fuzz_import(&store, &text, max, fails, &total);

    if (fails == 0) {
        fuzz_check(total.stored + total.rejected == fuzz_import_lines(&text));
        fuzz_check(total.n_errors == total.rejected
                   || total.n_errors == PORTONE_IMPORT_ERRORS);
    }

    fuzz_import_check(&store, NULL);

    /* what was refused for its form is refused again, the rest is there */

    fuzz_import(&before, &text, 1, 0, &again);
    fuzz_import(&store, &text, max, 0, &again);

    fuzz_import_check(&store, (fails == 0) ? &before : NULL);

    first = fuzz_export(&store, &len[0]);

    line.data = first;
    line.len = len[0];

    fuzz_import(&other, &line, max, 0, &total);

    fuzz_check(total.rejected == 0);

    second = fuzz_export(&other, &len[1]);

    fuzz_check(len[0] == len[1] && memcmp(first, second, len[0]) == 0);

    free(first);
    free(second);

    memory_free(&store);
    memory_free(&before);
    memory_free(&other);

    return 0;
}


/* those that are not blank */

static size_t
fuzz_import_lines(const portone_str_t *text)
{
    int     blank;
    size_t  i, n;

    n = 0;
    blank = 1;

    for (i = 0; i < text->len; i++) {

        if (text->data[i] == '\n') {
            blank = 1;
            continue;
        }

        if (blank && memchr(" \t\r", text->data[i], 3) == NULL) {
            blank = 0;
            n++;
        }
    }

    return n;
}


static void
fuzz_import(memory_store_t *store, const portone_str_t *text, size_t max,
    int64_t fails, portone_import_result_t *total)
{
    int               rc;
    char             *exact;
    portone_import_t  import;

    exact = fuzz_exact(text);

    memset(total, 0, sizeof(portone_import_result_t));
    memset(&import, 0, sizeof(portone_import_t));

    import.merchant = portone_str("shop");
    import.now = 1763757000;
    import.pos = exact;
    import.last = exact + text->len;
    import.line = 1;
    import.max = max;

    while (import.pos < import.last) {
        fuzz_memory(fails);

        rc = memory_apply(store, portone_import_apply, &import);

        fuzz_memory(0);

        if (rc != PORTONE_OK) {
            fuzz_check(rc == PORTONE_ERROR && fails != 0);
            break;
        }

        fuzz_check(import.end > import.pos && import.end <= import.last);
        fuzz_check(import.lines > 0 && import.lines <= max);

        portone_import_add(total, &import.result);

        import.pos = import.end;
        import.line += import.lines;
    }

    free(exact);
}


/* before: the payments of the first time, with their cancel_amount */

static void
fuzz_import_check(memory_store_t *store, const memory_store_t *before)
{
    size_t                 i, k;
    const memory_map_t    *map, *old;
    portone_payment_t      payment, prior;
    const memory_entry_t  *entry;

    map = &store->committed[PORTONE_DB_PAYMENTS];

    for (i = 0; i < map->n; i++) {
        fuzz_import_payment(&map->entries[i], &payment);

        if (before != NULL) {
            old = &before->committed[PORTONE_DB_PAYMENTS];

            for (k = 0; k < old->n; k++) {
                entry = &old->entries[k];

                if (entry->key_len == map->entries[i].key_len
                    && memcmp(entry->key, map->entries[i].key,
                              entry->key_len)
                       == 0)
                {
                    fuzz_import_payment(entry, &prior);
                    fuzz_check(payment.cancel_amount >= prior.cancel_amount);
                    fuzz_check(payment.amount == prior.amount);
                    portone_payment_free(&prior);
                }
            }
        }

        portone_payment_free(&payment);
    }

    /* each change of a payment has its entry */

    fuzz_check(memory_count(store, PORTONE_DB_JOURNAL) >= map->n);
    fuzz_check(memory_count(store, PORTONE_DB_MERCHANT_UIDS) <= map->n);
    fuzz_check(map->n == 0
               || memory_count(store, PORTONE_DB_MERCHANT_UIDS) > 0);
}


static void
fuzz_import_payment(const memory_entry_t *entry, portone_payment_t *payment)
{
    const char  *why;

    fuzz_check(portone_payment_parse(payment, entry->value, entry->value_len,
                                     &why)
               == PORTONE_OK);
    fuzz_check(payment->cancel_amount >= 0
               && payment->cancel_amount <= payment->amount);
    fuzz_check(entry->key_len == sizeof("shop") + payment->imp_uid.len
               && memcmp(entry->key + sizeof("shop"), payment->imp_uid.data,
                         payment->imp_uid.len)
                  == 0);
    fuzz_check(memchr(entry->value, '\n', entry->value_len) == NULL);
}


static char *
fuzz_export(memory_store_t *store, size_t *len)
{
    char              *text;
    portone_export_t   export;

    memset(&export, 0, sizeof(portone_export_t));

    export.merchant = portone_str("shop");
    export.size = 64;
    export.buf = malloc(export.size);
    text = malloc(1);
    *len = 0;

    do {
        fuzz_check(memory_read(store, portone_export_read, &export)
                   == PORTONE_OK);
        fuzz_check(export.need == 0 || export.len == 0);

        if (export.need != 0) {
            export.size = export.need;
            export.buf = realloc(export.buf, export.size);
        }

        text = realloc(text, *len + export.len + 1);
        memcpy(text + *len, export.buf, export.len);
        *len += export.len;

    } while (!export.done);

    free(export.buf);

    return text;
}
