
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


/*
 * Without nginx's headers, which give other names to some of these functions.
 */


#define _GNU_SOURCE

#include "rules.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <lmdb.h>
#include <netdb.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>


/* glibc's bit of a mutex that processes share, such as LMDB's */

#define RULES_MUTEX_SHARED  0x80


/* the function that would be called if this file did not define it */

#define rules_next(next, name)                                                \
                                                                              \
    if (next == NULL) {                                                       \
        *(void **) &next = rules_find(name);                                  \
    }


#define rules_function(type, name, params, args, breaks)                      \
                                                                              \
type                                                                          \
name params                                                                   \
{                                                                             \
    static type  (*next) params;                                              \
                                                                              \
    if (breaks) {                                                             \
        rules_broken(#name);                                                  \
    }                                                                         \
                                                                              \
    rules_next(next, #name);                                                  \
                                                                              \
    return next args;                                                         \
}                                                                             \
                                                                              \
_Static_assert(sizeof(#name) > 1, "takes the semicolon")


static void *rules_find(const char *name);
static void rules_broken(const char *name);
static int rules_fcntl_waits(int cmd);
static int rules_no_lookup(void);


/* of AddressSanitizer, if it is linked */

void __sanitizer_print_stack_trace(void) __attribute__((weak));


int res_query(const char *name, int class, int type, unsigned char *answer,
    int size);
int res_search(const char *name, int class, int type, unsigned char *answer,
    int size);
int res_send(const unsigned char *query, int len, unsigned char *answer,
    int size);
int res_nquery(void *state, const char *name, int class, int type,
    unsigned char *answer, int size);
int res_nsearch(void *state, const char *name, int class, int type,
    unsigned char *answer, int size);
int res_nsend(void *state, const unsigned char *query, int len,
    unsigned char *answer, int size);


/* this thread is in the event loop */
static __thread int  rules_in_loop;

/* the event loop has begun in this process */
static atomic_int    rules_looping;


void
rules_enter(void)
{
    rules_in_loop = 1;
    atomic_store(&rules_looping, 1);
}


void
rules_leave(void)
{
    rules_in_loop = 0;
}


/* a write transaction waits for the writers of other processes */

int
mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned int flags,
    MDB_txn **txn)
{
    static int  (*next)(MDB_env *, MDB_txn *, unsigned int, MDB_txn **);

    if (rules_in_loop && !(flags & MDB_RDONLY)) {
        rules_broken("mdb_txn_begin");
    }

    rules_next(next, "mdb_txn_begin");

    return next(env, parent, flags, txn);
}


rules_function(int, fsync, (int fd), (fd), rules_in_loop);
rules_function(int, fdatasync, (int fd), (fd), rules_in_loop);
rules_function(int, syncfs, (int fd), (fd), rules_in_loop);
rules_function(int, msync, (void *addr, size_t len, int flags),
    (addr, len, flags), rules_in_loop);


void
sync(void)
{
    static void  (*next)(void);

    if (rules_in_loop) {
        rules_broken("sync");
    }

    rules_next(next, "sync");

    next();
}


rules_function(int, flock, (int fd, int op), (fd, op),
    rules_in_loop && !(op & (LOCK_NB|LOCK_UN)));
rules_function(int, lockf, (int fd, int cmd, off_t len), (fd, cmd, len),
    rules_in_loop && cmd == F_LOCK);
rules_function(int, lockf64, (int fd, int cmd, off64_t len), (fd, cmd, len),
    rules_in_loop && cmd == F_LOCK);


int
fcntl(int fd, int cmd, ...)
{
    void        *arg;
    va_list      args;
    static int  (*next)(int, int, ...);

    if (rules_in_loop && rules_fcntl_waits(cmd)) {
        rules_broken("fcntl");
    }

    rules_next(next, "fcntl");

    va_start(args, cmd);
    arg = va_arg(args, void *);
    va_end(args);

    return next(fd, cmd, arg);
}


int
fcntl64(int fd, int cmd, ...)
{
    void        *arg;
    va_list      args;
    static int  (*next)(int, int, ...);

    if (rules_in_loop && rules_fcntl_waits(cmd)) {
        rules_broken("fcntl64");
    }

    rules_next(next, "fcntl64");

    va_start(args, cmd);
    arg = va_arg(args, void *);
    va_end(args);

    return next(fd, cmd, arg);
}


static int
rules_fcntl_waits(int cmd)
{
    return cmd == F_SETLKW || cmd == F_OFD_SETLKW;
}


/* LMDB's locks of the writer and of the table of readers are such mutexes */

rules_function(int, pthread_mutex_lock, (pthread_mutex_t *mutex), (mutex),
    rules_in_loop && (mutex->__data.__kind & RULES_MUTEX_SHARED));


rules_function(unsigned int, sleep, (unsigned int s), (s), rules_in_loop);
rules_function(int, usleep, (useconds_t us), (us), rules_in_loop);
rules_function(int, nanosleep, (const struct timespec *t, struct timespec *r),
    (t, r), rules_in_loop);
rules_function(int, clock_nanosleep,
    (clockid_t id, int flags, const struct timespec *t, struct timespec *r),
    (id, flags, t, r), rules_in_loop);


/* what is no name is not looked up */

rules_function(int, getaddrinfo,
    (const char *host, const char *service, const struct addrinfo *hints,
    struct addrinfo **res),
    (host, service, hints, res),
    rules_no_lookup()
    && (hints == NULL || !(hints->ai_flags & AI_NUMERICHOST)));

rules_function(int, getnameinfo,
    (const struct sockaddr *addr, socklen_t len, char *host,
    socklen_t host_len, char *service, socklen_t service_len, int flags),
    (addr, len, host, host_len, service, service_len, flags),
    rules_no_lookup() && !(flags & NI_NUMERICHOST));

rules_function(struct hostent *, gethostbyname, (const char *name), (name),
    rules_no_lookup());
rules_function(struct hostent *, gethostbyname2, (const char *name, int af),
    (name, af), rules_no_lookup());
rules_function(struct hostent *, gethostbyaddr,
    (const void *addr, socklen_t len, int type), (addr, len, type),
    rules_no_lookup());
rules_function(int, gethostbyname_r,
    (const char *name, struct hostent *ret, char *buf, size_t size,
    struct hostent **result, int *error),
    (name, ret, buf, size, result, error), rules_no_lookup());
rules_function(int, gethostbyname2_r,
    (const char *name, int af, struct hostent *ret, char *buf, size_t size,
    struct hostent **result, int *error),
    (name, af, ret, buf, size, result, error), rules_no_lookup());
rules_function(int, gethostbyaddr_r,
    (const void *addr, socklen_t len, int type, struct hostent *ret,
    char *buf, size_t size, struct hostent **result, int *error),
    (addr, len, type, ret, buf, size, result, error),
    rules_no_lookup());

rules_function(int, res_query,
    (const char *name, int class, int type, unsigned char *answer, int size),
    (name, class, type, answer, size), rules_no_lookup());
rules_function(int, res_search,
    (const char *name, int class, int type, unsigned char *answer, int size),
    (name, class, type, answer, size), rules_no_lookup());
rules_function(int, res_send,
    (const unsigned char *query, int len, unsigned char *answer, int size),
    (query, len, answer, size), rules_no_lookup());
rules_function(int, res_nquery,
    (void *state, const char *name, int class, int type,
    unsigned char *answer, int size),
    (state, name, class, type, answer, size), rules_no_lookup());
rules_function(int, res_nsearch,
    (void *state, const char *name, int class, int type,
    unsigned char *answer, int size),
    (state, name, class, type, answer, size), rules_no_lookup());
rules_function(int, res_nsend,
    (void *state, const unsigned char *query, int len,
    unsigned char *answer, int size),
    (state, query, len, answer, size), rules_no_lookup());


/*
 * another thread must not look a name up either, since libcurl makes the
 * event loop wait for the end of those that it starts
 */

static int
rules_no_lookup(void)
{
    return rules_in_loop
           || (atomic_load(&rules_looping) && gettid() != getpid());
}


static void *
rules_find(const char *name)
{
    void  *next;

    next = dlsym(RTLD_NEXT, name);

    if (next == NULL) {
        (void) dprintf(STDERR_FILENO, "rules: there is no %s()\n", name);
        abort();
    }

    return next;
}


static void
rules_broken(const char *name)
{
    /* what writes the stack takes locks */

    rules_leave();

    (void) dprintf(STDERR_FILENO, "rules: %s() in the event loop\n", name);

    if (__sanitizer_print_stack_trace) {
        __sanitizer_print_stack_trace();
    }

    abort();
}
