
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_store_private.h"
#include "ngx_http_portone_metrics.h"

#include <time.h>


/* bounds the time that the results of a batch wait for its last operation */
#define NGX_HTTP_PORTONE_COMMIT_BATCH  1024

#define NGX_HTTP_PORTONE_COMMIT_GUARD  60000


/* op->rc: where the operation is; changes under the mutex of the store */

#define NGX_HTTP_PORTONE_COMMIT_WAITING  0
#define NGX_HTTP_PORTONE_COMMIT_ALONE    1    /* waiting, to go alone */
#define NGX_HTTP_PORTONE_COMMIT_TAKEN    2


static void ngx_http_portone_commit_late(ngx_event_t *ev);
static void ngx_http_portone_commit_start(ngx_event_t *ev);
static void ngx_http_portone_commit_thread(void *data, ngx_log_t *log);
static void ngx_http_portone_commit_run(ngx_http_portone_store_t *store);
static uint64_t ngx_http_portone_commit_clock(void);
static ngx_uint_t ngx_http_portone_commit_take(
    ngx_http_portone_store_t *store);
static ngx_int_t ngx_http_portone_commit_apply(
    ngx_http_portone_store_t *store, ngx_http_portone_engine_txn_t *txn);
static void ngx_http_portone_commit_complete(ngx_event_t *ev);
static void ngx_http_portone_commit_recover(ngx_http_portone_store_t *store);
static void ngx_http_portone_commit_collect(ngx_http_portone_store_t *store,
    ngx_queue_t *done);
static void ngx_http_portone_commit_deliver(ngx_queue_t *done);
static void ngx_http_portone_commit_put_back(ngx_http_portone_store_t *store,
    ngx_queue_t *late);
static void ngx_http_portone_commit_fail_all(ngx_http_portone_store_t *store);
static void ngx_http_portone_commit_finish(ngx_http_portone_commit_t *op);
static ngx_uint_t ngx_http_portone_commit_is_waiting(
    ngx_http_portone_store_t *store);
static void ngx_http_portone_commit_set_guard(
    ngx_http_portone_store_t *store);
static void ngx_http_portone_commit_guard(ngx_event_t *ev);


void
ngx_http_portone_commit_init(ngx_http_portone_store_t *store)
{
    ngx_queue_init(&store->waiting);
    ngx_queue_init(&store->batch);

    store->start.handler = ngx_http_portone_commit_start;
    store->start.data = store;
    store->start.log = store->log;

    store->guard.handler = ngx_http_portone_commit_guard;
    store->guard.data = store;
    store->guard.log = store->log;

    store->task.ctx = store;
    store->task.handler = ngx_http_portone_commit_thread;
    store->task.event.handler = ngx_http_portone_commit_complete;
    store->task.event.data = store;
    store->task.event.log = store->log;
}


void
ngx_http_portone_commit_stop(ngx_http_portone_store_t *store)
{
    if (store->start.posted) {
        ngx_delete_posted_event(&store->start);
    }

    if (store->guard.timer_set) {
        ngx_del_timer(&store->guard);
    }
}


void
ngx_http_portone_commit(ngx_http_portone_commit_t *op)
{
    ngx_http_portone_store_t  *store;

    store = op->store;

    ngx_memzero(&op->timer, sizeof(ngx_event_t));

    op->timer.handler = ngx_http_portone_commit_late;
    op->timer.data = op;
    op->timer.log = op->log;

    op->rc = NGX_HTTP_PORTONE_COMMIT_WAITING;

    ngx_add_timer(&op->timer, op->timeout);

    ngx_http_portone_metrics_gauge_inc(writes);

    (void) ngx_thread_mutex_lock(&store->mutex, store->log);
    ngx_queue_insert_tail(&store->waiting, &op->queue);
    (void) ngx_thread_mutex_unlock(&store->mutex, store->log);

    ngx_http_portone_commit_set_guard(store);
    ngx_http_portone_commit_wake(store);
}


/* by a posted event, so that what one iteration brings goes together */

