
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_handlers.h"
#include "ngx_http_portone_client.h"
#include "ngx_http_portone_commit.h"
#include "ngx_http_portone_flow.h"
#include "ngx_http_portone_match_values.h"
#include "ngx_http_portone_reply.h"
#include "portone_import.h"


/*
 * The body is read as it comes into one of two buffers, while the lines in
 * the other one are committed.  When both are full, reading stops and the
 * client waits, so that memory stays bounded.
 */


/* bytes of a buffer, unless a single line needs more */
#define NGX_HTTP_PORTONE_IMPORT_BUFFER   (256 * 1024)

/* bytes; a payment that was read from PortOne has as many at most */
#define NGX_HTTP_PORTONE_IMPORT_LINE     (1024 * 1024)

/* the lines of a transaction, which holds up all others meanwhile */
#define NGX_HTTP_PORTONE_IMPORT_LINES    2048

/* bytes; every line that is taken has more */
#define NGX_HTTP_PORTONE_IMPORT_SHORT    64

/* how long a transaction may wait for its turn */
#define NGX_HTTP_PORTONE_IMPORT_TIMEOUT_MS  60000


typedef struct {
    u_char                     *start;
    u_char                     *last;
    u_char                     *end;
} ngx_http_portone_import_buf_t;


typedef struct {
    ngx_http_portone_client_t       client;
    portone_import_t                core;       /* the batch being committed */
    portone_import_result_t         total;
    ngx_http_portone_commit_t       commit;
    portone_language_e              language;

    ngx_http_portone_import_buf_t   bufs[2];
    ngx_uint_t                      fill;       /* index of the one read into */
    uint64_t                        line;       /* number of the first line
                                                   in it */
    unsigned                        committing:1;
    unsigned                        full:1;     /* reading waits for the end
                                                   of a commit */
    unsigned                        skip:1;     /* past the rest of a line
                                                   that is too long */
    unsigned                        eof:1;
} ngx_http_portone_import_t;


static void ngx_http_portone_import_body(ngx_http_request_t *r);
static ngx_http_portone_import_t *ngx_http_portone_import_create(
    ngx_http_request_t *r);
static void ngx_http_portone_import_read_handler(ngx_http_request_t *r);
static void ngx_http_portone_import_read(ngx_http_portone_import_t *im);
static ngx_int_t ngx_http_portone_import_take(ngx_http_portone_import_t *im);
static ngx_int_t ngx_http_portone_import_append(
    ngx_http_portone_import_t *im, u_char *p, size_t len);
static ngx_int_t ngx_http_portone_import_room(ngx_http_portone_import_t *im);
static ngx_int_t ngx_http_portone_import_grow(ngx_http_portone_import_t *im,
    ngx_http_portone_import_buf_t *b);
static ngx_int_t ngx_http_portone_import_submit(ngx_http_portone_import_t *im);
static void ngx_http_portone_import_commit(ngx_http_portone_import_t *im);
static void ngx_http_portone_import_end(ngx_http_portone_import_t *im);
static void ngx_http_portone_import_committed(ngx_http_portone_commit_t *op);
static void ngx_http_portone_import_finish(ngx_http_portone_import_t *im,
    ngx_int_t rc);
static void ngx_http_portone_import_gone(void *work);


ngx_int_t
ngx_http_portone_import(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    r->request_body_no_buffering = 1;

    rc = ngx_http_read_client_request_body(r, ngx_http_portone_import_body);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    return NGX_DONE;
}


static void
ngx_http_portone_import_body(ngx_http_request_t *r)
{
    ngx_http_portone_import_t  *im;

    im = ngx_http_portone_import_create(r);

    if (im == NULL) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    ngx_http_portone_import_read(im);
}


static ngx_http_portone_import_t *
ngx_http_portone_import_create(ngx_http_request_t *r)
{
    ngx_uint_t                     i;
    ngx_http_portone_import_t     *im;
    ngx_http_portone_commit_t     *op;
    ngx_http_portone_loc_conf_t   *plcf;
    ngx_http_portone_main_conf_t  *pmcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_portone_module);
    pmcf = ngx_http_get_module_main_conf(r, ngx_http_portone_module);

    im = ngx_http_portone_client_create(r, 4096,
                                        sizeof(ngx_http_portone_import_t));
    if (im == NULL) {
        return NULL;
    }

    im->client.gone = ngx_http_portone_import_gone;
    im->client.ctx->data = im;

    im->line = 1;
    im->language = plcf->language;

    for (i = 0; i < 2; i++) {
        im->bufs[i].start = ngx_palloc(im->client.pool,
                                       NGX_HTTP_PORTONE_IMPORT_BUFFER);
        if (im->bufs[i].start == NULL) {
            goto failed;
        }

        im->bufs[i].last = im->bufs[i].start;
        im->bufs[i].end = im->bufs[i].start + NGX_HTTP_PORTONE_IMPORT_BUFFER;
    }

    im->core.merchant.data = (char *) plcf->merchant.data;
    im->core.merchant.len = plcf->merchant.len;

    if (ngx_http_portone_match_values(r, im->client.pool,
                                      &im->core.match_values,
                                      &im->core.n_match_values)
        != NGX_OK)
    {
        goto failed;
    }

    op = &im->commit;

    op->store = pmcf->store;
    op->log = &im->client.log;
    op->apply = portone_import_apply;
    op->data = &im->core;
    op->handler = ngx_http_portone_import_committed;
    op->timeout = NGX_HTTP_PORTONE_IMPORT_TIMEOUT_MS;

    return im;

