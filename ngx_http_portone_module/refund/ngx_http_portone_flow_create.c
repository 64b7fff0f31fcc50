
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_flow.h"
#include "ngx_http_portone_match_values.h"
#include "ngx_http_portone_refund_id.h"
#include "ngx_http_portone_zone.h"

#include <ngx_sha1.h>


/* bytes; most of them are the flow itself */
#define NGX_HTTP_PORTONE_FLOW_POOL  7168


static ngx_http_portone_flow_t *ngx_http_portone_flow_of_request(
    ngx_http_request_t *r, ngx_http_portone_flow_pt answer);
static ngx_http_portone_flow_t *ngx_http_portone_flow_create(
    ngx_http_request_t *r, ngx_http_portone_main_conf_t *pmcf,
    ngx_http_portone_loc_conf_t *plcf);
static ngx_int_t ngx_http_portone_flow_idempotency(
    ngx_http_portone_flow_t *flow, ngx_str_t *body, ngx_str_t *key);
static ngx_int_t ngx_http_portone_flow_copy(ngx_http_portone_flow_t *flow,
    portone_str_t *dst, portone_str_t *src);
static u_char *ngx_http_portone_flow_log(ngx_log_t *log, u_char *buf,
    size_t len);


ngx_http_portone_flow_t *
ngx_http_portone_flow_create_refund(ngx_http_request_t *r,
    portone_request_t *request, ngx_str_t *body, ngx_str_t *key,
    ngx_http_portone_flow_pt answer)
{
    ngx_http_portone_flow_t  *flow;

    flow = ngx_http_portone_flow_of_request(r, answer);
    if (flow == NULL) {
        portone_request_free(request);
        return NULL;
    }

    flow->core.request = *request;

    if (ngx_http_portone_refund_id(flow->refund_id) != NGX_OK
        || ngx_http_portone_flow_idempotency(flow, body, key) != NGX_OK)
    {
        ngx_http_portone_flow_destroy(flow);
        return NULL;
    }

    flow->core.refund_id.len = PORTONE_REFUND_ID_LEN;
    flow->core.refund_id.data = flow->refund_id;

    return flow;
}


/*
 * The values of portone_match belong to the request: another customer who
 * knows the key must not be told this one's answer.
 */

static ngx_int_t
ngx_http_portone_flow_idempotency(ngx_http_portone_flow_t *flow,
    ngx_str_t *body, ngx_str_t *key)
{
    u_char                  digest[20], *p;
    size_t                  i;
    ngx_sha1_t              sha1;
    portone_str_t           str;
    const portone_match_t  *match;

    if (key->len == 0) {
        return NGX_OK;
    }

    str.len = key->len;
    str.data = (char *) key->data;

    if (ngx_http_portone_flow_copy(flow, &flow->core.idempotency.key, &str)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_sha1_init(&sha1);

    for (i = 0; i < flow->core.n_match_values; i++) {
        match = &flow->core.match_values[i];

        ngx_sha1_update(&sha1, match->field.data, match->field.len);
        ngx_sha1_update(&sha1, "", 1);

        if (match->value.len) {
            ngx_sha1_update(&sha1, match->value.data, match->value.len);
        }

        ngx_sha1_update(&sha1, "", 1);
    }

    ngx_sha1_update(&sha1, body->data, body->len);
    ngx_sha1_final(digest, &sha1);

    p = ngx_pnalloc(flow->client.pool, 2 * sizeof(digest));
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_hex_dump(p, digest, sizeof(digest));

    flow->core.idempotency.fingerprint.data = (char *) p;
    flow->core.idempotency.fingerprint.len = 2 * sizeof(digest);

    return NGX_OK;
}


ngx_http_portone_flow_t *
ngx_http_portone_flow_create_reading(ngx_http_request_t *r,
    portone_str_t *merchant_uid, portone_str_t *imp_uid,
    ngx_http_portone_flow_pt answer)
{
    portone_request_t        *request;
    ngx_http_portone_flow_t  *flow;

    flow = ngx_http_portone_flow_of_request(r, answer);
    if (flow == NULL) {
        return NULL;
    }

    flow->core.want = PORTONE_WANT_READ;

    /* the flow can outlive the request, and what the uids point into */

    request = &flow->core.request;

    if (ngx_http_portone_flow_copy(flow, &request->merchant_uid, merchant_uid)
        != NGX_OK
        || ngx_http_portone_flow_copy(flow, &request->imp_uid, imp_uid)
           != NGX_OK)
    {
        ngx_http_portone_flow_destroy(flow);
        return NULL;
    }

    return flow;
}


ngx_http_portone_flow_t *
ngx_http_portone_flow_create_sync(ngx_http_request_t *r,
    portone_str_t *merchant_uid, portone_str_t *imp_uid,
    ngx_http_portone_flow_pt answer)
{
    ngx_http_portone_flow_t  *flow;

    flow = ngx_http_portone_flow_create_reading(r, merchant_uid, imp_uid,
                                                answer);
    if (flow == NULL) {
        return NULL;
    }

    flow->core.want = PORTONE_WANT_SYNC;
    flow->core.fetch = 1;

    return flow;
}


ngx_http_portone_flow_t *
ngx_http_portone_flow_create_settlement(ngx_http_portone_main_conf_t *pmcf,
    ngx_http_portone_loc_conf_t *plcf, portone_due_t *due,
    ngx_http_portone_flow_done_pt done, void *data)
{
    portone_str_t             merchant, imp_uid;
    portone_flow_t           *core;
    ngx_http_portone_flow_t  *flow;

    (void) portone_key_split(&due->key, &merchant, &imp_uid);

    flow = ngx_http_portone_flow_create(NULL, pmcf, plcf);
    if (flow == NULL) {
        return NULL;
    }

    flow->done = done;
    flow->data = data;

    core = &flow->core;

    core->want = PORTONE_WANT_SETTLE;
    core->fetch = 0;
    core->include_sandbox = due->include_sandbox;

    if (ngx_http_portone_flow_copy(flow, &core->merchant, &merchant)
        != NGX_OK
        || ngx_http_portone_flow_copy(flow, &core->request.imp_uid, &imp_uid)
           != NGX_OK)
    {
        ngx_http_portone_flow_destroy(flow);
        return NULL;
    }

    return flow;
}


static ngx_http_portone_flow_t *
ngx_http_portone_flow_of_request(ngx_http_request_t *r,
    ngx_http_portone_flow_pt answer)
{
    ngx_http_portone_flow_t       *flow;
    ngx_http_portone_loc_conf_t   *plcf;
    ngx_http_portone_main_conf_t  *pmcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_portone_module);
    pmcf = ngx_http_get_module_main_conf(r, ngx_http_portone_module);

    flow = ngx_http_portone_flow_create(r, pmcf, plcf);
    if (flow == NULL) {
        return NULL;
    }

    flow->answer = answer;

    if (ngx_http_portone_match_values(r, flow->client.pool,
                                      &flow->core.match_values,
                                      &flow->core.n_match_values)
        != NGX_OK)
    {
        ngx_http_portone_flow_destroy(flow);
        return NULL;
    }

    return flow;
}


