
/*
 * A TCP connection that can be cut:
 *
 *     wire port upstream-port
 *
 * passes on what comes to 127.0.0.1:port.  Lines on its input say how:
 *
 *     pass      from now on; what was held up or cut stays lost
 *     cut       resets all connections, once
 *     refuse    resets connections as they are accepted
 *     hole      takes everything, passes nothing on
 *     deaf      passes requests on, loses the answers
 *     snip      resets a connection that has been given one more piece by
 *               the server, and loses that piece
 *     half      passes half of the next piece of each connection on, in
 *               either direction, and resets it
 *
 * It ends with its input.
 */


#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>


#define WIRE_FDS     8192
#define WIRE_EVENTS  64


typedef enum {
    WIRE_PASS = 0,
    WIRE_REFUSE,
    WIRE_HOLE,
    WIRE_DEAF,
    WIRE_SNIP,
    WIRE_HALF
} wire_mode_e;


typedef struct {
    int       peer;
    unsigned  used:1;
    unsigned  server:1;      /* the side of the server */
    unsigned  lost:1;        /* some of it was not passed on */
} wire_end_t;


static void wire_command(const char *line);
static void wire_cut(int lost_only);
static void wire_accept(int listener, int port);
static void wire_pass(int fd);
static void wire_reset(int fd);
static void wire_watch(int fd);
static int wire_listen(int port);
static int wire_connect(int port);


static int          wire_epoll;
static wire_end_t   wire_ends[WIRE_FDS];
static wire_mode_e  wire_mode;


int
main(int argc, char **argv)
{
    int                 i, n, listener, port;
    char               *p, line[256];
    size_t              len;
    ssize_t             size;
    struct epoll_event  events[WIRE_EVENTS];

    if (argc != 3) {
        fprintf(stderr, "usage: wire port upstream-port\n");
        return 2;
    }

    wire_epoll = epoll_create1(0);
    listener = wire_listen(atoi(argv[1]));
    port = atoi(argv[2]);

    if (wire_epoll == -1 || listener == -1) {
        perror("wire");
        return 1;
    }

    wire_watch(listener);
    wire_watch(STDIN_FILENO);
    len = 0;

    for ( ;; ) {
        n = epoll_wait(wire_epoll, events, WIRE_EVENTS, -1);

        if (n == -1 && errno != EINTR) {
            perror("wire: epoll_wait");
            return 1;
        }

        for (i = 0; i < n; i++) {

            if (events[i].data.fd == listener) {
                wire_accept(listener, port);
                continue;
            }

            if (events[i].data.fd != STDIN_FILENO) {
                wire_pass(events[i].data.fd);
                continue;
            }

            size = read(STDIN_FILENO, line + len, sizeof(line) - 1 - len);

            if (size <= 0) {
                return 0;
            }

            len += size;
            line[len] = '\0';

            for ( ;; ) {
                p = strchr(line, '\n');

                if (p == NULL) {
                    break;
                }

                *p++ = '\0';
                wire_command(line);
                len -= p - line;
                memmove(line, p, len + 1);
            }

            if (len == sizeof(line) - 1) {
                fprintf(stderr, "wire: a command is too long\n");
                return 1;
            }
        }
    }
}


static void
wire_command(const char *line)
{
    size_t  i;

    static const struct {
        const char   *name;
        wire_mode_e   mode;
    } modes[] = {
        { "pass", WIRE_PASS },
        { "refuse", WIRE_REFUSE },
        { "hole", WIRE_HOLE },
        { "deaf", WIRE_DEAF },
        { "snip", WIRE_SNIP },
        { "half", WIRE_HALF }
    };

    if (strcmp(line, "cut") == 0) {
        wire_cut(0);
        return;
    }

    for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {

        if (strcmp(line, modes[i].name) != 0) {
            continue;
        }

        wire_mode = modes[i].mode;

        if (wire_mode == WIRE_PASS) {
            wire_cut(1);
        }

        return;
    }

    fprintf(stderr, "wire: unknown command \"%s\"\n", line);
    exit(1);
}


