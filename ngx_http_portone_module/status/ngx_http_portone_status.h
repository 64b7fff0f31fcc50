
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_STATUS_H_INCLUDED_
#define _NGX_HTTP_PORTONE_STATUS_H_INCLUDED_


#include "ngx_http_portone.h"
#include "ngx_http_portone_metrics.h"
#include "ngx_http_portone_text.h"
#include "ngx_http_portone_store.h"
#include "portone_overview.h"


/* portone_status: the counters of all workers, and the state of the store */


typedef enum {
    NGX_HTTP_PORTONE_STATUS_JSON = 0,
    NGX_HTTP_PORTONE_STATUS_PROMETHEUS,
    NGX_HTTP_PORTONE_STATUS_HTML
} ngx_http_portone_status_format_e;


/* a refund that PortOne has accepted needs a person after this time, s */
#define NGX_HTTP_PORTONE_STATUS_LATE  (7 * 24 * 60 * 60)


/* the states in which a refund is open, and unreadable records */

typedef enum {
    NGX_HTTP_PORTONE_OPEN_SENDING = 0,
    NGX_HTTP_PORTONE_OPEN_PENDING,
    NGX_HTTP_PORTONE_OPEN_UNKNOWN,
    NGX_HTTP_PORTONE_OPEN_MANUAL_REVIEW,
    NGX_HTTP_PORTONE_OPEN_UNREADABLE,
    NGX_HTTP_PORTONE_OPEN_MAX
} ngx_http_portone_open_e;


/*
 * The status at one moment.  Members that the table of metrics names by their
 * offset have the type ngx_atomic_t.
 */

typedef struct {
    ngx_http_portone_totals_t       totals;
    ngx_http_portone_store_info_t   store;
    ngx_atomic_t                    refused;  /* accounts with refused
                                                 keys */
    ngx_atomic_t                    store_up;
    ngx_atomic_t                    open[NGX_HTTP_PORTONE_OPEN_MAX];
    ngx_atomic_t                    ages[NGX_HTTP_PORTONE_OPEN_MAX];
                                              /* the oldest's, s */
    time_t                          now;
    ngx_uint_t                      language; /* portone_language_e */

    /* the store's, valid while store_up is set */

    portone_overview_t  survey;
    portone_recent_t    recent;               /* for the page only */

    unsigned                        has_store:1;   /* portone_store is used */
} ngx_http_portone_status_t;


ngx_int_t ngx_http_portone_status_handler(ngx_http_request_t *r);

/* the formats for programs; the page is ngx_http_portone_page_html() */
void ngx_http_portone_status_format_json(ngx_http_portone_text_t *text,
    ngx_http_portone_status_t *status);
void ngx_http_portone_status_format_prometheus(ngx_http_portone_text_t *text,
    ngx_http_portone_status_t *status);


#endif /* _NGX_HTTP_PORTONE_STATUS_H_INCLUDED_ */
