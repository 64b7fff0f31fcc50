#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_portone_sandbox_args.h"
#include "ngx_http_portone_sandbox_control.h"
#include "ngx_http_portone_sandbox_faults.h"
#include "ngx_http_portone_sandbox_fields.h"
#include "ngx_http_portone_sandbox_history.h"
#include "ngx_http_portone_sandbox_ledger.h"
#include "ngx_http_portone_sandbox_money.h"
#include "ngx_http_portone_sandbox_payments.h"
#include "ngx_http_portone_sandbox_request.h"
#include "ngx_http_portone_sandbox_respond.h"
#include "ngx_http_portone_sandbox_transport.h"


#define NGX_HTTP_PORTONE_SANDBOX_LONG_POLL   10000           /* ms */
#define NGX_HTTP_PORTONE_SANDBOX_MAX_OFFSET  (10 * 365 * 86400)


typedef struct {
    ngx_uint_t    methods;
    ngx_uint_t    nsegments;
    const char   *name;               /* of segment 1 */
    const char   *action;             /* of the last segment, or NULL */
    void        (*handler)(ngx_http_portone_sandbox_ctx_t *ctx);
} ngx_http_portone_sandbox_control_t;


typedef ngx_int_t (*ngx_http_portone_sandbox_change_pt)(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_payment_t *payment, time_t now, u_char *error);


static ngx_uint_t ngx_http_portone_sandbox_control_is(ngx_str_t *segment,
    const char *name);
static ngx_int_t ngx_http_portone_sandbox_control_json(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_uint_t required);
static void ngx_http_portone_sandbox_control_invalid(
    ngx_http_portone_sandbox_ctx_t *ctx, u_char *error);
static ngx_int_t ngx_http_portone_sandbox_control_field(
    ngx_http_portone_sandbox_ctx_t *ctx, const char **names);

static void ngx_http_portone_sandbox_control_payments(
    ngx_http_portone_sandbox_ctx_t *ctx);
static void ngx_http_portone_sandbox_control_list(
    ngx_http_portone_sandbox_ctx_t *ctx);
static ngx_int_t ngx_http_portone_sandbox_control_put(
    ngx_http_portone_sandbox_ctx_t *ctx, cJSON *given, u_char *error);
static void ngx_http_portone_sandbox_control_change(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_change_pt change);
static void ngx_http_portone_sandbox_control_webhook(
    ngx_http_portone_sandbox_text_t *text,
    ngx_http_portone_sandbox_payment_t *payment);
static void ngx_http_portone_sandbox_control_finish(
    ngx_http_portone_sandbox_ctx_t *ctx);
static ngx_int_t ngx_http_portone_sandbox_change_finish(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_payment_t *payment, time_t now, u_char *error);
static void ngx_http_portone_sandbox_control_undo(
    ngx_http_portone_sandbox_ctx_t *ctx);
static ngx_int_t ngx_http_portone_sandbox_change_undo(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_payment_t *payment, time_t now, u_char *error);
static void ngx_http_portone_sandbox_control_console(
    ngx_http_portone_sandbox_ctx_t *ctx);
static ngx_int_t ngx_http_portone_sandbox_change_console(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_payment_t *payment, time_t now, u_char *error);

static void ngx_http_portone_sandbox_control_faults(
    ngx_http_portone_sandbox_ctx_t *ctx);
static void ngx_http_portone_sandbox_control_gate(
    ngx_http_portone_sandbox_ctx_t *ctx);
static ngx_int_t ngx_http_portone_sandbox_check_waiting(
    ngx_http_portone_sandbox_ctx_t *ctx);
static void ngx_http_portone_sandbox_gate_answer(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_int_t rc);
static void ngx_http_portone_sandbox_control_ledger(
    ngx_http_portone_sandbox_ctx_t *ctx);
static ngx_int_t ngx_http_portone_sandbox_check_arrived(
    ngx_http_portone_sandbox_ctx_t *ctx);
static void ngx_http_portone_sandbox_ledger_answer(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_int_t rc);
static void ngx_http_portone_sandbox_control_reset(
    ngx_http_portone_sandbox_ctx_t *ctx);
