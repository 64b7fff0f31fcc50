
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <stdlib.h>
#include <string.h>

#include "sim.h"


/*
 * Reads what is stored after every commit, and holds it against what was
 * stored before and against what PortOne has done.
 */


static void sim_check_payments(sim_t *sim);
static void sim_check_record(sim_t *sim, const memory_map_t *map, size_t i,
    int open);
static void sim_check_open(sim_t *sim, int i, portone_state_e state);
static void sim_check_settled(sim_t *sim, int i, portone_state_e state);
static int sim_alike(const sim_t *sim, const sim_refund_t *refund);


void
sim_check_store(sim_t *sim)
{
    int                  i;
    size_t               n;
    const memory_map_t  *intents, *attempts;

    sim_check_payments(sim);

    sim->seen = 0;

    intents = &sim->store.committed[PORTONE_DB_INTENTS];

    for (n = 0; n < intents->n; n++) {
        sim_check_record(sim, intents, n, 1);
    }

    attempts = &sim->store.committed[PORTONE_DB_ATTEMPTS];

    for (n = 0; n < attempts->n; n++) {
        sim_check_record(sim, attempts, n, 0);
    }

    for (i = 0; i < sim->n_refunds; i++) {

        if (sim->refunds[i].claimed && !(sim->seen & (1u << i))) {
            sim_broken(sim, 12, "the record of refund %d is lost", i);
        }
    }

    sim_check_journal(sim);
    sim_check_keys(sim);
}


/* a payment that is stored is one that PortOne has told, and never older */

static void
sim_check_payments(sim_t *sim)
{
    int                    version;
    char                   uid[48];
    size_t                 n;
    int64_t                cancelled;
    const char            *text;
    sim_payment_t         *payment;
    const memory_map_t    *map;
    const memory_entry_t  *entry;

    map = &sim->store.committed[PORTONE_DB_PAYMENTS];

    for (n = 0; n < map->n; n++) {
        entry = &map->entries[n];
        text = entry->value;

        sim_text_string(text, entry->value_len, "imp_uid", uid);

        if (entry->key_len != sizeof(SIM_MERCHANT) + strlen(uid)
            || memcmp(entry->key + sizeof(SIM_MERCHANT), uid, strlen(uid))
               != 0)
        {
            sim_broken(sim, 7, "%s is stored as another payment", uid);
        }

        payment = &sim->payments[atoi(uid + sizeof("imp_") - 1)];

        version = (int) sim_text_amount(text, entry->value_len, "version", 0);
        cancelled = sim_text_amount(text, entry->value_len, "cancel_amount",
                                    payment->exponent);

        if (version == -1 && payment->by_hand && payment->stored == 0) {
            continue;
        }

        if (version < payment->stored) {
            sim_broken(sim, 7, "stored %s goes back from version %d to %d",
                       uid, payment->stored, version);
        }

        if (version > payment->version
            || cancelled != payment->versions[version])
        {
            sim_broken(sim, 7, "stored %s: cancel_amount %lld was never so",
                       uid, (long long) cancelled);
        }

        payment->stored = version;
        payment->stored_cancelled = cancelled;
    }
}


static void
sim_check_record(sim_t *sim, const memory_map_t *map, size_t n, int open)
{
    int                    i, payment;
    char                   id[48], word[48], uid[48];
    size_t                 len;
    const char            *text;
    sim_refund_t          *refund;
    portone_state_e        state;
    const memory_entry_t  *entry;

    entry = &map->entries[n];

    text = entry->value;
    len = entry->value_len;

    sim_text_string(text, len, "refund_id", id);
    sim_text_string(text, len, "state", word);
    sim_text_string(text, len, "imp_uid", uid);

    i = sim_refund_number(id);
    payment = atoi(uid + sizeof("imp_") - 1);
    state = sim_state(word);

    if (i < 0 || i >= sim->n_refunds || state == PORTONE_STATE_MAX
        || (sim->seen & (1u << i)))
    {
        sim_broken(sim, 12, "a record that cannot be: %.*s", (int) len, text);
    }

    sim->seen |= 1u << i;

    refund = &sim->refunds[i];

    if (open) {
        refund->settle_at = sim_text_amount(text, len, "settle_at", 0);
    }

    if (refund->claimed && refund->state == state && refund->settled == !open)
    {
        return;
    }

    sim_log(sim, "refund %d is %s now", i, word);

    if (state == PORTONE_STATE_PENDING) {
        refund->pended = 1;
    }

    if (!refund->claimed) {

        if (!open || state != PORTONE_STATE_SENDING
            || sim->payments[payment].order
               != sim->payments[refund->payment].order
            || (!refund->by_order && payment != refund->payment))
        {
            sim_broken(sim, 12, "refund %d begins as %s of %s", i, word, uid);
        }

        refund->claimed = 1;
        refund->payment = payment;
        refund->state = state;
        refund->requested_at = sim->offset
                               + sim_text_amount(text, len, "requested_at",
                                                 0);

    } else if (refund->settled) {
        sim_broken(sim, 12, "settled refund %d becomes %s", i, word);

    } else if (open) {
        sim_check_open(sim, i, state);

    } else {
        sim_check_settled(sim, i, state);
    }

    refund->state = state;
    refund->settled = !open;
}


