
/*
 * A library to preload: counts what waits for the disk, fsync(), fdatasync()
 * and writes with O_SYNC or O_DSYNC, of a process and its children, in the
 * file COUNT_SYNC: a uint64_t.  If COUNT_SYNC_DELAY is set, each takes this
 * many milliseconds longer.
 */


#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>


typedef int (*count_sync_pt)(int fd);
typedef ssize_t (*count_write_pt)(int fd, const void *buf, size_t size,
    off_t offset);


static void init(void) __attribute__((constructor));
static void count(void);
static int is_sync(int fd);


static uint64_t  *counter;
static useconds_t  delay;


static void
init(void)
{
    int          fd;
    void        *map;
    const char  *name, *ms;

    name = getenv("COUNT_SYNC");
    ms = getenv("COUNT_SYNC_DELAY");

    if (ms != NULL) {
        delay = (useconds_t) strtoul(ms, NULL, 10) * 1000;
    }

    if (name == NULL) {
        return;
    }

    fd = open(name, O_RDWR|O_CLOEXEC);

    if (fd == -1) {
        return;
    }

    map = mmap(NULL, sizeof(uint64_t), PROT_READ|PROT_WRITE, MAP_SHARED, fd,
               0);

    if (map != MAP_FAILED) {
        counter = map;
    }

    (void) close(fd);
}


static void
count(void)
{
    if (counter != NULL) {
        (void) __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
    }

    if (delay != 0) {
        (void) usleep(delay);
    }
}


int
fdatasync(int fd)
{
    static count_sync_pt  next;

    if (next == NULL) {
        next = (count_sync_pt) dlsym(RTLD_NEXT, "fdatasync");
    }

    count();

    return next(fd);
}


int
fsync(int fd)
{
    static count_sync_pt  next;

    if (next == NULL) {
        next = (count_sync_pt) dlsym(RTLD_NEXT, "fsync");
    }

    count();

    return next(fd);
}


ssize_t
pwrite(int fd, const void *buf, size_t size, off_t offset)
{
    static count_write_pt  next;

    if (next == NULL) {
        next = (count_write_pt) dlsym(RTLD_NEXT, "pwrite");
    }

    if (is_sync(fd)) {
        count();
    }

    return next(fd, buf, size, offset);
}


/* databases keep their files open: a descriptor is looked at once */

static int
is_sync(int fd)
{
    int                   flags, err;
    static unsigned char  known[1024];

    if (fd < 0 || fd >= (int) sizeof(known)) {
        return 0;
    }

    if (known[fd] == 0) {
        err = errno;
        flags = fcntl(fd, F_GETFL);
        errno = err;

        known[fd] = (flags != -1 && (flags & O_DSYNC)) ? 2 : 1;
    }

    return known[fd] == 2;
}


ssize_t
pwrite64(int fd, const void *buf, size_t size, off64_t offset)
{
    return pwrite(fd, buf, size, offset);
}
