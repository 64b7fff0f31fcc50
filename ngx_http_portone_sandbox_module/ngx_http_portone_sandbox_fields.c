
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_portone_sandbox_payments.h"


#define NGX_HTTP_PORTONE_SANDBOX_MAX_IMP_UID       32
#define NGX_HTTP_PORTONE_SANDBOX_MAX_MERCHANT_UID  40


typedef enum {
    NGX_HTTP_PORTONE_SANDBOX_STRING = 0,
    NGX_HTTP_PORTONE_SANDBOX_INTEGER,
    NGX_HTTP_PORTONE_SANDBOX_AMOUNT,
    NGX_HTTP_PORTONE_SANDBOX_BOOLEAN,
    NGX_HTTP_PORTONE_SANDBOX_TIME,
    NGX_HTTP_PORTONE_SANDBOX_ARRAY,
    NGX_HTTP_PORTONE_SANDBOX_OBJECT
} ngx_http_portone_sandbox_type_e;


typedef struct {
    const char                       *name;
    ngx_http_portone_sandbox_type_e   type;
    const char                       *value;   /* default of a string */
} ngx_http_portone_sandbox_field_t;


static const ngx_http_portone_sandbox_field_t *
    ngx_http_portone_sandbox_field(const ngx_http_portone_sandbox_field_t *f,
    const char *name, size_t len);
static ngx_int_t ngx_http_portone_sandbox_field_value(cJSON *given,
    const ngx_http_portone_sandbox_field_t *field, const char *name,
    ngx_str_t *value, u_char *error);
static cJSON *ngx_http_portone_sandbox_field_boolean(ngx_str_t *value);
static cJSON *ngx_http_portone_sandbox_field_default(
    const ngx_http_portone_sandbox_field_t *field);
static ngx_int_t ngx_http_portone_sandbox_field_time(ngx_str_t *text,
    time_t now, time_t *value);
static ngx_int_t ngx_http_portone_sandbox_fields_options(cJSON *given,
    ngx_http_portone_sandbox_options_t *options, u_char *error);
static ngx_int_t ngx_http_portone_sandbox_fields_uid(cJSON *given,
    const char *name, size_t max, u_char *error);
static ngx_int_t ngx_http_portone_sandbox_fields_times(cJSON *object,
    time_t now, u_char *error);


/* in the order of PortOne's description, which is the order of answers */

