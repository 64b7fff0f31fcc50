
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_portone_sandbox_payments.h"


static ngx_http_portone_sandbox_order_t *ngx_http_portone_sandbox_order_get(
    ngx_http_portone_sandbox_zone_t *zone, ngx_str_t *merchant_uid);
static void ngx_http_portone_sandbox_order_release(
    ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_order_t *order);
static ngx_int_t ngx_http_portone_sandbox_payment_text(
    ngx_http_portone_sandbox_zone_t *zone, cJSON *object, ngx_str_t *json);
static void ngx_http_portone_sandbox_payment_link(
    ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_payment_t *payment,
    ngx_http_portone_sandbox_order_t *order);
static void ngx_http_portone_sandbox_payment_free(
    ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_payment_t *payment);
static void ngx_http_portone_sandbox_string(cJSON *object, const char *name,
    ngx_str_t *value);


ngx_http_portone_sandbox_payment_t *
ngx_http_portone_sandbox_payments_find(ngx_http_portone_sandbox_zone_t *zone,
    ngx_str_t *imp_uid)
{
    ngx_str_node_t  *sn;

    sn = ngx_str_rbtree_lookup(&zone->sh->payments_rbtree, imp_uid,
                               ngx_crc32_long(imp_uid->data, imp_uid->len));

    return (ngx_http_portone_sandbox_payment_t *) sn;
}


ngx_http_portone_sandbox_order_t *
ngx_http_portone_sandbox_payments_order(ngx_http_portone_sandbox_zone_t *zone,
    ngx_str_t *merchant_uid)
{
    ngx_str_node_t  *sn;

    sn = ngx_str_rbtree_lookup(&zone->sh->orders_rbtree, merchant_uid,
                               ngx_crc32_long(merchant_uid->data,
                                              merchant_uid->len));

    return (ngx_http_portone_sandbox_order_t *) sn;
}


ngx_http_portone_sandbox_payment_t *
ngx_http_portone_sandbox_payments_newest(ngx_http_portone_sandbox_zone_t *zone,
    ngx_str_t *merchant_uid)
{
    ngx_http_portone_sandbox_order_t  *order;

    order = ngx_http_portone_sandbox_payments_order(zone, merchant_uid);
    if (order == NULL) {
        return NULL;
    }

    return ngx_queue_data(ngx_queue_last(&order->payments),
                          ngx_http_portone_sandbox_payment_t, order_queue);
}


ngx_uint_t
ngx_http_portone_sandbox_payments_visible(
    ngx_http_portone_sandbox_payment_t *payment, ngx_str_t *account,
    ngx_str_t *tier)
{
    if (payment->account.len
        && (payment->account.len != account->len
            || ngx_memcmp(payment->account.data, account->data, account->len)
               != 0))
    {
        return 0;
    }

    if (payment->tier.len
        && (payment->tier.len != tier->len
            || ngx_memcmp(payment->tier.data, tier->data, tier->len) != 0))
    {
        return 0;
    }

    return 1;
}


static ngx_http_portone_sandbox_order_t *
ngx_http_portone_sandbox_order_get(ngx_http_portone_sandbox_zone_t *zone,
    ngx_str_t *merchant_uid)
{
    ngx_http_portone_sandbox_order_t  *order;

    order = ngx_http_portone_sandbox_payments_order(zone, merchant_uid);
    if (order) {
        return order;
    }

    order = ngx_http_portone_sandbox_zone_alloc(zone,
                                    sizeof(ngx_http_portone_sandbox_order_t)
                                    + merchant_uid->len);
    if (order == NULL) {
        return NULL;
    }

    order->sn.str.data = (u_char *) (order + 1);
    order->sn.str.len = merchant_uid->len;
    ngx_memcpy(order->sn.str.data, merchant_uid->data, merchant_uid->len);

    order->sn.node.key = ngx_crc32_long(merchant_uid->data,
                                        merchant_uid->len);

    ngx_queue_init(&order->payments);
    ngx_rbtree_insert(&zone->sh->orders_rbtree, &order->sn.node);

    return order;
}


