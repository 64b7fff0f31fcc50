
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_portone_sandbox_payments.h"
#include "ngx_http_portone_sandbox_request.h"


#define NGX_HTTP_PORTONE_SANDBOX_MAX_SEVERAL  100
#define NGX_HTTP_PORTONE_SANDBOX_PAGE_LIMIT   20
#define NGX_HTTP_PORTONE_SANDBOX_MAX_LIMIT    1000
#define NGX_HTTP_PORTONE_SANDBOX_MAX_PAGE     100000


typedef struct {
    ngx_http_portone_sandbox_payment_t  **elts;   /* in answering order */
    ngx_uint_t                            nelts;
} ngx_http_portone_sandbox_found_t;


typedef struct {
    const char                           *name;
    int                       (ngx_libc_cdecl *cmp)(const void *one,
                                                    const void *two);
    ngx_uint_t                            newest_first;
} ngx_http_portone_sandbox_sorting_t;


static ngx_uint_t ngx_http_portone_sandbox_read_shown(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_payment_t *payment);
static ngx_int_t ngx_http_portone_sandbox_read_collect(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_order_t *order, ngx_uint_t status,
    ngx_http_portone_sandbox_found_t *found);
static ngx_int_t ngx_http_portone_sandbox_read_order(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_found_t *found);
static ngx_int_t ngx_http_portone_sandbox_read_number(
    ngx_http_portone_sandbox_ctx_t *ctx, const char *name, ngx_uint_t max,
    ngx_uint_t *number);
static ngx_int_t ngx_http_portone_sandbox_read_ids(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_text_t *text, ngx_uint_t *nfound,
    ngx_uint_t *nmissing);
static void ngx_http_portone_sandbox_read_not_found(
    ngx_http_portone_sandbox_ctx_t *ctx);
static void ngx_http_portone_sandbox_read_invalid(
    ngx_http_portone_sandbox_ctx_t *ctx);
static void ngx_http_portone_sandbox_read_answer(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_uint_t status,
    ngx_http_portone_sandbox_text_t *text);
static ngx_int_t ngx_http_portone_sandbox_read_compare(int64_t one,
    int64_t two, ngx_http_portone_sandbox_payment_t *first,
    ngx_http_portone_sandbox_payment_t *second);
static int ngx_libc_cdecl ngx_http_portone_sandbox_by_started(
    const void *one, const void *two);
static int ngx_libc_cdecl ngx_http_portone_sandbox_by_paid(const void *one,
    const void *two);
static int ngx_libc_cdecl ngx_http_portone_sandbox_by_updated(
    const void *one, const void *two);


/* the first one is the default */

static ngx_http_portone_sandbox_sorting_t
    ngx_http_portone_sandbox_sortings[] =
{
    { "-started", ngx_http_portone_sandbox_by_started, 1 },
    { "started", ngx_http_portone_sandbox_by_started, 0 },
    { "-paid", ngx_http_portone_sandbox_by_paid, 1 },
    { "paid", ngx_http_portone_sandbox_by_paid, 0 },
    { "-updated", ngx_http_portone_sandbox_by_updated, 1 },
    { "updated", ngx_http_portone_sandbox_by_updated, 0 },
    { NULL, NULL, 0 }
};


static ngx_str_t  ngx_http_portone_sandbox_no_payment =
    ngx_string("존재하지 않는 결제정보입니다.");

/* the sandbox's own words: PortOne's are unrecorded */
static ngx_str_t  ngx_http_portone_sandbox_invalid_parameter =
    ngx_string("sandbox: invalid parameter");


static void
ngx_http_portone_sandbox_read_not_found(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_http_portone_sandbox_respond_failure(ctx, NGX_HTTP_NOT_FOUND, -1,
                                          &ngx_http_portone_sandbox_no_payment);
}


static void
ngx_http_portone_sandbox_read_invalid(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_http_portone_sandbox_respond_failure(ctx, NGX_HTTP_BAD_REQUEST, -1,
                                 &ngx_http_portone_sandbox_invalid_parameter);
}


static void
ngx_http_portone_sandbox_read_answer(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_uint_t status, ngx_http_portone_sandbox_text_t *text)
{
    ngx_str_t  response;

    if (ngx_http_portone_sandbox_text_done(text, &response) != NGX_OK) {
        ctx->status = NGX_HTTP_INTERNAL_SERVER_ERROR;
        return;
    }

    ctx->executed = 1;
    ngx_http_portone_sandbox_respond_success(ctx, status, &response);
}