static void ngx_http_portone_sandbox_control_expire(
    ngx_http_portone_sandbox_ctx_t *ctx);
static void ngx_http_portone_sandbox_control_clock(
    ngx_http_portone_sandbox_ctx_t *ctx);


static ngx_http_portone_sandbox_control_t
    ngx_http_portone_sandbox_controls[] =
{
    { NGX_HTTP_GET|NGX_HTTP_POST, 2, "payments", NULL,
      ngx_http_portone_sandbox_control_payments },
    { NGX_HTTP_POST, 4, "payments", "finish",
      ngx_http_portone_sandbox_control_finish },
    { NGX_HTTP_POST, 4, "payments", "undo",
      ngx_http_portone_sandbox_control_undo },
    { NGX_HTTP_POST, 4, "payments", "console",
      ngx_http_portone_sandbox_control_console },
    { NGX_HTTP_GET|NGX_HTTP_POST|NGX_HTTP_DELETE, 2, "faults", NULL,
      ngx_http_portone_sandbox_control_faults },
    { NGX_HTTP_GET|NGX_HTTP_POST, 3, "gates", NULL,
      ngx_http_portone_sandbox_control_gate },
    { NGX_HTTP_GET, 2, "ledger", NULL,
      ngx_http_portone_sandbox_control_ledger },
    { NGX_HTTP_POST, 2, "reset", NULL,
      ngx_http_portone_sandbox_control_reset },
    { NGX_HTTP_POST, 3, "tokens", "expire",
      ngx_http_portone_sandbox_control_expire },
    { NGX_HTTP_GET|NGX_HTTP_POST, 2, "clock", NULL,
      ngx_http_portone_sandbox_control_clock },
    { 0, 0, NULL, NULL, NULL }
};


static ngx_uint_t
ngx_http_portone_sandbox_control_is(ngx_str_t *segment, const char *name)
{
    return segment->len == ngx_strlen(name)
           && ngx_strncmp(segment->data, name, segment->len) == 0;
}


void
ngx_http_portone_sandbox_control(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_uint_t                           found;
    ngx_http_portone_sandbox_control_t  *control;

    found = 0;

    for (control = ngx_http_portone_sandbox_controls;
         control->name;
         control++)
    {
        if (ctx->nsegments != control->nsegments
            || !ngx_http_portone_sandbox_control_is(&ctx->segments[1],
                                                    control->name)
            || (control->action
                && !ngx_http_portone_sandbox_control_is(
                                        &ctx->segments[ctx->nsegments - 1],
                                        control->action)))
        {
            continue;
        }

        if (ctx->request->method & control->methods) {
            control->handler(ctx);
            return;
        }

        found = 1;
    }

    if (found) {
        ngx_http_portone_sandbox_control_error(ctx, NGX_HTTP_NOT_ALLOWED,
                                               "method not allowed");
    } else {
        ngx_http_portone_sandbox_control_error(ctx, NGX_HTTP_NOT_FOUND,
                                               "no such control");
    }

    ngx_http_portone_sandbox_send(ctx);
}


/* the Content-Type is not looked at: curl -d does not send JSON's */

static ngx_int_t
ngx_http_portone_sandbox_control_json(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_uint_t required)
{
    const char  *end;

    if (ctx->body.len == 0 && !required) {
        return NGX_OK;
    }

    if (ctx->body.len) {
        ctx->json = cJSON_ParseWithOpts((char *) ctx->body.data, &end, 1);

        if (ctx->json
            && (u_char *) end == ctx->body.data + ctx->body.len)
        {
            return NGX_OK;
        }
    }

    ngx_http_portone_sandbox_control_error(ctx, NGX_HTTP_BAD_REQUEST,
                                           "the body is not JSON");
    return NGX_DECLINED;
}


static void
ngx_http_portone_sandbox_control_invalid(ngx_http_portone_sandbox_ctx_t *ctx,
    u_char *error)
{
    ngx_http_portone_sandbox_control_error(ctx, NGX_HTTP_BAD_REQUEST,
                                           (char *) error);
}


/* the body has to be an object of the named fields only */

