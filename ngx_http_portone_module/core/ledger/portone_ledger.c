
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <assert.h>
#include <errno.h>
#include <string.h>

#include "portone_ledger.h"
#include "portone_json.h"


static int portone_ledger_open(portone_txn_t *txn, const portone_key_t *key,
    cJSON **intent);
static cJSON *portone_ledger_parse(portone_txn_t *txn, portone_db_e db,
    const portone_key_t *key, const portone_str_t *value);
static int portone_ledger_stale(portone_txn_t *txn,
    portone_settlement_t *settlement);
static int portone_ledger_put_payment(portone_txn_t *txn,
    const portone_str_t *key, const portone_str_t *payment, int *changed);
static int portone_ledger_overtaken(const portone_settlement_t *settlement,
    const cJSON *intent);
static int portone_ledger_save_payment(portone_txn_t *txn,
    portone_save_t *save, const portone_key_t *key);
static int portone_ledger_save_order(portone_txn_t *txn,
    const portone_save_t *save, const portone_key_t *order);
static int portone_ledger_outranked(portone_txn_t *txn,
    const portone_save_t *save, const portone_str_t *imp_uid,
    int *outranked);
static void portone_ledger_take_due(portone_due_t *due,
    const portone_key_t *key, const cJSON *intent);
static int portone_ledger_refunds(portone_txn_t *txn,
    portone_lookup_t *lookup);
static int portone_ledger_attempt(portone_txn_t *txn,
    portone_lookup_t *lookup, portone_key_t *key);


int
portone_ledger_claim(portone_txn_t *txn, void *data)
{
    portone_claim_t *claim = data;

    int             rc;
    cJSON          *intent;
    portone_str_t   key, stored;

    assert(claim->key.len != 0);

    key = portone_key_str(&claim->key);

    rc = portone_ledger_open(txn, &claim->key, &intent);

    if (rc == PORTONE_ERROR) {
        return PORTONE_ERROR;
    }

    if (rc == PORTONE_OK) {
        portone_ledger_open_read(&claim->open, intent);
        claim->verdict = PORTONE_CLAIM_IN_PROGRESS;

        cJSON_Delete(intent);

        return PORTONE_OK;
    }

    rc = txn->get(txn, PORTONE_DB_PAYMENTS, &key, &stored);

    if (rc == PORTONE_ERROR) {
        return PORTONE_ERROR;
    }

    if (rc == PORTONE_DECLINED || !portone_str_eq(&stored, &claim->payment)) {
        claim->verdict = PORTONE_CLAIM_CHANGED;
        return PORTONE_OK;
    }

    if (claim->idempotency.len) {
        rc = portone_idempotency_claim(txn, &claim->idempotency,
                                       &claim->idempotency_record,
                                       claim->expires_at, claim->now);

        if (rc == PORTONE_ERROR) {
            return PORTONE_ERROR;
        }

        if (rc == PORTONE_DECLINED) {
            claim->verdict = PORTONE_CLAIM_CHANGED;
            return PORTONE_OK;
        }
    }

    claim->verdict = PORTONE_CLAIMED;

    return txn->put(txn, PORTONE_DB_INTENTS, &key, &claim->record);
}


void
portone_ledger_open_read(portone_open_t *open, const cJSON *intent)
{
    portone_str_t  refund_id;

    memset(open, 0, sizeof(portone_open_t));

    refund_id = portone_json_str(intent, "refund_id");

    if (refund_id.len && refund_id.len <= PORTONE_REFUND_ID_LEN) {
        memcpy(open->refund_id, refund_id.data, refund_id.len);
    }

    open->state = portone_record_state(intent);
    open->settle_at = portone_json_int(intent, "settle_at", 0);
}


