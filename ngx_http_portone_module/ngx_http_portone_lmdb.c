
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_lmdb.h"
#include "ngx_http_portone_store.h"

#include <sys/file.h>


#define NGX_HTTP_PORTONE_LMDB_DATABASES   16
#define NGX_HTTP_PORTONE_LMDB_READERS     1024

/* how long to wait for the lock file, ms */
#define NGX_HTTP_PORTONE_LMDB_LOCK_WAIT   2000
#define NGX_HTTP_PORTONE_LMDB_LOCK_SLEEP  10


static ngx_fd_t ngx_http_portone_lmdb_lock(ngx_http_portone_lmdb_t *lmdb,
    ngx_uint_t level, ngx_log_t *log);
static int ngx_http_portone_lmdb_open_env(ngx_http_portone_lmdb_t *lmdb,
    const char **what);
static ngx_int_t ngx_http_portone_lmdb_open_databases(
    ngx_http_portone_lmdb_t *lmdb, ngx_uint_t level, ngx_log_t *log);
static int ngx_http_portone_lmdb_find_databases(ngx_http_portone_lmdb_t *lmdb,
    ngx_uint_t *found, ngx_uint_t *entries, ngx_int_t *format);
static int ngx_http_portone_lmdb_create_databases(
    ngx_http_portone_lmdb_t *lmdb);
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
static int ngx_http_portone_lmdb_failed(portone_txn_t *txn, int rc);


static const char  *ngx_http_portone_lmdb_names[] = {
    [PORTONE_DB_PAYMENTS] = "payments",
    [PORTONE_DB_MERCHANT_UIDS] = "merchant_uids",
    [PORTONE_DB_INTENTS] = "intents",
    [PORTONE_DB_ATTEMPTS] = "attempts",
    [PORTONE_DB_META] = "meta"
};

_Static_assert(sizeof(ngx_http_portone_lmdb_names) / sizeof(char *)
               == PORTONE_DB_MAX, "each database has a name");


static const char  ngx_http_portone_lmdb_format[] = "format";


ngx_int_t
ngx_http_portone_lmdb_open(ngx_http_portone_lmdb_t *lmdb, ngx_uint_t level,
    ngx_log_t *log)
{
    int          rc;
    ngx_fd_t     fd;
    const char  *what;

    fd = ngx_http_portone_lmdb_lock(lmdb, level, log);

    if (fd == NGX_INVALID_FILE) {
        return NGX_ERROR;
    }

    rc = ngx_http_portone_lmdb_open_env(lmdb, &what);

    if (rc != 0) {
        ngx_http_portone_lmdb_log(lmdb, level, log, rc, what);
        goto failed;
    }

    if (ngx_http_portone_lmdb_open_databases(lmdb, level, log) != NGX_OK) {
        goto failed;
    }

    what = "mdb_txn_begin()";
    rc = mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &lmdb->read);

    if (rc != 0) {
        lmdb->read = NULL;
        ngx_http_portone_lmdb_log(lmdb, level, log, rc, what);
        goto failed;
    }

    /* the slot in the table of readers is kept, no lock is needed again */

    mdb_txn_reset(lmdb->read);

    (void) ngx_close_file(fd);

    return NGX_OK;

failed:

    if (lmdb->env) {
        mdb_env_close(lmdb->env);
        lmdb->env = NULL;
    }

    (void) ngx_close_file(fd);

    return NGX_ERROR;
}


void
ngx_http_portone_lmdb_close(ngx_http_portone_lmdb_t *lmdb, ngx_log_t *log)
{
    ngx_fd_t  fd;

    if (lmdb->env == NULL) {
        return;
    }

    fd = ngx_http_portone_lmdb_lock(lmdb, NGX_LOG_WARN, log);

    mdb_txn_abort(lmdb->read);
    lmdb->read = NULL;

    mdb_env_close(lmdb->env);
    lmdb->env = NULL;

    if (fd != NGX_INVALID_FILE) {
        (void) ngx_close_file(fd);
    }
}


/*
 * LMDB 0.9.26 to 0.9.31 has a race between a process that opens an
 * environment and one that closes it, which makes the former fail with
 * EINVAL; a lock around both keeps them apart.  The wait is bounded since
 * the process that holds the lock may be stopped.
 */