static ngx_int_t
ngx_http_portone_sandbox_control_field(ngx_http_portone_sandbox_ctx_t *ctx,
    const char **names)
{
    cJSON       *item;
    const char **name;

    if (!cJSON_IsObject(ctx->json)) {
        ngx_http_portone_sandbox_control_error(ctx, NGX_HTTP_BAD_REQUEST,
                                               "the body is not an object");
        return NGX_DECLINED;
    }

    cJSON_ArrayForEach(item, ctx->json) {

        for (name = names; *name; name++) {
            if (ngx_strcmp(*name, item->string) == 0) {
                break;
            }
        }

        if (*name == NULL) {
            ngx_http_portone_sandbox_control_error(ctx, NGX_HTTP_BAD_REQUEST,
                                                   "unknown field");
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


static void
ngx_http_portone_sandbox_control_payments(ngx_http_portone_sandbox_ctx_t *ctx)
{
    cJSON                            *item;
    u_char                            error[
                                        NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN];
    ngx_int_t                         rc;
    ngx_uint_t                        n;
    ngx_http_portone_sandbox_text_t   text;

    if (ctx->request->method == NGX_HTTP_GET) {
        ngx_http_portone_sandbox_control_list(ctx);
        ngx_http_portone_sandbox_send(ctx);
        return;
    }

    if (ngx_http_portone_sandbox_control_json(ctx, 1) != NGX_OK) {
        ngx_http_portone_sandbox_send(ctx);
        return;
    }

    rc = NGX_OK;
    n = 0;

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    if (cJSON_IsArray(ctx->json)) {

        cJSON_ArrayForEach(item, ctx->json) {

            rc = ngx_http_portone_sandbox_control_put(ctx, item, error);
            if (rc != NGX_OK) {
                break;
            }

            n++;
        }

    } else {
        rc = ngx_http_portone_sandbox_control_put(ctx, ctx->json, error);
        n = 1;
    }

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    if (rc == NGX_OK) {
        ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 64);
        ngx_http_portone_sandbox_text_format(&text, "{\"payments\":%ui}", n);
        ngx_http_portone_sandbox_control_answer(ctx, NGX_HTTP_OK, &text);

    } else if (rc == NGX_DECLINED) {
        ngx_http_portone_sandbox_full(ctx);

    } else {
        ngx_http_portone_sandbox_control_invalid(ctx, error);
    }

    ngx_http_portone_sandbox_send(ctx);
}


static ngx_int_t
ngx_http_portone_sandbox_control_put(ngx_http_portone_sandbox_ctx_t *ctx,
    cJSON *given, u_char *error)
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

    rc = ngx_http_portone_sandbox_payment_put(ctx->zone, object,
                                              &options.account, &options.tier,
                                              options.async);
    cJSON_Delete(object);

    return rc;
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

        /* the payment object without its last brace */

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
    ngx_http_portone_sandbox_control_answer(ctx, NGX_HTTP_OK, &text);
}


static void
ngx_http_portone_sandbox_control_change(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_change_pt change)
{
    time_t                               now;
    u_char                               error[
                                        NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN];
    ngx_int_t                            rc;
    ngx_http_portone_sandbox_text_t      text;
    ngx_http_portone_sandbox_payment_t  *payment;

    if (ngx_http_portone_sandbox_control_json(ctx, 0) != NGX_OK) {
        ngx_http_portone_sandbox_send(ctx);
        return;
    }

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 2048);

    rc = NGX_DONE;

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    now = ngx_http_portone_sandbox_zone_now(ctx->zone,
                                            ctx->conf->clock_offset);

    payment = ngx_http_portone_sandbox_payment_find(ctx->zone,
                                                    &ctx->segments[2]);
    if (payment) {
        rc = change(ctx, payment, now, error);
    }

    if (rc == NGX_OK) {
        ngx_http_portone_sandbox_text_format(&text, "{\"payment\":");
        ngx_http_portone_sandbox_text_str(&text, &payment->json);
        ngx_http_portone_sandbox_control_webhook(&text, payment);
        ngx_http_portone_sandbox_text_format(&text, "}");
    }

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    switch (rc) {

    case NGX_OK:
        ngx_http_portone_sandbox_control_answer(ctx, NGX_HTTP_OK, &text);
        break;

    case NGX_DONE:
        ngx_http_portone_sandbox_control_error(ctx, NGX_HTTP_NOT_FOUND,
                                               "no such payment");
        break;

    case NGX_ABORT:
        ngx_http_portone_sandbox_control_error(ctx, NGX_HTTP_CONFLICT,
                                               (char *) error);
        break;

    case NGX_DECLINED:
        ngx_http_portone_sandbox_full(ctx);
        break;

    default:
        ngx_http_portone_sandbox_control_invalid(ctx, error);
    }

    ngx_http_portone_sandbox_send(ctx);
}


