
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#define _GNU_SOURCE    /* memmem() */

#include <stdlib.h>
#include <string.h>

#include "portone_json.h"

#include "fuzz.h"
#include "fuzz_flow.h"
#include "fuzz_json.h"


static void fuzz_flow_check_key(const fuzz_flow_t *flow);
static void fuzz_flow_check_kept(const fuzz_flow_t *flow);
static portone_state_e fuzz_flow_kept(const fuzz_flow_t *flow,
    const fuzz_flow_t *other);
static void fuzz_flow_check_body(fuzz_flow_t *flow);
static void fuzz_flow_check_replay(const fuzz_flow_t *flow);


/* nothing is sent that is not recorded, complete, alone and in time */

void
fuzz_flow_check_cancel(fuzz_flow_t *flow)
{
    int64_t             amount, checksum, requested_at;
    cJSON              *body, *intent;
    const char         *why;
    portone_str_t       str, imp_uid;
    portone_payment_t   stored;

    fuzz_check(flow->core.want == PORTONE_WANT_REFUND);
    fuzz_check(!flow->core.abandoned);
    fuzz_check(flow->n_cancels == flow->n_unauthorized);
    fuzz_check(flow->n_cancels < 2);

    body = portone_json_parse(flow->core.body, strlen(flow->core.body));

    fuzz_check(body != NULL);

    imp_uid = portone_json_str(body, "imp_uid");

    fuzz_check(imp_uid.len != 0);
    fuzz_check(portone_json_member(body, "merchant_uid") == NULL);

    fuzz_check(portone_str_eq(&imp_uid, &flow->imp_uid));

    fuzz_check(fuzz_world_state(flow->world, PORTONE_DB_INTENTS, &imp_uid,
                                flow->refund_id)
               == PORTONE_STATE_SENDING);
    fuzz_check(fuzz_world_state(flow->world, PORTONE_DB_ATTEMPTS, &imp_uid,
                                flow->refund_id)
               == PORTONE_STATE_MAX);

    intent = fuzz_world_value(flow->world, PORTONE_DB_INTENTS, &imp_uid);
    requested_at = portone_json_int(intent, "requested_at", 0);

    fuzz_check(flow->world->now - requested_at <= FUZZ_SEND);
    fuzz_check(cJSON_Compare(portone_json_member(body, "amount"),
                             portone_json_member(intent, "amount"), 1));

    str = portone_json_str(intent, "reason");
    fuzz_check(portone_str_eq(&str, &flow->core.request.cancel.reason));

    /* the payment that was decided by is the one that is stored */

    stored.json = fuzz_world_value(flow->world, PORTONE_DB_PAYMENTS,
                                   &imp_uid);

    fuzz_check(portone_payment_init(&stored, stored.json, &why)
               == PORTONE_OK);
    fuzz_check(portone_money_from_json(&amount,
                                       portone_json_member(body, "amount"),
                                       stored.exponent)
               == PORTONE_OK);
    fuzz_check(portone_money_from_json(&checksum,
                                       portone_json_member(body, "checksum"),
                                       stored.exponent)
               == PORTONE_OK);

    fuzz_check(amount > 0 && amount <= checksum);

    /* unless a reading was stored after the claim */

    fuzz_check(checksum == portone_payment_balance(&stored)
               || !flow->world->honest);

    if (flow->core.n_match_values != 0) {
        str = portone_json_str(flow->core.payment.json, "customer_uid");
        fuzz_check(portone_str_eq(&str, &flow->match.value));
    }

    portone_payment_free(&stored);
    cJSON_Delete(body);
    cJSON_Delete(intent);

    fuzz_flow_check_key(flow);
}


/* the key has not been used, or what came of it is forgotten by right */

