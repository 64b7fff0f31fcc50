
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_store_private.h"
#include "ngx_http_portone_lmdb.h"


static void ngx_http_portone_store_upkeep_handler(ngx_event_t *ev);


/* LMDB must have an environment open only once in a process */

static ngx_http_portone_store_t  *ngx_http_portone_store_current;


ngx_http_portone_store_t *
ngx_http_portone_store_create(ngx_conf_t *cf, ngx_str_t *path, size_t size,
    ngx_thread_pool_t *thread_pool)
{
    ngx_http_portone_store_t  *store;

    store = ngx_pcalloc(cf->pool, sizeof(ngx_http_portone_store_t));
    if (store == NULL) {
        return NULL;
    }

    store->log = &cf->cycle->new_log;
    store->thread_pool = thread_pool;
    store->path = *path;

    store->engine = &ngx_http_portone_lmdb_engine;

    store->data = store->engine->create(cf, path, size);
    if (store->data == NULL) {
        return NULL;
    }

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
ngx_http_portone_store_check_events(ngx_cycle_t *cycle)
{
    ngx_uint_t           i;
    ngx_module_t       **modules;
    ngx_event_conf_t    *ecf;
    ngx_event_module_t  *module;

    ecf = ngx_event_get_conf(cycle->conf_ctx, ngx_event_core_module);
    modules = cycle->modules;

    for (i = 0; modules[i]; i++) {

        if (modules[i]->type != NGX_EVENT_MODULE
            || modules[i]->ctx_index != ecf->use)
        {
            continue;
        }

        module = modules[i]->ctx;

        if (module->actions.notify == NULL) {
            ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                          "\"portone_store\" cannot be used with the \"%s\" "
                          "event method", ecf->name);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_portone_store_open(ngx_http_portone_store_t *store,
    ngx_cycle_t *cycle)
{
    if (ngx_http_portone_store_current != NULL) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "store \"%V\" cannot be opened: "
                      "\"%V\" is open in this process", &store->path,
                      &ngx_http_portone_store_current->path);
        return NGX_ERROR;
    }

    ngx_http_portone_store_current = store;

    if (store->engine->open(store->data, NGX_LOG_EMERG, cycle->log)
        != NGX_OK)
    {
        store->open_reported = ngx_time();
        ngx_http_portone_store_state_down(store);
        return NGX_ERROR;
    }

    ngx_http_portone_store_state_up(store);

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

    store->engine->close(store->data, cycle->log);

    store->state = NGX_HTTP_PORTONE_STORE_CLOSED;
    ngx_http_portone_store_current = NULL;
}


int
ngx_http_portone_store_read(ngx_http_portone_store_t *store,
    ngx_http_portone_store_pt reader, void *data, ngx_log_t *log)
{
    int                               rc, result;
    ngx_http_portone_engine_txn_t     txn;
    const ngx_http_portone_engine_t  *engine;

    if (store->state != NGX_HTTP_PORTONE_STORE_OPEN) {
        ngx_log_error(NGX_LOG_ERR, log, 0, "store \"%V\" is not open",
                      &store->path);
        return PORTONE_ERROR;
    }

    engine = store->engine;
    txn.engine = engine;

    rc = engine->read_begin(store->data, &txn);

    if (engine->remedy(rc) == NGX_HTTP_PORTONE_ENGINE_REPAIR && !store->busy) {
        rc = engine->repair(store->data);

        if (rc == 0) {
            rc = engine->read_begin(store->data, &txn);
        }
    }

    if (rc != 0) {
        engine->log_error(store->data, NGX_LOG_ERR, log, rc, txn.failed);

        /* the thread may be in a transaction: repair waits for its end */

        if (engine->remedy(rc) == NGX_HTTP_PORTONE_ENGINE_REPAIR) {
            store->repair = 1;

        } else {
            store->state = NGX_HTTP_PORTONE_STORE_BROKEN;
            ngx_http_portone_commit_wake(store);
        }

        return PORTONE_ERROR;
    }

    result = reader(&txn.txn, data);

    engine->read_end(&txn);

    ngx_http_portone_store_state_log_unreadable(store, &txn.unreadable, log);

    if (txn.rc != 0) {
        engine->log_error(store->data, NGX_LOG_ERR, log, txn.rc, "reading");
        return PORTONE_ERROR;
    }

    return result;
}


void
ngx_http_portone_store_unreadable(ngx_http_portone_store_t *store,
    portone_db_e db, const portone_str_t *key, ngx_log_t *log)
{
    ngx_http_portone_unreadable_t  unreadable;

    unreadable.n = 0;

    ngx_http_portone_store_state_add_unreadable(&unreadable, db, key);
    ngx_http_portone_store_state_log_unreadable(store, &unreadable, log);
}


ngx_uint_t
ngx_http_portone_store_is_open(ngx_http_portone_store_t *store)
{
    return store->state == NGX_HTTP_PORTONE_STORE_OPEN;
}


int
ngx_http_portone_store_info(portone_txn_t *txn, void *data)
{
    ngx_http_portone_engine_txn_t  *t;

    t = (ngx_http_portone_engine_txn_t *) txn;

    t->engine->info(t, data);

    return PORTONE_OK;
}


const char *
ngx_http_portone_store_name(ngx_uint_t db)
{
    return ngx_http_portone_store_state_names[db];
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
    ngx_http_portone_store_state_upkeep(store);
}