static const ngx_http_portone_sandbox_field_t
    ngx_http_portone_sandbox_fields[] =
{
    { "imp_uid", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "merchant_uid", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "pay_method", NGX_HTTP_PORTONE_SANDBOX_STRING, "card" },
    { "channel", NGX_HTTP_PORTONE_SANDBOX_STRING, "pc" },
    { "pg_provider", NGX_HTTP_PORTONE_SANDBOX_STRING, "html5_inicis" },
    { "emb_pg_provider", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "pg_tid", NGX_HTTP_PORTONE_SANDBOX_STRING, "sandbox_pg_tid" },
    { "pg_id", NGX_HTTP_PORTONE_SANDBOX_STRING, "sandbox" },
    { "sandbox", NGX_HTTP_PORTONE_SANDBOX_BOOLEAN, NULL },
    { "escrow", NGX_HTTP_PORTONE_SANDBOX_BOOLEAN, NULL },
    { "apply_num", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "bank_code", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "bank_name", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "card_code", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "card_name", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "card_issuer_code", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "card_issuer_name", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "card_publisher_code", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "card_publisher_name", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "card_quota", NGX_HTTP_PORTONE_SANDBOX_INTEGER, NULL },
    { "card_number", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "card_type", NGX_HTTP_PORTONE_SANDBOX_INTEGER, NULL },
    { "vbank_code", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "vbank_name", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "vbank_num", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "vbank_holder", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "vbank_date", NGX_HTTP_PORTONE_SANDBOX_TIME, NULL },
    { "vbank_issued_at", NGX_HTTP_PORTONE_SANDBOX_TIME, NULL },
    { "name", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "amount", NGX_HTTP_PORTONE_SANDBOX_AMOUNT, NULL },
    { "cancel_amount", NGX_HTTP_PORTONE_SANDBOX_AMOUNT, NULL },
    { "currency", NGX_HTTP_PORTONE_SANDBOX_STRING, "KRW" },
    { "buyer_name", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "buyer_email", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "buyer_tel", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "buyer_addr", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "buyer_postcode", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "custom_data", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "user_agent", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "status", NGX_HTTP_PORTONE_SANDBOX_STRING, "paid" },
    { "started_at", NGX_HTTP_PORTONE_SANDBOX_TIME, NULL },
    { "paid_at", NGX_HTTP_PORTONE_SANDBOX_TIME, NULL },
    { "failed_at", NGX_HTTP_PORTONE_SANDBOX_TIME, NULL },
    { "cancelled_at", NGX_HTTP_PORTONE_SANDBOX_TIME, NULL },
    { "fail_reason", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "cancel_reason", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "receipt_url", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "cancel_history", NGX_HTTP_PORTONE_SANDBOX_ARRAY, NULL },
    { "deposit_history", NGX_HTTP_PORTONE_SANDBOX_ARRAY, NULL },
    { "cancel_receipt_urls", NGX_HTTP_PORTONE_SANDBOX_ARRAY, NULL },
    { "cash_receipt_issued", NGX_HTTP_PORTONE_SANDBOX_BOOLEAN, NULL },
    { "customer_uid", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "customer_uid_usage", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "promotion", NGX_HTTP_PORTONE_SANDBOX_OBJECT, NULL },
    { NULL, NGX_HTTP_PORTONE_SANDBOX_STRING, NULL }
};


static const ngx_http_portone_sandbox_field_t
    ngx_http_portone_sandbox_option_fields[] =
{
    { "account", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "tier", NGX_HTTP_PORTONE_SANDBOX_STRING, NULL },
    { "async", NGX_HTTP_PORTONE_SANDBOX_BOOLEAN, NULL },
    { NULL, NGX_HTTP_PORTONE_SANDBOX_STRING, NULL }
};


static const ngx_http_portone_sandbox_field_t *
ngx_http_portone_sandbox_field(const ngx_http_portone_sandbox_field_t *f,
    const char *name, size_t len)
{
    for ( /* void */ ; f->name; f++) {
        if (ngx_strlen(f->name) == len
            && ngx_strncmp(f->name, name, len) == 0)
        {
            return f;
        }
    }

    return NULL;
}


ngx_int_t
ngx_http_portone_sandbox_fields_add(cJSON *given, ngx_str_t *arg,
    u_char *error)
{
    char                                     name[64];
    u_char                                  *p;
    size_t                                   len;
    ngx_str_t                                value;
    const ngx_http_portone_sandbox_field_t  *field;

    p = ngx_strlchr(arg->data, arg->data + arg->len, '=');

    if (p == NULL || p == arg->data) {
        return ngx_http_portone_sandbox_text_error(error,
                             "\"%s\" is not field=value%Z", (char *) arg->data);
    }

    len = p - arg->data;

    field = ngx_http_portone_sandbox_field(ngx_http_portone_sandbox_fields,
                                           (char *) arg->data, len);
    if (field == NULL) {
        field = ngx_http_portone_sandbox_field(
                                     ngx_http_portone_sandbox_option_fields,
                                     (char *) arg->data, len);
    }

    if (field == NULL) {
        return ngx_http_portone_sandbox_text_error(error,
                                      "unknown field of a payment in \"%s\"%Z",
                                      (char *) arg->data);
    }

    ngx_cpystrn((u_char *) name, (u_char *) field->name, sizeof(name));

    if (cJSON_GetObjectItemCaseSensitive(given, name)) {
        return ngx_http_portone_sandbox_text_error(error,
                                              "duplicate field \"%s\"%Z", name);
    }

    value.data = p + 1;
    value.len = arg->len - len - 1;

    return ngx_http_portone_sandbox_field_value(given, field, name, &value,
                                                error);
}


