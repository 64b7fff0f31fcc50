
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_event_connect.h>
#include <ngx_http.h>

#include "ngx_http_portone_sandbox_ledger.h"


/* how long PortOne waits for an answer, the first time and later on, ms */
#define NGX_HTTP_PORTONE_SANDBOX_WEBHOOK_FIRST  30000
#define NGX_HTTP_PORTONE_SANDBOX_WEBHOOK_LATER  15000

/* how often it sends again */
#define NGX_HTTP_PORTONE_SANDBOX_WEBHOOK_TRIES  5

/* under way in a worker */
#define NGX_HTTP_PORTONE_SANDBOX_WEBHOOK_MAX    256

/* "HTTP/1.1 200" */
#define NGX_HTTP_PORTONE_SANDBOX_STATUS_LEN     12


typedef struct {
    ngx_pool_t                         *pool;
    ngx_log_t                           log;
    ngx_http_portone_sandbox_target_t   target;
    ngx_http_portone_sandbox_zone_t    *zone;
    uint64_t                            number;     /* in the zone */
    ngx_peer_connection_t               peer;
    ngx_event_t                         timer;      /* until the next try */
    ngx_str_t                           request;
    size_t                              sent;
    ngx_uint_t                          tries;      /* made */
    size_t                              received;
    u_char                              status[
                                       NGX_HTTP_PORTONE_SANDBOX_STATUS_LEN];
} ngx_http_portone_sandbox_delivery_t;


static ngx_int_t ngx_http_portone_sandbox_webhook_options(ngx_conf_t *cf,
    ngx_http_portone_sandbox_target_t *target);
static ngx_int_t ngx_http_portone_sandbox_webhook_record(
    ngx_http_portone_sandbox_ctx_t *ctx, cJSON *webhook, ngx_str_t *body,
    uint64_t *number);
static ngx_int_t ngx_http_portone_sandbox_webhook_body(ngx_pool_t *pool,
    cJSON *webhook, ngx_uint_t form, ngx_str_t *body);
static ngx_int_t ngx_http_portone_sandbox_webhook_form(ngx_pool_t *pool,
    cJSON *webhook, ngx_str_t *body);
static ngx_int_t ngx_http_portone_sandbox_webhook_request(
    ngx_http_portone_sandbox_delivery_t *delivery, ngx_str_t *body);
static void ngx_http_portone_sandbox_webhook_connect(
    ngx_http_portone_sandbox_delivery_t *delivery);
static void ngx_http_portone_sandbox_webhook_timer(ngx_event_t *ev);
static void ngx_http_portone_sandbox_webhook_write(ngx_event_t *wev);
static void ngx_http_portone_sandbox_webhook_read(ngx_event_t *rev);
static void ngx_http_portone_sandbox_webhook_done(
    ngx_http_portone_sandbox_delivery_t *delivery, ngx_uint_t again);
static ngx_uint_t ngx_http_portone_sandbox_webhook_status(
    ngx_http_portone_sandbox_delivery_t *delivery);


static ngx_uint_t  ngx_http_portone_sandbox_deliveries;


char *
ngx_http_portone_sandbox_webhook(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_portone_sandbox_loc_conf_t *pslcf = conf;

    ngx_url_t                           u;
    ngx_str_t                          *value;
    ngx_http_portone_sandbox_target_t  *target;

    if (pslcf->webhook != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0 && cf->args->nelts == 2) {
        pslcf->webhook = NULL;
        return NGX_CONF_OK;
    }

    if (ngx_strncmp(value[1].data, "http://", 7) != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid URL \"%V\", \"http://\" is expected",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    target = ngx_pcalloc(cf->pool, sizeof(ngx_http_portone_sandbox_target_t));
    if (target == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url.data = value[1].data + 7;
    u.url.len = value[1].len - 7;
    u.default_port = 80;
    u.uri_part = 1;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK || u.naddrs == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid URL \"%V\"%s%s",
                           &value[1], u.err ? ": " : "",
                           u.err ? u.err : "");
        return NGX_CONF_ERROR;
    }

    target->addr = u.addrs[0];
    target->host.data = u.url.data;
    target->host.len = u.url.len - u.uri.len;
    target->path = u.uri;

    if (target->path.len == 0) {
        ngx_str_set(&target->path, "/");
    }

    if (ngx_http_portone_sandbox_webhook_options(cf, target) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    pslcf->webhook = target;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_portone_sandbox_webhook_options(ngx_conf_t *cf,
    ngx_http_portone_sandbox_target_t *target)
{
    ngx_int_t   retry;
    ngx_str_t  *value, time;
    ngx_uint_t  i;

    value = cf->args->elts;

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_strcmp(value[i].data, "form") == 0) {
            target->form = 1;
            continue;
        }

        if (value[i].len > 6 && ngx_strncmp(value[i].data, "retry=", 6) == 0)
        {
            time.data = value[i].data + 6;
            time.len = value[i].len - 6;

            retry = ngx_parse_time(&time, 0);

            if (retry != NGX_ERROR && retry != 0) {
                target->retry = retry;
                continue;
            }
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"",
                           &value[i]);
        return NGX_ERROR;
    }

    return NGX_OK;
}


