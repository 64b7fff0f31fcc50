
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <assert.h>
#include <errno.h>
#include <string.h>

#include "portone_register.h"
#include "portone_json.h"


#define PORTONE_REGISTER_TIME_MAX  253402300799LL    /* 9999-12-31, s */


static const char *portone_register_check(portone_register_t *reg,
    cJSON *json);
static const char *portone_register_types(const cJSON *json);
static int portone_register_default(cJSON *json, const char *name,
    const char *value);
static int portone_register_intent(portone_register_t *reg,
    portone_txn_t *txn, const portone_key_t *key);
static int portone_register_put(portone_register_t *reg, portone_txn_t *txn,
    const portone_str_t *text, const portone_str_t *stored);
static int portone_register_stored(portone_register_t *reg,
    portone_txn_t *txn, const portone_str_t *key, const portone_str_t *text);
static const char *portone_register_conflict(const portone_register_t *reg,
    const portone_payment_t *stored);
static int portone_register_merge(portone_register_t *reg,
    portone_payment_t *stored);
static int portone_register_takes(const portone_register_t *reg,
    const portone_payment_t *stored, const cJSON *item);
static int portone_register_is(const char *name, const char *const *names);
static portone_error_e portone_register_refuse(portone_register_t *reg,
    portone_error_e error, const char *field);


/* members that refunds decide by: a wrong type would pass for an absent one */

static const char *const  portone_register_strings[] = {
    "pay_method", "pg_provider", "customer_uid", NULL
};


static const char *const  portone_register_times[] = {
    "paid_at", "started_at", "failed_at", "cancelled_at", NULL
};


/* members that belong to a payment as such, and stay */

static const char *const  portone_register_fixed[] = {
    "imp_uid", "merchant_uid", "amount", "currency", NULL
};


/* members that refunds change */

static const char *const  portone_register_moving[] = {
    "cancel_amount", "cancel_history", "status", "cancelled_at",
    "cancel_reason", NULL
};


portone_error_e
portone_register_parse(portone_register_t *reg, const char *text, size_t len)
{
    cJSON       *json;
    const char  *why;

    reg->field[0] = '\0';

    json = portone_json_parse(text, len);

    if (json == NULL) {
        return portone_register_refuse(reg,
                                       (errno == ENOMEM) ? PORTONE_OVERLOADED
                                                         : PORTONE_INVALID_JSON,
                                       "");
    }

    if (!cJSON_IsObject(json)) {
        cJSON_Delete(json);
        return portone_register_refuse(reg, PORTONE_INVALID_REQUEST, "");
    }

    errno = 0;
    why = portone_register_check(reg, json);

    if (why != NULL) {
        (void) portone_register_refuse(reg, (errno == ENOMEM)
                                                ? PORTONE_OVERLOADED
                                                : PORTONE_INVALID_REQUEST,
                                       why);
        cJSON_Delete(json);
        return reg->error;
    }

    if (portone_payment_init(&reg->given, json, &why) != PORTONE_OK) {
        return portone_register_refuse(reg, PORTONE_INVALID_REQUEST, why);
    }

    reg->has_given = 1;
    reg->error = PORTONE_NO_ERROR;

    return PORTONE_NO_ERROR;
}


/*
 * Returns the name of the member that is at fault, or NULL.  Absent members
 * that have a default are added; errno ENOMEM: memory ran out.
 */

static const char *
portone_register_check(portone_register_t *reg, cJSON *json)
{
    int             rc;
    cJSON          *item;
    const char     *culprit;
    portone_str_t   merchant_uid;

    culprit = portone_register_types(json);

    if (culprit != NULL) {
        return culprit;
    }

    item = portone_json_member(json, "merchant_uid");

    if (item != NULL && reg->merchant_uid.len) {
        merchant_uid = portone_json_str(json, "merchant_uid");

        if (!portone_str_eq(&merchant_uid, &reg->merchant_uid)) {
            return "merchant_uid";
        }
    }

    reg->has_currency = (portone_json_member(json, "currency") != NULL);
    reg->has_status = (portone_json_member(json, "status") != NULL);
    reg->has_cancel_amount = (portone_json_member(json, "cancel_amount")
                              != NULL);

    if (!reg->has_cancel_amount
        && portone_json_member(json, "cancel_history") != NULL)
    {
        return "cancel_amount";
    }

    rc = PORTONE_OK;

    if (item == NULL && reg->merchant_uid.len) {
        rc |= portone_json_set_str(json, "merchant_uid", &reg->merchant_uid);
    }

    if (!reg->has_currency) {
        rc |= portone_register_default(json, "currency", "KRW");
    }

    if (!reg->has_cancel_amount) {
        rc |= portone_json_set_int(json, "cancel_amount", 0);
    }

    if (!reg->has_status) {
        rc |= portone_register_default(json, "status", "paid");
    }

    if (rc != PORTONE_OK) {
        errno = ENOMEM;
        return "";
    }

    return NULL;
}


