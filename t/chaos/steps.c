
/*
 * A library to preload into nginx: counts what a worker asks of the system
 * while it makes a refund, and breaks one of these steps.  STEPS names the
 * file of steps.h; without it, everything passes.
 */


#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "steps.h"


/* the numbers are those of @calls in matrix.pl */

typedef enum {
    STEPS_ACCEPT = 0,
    STEPS_SOCKET,
    STEPS_CONNECT,
    STEPS_SEND,
    STEPS_RECV,
    STEPS_WRITEV,
    STEPS_WRITE,
    STEPS_READ,
    STEPS_PWRITE,
    STEPS_PWRITEV,
    STEPS_FDATASYNC,
    STEPS_CLOSE
} steps_call_e;


/*
 * Makes the call, unless the step is to fail.  The real function is looked up
 * each time: that is quick enough here.
 */

#define steps_real(name)                                                      \
    ((__typeof__(&name)) dlsym(RTLD_NEXT, #name))

#define steps_make(type, call, fd, name, ...)                                 \
    type  rc;                                                                 \
                                                                              \
    switch (steps_take(call, fd)) {                                           \
                                                                              \
    case 0:                                                                   \
        return steps_real(name)(__VA_ARGS__);                                 \
                                                                              \
    case STEPS_RESET_AFTER:                                                   \
        rc = steps_real(name)(__VA_ARGS__);                                   \
        errno = ECONNRESET;                                                   \
        return (rc == -1) ? rc : -1;                                          \
                                                                              \
    default:                                                                  \
        return -1;                                                            \
    }


static int steps_take(steps_call_e call, int fd);
static steps_class_e steps_class(steps_call_e call, int fd);
static void steps_open(void) __attribute__((constructor));


static steps_t  *steps;


static void
steps_open(void)
{
    int          fd;
    const char  *name;

    name = getenv("STEPS");

    if (name == NULL) {
        return;
    }

    fd = open(name, O_RDWR);

    if (fd == -1) {
        perror(name);
        exit(1);
    }

    steps = mmap(NULL, sizeof(steps_t), PROT_READ|PROT_WRITE, MAP_SHARED, fd,
                 0);
    (void) close(fd);

    if (steps == MAP_FAILED) {
        perror(name);
        exit(1);
    }
}


/* 0: the call is to be made; else the action, errno is set */

static int
steps_take(steps_call_e call, int fd)
{
    int            error;
    uint32_t       n, socket, sent, file, target;
    steps_class_e  class;

    if (steps == NULL
        || __atomic_load_n(&steps->counting, __ATOMIC_SEQ_CST) == 0)
    {
        return 0;
    }

    error = errno;
    class = steps_class(call, fd);
    errno = error;

    n = __atomic_add_fetch(&steps->count, 1, __ATOMIC_SEQ_CST);
    socket = 0;
    sent = 0;
    file = 0;

    if (n <= STEPS_MAX) {
        steps->steps[n - 1] = class * 256 + call;
    }

    switch (call) {

    case STEPS_CONNECT:
    case STEPS_SEND:
    case STEPS_RECV:
        socket = 1;
        break;

    case STEPS_WRITEV:
        socket = (class == STEPS_CLIENT || class == STEPS_PORTONE);
        file = (class == STEPS_STORE || class == STEPS_LOG);
        break;

    case STEPS_WRITE:
    case STEPS_PWRITE:
    case STEPS_PWRITEV:
    case STEPS_FDATASYNC:
        file = (class == STEPS_STORE || class == STEPS_LOG);
        break;

    default:
        break;
    }

    if (socket) {
        socket = __atomic_add_fetch(&steps->sockets, 1, __ATOMIC_SEQ_CST);
    }

    if (call == STEPS_SEND && class == STEPS_PORTONE) {
        sent = __atomic_add_fetch(&steps->sends, 1, __ATOMIC_SEQ_CST);
    }

    if (file) {
        file = __atomic_add_fetch(&steps->files, 1, __ATOMIC_SEQ_CST);
    }

    target = __atomic_load_n(&steps->target, __ATOMIC_SEQ_CST);

    if (target == 0) {
        return 0;
    }

    switch (steps->action) {

    case STEPS_KILL:

        if (n != target) {
            return 0;
        }

        __atomic_store_n(&steps->hit, n, __ATOMIC_SEQ_CST);
        (void) kill(getpid(), SIGKILL);
        (void) pause();
        return 0;

    case STEPS_PAUSE:

        /* not before the body of the cancel, see docs/guarantees.md */

        if (n == target && sent < 3) {
            __atomic_store_n(&steps->hit, n, __ATOMIC_SEQ_CST);
            (void) kill(getpid(), SIGSTOP);
        }

        return 0;

    case STEPS_PAUSE_SEND:

        if (sent == target) {
            __atomic_store_n(&steps->hit, n, __ATOMIC_SEQ_CST);
            (void) kill(getpid(), SIGSTOP);
        }

        return 0;

    case STEPS_RESET:
    case STEPS_RESET_AFTER:

        if (socket != target) {
            return 0;
        }

        errno = ECONNRESET;
        break;

    case STEPS_TIMEOUT:

        if (socket != target) {
            return 0;
        }

        errno = ETIMEDOUT;
        break;

    case STEPS_ENOSPC:
    case STEPS_EIO:

        if (file != target) {
            return 0;
        }

        errno = (steps->action == STEPS_EIO) ? EIO : ENOSPC;
        break;

    default:
        return 0;
    }

    __atomic_store_n(&steps->hit, n, __ATOMIC_SEQ_CST);

    return steps->action;
}


static steps_class_e
steps_class(steps_call_e call, int fd)
{
    char                name[64], path[4096];
    ssize_t             n;
    socklen_t           len;
    struct stat         st;
    struct sockaddr_in  addr;

    if (call == STEPS_SOCKET) {
        return STEPS_PORTONE;
    }

    if (fstat(fd, &st) == -1) {
        return STEPS_OTHER;
    }

    if (S_ISSOCK(st.st_mode)) {
        len = sizeof(addr);
        memset(&addr, 0, len);

        if (getsockname(fd, (struct sockaddr *) &addr, &len) == -1
            || addr.sin_family != AF_INET)
        {
            return STEPS_OTHER;
        }

        return (ntohs(addr.sin_port) == steps->port) ? STEPS_CLIENT
                                                     : STEPS_PORTONE;
    }

    if (!S_ISREG(st.st_mode)) {
        return STEPS_OTHER;
    }

    (void) snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    n = readlink(name, path, sizeof(path));

    return (n > 4 && memcmp(path + n - 4, ".mdb", 4) == 0) ? STEPS_STORE
                                                           : STEPS_LOG;
}


/* a refund begins with its connection */

int
accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    int  rc;

    rc = steps_real(accept4)(fd, addr, len, flags);

    if (rc != -1 && steps
        && __atomic_load_n(&steps->armed, __ATOMIC_SEQ_CST))
    {
        __atomic_store_n(&steps->counting, 1, __ATOMIC_SEQ_CST);

        (void) steps_take(STEPS_ACCEPT, rc);
    }

    return rc;
}


int
socket(int domain, int type, int protocol)
{
    steps_make(int, STEPS_SOCKET, -1, socket, domain, type, protocol)
}


int
connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    steps_make(int, STEPS_CONNECT, fd, connect, fd, addr, len)
}


