
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portone_json.h"

#include "fuzz.h"
#include "fuzz_flow.h"


/*
 * Refunds from beginning to end, with whatever PortOne answers.
 *
 *     <payment in the store, or nothing>
 *     <payment at PortOne, nothing: the same>
 *     <intent in the store, or nothing>
 *     > <flags> <seconds that pass> <allocation that fails, 0: none>
 *       <call of the store that fails> <clock offset> <request>     (one line)
 *     <event>
 *     ...
 *
 * A line that begins with ">" starts a flow: flags are r: only read, s: only
 * settle, y: only bring up to date, f: fetch, a: require_amount, p:
 * phone_month, m: portone_match, o: another account, e: in English, k and a
 * character: an idempotency key.
 * Each step of it but LOOKUP takes an event: "+" and seconds that pass, and a
 * letter; without one all goes well.
 *
 *     any step   C console refund of <n>, U one is undone, D the payment is
 *                read and stored by others, I they claim it, Z they have
 *                settled it before us; X the process dies after the step
 *     token      r refused, u unavailable, o overloaded
 *     calls      n not sent, o overloaded, l lost, L executed and lost,
 *                q refused, a <status> <text>: answered so, x: executed, too
 *     commits    f fails, d durable though it is reported as failed,
 *                b durable after the client has been told, B fails after that
 */


#define FUZZ_FLOWS    4
#define FUZZ_STEPS    48
#define FUZZ_ACCOUNT  "f00d"


static void fuzz_flow_run(fuzz_flow_t *flow, portone_str_t *line,
    portone_str_t *events);
static void fuzz_flow_init(fuzz_flow_t *flow, portone_str_t *line);
static void fuzz_flow_fingerprint(fuzz_flow_t *flow,
    const portone_str_t *request);
static portone_step_e fuzz_flow_step(fuzz_flow_t *flow, portone_step_e step);
static char fuzz_flow_event(fuzz_flow_t *flow, portone_step_e step,
    portone_str_t *events);
static portone_step_e fuzz_flow_token(fuzz_flow_t *flow, char event);
static portone_step_e fuzz_flow_call(fuzz_flow_t *flow, portone_step_e step,
    char event);
static char *fuzz_flow_answer(fuzz_flow_t *flow, portone_step_e step,
    char event, int *status);
static fuzz_said_e fuzz_flow_said(fuzz_flow_t *flow,
    const portone_answer_t *answer);
static void fuzz_flow_honesty(fuzz_flow_t *flow,
    const portone_answer_t *answer, int executed);
static portone_step_e fuzz_flow_commit(fuzz_flow_t *flow, portone_step_e step,
    char event);


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t          i, n;
    cJSON          *json;
    fuzz_flow_t     flows[FUZZ_FLOWS];
    fuzz_world_t    world;
    portone_str_t   text, all, stored, portone, intent, line, id;

    if (memchr(data, '\0', size) != NULL) {
        return 0;
    }

    all.data = (const char *) data;
    all.len = size;

    text = all;

    fuzz_memory(0);
    fuzz_world_init(&world);

    stored = fuzz_line(&text);
    portone = fuzz_line(&text);
    intent = fuzz_line(&text);

    fuzz_world_store(&world, &stored);
    fuzz_world_portone(&world, &portone);
    fuzz_world_portone(&world, &stored);

    if (stored.len != 0 && portone.len != 0) {
        world.honest = 0;
    }

    /* not one that passes for a refund of the flows below */

    json = portone_json_parse(intent.data, intent.len);
    id = portone_json_str(json, "refund_id");

    if (id.len < 4 || memcmp(id.data, "fuzz", 4) != 0) {
        fuzz_world_intent(&world, &stored, &intent);
    }

    cJSON_Delete(json);

    n = 0;

    while (text.len != 0 && n < FUZZ_FLOWS) {
        line = fuzz_line(&text);

        if (line.len == 0 || *line.data != '>') {
            continue;
        }

        memset(&flows[n], 0, sizeof(fuzz_flow_t));
        flows[n].world = &world;
        flows[n].input = &all;
        flows[n].first = flows;

        snprintf(flows[n].refund_id, sizeof(flows[n].refund_id),
                 "fuzz%028zu%04d", n, 0);

        fuzz_flow_run(&flows[n++], &line, &text);
    }

    /* what became of each by now is true */

    for (i = 0; i < n; i++) {
        fuzz_flow_check_truth(&flows[i]);
        free((char *) flows[i].imp_uid.data);
        free(flows[i].body);
    }

    fuzz_world_free(&world);
    fuzz_memory(0);

    return 0;
}