static ngx_http_portone_flow_t *
ngx_http_portone_flow_create(ngx_http_request_t *r,
    ngx_http_portone_main_conf_t *pmcf, ngx_http_portone_loc_conf_t *plcf)
{
    portone_flow_t           *core;
    ngx_http_portone_flow_t  *flow;

    flow = ngx_http_portone_client_create(r, NGX_HTTP_PORTONE_FLOW_POOL,
                                          sizeof(ngx_http_portone_flow_t));
    if (flow == NULL) {
        return NULL;
    }

    flow->conf = plcf;
    flow->main_conf = pmcf;

    flow->client.log.handler = ngx_http_portone_flow_log;
    flow->client.log.data = flow;

    core = &flow->core;

    core->merchant.len = plcf->merchant.len;
    core->merchant.data = (char *) plcf->merchant.data;

    core->fetch = plcf->fetch;
    core->require_amount = plcf->require_amount;
    core->phone_month = plcf->phone_month;
    core->include_sandbox = plcf->include_sandbox;
    core->settle_time_s = plcf->settle_time;
    core->send_time_s = plcf->send_time;
    core->idempotency.ttl_s = plcf->idempotency_ttl;
    core->language = plcf->language;
    core->retry_time_s = pmcf->reconcile_interval / 1000;

    core->tier.len = plcf->tier.len;
    core->tier.data = (char *) plcf->tier.data;

    if (plcf->account) {
        core->account.len = plcf->account->fingerprint.len;
        core->account.data = (char *) plcf->account->fingerprint.data;
    }

    return flow;
}


static ngx_int_t
ngx_http_portone_flow_copy(ngx_http_portone_flow_t *flow, portone_str_t *dst,
    portone_str_t *src)
{
    u_char  *p;

    if (src->len == 0) {
        dst->len = 0;
        return NGX_OK;
    }

    p = ngx_pnalloc(flow->client.pool, src->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, src->data, src->len);

    dst->data = (char *) p;
    dst->len = src->len;

    return NGX_OK;
}


static u_char *
ngx_http_portone_flow_log(ngx_log_t *log, u_char *buf, size_t len)
{
    u_char                   *p;
    portone_str_t            *uid;
    ngx_http_portone_flow_t  *flow;

    if (log->action) {
        p = ngx_snprintf(buf, len, " while %s", log->action);
        len -= p - buf;
        buf = p;
    }

    flow = log->data;

    if (flow->refund_id[0]) {
        p = ngx_snprintf(buf, len, ", refund: %s", flow->refund_id);
        len -= p - buf;
        buf = p;
    }

    uid = &flow->core.request.merchant_uid;

    if (uid->len) {
        p = ngx_snprintf(buf, len, ", merchant_uid: \"%*s\"",
                         uid->len, uid->data);
        len -= p - buf;
        buf = p;
    }

    uid = &flow->core.request.imp_uid;

    if (uid->len) {
        buf = ngx_snprintf(buf, len, ", imp_uid: \"%*s\"",
                           uid->len, uid->data);
    }

    return buf;
}
