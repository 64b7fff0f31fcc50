
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <assert.h>
#include <string.h>

#include "portone_flow.h"
#include "portone_json.h"


/*
 * The payment can change between the lookup and the claim; a flow that
 * finds it changed looks again, at most this often.
 */
#define PORTONE_FLOW_ROUNDS  4


/* texts that a flow owns */

#define PORTONE_TEXT_DEPOSIT  0
#define PORTONE_TEXT_CLAIM    1
#define PORTONE_TEXT_PAYMENT  2
#define PORTONE_TEXT_SETTLE   3


static portone_step_e portone_flow_finish(portone_flow_t *flow,
    portone_error_e error);
static int portone_flow_may_fetch(const portone_flow_t *flow);
static portone_step_e portone_flow_with_token(portone_flow_t *flow,
    portone_step_e resume);
static portone_step_e portone_flow_refresh(portone_flow_t *flow,
    portone_step_e resume);
static portone_step_e portone_flow_prepare(portone_flow_t *flow,
    int64_t now);
static char *portone_flow_body(portone_flow_t *flow);
static int portone_flow_decimal(cJSON *body, const char *name,
    const portone_decimal_t *decimal, int exponent);
static int portone_flow_payment(portone_flow_t *flow,
    portone_answer_t *answer);
static portone_step_e portone_flow_success(portone_flow_t *flow,
    portone_answer_t *answer, int64_t now);
static portone_step_e portone_flow_not_executed(portone_flow_t *flow,
    portone_error_e error, int64_t now);
static portone_step_e portone_flow_unknown(portone_flow_t *flow,
    int64_t now);
static portone_step_e portone_flow_settle(portone_flow_t *flow,
    portone_state_e state, portone_error_e error, int64_t now);
static portone_str_t portone_flow_text(portone_flow_t *flow, size_t i,
    char *text);


portone_step_e
portone_flow_start(portone_flow_t *flow)
{
    flow->field = "";

    if (!flow->read && flow->require_amount && !flow->request.has_amount) {
        flow->field = "amount";
        return portone_flow_finish(flow, PORTONE_AMOUNT_REQUIRED);
    }

    flow->lookup.merchant = flow->merchant;
    flow->lookup.imp_uid = flow->request.imp_uid;
    flow->lookup.merchant_uid = flow->request.merchant_uid;
    flow->lookup.want_refunds = flow->read;

    return PORTONE_STEP_LOOKUP;
}


portone_step_e
portone_flow_looked_up(portone_flow_t *flow, int rc, int64_t now)
{
    const char        *why;
    portone_error_e    error;
    portone_policy_t   policy;

    if (flow->has_payment) {
        portone_payment_free(&flow->payment);
        flow->has_payment = 0;
        flow->found = 0;
    }

    if (rc == PORTONE_ERROR) {
        return portone_flow_finish(flow, PORTONE_STORE_UNAVAILABLE);
    }

    if (rc == PORTONE_DECLINED) {

        if (portone_flow_may_fetch(flow)) {
            return portone_flow_with_token(flow, PORTONE_STEP_FETCH);
        }

        return portone_flow_finish(flow, PORTONE_PAYMENT_NOT_FOUND);
    }

    if (portone_payment_parse(&flow->payment, flow->lookup.payment,
                              flow->lookup.payment_len, &why)
        != PORTONE_OK)
    {
        return portone_flow_finish(flow, PORTONE_STORE_UNAVAILABLE);
    }

    flow->has_payment = 1;

    if (!portone_policy_matches(&flow->payment, flow->matches,
                                flow->n_matches))
    {
        flow->mismatch = 1;
        return portone_flow_finish(flow, PORTONE_PAYMENT_NOT_FOUND);
    }

    flow->found = 1;

    if (flow->request.imp_uid.len
        && flow->request.merchant_uid.len
        && !portone_str_eq(&flow->request.merchant_uid,
                           &flow->payment.merchant_uid))
    {
        flow->field = "merchant_uid";
        return portone_flow_finish(flow, PORTONE_INVALID_REQUEST);
    }

    if (flow->read) {
        return portone_flow_finish(flow, PORTONE_NO_ERROR);
    }

    if (flow->lookup.intent != NULL) {
        portone_open_read(&flow->open, flow->lookup.intent);

        return portone_flow_finish(flow, PORTONE_REFUND_IN_PROGRESS);
    }

    /* what was not paid when it was stored may have been paid since */

    if (!portone_payment_was_paid(&flow->payment)
        && portone_flow_may_fetch(flow))
    {
        return portone_flow_with_token(flow, PORTONE_STEP_FETCH);
    }

    policy.request = &flow->request;
    policy.payment = &flow->payment;
    policy.now = now + flow->clock_offset;
    policy.phone_month = flow->phone_month;

    error = portone_policy_refund(&policy);

    flow->amount = policy.amount;
    flow->field = policy.field;

    if (error != PORTONE_NO_ERROR) {
        return portone_flow_finish(flow, error);
    }

    return portone_flow_with_token(flow, PORTONE_STEP_CLAIM);
}