static void
fuzz_flow_run(fuzz_flow_t *flow, portone_str_t *line, portone_str_t *events)
{
    char            event;
    portone_step_e  step;

    fuzz_flow_init(flow, line);

    if (flow->core.request.json == NULL) {
        return;
    }

    fuzz_paused = 0;
    step = portone_flow_start(&flow->core);
    fuzz_paused = 1;

    while (step != PORTONE_STEP_FINISH && !flow->dies) {

        fuzz_check(++flow->n_steps < FUZZ_STEPS);

        if (step == PORTONE_STEP_LOOKUP) {
            step = fuzz_flow_step(flow, step);
            continue;
        }

        if (step == PORTONE_STEP_CANCEL) {
            fuzz_flow_check_cancel(flow);
        }

        event = fuzz_flow_event(flow, step, events);

        switch (step) {

        case PORTONE_STEP_TOKEN:
        case PORTONE_STEP_REFRESH:
            step = fuzz_flow_token(flow, event);
            break;

        case PORTONE_STEP_FETCH:
        case PORTONE_STEP_CANCEL:
        case PORTONE_STEP_REREAD:
            step = fuzz_flow_call(flow, step, event);
            break;

        default:
            step = fuzz_flow_commit(flow, step, event);
            break;
        }
    }

    if (step == PORTONE_STEP_FINISH) {
        fuzz_flow_check_end(flow);
    }

    fuzz_flow_check_secrets(flow);

    portone_flow_free(&flow->core);
}


static void
fuzz_flow_init(fuzz_flow_t *flow, portone_str_t *line)
{
    char             field[PORTONE_FIELD_LEN];
    int64_t          pass, allocation, call;
    portone_flow_t  *core;

    core = &flow->core;

    core->merchant = portone_str(FUZZ_MERCHANT);
    core->account = portone_str(FUZZ_ACCOUNT);
    core->refund_id = portone_str(flow->refund_id);
    core->settle_time_s = FUZZ_SETTLE;
    core->send_time_s = FUZZ_SEND;
    core->retry_time_s = 10;

    flow->match.field = portone_str("customer_uid");
    flow->match.value = portone_str("u1");

    core->idempotency.ttl_s = FUZZ_TTL;

    for ( /* void */ ; line->len != 0; line->data++, line->len--) {

        if (line->len > 1 && *line->data == 'k'
            && line->data[1] > ' ' && line->data[1] < 0x7f)
        {
            line->data++;
            line->len--;

            flow->key[0] = 'k';
            flow->key[1] = *line->data;
            continue;
        }

        switch (*line->data) {

        case 'e':
            core->language = PORTONE_LANGUAGE_EN;
            continue;

        case 'r':
            core->want = PORTONE_WANT_READ;
            continue;

        case 's':
            core->want = PORTONE_WANT_SETTLE;
            continue;

        case 'y':
            core->want = PORTONE_WANT_SYNC;
            continue;

        case 'f':
            core->fetch = 1;
            continue;

        case 'a':
            core->require_amount = 1;
            continue;

        case 'p':
            core->phone_month = 1;
            continue;

        case 'm':
            core->match_values = &flow->match;
            core->n_match_values = 1;
            continue;

        case 'o':
            core->account = portone_str("beef");
            continue;

        case '>':
        case ' ':
            continue;

        default:
            break;
        }

        break;
    }

    pass = fuzz_number(line);
    allocation = fuzz_number(line);
    call = fuzz_number(line);

    flow->clock_offset = fuzz_number(line) % 100000;

    if (pass > 0 && pass < 10000000) {
        flow->world->now += pass;
    }

    while (line->len != 0 && *line->data != '{') {
        line->data++;
        line->len--;
    }

    if (flow->key[0] != '\0' && core->want == PORTONE_WANT_REFUND) {
        fuzz_flow_fingerprint(flow, line);
        core->idempotency.key = portone_str(flow->key);
        core->idempotency.fingerprint = portone_str(flow->fingerprint);
    }

    fuzz_memory(allocation);
    fuzz_paused = 1;

    flow->world->store.calls = 0;
    flow->world->store.fail_at = (call > 0) ? (size_t) call : 0;

    flow->exhausted = (allocation != 0 || call > 0);

    (void) portone_request_parse(&core->request, line->data, line->len,
                                 field);
}


