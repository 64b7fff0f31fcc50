
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_portone_sandbox_faults.h"


#define NGX_HTTP_PORTONE_SANDBOX_PARAM_MS       0x01
#define NGX_HTTP_PORTONE_SANDBOX_PARAM_BYTES    0x02
#define NGX_HTTP_PORTONE_SANDBOX_PARAM_STATUS   0x04
#define NGX_HTTP_PORTONE_SANDBOX_PARAM_CODE     0x08
#define NGX_HTTP_PORTONE_SANDBOX_PARAM_BODY     0x10
#define NGX_HTTP_PORTONE_SANDBOX_PARAM_MESSAGE  0x20
#define NGX_HTTP_PORTONE_SANDBOX_PARAM_NAME     0x40

#define NGX_HTTP_PORTONE_SANDBOX_MAX_BIG        1073741824
#define NGX_HTTP_PORTONE_SANDBOX_MAX_MS         600000
#define NGX_HTTP_PORTONE_SANDBOX_MAX_COUNT      1000000
#define NGX_HTTP_PORTONE_SANDBOX_MAX_GATE_NAME  64


typedef struct {
    const char                         *name;
    ngx_http_portone_sandbox_phase_e    phase;
    ngx_uint_t                          executes;
    ngx_uint_t                          required;
    ngx_uint_t                          optional;
} ngx_http_portone_sandbox_kind_t;


typedef struct {
    const char                         *name;
    ngx_uint_t                          param;          /* 0: of any fault */
    size_t                              offset;
    int64_t                             min;
    int64_t                             max;
} ngx_http_portone_sandbox_param_t;


static const ngx_http_portone_sandbox_kind_t *
    ngx_http_portone_sandbox_fault_kind(cJSON *object, u_char *error);
static ngx_int_t ngx_http_portone_sandbox_fault_read(cJSON *object,
    ngx_http_portone_sandbox_fault_t *fault, u_char *error);
static ngx_int_t ngx_http_portone_sandbox_fault_field(cJSON *item,
    const ngx_http_portone_sandbox_kind_t *kind,
    ngx_http_portone_sandbox_fault_t *fault, ngx_uint_t *given,
    u_char *error);
static const ngx_http_portone_sandbox_param_t *
    ngx_http_portone_sandbox_fault_param(
    const ngx_http_portone_sandbox_param_t *param, const char *name);
static ngx_int_t ngx_http_portone_sandbox_fault_number(cJSON *item,
    const ngx_http_portone_sandbox_param_t *param,
    ngx_http_portone_sandbox_fault_t *fault);
static ngx_uint_t ngx_http_portone_sandbox_same(ngx_str_t *a, ngx_str_t *b);
static ngx_int_t ngx_http_portone_sandbox_pool_dup(ngx_pool_t *pool,
    ngx_str_t *str);
static void ngx_http_portone_sandbox_fault_free(
    ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_fault_t *fault);


/* by ngx_http_portone_sandbox_kind_e */

