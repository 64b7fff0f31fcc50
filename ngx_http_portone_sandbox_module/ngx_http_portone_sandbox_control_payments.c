
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_portone_sandbox_control.h"
#include "ngx_http_portone_sandbox_ledger.h"
#include "ngx_http_portone_sandbox_payments.h"
#include "ngx_http_portone_sandbox_request.h"
#include "ngx_http_portone_sandbox_text.h"


typedef ngx_int_t (*ngx_http_portone_sandbox_change_pt)(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_payment_t *payment, time_t now, u_char *error);


static void ngx_http_portone_sandbox_control_list(
    ngx_http_portone_sandbox_ctx_t *ctx);
static ngx_int_t ngx_http_portone_sandbox_control_put(
    ngx_http_portone_sandbox_ctx_t *ctx, cJSON *given, cJSON *told,
    u_char *error);
static void ngx_http_portone_sandbox_control_tell(
    ngx_http_portone_sandbox_ctx_t *ctx, cJSON *object, cJSON *told);
static void ngx_http_portone_sandbox_control_change(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_change_pt change, ngx_uint_t tell);
static void ngx_http_portone_sandbox_control_told(
    ngx_http_portone_sandbox_text_t *text, cJSON *webhook);
static ngx_int_t ngx_http_portone_sandbox_change_nothing(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_payment_t *payment, time_t now, u_char *error);
static ngx_int_t ngx_http_portone_sandbox_change_finish(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_payment_t *payment, time_t now, u_char *error);
static ngx_int_t ngx_http_portone_sandbox_change_undo(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_payment_t *payment, time_t now, u_char *error);
static ngx_int_t ngx_http_portone_sandbox_change_console(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_payment_t *payment, time_t now, u_char *error);


void
ngx_http_portone_sandbox_control_payments(ngx_http_portone_sandbox_ctx_t *ctx)
{
    cJSON                            *item, *told;
    u_char                            error[
                                        NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN];
    ngx_int_t                         rc;
    ngx_uint_t                        n;
    ngx_http_portone_sandbox_text_t   text;

    if (ctx->request->method == NGX_HTTP_GET) {
        ngx_http_portone_sandbox_control_list(ctx);
        ngx_http_portone_sandbox_transport_send(ctx);
        return;
    }

    if (ngx_http_portone_sandbox_args_control(ctx, 1) != NGX_OK) {
        ngx_http_portone_sandbox_transport_send(ctx);
        return;
    }

    rc = NGX_OK;
    n = 0;
    told = cJSON_CreateArray();

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    if (cJSON_IsArray(ctx->json)) {

        cJSON_ArrayForEach(item, ctx->json) {

            rc = ngx_http_portone_sandbox_control_put(ctx, item, told,
                                                      error);
            if (rc != NGX_OK) {
                break;
            }

            n++;
        }

    } else {
        rc = ngx_http_portone_sandbox_control_put(ctx, ctx->json, told,
                                                  error);
        n = 1;
    }

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    while (told && told->child) {
        item = cJSON_DetachItemFromArray(told, 0);
        ngx_http_portone_sandbox_webhook_send(ctx, item);
    }

    cJSON_Delete(told);

    if (rc == NGX_OK) {
        ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 64);
        ngx_http_portone_sandbox_text_format(&text, "{\"payments\":%ui}", n);
        ngx_http_portone_sandbox_respond_control(ctx, NGX_HTTP_OK, &text);

    } else if (rc == NGX_DECLINED) {
        ngx_http_portone_sandbox_respond_full(ctx);

    } else {
        ngx_http_portone_sandbox_respond_invalid(ctx, error);
    }

    ngx_http_portone_sandbox_transport_send(ctx);
}


static void
ngx_http_portone_sandbox_control_list(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_queue_t                         *q;
    ngx_http_portone_sandbox_sh_t       *sh;
    ngx_http_portone_sandbox_text_t      text;
    ngx_http_portone_sandbox_payment_t  *payment;

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 4096);
    ngx_http_portone_sandbox_text_format(&text, "{\"payments\":[");

    sh = ctx->zone->sh;

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    for (q = ngx_queue_head(&sh->payments);
         q != ngx_queue_sentinel(&sh->payments);
         q = ngx_queue_next(q))
    {
        payment = ngx_queue_data(q, ngx_http_portone_sandbox_payment_t,
                                 queue);

        if (q != ngx_queue_head(&sh->payments)) {
            ngx_http_portone_sandbox_text_format(&text, ",");
        }

        /* the payment object up to its last brace */

        ngx_http_portone_sandbox_text_add(&text, payment->json.data,
                                          payment->json.len - 1);

        ngx_http_portone_sandbox_text_format(&text, ",\"_sandbox\":{"
                                             "\"async\":%s,\"account\":",
                                             payment->async ? "true"
                                                            : "false");
        ngx_http_portone_sandbox_text_json_or_null(&text, &payment->account);
        ngx_http_portone_sandbox_text_format(&text, ",\"tier\":");
        ngx_http_portone_sandbox_text_json_or_null(&text, &payment->tier);
        ngx_http_portone_sandbox_text_format(&text, ",\"pending\":");

        if (payment->pending.len) {
            ngx_http_portone_sandbox_text_str(&text, &payment->pending);

        } else {
            ngx_http_portone_sandbox_text_format(&text, "null");
        }

        ngx_http_portone_sandbox_text_format(&text, "}}");
    }

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    ngx_http_portone_sandbox_text_format(&text, "]}");
    ngx_http_portone_sandbox_respond_control(ctx, NGX_HTTP_OK, &text);
}


