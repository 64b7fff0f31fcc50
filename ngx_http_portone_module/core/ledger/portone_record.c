
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <assert.h>
#include <string.h>

#include "portone_record.h"
#include "portone_json.h"


/*
 * PortOne's clock is known to a second, from an answer that was under way
 * for a while: an entry dated this much before the claim can still be ours.
 */
#define PORTONE_CLOCK_TOLERANCE  5    /* seconds */


static cJSON *portone_record_balance(const portone_payment_t *payment);
static int portone_record_is_final(portone_state_e state);
static int portone_record_ours(const cJSON *record, int64_t amount,
    const portone_cancellation_t *c);
static int portone_record_take(cJSON *identities,
    const portone_cancellation_t *c);


static const char  *portone_state_words[PORTONE_STATE_MAX] = {
    "sending",
    "pending",
    "succeeded",
    "rejected",
    "unknown",
    "not_executed",
    "manual_review"
};


cJSON *
portone_record_create(const portone_claim_facts_t *facts)
{
    int                       rc;
    cJSON                    *record;
    portone_str_t             word;
    const portone_payment_t  *payment;

    payment = facts->payment;

    assert(facts->amount > 0);

    record = cJSON_CreateObject();
    if (record == NULL) {
        return NULL;
    }

    word = portone_str(portone_state_words[PORTONE_STATE_SENDING]);

    rc = portone_json_add_str(record, "refund_id", &facts->refund_id);
    rc |= portone_json_add_str(record, "state", &word);
    rc |= portone_json_add_str(record, "merchant", &facts->merchant);
    rc |= portone_json_add_str(record, "merchant_uid",
                               &payment->merchant_uid);
    rc |= portone_json_add_str(record, "imp_uid", &payment->imp_uid);
    rc |= portone_json_add(record, "amount",
                           portone_money_json(facts->amount,
                                              payment->exponent));
    rc |= portone_json_add_str(record, "currency", &payment->currency);
    rc |= portone_json_add_str(record, "reason", &facts->reason);
    rc |= portone_json_add_int(record, "requested_at", facts->requested_at);
    rc |= portone_json_add_int(record, "settle_at", facts->settle_at);
    rc |= portone_json_add_int(record, "clock_offset", facts->clock_offset);
    rc |= portone_json_add_str(record, "account", &facts->account);
    rc |= portone_json_add_str(record, "tier", &facts->tier);

    if (facts->idempotency.len) {
        rc |= portone_json_add_str(record, "idempotency_key",
                                   &facts->idempotency);
    }

    rc |= portone_json_add(record, "include_sandbox",
                           cJSON_CreateBool(facts->include_sandbox));
    rc |= portone_json_add(record, "before",
                           portone_record_balance(payment));

    if (rc != PORTONE_OK) {
        cJSON_Delete(record);
        return NULL;
    }

    return record;
}


/* {"amount", "cancel_amount", "cancellations": [identity, ...]} */

static cJSON *
portone_record_balance(const portone_payment_t *payment)
{
    int                      rc;
    char                     buf[PORTONE_IDENTITY_LEN];
    cJSON                   *balance, *identities, *item;
    size_t                   i, n;
    portone_cancellation_t   c;

    balance = cJSON_CreateObject();
    if (balance == NULL) {
        return NULL;
    }

    identities = cJSON_CreateArray();

    rc = portone_json_add(balance, "amount",
                          portone_money_json(payment->amount,
                                             payment->exponent));
    rc |= portone_json_add(balance, "cancel_amount",
                           portone_money_json(payment->cancel_amount,
                                              payment->exponent));
    rc |= portone_json_add(balance, "cancellations", identities);

    if (rc != PORTONE_OK) {
        cJSON_Delete(balance);
        return NULL;
    }

    n = portone_payment_cancellations(payment);

    for (i = 0; i < n; i++) {
        portone_payment_cancellation(payment, i, &c);
        (void) portone_payment_identity(&c, buf);

        item = cJSON_CreateString(buf);
        if (item == NULL) {
            cJSON_Delete(balance);
            return NULL;
        }

        (void) cJSON_AddItemToArray(identities, item);
    }

    return balance;
}


int
portone_record_settle(cJSON *record, portone_state_e state, int64_t now)
{
    int            rc;
    portone_str_t  word;

    assert(state < PORTONE_STATE_MAX);
    assert(!portone_record_is_final(portone_record_state(record)));

    word = portone_str(portone_state_words[state]);

    rc = portone_json_set_str(record, "state", &word);

    if (portone_record_is_final(state)) {
        rc |= portone_json_set_int(record, "settled_at", now);
    }

    return (rc == PORTONE_OK) ? PORTONE_OK : PORTONE_ERROR;
}


static int
portone_record_is_final(portone_state_e state)
{
    switch (state) {

    case PORTONE_STATE_SUCCEEDED:
    case PORTONE_STATE_REJECTED:
    case PORTONE_STATE_NOT_EXECUTED:
        return 1;

    default:
        return 0;
    }
}