/* what PortOne would now send to the shop */

static void
ngx_http_portone_sandbox_control_webhook(
    ngx_http_portone_sandbox_text_t *text,
    ngx_http_portone_sandbox_payment_t *payment)
{
    int      n;
    char    *json;
    cJSON   *object, *history, *last, *id, *webhook, *item;

    object = cJSON_ParseWithLength((char *) payment->json.data,
                                   payment->json.len);

    history = cJSON_GetObjectItemCaseSensitive(object, "cancel_history");
    n = cJSON_GetArraySize(history);
    last = n ? cJSON_GetArrayItem(history, n - 1) : NULL;

    webhook = cJSON_CreateObject();

    item = cJSON_GetObjectItemCaseSensitive(object, "imp_uid");
    cJSON_AddItemToObject(webhook, "imp_uid", cJSON_Duplicate(item, 1));

    item = cJSON_GetObjectItemCaseSensitive(object, "merchant_uid");
    cJSON_AddItemToObject(webhook, "merchant_uid", cJSON_Duplicate(item, 1));

    item = cJSON_GetObjectItemCaseSensitive(object, "status");
    cJSON_AddItemToObject(webhook, "status", cJSON_Duplicate(item, 1));

    id = cJSON_GetObjectItemCaseSensitive(last, "cancellation_id");

    if (id) {
        cJSON_AddItemToObject(webhook, "cancellation_id",
                              cJSON_Duplicate(id, 1));
    }

    json = cJSON_PrintUnformatted(webhook);

    if (json == NULL) {
        text->failed = 1;

    } else {
        ngx_http_portone_sandbox_text_format(text, ",\"webhook\":");
        ngx_http_portone_sandbox_text_add(text, (u_char *) json,
                                          ngx_strlen(json));
    }

    cJSON_free(json);
    cJSON_Delete(webhook);
    cJSON_Delete(object);
}