static int
portone_flow_may_fetch(const portone_flow_t *flow)
{
    const portone_request_t  *request;

    if (!flow->fetch || flow->was_fetched) {
        return 0;
    }

    request = &flow->request;

    return portone_uid_addressable(request->imp_uid.len
                                   ? &request->imp_uid
                                   : &request->merchant_uid);
}


static portone_step_e
portone_flow_with_token(portone_flow_t *flow, portone_step_e resume)
{
    flow->resume = resume;
    flow->refreshed = 0;

    return PORTONE_STEP_TOKEN;
}


static portone_step_e
portone_flow_refresh(portone_flow_t *flow, portone_step_e resume)
{
    flow->resume = resume;
    flow->refreshed = 1;

    return PORTONE_STEP_REFRESH;
}


portone_step_e
portone_flow_token(portone_flow_t *flow, portone_token_e result,
    int64_t clock_offset, int64_t now)
{
    portone_error_e  error;

    if (result == PORTONE_TOKEN_GRANTED) {

        flow->clock_offset = clock_offset;

        if (flow->resume == PORTONE_STEP_CLAIM) {
            return portone_flow_prepare(flow, now);
        }

        return flow->resume;
    }

    switch (result) {

    case PORTONE_TOKEN_REFUSED:
        error = PORTONE_PORTONE_UNAUTHORIZED;
        break;

    case PORTONE_TOKEN_OVERLOADED:
        error = PORTONE_OVERLOADED;
        break;

    default:
        error = PORTONE_PORTONE_UNAVAILABLE;
        break;
    }

    switch (flow->resume) {

    case PORTONE_STEP_CANCEL:

        /* PortOne answered 401 to the cancel: it was not executed */

        return portone_flow_not_executed(flow, error, now);

    case PORTONE_STEP_REREAD:
        return portone_flow_unknown(flow, now);

    default:
        return portone_flow_finish(flow, error);
    }
}


portone_step_e
portone_flow_fetched(portone_flow_t *flow, portone_call_e call,
    portone_answer_t *answer)
{
    char                 *text;
    portone_error_e       error;
    portone_request_t    *request;
    portone_answer_e      kind;

    if (call == PORTONE_CALL_OVERLOADED) {
        portone_answer_free(answer);
        return portone_flow_finish(flow, PORTONE_OVERLOADED);
    }

    kind = (call == PORTONE_CALL_ANSWERED) ? answer->kind
                                           : PORTONE_ANSWER_BROKEN;

    if (kind != PORTONE_ANSWER_OK) {
        portone_answer_free(answer);

        if (kind == PORTONE_ANSWER_UNAUTHORIZED && !flow->refreshed) {
            return portone_flow_refresh(flow, PORTONE_STEP_FETCH);
        }

        switch (kind) {

        case PORTONE_ANSWER_NOT_FOUND:
            error = PORTONE_PAYMENT_NOT_FOUND;
            break;

        case PORTONE_ANSWER_UNAUTHORIZED:
            error = PORTONE_PORTONE_UNAUTHORIZED;
            break;

        default:
            error = PORTONE_PORTONE_UNAVAILABLE;
            break;
        }

        /* the payment may be in the store nevertheless, unpaid as it was */

        return portone_flow_finish(flow, error);
    }

    if (portone_flow_payment(flow, answer) != PORTONE_OK) {
        return portone_flow_finish(flow, PORTONE_PORTONE_UNAVAILABLE);
    }

    request = &flow->request;

    if (request->imp_uid.len
        ? !portone_str_eq(&flow->fetched.imp_uid, &request->imp_uid)
        : !portone_str_eq(&flow->fetched.merchant_uid,
                          &request->merchant_uid))
    {
        return portone_flow_finish(flow, PORTONE_PORTONE_UNAVAILABLE);
    }

    text = portone_payment_print(&flow->fetched, 0);
    if (text == NULL) {
        return portone_flow_finish(flow, PORTONE_OVERLOADED);
    }

    flow->was_fetched = 1;

    flow->deposit.merchant = flow->merchant;
    flow->deposit.payment = &flow->fetched;
    flow->deposit.text = portone_flow_text(flow, PORTONE_TEXT_DEPOSIT, text);

    return PORTONE_STEP_DEPOSIT;
}