static ngx_uint_t
ngx_http_portone_sandbox_read_shown(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_payment_t *payment)
{
    ngx_str_t  value;

    if (!ngx_http_portone_sandbox_payments_visible(payment, &ctx->account,
                                                   &ctx->tier))
    {
        return 0;
    }

    if (!payment->facts.sandbox) {
        return 1;
    }

    return ngx_http_portone_sandbox_args_query(ctx->request,
                                               "include_sandbox", &value)
           == NGX_OK
           && ((value.len == 4 && ngx_strncmp(value.data, "true", 4) == 0)
               || (value.len == 1 && value.data[0] == '1'));
}


void
ngx_http_portone_sandbox_read_payment(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_http_portone_sandbox_text_t      text;
    ngx_http_portone_sandbox_payment_t  *payment;

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 2048);

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    payment = ngx_http_portone_sandbox_payments_find(ctx->zone,
                                                     &ctx->segments[1]);

    if (payment && !ngx_http_portone_sandbox_read_shown(ctx, payment)) {
        payment = NULL;
    }

    if (payment) {
        ngx_http_portone_sandbox_text_str(&text, &payment->json);
    }

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    if (payment == NULL) {
        ngx_http_portone_sandbox_read_not_found(ctx);
        return;
    }

    ngx_http_portone_sandbox_read_answer(ctx, NGX_HTTP_OK, &text);
}


static ngx_int_t
ngx_http_portone_sandbox_read_compare(int64_t one, int64_t two,
    ngx_http_portone_sandbox_payment_t *first,
    ngx_http_portone_sandbox_payment_t *second)
{
    if (one != two) {
        return one < two ? -1 : 1;
    }

    /* within a second, the order of creation */

    return first->number < second->number ? -1 : 1;
}


static int ngx_libc_cdecl
ngx_http_portone_sandbox_by_started(const void *one, const void *two)
{
    ngx_http_portone_sandbox_payment_t  *first, *second;

    first = *(ngx_http_portone_sandbox_payment_t **) one;
    second = *(ngx_http_portone_sandbox_payment_t **) two;

    return ngx_http_portone_sandbox_read_compare(first->facts.started_at,
                                                 second->facts.started_at,
                                                 first, second);
}


static int ngx_libc_cdecl
ngx_http_portone_sandbox_by_paid(const void *one, const void *two)
{
    ngx_http_portone_sandbox_payment_t  *first, *second;

    first = *(ngx_http_portone_sandbox_payment_t **) one;
    second = *(ngx_http_portone_sandbox_payment_t **) two;

    return ngx_http_portone_sandbox_read_compare(first->facts.paid_at,
                                                 second->facts.paid_at,
                                                 first, second);
}


static int ngx_libc_cdecl
ngx_http_portone_sandbox_by_updated(const void *one, const void *two)
{
    ngx_http_portone_sandbox_payment_t  *first, *second;

    first = *(ngx_http_portone_sandbox_payment_t **) one;
    second = *(ngx_http_portone_sandbox_payment_t **) two;

    return ngx_http_portone_sandbox_read_compare((int64_t) first->updated,
                                                 (int64_t) second->updated,
                                                 first, second);
}


/* the payments of the order that have the status and can be seen */

static ngx_int_t
ngx_http_portone_sandbox_read_collect(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_order_t *order, ngx_uint_t status,
    ngx_http_portone_sandbox_found_t *found)
{
    ngx_uint_t                           n;
    ngx_queue_t                         *q;
    ngx_http_portone_sandbox_payment_t  *payment;

    n = 0;

    for (q = ngx_queue_head(&order->payments);
         q != ngx_queue_sentinel(&order->payments);
         q = ngx_queue_next(q))
    {
        n++;
    }

    found->elts = ngx_palloc(ctx->request->pool,
                             n * sizeof(ngx_http_portone_sandbox_payment_t *));
    if (found->elts == NULL) {
        return NGX_ERROR;
    }

    for (q = ngx_queue_head(&order->payments);
         q != ngx_queue_sentinel(&order->payments);
         q = ngx_queue_next(q))
    {
        payment = ngx_queue_data(q, ngx_http_portone_sandbox_payment_t,
                                 order_queue);

        if ((status != NGX_HTTP_PORTONE_SANDBOX_ANY_STATUS
             && payment->facts.status != status)
            || !ngx_http_portone_sandbox_read_shown(ctx, payment))
        {
            continue;
        }

        found->elts[found->nelts++] = payment;
    }

    return NGX_OK;
}


/*
 * The payments of the merchant_uid and status in the path, sorted as the query
 * says.  Called with the zone locked.  NGX_DECLINED: the query or the status
 * is wrong; NGX_ERROR: memory ran out.
 */

