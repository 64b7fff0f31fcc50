
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_curl_private.h"


/*
 * A power of two, more than a process commonly has descriptors.  A socket
 * whose slot is taken goes unparked.
 */
#define NGX_HTTP_PORTONE_SOCKET_SLOTS  65536


typedef struct {
    curl_socket_t                    socket;      /* 0: none */
    ngx_connection_t                *connection;  /* watched or parked */
} ngx_http_portone_curl_slot_t;


typedef struct {
    CURLM                           *multi;
    ngx_event_handler_pt             handler;

    ngx_queue_t                      parked;      /* by c->queue, most
                                                     recently parked first */
    ngx_uint_t                       parked_n;

    /*
     * the sockets that were opened here, by their numbers: libcurl 8 watches a
     * descriptor as well that it has made itself, and which it closes without
     * a word
     */
    ngx_http_portone_curl_slot_t     slots[NGX_HTTP_PORTONE_SOCKET_SLOTS];
} ngx_http_portone_curl_sockets_t;


static ngx_connection_t *ngx_http_portone_curl_socket_take(curl_socket_t s);
static ngx_uint_t ngx_http_portone_curl_socket_resume(ngx_connection_t *c);
static ngx_connection_t *ngx_http_portone_curl_socket_create(curl_socket_t s);
static ngx_uint_t ngx_http_portone_curl_socket_park(ngx_connection_t *c);
static void ngx_http_portone_curl_socket_drop(ngx_connection_t *c,
    ngx_uint_t flags);
static void ngx_http_portone_curl_socket_forget(curl_socket_t s);
static ngx_http_portone_curl_slot_t *ngx_http_portone_curl_socket_slot(
    curl_socket_t s);
static ngx_int_t ngx_http_portone_curl_socket_update(ngx_event_t *ev,
    ngx_int_t event, ngx_uint_t wanted, ngx_uint_t flags);


static ngx_http_portone_curl_sockets_t  ngx_http_portone_curl_sockets;


void
ngx_http_portone_curl_socket_init(CURLM *multi, ngx_event_handler_pt handler)
{
    ngx_http_portone_curl_sockets_t  *sockets;

    sockets = &ngx_http_portone_curl_sockets;

    sockets->multi = multi;
    sockets->handler = handler;
    sockets->parked_n = 0;

    ngx_queue_init(&sockets->parked);
}


void
ngx_http_portone_curl_socket_exit(void)
{
    ngx_queue_t                      *q;
    ngx_http_portone_curl_sockets_t  *sockets;

    sockets = &ngx_http_portone_curl_sockets;

    while (!ngx_queue_empty(&sockets->parked)) {
        q = ngx_queue_head(&sockets->parked);

        ngx_http_portone_curl_socket_drop(
                                ngx_queue_data(q, ngx_connection_t, queue),
                                NGX_CLOSE_EVENT);
    }
}


ngx_int_t
ngx_http_portone_curl_socket_watch(curl_socket_t s, int what,
    ngx_connection_t *c)
{
    ngx_uint_t  flags;

    if (what == CURL_POLL_REMOVE) {

        if (c && !ngx_http_portone_curl_socket_park(c)) {

            /*
             * libcurl 7.88.1 closes a socket that never got connected before
             * it says so, and the close callback knows only sockets with a
             * slot
             */

            flags = (fcntl(c->fd, F_GETFD) == -1) ? NGX_CLOSE_EVENT : 0;

            ngx_http_portone_curl_socket_drop(c, flags);
        }

        return NGX_OK;
    }

    if (c == NULL) {
        c = ngx_http_portone_curl_socket_take(s);

        if (c == NULL) {
            c = ngx_http_portone_curl_socket_create(s);
        }

        if (c == NULL) {
            return NGX_ERROR;
        }

        if (curl_multi_assign(ngx_http_portone_curl_sockets.multi, s, c)
            != CURLM_OK)
        {
            ngx_http_portone_curl_socket_drop(c, 0);
            return NGX_ERROR;
        }
    }

    if (ngx_http_portone_curl_socket_update(c->read, NGX_READ_EVENT,
                                            what & CURL_POLL_IN, 0)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_portone_curl_socket_update(c->write, NGX_WRITE_EVENT,
                                               what & CURL_POLL_OUT, 0);
}


/* the connection of s, if it was parked */

static ngx_connection_t *
ngx_http_portone_curl_socket_take(curl_socket_t s)
{
    ngx_connection_t              *c;
    ngx_http_portone_curl_slot_t  *slot;

    slot = ngx_http_portone_curl_socket_slot(s);
    c = slot->connection;

    if (slot->socket != s
        || c == NULL
        || !ngx_http_portone_curl_socket_resume(c))
    {
        return NULL;
    }

    return c;
}


/* takes c off the parked connections; 0: c was in use */

static ngx_uint_t
ngx_http_portone_curl_socket_resume(ngx_connection_t *c)
{
    if (!c->idle) {
        return 0;
    }

    c->idle = 0;

    ngx_queue_remove(&c->queue);
    ngx_http_portone_curl_sockets.parked_n--;

    return 1;
}


static ngx_connection_t *
ngx_http_portone_curl_socket_create(curl_socket_t s)
{
    ngx_queue_t                      *q;
    ngx_connection_t                 *c;
    ngx_http_portone_curl_slot_t     *slot;
    ngx_http_portone_curl_sockets_t  *sockets;

    sockets = &ngx_http_portone_curl_sockets;

    if (ngx_cycle->free_connection_n == 0
        && ngx_cycle->reusable_connections_n == 0)
    {
        /* ngx_get_connection() would tell of it with an alert */

        if (ngx_queue_empty(&sockets->parked)) {
            return NULL;
        }

        q = ngx_queue_last(&sockets->parked);

        ngx_http_portone_curl_socket_drop(
                            ngx_queue_data(q, ngx_connection_t, queue), 0);
    }

    c = ngx_get_connection(s, ngx_cycle->log);

    if (c == NULL) {
        return NULL;
    }

    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);

    c->read->log = c->log;
    c->write->log = c->log;

    /* both: epoll calls either when a socket is in error */

    c->read->handler = sockets->handler;
    c->write->handler = sockets->handler;

    slot = ngx_http_portone_curl_socket_slot(s);

    if (slot->socket == s) {
        slot->connection = c;
    }

    return c;
}


