
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portone_json.h"
#include "portone_money.h"

#include "model.h"


static int model_units(uint64_t *units, const cJSON *payment,
    const cJSON *object, const char *name);
static cJSON *model_amount(uint64_t units, const cJSON *payment);
static long double model_scale(const cJSON *payment);


char *
model_read(const cJSON *payment, const portone_str_t *imp_uid,
    const portone_str_t *merchant_uid, const char *wanted, int *status)
{
    int            found;
    portone_str_t  own, is, want;

    if (imp_uid->len != 0) {
        own = portone_json_str(payment, "imp_uid");
        found = portone_str_eq(&own, imp_uid);

    } else {
        own = portone_json_str(payment, "merchant_uid");
        is = portone_json_str(payment, "status");
        want = portone_str(wanted);

        found = portone_str_eq(&own, merchant_uid)
                && (want.len == 0 || portone_str_eq(&is, &want));
    }

    if (own.len != 0 && found) {
        *status = 200;
        return model_envelope(0, NULL, payment);
    }

    *status = 404;

    return model_envelope(-1, "존재하지 않는 결제정보입니다.", NULL);
}


char *
model_execute(cJSON *payment, const char *body, int64_t now, int moves,
    int *executed)
{
    char           id[32];
    cJSON         *json;
    uint64_t       total, cancelled, amount, checksum;
    portone_str_t  imp_uid, own, reason;

    *executed = 0;

    json = portone_json_parse(body, strlen(body));
    imp_uid = portone_json_str(json, "imp_uid");
    own = portone_json_str(payment, "imp_uid");

    if (own.len == 0 || !portone_str_eq(&imp_uid, &own)
        || !model_units(&total, payment, payment, "amount"))
    {
        cJSON_Delete(json);
        return model_envelope(1, "취소할 결제건이 존재하지 않습니다.", NULL);
    }

    if (!model_units(&cancelled, payment, payment, "cancel_amount")) {
        cancelled = 0;
    }

    if (cancelled >= total) {
        cJSON_Delete(json);
        return model_envelope(1, "이미 전액취소된 주문입니다.", NULL);
    }

    if (!model_units(&amount, payment, json, "amount")
        || !model_units(&checksum, payment, json, "checksum")
        || checksum != total - cancelled
        || amount == 0
        || amount > checksum)
    {
        cJSON_Delete(json);
        return model_envelope(1, "취소가능금액 검증에 실패하였습니다.", NULL);
    }

    *executed = 1;

    if (moves) {
        reason = portone_json_str(json, "reason");

        snprintf(id, sizeof(id), "NEW%d", cJSON_GetArraySize(
                     portone_json_member(payment, "cancel_history")));

        model_refund(payment, amount, reason.len ? reason.data : "", id, now);
    }

    cJSON_Delete(json);

    return model_envelope(0, NULL, payment);
}


void
model_refund(cJSON *payment, uint64_t amount, const char *reason,
    const char *id, int64_t now)
{
    cJSON     *history, *entry;
    uint64_t   cancelled;

    entry = cJSON_CreateObject();

    cJSON_AddStringToObject(entry, "cancellation_id", id);
    cJSON_AddItemToObject(entry, "amount", model_amount(amount, payment));
    cJSON_AddNumberToObject(entry, "cancelled_at", (double) now);
    cJSON_AddStringToObject(entry, "reason", reason);

    history = portone_json_member(payment, "cancel_history");

    if (!cJSON_IsArray(history)) {
        history = cJSON_CreateArray();
        portone_json_set(payment, "cancel_history", history);
    }

    cJSON_AddItemToArray(history, entry);

    if (!model_units(&cancelled, payment, payment, "cancel_amount")) {
        cancelled = 0;
    }

    portone_json_set(payment, "cancel_amount",
                     model_amount(cancelled + amount, payment));
}


char *
model_envelope(int code, const char *message, const cJSON *response)
{
    char   *printed, *text;
    cJSON  *answer;

    answer = cJSON_CreateObject();

    cJSON_AddNumberToObject(answer, "code", code);
    cJSON_AddItemToObject(answer, "message",
                          (message != NULL) ? cJSON_CreateString(message)
                                            : cJSON_CreateNull());
    cJSON_AddItemToObject(answer, "response",
                          (response != NULL) ? cJSON_Duplicate(response, 1)
                                             : cJSON_CreateNull());

    printed = cJSON_PrintUnformatted(answer);
    text = strdup(printed);

    cJSON_free(printed);
    cJSON_Delete(answer);

    return text;
}


/*
 * An amount in the smallest unit of the payment's currency.  A long double
 * holds 15 digits with 4 decimals exactly (64 bits of mantissa).  Returns 0
 * for anything but an amount that the currency can have.
 */

static int
model_units(uint64_t *units, const cJSON *payment, const cJSON *object,
    const char *name)
{
    double        value;
    const cJSON  *item;

    item = portone_json_member(object, name);

    if (!cJSON_IsNumber(item)) {
        return 0;
    }

    value = item->valuedouble;

    if (!(value >= 0 && value <= PORTONE_MONEY_MAX)) {
        return 0;
    }

    *units = (uint64_t) (value * model_scale(payment) + 0.5L);

    return (double) (*units / model_scale(payment)) == value;
}


static cJSON *
model_amount(uint64_t units, const cJSON *payment)
{
    return cJSON_CreateNumber((double) (units / model_scale(payment)));
}


static long double
model_scale(const cJSON *payment)
{
    int            decimals;
    long double    scale;
    portone_str_t  currency;

    currency = portone_json_str(payment, "currency");

    scale = 1;

    for (decimals = portone_money_exponent(&currency); decimals > 0;
         decimals--)
    {
        scale *= 10;
    }

    return scale;
}