static void
wire_cut(int lost_only)
{
    int  fd;

    for (fd = 0; fd < WIRE_FDS; fd++) {
        if (wire_ends[fd].used && (!lost_only || wire_ends[fd].lost)) {
            wire_reset(fd);
        }
    }
}


static void
wire_accept(int listener, int port)
{
    int  fd, peer;

    fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);

    if (fd == -1) {
        return;
    }

    peer = (wire_mode == WIRE_REFUSE) ? -1 : wire_connect(port);

    if (peer == -1 || fd >= WIRE_FDS || peer >= WIRE_FDS) {
        (void) setsockopt(fd, SOL_SOCKET, SO_LINGER,
                          &(struct linger) { 1, 0 }, sizeof(struct linger));
        (void) close(fd);

        if (peer != -1) {
            (void) close(peer);
        }

        return;
    }

    wire_ends[fd] = (wire_end_t) { .peer = peer, .used = 1 };
    wire_ends[peer] = (wire_end_t) { .peer = fd, .used = 1, .server = 1 };

    wire_watch(fd);
    wire_watch(peer);
}


static void
wire_pass(int fd)
{
    char         buf[65536];
    ssize_t      n, sent, part;
    wire_end_t  *end;

    end = &wire_ends[fd];

    if (!end->used) {
        return;
    }

    n = recv(fd, buf, sizeof(buf), 0);

    if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }

    if (n == -1) {
        wire_reset(fd);
        return;
    }

    if (n == 0) {

        /* both sides close at once what they do not need any more */

        (void) close(end->peer);
        (void) close(fd);
        wire_ends[end->peer].used = 0;
        end->used = 0;
        return;
    }

    if (end->lost || wire_mode == WIRE_HOLE
        || (wire_mode == WIRE_DEAF && end->server))
    {
        end->lost = 1;
        return;
    }

    if (wire_mode == WIRE_SNIP && end->server) {
        wire_reset(fd);
        return;
    }

    part = (wire_mode == WIRE_HALF) ? (n + 1) / 2 : n;

    for (sent = 0; sent < part; sent += n) {
        n = send(end->peer, buf + sent, part - sent, MSG_NOSIGNAL);

        if (n == -1 && errno == EAGAIN) {
            (void) usleep(100);
            n = 0;
        }

        if (n == -1) {
            wire_reset(fd);
            return;
        }
    }

    if (wire_mode == WIRE_HALF) {
        wire_reset(fd);
    }
}


/* the server's side is closed in order, so that it sees what it was given */

static void
wire_reset(int fd)
{
    int  peer;

    peer = wire_ends[fd].peer;

    wire_ends[fd].used = 0;
    wire_ends[peer].used = 0;

    (void) setsockopt(wire_ends[fd].server ? peer : fd, SOL_SOCKET, SO_LINGER,
                      &(struct linger) { 1, 0 }, sizeof(struct linger));
    (void) close(fd);
    (void) close(peer);
}


static void
wire_watch(int fd)
{
    struct epoll_event  ev;

    memset(&ev, 0, sizeof(ev));

    ev.events = EPOLLIN;
    ev.data.fd = fd;

    if (epoll_ctl(wire_epoll, EPOLL_CTL_ADD, fd, &ev) == -1) {
        perror("wire: epoll_ctl");
        exit(1);
    }
}


static int
wire_listen(int port)
{
    int                 fd, on;
    struct sockaddr_in  addr;

    memset(&addr, 0, sizeof(addr));

    addr.sin_family = AF_INET;
    addr.sin_port = htons(port);
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    on = 1;
    fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    if (fd == -1
        || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1
        || bind(fd, (struct sockaddr *) &addr, sizeof(addr)) == -1
        || listen(fd, 1024) == -1)
    {
        return -1;
    }

    return fd;
}


static int
wire_connect(int port)
{
    int                 fd, on;
    struct sockaddr_in  addr;

    memset(&addr, 0, sizeof(addr));

    addr.sin_family = AF_INET;
    addr.sin_port = htons(port);
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd == -1) {
        return -1;
    }

    on = 1;

    if (connect(fd, (struct sockaddr *) &addr, sizeof(addr)) == -1
        || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1
        || fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
    {
        (void) close(fd);
        return -1;
    }

    return fd;
}