static ngx_int_t
ngx_http_portone_sandbox_field_value(cJSON *given,
    const ngx_http_portone_sandbox_field_t *field, const char *name,
    ngx_str_t *value, u_char *error)
{
    cJSON      *item;
    u_char     *p, buf[NGX_HTTP_PORTONE_SANDBOX_MONEY_LEN];
    time_t      at;
    int64_t     amount;
    ngx_int_t   n;

    item = NULL;

    switch (field->type) {

    case NGX_HTTP_PORTONE_SANDBOX_STRING:
        item = cJSON_CreateString((char *) value->data);
        break;

    case NGX_HTTP_PORTONE_SANDBOX_TIME:

        /* kept as text: "now" is when the payment is created */

        if (ngx_http_portone_sandbox_field_time(value, 0, &at) != NGX_OK) {
            break;
        }

        item = cJSON_CreateString((char *) value->data);
        break;

    case NGX_HTTP_PORTONE_SANDBOX_INTEGER:
        n = ngx_atoi(value->data, value->len);
        if (n == NGX_ERROR) {
            break;
        }

        item = cJSON_CreateNumber((double) n);
        break;

    case NGX_HTTP_PORTONE_SANDBOX_AMOUNT:
        if (ngx_http_portone_sandbox_money_parse(value, 3, &amount)
            != NGX_OK)
        {
            break;
        }

        /* printed again, since JSON forbids "007" */

        p = ngx_http_portone_sandbox_money_print(buf, amount, 3);
        *p = '\0';

        item = cJSON_CreateRaw((char *) buf);
        break;

    case NGX_HTTP_PORTONE_SANDBOX_BOOLEAN:
        item = ngx_http_portone_sandbox_field_boolean(value);
        break;

    case NGX_HTTP_PORTONE_SANDBOX_ARRAY:
    case NGX_HTTP_PORTONE_SANDBOX_OBJECT:
        return ngx_http_portone_sandbox_text_error(error,
                   "field \"%s\" can be given at run time only, "
                   "by POST _sandbox/payments%Z", name);
    }

    if (item == NULL) {
        return ngx_http_portone_sandbox_text_error(error,
                               "invalid value of field \"%s\"%Z", name);
    }

    (void) cJSON_AddItemToObject(given, name, item);

    return NGX_OK;
}


static cJSON *
ngx_http_portone_sandbox_field_boolean(ngx_str_t *value)
{
    if (ngx_strcmp(value->data, "on") == 0
        || ngx_strcmp(value->data, "true") == 0)
    {
        return cJSON_CreateTrue();
    }

    if (ngx_strcmp(value->data, "off") == 0
        || ngx_strcmp(value->data, "false") == 0)
    {
        return cJSON_CreateFalse();
    }

    return NULL;
}


static ngx_int_t
ngx_http_portone_sandbox_field_time(ngx_str_t *text, time_t now,
    time_t *value)
{
    u_char     *p;
    ngx_int_t   n;
    ngx_str_t   span;

    if (text->len < 3 || ngx_strncmp(text->data, "now", 3) != 0) {

        *value = ngx_atotm(text->data, text->len);

        return *value == (time_t) NGX_ERROR ? NGX_ERROR : NGX_OK;
    }

    *value = now;

    if (text->len == 3) {
        return NGX_OK;
    }

    p = text->data + 3;

    if (*p != '-' && *p != '+') {
        return NGX_ERROR;
    }

    span.data = p + 1;
    span.len = text->len - 4;

    n = ngx_parse_time(&span, 1);
    if (n == NGX_ERROR) {
        return NGX_ERROR;
    }

    *value = (*p == '-') ? now - n : now + n;

    return NGX_OK;
}


