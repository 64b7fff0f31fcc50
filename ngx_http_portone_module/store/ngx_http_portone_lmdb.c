
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_store_private.h"
#include "ngx_http_portone_lmdb.h"

#include <sys/file.h>


#define NGX_HTTP_PORTONE_LMDB_LOCK        "/open.lock"

#define NGX_HTTP_PORTONE_LMDB_DATABASES   16
#define NGX_HTTP_PORTONE_LMDB_READERS     1024

/* at least the size of LMDB's lock file for this number of readers */
#define NGX_HTTP_PORTONE_LMDB_LOCK_SIZE                                       \
    (64 * NGX_HTTP_PORTONE_LMDB_READERS + 4096)

/* kept free for settlements, bytes at most */
#define NGX_HTTP_PORTONE_LMDB_RESERVE     (8 * 1024 * 1024)

/* how long to wait for our own lock file, ms */
#define NGX_HTTP_PORTONE_LMDB_LOCK_WAIT   2000
#define NGX_HTTP_PORTONE_LMDB_LOCK_SLEEP  10


static void *ngx_http_portone_lmdb_create(ngx_conf_t *cf, ngx_str_t *path,
    size_t size);
static ngx_int_t ngx_http_portone_lmdb_open(void *data, ngx_uint_t level,
    ngx_log_t *log);
static void ngx_http_portone_lmdb_close(void *data, ngx_log_t *log);
static ngx_fd_t ngx_http_portone_lmdb_lock(ngx_http_portone_lmdb_t *lmdb,
    ngx_uint_t level, ngx_log_t *log);
static int ngx_http_portone_lmdb_allocate(ngx_http_portone_lmdb_t *lmdb);
static int ngx_http_portone_lmdb_open_env(ngx_http_portone_lmdb_t *lmdb,
    const char **what);
static ngx_int_t ngx_http_portone_lmdb_open_databases(
    ngx_http_portone_lmdb_t *lmdb, ngx_uint_t level, ngx_log_t *log);
static int ngx_http_portone_lmdb_find_databases(ngx_http_portone_lmdb_t *lmdb,
    ngx_uint_t *found, ngx_uint_t *entries, ngx_int_t *format);
static int ngx_http_portone_lmdb_create_databases(
    ngx_http_portone_lmdb_t *lmdb);
static int ngx_http_portone_lmdb_count_unjournaled(MDB_txn *txn,
    ngx_uint_t *payments);
static int ngx_http_portone_lmdb_put_meta(ngx_http_portone_lmdb_t *lmdb,
    MDB_txn *txn, const char *name, ngx_uint_t number);
static int ngx_http_portone_lmdb_has_room(void *data, size_t size);
static ngx_uint_t ngx_http_portone_lmdb_room(MDB_envinfo *info,
    MDB_stat *stat, size_t size);
static void ngx_http_portone_lmdb_info(ngx_http_portone_engine_txn_t *txn,
    ngx_http_portone_store_info_t *info);
static ngx_http_portone_engine_remedy_e ngx_http_portone_lmdb_remedy(int rc);
static int ngx_http_portone_lmdb_repair(void *data);
static void ngx_http_portone_lmdb_check(void *data, ngx_log_t *log);
static void ngx_http_portone_lmdb_log(void *data, ngx_uint_t level,
    ngx_log_t *log, int rc, const char *what);


const ngx_http_portone_engine_t  ngx_http_portone_lmdb_engine = {
    .create = ngx_http_portone_lmdb_create,
    .open = ngx_http_portone_lmdb_open,
    .close = ngx_http_portone_lmdb_close,
    .read_begin = ngx_http_portone_lmdb_txn_read_begin,
    .read_end = ngx_http_portone_lmdb_txn_read_end,
    .begin = ngx_http_portone_lmdb_txn_begin,
    .commit = ngx_http_portone_lmdb_txn_commit,
    .abort = ngx_http_portone_lmdb_txn_abort,
    .has_room = ngx_http_portone_lmdb_has_room,
    .remedy = ngx_http_portone_lmdb_remedy,
    .repair = ngx_http_portone_lmdb_repair,
    .check = ngx_http_portone_lmdb_check,
    .info = ngx_http_portone_lmdb_info,
    .log_error = ngx_http_portone_lmdb_log
};


static const char  ngx_http_portone_lmdb_format[] = "format";
static const char  ngx_http_portone_lmdb_unjournaled[] = "unjournaled";