cJSON *
ngx_http_portone_sandbox_webhook_json(
    ngx_http_portone_sandbox_payment_t *payment)
{
    int         i, n;
    cJSON      *object, *history, *last, *webhook, *item, *copy;
    cJSON_bool  added;

    static const char  *const  names[] = {
        "imp_uid", "merchant_uid", "status"
    };

    object = cJSON_ParseWithLength((char *) payment->json.data,
                                   payment->json.len);
    webhook = cJSON_CreateObject();
    added = 1;

    for (i = 0; i < 3; i++) {
        item = cJSON_GetObjectItemCaseSensitive(object, names[i]);
        copy = cJSON_Duplicate(item, 1);
        added &= cJSON_AddItemToObject(webhook, names[i], copy);
    }

    history = cJSON_GetObjectItemCaseSensitive(object, "cancel_history");
    n = cJSON_GetArraySize(history);
    last = n ? cJSON_GetArrayItem(history, n - 1) : NULL;
    item = cJSON_GetObjectItemCaseSensitive(last, "cancellation_id");

    if (item) {
        copy = cJSON_Duplicate(item, 1);
        added &= cJSON_AddItemToObject(webhook, "cancellation_id", copy);
    }

    cJSON_Delete(object);

    if (!added) {
        cJSON_Delete(webhook);
        return NULL;
    }

    return webhook;
}


void
ngx_http_portone_sandbox_webhook_send(ngx_http_portone_sandbox_ctx_t *ctx,
    cJSON *webhook)
{
    ngx_str_t                             body;
    ngx_log_t                            *log;
    ngx_pool_t                           *pool;
    ngx_http_portone_sandbox_target_t    *target;
    ngx_http_portone_sandbox_delivery_t  *delivery;

    target = ctx->conf->webhook;
    log = ctx->request->connection->log;

    if (target == NULL || webhook == NULL) {
        cJSON_Delete(webhook);
        return;
    }

    if (ngx_http_portone_sandbox_deliveries
        == NGX_HTTP_PORTONE_SANDBOX_WEBHOOK_MAX)
    {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "portone sandbox: too many webhooks, one is not sent");
        cJSON_Delete(webhook);
        return;
    }

    pool = ngx_create_pool(2048, ngx_cycle->log);
    if (pool == NULL) {
        cJSON_Delete(webhook);
        return;
    }

    delivery = ngx_pcalloc(pool, sizeof(ngx_http_portone_sandbox_delivery_t));

    if (delivery == NULL
        || ngx_http_portone_sandbox_webhook_body(pool, webhook, target->form,
                                                 &body)
           != NGX_OK
        || ngx_http_portone_sandbox_webhook_record(ctx, webhook, &body,
                                                   &delivery->number)
           != NGX_OK)
    {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "portone sandbox: no memory for a webhook");
        cJSON_Delete(webhook);
        ngx_destroy_pool(pool);
        return;
    }

    cJSON_Delete(webhook);

    /* the target belongs to a configuration, which may go */

    delivery->pool = pool;
    delivery->zone = ctx->zone;
    delivery->target = *target;
    delivery->log = *ngx_cycle->log;
    delivery->log.action = NULL;
    pool->log = &delivery->log;

    delivery->timer.handler = ngx_http_portone_sandbox_webhook_timer;
    delivery->timer.data = delivery;
    delivery->timer.log = &delivery->log;
    delivery->timer.cancelable = 1;

    if (ngx_http_portone_sandbox_webhook_request(delivery, &body) != NGX_OK) {
        ngx_destroy_pool(pool);
        return;
    }

    ngx_http_portone_sandbox_deliveries++;

    ngx_http_portone_sandbox_webhook_connect(delivery);
}