portone_step_e
portone_flow_deposited(portone_flow_t *flow, int rc)
{
    portone_payment_free(&flow->fetched);
    flow->has_fetched = 0;

    if (rc != PORTONE_OK || flow->abandoned) {
        return portone_flow_finish(flow, PORTONE_STORE_UNAVAILABLE);
    }

    portone_lookup_free(&flow->lookup);

    return PORTONE_STEP_LOOKUP;
}


/* all that the claim and the cancel need, so that nothing can fail between */

static portone_step_e
portone_flow_prepare(portone_flow_t *flow, int64_t now)
{
    char                   *text;
    portone_claim_facts_t   facts;

    assert(flow->amount > 0);
    assert(flow->amount <= portone_payment_balance(&flow->payment));

    facts.refund_id = flow->refund_id;
    facts.merchant = flow->merchant;
    facts.account = flow->account;
    facts.tier = flow->tier;
    facts.reason = flow->request.reason;
    facts.payment = &flow->payment;
    facts.amount = flow->amount;
    facts.requested_at = now;
    facts.settle_at = now + flow->settle_time;
    facts.clock_offset = flow->clock_offset;
    facts.include_sandbox = flow->include_sandbox;

    cJSON_Delete(flow->record);
    cJSON_free(flow->body);

    flow->body = NULL;
    flow->record = portone_record_create(&facts);

    if (flow->record == NULL) {
        return portone_flow_finish(flow, PORTONE_OVERLOADED);
    }

    text = portone_record_print(flow->record);
    if (text == NULL) {
        return portone_flow_finish(flow, PORTONE_OVERLOADED);
    }

    flow->claim.key = flow->lookup.key;
    flow->claim.record = portone_flow_text(flow, PORTONE_TEXT_CLAIM, text);
    flow->claim.payment.data = flow->lookup.payment;
    flow->claim.payment.len = flow->lookup.payment_len;

    flow->body = portone_flow_body(flow);
    if (flow->body == NULL) {
        return portone_flow_finish(flow, PORTONE_OVERLOADED);
    }

    return PORTONE_STEP_CLAIM;
}


/*
 * Always imp_uid, amount and checksum: PortOne refunds everything when
 * amount is missing, and checks nothing when checksum is.
 */

static char *
portone_flow_body(portone_flow_t *flow)
{
    int                 rc, exponent;
    char               *text;
    cJSON              *body, *extra;
    portone_request_t  *request;

    request = &flow->request;
    exponent = flow->payment.exponent;

    body = cJSON_CreateObject();
    if (body == NULL) {
        return NULL;
    }

    rc = portone_json_set_str(body, "imp_uid", &flow->payment.imp_uid);
    rc |= portone_json_set(body, "amount",
                           portone_money_json(flow->amount, exponent));
    rc |= portone_json_set(body, "checksum",
                           portone_money_json(
                               portone_payment_balance(&flow->payment),
                               exponent));

    if (request->has_tax_free) {
        rc |= portone_flow_decimal(body, "tax_free", &request->tax_free,
                                   exponent);
    }

    if (request->has_vat_amount) {
        rc |= portone_flow_decimal(body, "vat_amount", &request->vat_amount,
                                   exponent);
    }

    if (request->reason.len) {
        rc |= portone_json_set_str(body, "reason", &request->reason);
    }

    if (request->refund_holder.len) {
        rc |= portone_json_set_str(body, "refund_holder",
                                   &request->refund_holder);
    }

    if (request->refund_bank.len) {
        rc |= portone_json_set_str(body, "refund_bank",
                                   &request->refund_bank);
    }

    if (request->refund_account.len) {
        rc |= portone_json_set_str(body, "refund_account",
                                   &request->refund_account);
    }

    if (request->refund_tel.len) {
        rc |= portone_json_set_str(body, "refund_tel", &request->refund_tel);
    }

    if (request->has_retain_promotion) {
        rc |= portone_json_set(body, "retain_promotion",
                               cJSON_CreateBool(request->retain_promotion));
    }

    if (request->requester.len) {
        extra = cJSON_CreateObject();

        rc |= portone_json_set_str(extra, "requester", &request->requester);
        rc |= portone_json_set(body, "extra", extra);
    }

    text = (rc == PORTONE_OK) ? cJSON_PrintUnformatted(body) : NULL;

    cJSON_Delete(body);

    return text;
}


