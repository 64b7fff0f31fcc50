
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <errno.h>
#include <string.h>

#include "portone_json.h"
#include "portone_request.h"
#include "portone_uid.h"


typedef struct portone_field_s  portone_field_t;

struct portone_field_s {
    const char  *name;

    /* 1: the value is valid, and in the request; else 0 */
    int        (*parse)(portone_request_t *request,
                        const portone_field_t *field, const cJSON *item);
    size_t       offset;    /* place of the value in portone_request_t */
    size_t       max;       /* characters */
};


static const portone_field_t *portone_field_find(const char *name);
static int portone_field_uid(portone_request_t *request,
    const portone_field_t *field, const cJSON *item);
static int portone_field_text(portone_request_t *request,
    const portone_field_t *field, const cJSON *item);
static int portone_field_account(portone_request_t *request,
    const portone_field_t *field, const cJSON *item);
static int portone_field_amount(portone_request_t *request,
    const portone_field_t *field, const cJSON *item);
static int portone_field_decimal(portone_request_t *request,
    const portone_field_t *field, const cJSON *item);
static int portone_field_promotion(portone_request_t *request,
    const portone_field_t *field, const cJSON *item);
static int portone_field_extra(portone_request_t *request,
    const portone_field_t *field, const cJSON *item);
static portone_error_e portone_request_fields(portone_request_t *request,
    const char *text, size_t len, char *name);


static const portone_field_t  portone_fields[] = {

    { "merchant_uid", portone_field_uid,
      offsetof(portone_request_t, merchant_uid), PORTONE_MERCHANT_UID_MAX },

    { "imp_uid", portone_field_uid,
      offsetof(portone_request_t, imp_uid), PORTONE_IMP_UID_MAX },

    { "cancel_request_amount", portone_field_amount, 0, 0 },

    { "amount", portone_field_amount, 0, 0 },

    { "reason", portone_field_text,
      offsetof(portone_request_t, cancel.reason), 256 },

    { "refund_holder", portone_field_account,
      offsetof(portone_request_t, cancel.refund_holder), 16 },

    { "refund_bank", portone_field_account,
      offsetof(portone_request_t, cancel.refund_bank), 4 },

    { "refund_account", portone_field_account,
      offsetof(portone_request_t, cancel.refund_account), 16 },

    { "refund_tel", portone_field_account,
      offsetof(portone_request_t, cancel.refund_tel), 16 },

    { "tax_free", portone_field_decimal,
      offsetof(portone_request_t, cancel.tax_free), 0 },

    { "vat_amount", portone_field_decimal,
      offsetof(portone_request_t, cancel.vat_amount), 0 },

    { "checksum", portone_field_decimal,
      offsetof(portone_request_t, checksum), 0 },

    { "retain_promotion", portone_field_promotion, 0, 0 },

    { "extra", portone_field_extra, 0, 0 },

    { NULL, NULL, 0, 0 }
};


portone_error_e
portone_request_parse(portone_request_t *request, const char *text,
    size_t len, char field[PORTONE_FIELD_LEN])
{
    portone_error_e  error;

    memset(request, 0, sizeof(portone_request_t));
    field[0] = '\0';

    request->json = portone_json_parse(text, len);

    if (request->json == NULL) {
        return (errno == ENOMEM) ? PORTONE_OVERLOADED : PORTONE_INVALID_JSON;
    }

    error = portone_request_fields(request, text, len, field);

    if (error != PORTONE_NO_ERROR) {
        portone_request_free(request);
    }

    return error;
}


static portone_error_e
portone_request_fields(portone_request_t *request, const char *text,
    size_t len, char *name)
{
    size_t                  rounded;
    cJSON                  *item;
    uint32_t                bit, seen;
    const portone_field_t  *field;

    if (!cJSON_IsObject(request->json)) {
        return PORTONE_INVALID_REQUEST;
    }

    seen = 0;

    cJSON_ArrayForEach(item, request->json) {
        field = portone_field_find(item->string);

        if (field == NULL) {
            return portone_request_culprit(name, item->string);
        }

        bit = 1u << (field - portone_fields);

        if ((seen & bit) || !field->parse(request, field, item)) {
            return portone_request_culprit(name, field->name);
        }

        seen |= bit;
    }

    /*
     * The tree has rounded a number such as 1000.00000000000000001.  By now
     * all numbers of the text are known to be members of the object itself.
     */

    rounded = portone_json_scan_inexact(text, len);

    if (rounded != SIZE_MAX) {

        cJSON_ArrayForEach(item, request->json) {

            if (cJSON_IsNumber(item) && rounded-- == 0) {
                return portone_request_culprit(name, item->string);
            }
        }
    }

    if (request->merchant_uid.len == 0 && request->imp_uid.len == 0) {
        return portone_request_culprit(name, "merchant_uid");
    }

    return PORTONE_NO_ERROR;
}


