
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_STORE_PRIVATE_H_INCLUDED_
#define _NGX_HTTP_PORTONE_STORE_PRIVATE_H_INCLUDED_


#include "ngx_http_portone_lmdb.h"
#include "ngx_http_portone_commit.h"


/*
 * What ngx_http_portone_store.c and ngx_http_portone_commit.c share.
 *
 * The event loop uses the environment only while the state is OPEN.  Tasks
 * of the thread run one at a time: a commit while OPEN, an opening in the
 * other states.
 */


typedef enum {
    NGX_HTTP_PORTONE_STORE_CLOSED = 0,
    NGX_HTTP_PORTONE_STORE_OPEN,
    NGX_HTTP_PORTONE_STORE_BROKEN     /* to be closed and opened again */
} ngx_http_portone_store_state_e;


/* what the task is to do */

#define NGX_HTTP_PORTONE_STORE_JOB_COMMIT  0x01
#define NGX_HTTP_PORTONE_STORE_JOB_CHECK   0x02   /* the table of readers */
#define NGX_HTTP_PORTONE_STORE_JOB_OPEN    0x04   /* nothing else then */


struct ngx_http_portone_store_s {
    ngx_http_portone_lmdb_t            lmdb;
    ngx_thread_pool_t                 *thread_pool;
    ngx_log_t                         *log;
    ngx_http_portone_store_state_e     state;

    /* the operations that no thread has taken; the mutex guards the queue */
    ngx_thread_mutex_t                 mutex;
    ngx_queue_t                        waiting;

    ngx_thread_task_t                  task;

    /* set by the event loop when it posts the task */
    ngx_uint_t                         job;
    ngx_uint_t                         level;      /* failure to open */
    time_t                             started;

    /* set by the thread, and its own until the task is complete */
    ngx_queue_t                        batch;
    ngx_uint_t                         rolled_back;
    ngx_int_t                          opened;
    int                                begin_rc;   /* no transaction */
    int                                rc;         /* of the one operation */
    ngx_uint_t                         n;          /* operations taken */
    uint64_t                           took;       /* microseconds */
    ngx_http_portone_lmdb_unreadable_t  unreadable;
    ngx_atomic_t                       running;    /* reset at the end */

    ngx_event_t                        start;      /* posted: next task */
    ngx_event_t                        guard;      /* keeps the worker */
    ngx_event_t                        upkeep;     /* cancelable */

    /* when a failure was last logged with more than info */
    time_t                             open_reported;
    time_t                             commit_reported;
    time_t                             unreadable_reported;

    unsigned                           busy:1;     /* a task is active */
    unsigned                           check:1;    /* the table of readers */
    unsigned                           retry:1;    /* open if closed */
    unsigned                           resized:1;  /* adopt the size */
};


/* prepares a store that is not open; needs store->lmdb and store->log */
void ngx_http_portone_commit_init(ngx_http_portone_store_t *store);

/* starts the next task, soon, if there is anything to do */
void ngx_http_portone_commit_wake(ngx_http_portone_store_t *store);

/* takes timers and posted events away */
void ngx_http_portone_commit_stop(ngx_http_portone_store_t *store);

/* sets the time of the next upkeep according to the state */
void ngx_http_portone_store_upkeep(ngx_http_portone_store_t *store);

/* logs the records that could not be read, if there are any */
void ngx_http_portone_store_log_unreadable(ngx_http_portone_store_t *store,
    ngx_http_portone_lmdb_unreadable_t *unreadable, ngx_log_t *log);

/*
 * The level to log a failure with: the given one once a minute at most, else
 * info, so that a full disk does not fill the log as well.
 */
ngx_uint_t ngx_http_portone_store_log_level(time_t *reported,
    ngx_uint_t level);


#endif /* _NGX_HTTP_PORTONE_STORE_PRIVATE_H_INCLUDED_ */
