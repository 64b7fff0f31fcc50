
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_CURL_PRIVATE_H_INCLUDED_
#define _NGX_HTTP_PORTONE_CURL_PRIVATE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include <curl/curl.h>

#include "ngx_http_portone_curl.h"


/*
 * The files of this folder share this header; all others include
 * ngx_http_portone_curl.h only.  The files call each other in this order:
 * _curl.c, _curl_event.c, _curl_handle.c, _curl_callback.c, _curl_call.c,
 * _curl_socket.c, _curl_resolve.c.
 */


/*
 * ngx_http_portone_curl_resolve.c: one name lookup through nginx's resolver.
 */

typedef struct ngx_http_portone_curl_resolve_s  ngx_http_portone_curl_resolve_t;

typedef void (*ngx_http_portone_curl_resolve_pt)(
    ngx_http_portone_curl_resolve_t *r);

struct ngx_http_portone_curl_resolve_s {

    /* set by the caller; all of it must live until the handler is called */

    ngx_resolver_t                   *resolver;   /* NULL: resolving fails */
    ngx_str_t                         name;
    ngx_msec_t                        timeout;
    ngx_pool_t                       *pool;

    /*
     * called when ngx_http_portone_curl_resolve() has returned NGX_AGAIN.  The
     * resolver still walks through its waiters then: a handler must leave all
     * other lookups running.
     */
    ngx_http_portone_curl_resolve_pt  handler;
    void                             *data;

    /* the result */

    ngx_str_t                         addrs;      /* "addr[,addr]", in pool;
                                                     empty: failed */
    const char                       *reason;     /* failure, static */

    /* private */
    ngx_resolver_ctx_t               *ctx;
    unsigned                          started:1;
};


/* the most addresses of a name that are used */
#define NGX_HTTP_PORTONE_CURL_RESOLVE_MAX  16


/*
 * ngx_http_portone_curl_resolve() starts the lookup.  NGX_OK: addrs is set;
 * NGX_AGAIN: the handler will be called; NGX_ERROR: reason is set.
 */
ngx_int_t ngx_http_portone_curl_resolve(ngx_http_portone_curl_resolve_t *r);

/* ngx_http_portone_curl_resolve_stop() ends a lookup, if one is under way */
void ngx_http_portone_curl_resolve_stop(ngx_http_portone_curl_resolve_t *r);


/*
 * ngx_http_portone_curl_call.c: the state of a call, and its outcome.
 */

/* calls to one server and of one kind have most options in common */

typedef enum {
    NGX_HTTP_PORTONE_CURL_HANDLE_GET = 0,
    NGX_HTTP_PORTONE_CURL_HANDLE_POST
} ngx_http_portone_curl_handle_e;


typedef struct {
    CURL                             *easy;
    ngx_http_portone_api_server_t    *server;
    ngx_http_portone_curl_handle_e    kind;
    ngx_uint_t                        used;   /* the options are set */
} ngx_http_portone_curl_handle_t;


typedef struct {
    ngx_http_portone_call_t          *call;
    ngx_http_portone_curl_handle_t    handle;
    const char                       *reason;  /* failure found here, or NULL */

    ngx_queue_t                       queue;
    ngx_queue_t                       deferred_queue;
    ngx_event_t                       guard;
    ngx_msec_t                        start;
    ngx_http_portone_curl_resolve_t   resolve;

    /*
     * libcurl gets one address at a time: 7.88.1 goes on to the next one only
     * when some later timeout wakes it up
     */
    ngx_str_t                         addrs;     /* left to be tried */
    ngx_str_t                         tried;     /* those before the last
                                                    try */
    ngx_msec_t                        connect_start;

    /* number of calls that still wait for a socket; NULL: this has one */
    ngx_uint_t                       *waiting;

    struct curl_slist                *headers;
    struct curl_slist                 address;

    size_t                            size;      /* size of the answer's
                                                    buffer, bytes */
    size_t                            header;    /* bytes of the answer's
                                                    header received */

    /* generation of libcurl's address cache that this call relies on */
    ngx_uint_t                        cache_generation;

    unsigned                          added:1;     /* to the multi handle */
    unsigned                          deferred:1;  /* in the deferred queue */
    unsigned                          issued:1;    /* libcurl was given the
                                                      request to send */
    unsigned                          no_resources:1;  /* of ours */
    unsigned                          reuse:1;     /* the connection may be
                                                      kept */
    unsigned                          reconnect:1; /* the kept connection is
                                                      over */
    unsigned                          headed:1;    /* the answer's header is
                                                      over */
    unsigned                          cached:1;    /* libcurl has the address
                                                      from another call */
    unsigned                          complete:1;  /* to libcurl */

    char                              error[CURL_ERROR_SIZE];
} ngx_http_portone_curl_call_t;


