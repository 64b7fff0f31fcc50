
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_METRICS_H_INCLUDED_
#define _NGX_HTTP_PORTONE_METRICS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "portone_error.h"
#include "portone_record.h"


/*
 * The numbers that portone_status tells of all workers.  They live in
 * portone_zone, so a reload and the death of a worker keep all of them.
 * Workers count in different places as long as there is room, which saves them
 * waiting for each other's cache lines; the reader adds up.
 *
 * Counting uses atomic instructions in the place of locks, and always
 * succeeds; counts of a process before it has the zone are lost.
 */


/* the result of a request: an error, or one of these */

typedef enum {
    NGX_HTTP_PORTONE_RESULT_OK = PORTONE_NO_ERROR,
    NGX_HTTP_PORTONE_RESULT_PENDING = PORTONE_ERROR_MAX,
    NGX_HTTP_PORTONE_RESULT_MAX
} ngx_http_portone_result_e;


/* the handlers whose requests are counted, each by itself */

typedef enum {
    NGX_HTTP_PORTONE_REQUEST_REFUND = 0,
    NGX_HTTP_PORTONE_REQUEST_PAYMENT,
    NGX_HTTP_PORTONE_REQUEST_WEBHOOK,
    NGX_HTTP_PORTONE_REQUEST_MAX
} ngx_http_portone_request_e;


typedef enum {
    NGX_HTTP_PORTONE_CALL_TOKEN = 0,
    NGX_HTTP_PORTONE_CALL_PAYMENT,
    NGX_HTTP_PORTONE_CALL_FIND,
    NGX_HTTP_PORTONE_CALL_PAYMENTS,
    NGX_HTTP_PORTONE_CALL_CANCEL,
    NGX_HTTP_PORTONE_CALL_MAX
} ngx_http_portone_call_e;


typedef enum {
    NGX_HTTP_PORTONE_CALL_OK = 0,
    NGX_HTTP_PORTONE_CALL_NOT_FOUND,
    NGX_HTTP_PORTONE_CALL_REFUSED,       /* code other than 0 */
    NGX_HTTP_PORTONE_CALL_UNAUTHORIZED,
    NGX_HTTP_PORTONE_CALL_BROKEN,        /* PortOne's answer is
                                            unintelligible */
    NGX_HTTP_PORTONE_CALL_UNANSWERED,
    NGX_HTTP_PORTONE_CALL_NOT_SENT,
    NGX_HTTP_PORTONE_CALL_OVERLOADED,
    NGX_HTTP_PORTONE_CALL_OUTCOMES
} ngx_http_portone_call_outcome_e;


/* findings of portone_drift_interval about stored payments */

typedef enum {
    NGX_HTTP_PORTONE_DRIFT_SAME = 0,
    NGX_HTTP_PORTONE_DRIFT_DIFFERED,     /* and was stored */
    NGX_HTTP_PORTONE_DRIFT_MISSING,      /* unknown to PortOne */
    NGX_HTTP_PORTONE_DRIFT_LEFT_OUT,     /* an open refund, or PortOne did
                                            not answer */
    NGX_HTTP_PORTONE_DRIFT_RESULTS
} ngx_http_portone_drift_result_e;


/* how a refresh of the token ended, by portone_token_e */
#define NGX_HTTP_PORTONE_TOKEN_RESULTS  5

/* by ngx_http_portone_commit_e */
#define NGX_HTTP_PORTONE_WRITE_RESULTS  3


/*
 * Upper bounds, inclusive, of times in microseconds and of numbers.  The
 * last bucket has what is above all of them.
 */

#define NGX_HTTP_PORTONE_TIMES  15
#define NGX_HTTP_PORTONE_SIZES  11

extern const uint64_t  ngx_http_portone_metrics_times[NGX_HTTP_PORTONE_TIMES];
extern const uint64_t  ngx_http_portone_metrics_sizes[NGX_HTTP_PORTONE_SIZES];


/* members are of the type ngx_atomic_t only: they are added up as an array */

typedef struct {
    ngx_atomic_t     bucket[NGX_HTTP_PORTONE_TIMES + 1];
    ngx_atomic_t     sum;                  /* microseconds */
} ngx_http_portone_times_t;


typedef struct {
    ngx_atomic_t     bucket[NGX_HTTP_PORTONE_SIZES + 1];
    ngx_atomic_t     sum;
} ngx_http_portone_sizes_t;