static int
portone_flow_decimal(cJSON *body, const char *name,
    const portone_decimal_t *decimal, int exponent)
{
    int64_t  amount;

    if (portone_money_from_decimal(&amount, decimal, exponent)
        != PORTONE_OK)
    {
        return PORTONE_ERROR;
    }

    return portone_json_set(body, name, portone_money_json(amount, exponent));
}


portone_step_e
portone_flow_claimed(portone_flow_t *flow, int rc, int64_t now)
{
    if (rc != PORTONE_OK) {
        return portone_flow_finish(flow, PORTONE_STORE_UNAVAILABLE);
    }

    switch (flow->claim.verdict) {

    case PORTONE_CLAIM_IN_PROGRESS:
        flow->open = flow->claim.open;
        return portone_flow_finish(flow, PORTONE_REFUND_IN_PROGRESS);

    case PORTONE_CLAIM_CHANGED:

        if (flow->abandoned) {
            return portone_flow_finish(flow, PORTONE_STORE_UNAVAILABLE);
        }

        if (++flow->rounds == PORTONE_FLOW_ROUNDS) {
            return portone_flow_finish(flow, PORTONE_OVERLOADED);
        }

        portone_lookup_free(&flow->lookup);
        return PORTONE_STEP_LOOKUP;

    case PORTONE_CLAIMED:
        break;
    }

    flow->attempt = 1;
    flow->state = PORTONE_STATE_SENDING;

    if (flow->abandoned) {
        return portone_flow_not_executed(flow, PORTONE_STORE_UNAVAILABLE,
                                         now);
    }

    flow->refreshed = 0;

    return PORTONE_STEP_CANCEL;
}


portone_step_e
portone_flow_cancelled(portone_flow_t *flow, portone_call_e call,
    portone_answer_t *answer, int64_t now)
{
    assert(flow->attempt);

    switch (call) {

    case PORTONE_CALL_NOT_SENT:
        portone_answer_free(answer);
        return portone_flow_not_executed(flow, PORTONE_PORTONE_UNAVAILABLE,
                                         now);

    case PORTONE_CALL_OVERLOADED:
        portone_answer_free(answer);
        return portone_flow_not_executed(flow, PORTONE_OVERLOADED, now);

    case PORTONE_CALL_UNANSWERED:
        portone_answer_free(answer);
        return portone_flow_unknown(flow, now);

    case PORTONE_CALL_ANSWERED:
        break;
    }

    switch (answer->kind) {

    case PORTONE_ANSWER_OK:
        return portone_flow_success(flow, answer, now);

    case PORTONE_ANSWER_UNAUTHORIZED:
        portone_answer_free(answer);

        if (!flow->refreshed) {
            return portone_flow_refresh(flow, PORTONE_STEP_CANCEL);
        }

        return portone_flow_not_executed(flow, PORTONE_PORTONE_UNAUTHORIZED,
                                         now);

    case PORTONE_ANSWER_REFUSED:
    case PORTONE_ANSWER_NOT_FOUND:

        /*
         * "already refunded" comes in several wordings and codes: what is
         * left is read, not guessed from the text
         */

        portone_answer_free(&flow->answer);

        flow->answer = *answer;
        memset(answer, 0, sizeof(portone_answer_t));

        flow->has_code = 1;
        flow->code = flow->answer.code;
        flow->message = flow->answer.message;
        flow->refreshed = 0;

        if (portone_record_answer(flow->record, flow->code, &flow->message)
            != PORTONE_OK)
        {
            return portone_flow_unknown(flow, now);
        }

        return PORTONE_STEP_REREAD;

    case PORTONE_ANSWER_BROKEN:
        break;
    }

    portone_answer_free(answer);

    return portone_flow_unknown(flow, now);
}