/*
 * Parks c while there are plenty of connections: by the same measure nginx
 * stops to accept new ones.
 */

static ngx_uint_t
ngx_http_portone_curl_socket_park(ngx_connection_t *c)
{
    ngx_http_portone_curl_sockets_t  *sockets;

    sockets = &ngx_http_portone_curl_sockets;

    if (ngx_http_portone_curl_socket_slot(c->fd)->connection != c
        || !c->read->active
        || c->write->active
        || ngx_exiting
        || ngx_cycle->free_connection_n <= ngx_cycle->connection_n / 8)
    {
        return 0;
    }

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    /* nginx calls the handlers of idle connections when a worker leaves */

    c->idle = 1;

    ngx_queue_insert_head(&sockets->parked, &c->queue);
    sockets->parked_n++;

    return 1;
}


ngx_uint_t
ngx_http_portone_curl_socket_unpark(ngx_connection_t *c)
{
    if (!c->idle) {
        return 0;
    }

    /* PortOne has closed it: libcurl sees that when it is to use it again */

    ngx_http_portone_curl_socket_drop(c, 0);

    return 1;
}


/* the descriptor is libcurl's to close */

static void
ngx_http_portone_curl_socket_drop(ngx_connection_t *c, ngx_uint_t flags)
{
    ngx_http_portone_curl_slot_t  *slot;

    (void) ngx_http_portone_curl_socket_resume(c);

    slot = ngx_http_portone_curl_socket_slot(c->fd);

    if (slot->connection == c) {
        slot->connection = NULL;
    }

    (void) ngx_http_portone_curl_socket_update(c->read, NGX_READ_EVENT, 0,
                                               flags);
    (void) ngx_http_portone_curl_socket_update(c->write, NGX_WRITE_EVENT, 0,
                                               flags);

    ngx_free_connection(c);

    /* makes epoll drop an event of this connection that it has in hand */

    c->fd = (ngx_socket_t) -1;
}


curl_socket_t
ngx_http_portone_curl_socket_open(struct curl_sockaddr *addr)
{
    curl_socket_t                  s;
    ngx_http_portone_curl_slot_t  *slot;

    if (ngx_http_portone_curl_socket_available() == 0) {
        ngx_set_errno(0);
        return CURL_SOCKET_BAD;
    }

    s = socket(addr->family, addr->socktype, addr->protocol);

    if (s == CURL_SOCKET_BAD) {
        return s;
    }

    /*
     * a socket of this number that was closed behind our back would keep its
     * successor from being read
     */

    ngx_http_portone_curl_socket_forget(s);

    slot = ngx_http_portone_curl_socket_slot(s);

    if (slot->socket == 0) {
        slot->socket = s;
    }

    return s;
}


int
ngx_http_portone_curl_socket_close(void *data, curl_socket_t s)
{
    ngx_http_portone_curl_socket_forget(s);

    return close(s);
}


/* the socket with the number s is closed, or about to be */

static void
ngx_http_portone_curl_socket_forget(curl_socket_t s)
{
    ngx_connection_t              *c;
    ngx_http_portone_curl_slot_t  *slot;

    slot = ngx_http_portone_curl_socket_slot(s);

    if (slot->socket != s) {
        return;
    }

    slot->socket = 0;

    c = slot->connection;

    if (c == NULL) {
        return;
    }

    if (!c->idle) {

        /* libcurl still has it, and would name it once more */

        (void) curl_multi_assign(ngx_http_portone_curl_sockets.multi, s, NULL);
    }

    ngx_http_portone_curl_socket_drop(c, NGX_CLOSE_EVENT);
}


ngx_uint_t
ngx_http_portone_curl_socket_available(void)
{
    return ngx_cycle->free_connection_n
           + ngx_cycle->reusable_connections_n
           + ngx_http_portone_curl_sockets.parked_n;
}


static ngx_http_portone_curl_slot_t *
ngx_http_portone_curl_socket_slot(curl_socket_t s)
{
    return &ngx_http_portone_curl_sockets.slots[
                            (ngx_uint_t) s
                            & (NGX_HTTP_PORTONE_SOCKET_SLOTS - 1)];
}


static ngx_int_t
ngx_http_portone_curl_socket_update(ngx_event_t *ev, ngx_int_t event,
    ngx_uint_t wanted, ngx_uint_t flags)
{
    /*
     * level-triggered: libcurl stops reading before EAGAIN, so with
     * ngx_handle_read_event() and its edges transfers would stall
     */

    if (wanted) {

        if (ev->active) {
            return NGX_OK;
        }

        return ngx_add_event(ev, event, NGX_LEVEL_EVENT);
    }

    if (ev->posted) {
        ngx_delete_posted_event(ev);
    }

    if (!ev->active) {
        return NGX_OK;
    }

    return ngx_del_event(ev, event, flags);
}