void
ngx_http_portone_commit_wake(ngx_http_portone_store_t *store)
{
    if (!store->busy) {
        ngx_post_event(&store->start, &ngx_posted_events);
    }
}


static void
ngx_http_portone_commit_late(ngx_event_t *ev)
{
    ngx_uint_t                  taken;
    ngx_http_portone_store_t   *store;
    ngx_http_portone_commit_t  *op;

    op = ev->data;
    store = op->store;

    (void) ngx_thread_mutex_lock(&store->mutex, store->log);

    taken = (op->rc == NGX_HTTP_PORTONE_COMMIT_TAKEN);

    if (!taken) {
        ngx_queue_remove(&op->queue);
    }

    (void) ngx_thread_mutex_unlock(&store->mutex, store->log);

    if (taken) {
        return;
    }

    ngx_http_portone_commit_set_guard(store);

    op->status = NGX_HTTP_PORTONE_COMMIT_WITHDRAWN;
    ngx_http_portone_commit_finish(op);
}


static void
ngx_http_portone_commit_start(ngx_event_t *ev)
{
    ngx_http_portone_store_t  *store;

    store = ev->data;

    if (store->busy) {
        return;
    }

    store->job = 0;

    switch (store->state) {

    case NGX_HTTP_PORTONE_STORE_OPEN:

        if (ngx_http_portone_commit_is_waiting(store)) {
            store->job |= NGX_HTTP_PORTONE_STORE_JOB_COMMIT;
        }

        if (store->check) {
            store->job |= NGX_HTTP_PORTONE_STORE_JOB_CHECK;
        }

        break;

    case NGX_HTTP_PORTONE_STORE_BROKEN:
        store->job = NGX_HTTP_PORTONE_STORE_JOB_OPEN;
        break;

    default: /* NGX_HTTP_PORTONE_STORE_CLOSED */

        if (store->retry) {
            store->job = NGX_HTTP_PORTONE_STORE_JOB_OPEN;

        } else {
            ngx_http_portone_commit_fail_all(store);
        }
    }

    store->check = 0;
    store->retry = 0;

    if (store->job == 0) {
        return;
    }

    if (store->job == NGX_HTTP_PORTONE_STORE_JOB_OPEN) {
        store->level = ngx_http_portone_store_state_level(&store->open_reported,
                                                          NGX_LOG_EMERG);
    }

    store->busy = 1;
    store->running = 1;
    store->started = ngx_time();

    if (ngx_thread_task_post(store->thread_pool, &store->task) != NGX_OK) {
        store->task.event.active = 0;
        store->running = 0;
        store->busy = 0;

        ngx_http_portone_commit_fail_all(store);
        return;
    }

    ngx_http_portone_commit_set_guard(store);
}


static void
ngx_http_portone_commit_thread(void *data, ngx_log_t *log)
{
    ngx_http_portone_store_t *store = data;

    store->opened = NGX_DECLINED;
    store->begin_rc = 0;
    store->rc = 0;
    store->rolled_back = 0;
    store->n = 0;
    store->unreadable.n = 0;

    if (store->job & NGX_HTTP_PORTONE_STORE_JOB_OPEN) {
        store->engine->close(store->data, log);

        store->opened = store->engine->open(store->data, store->level, log);
    }

    if (store->job & NGX_HTTP_PORTONE_STORE_JOB_CHECK) {
        store->engine->check(store->data, log);
    }

    if (store->job & NGX_HTTP_PORTONE_STORE_JOB_COMMIT) {
        store->took = ngx_http_portone_commit_clock();

        ngx_http_portone_commit_run(store);

        store->took = ngx_http_portone_commit_clock() - store->took;
    }

    ngx_memory_barrier();

    store->running = 0;
}


/*
 * One transaction.  Either its commit succeeds, or all of it is undone: see
 * ngx_http_portone_lmdb_txn_commit().
 */