failed:

    ngx_http_portone_client_destroy(&im->client);

    return NULL;
}


static void
ngx_http_portone_import_read_handler(ngx_http_request_t *r)
{
    ngx_http_portone_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_portone_module);

    ngx_http_portone_import_read(ctx->data);
}


/* reads until the client sends more, or until both buffers are full */

static void
ngx_http_portone_import_read(ngx_http_portone_import_t *im)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = im->client.request;

    for ( ;; ) {

        rc = ngx_http_portone_import_take(im);

        if (rc == NGX_AGAIN) {

            /* client_body_timeout stops while the store is waited for */

            if (r->connection->read->timer_set) {
                ngx_del_timer(r->connection->read);
            }

            r->read_event_handler = ngx_http_block_reading;
            return;
        }

        if (rc != NGX_OK) {
            ngx_http_portone_import_finish(im, rc);
            return;
        }

        if (!r->reading_body) {
            im->eof = 1;
            r->read_event_handler = ngx_http_block_reading;

            if (!im->committing) {
                ngx_http_portone_import_end(im);
            }

            return;
        }

        rc = ngx_http_read_unbuffered_request_body(r);

        if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
            ngx_http_portone_import_finish(im, rc);
            return;
        }

        if (rc == NGX_AGAIN && r->request_body->bufs == NULL) {
            r->read_event_handler = ngx_http_portone_import_read_handler;
            return;
        }
    }
}


/* NGX_AGAIN: both buffers are full, the rest of the body stays */

