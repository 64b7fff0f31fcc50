
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_STORE_PRIVATE_H_INCLUDED_
#define _NGX_HTTP_PORTONE_STORE_PRIVATE_H_INCLUDED_


#include <ngx_event.h>
#include <ngx_thread_pool.h>

#include "ngx_http_portone_commit.h"
#include "ngx_http_portone_engine.h"


/*
 * The store's object, shared by the files of this folder.  They call each
 * other in this order: _store.c, _commit.c, the engine, _store_state.c.
 *
 * The event loop uses the engine only while the state is OPEN.  Tasks of the
 * thread run one at a time: a commit while OPEN, an opening in the other
 * states.
 */


typedef enum {
    NGX_HTTP_PORTONE_STORE_CLOSED = 0,
    NGX_HTTP_PORTONE_STORE_OPEN,
    NGX_HTTP_PORTONE_STORE_BROKEN     /* to be closed and opened again */
} ngx_http_portone_store_state_e;


/* the version of the databases' contents, for all engines */
#define NGX_HTTP_PORTONE_STORE_FORMAT      1

/* jobs of the task: OPEN alone, or any of the others */

#define NGX_HTTP_PORTONE_STORE_JOB_COMMIT  0x01
#define NGX_HTTP_PORTONE_STORE_JOB_CHECK   0x02
#define NGX_HTTP_PORTONE_STORE_JOB_OPEN    0x04


struct ngx_http_portone_store_s {
    const ngx_http_portone_engine_t   *engine;
    void                              *data;       /* the engine's object */
    ngx_str_t                          path;
    ngx_thread_pool_t                 *thread_pool;
    ngx_log_t                         *log;
    ngx_http_portone_store_state_e     state;

    /* operations until the thread takes them; the mutex guards the queue */
    ngx_thread_mutex_t                 mutex;
    ngx_queue_t                        waiting;

    ngx_thread_task_t                  task;

    /* set by the event loop when it posts the task */
    ngx_uint_t                         job;
    ngx_uint_t                         level;      /* level to log a failure
                                                      to open with */
    time_t                             started;

    /* set by the thread, and its own until the task is complete */
    ngx_queue_t                        batch;
    ngx_uint_t                         rolled_back;
    ngx_int_t                          opened;
    int                                begin_rc;   /* the engine's */
    int                                rc;         /* the engine's, if the
                                                      operation was alone */
    ngx_uint_t                         n;          /* operations taken */
    uint64_t                           took;       /* microseconds */
    ngx_http_portone_unreadable_t      unreadable;
    ngx_atomic_t                       running;    /* reset at the end */

    ngx_event_t                        start;      /* posted: next task */
    ngx_event_t                        guard;      /* keeps the worker */
    ngx_event_t                        upkeep;     /* cancelable */

    /* when a failure was last logged with more than info */
    time_t                             open_reported;
    time_t                             commit_reported;
    time_t                             unreadable_reported;

    unsigned                           busy:1;     /* a task is active */
    unsigned                           check:1;    /* engine->check is due */
    unsigned                           retry:1;    /* open if closed */
    unsigned                           repair:1;   /* engine->repair is due */
};


/* prepares a store that is closed; needs store->log */
void ngx_http_portone_commit_init(ngx_http_portone_store_t *store);

/* starts the next task, soon, if there is anything to do */
void ngx_http_portone_commit_wake(ngx_http_portone_store_t *store);

/* takes timers and posted events away */
void ngx_http_portone_commit_stop(ngx_http_portone_store_t *store);


/* names of the databases, by portone_db_e */
extern const char  *ngx_http_portone_store_state_names[];

/* the engine has been opened; the engine is closed */
void ngx_http_portone_store_state_up(ngx_http_portone_store_t *store);
void ngx_http_portone_store_state_down(ngx_http_portone_store_t *store);

/* sets the time of the next upkeep according to the state */
void ngx_http_portone_store_state_upkeep(ngx_http_portone_store_t *store);

/*
 * The level to log a failure with: the given one once a minute at most, else
 * info, which keeps a full disk from filling the log as well.
 */
ngx_uint_t ngx_http_portone_store_state_level(time_t *reported,
    ngx_uint_t level);

/* logs that what, a step of writing, has failed with the engine's rc */
void ngx_http_portone_store_state_failed(ngx_http_portone_store_t *store,
    int rc, const char *what);

/* the function of that name of all engines' transactions */
void ngx_http_portone_store_state_unreadable(portone_txn_t *txn,
    portone_db_e db, const portone_str_t *key);

/* adds one record to unreadable */
void ngx_http_portone_store_state_add_unreadable(
    ngx_http_portone_unreadable_t *unreadable, portone_db_e db,
    const portone_str_t *key);

/* logs the unreadable records, if there are any, once a minute at most */
void ngx_http_portone_store_state_log_unreadable(
    ngx_http_portone_store_t *store,
    ngx_http_portone_unreadable_t *unreadable, ngx_log_t *log);


#endif /* _NGX_HTTP_PORTONE_STORE_PRIVATE_H_INCLUDED_ */