static const char *
portone_register_types(const cJSON *json)
{
    int64_t       time;
    const char   *duplicate;
    const cJSON  *item;

    duplicate = portone_json_duplicate(json);

    if (duplicate != NULL) {
        return duplicate;
    }

    cJSON_ArrayForEach(item, json) {

        if (cJSON_IsNull(item)) {
            continue;
        }

        if (portone_register_is(item->string, portone_register_strings)
            && !cJSON_IsString(item))
        {
            return item->string;
        }

        /* also milliseconds, which would be a time to come */

        if (portone_register_is(item->string, portone_register_times)) {
            time = portone_json_int(json, item->string, -1);

            if (time < 0 || time > PORTONE_REGISTER_TIME_MAX) {
                return item->string;
            }
        }
    }

    return NULL;
}


static int
portone_register_default(cJSON *json, const char *name, const char *value)
{
    portone_str_t  str;

    str = portone_str(value);

    return portone_json_set_str(json, name, &str);
}


int
portone_register_apply(portone_txn_t *txn, void *data)
{
    portone_register_t *reg = data;

    int                 rc;
    char               *text;
    portone_key_t       key;
    portone_str_t       str, stored, value;

    assert(reg->has_given);

    if (reg->has_merged) {
        portone_payment_free(&reg->merged);
        reg->has_merged = 0;
    }

    reg->payment = NULL;
    reg->mismatch = 0;
    reg->field[0] = '\0';
    reg->error = PORTONE_NO_ERROR;

    if (portone_key(&key, &reg->merchant, &reg->given.imp_uid) != PORTONE_OK) {
        return PORTONE_ERROR;
    }

    str = portone_key_str(&key);

    rc = txn->get(txn, PORTONE_DB_PAYMENTS, &str, &stored);

    if (rc == PORTONE_ERROR) {
        return PORTONE_ERROR;
    }

    if (rc == PORTONE_DECLINED) {
        stored.len = 0;
    }

    if (portone_register_stored(reg, txn, &str, &stored) != PORTONE_OK) {
        return PORTONE_ERROR;
    }

    if (reg->verdict == PORTONE_REGISTER_REFUSED) {
        return PORTONE_OK;
    }

    text = portone_payment_print(reg->payment, 0);
    if (text == NULL) {
        return PORTONE_ERROR;
    }

    value = portone_str(text);

    if (stored.len && portone_str_eq(&stored, &value)) {
        reg->verdict = PORTONE_REGISTER_SAME;
        rc = PORTONE_OK;

    } else {

        /* an open refund is settled by what was known of its payment */

        rc = portone_register_intent(reg, txn, &key);

        if (rc == PORTONE_DECLINED) {
            rc = portone_register_put(reg, txn, &value, &stored);
        }
    }

    cJSON_free(text);

    return rc;
}


static int
portone_register_put(portone_register_t *reg, portone_txn_t *txn,
    const portone_str_t *text, const portone_str_t *stored)
{
    int                       rc;
    char                     *journal;
    portone_save_t            save;
    portone_journal_facts_t   facts;

    memset(&facts, 0, sizeof(portone_journal_facts_t));

    facts.kind = PORTONE_JOURNAL_REGISTER;
    facts.time = reg->now;
    facts.merchant = reg->merchant;
    facts.payment = reg->payment;

    journal = portone_journal_entry(&facts);
    if (journal == NULL) {
        return PORTONE_ERROR;
    }

    memset(&save, 0, sizeof(portone_save_t));

    save.merchant = reg->merchant;
    save.payment = reg->payment;
    save.text = *text;
    save.journal = portone_str(journal);
    save.seen = *stored;

    rc = portone_ledger_save(txn, &save);

    cJSON_free(journal);

    return rc;
}


