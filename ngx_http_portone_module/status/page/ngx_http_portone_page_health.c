
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_page.h"


/* open refunds are settled in minutes: older ones need attention, s */
#define NGX_HTTP_PORTONE_PAGE_OPEN     (15 * 60)

/* a failure is broken health for this time, s */
#define NGX_HTTP_PORTONE_PAGE_FAILURE  (60 * 60)


#define ngx_http_portone_page_attention(page, ...)                            \
    ngx_http_portone_page_reason(page, NGX_HTTP_PORTONE_HEALTH_ATTENTION,     \
                                 __VA_ARGS__)
#define ngx_http_portone_page_broken(page, ...)                               \
    ngx_http_portone_page_reason(page, NGX_HTTP_PORTONE_HEALTH_BROKEN,        \
                                 __VA_ARGS__)


static void ngx_http_portone_page_store_health(ngx_http_portone_page_t *page);
static void ngx_http_portone_page_reason(ngx_http_portone_page_t *page,
    ngx_http_portone_health_e health, const char *fmt, ...);


void
ngx_http_portone_page_health(ngx_http_portone_page_t *page)
{
    u_char                      ago[NGX_HTTP_PORTONE_PAGE_AGE];
    time_t                      failed;
    ngx_http_portone_gauges_t  *gauges;

    gauges = &page->status->totals.gauges;

    ngx_http_portone_page_store_health(page);

    if (page->status->refused) {
        ngx_http_portone_page_broken(page, page->w->keys_refused);
    }

    if (gauges->unanswered > gauges->answered) {
        failed = gauges->unanswered / NGX_HTTP_PORTONE_METRICS_TICKS;

        ngx_http_portone_page_reason(page,
            (page->status->now - failed < NGX_HTTP_PORTONE_PAGE_FAILURE)
                ? NGX_HTTP_PORTONE_HEALTH_BROKEN
                : NGX_HTTP_PORTONE_HEALTH_ATTENTION,
            page->w->api_failed,
            ngx_http_portone_page_ago(page, ago, gauges->unanswered));
    }
}


static void
ngx_http_portone_page_store_health(ngx_http_portone_page_t *page)
{
    u_char                                age[NGX_HTTP_PORTONE_PAGE_AGE];
    ngx_atomic_t                         *open, *ages;
    ngx_atomic_uint_t                     n;
    ngx_http_portone_gauges_t            *gauges;
    ngx_http_portone_status_t            *status;
    const ngx_http_portone_page_words_t  *w;

    status = page->status;
    gauges = &status->totals.gauges;
    open = status->open;
    ages = status->ages;
    w = page->w;

    if (!status->has_store) {
        ngx_http_portone_page_attention(page, w->no_store);
        return;
    }

    if (!status->store_up) {
        ngx_http_portone_page_broken(page, w->store_down);
        return;
    }

    n = status->store.used / (status->store.size / 100);

    if (status->store.full) {
        ngx_http_portone_page_broken(page, w->store_full);

    } else if (n >= NGX_HTTP_PORTONE_PAGE_FILLING) {
        ngx_http_portone_page_attention(page, w->store_filling, n);
    }

    if (gauges->unwritten > gauges->written) {
        ngx_http_portone_page_broken(page, w->store_failed,
                      ngx_http_portone_page_ago(page, age, gauges->unwritten));
    }

    n = open[NGX_HTTP_PORTONE_OPEN_UNREADABLE];

    if (n) {
        ngx_http_portone_page_broken(page, w->unreadable, n);
    }

    n = open[NGX_HTTP_PORTONE_OPEN_MANUAL_REVIEW];

    if (n) {
        ngx_http_portone_page_attention(page, w->reviews, n);
    }

    /* a crash leaves refunds in "sending" */

    n = ngx_max(ages[NGX_HTTP_PORTONE_OPEN_UNKNOWN],
                ages[NGX_HTTP_PORTONE_OPEN_SENDING]);

    if (n >= NGX_HTTP_PORTONE_PAGE_OPEN) {
        ngx_http_portone_page_attention(page, w->unsettled,
                                    open[NGX_HTTP_PORTONE_OPEN_UNKNOWN]
                                    + open[NGX_HTTP_PORTONE_OPEN_SENDING],
                                    ngx_http_portone_page_age(page, age, n));
    }

    n = ages[NGX_HTTP_PORTONE_OPEN_PENDING];

    if (n > NGX_HTTP_PORTONE_STATUS_LATE) {
        ngx_http_portone_page_attention(page, w->late,
                                    ngx_http_portone_page_age(page, age, n));
    }
}


static void
ngx_http_portone_page_reason(ngx_http_portone_page_t *page,
    ngx_http_portone_health_e health, const char *fmt, ...)
{
    u_char   *p, *last;
    va_list   args;

    page->health = ngx_max(page->health, health);

    if (page->n == NGX_HTTP_PORTONE_PAGE_REASONS) {
        return;
    }

    p = page->reasons[page->n++];
    last = p + NGX_HTTP_PORTONE_PAGE_REASON - 1;

    va_start(args, fmt);
    p = ngx_vslprintf(p, last, fmt, args);
    va_end(args);

    *p = '\0';
}