static void
fuzz_flow_check_key(const fuzz_flow_t *flow)
{
    portone_state_e     state;
    const fuzz_flow_t  *other;

    for (other = flow->first; other != flow; other++) {

        if (flow->key[0] == '\0' || strcmp(other->key, flow->key) != 0
            || other->imp_uid.len == 0)
        {
            continue;
        }

        fuzz_check(fuzz_world_state(flow->world, PORTONE_DB_INTENTS,
                                    &other->imp_uid, other->refund_id)
                   == PORTONE_STATE_MAX);

        state = fuzz_flow_kept(flow, other);

        fuzz_check(state != PORTONE_STATE_SUCCEEDED);
        fuzz_check(state != PORTONE_STATE_REJECTED || other->body == NULL
                   || other->error != PORTONE_REFUND_REJECTED);
    }
}


/* the state of a refund whose key has not expired; PORTONE_STATE_MAX: none */

static portone_state_e
fuzz_flow_kept(const fuzz_flow_t *flow, const fuzz_flow_t *other)
{
    cJSON            *record;
    int64_t           expires_at;
    portone_state_e   state;

    record = fuzz_world_attempt(flow->world, &other->imp_uid,
                                other->refund_id);

    state = portone_record_state(record);
    expires_at = portone_json_int(record, "settled_at", 0) + FUZZ_TTL;

    cJSON_Delete(record);

    return (flow->world->now < expires_at) ? state : PORTONE_STATE_MAX;
}


/* the same request with the same key is answered, another one refused */

static void
fuzz_flow_check_kept(const fuzz_flow_t *flow)
{
    const fuzz_flow_t  *other;

    if (flow->key[0] == '\0' || flow->exhausted || flow->core.abandoned
        || flow->core.want != PORTONE_WANT_REFUND
        || flow->core.error == PORTONE_AMOUNT_REQUIRED)
    {
        return;
    }

    for (other = flow->first; other != flow; other++) {

        if (strcmp(other->key, flow->key) != 0 || other->imp_uid.len == 0
            || fuzz_flow_kept(flow, other) != PORTONE_STATE_SUCCEEDED)
        {
            continue;
        }

        if (strcmp(flow->fingerprint, other->fingerprint) == 0) {
            fuzz_check(flow->core.replayed);

        } else {
            fuzz_check(flow->core.error == PORTONE_IDEMPOTENCY_KEY_REUSED);
        }
    }
}


/* what is about to be written is ours to write, and has been found out */

void
fuzz_flow_check_settlement(fuzz_flow_t *flow)
{
    cJSON            *old, *new;
    portone_str_t     id, own, account, imp_uid;
    portone_flow_t   *core;
    portone_state_e   state;

    core = &flow->core;

    own = portone_str(flow->refund_id);
    id = core->settlement.refund_id;

    if (core->task->own) {
        fuzz_check(core->recorded);
        fuzz_check(portone_str_eq(&id, &own));
        return;
    }

    imp_uid = core->payment.imp_uid;

    old = fuzz_world_value(flow->world, PORTONE_DB_INTENTS, &imp_uid);
    new = portone_json_parse(core->settlement.record.data,
                             core->settlement.record.len);

    own = portone_json_str(old, "refund_id");
    account = portone_json_str(old, "account");
    state = portone_record_state(new);

    fuzz_check(new != NULL);

    /* others may have settled it in the meantime */

    if (old != NULL && portone_str_eq(&own, &id)) {
        fuzz_check(portone_record_state(old) != PORTONE_STATE_MANUAL_REVIEW);
        fuzz_check(flow->world->now
                   >= portone_json_int(old, "settle_at", INT64_MAX)
                   || (core->want == PORTONE_WANT_SYNC
                       && portone_record_state(old)
                          == PORTONE_STATE_PENDING));
        fuzz_check(core->want == PORTONE_WANT_SETTLE
                   || portone_str_eq(&account, &core->account));

        switch (state) {

        case PORTONE_STATE_NOT_EXECUTED:
        case PORTONE_STATE_REJECTED:
            fuzz_check(portone_record_state(old) != PORTONE_STATE_PENDING);

            /* fall through */

        case PORTONE_STATE_SUCCEEDED:
            fuzz_check(flow->reread == PORTONE_ANSWER_OK);
            fuzz_check(!core->settlement.open);
            break;

        default:
            fuzz_check(state != PORTONE_STATE_SENDING);
            fuzz_check(core->settlement.open);
            break;
        }
    }

    cJSON_Delete(old);
    cJSON_Delete(new);
}