/* FNV-1a: as good as another one here */

static void
fuzz_flow_fingerprint(fuzz_flow_t *flow, const portone_str_t *request)
{
    size_t    i;
    uint64_t  hash;

    hash = 14695981039346656037ULL;

    for (i = 0; i < request->len; i++) {
        hash = (hash ^ (portone_byte_t) request->data[i]) * 1099511628211ULL;
    }

    snprintf(flow->fingerprint, sizeof(flow->fingerprint), "%016llx",
             (unsigned long long) hash);
}


static char
fuzz_flow_event(fuzz_flow_t *flow, portone_step_e step,
    portone_str_t *events)
{
    char                  letter;
    int64_t               number;
    portone_str_t         line;
    const portone_str_t  *imp_uid;

    if (events->len == 0 || *events->data == '>') {
        return '.';
    }

    line = fuzz_line(events);

    imp_uid = &flow->core.payment.imp_uid;

    while (line.len != 0) {

        letter = *line.data++;
        line.len--;

        switch (letter) {

        case '+':
            number = fuzz_number(&line);

            if (number > 0 && number < 10000000) {
                flow->world->now += number;
            }

            continue;

        case ' ':
            continue;

        case 'C':
            fuzz_world_console(flow->world, fuzz_number(&line));
            continue;

        case 'U':
            fuzz_world_undo(flow->world);
            continue;

        case 'D':
            fuzz_world_save(flow->world);
            continue;

        case 'I':

            if (imp_uid->len != 0) {
                fuzz_world_claim(flow->world, imp_uid);
            }

            continue;

        case 'Z':

            /* nobody does before its time has come */

            if (step == PORTONE_STEP_SETTLE) {
                fuzz_world_settle(flow->world, imp_uid);
            }

            continue;

        case 'X':
            flow->dies = 1;
            continue;

        default:
            flow->event = line;
            return letter;
        }
    }

    return '.';
}


static portone_step_e
fuzz_flow_step(fuzz_flow_t *flow, portone_step_e step)
{
    int  rc;

    fuzz_paused = 0;

    rc = memory_read(&flow->world->store, portone_ledger_lookup,
                     &flow->core.lookup);

    step = portone_flow_looked_up(&flow->core, rc, flow->world->now);

    fuzz_paused = 1;

    return step;
}


static portone_step_e
fuzz_flow_token(fuzz_flow_t *flow, char event)
{
    portone_step_e   step;
    portone_token_e  result;

    switch (event) {

    case 'r':
        result = PORTONE_TOKEN_REFUSED;
        break;

    case 'u':
        result = PORTONE_TOKEN_UNAVAILABLE;
        break;

    case 'o':
        result = PORTONE_TOKEN_OVERLOADED;
        break;

    default:
        result = PORTONE_TOKEN_GRANTED;
        break;
    }

    fuzz_paused = 0;

    step = portone_flow_token(&flow->core, result, flow->clock_offset,
                              flow->world->now);
    fuzz_paused = 1;

    return step;
}