static ngx_int_t
ngx_http_portone_import_take(ngx_http_portone_import_t *im)
{
    ngx_buf_t           *b;
    ngx_int_t            rc;
    ngx_chain_t         *cl;
    ngx_http_request_t  *r;

    r = im->client.request;

    while (r->request_body->bufs) {
        cl = r->request_body->bufs;
        b = cl->buf;

        if (b->in_file) {

            /* another module has read the body before: mirror, for one */

            ngx_log_error(NGX_LOG_ERR, &im->client.log, 0,
                          "an import cannot be read from a temporary file");
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        rc = NGX_OK;

        while (b->pos < b->last && rc == NGX_OK) {
            rc = ngx_http_portone_import_append(im, b->pos,
                                                b->last - b->pos);
            if (rc > 0) {
                b->pos += rc;
                rc = NGX_OK;
            }
        }

        if (rc != NGX_OK) {
            return (rc == NGX_ERROR) ? NGX_HTTP_INTERNAL_SERVER_ERROR : rc;
        }

        r->request_body->bufs = cl->next;
        ngx_free_chain(r->pool, cl);
    }

    return NGX_OK;
}


/* the number of bytes taken; NGX_AGAIN: none before a commit */

static ngx_int_t
ngx_http_portone_import_append(ngx_http_portone_import_t *im, u_char *p,
    size_t len)
{
    u_char                         *lf;
    ngx_int_t                       rc;
    ngx_http_portone_import_buf_t  *b;

    if (im->skip) {
        lf = memchr(p, LF, len);

        if (lf == NULL) {
            return len;
        }

        im->skip = 0;

        return lf + 1 - p;
    }

    b = &im->bufs[im->fill];

    if (b->last == b->end) {
        rc = ngx_http_portone_import_room(im);

        if (rc != NGX_OK) {
            return rc;
        }

        if (im->skip) {
            return NGX_OK;
        }

        b = &im->bufs[im->fill];
    }

    len = ngx_min(len, (size_t) (b->end - b->last));

    b->last = ngx_cpymem(b->last, p, len);

    return len;
}


/* makes room in the buffer that is read into and is full */

static ngx_int_t
ngx_http_portone_import_room(ngx_http_portone_import_t *im)
{
    ngx_http_portone_import_buf_t  *b;

    if (im->committing) {
        im->full = 1;
        return NGX_AGAIN;
    }

    b = &im->bufs[im->fill];

    if (memrchr(b->start, LF, b->last - b->start)) {
        return ngx_http_portone_import_submit(im);
    }

    if (b->end - b->start < NGX_HTTP_PORTONE_IMPORT_LINE) {
        return ngx_http_portone_import_grow(im, b);
    }

    portone_import_reject(&im->total, im->line++, PORTONE_TOO_LARGE, "");

    b->last = b->start;
    im->skip = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_portone_import_grow(ngx_http_portone_import_t *im,
    ngx_http_portone_import_buf_t *b)
{
    size_t   size, len;
    u_char  *p;

    len = b->last - b->start;
    size = 2 * (b->end - b->start);

    p = ngx_palloc(im->client.pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, b->start, len);
    (void) ngx_pfree(im->client.pool, b->start);

    b->start = p;
    b->last = p + len;
    b->end = p + size;

    return NGX_OK;
}


/*
 * The whole lines of the buffer that is read into, or at the end all of it,
 * are committed; the beginning of a line moves into the other buffer.
 */

static ngx_int_t
ngx_http_portone_import_submit(ngx_http_portone_import_t *im)
{
    size_t                          tail;
    u_char                         *end;
    ngx_http_portone_import_buf_t  *b, *other;

    b = &im->bufs[im->fill];
    other = &im->bufs[1 - im->fill];

    other->last = other->start;

    if (im->eof) {
        end = b->last;

    } else {
        end = (u_char *) memrchr(b->start, LF, b->last - b->start) + 1;
        tail = b->last - end;

        while ((size_t) (other->end - other->start) < tail) {

            if (ngx_http_portone_import_grow(im, other) != NGX_OK) {
                return NGX_ERROR;
            }
        }

        other->last = ngx_cpymem(other->start, end, tail);
    }

    im->fill = 1 - im->fill;
    im->committing = 1;

    im->core.pos = (char *) b->start;
    im->core.last = (char *) end;
    im->core.line = im->line;
    im->core.max = NGX_HTTP_PORTONE_IMPORT_LINES;
    im->core.now = ngx_time();

    ngx_http_portone_import_commit(im);

    return NGX_OK;
}


/*
 * A line can change a page of each of two databases, beside those of the
 * journal, which come one after the other.
 */

static void
ngx_http_portone_import_commit(ngx_http_portone_import_t *im)
{
    size_t             lines, size;
    portone_import_t  *core;

    core = &im->core;

    size = core->last - core->pos;
    lines = ngx_min(core->max, size / NGX_HTTP_PORTONE_IMPORT_SHORT + 1);

    im->commit.size = 2 * (lines * ngx_pagesize + size);

    ngx_http_portone_commit(&im->commit);
}


/* the body was read to its end, and the commits have ended */

static void
ngx_http_portone_import_end(ngx_http_portone_import_t *im)
{
    char                           *text;
    ngx_http_portone_import_buf_t  *b;

    b = &im->bufs[im->fill];

    if (b->last != b->start) {
        (void) ngx_http_portone_import_submit(im);
        return;
    }

    text = portone_import_reply(&im->total, PORTONE_NO_ERROR, 0,
                                im->language);

    ngx_http_portone_import_finish(im,
              ngx_http_portone_reply_text(im->client.request,
                                          PORTONE_NO_ERROR, NGX_HTTP_OK,
                                          text));
}


static void
ngx_http_portone_import_committed(ngx_http_portone_commit_t *op)
{
    char                       *text;
    portone_import_t           *core;
    ngx_http_portone_import_t  *im;

    im = (ngx_http_portone_import_t *)
             ((u_char *) op - offsetof(ngx_http_portone_import_t, commit));

    core = &im->core;

    if (im->client.request == NULL) {
        ngx_http_portone_client_destroy(&im->client);
        return;
    }

    if (op->status == NGX_HTTP_PORTONE_COMMITTED) {
        portone_import_add(&im->total, &core->result);

        im->line += core->lines;

        core->line = im->line;
        core->pos = core->end;

        if (core->pos < core->last) {
            ngx_http_portone_import_commit(im);
            return;
        }

        im->committing = 0;

        if (im->eof) {
            ngx_http_portone_import_end(im);

        } else if (im->full) {
            im->full = 0;
            ngx_http_portone_import_read(im);
        }

        return;
    }

    /* a store that is nearly full still takes some lines */

    if (op->status == NGX_HTTP_PORTONE_COMMIT_FAILED && core->max > 1) {
        core->max /= 2;
        ngx_http_portone_import_commit(im);
        return;
    }

    im->committing = 0;

    ngx_log_error(NGX_LOG_ERR, &im->client.log, 0,
                  "import breaks off at line %uL", im->line);

    text = portone_import_reply(&im->total, PORTONE_STORE_UNAVAILABLE,
                                im->line, im->language);

    ngx_http_portone_import_finish(im,
                          ngx_http_portone_reply_text(im->client.request,
                                                      PORTONE_STORE_UNAVAILABLE,
                                                      0, text));
}


static void
ngx_http_portone_import_finish(ngx_http_portone_import_t *im, ngx_int_t rc)
{
    ngx_log_error(NGX_LOG_INFO, &im->client.log, 0,
                  "import: %uL payments stored, %uL lines rejected",
                  im->total.stored, im->total.rejected);

    ngx_http_portone_client_finalize(&im->client, rc);

    if (!im->committing) {
        ngx_http_portone_client_destroy(&im->client);
    }
}


static void
ngx_http_portone_import_gone(void *work)
{
    ngx_http_portone_import_t *im = work;

    ngx_log_error(NGX_LOG_INFO, &im->client.log, 0,
                  "client has gone, its import ends here");

    if (!im->committing) {
        ngx_http_portone_client_destroy(&im->client);
    }
}
