
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_SANDBOX_MODULE_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_MODULE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <cjson/cJSON.h>

#include "ngx_http_portone_sandbox_zone.h"


#define NGX_HTTP_PORTONE_SANDBOX_MAX_SEGMENTS  5


typedef struct {
    ngx_str_t                           imp_key;
    ngx_str_t                           imp_secret;
    ngx_str_t                           tier;           /* may be empty */
} ngx_http_portone_sandbox_account_t;


typedef struct ngx_http_portone_sandbox_target_s
    ngx_http_portone_sandbox_target_t;


typedef struct {
    ngx_flag_t                          enable;
    ngx_http_portone_sandbox_zone_t    *zone;
    ngx_array_t                        *accounts;
                                   /* ngx_http_portone_sandbox_account_t */
    ngx_array_t                        *payments;
                                /* ngx_http_portone_sandbox_declared_t * */
    ngx_http_portone_sandbox_target_t  *webhook;        /* NULL: none */
    time_t                              token_life;
    ngx_int_t                           clock_offset;   /* seconds */
} ngx_http_portone_sandbox_loc_conf_t;


typedef struct ngx_http_portone_sandbox_ctx_s
    ngx_http_portone_sandbox_ctx_t;

typedef ngx_int_t (*ngx_http_portone_sandbox_check_pt)(
    ngx_http_portone_sandbox_ctx_t *ctx);
typedef void (*ngx_http_portone_sandbox_next_pt)(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_int_t rc);


/* one request, from the body's last byte to the answer's */

struct ngx_http_portone_sandbox_ctx_s {
    ngx_http_request_t                  *request;
    ngx_http_portone_sandbox_loc_conf_t *conf;
    ngx_http_portone_sandbox_zone_t     *zone;

    /* the path below the root, split at slashes and decoded */
    ngx_str_t                            segments[
                                       NGX_HTTP_PORTONE_SANDBOX_MAX_SEGMENTS];
    ngx_uint_t                           nsegments;

    ngx_str_t                            body;
    cJSON                               *json;          /* parsed body */
    const char                          *body_error;    /* NULL: readable */

    ngx_http_portone_sandbox_call_e      call;
    ngx_str_t                            imp_uid;       /* resolved */
    ngx_str_t                            merchant_uid;  /* resolved */
    ngx_str_t                            account;       /* the token's */
    ngx_str_t                            tier;

    /* the ledger's number, 0 for control requests */
    uint64_t                             number;
    uint64_t                             generation;

    ngx_http_portone_sandbox_fault_t    *before;
    ngx_http_portone_sandbox_fault_t    *after;
    ngx_http_portone_sandbox_fault_t    *answer;

    ngx_event_t                          event;
    ngx_http_portone_sandbox_check_pt    check;
    ngx_http_portone_sandbox_next_pt     next;
    ngx_msec_t                           deadline;
    ngx_str_t                            gate;          /* waited at */

    /* the event that a long poll waits for */
    ngx_str_t                            wait_name;
    ngx_uint_t                           wait_call;
    ngx_uint_t                           wait_count;

    /* the answer */
    ngx_uint_t                           status;
    ngx_str_t                            response;
    ngx_str_t                            content_type;
    /* how it is sent when a fault alters that */
    ngx_buf_t                           *buf;
    off_t                                sent;          /* bytes of the body */
    off_t                                limit;
    off_t                                length;
    size_t                               chunk;
    ngx_msec_t                           pause;

    unsigned                             counted:1;     /* in concurrent_now */
    unsigned                             executed:1;
    unsigned                             form:1;        /* body is a form */
};


extern ngx_module_t  ngx_http_portone_sandbox_module;


#endif /* _NGX_HTTP_PORTONE_SANDBOX_MODULE_H_INCLUDED_ */
