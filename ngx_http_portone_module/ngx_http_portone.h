
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_H_INCLUDED_
#define _NGX_HTTP_PORTONE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "portone_error.h"


/* the types that all folders share */


typedef struct ngx_http_portone_account_s     ngx_http_portone_account_t;
typedef struct ngx_http_portone_api_server_s  ngx_http_portone_api_server_t;
typedef struct ngx_http_portone_store_s       ngx_http_portone_store_t;


typedef struct {
    ngx_http_portone_store_t       *store;         /* portone_store, or NULL */
    ngx_str_t                       store_path;
    size_t                          store_size;    /* bytes */
    ngx_str_t                       thread_pool;
    ngx_shm_zone_t                 *zone;
    size_t                          zone_size;     /* bytes */
    ngx_uint_t                      keepalive;     /* idle connections */
    ngx_msec_t                      reconcile_interval;
    ngx_msec_t                      drift_interval;     /* ms; 0: off */
    ngx_uint_t                      status;        /* portone_status is used */
    ngx_array_t                     locations;     /* with an account,
                                            ngx_http_portone_loc_conf_t * */
    ngx_array_t                     accounts;
                                         /* ngx_http_portone_account_t * */
    ngx_array_t                    *guarded;       /* for _conf_access.c */
} ngx_http_portone_main_conf_t;


/* a directive that gives a location its handler, and the needs of this */

typedef struct {
    ngx_str_t                       name;
    ngx_http_handler_pt             handler;
    ngx_uint_t                      counted;       /* as which request, by
                                              ngx_http_portone_request_e */
    ngx_uint_t                      needs_access;  /* method that access
                                              control must cover, or 0 */
    unsigned                        needs_store:1;
    unsigned                        needs_api:1;   /* with any portone_fetch */
    unsigned                        has_path:1;    /* an order follows the
                                                      location's prefix */
} ngx_http_portone_handler_t;


/* a block of the configuration, and the access control that is in its text */

typedef struct {
    ngx_str_t                       file;          /* NUL-terminated */
    off_t                           offset;        /* after "{"; 0: unknown */
    unsigned                        read:1;
    unsigned                        unknown:1;     /* the text is
                                                      unreadable */
    unsigned                        controls:4;    /* by _conf_access.c */
    unsigned                        lifted:4;      /* controls that are off */
} ngx_http_portone_block_t;


typedef struct {
    ngx_str_t                       field;
    ngx_http_complex_value_t        value;
} ngx_http_portone_match_t;


typedef struct {
    portone_error_e                 error;         /* or by PortOne's code */
    ngx_int_t                       code;
    ngx_uint_t                      status;
#if (NGX_PCRE)
    ngx_regex_t                    *regex;         /* for PortOne's message */
#endif
    unsigned                        by_code:1;
} ngx_http_portone_error_status_t;


typedef struct ngx_http_portone_loc_conf_s  ngx_http_portone_loc_conf_t;

struct ngx_http_portone_loc_conf_s {
    ngx_http_portone_loc_conf_t    *parent;        /* the block around, or
                                                      NULL */
    ngx_http_portone_block_t        block;

    ngx_http_portone_api_server_t  *endpoint;
    ngx_http_portone_account_t     *account;

    ngx_str_t                       api;           /* URL, NUL-terminated */
    ngx_str_t                       imp_key;
    ngx_str_t                       imp_secret;
    ngx_str_t                       merchant;
    ngx_str_t                       tier;
    ngx_str_t                       ssl_trusted_certificate;

    ngx_msec_t                      connect_timeout;
    ngx_msec_t                      read_timeout;
    time_t                          settle_time;   /* seconds */
    time_t                          send_time;     /* seconds, see
                                                      portone_flow_t */

    ngx_flag_t                      include_sandbox;
    ngx_flag_t                      fetch;
    ngx_flag_t                      require_amount;
    ngx_flag_t                      phone_month;
    ngx_flag_t                      ssl_verify;
    ngx_uint_t                      language;

    ngx_http_complex_value_t       *idempotency_key;
    time_t                          idempotency_ttl;    /* seconds */

    ngx_array_t                    *matches;       /* ..._match_t */
    ngx_array_t                    *error_statuses;

    ngx_uint_t                      payment_write; /* portone_payment write */

    /* the location's own handler, or NULL, and the place of its directive */

    ngx_http_portone_handler_t     *handler;
    ngx_uint_t                      status_format;
    ngx_str_t                       file;
    ngx_uint_t                      line;
};


/* the values of a request's variables; an empty string shows as "-" */

typedef struct {
    ngx_str_t                       merchant_uid;
    ngx_str_t                       imp_uid;
    ngx_str_t                       refund_id;
    ngx_str_t                       amount;
    ngx_str_t                       refundable_amount;
    ngx_str_t                       state;
    ngx_str_t                       error;
    ngx_str_t                       code;
    ngx_str_t                       message;
    ngx_str_t                       token;
    ngx_uint_t                      api_status;    /* PortOne's, 0 without
                                                      an answer */
    ngx_msec_t                      api_time;
    ngx_msec_t                      store_time;
    ngx_str_t                       replayed;
    void                           *data;          /* the handler's own */
    unsigned                        has_api_time:1;
    unsigned                        has_store_time:1;
} ngx_http_portone_ctx_t;


extern ngx_module_t  ngx_http_portone_module;


#endif /* _NGX_HTTP_PORTONE_H_INCLUDED_ */
