
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <stdlib.h>
#include <string.h>

#include "sim.h"


/*
 * The journal: who reads it from the first entry on has the payments as they
 * are stored, and every refund that has ended.
 */


static void sim_check_entry(sim_t *sim, size_t n);
static void sim_check_entry_refund(sim_t *sim, const memory_entry_t *entry);
static void sim_check_rebuilt(sim_t *sim, const memory_entry_t *stored);
static int sim_same(const char *a, size_t a_len, const char *b, size_t b_len,
    const char *const *names, int exponent);
static int sim_same_history(const char *a, const char *b, int exponent);
static const char *sim_history_next(const char *p, size_t *len);
static uint64_t sim_digest(uint64_t digest, const memory_entry_t *entry);


static const char *const  sim_history_members[] = {
    "cancellation_id", "pg_tid", "cancelled_at", "amount", NULL
};


void
sim_check_journal(sim_t *sim)
{
    int                  i;
    size_t               n;
    sim_refund_t        *refund;
    const memory_map_t  *map;

    map = &sim->store.committed[PORTONE_DB_JOURNAL];

    if (map->n < sim->journaled) {
        sim_broken(sim, 8, "an entry of the journal is gone");
    }

    for (n = sim->journaled; n < map->n; n++) {
        sim_check_entry(sim, n);
    }

    sim->journaled = map->n;

    map = &sim->store.committed[PORTONE_DB_PAYMENTS];

    for (n = 0; n < map->n; n++) {
        sim_check_rebuilt(sim, &map->entries[n]);
    }

    for (i = 0; i < sim->n_refunds; i++) {
        refund = &sim->refunds[i];

        if (refund->settled != refund->journaled
            || (refund->settled && refund->state != refund->journal))
        {
            sim_broken(sim, 8, "refund %d is %s%s, the journal tells of %s",
                       i, refund->settled ? "" : "open as ",
                       portone_record_word(refund->state),
                       refund->journaled
                           ? portone_record_word(refund->journal) : "none");
        }
    }
}


void
sim_check_journal_rest(sim_t *sim)
{
    size_t               n;
    uint64_t             digest;
    const memory_map_t  *map;

    sim_check_journal(sim);

    map = &sim->store.committed[PORTONE_DB_JOURNAL];
    digest = 0;

    for (n = 0; n < map->n; n++) {
        digest = sim_digest(digest, &map->entries[n]);
    }

    if (digest != sim->journal_digest) {
        sim_broken(sim, 8, "an entry of the journal was changed");
    }
}


static void
sim_check_entry(sim_t *sim, size_t n)
{
    int                    payment;
    char                   uid[48], word[48];
    size_t                 i;
    const memory_entry_t  *entry;

    entry = &sim->store.committed[PORTONE_DB_JOURNAL].entries[n];

    for (i = 0; i < 8 && entry->key_len == 8; i++) {

        if ((unsigned char) entry->key[i]
            != (unsigned char) ((uint64_t) (n + 1) >> (56 - 8 * i)))
        {
            break;
        }
    }

    if (i < 8) {
        sim_broken(sim, 8, "entry %zu of the journal has another number",
                   n + 1);
    }

    sim->journal_digest = sim_digest(sim->journal_digest, entry);

    /* of the buyer, and what somebody has written */

    if (strstr(entry->value, SIM_BUYER) != NULL
        || strstr(entry->value, "reason") != NULL)
    {
        sim_broken(sim, 9, "personal data in the journal: %s", entry->value);
    }

    sim_text_string(entry->value, entry->value_len, "merchant", word);
    sim_text_string(entry->value, entry->value_len, "imp_uid", uid);

    payment = atoi(uid + sizeof("imp_") - 1);

    if (strcmp(word, SIM_MERCHANT) != 0
        || payment < 0 || payment >= sim->n_payments)
    {
        sim_broken(sim, 8, "an entry of the journal that cannot be: %s",
                   entry->value);
    }

    if (strstr(entry->value, "\"payment\":") != NULL) {
        sim->payments[payment].entry = n + 1;
    }

    sim_text_string(entry->value, entry->value_len, "kind", word);

    if (strcmp(word, "settle") == 0) {
        sim_check_entry_refund(sim, entry);
    }
}