static ngx_int_t
ngx_http_portone_sandbox_read_order(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_found_t *found)
{
    ngx_int_t                            rc;
    ngx_str_t                            value;
    ngx_uint_t                           i, j, status;
    ngx_http_portone_sandbox_order_t    *order;
    ngx_http_portone_sandbox_payment_t  *payment;
    ngx_http_portone_sandbox_sorting_t  *sorting;

    found->nelts = 0;
    sorting = ngx_http_portone_sandbox_sortings;

    rc = ngx_http_portone_sandbox_args_query(ctx->request, "sorting", &value);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc == NGX_OK && value.len) {
        while (sorting->name
               && ngx_strcmp(sorting->name, value.data) != 0)
        {
            sorting++;
        }

        if (sorting->name == NULL) {
            return NGX_DECLINED;
        }
    }

    status = NGX_HTTP_PORTONE_SANDBOX_ANY_STATUS;

    if (ctx->nsegments > 3) {
        status = ngx_http_portone_sandbox_object_status(&ctx->segments[3]);

        if (status == NGX_HTTP_PORTONE_SANDBOX_ANY_STATUS) {
            return NGX_DECLINED;
        }
    }

    order = ngx_http_portone_sandbox_payments_order(ctx->zone,
                                                    &ctx->segments[2]);
    if (order == NULL) {
        return NGX_OK;
    }

    if (ngx_http_portone_sandbox_read_collect(ctx, order, status, found)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_qsort(found->elts, found->nelts,
              sizeof(ngx_http_portone_sandbox_payment_t *), sorting->cmp);

    if (sorting->newest_first && found->nelts) {
        for (i = 0, j = found->nelts - 1; i < j; i++, j--) {
            payment = found->elts[i];
            found->elts[i] = found->elts[j];
            found->elts[j] = payment;
        }
    }

    return NGX_OK;
}


void
ngx_http_portone_sandbox_read_find(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_int_t                         rc;
    ngx_http_portone_sandbox_text_t   text;
    ngx_http_portone_sandbox_found_t  found;

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 2048);

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    rc = ngx_http_portone_sandbox_read_order(ctx, &found);

    if (rc == NGX_OK && found.nelts) {
        ngx_http_portone_sandbox_text_str(&text, &found.elts[0]->json);
    }

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    if (rc == NGX_ERROR) {
        ctx->status = NGX_HTTP_INTERNAL_SERVER_ERROR;
        return;
    }

    if (rc == NGX_DECLINED) {
        ngx_http_portone_sandbox_respond_unrecorded(ctx,
                           "payments/find with an unknown status or sorting");
        return;
    }

    if (found.nelts == 0) {
        ngx_http_portone_sandbox_read_not_found(ctx);
        return;
    }

    ngx_http_portone_sandbox_read_answer(ctx, NGX_HTTP_OK, &text);
}


/* NGX_DECLINED: anything but a number from 1 to max */

static ngx_int_t
ngx_http_portone_sandbox_read_number(ngx_http_portone_sandbox_ctx_t *ctx,
    const char *name, ngx_uint_t max, ngx_uint_t *number)
{
    ngx_int_t  n, rc;
    ngx_str_t  value;

    rc = ngx_http_portone_sandbox_args_query(ctx->request, name, &value);

    if (rc != NGX_OK || value.len == 0) {
        return rc == NGX_ERROR ? NGX_ERROR : NGX_OK;
    }

    n = ngx_atoi(value.data, value.len);

    if (n < 1 || n > (ngx_int_t) max) {
        return NGX_DECLINED;
    }

    *number = n;

    return NGX_OK;
}