static ngx_int_t
ngx_http_portone_sandbox_webhook_body(ngx_pool_t *pool, cJSON *webhook,
    ngx_uint_t form, ngx_str_t *body)
{
    char  *text;

    if (form) {
        return ngx_http_portone_sandbox_webhook_form(pool, webhook, body);
    }

    text = cJSON_PrintUnformatted(webhook);
    if (text == NULL) {
        return NGX_ERROR;
    }

    body->len = ngx_strlen(text);
    body->data = ngx_pnalloc(pool, body->len);

    if (body->data != NULL) {
        ngx_memcpy(body->data, text, body->len);
    }

    cJSON_free(text);

    return body->data ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_portone_sandbox_webhook_form(ngx_pool_t *pool, cJSON *webhook,
    ngx_str_t *body)
{
    u_char  *p, *value;
    cJSON   *item;
    size_t   len;

    len = 0;

    cJSON_ArrayForEach(item, webhook) {
        len += ngx_strlen(item->string) + 2;

        if (cJSON_IsString(item)) {
            len += 3 * ngx_strlen(item->valuestring);
        }
    }

    p = ngx_pnalloc(pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    body->data = p;

    cJSON_ArrayForEach(item, webhook) {

        if (p != body->data) {
            *p++ = '&';
        }

        p = ngx_cpymem(p, item->string, ngx_strlen(item->string));
        *p++ = '=';

        if (cJSON_IsString(item)) {
            value = (u_char *) item->valuestring;
            p = (u_char *) ngx_escape_uri(p, value, ngx_strlen(value),
                                          NGX_ESCAPE_URI_COMPONENT);
        }
    }

    body->len = p - body->data;

    return NGX_OK;
}


/* the oldest one goes when there are too many */

static ngx_int_t
ngx_http_portone_sandbox_webhook_record(ngx_http_portone_sandbox_ctx_t *ctx,
    cJSON *webhook, ngx_str_t *body, uint64_t *number)
{
    size_t                               size;
    ngx_str_t                            imp_uid;
    cJSON                               *item;
    ngx_queue_t                         *q;
    ngx_http_portone_sandbox_sh_t       *sh;
    ngx_http_portone_sandbox_sending_t  *sending;

    item = cJSON_GetObjectItemCaseSensitive(webhook, "imp_uid");

    imp_uid.data = (u_char *) cJSON_GetStringValue(item);
    imp_uid.len = imp_uid.data ? ngx_strlen(imp_uid.data) : 0;

    size = sizeof(ngx_http_portone_sandbox_sending_t) + body->len
           + imp_uid.len;

    sh = ctx->zone->sh;

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    if (sh->nwebhooks == NGX_HTTP_PORTONE_SANDBOX_MAX_WEBHOOKS) {
        q = ngx_queue_head(&sh->webhooks);
        ngx_queue_remove(q);
        sh->nwebhooks--;

        ngx_http_portone_sandbox_zone_free(ctx->zone,
                 ngx_queue_data(q, ngx_http_portone_sandbox_sending_t, queue));
    }

    sending = ngx_http_portone_sandbox_zone_alloc(ctx->zone, size);

    if (sending) {
        ngx_memzero(sending, sizeof(ngx_http_portone_sandbox_sending_t));

        sending->number = ++sh->webhook_sequence;

        sending->body.len = body->len;
        sending->body.data = (u_char *) (sending + 1);
        ngx_memcpy(sending->body.data, body->data, body->len);

        sending->imp_uid.len = imp_uid.len;
        sending->imp_uid.data = sending->body.data + body->len;

        if (imp_uid.len) {
            ngx_memcpy(sending->imp_uid.data, imp_uid.data, imp_uid.len);
        }

        *number = sending->number;

        ngx_queue_insert_tail(&sh->webhooks, &sending->queue);
        sh->nwebhooks++;
    }

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    return sending ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_portone_sandbox_webhook_request(
    ngx_http_portone_sandbox_delivery_t *delivery, ngx_str_t *body)
{
    u_char                             *p;
    size_t                              len;
    ngx_http_portone_sandbox_target_t  *target;

    static const char  request[] =
        "POST %V HTTP/1.1\r\n"
        "Host: %V\r\n"
        "User-Agent: portone-sandbox\r\n"
        "Content-Type: application/%s\r\n"
        "Content-Length: %uz\r\n"
        "Connection: close\r\n"
        "\r\n"
        "%V";

    target = &delivery->target;

    len = sizeof(request) + target->path.len + target->host.len
          + sizeof("x-www-form-urlencoded") + NGX_SIZE_T_LEN + body->len;

    p = ngx_pnalloc(delivery->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    delivery->request.data = p;
    delivery->request.len = ngx_snprintf(p, len, request, &target->path,
                                         &target->host,
                                         target->form ? "x-www-form-urlencoded"
                                                      : "json",
                                         body->len, body)
                            - p;

    return NGX_OK;
}


static void
ngx_http_portone_sandbox_webhook_connect(
    ngx_http_portone_sandbox_delivery_t *delivery)
{
    ngx_int_t               rc;
    ngx_msec_t              timeout;
    ngx_connection_t       *c;
    ngx_peer_connection_t  *peer;

    peer = &delivery->peer;

    ngx_memzero(peer, sizeof(ngx_peer_connection_t));

    peer->sockaddr = delivery->target.addr.sockaddr;
    peer->socklen = delivery->target.addr.socklen;
    peer->name = &delivery->target.addr.name;
    peer->get = ngx_event_get_peer;
    peer->log = &delivery->log;
    peer->log_error = NGX_ERROR_ERR;

    delivery->sent = 0;
    delivery->received = 0;

    timeout = delivery->tries++ ? NGX_HTTP_PORTONE_SANDBOX_WEBHOOK_LATER
                                : NGX_HTTP_PORTONE_SANDBOX_WEBHOOK_FIRST;

    rc = ngx_event_connect_peer(peer);

    if (rc == NGX_ERROR || rc == NGX_BUSY || rc == NGX_DECLINED) {
        ngx_http_portone_sandbox_webhook_done(delivery, 1);
        return;
    }

    c = peer->connection;

    c->data = delivery;
    c->read->handler = ngx_http_portone_sandbox_webhook_read;
    c->write->handler = ngx_http_portone_sandbox_webhook_write;

    ngx_add_timer(c->read, timeout);

    if (rc == NGX_OK) {
        ngx_http_portone_sandbox_webhook_write(c->write);
    }
}


static void
ngx_http_portone_sandbox_webhook_timer(ngx_event_t *ev)
{
    ngx_http_portone_sandbox_webhook_connect(ev->data);
}


static void
ngx_http_portone_sandbox_webhook_write(ngx_event_t *wev)
{
    ssize_t                               n;
    ngx_connection_t                     *c;
    ngx_http_portone_sandbox_delivery_t  *delivery;

    c = wev->data;
    delivery = c->data;

    while (delivery->sent < delivery->request.len) {

        n = c->send(c, delivery->request.data + delivery->sent,
                    delivery->request.len - delivery->sent);

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == NGX_ERROR) {
            ngx_http_portone_sandbox_webhook_done(delivery, 1);
            return;
        }

        delivery->sent += n;
    }

    if (ngx_handle_write_event(wev, 0) != NGX_OK) {
        ngx_http_portone_sandbox_webhook_done(delivery, 1);
    }
}


/* the answer is read to its end, only its first bytes matter */

static void
ngx_http_portone_sandbox_webhook_read(ngx_event_t *rev)
{
    u_char                                buf[1024];
    size_t                                len;
    ssize_t                               n;
    ngx_uint_t                            status;
    ngx_connection_t                     *c;
    ngx_http_portone_sandbox_delivery_t  *delivery;

    c = rev->data;
    delivery = c->data;

    if (rev->timedout || c->close) {
        ngx_http_portone_sandbox_webhook_done(delivery, 1);
        return;
    }

    for ( ;; ) {
        n = c->recv(c, buf, sizeof(buf));

        if (n == NGX_AGAIN) {

            if (ngx_handle_read_event(rev, 0) != NGX_OK) {
                ngx_http_portone_sandbox_webhook_done(delivery, 1);
            }

            return;
        }

        if (n == NGX_ERROR || n == 0) {
            break;
        }

        len = ngx_min((size_t) n,
                      sizeof(delivery->status) - delivery->received);

        ngx_memcpy(delivery->status + delivery->received, buf, len);
        delivery->received += len;
    }

    status = ngx_http_portone_sandbox_webhook_status(delivery);

    ngx_http_portone_sandbox_webhook_done(delivery,
                                          status == 0 || status >= 500);
}


/* 0: none came */

static ngx_uint_t
ngx_http_portone_sandbox_webhook_status(
    ngx_http_portone_sandbox_delivery_t *delivery)
{
    ngx_int_t  status;

    if (delivery->received < sizeof(delivery->status)
        || ngx_strncmp(delivery->status, "HTTP/1.", 7) != 0)
    {
        return 0;
    }

    status = ngx_atoi(delivery->status + 9, 3);

    return (status == NGX_ERROR) ? 0 : status;
}


/* again: it may be sent once more */

static void
ngx_http_portone_sandbox_webhook_done(
    ngx_http_portone_sandbox_delivery_t *delivery, ngx_uint_t again)
{
    ngx_queue_t                         *q;
    ngx_http_portone_sandbox_sh_t       *sh;
    ngx_http_portone_sandbox_sending_t  *sending;

    if (delivery->peer.connection) {
        ngx_close_connection(delivery->peer.connection);
        delivery->peer.connection = NULL;
    }

    if (delivery->target.retry == 0
        || delivery->tries > NGX_HTTP_PORTONE_SANDBOX_WEBHOOK_TRIES)
    {
        again = 0;
    }

    sh = delivery->zone->sh;

    ngx_http_portone_sandbox_zone_lock(delivery->zone);

    for (q = ngx_queue_head(&sh->webhooks);
         q != ngx_queue_sentinel(&sh->webhooks);
         q = ngx_queue_next(q))
    {
        sending = ngx_queue_data(q, ngx_http_portone_sandbox_sending_t,
                                 queue);

        if (sending->number == delivery->number) {
            sending->tries = delivery->tries;
            sending->status = ngx_http_portone_sandbox_webhook_status(
                                                                   delivery);
            sending->done = !again;
            break;
        }
    }

    ngx_http_portone_sandbox_zone_unlock(delivery->zone);

    if (again && !ngx_exiting) {
        ngx_add_timer(&delivery->timer, delivery->target.retry);
        return;
    }

    ngx_http_portone_sandbox_deliveries--;

    ngx_destroy_pool(delivery->pool);
}


void
ngx_http_portone_sandbox_webhook_list(ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_text_t *text)
{
    ngx_queue_t                         *q;
    ngx_http_portone_sandbox_sh_t       *sh;
    ngx_http_portone_sandbox_sending_t  *sending;

    sh = zone->sh;

    ngx_http_portone_sandbox_text_format(text, "{\"webhooks\":[");

    for (q = ngx_queue_head(&sh->webhooks);
         q != ngx_queue_sentinel(&sh->webhooks);
         q = ngx_queue_next(q))
    {
        sending = ngx_queue_data(q, ngx_http_portone_sandbox_sending_t,
                                 queue);

        if (q != ngx_queue_head(&sh->webhooks)) {
            ngx_http_portone_sandbox_text_format(text, ",");
        }

        ngx_http_portone_sandbox_text_format(text,
                         "{\"n\":%uL,\"tries\":%ui,\"status\":%ui,"
                         "\"done\":%s,\"imp_uid\":", sending->number,
                         sending->tries, sending->status,
                         sending->done ? "true" : "false");
        ngx_http_portone_sandbox_text_json(text, &sending->imp_uid);
        ngx_http_portone_sandbox_text_format(text, ",\"body\":");
        ngx_http_portone_sandbox_text_json(text, &sending->body);
        ngx_http_portone_sandbox_text_format(text, "}");
    }

    ngx_http_portone_sandbox_text_format(text, "]}");
}


/* the number counts on: a webhook that is still under way finds itself gone */

void
ngx_http_portone_sandbox_webhook_clear(ngx_http_portone_sandbox_zone_t *zone)
{
    ngx_queue_t                    *q;
    ngx_http_portone_sandbox_sh_t  *sh;

    sh = zone->sh;

    while (!ngx_queue_empty(&sh->webhooks)) {
        q = ngx_queue_head(&sh->webhooks);
        ngx_queue_remove(q);

        ngx_http_portone_sandbox_zone_free(zone,
                 ngx_queue_data(q, ngx_http_portone_sandbox_sending_t, queue));
    }

    sh->nwebhooks = 0;
}
