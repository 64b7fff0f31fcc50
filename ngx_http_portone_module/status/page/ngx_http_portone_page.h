
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_PAGE_H_INCLUDED_
#define _NGX_HTTP_PORTONE_PAGE_H_INCLUDED_


#include "ngx_http_portone_status.h"


/*
 * The page for people.  ngx_http_portone_text_html() writes all texts but
 * the words of ngx_http_portone_page_words.h.
 */

typedef struct {
#define word(name, ko, en)      const char  *name;
#define words(name, n, ko, en)  const char  *name[n];
#include "ngx_http_portone_page_words.h"
#undef word
#undef words
} ngx_http_portone_page_words_t;

/* by portone_language_e */
extern const ngx_http_portone_page_words_t  ngx_http_portone_page_words[2];


/* 0: all is well */

typedef enum {
    NGX_HTTP_PORTONE_HEALTH_ATTENTION = 1,
    NGX_HTTP_PORTONE_HEALTH_BROKEN
} ngx_http_portone_health_e;


#define NGX_HTTP_PORTONE_PAGE_REASONS  10
#define NGX_HTTP_PORTONE_PAGE_REASON   512

/* a store that is fuller needs attention, per cent */
#define NGX_HTTP_PORTONE_PAGE_FILLING  80


typedef struct {
    ngx_http_portone_text_t              *text;
    ngx_http_portone_status_t            *status;
    const ngx_http_portone_page_words_t  *w;

    /* set by ngx_http_portone_page_health(); reasons are NUL-terminated */

    ngx_http_portone_health_e        health;
    ngx_uint_t                       n;
    u_char                           reasons[NGX_HTTP_PORTONE_PAGE_REASONS]
                                            [NGX_HTTP_PORTONE_PAGE_REASON];
} ngx_http_portone_page_t;


/* the whole page */
void ngx_http_portone_page_html(ngx_http_portone_text_t *text,
    ngx_http_portone_status_t *status);

/* the style, and the Content-Security-Policy that allows exactly this style */
extern const char  ngx_http_portone_page_style[];
extern const char  ngx_http_portone_page_style_policy[];

/* finds the state of health, and the reasons for it */
void ngx_http_portone_page_health(ngx_http_portone_page_t *page);


/* begins a section with a heading */
void ngx_http_portone_page_section(ngx_http_portone_page_t *page,
    const char *id, const char *title);

/* begins a table with columns of these names; NULL ends them */
void ngx_http_portone_page_columns(ngx_http_portone_page_t *page, ...);

/* begin a cell of the column that has this name, and a row with the cell */
void ngx_http_portone_page_cell(ngx_http_portone_page_t *page,
    const char *label);
void ngx_http_portone_page_row(ngx_http_portone_page_t *page,
    const char *label);

/* cells, whole: a number, an identifier, and the amount of a refund */
void ngx_http_portone_page_count(ngx_http_portone_page_t *page,
    const char *label, ngx_atomic_uint_t n);
void ngx_http_portone_page_uid(ngx_http_portone_page_t *page,
    const char *label, const char *uid);
void ngx_http_portone_page_amount(ngx_http_portone_page_t *page,
    portone_refund_line_t *refund);

/* the end of an identifier: enough to recognize it, too little to use it */
void ngx_http_portone_page_masked(ngx_http_portone_page_t *page,
    const char *uid);

/* a moment, Unix seconds, or a dash for 0 */
void ngx_http_portone_page_time(ngx_http_portone_page_t *page, time_t time);

void ngx_http_portone_page_bytes(ngx_http_portone_page_t *page,
    ngx_atomic_uint_t bytes);


/*
 * These return a NUL-terminated text, static or in buf, which has
 * NGX_HTTP_PORTONE_PAGE_AGE bytes: a moment in local time, a number of
 * seconds, and the time since a moment ("never" for 0).
 */

#define NGX_HTTP_PORTONE_PAGE_AGE  64

const char *ngx_http_portone_page_local(u_char *buf, time_t time);
const char *ngx_http_portone_page_age(ngx_http_portone_page_t *page,
    u_char *buf, ngx_atomic_uint_t seconds);
const char *ngx_http_portone_page_ago(ngx_http_portone_page_t *page,
    u_char *buf, ngx_atomic_uint_t moment);


#endif /* _NGX_HTTP_PORTONE_PAGE_H_INCLUDED_ */