static ngx_fd_t
ngx_http_portone_lmdb_lock(ngx_http_portone_lmdb_t *lmdb, ngx_uint_t level,
    ngx_log_t *log)
{
    ngx_fd_t    fd;
    ngx_err_t   err;
    ngx_uint_t  waited;

    fd = open((char *) lmdb->lock.data, O_RDWR|O_CREAT|O_CLOEXEC|O_NOFOLLOW,
              0600);

    if (fd == NGX_INVALID_FILE) {
        ngx_log_error(level, log, ngx_errno,
                      ngx_open_file_n " \"%V\" failed", &lmdb->lock);
        return NGX_INVALID_FILE;
    }

    for (waited = 0; /* void */; waited += NGX_HTTP_PORTONE_LMDB_LOCK_SLEEP) {

        if (flock(fd, LOCK_EX|LOCK_NB) == 0) {
            return fd;
        }

        err = ngx_errno;

        if (err == NGX_EINTR) {
            continue;
        }

        if (err != EWOULDBLOCK || waited >= NGX_HTTP_PORTONE_LMDB_LOCK_WAIT) {
            break;
        }

        ngx_msleep(NGX_HTTP_PORTONE_LMDB_LOCK_SLEEP);
    }

    ngx_log_error(level, log, err, "flock() \"%V\" failed", &lmdb->lock);

    (void) ngx_close_file(fd);

    return NGX_INVALID_FILE;
}


static int
ngx_http_portone_lmdb_open_env(ngx_http_portone_lmdb_t *lmdb,
    const char **what)
{
    int  rc;

    *what = "mdb_env_create()";
    rc = mdb_env_create(&lmdb->env);

    if (rc != 0) {
        lmdb->env = NULL;
        return rc;
    }

    *what = "mdb_env_set_mapsize()";
    rc = mdb_env_set_mapsize(lmdb->env, ngx_align(lmdb->size, ngx_pagesize));

    if (rc != 0) {
        return rc;
    }

    *what = "mdb_env_set_maxreaders()";
    rc = mdb_env_set_maxreaders(lmdb->env, NGX_HTTP_PORTONE_LMDB_READERS);

    if (rc != 0) {
        return rc;
    }

    *what = "mdb_env_set_maxdbs()";
    rc = mdb_env_set_maxdbs(lmdb->env, NGX_HTTP_PORTONE_LMDB_DATABASES);

    if (rc != 0) {
        return rc;
    }

    /*
     * no flag that trades durability for speed; MDB_NOTLS because the read
     * transaction belongs to its object, not to the thread that begun it
     */

    *what = "mdb_env_open()";
    rc = mdb_env_open(lmdb->env, (char *) lmdb->path.data, MDB_NOTLS, 0600);

    if (rc != 0) {
        return rc;
    }

    *what = "mdb_reader_check()";

    return mdb_reader_check(lmdb->env, NULL);
}


static ngx_int_t
ngx_http_portone_lmdb_open_databases(ngx_http_portone_lmdb_t *lmdb,
    ngx_uint_t level, ngx_log_t *log)
{
    int          rc;
    ngx_int_t    format;
    ngx_uint_t   found, entries;
    const char  *what;

    /*
     * the write transaction, which waits for other writers, is only begun
     * when there is something to create
     */

    what = "opening the databases";
    rc = ngx_http_portone_lmdb_find_databases(lmdb, &found, &entries, &format);

    if (rc != 0) {
        goto failed;
    }

    if (entries > 0 && format <= 0) {
        ngx_log_error(level, log, 0,
                      "store \"%V\" has no valid format: "
                      "it is not a store of this module", &lmdb->path);
        return NGX_ERROR;
    }

    if (format > NGX_HTTP_PORTONE_STORE_FORMAT) {
        ngx_log_error(level, log, 0,
                      "store \"%V\" has format %i, "
                      "this module knows up to %d", &lmdb->path, format,
                      NGX_HTTP_PORTONE_STORE_FORMAT);
        return NGX_ERROR;
    }

    if (found == PORTONE_DB_MAX) {
        return NGX_OK;
    }

    what = "creating the databases";
    rc = ngx_http_portone_lmdb_create_databases(lmdb);

    if (rc == 0) {
        return NGX_OK;
    }

failed:

    ngx_http_portone_lmdb_log(lmdb, level, log, rc, what);

    return NGX_ERROR;
}


/*
 * opens the databases that exist; entries is the number of whatever is in
 * the environment, format is 0 when there is none and NGX_ERROR when it is
 * not a number
 */