/* what the client is told */

void
fuzz_flow_check_end(fuzz_flow_t *flow)
{
    portone_flow_t   *core;
    portone_state_e   intent, attempt;

    core = &flow->core;

    fuzz_check(core->error < PORTONE_ERROR_MAX);
    fuzz_check(core->field != NULL);
    fuzz_check(core->amount >= 0);
    fuzz_check(portone_str_utf8_length(core->message.data, core->message.len)
               != SIZE_MAX);

    fuzz_flow_check_body(flow);
    fuzz_flow_check_kept(flow);

    if (core->replayed) {
        fuzz_flow_check_replay(flow);
        return;
    }

    if (!core->recorded) {
        fuzz_check(flow->n_cancels == 0);
        fuzz_check(core->error != PORTONE_OUTCOME_UNKNOWN);
        fuzz_check(core->error != PORTONE_NO_ERROR
                   || core->want != PORTONE_WANT_REFUND);
        fuzz_check(core->error != PORTONE_NO_ERROR
                   || core->want != PORTONE_WANT_SYNC || flow->asked);
        return;
    }

    fuzz_check(core->want == PORTONE_WANT_REFUND);

    intent = fuzz_world_state(flow->world, PORTONE_DB_INTENTS,
                              &core->payment.imp_uid, flow->refund_id);
    attempt = fuzz_world_state(flow->world, PORTONE_DB_ATTEMPTS,
                               &core->payment.imp_uid, flow->refund_id);

    /* one home for a record */

    fuzz_check(intent == PORTONE_STATE_MAX || attempt == PORTONE_STATE_MAX);

    if (flow->settled) {
        fuzz_check(core->state == ((intent != PORTONE_STATE_MAX) ? intent
                                                                 : attempt));
    }

    switch (core->error) {

    case PORTONE_NO_ERROR:
        fuzz_check(flow->settled);
        fuzz_check(flow->n_cancels == flow->n_unauthorized + 1);

        if (core->state == PORTONE_STATE_PENDING) {
            fuzz_check(intent == PORTONE_STATE_PENDING);
            fuzz_check(flow->said == FUZZ_SAID_PENDING);

        } else {
            fuzz_check(core->state == PORTONE_STATE_SUCCEEDED);
            fuzz_check(attempt == PORTONE_STATE_SUCCEEDED);
            fuzz_check(flow->said == FUZZ_SAID_SUCCEEDED);
        }

        break;

    case PORTONE_OUTCOME_UNKNOWN:
        break;

    default:
        fuzz_check(core->state != PORTONE_STATE_SUCCEEDED
                   && core->state != PORTONE_STATE_PENDING
                   && core->state != PORTONE_STATE_UNKNOWN
                   && core->state != PORTONE_STATE_MANUAL_REVIEW);
        fuzz_check(flow->said == FUZZ_SAID_NOTHING);
        fuzz_check(!flow->world->honest || flow->n_executed == 0);
        break;
    }
}


static void
fuzz_flow_check_body(fuzz_flow_t *flow)
{
    char            *body;
    cJSON           *json;
    portone_str_t    str;
    portone_flow_t  *core;

    core = &flow->core;

    if (core->want == PORTONE_WANT_SETTLE) {
        return;
    }

    if (core->want == PORTONE_WANT_SYNC) {
        fuzz_paused = 0;

        cJSON_free(portone_reply_webhook(core));

        fuzz_paused = 1;
        return;
    }

    fuzz_paused = 0;

    body = (core->want == PORTONE_WANT_READ) ? portone_reply_payment(core)
                                             : portone_reply_refund(core);
    fuzz_paused = 1;

    cJSON_free(body);

    body = (core->want == PORTONE_WANT_READ) ? portone_reply_payment(core)
                                             : portone_reply_refund(core);

    fuzz_check(body != NULL);

    str = portone_str(body);

    fuzz_check(fuzz_json_valid(&str));

    json = portone_json_parse(str.data, str.len);

    if (core->error == PORTONE_NO_ERROR) {
        fuzz_check(cJSON_IsNumber(portone_json_member(json,
                                                      "refundable_amount")));

    } else {
        str = portone_json_str(json, "error");
        fuzz_check(portone_error_find(&str) == core->error);
    }

    cJSON_Delete(json);

    flow->error = core->error;
    flow->state = core->state;
    flow->body = body;
}