static void
ngx_http_portone_commit_run(ngx_http_portone_store_t *store)
{
    int                               rc;
    ngx_uint_t                        n, stored;
    ngx_queue_t                      *q;
    ngx_http_portone_commit_t        *op;
    ngx_http_portone_engine_txn_t     txn;
    const ngx_http_portone_engine_t  *engine;

    engine = store->engine;

    /*
     * operations are taken when the transaction has begun: until then they
     * can be withdrawn, and those that come meanwhile join the batch
     */

    store->begin_rc = engine->begin(store->data, &txn);

    if (store->begin_rc != 0) {
        return;
    }

    n = ngx_http_portone_commit_take(store);
    store->n = n;

    if (n == 0) {
        engine->abort(&txn);
        return;
    }

    stored = 0;

    if (ngx_http_portone_commit_apply(store, &txn) == NGX_OK) {
        rc = engine->commit(&txn);
        stored = (rc == 0);

    } else {
        rc = txn.rc;
        engine->abort(&txn);
    }

    if (txn.unreadable.n) {
        store->unreadable = txn.unreadable;
    }

    if (!stored && n > 1) {
        store->rolled_back = 1;
        return;
    }

    store->rc = rc;

    for (q = ngx_queue_head(&store->batch);
         q != ngx_queue_sentinel(&store->batch);
         q = ngx_queue_next(q))
    {
        op = ngx_queue_data(q, ngx_http_portone_commit_t, queue);

        op->status = stored ? NGX_HTTP_PORTONE_COMMITTED
                            : NGX_HTTP_PORTONE_COMMIT_FAILED;
    }
}


/* monotonic, microseconds; nginx's own times belong to the event loop */

static uint64_t
ngx_http_portone_commit_clock(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000 + (uint64_t) ts.tv_nsec / 1000;
}


static ngx_uint_t
ngx_http_portone_commit_take(ngx_http_portone_store_t *store)
{
    int                         alone;
    ngx_uint_t                  n;
    ngx_queue_t                *q;
    ngx_http_portone_commit_t  *op;

    n = 0;
    alone = 0;

    (void) ngx_thread_mutex_lock(&store->mutex, store->log);

    while (!ngx_queue_empty(&store->waiting) && !alone
           && n < NGX_HTTP_PORTONE_COMMIT_BATCH)
    {
        q = ngx_queue_head(&store->waiting);
        op = ngx_queue_data(q, ngx_http_portone_commit_t, queue);

        alone = (op->rc == NGX_HTTP_PORTONE_COMMIT_ALONE);

        if (alone && n > 0) {
            break;
        }

        ngx_queue_remove(q);
        ngx_queue_insert_tail(&store->batch, q);

        op->rc = NGX_HTTP_PORTONE_COMMIT_TAKEN;
        n++;
    }

    (void) ngx_thread_mutex_unlock(&store->mutex, store->log);

    return n;
}