static cJSON *
ngx_http_portone_sandbox_field_default(
    const ngx_http_portone_sandbox_field_t *field)
{
    switch (field->type) {

    case NGX_HTTP_PORTONE_SANDBOX_TIME:
    case NGX_HTTP_PORTONE_SANDBOX_AMOUNT:
        return cJSON_CreateNumber(0);

    case NGX_HTTP_PORTONE_SANDBOX_BOOLEAN:
        return cJSON_CreateFalse();

    case NGX_HTTP_PORTONE_SANDBOX_ARRAY:
        return cJSON_CreateArray();

    default:
        return field->value ? cJSON_CreateString(field->value)
                            : cJSON_CreateNull();
    }
}


cJSON *
ngx_http_portone_sandbox_fields_payment(cJSON *given, time_t now,
    ngx_http_portone_sandbox_options_t *options, u_char *error)
{
    cJSON                                   *object, *item;
    ngx_http_portone_sandbox_facts_t         facts;
    const ngx_http_portone_sandbox_field_t  *field;

    if (!cJSON_IsObject(given)) {
        ngx_http_portone_sandbox_text_error(error, "%s is not an object%Z",
                                            "the payment");
        return NULL;
    }

    if (ngx_http_portone_sandbox_fields_uid(given, "imp_uid",
            NGX_HTTP_PORTONE_SANDBOX_MAX_IMP_UID, error)
        != NGX_OK
        || ngx_http_portone_sandbox_fields_uid(given, "merchant_uid",
               NGX_HTTP_PORTONE_SANDBOX_MAX_MERCHANT_UID, error)
           != NGX_OK
        || ngx_http_portone_sandbox_fields_options(given, options, error)
           != NGX_OK)
    {
        return NULL;
    }

    if (cJSON_GetObjectItemCaseSensitive(given, "amount") == NULL) {
        ngx_http_portone_sandbox_text_error(error, "\"%s\" is missing%Z",
                                            "amount");
        return NULL;
    }

    object = cJSON_CreateObject();

    for (field = ngx_http_portone_sandbox_fields; field->name; field++) {

        item = cJSON_DetachItemFromObjectCaseSensitive(given, field->name);

        if (item == NULL) {
            item = ngx_http_portone_sandbox_field_default(field);
        }

        (void) cJSON_AddItemToObject(object, field->name, item);
    }

    /* unknown fields: PortOne may add some to its answers one day */

    for (item = given->child; item; /* void */ ) {

        field = ngx_http_portone_sandbox_field(
                                   ngx_http_portone_sandbox_option_fields,
                                   item->string, ngx_strlen(item->string));
        if (field) {
            item = item->next;
            continue;
        }

        item = cJSON_DetachItemViaPointer(given, item);
        (void) cJSON_AddItemToObject(object, item->string, item);

        item = given->child;
    }

    if (ngx_http_portone_sandbox_fields_times(object, now, error) != NGX_OK
        || ngx_http_portone_sandbox_object_facts(object, &facts, error)
           != NGX_OK)
    {
        cJSON_Delete(object);
        return NULL;
    }

    return object;
}


