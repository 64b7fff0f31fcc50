
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_portone_sandbox_faults.h"
#include "ngx_http_portone_sandbox_ledger.h"
#include "ngx_http_portone_sandbox_payments.h"
#include "ngx_http_portone_sandbox_request.h"


#define ngx_http_portone_sandbox_slot(sh, number)                             \
    (sh)->requests[(number) % NGX_HTTP_PORTONE_SANDBOX_MAX_REQUESTS]


static void ngx_http_portone_sandbox_ledger_settle(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_uint_t status);
static void ngx_http_portone_sandbox_ledger_drop(
    ngx_http_portone_sandbox_zone_t *zone);
static ngx_http_portone_sandbox_entry_t *
    ngx_http_portone_sandbox_ledger_alloc(
    ngx_http_portone_sandbox_zone_t *zone, size_t size);
static u_char *ngx_http_portone_sandbox_ledger_copy(u_char *p,
    ngx_str_t *dst, ngx_str_t *src);
static void ngx_http_portone_sandbox_ledger_payment(
    ngx_http_portone_sandbox_text_t *text,
    ngx_http_portone_sandbox_payment_t *payment);
static void ngx_http_portone_sandbox_ledger_request(
    ngx_http_portone_sandbox_text_t *text,
    ngx_http_portone_sandbox_entry_t *entry);
static ngx_uint_t ngx_http_portone_sandbox_ledger_match(
    ngx_http_portone_sandbox_entry_t *entry, ngx_uint_t call,
    ngx_str_t *imp_uid);


/* the oldest request goes; its slot may be empty already */

static void
ngx_http_portone_sandbox_ledger_drop(ngx_http_portone_sandbox_zone_t *zone)
{
    ngx_http_portone_sandbox_sh_t     *sh;
    ngx_http_portone_sandbox_entry_t  *entry;

    sh = zone->sh;
    entry = ngx_http_portone_sandbox_slot(sh, sh->first_request);

    if (entry) {
        sh->requests_size -= entry->size;
        ngx_http_portone_sandbox_slot(sh, sh->first_request) = NULL;
        ngx_http_portone_sandbox_zone_free(zone, entry);
    }

    sh->first_request++;
}


static ngx_http_portone_sandbox_entry_t *
ngx_http_portone_sandbox_ledger_alloc(ngx_http_portone_sandbox_zone_t *zone,
    size_t size)
{
    size_t                             limit;
    ngx_http_portone_sandbox_sh_t     *sh;
    ngx_http_portone_sandbox_entry_t  *entry;

    sh = zone->sh;

    /* half of the zone is for payments, however many requests come */

    limit = zone->shm_zone->shm.size / 2;

    while (sh->first_request < sh->next_request
           && (sh->requests_size + size > limit
               || sh->next_request - sh->first_request
                  >= NGX_HTTP_PORTONE_SANDBOX_MAX_REQUESTS))
    {
        ngx_http_portone_sandbox_ledger_drop(zone);
    }

    for ( ;; ) {
        entry = ngx_http_portone_sandbox_zone_alloc(zone, size);

        if (entry || sh->first_request == sh->next_request) {
            return entry;
        }

        ngx_http_portone_sandbox_ledger_drop(zone);
    }
}


static u_char *
ngx_http_portone_sandbox_ledger_copy(u_char *p, ngx_str_t *dst,
    ngx_str_t *src)
{
    dst->data = p;
    dst->len = src->len;

    /* an empty string is NULL, which memcpy() forbids */

    return src->len ? ngx_cpymem(p, src->data, src->len) : p;
}


void
ngx_http_portone_sandbox_ledger_arrive(ngx_http_portone_sandbox_ctx_t *ctx)
{
    u_char                            *p;
    size_t                             size;
    ngx_str_t                          content_type, tier, authorization;
    ngx_str_t                          fault;
    ngx_time_t                        *tp;
    ngx_http_request_t                *r;
    ngx_http_portone_sandbox_sh_t     *sh;
    ngx_http_portone_sandbox_entry_t  *entry;

    r = ctx->request;
    sh = ctx->zone->sh;

    ngx_http_portone_sandbox_args_header(r, "content-type", &content_type);
    ngx_http_portone_sandbox_args_header(r, "tier", &tier);
    ngx_http_portone_sandbox_args_header(r, "authorization", &authorization);

    ngx_http_portone_sandbox_faults_name(ctx->answer ? ctx->answer
                                         : ctx->before ? ctx->before
                                         : ctx->after,
                                         &fault);

    size = sizeof(ngx_http_portone_sandbox_entry_t) + fault.len
           + r->method_name.len + r->uri.len + r->args.len
           + ctx->imp_uid.len + content_type.len + tier.len
           + authorization.len + ctx->body.len;

    entry = ngx_http_portone_sandbox_ledger_alloc(ctx->zone, size);

    sh->calls[ctx->call]++;

    ctx->generation = sh->generation;
    ctx->number = ++sh->next_request;

    ngx_http_portone_sandbox_slot(sh, ctx->number - 1) = entry;

    if (entry == NULL) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "portone sandbox: the ledger has no room for a request "
                      "of %uz bytes", size);
        sh->first_request = sh->next_request;
        return;
    }

    sh->requests_size += size;

    tp = ngx_timeofday();

    entry->number = ctx->number;
    entry->at = (uint64_t) tp->sec * 1000 + tp->msec;
    entry->connection = r->connection->number;
    entry->size = size;
    entry->call = ctx->call;
    entry->status = 0;
    entry->executed = 0;

    p = (u_char *) (entry + 1);
    p = ngx_http_portone_sandbox_ledger_copy(p, &entry->fault, &fault);
    p = ngx_http_portone_sandbox_ledger_copy(p, &entry->method,
                                             &r->method_name);
    p = ngx_http_portone_sandbox_ledger_copy(p, &entry->path, &r->uri);
    p = ngx_http_portone_sandbox_ledger_copy(p, &entry->query, &r->args);
    p = ngx_http_portone_sandbox_ledger_copy(p, &entry->imp_uid,
                                             &ctx->imp_uid);
    p = ngx_http_portone_sandbox_ledger_copy(p, &entry->content_type,
                                             &content_type);
    p = ngx_http_portone_sandbox_ledger_copy(p, &entry->tier, &tier);
    p = ngx_http_portone_sandbox_ledger_copy(p, &entry->authorization,
                                             &authorization);
    (void) ngx_http_portone_sandbox_ledger_copy(p, &entry->body, &ctx->body);
}


