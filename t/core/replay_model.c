
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "replay_model.h"

#include "portone_json.h"


void
replay_set_key(portone_flow_t *flow)
{
    flow->idempotency.key = portone_str(KEY);
    flow->idempotency.fingerprint = portone_str(MINE);
    flow->idempotency.ttl_s = TTL;
}


portone_step_e
replay_ask(model_t *model, portone_flow_t *flow, const char *fingerprint,
    int64_t now)
{
    int   rc;
    char  field[PORTONE_FIELD_LEN];

    memset(flow, 0, sizeof(portone_flow_t));

    flow->merchant = portone_str("shop");
    flow->account = portone_str("f00d");
    flow->refund_id = portone_str("another");
    flow->settle_time_s = MODEL_SETTLE;
    flow->fetch = 1;

    replay_set_key(flow);

    flow->idempotency.fingerprint = portone_str(fingerprint);

    assert_int_equal(portone_request_parse(&flow->request, SOME,
                                           strlen(SOME), field),
                     PORTONE_NO_ERROR);

    assert_int_equal(portone_flow_start(flow), PORTONE_STEP_LOOKUP);

    flow->lookup.now = now;
    rc = memory_read(&model->store, portone_ledger_lookup, &flow->lookup);

    return portone_flow_looked_up(flow, rc, now);
}


const char *
replay_state(model_t *model, portone_db_e db, const char *id)
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


void
replay_check(model_t *model, const char *id)
{
    cJSON          *record;
    const char     *text, *intent, *attempt;
    const cJSON    *answer;
    portone_str_t   state;

    index_check(&model->store);

    unit_paused = 1;

    intent = replay_state(model, PORTONE_DB_INTENTS, id);
    attempt = replay_state(model, PORTONE_DB_ATTEMPTS, id);

    text = index_saved(&model->store, KEY);

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
