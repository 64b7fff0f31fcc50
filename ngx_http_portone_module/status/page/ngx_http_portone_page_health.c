
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_metrics.h"
#include "ngx_http_portone_page.h"


/* open refunds are settled in minutes: older ones need attention, s */
#define NGX_HTTP_PORTONE_PAGE_OPEN     (15 * 60)

/* a failure is broken health for this time, s */
#define NGX_HTTP_PORTONE_PAGE_FAILURE  (60 * 60)


static void ngx_http_portone_page_store_health(ngx_http_portone_page_t *page);
static void ngx_http_portone_page_open_health(ngx_http_portone_page_t *page);
static void ngx_http_portone_page_reason(ngx_http_portone_page_t *page,
    ngx_http_portone_health_e health, const char *fmt, ...);


void
ngx_http_portone_page_health(ngx_http_portone_page_t *page)
{
    u_char                      ago[NGX_HTTP_PORTONE_PAGE_AGE];
    ngx_http_portone_gauges_t  *gauges;
    ngx_http_portone_status_t  *status;

    status = page->status;
    gauges = &status->totals.gauges;

    ngx_http_portone_page_store_health(page);
    ngx_http_portone_page_open_health(page);

    if (status->refused) {
        ngx_http_portone_page_reason(page, NGX_HTTP_PORTONE_HEALTH_BROKEN,
                                     page->w->keys_refused);
    }

    if (gauges->unanswered > gauges->answered) {
        ngx_http_portone_page_reason(page,
            (status->now - (time_t) (gauges->unanswered
                                     / NGX_HTTP_PORTONE_METRICS_TICKS)
             < NGX_HTTP_PORTONE_PAGE_FAILURE)
                ? NGX_HTTP_PORTONE_HEALTH_BROKEN
                : NGX_HTTP_PORTONE_HEALTH_ATTENTION,
            page->w->api_failed,
            ngx_http_portone_page_ago(page, ago, gauges->unanswered));
    }
}


static void
ngx_http_portone_page_store_health(ngx_http_portone_page_t *page)
{
    u_char                                ago[NGX_HTTP_PORTONE_PAGE_AGE];
    ngx_atomic_uint_t                     filled;
    ngx_http_portone_gauges_t            *gauges;
    ngx_http_portone_status_t            *status;
    const ngx_http_portone_page_words_t  *w;

    status = page->status;
    gauges = &status->totals.gauges;
    w = page->w;

    if (!status->has_store) {
        ngx_http_portone_page_reason(page, NGX_HTTP_PORTONE_HEALTH_ATTENTION,
                                     w->no_store);
        return;
    }

    if (!status->store_up) {
        ngx_http_portone_page_reason(page, NGX_HTTP_PORTONE_HEALTH_BROKEN,
                                     w->store_down);
        return;
    }

    filled = status->store.used / (status->store.size / 100);

    if (status->store.full) {
        ngx_http_portone_page_reason(page, NGX_HTTP_PORTONE_HEALTH_BROKEN,
                                     w->store_full);

    } else if (filled >= NGX_HTTP_PORTONE_PAGE_FILLING) {
        ngx_http_portone_page_reason(page, NGX_HTTP_PORTONE_HEALTH_ATTENTION,
                                     w->store_filling, filled);
    }

    if (gauges->unwritten > gauges->written) {
        ngx_http_portone_page_reason(page, NGX_HTTP_PORTONE_HEALTH_BROKEN,
                w->store_failed,
                ngx_http_portone_page_ago(page, ago, gauges->unwritten));
    }
}


static void
ngx_http_portone_page_open_health(ngx_http_portone_page_t *page)
{
    u_char                                age[NGX_HTTP_PORTONE_PAGE_AGE];
    ngx_atomic_t                         *open, *ages;
    ngx_atomic_uint_t                     oldest;
    const ngx_http_portone_page_words_t  *w;

    if (!page->status->store_up) {
        return;
    }

    open = page->status->open;
    ages = page->status->ages;
    w = page->w;

    if (open[NGX_HTTP_PORTONE_OPEN_UNREADABLE]) {
        ngx_http_portone_page_reason(page, NGX_HTTP_PORTONE_HEALTH_BROKEN,
                                w->unreadable,
                                open[NGX_HTTP_PORTONE_OPEN_UNREADABLE]);
    }

    if (open[NGX_HTTP_PORTONE_OPEN_MANUAL_REVIEW]) {
        ngx_http_portone_page_reason(page, NGX_HTTP_PORTONE_HEALTH_ATTENTION,
                                w->reviews,
                                open[NGX_HTTP_PORTONE_OPEN_MANUAL_REVIEW]);
    }

    /* a crash leaves refunds in "sending" */

    oldest = ngx_max(ages[NGX_HTTP_PORTONE_OPEN_UNKNOWN],
                     ages[NGX_HTTP_PORTONE_OPEN_SENDING]);

    if (oldest >= NGX_HTTP_PORTONE_PAGE_OPEN) {
        ngx_http_portone_page_reason(page, NGX_HTTP_PORTONE_HEALTH_ATTENTION,
                                w->unsettled,
                                open[NGX_HTTP_PORTONE_OPEN_UNKNOWN]
                                + open[NGX_HTTP_PORTONE_OPEN_SENDING],
                                ngx_http_portone_page_age(page, age, oldest));
    }

    oldest = ages[NGX_HTTP_PORTONE_OPEN_PENDING];

    if (oldest > NGX_HTTP_PORTONE_STATUS_LATE) {
        ngx_http_portone_page_reason(page, NGX_HTTP_PORTONE_HEALTH_ATTENTION,
                                w->late,
                                ngx_http_portone_page_age(page, age, oldest));
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