static void
sim_check_open(sim_t *sim, int i, portone_state_e state)
{
    sim_refund_t   *refund;
    sim_payment_t  *payment;

    refund = &sim->refunds[i];
    payment = &sim->payments[refund->payment];

    switch (state) {

    case PORTONE_STATE_UNKNOWN:
        sim_counts[SIM_N_UNKNOWN]++;

        if (refund->state != PORTONE_STATE_SENDING) {
            sim_broken(sim, 12, "refund %d was %s, is unknown", i,
                       portone_record_word(refund->state));
        }

        /* somebody is too quick */

        if (sim_chance(sim, 100)) {
            sim_schedule(sim, sim_between(sim, 0, 100000), SIM_REVIEW, i, 0);
        }

        return;

    case PORTONE_STATE_PENDING:
        sim_counts[SIM_N_PENDING]++;

        if (refund->state == PORTONE_STATE_MANUAL_REVIEW) {
            sim_broken(sim, 12, "refund %d is not in manual_review any more",
                       i);
        }

        return;

    case PORTONE_STATE_MANUAL_REVIEW:
        sim_counts[SIM_N_MANUAL_REVIEW]++;

        /*
         * a person's time is taken only if there is something to decide; an
         * unanswered refund to a virtual account can still come
         */

        if (payment->foreign == 0 && !payment->by_hand && !payment->hidden
            && !refund->contradicted && strcmp(payment->method, "vbank") != 0)
        {
            sim_broken(sim, 13, "refund %d is in manual_review for nothing",
                       i);
        }

        /* some are never looked at, some by two people */

        if (sim_chance(sim, 600)) {
            sim_schedule(sim, sim_between(sim, 0, 300000), SIM_REVIEW, i, 0);
        }

        if (sim_chance(sim, 200)) {
            sim_schedule(sim, sim_between(sim, 0, 300000), SIM_REVIEW, i, 0);
        }

        return;

    default:
        sim_broken(sim, 12, "open refund %d becomes %s", i,
                   portone_record_word(state));
    }
}


static void
sim_check_settled(sim_t *sim, int i, portone_state_e state)
{
    sim_refund_t   *refund;
    sim_payment_t  *payment;

    refund = &sim->refunds[i];
    payment = &sim->payments[refund->payment];

    switch (state) {

    case PORTONE_STATE_SUCCEEDED:
        sim_counts[SIM_N_SUCCEEDED]++;

        if (refund->executed && payment->stored >= refund->version) {
            return;
        }

        /* it can be executed while the mistake is on its way to the disk */

        if (sim_alike(sim, refund)) {
            refund->mistaken = 1;

        } else if (refund->executed) {
            sim_broken(sim, 7, "refund %d has succeeded, the payment is "
                       "stored without it", i);

        } else {
            sim_broken(sim, 4, "refund %d has succeeded, but was not "
                       "executed", i);
        }

        return;

    case PORTONE_STATE_REJECTED:
    case PORTONE_STATE_NOT_EXECUTED:
        sim_counts[(state == PORTONE_STATE_REJECTED) ? SIM_N_REJECTED
                                                     : SIM_N_NOT_EXECUTED]++;

        if (refund->executed > refund->undone) {
            sim_broken(sim, 7, "refund %d is %s, but was executed", i,
                       portone_record_word(state));
        }

        if (refund->live) {
            sim_broken(sim, 2, "refund %d is %s, but PortOne may still "
                       "execute it", i, portone_record_word(state));
        }

        return;

    default:
        sim_broken(sim, 12, "refund %d is settled as %s", i,
                   portone_record_word(state));
    }
}


/*
 * Somebody else's cancellation that nothing tells from ours: the same amount
 * and reason, and not dated before the claim.  One of ours is somebody else's
 * if its refund was settled by such a mistake.  The clocks can be wrong by
 * the delay of a token's answer, and 5 s are forgiven to them.
 */

static int
sim_alike(const sim_t *sim, const sim_refund_t *refund)
{
    int64_t               amount;
    size_t                n;
    const sim_entry_t    *entry;
    const sim_payment_t  *payment;

    payment = &sim->payments[refund->payment];

    for (n = 0; n < payment->n_entries; n++) {
        entry = &payment->entries[n];

        amount = refund->amount ? refund->amount : entry->amount;

        if ((entry->refund == -1 || sim->refunds[entry->refund].mistaken)
            && entry->amount == amount
            && (refund->reason[0] == '\0'
                || strcmp(refund->reason, entry->reason) == 0)
            && entry->at >= refund->requested_at - 6 - SIM_TOKEN / 1000)
        {
            return 1;
        }
    }

    return 0;
}


portone_state_e
sim_state(const char *word)
{
    int  state;

    for (state = 0; state < PORTONE_STATE_MAX; state++) {
        if (strcmp(portone_record_word((portone_state_e) state), word) == 0) {
            break;
        }
    }

    return (portone_state_e) state;
}