int
portone_record_answer(cJSON *record, int64_t code,
    const portone_str_t *message)
{
    int  rc;

    rc = portone_json_set_int(record, "code", code);
    rc |= portone_json_set_str(record, "message", message);

    return (rc == PORTONE_OK) ? PORTONE_OK : PORTONE_ERROR;
}


int
portone_record_after(cJSON *record, const portone_payment_t *after)
{
    return portone_json_set(record, "after", portone_record_balance(after));
}


int
portone_record_evidence(cJSON *record, const portone_cancellation_t *c)
{
    return portone_json_set_str(record, "cancellation_id",
                                &c->cancellation_id);
}


char *
portone_record_print(const cJSON *record)
{
    return portone_json_print(record);
}


cJSON *
portone_record_refund(const cJSON *record)
{
    int                        rc;
    cJSON                     *refund;
    size_t                     i;
    const cJSON               *member;
    static const char  *const  names[] = {
        "refund_id", "amount", "reason", "state", "requested_at",
        "settled_at", "code", "message", "cancellation_id"
    };

    refund = cJSON_CreateObject();
    if (refund == NULL) {
        return NULL;
    }

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        member = portone_json_member(record, names[i]);

        rc = portone_json_add(refund, names[i],
                              member ? cJSON_Duplicate(member, 1)
                                     : cJSON_CreateNull());

        if (rc != PORTONE_OK) {
            cJSON_Delete(refund);
            return NULL;
        }
    }

    return refund;
}


const char *
portone_record_word(portone_state_e state)
{
    return portone_state_words[state];
}


portone_state_e
portone_record_state(const cJSON *record)
{
    int            i;
    portone_str_t  state, word;

    state = portone_json_str(record, "state");

    for (i = 0; i < PORTONE_STATE_MAX; i++) {
        word = portone_str(portone_state_words[i]);

        if (portone_str_eq(&state, &word)) {
            break;
        }
    }

    return (portone_state_e) i;
}


int
portone_record_due(const cJSON *record, int64_t now)
{
    switch (portone_record_state(record)) {

    case PORTONE_STATE_SENDING:
    case PORTONE_STATE_PENDING:
    case PORTONE_STATE_UNKNOWN:
        return now >= portone_json_int(record, "settle_at", INT64_MAX);

    default:
        return 0;
    }
}


int
portone_record_compare(const cJSON *record, const portone_payment_t *after,
    portone_evidence_t *evidence)
{
    cJSON                   *identities;
    size_t                   i, n;
    int64_t                  amount, cancel_amount;
    const cJSON             *before;
    portone_cancellation_t   c;

    memset(evidence, 0, sizeof(portone_evidence_t));

    before = portone_json_member(record, "before");
    identities = portone_json_member(before, "cancellations");

    if (!cJSON_IsArray(identities)
        || portone_money_from_json(&amount,
                                   portone_json_member(record, "amount"),
                                   after->exponent)
           != PORTONE_OK
        || portone_money_from_json(&cancel_amount,
                                   portone_json_member(before,
                                                       "cancel_amount"),
                                   after->exponent)
           != PORTONE_OK)
    {
        return PORTONE_ERROR;
    }

    /*
     * an entry of after takes an entry of before away: two that lack
     * cancellation_id can be alike
     */

    identities = cJSON_Duplicate(identities, 1);
    if (identities == NULL) {
        return PORTONE_ERROR;
    }

    evidence->moved = after->cancel_amount - cancel_amount;

    n = portone_payment_cancellations(after);

    for (i = 0; i < n; i++) {
        portone_payment_cancellation(after, i, &c);

        if (portone_record_take(identities, &c)) {
            continue;
        }

        if (evidence->appeared++ == 0) {
            evidence->entry = c;
        }

        if (portone_record_ours(record, amount, &c)
            && evidence->ours++ == 0)
        {
            evidence->entry = c;
        }
    }

    evidence->vanished = (size_t) cJSON_GetArraySize(identities);

    cJSON_Delete(identities);

    return PORTONE_OK;
}


static int
portone_record_take(cJSON *identities, const portone_cancellation_t *c)
{
    char    buf[PORTONE_IDENTITY_LEN];
    cJSON  *item;

    (void) portone_payment_identity(c, buf);

    cJSON_ArrayForEach(item, identities) {
        if (cJSON_IsString(item) && strcmp(item->valuestring, buf) == 0) {
            cJSON_Delete(cJSON_DetachItemViaPointer(identities, item));
            return 1;
        }
    }

    return 0;
}


static int
portone_record_ours(const cJSON *record, int64_t amount,
    const portone_cancellation_t *c)
{
    int64_t        sent_at;
    portone_str_t  reason;

    if (c->amount != amount) {
        return 0;
    }

    reason = portone_json_str(record, "reason");

    if (reason.len && !portone_str_eq(&reason, &c->reason)) {
        return 0;
    }

    sent_at = portone_json_int(record, "requested_at", 0)
              + portone_json_int(record, "clock_offset", 0);

    return c->cancelled_at >= sent_at - PORTONE_CLOCK_TOLERANCE;
}