int
portone_ledger_settle(portone_txn_t *txn, void *data)
{
    portone_settlement_t *settlement = data;

    int             rc, changed;
    portone_key_t   attempt;
    portone_str_t   key, stored;

    assert(settlement->key.len != 0);

    key = portone_key_str(&settlement->key);

    if (portone_ledger_stale(txn, settlement) != PORTONE_OK) {
        return PORTONE_ERROR;
    }

    if (settlement->stale) {
        return PORTONE_OK;
    }

    settlement->changed = 0;

    if (settlement->over.len) {
        rc = txn->get(txn, PORTONE_DB_PAYMENTS, &key, &stored);

        if (rc == PORTONE_ERROR) {
            return PORTONE_ERROR;
        }

        if (rc == PORTONE_DECLINED
            || !portone_str_eq(&stored, &settlement->over))
        {
            settlement->changed = 1;
            return PORTONE_OK;
        }
    }

    changed = 0;

    if (settlement->payment.len
        && portone_ledger_put_payment(txn, &key, &settlement->payment,
                                      &changed)
           != PORTONE_OK)
    {
        return PORTONE_ERROR;
    }

    if ((changed || !settlement->open)
        && portone_journal_append(txn, &settlement->journal) != PORTONE_OK)
    {
        return PORTONE_ERROR;
    }

    if (settlement->idempotency.len
        && portone_idempotency_settle(txn, &settlement->idempotency,
                                      &settlement->refund_id,
                                      &settlement->answer, settlement->now)
           != PORTONE_OK)
    {
        return PORTONE_ERROR;
    }

    if (settlement->open) {
        return txn->put(txn, PORTONE_DB_INTENTS, &key, &settlement->record);
    }

    if (txn->del(txn, PORTONE_DB_INTENTS, &key) != PORTONE_OK) {
        return PORTONE_ERROR;
    }

    if (portone_key_attempt(&attempt, &settlement->key,
                            &settlement->refund_id)
        != PORTONE_OK)
    {
        return PORTONE_ERROR;
    }

    key = portone_key_str(&attempt);

    return txn->put(txn, PORTONE_DB_ATTEMPTS, &key, &settlement->record);
}


static int
portone_ledger_stale(portone_txn_t *txn, portone_settlement_t *settlement)
{
    int             rc;
    cJSON          *intent;
    portone_str_t   key, stored;

    settlement->stale = 0;

    if (settlement->intent.len) {
        key = portone_key_str(&settlement->key);

        rc = txn->get(txn, PORTONE_DB_INTENTS, &key, &stored);

        if (rc == PORTONE_ERROR) {
            return PORTONE_ERROR;
        }

        /* the claimed intent to the byte: parsing is saved */

        if (rc == PORTONE_OK
            && portone_str_eq(&stored, &settlement->intent))
        {
            return PORTONE_OK;
        }
    }

    rc = portone_ledger_open(txn, &settlement->key, &intent);

    if (rc == PORTONE_ERROR) {
        return PORTONE_ERROR;
    }

    if (rc == PORTONE_DECLINED) {
        settlement->stale = 1;
        return PORTONE_OK;
    }

    settlement->stale = portone_ledger_overtaken(settlement, intent);

    cJSON_Delete(intent);

    return PORTONE_OK;
}


static int
portone_ledger_put_payment(portone_txn_t *txn, const portone_str_t *key,
    const portone_str_t *payment, int *changed)
{
    int            rc;
    portone_str_t  stored;

    rc = txn->get(txn, PORTONE_DB_PAYMENTS, key, &stored);

    if (rc == PORTONE_ERROR) {
        return PORTONE_ERROR;
    }

    *changed = (rc == PORTONE_DECLINED || !portone_str_eq(&stored, payment));

    if (!*changed) {
        return PORTONE_OK;
    }

    return txn->put(txn, PORTONE_DB_PAYMENTS, key, payment);
}


static int
portone_ledger_overtaken(const portone_settlement_t *settlement,
    const cJSON *intent)
{
    portone_str_t    refund_id;
    portone_state_e  state;

    refund_id = portone_json_str(intent, "refund_id");

    if (!portone_str_eq(&refund_id, &settlement->refund_id)) {
        return 1;
    }

    state = portone_record_state(intent);

    if (state == settlement->seen) {
        return 0;
    }

    /* "unknown" adds nothing to "sending" */

    return settlement->seen != PORTONE_STATE_SENDING
           || state != PORTONE_STATE_UNKNOWN;
}


