
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_metrics.h"


/* places to count in; more workers than that share them */
#define NGX_HTTP_PORTONE_METRICS_PLACES  64


/*
 * Each cache line has one process that writes to it: the slab allocator aligns
 * chunks to their size, which is a power of two.
 */

typedef struct ngx_http_portone_process_s  ngx_http_portone_process_t;

struct ngx_http_portone_process_s {
    ngx_http_portone_gauges_t     gauges;
    ngx_pid_t                     pid;       /* 0: free */
    ngx_http_portone_process_t   *next;
};


struct ngx_http_portone_metrics_s {
    ngx_http_portone_process_t   *processes;
    time_t                        since;
    ngx_atomic_t                  n;
    ngx_http_portone_counters_t  *counters[NGX_HTTP_PORTONE_METRICS_PLACES];
};


static ngx_uint_t ngx_http_portone_metrics_bucket(const uint64_t *bounds,
    ngx_uint_t n, uint64_t value);
static ngx_http_portone_process_t *ngx_http_portone_metrics_process(
    ngx_slab_pool_t *shpool, ngx_http_portone_metrics_t *metrics);
static ngx_uint_t ngx_http_portone_metrics_alive(
    ngx_http_portone_process_t *process);
static void ngx_http_portone_metrics_latest(ngx_atomic_t *value,
    ngx_atomic_uint_t time);


const uint64_t  ngx_http_portone_metrics_times[NGX_HTTP_PORTONE_TIMES] = {
    1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000,
    1000000, 2000000, 5000000, 10000000, 20000000, 60000000
};


const uint64_t  ngx_http_portone_metrics_sizes[NGX_HTTP_PORTONE_SIZES] = {
    1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024
};


/* counts go here as long as there is no zone */

static ngx_http_portone_counters_t  ngx_http_portone_metrics_nowhere;
static ngx_http_portone_process_t   ngx_http_portone_metrics_nobody;

ngx_http_portone_counters_t  *ngx_http_portone_metrics_counters =
                                        &ngx_http_portone_metrics_nowhere;
ngx_http_portone_gauges_t    *ngx_http_portone_metrics_gauges =
                                  &ngx_http_portone_metrics_nobody.gauges;

static ngx_http_portone_metrics_t  *ngx_http_portone_metrics;
static ngx_http_portone_process_t  *ngx_http_portone_metrics_self;


ngx_http_portone_metrics_t *
ngx_http_portone_metrics_init(ngx_slab_pool_t *shpool,
    ngx_http_portone_metrics_t *metrics, ngx_uint_t workers, size_t limit)
{
    size_t                        size;
    ngx_uint_t                    log_nomem;
    ngx_http_portone_counters_t  *counters;

    if (metrics == NULL) {
        metrics = ngx_slab_calloc(shpool, sizeof(ngx_http_portone_metrics_t));
        if (metrics == NULL) {
            return NULL;
        }

        metrics->since = ngx_time();

        metrics->counters[0] = ngx_slab_calloc(shpool,
                                        sizeof(ngx_http_portone_counters_t));
        if (metrics->counters[0] == NULL) {
            return NULL;
        }

        metrics->n = 1;
    }

    /* with too little room for all, some share a place */

    log_nomem = shpool->log_nomem;
    shpool->log_nomem = 0;

    size = ngx_align(sizeof(ngx_http_portone_counters_t), ngx_pagesize);

    while (metrics->n < ngx_min(workers, NGX_HTTP_PORTONE_METRICS_PLACES)
           && metrics->n * size <= limit)
    {
        counters = ngx_slab_calloc(shpool,
                                   sizeof(ngx_http_portone_counters_t));
        if (counters == NULL) {
            break;
        }

        metrics->counters[metrics->n] = counters;

        /* old workers read it meanwhile */

        ngx_memory_barrier();

        metrics->n++;
    }

    shpool->log_nomem = log_nomem;

    return metrics;
}


void
ngx_http_portone_metrics_open(ngx_slab_pool_t *shpool,
    ngx_http_portone_metrics_t *metrics, ngx_log_t *log)
{
    ngx_http_portone_process_t  *self;

    ngx_shmtx_lock(&shpool->mutex);

    self = ngx_http_portone_metrics_process(shpool, metrics);

    ngx_shmtx_unlock(&shpool->mutex);

    ngx_http_portone_metrics = metrics;
    ngx_http_portone_metrics_self = self;

    ngx_http_portone_metrics_counters =
                                  metrics->counters[ngx_worker % metrics->n];

    if (self == NULL) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "portone_zone is too small: portone_status does not "
                      "show what this worker has in flight");
        return;
    }

    ngx_http_portone_metrics_gauges = &self->gauges;
}


/* takes the place of a process that is gone, or makes one */

