
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <stdlib.h>
#include <string.h>

#include "sim.h"


/* the invariants, by their numbers in docs/guarantees.md */


static int sim_mistaken(const sim_t *sim, int payment);
static const memory_entry_t *sim_stored_intent(sim_t *sim, int payment);
static void sim_check_calm(sim_t *sim, sim_refund_t *refund, int i,
    portone_error_e error);
static void sim_check_secrets(sim_t *sim);


void
sim_check_cancel(sim_t *sim, sim_flow_t *flow)
{
    char                   id[48], word[48], uid[48];
    size_t                 len;
    int64_t                amount, checksum, stored;
    const char            *body;
    sim_refund_t          *refund;
    sim_payment_t         *payment;
    const memory_entry_t  *intent;

    if (flow->refund == -1) {
        sim_broken(sim, 1, "a cancel that nobody asked for");
    }

    refund = &sim->refunds[flow->refund];

    if (!refund->claimed) {
        sim_broken(sim, 3, "a cancel of refund %d without an intent",
                   flow->refund);
    }

    payment = &sim->payments[refund->payment];
    intent = sim_stored_intent(sim, refund->payment);

    if (intent == NULL) {
        sim_broken(sim, 3, "a cancel of refund %d without an intent",
                   flow->refund);
    }

    sim_text_string(intent->value, intent->value_len, "refund_id", id);
    sim_text_string(intent->value, intent->value_len, "state", word);

    if (strcmp(id, flow->id) != 0 || strcmp(word, "sending") != 0) {
        sim_broken(sim, 3, "a cancel of refund %d with the intent %s, %s",
                   flow->refund, id, word);
    }

    if (sim->now + SIM_CONNECT + SIM_READ
        > (refund->settle_at - SIM_EPOCH) * 1000)
    {
        sim_broken(sim, 2, "the cancel of refund %d may still be executed "
                   "when a re-read is believed", flow->refund);
    }

    body = flow->core.body;
    len = strlen(body);

    sim_text_string(body, len, "imp_uid", uid);

    if (strncmp(uid, "imp_", 4) != 0 || atoi(uid + 4) != refund->payment) {
        sim_broken(sim, 10, "a cancel of \"%s\": %s", uid, body);
    }

    amount = sim_text_amount(body, len, "amount", payment->exponent);
    checksum = sim_text_amount(body, len, "checksum", payment->exponent);
    stored = payment->amount - payment->stored_cancelled;

    if (amount <= 0
        || amount != (refund->amount ? refund->amount : stored))
    {
        sim_broken(sim, 10, "a cancel of another amount: %s", body);
    }

    if (checksum != stored) {
        sim_broken(sim, 1, "a cancel without the fence: %s", body);
    }
}


void
sim_check_taken(sim_t *sim, sim_call_t *call)
{
    sim_refund_t   *refund;
    sim_payment_t  *payment;

    refund = &sim->refunds[call->refund];
    payment = &sim->payments[call->payment];

    if (payment->executing && !sim_mistaken(sim, call->payment)) {
        sim_broken(sim, 2, "payment %d has two cancels in flight, one is of "
                   "refund %d", call->payment, call->refund);
    }

    if (!refund->claimed || refund->settled) {
        sim_broken(sim, 3, "refund %d is not open, its cancel is taken",
                   call->refund);
    }
}


/* a refund of the payment that was settled and may still be executed */

static int
sim_mistaken(const sim_t *sim, int payment)
{
    int  i;

    for (i = 0; i < sim->n_refunds; i++) {

        if (sim->refunds[i].mistaken && sim->refunds[i].live
            && sim->refunds[i].payment == payment)
        {
            return 1;
        }
    }

    return 0;
}


