
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <cjson/cJSON.h>

#include "ngx_http_portone_sandbox_payments.h"


static cJSON *ngx_http_portone_sandbox_history_entry(
    ngx_http_portone_sandbox_zone_t *zone, cJSON *object,
    ngx_http_portone_sandbox_payment_t *payment,
    ngx_http_portone_sandbox_refund_t *refund);
static ngx_int_t ngx_http_portone_sandbox_history_append(
    ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_payment_t *payment, cJSON *object,
    cJSON *entry, int64_t amount, ngx_str_t *pending);
static cJSON *ngx_http_portone_sandbox_history_object(
    ngx_http_portone_sandbox_payment_t *payment);
static ngx_int_t ngx_http_portone_sandbox_history_amount(cJSON *entry,
    ngx_uint_t decimals, int64_t *amount);


static cJSON *
ngx_http_portone_sandbox_history_object(
    ngx_http_portone_sandbox_payment_t *payment)
{
    return cJSON_ParseWithLength((char *) payment->json.data,
                                 payment->json.len);
}


static cJSON *
ngx_http_portone_sandbox_history_entry(ngx_http_portone_sandbox_zone_t *zone,
    cJSON *object, ngx_http_portone_sandbox_payment_t *payment,
    ngx_http_portone_sandbox_refund_t *refund)
{
    u_char     buf[256];
    cJSON     *entry, *pg_tid;
    ngx_str_t  value;
    uint64_t   number;

    entry = cJSON_CreateObject();
    if (entry == NULL) {
        return NULL;
    }

    number = ++zone->sh->sequence;

    pg_tid = cJSON_GetObjectItemCaseSensitive(object, "pg_tid");
    ngx_str_null(&value);

    if (cJSON_IsString(pg_tid)) {
        value.data = (u_char *) pg_tid->valuestring;
        value.len = ngx_strlen(pg_tid->valuestring);
    }

    if (ngx_http_portone_sandbox_object_set_string(entry, "pg_tid", &value)
        != NGX_OK
        || ngx_http_portone_sandbox_object_set_amount(entry, "amount",
               refund->amount, payment->facts.decimals)
           != NGX_OK
        || ngx_http_portone_sandbox_object_set_number(entry, "cancelled_at",
                                                      refund->now)
           != NGX_OK
        || ngx_http_portone_sandbox_object_set_string(entry, "reason",
                                                      &refund->reason)
           != NGX_OK)
    {
        goto failed;
    }

    value.data = buf;
    value.len = ngx_snprintf(buf, sizeof(buf), "cancellation-%uL-%08xD",
                             number, (uint32_t) ngx_random())
                - buf;

    if (ngx_http_portone_sandbox_object_set_string(entry, "cancellation_id",
                                                   &value)
        != NGX_OK)
    {
        goto failed;
    }

    value.len = ngx_snprintf(buf, sizeof(buf),
                             "https://receipts.example/%V/%uL",
                             &payment->sn.str, number)
                - buf;

    if (ngx_http_portone_sandbox_object_set_string(entry, "receipt_url",
                                                   &value)
        != NGX_OK)
    {
        goto failed;
    }

    return entry;

failed:

    cJSON_Delete(entry);

    return NULL;
}


/* the entry is used up whatever is answered */

