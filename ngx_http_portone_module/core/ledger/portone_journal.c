
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <assert.h>

#include "portone_journal.h"
#include "portone_json.h"


#define PORTONE_JOURNAL_MEMBERS  16

#define portone_journal_n(names)  (sizeof(names) / sizeof(names[0]))


static cJSON *portone_journal_payment(const portone_payment_t *payment);
static int portone_journal_copy(cJSON *to, const cJSON *from,
    const char *const *names, size_t n);


/*
 * Members that are copied if they are strings, numbers or booleans.  These
 * lists name everything that may stand in the journal: personal data is kept
 * out by being absent here, whatever PortOne calls it.
 */

static const char *const  portone_journal_uids[] = {
    "imp_uid",
    "merchant_uid"
};

static const char *const  portone_journal_refund_members[] = {
    "refund_id",
    "state",
    "amount",
    "currency",
    "code",
    "cancellation_id"
};

static const char *const  portone_journal_payment_members[] = {
    "status",
    "amount",
    "cancel_amount",
    "currency",
    "pay_method",
    "channel",
    "pg_provider",
    "emb_pg_provider",
    "pg_id",
    "pg_tid",
    "sandbox",
    "escrow",
    "started_at",
    "paid_at",
    "failed_at",
    "cancelled_at"
};

static const char *const  portone_journal_history_members[] = {
    "cancellation_id",
    "pg_tid",
    "amount",
    "cancelled_at"
};


_Static_assert(portone_journal_n(portone_journal_payment_members)
               <= PORTONE_JOURNAL_MEMBERS, "the longest list");


static const char *const  portone_journal_kinds[] = {
    [PORTONE_JOURNAL_DEPOSIT] = "deposit",
    [PORTONE_JOURNAL_REGISTER] = "register",
    [PORTONE_JOURNAL_SETTLE] = "settle"
};


char *
portone_journal_entry(const portone_journal_facts_t *facts)
{
    int             rc;
    char           *text;
    cJSON          *entry;
    const cJSON    *uids;
    portone_str_t   kind;

    assert(facts->payment != NULL || facts->record != NULL);

    entry = cJSON_CreateObject();
    if (entry == NULL) {
        return NULL;
    }

    kind = portone_str(portone_journal_kinds[facts->kind]);
    uids = (facts->payment != NULL) ? facts->payment->json : facts->record;

    rc = portone_json_add_int(entry, "time", facts->time);
    rc |= portone_json_add_str(entry, "kind", &kind);
    rc |= portone_json_add_str(entry, "merchant", &facts->merchant);
    rc |= portone_journal_copy(entry, uids, portone_journal_uids,
                               portone_journal_n(portone_journal_uids));
    rc |= portone_journal_copy(entry, facts->record,
                               portone_journal_refund_members,
                         portone_journal_n(portone_journal_refund_members));

    if (facts->payment != NULL) {
        rc |= portone_json_add(entry, "payment",
                               portone_journal_payment(facts->payment));
    }

    text = NULL;

    if (rc == PORTONE_OK) {
        text = portone_json_print(entry);
    }

    cJSON_Delete(entry);

    return text;
}


static cJSON *
portone_journal_payment(const portone_payment_t *payment)
{
    int           rc;
    cJSON        *copy, *history, *item;
    const cJSON  *entry;

    copy = cJSON_CreateObject();
    if (copy == NULL) {
        return NULL;
    }

    rc = portone_journal_copy(copy, payment->json,
                              portone_journal_payment_members,
                        portone_journal_n(portone_journal_payment_members));

    history = cJSON_CreateArray();

    if (portone_json_add(copy, "cancel_history", history) != PORTONE_OK) {
        cJSON_Delete(copy);
        return NULL;
    }

    cJSON_ArrayForEach(entry, payment->history) {
        item = cJSON_CreateObject();

        rc |= portone_journal_copy(item, entry,
                                   portone_journal_history_members,
                        portone_journal_n(portone_journal_history_members));

        if (!cJSON_AddItemToArray(history, item)) {
            rc = PORTONE_ERROR;
        }

        if (rc != PORTONE_OK) {
            break;
        }
    }

    if (rc != PORTONE_OK) {
        cJSON_Delete(copy);
        return NULL;
    }

    return copy;
}


/* strings are referred to: from outlives to */

static int
portone_journal_copy(cJSON *to, const cJSON *from, const char *const *names,
    size_t n)
{
    cJSON   *copy, *item, *items[PORTONE_JOURNAL_MEMBERS];
    size_t   i;

    assert(n <= PORTONE_JOURNAL_MEMBERS);

    (void) portone_json_members(from, names, items, n);

    for (i = 0; i < n; i++) {
        item = items[i];

        if (cJSON_IsString(item)) {
            copy = cJSON_CreateStringReference(item->valuestring);

        } else if (portone_json_is_number(item)) {
            copy = portone_json_number_copy(item);

        } else if (cJSON_IsBool(item)) {
            copy = cJSON_CreateBool(cJSON_IsTrue(item));

        } else {
            continue;
        }

        if (portone_json_add(to, names[i], copy) != PORTONE_OK) {
            return PORTONE_ERROR;
        }
    }

    return PORTONE_OK;
}


int
portone_journal_append(portone_txn_t *txn, const portone_str_t *entry)
{
    int             rc;
    uint64_t        sequence;
    portone_key_t   key;
    portone_str_t   str, value;

    if (entry->len == 0) {
        return PORTONE_ERROR;
    }

    portone_key_number(&key, UINT64_MAX);

    rc = portone_key_prev(txn, PORTONE_DB_JOURNAL, &key, &value);

    if (rc == PORTONE_ERROR) {
        return PORTONE_ERROR;
    }

    /* greater than the last key also if that has another length */

    sequence = (rc == PORTONE_OK) ? portone_key_number_read(&key) + 1 : 1;

    /* portone_key_prev() would miss the greatest key, and it be put twice */

    if (sequence == UINT64_MAX) {
        return PORTONE_ERROR;
    }

    assert(sequence > 0);

    portone_key_number(&key, sequence);
    str = portone_key_str(&key);

    return txn->put(txn, PORTONE_DB_JOURNAL, &str, entry);
}