/* notes what became of the request: status (0: unanswered), ctx->executed */

static void
ngx_http_portone_sandbox_ledger_settle(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_uint_t status)
{
    ngx_http_portone_sandbox_sh_t     *sh;
    ngx_http_portone_sandbox_entry_t  *entry;

    sh = ctx->zone->sh;

    if (ctx->number == 0 || ctx->generation != sh->generation
        || ctx->number <= sh->first_request)
    {
        return;
    }

    entry = ngx_http_portone_sandbox_slot(sh, ctx->number - 1);

    if (entry) {
        entry->status = status;
        entry->executed = ctx->executed;
    }
}


void
ngx_http_portone_sandbox_ledger_leave(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_uint_t status)
{
    ngx_http_portone_sandbox_payment_t  *payment;

    if (ctx->number == 0) {
        return;
    }

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    ngx_http_portone_sandbox_ledger_settle(ctx, status);

    if (ctx->counted && ctx->generation == ctx->zone->sh->generation) {

        payment = ngx_http_portone_sandbox_payments_find(ctx->zone,
                                                         &ctx->imp_uid);

        if (payment && payment->concurrent_now) {
            payment->concurrent_now--;
        }
    }

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    ctx->number = 0;
    ctx->counted = 0;
}


void
ngx_http_portone_sandbox_ledger_clear(ngx_http_portone_sandbox_zone_t *zone)
{
    ngx_http_portone_sandbox_sh_t  *sh;

    sh = zone->sh;

    while (sh->first_request < sh->next_request) {
        ngx_http_portone_sandbox_ledger_drop(zone);
    }

    sh->first_request = 0;
    sh->next_request = 0;

    ngx_memzero(sh->calls, sizeof(sh->calls));
}


static ngx_uint_t
ngx_http_portone_sandbox_ledger_match(ngx_http_portone_sandbox_entry_t *entry,
    ngx_uint_t call, ngx_str_t *imp_uid)
{
    if (entry == NULL
        || (call != NGX_HTTP_PORTONE_SANDBOX_ANY && call != entry->call))
    {
        return 0;
    }

    return imp_uid->len == 0
           || (imp_uid->len == entry->imp_uid.len
               && ngx_strncmp(imp_uid->data, entry->imp_uid.data,
                              imp_uid->len)
                  == 0);
}


ngx_uint_t
ngx_http_portone_sandbox_ledger_count(ngx_http_portone_sandbox_zone_t *zone,
    ngx_uint_t call, ngx_str_t *imp_uid)
{
    uint64_t                        n;
    ngx_uint_t                      i, count;
    ngx_http_portone_sandbox_sh_t  *sh;

    sh = zone->sh;
    count = 0;

    if (imp_uid->len == 0) {

        for (i = 0; i < NGX_HTTP_PORTONE_SANDBOX_ANY; i++) {
            if (call == i || call == NGX_HTTP_PORTONE_SANDBOX_ANY) {
                count += sh->calls[i];
            }
        }

        return count;
    }

    for (n = sh->first_request; n < sh->next_request; n++) {
        if (ngx_http_portone_sandbox_ledger_match(
                ngx_http_portone_sandbox_slot(sh, n), call, imp_uid))
        {
            count++;
        }
    }

    return count;
}