static void
ngx_http_portone_sandbox_control_finish(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_http_portone_sandbox_control_change(ctx,
                                      ngx_http_portone_sandbox_change_finish);
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


static void
ngx_http_portone_sandbox_control_undo(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_http_portone_sandbox_control_change(ctx,
                                        ngx_http_portone_sandbox_change_undo);
}


static ngx_int_t
ngx_http_portone_sandbox_change_undo(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_payment_t *payment, time_t now, u_char *error)
{
    ngx_cpystrn(error, (u_char *) "there is no cancel to undo",
                NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN);

    return ngx_http_portone_sandbox_history_undo(ctx->zone, payment);
}


static void
ngx_http_portone_sandbox_control_console(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_http_portone_sandbox_control_change(ctx,
                                     ngx_http_portone_sandbox_change_console);
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


static void
ngx_http_portone_sandbox_control_faults(ngx_http_portone_sandbox_ctx_t *ctx)
{
    cJSON                            *item;
    u_char                            error[
                                        NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN];
    ngx_int_t                         rc;
    ngx_http_portone_sandbox_text_t   text;

    if (ctx->request->method == NGX_HTTP_POST
        && ngx_http_portone_sandbox_control_json(ctx, 1) != NGX_OK)
    {
        ngx_http_portone_sandbox_send(ctx);
        return;
    }

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 512);

    rc = NGX_OK;

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    switch (ctx->request->method) {

    case NGX_HTTP_GET:
        ngx_http_portone_sandbox_text_format(&text, "{\"faults\":[");
        ngx_http_portone_sandbox_faults_write(ctx->zone, &text);
        ngx_http_portone_sandbox_text_format(&text, "]}");
        break;

    case NGX_HTTP_POST:

        if (cJSON_IsArray(ctx->json)) {

            cJSON_ArrayForEach(item, ctx->json) {
                rc = ngx_http_portone_sandbox_fault_arm(ctx->zone, item,
                                                        error);
                if (rc != NGX_OK) {
                    break;
                }
            }

        } else {
            rc = ngx_http_portone_sandbox_fault_arm(ctx->zone, ctx->json,
                                                    error);
        }

        break;

    default: /* NGX_HTTP_DELETE */
        ngx_http_portone_sandbox_faults_clear(ctx->zone);
    }

    if (ctx->request->method != NGX_HTTP_GET) {
        ngx_http_portone_sandbox_text_format(&text, "{\"faults\":%ui}",
                                             ctx->zone->sh->nfaults);
    }

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    if (rc == NGX_OK) {
        ngx_http_portone_sandbox_control_answer(ctx, NGX_HTTP_OK, &text);

    } else if (rc == NGX_DECLINED) {
        ngx_http_portone_sandbox_full(ctx);

    } else {
        ngx_http_portone_sandbox_control_invalid(ctx, error);
    }

    ngx_http_portone_sandbox_send(ctx);
}


static void
ngx_http_portone_sandbox_control_gate(ngx_http_portone_sandbox_ctx_t *ctx)
{
    cJSON                            *item;
    ngx_int_t                         rc, n;
    ngx_str_t                         value;
    ngx_http_portone_sandbox_gate_t  *gate;

    static const char                *names[] = { "open", NULL };

    ctx->wait_name = ctx->segments[2];

    if (ctx->request->method == NGX_HTTP_GET) {

        rc = ngx_http_portone_sandbox_args_query(ctx->request, "waiting",
                                                 &value);
        n = (rc == NGX_OK) ? ngx_atoi(value.data, value.len) : 0;

        if (n == NGX_ERROR) {
            ngx_http_portone_sandbox_control_error(ctx, NGX_HTTP_BAD_REQUEST,
                                                   "invalid \"waiting\"");
            ngx_http_portone_sandbox_send(ctx);
            return;
        }

        ctx->wait_count = n;
        ctx->deadline = ngx_current_msec + NGX_HTTP_PORTONE_SANDBOX_LONG_POLL;

        ngx_http_portone_sandbox_wait(ctx,
                                      ngx_http_portone_sandbox_check_waiting,
                                      ngx_http_portone_sandbox_gate_answer);
        return;
    }

    if (ngx_http_portone_sandbox_control_json(ctx, 1) != NGX_OK
        || ngx_http_portone_sandbox_control_field(ctx, names) != NGX_OK)
    {
        ngx_http_portone_sandbox_send(ctx);
        return;
    }

    item = cJSON_GetObjectItemCaseSensitive(ctx->json, "open");

    if (!cJSON_IsBool(item)) {
        ngx_http_portone_sandbox_control_error(ctx, NGX_HTTP_BAD_REQUEST,
                                               "invalid \"open\"");
        ngx_http_portone_sandbox_send(ctx);
        return;
    }

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    gate = ngx_http_portone_sandbox_gate_get(ctx->zone, &ctx->wait_name);

    if (gate) {
        gate->open = cJSON_IsTrue(item) ? 1 : 0;
    }

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    if (gate == NULL) {
        ngx_http_portone_sandbox_full(ctx);
        ngx_http_portone_sandbox_send(ctx);
        return;
    }

    ngx_http_portone_sandbox_gate_answer(ctx, NGX_OK);
}


static ngx_int_t
ngx_http_portone_sandbox_check_waiting(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_uint_t                        waiting;
    ngx_http_portone_sandbox_gate_t  *gate;

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    gate = ngx_http_portone_sandbox_gate_find(ctx->zone, &ctx->wait_name);
    waiting = gate ? gate->waiting : 0;

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    if (waiting >= ctx->wait_count) {
        return NGX_OK;
    }

    return (ngx_msec_int_t) (ctx->deadline - ngx_current_msec) > 0
           ? NGX_AGAIN : NGX_DECLINED;
}


static void
ngx_http_portone_sandbox_gate_answer(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_int_t rc)
{
    ngx_uint_t                        waiting, open;
    ngx_http_portone_sandbox_gate_t  *gate;
    ngx_http_portone_sandbox_text_t   text;

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    gate = ngx_http_portone_sandbox_gate_find(ctx->zone, &ctx->wait_name);
    waiting = gate ? gate->waiting : 0;
    open = gate ? gate->open : 0;

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 128);
    ngx_http_portone_sandbox_text_format(&text, "{\"name\":");
    ngx_http_portone_sandbox_text_json(&text, &ctx->wait_name);
    ngx_http_portone_sandbox_text_format(&text,
                                         ",\"open\":%s,\"waiting\":%ui}",
                                         open ? "true" : "false", waiting);

    ngx_http_portone_sandbox_control_answer(ctx,
                       rc == NGX_OK ? NGX_HTTP_OK : NGX_HTTP_GATEWAY_TIME_OUT,
                       &text);
    ngx_http_portone_sandbox_send(ctx);
}