static ngx_int_t
ngx_http_portone_sandbox_control_put(ngx_http_portone_sandbox_ctx_t *ctx,
    cJSON *given, cJSON *told, u_char *error)
{
    time_t                               now;
    cJSON                               *object;
    ngx_int_t                            rc;
    ngx_http_portone_sandbox_options_t   options;

    now = ngx_http_portone_sandbox_zone_now(ctx->zone,
                                            ctx->conf->clock_offset);

    object = ngx_http_portone_sandbox_fields_payment(given, now, &options,
                                                     error);
    if (object == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_portone_sandbox_payments_put(ctx->zone, object,
                                               &options.account, &options.tier,
                                               options.async);

    if (rc == NGX_OK && ctx->conf->webhook) {
        ngx_http_portone_sandbox_control_tell(ctx, object, told);
    }

    cJSON_Delete(object);

    return rc;
}


/* PortOne tells of new payments and of issued virtual accounts */

static void
ngx_http_portone_sandbox_control_tell(ngx_http_portone_sandbox_ctx_t *ctx,
    cJSON *object, cJSON *told)
{
    cJSON                               *webhook;
    ngx_str_t                            imp_uid;
    ngx_http_portone_sandbox_payment_t  *payment;

    imp_uid.data = (u_char *) cJSON_GetStringValue(
                        cJSON_GetObjectItemCaseSensitive(object, "imp_uid"));
    imp_uid.len = ngx_strlen(imp_uid.data);

    payment = ngx_http_portone_sandbox_payments_find(ctx->zone, &imp_uid);

    if (payment == NULL
        || (payment->facts.status != NGX_HTTP_PORTONE_SANDBOX_PAID
            && (payment->facts.status != NGX_HTTP_PORTONE_SANDBOX_READY
                || !payment->facts.vbank)))
    {
        return;
    }

    webhook = ngx_http_portone_sandbox_webhook_json(payment);

    if (!cJSON_AddItemToArray(told, webhook)) {
        cJSON_Delete(webhook);
    }
}


/* tell: PortOne sends a webhook about it */

static void
ngx_http_portone_sandbox_control_change(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_change_pt change, ngx_uint_t tell)
{
    time_t                               now;
    cJSON                               *webhook;
    u_char                               error[
                                        NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN];
    ngx_int_t                            rc;
    ngx_http_portone_sandbox_text_t      text;
    ngx_http_portone_sandbox_payment_t  *payment;

    if (ngx_http_portone_sandbox_args_control(ctx, 0) != NGX_OK) {
        ngx_http_portone_sandbox_transport_send(ctx);
        return;
    }

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 2048);

    rc = NGX_DONE;
    webhook = NULL;

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    now = ngx_http_portone_sandbox_zone_now(ctx->zone,
                                            ctx->conf->clock_offset);

    payment = ngx_http_portone_sandbox_payments_find(ctx->zone,
                                                     &ctx->segments[2]);
    if (payment) {
        rc = change(ctx, payment, now, error);
    }

    if (rc == NGX_OK) {
        ngx_http_portone_sandbox_text_format(&text, "{\"payment\":");
        ngx_http_portone_sandbox_text_str(&text, &payment->json);

        webhook = ngx_http_portone_sandbox_webhook_json(payment);

        ngx_http_portone_sandbox_control_told(&text, webhook);
        ngx_http_portone_sandbox_text_format(&text, "}");
    }

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    switch (rc) {

    case NGX_OK:
        ngx_http_portone_sandbox_respond_control(ctx, NGX_HTTP_OK, &text);
        break;

    case NGX_DONE:
        ngx_http_portone_sandbox_respond_error(ctx, NGX_HTTP_NOT_FOUND,
                                               "no such payment");
        break;

    case NGX_ABORT:
        ngx_http_portone_sandbox_respond_error(ctx, NGX_HTTP_CONFLICT,
                                               (char *) error);
        break;

    case NGX_DECLINED:
        ngx_http_portone_sandbox_respond_full(ctx);
        break;

    default:
        ngx_http_portone_sandbox_respond_invalid(ctx, error);
    }

    /* giving up an accepted refund leaves the payment as it was */

    if (tell
        && !cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(ctx->json,
                                                           "success")))
    {
        ngx_http_portone_sandbox_webhook_send(ctx, webhook);

    } else {
        cJSON_Delete(webhook);
    }

    ngx_http_portone_sandbox_transport_send(ctx);
}


