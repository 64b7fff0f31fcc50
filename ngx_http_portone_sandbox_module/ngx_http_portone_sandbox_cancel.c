
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_portone_sandbox_payments.h"
#include "ngx_http_portone_sandbox_request.h"


/* Korea has no summer time */
#define NGX_HTTP_PORTONE_SANDBOX_KST_OFFSET  (9 * 3600)


typedef struct {
    ngx_http_portone_sandbox_arg_t       imp_uid;
    ngx_http_portone_sandbox_arg_t       merchant_uid;
    ngx_http_portone_sandbox_arg_t       amount;
    ngx_http_portone_sandbox_arg_t       checksum;
    ngx_http_portone_sandbox_arg_t       tax_free;
    ngx_http_portone_sandbox_arg_t       vat_amount;
    ngx_http_portone_sandbox_arg_t       reason;
    ngx_http_portone_sandbox_arg_t       refund_holder;
    ngx_http_portone_sandbox_arg_t       refund_bank;
    ngx_http_portone_sandbox_arg_t       refund_account;
    ngx_http_portone_sandbox_arg_t       refund_tel;
} ngx_http_portone_sandbox_cancel_args_t;


typedef struct {
    const char                          *name;
    size_t                               offset;
    size_t                               max;       /* 0: it is a number */
} ngx_http_portone_sandbox_cancel_arg_t;


static ngx_int_t ngx_http_portone_sandbox_cancel_read(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_cancel_args_t *args);
static ngx_http_portone_sandbox_payment_t *
    ngx_http_portone_sandbox_cancel_payment(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_cancel_args_t *args);
static ngx_int_t ngx_http_portone_sandbox_cancel_money(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_uint_t decimals,
    ngx_http_portone_sandbox_arg_t *arg, const char *unrecorded,
    int64_t *amount);
static ngx_int_t ngx_http_portone_sandbox_cancel_check(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_payment_t *payment,
    ngx_http_portone_sandbox_cancel_args_t *args, time_t now,
    int64_t *amount);
static ngx_int_t ngx_http_portone_sandbox_cancel_method(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_payment_t *payment,
    ngx_http_portone_sandbox_cancel_args_t *args, time_t now);
static void ngx_http_portone_sandbox_cancel_mismatch(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_payment_t *payment, int64_t balance,
    int64_t checksum);
static ngx_uint_t ngx_http_portone_sandbox_month(time_t at);


static ngx_http_portone_sandbox_cancel_arg_t
    ngx_http_portone_sandbox_cancel_args[] =
{
    { "imp_uid",
      offsetof(ngx_http_portone_sandbox_cancel_args_t, imp_uid), 256 },
    { "merchant_uid",
      offsetof(ngx_http_portone_sandbox_cancel_args_t, merchant_uid), 256 },
    { "amount",
      offsetof(ngx_http_portone_sandbox_cancel_args_t, amount), 0 },
    { "checksum",
      offsetof(ngx_http_portone_sandbox_cancel_args_t, checksum), 0 },
    { "tax_free",
      offsetof(ngx_http_portone_sandbox_cancel_args_t, tax_free), 0 },
    { "vat_amount",
      offsetof(ngx_http_portone_sandbox_cancel_args_t, vat_amount), 0 },
    { "reason",
      offsetof(ngx_http_portone_sandbox_cancel_args_t, reason), 256 },
    { "refund_holder",
      offsetof(ngx_http_portone_sandbox_cancel_args_t, refund_holder), 16 },
    { "refund_bank",
      offsetof(ngx_http_portone_sandbox_cancel_args_t, refund_bank), 4 },
    { "refund_account",
      offsetof(ngx_http_portone_sandbox_cancel_args_t, refund_account), 16 },
    { "refund_tel",
      offsetof(ngx_http_portone_sandbox_cancel_args_t, refund_tel), 16 },
    { NULL, 0, 0 }
};


static ngx_str_t  ngx_http_portone_sandbox_nothing_to_cancel =
    ngx_string("취소할 결제건이 존재하지 않습니다.");
static ngx_str_t  ngx_http_portone_sandbox_all_cancelled =
    ngx_string("이미 전액취소된 주문입니다.");
