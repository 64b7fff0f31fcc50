
/*
 * libcurl's multi interface in an event loop of its own, with what the module
 * tells it about each exchange.
 */


#define _GNU_SOURCE

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "floor.h"


#define FLOOR_TRANSFERS  1024
#define FLOOR_SOCKETS    4096
#define FLOOR_EVENTS     512       /* as nginx takes at a time */
#define FLOOR_ORDERS     100000

/* before it is measured */
#define FLOOR_WARM       0.25      /* seconds */


typedef struct {
    CURL      *easy;
    size_t     answer;
    char       body[128];
    char       text[FLOOR_TEXT];
} floor_transfer_t;


typedef struct {
    CURLM     *multi;
    int        epoll;
    double     deadline;    /* of libcurl's timer; 0: it has none */
    uint64_t   order;
    uint64_t   done;
} floor_exchange_t;


static void floor_setup(floor_transfer_t *t, const char *url,
    struct curl_slist *headers);
static void floor_begin(floor_exchange_t *x, floor_transfer_t *t);
static void floor_turn(floor_exchange_t *x);
static void floor_action(floor_exchange_t *x, curl_socket_t s, int mask);
static int floor_socket(CURL *easy, curl_socket_t s, int what, void *data,
    void *socket_data);
static int floor_close(void *data, curl_socket_t s);
static int floor_timer(CURLM *multi, long timeout, void *data);
static int floor_issue(void *data, char *ip, char *local_ip, int port,
    int local_port);
static size_t floor_header(char *buf, size_t size, size_t n, void *data);
static size_t floor_write(char *buf, size_t size, size_t n, void *data);


/* the events that a socket is registered for; parked: libcurl has let it go */

#define FLOOR_PARKED  0x80

static unsigned char  floor_sockets[FLOOR_SOCKETS];


int
floor_exchange(char **argv)
{
    double              start, cpu, seconds;
    size_t              i, n;
    uint64_t            done;
    floor_exchange_t    x;
    floor_transfer_t   *transfers;
    struct curl_slist  *headers;

    static struct curl_slist  lines[] = {
        { (char *) "Authorization: "
                   "a9ace025c90c0da2161075da6ddd3492a2fca776", &lines[1] },
        { (char *) "Content-Type: application/json", &lines[2] },
        { (char *) "Expect:", &lines[3] },
        { (char *) "Accept: application/json", NULL }
    };

    n = (size_t) floor_number(argv[1]);
    seconds = floor_number(argv[2]);

    if (n > FLOOR_TRANSFERS) {
        floor_fail(argv[1], "too many");
    }

    memset(&x, 0, sizeof(floor_exchange_t));

    headers = lines;
    transfers = calloc(n, sizeof(floor_transfer_t));

    floor_check("curl_global_init()",
                (int) curl_global_init(CURL_GLOBAL_DEFAULT), "fails");

    x.epoll = epoll_create1(EPOLL_CLOEXEC);
    x.multi = curl_multi_init();

    if (transfers == NULL || x.epoll == -1 || x.multi == NULL) {
        floor_fail("exchange", "no memory");
    }

    floor_check("curl_multi_setopt()",
                (int) curl_multi_setopt(x.multi, CURLMOPT_SOCKETFUNCTION,
                                        floor_socket)
                | (int) curl_multi_setopt(x.multi, CURLMOPT_SOCKETDATA, &x)
                | (int) curl_multi_setopt(x.multi, CURLMOPT_TIMERFUNCTION,
                                          floor_timer)
                | (int) curl_multi_setopt(x.multi, CURLMOPT_TIMERDATA, &x)
                | (int) curl_multi_setopt(x.multi, CURLMOPT_PIPELINING,
                                          (long) CURLPIPE_NOTHING)
                | (int) curl_multi_setopt(x.multi, CURLMOPT_MAXCONNECTS,
                                          (long) (2 * n)), "fails");

    for (i = 0; i < n; i++) {
        floor_setup(&transfers[i], argv[0], headers);
        floor_begin(&x, &transfers[i]);
    }

    start = floor_now();

    while (floor_now() - start < FLOOR_WARM) {
        floor_turn(&x);
    }

    done = x.done;
    start = floor_now();
    cpu = floor_cpu();

    while (floor_now() - start < seconds) {
        floor_turn(&x);
    }

    cpu = floor_cpu() - cpu;
    seconds = floor_now() - start;
    done = x.done - done;

    if (done == 0) {
        floor_fail(argv[0], "no exchange came to its end");
    }

    printf("{\"rate\":%.1f,\"cpu\":%.3f}\n", (double) done / seconds,
           cpu * 1e6 / (double) done);

    for (i = 0; i < n; i++) {
        (void) curl_multi_remove_handle(x.multi, transfers[i].easy);
        curl_easy_cleanup(transfers[i].easy);
    }

    (void) curl_multi_cleanup(x.multi);
    curl_global_cleanup();
    free(transfers);

    return 0;
}