/* the same key and request: the same answer */

static void
fuzz_flow_check_replay(const fuzz_flow_t *flow)
{
    portone_str_t          id;
    const fuzz_flow_t     *other;
    const portone_flow_t  *core;

    core = &flow->core;

    fuzz_check(flow->n_cancels == 0);
    fuzz_check(core->state == PORTONE_STATE_SUCCEEDED
               || core->state == PORTONE_STATE_PENDING
               || core->state == PORTONE_STATE_REJECTED);
    fuzz_check((core->error == PORTONE_NO_ERROR)
               == (core->state != PORTONE_STATE_REJECTED));

    for (other = flow->first; other != flow; other++) {
        id = portone_str(other->refund_id);

        if (portone_str_eq(&id, &core->refund_id)) {
            break;
        }
    }

    fuzz_check(other != flow);
    fuzz_check(flow->key[0] != '\0' && strcmp(flow->key, other->key) == 0);
    fuzz_check(strcmp(flow->fingerprint, other->fingerprint) == 0);

    /* what was claimed and never sent is settled by what somebody else does */

    fuzz_check(other->n_cancels != 0
               || core->state == PORTONE_STATE_SUCCEEDED);

    /* unless the first was told before it was known, or less than all */

    if (other->body != NULL && other->settled
        && (other->error == PORTONE_REFUND_REJECTED
            || (other->error == PORTONE_NO_ERROR
                && other->state == core->state)))
    {
        fuzz_check(other->error == core->error);
        fuzz_check(other->state == core->state);
        fuzz_check(strcmp(other->body, flow->body) == 0);
    }
}


/* what is stored of a refund, now or later on, is what PortOne did */

void
fuzz_flow_check_truth(fuzz_flow_t *flow)
{
    portone_state_e  attempt;

    fuzz_check(flow->n_executed <= 1 || !flow->world->honest);

    if (flow->imp_uid.data == NULL || !flow->world->honest) {
        return;
    }

    attempt = fuzz_world_state(flow->world, PORTONE_DB_ATTEMPTS,
                               &flow->imp_uid, flow->refund_id);

    switch (attempt) {

    case PORTONE_STATE_SUCCEEDED:
        fuzz_check(flow->n_executed == 1);
        break;

    case PORTONE_STATE_REJECTED:
    case PORTONE_STATE_NOT_EXECUTED:
        fuzz_check(flow->n_executed == 0);
        break;

    default:

        /* still open, and nobody has let go of it */

        fuzz_check(attempt == PORTONE_STATE_MAX);
        fuzz_check(fuzz_world_state(flow->world, PORTONE_DB_INTENTS,
                                    &flow->imp_uid, flow->refund_id)
                   != PORTONE_STATE_MAX);
        break;
    }
}


/* a refund account that is written once, there, is stored nowhere */

void
fuzz_flow_check_secrets(fuzz_flow_t *flow)
{
    char                 *dump;
    const char           *found;
    portone_str_t         stored, rest, escape;
    const portone_str_t  *account, *text;

    text = flow->input;
    account = &flow->core.request.cancel.refund_account;
    escape = portone_str("\\u");

    if (account->len < 12 || fuzz_contains(text, &escape)) {
        return;
    }

    found = memmem(text->data, text->len, account->data, account->len);

    if (found == NULL) {
        return;
    }

    rest.data = found + 1;
    rest.len = text->len - (size_t) (rest.data - text->data);

    if (fuzz_contains(&rest, account)) {
        return;
    }

    dump = memory_dump(&flow->world->store);
    stored = portone_str(dump);

    fuzz_check(!fuzz_contains(&stored, account));

    free(dump);

    stored = portone_str(flow->body);

    fuzz_check(!fuzz_contains(&stored, account));
}