static ngx_str_t  ngx_http_portone_sandbox_too_much =
    ngx_string("결제취소에 실패하였습니다. 취소금액이 미정산 금액보다 큽니다.");

/* PortOne refuses these; its words are unrecorded */
static ngx_str_t  ngx_http_portone_sandbox_no_refund_account =
    ngx_string("결제취소에 실패하였습니다. [sandbox] refund_holder, "
               "refund_bank, refund_account required");
static ngx_str_t  ngx_http_portone_sandbox_phone_month =
    ngx_string("결제취소에 실패하였습니다. [sandbox] phone payment of an "
               "earlier month");


void
ngx_http_portone_sandbox_cancel(ngx_http_portone_sandbox_ctx_t *ctx)
{
    time_t                                   now;
    int64_t                                  amount;
    ngx_int_t                                rc;
    ngx_str_t                                response;
    ngx_http_portone_sandbox_refund_t        refund;
    ngx_http_portone_sandbox_payment_t      *payment;
    ngx_http_portone_sandbox_cancel_args_t   args;

    if (ngx_http_portone_sandbox_cancel_read(ctx, &args) != NGX_OK) {
        return;
    }

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    now = ngx_http_portone_sandbox_zone_now(ctx->zone,
                                            ctx->conf->clock_offset);

    payment = ngx_http_portone_sandbox_cancel_payment(ctx, &args);

    if (payment == NULL
        || ngx_http_portone_sandbox_cancel_check(ctx, payment, &args, now,
                                                 &amount)
           != NGX_OK)
    {
        ngx_http_portone_sandbox_zone_unlock(ctx->zone);
        return;
    }

    refund.amount = amount;
    refund.reason = args.reason.value;
    refund.now = now;

    if (payment->async) {
        rc = ngx_http_portone_sandbox_history_accept(ctx->zone, payment,
                                                     &refund);
    } else {
        rc = ngx_http_portone_sandbox_history_add(ctx->zone, payment,
                                                  &refund);
    }

    if (rc == NGX_OK) {
        payment->executions++;
        payment->executed_amount += amount;
        ctx->zone->sh->cancels_executed++;

        response.len = payment->json.len;
        response.data = ngx_pstrdup(ctx->request->pool, &payment->json);
    }

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    if (rc != NGX_OK) {
        ngx_http_portone_sandbox_respond_full(ctx);
        return;
    }

    ctx->executed = 1;

    if (response.data == NULL) {
        ctx->status = NGX_HTTP_INTERNAL_SERVER_ERROR;
        return;
    }

    ngx_http_portone_sandbox_respond_success(ctx, NGX_HTTP_OK, &response);
}


