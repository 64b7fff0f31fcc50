
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _REPLAY_MODEL_H_INCLUDED_
#define _REPLAY_MODEL_H_INCLUDED_


#include "idempotency_index.h"


/* flows of the model with an idempotency key */


#define TTL   86400
#define KEY   "key-1"
#define MINE  "0123456789012345678901234567890123456789"

#define SAVED(answer)                                                         \
    "{\"fingerprint\":\"" MINE "\",\"refund_id\":\"" MODEL_REFUND "\","       \
    "\"imp_uid\":\"imp_1\",\"ttl\":86400,\"expires_at\":1763757001,"          \
    "\"answer\":" answer "}"


static inline void
set_key(portone_flow_t *flow)
{
    flow->idempotency.key = portone_str(KEY);
    flow->idempotency.fingerprint = portone_str(MINE);
    flow->idempotency.ttl = TTL;
}


/*
 * The first step of a request after the lookup, on the store of the model;
 * FINISH, if the key has answered it.
 */

static inline portone_step_e
ask(model_t *model, portone_flow_t *flow, const char *fingerprint,
    int64_t now)
{
    int   rc;
    char  field[PORTONE_FIELD_LEN];

    memset(flow, 0, sizeof(portone_flow_t));

    flow->merchant = portone_str("shop");
    flow->account = portone_str("f00d");
    flow->refund_id = portone_str("another");
    flow->settle_time = MODEL_SETTLE;
    flow->fetch = 1;

    set_key(flow);

    flow->idempotency.fingerprint = portone_str(fingerprint);

    assert_int_equal(portone_request_parse(&flow->request, SOME,
                                           strlen(SOME), field),
                     PORTONE_NO_ERROR);

    assert_int_equal(portone_flow_start(flow), PORTONE_STEP_LOOKUP);

    flow->lookup.now = now;
    rc = memory_read(&model->store, portone_ledger_lookup, &flow->lookup);

    return portone_flow_looked_up(flow, rc, now);
}


/* the state of a refund of imp_1 in a database; "": it is not there */

static inline const char *
state_of(model_t *model, portone_db_e db, const char *id)
{
    cJSON           *record;
    const char      *text, *word;
    portone_str_t    refund_id;

    text = memory_value(&model->store, db, "shop", "imp_1",
                        (db == PORTONE_DB_ATTEMPTS) ? id : NULL);
    if (text == NULL) {
        return "";
    }

    record = cJSON_Parse(text);
    refund_id = portone_json_str(record, "refund_id");
    unit_text(refund_id.data, refund_id.len, id);

    word = portone_record_word(portone_record_state(record));

    cJSON_Delete(record);

    return word;
}


/*
 * The key has the fate of its refund: it is there while the refund is open,
 * with an answer if it was accepted; afterwards if it has come to something;
 * else it is not there.
 */

static inline void
check_fate(model_t *model, const char *id)
{
    cJSON          *record;
    const char     *text, *intent, *attempt;
    const cJSON    *answer;
    portone_str_t   state;

    check_index(&model->store);

    unit_paused = 1;

    intent = state_of(model, PORTONE_DB_INTENTS, id);
    attempt = state_of(model, PORTONE_DB_ATTEMPTS, id);

    text = saved_text(&model->store, KEY);

    if (text == NULL) {
        assert_string_equal(intent, "");
        assert_true(attempt[0] == '\0'
                    || strcmp(attempt, "not_executed") == 0
                    || strcmp(attempt, "rejected") == 0);
        unit_paused = 0;
        return;
    }

    record = cJSON_Parse(text);
    answer = portone_json_member(record, "answer");
    state = portone_json_str(answer, "state");

    if (intent[0] != '\0') {

        if (strcmp(intent, "pending") == 0) {
            unit_text(state.data, state.len, "pending");

        } else {
            assert_true(cJSON_IsNull(answer));
        }

    } else {
        assert_true(strcmp(attempt, "succeeded") == 0
                    || strcmp(attempt, "rejected") == 0);
        unit_text(state.data, state.len, attempt);
    }

    cJSON_Delete(record);

    unit_paused = 0;
}


#endif /* _REPLAY_MODEL_H_INCLUDED_ */
