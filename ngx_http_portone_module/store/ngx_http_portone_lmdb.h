
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_LMDB_H_INCLUDED_
#define _NGX_HTTP_PORTONE_LMDB_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_thread_pool.h>
#include <lmdb.h>

#include "portone_txn.h"


/*
 * One LMDB environment and its transactions.  Nothing here knows of the
 * event loop.  Read transactions belong to the event loop, the write
 * transaction belongs to the thread; both may run at the same time, but
 * opening, closing and adopting a size need that neither does.
 *
 * Results called rc are those of LMDB: 0, an errno, or a negative MDB_* code.
 */


typedef struct {
    /* set by the creator, NUL-terminated */
    ngx_str_t         path;
    ngx_str_t         lock;               /* the file to flock() */
    size_t            size;

    MDB_env          *env;                /* NULL: not open */
    MDB_txn          *read;               /* reset between the uses */
    MDB_dbi           dbi[PORTONE_DB_MAX];
} ngx_http_portone_lmdb_t;


/* records that are not what they should be, and the first of them */

typedef struct {
    ngx_uint_t        n;
    portone_db_e      db;
    size_t            len;
    u_char            key[PORTONE_KEY_MAX];
} ngx_http_portone_lmdb_unreadable_t;


typedef struct {
    portone_txn_t     txn;                /* first: callbacks get only this */
    MDB_txn          *mdb;
    MDB_dbi          *dbi;
    int               rc;                 /* of the first call that failed */
    ngx_http_portone_lmdb_unreadable_t  unreadable;
} ngx_http_portone_lmdb_txn_t;


/*
 * ngx_http_portone_lmdb_open() waits for other processes that open or close
 * the same environment, two seconds at most.  NGX_ERROR: the reason has been
 * logged on the given level, and nothing is open.
 */
ngx_int_t ngx_http_portone_lmdb_open(ngx_http_portone_lmdb_t *lmdb,
    ngx_uint_t level, ngx_log_t *log);

/* does nothing when the environment is not open */
void ngx_http_portone_lmdb_close(ngx_http_portone_lmdb_t *lmdb,
    ngx_log_t *log);

/*
 * The read transaction: begin, use txn->txn, end.  After MDB_BAD_RSLOT,
 * MDB_PANIC and whatever else begin returns but 0 and MDB_MAP_RESIZED only
 * closing and opening helps.
 */
int ngx_http_portone_lmdb_read_begin(ngx_http_portone_lmdb_t *lmdb,
    ngx_http_portone_lmdb_txn_t *txn);
void ngx_http_portone_lmdb_read_end(ngx_http_portone_lmdb_t *lmdb);

/*
 * The write transaction.  begin waits until no other process writes, without
 * a limit; commit returns 0 when everything is on disk; both commit and
 * abort end the transaction.
 */
int ngx_http_portone_lmdb_begin(ngx_http_portone_lmdb_t *lmdb,
    ngx_http_portone_lmdb_txn_t *txn);
int ngx_http_portone_lmdb_commit(ngx_http_portone_lmdb_txn_t *txn);
void ngx_http_portone_lmdb_abort(ngx_http_portone_lmdb_txn_t *txn);

/*
 * Whether there is room for size bytes, or with 0 for a few pages, beside what
 * is kept for settling: an eighth of the map, 8 MB at most.  Pages that are
 * free to be used again do not count, there are never many.  0: writing would
 * say MDB_MAP_FULL soon.
 */
ngx_uint_t ngx_http_portone_lmdb_has_room(ngx_http_portone_lmdb_t *lmdb,
    size_t size);

/* adopts the size another process has given to the map: MDB_MAP_RESIZED */
int ngx_http_portone_lmdb_adopt_size(ngx_http_portone_lmdb_t *lmdb);

/* frees what processes that died have left in the table of readers */
int ngx_http_portone_lmdb_check_readers(ngx_http_portone_lmdb_t *lmdb);

void ngx_http_portone_lmdb_log(ngx_http_portone_lmdb_t *lmdb,
    ngx_uint_t level, ngx_log_t *log, int rc, const char *what);

/* one more record that is not what it should be */
void ngx_http_portone_lmdb_add_unreadable(
    ngx_http_portone_lmdb_unreadable_t *unreadable, portone_db_e db,
    const portone_str_t *key);

void ngx_http_portone_lmdb_log_unreadable(ngx_http_portone_lmdb_t *lmdb,
    ngx_uint_t level, ngx_log_t *log,
    ngx_http_portone_lmdb_unreadable_t *unreadable);


#endif /* _NGX_HTTP_PORTONE_LMDB_H_INCLUDED_ */
