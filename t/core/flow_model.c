
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "flow_model.h"
#include "model.h"

#include "portone_json.h"


static portone_step_e model_token(model_t *model);
static const model_call_t *model_call(const model_call_t *call);
static portone_step_e model_fetch(model_t *model);
static portone_step_e model_cancel(model_t *model);
static portone_step_e model_reread(model_t *model);
static portone_step_e model_commit(model_t *model, portone_step_e step);
static void model_answer(portone_answer_t *answer, const model_call_t *call,
    char *own, int status);
static char *model_ask(model_t *model, const portone_str_t *imp_uid,
    const char *wanted, int *status);
static void model_check_cancel(model_t *model);
static void model_check_end(model_t *model);
static const char *model_imp_uid(model_t *model);


void
model_init(model_t *model, const model_script_t *script)
{
    char             field[PORTONE_FIELD_LEN];
    cJSON           *payment;
    portone_flow_t  *flow;

    memset(model, 0, sizeof(model_t));

    model->script = script;
    model->now = MODEL_NOW;

    memory_init(&model->store);

    flow = &model->flow;

    flow->merchant = portone_str("shop");
    flow->account = portone_str(script->account ? script->account : "f00d");
    flow->refund_id = portone_str(MODEL_REFUND);
    flow->settle_time_s = MODEL_SETTLE;
    flow->send_time_s = 10;
    flow->retry_time_s = MODEL_RETRY;
    flow->fetch = !script->no_fetch;
    flow->require_amount = script->require_amount;
    flow->phone_month = 1;

    unit_paused = 1;

    if (script->request != NULL) {

        if (portone_request_parse(&flow->request, script->request,
                                  strlen(script->request), field)
            != PORTONE_NO_ERROR)
        {
            fail_msg("%s in %s", field, script->request);
        }

    } else if (script->settle) {
        flow->want = PORTONE_WANT_SETTLE;
        flow->request.imp_uid = portone_str("imp_1");

    } else {
        flow->want = PORTONE_WANT_READ;
        flow->request.merchant_uid = portone_str("order-1");
    }

    if (script->sync) {
        flow->want = PORTONE_WANT_SYNC;
    }

    if (script->open != NULL) {
        memory_set(&model->store, PORTONE_DB_INTENTS, "shop", "imp_1", NULL,
                   script->open);
    }

    if (script->portone != NULL) {
        model->payment = cJSON_Parse(script->portone);
        assert_non_null(model->payment);
    }

    if (script->stored != NULL) {
        payment = cJSON_Parse(script->stored);
        assert_non_null(payment);

        memory_set(&model->store, PORTONE_DB_PAYMENTS, "shop",
                   portone_json_str(payment, "imp_uid").data, NULL,
                   script->stored);
        memory_set(&model->store, PORTONE_DB_MERCHANT_UIDS, "shop",
                   portone_json_str(payment, "merchant_uid").data, NULL,
                   portone_json_str(payment, "imp_uid").data);

        cJSON_Delete(payment);
    }

    unit_paused = 0;
}


void
model_run(model_t *model)
{
    portone_step_e  step;

    step = portone_flow_start(&model->flow);

    while (step != PORTONE_STEP_FINISH) {

        assert_true(model->n_steps < sizeof(model->steps) - 1);
        model->steps[model->n_steps++] = MODEL_LETTERS[step];

        if (model->script->meddle != NULL) {
            model->script->meddle(model, step);
        }

        step = model_step(model, step);
    }

    unit_paused = 1;
    model_check_end(model);
    unit_paused = 0;
}


void
model_free(model_t *model)
{
    portone_flow_free(&model->flow);
    memory_free(&model->store);
    cJSON_Delete(model->payment);
    free(model->sent);
}


portone_step_e
model_step(model_t *model, portone_step_e step)
{
    int  rc;

    switch (step) {

    case PORTONE_STEP_LOOKUP:
        rc = memory_read(&model->store, portone_ledger_lookup,
                         &model->flow.lookup);
        return portone_flow_looked_up(&model->flow, rc, model->now);

    case PORTONE_STEP_TOKEN:
    case PORTONE_STEP_REFRESH:
        return model_token(model);

    case PORTONE_STEP_FETCH:
        return model_fetch(model);

    case PORTONE_STEP_CANCEL:
        return model_cancel(model);

    case PORTONE_STEP_REREAD:
        return model_reread(model);

    default:
        return model_commit(model, step);
    }
}