static ngx_int_t
ngx_http_portone_sandbox_history_append(ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_payment_t *payment, cJSON *object,
    cJSON *entry, int64_t amount, ngx_str_t *pending)
{
    cJSON      *reason, *url, *history, *urls, *at;
    ngx_str_t   value;

    history = cJSON_GetObjectItemCaseSensitive(object, "cancel_history");

    if (!cJSON_IsArray(history) || !cJSON_AddItemToArray(history, entry)) {
        cJSON_Delete(entry);
        return NGX_DECLINED;
    }

    at = cJSON_GetObjectItemCaseSensitive(entry, "cancelled_at");
    reason = cJSON_GetObjectItemCaseSensitive(entry, "reason");
    url = cJSON_GetObjectItemCaseSensitive(entry, "receipt_url");
    urls = cJSON_GetObjectItemCaseSensitive(object, "cancel_receipt_urls");

    if (cJSON_IsArray(urls)) {
        (void) cJSON_AddItemToArray(urls,
                                    cJSON_CreateString(url->valuestring));
    }

    ngx_str_null(&value);

    if (cJSON_IsString(reason)) {
        value.data = (u_char *) reason->valuestring;
        value.len = ngx_strlen(reason->valuestring);
    }

    if (ngx_http_portone_sandbox_object_set_string(object, "cancel_reason",
                                                   &value)
        != NGX_OK
        || ngx_http_portone_sandbox_object_set_number(object, "cancelled_at",
                                                   (time_t) at->valuedouble)
           != NGX_OK
        || ngx_http_portone_sandbox_object_set_amount(object, "cancel_amount",
               payment->facts.cancel_amount + amount,
               payment->facts.decimals)
           != NGX_OK)
    {
        return NGX_DECLINED;
    }

    /* PortOne says "cancelled" for a part of the amount, too */

    ngx_str_set(&value, "cancelled");

    if (ngx_http_portone_sandbox_object_set_string(object, "status", &value)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    return ngx_http_portone_sandbox_payments_store(zone, payment, object,
                                                   pending);
}


ngx_int_t
ngx_http_portone_sandbox_history_add(ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_payment_t *payment,
    ngx_http_portone_sandbox_refund_t *refund)
{
    cJSON      *object, *entry;
    ngx_int_t   rc;

    object = ngx_http_portone_sandbox_history_object(payment);
    if (object == NULL) {
        return NGX_DECLINED;
    }

    rc = NGX_DECLINED;

    entry = ngx_http_portone_sandbox_history_entry(zone, object, payment,
                                                   refund);
    if (entry) {
        rc = ngx_http_portone_sandbox_history_append(zone, payment, object,
                                                     entry, refund->amount,
                                                     NULL);
    }

    cJSON_Delete(object);

    return rc;
}


ngx_int_t
ngx_http_portone_sandbox_history_accept(ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_payment_t *payment,
    ngx_http_portone_sandbox_refund_t *refund)
{
    char       *text;
    cJSON      *object, *entry;
    ngx_int_t   rc;
    ngx_str_t   pending;

    object = ngx_http_portone_sandbox_history_object(payment);
    if (object == NULL) {
        return NGX_DECLINED;
    }

    rc = NGX_DECLINED;
    text = NULL;

    entry = ngx_http_portone_sandbox_history_entry(zone, object, payment,
                                                   refund);
    if (entry) {
        text = cJSON_PrintUnformatted(entry);
    }

    if (text) {
        pending.data = (u_char *) text;
        pending.len = ngx_strlen(text);

        rc = ngx_http_portone_sandbox_payments_store(zone, payment, object,
                                                     &pending);
    }

    if (rc == NGX_OK) {
        payment->pending_amount = refund->amount;
    }

    cJSON_free(text);
    cJSON_Delete(entry);
    cJSON_Delete(object);

    return rc;
}


ngx_int_t
ngx_http_portone_sandbox_history_finish(ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_payment_t *payment, ngx_uint_t success,
    time_t now)
{
    cJSON      *object, *entry;
    ngx_int_t   rc;
    ngx_str_t   none;

    if (payment->pending.len == 0) {
        return NGX_ABORT;
    }

    ngx_str_null(&none);
    rc = NGX_DECLINED;

    object = ngx_http_portone_sandbox_history_object(payment);
    entry = cJSON_ParseWithLength((char *) payment->pending.data,
                                  payment->pending.len);

    if (object == NULL || entry == NULL) {
        cJSON_Delete(entry);

    } else if (success) {
        (void) ngx_http_portone_sandbox_object_set_number(entry,
                                                       "cancelled_at", now);

        rc = ngx_http_portone_sandbox_history_append(zone, payment, object,
                                                     entry,
                                                     payment->pending_amount,
                                                     &none);
    } else {
        cJSON_Delete(entry);

        rc = ngx_http_portone_sandbox_payments_store(zone, payment, object,
                                                     &none);

        if (rc == NGX_OK) {
            payment->executions--;
            payment->executed_amount -= payment->pending_amount;
            zone->sh->cancels_executed--;
        }
    }

    if (rc == NGX_OK) {
        payment->pending_amount = 0;
    }

    cJSON_Delete(object);

    return rc;
}


static ngx_int_t
ngx_http_portone_sandbox_history_amount(cJSON *entry, ngx_uint_t decimals,
    int64_t *amount)
{
    cJSON      *item;
    u_char      buf[NGX_HTTP_PORTONE_SANDBOX_MONEY_LEN];
    ngx_str_t   text;

    item = cJSON_GetObjectItemCaseSensitive(entry, "amount");

    if (!cJSON_IsNumber(item)
        || ngx_http_portone_sandbox_money_text(item, buf, &text) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_portone_sandbox_money_parse(&text, decimals, amount);
}


ngx_int_t
ngx_http_portone_sandbox_history_undo(ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_payment_t *payment)
{
    int         n;
    cJSON      *object, *history, *last, *at;
    int64_t     amount, cancel_amount;
    ngx_int_t   rc;
    ngx_str_t   paid;

    object = ngx_http_portone_sandbox_history_object(payment);
    if (object == NULL) {
        return NGX_DECLINED;
    }

    rc = NGX_ABORT;

    history = cJSON_GetObjectItemCaseSensitive(object, "cancel_history");
    n = cJSON_GetArraySize(history);
    last = n ? cJSON_GetArrayItem(history, n - 1) : NULL;

    if (last == NULL
        || ngx_http_portone_sandbox_history_amount(last,
               payment->facts.decimals, &amount)
           != NGX_OK
        || amount > payment->facts.cancel_amount)
    {
        goto done;
    }

    rc = NGX_DECLINED;

    cancel_amount = payment->facts.cancel_amount - amount;
    cJSON_DeleteItemFromArray(history, n - 1);

    last = n > 1 ? cJSON_GetArrayItem(history, n - 2) : NULL;
    at = cJSON_GetObjectItemCaseSensitive(last, "cancelled_at");

    if (ngx_http_portone_sandbox_object_set_amount(object, "cancel_amount",
            cancel_amount, payment->facts.decimals)
        != NGX_OK
        || ngx_http_portone_sandbox_object_set_number(object, "cancelled_at",
               cJSON_IsNumber(at) ? (time_t) at->valuedouble : 0)
           != NGX_OK)
    {
        goto done;
    }

    ngx_str_set(&paid, "paid");

    if (cancel_amount == 0
        && ngx_http_portone_sandbox_object_set_string(object, "status", &paid)
           != NGX_OK)
    {
        goto done;
    }

    rc = ngx_http_portone_sandbox_payments_store(zone, payment, object, NULL);

done:

    cJSON_Delete(object);

    return rc;
}