static portone_step_e
fuzz_flow_call(fuzz_flow_t *flow, portone_step_e step, char event)
{
    int                status, executed;
    char              *text, *own;
    portone_call_e     call;
    portone_answer_t   answer;

    executed = 0;
    own = NULL;

    if (step == PORTONE_STEP_CANCEL) {
        flow->n_cancels++;

        if (event != 'n' && event != 'o' && event != 'l' && event != 'q'
            && event != 'a')
        {
            own = fuzz_world_execute(flow->world, flow->core.body, &executed);
            flow->n_executed += (size_t) executed;
        }
    }

    text = NULL;
    status = 200;

    switch (event) {

    case 'n':
        call = PORTONE_CALL_NOT_SENT;
        break;

    case 'o':
        call = PORTONE_CALL_OVERLOADED;
        break;

    case 'l':
    case 'L':
        call = PORTONE_CALL_UNANSWERED;
        break;

    default:
        call = PORTONE_CALL_ANSWERED;
        text = fuzz_flow_answer(flow, step, event, &status);
        break;
    }

    if (text == NULL) {
        text = own;
        own = NULL;
    }

    free(own);

    memset(&answer, 0, sizeof(portone_answer_t));

    fuzz_paused = 0;

    if (call == PORTONE_CALL_ANSWERED) {
        portone_answer_parse(&answer, status, text, strlen(text));
    }

    fuzz_paused = 1;

    if (call == PORTONE_CALL_ANSWERED) {

        if (event == 'a' || event == 'x') {
            fuzz_flow_honesty(flow, &answer, executed);
        }

        if (step == PORTONE_STEP_CANCEL) {
            flow->said = fuzz_flow_said(flow, &answer);
            flow->n_unauthorized += (answer.kind
                                     == PORTONE_ANSWER_UNAUTHORIZED);
        }
    }

    free(text);

    flow->asked |= (step != PORTONE_STEP_CANCEL
                    && call == PORTONE_CALL_ANSWERED
                    && answer.kind == PORTONE_ANSWER_OK);

    fuzz_paused = 0;

    switch (step) {

    case PORTONE_STEP_CANCEL:
        step = portone_flow_cancelled(&flow->core, call, &answer,
                                      flow->world->now);
        break;

    case PORTONE_STEP_REREAD:
        flow->reread = (call == PORTONE_CALL_ANSWERED)
                       ? answer.kind : PORTONE_ANSWER_BROKEN;

        step = portone_flow_reread(&flow->core, call, &answer,
                                   flow->world->now);
        break;

    default:
        step = portone_flow_fetched(&flow->core, call, &answer,
                                    flow->world->now);
        break;
    }

    fuzz_paused = 1;

    return step;
}


/* NULL: PortOne's own answer to a cancel */

static char *
fuzz_flow_answer(fuzz_flow_t *flow, portone_step_e step, char event,
    int *status)
{
    portone_str_t         none = portone_null_string;
    const portone_str_t  *imp_uid, *merchant_uid;

    switch (event) {

    case 'a':
    case 'x':
        *status = (int) (fuzz_number(&flow->event) % 1000);

        return fuzz_copy(&flow->event);

    case 'q':
        return model_envelope(-1, "결제취소에 실패하였습니다.", NULL);

    default:
        break;
    }

    imp_uid = &flow->core.request.imp_uid;
    merchant_uid = &flow->core.request.merchant_uid;

    switch (step) {

    case PORTONE_STEP_CANCEL:
        return NULL;

    case PORTONE_STEP_REREAD:
        imp_uid = &flow->core.payment.imp_uid;
        merchant_uid = &none;
        break;

    default:
        break;
    }

    return model_read(flow->world->payment, imp_uid, merchant_uid, "", status);
}


/* a success that was not one, and a refund that was made all the same */

static void
fuzz_flow_honesty(fuzz_flow_t *flow, const portone_answer_t *answer,
    int executed)
{
    if (answer->kind == PORTONE_ANSWER_OK
        || (executed && answer->kind != PORTONE_ANSWER_BROKEN))
    {
        flow->world->honest = 0;
    }
}


