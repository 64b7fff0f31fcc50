
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portone_json.h"

#include "fuzz.h"
#include "fuzz_world.h"


static int fuzz_world_look(fuzz_world_t *world, portone_payment_t *payment);
static int fuzz_world_delete(portone_txn_t *txn, void *data);
static cJSON *fuzz_world_record(fuzz_world_t *world, portone_db_e db,
    const portone_str_t *imp_uid, const char *refund_id);
static void fuzz_world_set(fuzz_world_t *world, portone_db_e db,
    const portone_str_t *uid, const char *value);


void
fuzz_world_init(fuzz_world_t *world)
{
    memset(world, 0, sizeof(fuzz_world_t));

    memory_init(&world->store);

    world->now = FUZZ_NOW;
    world->honest = 1;
}


void
fuzz_world_free(fuzz_world_t *world)
{
    memory_free(&world->store);
    cJSON_Delete(world->payment);
}


void
fuzz_world_store(fuzz_world_t *world, const portone_str_t *text)
{
    char               *value, *imp_uid;
    const char         *why;
    portone_payment_t   payment;

    if (portone_payment_parse(&payment, text->data, text->len, &why)
        != PORTONE_OK)
    {
        return;
    }

    value = portone_payment_print(&payment, 0);
    imp_uid = fuzz_copy(&payment.imp_uid);

    fuzz_world_set(world, PORTONE_DB_PAYMENTS, &payment.imp_uid, value);
    fuzz_world_set(world, PORTONE_DB_MERCHANT_UIDS, &payment.merchant_uid,
                   imp_uid);

    free(imp_uid);
    cJSON_free(value);
    portone_payment_free(&payment);
}


void
fuzz_world_intent(fuzz_world_t *world, const portone_str_t *payment,
    const portone_str_t *intent)
{
    char           *value;
    cJSON          *json;
    portone_str_t   imp_uid;

    json = portone_json_parse(payment->data, payment->len);
    imp_uid = portone_json_str(json, "imp_uid");

    if (imp_uid.len != 0 && imp_uid.len <= 128 && intent->len != 0) {
        value = fuzz_copy(intent);
        fuzz_world_set(world, PORTONE_DB_INTENTS, &imp_uid, value);
        free(value);
    }

    cJSON_Delete(json);
}


void
fuzz_world_portone(fuzz_world_t *world, const portone_str_t *text)
{
    const char         *why;
    portone_payment_t   payment;

    if (world->payment == NULL
        && portone_payment_parse(&payment, text->data, text->len, &why)
           == PORTONE_OK)
    {
        world->payment = payment.json;
    }
}


static void
fuzz_world_set(fuzz_world_t *world, portone_db_e db, const portone_str_t *uid,
    const char *value)
{
    char  *copy;

    copy = fuzz_copy(uid);

    memory_set(&world->store, db, FUZZ_MERCHANT, copy, NULL, value);

    free(copy);
}


char *
fuzz_world_execute(fuzz_world_t *world, const char *body, int *executed)
{
    portone_payment_t  payment;

    (void) fuzz_world_look(world, &payment);

    return model_execute(world->payment, body, world->now, 1, executed);
}


/* strings of the payment point into the tree at PortOne, which may change */

static int
fuzz_world_look(fuzz_world_t *world, portone_payment_t *payment)
{
    const char  *why;

    if (world->payment == NULL) {
        return PORTONE_DECLINED;
    }

    fuzz_check(portone_payment_init(payment, world->payment, &why)
               == PORTONE_OK);

    return PORTONE_OK;
}


void
fuzz_world_console(fuzz_world_t *world, int64_t amount)
{
    portone_payment_t  payment;

    world->honest = 0;

    if (fuzz_world_look(world, &payment) == PORTONE_OK
        && amount > 0
        && amount <= portone_payment_balance(&payment))
    {
        model_refund(world->payment, (uint64_t) amount, FUZZ_CONSOLE,
                     "CONSOLE", world->now);
    }
}


