
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <stdlib.h>

#include "sim.h"


void
sim_schedule(sim_t *sim, int64_t delay, sim_event_e type, int i,
    uint64_t life)
{
    sim_event_t  *event;

    if (sim->n_events == SIM_EVENTS || delay < 0) {
        abort();
    }

    event = &sim->events[sim->n_events++];

    event->at = sim->now + delay;
    event->order = ++sim->orders;
    event->type = type;
    event->i = i;
    event->life = life;
}


/* there are a dozen or two: looking at all of them is quick enough */

int
sim_next(sim_t *sim, sim_event_t *event)
{
    size_t        i;
    sim_event_t  *first;

    if (sim->n_events == 0) {
        return 0;
    }

    first = &sim->events[0];

    for (i = 1; i < sim->n_events; i++) {

        if (sim->events[i].at < first->at
            || (sim->events[i].at == first->at
                && sim->events[i].order < first->order))
        {
            first = &sim->events[i];
        }
    }

    *event = *first;
    *first = sim->events[--sim->n_events];

    sim->now = event->at;

    return 1;
}