static ngx_int_t
ngx_http_portone_commit_apply(ngx_http_portone_store_t *store,
    ngx_http_portone_engine_txn_t *txn)
{
    ngx_queue_t                *q;
    ngx_http_portone_commit_t  *op;

    for (q = ngx_queue_head(&store->batch);
         q != ngx_queue_sentinel(&store->batch);
         q = ngx_queue_next(q))
    {
        op = ngx_queue_data(q, ngx_http_portone_commit_t, queue);

        if (!op->settles) {
            txn->rc = store->engine->has_room(store->data, op->size);

            if (txn->rc != 0) {
                return NGX_ERROR;
            }
        }

        if (op->apply(&txn->txn, op->data) != PORTONE_OK || txn->rc != 0) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static void
ngx_http_portone_commit_complete(ngx_event_t *ev)
{
    ngx_queue_t                done;
    ngx_http_portone_store_t  *store;

    store = ev->data;

    store->busy = 0;

    if (store->n) {
        ngx_http_portone_metrics_observe_time(
                 &ngx_http_portone_metrics_counters->commit_time, store->took);
        ngx_http_portone_metrics_observe_size(
                 &ngx_http_portone_metrics_counters->commit_size, store->n);
    }

    ngx_http_portone_store_state_log_unreadable(store, &store->unreadable,
                                                store->log);

    ngx_http_portone_commit_recover(store);
    ngx_http_portone_commit_collect(store, &done);

    /*
     * the disk goes on with what has queued up meanwhile, before the results
     * keep the event loop busy
     */

    if (store->state == NGX_HTTP_PORTONE_STORE_BROKEN
        || ngx_http_portone_commit_is_waiting(store))
    {
        ngx_http_portone_commit_start(&store->start);
    }

    ngx_http_portone_commit_deliver(&done);

    ngx_http_portone_commit_set_guard(store);
}


/* runs between two tasks of the thread, so outside of any transaction */

static void
ngx_http_portone_commit_recover(ngx_http_portone_store_t *store)
{
    int                               rc;
    ngx_http_portone_engine_txn_t     txn;
    const ngx_http_portone_engine_t  *engine;

    engine = store->engine;

    switch (store->opened) {

    case NGX_OK:
        ngx_http_portone_store_state_up(store);

        ngx_log_error(NGX_LOG_NOTICE, store->log, 0,
                      "store \"%V\" has been opened",
                      &store->path);
        return;

    case NGX_ERROR:
        ngx_http_portone_store_state_down(store);
        return;
    }

    if (store->state != NGX_HTTP_PORTONE_STORE_OPEN) {
        return;
    }

    if (store->rc != 0) {

        /* a failed commit may have spoiled the environment */

        rc = engine->read_begin(store->data, &txn);

        if (rc == 0) {
            engine->read_end(&txn);

        } else if (engine->remedy(rc) != NGX_HTTP_PORTONE_ENGINE_REPAIR) {
            store->state = NGX_HTTP_PORTONE_STORE_BROKEN;
            return;
        }
    }

    rc = store->begin_rc;

    if (engine->remedy(rc) == NGX_HTTP_PORTONE_ENGINE_REPAIR || store->repair) {
        store->repair = 0;

        rc = engine->repair(store->data);

        if (rc != 0) {

            /* the environment has lost its map */

            store->state = NGX_HTTP_PORTONE_STORE_BROKEN;
        }
    }

    if (rc == 0) {
        return;
    }

    ngx_http_portone_store_state_failed(store, rc, "beginning a transaction");

    if (engine->remedy(rc) == NGX_HTTP_PORTONE_ENGINE_REOPEN) {
        store->state = NGX_HTTP_PORTONE_STORE_BROKEN;
    }

    if (store->state == NGX_HTTP_PORTONE_STORE_OPEN) {
        ngx_http_portone_commit_fail_all(store);
    }
}


/* the operations that have a result */

static void
ngx_http_portone_commit_collect(ngx_http_portone_store_t *store,
    ngx_queue_t *done)
{
    ngx_queue_init(done);

    if (store->rolled_back) {
        ngx_http_portone_commit_put_back(store, done);

    } else if (!ngx_queue_empty(&store->batch)) {
        ngx_queue_add(done, &store->batch);
        ngx_queue_init(&store->batch);
    }

    if (store->rc != 0) {
        ngx_http_portone_store_state_failed(store, store->rc, "writing");
    }
}


static void
ngx_http_portone_commit_deliver(ngx_queue_t *done)
{
    ngx_queue_t                *q;
    ngx_http_portone_commit_t  *op;

    while (!ngx_queue_empty(done)) {
        q = ngx_queue_head(done);
        ngx_queue_remove(q);

        op = ngx_queue_data(q, ngx_http_portone_commit_t, queue);

        ngx_http_portone_commit_finish(op);
    }
}


/*
 * the operations of a batch that failed wait once more; those whose time has
 * expired meanwhile are withdrawn
 */

static void
ngx_http_portone_commit_put_back(ngx_http_portone_store_t *store,
    ngx_queue_t *late)
{
    ngx_queue_t                *q;
    ngx_http_portone_commit_t  *op;

    (void) ngx_thread_mutex_lock(&store->mutex, store->log);

    while (!ngx_queue_empty(&store->batch)) {
        q = ngx_queue_last(&store->batch);
        ngx_queue_remove(q);

        op = ngx_queue_data(q, ngx_http_portone_commit_t, queue);

        if (op->timer.timer_set) {
            op->rc = NGX_HTTP_PORTONE_COMMIT_ALONE;
            ngx_queue_insert_head(&store->waiting, q);

        } else {
            op->status = NGX_HTTP_PORTONE_COMMIT_WITHDRAWN;
            ngx_queue_insert_head(late, q);
        }
    }

    (void) ngx_thread_mutex_unlock(&store->mutex, store->log);
}


/* all who wait learn that the store is of no use now */

static void
ngx_http_portone_commit_fail_all(ngx_http_portone_store_t *store)
{
    ngx_queue_t                 failed, *q;
    ngx_http_portone_commit_t  *op;

    ngx_queue_init(&failed);

    (void) ngx_thread_mutex_lock(&store->mutex, store->log);

    if (!ngx_queue_empty(&store->waiting)) {
        ngx_queue_add(&failed, &store->waiting);
        ngx_queue_init(&store->waiting);
    }

    (void) ngx_thread_mutex_unlock(&store->mutex, store->log);

    while (!ngx_queue_empty(&failed)) {
        q = ngx_queue_head(&failed);
        ngx_queue_remove(q);

        op = ngx_queue_data(q, ngx_http_portone_commit_t, queue);

        op->status = NGX_HTTP_PORTONE_COMMIT_FAILED;
        ngx_http_portone_commit_finish(op);
    }

    ngx_http_portone_commit_set_guard(store);
}


static void
ngx_http_portone_commit_finish(ngx_http_portone_commit_t *op)
{
    if (op->timer.timer_set) {
        ngx_del_timer(&op->timer);
    }

    ngx_http_portone_metrics_gauge_dec(writes);
    ngx_http_portone_metrics_count(writes[op->status]);

    if (op->status == NGX_HTTP_PORTONE_COMMITTED) {
        ngx_http_portone_metrics_gauge_now(written);

    } else {
        ngx_http_portone_metrics_gauge_now(unwritten);
    }

    switch (op->status) {

    case NGX_HTTP_PORTONE_COMMITTED:
        break;

    case NGX_HTTP_PORTONE_COMMIT_FAILED:
        ngx_log_error(NGX_LOG_ERR, op->log, 0,
                      "store \"%V\": could not be written",
                      &op->store->path);
        break;

    case NGX_HTTP_PORTONE_COMMIT_WITHDRAWN:
        ngx_log_error(NGX_LOG_ERR, op->log, 0,
                      "store \"%V\": could not be written within %M ms",
                      &op->store->path, op->timeout);
        break;
    }

    op->handler(op);
}


static ngx_uint_t
ngx_http_portone_commit_is_waiting(ngx_http_portone_store_t *store)
{
    ngx_uint_t  waiting;

    (void) ngx_thread_mutex_lock(&store->mutex, store->log);
    waiting = !ngx_queue_empty(&store->waiting);
    (void) ngx_thread_mutex_unlock(&store->mutex, store->log);

    return waiting;
}


/*
 * A worker that has been told to leave does so as soon as it has only
 * cancelable timers left.  An operation that a thread has taken may have lost
 * its own, so the guard stands for it.
 */

static void
ngx_http_portone_commit_set_guard(ngx_http_portone_store_t *store)
{
    if (store->busy || ngx_http_portone_commit_is_waiting(store)) {

        if (!store->guard.timer_set) {
            ngx_add_timer(&store->guard, NGX_HTTP_PORTONE_COMMIT_GUARD);
        }

    } else if (store->guard.timer_set) {
        ngx_del_timer(&store->guard);
    }
}


static void
ngx_http_portone_commit_guard(ngx_event_t *ev)
{
    time_t                     passed;
    ngx_http_portone_store_t  *store;

    store = ev->data;

    passed = ngx_time() - store->started;

    if (store->busy && passed >= NGX_HTTP_PORTONE_COMMIT_GUARD / 1000) {
        ngx_log_error(NGX_LOG_CRIT, store->log, 0,
                      "store \"%V\": a commit takes %T s by now",
                      &store->path, passed);
    }

    ngx_http_portone_commit_set_guard(store);
}
