
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_STORE_H_INCLUDED_
#define _NGX_HTTP_PORTONE_STORE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "portone_txn.h"


/*
 * The store of a worker process.  Reads run on the event loop in a cached read
 * transaction; all writes go through ngx_http_portone_commit.h, in a thread.
 */


typedef struct ngx_http_portone_store_s  ngx_http_portone_store_t;

typedef int (*ngx_http_portone_store_pt)(portone_txn_t *txn, void *data);


/*
 * ngx_http_portone_store_create() makes the object of a configuration cycle,
 * closed.  path is NUL-terminated; size is the most that the store may grow
 * to, bytes.
 */
ngx_http_portone_store_t *ngx_http_portone_store_create(ngx_conf_t *cf,
    ngx_str_t *path, size_t size, ngx_thread_pool_t *thread_pool);

/*
 * ngx_http_portone_store_check_events() looks at the event method, when all
 * of the configuration has been read.  A thread that is done wakes the event
 * loop up, for which poll and select lack the means: nginx notices in its
 * workers, and all of them end.  NGX_ERROR: an [emerg] line says so.
 */
ngx_int_t ngx_http_portone_store_check_events(ngx_cycle_t *cycle);

/*
 * ngx_http_portone_store_open() is called in each worker after the fork.
 * NGX_ERROR: an [emerg] line says why, and all use of the store fails until it
 * can be opened.
 */
ngx_int_t ngx_http_portone_store_open(ngx_http_portone_store_t *store,
    ngx_cycle_t *cycle);
void ngx_http_portone_store_close(ngx_http_portone_store_t *store,
    ngx_cycle_t *cycle);

/*
 * ngx_http_portone_store_read() calls reader in a read transaction, at once.
 * It returns the result of the reader, or PORTONE_ERROR (logged) when the
 * store gives no transaction.  The reader copies all that it keeps.
 */
int ngx_http_portone_store_read(ngx_http_portone_store_t *store,
    ngx_http_portone_store_pt reader, void *data, ngx_log_t *log);

/*
 * logs, once a minute at most, that a value which was read and copied is
 * damaged; a reader tells the transaction of damage that it sees by itself
 */
void ngx_http_portone_store_unreadable(ngx_http_portone_store_t *store,
    portone_db_e db, const portone_str_t *key, ngx_log_t *log);

/* 1: the store can be read; reading a closed one logs an error */
ngx_uint_t ngx_http_portone_store_is_open(ngx_http_portone_store_t *store);


/*
 * how full the store is; the numbers are of the type that portone_status shows
 */

typedef struct {
    ngx_atomic_t    size;                    /* bytes it may grow to */
    ngx_atomic_t    used;                    /* bytes, with pages that are
                                                free to be used again */
    ngx_atomic_t    full;                    /* 1: only what settles refunds
                                                is written */
    ngx_atomic_t    readers;                 /* slots that were ever used */
    ngx_atomic_t    reader_limit;
    ngx_atomic_t    entries[PORTONE_DB_MAX];
} ngx_http_portone_store_info_t;

/* a reader for ngx_http_portone_store_read(), of a structure like this */
int ngx_http_portone_store_info(portone_txn_t *txn, void *data);

/* the name of a database, static */
const char *ngx_http_portone_store_name(ngx_uint_t db);


#endif /* _NGX_HTTP_PORTONE_STORE_H_INCLUDED_ */
