
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_status.h"
#include "ngx_http_portone_page.h"
#include "ngx_http_portone_reply.h"
#include "ngx_http_portone_zone.h"


/* others' turn between two looks at a store with many open refunds, ms */
#define NGX_HTTP_PORTONE_STATUS_PAUSE  1


typedef struct {
    ngx_http_request_t           *request;    /* NULL: it has gone */
    ngx_http_portone_store_t     *store;
    ngx_event_t                   timer;
    ngx_uint_t                    format;
    ngx_http_portone_status_t     status;
} ngx_http_portone_status_job_t;


static ngx_uint_t ngx_http_portone_status_language(ngx_http_request_t *r,
    ngx_uint_t language);
#if (NGX_HTTP_HEADERS)
static ngx_int_t ngx_http_portone_status_quality(u_char *p, u_char *last);
#endif
static ngx_int_t ngx_http_portone_status_look(
    ngx_http_portone_status_job_t *job);
static void ngx_http_portone_status_timer(ngx_event_t *ev);
static void ngx_http_portone_status_cleanup(void *data);
static void ngx_http_portone_status_open(ngx_http_portone_status_t *status);
static ngx_int_t ngx_http_portone_status_send(
    ngx_http_portone_status_job_t *job);
static ngx_int_t ngx_http_portone_status_headers(ngx_http_request_t *r,
    ngx_uint_t format);