/* 1: libcurl 8 or newer is loaded */
extern ngx_uint_t  ngx_http_portone_curl_call_recent;


/* once per process */
void ngx_http_portone_curl_call_init(void);

/* NGX_OK: the path and headers can be sent as they are; or NGX_ERROR */
ngx_int_t ngx_http_portone_curl_call_valid(ngx_http_portone_call_t *call);

/*
 * ngx_http_portone_curl_call_cache() returns the list for CURLOPT_RESOLVE that
 * puts address into libcurl's cache, or NULL if address is there already; the
 * list belongs to curl_call.
 */
struct curl_slist *ngx_http_portone_curl_call_cache(
    ngx_http_portone_curl_call_t *curl_call, char *address);

/* curl_call has a connection, so libcurl knows the right address */
void ngx_http_portone_curl_call_connected(
    ngx_http_portone_curl_call_t *curl_call);

/*
 * 1: the next address, or the same with a new connection, can be tried,
 * because all of this came before a connection and within the time to connect
 */
ngx_uint_t ngx_http_portone_curl_call_more(
    ngx_http_portone_curl_call_t *curl_call, CURLcode code);

/* 1: PortOne can have got the request */
ngx_uint_t ngx_http_portone_curl_call_sent(
    ngx_http_portone_curl_call_t *curl_call);

/* curl_call has got its socket, or ends */
void ngx_http_portone_curl_call_unwait(
    ngx_http_portone_curl_call_t *curl_call);

/* sets the result of curl_call->call */
void ngx_http_portone_curl_call_result(
    ngx_http_portone_curl_call_t *curl_call, CURLcode code);


/*
 * ngx_http_portone_curl_handle.c: easy handles and their options.  Handles
 * are used again: to make one and to set its options takes longer than
 * libcurl's part of a short call.
 */

/* once per process; frees the handles that are kept */
void ngx_http_portone_curl_handle_init(void);
void ngx_http_portone_curl_handle_exit(void);

/*
 * ngx_http_portone_curl_handle_get() gives a handle for a call, kept or new;
 * NGX_ERROR: out of memory.
 */
ngx_int_t ngx_http_portone_curl_handle_get(
    ngx_http_portone_curl_handle_t *handle, ngx_http_portone_call_t *call);

/* keeps a handle whose transfer was complete, and which libcurl has let go */
void ngx_http_portone_curl_handle_keep(
    ngx_http_portone_curl_handle_t *handle);

/*
 * ngx_http_portone_curl_handle_setup() sets the options of curl_call->handle
 * for the first of curl_call->addrs, and takes that one off.  The options
 * refer to memory that is static or in the pool of the call.  NGX_ERROR: out
 * of memory.
 */
ngx_int_t ngx_http_portone_curl_handle_setup(
    ngx_http_portone_curl_call_t *curl_call);


/*
 * ngx_http_portone_curl_callback.c: libcurl calls these functions during a
 * transfer, with the curl_call as data.  They let the request leave once, and
 * limit the answer.
 */

size_t ngx_http_portone_curl_callback_write_header(char *buf, size_t size,
    size_t n, void *data);
