
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_STATUS_TABLE_H_INCLUDED_
#define _NGX_HTTP_PORTONE_STATUS_TABLE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * One table of metrics makes the text for Prometheus and the JSON: names and
 * values are the same, labels become members.
 */


typedef const char *(*ngx_http_portone_word_pt)(ngx_uint_t i);


/* the values first to n - 1, by an array of words or a function for each */

typedef struct {
    const char                *name;
    ngx_uint_t                 first;
    ngx_uint_t                 n;
    const char               **words;
    ngx_http_portone_word_pt   word;
} ngx_http_portone_label_t;


typedef enum {
    NGX_HTTP_PORTONE_COUNTER = 0,
    NGX_HTTP_PORTONE_GAUGE,
    NGX_HTTP_PORTONE_GAUGE_MOMENT,
    NGX_HTTP_PORTONE_HISTOGRAM_TIMES,
    NGX_HTTP_PORTONE_HISTOGRAM_SIZES
} ngx_http_portone_metric_e;


typedef struct {
    const char                *name;      /* without "portone_" */
    const char                *help;
    ngx_http_portone_metric_e  type;
    size_t                     offset;    /* in ngx_http_portone_status_t */
    ngx_uint_t                 store;     /* needs the store to be up */
    ngx_http_portone_label_t   label[2];  /* n is 0: unused */
} ngx_http_portone_metric_t;


/* the last metric has the name NULL */
extern ngx_http_portone_metric_t  ngx_http_portone_status_table[];

/* the word of a label's value */
const char *ngx_http_portone_status_table_word(
    ngx_http_portone_label_t *label, ngx_uint_t i);


#endif /* _NGX_HTTP_PORTONE_STATUS_TABLE_H_INCLUDED_ */
