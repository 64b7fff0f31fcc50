
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <stdlib.h>
#include <string.h>

#include "sim.h"


/* reads, and writes that become durable some time later, in one go */


static int sim_journal_append(portone_txn_t *txn, void *data);


int
sim_lookup(sim_t *sim, sim_flow_t *flow)
{
    int  rc;

    if (sim_fault(sim, 5)) {
        sim->store.fail_at = sim->store.calls
                             + (size_t) sim_between(sim, 1, 3);
    }

    rc = memory_read(&sim->store, portone_ledger_lookup, &flow->core.lookup);

    sim->store.fail_at = 0;

    return rc;
}


void
sim_commit(sim_t *sim, sim_flow_t *flow)
{
    int64_t  delay;

    delay = sim_between(sim, 1, 15);

    if (sim_fault(sim, 25)) {
        delay = sim_between(sim, 15, sim_chance(sim, 700) ? 9900 : 90000);

        /* a disk that works again works for all */

        if (sim->now + delay > sim->heal_at) {
            delay = sim->heal_at - sim->now + 1;
        }
    }

    flow->fails = sim_fault(sim, 25);
    flow->lost = sim_fault(sim, 8);

    sim_schedule(sim, delay, SIM_APPLY, flow - sim->flows, flow->life);
}


void
sim_apply(sim_t *sim, sim_flow_t *flow)
{
    int               rc;
    void             *data;
    memory_apply_pt   apply;

    switch (flow->step) {

    case PORTONE_STEP_SAVE:
        apply = portone_ledger_save;
        data = &flow->core.save;
        break;

    case PORTONE_STEP_CLAIM:
        apply = portone_ledger_claim;
        data = &flow->core.claim;
        break;

    default: /* PORTONE_STEP_SETTLE */
        apply = portone_ledger_settle;
        data = &flow->core.settlement;
        break;
    }

    rc = PORTONE_ERROR;

    if (flow->fails && sim_chance(sim, 500)) {

        /* it fails before it is done, or in the middle */

        sim->store.fail_at = sim->store.calls
                             + (size_t) sim_between(sim, 1, 6);
        (void) memory_dry_run(&sim->store, apply, data);
        sim->store.fail_at = 0;

    } else if (!flow->fails) {

        if (sim_fault(sim, 4)) {
            sim_memory_fail((size_t) sim_between(sim, 1, 30));
        }

        rc = memory_apply(&sim->store, apply, data);

        sim_memory_fail(0);
    }

    flow->rc = flow->lost ? PORTONE_ERROR : rc;

    sim_log(sim, "worker %d flow %d: %s%s", flow->worker,
            (int) (flow - sim->flows),
            (rc == PORTONE_OK) ? "committed" : "not committed",
            (rc != flow->rc) ? ", but reported as failed" : "");

    sim_check_store(sim);

    sim_flow_end_step(sim, flow, sim_fault(sim, 20)
                                 ? sim_between(sim, 1, 20000)
                                 : sim_between(sim, 0, 3));
}


void
sim_journal(sim_t *sim, const char *text)
{
    char                     *entry;
    const char               *why;
    portone_str_t             str;
    portone_payment_t         payment;
    portone_journal_facts_t   facts;

    if (portone_payment_parse(&payment, text, strlen(text), &why)
        != PORTONE_OK)
    {
        abort();
    }

    facts.kind = PORTONE_JOURNAL_DEPOSIT;
    facts.time = sim_time(sim);
    facts.merchant = portone_str(SIM_MERCHANT);
    facts.payment = &payment;
    facts.record = NULL;

    entry = portone_journal_entry(&facts);
    str = portone_str(entry);

    if (memory_apply(&sim->store, sim_journal_append, &str) != PORTONE_OK) {
        abort();
    }

    cJSON_free(entry);
    portone_payment_free(&payment);
}


static int
sim_journal_append(portone_txn_t *txn, void *data)
{
    return portone_journal_append(txn, data);
}