/* PORTONE_DECLINED: all refunds of the payment have ended */

static int
portone_register_intent(portone_register_t *reg, portone_txn_t *txn,
    const portone_key_t *key)
{
    int     rc;
    cJSON  *intent;

    rc = portone_ledger_intent(txn, key, &intent);

    if (rc != PORTONE_OK) {
        return rc;
    }

    /* an unreadable intent locks its payment as well */

    portone_ledger_open_read(&reg->open, intent);

    cJSON_Delete(intent);

    (void) portone_register_refuse(reg, PORTONE_REFUND_IN_PROGRESS, "");

    return PORTONE_OK;
}


/*
 * sets the payment as it will be, and the verdict; PORTONE_ERROR: out of memory
 */

static int
portone_register_stored(portone_register_t *reg, portone_txn_t *txn,
    const portone_str_t *key, const portone_str_t *text)
{
    const char         *why;
    portone_payment_t   stored;

    if (text->len == 0) {
        reg->payment = &reg->given;
        reg->verdict = PORTONE_REGISTER_NEW;

    } else {

        if (portone_payment_parse(&stored, text->data, text->len, &why)
            != PORTONE_OK)
        {
            if (errno == ENOMEM) {
                return PORTONE_ERROR;
            }

            /* a damaged payment cannot be compared */

            txn->unreadable(txn, PORTONE_DB_PAYMENTS, key);

            (void) portone_register_refuse(reg, PORTONE_STORE_UNAVAILABLE,
                                           "");
            return PORTONE_OK;
        }

        if (!portone_policy_matches(&stored, reg->match_values,
                                    reg->n_match_values))
        {
            portone_payment_free(&stored);
            reg->mismatch = 1;
            (void) portone_register_refuse(reg, PORTONE_PAYMENT_NOT_FOUND,
                                           "");
            return PORTONE_OK;
        }

        why = portone_register_conflict(reg, &stored);

        if (why != NULL) {
            portone_payment_free(&stored);
            (void) portone_register_refuse(reg, PORTONE_INVALID_REQUEST, why);
            return PORTONE_OK;
        }

        if (portone_register_merge(reg, &stored) != PORTONE_OK) {
            return PORTONE_ERROR;
        }

        reg->verdict = PORTONE_REGISTER_CHANGED;
    }

    if (!portone_policy_matches(reg->payment, reg->match_values,
                                reg->n_match_values))
    {
        reg->mismatch = 1;
        (void) portone_register_refuse(reg, PORTONE_PAYMENT_NOT_FOUND, "");
    }

    return PORTONE_OK;
}


static const char *
portone_register_conflict(const portone_register_t *reg,
    const portone_payment_t *stored)
{
    int64_t                   amount, cancel_amount;
    const cJSON              *json;
    const portone_payment_t  *given;

    given = &reg->given;
    json = given->json;

    if (!portone_str_eq(&given->merchant_uid, &stored->merchant_uid)) {
        return "merchant_uid";
    }

    if (reg->has_currency
        && !portone_str_eq(&given->currency, &stored->currency))
    {
        return "currency";
    }

    /* in the stored currency, because ours may be the default */

    if (portone_money_from_json(&amount, portone_json_member(json, "amount"),
                                stored->exponent)
        != PORTONE_OK
        || amount != stored->amount)
    {
        return "amount";
    }

    if (portone_money_from_json(&cancel_amount,
                                portone_json_member(json, "cancel_amount"),
                                stored->exponent)
        != PORTONE_OK
        || cancel_amount > amount)
    {
        return "cancel_amount";
    }

    return NULL;
}


/* takes stored, also when it fails for want of memory */