static const ngx_http_portone_sandbox_kind_t
    ngx_http_portone_sandbox_kinds[] =
{
    { "delay", NGX_HTTP_PORTONE_SANDBOX_BEFORE, 1,
      NGX_HTTP_PORTONE_SANDBOX_PARAM_MS, 0 },
    { "gate", NGX_HTTP_PORTONE_SANDBOX_BEFORE, 1,
      NGX_HTTP_PORTONE_SANDBOX_PARAM_NAME, 0 },
    { "gate_after", NGX_HTTP_PORTONE_SANDBOX_AFTER, 1,
      NGX_HTTP_PORTONE_SANDBOX_PARAM_NAME, 0 },
    { "lose_request", NGX_HTTP_PORTONE_SANDBOX_ANSWER, 0, 0, 0 },
    { "lose_answer", NGX_HTTP_PORTONE_SANDBOX_ANSWER, 1, 0, 0 },
    { "hang", NGX_HTTP_PORTONE_SANDBOX_ANSWER, 0, 0, 0 },
    { "hang_after", NGX_HTTP_PORTONE_SANDBOX_ANSWER, 1, 0, 0 },
    { "status", NGX_HTTP_PORTONE_SANDBOX_ANSWER, 0,
      NGX_HTTP_PORTONE_SANDBOX_PARAM_STATUS,
      NGX_HTTP_PORTONE_SANDBOX_PARAM_BODY },
    { "status_after", NGX_HTTP_PORTONE_SANDBOX_ANSWER, 1,
      NGX_HTTP_PORTONE_SANDBOX_PARAM_STATUS,
      NGX_HTTP_PORTONE_SANDBOX_PARAM_BODY },
    { "truncate", NGX_HTTP_PORTONE_SANDBOX_ANSWER, 1,
      NGX_HTTP_PORTONE_SANDBOX_PARAM_BYTES, 0 },
    { "garbage", NGX_HTTP_PORTONE_SANDBOX_ANSWER, 1, 0, 0 },
    { "body", NGX_HTTP_PORTONE_SANDBOX_ANSWER, 1,
      NGX_HTTP_PORTONE_SANDBOX_PARAM_BODY,
      NGX_HTTP_PORTONE_SANDBOX_PARAM_STATUS },
    { "body_before", NGX_HTTP_PORTONE_SANDBOX_ANSWER, 0,
      NGX_HTTP_PORTONE_SANDBOX_PARAM_BODY,
      NGX_HTTP_PORTONE_SANDBOX_PARAM_STATUS },
    { "big", NGX_HTTP_PORTONE_SANDBOX_ANSWER, 1,
      NGX_HTTP_PORTONE_SANDBOX_PARAM_BYTES, 0 },
    { "unauthorized", NGX_HTTP_PORTONE_SANDBOX_ANSWER, 0, 0, 0 },
    { "refuse", NGX_HTTP_PORTONE_SANDBOX_ANSWER, 0,
      NGX_HTTP_PORTONE_SANDBOX_PARAM_CODE
      |NGX_HTTP_PORTONE_SANDBOX_PARAM_MESSAGE, 0 },
    { "refuse_after", NGX_HTTP_PORTONE_SANDBOX_ANSWER, 1,
      NGX_HTTP_PORTONE_SANDBOX_PARAM_CODE
      |NGX_HTTP_PORTONE_SANDBOX_PARAM_MESSAGE, 0 },
    { "slow", NGX_HTTP_PORTONE_SANDBOX_ANSWER, 1,
      NGX_HTTP_PORTONE_SANDBOX_PARAM_MS, 0 },
    { "escape", NGX_HTTP_PORTONE_SANDBOX_ANSWER, 1, 0, 0 },
    { "other_payment", NGX_HTTP_PORTONE_SANDBOX_ANSWER, 1, 0, 0 },
    { "no_response", NGX_HTTP_PORTONE_SANDBOX_ANSWER, 1, 0, 0 },
    { "close_idle", NGX_HTTP_PORTONE_SANDBOX_ANSWER, 1, 0, 0 },
    { NULL, NGX_HTTP_PORTONE_SANDBOX_ANSWER, 0, 0, 0 }
};


static const ngx_http_portone_sandbox_param_t
    ngx_http_portone_sandbox_numbers[] =
{
    { "times", 0, offsetof(ngx_http_portone_sandbox_fault_t, times),
      0, NGX_HTTP_PORTONE_SANDBOX_MAX_COUNT },
    { "skip", 0, offsetof(ngx_http_portone_sandbox_fault_t, skip),
      0, NGX_HTTP_PORTONE_SANDBOX_MAX_COUNT },
    { "ms", NGX_HTTP_PORTONE_SANDBOX_PARAM_MS,
      offsetof(ngx_http_portone_sandbox_fault_t, ms),
      0, NGX_HTTP_PORTONE_SANDBOX_MAX_MS },
    { "bytes", NGX_HTTP_PORTONE_SANDBOX_PARAM_BYTES,
      offsetof(ngx_http_portone_sandbox_fault_t, bytes),
      0, NGX_HTTP_PORTONE_SANDBOX_MAX_BIG },
    { "status", NGX_HTTP_PORTONE_SANDBOX_PARAM_STATUS,
      offsetof(ngx_http_portone_sandbox_fault_t, status), 200, 599 },
    { "code", NGX_HTTP_PORTONE_SANDBOX_PARAM_CODE,
      offsetof(ngx_http_portone_sandbox_fault_t, code),
      -2147483647, 2147483647 },
    { NULL, 0, 0, 0, 0 }
};


