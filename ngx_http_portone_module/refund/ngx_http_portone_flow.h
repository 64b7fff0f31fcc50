
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_FLOW_H_INCLUDED_
#define _NGX_HTTP_PORTONE_FLOW_H_INCLUDED_


#include "ngx_http_portone.h"
#include "ngx_http_portone_client.h"
#include "ngx_http_portone_commit.h"
#include "ngx_http_portone_curl.h"
#include "ngx_http_portone_token.h"
#include "portone_flow.h"


/*
 * The refund as the worker carries it out: it feeds the state machine of
 * core/portone_flow.h and lives on when the client leaves.
 */

typedef struct ngx_http_portone_flow_s  ngx_http_portone_flow_t;

typedef ngx_int_t (*ngx_http_portone_flow_pt)(ngx_http_request_t *r,
    ngx_http_portone_flow_t *flow);

typedef void (*ngx_http_portone_flow_done_pt)(ngx_http_portone_flow_t *flow,
    void *data);

struct ngx_http_portone_flow_s {
    ngx_http_portone_client_t       client;
    portone_flow_t                  core;

    ngx_http_portone_main_conf_t   *main_conf;
    ngx_http_portone_loc_conf_t    *conf;

    /* answers the request; what it returns finalizes the request */
    ngx_http_portone_flow_pt        answer;

    /* called before the flow ends; or NULL */
    ngx_http_portone_flow_done_pt   done;
    void                           *data;

    portone_step_e                    step;    /* under way */
    ngx_http_portone_call_t           call;
    ngx_http_portone_commit_t         commit;
    ngx_http_portone_token_request_t  token;

    ngx_event_t                     timer;     /* the client's patience with
                                                  the store */
    ngx_msec_t                      start_ms;
    ngx_msec_t                      commit_start_ms;
    ngx_msec_t                      limit_ms;  /* time after which the client
                                                  is answered while the flow
                                                  goes on; 0: at its end */
    ngx_event_t                     limit_timer;
    ngx_uint_t                      request_kind;
                                          /* ngx_http_portone_request_e */

    /* for the variables */

    ngx_uint_t                      api_status;
    ngx_msec_t                      api_time;
    ngx_msec_t                      store_time;
    unsigned                        has_api_time:1;
    unsigned                        has_store_time:1;
    unsigned                        has_token:1;
    unsigned                        counted:1;
    unsigned                        webhook:1; /* PortOne is the client */

    char                            refund_id[PORTONE_REFUND_ID_LEN + 1];
    char                            review_id[PORTONE_REFUND_ID_LEN + 1];
};


/*
 * All of ngx_http_portone_flow_create_*() return a flow that the caller
 * starts or destroys; NULL: no memory.  For a request the settings are those
 * of its location, and the uids are copied.
 */

/*
 * Makes a refund.  The flow takes over what *request owns, in any case.  body
 * is the request's text, by which a repeated request is told from another.
 */
ngx_http_portone_flow_t *ngx_http_portone_flow_create_refund(
    ngx_http_request_t *r, portone_request_t *request, ngx_str_t *body,
    ngx_str_t *key, ngx_http_portone_flow_pt answer);

/* looks a payment up */
ngx_http_portone_flow_t *ngx_http_portone_flow_create_reading(
    ngx_http_request_t *r, portone_str_t *merchant_uid,
    portone_str_t *imp_uid, ngx_http_portone_flow_pt answer);

/* reads a payment at PortOne and stores it, whatever portone_fetch says */
ngx_http_portone_flow_t *ngx_http_portone_flow_create_sync(
    ngx_http_request_t *r, portone_str_t *merchant_uid,
    portone_str_t *imp_uid, ngx_http_portone_flow_pt answer);

/* settles an open refund with the keys of the location */
ngx_http_portone_flow_t *ngx_http_portone_flow_create_settlement(
    ngx_http_portone_main_conf_t *pmcf, ngx_http_portone_loc_conf_t *plcf,
    portone_due_t *due, ngx_http_portone_flow_done_pt done, void *data);

/* for a flow before its start; also wipes the copy of the token */
void ngx_http_portone_flow_destroy(ngx_http_portone_flow_t *flow);

/* the flow belongs to itself from here on, and answers the request */
void ngx_http_portone_flow_start(ngx_http_portone_flow_t *flow);


#endif /* _NGX_HTTP_PORTONE_FLOW_H_INCLUDED_ */
