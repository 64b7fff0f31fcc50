
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_LMDB_H_INCLUDED_
#define _NGX_HTTP_PORTONE_LMDB_H_INCLUDED_


#include "ngx_http_portone_engine.h"

#include <lmdb.h>


/* The engine of one LMDB environment: ngx_http_portone_engine.h. */


typedef struct {
    /* NUL-terminated */
    ngx_str_t         path;
    ngx_str_t         lock;               /* the file to flock() */
    size_t            size;               /* map size, bytes */

    MDB_env          *env;                /* NULL: closed */
    MDB_txn          *read;               /* reset between the uses */
    MDB_dbi           dbi[PORTONE_DB_MAX];
} ngx_http_portone_lmdb_t;


extern const ngx_http_portone_engine_t  ngx_http_portone_lmdb_engine;


/* functions of the engine; handle is a MDB_txn * */

int ngx_http_portone_lmdb_txn_read_begin(void *data,
    ngx_http_portone_engine_txn_t *txn);
void ngx_http_portone_lmdb_txn_read_end(ngx_http_portone_engine_txn_t *txn);
int ngx_http_portone_lmdb_txn_begin(void *data,
    ngx_http_portone_engine_txn_t *txn);
int ngx_http_portone_lmdb_txn_commit(ngx_http_portone_engine_txn_t *txn);
void ngx_http_portone_lmdb_txn_abort(ngx_http_portone_engine_txn_t *txn);


#endif /* _NGX_HTTP_PORTONE_LMDB_H_INCLUDED_ */
