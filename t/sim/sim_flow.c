
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"


/* does for the flows what nginx does on the server */


static void sim_flow_run(sim_t *sim, sim_flow_t *flow, portone_step_e step);
static void sim_flow_finish(sim_t *sim, sim_flow_t *flow);
static void sim_flow_tell(sim_t *sim, sim_flow_t *flow);


static const char  *sim_steps[] = {
    "lookup", "token", "refresh", "fetch", "deposit", "claim", "cancel",
    "reread", "settle", "finish"
};


sim_flow_t *
sim_flow_create(sim_t *sim, int worker)
{
    int              i;
    sim_flow_t      *flow;
    portone_flow_t  *core;

    for (i = 0; i < SIM_FLOWS && sim->flows[i].life; i++) { /* void */ }

    if (i == SIM_FLOWS) {
        abort();
    }

    flow = &sim->flows[i];
    core = &flow->core;

    memset(core, 0, sizeof(portone_flow_t));

    flow->life = ++sim->lives;
    flow->worker = worker;
    flow->refund = -1;
    flow->place = -1;
    flow->webhook = -1;
    flow->review = -1;
    flow->token = 0;
    flow->offset = 0;
    flow->client = 0;
    flow->patience = 0;

    core->merchant = portone_str(SIM_MERCHANT);
    core->account = portone_str((!sim->calm && sim_chance(sim, 50))
                                ? "beef" : "f00d");
    core->settle_time_s = sim->settle_time;
    core->send_time_s = sim->send_time;
    core->retry_time_s = SIM_INTERVAL;
    core->fetch = 1;
    core->phone_month = 1;
    core->include_sandbox = sim->include_sandbox;

    return flow;
}


sim_flow_t *
sim_flow_find(sim_t *sim, int i, uint64_t life)
{
    return (sim->flows[i].life == life) ? &sim->flows[i] : NULL;
}


void
sim_flow_start(sim_t *sim, sim_flow_t *flow)
{
    sim_flow_run(sim, flow, portone_flow_start(&flow->core));
}


/* until something has to be waited for */

static void
sim_flow_run(sim_t *sim, sim_flow_t *flow, portone_step_e step)
{
    int  rc;

    for ( ;; ) {

        flow->step = step;

        if (++sim->steps == 5000) {
            sim_broken(sim, 6, "it never comes to rest");
        }

        sim_log(sim, "worker %d flow %d: %s", flow->worker,
                (int) (flow - sim->flows), sim_steps[step]);

        switch (step) {

        case PORTONE_STEP_LOOKUP:
            rc = sim_lookup(sim, flow);
            step = portone_flow_looked_up(&flow->core, rc, sim_time(sim));
            continue;

        case PORTONE_STEP_TOKEN:
        case PORTONE_STEP_REFRESH:
            sim_token(sim, flow, step == PORTONE_STEP_REFRESH);
            break;

        case PORTONE_STEP_FETCH:
        case PORTONE_STEP_CANCEL:
        case PORTONE_STEP_REREAD:
            sim_call(sim, flow);
            break;

        case PORTONE_STEP_SAVE:
        case PORTONE_STEP_CLAIM:
        case PORTONE_STEP_SETTLE:

            if (flow->client) {
                flow->patience = sim->now + SIM_PATIENCE;
                sim_schedule(sim, SIM_PATIENCE, SIM_PATIENCE_ENDS,
                             flow - sim->flows, flow->life);
            }

            sim_commit(sim, flow);
            break;

        case PORTONE_STEP_FINISH:
            sim_flow_finish(sim, flow);
            break;
        }

        sim_memory_fail(0);
        return;
    }
}


void
sim_flow_end_step(sim_t *sim, sim_flow_t *flow, int64_t delay)
{
    sim_schedule(sim, delay, SIM_STEP, flow - sim->flows, flow->life);
}


void
sim_flow_step(sim_t *sim, sim_flow_t *flow)
{
    int64_t            now;
    portone_step_e     step;
    portone_flow_t    *core;
    portone_answer_t   answer;

    core = &flow->core;
    now = sim_time(sim);
    step = flow->step;

    flow->patience = 0;

    if (sim_fault(sim, 4)) {
        sim_log(sim, "no memory for flow %d", (int) (flow - sim->flows));
        sim_memory_fail((size_t) sim_between(sim, 1, 60));
    }

    switch (step) {

    case PORTONE_STEP_TOKEN:
    case PORTONE_STEP_REFRESH:
        step = portone_flow_token(core, flow->granted, flow->offset, now);
        break;

    case PORTONE_STEP_FETCH:
    case PORTONE_STEP_CANCEL:
    case PORTONE_STEP_REREAD:

        memset(&answer, 0, sizeof(portone_answer_t));

        if (flow->call == PORTONE_CALL_ANSWERED) {
            portone_answer_parse(&answer, flow->status, flow->text,
                                 flow->text_len);
        }

        sim_log(sim, "worker %d flow %d: %s", flow->worker,
                (int) (flow - sim->flows),
                (flow->call == PORTONE_CALL_ANSWERED) ? "answered"
                : (flow->call == PORTONE_CALL_UNANSWERED) ? "unanswered"
                                                          : "not sent");

        step = (step == PORTONE_STEP_FETCH)
               ? portone_flow_fetched(core, flow->call, &answer, now)
               : (step == PORTONE_STEP_CANCEL)
               ? portone_flow_cancelled(core, flow->call, &answer, now)
               : portone_flow_reread(core, flow->call, &answer, now);
        break;

    case PORTONE_STEP_SAVE:
        step = portone_flow_saved(core, flow->rc);
        break;

    case PORTONE_STEP_CLAIM:
        step = portone_flow_claimed(core, flow->rc, now);
        break;

    case PORTONE_STEP_SETTLE:
        step = portone_flow_settled(core, flow->rc);
        break;

    default:
        abort();
    }

    sim_flow_run(sim, flow, step);
}


void
sim_flow_patience(sim_t *sim, sim_flow_t *flow)
{
    if (!flow->client || flow->patience != sim->now) {
        return;
    }

    portone_flow_abandon(&flow->core);

    sim_flow_tell(sim, flow);
}


static void
sim_flow_finish(sim_t *sim, sim_flow_t *flow)
{
    if (flow->client) {
        sim_flow_tell(sim, flow);
    }

    sim_flow_free(sim, flow);
}


static void
sim_flow_tell(sim_t *sim, sim_flow_t *flow)
{
    portone_flow_t  *core;

    core = &flow->core;

    flow->client = 0;

    sim_log(sim, "worker %d flow %d: the client of refund %d is told \"%s\"",
            flow->worker, (int) (flow - sim->flows), flow->refund,
            (core->error == PORTONE_NO_ERROR)
                ? (flow->refund == -1) ? "" : portone_record_word(core->state)
                : portone_error_word(core->error));

    if (flow->webhook != -1) {
        sim_check_webhook(sim, flow);
        sim_webhook_told(sim, flow);
        return;
    }

    if (flow->review != -1) {
        sim_review_told(sim, flow);
        return;
    }

    sim_check_answer(sim, flow);

    if (flow->refund != -1) {
        sim_client_told(sim, flow->refund, core->error);
    }
}


void
sim_flow_free(sim_t *sim, sim_flow_t *flow)
{
    if (flow->place != -1) {
        sim->places[flow->place].len = 0;
    }

    portone_flow_free(&flow->core);

    flow->life = 0;
}
