
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_portone_sandbox_payments.h"


static const char *ngx_http_portone_sandbox_object_invalid(cJSON *object,
    ngx_http_portone_sandbox_facts_t *facts);
static ngx_int_t ngx_http_portone_sandbox_object_amount(cJSON *object,
    const char *name, ngx_uint_t decimals, int64_t *amount);
static ngx_int_t ngx_http_portone_sandbox_object_set(cJSON *object,
    const char *name, cJSON *item);


static const char  *ngx_http_portone_sandbox_statuses[] = {
    "ready", "paid", "cancelled", "failed"
};


ngx_int_t
ngx_http_portone_sandbox_object_facts(cJSON *object,
    ngx_http_portone_sandbox_facts_t *facts, u_char *error)
{
    cJSON       *item;
    const char  *invalid;

    ngx_memzero(facts, sizeof(ngx_http_portone_sandbox_facts_t));

    invalid = ngx_http_portone_sandbox_object_invalid(object, facts);

    if (invalid) {
        return ngx_http_portone_sandbox_text_error(error, "invalid \"%s\"%Z",
                                                   invalid);
    }

    item = cJSON_GetObjectItemCaseSensitive(object, "paid_at");
    facts->paid_at = cJSON_IsNumber(item) ? (time_t) item->valuedouble : 0;

    item = cJSON_GetObjectItemCaseSensitive(object, "started_at");
    facts->started_at = cJSON_IsNumber(item) ? (time_t) item->valuedouble
                                             : 0;

    item = cJSON_GetObjectItemCaseSensitive(object, "pay_method");

    if (cJSON_IsString(item)) {
        facts->vbank = ngx_strcmp(item->valuestring, "vbank") == 0;
        facts->phone = ngx_strcmp(item->valuestring, "phone") == 0;
    }

    item = cJSON_GetObjectItemCaseSensitive(object, "pg_provider");

    if (cJSON_IsString(item)) {
        facts->kcp = ngx_strcmp(item->valuestring, "kcp") == 0;
    }

    return NGX_OK;
}


/* reads the fields that each payment has; returns the first invalid one */

static const char *
ngx_http_portone_sandbox_object_invalid(cJSON *object,
    ngx_http_portone_sandbox_facts_t *facts)
{
    cJSON      *item;
    ngx_int_t   decimals;
    ngx_str_t   text;

    item = cJSON_GetObjectItemCaseSensitive(object, "currency");

    if (!cJSON_IsString(item)) {
        return "currency";
    }

    text.data = (u_char *) item->valuestring;
    text.len = ngx_strlen(item->valuestring);

    decimals = ngx_http_portone_sandbox_money_decimals(&text);
    if (decimals == NGX_ERROR) {
        return "currency";
    }

    facts->decimals = decimals;
    ngx_memcpy(facts->currency, text.data, 3);

    if (ngx_http_portone_sandbox_object_amount(object, "amount", decimals,
                                               &facts->amount)
        != NGX_OK)
    {
        return "amount";
    }

    if (ngx_http_portone_sandbox_object_amount(object, "cancel_amount",
                                               decimals,
                                               &facts->cancel_amount)
        != NGX_OK
        || facts->cancel_amount > facts->amount)
    {
        return "cancel_amount";
    }

    item = cJSON_GetObjectItemCaseSensitive(object, "status");

    if (!cJSON_IsString(item)) {
        return "status";
    }

    text.data = (u_char *) item->valuestring;
    text.len = ngx_strlen(item->valuestring);

    facts->status = ngx_http_portone_sandbox_object_status(&text);
    if (facts->status == NGX_HTTP_PORTONE_SANDBOX_ANY_STATUS) {
        return "status";
    }

    item = cJSON_GetObjectItemCaseSensitive(object, "cancel_history");

    if (!cJSON_IsArray(item)) {
        return "cancel_history";
    }

    item = cJSON_GetObjectItemCaseSensitive(object, "sandbox");

    if (!cJSON_IsBool(item)) {
        return "sandbox";
    }

    facts->sandbox = cJSON_IsTrue(item) ? 1 : 0;

    return NULL;
}


static ngx_int_t
ngx_http_portone_sandbox_object_amount(cJSON *object, const char *name,
    ngx_uint_t decimals, int64_t *amount)
{
    cJSON      *item;
    u_char      buf[NGX_HTTP_PORTONE_SANDBOX_MONEY_LEN];
    ngx_str_t   text;

    item = cJSON_GetObjectItemCaseSensitive(object, name);

    if (cJSON_IsRaw(item)) {
        text.data = (u_char *) item->valuestring;
        text.len = ngx_strlen(item->valuestring);

    } else if (!cJSON_IsNumber(item)
               || ngx_http_portone_sandbox_money_text(item, buf, &text)
                  != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_portone_sandbox_money_parse(&text, decimals, amount)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return (*amount < 0) ? NGX_ERROR : NGX_OK;
}


ngx_uint_t
ngx_http_portone_sandbox_object_status(ngx_str_t *name)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_PORTONE_SANDBOX_ANY_STATUS; i++) {
        if (ngx_strlen(ngx_http_portone_sandbox_statuses[i]) == name->len
            && ngx_strncmp(ngx_http_portone_sandbox_statuses[i], name->data,
                           name->len)
               == 0)
        {
            break;
        }
    }

    return i;
}


static ngx_int_t
ngx_http_portone_sandbox_object_set(cJSON *object, const char *name,
    cJSON *item)
{
    if (item == NULL) {
        return NGX_ERROR;
    }

    if (cJSON_GetObjectItemCaseSensitive(object, name)) {
        return cJSON_ReplaceItemInObjectCaseSensitive(object, name, item)
               ? NGX_OK : NGX_ERROR;
    }

    return cJSON_AddItemToObject(object, name, item) ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_portone_sandbox_object_set_amount(cJSON *object, const char *name,
    int64_t amount, ngx_uint_t decimals)
{
    u_char  *p, buf[NGX_HTTP_PORTONE_SANDBOX_MONEY_LEN];

    p = ngx_http_portone_sandbox_money_print(buf, amount, decimals);
    *p = '\0';

    return ngx_http_portone_sandbox_object_set(object, name,
                                               cJSON_CreateRaw((char *) buf));
}


ngx_int_t
ngx_http_portone_sandbox_object_set_number(cJSON *object, const char *name,
    time_t value)
{
    return ngx_http_portone_sandbox_object_set(object, name,
                                          cJSON_CreateNumber((double) value));
}


ngx_int_t
ngx_http_portone_sandbox_object_set_string(cJSON *object, const char *name,
    ngx_str_t *value)
{
    char   *p;
    cJSON  *item;

    if (value->len == 0) {
        return ngx_http_portone_sandbox_object_set(object, name,
                                                   cJSON_CreateNull());
    }

    p = cJSON_malloc(value->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, value->data, value->len);
    p[value->len] = '\0';

    item = cJSON_CreateString(p);
    cJSON_free(p);

    return ngx_http_portone_sandbox_object_set(object, name, item);
}