static portone_step_e
portone_flow_success(portone_flow_t *flow, portone_answer_t *answer,
    int64_t now)
{
    int                  rc;
    int64_t              moved;
    portone_str_t        none = portone_null_string;
    portone_evidence_t   evidence;

    if (portone_flow_payment(flow, answer) != PORTONE_OK
        || !portone_str_eq(&flow->fetched.imp_uid, &flow->payment.imp_uid)
        || !portone_str_eq(&flow->fetched.currency, &flow->payment.currency)
        || portone_record_compare(flow->record, &flow->fetched, &evidence)
           != PORTONE_OK)
    {
        return portone_flow_unknown(flow, now);
    }

    rc = portone_record_answer(flow->record, 0, &none);
    rc |= portone_record_after(flow->record, &flow->fetched);

    if (rc != PORTONE_OK) {
        return portone_flow_unknown(flow, now);
    }

    flow->has_code = 1;
    flow->code = 0;

    /*
     * The balance was the stored one when PortOne took the cancel, because
     * of checksum; cancel_amount and the history need not be, of a payment
     * that was registered by hand.
     */

    moved = portone_payment_balance(&flow->payment)
            - portone_payment_balance(&flow->fetched);

    if (moved == 0 && evidence.ours == 0) {
        return portone_flow_settle(flow, PORTONE_STATE_PENDING,
                                   PORTONE_NO_ERROR, now);
    }

    if (moved != flow->amount) {
        return portone_flow_unknown(flow, now);
    }

    /* a single new entry is ours by the balance, whatever its reason is */

    if ((evidence.ours == 1 || evidence.appeared == 1)
        && portone_record_evidence(flow->record, &evidence.entry)
           != PORTONE_OK)
    {
        return portone_flow_unknown(flow, now);
    }

    return portone_flow_settle(flow, PORTONE_STATE_SUCCEEDED,
                               PORTONE_NO_ERROR, now);
}


portone_step_e
portone_flow_reread(portone_flow_t *flow, portone_call_e call,
    portone_answer_t *answer, int64_t now)
{
    portone_error_e      error;
    portone_answer_e     kind;
    portone_evidence_t   evidence;

    kind = (call == PORTONE_CALL_ANSWERED) ? answer->kind
                                           : PORTONE_ANSWER_BROKEN;

    if (kind != PORTONE_ANSWER_OK) {
        portone_answer_free(answer);
    }

    switch (kind) {

    case PORTONE_ANSWER_OK:
        break;

    case PORTONE_ANSWER_NOT_FOUND:

        /* a payment that PortOne does not know cannot have been refunded */

        return portone_flow_settle(flow, PORTONE_STATE_REJECTED,
                                   PORTONE_REFUND_REJECTED, now);

    case PORTONE_ANSWER_UNAUTHORIZED:

        if (!flow->refreshed) {
            return portone_flow_refresh(flow, PORTONE_STEP_REREAD);
        }

        /* fall through */

    default:
        return portone_flow_unknown(flow, now);
    }

    if (portone_flow_payment(flow, answer) != PORTONE_OK
        || !portone_str_eq(&flow->fetched.imp_uid, &flow->payment.imp_uid)
        || portone_record_compare(flow->record, &flow->fetched, &evidence)
           != PORTONE_OK
        || portone_record_after(flow->record, &flow->fetched) != PORTONE_OK)
    {
        return portone_flow_unknown(flow, now);
    }

    if (evidence.ours) {

        /* refused, and yet a refund like it is there */

        return portone_flow_settle(flow, PORTONE_STATE_MANUAL_REVIEW,
                                   PORTONE_OUTCOME_UNKNOWN, now);
    }

    /* not the history: checksum looks at the balance only */

    if (portone_payment_balance(&flow->fetched)
        == portone_payment_balance(&flow->payment)
        && portone_str_eq(&flow->fetched.currency, &flow->payment.currency))
    {
        error = PORTONE_REFUND_REJECTED;

    } else if (portone_payment_balance(&flow->fetched) == 0) {
        error = PORTONE_ALREADY_REFUNDED;

    } else {
        error = PORTONE_CHECKSUM_MISMATCH;
    }

    return portone_flow_settle(flow, PORTONE_STATE_REJECTED, error, now);
}


static portone_step_e
portone_flow_not_executed(portone_flow_t *flow, portone_error_e error,
    int64_t now)
{
    return portone_flow_settle(flow, PORTONE_STATE_NOT_EXECUTED, error, now);
}


static portone_step_e
portone_flow_unknown(portone_flow_t *flow, int64_t now)
{
    if (flow->has_fetched) {
        portone_payment_free(&flow->fetched);
        flow->has_fetched = 0;
    }

    return portone_flow_settle(flow, PORTONE_STATE_UNKNOWN,
                               PORTONE_OUTCOME_UNKNOWN, now);
}


