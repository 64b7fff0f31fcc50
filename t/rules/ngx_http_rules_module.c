
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


/*
 * Tells rules.c when the event loop runs, and breaks the rules where a test
 * wants it:
 *
 *     rules_break call [thread];        in a location
 *
 * makes the call in the event loop or in a thread, then answers 204.
 */


#include "rules.h"

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_http.h>

#include <curl/curl.h>
#include <lmdb.h>
#include <netdb.h>
#include <resolv.h>
#include <sys/file.h>
#include <sys/mman.h>


typedef struct {
    ngx_str_t    name;
    void       (*call)(void);
} ngx_http_rules_call_t;


typedef struct {
    ngx_http_rules_call_t  *call;
    ngx_flag_t              thread;
} ngx_http_rules_loc_conf_t;


typedef struct {
    ngx_http_request_t     *request;
    ngx_http_rules_call_t  *call;
} ngx_http_rules_task_t;


void __real_ngx_process_events_and_timers(ngx_cycle_t *cycle);
void __wrap_ngx_process_events_and_timers(ngx_cycle_t *cycle);

static ngx_int_t ngx_http_rules_handler(ngx_http_request_t *r);
static void ngx_http_rules_thread(void *data, ngx_log_t *log);
static void ngx_http_rules_complete(ngx_event_t *ev);
static ngx_int_t ngx_http_rules_answer(ngx_http_request_t *r);

static void ngx_http_rules_write_txn(void);
static void ngx_http_rules_read_txn(void);
static void ngx_http_rules_new_reader(void);
static void ngx_http_rules_lmdb_sync(void);
static MDB_env *ngx_http_rules_lmdb(unsigned int flags);
static void ngx_http_rules_fsync(void);
static void ngx_http_rules_fdatasync(void);
static void ngx_http_rules_msync(void);
static void ngx_http_rules_syncfs(void);
static void ngx_http_rules_sync(void);
static void ngx_http_rules_flock(void);
static void ngx_http_rules_flock_nb(void);
static void ngx_http_rules_fcntl(void);
static void ngx_http_rules_fcntl_nb(void);
static void ngx_http_rules_lockf(void);
static void ngx_http_rules_mutex(void);
static void ngx_http_rules_shared_mutex(void);
static void ngx_http_rules_lock(int shared);
static void ngx_http_rules_sleep(void);
static void ngx_http_rules_usleep(void);
static void ngx_http_rules_nanosleep(void);
static void ngx_http_rules_clock_nanosleep(void);
static void ngx_http_rules_getaddrinfo(void);
static void ngx_http_rules_numeric(void);
static void ngx_http_rules_gethostbyname(void);
static void ngx_http_rules_gethostbyname_r(void);
static void ngx_http_rules_gethostbyaddr(void);
static void ngx_http_rules_getnameinfo(void);
static void ngx_http_rules_res_query(void);
static void ngx_http_rules_curl(void);