void
ngx_http_portone_sandbox_read_find_all(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_int_t                         rc;
    ngx_uint_t                        i, page, limit, first, last;
    ngx_http_portone_sandbox_text_t   text;
    ngx_http_portone_sandbox_found_t  found;

    page = 1;
    limit = NGX_HTTP_PORTONE_SANDBOX_PAGE_LIMIT;

    rc = ngx_http_portone_sandbox_read_number(ctx, "page",
                                              NGX_HTTP_PORTONE_SANDBOX_MAX_PAGE,
                                              &page);
    if (rc == NGX_OK) {
        rc = ngx_http_portone_sandbox_read_number(ctx, "limit",
                                             NGX_HTTP_PORTONE_SANDBOX_MAX_LIMIT,
                                             &limit);
    }

    if (rc != NGX_OK) {
        ngx_http_portone_sandbox_read_invalid(ctx);
        return;
    }

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 4096);

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    rc = ngx_http_portone_sandbox_read_order(ctx, &found);

    first = (page - 1) * limit;

    if (rc == NGX_OK && first < found.nelts) {

        last = ngx_min(first + limit, found.nelts);

        ngx_http_portone_sandbox_text_format(&text,
                                "{\"total\":%ui,\"previous\":%ui,"
                                "\"next\":%ui,\"list\":[",
                                found.nelts, page - 1,
                                last < found.nelts ? page + 1 : 0);

        for (i = first; i < last; i++) {
            if (i > first) {
                ngx_http_portone_sandbox_text_format(&text, ",");
            }

            ngx_http_portone_sandbox_text_str(&text, &found.elts[i]->json);
        }

        ngx_http_portone_sandbox_text_format(&text, "]}");
    }

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    if (rc == NGX_ERROR) {
        ctx->status = NGX_HTTP_INTERNAL_SERVER_ERROR;
        return;
    }

    if (rc == NGX_DECLINED) {
        ngx_http_portone_sandbox_read_invalid(ctx);
        return;
    }

    if (found.nelts == 0) {
        ngx_http_portone_sandbox_read_not_found(ctx);
        return;
    }

    if (first >= found.nelts) {
        ngx_http_portone_sandbox_respond_unrecorded(ctx,
                                    "payments/findAll with a page too many");
        return;
    }

    ngx_http_portone_sandbox_read_answer(ctx, NGX_HTTP_OK, &text);
}


/*
 * called with the zone locked; NGX_DECLINED: unrecorded, the answer is in ctx
 */

static ngx_int_t
ngx_http_portone_sandbox_read_ids(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_text_t *text, ngx_uint_t *nfound,
    ngx_uint_t *nmissing)
{
    ngx_int_t                            rc;
    ngx_str_t                            rest, name, value;
    ngx_http_portone_sandbox_payment_t  *payment;

    rest = ctx->request->args;
    *nfound = 0;
    *nmissing = 0;

    for ( ;; ) {
        rc = ngx_http_portone_sandbox_args_next(ctx->request->pool, &rest,
                                                &name, &value);
        if (rc != NGX_OK) {
            return rc == NGX_DONE ? NGX_OK : NGX_ERROR;
        }

        if (ngx_strcmp(name.data, "imp_uid[]") == 0) {
            payment = ngx_http_portone_sandbox_payments_find(ctx->zone,
                                                             &value);

        } else if (ngx_strcmp(name.data, "merchant_uid[]") == 0) {
            payment = ngx_http_portone_sandbox_payments_newest(ctx->zone,
                                                               &value);
            if (payment
                && ngx_queue_head(&payment->order->payments)
                   != ngx_queue_last(&payment->order->payments))
            {
                ngx_http_portone_sandbox_respond_unrecorded(ctx,
                   "GET payments by a merchant_uid that payments share");
                return NGX_DECLINED;
            }

        } else {
            continue;
        }

        if (*nfound + *nmissing == NGX_HTTP_PORTONE_SANDBOX_MAX_SEVERAL) {
            ngx_http_portone_sandbox_respond_unrecorded(ctx,
                                             "GET payments of more than 100");
            return NGX_DECLINED;
        }

        if (payment == NULL
            || !ngx_http_portone_sandbox_read_shown(ctx, payment))
        {
            (*nmissing)++;
            continue;
        }

        if ((*nfound)++) {
            ngx_http_portone_sandbox_text_format(text, ",");
        }

        ngx_http_portone_sandbox_text_str(text, &payment->json);
    }
}


void
ngx_http_portone_sandbox_read_several(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_int_t                        rc;
    ngx_uint_t                       nfound, nmissing;
    ngx_http_portone_sandbox_text_t  text;

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 4096);
    ngx_http_portone_sandbox_text_format(&text, "[");

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    rc = ngx_http_portone_sandbox_read_ids(ctx, &text, &nfound, &nmissing);

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    if (rc == NGX_DECLINED) {
        return;
    }

    if (rc == NGX_ERROR) {
        ctx->status = NGX_HTTP_INTERNAL_SERVER_ERROR;
        return;
    }

    if (nfound + nmissing == 0) {
        ngx_http_portone_sandbox_respond_unrecorded(ctx,
                                 "GET payments without imp_uid[] and "
                                 "merchant_uid[]");
        return;
    }

    if (nfound == 0) {
        ngx_http_portone_sandbox_read_not_found(ctx);
        return;
    }

    ngx_http_portone_sandbox_text_format(&text, "]");
    ngx_http_portone_sandbox_read_answer(ctx, nmissing ? 207 : NGX_HTTP_OK,
                                         &text);
}
