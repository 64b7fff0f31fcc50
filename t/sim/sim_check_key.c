
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <stdlib.h>
#include <string.h>

#include "portone_reply.h"

#include "sim.h"


/* idempotency keys: same key and request, same answer, one execution */


static int sim_key_is_kept(sim_t *sim, const portone_flow_t *core);
static uint64_t sim_key_digest(sim_t *sim, sim_flow_t *flow);
static void sim_key_holds(sim_t *sim, int i, unsigned seen,
    unsigned answered);


/* a key and its refund are written together: never one without the other */

void
sim_check_keys(sim_t *sim)
{
    int                    i, answered;
    char                   id[48];
    size_t                 n;
    unsigned               seen, with_answer;
    sim_refund_t          *refund;
    const memory_map_t    *map;
    const memory_entry_t  *entry;

    map = &sim->store.committed[PORTONE_DB_IDEMPOTENCY];

    if (map->n != sim->store.committed[PORTONE_DB_IDEMPOTENCY_EXPIRY].n) {
        sim_broken(sim, 5, "keys and their times to expire do not agree");
    }

    seen = 0;
    with_answer = 0;

    for (n = 0; n < map->n; n++) {
        entry = &map->entries[n];

        sim_text_string(entry->value, entry->value_len, "refund_id", id);
        i = sim_refund_number(id);

        if (i == -1 || i >= sim->n_refunds || sim->refunds[i].key == -1
            || !sim->refunds[i].claimed)
        {
            sim_broken(sim, 5, "a key of no refund: %.*s",
                       (int) entry->value_len, entry->value);
        }

        refund = &sim->refunds[i];

        answered = (strstr(entry->value, "\"answer\":null") == NULL);

        if (!answered && refund->settled) {
            sim_broken(sim, 5, "the key of refund %d is open, the refund is "
                       "%s", i, portone_record_word(refund->state));
        }

        if (answered && !refund->settled
            && (refund->state == PORTONE_STATE_SENDING
                || refund->state == PORTONE_STATE_UNKNOWN))
        {
            sim_broken(sim, 5, "the key of refund %d has an answer, the "
                       "refund is %s", i, portone_record_word(refund->state));
        }

        seen |= 1u << i;
        with_answer |= (unsigned) answered << i;
    }

    for (i = 0; i < sim->n_refunds; i++) {
        sim_key_holds(sim, i, seen, with_answer);
    }
}


static void
sim_key_holds(sim_t *sim, int i, unsigned seen, unsigned answered)
{
    sim_refund_t  *refund;

    refund = &sim->refunds[i];

    if (!refund->claimed || refund->key == -1) {
        return;
    }

    if (!refund->settled) {

        if (!(seen & (1u << i))) {
            sim_broken(sim, 5, "refund %d is open, its key is not held", i);
        }

        return;
    }

    switch (refund->state) {

    case PORTONE_STATE_SUCCEEDED:

        if (!(answered & (1u << i)) && sim->ttl == SIM_TTL) {
            sim_broken(sim, 5, "refund %d has succeeded, its key has no "
                       "answer", i);
        }

        return;

    case PORTONE_STATE_NOT_EXECUTED:

        if (seen & (1u << i)) {
            sim_broken(sim, 5, "refund %d was not executed, its key is held",
                       i);
        }

        return;

    default:
        return;
    }
}


void
sim_check_key_executed(sim_t *sim, int i)
{
    int            n;
    sim_refund_t  *refund, *other;

    refund = &sim->refunds[i];

    if (refund->key == -1) {
        return;
    }

    for (n = 0; n < sim->n_refunds; n++) {
        other = &sim->refunds[n];

        if (n == i || other->key != refund->key || !other->claimed) {
            continue;
        }

        if (!other->settled
            || (other->executed > other->undone && sim->ttl == SIM_TTL))
        {
            sim_broken(sim, 5, "refunds %d and %d have the same key, both are "
                       "executed", n, i);
        }
    }
}


void
sim_check_key_answer(sim_t *sim, sim_flow_t *flow)
{
    uint64_t         digest;
    sim_key_t       *key;
    sim_refund_t    *refund;
    portone_flow_t  *core;

    core = &flow->core;
    refund = &sim->refunds[flow->refund];

    if (refund->key == -1 || sim->ttl != SIM_TTL) {
        return;
    }

    key = &sim->keys[refund->key];

    if (core->error == PORTONE_STORE_UNAVAILABLE
        || core->error == PORTONE_OVERLOADED)
    {
        return;
    }

    if (key->known && key->since <= refund->started_at) {

        if (refund->print != key->print) {

            if (core->error != PORTONE_IDEMPOTENCY_KEY_REUSED) {
                sim_broken(sim, 5, "refund %d has the key of refund %d and "
                           "is told \"%s\"", flow->refund, key->refund,
                           portone_error_word(core->error));
            }

            return;
        }

        if (!core->replayed) {
            sim_broken(sim, 5, "the answer of refund %d is not repeated to "
                       "refund %d, but \"%s\"", key->refund, flow->refund,
                       portone_error_word(core->error));
        }
    }

    if (!core->replayed && !sim_key_is_kept(sim, core)) {
        return;
    }

    digest = sim_key_digest(sim, flow);

    if (digest == 0) {
        return;
    }

    /* what was pending has an end, later */

    if (key->known && key->digest != digest
        && !(key->state == PORTONE_STATE_PENDING
             && core->state != PORTONE_STATE_PENDING))
    {
        sim_broken(sim, 5, "key %d had another answer before", refund->key);
    }

    if (!key->known || key->digest != digest) {
        key->known = 1;
        key->since = sim->now;
        key->print = refund->print;
        key->refund = flow->refund;
        key->state = core->state;
        key->digest = digest;
    }
}


/*
 * A refusal is told even if it could not be stored, or if somebody else has
 * settled the refund meanwhile; then it is not kept.
 */

static int
sim_key_is_kept(sim_t *sim, const portone_flow_t *core)
{
    switch (core->error) {

    case PORTONE_NO_ERROR:
        return 1;

    case PORTONE_REFUND_REJECTED:
        return sim->refunds[sim_told_of(core)].settled
               && sim->refunds[sim_told_of(core)].state
                  == PORTONE_STATE_REJECTED;

    default:
        return 0;
    }
}


/* of all that a client gets; 0: there was no memory for it */

static uint64_t
sim_key_digest(sim_t *sim, sim_flow_t *flow)
{
    char            *body, *p;
    uint64_t         digest;
    portone_flow_t  *core;

    core = &flow->core;

    body = portone_reply_refund(core);

    if (body == NULL) {
        return 0;
    }

    digest = 0xcbf29ce484222325;

    for (p = body; *p != '\0'; p++) {
        digest = (digest ^ (unsigned char) *p) * 0x100000001b3;
    }

    digest = (digest ^ (uint64_t) core->error) * 0x100000001b3;
    digest = (digest ^ (uint64_t) core->state) * 0x100000001b3;
    digest = (digest ^ (uint64_t) core->code) * 0x100000001b3;
    digest = (digest ^ (uint64_t) sim_told_of(core)) * 0x100000001b3;

    sim_log(sim, "answer %016llx %s", (unsigned long long) digest, body);

    cJSON_free(body);

    return digest;
}
