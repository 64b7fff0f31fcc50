
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_handlers.h"
#include "ngx_http_portone_client.h"
#include "ngx_http_portone_match_values.h"
#include "ngx_http_portone_metrics.h"
#include "ngx_http_portone_reply.h"
#include "ngx_http_portone_store.h"
#include "portone_export.h"


/* bytes of the one buffer, unless a single payment needs more */
#define NGX_HTTP_PORTONE_EXPORT_BUFFER  (64 * 1024)


typedef struct {
    portone_export_t     core;
    ngx_buf_t           *buf;
    unsigned             fresh:1;    /* buf waits for its output */
} ngx_http_portone_export_t;


static ngx_http_portone_export_t *ngx_http_portone_export_create(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_portone_export_read(ngx_http_request_t *r,
    ngx_http_portone_export_t *ex);
static void ngx_http_portone_export_write(ngx_http_request_t *r);
static ngx_int_t ngx_http_portone_export_output(ngx_http_request_t *r,
    ngx_http_portone_export_t *ex);


ngx_uint_t
ngx_http_portone_export_wanted(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    static ngx_str_t  ndjson = ngx_string("application/x-ndjson");

    part = &r->headers_in.headers.part;
    h = part->elts;

    for (i = 0; /* void */ ; i++) {

        if (i >= part->nelts) {

            if (part->next == NULL) {
                return 0;
            }

            part = part->next;
            h = part->elts;
            i = 0;
        }

        if (h[i].key.len == 6
            && ngx_strncasecmp(h[i].key.data, (u_char *) "Accept", 6) == 0
            && ngx_strlcasestrn(h[i].value.data,
                                h[i].value.data + h[i].value.len,
                                ndjson.data, ndjson.len - 1))
        {
            return 1;
        }
    }
}


ngx_int_t
ngx_http_portone_export(ngx_http_request_t *r)
{
    ngx_int_t                   rc;
    ngx_http_portone_export_t  *ex;

    ex = ngx_http_portone_export_create(r);
    if (ex == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* 503 is possible only before the header is sent */

    rc = ngx_http_portone_export_read(r, ex);

    if (rc != NGX_OK) {
        return ngx_http_portone_reply_error(r, PORTONE_STORE_UNAVAILABLE,
                                            NULL, NULL);
    }

    r->headers_out.status = NGX_HTTP_OK;

    ngx_str_set(&r->headers_out.content_type, "application/x-ndjson");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    ngx_http_portone_metrics_count(
                   requests[NGX_HTTP_PORTONE_REQUEST_PAYMENT]
                           [NGX_HTTP_PORTONE_RESULT_OK]);

    r->main->count++;
    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_portone_export_write;

    ngx_http_portone_export_write(r);

    return NGX_DONE;
}


static ngx_http_portone_export_t *
ngx_http_portone_export_create(ngx_http_request_t *r)
{
    ngx_http_portone_ctx_t       *ctx;
    ngx_http_portone_export_t    *ex;
    ngx_http_portone_loc_conf_t  *plcf;

    ctx = ngx_http_portone_client_ctx(r);
    if (ctx == NULL) {
        return NULL;
    }

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_portone_module);

    ex = ngx_pcalloc(r->pool, sizeof(ngx_http_portone_export_t));
    if (ex == NULL) {
        return NULL;
    }

    ctx->data = ex;

    ex->core.merchant.data = (char *) plcf->merchant.data;
    ex->core.merchant.len = plcf->merchant.len;

    ex->buf = ngx_create_temp_buf(r->pool, NGX_HTTP_PORTONE_EXPORT_BUFFER);
    if (ex->buf == NULL) {
        return NULL;
    }

    if (ngx_http_portone_match_values(r, r->pool, &ex->core.match_values,
                                      &ex->core.n_match_values)
        != NGX_OK)
    {
        return NULL;
    }

    return ex;
}


static ngx_int_t
ngx_http_portone_export_read(ngx_http_request_t *r,
    ngx_http_portone_export_t *ex)
{
    int                            rc;
    ngx_buf_t                     *b;
    ngx_http_portone_main_conf_t  *pmcf;

    pmcf = ngx_http_get_module_main_conf(r, ngx_http_portone_module);

    b = ex->buf;

    for ( ;; ) {
        ex->core.buf = (char *) b->start;
        ex->core.size = b->end - b->start;

        rc = ngx_http_portone_store_read(pmcf->store, portone_export_read,
                                         &ex->core, r->connection->log);
        if (rc != PORTONE_OK) {
            return NGX_ERROR;
        }

        if (ex->core.need == 0) {
            break;
        }

        b = ngx_create_temp_buf(r->pool, ex->core.need);
        if (b == NULL) {
            return NGX_ERROR;
        }

        (void) ngx_pfree(r->pool, ex->buf->start);

        ex->buf = b;
    }

    b->pos = b->start;
    b->last = b->start + ex->core.len;
    b->temporary = (ex->core.len != 0);
    b->flush = 1;
    b->last_buf = ex->core.done;
    b->last_in_chain = ex->core.done;

    ex->fresh = 1;

    return NGX_OK;
}


/*
 * One buffer for each turn of the event loop: a client on a fast line takes
 * turns with the others.
 */

static void
ngx_http_portone_export_write(ngx_http_request_t *r)
{
    ngx_int_t                   rc;
    ngx_event_t                *wev;
    ngx_http_portone_ctx_t     *ctx;
    ngx_http_core_loc_conf_t   *clcf;
    ngx_http_portone_export_t  *ex;

    wev = r->connection->write;

    if (wev->timedout) {
        ngx_log_error(NGX_LOG_INFO, r->connection->log, NGX_ETIMEDOUT,
                      "client timed out");
        r->connection->timedout = 1;
        ngx_http_finalize_request(r, NGX_HTTP_REQUEST_TIME_OUT);
        return;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_portone_module);
    ex = ctx->data;

    if (!wev->delayed) {
        rc = ngx_http_portone_export_output(r, ex);

        if (rc == NGX_ERROR) {
            ngx_http_finalize_request(r, NGX_ERROR);
            return;
        }

        if (ex->core.done) {

            /* nginx's own handler sends the rest */

            ngx_http_finalize_request(r, rc);
            return;
        }

        if (ngx_buf_size(ex->buf) == 0) {

            /* the missing end of the body tells the client that it is cut */

            if (ngx_http_portone_export_read(r, ex) != NGX_OK) {
                ngx_http_finalize_request(r, NGX_ERROR);
                return;
            }

            if (!wev->delayed) {

                if (wev->timer_set) {
                    ngx_del_timer(wev);
                }

                ngx_post_event(wev, &ngx_posted_next_events);
                return;
            }
        }
    }

    if (!wev->delayed) {
        clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
        ngx_add_timer(wev, clcf->send_timeout);
    }

    if (ngx_handle_write_event(wev, 0) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_ERROR);
    }
}


static ngx_int_t
ngx_http_portone_export_output(ngx_http_request_t *r,
    ngx_http_portone_export_t *ex)
{
    ngx_chain_t  out;

    if (!ex->fresh) {
        return ngx_http_output_filter(r, NULL);
    }

    ex->fresh = 0;

    /* portone_match can have left out all payments of the buffer */

    if (ex->core.len == 0 && !ex->core.done) {
        return NGX_OK;
    }

    out.buf = ex->buf;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}