portone_error_e
portone_request_culprit(char field[PORTONE_FIELD_LEN], const char *name)
{
    size_t  len;

    len = portone_str_utf8_cut(name, strlen(name), PORTONE_FIELD_LEN - 1);

    memcpy(field, name, len);
    field[len] = '\0';

    return PORTONE_INVALID_REQUEST;
}


void
portone_request_free(portone_request_t *request)
{
    cJSON_Delete(request->json);
    memset(request, 0, sizeof(portone_request_t));
}


static const portone_field_t *
portone_field_find(const char *name)
{
    const portone_field_t  *field;

    for (field = portone_fields; field->name != NULL; field++) {

        if (strcmp(field->name, name) == 0) {
            return field;
        }
    }

    return NULL;
}


static int
portone_field_uid(portone_request_t *request, const portone_field_t *field,
    const cJSON *item)
{
    portone_str_t  *value;

    value = (portone_str_t *) ((char *) request + field->offset);

    return portone_field_text(request, field, item)
           && portone_uid_valid(value, field->max);
}


static int
portone_field_text(portone_request_t *request, const portone_field_t *field,
    const cJSON *item)
{
    portone_str_t  *value;

    if (!cJSON_IsString(item)) {
        return 0;
    }

    value = (portone_str_t *) ((char *) request + field->offset);

    *value = portone_str(item->valuestring);

    return portone_str_utf8_length(value->data, value->len) <= field->max;
}


static int
portone_field_account(portone_request_t *request, const portone_field_t *field,
    const cJSON *item)
{
    portone_str_t  *value;

    value = (portone_str_t *) ((char *) request + field->offset);

    return portone_field_text(request, field, item)
           && !portone_str_has_control(value);
}


static int
portone_field_amount(portone_request_t *request, const portone_field_t *field,
    const cJSON *item)
{
    portone_decimal_t  amount;

    if (!cJSON_IsNumber(item)
        || portone_money_decimal(&amount, item->valuedouble) != PORTONE_OK
        || amount.coefficient <= 0)
    {
        return 0;
    }

    /* decimals have one form each, so that equal ones can be compared so */

    if (request->has_amount
        && (amount.coefficient != request->amount.coefficient
            || amount.scale != request->amount.scale))
    {
        return 0;
    }

    request->amount = amount;
    request->amount_field = field->name;
    request->has_amount = 1;

    return 1;
}


static int
portone_field_decimal(portone_request_t *request, const portone_field_t *field,
    const cJSON *item)
{
    portone_decimal_t  *value;

    value = (portone_decimal_t *) ((char *) request + field->offset);

    if (!cJSON_IsNumber(item)
        || portone_money_decimal(value, item->valuedouble) != PORTONE_OK
        || value->coefficient < 0)
    {
        return 0;
    }

    if (value == &request->cancel.tax_free) {
        request->cancel.has_tax_free = 1;

    } else if (value == &request->cancel.vat_amount) {
        request->cancel.has_vat_amount = 1;

    } else {
        request->has_checksum = 1;
    }

    return 1;
}


static int
portone_field_promotion(portone_request_t *request,
    const portone_field_t *field, const cJSON *item)
{
    if (!cJSON_IsBool(item)) {
        return 0;
    }

    request->cancel.has_retain_promotion = 1;
    request->cancel.retain_promotion = cJSON_IsTrue(item);

    return 1;
}


static int
portone_field_extra(portone_request_t *request, const portone_field_t *field,
    const cJSON *item)
{
    const cJSON  *requester;

    requester = cJSON_IsObject(item) ? item->child : NULL;

    if (requester == NULL
        || requester->next != NULL
        || strcmp(requester->string, "requester") != 0
        || !cJSON_IsString(requester)
        || (strcmp(requester->valuestring, "customer") != 0
            && strcmp(requester->valuestring, "admin") != 0))
    {
        return 0;
    }

    request->cancel.requester = portone_str(requester->valuestring);

    return 1;
}
