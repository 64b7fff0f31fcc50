
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_SANDBOX_LEDGER_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_LEDGER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <cjson/cJSON.h>

#include "ngx_http_portone_sandbox_module.h"
#include "ngx_http_portone_sandbox_text.h"


/*
 * What the sandboxed PortOne has received and done.  All functions are called
 * with the zone locked.
 */

/*
 * Notes the arrival of an API request and gives it its number.  The oldest
 * requests make room; one that does not fit at all is counted as dropped.
 */
void ngx_http_portone_sandbox_ledger_arrive(
    ngx_http_portone_sandbox_ctx_t *ctx);

/*
 * Ends the work on an API request before its answer leaves: the request no
 * longer counts as concurrent, and the ledger knows its status, 0: no answer.
 * The zone is not locked.
 */
void ngx_http_portone_sandbox_ledger_leave(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_uint_t status);

/* notes what became of it: ctx->status (0: no answer) and ctx->executed */
void ngx_http_portone_sandbox_ledger_settle(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_uint_t status);

void ngx_http_portone_sandbox_ledger_clear(
    ngx_http_portone_sandbox_zone_t *zone);

/* how many requests of a call (for an imp_uid, if not empty) have arrived */
ngx_uint_t ngx_http_portone_sandbox_ledger_count(
    ngx_http_portone_sandbox_zone_t *zone, ngx_uint_t call,
    ngx_str_t *imp_uid);

/* the ledger as a JSON object; imp_uid may be empty, call may be "any" */
void ngx_http_portone_sandbox_ledger_write(
    ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_text_t *text, ngx_uint_t call,
    ngx_str_t *imp_uid, ngx_uint_t requests);


/*
 * What PortOne tells the shop when a payment has changed: a POST to the URL
 * of portone_sandbox_webhook, sent by the worker that made the change.  What
 * became of it is kept in the zone.
 */

/* where webhooks go, and how */

struct ngx_http_portone_sandbox_target_s {
    ngx_addr_t    addr;
    ngx_str_t     host;       /* for the header */
    ngx_str_t     path;
    ngx_msec_t    retry;      /* ms between two tries; 0: there is one */
    ngx_uint_t    form;       /* not JSON */
};


/* portone_sandbox_webhook url [form] [retry=time] | off */
char *ngx_http_portone_sandbox_webhook(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* the body, as JSON; the zone is locked; NULL: no memory */
cJSON *ngx_http_portone_sandbox_webhook_json(
    ngx_http_portone_sandbox_payment_t *payment);

/*
 * Sends the webhook, which is taken, if the location has a target; what
 * fails is logged.  The zone is not locked.
 */
void ngx_http_portone_sandbox_webhook_send(
    ngx_http_portone_sandbox_ctx_t *ctx, cJSON *webhook);

/* with the zone locked */
void ngx_http_portone_sandbox_webhook_list(
    ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_text_t *text);
void ngx_http_portone_sandbox_webhook_clear(
    ngx_http_portone_sandbox_zone_t *zone);


#endif /* _NGX_HTTP_PORTONE_SANDBOX_LEDGER_H_INCLUDED_ */
