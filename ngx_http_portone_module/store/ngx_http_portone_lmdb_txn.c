
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_lmdb.h"


static int ngx_http_portone_lmdb_get(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *key, portone_str_t *value);
static int ngx_http_portone_lmdb_next(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *after, portone_str_t *key, portone_str_t *value);
static int ngx_http_portone_lmdb_prev(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *before, portone_str_t *key, portone_str_t *value);
static int ngx_http_portone_lmdb_seek(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *from, ngx_uint_t back, portone_str_t *key,
    portone_str_t *value);
static int ngx_http_portone_lmdb_put(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *key, const portone_str_t *value);
static int ngx_http_portone_lmdb_del(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *key);
static void ngx_http_portone_lmdb_unreadable(portone_txn_t *txn,
    portone_db_e db, const portone_str_t *key);
static int ngx_http_portone_lmdb_failed(portone_txn_t *txn, int rc);


int
ngx_http_portone_lmdb_read_begin(ngx_http_portone_lmdb_t *lmdb,
    ngx_http_portone_lmdb_txn_t *txn)
{
    int  rc;

    rc = mdb_txn_renew(lmdb->read);

    if (rc == MDB_BAD_RSLOT) {

        /*
         * the slot is not ours any more, and mdb_txn_abort() would free it
         * under the reader that has it now: better lose a little memory
         */

        lmdb->read = NULL;
    }

    if (rc != 0) {
        return rc;
    }

    txn->txn.get = ngx_http_portone_lmdb_get;
    txn->txn.next = ngx_http_portone_lmdb_next;
    txn->txn.prev = ngx_http_portone_lmdb_prev;
    txn->txn.put = NULL;
    txn->txn.del = NULL;
    txn->txn.unreadable = ngx_http_portone_lmdb_unreadable;
    txn->mdb = lmdb->read;
    txn->dbi = lmdb->dbi;
    txn->rc = 0;
    txn->unreadable.n = 0;

    return 0;
}


void
ngx_http_portone_lmdb_read_end(ngx_http_portone_lmdb_t *lmdb)
{
    mdb_txn_reset(lmdb->read);
}


int
ngx_http_portone_lmdb_begin(ngx_http_portone_lmdb_t *lmdb,
    ngx_http_portone_lmdb_txn_t *txn)
{
    int               rc;
    struct stat       sb;
    mdb_filehandle_t  fd;

    /* what is written to a file that has been deleted is not durable */

    rc = mdb_env_get_fd(lmdb->env, &fd);

    if (rc != 0) {
        return rc;
    }

    if (fstat(fd, &sb) == -1) {
        return ngx_errno;
    }

    if (sb.st_nlink == 0) {
        return ESTALE;
    }

    rc = mdb_txn_begin(lmdb->env, NULL, 0, &txn->mdb);

    if (rc != 0) {
        return rc;
    }

    txn->txn.get = ngx_http_portone_lmdb_get;
    txn->txn.next = ngx_http_portone_lmdb_next;
    txn->txn.prev = ngx_http_portone_lmdb_prev;
    txn->txn.put = ngx_http_portone_lmdb_put;
    txn->txn.del = ngx_http_portone_lmdb_del;
    txn->txn.unreadable = ngx_http_portone_lmdb_unreadable;
    txn->dbi = lmdb->dbi;
    txn->rc = 0;
    txn->unreadable.n = 0;

    return 0;
}


int
ngx_http_portone_lmdb_commit(ngx_http_portone_lmdb_txn_t *txn)
{
    return mdb_txn_commit(txn->mdb);
}


void
ngx_http_portone_lmdb_abort(ngx_http_portone_lmdb_txn_t *txn)
{
    mdb_txn_abort(txn->mdb);
}


static int
ngx_http_portone_lmdb_get(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *key, portone_str_t *value)
{
    int                           rc;
    MDB_val                       k, v;
    ngx_http_portone_lmdb_txn_t  *t;

    t = (ngx_http_portone_lmdb_txn_t *) txn;

    if (key->len == 0 || key->len > PORTONE_KEY_MAX) {
        return ngx_http_portone_lmdb_failed(txn, MDB_BAD_VALSIZE);
    }

    k.mv_data = (void *) key->data;
    k.mv_size = key->len;

    rc = mdb_get(t->mdb, t->dbi[db], &k, &v);

    if (rc == MDB_NOTFOUND) {
        return PORTONE_DECLINED;
    }

    if (rc != 0) {
        return ngx_http_portone_lmdb_failed(txn, rc);
    }

    value->data = v.mv_data;
    value->len = v.mv_size;

    return PORTONE_OK;
}


/* an empty key is less than all others */