static void
ngx_http_portone_sandbox_order_release(ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_order_t *order)
{
    if (!ngx_queue_empty(&order->payments)) {
        return;
    }

    ngx_rbtree_delete(&zone->sh->orders_rbtree, &order->sn.node);
    ngx_http_portone_sandbox_zone_free(zone, order);
}


static ngx_int_t
ngx_http_portone_sandbox_payment_text(ngx_http_portone_sandbox_zone_t *zone,
    cJSON *object, ngx_str_t *json)
{
    char       *text;
    ngx_int_t   rc;
    ngx_str_t   src;

    text = cJSON_PrintUnformatted(object);
    if (text == NULL) {
        return NGX_ERROR;
    }

    src.data = (u_char *) text;
    src.len = ngx_strlen(text);

    rc = ngx_http_portone_sandbox_zone_dup(zone, json, &src);

    cJSON_free(text);

    return rc;
}


static void
ngx_http_portone_sandbox_payment_link(ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_payment_t *payment,
    ngx_http_portone_sandbox_order_t *order)
{
    ngx_http_portone_sandbox_sh_t  *sh;

    sh = zone->sh;

    payment->order = order;
    payment->number = ++sh->sequence;
    payment->updated = payment->number;

    ngx_rbtree_insert(&sh->payments_rbtree, &payment->sn.node);
    ngx_queue_insert_tail(&sh->payments, &payment->queue);
    ngx_queue_insert_tail(&order->payments, &payment->order_queue);

    sh->npayments++;
}


static void
ngx_http_portone_sandbox_payment_free(ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_payment_t *payment)
{
    ngx_http_portone_sandbox_order_t  *order;

    order = payment->order;

    if (order) {
        ngx_rbtree_delete(&zone->sh->payments_rbtree, &payment->sn.node);
        ngx_queue_remove(&payment->queue);
        ngx_queue_remove(&payment->order_queue);

        ngx_http_portone_sandbox_order_release(zone, order);

        zone->sh->npayments--;
    }

    ngx_http_portone_sandbox_zone_free(zone, payment->account.data);
    ngx_http_portone_sandbox_zone_free(zone, payment->tier.data);
    ngx_http_portone_sandbox_zone_free(zone, payment->json.data);
    ngx_http_portone_sandbox_zone_free(zone, payment->pending.data);
    ngx_http_portone_sandbox_zone_free(zone, payment);
}


static void
ngx_http_portone_sandbox_string(cJSON *object, const char *name,
    ngx_str_t *value)
{
    cJSON  *item;

    item = cJSON_GetObjectItemCaseSensitive(object, name);

    value->data = (u_char *) item->valuestring;
    value->len = ngx_strlen(item->valuestring);
}


