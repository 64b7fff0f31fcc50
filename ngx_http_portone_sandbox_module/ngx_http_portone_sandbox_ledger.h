
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
 * The ledger: requests that the sandboxed PortOne has received, and what it
 * did.  Callers hold the lock of the zone, except where it says otherwise.
 */

/*
 * Notes the arrival of an API request and gives the request its number.  The
 * oldest requests make room; one that is too large even then is counted as
 * dropped.
 */
void ngx_http_portone_sandbox_ledger_arrive(
    ngx_http_portone_sandbox_ctx_t *ctx);

/*
 * Ends the work on an API request before its answer leaves: the request stops
 * counting as concurrent, and the ledger learns its status (0: unanswered).
 * The function locks the zone.
 */
void ngx_http_portone_sandbox_ledger_leave(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_uint_t status);

void ngx_http_portone_sandbox_ledger_clear(
    ngx_http_portone_sandbox_zone_t *zone);

/* how many requests of a call have arrived; an empty imp_uid means any */
ngx_uint_t ngx_http_portone_sandbox_ledger_count(
    ngx_http_portone_sandbox_zone_t *zone, ngx_uint_t call,
    ngx_str_t *imp_uid);

/* the ledger as a JSON object; imp_uid may be empty, call may be "any" */
void ngx_http_portone_sandbox_ledger_write(
    ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_text_t *text, ngx_uint_t call,
    ngx_str_t *imp_uid, ngx_uint_t requests);


/*
 * Webhooks: when a payment has changed, the worker that made the change sends
 * a POST to the URL of portone_sandbox_webhook.  The zone keeps how each one
 * ended.
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

/*
 * the body, as JSON, owned by the caller; the zone is locked; NULL: memory ran
 * out
 */
cJSON *ngx_http_portone_sandbox_webhook_json(
    ngx_http_portone_sandbox_payment_t *payment);

/*
 * Takes the webhook and sends it if the location has a target; failures are
 * logged.  The function locks the zone.
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