static const ngx_http_portone_sandbox_param_t
    ngx_http_portone_sandbox_strings[] =
{
    { "imp_uid", 0, offsetof(ngx_http_portone_sandbox_fault_t, imp_uid),
      0, 0 },
    { "merchant_uid", 0,
      offsetof(ngx_http_portone_sandbox_fault_t, merchant_uid), 0, 0 },
    { "body", NGX_HTTP_PORTONE_SANDBOX_PARAM_BODY,
      offsetof(ngx_http_portone_sandbox_fault_t, text), 0, 0 },
    { "message", NGX_HTTP_PORTONE_SANDBOX_PARAM_MESSAGE,
      offsetof(ngx_http_portone_sandbox_fault_t, text), 0, 0 },
    { "name", NGX_HTTP_PORTONE_SANDBOX_PARAM_NAME,
      offsetof(ngx_http_portone_sandbox_fault_t, text), 0, 0 },
    { NULL, 0, 0, 0, 0 }
};


static const ngx_http_portone_sandbox_kind_t *
ngx_http_portone_sandbox_fault_kind(cJSON *object, u_char *error)
{
    cJSON                                  *item;
    const ngx_http_portone_sandbox_kind_t  *kind;

    item = cJSON_GetObjectItemCaseSensitive(object, "fault");

    if (!cJSON_IsString(item)) {
        ngx_http_portone_sandbox_text_error(error,
                                   "\"%s\" is missing or no string%Z",
                                   "fault");
        return NULL;
    }

    for (kind = ngx_http_portone_sandbox_kinds; kind->name; kind++) {
        if (ngx_strcmp(kind->name, item->valuestring) == 0) {
            return kind;
        }
    }

    ngx_http_portone_sandbox_text_error(error, "unknown fault \"%s\"%Z",
                                        item->valuestring);
    return NULL;
}


