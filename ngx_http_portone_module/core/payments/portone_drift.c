
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <assert.h>
#include <errno.h>
#include <string.h>

#include "portone_drift.h"
#include "portone_journal.h"
#include "portone_json.h"


static int portone_drift_take(portone_txn_t *txn, portone_drift_t *drift,
    const portone_str_t *value);
static int portone_drift_found(portone_drift_t *drift, cJSON *item,
    int64_t now);
static portone_drift_payment_t *portone_drift_find(portone_drift_t *drift,
    const portone_str_t *imp_uid);
static int portone_drift_differs(portone_drift_payment_t *payment,
    const portone_payment_t *stored);
static int portone_drift_history(portone_drift_payment_t *payment,
    const portone_payment_t *stored);
static int portone_drift_save(portone_drift_t *drift,
    portone_drift_payment_t *payment, int64_t now);


int
portone_drift_batch(portone_txn_t *txn, void *data)
{
    portone_drift_t *drift = data;

    int             rc;
    size_t          i, len, texts, uids;
    portone_key_t   key;
    portone_str_t   value, merchant, imp_uid;

    assert(drift->n == 0);

    drift->done = 0;

    texts = 0;
    uids = 0;

    for (i = 0; i < PORTONE_DRIFT_LOOK && drift->n < PORTONE_DRIFT_MAX; i++) {
        key = drift->last;

        rc = portone_key_next(txn, PORTONE_DB_PAYMENTS, &key, &value);

        if (rc == PORTONE_ERROR) {
            return PORTONE_ERROR;
        }

        if (rc == PORTONE_DECLINED) {
            drift->done = 1;
            drift->last.len = 0;
            break;
        }

        if (portone_key_split(&key, &merchant, &imp_uid) != PORTONE_OK) {
            return PORTONE_ERROR;
        }

        if (drift->n == 0) {
            drift->merchant = merchant.len;

        } else if (drift->merchant != merchant.len
                   || memcmp(drift->payments[0].key.data, merchant.data,
                             merchant.len)
                      != 0
                   || texts + value.len > PORTONE_DRIFT_TEXTS
                   || uids + key.len - merchant.len > PORTONE_DRIFT_UIDS)
        {
            break;
        }

        drift->last = key;

        len = value.len;

        rc = portone_drift_take(txn, drift, &value);

        if (rc == PORTONE_ERROR) {
            return PORTONE_ERROR;
        }

        if (rc == PORTONE_OK) {
            texts += len;
            uids += drift->last.len - drift->merchant;
        }
    }

    return PORTONE_OK;
}


/* PORTONE_DECLINED: its refund is open; who settles that reads PortOne */

static int
portone_drift_take(portone_txn_t *txn, portone_drift_t *drift,
    const portone_str_t *value)
{
    portone_drift_payment_t  *payment;

    /* an unreadable intent holds up its own payment only */

    if (value->len == 0
        || portone_ledger_locked(txn, &drift->last) != PORTONE_DECLINED)
    {
        drift->skipped++;
        return PORTONE_DECLINED;
    }

    payment = &drift->payments[drift->n];

    payment->key = drift->last;
    payment->imp_uid.data = payment->key.data + drift->merchant + 1;
    payment->imp_uid.len = payment->key.len - drift->merchant - 1;

    payment->text = portone_str_copy(value);
    if (payment->text == NULL) {
        return PORTONE_ERROR;
    }

    payment->len = value->len;

    drift->n++;

    return PORTONE_OK;
}


int
portone_drift_compare(portone_drift_t *drift, portone_answer_t *answer,
    int64_t now)
{
    int     rc;
    cJSON  *item;

    if (!cJSON_IsArray(answer->response)) {
        return PORTONE_ERROR;
    }

    rc = PORTONE_OK;

    while (answer->response->child != NULL) {
        item = cJSON_DetachItemViaPointer(answer->response,
                                          answer->response->child);

        if (portone_drift_found(drift, item, now) != PORTONE_OK) {
            rc = PORTONE_ERROR;
        }
    }

    return rc;
}


static int
portone_drift_found(portone_drift_t *drift, cJSON *item, int64_t now)
{
    int                       rc;
    const char               *why;
    portone_payment_t         read, stored;
    portone_drift_payment_t  *payment;

    if (portone_payment_init(&read, item, &why) != PORTONE_OK) {
        return PORTONE_ERROR;
    }

    payment = portone_drift_find(drift, &read.imp_uid);

    if (payment == NULL) {
        portone_payment_free(&read);
        return PORTONE_ERROR;
    }

    payment->payment = read;
    payment->found = 1;

    if (portone_payment_parse(&stored, payment->text, payment->len, &why)
        != PORTONE_OK)
    {
        if (errno == ENOMEM) {
            return PORTONE_ERROR;
        }

        /* an unreadable text is a difference by itself */

        return portone_drift_save(drift, payment, now);
    }

    rc = portone_drift_differs(payment, &stored);

    portone_payment_free(&stored);

    if (rc != PORTONE_OK) {
        return (rc == PORTONE_DECLINED) ? PORTONE_OK : PORTONE_ERROR;
    }

    return portone_drift_save(drift, payment, now);
}