/*
 * What the module sets as well and costs something with each exchange: times
 * that are watched, and callbacks.
 */

static void
floor_setup(floor_transfer_t *t, const char *url, struct curl_slist *headers)
{
    int    rc;
    CURL  *easy;

    static const char  body[] =
        "{\"imp_uid\":\"imp_000000000000\",\"amount\":1000,"
        "\"checksum\":10000,\"reason\":\"\xeb\xb3\x80\xec\x8b\xac\"}";

    easy = curl_easy_init();

    if (easy == NULL) {
        floor_fail("curl_easy_init()", "fails");
    }

    t->easy = easy;
    memcpy(t->body, body, sizeof(body));

    rc = (int) curl_easy_setopt(easy, CURLOPT_URL, url);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_PROXY, "");
    rc |= (int) curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    rc |= (int) curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_USERAGENT,
                                 "ngx_http_portone_module");
    rc |= (int) curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                                 (long) CURL_HTTP_VERSION_1_1);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 2048L);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_POST, 1L);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 65000L);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION,
                                 floor_close);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, floor_issue);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, floor_header);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, floor_write);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);

    floor_check("curl_easy_setopt()", rc, "fails");
}


static void
floor_begin(floor_exchange_t *x, floor_transfer_t *t)
{
    int  rc;

    floor_digits(t->body + sizeof("{\"imp_uid\":\"imp_") - 1,
                 x->order++ % FLOOR_ORDERS);

    t->answer = 0;

    rc = (int) curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->body);
    rc |= (int) curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                 (curl_off_t) strlen(t->body));
    rc |= (int) curl_multi_add_handle(x->multi, t->easy);

    floor_check("curl_multi_add_handle()", rc, "fails");
}


/* one of the event loop */

static void
floor_turn(floor_exchange_t *x)
{
    int                 i, n, fd, mask, timeout;
    double              left;
    struct epoll_event  events[FLOOR_EVENTS];

    timeout = 100;

    if (x->deadline != 0) {
        left = (x->deadline - floor_now()) * 1e3;

        if (left < timeout) {
            timeout = (left > 0) ? (int) left + 1 : 0;
        }
    }

    n = epoll_wait(x->epoll, events, FLOOR_EVENTS, timeout);

    for (i = 0; i < n; i++) {
        fd = events[i].data.fd;

        if (floor_sockets[fd] & FLOOR_PARKED) {

            /* it was closed: libcurl sees that when it is to use it again */

            (void) epoll_ctl(x->epoll, EPOLL_CTL_DEL, fd, NULL);
            floor_sockets[fd] = 0;

            continue;
        }

        mask = (events[i].events & (EPOLLIN|EPOLLERR|EPOLLHUP))
                   ? CURL_CSELECT_IN : 0;

        if (events[i].events & EPOLLOUT) {
            mask |= CURL_CSELECT_OUT;
        }

        floor_action(x, fd, mask);
    }

    if (x->deadline != 0 && floor_now() >= x->deadline) {
        x->deadline = 0;
        floor_action(x, CURL_SOCKET_TIMEOUT, 0);
    }
}