static void *
ngx_http_portone_lmdb_create(ngx_conf_t *cf, ngx_str_t *path, size_t size)
{
    u_char                   *p;
    ngx_http_portone_lmdb_t  *lmdb;

    lmdb = ngx_pcalloc(cf->pool, sizeof(ngx_http_portone_lmdb_t));
    if (lmdb == NULL) {
        return NULL;
    }

    lmdb->path = *path;
    lmdb->size = size;

    lmdb->lock.len = path->len + sizeof(NGX_HTTP_PORTONE_LMDB_LOCK) - 1;
    lmdb->lock.data = ngx_pnalloc(cf->pool, lmdb->lock.len + 1);
    if (lmdb->lock.data == NULL) {
        return NULL;
    }

    p = ngx_cpymem(lmdb->lock.data, path->data, path->len);
    ngx_memcpy(p, NGX_HTTP_PORTONE_LMDB_LOCK,
               sizeof(NGX_HTTP_PORTONE_LMDB_LOCK));

    return lmdb;
}


/*
 * waits two seconds at most for other processes that open or close the same
 * environment
 */

static ngx_int_t
ngx_http_portone_lmdb_open(void *data, ngx_uint_t level, ngx_log_t *log)
{
    ngx_http_portone_lmdb_t *lmdb = data;

    int          rc;
    ngx_fd_t     fd;
    const char  *what;

    fd = ngx_http_portone_lmdb_lock(lmdb, level, log);

    if (fd == NGX_INVALID_FILE) {
        return NGX_ERROR;
    }

    what = "fallocate()";
    rc = ngx_http_portone_lmdb_allocate(lmdb);

    if (rc == 0) {
        rc = ngx_http_portone_lmdb_open_env(lmdb, &what);
    }

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

    /* the slot in the table of readers is kept, so later reads take no lock */

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


static void
ngx_http_portone_lmdb_close(void *data, ngx_log_t *log)
{
    ngx_http_portone_lmdb_t *lmdb = data;

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


/*
 * LMDB writes to its lock file through a map, which on a full disk ends the
 * process with SIGBUS unless the blocks have been allocated.  The size stays
 * as it is: processes that use the file count on it.
 */

static int
ngx_http_portone_lmdb_allocate(ngx_http_portone_lmdb_t *lmdb)
{
#if (NGX_LINUX)

    int       rc;
    u_char    name[NGX_MAX_PATH];
    ngx_fd_t  fd;

    (void) ngx_snprintf(name, NGX_MAX_PATH, "%V/lock.mdb%Z", &lmdb->path);
    name[NGX_MAX_PATH - 1] = '\0';

    fd = open((char *) name, O_RDWR|O_CREAT|O_CLOEXEC, 0600);

    if (fd == NGX_INVALID_FILE) {
        return ngx_errno;
    }

    rc = 0;

    if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, NGX_HTTP_PORTONE_LMDB_LOCK_SIZE)
        == -1)
    {
        rc = ngx_errno;

        /* some file systems lack it */

        if (rc == EOPNOTSUPP || rc == ENOSYS) {
            rc = 0;
        }
    }

    (void) ngx_close_file(fd);

    return rc;

#else

    return 0;

#endif
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
     * transaction belongs to its object, instead of the thread that began it
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
 * opens the databases that exist; entries is the number of all entries in the
 * environment, format is 0 when it is absent and NGX_ERROR when it is no
 * number
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

        rc = mdb_dbi_open(txn, ngx_http_portone_store_state_names[i], 0,
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
    int          rc;
    MDB_txn     *txn;
    ngx_uint_t   i, unjournaled;

    rc = mdb_txn_begin(lmdb->env, NULL, 0, &txn);

    if (rc != 0) {
        return rc;
    }

    rc = ngx_http_portone_lmdb_count_unjournaled(txn, &unjournaled);

    if (rc != 0) {
        goto failed;
    }

    for (i = 0; i < PORTONE_DB_MAX; i++) {
        rc = mdb_dbi_open(txn, ngx_http_portone_store_state_names[i],
                          MDB_CREATE, &lmdb->dbi[i]);

        if (rc != 0) {
            goto failed;
        }
    }

    rc = ngx_http_portone_lmdb_put_meta(lmdb, txn,
                                        ngx_http_portone_lmdb_format,
                                        NGX_HTTP_PORTONE_STORE_FORMAT);

    if (rc == 0 && unjournaled != 0) {
        rc = ngx_http_portone_lmdb_put_meta(lmdb, txn,
                                            ngx_http_portone_lmdb_unjournaled,
                                            unjournaled);
    }

    if (rc == 0) {
        return mdb_txn_commit(txn);
    }

failed:

    mdb_txn_abort(txn);

    return rc;
}


/* number of payments stored by a version before the journal */

static int
ngx_http_portone_lmdb_count_unjournaled(MDB_txn *txn, ngx_uint_t *payments)
{
    int       rc;
    MDB_dbi   dbi;
    MDB_stat  stat;

    *payments = 0;

    rc = mdb_dbi_open(txn,
                      ngx_http_portone_store_state_names[PORTONE_DB_JOURNAL],
                      0, &dbi);

    if (rc != MDB_NOTFOUND) {
        return rc;
    }

    rc = mdb_dbi_open(txn,
                      ngx_http_portone_store_state_names[PORTONE_DB_PAYMENTS],
                      0, &dbi);

    if (rc != 0) {
        return (rc == MDB_NOTFOUND) ? 0 : rc;
    }

    rc = mdb_stat(txn, dbi, &stat);

    if (rc == 0) {
        *payments = stat.ms_entries;
    }

    return rc;
}


static int
ngx_http_portone_lmdb_put_meta(ngx_http_portone_lmdb_t *lmdb, MDB_txn *txn,
    const char *name, ngx_uint_t number)
{
    u_char   buf[NGX_INT_T_LEN];
    MDB_val  key, value;

    key.mv_data = (void *) name;
    key.mv_size = ngx_strlen(name);

    value.mv_data = buf;
    value.mv_size = ngx_sprintf(buf, "%ui", number) - buf;

    return mdb_put(txn, lmdb->dbi[PORTONE_DB_META], &key, &value, 0);
}


static int
ngx_http_portone_lmdb_has_room(void *data, size_t size)
{
    ngx_http_portone_lmdb_t *lmdb = data;

    MDB_stat     stat;
    MDB_envinfo  info;

    /* both succeed with an open environment */

    (void) mdb_env_info(lmdb->env, &info);
    (void) mdb_env_stat(lmdb->env, &stat);

    return ngx_http_portone_lmdb_room(&info, &stat, size) ? 0 : MDB_MAP_FULL;
}


static ngx_uint_t
ngx_http_portone_lmdb_room(MDB_envinfo *info, MDB_stat *stat, size_t size)
{
    size_t  used, reserve;

    used = (info->me_last_pgno + 1) * stat->ms_psize;
    reserve = ngx_min(info->me_mapsize / 8, NGX_HTTP_PORTONE_LMDB_RESERVE);

    return used + reserve + size <= info->me_mapsize;
}


static void
ngx_http_portone_lmdb_info(ngx_http_portone_engine_txn_t *txn,
    ngx_http_portone_store_info_t *info)
{
    MDB_env                  *env;
    MDB_stat                  stat;
    ngx_uint_t                i;
    MDB_envinfo               env_info;
    unsigned int              limit;
    ngx_http_portone_lmdb_t  *lmdb;

    lmdb = txn->data;
    env = lmdb->env;

    /* all of it is in memory; all succeed with an environment in use */

    (void) mdb_env_info(env, &env_info);
    (void) mdb_env_stat(env, &stat);
    (void) mdb_env_get_maxreaders(env, &limit);

    info->size = env_info.me_mapsize;
    info->used = (env_info.me_last_pgno + 1) * stat.ms_psize;
    info->full = !ngx_http_portone_lmdb_room(&env_info, &stat, 0);
    info->readers = env_info.me_numreaders;
    info->reader_limit = limit;

    for (i = 0; i < PORTONE_DB_MAX; i++) {
        info->entries[i] = (mdb_stat(txn->handle, lmdb->dbi[i], &stat) == 0)
                               ? stat.ms_entries : 0;
    }
}


static ngx_http_portone_engine_remedy_e
ngx_http_portone_lmdb_remedy(int rc)
{
    switch (rc) {

    case MDB_MAP_RESIZED:
        return NGX_HTTP_PORTONE_ENGINE_REPAIR;

    case MDB_PANIC:
        return NGX_HTTP_PORTONE_ENGINE_REOPEN;

    default:
        return NGX_HTTP_PORTONE_ENGINE_GO_ON;
    }
}


/* MDB_MAP_RESIZED: adopts the size another process has given to the map */

static int
ngx_http_portone_lmdb_repair(void *data)
{
    ngx_http_portone_lmdb_t *lmdb = data;

    return mdb_env_set_mapsize(lmdb->env, 0);
}


/* frees what processes that died have left in the table of readers */

static void
ngx_http_portone_lmdb_check(void *data, ngx_log_t *log)
{
    ngx_http_portone_lmdb_t *lmdb = data;

    int  rc;

    rc = mdb_reader_check(lmdb->env, NULL);

    if (rc != 0) {
        ngx_http_portone_lmdb_log(lmdb, NGX_LOG_WARN, log, rc,
                                  "mdb_reader_check()");
    }
}


static void
ngx_http_portone_lmdb_log(void *data, ngx_uint_t level, ngx_log_t *log, int rc,
    const char *what)
{
    ngx_http_portone_lmdb_t *lmdb = data;

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