static int
ngx_http_portone_lmdb_find_databases(ngx_http_portone_lmdb_t *lmdb,
    ngx_uint_t *found, ngx_uint_t *entries, ngx_int_t *format)
{
    int         rc;
    MDB_dbi     main_db;
    MDB_val     key, value;
    MDB_txn    *txn;
    MDB_stat    stat;
    ngx_uint_t  i;

    *found = 0;
    *entries = 0;
    *format = 0;

    rc = mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, &txn);

    if (rc != 0) {
        return rc;
    }

    rc = mdb_dbi_open(txn, NULL, 0, &main_db);

    if (rc == 0) {
        rc = mdb_stat(txn, main_db, &stat);
    }

    if (rc != 0) {
        goto failed;
    }

    *entries = stat.ms_entries;

    for (i = 0; i < PORTONE_DB_MAX; i++) {

        rc = mdb_dbi_open(txn, ngx_http_portone_lmdb_names[i], 0,
                          &lmdb->dbi[i]);

        if (rc == MDB_NOTFOUND) {
            continue;
        }

        if (rc != 0) {
            goto failed;
        }

        (*found)++;

        if (i != PORTONE_DB_META) {
            continue;
        }

        key.mv_data = (void *) ngx_http_portone_lmdb_format;
        key.mv_size = sizeof(ngx_http_portone_lmdb_format) - 1;

        rc = mdb_get(txn, lmdb->dbi[i], &key, &value);

        if (rc == 0) {
            *format = ngx_atoi(value.mv_data, value.mv_size);

        } else if (rc != MDB_NOTFOUND) {
            goto failed;
        }
    }

    /* the handles become those of the environment by the commit only */

    return mdb_txn_commit(txn);

failed:

    mdb_txn_abort(txn);

    return rc;
}


static int
ngx_http_portone_lmdb_create_databases(ngx_http_portone_lmdb_t *lmdb)
{
    int         rc;
    u_char      buf[NGX_INT_T_LEN];
    MDB_val     key, value;
    MDB_txn    *txn;
    ngx_uint_t  i;

    rc = mdb_txn_begin(lmdb->env, NULL, 0, &txn);

    if (rc != 0) {
        return rc;
    }

    for (i = 0; i < PORTONE_DB_MAX; i++) {
        rc = mdb_dbi_open(txn, ngx_http_portone_lmdb_names[i], MDB_CREATE,
                          &lmdb->dbi[i]);

        if (rc != 0) {
            goto failed;
        }
    }

    key.mv_data = (void *) ngx_http_portone_lmdb_format;
    key.mv_size = sizeof(ngx_http_portone_lmdb_format) - 1;

    value.mv_data = buf;
    value.mv_size = ngx_sprintf(buf, "%d", NGX_HTTP_PORTONE_STORE_FORMAT)
                    - buf;

    rc = mdb_put(txn, lmdb->dbi[PORTONE_DB_META], &key, &value, 0);

    if (rc == 0) {
        return mdb_txn_commit(txn);
    }

failed:

    mdb_txn_abort(txn);

    return rc;
}


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
    txn->mdb = lmdb->read;
    txn->dbi = lmdb->dbi;
    txn->rc = 0;

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
    txn->dbi = lmdb->dbi;
    txn->rc = 0;

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


int
ngx_http_portone_lmdb_adopt_size(ngx_http_portone_lmdb_t *lmdb)
{
    return mdb_env_set_mapsize(lmdb->env, 0);
}


int
ngx_http_portone_lmdb_check_readers(ngx_http_portone_lmdb_t *lmdb)
{
    return mdb_reader_check(lmdb->env, NULL);
}


void
ngx_http_portone_lmdb_log(ngx_http_portone_lmdb_t *lmdb, ngx_uint_t level,
    ngx_log_t *log, int rc, const char *what)
{
    if (rc > 0) {
        ngx_log_error(level, log, rc, "store \"%V\": %s failed%s",
                      &lmdb->path, what,
                      (rc == ESTALE) ? ", its file has been removed" : "");
        return;
    }

    ngx_log_error(level, log, 0, "store \"%V\": %s failed: %s%s",
                  &lmdb->path, what, mdb_strerror(rc),
                  (rc == MDB_MAP_FULL) ? ", raise its size" : "");
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

        if (back) {
            rc = mdb_cursor_get(cursor, &k, &v,
                                (rc == MDB_NOTFOUND) ? MDB_LAST : MDB_PREV);

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

    /* a key that next() has found lies in a page that is changed now */

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
