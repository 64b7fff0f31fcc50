
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_page.h"


/* the last characters of an identifier, in sight */
#define NGX_HTTP_PORTONE_PAGE_MASK  4


#define ngx_http_portone_page_list(...)  { __VA_ARGS__ }


const ngx_http_portone_page_words_t  ngx_http_portone_page_words[2] = {

    [PORTONE_LANGUAGE_KO] = {
#define word(name, ko, en)      .name = ko,
#define words(name, n, ko, en)  .name = ngx_http_portone_page_list ko,
#include "ngx_http_portone_page_words.h"
#undef word
#undef words
    },

    [PORTONE_LANGUAGE_EN] = {
#define word(name, ko, en)      .name = en,
#define words(name, n, ko, en)  .name = ngx_http_portone_page_list en,
#include "ngx_http_portone_page_words.h"
#undef word
#undef words
    }
};


void
ngx_http_portone_page_section(ngx_http_portone_page_t *page, const char *id,
    const char *title)
{
    ngx_http_portone_text_print(page->text,
                                "<section aria-labelledby=\"%s\">"
                                "<h2 id=\"%s\">%s</h2>\n", id, id, title);
}


/* on a narrow screen the style makes blocks of cells, so roles name them */

void
ngx_http_portone_page_columns(ngx_http_portone_page_t *page, ...)
{
    va_list      args;
    const char  *name;

    ngx_http_portone_text_print(page->text,
                                "<table role=\"table\">"
                                "<thead role=\"rowgroup\"><tr role=\"row\">");

    va_start(args, page);

    for (name = va_arg(args, const char *);
         name;
         name = va_arg(args, const char *))
    {
        ngx_http_portone_text_print(page->text,
                                    "<th role=\"columnheader\" scope=\"col\">%s"
                                    "</th>", name);
    }

    va_end(args);

    ngx_http_portone_text_print(page->text,
                                "</tr></thead><tbody role=\"rowgroup\">\n");
}


void
ngx_http_portone_page_cell(ngx_http_portone_page_t *page, const char *label)
{
    ngx_http_portone_text_print(page->text,
                                "<td role=\"cell\" data-label=\"%s\">", label);
}


void
ngx_http_portone_page_row(ngx_http_portone_page_t *page, const char *label)
{
    ngx_http_portone_text_print(page->text, "<tr role=\"row\">");
    ngx_http_portone_page_cell(page, label);
}


void
ngx_http_portone_page_count(ngx_http_portone_page_t *page, const char *label,
    ngx_atomic_uint_t n)
{
    ngx_http_portone_page_cell(page, label);
    ngx_http_portone_text_print(page->text, "%uA</td>", n);
}


void
ngx_http_portone_page_uid(ngx_http_portone_page_t *page, const char *label,
    const char *uid)
{
    ngx_http_portone_page_cell(page, label);
    ngx_http_portone_text_print(page->text, "<code>");
    ngx_http_portone_text_html(page->text, uid);
    ngx_http_portone_text_print(page->text, "</code></td>");
}


void
ngx_http_portone_page_amount(ngx_http_portone_page_t *page,
    portone_refund_line_t *refund)
{
    ngx_http_portone_page_cell(page, page->w->amount);
    ngx_http_portone_text_print(page->text, "%s ", refund->amount);
    ngx_http_portone_text_html(page->text, refund->currency);
    ngx_http_portone_text_print(page->text, "</td>");
}


void
ngx_http_portone_page_masked(ngx_http_portone_page_t *page, const char *uid)
{
    size_t       n;
    const char  *p;

    n = 0;

    for (p = uid + ngx_strlen(uid); p > uid; /* void */) {
        p--;

        /* count the first byte of each UTF-8 character */

        if ((*p & 0xc0) != 0x80 && ++n == NGX_HTTP_PORTONE_PAGE_MASK) {
            break;
        }
    }

    ngx_http_portone_text_print(page->text, "<code>%s", (p > uid) ? "…" : "");
    ngx_http_portone_text_html(page->text, p);
    ngx_http_portone_text_print(page->text, "</code>");
}


void
ngx_http_portone_page_time(ngx_http_portone_page_t *page, time_t time)
{
    u_char    buf[NGX_HTTP_PORTONE_PAGE_AGE];
    ngx_tm_t  utc;

    if (time <= 0) {
        ngx_http_portone_text_print(page->text, "–");
        return;
    }

    ngx_gmtime(time, &utc);

    ngx_http_portone_text_print(page->text,
        "<time datetime=\"%4d-%02d-%02dT%02d:%02d:%02dZ\">%s</time>",
        utc.ngx_tm_year, utc.ngx_tm_mon, utc.ngx_tm_mday,
        utc.ngx_tm_hour, utc.ngx_tm_min, utc.ngx_tm_sec,
        ngx_http_portone_page_local(buf, time));
}


const char *
ngx_http_portone_page_local(u_char *buf, time_t time)
{
    ngx_tm_t  tm;

    ngx_localtime(time, &tm);

    (void) ngx_sprintf(buf, "%4d-%02d-%02d %02d:%02d:%02d%Z",
                       tm.ngx_tm_year, tm.ngx_tm_mon, tm.ngx_tm_mday,
                       tm.ngx_tm_hour, tm.ngx_tm_min, tm.ngx_tm_sec);

    return (const char *) buf;
}


const char *
ngx_http_portone_page_age(ngx_http_portone_page_t *page, u_char *buf,
    ngx_atomic_uint_t seconds)
{
    u_char      *p;
    const char  *fmt;

    fmt = page->w->seconds;

    if (seconds >= 2 * 24 * 60 * 60) {
        fmt = page->w->days;
        seconds /= 24 * 60 * 60;

    } else if (seconds >= 2 * 60 * 60) {
        fmt = page->w->hours;
        seconds /= 60 * 60;

    } else if (seconds >= 2 * 60) {
        fmt = page->w->minutes;
        seconds /= 60;
    }

    p = ngx_snprintf(buf, NGX_HTTP_PORTONE_PAGE_AGE - 1, fmt, seconds);
    *p = '\0';

    return (const char *) buf;
}


const char *
ngx_http_portone_page_ago(ngx_http_portone_page_t *page, u_char *buf,
    ngx_atomic_uint_t moment)
{
    u_char              age[NGX_HTTP_PORTONE_PAGE_AGE], *p;
    ngx_atomic_uint_t   now, time;

    if (moment == 0) {
        return page->w->never;
    }

    time = moment / NGX_HTTP_PORTONE_METRICS_TICKS;

    now = (ngx_atomic_uint_t) page->status->now;

    p = ngx_snprintf(buf, NGX_HTTP_PORTONE_PAGE_AGE - 1, page->w->ago,
                     ngx_http_portone_page_age(page, age,
                                               now > time ? now - time : 0));
    *p = '\0';

    return (const char *) buf;
}


void
ngx_http_portone_page_bytes(ngx_http_portone_page_t *page,
    ngx_atomic_uint_t bytes)
{
    ngx_uint_t  i;

    static const char  *units[] = { "B", "KB", "MB", "GB", "TB" };

    for (i = 0; i < 4 && bytes >= 10 * 1024; i++) {
        bytes = (bytes + 512) / 1024;
    }

    ngx_http_portone_text_print(page->text, "%uA %s", bytes, units[i]);
}
