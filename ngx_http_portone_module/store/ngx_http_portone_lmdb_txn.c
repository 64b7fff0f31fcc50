
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_store_private.h"
#include "ngx_http_portone_lmdb.h"


static void ngx_http_portone_lmdb_txn_init(ngx_http_portone_engine_txn_t *txn,
    ngx_http_portone_lmdb_t *lmdb, MDB_txn *mdb);
static MDB_dbi ngx_http_portone_lmdb_txn_dbi(ngx_http_portone_engine_txn_t *t,
    portone_db_e db);
static int ngx_http_portone_lmdb_txn_get(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *key, portone_str_t *value);
static int ngx_http_portone_lmdb_txn_next(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *after, portone_str_t *key, portone_str_t *value);
static int ngx_http_portone_lmdb_txn_prev(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *before, portone_str_t *key, portone_str_t *value);
static int ngx_http_portone_lmdb_txn_seek(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *from, ngx_uint_t back, portone_str_t *key,
    portone_str_t *value);
static int ngx_http_portone_lmdb_txn_put(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *key, const portone_str_t *value);
static int ngx_http_portone_lmdb_txn_del(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *key);
static int ngx_http_portone_lmdb_txn_failed(portone_txn_t *txn, int rc);


int
ngx_http_portone_lmdb_txn_read_begin(void *data,
    ngx_http_portone_engine_txn_t *txn)
{
    ngx_http_portone_lmdb_t *lmdb = data;

    int  rc;

    rc = mdb_txn_renew(lmdb->read);

    if (rc == MDB_BAD_RSLOT) {

        /*
         * the slot belongs to another reader by now, and mdb_txn_abort()
         * would free it under that one: better lose a little memory
         */

        lmdb->read = NULL;
    }

    if (rc != 0) {
        txn->failed = "mdb_txn_renew()";
        return rc;
    }

    ngx_http_portone_lmdb_txn_init(txn, lmdb, lmdb->read);

    txn->txn.put = NULL;
    txn->txn.del = NULL;

    return 0;
}


void
ngx_http_portone_lmdb_txn_read_end(ngx_http_portone_engine_txn_t *txn)
{
    mdb_txn_reset(txn->handle);
}


int
ngx_http_portone_lmdb_txn_begin(void *data, ngx_http_portone_engine_txn_t *txn)
{
    ngx_http_portone_lmdb_t *lmdb = data;

    int               rc;
    MDB_txn          *mdb;
    struct stat       sb;
    mdb_filehandle_t  fd;

    /* writes to a file that has been deleted would be lost */

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

    rc = mdb_txn_begin(lmdb->env, NULL, 0, &mdb);

    if (rc == 0) {
        ngx_http_portone_lmdb_txn_init(txn, lmdb, mdb);
    }

    return rc;
}


static void
ngx_http_portone_lmdb_txn_init(ngx_http_portone_engine_txn_t *txn,
    ngx_http_portone_lmdb_t *lmdb, MDB_txn *mdb)
{
    txn->txn.get = ngx_http_portone_lmdb_txn_get;
    txn->txn.next = ngx_http_portone_lmdb_txn_next;
    txn->txn.prev = ngx_http_portone_lmdb_txn_prev;
    txn->txn.put = ngx_http_portone_lmdb_txn_put;
    txn->txn.del = ngx_http_portone_lmdb_txn_del;
    txn->txn.unreadable = ngx_http_portone_store_state_unreadable;

    txn->data = lmdb;
    txn->handle = mdb;
    txn->rc = 0;
    txn->unreadable.n = 0;
}


/*
 * If the commit fails, all of the transaction is undone: LMDB copies on write,
 * and the copies become part of the database by the page that leads to them,
 * which is written and synced last.  If just writing that page fails, LMDB
 * puts the old contents back, which all processes go on with, and the
 * environment, which returns MDB_PANIC from then on, is opened again.
 *
 * Two ways remain for such a transaction to come back: the old contents cannot
 * be written either, and this process is the only one; or power fails before
 * the disk has got them.  Both need a disk that is failing already, and both
 * leave a whole transaction, so the claim of a refund that was answered as
 * failed has to be settled like any other.
 */

int
ngx_http_portone_lmdb_txn_commit(ngx_http_portone_engine_txn_t *txn)
{
    return mdb_txn_commit(txn->handle);
}


void
ngx_http_portone_lmdb_txn_abort(ngx_http_portone_engine_txn_t *txn)
{
    mdb_txn_abort(txn->handle);
}


static MDB_dbi
ngx_http_portone_lmdb_txn_dbi(ngx_http_portone_engine_txn_t *t,
    portone_db_e db)
{
    ngx_http_portone_lmdb_t  *lmdb;

    lmdb = t->data;

    return lmdb->dbi[db];
}


