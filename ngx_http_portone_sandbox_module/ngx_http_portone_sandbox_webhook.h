#ifndef _NGX_HTTP_PORTONE_SANDBOX_WEBHOOK_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_WEBHOOK_H_INCLUDED_


/*
 * What PortOne tells the shop when a payment has changed: a POST to the URL
 * of portone_sandbox_webhook, sent by the worker that made the change.  What
 * became of it is kept in the zone.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <cjson/cJSON.h>

#include "ngx_http_portone_sandbox_module.h"
#include "ngx_http_portone_sandbox_text.h"


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
void ngx_http_portone_sandbox_webhooks_write(
    ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_text_t *text);
void ngx_http_portone_sandbox_webhooks_clear(
    ngx_http_portone_sandbox_zone_t *zone);


#endif /* _NGX_HTTP_PORTONE_SANDBOX_WEBHOOK_H_INCLUDED_ */