static portone_step_e
model_token(model_t *model)
{
    portone_token_e  result;

    assert_true(model->n_tokens < 6);

    result = model->script->tokens[model->n_tokens++];

    if (result == 0) {
        result = PORTONE_TOKEN_GRANTED;
    }

    return portone_flow_token(&model->flow, result, MODEL_OFFSET, model->now);
}


/* what a script does not say is done by PortOne */

static const model_call_t *
model_call(const model_call_t *call)
{
    static const model_call_t  own = MODEL_OWN;

    return (call->call == 0) ? &own : call;
}


static portone_step_e
model_fetch(model_t *model)
{
    int                  status;
    char                *own;
    portone_answer_t     answer;
    const model_call_t  *call;

    static const char  *wanted[] = { "", "paid", "cancelled" };

    assert_true(model->n_fetches < 3);

    model->finds[model->n_fetches] = model->flow.find;

    call = model_call(&model->script->fetch[model->n_fetches++]);

    own = model_ask(model, &model->flow.request.imp_uid,
                    wanted[model->flow.find], &status);

    model_answer(&answer, call, own, status);

    return portone_flow_fetched(&model->flow, call->call, &answer,
                                model->now);
}


static portone_step_e
model_reread(model_t *model)
{
    int                  status;
    char                *own;
    portone_answer_t     answer;
    const model_call_t  *call;

    assert_true(model->n_rereads < 4);

    call = model_call(&model->script->reread[model->n_rereads++]);

    own = model_ask(model, &model->flow.payment.imp_uid, "", &status);

    model_answer(&answer, call, own, status);

    return portone_flow_reread(&model->flow, call->call, &answer,
                               model->now);
}


/* the order is that of the request */

static char *
model_ask(model_t *model, const portone_str_t *imp_uid, const char *wanted,
    int *status)
{
    char  *text;

    unit_paused = 1;

    text = model_read(model->payment, imp_uid,
                      &model->flow.request.merchant_uid, wanted, status);

    unit_paused = 0;

    return text;
}


static portone_step_e
model_cancel(model_t *model)
{
    int                  executed;
    char                *own;
    portone_answer_t     answer;
    const model_call_t  *call;

    assert_true(model->n_cancels < 3);

    call = model_call(&model->script->cancel[model->n_cancels]);

    free(model->sent);
    model->sent = strdup(model->flow.body);

    unit_paused = 1;
    model_check_cancel(model);
    unit_paused = 0;

    model->n_cancels++;
    own = NULL;

    if (call->executed
        || (call->call == PORTONE_CALL_ANSWERED && call->text == NULL))
    {
        unit_paused = 1;
        own = model_execute(model->payment, model->sent,
                            model->now + MODEL_OFFSET,
                            !model->script->asynchronous, &executed);
        unit_paused = 0;

        model->n_executed += (size_t) executed;
    }

    if (call->status == 401) {
        model->n_unauthorized++;
    }

    model_answer(&answer, call, own, 200);

    return portone_flow_cancelled(&model->flow, call->call, &answer,
                                  model->now);
}