static int
ngx_http_portone_lmdb_txn_get(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *key, portone_str_t *value)
{
    int                             rc;
    MDB_val                         k, v;
    ngx_http_portone_engine_txn_t  *t;

    t = (ngx_http_portone_engine_txn_t *) txn;

    if (key->len == 0 || key->len > PORTONE_KEY_MAX) {
        return ngx_http_portone_lmdb_txn_failed(txn, MDB_BAD_VALSIZE);
    }

    k.mv_data = (void *) key->data;
    k.mv_size = key->len;

    rc = mdb_get(t->handle, ngx_http_portone_lmdb_txn_dbi(t, db), &k, &v);

    if (rc == MDB_NOTFOUND) {
        return PORTONE_DECLINED;
    }

    if (rc != 0) {
        return ngx_http_portone_lmdb_txn_failed(txn, rc);
    }

    value->data = v.mv_data;
    value->len = v.mv_size;

    return PORTONE_OK;
}


/* an empty key is less than all others */

static int
ngx_http_portone_lmdb_txn_next(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *after, portone_str_t *key, portone_str_t *value)
{
    return ngx_http_portone_lmdb_txn_seek(txn, db, after, 0, key, value);
}


static int
ngx_http_portone_lmdb_txn_prev(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *before, portone_str_t *key, portone_str_t *value)
{
    return ngx_http_portone_lmdb_txn_seek(txn, db, before, 1, key, value);
}


/* the neighbour of a key, which itself may be absent */

static int
ngx_http_portone_lmdb_txn_seek(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *from, ngx_uint_t back, portone_str_t *key,
    portone_str_t *value)
{
    int                             rc;
    MDB_val                         k, v;
    MDB_cursor                     *cursor;
    ngx_http_portone_engine_txn_t  *t;

    t = (ngx_http_portone_engine_txn_t *) txn;

    if (from->len > PORTONE_KEY_MAX) {
        return ngx_http_portone_lmdb_txn_failed(txn, MDB_BAD_VALSIZE);
    }

    rc = mdb_cursor_open(t->handle, ngx_http_portone_lmdb_txn_dbi(t, db),
                         &cursor);

    if (rc != 0) {
        return ngx_http_portone_lmdb_txn_failed(txn, rc);
    }

    if (from->len == 0) {
        rc = back ? MDB_NOTFOUND : mdb_cursor_get(cursor, &k, &v, MDB_FIRST);

    } else {
        k.mv_data = (void *) from->data;
        k.mv_size = from->len;

        /* the key itself, or the next greater one */

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
        return ngx_http_portone_lmdb_txn_failed(txn, rc);
    }

    key->data = k.mv_data;
    key->len = k.mv_size;
    value->data = v.mv_data;
    value->len = v.mv_size;

    return PORTONE_OK;
}


static int
ngx_http_portone_lmdb_txn_put(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *key, const portone_str_t *value)
{
    int                             rc;
    char                            buf[PORTONE_KEY_MAX];
    MDB_val                         k, v;
    ngx_http_portone_engine_txn_t  *t;

    t = (ngx_http_portone_engine_txn_t *) txn;

    if (key->len == 0 || key->len > PORTONE_KEY_MAX) {
        return ngx_http_portone_lmdb_txn_failed(txn, MDB_BAD_VALSIZE);
    }

    /* a key found by next or prev lies in a page that is changed now */

    ngx_memcpy(buf, key->data, key->len);

    k.mv_data = buf;
    k.mv_size = key->len;
    v.mv_data = (void *) value->data;
    v.mv_size = value->len;

    rc = mdb_put(t->handle, ngx_http_portone_lmdb_txn_dbi(t, db), &k, &v, 0);

    if (rc != 0) {
        return ngx_http_portone_lmdb_txn_failed(txn, rc);
    }

    return PORTONE_OK;
}


static int
ngx_http_portone_lmdb_txn_del(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *key)
{
    int                             rc;
    char                            buf[PORTONE_KEY_MAX];
    MDB_val                         k;
    ngx_http_portone_engine_txn_t  *t;

    t = (ngx_http_portone_engine_txn_t *) txn;

    if (key->len == 0 || key->len > PORTONE_KEY_MAX) {
        return ngx_http_portone_lmdb_txn_failed(txn, MDB_BAD_VALSIZE);
    }

    ngx_memcpy(buf, key->data, key->len);

    k.mv_data = buf;
    k.mv_size = key->len;

    rc = mdb_del(t->handle, ngx_http_portone_lmdb_txn_dbi(t, db), &k, NULL);

    if (rc != 0 && rc != MDB_NOTFOUND) {
        return ngx_http_portone_lmdb_txn_failed(txn, rc);
    }

    return PORTONE_OK;
}


static int
ngx_http_portone_lmdb_txn_failed(portone_txn_t *txn, int rc)
{
    ngx_http_portone_engine_txn_t  *t;

    t = (ngx_http_portone_engine_txn_t *) txn;

    if (t->rc == 0) {
        t->rc = rc;
    }

    return PORTONE_ERROR;
}
