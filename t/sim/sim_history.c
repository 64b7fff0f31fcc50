
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <string.h>

#include "sim.h"


static void sim_history_init(sim_t *sim, uint64_t seed, int verbose);
static void sim_happen(sim_t *sim, const sim_event_t *event);
static int sim_quiet(sim_t *sim);
static int sim_stuck(const sim_refund_t *refund);


void
sim_history(sim_t *sim, uint64_t seed, int verbose)
{
    sim_event_t  event;

    sim_history_init(sim, seed, verbose);

    while (sim_next(sim, &event)) {

        if (event.type == SIM_RECONCILE && sim_quiet(sim)) {
            break;
        }

        sim_happen(sim, &event);
    }

    sim_check_rest(sim);

    sim_counts[SIM_N_STEPS] += sim->steps;
}


static void
sim_history_init(sim_t *sim, uint64_t seed, int verbose)
{
    static const unsigned  faults[] = { 10, 60, 200, 500 };
    static const int64_t   settle_times[] = { 72, 72, 75, 120 };

    memset(sim, 0, offsetof(sim_t, flows));
    memset((char *) sim + offsetof(sim_t, calls), 0,
           sizeof(sim_t) - offsetof(sim_t, calls));

    memory_init(&sim->store);

    sim->seed = seed;
    sim->state = seed;
    sim->verbose = verbose;

    sim->calm = sim_chance(sim, 80);
    sim->faults = faults[sim_between(sim, 0, 3)];
    sim->heal_at = sim_between(sim, 60000, 400000);

    /* what portone_settle_time has over a call is the time to send in */

    sim->settle_time = settle_times[sim_between(sim, 0, 3)];
    sim->send_time = sim->settle_time - (SIM_CONNECT + SIM_READ) / 1000 - 1;

    if (sim->send_time > 10) {
        sim->send_time = 10;
    }

    sim->offset = sim_chance(sim, 500) ? 0 : sim_between(sim, -300, 300);
    sim->now = sim_between(sim, 0, 999);
    sim->ttl = sim_chance(sim, 900) ? SIM_TTL : 60;
    sim->include_sandbox = sim_chance(sim, 700);

    sim->token = 1;
    sim->token_ends = sim_portone_time(sim)
                      + (sim_chance(sim, 300) ? sim_between(sim, 60, 1800)
                                              : 1800);

    sim_log(sim, "seed %llu: %u per mille of faults until %.3f s, settle %lld "
            "s, PortOne's clock %+lld s", (unsigned long long) seed,
            sim->calm ? 0 : sim->faults, (double) sim->heal_at / 1000,
            (long long) sim->settle_time, (long long) sim->offset);

    sim_clients_init(sim);
    sim_reload(sim);
}


static void
sim_happen(sim_t *sim, const sim_event_t *event)
{
    sim_call_t  *call;
    sim_flow_t  *flow;

    switch (event->type) {

    case SIM_STEP:
    case SIM_APPLY:
    case SIM_PATIENCE_ENDS:
    case SIM_LEAVE:

        flow = sim_flow_find(sim, event->i, event->life);

        if (flow == NULL) {
            return;
        }

        if (event->type == SIM_STEP) {
            sim_flow_step(sim, flow);

        } else if (event->type == SIM_APPLY) {
            sim_apply(sim, flow);

        } else if (event->type == SIM_PATIENCE_ENDS) {
            sim_flow_patience(sim, flow);

        } else {
            sim_log(sim, "the client of flow %d leaves", event->i);
            flow->client = 0;
        }

        return;

    case SIM_ARRIVE:
    case SIM_EXECUTE:

        call = sim_call_find(sim, event->i, event->life);

        if (event->type == SIM_ARRIVE) {
            sim_arrive(sim, call);

        } else {
            sim_execute(sim, call);
        }

        return;

    case SIM_MOVE:
        sim_move(sim, event->i);
        return;

    case SIM_REFUND:
        sim_client_refund(sim, event->i);
        return;

    case SIM_READ_PAYMENT:
        sim_client_read(sim, event->i);
        return;

    case SIM_WEBHOOK:
        sim_webhook(sim, event->i, (int) event->life);
        return;

    case SIM_REVIEW:
        sim_review(sim, event->i, (int) event->life);
        return;

    case SIM_RECONCILE:
        sim_reconcile(sim, event->life);
        return;

    case SIM_KILL:
        sim_kill(sim, event->i);
        return;

    case SIM_SPAWN:
        sim_spawn(sim, event->i);
        return;

    case SIM_RELOAD:
        sim_log(sim, "reload");

        if (!sim->dead[0]) {
            sim_reload(sim);
        }

        return;

    case SIM_CONSOLE:
        sim_console(sim, event->i);
        return;

    case SIM_UNDO:
        sim_undo(sim, event->i);
        return;

    case SIM_PAY:
        sim_pay(sim, event->i);
        return;

    case SIM_REVOKE:
        sim_log(sim, "PortOne takes the token back");
        sim->token++;
        sim->token_ends = sim_portone_time(sim) + 1800;
        return;
    }
}


/*
 * Nothing but the reconciler is left, and it has nothing to do.  Checks that
 * every open refund is settled in time.
 */

static int
sim_quiet(sim_t *sim)
{
    int            i, quiet;
    size_t         n;
    int64_t        from;
    sim_refund_t  *refund;

    quiet = 1;

    for (n = 0; n < sim->n_events; n++) {
        quiet &= (sim->events[n].type == SIM_RECONCILE);
    }

    for (i = 0; i < sim->n_refunds; i++) {
        refund = &sim->refunds[i];

        if (!refund->claimed || refund->settled || sim_stuck(refund)) {
            continue;
        }

        quiet = 0;

        if (refund->live) {
            continue;
        }

        /* a call that was begun before can take its time */

        from = (sim->last_change > sim->heal_at) ? sim->last_change
                                                 : sim->heal_at;

        if (sim->now > from + SIM_CONNECT + SIM_READ
                       + (sim->settle_time + SIM_TRIES + 3 * SIM_INTERVAL)
                         * 1000)
        {
            sim_broken(sim, 6, "refund %d is still %s", i,
                       portone_record_word(refund->state));
        }
    }

    return quiet;
}


/* a person's, or accepted by PortOne, which never did it */

static int
sim_stuck(const sim_refund_t *refund)
{
    return refund->state == PORTONE_STATE_MANUAL_REVIEW
           || (refund->state == PORTONE_STATE_PENDING
               && refund->live == 0
               && refund->executed == refund->undone);
}


void
sim_history_free(sim_t *sim)
{
    int  i;

    for (i = 0; i < SIM_FLOWS; i++) {

        if (sim->flows[i].life) {
            sim_flow_free(sim, &sim->flows[i]);
        }
    }

    memory_free(&sim->store);
}


int64_t
sim_time(const sim_t *sim)
{
    return SIM_EPOCH + sim->now / 1000;
}


int64_t
sim_portone_time(const sim_t *sim)
{
    return SIM_EPOCH + sim->offset + sim->now / 1000;
}