static portone_step_e
model_commit(model_t *model, portone_step_e step)
{
    int                    rc;
    portone_flow_t        *flow;
    const model_script_t  *script;

    flow = &model->flow;
    script = model->script;

    if (script->step == step && script->abandoned) {
        portone_flow_abandon(flow);

        /* the client is told now, before anything is stored */

        assert_int_not_equal(flow->error, PORTONE_NO_ERROR);
        assert_true(!flow->recorded
                    || (flow->state != PORTONE_STATE_SUCCEEDED
                        && flow->state != PORTONE_STATE_PENDING));
    }

    rc = PORTONE_ERROR;

    switch (step) {

    case PORTONE_STEP_SAVE:

        if (!(script->step == step && script->fails)) {
            rc = memory_apply(&model->store, portone_ledger_save,
                              &flow->save);
        }

        return portone_flow_saved(flow, rc);

    case PORTONE_STEP_CLAIM:

        if (!(script->step == step && script->fails)) {
            rc = memory_apply(&model->store, portone_ledger_claim,
                              &flow->claim);
        }

        return portone_flow_claimed(flow, rc, model->now);

    case PORTONE_STEP_SETTLE:

        if (!(script->step == step && script->fails)) {
            rc = memory_apply(&model->store, portone_ledger_settle,
                              &flow->settlement);
        }

        if (rc == PORTONE_OK && !flow->settlement.stale && flow->recorded) {
            model->n_settled++;
        }

        return portone_flow_settled(flow, rc);

    default:
        fail_msg("step %d", step);
        return PORTONE_STEP_FINISH;
    }
}


/* takes own */

static void
model_answer(portone_answer_t *answer, const model_call_t *call, char *own,
    int status)
{
    memset(answer, 0, sizeof(portone_answer_t));

    if (call->call == PORTONE_CALL_ANSWERED) {

        if (call->text != NULL) {
            portone_answer_parse(answer, call->status, call->text,
                                 strlen(call->text));

        } else {
            portone_answer_parse(answer, status, own, strlen(own));
        }
    }

    free(own);
}


double
model_number(const cJSON *object, const char *name)
{
    const cJSON  *item;

    item = portone_json_member(object, name);

    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}


/* nothing is sent that is not recorded, complete and alone */

static void
model_check_cancel(model_t *model)
{
    cJSON          *body, *intent;
    const char     *text;
    portone_str_t   str;

    if (model->n_cancels != model->n_unauthorized) {
        fail_msg("%s: a second cancel", model->steps);
    }

    text = memory_value(&model->store, PORTONE_DB_INTENTS, "shop",
                        model_imp_uid(model), NULL);

    if (text == NULL) {
        fail_msg("%s: a cancel without an intent", model->steps);
    }

    intent = cJSON_Parse(text);
    body = cJSON_Parse(model->sent);

    str = portone_json_str(intent, "refund_id");
    unit_text(str.data, str.len, MODEL_REFUND);

    str = portone_json_str(intent, "state");
    unit_text(str.data, str.len, "sending");

    str = portone_json_str(body, "imp_uid");
    unit_text(str.data, str.len, model_imp_uid(model));

    assert_true(cJSON_IsNumber(portone_json_member(body, "amount")));
    assert_true(cJSON_IsNumber(portone_json_member(body, "checksum")));
    assert_true(model_number(body, "amount") > 0);
    assert_true(model_number(body, "amount")
                <= model_number(body, "checksum"));
    assert_true(cJSON_Compare(portone_json_member(body, "amount"),
                              portone_json_member(intent, "amount"), 1));
    assert_null(portone_json_member(body, "merchant_uid"));
    assert_null(portone_json_member(body, "cancel_request_amount"));

    cJSON_Delete(intent);
    cJSON_Delete(body);
}


