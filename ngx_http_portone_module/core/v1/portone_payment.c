
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "portone_json.h"
#include "portone_payment.h"
#include "portone_uid.h"


#define PORTONE_PG_TID_MAX   200                  /* bytes */
#define PORTONE_HISTORY_MAX  1000                 /* entries */

#define PORTONE_TIME_MAX     253402300799LL       /* 9999-12-31 23:59:59 */
#define PORTONE_KOREA        (9 * 3600)           /* seconds east of UTC */


static const char *portone_payment_check(portone_payment_t *payment);
static const char *portone_payment_check_money(portone_payment_t *payment,
    cJSON **items);
static int portone_payment_history(const portone_payment_t *payment);
static int64_t portone_month(int64_t time);


/* the members read here, which may stand once each */

enum {
    PORTONE_PAYMENT_IMP_UID = 0,
    PORTONE_PAYMENT_MERCHANT_UID,
    PORTONE_PAYMENT_AMOUNT,
    PORTONE_PAYMENT_CANCEL_AMOUNT,
    PORTONE_PAYMENT_CURRENCY,
    PORTONE_PAYMENT_STATUS,
    PORTONE_PAYMENT_PAY_METHOD,
    PORTONE_PAYMENT_PAID_AT,
    PORTONE_PAYMENT_STARTED_AT,
    PORTONE_PAYMENT_HISTORY,
    PORTONE_PAYMENT_REFUNDABLE,
    PORTONE_PAYMENT_MEMBERS
};

static const char *const  portone_payment_members[PORTONE_PAYMENT_MEMBERS] = {
    "imp_uid",
    "merchant_uid",
    "amount",
    "cancel_amount",
    "currency",
    "status",
    "pay_method",
    "paid_at",
    "started_at",
    "cancel_history",
    "refundable_amount"
};


int
portone_payment_init(portone_payment_t *payment, cJSON *json,
    const char **why)
{
    memset(payment, 0, sizeof(portone_payment_t));

    payment->json = json;

    *why = portone_payment_check(payment);

    if (*why == NULL) {
        return PORTONE_OK;
    }

    portone_payment_free(payment);

    return PORTONE_ERROR;
}


int
portone_payment_parse(portone_payment_t *payment, const char *text,
    size_t len, const char **why)
{
    return portone_payment_init(payment, portone_json_parse(text, len), why);
}


/* the member that is missing or malformed, or NULL */

static const char *
portone_payment_check(portone_payment_t *payment)
{
    cJSON       *json, *items[PORTONE_PAYMENT_MEMBERS];
    size_t       twice;
    const char  *why;

    json = payment->json;

    if (!cJSON_IsObject(json)) {
        return "payment";
    }

    twice = portone_json_members(json, portone_payment_members, items,
                                 PORTONE_PAYMENT_MEMBERS);

    if (twice != PORTONE_PAYMENT_MEMBERS) {
        return portone_payment_members[twice];
    }

    why = portone_payment_check_money(payment, items);

    if (why != NULL) {
        return why;
    }

    payment->status = portone_json_item_str(items[PORTONE_PAYMENT_STATUS]);

    if (payment->status.len == 0) {
        return "status";
    }

    payment->pay_method =
                     portone_json_item_str(items[PORTONE_PAYMENT_PAY_METHOD]);
    payment->paid_at = portone_json_item_int(items[PORTONE_PAYMENT_PAID_AT],
                                             0);
    payment->started_at =
                  portone_json_item_int(items[PORTONE_PAYMENT_STARTED_AT], 0);

    payment->history = items[PORTONE_PAYMENT_HISTORY];

    if (cJSON_IsNull(payment->history)) {
        payment->history = NULL;
    }

    if (portone_payment_history(payment) != PORTONE_OK) {
        return "cancel_history";
    }

    /* ours, computed anew in each answer: a stored one would be stale */

    payment->verbatim = (items[PORTONE_PAYMENT_REFUNDABLE] == NULL);

    cJSON_Delete(cJSON_DetachItemViaPointer(json,
                                          items[PORTONE_PAYMENT_REFUNDABLE]));

    return NULL;
}