static void *ngx_http_rules_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_rules_break(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


static ngx_http_rules_call_t  ngx_http_rules_calls[] = {
    { ngx_string("write_txn"), ngx_http_rules_write_txn },
    { ngx_string("read_txn"), ngx_http_rules_read_txn },
    { ngx_string("new_reader"), ngx_http_rules_new_reader },
    { ngx_string("lmdb_sync"), ngx_http_rules_lmdb_sync },
    { ngx_string("fsync"), ngx_http_rules_fsync },
    { ngx_string("fdatasync"), ngx_http_rules_fdatasync },
    { ngx_string("msync"), ngx_http_rules_msync },
    { ngx_string("syncfs"), ngx_http_rules_syncfs },
    { ngx_string("sync"), ngx_http_rules_sync },
    { ngx_string("flock"), ngx_http_rules_flock },
    { ngx_string("flock_nb"), ngx_http_rules_flock_nb },
    { ngx_string("fcntl"), ngx_http_rules_fcntl },
    { ngx_string("fcntl_nb"), ngx_http_rules_fcntl_nb },
    { ngx_string("lockf"), ngx_http_rules_lockf },
    { ngx_string("mutex"), ngx_http_rules_mutex },
    { ngx_string("shared_mutex"), ngx_http_rules_shared_mutex },
    { ngx_string("sleep"), ngx_http_rules_sleep },
    { ngx_string("usleep"), ngx_http_rules_usleep },
    { ngx_string("nanosleep"), ngx_http_rules_nanosleep },
    { ngx_string("clock_nanosleep"), ngx_http_rules_clock_nanosleep },
    { ngx_string("getaddrinfo"), ngx_http_rules_getaddrinfo },
    { ngx_string("numeric"), ngx_http_rules_numeric },
    { ngx_string("gethostbyname"), ngx_http_rules_gethostbyname },
    { ngx_string("gethostbyname_r"), ngx_http_rules_gethostbyname_r },
    { ngx_string("gethostbyaddr"), ngx_http_rules_gethostbyaddr },
    { ngx_string("getnameinfo"), ngx_http_rules_getnameinfo },
    { ngx_string("res_query"), ngx_http_rules_res_query },
    { ngx_string("curl"), ngx_http_rules_curl },
    { ngx_null_string, NULL }
};


static ngx_command_t  ngx_http_rules_commands[] = {

    { ngx_string("rules_break"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_http_rules_break,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_rules_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_rules_create_loc_conf,        /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_rules_module = {
    NGX_MODULE_V1,
    &ngx_http_rules_module_ctx,            /* module context */
    ngx_http_rules_commands,               /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


/*
 * One turn of the event loop, with whatever is called from it.  Workers are
 * started and ended outside of it, and a single process reads a configuration
 * there.  The loader of nginx's own cache sleeps by design.
 */

void
__wrap_ngx_process_events_and_timers(ngx_cycle_t *cycle)
{
    if (ngx_process == NGX_PROCESS_HELPER) {
        __real_ngx_process_events_and_timers(cycle);
        return;
    }

    rules_enter();
    __real_ngx_process_events_and_timers(cycle);
    rules_leave();
}


static ngx_int_t
ngx_http_rules_handler(ngx_http_request_t *r)
{
    ngx_int_t                   rc;
    ngx_str_t                   name;
    ngx_thread_task_t          *task;
    ngx_thread_pool_t          *pool;
    ngx_http_rules_task_t      *t;
    ngx_http_rules_loc_conf_t  *rlcf;

    rlcf = ngx_http_get_module_loc_conf(r, ngx_http_rules_module);

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    if (!rlcf->thread) {
        rlcf->call->call();
        return ngx_http_rules_answer(r);
    }

    ngx_str_set(&name, "default");

    pool = ngx_thread_pool_get((ngx_cycle_t *) ngx_cycle, &name);
    task = ngx_thread_task_alloc(r->pool, sizeof(ngx_http_rules_task_t));

    if (pool == NULL || task == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    t = task->ctx;
    t->request = r;
    t->call = rlcf->call;

    task->handler = ngx_http_rules_thread;
    task->event.handler = ngx_http_rules_complete;
    task->event.data = t;

    if (ngx_thread_task_post(pool, task) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->main->count++;

    return NGX_DONE;
}


static void
ngx_http_rules_thread(void *data, ngx_log_t *log)
{
    ngx_http_rules_task_t *t = data;

    t->call->call();
}


static void
ngx_http_rules_complete(ngx_event_t *ev)
{
    ngx_connection_t       *c;
    ngx_http_request_t     *r;
    ngx_http_rules_task_t  *t;

    t = ev->data;
    r = t->request;
    c = r->connection;

    ngx_http_finalize_request(r, ngx_http_rules_answer(r));
    ngx_http_run_posted_requests(c);
}


static ngx_int_t
ngx_http_rules_answer(ngx_http_request_t *r)
{
    r->headers_out.status = NGX_HTTP_NO_CONTENT;
    r->header_only = 1;

    return ngx_http_send_header(r);
}


static void
ngx_http_rules_write_txn(void)
{
    MDB_env  *env;
    MDB_txn  *txn;

    env = ngx_http_rules_lmdb(0);

    if (mdb_txn_begin(env, NULL, 0, &txn) == 0) {
        mdb_txn_abort(txn);
    }

    mdb_env_close(env);
}


/* no lock is taken, as for a reader that has its slot */

static void
ngx_http_rules_read_txn(void)
{
    MDB_env  *env;
    MDB_txn  *txn;

    env = ngx_http_rules_lmdb(MDB_NOLOCK);

    if (mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0) {
        mdb_txn_abort(txn);
    }

    mdb_env_close(env);
}


static void
ngx_http_rules_new_reader(void)
{
    MDB_env  *env;
    MDB_txn  *txn;

    env = ngx_http_rules_lmdb(0);

    if (mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0) {
        mdb_txn_abort(txn);
    }

    mdb_env_close(env);
}


static void
ngx_http_rules_lmdb_sync(void)
{
    MDB_env  *env;

    env = ngx_http_rules_lmdb(0);

    (void) mdb_env_sync(env, 1);

    mdb_env_close(env);
}


/* an environment without a file name */

static MDB_env *
ngx_http_rules_lmdb(unsigned int flags)
{
    char      path[] = "/tmp/rules-XXXXXX", file[sizeof(path) + 16];
    MDB_env  *env;

    if (mkdtemp(path) == NULL
        || mdb_env_create(&env) != 0
        || mdb_env_open(env, path, MDB_NOTLS|flags, 0600) != 0)
    {
        ngx_log_error(NGX_LOG_EMERG, ngx_cycle->log, ngx_errno,
                      "no environment of LMDB in \"%s\"", path);
        abort();
    }

    (void) snprintf(file, sizeof(file), "%s/data.mdb", path);
    (void) unlink(file);

    (void) snprintf(file, sizeof(file), "%s/lock.mdb", path);
    (void) unlink(file);

    (void) rmdir(path);

    return env;
}


static void
ngx_http_rules_fsync(void)
{
    (void) fsync(STDERR_FILENO);
}


static void
ngx_http_rules_fdatasync(void)
{
    (void) fdatasync(STDERR_FILENO);
}


static void
ngx_http_rules_msync(void)
{
    (void) msync(NULL, 0, MS_SYNC);
}


static void
ngx_http_rules_syncfs(void)
{
    (void) syncfs(STDERR_FILENO);
}


static void
ngx_http_rules_sync(void)
{
    sync();
}


static void
ngx_http_rules_flock(void)
{
    (void) flock(STDERR_FILENO, LOCK_SH);
}


static void
ngx_http_rules_flock_nb(void)
{
    (void) flock(STDERR_FILENO, LOCK_SH|LOCK_NB);
    (void) flock(STDERR_FILENO, LOCK_UN);
}


static void
ngx_http_rules_fcntl(void)
{
    struct flock  lock;

    ngx_memzero(&lock, sizeof(struct flock));
    lock.l_type = F_RDLCK;

    (void) fcntl(STDERR_FILENO, F_SETLKW, &lock);
}


static void
ngx_http_rules_fcntl_nb(void)
{
    struct flock  lock;

    ngx_memzero(&lock, sizeof(struct flock));
    lock.l_type = F_RDLCK;

    (void) fcntl(STDERR_FILENO, F_GETLK, &lock);
}


static void
ngx_http_rules_lockf(void)
{
    (void) lockf(STDERR_FILENO, F_LOCK, 1);
}


static void
ngx_http_rules_mutex(void)
{
    ngx_http_rules_lock(PTHREAD_PROCESS_PRIVATE);
}


static void
ngx_http_rules_shared_mutex(void)
{
    ngx_http_rules_lock(PTHREAD_PROCESS_SHARED);
}


static void
ngx_http_rules_lock(int shared)
{
    pthread_mutex_t      mutex;
    pthread_mutexattr_t  attr;

    (void) pthread_mutexattr_init(&attr);
    (void) pthread_mutexattr_setpshared(&attr, shared);

    (void) pthread_mutex_init(&mutex, &attr);
    (void) pthread_mutex_lock(&mutex);
    (void) pthread_mutex_unlock(&mutex);
    (void) pthread_mutex_destroy(&mutex);

    (void) pthread_mutexattr_destroy(&attr);
}


static void
ngx_http_rules_sleep(void)
{
    (void) sleep(0);
}


static void
ngx_http_rules_usleep(void)
{
    (void) usleep(1);
}


static void
ngx_http_rules_nanosleep(void)
{
    struct timespec  t = { 0, 1 };

    (void) nanosleep(&t, NULL);
}


static void
ngx_http_rules_clock_nanosleep(void)
{
    struct timespec  t = { 0, 1 };

    (void) clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}


static void
ngx_http_rules_getaddrinfo(void)
{
    struct addrinfo  *res;

    if (getaddrinfo("localhost", NULL, NULL, &res) == 0) {
        freeaddrinfo(res);
    }
}


static void
ngx_http_rules_numeric(void)
{
    struct addrinfo  hints, *res;

    ngx_memzero(&hints, sizeof(struct addrinfo));
    hints.ai_flags = AI_NUMERICHOST;

    if (getaddrinfo("127.0.0.1", NULL, &hints, &res) == 0) {
        freeaddrinfo(res);
    }
}


static void
ngx_http_rules_gethostbyname(void)
{
    (void) gethostbyname("localhost");
}


static void
ngx_http_rules_gethostbyname_r(void)
{
    int              error;
    char             buf[512];
    struct hostent   host, *res;

    (void) gethostbyname_r("localhost", &host, buf, sizeof(buf), &res, &error);
}


static void
ngx_http_rules_gethostbyaddr(void)
{
    struct in_addr  addr;

    addr.s_addr = htonl(INADDR_LOOPBACK);

    (void) gethostbyaddr(&addr, sizeof(struct in_addr), AF_INET);
}


static void
ngx_http_rules_getnameinfo(void)
{
    char                host[NI_MAXHOST];
    struct sockaddr_in  sin;

    ngx_memzero(&sin, sizeof(struct sockaddr_in));
    sin.sin_family = AF_INET;
    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    (void) getnameinfo((struct sockaddr *) &sin, sizeof(struct sockaddr_in),
                       host, sizeof(host), NULL, 0, 0);
}


static void
ngx_http_rules_res_query(void)
{
    u_char  answer[512];

    (void) res_query("localhost", 1, 1, answer, sizeof(answer));
}


/* a thread of libcurl looks the name up */

static void
ngx_http_rules_curl(void)
{
    CURL  *curl;

    curl = curl_easy_init();

    if (curl) {
        (void) curl_easy_setopt(curl, CURLOPT_URL, "http://portone.invalid/");
        (void) curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        (void) curl_easy_perform(curl);
        curl_easy_cleanup(curl);
    }
}


static void *
ngx_http_rules_create_loc_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_http_rules_loc_conf_t));
}


static char *
ngx_http_rules_break(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_rules_loc_conf_t *rlcf = conf;

    ngx_str_t                 *value;
    ngx_http_rules_call_t     *call;
    ngx_http_core_loc_conf_t  *clcf;

    value = cf->args->elts;

    for (call = ngx_http_rules_calls; call->call; call++) {

        if (value[1].len == call->name.len
            && ngx_strcmp(value[1].data, call->name.data) == 0)
        {
            break;
        }
    }

    if (call->call == NULL) {
        return "has an unknown call";
    }

    rlcf->call = call;
    rlcf->thread = (cf->args->nelts > 2);

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_rules_handler;

    return NGX_CONF_OK;
}