ssize_t
send(int fd, const void *buf, size_t size, int flags)
{
    steps_make(ssize_t, STEPS_SEND, fd, send, fd, buf, size, flags)
}


ssize_t
recv(int fd, void *buf, size_t size, int flags)
{
    steps_make(ssize_t, STEPS_RECV, fd, recv, fd, buf, size, flags)
}


ssize_t
writev(int fd, const struct iovec *iov, int n)
{
    steps_make(ssize_t, STEPS_WRITEV, fd, writev, fd, iov, n)
}


ssize_t
write(int fd, const void *buf, size_t size)
{
    steps_make(ssize_t, STEPS_WRITE, fd, write, fd, buf, size)
}


ssize_t
read(int fd, void *buf, size_t size)
{
    steps_make(ssize_t, STEPS_READ, fd, read, fd, buf, size)
}


ssize_t
pwrite(int fd, const void *buf, size_t size, off_t offset)
{
    steps_make(ssize_t, STEPS_PWRITE, fd, pwrite, fd, buf, size, offset)
}


ssize_t
pwrite64(int fd, const void *buf, size_t size, off64_t offset)
{
    steps_make(ssize_t, STEPS_PWRITE, fd, pwrite64, fd, buf, size, offset)
}


ssize_t
pwritev(int fd, const struct iovec *iov, int n, off_t offset)
{
    steps_make(ssize_t, STEPS_PWRITEV, fd, pwritev, fd, iov, n, offset)
}


ssize_t
pwritev64(int fd, const struct iovec *iov, int n, off64_t offset)
{
    steps_make(ssize_t, STEPS_PWRITEV, fd, pwritev64, fd, iov, n, offset)
}


int
fdatasync(int fd)
{
    steps_make(int, STEPS_FDATASYNC, fd, fdatasync, fd)
}


int
close(int fd)
{
    steps_make(int, STEPS_CLOSE, fd, close, fd)
}