static int
ngx_http_portone_lmdb_next(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *after, portone_str_t *key, portone_str_t *value)
{
    return ngx_http_portone_lmdb_seek(txn, db, after, 0, key, value);
}


static int
ngx_http_portone_lmdb_prev(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *before, portone_str_t *key, portone_str_t *value)
{
    return ngx_http_portone_lmdb_seek(txn, db, before, 1, key, value);
}


/* the neighbour of a key that need not be there itself */

static int
ngx_http_portone_lmdb_seek(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *from, ngx_uint_t back, portone_str_t *key,
    portone_str_t *value)
{
    int                           rc;
    MDB_val                       k, v;
    MDB_cursor                   *cursor;
    ngx_http_portone_lmdb_txn_t  *t;

    t = (ngx_http_portone_lmdb_txn_t *) txn;

    if (from->len > PORTONE_KEY_MAX) {
        return ngx_http_portone_lmdb_failed(txn, MDB_BAD_VALSIZE);
    }

    rc = mdb_cursor_open(t->mdb, t->dbi[db], &cursor);

    if (rc != 0) {
        return ngx_http_portone_lmdb_failed(txn, rc);
    }

    if (from->len == 0) {
        rc = back ? MDB_NOTFOUND : mdb_cursor_get(cursor, &k, &v, MDB_FIRST);

    } else {
        k.mv_data = (void *) from->data;
        k.mv_size = from->len;

        /* the smallest key that is not smaller */

        rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);

        if (back && rc == MDB_NOTFOUND) {
            rc = mdb_cursor_get(cursor, &k, &v, MDB_LAST);

        } else if (back && rc == 0) {
            rc = mdb_cursor_get(cursor, &k, &v, MDB_PREV);

        } else if (rc == 0 && k.mv_size == from->len
                   && ngx_memcmp(k.mv_data, from->data, from->len) == 0)
        {
            rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
        }
    }

    mdb_cursor_close(cursor);

    if (rc == MDB_NOTFOUND) {
        return PORTONE_DECLINED;
    }

    if (rc != 0) {
        return ngx_http_portone_lmdb_failed(txn, rc);
    }

    key->data = k.mv_data;
    key->len = k.mv_size;
    value->data = v.mv_data;
    value->len = v.mv_size;

    return PORTONE_OK;
}


static int
ngx_http_portone_lmdb_put(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *key, const portone_str_t *value)
{
    int                           rc;
    char                          buf[PORTONE_KEY_MAX];
    MDB_val                       k, v;
    ngx_http_portone_lmdb_txn_t  *t;

    t = (ngx_http_portone_lmdb_txn_t *) txn;

    if (key->len == 0 || key->len > PORTONE_KEY_MAX) {
        return ngx_http_portone_lmdb_failed(txn, MDB_BAD_VALSIZE);
    }

    /* a key found by next or prev lies in a page that is changed now */

    ngx_memcpy(buf, key->data, key->len);

    k.mv_data = buf;
    k.mv_size = key->len;
    v.mv_data = (void *) value->data;
    v.mv_size = value->len;

    rc = mdb_put(t->mdb, t->dbi[db], &k, &v, 0);

    if (rc != 0) {
        return ngx_http_portone_lmdb_failed(txn, rc);
    }

    return PORTONE_OK;
}


static int
ngx_http_portone_lmdb_del(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *key)
{
    int                           rc;
    char                          buf[PORTONE_KEY_MAX];
    MDB_val                       k;
    ngx_http_portone_lmdb_txn_t  *t;

    t = (ngx_http_portone_lmdb_txn_t *) txn;

    if (key->len == 0 || key->len > PORTONE_KEY_MAX) {
        return ngx_http_portone_lmdb_failed(txn, MDB_BAD_VALSIZE);
    }

    ngx_memcpy(buf, key->data, key->len);

    k.mv_data = buf;
    k.mv_size = key->len;

    rc = mdb_del(t->mdb, t->dbi[db], &k, NULL);

    if (rc != 0 && rc != MDB_NOTFOUND) {
        return ngx_http_portone_lmdb_failed(txn, rc);
    }

    return PORTONE_OK;
}


static void
ngx_http_portone_lmdb_unreadable(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *key)
{
    ngx_http_portone_lmdb_txn_t  *t;

    t = (ngx_http_portone_lmdb_txn_t *) txn;

    ngx_http_portone_lmdb_add_unreadable(&t->unreadable, db, key);
}


static int
ngx_http_portone_lmdb_failed(portone_txn_t *txn, int rc)
{
    ngx_http_portone_lmdb_txn_t  *t;

    t = (ngx_http_portone_lmdb_txn_t *) txn;

    if (t->rc == 0) {
        t->rc = rc;
    }

    return PORTONE_ERROR;
}