int
portone_ledger_save(portone_txn_t *txn, void *data)
{
    portone_save_t *save = data;

    portone_key_t             key, order;
    const portone_payment_t  *payment;

    save->stored = 0;

    payment = save->payment;

    if (portone_key(&key, &save->merchant, &payment->imp_uid)
        != PORTONE_OK
        || portone_key(&order, &save->merchant, &payment->merchant_uid)
           != PORTONE_OK)
    {
        return PORTONE_ERROR;
    }

    if (portone_ledger_save_payment(txn, save, &key) != PORTONE_OK) {
        return PORTONE_ERROR;
    }

    return portone_ledger_save_order(txn, save, &order);
}


static int
portone_ledger_save_payment(portone_txn_t *txn, portone_save_t *save,
    const portone_key_t *key)
{
    int            rc, changed;
    portone_str_t  str, value;

    str = portone_key_str(key);

    rc = txn->get(txn, PORTONE_DB_PAYMENTS, &str, &value);

    if (rc == PORTONE_ERROR) {
        return PORTONE_ERROR;
    }

    changed = 1;

    if (rc == PORTONE_OK) {

        if (!portone_str_eq(&value, &save->seen)) {
            return PORTONE_OK;
        }

        changed = !portone_str_eq(&value, &save->text);

        rc = portone_ledger_locked(txn, key);

        if (rc != PORTONE_DECLINED) {
            return rc;
        }
    }

    if (changed
        && (txn->put(txn, PORTONE_DB_PAYMENTS, &str, &save->text)
            != PORTONE_OK
            || portone_journal_append(txn, &save->journal) != PORTONE_OK))
    {
        return PORTONE_ERROR;
    }

    save->stored = 1;

    return PORTONE_OK;
}


/* merchant_uid leads to the payment that has the better claim to the order */

static int
portone_ledger_save_order(portone_txn_t *txn, const portone_save_t *save,
    const portone_key_t *order)
{
    int                   rc, outranked;
    portone_str_t         str, value;
    const portone_str_t  *imp_uid;

    str = portone_key_str(order);
    imp_uid = &save->payment->imp_uid;

    rc = txn->get(txn, PORTONE_DB_MERCHANT_UIDS, &str, &value);

    if (rc == PORTONE_ERROR) {
        return PORTONE_ERROR;
    }

    if (rc == PORTONE_OK) {

        if (portone_str_eq(&value, imp_uid)) {
            return PORTONE_OK;
        }

        rc = portone_ledger_outranked(txn, save, &value, &outranked);

        if (rc != PORTONE_OK || outranked) {
            return rc;
        }
    }

    return txn->put(txn, PORTONE_DB_MERCHANT_UIDS, &str, imp_uid);
}


int
portone_ledger_locked(portone_txn_t *txn, const portone_key_t *key)
{
    int     rc;
    cJSON  *intent;

    rc = portone_ledger_open(txn, key, &intent);

    if (rc == PORTONE_OK) {

        if (portone_record_state(intent) == PORTONE_STATE_MANUAL_REVIEW) {
            rc = PORTONE_DECLINED;
        }

        cJSON_Delete(intent);
    }

    return rc;
}


int
portone_ledger_lookup(portone_txn_t *txn, void *data)
{
    portone_lookup_t *lookup = data;

    int             rc;
    portone_key_t   index;
    portone_str_t   key, value;

    lookup->payment = NULL;
    lookup->intent = NULL;
    lookup->refunds = NULL;
    lookup->saved = NULL;

    if (lookup->idempotency.len) {

        if (portone_key(&index, &lookup->merchant, &lookup->idempotency)
            != PORTONE_OK
            || portone_idempotency_get(txn, &index, lookup->now,
                                       &lookup->saved)
               == PORTONE_ERROR)
        {
            return PORTONE_ERROR;
        }
    }

    value = lookup->imp_uid;

    if (value.len == 0) {

        if (portone_key(&index, &lookup->merchant, &lookup->merchant_uid)
            != PORTONE_OK)
        {
            return PORTONE_DECLINED;
        }

        key = portone_key_str(&index);

        rc = txn->get(txn, PORTONE_DB_MERCHANT_UIDS, &key, &value);

        if (rc != PORTONE_OK) {
            return rc;
        }
    }

    if (portone_key(&lookup->key, &lookup->merchant, &value) != PORTONE_OK) {
        return PORTONE_DECLINED;
    }

    key = portone_key_str(&lookup->key);

    rc = txn->get(txn, PORTONE_DB_PAYMENTS, &key, &value);

    if (rc != PORTONE_OK) {
        return rc;
    }

    lookup->payment = portone_str_copy(&value);
    if (lookup->payment == NULL) {
        return PORTONE_ERROR;
    }

    lookup->payment_len = value.len;

    rc = portone_ledger_open(txn, &lookup->key, &lookup->intent);

    if (rc != PORTONE_ERROR && lookup->want_refunds) {
        rc = portone_ledger_refunds(txn, lookup);
    }

    if (rc == PORTONE_ERROR) {
        portone_ledger_lookup_free(lookup);
        return PORTONE_ERROR;
    }

    return PORTONE_OK;
}