void
sim_check_executed(sim_t *sim, int payment, int i, int64_t amount)
{
    sim_refund_t   *refund;
    sim_payment_t  *p;

    refund = &sim->refunds[i];
    p = &sim->payments[payment];

    sim_counts[SIM_N_EXECUTED]++;

    refund->executed++;
    refund->version = p->version;

    sim_check_key_executed(sim, i);

    if (refund->executed > 1) {
        sim_broken(sim, 1, "refund %d is executed twice", i);
    }

    if (p->cancelled > p->amount) {
        sim_broken(sim, 1, "payment %d is refunded more than was paid",
                   payment);
    }

    if (refund->amount && amount != refund->amount) {
        sim_broken(sim, 10, "refund %d of %lld is executed as %lld", i,
                   (long long) refund->amount, (long long) amount);
    }

    if (refund->settled && !refund->mistaken) {
        sim_broken(sim, 3, "refund %d is executed, but was %s", i,
                   portone_record_word(refund->state));
    }
}


void
sim_check_answer(sim_t *sim, sim_flow_t *flow)
{
    int              i;
    sim_refund_t    *refund;
    portone_flow_t  *core;

    core = &flow->core;
    i = flow->refund;

    if (i == -1) {
        return;
    }

    refund = &sim->refunds[i];

    refund->told = 1;
    refund->error = core->error;
    refund->told_of = sim_told_of(core);

    sim_check_key_answer(sim, flow);

    if (sim->calm) {
        sim_check_calm(sim, refund, i, core->error);
    }

    if (core->error != PORTONE_NO_ERROR) {
        return;
    }

    i = refund->told_of;
    refund = &sim->refunds[i];

    switch (core->state) {

    case PORTONE_STATE_SUCCEEDED:

        if (!refund->settled || refund->state != PORTONE_STATE_SUCCEEDED) {
            sim_broken(sim, 4, "the success of refund %d is told and not "
                       "stored", i);
        }

        return;

    case PORTONE_STATE_PENDING:

        /* a webhook can settle it before its client is told */

        if (!refund->claimed || (refund->settled && !refund->pended)) {
            sim_broken(sim, 4, "refund %d is told as pending, the store has "
                       "no such intent", i);
        }

        return;

    default:
        sim_broken(sim, 4, "refund %d is told as success, and is %s", i,
                   portone_record_word(core->state));
    }
}


/*
 * What PortOne had when the webhook came is stored, but for a refund that
 * PortOne has not got done: its settlement will store it.
 */

void
sim_check_webhook(sim_t *sim, sim_flow_t *flow)
{
    char                   word[48];
    sim_payment_t         *payment;
    const memory_entry_t  *intent;

    if (flow->core.error != PORTONE_NO_ERROR
        || flow->core.request.imp_uid.len == 0)
    {
        return;
    }

    payment = &sim->payments[flow->webhook];

    if (payment->stored >= flow->version) {
        return;
    }

    intent = sim_stored_intent(sim, flow->webhook);

    if (intent != NULL) {
        sim_text_string(intent->value, intent->value_len, "state", word);
    }

    if (intent == NULL || strcmp(word, "pending") != 0) {
        sim_broken(sim, 14, "a webhook of version %d of payment %d was "
                   "heeded, version %d is stored", flow->version,
                   flow->webhook, payment->stored);
    }
}


/* when nothing goes wrong, what can be refunded is */

static void
sim_check_calm(sim_t *sim, sim_refund_t *refund, int i,
    portone_error_e error)
{
    int             n;
    int64_t         balance;
    sim_payment_t  *payment;

    payment = &sim->payments[refund->payment];

    balance = payment->amount - payment->cancelled;

    if (refund->executed) {
        balance += refund->amount ? refund->amount : payment->amount;
    }

    if (!payment->paid || payment->foreign || payment->asynchronous
        || (payment->hidden && !sim->include_sandbox)
        || balance == 0 || refund->amount > balance)
    {
        return;
    }

    for (n = 0; n < sim->n_payments; n++) {

        if (sim->payments[n].order == payment->order
            && &sim->payments[n] != payment)
        {
            return;
        }
    }

    if (error != PORTONE_NO_ERROR || refund->executed != 1) {
        sim_broken(sim, 13, "nothing went wrong, but refund %d is told \"%s\"",
                   i, portone_error_word(error));
    }
}