static void
ngx_http_portone_sandbox_control_ledger(ngx_http_portone_sandbox_ctx_t *ctx)
{
    u_char     *p;
    ngx_int_t   call, n, rc;
    ngx_str_t   value;

    call = NGX_HTTP_PORTONE_SANDBOX_ANY;

    /* whose ledger: any payment's, unless one is named */

    rc = ngx_http_portone_sandbox_args_query(ctx->request, "imp_uid",
                                             &ctx->wait_name);

    if (rc != NGX_ERROR) {
        rc = ngx_http_portone_sandbox_args_query(ctx->request, "wait",
                                                 &value);
    }

    if (rc == NGX_ERROR) {
        ctx->status = NGX_HTTP_INTERNAL_SERVER_ERROR;
        ngx_http_portone_sandbox_send(ctx);
        return;
    }

    if (rc == NGX_OK) {

        p = ngx_strlchr(value.data, value.data + value.len, ':');
        n = NGX_ERROR;

        if (p) {
            call = ngx_http_portone_sandbox_call_by_name(value.data,
                                                         p - value.data);
            n = ngx_atoi(p + 1, value.data + value.len - p - 1);
        }

        if (n == NGX_ERROR || call == NGX_ERROR) {
            ngx_http_portone_sandbox_control_error(ctx, NGX_HTTP_BAD_REQUEST,
                         "invalid \"wait\", \"call:number\" is expected");
            ngx_http_portone_sandbox_send(ctx);
            return;
        }

        ctx->wait_count = n;
    }

    ctx->wait_call = call;
    ctx->deadline = ngx_current_msec + NGX_HTTP_PORTONE_SANDBOX_LONG_POLL;

    ngx_http_portone_sandbox_wait(ctx, ngx_http_portone_sandbox_check_arrived,
                                  ngx_http_portone_sandbox_ledger_answer);
}


static ngx_int_t
ngx_http_portone_sandbox_check_arrived(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_uint_t  n;

    if (ctx->wait_count == 0) {
        return NGX_OK;
    }

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    n = ngx_http_portone_sandbox_ledger_count(ctx->zone, ctx->wait_call,
                                              &ctx->wait_name);

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    if (n >= ctx->wait_count) {
        return NGX_OK;
    }

    return (ngx_msec_int_t) (ctx->deadline - ngx_current_msec) > 0
           ? NGX_AGAIN : NGX_DECLINED;
}


static void
ngx_http_portone_sandbox_ledger_answer(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_int_t rc)
{
    ngx_int_t                        call;
    ngx_str_t                        value;
    ngx_uint_t                       requests;
    ngx_http_portone_sandbox_text_t  text;

    requests = 1;

    if (ngx_http_portone_sandbox_args_query(ctx->request, "requests", &value)
        == NGX_OK
        && value.len == 1 && value.data[0] == '0')
    {
        requests = 0;
    }

    call = NGX_HTTP_PORTONE_SANDBOX_ANY;

    if (ngx_http_portone_sandbox_args_query(ctx->request, "call", &value)
        == NGX_OK)
    {
        call = ngx_http_portone_sandbox_call_by_name(value.data, value.len);
    }

    if (call == NGX_ERROR) {
        ngx_http_portone_sandbox_control_error(ctx, NGX_HTTP_BAD_REQUEST,
                                               "invalid \"call\"");
        ngx_http_portone_sandbox_send(ctx);
        return;
    }

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 8192);

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    ngx_http_portone_sandbox_ledger_write(ctx->zone, &text, call,
                                          &ctx->wait_name, requests);

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    ngx_http_portone_sandbox_control_answer(ctx,
                       rc == NGX_OK ? NGX_HTTP_OK : NGX_HTTP_GATEWAY_TIME_OUT,
                       &text);
    ngx_http_portone_sandbox_send(ctx);
}