static ngx_int_t
ngx_http_portone_sandbox_fault_number(cJSON *item,
    const ngx_http_portone_sandbox_param_t *param,
    ngx_http_portone_sandbox_fault_t *fault)
{
    void     *p;
    int64_t   value;

    if (!cJSON_IsNumber(item)
        || item->valuedouble < (double) param->min
        || item->valuedouble > (double) param->max)
    {
        return NGX_ERROR;
    }

    value = (int64_t) item->valuedouble;

    if ((double) value != item->valuedouble) {
        return NGX_ERROR;
    }

    p = (u_char *) fault + param->offset;

    if (param->param == 0) {
        *(ngx_uint_t *) p = (ngx_uint_t) value;

    } else {
        *(int64_t *) p = value;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_portone_sandbox_fault_field(cJSON *item,
    const ngx_http_portone_sandbox_kind_t *kind,
    ngx_http_portone_sandbox_fault_t *fault, ngx_uint_t *given,
    u_char *error)
{
    ngx_int_t                                call;
    ngx_str_t                               *value;
    const ngx_http_portone_sandbox_param_t  *param;

    if (ngx_strcmp(item->string, "call") == 0) {

        call = NGX_ERROR;

        if (cJSON_IsString(item)) {
            call = ngx_http_portone_sandbox_zone_call_by_name(
                                            (u_char *) item->valuestring,
                                            ngx_strlen(item->valuestring));
        }

        if (call == NGX_ERROR) {
            return ngx_http_portone_sandbox_text_error(error,
                                              "unknown \"%s\"%Z", "call");
        }

        fault->call = call;

        return NGX_OK;
    }

    param = ngx_http_portone_sandbox_fault_param(
                            ngx_http_portone_sandbox_numbers, item->string);

    if (param) {

        if (ngx_http_portone_sandbox_fault_number(item, param, fault)
            != NGX_OK)
        {
            return ngx_http_portone_sandbox_text_error(error,
                                           "invalid \"%s\"%Z", item->string);
        }

    } else {

        param = ngx_http_portone_sandbox_fault_param(
                            ngx_http_portone_sandbox_strings, item->string);

        if (param == NULL) {
            return ngx_http_portone_sandbox_text_error(error,
                                     "unknown field \"%s\"%Z", item->string);
        }

        if (!cJSON_IsString(item)) {
            return ngx_http_portone_sandbox_text_error(error,
                                           "invalid \"%s\"%Z", item->string);
        }

        value = (ngx_str_t *) ((u_char *) fault + param->offset);
        value->data = (u_char *) item->valuestring;
        value->len = ngx_strlen(item->valuestring);
    }

    if (param->param & ~(kind->required | kind->optional)) {
        return ngx_http_portone_sandbox_text_error(error,
                             "this fault has no \"%s\"%Z", item->string);
    }

    *given |= param->param;

    return NGX_OK;
}


static const ngx_http_portone_sandbox_param_t *
ngx_http_portone_sandbox_fault_param(
    const ngx_http_portone_sandbox_param_t *param, const char *name)
{
    for ( /* void */ ; param->name; param++) {
        if (ngx_strcmp(param->name, name) == 0) {
            return param;
        }
    }

    return NULL;
}


static ngx_int_t
ngx_http_portone_sandbox_fault_read(cJSON *object,
    ngx_http_portone_sandbox_fault_t *fault, u_char *error)
{
    cJSON                                  *item;
    ngx_uint_t                              given;
    const ngx_http_portone_sandbox_kind_t  *kind;

    if (!cJSON_IsObject(object)) {
        return ngx_http_portone_sandbox_text_error(error,
                                         "%s is not an object%Z", "a fault");
    }

    kind = ngx_http_portone_sandbox_fault_kind(object, error);
    if (kind == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(fault, sizeof(ngx_http_portone_sandbox_fault_t));

    fault->kind = kind - ngx_http_portone_sandbox_kinds;
    fault->call = NGX_HTTP_PORTONE_SANDBOX_ANY;
    fault->times = 1;
    given = 0;

    cJSON_ArrayForEach(item, object) {

        if (ngx_strcmp(item->string, "fault") == 0) {
            continue;
        }

        if (ngx_http_portone_sandbox_fault_field(item, kind, fault, &given,
                                                 error)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if ((given & kind->required) != kind->required) {
        return ngx_http_portone_sandbox_text_error(error,
                     "fault \"%s\" lacks one of its fields%Z", kind->name);
    }

    if ((kind->required & NGX_HTTP_PORTONE_SANDBOX_PARAM_NAME)
        && (fault->text.len == 0
            || fault->text.len > NGX_HTTP_PORTONE_SANDBOX_MAX_GATE_NAME))
    {
        return ngx_http_portone_sandbox_text_error(error,
                                                 "invalid \"%s\"%Z", "name");
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_portone_sandbox_faults_arm(ngx_http_portone_sandbox_zone_t *zone,
    cJSON *object, u_char *error)
{
    ngx_http_portone_sandbox_fault_t  *fault, given;

    if (ngx_http_portone_sandbox_fault_read(object, &given, error)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_portone_sandbox_text_error(error, "%s is full%Z", "the zone");

    if (zone->sh->nfaults >= NGX_HTTP_PORTONE_SANDBOX_MAX_FAULTS) {
        return NGX_DECLINED;
    }

    fault = ngx_http_portone_sandbox_zone_alloc(zone,
                                   sizeof(ngx_http_portone_sandbox_fault_t));
    if (fault == NULL) {
        return NGX_DECLINED;
    }

    *fault = given;

    ngx_str_null(&fault->text);
    ngx_str_null(&fault->imp_uid);
    ngx_str_null(&fault->merchant_uid);

    if (ngx_http_portone_sandbox_zone_dup(zone, &fault->text, &given.text)
        != NGX_OK
        || ngx_http_portone_sandbox_zone_dup(zone, &fault->imp_uid,
                                             &given.imp_uid)
           != NGX_OK
        || ngx_http_portone_sandbox_zone_dup(zone, &fault->merchant_uid,
                                             &given.merchant_uid)
           != NGX_OK)
    {
        ngx_http_portone_sandbox_fault_free(zone, fault);
        return NGX_DECLINED;
    }

    if ((fault->kind == NGX_HTTP_PORTONE_SANDBOX_GATE
         || fault->kind == NGX_HTTP_PORTONE_SANDBOX_GATE_AFTER)
        && ngx_http_portone_sandbox_faults_gate_get(zone, &fault->text) == NULL)
    {
        ngx_http_portone_sandbox_fault_free(zone, fault);
        return NGX_DECLINED;
    }

    ngx_queue_insert_tail(&zone->sh->faults, &fault->queue);
    zone->sh->nfaults++;

    return NGX_OK;
}


static ngx_uint_t
ngx_http_portone_sandbox_same(ngx_str_t *a, ngx_str_t *b)
{
    return a->len == b->len
           && (a->len == 0 || ngx_strncmp(a->data, b->data, a->len) == 0);
}


static ngx_int_t
ngx_http_portone_sandbox_pool_dup(ngx_pool_t *pool, ngx_str_t *str)
{
    u_char  *p;

    if (str->len == 0) {
        return NGX_OK;
    }

    p = ngx_pstrdup(pool, str);
    if (p == NULL) {
        return NGX_ERROR;
    }

    str->data = p;

    return NGX_OK;
}


ngx_http_portone_sandbox_fault_t *
ngx_http_portone_sandbox_faults_take(ngx_http_portone_sandbox_zone_t *zone,
    ngx_uint_t phase, ngx_uint_t call, ngx_str_t *imp_uid,
    ngx_str_t *merchant_uid, ngx_pool_t *pool, ngx_uint_t *failed)
{
    ngx_queue_t                       *q, *next;
    ngx_http_portone_sandbox_fault_t  *fault, *copy;

    for (q = ngx_queue_head(&zone->sh->faults);
         q != ngx_queue_sentinel(&zone->sh->faults);
         q = next)
    {
        next = ngx_queue_next(q);
        fault = ngx_queue_data(q, ngx_http_portone_sandbox_fault_t, queue);

        if (ngx_http_portone_sandbox_kinds[fault->kind].phase != phase
            || (fault->call != NGX_HTTP_PORTONE_SANDBOX_ANY
                && fault->call != call)
            || (fault->imp_uid.len
                && !ngx_http_portone_sandbox_same(&fault->imp_uid, imp_uid))
            || (fault->merchant_uid.len
                && !ngx_http_portone_sandbox_same(&fault->merchant_uid,
                                                  merchant_uid)))
        {
            continue;
        }

        if (fault->skip) {
            fault->skip--;
            continue;
        }

        copy = ngx_palloc(pool, sizeof(ngx_http_portone_sandbox_fault_t));

        if (copy) {
            *copy = *fault;
        }

        if (copy == NULL
            || ngx_http_portone_sandbox_pool_dup(pool, &copy->text) != NGX_OK)
        {
            *failed = 1;
            return NULL;
        }

        if (fault->times && --fault->times == 0) {
            ngx_queue_remove(&fault->queue);
            zone->sh->nfaults--;
            ngx_http_portone_sandbox_fault_free(zone, fault);
        }

        return copy;
    }

    return NULL;
}


static void
ngx_http_portone_sandbox_fault_free(ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_fault_t *fault)
{
    ngx_http_portone_sandbox_zone_free(zone, fault->text.data);
    ngx_http_portone_sandbox_zone_free(zone, fault->imp_uid.data);
    ngx_http_portone_sandbox_zone_free(zone, fault->merchant_uid.data);
    ngx_http_portone_sandbox_zone_free(zone, fault);
}


void
ngx_http_portone_sandbox_faults_clear(ngx_http_portone_sandbox_zone_t *zone)
{
    ngx_queue_t  *q;

    while (!ngx_queue_empty(&zone->sh->faults)) {
        q = ngx_queue_head(&zone->sh->faults);
        ngx_queue_remove(q);

        ngx_http_portone_sandbox_fault_free(zone,
                ngx_queue_data(q, ngx_http_portone_sandbox_fault_t, queue));
    }

    zone->sh->nfaults = 0;
}


void
ngx_http_portone_sandbox_faults_write(ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_text_t *text)
{
    u_char                                  *base;
    ngx_str_t                               *value;
    ngx_uint_t                               params;
    ngx_queue_t                             *q;
    ngx_http_portone_sandbox_fault_t        *fault;
    const ngx_http_portone_sandbox_kind_t   *kind;
    const ngx_http_portone_sandbox_param_t  *param;

    for (q = ngx_queue_head(&zone->sh->faults);
         q != ngx_queue_sentinel(&zone->sh->faults);
         q = ngx_queue_next(q))
    {
        fault = ngx_queue_data(q, ngx_http_portone_sandbox_fault_t, queue);
        base = (u_char *) fault;
        kind = &ngx_http_portone_sandbox_kinds[fault->kind];
        params = kind->required | kind->optional;

        if (q != ngx_queue_head(&zone->sh->faults)) {
            ngx_http_portone_sandbox_text_add(text, (u_char *) ",", 1);
        }

        ngx_http_portone_sandbox_text_format(text,
                        "{\"call\":\"%V\",\"fault\":\"%s\"",
                        ngx_http_portone_sandbox_zone_call_name(fault->call),
                        kind->name);

        for (param = ngx_http_portone_sandbox_numbers; param->name; param++) {

            if (param->param == 0) {
                ngx_http_portone_sandbox_text_format(text, ",\"%s\":%ui",
                                  param->name,
                                  *(ngx_uint_t *) (base + param->offset));

            } else if (param->param & params) {
                ngx_http_portone_sandbox_text_format(text, ",\"%s\":%L",
                                  param->name,
                                  *(int64_t *) (base + param->offset));
            }
        }

        for (param = ngx_http_portone_sandbox_strings; param->name; param++) {

            value = (ngx_str_t *) (base + param->offset);

            if (value->len == 0
                || (param->param && !(param->param & params)))
            {
                continue;
            }

            ngx_http_portone_sandbox_text_format(text, ",\"%s\":",
                                                 param->name);
            ngx_http_portone_sandbox_text_json(text, value);
        }

        ngx_http_portone_sandbox_text_add(text, (u_char *) "}", 1);
    }
}


ngx_http_portone_sandbox_gate_t *
ngx_http_portone_sandbox_faults_gate_find(ngx_http_portone_sandbox_zone_t *zone,
    ngx_str_t *name)
{
    ngx_queue_t                      *q;
    ngx_http_portone_sandbox_gate_t  *gate;

    for (q = ngx_queue_head(&zone->sh->gates);
         q != ngx_queue_sentinel(&zone->sh->gates);
         q = ngx_queue_next(q))
    {
        gate = ngx_queue_data(q, ngx_http_portone_sandbox_gate_t, queue);

        if (ngx_http_portone_sandbox_same(&gate->name, name)) {
            return gate;
        }
    }

    return NULL;
}


ngx_http_portone_sandbox_gate_t *
ngx_http_portone_sandbox_faults_gate_get(ngx_http_portone_sandbox_zone_t *zone,
    ngx_str_t *name)
{
    ngx_http_portone_sandbox_gate_t  *gate;

    gate = ngx_http_portone_sandbox_faults_gate_find(zone, name);

    if (gate) {
        return gate;
    }

    if (zone->sh->ngates >= NGX_HTTP_PORTONE_SANDBOX_MAX_GATES) {
        return NULL;
    }

    gate = ngx_http_portone_sandbox_zone_alloc(zone,
                                     sizeof(ngx_http_portone_sandbox_gate_t));
    if (gate == NULL) {
        return NULL;
    }

    ngx_memzero(gate, sizeof(ngx_http_portone_sandbox_gate_t));

    if (ngx_http_portone_sandbox_zone_dup(zone, &gate->name, name)
        != NGX_OK)
    {
        ngx_http_portone_sandbox_zone_free(zone, gate);
        return NULL;
    }

    ngx_queue_insert_tail(&zone->sh->gates, &gate->queue);
    zone->sh->ngates++;

    return gate;
}


void
ngx_http_portone_sandbox_faults_clear_gates(
    ngx_http_portone_sandbox_zone_t *zone)
{
    ngx_queue_t                      *q;
    ngx_http_portone_sandbox_gate_t  *gate;

    while (!ngx_queue_empty(&zone->sh->gates)) {
        q = ngx_queue_head(&zone->sh->gates);
        ngx_queue_remove(q);

        gate = ngx_queue_data(q, ngx_http_portone_sandbox_gate_t, queue);

        ngx_http_portone_sandbox_zone_free(zone, gate->name.data);
        ngx_http_portone_sandbox_zone_free(zone, gate);
    }

    zone->sh->ngates = 0;
}


ngx_uint_t
ngx_http_portone_sandbox_faults_executes(
    ngx_http_portone_sandbox_fault_t *fault)
{
    return fault == NULL
           || ngx_http_portone_sandbox_kinds[fault->kind].executes;
}


void
ngx_http_portone_sandbox_faults_name(ngx_http_portone_sandbox_fault_t *fault,
    ngx_str_t *name)
{
    if (fault == NULL) {
        ngx_str_null(name);
        return;
    }

    name->data = (u_char *) ngx_http_portone_sandbox_kinds[fault->kind].name;
    name->len = ngx_strlen(name->data);
}