void
sim_check_rest(sim_t *sim)
{
    int             i, open;
    sim_refund_t   *refund;
    sim_payment_t  *payment;

    for (i = 0; i < sim->n_refunds; i++) {

        if (!sim->refunds[i].told) {
            continue;
        }

        refund = &sim->refunds[sim->refunds[i].told_of];

        switch (sim->refunds[i].error) {

        case PORTONE_NO_ERROR:

            if (refund->state != PORTONE_STATE_SUCCEEDED
                && refund->state != PORTONE_STATE_PENDING
                && refund->state != PORTONE_STATE_MANUAL_REVIEW
                && !(refund->reviewed
                     && refund->state == PORTONE_STATE_NOT_EXECUTED
                     && refund->executed == refund->undone))
            {
                sim_broken(sim, 4, "the client was told that refund %d has "
                           "succeeded, it is %s", i,
                           portone_record_word(refund->state));
            }

            break;

        case PORTONE_OUTCOME_UNKNOWN:
            break;

        default:

            if (refund->executed > refund->undone) {
                sim_broken(sim, 11, "the client was told \"%s\", but refund "
                           "%d was executed",
                           portone_error_word(sim->refunds[i].error), i);
            }

            break;
        }
    }

    for (i = 0; i < sim->n_payments; i++) {
        payment = &sim->payments[i];

        open = (sim_stored_intent(sim, i) != NULL);

        if (payment->stored && !payment->foreign && !open
            && payment->stored_cancelled != payment->cancelled)
        {
            sim_broken(sim, 7, "at rest, payment %d has cancel_amount %lld, "
                       "PortOne has %lld", i,
                       (long long) payment->stored_cancelled,
                       (long long) payment->cancelled);
        }
    }

    for (i = 0; i < sim->n_refunds; i++) {
        refund = &sim->refunds[i];

        if (refund->executed && !refund->undone && refund->settled
            && !refund->mistaken
            && sim->payments[refund->payment].stored < refund->version)
        {
            sim_broken(sim, 7, "at rest, the stored payment lacks refund %d",
                       i);
        }
    }

    sim_check_journal_rest(sim);
    sim_check_secrets(sim);
}


int
sim_refund_number(const char *id)
{
    return (strlen(id) == PORTONE_REFUND_ID_LEN)
           ? atoi(id + PORTONE_REFUND_ID_LEN - 12) : -1;
}


int
sim_told_of(const portone_flow_t *core)
{
    char  id[PORTONE_REFUND_ID_LEN + 1];

    if (core->refund_id.len != PORTONE_REFUND_ID_LEN) {
        return -1;
    }

    memcpy(id, core->refund_id.data, PORTONE_REFUND_ID_LEN);
    id[PORTONE_REFUND_ID_LEN] = '\0';

    return sim_refund_number(id);
}


static const memory_entry_t *
sim_stored_intent(sim_t *sim, int payment)
{
    char                 uid[48];
    size_t               n;
    const memory_map_t  *map;

    map = &sim->store.committed[PORTONE_DB_INTENTS];

    for (n = 0; n < map->n; n++) {

        sim_text_string(map->entries[n].value, map->entries[n].value_len,
                        "imp_uid", uid);

        if (atoi(uid + sizeof("imp_") - 1) == payment) {
            return &map->entries[n];
        }
    }

    return NULL;
}


/* what a client sends to have the money paid out is never stored */

static void
sim_check_secrets(sim_t *sim)
{
    char                  *text;
    size_t                 n, db;
    const memory_entry_t  *entry;

    for (db = 0; db < PORTONE_DB_MAX; db++) {

        for (n = 0; n < sim->store.committed[db].n; n++) {
            entry = &sim->store.committed[db].entries[n];
            text = entry->value;

            if (strstr(text, SIM_ACCOUNT) != NULL
                || strstr(text, "Hong") != NULL)
            {
                sim_broken(sim, 9, "stored: %s", text);
            }
        }
    }
}