/* what the answer to the cancel means, by the payment in it alone */

static fuzz_said_e
fuzz_flow_said(fuzz_flow_t *flow, const portone_answer_t *answer)
{
    cJSON               *json;
    int64_t              moved;
    const char          *why;
    fuzz_said_e          said;
    portone_payment_t    after, *before;

    before = &flow->core.payment;

    if (answer->kind != PORTONE_ANSWER_OK) {
        return FUZZ_SAID_NOTHING;
    }

    json = (answer->response != NULL) ? cJSON_Duplicate(answer->response, 1)
                                      : NULL;

    if (portone_payment_init(&after, json, &why) != PORTONE_OK) {
        return FUZZ_SAID_NOTHING;
    }

    said = FUZZ_SAID_NOTHING;

    if (portone_str_eq(&after.imp_uid, &before->imp_uid)
        && portone_str_eq(&after.currency, &before->currency))
    {
        moved = portone_payment_balance(before)
                - portone_payment_balance(&after);

        if (moved == 0) {
            said = FUZZ_SAID_PENDING;

        } else if (moved == flow->core.amount) {
            said = FUZZ_SAID_SUCCEEDED;
        }
    }

    portone_payment_free(&after);

    return said;
}


static portone_step_e
fuzz_flow_commit(fuzz_flow_t *flow, portone_step_e step, char event)
{
    int               rc, told;
    char             *copy;
    void             *data;
    portone_flow_t   *core;
    memory_store_t   *store;
    memory_apply_pt   apply;

    core = &flow->core;
    store = &flow->world->store;

    switch (step) {

    case PORTONE_STEP_SAVE:
        apply = portone_ledger_save;
        data = &core->save;
        break;

    case PORTONE_STEP_CLAIM:
        apply = portone_ledger_claim;
        data = &core->claim;
        break;

    default:
        fuzz_check(step == PORTONE_STEP_SETTLE);

        fuzz_flow_check_settlement(flow);

        apply = portone_ledger_settle;
        data = &core->settlement;
        break;
    }

    if ((event == 'b' || event == 'B') && !core->abandoned) {
        portone_flow_abandon(core);

        /* the client is told this now: it is never a success */

        fuzz_check(core->error != PORTONE_NO_ERROR);
        fuzz_check(!core->recorded
                   || (core->state != PORTONE_STATE_SUCCEEDED
                       && core->state != PORTONE_STATE_PENDING));
    }

    rc = PORTONE_ERROR;
    told = (event == 'f' || event == 'B' || event == 'd') ? PORTONE_ERROR
                                                          : PORTONE_OK;

    if (event != 'f' && event != 'B') {
        fuzz_paused = 0;
        rc = memory_apply(store, apply, data);
        fuzz_paused = 1;
    }

    if (step == PORTONE_STEP_CLAIM && rc == PORTONE_OK
        && core->claim.verdict == PORTONE_CLAIMED)
    {
        copy = fuzz_copy(&core->payment.imp_uid);
        flow->imp_uid = portone_str(copy);

        /* what was decided by is what is stored */

        fuzz_check(strcmp(memory_value(store, PORTONE_DB_PAYMENTS,
                                       FUZZ_MERCHANT, copy, NULL),
                          core->lookup.payment)
                   == 0);
    }

    if (told != PORTONE_OK) {
        rc = PORTONE_ERROR;
    }

    if (step == PORTONE_STEP_SETTLE && rc == PORTONE_OK
        && !core->settlement.stale)
    {
        flow->settled = core->task->own;
    }

    fuzz_paused = 0;

    switch (step) {

    case PORTONE_STEP_SAVE:
        step = portone_flow_saved(core, rc);
        break;

    case PORTONE_STEP_CLAIM:
        step = portone_flow_claimed(core, rc, flow->world->now);
        break;

    default:
        step = portone_flow_settled(core, rc);
        break;
    }

    fuzz_paused = 1;

    return step;
}