static void
model_check_end(model_t *model)
{
    char            *dump;
    const char      *intent, *attempt;
    portone_flow_t  *flow;

    flow = &model->flow;

    intent = model_stored_state(model, PORTONE_DB_INTENTS);
    attempt = model_stored_state(model, PORTONE_DB_ATTEMPTS);

    assert_true(model->n_executed <= 1);

    /* one home for a record */

    assert_true(intent[0] == '\0' || attempt[0] == '\0');

    if (!flow->recorded) {
        assert_int_equal(model->n_cancels, 0);
        assert_string_equal(attempt, "");

    } else if (!model->settled_by_others) {
        assert_true(intent[0] != '\0' || attempt[0] != '\0');
    }

    if (model->n_settled != 0) {
        assert_string_equal(portone_record_word(flow->state),
                            (intent[0] != '\0') ? intent : attempt);
    }

    switch (flow->error) {

    case PORTONE_NO_ERROR:

        if (flow->want != PORTONE_WANT_REFUND) {
            assert_int_equal(model->n_cancels, 0);
            break;
        }

        /* what is told is stored */

        assert_true(flow->recorded);
        assert_int_equal(model->n_executed, 1);
        assert_int_equal(model->n_settled, 1);

        if (flow->state == PORTONE_STATE_PENDING) {
            assert_string_equal(intent, "pending");
            break;
        }

        assert_int_equal(flow->state, PORTONE_STATE_SUCCEEDED);
        assert_string_equal(attempt, "succeeded");
        assert_true(model_stored_cancelled(model)
                    == model_number(model->payment, "cancel_amount"));
        break;

    case PORTONE_OUTCOME_UNKNOWN:
        assert_true(flow->recorded);

        /* a client that did not wait was told so before it was known */

        if (!model->settled_by_others && !model->script->abandoned) {
            assert_true(intent[0] != '\0');
        }

        break;

    default:

        /* every other error promises that nothing was refunded */

        assert_int_equal(model->n_executed, 0);
        break;
    }

    dump = memory_dump(&model->store);

    assert_null(strstr(dump, "1102003004"));

    free(dump);
}


static const char *
model_imp_uid(model_t *model)
{
    return model->flow.payment.imp_uid.data;
}


const char *
model_stored_state(model_t *model, portone_db_e db)
{
    cJSON            *record;
    const char       *text, *imp_uid;
    portone_str_t     id;
    portone_state_e   state;

    imp_uid = model_imp_uid(model);

    if (imp_uid == NULL) {
        return "";
    }

    text = memory_value(&model->store, db, "shop", imp_uid,
                        (db == PORTONE_DB_ATTEMPTS) ? MODEL_REFUND : NULL);

    if (text == NULL) {
        return "";
    }

    record = cJSON_Parse(text);

    id = portone_json_str(record, "refund_id");
    state = portone_record_state(record);

    if (id.len == 0 || strcmp(id.data, MODEL_REFUND) != 0) {
        state = PORTONE_STATE_MAX;
    }

    cJSON_Delete(record);

    return (state == PORTONE_STATE_MAX) ? "" : portone_record_word(state);
}


double
model_stored_cancelled(model_t *model)
{
    cJSON       *payment;
    double       cancelled;
    const char  *text;

    text = (model_imp_uid(model) != NULL)
           ? memory_value(&model->store, PORTONE_DB_PAYMENTS, "shop",
                          model_imp_uid(model), NULL) : NULL;

    if (text == NULL) {
        return -1;
    }

    payment = cJSON_Parse(text);
    cancelled = model_number(payment, "cancel_amount");
    cJSON_Delete(payment);

    return cancelled;
}


void
model_run_cases(const model_case_t *cases, size_t n)
{
    size_t               i;
    model_t              model;
    portone_flow_t      *flow;
    const model_case_t  *c;

    for (i = 0; i < n; i++) {
        c = &cases[i];
        flow = &model.flow;

        model_init(&model, &c->script);
        model_run(&model);

        if (strcmp(model.steps, c->steps) != 0
            || flow->error != c->error
            || strcmp(model_stored_state(&model, PORTONE_DB_INTENTS),
                      c->intent) != 0
            || strcmp(model_stored_state(&model, PORTONE_DB_ATTEMPTS),
                      c->attempt) != 0
            || model_stored_cancelled(&model) != c->cancelled
            || model.n_executed != c->executed)
        {
            fail_msg("%s: steps %s, error \"%s\", intent \"%s\", attempt "
                     "\"%s\", cancelled %g, executed %zu",
                     c->what, model.steps, portone_error_word(flow->error),
                     model_stored_state(&model, PORTONE_DB_INTENTS),
                     model_stored_state(&model, PORTONE_DB_ATTEMPTS),
                     model_stored_cancelled(&model), model.n_executed);
        }

        if (flow->code != c->code) {
            fail_msg("%s: code %lld", c->what, (long long) flow->code);
        }

        unit_text(flow->message.data, flow->message.len,
                  (c->message != NULL) ? c->message : "");

        model_free(&model);
    }
}