/* the fetched payment, if there is one, is the payment from here on */

static portone_step_e
portone_flow_settle(portone_flow_t *flow, portone_state_e state,
    portone_error_e error, int64_t now)
{
    char                  *text;
    portone_settlement_t  *settlement;

    flow->state = state;
    flow->error = error;

    settlement = &flow->settlement;

    memset(settlement, 0, sizeof(portone_settlement_t));

    settlement->key = flow->claim.key;
    settlement->refund_id = flow->refund_id;

    switch (state) {

    case PORTONE_STATE_PENDING:
    case PORTONE_STATE_UNKNOWN:
    case PORTONE_STATE_MANUAL_REVIEW:
        settlement->open = 1;
        break;

    default:
        break;
    }

    if (portone_record_settle(flow->record, state, now) != PORTONE_OK) {
        goto failed;
    }

    text = portone_record_print(flow->record);
    if (text == NULL) {
        goto failed;
    }

    settlement->record = portone_flow_text(flow, PORTONE_TEXT_SETTLE, text);

    if (flow->has_fetched) {
        text = portone_payment_print(&flow->fetched, 0);
        if (text == NULL) {
            goto failed;
        }

        settlement->payment = portone_flow_text(flow, PORTONE_TEXT_PAYMENT,
                                                text);

        portone_payment_free(&flow->payment);
        flow->payment = flow->fetched;
        flow->has_fetched = 0;
    }

    return PORTONE_STEP_SETTLE;

failed:

    return portone_flow_settled(flow, PORTONE_ERROR);
}


portone_step_e
portone_flow_settled(portone_flow_t *flow, int rc)
{
    if (rc == PORTONE_OK && !flow->settlement.stale) {
        return PORTONE_STEP_FINISH;
    }

    /*
     * The intent is still there and will be settled later.  A success that
     * is not durable must not be told as one; that nothing was refunded is
     * true with or without a record of it.
     */

    switch (flow->state) {

    case PORTONE_STATE_NOT_EXECUTED:
    case PORTONE_STATE_REJECTED:
        return PORTONE_STEP_FINISH;

    default:
        flow->state = PORTONE_STATE_UNKNOWN;
        return portone_flow_finish(flow, PORTONE_OUTCOME_UNKNOWN);
    }
}


void
portone_flow_abandon(portone_flow_t *flow, portone_step_e step)
{
    flow->abandoned = 1;

    if (step == PORTONE_STEP_SETTLE) {

        switch (flow->state) {

        case PORTONE_STATE_NOT_EXECUTED:
        case PORTONE_STATE_REJECTED:
            break;

        default:
            flow->error = PORTONE_OUTCOME_UNKNOWN;
            break;
        }

        return;
    }

    flow->error = PORTONE_STORE_UNAVAILABLE;
}


static portone_step_e
portone_flow_finish(portone_flow_t *flow, portone_error_e error)
{
    flow->error = error;

    return PORTONE_STEP_FINISH;
}


/* takes the payment out of an OK answer into flow->fetched */

static int
portone_flow_payment(portone_flow_t *flow, portone_answer_t *answer)
{
    cJSON       *json;
    const char  *why;

    if (flow->has_fetched) {
        portone_payment_free(&flow->fetched);
        flow->has_fetched = 0;
    }

    json = portone_answer_take(answer);

    portone_answer_free(answer);

    if (json == NULL
        || portone_payment_init(&flow->fetched, json, &why) != PORTONE_OK)
    {
        return PORTONE_ERROR;
    }

    flow->has_fetched = 1;

    return PORTONE_OK;
}


/* hands a text over to the flow */

static portone_str_t
portone_flow_text(portone_flow_t *flow, size_t i, char *text)
{
    cJSON_free(flow->texts[i]);

    flow->texts[i] = text;

    return portone_str(text);
}


void
portone_flow_free(portone_flow_t *flow)
{
    size_t  i;

    for (i = 0; i < sizeof(flow->texts) / sizeof(flow->texts[0]); i++) {
        cJSON_free(flow->texts[i]);
    }

    if (flow->has_payment) {
        portone_payment_free(&flow->payment);
    }

    if (flow->has_fetched) {
        portone_payment_free(&flow->fetched);
    }

    cJSON_free(flow->body);
    cJSON_Delete(flow->record);
    portone_answer_free(&flow->answer);
    portone_lookup_free(&flow->lookup);
    portone_request_free(&flow->request);

    memset(flow, 0, sizeof(portone_flow_t));
}
