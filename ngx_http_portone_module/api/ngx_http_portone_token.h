
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_TOKEN_H_INCLUDED_
#define _NGX_HTTP_PORTONE_TOKEN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "portone_flow.h"
#include "ngx_http_portone_curl.h"
#include "ngx_http_portone_zone.h"


typedef enum {
    NGX_HTTP_PORTONE_TOKEN_HIT = 0,   /* was in the zone */
    NGX_HTTP_PORTONE_TOKEN_MISS,      /* had to be fetched */
    NGX_HTTP_PORTONE_TOKEN_REFRESHED  /* was refused by PortOne, and fetched
                                         anew */
} ngx_http_portone_token_source_e;


typedef struct ngx_http_portone_token_request_s
    ngx_http_portone_token_request_t;

typedef void (*ngx_http_portone_token_pt)(
    ngx_http_portone_token_request_t *request);

struct ngx_http_portone_token_request_s {

    /* set by the caller; all of it must live until the handler is called */

    ngx_http_portone_account_t         *account;
    ngx_http_portone_api_server_t      *server;
    ngx_log_t                          *log;
    ngx_http_portone_token_pt           handler;
    void                               *data;

    /* the generation that PortOne refused; 0: any will do */
    ngx_uint_t                          refused;

    /* the result */

    portone_token_e                     result;
    ngx_http_portone_token_source_e     source;
    ngx_http_portone_token_t            token;   /* wiped by the caller */

    /* private */
    ngx_queue_t                         queue;
    ngx_uint_t                          failures;
};


/*
 * ngx_http_portone_token_get() asks for a token.  NGX_OK: the result is set
 * already, and the handler stays uncalled; NGX_AGAIN: the event loop will call
 * the handler, with request->result.  However many ask, one call goes out.
 */
ngx_int_t ngx_http_portone_token_get(
    ngx_http_portone_token_request_t *request);


#endif /* _NGX_HTTP_PORTONE_TOKEN_H_INCLUDED_ */