/* the webhook that PortOne would send now */

static void
ngx_http_portone_sandbox_control_told(ngx_http_portone_sandbox_text_t *text,
    cJSON *webhook)
{
    char  *json;

    json = cJSON_PrintUnformatted(webhook);

    if (json == NULL) {
        text->failed = 1;
        return;
    }

    ngx_http_portone_sandbox_text_format(text, ",\"webhook\":");
    ngx_http_portone_sandbox_text_add(text, (u_char *) json,
                                      ngx_strlen(json));
    cJSON_free(json);
}


/* the webhook of the payment as it is, once more */

void
ngx_http_portone_sandbox_control_payments_webhook(
    ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_http_portone_sandbox_control_change(ctx,
                                      ngx_http_portone_sandbox_change_nothing,
                                      1);
}


static ngx_int_t
ngx_http_portone_sandbox_change_nothing(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_payment_t *payment, time_t now, u_char *error)
{
    return NGX_OK;
}


void
ngx_http_portone_sandbox_control_payments_webhooks(
    ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_http_portone_sandbox_text_t  text;

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 4096);

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    ngx_http_portone_sandbox_webhook_list(ctx->zone, &text);

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    ngx_http_portone_sandbox_respond_control(ctx, NGX_HTTP_OK, &text);
    ngx_http_portone_sandbox_transport_send(ctx);
}


void
ngx_http_portone_sandbox_control_payments_finish(
    ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_http_portone_sandbox_control_change(ctx,
                                      ngx_http_portone_sandbox_change_finish,
                                      1);
}


static ngx_int_t
ngx_http_portone_sandbox_change_finish(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_payment_t *payment, time_t now, u_char *error)
{
    cJSON       *item;
    ngx_uint_t   success;

    success = 1;

    if (ctx->json) {
        item = cJSON_GetObjectItemCaseSensitive(ctx->json, "success");

        if (!cJSON_IsBool(item)) {
            ngx_cpystrn(error, (u_char *) "invalid \"success\"",
                        NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN);
            return NGX_ERROR;
        }

        success = cJSON_IsTrue(item) ? 1 : 0;
    }

    ngx_cpystrn(error, (u_char *) "no cancel is pending",
                NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN);

    return ngx_http_portone_sandbox_history_finish(ctx->zone, payment,
                                                   success, now);
}


void
ngx_http_portone_sandbox_control_payments_undo(
    ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_http_portone_sandbox_control_change(ctx,
                                        ngx_http_portone_sandbox_change_undo,
                                      0);
}


static ngx_int_t
ngx_http_portone_sandbox_change_undo(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_payment_t *payment, time_t now, u_char *error)
{
    ngx_cpystrn(error, (u_char *) "there is no cancel to undo",
                NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN);

    return ngx_http_portone_sandbox_history_undo(ctx->zone, payment);
}


void
ngx_http_portone_sandbox_control_payments_console(
    ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_http_portone_sandbox_control_change(ctx,
                                     ngx_http_portone_sandbox_change_console,
                                      1);
}


static ngx_int_t
ngx_http_portone_sandbox_change_console(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_payment_t *payment, time_t now, u_char *error)
{
    cJSON                              *item;
    u_char                              buf[
                                          NGX_HTTP_PORTONE_SANDBOX_MONEY_LEN];
    int64_t                             balance;
    ngx_int_t                           rc;
    ngx_str_t                           text;
    ngx_http_portone_sandbox_refund_t   refund;

    balance = payment->facts.amount - payment->facts.cancel_amount
              - payment->pending_amount;

    refund.amount = balance;
    refund.now = now;
    ngx_str_null(&refund.reason);

    item = cJSON_GetObjectItemCaseSensitive(ctx->json, "amount");

    if (item
        && (!cJSON_IsNumber(item)
            || ngx_http_portone_sandbox_money_text(item, buf, &text) != NGX_OK
            || ngx_http_portone_sandbox_money_parse(&text,
                                                    payment->facts.decimals,
                                                    &refund.amount)
               != NGX_OK
            || refund.amount <= 0))
    {
        ngx_cpystrn(error, (u_char *) "invalid \"amount\"",
                    NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN);
        return NGX_ERROR;
    }

    item = cJSON_GetObjectItemCaseSensitive(ctx->json, "reason");

    if (cJSON_IsString(item)) {
        refund.reason.data = (u_char *) item->valuestring;
        refund.reason.len = ngx_strlen(item->valuestring);
    }

    if (refund.amount > balance || balance == 0) {
        ngx_cpystrn(error, (u_char *) "the amount is more than what is left",
                    NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN);
        return NGX_ABORT;
    }

    rc = ngx_http_portone_sandbox_history_add(ctx->zone, payment, &refund);

    if (rc == NGX_OK) {
        payment->console_refunds++;
    }

    return rc;
}