ngx_int_t
ngx_http_portone_status_handler(ngx_http_request_t *r)
{
    ngx_int_t                       rc;
    ngx_http_cleanup_t             *cleanup;
    ngx_http_portone_loc_conf_t    *plcf;
    ngx_http_portone_main_conf_t   *pmcf;
    ngx_http_portone_status_job_t  *job;

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    if (r->method != NGX_HTTP_GET && r->method != NGX_HTTP_HEAD) {
        return ngx_http_portone_reply_error(r, PORTONE_METHOD_NOT_ALLOWED,
                                            NULL, "GET, HEAD");
    }

    job = ngx_pcalloc(r->pool, sizeof(ngx_http_portone_status_job_t));
    if (job == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    pmcf = ngx_http_get_module_main_conf(r, ngx_http_portone_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_portone_module);

    job->request = r;
    job->store = pmcf->store;
    job->format = plcf->status_format;
    job->status.language = ngx_http_portone_status_language(r,
                                                           plcf->language);
    job->status.has_store = (pmcf->store != NULL);
    job->status.survey.late = ngx_time() - NGX_HTTP_PORTONE_STATUS_LATE;
    job->status.refused = ngx_http_portone_zone_refused(&pmcf->accounts);

    if (ngx_http_portone_status_look(job) != NGX_AGAIN) {
        return ngx_http_portone_status_send(job);
    }

    cleanup = ngx_http_cleanup_add(r, 0);
    if (cleanup == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cleanup->handler = ngx_http_portone_status_cleanup;
    cleanup->data = job;

    job->timer.handler = ngx_http_portone_status_timer;
    job->timer.data = job;
    job->timer.log = r->connection->log;

    ngx_add_timer(&job->timer, NGX_HTTP_PORTONE_STATUS_PAUSE);

    r->main->count++;

    return NGX_DONE;
}


/* the language of the page that the browser prefers; or the given one */

static ngx_uint_t
ngx_http_portone_status_language(ngx_http_request_t *r, ngx_uint_t language)
{
#if (NGX_HTTP_HEADERS)

    u_char     *p, *last, *end;
    ngx_int_t   q, best;
    ngx_uint_t  i;

    static const char  *names[] = {
        [PORTONE_LANGUAGE_KO] = "ko",
        [PORTONE_LANGUAGE_EN] = "en"
    };

    if (r->headers_in.accept_language == NULL) {
        return language;
    }

    p = r->headers_in.accept_language->value.data;
    last = p + r->headers_in.accept_language->value.len;
    best = 0;

    /* "ko-KR, ko;q=0.9, en;q=0.8" */

    while (p < last) {

        while (p < last && (*p == ' ' || *p == '\t' || *p == ',')) {
            p++;
        }

        end = ngx_strlchr(p, last, ',');
        if (end == NULL) {
            end = last;
        }

        q = ngx_http_portone_status_quality(p, end);

        for (i = 0; i < 2; i++) {

            if (end - p >= 2
                && ngx_strncasecmp(p, (u_char *) names[i], 2) == 0
                && (end - p == 2 || p[2] == '-' || p[2] == ';'
                    || p[2] == ' ')
                && q > best)
            {
                best = q;
                language = i;
            }
        }

        p = end;
    }

#endif

    return language;
}


#if (NGX_HTTP_HEADERS)

/* the quality of a language, in thousandths; 1000 by default */

static ngx_int_t
ngx_http_portone_status_quality(u_char *p, u_char *last)
{
    ngx_int_t  q;

    p = ngx_strlchr(p, last, ';');

    if (p == NULL) {
        return 1000;
    }

    do {
        p++;
    } while (p < last && (*p == ' ' || *p == '\t'));

    if (last - p < 2 || (*p != 'q' && *p != 'Q') || p[1] != '=') {
        return 1000;
    }

    q = ngx_atofp(p + 2, ngx_min(last - p - 2, 5), 3);

    return (q == NGX_ERROR) ? 0 : q;
}

#endif


/* NGX_AGAIN: the store has more open refunds to look at */

static ngx_int_t
ngx_http_portone_status_look(ngx_http_portone_status_job_t *job)
{
    ngx_log_t                  *log;
    ngx_http_portone_status_t  *status;

    log = job->request->connection->log;
    status = &job->status;

    status->store_up = 0;

    if (job->store == NULL
        || !ngx_http_portone_store_is_open(job->store)
        || ngx_http_portone_store_read(job->store, portone_overview,
                                       &status->survey, log)
           != PORTONE_OK)
    {
        return NGX_OK;
    }

    if (!status->survey.done) {
        return NGX_AGAIN;
    }

    status->store_up =
        ngx_http_portone_store_read(job->store, ngx_http_portone_store_info,
                                    &status->store, log)
        == PORTONE_OK
        && (job->format != NGX_HTTP_PORTONE_STATUS_HTML
            || ngx_http_portone_store_read(job->store, portone_overview_recent,
                                           &status->recent, log)
               == PORTONE_OK);

    return NGX_OK;
}


static void
ngx_http_portone_status_timer(ngx_event_t *ev)
{
    ngx_connection_t               *c;
    ngx_http_portone_status_job_t  *job;

    job = ev->data;
    c = job->request->connection;

    if (ngx_http_portone_status_look(job) == NGX_AGAIN) {
        ngx_add_timer(ev, NGX_HTTP_PORTONE_STATUS_PAUSE);
        return;
    }

    ngx_http_finalize_request(job->request, ngx_http_portone_status_send(job));

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_portone_status_cleanup(void *data)
{
    ngx_http_portone_status_job_t *job = data;

    if (job->timer.timer_set) {
        ngx_del_timer(&job->timer);
    }
}


static void
ngx_http_portone_status_open(ngx_http_portone_status_t *status)
{
    int64_t     since;
    ngx_uint_t  i;

    static const ngx_uint_t  states[NGX_HTTP_PORTONE_OPEN_MAX] = {
        [NGX_HTTP_PORTONE_OPEN_SENDING] = PORTONE_STATE_SENDING,
        [NGX_HTTP_PORTONE_OPEN_PENDING] = PORTONE_STATE_PENDING,
        [NGX_HTTP_PORTONE_OPEN_UNKNOWN] = PORTONE_STATE_UNKNOWN,
        [NGX_HTTP_PORTONE_OPEN_MANUAL_REVIEW] = PORTONE_STATE_MANUAL_REVIEW,
        [NGX_HTTP_PORTONE_OPEN_UNREADABLE] = PORTONE_STATE_MAX
    };

    for (i = 0; i < NGX_HTTP_PORTONE_OPEN_MAX; i++) {
        status->open[i] = status->survey.open[states[i]];

        since = status->survey.oldest[states[i]];

        status->ages[i] = (since > 0 && since < status->now)
                              ? (ngx_atomic_uint_t) (status->now - since) : 0;
    }
}


static ngx_int_t
ngx_http_portone_status_send(ngx_http_portone_status_job_t *job)
{
    ngx_int_t                     rc;
    ngx_http_request_t           *r;
    ngx_http_portone_text_t       text;
    ngx_http_portone_status_t    *status;

    r = job->request;
    status = &job->status;

    status->now = ngx_time();

    ngx_http_portone_metrics_read(&status->totals);
    ngx_http_portone_status_open(status);

    ngx_http_portone_text_init(&text, r->pool);

    if (job->format == NGX_HTTP_PORTONE_STATUS_PROMETHEUS) {
        ngx_http_portone_status_format_prometheus(&text, status);

    } else if (job->format == NGX_HTTP_PORTONE_STATUS_HTML) {
        ngx_http_portone_page_html(&text, status);

    } else {
        ngx_http_portone_status_format_json(&text, status);
    }

    if (text.failed
        || ngx_http_portone_status_headers(r, job->format) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    text.buf->last_buf = (r == r->main) ? 1 : 0;
    text.buf->last_in_chain = 1;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = text.len;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_http_output_filter(r, text.chain);
}


static ngx_int_t
ngx_http_portone_status_headers(ngx_http_request_t *r, ngx_uint_t format)
{
    ngx_uint_t  i;
    ngx_str_t   value;

    static const struct {
        const char  *name;
        const char  *value;
    } headers[] = {
        { "Cache-Control", "no-store" },
        { "X-Content-Type-Options", "nosniff" },
        { "Referrer-Policy", "no-referrer" },
        { "Vary", "Accept-Language" },
        { "Content-Security-Policy", ngx_http_portone_page_style_policy }
    };

    static ngx_str_t  types[] = {
        [NGX_HTTP_PORTONE_STATUS_JSON] = ngx_string("application/json"),
        [NGX_HTTP_PORTONE_STATUS_PROMETHEUS] =
                       ngx_string("text/plain; version=0.0.4; charset=utf-8"),
        [NGX_HTTP_PORTONE_STATUS_HTML] =
                       ngx_string("text/html; charset=utf-8")
    };

    for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {

        /* the headers after the first two are for the page */

        if (i == 2 && format != NGX_HTTP_PORTONE_STATUS_HTML) {
            break;
        }

        value.data = (u_char *) headers[i].value;
        value.len = ngx_strlen(value.data);

        if (ngx_http_portone_reply_header(r, headers[i].name, &value)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    r->headers_out.content_type = types[format];
    r->headers_out.content_type_len = types[format].len;
    r->headers_out.content_type_lowcase = NULL;

    return NGX_OK;
}