static ngx_http_portone_process_t *
ngx_http_portone_metrics_process(ngx_slab_pool_t *shpool,
    ngx_http_portone_metrics_t *metrics)
{
    ngx_http_portone_process_t  *process;

    for (process = metrics->processes; process; process = process->next) {

        if (!ngx_http_portone_metrics_alive(process)) {

            /* drop what was in flight, keep the timestamps */

            process->gauges.refunds = 0;
            process->gauges.calls = 0;
            process->gauges.writes = 0;

            ngx_memory_barrier();

            process->pid = ngx_pid;

            return process;
        }
    }

    process = ngx_slab_calloc_locked(shpool,
                                     sizeof(ngx_http_portone_process_t));
    if (process == NULL) {
        return NULL;
    }

    process->pid = ngx_pid;
    process->next = metrics->processes;

    ngx_memory_barrier();

    metrics->processes = process;

    return process;
}


static ngx_uint_t
ngx_http_portone_metrics_alive(ngx_http_portone_process_t *process)
{
    ngx_pid_t  pid;

    pid = process->pid;

    if (pid == 0) {
        return 0;
    }

    return kill(pid, 0) == 0 || ngx_errno != NGX_ESRCH;
}


void
ngx_http_portone_metrics_close(void)
{
    if (ngx_http_portone_metrics_self) {
        ngx_http_portone_metrics_self->pid = 0;
    }

    ngx_http_portone_metrics_counters = &ngx_http_portone_metrics_nowhere;
    ngx_http_portone_metrics_gauges = &ngx_http_portone_metrics_nobody.gauges;
    ngx_http_portone_metrics_self = NULL;
    ngx_http_portone_metrics = NULL;
}


void
ngx_http_portone_metrics_observe_time(ngx_http_portone_times_t *times,
    uint64_t usec)
{
    ngx_uint_t  i;

    i = ngx_http_portone_metrics_bucket(ngx_http_portone_metrics_times,
                                        NGX_HTTP_PORTONE_TIMES, usec);

    (void) ngx_atomic_fetch_add(&times->bucket[i], 1);
    (void) ngx_atomic_fetch_add(&times->sum, (ngx_atomic_uint_t) usec);
}


void
ngx_http_portone_metrics_observe_size(ngx_http_portone_sizes_t *sizes,
    uint64_t n)
{
    ngx_uint_t  i;

    i = ngx_http_portone_metrics_bucket(ngx_http_portone_metrics_sizes,
                                        NGX_HTTP_PORTONE_SIZES, n);

    (void) ngx_atomic_fetch_add(&sizes->bucket[i], 1);
    (void) ngx_atomic_fetch_add(&sizes->sum, (ngx_atomic_uint_t) n);
}


static ngx_uint_t
ngx_http_portone_metrics_bucket(const uint64_t *bounds, ngx_uint_t n,
    uint64_t value)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {

        if (value <= bounds[i]) {
            break;
        }
    }

    return i;
}


void
ngx_http_portone_metrics_read(ngx_http_portone_totals_t *totals)
{
    ngx_uint_t                   i, j, n;
    ngx_atomic_t                *sum, *part;
    ngx_http_portone_gauges_t   *gauges;
    ngx_http_portone_metrics_t  *metrics;
    ngx_http_portone_process_t  *process;

    ngx_memzero(totals, sizeof(ngx_http_portone_totals_t));

    metrics = ngx_http_portone_metrics;

    if (metrics == NULL) {
        return;
    }

    totals->since = metrics->since;

    sum = (ngx_atomic_t *) &totals->counters;
    n = sizeof(ngx_http_portone_counters_t) / sizeof(ngx_atomic_t);

    for (i = 0; i < metrics->n; i++) {
        part = (ngx_atomic_t *) metrics->counters[i];

        for (j = 0; j < n; j++) {
            sum[j] += part[j];
        }
    }

    gauges = &totals->gauges;

    for (process = metrics->processes; process; process = process->next) {

        ngx_http_portone_metrics_latest(&gauges->answered,
                                        process->gauges.answered);
        ngx_http_portone_metrics_latest(&gauges->unanswered,
                                        process->gauges.unanswered);
        ngx_http_portone_metrics_latest(&gauges->written,
                                        process->gauges.written);
        ngx_http_portone_metrics_latest(&gauges->unwritten,
                                        process->gauges.unwritten);

        if (!ngx_http_portone_metrics_alive(process)) {
            continue;
        }

        totals->workers++;

        gauges->refunds += process->gauges.refunds;
        gauges->calls += process->gauges.calls;
        gauges->writes += process->gauges.writes;
    }
}


static void
ngx_http_portone_metrics_latest(ngx_atomic_t *value, ngx_atomic_uint_t time)
{
    if (time > *value) {
        *value = time;
    }
}