void
portone_ledger_lookup_free(portone_lookup_t *lookup)
{
    cJSON_free(lookup->payment);
    cJSON_Delete(lookup->intent);
    cJSON_Delete(lookup->refunds);
    cJSON_Delete(lookup->saved);

    lookup->saved = NULL;
    lookup->payment = NULL;
    lookup->intent = NULL;
    lookup->refunds = NULL;
}


int
portone_ledger_intent(portone_txn_t *txn, const portone_key_t *key,
    cJSON **intent)
{
    int            rc;
    portone_str_t  str, value;

    *intent = NULL;

    str = portone_key_str(key);

    rc = txn->get(txn, PORTONE_DB_INTENTS, &str, &value);

    if (rc != PORTONE_OK) {
        return rc;
    }

    *intent = portone_ledger_parse(txn, PORTONE_DB_INTENTS, key, &value);

    return PORTONE_OK;
}


/* an unreadable intent still locks its payment, so it is an error */

static int
portone_ledger_open(portone_txn_t *txn, const portone_key_t *key,
    cJSON **intent)
{
    int  rc;

    rc = portone_ledger_intent(txn, key, intent);

    return (rc == PORTONE_OK && *intent == NULL) ? PORTONE_ERROR : rc;
}


static cJSON *
portone_ledger_parse(portone_txn_t *txn, portone_db_e db,
    const portone_key_t *key, const portone_str_t *value)
{
    cJSON          *record;
    portone_str_t   str;

    record = portone_json_parse(value->data, value->len);

    if (record == NULL && errno != ENOMEM) {
        str = portone_key_str(key);
        txn->unreadable(txn, db, &str);
    }

    return record;
}


static int
portone_ledger_outranked(portone_txn_t *txn, const portone_save_t *save,
    const portone_str_t *imp_uid, int *outranked)
{
    int                 rc, paid;
    const char         *why;
    portone_key_t       key;
    portone_str_t       str, value;
    portone_payment_t   other;

    *outranked = 0;

    if (portone_key(&key, &save->merchant, imp_uid) != PORTONE_OK) {
        return PORTONE_OK;
    }

    str = portone_key_str(&key);

    rc = txn->get(txn, PORTONE_DB_PAYMENTS, &str, &value);

    if (rc != PORTONE_OK) {
        return (rc == PORTONE_DECLINED) ? PORTONE_OK : PORTONE_ERROR;
    }

    if (portone_payment_parse(&other, value.data, value.len, &why)
        != PORTONE_OK)
    {
        if (errno != ENOMEM) {
            txn->unreadable(txn, PORTONE_DB_PAYMENTS, &str);
        }

        return PORTONE_ERROR;
    }

    paid = portone_payment_was_paid(save->payment);

    if (!portone_str_eq(&other.merchant_uid, &save->payment->merchant_uid)) {
        /* it was registered for this order by mistake */

    } else if (portone_payment_was_paid(&other) != paid) {
        *outranked = !paid;

    } else {
        *outranked = other.started_at > save->payment->started_at;
    }

    portone_payment_free(&other);

    return PORTONE_OK;
}