static ngx_int_t
ngx_http_portone_sandbox_fields_uid(cJSON *given, const char *name,
    size_t max, u_char *error)
{
    cJSON   *item;
    size_t   len;

    item = cJSON_GetObjectItemCaseSensitive(given, name);

    if (!cJSON_IsString(item)) {
        return ngx_http_portone_sandbox_text_error(error,
                                      "\"%s\" is missing or no string%Z", name);
    }

    len = ngx_utf8_length((u_char *) item->valuestring,
                          ngx_strlen(item->valuestring));

    if (len == 0 || len > max) {
        return ngx_http_portone_sandbox_text_error(error,
                                         "\"%s\" is empty or too long%Z", name);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_portone_sandbox_fields_options(cJSON *given,
    ngx_http_portone_sandbox_options_t *options, u_char *error)
{
    cJSON  *item;

    ngx_memzero(options, sizeof(ngx_http_portone_sandbox_options_t));

    item = cJSON_GetObjectItemCaseSensitive(given, "account");

    if (item) {
        if (!cJSON_IsString(item)
            || ngx_strlen(item->valuestring)
               > NGX_HTTP_PORTONE_SANDBOX_MAX_KEY)
        {
            return ngx_http_portone_sandbox_text_error(error,
                                                 "invalid \"%s\"%Z", "account");
        }

        options->account.data = (u_char *) item->valuestring;
        options->account.len = ngx_strlen(item->valuestring);
    }

    item = cJSON_GetObjectItemCaseSensitive(given, "tier");

    if (item) {
        if (!cJSON_IsString(item)
            || ngx_strlen(item->valuestring)
               != NGX_HTTP_PORTONE_SANDBOX_TIER_LEN)
        {
            return ngx_http_portone_sandbox_text_error(error,
                                                    "invalid \"%s\"%Z", "tier");
        }

        options->tier.data = (u_char *) item->valuestring;
        options->tier.len = NGX_HTTP_PORTONE_SANDBOX_TIER_LEN;
    }

    item = cJSON_GetObjectItemCaseSensitive(given, "async");

    if (item) {
        if (!cJSON_IsBool(item)) {
            return ngx_http_portone_sandbox_text_error(error,
                                                   "invalid \"%s\"%Z", "async");
        }

        options->async = cJSON_IsTrue(item) ? 1 : 0;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_portone_sandbox_fields_times(cJSON *object, time_t now,
    u_char *error)
{
    cJSON                                   *item, *status;
    time_t                                   at;
    ngx_str_t                                text;
    ngx_uint_t                               paid, failed;
    const ngx_http_portone_sandbox_field_t  *field;

    for (field = ngx_http_portone_sandbox_fields; field->name; field++) {

        if (field->type != NGX_HTTP_PORTONE_SANDBOX_TIME) {
            continue;
        }

        item = cJSON_GetObjectItemCaseSensitive(object, field->name);

        if (!cJSON_IsString(item)) {
            continue;
        }

        text.data = (u_char *) item->valuestring;
        text.len = ngx_strlen(item->valuestring);

        if (ngx_http_portone_sandbox_field_time(&text, now, &at) != NGX_OK) {
            return ngx_http_portone_sandbox_text_error(error,
                                               "invalid \"%s\"%Z", field->name);
        }

        if (ngx_http_portone_sandbox_object_set_number(object, field->name,
                                                       at)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    /* times that follow from the status, unless they are given */

    status = cJSON_GetObjectItemCaseSensitive(object, "status");

    paid = cJSON_IsString(status)
           && (ngx_strcmp(status->valuestring, "paid") == 0
               || ngx_strcmp(status->valuestring, "cancelled") == 0);

    failed = cJSON_IsString(status)
             && ngx_strcmp(status->valuestring, "failed") == 0;

    item = cJSON_GetObjectItemCaseSensitive(object, "paid_at");
    at = now;

    if (cJSON_IsNumber(item) && item->valuedouble != 0) {
        at = (time_t) item->valuedouble;

    } else if (paid) {
        (void) ngx_http_portone_sandbox_object_set_number(object, "paid_at",
                                                          now);
    }

    item = cJSON_GetObjectItemCaseSensitive(object, "started_at");

    if (cJSON_IsNumber(item) && item->valuedouble == 0) {
        (void) ngx_http_portone_sandbox_object_set_number(object,
                                                          "started_at", at);
    }

    item = cJSON_GetObjectItemCaseSensitive(object, "failed_at");

    if (failed && cJSON_IsNumber(item) && item->valuedouble == 0) {
        (void) ngx_http_portone_sandbox_object_set_number(object, "failed_at",
                                                          now);
    }

    return NGX_OK;
}
