
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_COMMIT_H_INCLUDED_
#define _NGX_HTTP_PORTONE_COMMIT_H_INCLUDED_


#include "ngx_http_portone_store.h"


/*
 * Group commit.  Operations queue up on the event loop; one task at a time
 * takes all of them to a thread, applies them in one write transaction and
 * commits it, which is when they are on disk.  An operation whose apply
 * fails does not take the others with it: the batch is then applied again,
 * each in a transaction of its own.
 */


/*
 * What has failed is not seen by anybody, with one exception: when the disk
 * fails while LMDB writes the page with the new root, and fails again when
 * the old one is put back, the transaction can be there, whole, after the
 * store has been opened again.  So a claim that has failed may turn up as an
 * intent that was never sent, and is settled like any other.
 */

typedef enum {
    NGX_HTTP_PORTONE_COMMITTED = 0,  /* durable */
    NGX_HTTP_PORTONE_COMMIT_FAILED,  /* not stored, with the exception above */
    NGX_HTTP_PORTONE_COMMIT_WITHDRAWN
                                     /* taken off the queue: not stored */
} ngx_http_portone_commit_e;


typedef struct ngx_http_portone_commit_s  ngx_http_portone_commit_t;

typedef void (*ngx_http_portone_commit_pt)(ngx_http_portone_commit_t *op);

struct ngx_http_portone_commit_s {

    /* set by the caller; all of it must live until the handler is called */

    ngx_http_portone_store_t            *store;
    ngx_log_t                           *log;

    /*
     * apply runs in a thread, maybe more than once, and must start from its
     * own input each time.  PORTONE_OK: what it put is to be committed
     * (nothing put is fine too: a precondition that does not hold is told
     * through data).  PORTONE_ERROR: roll back.
     */
    ngx_http_portone_store_pt            apply;
    void                                *data;

    /*
     * what settles a refund may use the last of the store, anything else
     * fails before, so that no refund is begun which cannot be settled
     */
    ngx_uint_t                           settles;

    /* bytes that apply may take, if it is more than a few pages */
    size_t                               size;

    /* called on the event loop exactly once, never from inside commit() */
    ngx_http_portone_commit_pt           handler;

    /*
     * how long the operation may wait in the queue, ms; once a thread has
     * taken it, it is never withdrawn
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
 * While one is queued or under way, the worker does not leave on reload.
 */
void ngx_http_portone_commit(ngx_http_portone_commit_t *op);


#endif /* _NGX_HTTP_PORTONE_COMMIT_H_INCLUDED_ */