static ngx_int_t
ngx_http_portone_sandbox_cancel_read(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_cancel_args_t *args)
{
    cJSON                                  *extra, *requester;
    ngx_http_portone_sandbox_arg_t         *arg;
    ngx_http_portone_sandbox_cancel_arg_t  *rule;

    if (ctx->body_error) {
        ngx_http_portone_sandbox_respond_unrecorded(ctx, ctx->body_error);
        return NGX_DECLINED;
    }

    ngx_memzero(args, sizeof(ngx_http_portone_sandbox_cancel_args_t));

    for (rule = ngx_http_portone_sandbox_cancel_args; rule->name; rule++) {

        arg = (ngx_http_portone_sandbox_arg_t *)
                                           ((u_char *) args + rule->offset);

        if (ngx_http_portone_sandbox_args_get(ctx, rule->name, arg)
            != NGX_OK)
        {
            ctx->status = NGX_HTTP_INTERNAL_SERVER_ERROR;
            return NGX_DECLINED;
        }

        if (arg->type == NGX_HTTP_PORTONE_SANDBOX_ARG_ABSENT) {
            continue;
        }

        if (rule->max == 0) {

            if (arg->type != NGX_HTTP_PORTONE_SANDBOX_ARG_NUMBER
                && !ctx->form)
            {
                ngx_http_portone_sandbox_respond_unrecorded(ctx,
                                        "a JSON amount that is not a number");
                return NGX_DECLINED;
            }

            continue;
        }

        if (arg->type != NGX_HTTP_PORTONE_SANDBOX_ARG_TEXT
            || ngx_utf8_length(arg->value.data, arg->value.len) > rule->max)
        {
            ngx_http_portone_sandbox_respond_unrecorded(ctx,
                                "a text parameter that is too long or no text");
            return NGX_DECLINED;
        }
    }

    if (args->imp_uid.value.len == 0 && args->merchant_uid.value.len == 0) {
        ngx_http_portone_sandbox_respond_unrecorded(ctx,
                                 "a cancel without imp_uid and merchant_uid");
        return NGX_DECLINED;
    }

    extra = cJSON_GetObjectItemCaseSensitive(ctx->json, "extra");
    requester = cJSON_GetObjectItemCaseSensitive(extra, "requester");

    if (requester
        && (!cJSON_IsString(requester)
            || (ngx_strcmp(requester->valuestring, "customer") != 0
                && ngx_strcmp(requester->valuestring, "admin") != 0)))
    {
        ngx_http_portone_sandbox_respond_unrecorded(ctx,
                         "an extra.requester but \"customer\" and \"admin\"");
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_http_portone_sandbox_payment_t *
ngx_http_portone_sandbox_cancel_payment(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_cancel_args_t *args)
{
    ngx_http_portone_sandbox_order_t    *order;
    ngx_http_portone_sandbox_payment_t  *payment;

    if (args->imp_uid.value.len) {

        /* PortOne ignores merchant_uid then, even a wrong one */

        payment = ngx_http_portone_sandbox_payments_find(ctx->zone,
                                                         &args->imp_uid.value);

    } else {

        payment = ngx_http_portone_sandbox_payments_newest(ctx->zone,
                                                   &args->merchant_uid.value);
        order = payment ? payment->order : NULL;

        if (order
            && ngx_queue_head(&order->payments)
               != ngx_queue_last(&order->payments))
        {
            ngx_http_portone_sandbox_respond_unrecorded(ctx,
                      "a cancel by a merchant_uid that several payments share");
            return NULL;
        }
    }

    if (payment == NULL
        || !ngx_http_portone_sandbox_payments_visible(payment, &ctx->account,
                                                      &ctx->tier))
    {
        ngx_http_portone_sandbox_respond_failure(ctx, NGX_HTTP_OK, 1,
                                &ngx_http_portone_sandbox_nothing_to_cancel);
        return NULL;
    }

    return payment;
}


static ngx_int_t
ngx_http_portone_sandbox_cancel_money(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_uint_t decimals, ngx_http_portone_sandbox_arg_t *arg,
    const char *unrecorded, int64_t *amount)
{
    *amount = 0;

    if (arg->value.len == 0) {
        return NGX_OK;
    }

    if (ngx_http_portone_sandbox_money_parse(&arg->value, decimals, amount)
        != NGX_OK
        || *amount < 0)
    {
        ngx_http_portone_sandbox_respond_unrecorded(ctx, unrecorded);
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_portone_sandbox_cancel_check(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_payment_t *payment,
    ngx_http_portone_sandbox_cancel_args_t *args, time_t now,
    int64_t *amount)
{
    int64_t                            balance, checksum, tax_free, vat;
    ngx_uint_t                         decimals;
    ngx_http_portone_sandbox_facts_t  *facts;

    facts = &payment->facts;
    decimals = facts->decimals;
    balance = facts->amount - facts->cancel_amount;

    if (ngx_http_portone_sandbox_cancel_money(ctx, decimals, &args->amount,
            "a negative or broken amount", amount)
        != NGX_OK
        || ngx_http_portone_sandbox_cancel_money(ctx, decimals,
               &args->checksum, "a negative or broken checksum", &checksum)
           != NGX_OK
        || ngx_http_portone_sandbox_cancel_money(ctx, decimals,
               &args->tax_free, "a negative or broken tax_free", &tax_free)
           != NGX_OK
        || ngx_http_portone_sandbox_cancel_money(ctx, decimals,
               &args->vat_amount, "a negative or broken vat_amount", &vat)
           != NGX_OK)
    {
        return NGX_DECLINED;
    }

    if (facts->status == NGX_HTTP_PORTONE_SANDBOX_READY
        || facts->status == NGX_HTTP_PORTONE_SANDBOX_FAILED)
    {
        ngx_http_portone_sandbox_respond_unrecorded(ctx,
                                     "a cancel of a payment that is not paid");
        return NGX_DECLINED;
    }

    if (payment->pending.len) {
        ngx_http_portone_sandbox_respond_unrecorded(ctx,
                                "a cancel while another one is not finished");
        return NGX_DECLINED;
    }

    if (balance == 0) {
        ngx_http_portone_sandbox_respond_failure(ctx, NGX_HTTP_OK, 1,
                                     &ngx_http_portone_sandbox_all_cancelled);
        return NGX_DECLINED;
    }

    if (args->checksum.value.len && checksum != balance) {
        ngx_http_portone_sandbox_cancel_mismatch(ctx, payment, balance,
                                                 checksum);
        return NGX_DECLINED;
    }

    /* the trap of this API: a missing amount means the whole amount */

    if (*amount == 0) {
        *amount = balance;
    }

    if (*amount > balance) {
        ngx_http_portone_sandbox_respond_failure(ctx, NGX_HTTP_OK, -1,
                                            &ngx_http_portone_sandbox_too_much);
        return NGX_DECLINED;
    }

    if (tax_free > *amount || vat > *amount - tax_free) {
        ngx_http_portone_sandbox_respond_unrecorded(ctx,
                           "a tax_free or vat_amount of more than the amount");
        return NGX_DECLINED;
    }

    return ngx_http_portone_sandbox_cancel_method(ctx, payment, args, now);
}


static ngx_int_t
ngx_http_portone_sandbox_cancel_method(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_payment_t *payment,
    ngx_http_portone_sandbox_cancel_args_t *args, time_t now)
{
    ngx_uint_t                         account, earlier;
    ngx_http_portone_sandbox_facts_t  *facts;

    facts = &payment->facts;

    account = args->refund_holder.value.len && args->refund_bank.value.len
              && args->refund_account.value.len;

    if (facts->vbank && !account) {
        ngx_http_portone_sandbox_respond_failure(ctx, NGX_HTTP_OK, 1,
                                 &ngx_http_portone_sandbox_no_refund_account);
        return NGX_DECLINED;
    }

    earlier = ngx_http_portone_sandbox_month(facts->paid_at)
              != ngx_http_portone_sandbox_month(now);

    /* KCP sends the money to the account, if there is one */

    if (facts->phone && earlier && !(facts->kcp && account)) {
        ngx_http_portone_sandbox_respond_failure(ctx, NGX_HTTP_OK, -1,
                                       &ngx_http_portone_sandbox_phone_month);
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_portone_sandbox_month(time_t at)
{
    ngx_tm_t  tm;

    ngx_gmtime(at + NGX_HTTP_PORTONE_SANDBOX_KST_OFFSET, &tm);

    return tm.ngx_tm_year * 12 + tm.ngx_tm_mon;
}


static void
ngx_http_portone_sandbox_cancel_mismatch(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_payment_t *payment, int64_t balance,
    int64_t checksum)
{
    u_char     *p, *end, mine[NGX_HTTP_PORTONE_SANDBOX_MONEY_LEN];
    u_char      theirs[NGX_HTTP_PORTONE_SANDBOX_MONEY_LEN], buf[256];
    ngx_str_t   message;

    p = ngx_http_portone_sandbox_money_print_grouped(mine, balance,
                                                   payment->facts.decimals);
    end = ngx_http_portone_sandbox_money_print_grouped(theirs, checksum,
                                                   payment->facts.decimals);

    message.data = buf;
    message.len = ngx_snprintf(buf, sizeof(buf),
                               "취소가능금액 검증에 실패하였습니다. "
                               "(취소가능금액(%s) :  %*s vs %*s)",
                               payment->facts.currency,
                               (size_t) (p - mine), mine,
                               (size_t) (end - theirs), theirs)
                  - buf;

    ngx_http_portone_sandbox_respond_failure(ctx, NGX_HTTP_OK, 1, &message);
}
