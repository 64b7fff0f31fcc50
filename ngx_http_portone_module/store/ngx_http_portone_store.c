
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_store_private.h"


#define NGX_HTTP_PORTONE_STORE_LOCK     "/open.lock"

/* ms */
#define NGX_HTTP_PORTONE_STORE_RETRY    10000
#define NGX_HTTP_PORTONE_STORE_CHECK    60000

/* seconds */
#define NGX_HTTP_PORTONE_STORE_REPORT   60


static void ngx_http_portone_store_upkeep_handler(ngx_event_t *ev);


/* LMDB must not have an environment open twice in one process */

static ngx_http_portone_store_t  *ngx_http_portone_store_current;


ngx_http_portone_store_t *
ngx_http_portone_store_create(ngx_conf_t *cf, ngx_str_t *path, size_t size,
    ngx_thread_pool_t *thread_pool)
{
    u_char                    *p;
    ngx_http_portone_store_t  *store;

    store = ngx_pcalloc(cf->pool, sizeof(ngx_http_portone_store_t));
    if (store == NULL) {
        return NULL;
    }

    store->log = &cf->cycle->new_log;
    store->thread_pool = thread_pool;
    store->lmdb.size = size;

    store->lmdb.path = *path;

    store->lmdb.lock.len = path->len + sizeof(NGX_HTTP_PORTONE_STORE_LOCK) - 1;
    store->lmdb.lock.data = ngx_pnalloc(cf->pool, store->lmdb.lock.len + 1);
    if (store->lmdb.lock.data == NULL) {
        return NULL;
    }

    p = ngx_cpymem(store->lmdb.lock.data, path->data, path->len);
    ngx_memcpy(p, NGX_HTTP_PORTONE_STORE_LOCK,
               sizeof(NGX_HTTP_PORTONE_STORE_LOCK));

    if (ngx_thread_mutex_create(&store->mutex, cf->log) != NGX_OK) {
        return NULL;
    }

    ngx_http_portone_commit_init(store);

    store->upkeep.handler = ngx_http_portone_store_upkeep_handler;
    store->upkeep.data = store;
    store->upkeep.log = store->log;
    store->upkeep.cancelable = 1;

    return store;
}


ngx_int_t
ngx_http_portone_store_open(ngx_http_portone_store_t *store,
    ngx_cycle_t *cycle)
{
    if (ngx_http_portone_store_current != NULL) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "store \"%V\" cannot be opened: "
                      "\"%V\" is open in this process", &store->lmdb.path,
                      &ngx_http_portone_store_current->lmdb.path);
        return NGX_ERROR;
    }

    ngx_http_portone_store_current = store;

    if (ngx_http_portone_lmdb_open(&store->lmdb, NGX_LOG_EMERG, cycle->log)
        != NGX_OK)
    {
        store->open_reported = ngx_time();
        ngx_http_portone_store_upkeep(store);
        return NGX_ERROR;
    }

    store->state = NGX_HTTP_PORTONE_STORE_OPEN;
    ngx_http_portone_store_upkeep(store);

    return NGX_OK;
}


void
ngx_http_portone_store_close(ngx_http_portone_store_t *store,
    ngx_cycle_t *cycle)
{
    if (ngx_http_portone_store_current != store) {
        return;
    }

    ngx_http_portone_commit_stop(store);

    if (store->upkeep.timer_set) {
        ngx_del_timer(&store->upkeep);
    }

    /*
     * nginx has ended the threads by now.  If one still runs, the kernel
     * closes the environment as it does when a process is killed.
     */

    if (store->running) {
        return;
    }

    ngx_http_portone_lmdb_close(&store->lmdb, cycle->log);

    store->state = NGX_HTTP_PORTONE_STORE_CLOSED;
    ngx_http_portone_store_current = NULL;
}