static void
ngx_http_portone_sandbox_control_reset(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_int_t                        rc;
    ngx_uint_t                       n;
    ngx_http_portone_sandbox_text_t  text;

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    rc = ngx_http_portone_sandbox_zone_reset(ctx->zone,
                                             ctx->request->connection->log);
    n = ctx->zone->sh->npayments;

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    if (rc == NGX_OK) {
        ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 64);
        ngx_http_portone_sandbox_text_format(&text, "{\"payments\":%ui}", n);
        ngx_http_portone_sandbox_control_answer(ctx, NGX_HTTP_OK, &text);

    } else {
        ngx_http_portone_sandbox_full(ctx);
    }

    ngx_http_portone_sandbox_send(ctx);
}


static void
ngx_http_portone_sandbox_control_expire(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_uint_t                       i, n;
    ngx_http_portone_sandbox_sh_t   *sh;
    ngx_http_portone_sandbox_text_t  text;

    sh = ctx->zone->sh;
    n = 0;

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    for (i = 0; i < NGX_HTTP_PORTONE_SANDBOX_MAX_TOKENS; i++) {
        if (sh->tokens[i].expired_at) {
            sh->tokens[i].expired_at = 0;
            n++;
        }
    }

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 64);
    ngx_http_portone_sandbox_text_format(&text, "{\"expired\":%ui}", n);
    ngx_http_portone_sandbox_control_answer(ctx, NGX_HTTP_OK, &text);

    ngx_http_portone_sandbox_send(ctx);
}


static void
ngx_http_portone_sandbox_control_clock(ngx_http_portone_sandbox_ctx_t *ctx)
{
    cJSON                            *item;
    time_t                            now;
    ngx_http_portone_sandbox_text_t   text;

    static const char                *names[] = { "offset", NULL };

    if (ctx->request->method == NGX_HTTP_POST) {

        if (ngx_http_portone_sandbox_control_json(ctx, 1) != NGX_OK
            || ngx_http_portone_sandbox_control_field(ctx, names) != NGX_OK)
        {
            ngx_http_portone_sandbox_send(ctx);
            return;
        }

        item = cJSON_GetObjectItemCaseSensitive(ctx->json, "offset");

        if (!cJSON_IsNumber(item)
            || item->valuedouble < -NGX_HTTP_PORTONE_SANDBOX_MAX_OFFSET
            || item->valuedouble > NGX_HTTP_PORTONE_SANDBOX_MAX_OFFSET
            || (double) (int64_t) item->valuedouble != item->valuedouble)
        {
            ngx_http_portone_sandbox_control_error(ctx, NGX_HTTP_BAD_REQUEST,
                                                   "invalid \"offset\"");
            ngx_http_portone_sandbox_send(ctx);
            return;
        }
    }

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    if (ctx->request->method == NGX_HTTP_POST) {
        item = cJSON_GetObjectItemCaseSensitive(ctx->json, "offset");
        ctx->zone->sh->clock_offset = (time_t) item->valuedouble;
        ctx->zone->sh->clock_set = 1;
    }

    now = ngx_http_portone_sandbox_zone_now(ctx->zone,
                                            ctx->conf->clock_offset);

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 64);
    ngx_http_portone_sandbox_text_format(&text,
                                         "{\"offset\":%T,\"now\":%T}",
                                         now - ngx_time(), now);
    ngx_http_portone_sandbox_control_answer(ctx, NGX_HTTP_OK, &text);

    ngx_http_portone_sandbox_send(ctx);
}
