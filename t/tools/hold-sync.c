
/*
 * A library to preload: while the file HOLD_SYNC exists, fdatasync() waits.
 * It makes HOLD_SYNC.waiting when it has to.  While HOLD_SYNC.full exists,
 * there is no space left for data.mdb.  The name is compiled in, because
 * nginx's workers have no environment.
 */


#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>


typedef int (*hold_sync_pt)(int fd);
typedef ssize_t (*hold_pwrite_pt)(int fd, const void *buf, size_t size,
    off_t offset);
typedef ssize_t (*hold_writev_pt)(int fd, const struct iovec *iov, int n);


static int is_full(int fd);


int
fdatasync(int fd)
{
    int           waiting;
    hold_sync_pt  next;

    if (access(HOLD_SYNC, F_OK) == 0) {

        waiting = open(HOLD_SYNC ".waiting", O_WRONLY|O_CREAT, 0600);

        if (waiting != -1) {
            (void) close(waiting);
        }

        while (access(HOLD_SYNC, F_OK) == 0) {
            (void) usleep(2000);
        }
    }

    next = (hold_sync_pt) dlsym(RTLD_NEXT, "fdatasync");

    return next(fd);
}


ssize_t
pwrite(int fd, const void *buf, size_t size, off_t offset)
{
    hold_pwrite_pt  next;

    if (is_full(fd)) {
        errno = ENOSPC;
        return -1;
    }

    next = (hold_pwrite_pt) dlsym(RTLD_NEXT, "pwrite");

    return next(fd, buf, size, offset);
}


ssize_t
writev(int fd, const struct iovec *iov, int n)
{
    hold_writev_pt  next;

    if (is_full(fd)) {
        errno = ENOSPC;
        return -1;
    }

    next = (hold_writev_pt) dlsym(RTLD_NEXT, "writev");

    return next(fd, iov, n);
}


static int
is_full(int fd)
{
    char     name[64], path[4096];
    ssize_t  n;

    if (access(HOLD_SYNC ".full", F_OK) != 0) {
        return 0;
    }

    (void) snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    n = readlink(name, path, sizeof(path));

    return n > 9 && memcmp(path + n - 9, "/data.mdb", 9) == 0;
}