int
ngx_http_portone_store_read(ngx_http_portone_store_t *store,
    ngx_http_portone_store_pt reader, void *data, ngx_log_t *log)
{
    int                          rc, result;
    ngx_http_portone_lmdb_txn_t  txn;

    if (store->state != NGX_HTTP_PORTONE_STORE_OPEN) {
        ngx_log_error(NGX_LOG_ERR, log, 0, "store \"%V\" is not open",
                      &store->lmdb.path);
        return PORTONE_ERROR;
    }

    rc = ngx_http_portone_lmdb_read_begin(&store->lmdb, &txn);

    if (rc == MDB_MAP_RESIZED && !store->busy) {
        rc = ngx_http_portone_lmdb_adopt_size(&store->lmdb);

        if (rc == 0) {
            rc = ngx_http_portone_lmdb_read_begin(&store->lmdb, &txn);
        }
    }

    if (rc != 0) {
        ngx_http_portone_lmdb_log(&store->lmdb, NGX_LOG_ERR, log, rc,
                                  "mdb_txn_renew()");

        /* the thread may be in a transaction: it is put right after that */

        if (rc == MDB_MAP_RESIZED) {
            store->resized = 1;

        } else {
            store->state = NGX_HTTP_PORTONE_STORE_BROKEN;
            ngx_http_portone_commit_wake(store);
        }

        return PORTONE_ERROR;
    }

    result = reader(&txn.txn, data);

    ngx_http_portone_lmdb_read_end(&store->lmdb);

    ngx_http_portone_store_log_unreadable(store, &txn.unreadable, log);

    if (txn.rc != 0) {
        ngx_http_portone_lmdb_log(&store->lmdb, NGX_LOG_ERR, log, txn.rc,
                                  "reading");
        return PORTONE_ERROR;
    }

    return result;
}


void
ngx_http_portone_store_unreadable(ngx_http_portone_store_t *store,
    portone_db_e db, const portone_str_t *key, ngx_log_t *log)
{
    ngx_http_portone_lmdb_unreadable_t  unreadable;

    unreadable.n = 0;

    ngx_http_portone_lmdb_add_unreadable(&unreadable, db, key);
    ngx_http_portone_store_log_unreadable(store, &unreadable, log);
}


ngx_uint_t
ngx_http_portone_store_is_open(ngx_http_portone_store_t *store)
{
    return store->state == NGX_HTTP_PORTONE_STORE_OPEN;
}


void
ngx_http_portone_store_upkeep(ngx_http_portone_store_t *store)
{
    if (store->upkeep.timer_set) {
        ngx_del_timer(&store->upkeep);
    }

    if (store->state != NGX_HTTP_PORTONE_STORE_OPEN) {
        ngx_add_timer(&store->upkeep, NGX_HTTP_PORTONE_STORE_RETRY);

    } else if (ngx_worker == 0) {
        ngx_add_timer(&store->upkeep, NGX_HTTP_PORTONE_STORE_CHECK);
    }
}


static void
ngx_http_portone_store_upkeep_handler(ngx_event_t *ev)
{
    ngx_http_portone_store_t  *store;

    store = ev->data;

    if (ngx_exiting) {
        return;
    }

    if (store->state == NGX_HTTP_PORTONE_STORE_OPEN) {
        store->check = 1;

    } else {
        store->retry = 1;
    }

    ngx_http_portone_commit_wake(store);
    ngx_http_portone_store_upkeep(store);
}


void
ngx_http_portone_store_log_unreadable(ngx_http_portone_store_t *store,
    ngx_http_portone_lmdb_unreadable_t *unreadable, ngx_log_t *log)
{
    ngx_uint_t  level;

    if (unreadable->n == 0) {
        return;
    }

    level = ngx_http_portone_store_log_level(&store->unreadable_reported,
                                             NGX_LOG_ERR);

    ngx_http_portone_lmdb_log_unreadable(&store->lmdb, level, log,
                                         unreadable);
}


ngx_uint_t
ngx_http_portone_store_log_level(time_t *reported, ngx_uint_t level)
{
    time_t  now;

    now = ngx_time();

    if (*reported != 0 && now - *reported < NGX_HTTP_PORTONE_STORE_REPORT) {
        return NGX_LOG_INFO;
    }

    *reported = now;

    return level;
}