/* the identifiers and the amounts */

static const char *
portone_payment_check_money(portone_payment_t *payment, cJSON **items)
{
    payment->imp_uid = portone_json_item_str(items[PORTONE_PAYMENT_IMP_UID]);

    if (!portone_uid_valid(&payment->imp_uid, PORTONE_IMP_UID_MAX)) {
        return "imp_uid";
    }

    payment->merchant_uid =
                   portone_json_item_str(items[PORTONE_PAYMENT_MERCHANT_UID]);

    if (!portone_uid_valid(&payment->merchant_uid, PORTONE_MERCHANT_UID_MAX)) {
        return "merchant_uid";
    }

    payment->currency = portone_json_item_str(items[PORTONE_PAYMENT_CURRENCY]);
    payment->exponent = portone_money_exponent(&payment->currency);

    if (payment->exponent == -1) {
        return "currency";
    }

    if (portone_money_from_json(&payment->amount,
                                items[PORTONE_PAYMENT_AMOUNT],
                                payment->exponent)
        != PORTONE_OK)
    {
        return "amount";
    }

    if (portone_money_from_json(&payment->cancel_amount,
                                items[PORTONE_PAYMENT_CANCEL_AMOUNT],
                                payment->exponent)
        != PORTONE_OK
        || payment->cancel_amount > payment->amount)
    {
        return "cancel_amount";
    }

    return NULL;
}


static int
portone_payment_history(const portone_payment_t *payment)
{
    cJSON          *entry, *item;
    int64_t         amount;
    portone_str_t   id, pg_tid;

    if (payment->history == NULL) {
        return PORTONE_OK;
    }

    /* an entry is found by counting from the first */

    if (!cJSON_IsArray(payment->history)
        || cJSON_GetArraySize(payment->history) > PORTONE_HISTORY_MAX)
    {
        return PORTONE_ERROR;
    }

    cJSON_ArrayForEach(entry, payment->history) {
        item = portone_json_member(entry, "amount");

        if (portone_money_from_json(&amount, item, payment->exponent)
            != PORTONE_OK)
        {
            return PORTONE_ERROR;
        }

        /* a cut identity could stand for two entries */

        id = portone_json_str(entry, "cancellation_id");
        pg_tid = portone_json_str(entry, "pg_tid");

        if (id.len >= PORTONE_IDENTITY_LEN
            || (id.len == 0 && pg_tid.len > PORTONE_PG_TID_MAX))
        {
            return PORTONE_ERROR;
        }
    }

    return PORTONE_OK;
}


void
portone_payment_free(portone_payment_t *payment)
{
    cJSON_Delete(payment->json);
    cJSON_free(payment->text);
    memset(payment, 0, sizeof(portone_payment_t));
}


int64_t
portone_payment_balance(const portone_payment_t *payment)
{
    return payment->amount - payment->cancel_amount;
}


int
portone_payment_was_paid(const portone_payment_t *payment)
{
    static const portone_str_t  ready = portone_string("ready");
    static const portone_str_t  failed = portone_string("failed");

    if (payment->cancel_amount > 0) {
        return 1;
    }

    return !portone_str_eq(&payment->status, &ready)
           && !portone_str_eq(&payment->status, &failed);
}


int
portone_payment_is_slow(const portone_payment_t *payment)
{
    size_t         i, k;
    portone_str_t  names[2];

    /* only the beginning of "paypal_v2" and the like is known to stay */

    static const portone_str_t  slow[] = {
        portone_string("vbank"),
        portone_string("paypal"),
        portone_string("wechat"),
        portone_string("paymentwall")
    };

    names[0] = payment->pay_method;
    names[1] = portone_json_str(payment->json, "pg_provider");

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        for (k = 0; k < sizeof(slow) / sizeof(slow[0]); k++) {

            if (names[i].len >= slow[k].len
                && memcmp(names[i].data, slow[k].data, slow[k].len) == 0)
            {
                return 1;
            }
        }
    }

    return 0;
}


