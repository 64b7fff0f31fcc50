
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <stdarg.h>
#include <stdio.h>

#include "sim.h"


jmp_buf   sim_ended;
int       sim_broken_invariant;
char      sim_complaint[512];
uint64_t  sim_counts[SIM_N_MAX];


void
sim_print(sim_t *sim, const char *fmt, ...)
{
    va_list  args;

    printf("%9.3f  ", (double) sim->now / 1000);

    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);

    putchar('\n');
}


void
sim_broken(sim_t *sim, int invariant, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    vsnprintf(sim_complaint, sizeof(sim_complaint), fmt, args);
    va_end(args);

    sim_broken_invariant = invariant;

    sim_log(sim, "invariant %d does not hold: %s", invariant, sim_complaint);

    longjmp(sim_ended, 1);
}