void
fuzz_world_undo(fuzz_world_t *world)
{
    size_t                   n;
    portone_payment_t        payment;
    portone_cancellation_t   c;

    world->honest = 0;

    if (fuzz_world_look(world, &payment) != PORTONE_OK) {
        return;
    }

    n = portone_payment_cancellations(&payment);

    if (n == 0) {
        return;
    }

    portone_payment_cancellation(&payment, n - 1, &c);

    if (c.amount <= payment.cancel_amount) {
        portone_json_set(world->payment, "cancel_amount",
                         portone_money_json(payment.cancel_amount - c.amount,
                                            payment.exponent));
        cJSON_DeleteItemFromArray(payment.history, (int) n - 1);
    }
}


void
fuzz_world_save(fuzz_world_t *world)
{
    char               *value;
    portone_payment_t   payment;

    world->honest = 0;

    if (fuzz_world_look(world, &payment) == PORTONE_OK) {
        value = portone_payment_print(&payment, 0);
        fuzz_world_set(world, PORTONE_DB_PAYMENTS, &payment.imp_uid, value);
        cJSON_free(value);
    }
}


void
fuzz_world_claim(fuzz_world_t *world, const portone_str_t *imp_uid)
{
    cJSON  *intent;

    world->honest = 0;

    intent = fuzz_world_value(world, PORTONE_DB_INTENTS, imp_uid);

    if (intent == NULL) {
        fuzz_world_set(world, PORTONE_DB_INTENTS, imp_uid,
                       "{\"refund_id\":\"other\",\"state\":\"sending\","
                       "\"settle_at\":1763757500}");
    }

    cJSON_Delete(intent);
}


void
fuzz_world_settle(fuzz_world_t *world, const portone_str_t *imp_uid)
{
    size_t         fail_at;
    portone_key_t  key;
    portone_str_t  merchant;

    world->honest = 0;

    merchant = portone_str(FUZZ_MERCHANT);

    if (portone_key(&key, &merchant, imp_uid) == PORTONE_OK) {
        fail_at = world->store.fail_at;
        world->store.fail_at = 0;

        (void) memory_apply(&world->store, fuzz_world_delete, &key);

        world->store.fail_at = fail_at;
    }
}


static int
fuzz_world_delete(portone_txn_t *txn, void *data)
{
    portone_str_t  key;

    key = portone_key_str(data);

    return txn->del(txn, PORTONE_DB_INTENTS, &key);
}


portone_state_e
fuzz_world_state(fuzz_world_t *world, portone_db_e db,
    const portone_str_t *imp_uid, const char *refund_id)
{
    cJSON            *record;
    portone_str_t     id, own;
    portone_state_e   state;

    record = (db == PORTONE_DB_ATTEMPTS)
             ? fuzz_world_attempt(world, imp_uid, refund_id)
             : fuzz_world_value(world, db, imp_uid);

    id = portone_str(refund_id);
    own = portone_json_str(record, "refund_id");

    state = portone_str_eq(&id, &own) ? portone_record_state(record)
                                      : PORTONE_STATE_MAX;
    cJSON_Delete(record);

    return state;
}


cJSON *
fuzz_world_value(fuzz_world_t *world, portone_db_e db,
    const portone_str_t *imp_uid)
{
    return fuzz_world_record(world, db, imp_uid, NULL);
}


cJSON *
fuzz_world_attempt(fuzz_world_t *world, const portone_str_t *imp_uid,
    const char *refund_id)
{
    return fuzz_world_record(world, PORTONE_DB_ATTEMPTS, imp_uid, refund_id);
}


static cJSON *
fuzz_world_record(fuzz_world_t *world, portone_db_e db,
    const portone_str_t *imp_uid, const char *refund_id)
{
    char        *uid;
    const char  *value;

    uid = fuzz_copy(imp_uid);

    value = memory_value(&world->store, db, FUZZ_MERCHANT, uid, refund_id);

    free(uid);

    return (value != NULL) ? portone_json_parse(value, strlen(value)) : NULL;
}