static int
portone_ledger_refunds(portone_txn_t *txn, portone_lookup_t *lookup)
{
    int             rc;
    cJSON          *refund;
    size_t          n;
    portone_key_t   key;

    lookup->refunds = cJSON_CreateArray();
    if (lookup->refunds == NULL) {
        return PORTONE_ERROR;
    }

    n = 0;

    if (lookup->intent != NULL) {
        refund = portone_record_refund(lookup->intent);
        if (refund == NULL) {
            return PORTONE_ERROR;
        }

        (void) cJSON_AddItemToArray(lookup->refunds, refund);
        n++;
    }

    /*
     * The attempts of a payment have its key, a NUL and refund_id, which begins
     * with the time: their order is the order of time.  Parts of keys are free
     * of control characters, so \001 comes after all of them.
     */

    key = lookup->key;

    if (key.len == PORTONE_KEY_MAX) {
        return PORTONE_OK;
    }

    key.data[key.len++] = '\001';

    for ( /* void */ ; n < PORTONE_REFUNDS_MAX; n++) {
        rc = portone_ledger_attempt(txn, lookup, &key);

        if (rc != PORTONE_OK) {
            return (rc == PORTONE_DECLINED) ? PORTONE_OK : PORTONE_ERROR;
        }
    }

    return PORTONE_OK;
}


/*
 * puts the attempt before the key in front of lookup->refunds;
 * PORTONE_DECLINED: the payment's first one was reached
 */

static int
portone_ledger_attempt(portone_txn_t *txn, portone_lookup_t *lookup,
    portone_key_t *key)
{
    int             rc;
    cJSON          *record, *refund;
    portone_str_t   value;

    rc = portone_key_prev(txn, PORTONE_DB_ATTEMPTS, key, &value);

    if (rc != PORTONE_OK) {
        return rc;
    }

    if (key->len <= lookup->key.len
        || memcmp(key->data, lookup->key.data, lookup->key.len) != 0
        || key->data[lookup->key.len] != '\0')
    {
        return PORTONE_DECLINED;
    }

    record = portone_ledger_parse(txn, PORTONE_DB_ATTEMPTS, key, &value);
    if (record == NULL) {
        return PORTONE_ERROR;
    }

    refund = portone_record_refund(record);

    cJSON_Delete(record);

    if (refund == NULL) {
        return PORTONE_ERROR;
    }

    if (!cJSON_InsertItemInArray(lookup->refunds, 0, refund)) {
        cJSON_Delete(refund);
        return PORTONE_ERROR;
    }

    return PORTONE_OK;
}


int
portone_ledger_due(portone_txn_t *txn, void *data)
{
    portone_due_list_t *list = data;

    int             rc;
    cJSON          *intent;
    size_t          i;
    portone_str_t   value;

    assert(list->max <= PORTONE_DUE_MAX);

    list->n = 0;
    list->done = 0;

    for (i = 0; i < PORTONE_DUE_LOOK && list->n < list->max; i++) {
        rc = portone_key_next(txn, PORTONE_DB_INTENTS, &list->last, &value);

        if (rc == PORTONE_ERROR) {
            return PORTONE_ERROR;
        }

        if (rc == PORTONE_DECLINED) {
            list->done = 1;
            list->last.len = 0;
            break;
        }

        intent = portone_ledger_parse(txn, PORTONE_DB_INTENTS, &list->last,
                                      &value);

        /* an unreadable intent holds up its own payment only */

        if (intent != NULL && portone_record_due(intent, list->now)) {
            portone_ledger_take_due(&list->due[list->n++], &list->last,
                                    intent);
        }

        cJSON_Delete(intent);
    }

    return PORTONE_OK;
}


static void
portone_ledger_take_due(portone_due_t *due, const portone_key_t *key,
    const cJSON *intent)
{
    portone_str_t  str;

    memset(due, 0, sizeof(portone_due_t));

    due->key = *key;

    str = portone_json_str(intent, "account");

    if (str.len && str.len <= PORTONE_ACCOUNT_LEN) {
        memcpy(due->account, str.data, str.len);
    }

    str = portone_json_str(intent, "tier");

    if (str.len && str.len <= PORTONE_TIER_LEN) {
        memcpy(due->tier, str.data, str.len);
    }

    due->include_sandbox = cJSON_IsTrue(portone_json_member(intent,
                                                       "include_sandbox"));
}
