
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <string.h>

#include "sim.h"


/* worker processes; the reconciler runs in the one with the number 0 */


static void sim_reconcile_settle(sim_t *sim, portone_due_t *due);
static int64_t sim_reconcile_pause(sim_t *sim);


void
sim_kill(sim_t *sim, int worker)
{
    int  i;

    if (sim->dead[worker]) {
        return;
    }

    sim_log(sim, "worker %d dies", worker);
    sim_counts[SIM_N_KILLED]++;

    for (i = 0; i < SIM_FLOWS; i++) {

        if (sim->flows[i].life && sim->flows[i].worker == worker) {
            sim_flow_free(sim, &sim->flows[i]);
        }
    }

    sim->dead[worker] = 1;

    if (worker == 0) {
        sim->reconciler = 0;
    }

    sim_schedule(sim, sim_between(sim, 10, 2000), SIM_SPAWN, worker, 0);
}


void
sim_spawn(sim_t *sim, int worker)
{
    sim_log(sim, "worker %d lives", worker);

    sim->dead[worker] = 0;

    if (worker == 0) {
        sim_reload(sim);
    }
}


/*
 * The new worker 0 does not know what the old one is still settling; that
 * one goes on with it, under a number that no other worker has.
 */

void
sim_reload(sim_t *sim)
{
    int  i;

    for (i = 0; i < SIM_FLOWS; i++) {

        if (sim->flows[i].life && sim->flows[i].place != -1) {
            sim->flows[i].place = -1;
            sim->flows[i].worker = SIM_WORKERS;
        }
    }

    for (i = 0; i < SIM_PLACES; i++) {
        sim->places[i].len = 0;
    }

    memset(&sim->due, 0, sizeof(portone_due_list_t));

    sim->reconciler = ++sim->lives;

    sim_schedule(sim, SIM_INTERVAL * 1000, SIM_RECONCILE, 0,
                 sim->reconciler);
}


int
sim_worker(sim_t *sim)
{
    int  i, n;

    n = (int) sim_between(sim, 0, SIM_WORKERS - 1);

    for (i = 0; i < SIM_WORKERS; i++) {

        if (!sim->dead[(n + i) % SIM_WORKERS]) {
            return (n + i) % SIM_WORKERS;
        }
    }

    return -1;
}


void
sim_reconcile(sim_t *sim, uint64_t life)
{
    int     rc;
    size_t  i;

    if (life != sim->reconciler) {
        return;
    }

    if (sim_fault(sim, 5)) {
        sim->store.fail_at = sim->store.calls + 1;
    }

    sim->due.now = sim_time(sim);
    sim->due.max = PORTONE_DUE_MAX;

    rc = memory_read(&sim->store, portone_ledger_due, &sim->due);

    sim->store.fail_at = 0;

    if (rc == PORTONE_OK) {
        for (i = 0; i < sim->due.n; i++) {
            sim_reconcile_settle(sim, &sim->due.due[i]);
        }
    }

    sim_schedule(sim, sim_reconcile_pause(sim), SIM_RECONCILE, 0, life);
}


/* intervals in which nothing can come due are left out: there are many */

static int64_t
sim_reconcile_pause(sim_t *sim)
{
    int      i;
    int64_t  first, pause;

    first = 0;

    for (i = 0; i < sim->n_refunds; i++) {

        if (sim->refunds[i].claimed && !sim->refunds[i].settled
            && (first == 0 || sim->refunds[i].settle_at < first))
        {
            first = sim->refunds[i].settle_at;
        }
    }

    pause = (first - sim_time(sim)) / SIM_INTERVAL * SIM_INTERVAL;

    if (pause < SIM_INTERVAL || sim->now < sim->heal_at) {
        pause = SIM_INTERVAL;
    }

    return pause * 1000;
}


static void
sim_reconcile_settle(sim_t *sim, portone_due_t *due)
{
    int              i, place;
    size_t           len;
    sim_flow_t      *flow;
    portone_str_t    merchant;
    portone_flow_t  *core;

    place = -1;

    for (i = 0; i < SIM_PLACES; i++) {

        if (sim->places[i].len == 0) {
            place = i;
            continue;
        }

        if (sim->places[i].len == due->key.len
            && memcmp(sim->places[i].data, due->key.data, due->key.len) == 0)
        {
            return;
        }
    }

    if (place == -1) {
        return;
    }

    flow = sim_flow_create(sim, 0);
    core = &flow->core;

    merchant = portone_str(SIM_MERCHANT);

    len = due->key.len - merchant.len - 1;

    if (due->key.len <= merchant.len + 1
        || len >= sizeof(flow->uids[0])
        || memcmp(due->key.data, merchant.data, merchant.len) != 0)
    {
        sim_broken(sim, 6, "what is due is not of the merchant");
    }

    memcpy(flow->uids[0], due->key.data + merchant.len + 1, len);
    flow->uids[0][len] = '\0';

    memcpy(flow->account, due->account, sizeof(due->account));

    core->account = portone_str(flow->account);
    core->want = PORTONE_WANT_SETTLE;
    core->fetch = 0;
    core->include_sandbox = due->include_sandbox;
    core->request.imp_uid = portone_str(flow->uids[0]);

    flow->place = place;
    sim->places[place] = due->key;

    sim_flow_start(sim, flow);
}