typedef struct {
    ngx_atomic_t     requests[NGX_HTTP_PORTONE_REQUEST_MAX]
                             [NGX_HTTP_PORTONE_RESULT_MAX];
    ngx_atomic_t     replays;              /* saved answers that were told
                                              again */
    ngx_atomic_t     drift[NGX_HTTP_PORTONE_DRIFT_RESULTS];    /* payments */
    ngx_atomic_t     settlements[PORTONE_STATE_MAX];
    ngx_atomic_t     calls[NGX_HTTP_PORTONE_CALL_MAX]
                          [NGX_HTTP_PORTONE_CALL_OUTCOMES];
    ngx_atomic_t     tokens[NGX_HTTP_PORTONE_TOKEN_RESULTS];
    ngx_atomic_t     writes[NGX_HTTP_PORTONE_WRITE_RESULTS];

    ngx_http_portone_times_t  refund_time;
    ngx_http_portone_times_t  call_time[NGX_HTTP_PORTONE_CALL_MAX];
    ngx_http_portone_times_t  commit_time;
    ngx_http_portone_sizes_t  commit_size; /* operations */
} ngx_http_portone_counters_t;


/* work that a process has in flight; it ends with the process */

typedef struct {
    ngx_atomic_t     refunds;
    ngx_atomic_t     calls;
    ngx_atomic_t     writes;

    /* the latest of all, by ngx_http_portone_metrics_now(), or 0 */

    ngx_atomic_t     answered;             /* by PortOne */
    ngx_atomic_t     unanswered;
    ngx_atomic_t     written;              /* a commit */
    ngx_atomic_t     unwritten;
} ngx_http_portone_gauges_t;


typedef struct ngx_http_portone_metrics_s  ngx_http_portone_metrics_t;


/* this process counts here; always valid */

extern ngx_http_portone_counters_t  *ngx_http_portone_metrics_counters;
extern ngx_http_portone_gauges_t    *ngx_http_portone_metrics_gauges;


#define ngx_http_portone_metrics_count_more(counter, n)                       \
    (void) ngx_atomic_fetch_add(&ngx_http_portone_metrics_counters->counter, n)

#define ngx_http_portone_metrics_count(counter)                               \
    (void) ngx_atomic_fetch_add(&ngx_http_portone_metrics_counters->counter, 1)

/* +1 and -1; only this process writes there */

#define ngx_http_portone_metrics_gauge_inc(gauge)                             \
    ngx_http_portone_metrics_gauges->gauge++

#define ngx_http_portone_metrics_gauge_dec(gauge)                             \
    ngx_http_portone_metrics_gauges->gauge--

#define ngx_http_portone_metrics_gauge_now(gauge)                             \
    ngx_http_portone_metrics_gauges->gauge = ngx_http_portone_metrics_now()


/*
 * The wall clock as a number that tells apart what happens within a second,
 * so many a second, where an ngx_atomic_t has room for it.
 */

#if (NGX_PTR_SIZE == 8)
#define NGX_HTTP_PORTONE_METRICS_TICKS  1000
#else
#define NGX_HTTP_PORTONE_METRICS_TICKS  1
#endif

#define ngx_http_portone_metrics_now()                                        \
    ((ngx_atomic_uint_t) ngx_time() * NGX_HTTP_PORTONE_METRICS_TICKS          \
     + ngx_cached_time->msec * NGX_HTTP_PORTONE_METRICS_TICKS / 1000)


void ngx_http_portone_metrics_observe_time(ngx_http_portone_times_t *times,
    uint64_t usec);
void ngx_http_portone_metrics_observe_size(ngx_http_portone_sizes_t *sizes,
    uint64_t n);


/*
 * ngx_http_portone_metrics_init() makes the zone's part, or makes it larger
 * for more workers; limit: bytes that it may take beyond the first place.
 * NULL: the zone has no room even for that.
 */
ngx_http_portone_metrics_t *ngx_http_portone_metrics_init(
    ngx_slab_pool_t *shpool, ngx_http_portone_metrics_t *metrics,
    ngx_uint_t workers, size_t limit);

/* begins and ends the counting of this process */
void ngx_http_portone_metrics_open(ngx_slab_pool_t *shpool,
    ngx_http_portone_metrics_t *metrics, ngx_log_t *log);
void ngx_http_portone_metrics_close(void);


/* the sum of all workers; since: when counting began, Unix seconds */

typedef struct {
    ngx_http_portone_counters_t   counters;
    ngx_http_portone_gauges_t     gauges;
    ngx_atomic_t                  workers;     /* processes that count */
    ngx_atomic_t                  since;
} ngx_http_portone_totals_t;

/* all zeros before metrics_open() */
void ngx_http_portone_metrics_read(ngx_http_portone_totals_t *totals);


#endif /* _NGX_HTTP_PORTONE_METRICS_H_INCLUDED_ */
