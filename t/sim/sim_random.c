
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "sim.h"


/* splitmix64: neighbouring seeds give unrelated numbers */

uint64_t
sim_random(sim_t *sim)
{
    uint64_t  z;

    sim->state += 0x9e3779b97f4a7c15;

    z = sim->state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;

    return z ^ (z >> 31);
}


int
sim_chance(sim_t *sim, unsigned per_mille)
{
    return sim_random(sim) % 1000 < per_mille;
}


int64_t
sim_between(sim_t *sim, int64_t low, int64_t high)
{
    if (high <= low) {
        return low;
    }

    return low + (int64_t) (sim_random(sim) % (uint64_t) (high - low + 1));
}


int
sim_fault(sim_t *sim, unsigned weight)
{
    if (sim->calm || sim->now >= sim->heal_at) {
        return 0;
    }

    return sim_random(sim) % 100000 < (uint64_t) sim->faults * weight;
}