ngx_int_t
ngx_http_portone_sandbox_payments_put(ngx_http_portone_sandbox_zone_t *zone,
    cJSON *object, ngx_str_t *account, ngx_str_t *tier, ngx_uint_t async)
{
    u_char                               error[
                                        NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN];
    ngx_str_t                            imp_uid, merchant_uid;
    ngx_http_portone_sandbox_order_t    *order;
    ngx_http_portone_sandbox_payment_t  *payment, *old;

    ngx_http_portone_sandbox_string(object, "imp_uid", &imp_uid);
    ngx_http_portone_sandbox_string(object, "merchant_uid", &merchant_uid);

    old = ngx_http_portone_sandbox_payments_find(zone, &imp_uid);

    if (old == NULL
        && zone->sh->npayments >= NGX_HTTP_PORTONE_SANDBOX_MAX_PAYMENTS)
    {
        return NGX_DECLINED;
    }

    payment = ngx_http_portone_sandbox_zone_alloc(zone,
                                   sizeof(ngx_http_portone_sandbox_payment_t)
                                   + imp_uid.len);
    if (payment == NULL) {
        return NGX_DECLINED;
    }

    ngx_memzero(payment, sizeof(ngx_http_portone_sandbox_payment_t));

    payment->sn.str.data = (u_char *) (payment + 1);
    payment->sn.str.len = imp_uid.len;
    ngx_memcpy(payment->sn.str.data, imp_uid.data, imp_uid.len);

    payment->sn.node.key = ngx_crc32_long(imp_uid.data, imp_uid.len);
    payment->async = async ? 1 : 0;

    if (ngx_http_portone_sandbox_object_facts(object, &payment->facts, error)
        != NGX_OK
        || ngx_http_portone_sandbox_zone_dup(zone, &payment->account, account)
           != NGX_OK
        || ngx_http_portone_sandbox_zone_dup(zone, &payment->tier, tier)
           != NGX_OK
        || ngx_http_portone_sandbox_payment_text(zone, object, &payment->json)
           != NGX_OK)
    {
        ngx_http_portone_sandbox_payment_free(zone, payment);
        return NGX_DECLINED;
    }

    order = ngx_http_portone_sandbox_order_get(zone, &merchant_uid);
    if (order == NULL) {
        ngx_http_portone_sandbox_payment_free(zone, payment);
        return NGX_DECLINED;
    }

    ngx_http_portone_sandbox_payment_link(zone, payment, order);

    if (old) {

        /* cancels of the old one that are being worked on will leave */

        payment->concurrent_now = old->concurrent_now;
        payment->concurrent_max = old->concurrent_now;

        ngx_http_portone_sandbox_payment_free(zone, old);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_portone_sandbox_payments_store(ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_payment_t *payment, cJSON *object,
    ngx_str_t *pending)
{
    u_char                            error[
                                        NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN];
    ngx_str_t                         json, entry;
    ngx_http_portone_sandbox_facts_t  facts;

    ngx_str_null(&entry);

    if (ngx_http_portone_sandbox_object_facts(object, &facts, error)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    if (pending
        && ngx_http_portone_sandbox_zone_dup(zone, &entry, pending) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    if (ngx_http_portone_sandbox_payment_text(zone, object, &json)
        != NGX_OK)
    {
        ngx_http_portone_sandbox_zone_free(zone, entry.data);
        return NGX_DECLINED;
    }

    ngx_http_portone_sandbox_zone_free(zone, payment->json.data);

    payment->json = json;
    payment->facts = facts;
    payment->updated = ++zone->sh->sequence;

    if (pending) {
        ngx_http_portone_sandbox_zone_free(zone, payment->pending.data);
        payment->pending = entry;
    }

    return NGX_OK;
}


void
ngx_http_portone_sandbox_payments_clear(ngx_http_portone_sandbox_zone_t *zone)
{
    ngx_queue_t  *q;

    while (!ngx_queue_empty(&zone->sh->payments)) {
        q = ngx_queue_head(&zone->sh->payments);

        ngx_http_portone_sandbox_payment_free(zone,
            ngx_queue_data(q, ngx_http_portone_sandbox_payment_t, queue));
    }
}


ngx_int_t
ngx_http_portone_sandbox_payments_declare(
    ngx_http_portone_sandbox_zone_t *zone, ngx_log_t *log)
{
    cJSON                                 *given, *object;
    u_char                                 error[
                                        NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN];
    ngx_int_t                              rc;
    ngx_uint_t                             i;
    ngx_http_portone_sandbox_options_t     options;
    ngx_http_portone_sandbox_declared_t  **declared;

    declared = zone->declared.elts;

    for (i = 0; i < zone->declared.nelts; i++) {

        if (ngx_http_portone_sandbox_payments_find(zone, &declared[i]->imp_uid)
            != NULL)
        {
            continue;
        }

        rc = NGX_DECLINED;

        given = cJSON_ParseWithLength((char *) declared[i]->json.data,
                                      declared[i]->json.len);

        object = ngx_http_portone_sandbox_fields_payment(given,
                           ngx_http_portone_sandbox_zone_now(zone,
                                                      zone->clock_offset),
                           &options, error);

        if (object) {
            rc = ngx_http_portone_sandbox_payments_put(zone, object,
                           &options.account, &options.tier, options.async);
        }

        cJSON_Delete(object);
        cJSON_Delete(given);

        if (rc != NGX_OK) {
            ngx_log_error(NGX_LOG_EMERG, log, 0,
                          "portone sandbox zone \"%V\" is too small for "
                          "payment \"%V\" in %V:%ui",
                          &zone->shm_zone->shm.name, &declared[i]->imp_uid,
                          &declared[i]->file, declared[i]->line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