/* NULL: the payment was not asked for, or was found already */

static portone_drift_payment_t *
portone_drift_find(portone_drift_t *drift, const portone_str_t *imp_uid)
{
    size_t  i;

    for (i = 0; i < drift->n; i++) {

        if (!drift->payments[i].found
            && portone_str_eq(&drift->payments[i].imp_uid, imp_uid))
        {
            return &drift->payments[i];
        }
    }

    return NULL;
}


/* PORTONE_OK: they differ; PORTONE_DECLINED: they agree */

static int
portone_drift_differs(portone_drift_payment_t *payment,
    const portone_payment_t *stored)
{
    const portone_payment_t  *read;

    read = &payment->payment;

    if (portone_drift_history(payment, stored) != PORTONE_OK) {
        return PORTONE_ERROR;
    }

    if (payment->appeared == 0
        && payment->vanished == 0
        && read->amount == stored->amount
        && read->cancel_amount == stored->cancel_amount
        && portone_str_eq(&read->currency, &stored->currency)
        && portone_str_eq(&read->merchant_uid, &stored->merchant_uid)
        && portone_str_eq(&read->status, &stored->status))
    {
        return PORTONE_DECLINED;
    }

    return PORTONE_OK;
}


/* each of two entries with the same identity has to be there */

static int
portone_drift_history(portone_drift_payment_t *payment,
    const portone_payment_t *stored)
{
    char                     buf[PORTONE_IDENTITY_LEN];
    cJSON                   *known, *item;
    size_t                   i;
    portone_cancellation_t   c;

    known = cJSON_CreateArray();
    if (known == NULL) {
        return PORTONE_ERROR;
    }

    for (i = 0; i < portone_payment_cancellations(stored); i++) {
        portone_payment_cancellation(stored, i, &c);
        (void) portone_payment_identity(&c, buf);

        item = cJSON_CreateString(buf);

        if (item == NULL) {
            cJSON_Delete(known);
            return PORTONE_ERROR;
        }

        (void) cJSON_AddItemToArray(known, item);
    }

    for (i = 0; i < portone_payment_cancellations(&payment->payment); i++) {
        portone_payment_cancellation(&payment->payment, i, &c);
        (void) portone_payment_identity(&c, buf);

        cJSON_ArrayForEach(item, known) {
            if (strcmp(item->valuestring, buf) == 0) {
                break;
            }
        }

        if (item != NULL) {
            cJSON_Delete(cJSON_DetachItemViaPointer(known, item));

        } else {
            payment->appeared++;
        }
    }

    payment->vanished = (size_t) cJSON_GetArraySize(known);

    cJSON_Delete(known);

    return PORTONE_OK;
}


static int
portone_drift_save(portone_drift_t *drift,
    portone_drift_payment_t *payment, int64_t now)
{
    portone_save_t          *save;
    portone_journal_facts_t  facts;

    save = &payment->save;

    save->merchant.data = payment->key.data;
    save->merchant.len = drift->merchant;
    save->payment = &payment->payment;
    save->seen.data = payment->text;
    save->seen.len = payment->len;

    facts.kind = PORTONE_JOURNAL_DEPOSIT;
    facts.time = now;
    facts.merchant = save->merchant;
    facts.payment = save->payment;
    facts.record = NULL;

    payment->texts[0] = portone_payment_print(&payment->payment, 0);
    payment->texts[1] = portone_journal_entry(&facts);

    if (payment->texts[0] == NULL || payment->texts[1] == NULL) {
        return PORTONE_ERROR;
    }

    save->text = portone_str(payment->texts[0]);
    save->journal = portone_str(payment->texts[1]);

    payment->differs = 1;

    return PORTONE_OK;
}


int
portone_drift_store(portone_txn_t *txn, void *data)
{
    portone_drift_t *drift = data;

    size_t  i;

    for (i = 0; i < drift->n; i++) {

        if (drift->payments[i].differs
            && portone_ledger_save(txn, &drift->payments[i].save)
               != PORTONE_OK)
        {
            return PORTONE_ERROR;
        }
    }

    return PORTONE_OK;
}


void
portone_drift_free(portone_drift_t *drift)
{
    size_t                    i;
    portone_drift_payment_t  *payment;

    for (i = 0; i < drift->n; i++) {
        payment = &drift->payments[i];

        cJSON_free(payment->text);
        cJSON_free(payment->texts[0]);
        cJSON_free(payment->texts[1]);

        if (payment->found) {
            portone_payment_free(&payment->payment);
        }
    }

    memset(drift->payments, 0, drift->n * sizeof(portone_drift_payment_t));

    drift->n = 0;
    drift->skipped = 0;
}