static void
ngx_http_portone_sandbox_ledger_payment(ngx_http_portone_sandbox_text_t *text,
    ngx_http_portone_sandbox_payment_t *payment)
{
    u_char  *p, buf[NGX_HTTP_PORTONE_SANDBOX_MONEY_LEN];

    ngx_http_portone_sandbox_text_json(text, &payment->sn.str);

    p = ngx_http_portone_sandbox_money_print(buf, payment->executed_amount,
                                             payment->facts.decimals);

    ngx_http_portone_sandbox_text_format(text,
                              ":{\"executions\":%uL,\"executed_amount\":%*s,"
                              "\"console_refunds\":%uL,",
                              payment->executions, (size_t) (p - buf), buf,
                              payment->console_refunds);

    ngx_http_portone_sandbox_text_format(text,
                              "\"concurrent_max\":%ui,"
                              "\"concurrent_now\":%ui}",
                              payment->concurrent_max,
                              payment->concurrent_now);
}


static void
ngx_http_portone_sandbox_ledger_request(ngx_http_portone_sandbox_text_t *text,
    ngx_http_portone_sandbox_entry_t *entry)
{
    ngx_uint_t  i;

    struct {
        const char  *name;
        ngx_str_t   *value;
    } strings[] = {
        { "fault", &entry->fault },
        { "imp_uid", &entry->imp_uid },
        { "content_type", &entry->content_type },
        { "tier", &entry->tier },
        { "authorization", &entry->authorization }
    };

    ngx_http_portone_sandbox_text_format(text,
                          "{\"n\":%uL,\"call\":\"%V\",\"at\":%uL,"
                          "\"connection\":%uL,\"status\":%ui,"
                          "\"executed\":%s,\"method\":",
                          entry->number,
                          ngx_http_portone_sandbox_zone_call_name(entry->call),
                          entry->at, entry->connection, entry->status,
                          entry->executed ? "true" : "false");
    ngx_http_portone_sandbox_text_json(text, &entry->method);
    ngx_http_portone_sandbox_text_format(text, ",\"path\":");
    ngx_http_portone_sandbox_text_json(text, &entry->path);
    ngx_http_portone_sandbox_text_format(text, ",\"query\":");
    ngx_http_portone_sandbox_text_json(text, &entry->query);

    for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
        ngx_http_portone_sandbox_text_format(text, ",\"%s\":",
                                             strings[i].name);
        ngx_http_portone_sandbox_text_json_or_null(text, strings[i].value);
    }

    ngx_http_portone_sandbox_text_format(text, ",\"body\":");
    ngx_http_portone_sandbox_text_json(text, &entry->body);
    ngx_http_portone_sandbox_text_format(text, "}");
}


void
ngx_http_portone_sandbox_ledger_write(ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_text_t *text, ngx_uint_t call,
    ngx_str_t *imp_uid, ngx_uint_t requests)
{
    uint64_t                             n;
    ngx_uint_t                           i, comma;
    ngx_queue_t                         *q;
    ngx_http_portone_sandbox_sh_t       *sh;
    ngx_http_portone_sandbox_entry_t    *entry;
    ngx_http_portone_sandbox_payment_t  *payment;

    sh = zone->sh;

    ngx_http_portone_sandbox_text_format(text,
                      "{\"cancels_executed\":%uL,\"tokens_issued\":%uL,"
                      "\"token_requests\":%uL,\"calls\":{",
                      sh->cancels_executed, sh->tokens_issued,
                      sh->calls[NGX_HTTP_PORTONE_SANDBOX_TOKEN]);

    for (i = 0; i < NGX_HTTP_PORTONE_SANDBOX_ANY; i++) {
        ngx_http_portone_sandbox_text_format(text, "%s\"%V\":%uL",
                                    i ? "," : "",
                                    ngx_http_portone_sandbox_zone_call_name(i),
                                    sh->calls[i]);
    }

    ngx_http_portone_sandbox_text_format(text, "},\"payments\":{");

    if (imp_uid->len) {
        payment = ngx_http_portone_sandbox_payments_find(zone, imp_uid);

        if (payment) {
            ngx_http_portone_sandbox_ledger_payment(text, payment);
        }

    } else {

        for (q = ngx_queue_head(&sh->payments);
             q != ngx_queue_sentinel(&sh->payments);
             q = ngx_queue_next(q))
        {
            payment = ngx_queue_data(q, ngx_http_portone_sandbox_payment_t,
                                     queue);

            if (q != ngx_queue_head(&sh->payments)) {
                ngx_http_portone_sandbox_text_format(text, ",");
            }

            ngx_http_portone_sandbox_ledger_payment(text, payment);
        }
    }

    ngx_http_portone_sandbox_text_format(text, "},\"requests_dropped\":%uL",
                                         sh->first_request);

    if (requests) {
        ngx_http_portone_sandbox_text_format(text, ",\"requests\":[");

        comma = 0;

        for (n = sh->first_request; n < sh->next_request; n++) {
            entry = ngx_http_portone_sandbox_slot(sh, n);

            if (!ngx_http_portone_sandbox_ledger_match(entry, call, imp_uid))
            {
                continue;
            }

            if (comma) {
                ngx_http_portone_sandbox_text_format(text, ",");
            }

            comma = 1;
            ngx_http_portone_sandbox_ledger_request(text, entry);
        }

        ngx_http_portone_sandbox_text_format(text, "]");
    }

    ngx_http_portone_sandbox_text_format(text, "}");
}
