
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_ENGINE_H_INCLUDED_
#define _NGX_HTTP_PORTONE_ENGINE_H_INCLUDED_


#include "ngx_http_portone_store.h"


/*
 * The store asks this of an engine, which keeps the databases: one constant
 * structure of functions.  LMDB is the engine, ngx_http_portone_lmdb.c.
 *
 * Read transactions belong to the event loop, the write transaction belongs to
 * the thread.  Both may run at the same time; open, close and repair need that
 * both have ended.
 *
 * Results called rc: 0 is success, all other values are the engine's own,
 * which remedy and log_error understand.
 */


/* unreadable records, and the first of them */

typedef struct {
    ngx_uint_t        n;
    portone_db_e      db;
    size_t            len;
    u_char            key[PORTONE_KEY_MAX];
} ngx_http_portone_unreadable_t;


typedef struct ngx_http_portone_engine_s  ngx_http_portone_engine_t;

typedef struct {
    portone_txn_t                     txn;     /* first: callbacks get only
                                                  this */
    const ngx_http_portone_engine_t  *engine;
    void                             *data;    /* made by create */
    void                             *handle;  /* the engine's transaction */
    int                               rc;      /* result of the first call
                                                  that failed, or 0 */
    const char                       *failed;  /* name of the call with which
                                                  read_begin failed */
    ngx_http_portone_unreadable_t     unreadable;
} ngx_http_portone_engine_txn_t;


/* the store's answer to a failure */

typedef enum {
    NGX_HTTP_PORTONE_ENGINE_GO_ON = 0,
    NGX_HTTP_PORTONE_ENGINE_REPAIR,
    NGX_HTTP_PORTONE_ENGINE_REOPEN
} ngx_http_portone_engine_remedy_e;


struct ngx_http_portone_engine_s {

    /*
     * the engine's object for path, closed, in the pool of cf; NULL: out of
     * memory
     */
    void       *(*create)(ngx_conf_t *cf, ngx_str_t *path, size_t size);

    /*
     * NGX_ERROR: open has logged the reason on the given level, and has closed
     * all that it had opened
     */
    ngx_int_t   (*open)(void *data, ngx_uint_t level, ngx_log_t *log);

    /* closes what is open */
    void        (*close)(void *data, ngx_log_t *log);

    /*
     * the read transaction; if read_begin fails, reopening is the remedy for
     * all but what remedy calls a case for repair
     */
    int         (*read_begin)(void *data, ngx_http_portone_engine_txn_t *txn);
    void        (*read_end)(ngx_http_portone_engine_txn_t *txn);

    /*
     * the write transaction.  begin waits for other writers as long as it
     * takes; 0 from commit: everything is on disk; commit and abort end the
     * transaction
     */
    int         (*begin)(void *data, ngx_http_portone_engine_txn_t *txn);
    int         (*commit)(ngx_http_portone_engine_txn_t *txn);
    void        (*abort)(ngx_http_portone_engine_txn_t *txn);

    /*
     * 0: there is room for size bytes, or with 0 for a few pages, beside what
     * is kept for settling; else the rc of a full store
     */
    int         (*has_room)(void *data, size_t size);

    ngx_http_portone_engine_remedy_e
                (*remedy)(int rc);

    int         (*repair)(void *data);

    /* the work of each minute, in the thread; logs what fails */
    void        (*check)(void *data, ngx_log_t *log);

    void        (*info)(ngx_http_portone_engine_txn_t *txn,
                        ngx_http_portone_store_info_t *info);

    /* logs that the action called what has failed with rc */
    void        (*log_error)(void *data, ngx_uint_t level, ngx_log_t *log,
                             int rc, const char *what);
};


#endif /* _NGX_HTTP_PORTONE_ENGINE_H_INCLUDED_ */
