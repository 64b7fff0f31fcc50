
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_CLIENT_H_INCLUDED_
#define _NGX_HTTP_PORTONE_CLIENT_H_INCLUDED_


#include "ngx_http_portone.h"


/*
 * Work that can outlive its client: a refund or a commit ends although the
 * client has left.  The work has a pool and a log of its own, and its
 * structure begins with this one.  The request and the work know each other
 * until one of them ends.
 */

typedef struct {
    ngx_pool_t                *pool;
    ngx_log_t                  log;       /* copy of the location's: that of
                                             the connection goes with it */
    ngx_http_request_t        *request;   /* NULL: gone or answered, or the
                                             work began by itself */
    ngx_http_cleanup_t        *cleanup;   /* the request's */
    ngx_http_portone_ctx_t    *ctx;       /* the request's, NULL with it */

    /* called with the work when the client has left early; or NULL */
    void                     (*gone)(void *work);
} ngx_http_portone_client_t;


/* the context of the request, made at the first call; NULL: no memory */
ngx_http_portone_ctx_t *ngx_http_portone_client_ctx(ngx_http_request_t *r);

/*
 * A zeroed structure of this size, in a pool of pool_size bytes, for the
 * request or, r == NULL, for the worker itself; the caller destroys the work.
 * NULL: no memory.
 */
void *ngx_http_portone_client_create(ngx_http_request_t *r, size_t pool_size,
    size_t size);

/* finalizes the request, which is there, with rc; the work goes on */
void ngx_http_portone_client_finalize(ngx_http_portone_client_t *client,
    ngx_int_t rc);

/* frees the work; a request that is still there stays with its handler */
void ngx_http_portone_client_destroy(ngx_http_portone_client_t *client);


#endif /* _NGX_HTTP_PORTONE_CLIENT_H_INCLUDED_ */