static void
sim_check_entry_refund(sim_t *sim, const memory_entry_t *entry)
{
    int               i;
    char              id[48], word[48];
    int64_t           amount;
    sim_refund_t     *refund;
    portone_state_e   state;

    sim_text_string(entry->value, entry->value_len, "refund_id", id);
    sim_text_string(entry->value, entry->value_len, "state", word);

    i = sim_refund_number(id);
    state = sim_state(word);

    if (i < 0 || i >= sim->n_refunds || state == PORTONE_STATE_MAX) {
        sim_broken(sim, 8, "an entry of a refund that cannot be: %s",
                   entry->value);
    }

    refund = &sim->refunds[i];

    amount = sim_text_amount(entry->value, entry->value_len, "amount",
                             sim->payments[refund->payment].exponent);

    if (amount <= 0 || (refund->amount && amount != refund->amount)) {
        sim_broken(sim, 8, "an entry of another amount: %s", entry->value);
    }

    switch (state) {

    case PORTONE_STATE_SUCCEEDED:
    case PORTONE_STATE_REJECTED:
    case PORTONE_STATE_NOT_EXECUTED:

        if (refund->journaled) {
            sim_broken(sim, 8, "refund %d has ended twice: %s", i,
                       entry->value);
        }

        refund->journaled = 1;
        refund->journal = state;

        return;

    default:
        return;
    }
}


static void
sim_check_rebuilt(sim_t *sim, const memory_entry_t *stored)
{
    char                   uid[48];
    size_t                 n;
    const char            *rebuilt;
    sim_payment_t         *payment;
    const memory_entry_t  *entry;

    static const char *const  uids[] = { "imp_uid", "merchant_uid", NULL };

    static const char *const  members[] = {
        "amount", "cancel_amount", "currency", "status", "pay_method",
        "started_at", "paid_at", NULL
    };

    sim_text_string(stored->value, stored->value_len, "imp_uid", uid);

    payment = &sim->payments[atoi(uid + sizeof("imp_") - 1)];

    n = payment->entry;

    if (n == 0) {
        sim_broken(sim, 8, "the journal does not have %s", uid);
    }

    entry = &sim->store.committed[PORTONE_DB_JOURNAL].entries[n - 1];
    rebuilt = strstr(entry->value, "\"payment\":");

    if (rebuilt == NULL) {
        sim_broken(sim, 8, "the journal does not have %s any more", uid);
    }

    if (!sim_same(stored->value, stored->value_len, entry->value,
                  entry->value_len, uids, 0)
        || !sim_same(stored->value, stored->value_len, rebuilt,
                     strlen(rebuilt), members, payment->exponent)
        || !sim_same_history(stored->value, rebuilt, payment->exponent))
    {
        sim_broken(sim, 8, "the journal has %s, the store %s", rebuilt,
                   stored->value);
    }
}


static int
sim_same(const char *a, size_t a_len, const char *b, size_t b_len,
    const char *const *names, int exponent)
{
    int          decimals;
    char         one[48], other[48];
    const char  *end;

    for ( /* void */ ; *names != NULL; names++) {
        sim_text_string(a, a_len, *names, one);
        sim_text_string(b, b_len, *names, other);

        end = strrchr(*names, '_');
        decimals = (end != NULL && strcmp(end, "_at") == 0) ? 0 : exponent;

        if (strcmp(one, other) != 0
            || sim_text_amount(a, a_len, *names, decimals)
               != sim_text_amount(b, b_len, *names, decimals))
        {
            return 0;
        }
    }

    return 1;
}


static int
sim_same_history(const char *a, const char *b, int exponent)
{
    size_t  a_len, b_len;

    a = strstr(a, "\"cancel_history\":");
    b = strstr(b, "\"cancel_history\":");

    /* of a payment that was stored by hand there is none */

    if (a == NULL) {
        return b != NULL && sim_history_next(b, &b_len) == NULL;
    }

    if (b == NULL) {
        return 0;
    }

    for ( ;; ) {
        a = sim_history_next(a, &a_len);
        b = sim_history_next(b, &b_len);

        if (a == NULL || b == NULL) {
            return a == b;
        }

        if (!sim_same(a, a_len, b, b_len, sim_history_members, exponent)) {
            return 0;
        }

        a += a_len;
        b += b_len;
    }
}


/* the next object of an array that has no nested ones */

static const char *
sim_history_next(const char *p, size_t *len)
{
    p += strcspn(p, "{]");

    if (*p != '{') {
        return NULL;
    }

    *len = strcspn(p, "}");

    return p;
}


static uint64_t
sim_digest(uint64_t digest, const memory_entry_t *entry)
{
    size_t  i;

    for (i = 0; i < entry->value_len; i++) {
        digest = (digest ^ (unsigned char) entry->value[i])
                 * UINT64_C(1099511628211);
    }

    return digest + 1;
}