static int
portone_register_merge(portone_register_t *reg, portone_payment_t *stored)
{
    int           rc;
    cJSON        *json;
    const char   *why;
    const cJSON  *item;

    json = cJSON_Duplicate(stored->json, 1);
    rc = (json == NULL) ? PORTONE_ERROR : PORTONE_OK;

    cJSON_ArrayForEach(item, reg->given.json) {

        if (rc == PORTONE_OK && portone_register_takes(reg, stored, item)) {
            rc = portone_json_set(json, item->string,
                                  cJSON_Duplicate(item, 1));
        }
    }

    portone_payment_free(stored);

    if (rc != PORTONE_OK) {
        cJSON_Delete(json);
        return PORTONE_ERROR;
    }

    if (portone_payment_init(&reg->merged, json, &why) != PORTONE_OK) {
        return PORTONE_ERROR;
    }

    reg->has_merged = 1;
    reg->payment = &reg->merged;

    return PORTONE_OK;
}


/*
 * Tells whether a member of the registration goes into the stored payment.
 * Members that refunds have changed stay as they are when the registration
 * knows of less than has been refunded, or of a payment that was still unpaid.
 */

static int
portone_register_takes(const portone_register_t *reg,
    const portone_payment_t *stored, const cJSON *item)
{
    int64_t                   cancel_amount;
    const char               *name;
    const portone_payment_t  *given;

    name = item->string;
    given = &reg->given;

    if (portone_register_is(name, portone_register_fixed)) {
        return 0;
    }

    if (!portone_register_is(name, portone_register_moving)) {
        return 1;
    }

    cancel_amount = stored->cancel_amount;

    if (reg->has_cancel_amount) {

        /* the conversion has been tried by portone_register_conflict() */

        (void) portone_money_from_json(&cancel_amount,
                                       portone_json_member(given->json,
                                                           "cancel_amount"),
                                       stored->exponent);

    } else if (strcmp(name, "cancel_amount") == 0) {
        return 0;
    }

    if (!reg->has_status && strcmp(name, "status") == 0) {
        return 0;
    }

    if (cancel_amount < stored->cancel_amount
        || (portone_payment_was_paid(stored)
            && !portone_payment_was_paid(given)))
    {
        return 0;
    }

    /* the entries are what open refunds are told by later on */

    return cancel_amount > stored->cancel_amount
           || strcmp(name, "cancel_history") != 0
           || portone_payment_cancellations(given)
              >= portone_payment_cancellations(stored);
}


static int
portone_register_is(const char *name, const char *const *names)
{
    for ( /* void */ ; *names != NULL; names++) {

        if (strcmp(name, *names) == 0) {
            return 1;
        }
    }

    return 0;
}


static portone_error_e
portone_register_refuse(portone_register_t *reg, portone_error_e error,
    const char *field)
{
    size_t  len;

    len = portone_str_utf8_cut(field, strlen(field), PORTONE_FIELD_LEN - 1);

    memcpy(reg->field, field, len);
    reg->field[len] = '\0';

    reg->error = error;
    reg->verdict = PORTONE_REGISTER_REFUSED;

    return error;
}


char *
portone_register_reply(const portone_register_t *reg,
    portone_language_e language)
{
    int                    rc;
    cJSON                 *json;
    portone_str_t          refund_id;
    portone_error_body_t   body;

    if (reg->error == PORTONE_NO_ERROR) {
        return portone_payment_print(reg->payment, 1);
    }

    body.error = reg->error;
    body.message = portone_str(portone_error_message(reg->error, language));
    body.code = 0;
    body.merchant_uid = reg->merchant_uid;
    body.imp_uid = reg->given.imp_uid;
    body.field = reg->field;

    rc = PORTONE_OK;
    json = portone_error_body(&body);

    if (reg->error == PORTONE_REFUND_IN_PROGRESS && reg->open.refund_id[0]) {
        refund_id = portone_str(reg->open.refund_id);
        rc = portone_json_set_str(json, "refund_id", &refund_id);
    }

    return portone_json_finish(json, rc);
}


void
portone_register_free(portone_register_t *reg)
{
    if (reg->has_given) {
        portone_payment_free(&reg->given);
    }

    if (reg->has_merged) {
        portone_payment_free(&reg->merged);
    }

    reg->has_given = 0;
    reg->has_merged = 0;
    reg->payment = NULL;
}