static void
floor_action(floor_exchange_t *x, curl_socket_t s, int mask)
{
    int                n;
    char              *p;
    CURL              *easy;
    long               status;
    CURLMsg           *msg;
    CURLcode           code;
    floor_transfer_t  *t;

    floor_check("curl_multi_socket_action()",
                (int) curl_multi_socket_action(x->multi, s, mask, &n),
                "fails");

    for ( ;; ) {
        msg = curl_multi_info_read(x->multi, &n);

        if (msg == NULL) {
            break;
        }

        /* msg is gone as soon as its handle is removed */

        p = NULL;
        status = 0;
        easy = msg->easy_handle;
        code = msg->data.result;

        (void) curl_easy_getinfo(easy, CURLINFO_PRIVATE, &p);
        (void) curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);

        floor_check("exchange", (int) code, curl_easy_strerror(code));

        t = (floor_transfer_t *) p;

        if (status != 200 || t == NULL || t->answer == 0) {
            floor_fail("exchange", "not the answer that was expected");
        }

        (void) curl_multi_remove_handle(x->multi, easy);

        x->done++;
        floor_begin(x, t);
    }
}


/*
 * As in the module, a socket that libcurl lets go stays registered: it is one
 * of a connection that is kept.
 */

static int
floor_socket(CURL *easy, curl_socket_t s, int what, void *data,
    void *socket_data)
{
    floor_exchange_t *x = data;

    int                 op;
    unsigned char       events;
    struct epoll_event  ev;

    (void) easy;
    (void) socket_data;

    if (s < 0 || s >= FLOOR_SOCKETS) {
        floor_fail("socket", "too many");
    }

    if (what == CURL_POLL_REMOVE) {

        if (floor_sockets[s] == EPOLLIN) {
            floor_sockets[s] |= FLOOR_PARKED;

        } else {
            (void) epoll_ctl(x->epoll, EPOLL_CTL_DEL, s, NULL);
            floor_sockets[s] = 0;
        }

        return 0;
    }

    events = (what & CURL_POLL_IN) ? EPOLLIN : 0;
    events |= (what & CURL_POLL_OUT) ? EPOLLOUT : 0;

    floor_sockets[s] &= ~FLOOR_PARKED;

    if (floor_sockets[s] == events) {
        return 0;
    }

    op = floor_sockets[s] ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

    memset(&ev, 0, sizeof(struct epoll_event));

    ev.events = events;
    ev.data.fd = s;

    floor_check("epoll_ctl()", epoll_ctl(x->epoll, op, s, &ev), "fails");

    floor_sockets[s] = events;

    return 0;
}


static int
floor_close(void *data, curl_socket_t s)
{
    (void) data;

    if (s >= 0 && s < FLOOR_SOCKETS) {
        floor_sockets[s] = 0;
    }

    return close(s);
}


static int
floor_timer(CURLM *multi, long timeout, void *data)
{
    floor_exchange_t *x = data;

    (void) multi;

    x->deadline = (timeout < 0) ? 0 : floor_now() + (double) timeout / 1e3;

    return 0;
}


static int
floor_issue(void *data, char *ip, char *local_ip, int port, int local_port)
{
    (void) data;
    (void) ip;
    (void) local_ip;
    (void) port;
    (void) local_port;

    return CURL_PREREQFUNC_OK;
}


static size_t
floor_header(char *buf, size_t size, size_t n, void *data)
{
    (void) buf;
    (void) data;

    return size * n;
}


static size_t
floor_write(char *buf, size_t size, size_t n, void *data)
{
    floor_transfer_t *t = data;

    n *= size;

    if (n > FLOOR_TEXT - t->answer) {
        return 0;
    }

    memcpy(t->text + t->answer, buf, n);
    t->answer += n;

    return n;
}