size_t ngx_http_portone_curl_callback_write(char *buf, size_t size, size_t n,
    void *data);
int ngx_http_portone_curl_callback_issue(void *data, char *ip,
    char *local_ip, int port, int local_port);
int ngx_http_portone_curl_callback_lookup(void *state, void *reserved,
    void *data);
curl_socket_t ngx_http_portone_curl_callback_socket(void *data,
    curlsocktype purpose, struct curl_sockaddr *addr);


/*
 * ngx_http_portone_curl_event.c: libcurl's multi interface on nginx's events:
 * the sockets and the timer of one multi handle per process.
 */

typedef struct {

    /*
     * the transfer of easy has ended with code; called outside of libcurl,
     * may add and remove any handle
     */
    void                            (*done)(CURL *easy, CURLcode code);

    /*
     * nginx has too few connections or events for a socket of easy; called
     * within libcurl, which must not be called from there
     */
    void                            (*no_resources)(CURL *easy);

} ngx_http_portone_curl_event_handlers_t;


/*
 * ngx_http_portone_curl_event_init() makes the multi handle; the handlers are
 * static.  NGX_ERROR: logged.
 */
ngx_int_t ngx_http_portone_curl_event_init(ngx_log_t *log,
    ngx_http_portone_curl_event_handlers_t *handlers);

/* all the handles added must have been removed before */
void ngx_http_portone_curl_event_exit(void);

/*
 * ngx_http_portone_curl_event_add() has the event loop start the transfer of
 * easy, after this call has returned.  NGX_ERROR: logged, easy is the caller's
 * still.
 */
ngx_int_t ngx_http_portone_curl_event_add(CURL *easy, ngx_log_t *log);

/*
 * ngx_http_portone_curl_event_remove() ends the transfer of easy if it still
 * runs; done stays uncalled.  NGX_ERROR: logged, easy must not be used again.
 */
ngx_int_t ngx_http_portone_curl_event_remove(CURL *easy, ngx_log_t *log);

/* number of connections, in use or idle, that libcurl keeps open */
void ngx_http_portone_curl_event_connections(ngx_uint_t n);


/*
 * ngx_http_portone_curl_socket.c: libcurl's sockets as connections of nginx.
 * libcurl stops watching a socket at the end of each transfer, and watches it
 * again for the next one.  In between the connection is parked: it stays
 * registered, which saves two system calls of each transfer.
 */

/* handler and multi are those of all sockets */
void ngx_http_portone_curl_socket_init(CURLM *multi,
    ngx_event_handler_pt handler);

/* to be called when libcurl has closed all of its sockets */
void ngx_http_portone_curl_socket_exit(void);

/*
 * ngx_http_portone_curl_socket_watch() does as libcurl's socket callback is
 * told; c is the connection that libcurl has assigned to the socket.
 * NGX_ERROR: nginx lacks a connection, or an event, for it.
 */
ngx_int_t ngx_http_portone_curl_socket_watch(curl_socket_t s, int what,
    ngx_connection_t *c);

/* 1: c was parked when its event came, and has been let go: c is over. */
ngx_uint_t ngx_http_portone_curl_socket_unpark(ngx_connection_t *c);

/*
 * The callbacks that open and close a socket.  Only sockets that are opened
 * and closed by them are parked: the number of a socket that is closed is soon
 * that of another, which would be taken for the parked one.  -1: nginx lacks a
 * connection for it if errno is 0, otherwise socket() has failed.
 */
curl_socket_t ngx_http_portone_curl_socket_open(struct curl_sockaddr *addr);
int ngx_http_portone_curl_socket_close(void *data, curl_socket_t s);

/* number of connections nginx has for sockets, at the expense of parked ones */
ngx_uint_t ngx_http_portone_curl_socket_available(void);


#endif /* _NGX_HTTP_PORTONE_CURL_PRIVATE_H_INCLUDED_ */