size_t
portone_payment_cancellations(const portone_payment_t *payment)
{
    return (size_t) cJSON_GetArraySize(payment->history);
}


void
portone_payment_cancellation(const portone_payment_t *payment, size_t i,
    portone_cancellation_t *cancellation)
{
    cJSON  *entry;

    memset(cancellation, 0, sizeof(portone_cancellation_t));

    entry = cJSON_GetArrayItem(payment->history, (int) i);

    assert(entry != NULL);

    /* portone_payment_history() has checked it */

    (void) portone_money_from_json(&cancellation->amount,
                                   portone_json_member(entry, "amount"),
                                   payment->exponent);

    cancellation->cancelled_at = portone_json_int(entry, "cancelled_at", 0);
    cancellation->reason = portone_json_str(entry, "reason");
    cancellation->cancellation_id = portone_json_str(entry, "cancellation_id");
    cancellation->pg_tid = portone_json_str(entry, "pg_tid");
}


size_t
portone_payment_identity(const portone_cancellation_t *c,
    char buf[PORTONE_IDENTITY_LEN])
{
    int                   n;
    const portone_str_t  *id;

    id = &c->cancellation_id;

    if (id->len != 0) {
        n = snprintf(buf, PORTONE_IDENTITY_LEN, "%.*s",
                     (int) id->len, id->data);

    } else {
        n = snprintf(buf, PORTONE_IDENTITY_LEN, "%lld/%lld/%.*s",
                     (long long) c->amount, (long long) c->cancelled_at,
                     (int) c->pg_tid.len,
                     c->pg_tid.len != 0 ? c->pg_tid.data : "");
    }

    return (n < PORTONE_IDENTITY_LEN) ? (size_t) n : PORTONE_IDENTITY_LEN - 1;
}


int
portone_payment_month_passed(int64_t then, int64_t now)
{
    return portone_month(now) > portone_month(then);
}


/* the number of a calendar month of Korea; only their order matters */

static int64_t
portone_month(int64_t time)
{
    time_t     seconds;
    struct tm  korea;

    if (time < 0) {
        time = 0;

    } else if (time > PORTONE_TIME_MAX) {
        time = PORTONE_TIME_MAX;
    }

    seconds = (time_t) time + PORTONE_KOREA;

    (void) gmtime_r(&seconds, &korea);

    return (int64_t) korea.tm_year * 12 + korea.tm_mon;
}


char *
portone_payment_print(const portone_payment_t *payment, int refundable)
{
    char           *text, *out;
    portone_str_t   str;

    if (payment->text != NULL) {
        str = portone_str(payment->text);

        return refundable ? portone_payment_reprint(payment, &str)
                          : portone_str_copy(&str);
    }

    text = portone_json_print(payment->json);

    if (text == NULL || !refundable) {
        return text;
    }

    str = portone_str(text);
    out = portone_payment_reprint(payment, &str);

    cJSON_free(text);

    return out;
}


char *
portone_payment_reprint(const portone_payment_t *payment,
    const portone_str_t *text)
{
    char    *p, *out;
    char     amount[PORTONE_MONEY_LEN];
    size_t   len;

    static const char  name[] = ",\"refundable_amount\":";

    assert(text->len > 2 && text->data[text->len - 1] == '}');

    len = portone_money_print(amount, portone_payment_balance(payment),
                              payment->exponent);

    out = cJSON_malloc(text->len + sizeof(name) + len);
    if (out == NULL) {
        return NULL;
    }

    /* over the last brace; a payment always has members */

    p = out;

    memcpy(p, text->data, text->len - 1);
    p += text->len - 1;

    memcpy(p, name, sizeof(name) - 1);
    p += sizeof(name) - 1;

    memcpy(p, amount, len);
    p += len;

    *p++ = '}';
    *p = '\0';

    return out;
}
