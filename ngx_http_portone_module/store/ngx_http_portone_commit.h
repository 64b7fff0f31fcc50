
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_COMMIT_H_INCLUDED_
#define _NGX_HTTP_PORTONE_COMMIT_H_INCLUDED_


#include "ngx_http_portone_store.h"


/*
 * Group commit.  Operations queue up on the event loop; one task at a time
 * takes all of them to a thread, applies them in one write transaction and
 * commits it, which puts them on disk.  If the apply of one operation fails,
 * the batch is applied again, each operation in a transaction of its own.
 */


/*
 * A failed operation leaves no trace, with one exception: when the disk fails
 * while LMDB writes the page with the new root, and fails again when LMDB puts
 * the old one back, the transaction can be there, whole, after the store has
 * been opened again.  So a claim that has failed may turn up as an intent that
 * was never sent, and is settled like any other.
 */

typedef enum {
    NGX_HTTP_PORTONE_COMMITTED = 0,  /* durable */
    NGX_HTTP_PORTONE_COMMIT_FAILED,  /* undone; one exception above */
    NGX_HTTP_PORTONE_COMMIT_WITHDRAWN   /* from the queue, unstored */
} ngx_http_portone_commit_e;


typedef struct ngx_http_portone_commit_s  ngx_http_portone_commit_t;

typedef void (*ngx_http_portone_commit_pt)(ngx_http_portone_commit_t *op);

struct ngx_http_portone_commit_s {

    /* set by the caller; all of it must live until the handler is called */

    ngx_http_portone_store_t            *store;
    ngx_log_t                           *log;

    /*
     * apply runs in a thread, maybe more than once, and must start from its
     * own input each time.  PORTONE_OK: the puts, if any, are to be committed;
     * a precondition that fails is told through data.  PORTONE_ERROR: roll
     * back.
     */
    ngx_http_portone_store_pt            apply;
    void                                *data;

    /*
     * 1: settles a refund, and may use the last of the store.  All else fails
     * earlier, so that each refund that is begun can be settled.
     */
    ngx_uint_t                           settles;

    /* bytes that apply may take, if it is more than a few pages */
    size_t                               size;

    /* called once, on the event loop, after commit() has returned */
    ngx_http_portone_commit_pt           handler;

    /*
     * longest time in the queue, ms; a thread that has taken the operation
     * brings it to its end
     */
    ngx_msec_t                           timeout;

    /* the result */
    ngx_http_portone_commit_e            status;

    /* private */
    ngx_event_t                          timer;
    ngx_queue_t                          queue;
    int                                  rc;
};


/*
 * ngx_http_portone_commit() queues the operation; result by the handler.
 * While an operation is queued or under way, the worker stays on reload.
 */
void ngx_http_portone_commit(ngx_http_portone_commit_t *op);


#endif /* _NGX_HTTP_PORTONE_COMMIT_H_INCLUDED_ */
