
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <stdlib.h>
#include <string.h>

#include "portone_answer.h"
#include "portone_json.h"
#include "portone_policy.h"
#include "portone_record.h"

#include "fuzz.h"
#include "fuzz_json.h"


/*
 * What PortOne answers, held against a payment of before.
 *
 *     <status> <time> <amount> <allocation that fails, 0: none>
 *     <payment of before>
 *     <answer>
 *
 * Only an answer that says so is a success, no text of it is longer than it
 * may be, a payment comes out of the store as it went in, and each entry of
 * a history is counted once.
 */


static void fuzz_answer_payment(cJSON *json, cJSON *original,
    const portone_str_t *before_text, int64_t now, int64_t amount, int fails);
static void fuzz_answer_text(const char *text, const cJSON *original);
static void fuzz_answer_kind(const portone_answer_t *answer,
    const portone_str_t *text);
static int fuzz_answer_code(const portone_str_t *text, int64_t *code);
static void fuzz_answer_grant(const portone_answer_t *answer);
static void fuzz_payment(const portone_payment_t *payment, cJSON *original);
static void fuzz_payment_history(const portone_payment_t *payment);
static void fuzz_payment_print(const portone_payment_t *payment,
    int refundable);
static void fuzz_payment_same(const portone_payment_t *a,
    const portone_payment_t *b);
static void fuzz_record(const portone_payment_t *before,
    const portone_payment_t *after, int64_t now, int64_t amount,
    int exhausted);
static size_t fuzz_record_new(const portone_payment_t *before,
    const portone_payment_t *after);
static void fuzz_record_unchanged(const cJSON *record,
    const portone_payment_t *payment, int exhausted);


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char               *exact, *exact_before;
    cJSON              *json, *original;
    int64_t             status, now, amount, fails;
    portone_str_t       text, line, before_text;
    portone_answer_t    answer;

    text.data = (const char *) data;
    text.len = size;

    line = fuzz_line(&text);

    status = fuzz_number(&line);
    now = fuzz_number(&line);
    amount = fuzz_number(&line);
    fails = fuzz_number(&line);

    before_text = fuzz_line(&text);

    exact = fuzz_exact(&text);
    exact_before = fuzz_exact(&before_text);

    text.data = exact;

    fuzz_memory(fails);

    portone_answer_parse(&answer, (int) status, text.data, text.len);

    fuzz_paused = 1;

    fuzz_check(answer.status == (int) status);
    fuzz_check(answer.message.len <= 4096);
    fuzz_check(portone_str_utf8_length(answer.message.data, answer.message.len)
               != SIZE_MAX);

    if (fails == 0) {
        fuzz_answer_kind(&answer, &text);
    }

    fuzz_answer_grant(&answer);

    original = cJSON_IsObject(answer.response)
               ? cJSON_Duplicate(answer.response, 1) : NULL;

    if (answer.text != NULL) {
        fuzz_answer_text(answer.text, original);
    }

    fuzz_paused = 0;

    /* the tree is all that is used of it from here on */

    free(exact);

    json = portone_answer_take(&answer);

    fuzz_check((json != NULL) == (original != NULL));
    fuzz_check(json == NULL || answer.kind == PORTONE_ANSWER_OK);

    portone_answer_free(&answer);

    before_text.data = exact_before;

    fuzz_answer_payment(json, original, &before_text, now, amount, fails != 0);

    free(exact_before);
    cJSON_Delete(original);

    fuzz_memory(0);

    return 0;
}


/* takes json, the payment after; that before is text */

static void
fuzz_answer_payment(cJSON *json, cJSON *original,
    const portone_str_t *before_text, int64_t now, int64_t amount, int fails)
{
    int                 rc;
    const char         *why;
    portone_payment_t   before, after;

    rc = portone_payment_init(&after, json, &why);

    fuzz_check((rc == PORTONE_OK) == (why == NULL));

    if (rc == PORTONE_OK) {
        fuzz_payment(&after, original);

        rc = portone_payment_parse(&before, before_text->data,
                                   before_text->len, &why);

        if (rc == PORTONE_OK) {
            fuzz_record(&before, &after, now, amount, fails);
            portone_payment_free(&before);
        }

        portone_payment_free(&after);
    }
}


/* what is kept of the answer says the same */

static void
fuzz_answer_text(const char *text, const cJSON *original)
{
    char   *cut, *whole;
    cJSON  *json;

    json = cJSON_Parse(text);

    /* cJSON_Compare() finds objects in which a name stands twice unequal */

    cut = cJSON_PrintUnformatted(json);
    whole = cJSON_PrintUnformatted(original);

    fuzz_check(strcmp(cut, whole) == 0);
    fuzz_check(strchr(text, '\n') == NULL);

    cJSON_free(cut);
    cJSON_free(whole);
    cJSON_Delete(json);
}


/* the rule once more, from the text */

static void
fuzz_answer_kind(const portone_answer_t *answer, const portone_str_t *text)
{
    int      status, has_code;
    int64_t  code;

    status = answer->status;
    has_code = fuzz_answer_code(text, &code);

    fuzz_check(answer->code == (has_code ? code : 0));

    switch (answer->kind) {

    case PORTONE_ANSWER_OK:
        fuzz_check(status / 100 == 2 && has_code && code == 0);
        break;

    case PORTONE_ANSWER_REFUSED:
        fuzz_check((status / 100 == 2 || status / 100 == 4) && status != 401
                   && status != 404 && has_code && code != 0);
        break;

    case PORTONE_ANSWER_NOT_FOUND:
        fuzz_check(status == 404 && has_code && code != 0);
        break;

    case PORTONE_ANSWER_UNAUTHORIZED:
        fuzz_check(status == 401);
        break;

    case PORTONE_ANSWER_BROKEN:
        fuzz_check(status != 401);
        fuzz_check(!has_code
                   || (status / 100 != 2 && status / 100 != 4)
                   || (status / 100 == 4 && code == 0));
        break;
    }
}


/* an integer, as far as a double tells */

static int
fuzz_answer_code(const portone_str_t *text, int64_t *code)
{
    cJSON   *json, *item;
    double   number;

    *code = 0;

    if (!fuzz_json_valid(text)) {
        return 0;
    }

    json = cJSON_ParseWithLength(text->data, text->len);
    item = portone_json_member(json, "code");

    number = cJSON_IsNumber(item) ? item->valuedouble : 0.5;

    cJSON_Delete(json);

    if (number <= -4503599627370496.0 || number >= 4503599627370496.0
        || number != (double) (int64_t) number)
    {
        return 0;
    }

    *code = (int64_t) number;

    return 1;
}


static void
fuzz_answer_grant(const portone_answer_t *answer)
{
    size_t           i;
    portone_grant_t  grant;

    if (portone_answer_grant(answer, &grant) != PORTONE_OK) {
        return;
    }

    fuzz_check(answer->kind == PORTONE_ANSWER_OK);
    fuzz_check(grant.access_token.len >= 1 && grant.access_token.len <= 512);
    fuzz_check(grant.now > 0 && grant.expired_at > grant.now);

    for (i = 0; i < grant.access_token.len; i++) {
        fuzz_check(grant.access_token.data[i] > ' '
                   && grant.access_token.data[i] < 0x7f);
    }
}


static void
fuzz_payment(const portone_payment_t *payment, cJSON *original)
{
    portone_match_t  match;

    fuzz_check(payment->imp_uid.len >= 1 && payment->imp_uid.len <= 32 * 4);
    fuzz_check(payment->merchant_uid.len >= 1
               && payment->merchant_uid.len <= 40 * 4);
    fuzz_check(payment->status.len != 0);
    fuzz_check(payment->exponent >= 0 && payment->exponent <= 4);
    fuzz_check(payment->amount >= 0 && payment->amount <= PORTONE_MONEY_MAX);
    fuzz_check(payment->cancel_amount >= 0
               && payment->cancel_amount <= payment->amount);

    match.field = portone_str("merchant_uid");
    match.value = payment->merchant_uid;

    fuzz_check(portone_policy_matches(payment, &match, 1));

    match.value.len--;

    fuzz_check(!portone_policy_matches(payment, &match, 1));

    fuzz_payment_history(payment);

    fuzz_payment_print(payment, 0);
    fuzz_payment_print(payment, 1);

    /* all that PortOne said is still there, known or not */

    fuzz_paused = 1;

    cJSON_DeleteItemFromObjectCaseSensitive(original, "refundable_amount");

    fuzz_check(cJSON_GetArraySize(original)
               == cJSON_GetArraySize(payment->json));

    fuzz_paused = 0;
}


static void
fuzz_payment_history(const portone_payment_t *payment)
{
    int                      same;
    char                     buf[PORTONE_IDENTITY_LEN];
    char                     other[PORTONE_IDENTITY_LEN];
    size_t                   i, len, n;
    portone_cancellation_t   c, last;

    n = portone_payment_cancellations(payment);

    fuzz_check(n <= 1000);

    memset(&last, 0, sizeof(portone_cancellation_t));

    for (i = 0; i < n; i++) {
        portone_payment_cancellation(payment, i, &c);

        fuzz_check(c.amount >= 0 && c.amount <= PORTONE_MONEY_MAX);

        memset(buf, 'x', sizeof(buf));

        len = portone_payment_identity(&c, buf);

        fuzz_check(len < PORTONE_IDENTITY_LEN && len != 0);
        fuzz_check(strlen(buf) == len);
        fuzz_check(portone_str_utf8_length(buf, len) != SIZE_MAX);

        /* entries that differ have identities that differ */

        if (i != 0 && (c.cancellation_id.len != 0)
                      == (last.cancellation_id.len != 0))
        {
            (void) portone_payment_identity(&last, other);

            same = (c.cancellation_id.len != 0)
                   ? portone_str_eq(&c.cancellation_id, &last.cancellation_id)
                   : c.amount == last.amount
                     && c.cancelled_at == last.cancelled_at
                     && portone_str_eq(&c.pg_tid, &last.pg_tid);

            fuzz_check(same == (strcmp(buf, other) == 0));
        }

        last = c;
    }
}


/* what is stored can be read again, and is the same payment */

static void
fuzz_payment_print(const portone_payment_t *payment, int refundable)
{
    int                 rc;
    char               *text, *exact, *expected, *reprinted;
    int64_t             amount;
    const char         *why;
    portone_str_t       str;
    portone_payment_t   again;

    text = portone_payment_print(payment, refundable);

    if (text == NULL) {
        return;
    }

    fuzz_paused = 1;

    str = portone_str(text);

    fuzz_check(fuzz_json_valid(&str));

    exact = fuzz_exact(&str);

    if (!refundable) {
        expected = cJSON_PrintUnformatted(payment->json);

        fuzz_check(strcmp(text, expected) == 0);

        cJSON_free(expected);

        /* with the balance put in it is what is printed with it */

        reprinted = portone_payment_reprint(payment, &str);
        expected = portone_payment_print(payment, 1);

        fuzz_check(strcmp(reprinted, expected) == 0);

        cJSON_free(reprinted);
        cJSON_free(expected);
    }

    if (refundable) {
        again.json = portone_json_parse(exact, str.len);

        fuzz_check(portone_money_from_json(&amount,
                                           portone_json_member(again.json,
                                               "refundable_amount"),
                                           payment->exponent)
                   == PORTONE_OK);
        fuzz_check(amount == payment->amount - payment->cancel_amount);

        cJSON_Delete(again.json);
    }

    fuzz_check(portone_json_member(payment->json, "refundable_amount")
               == NULL);

    rc = portone_payment_parse(&again, exact, str.len, &why);

    fuzz_check(rc == PORTONE_OK);

    fuzz_payment_same(payment, &again);

    portone_payment_free(&again);
    free(exact);
    cJSON_free(text);

    fuzz_paused = 0;
}


static void
fuzz_payment_same(const portone_payment_t *a, const portone_payment_t *b)
{
    size_t                  i, n;
    portone_cancellation_t  c, d;

    fuzz_check(portone_str_eq(&a->imp_uid, &b->imp_uid));
    fuzz_check(portone_str_eq(&a->merchant_uid, &b->merchant_uid));
    fuzz_check(portone_str_eq(&a->currency, &b->currency));
    fuzz_check(portone_str_eq(&a->status, &b->status));
    fuzz_check(portone_str_eq(&a->pay_method, &b->pay_method));
    fuzz_check(a->amount == b->amount);
    fuzz_check(a->cancel_amount == b->cancel_amount);
    fuzz_check(a->paid_at == b->paid_at);
    fuzz_check(a->started_at == b->started_at);
    fuzz_check(a->exponent == b->exponent);

    n = portone_payment_cancellations(a);

    fuzz_check(portone_payment_cancellations(b) == n);

    for (i = 0; i < n; i++) {
        portone_payment_cancellation(a, i, &c);
        portone_payment_cancellation(b, i, &d);

        fuzz_check(c.amount == d.amount);
        fuzz_check(c.cancelled_at == d.cancelled_at);
        fuzz_check(portone_str_eq(&c.reason, &d.reason));
        fuzz_check(portone_str_eq(&c.cancellation_id, &d.cancellation_id));
        fuzz_check(portone_str_eq(&c.pg_tid, &d.pg_tid));
    }
}


static void
fuzz_record(const portone_payment_t *before, const portone_payment_t *after,
    int64_t now, int64_t amount, int exhausted)
{
    char                   *text;
    size_t                  n, m;
    cJSON                  *record, *again;
    portone_evidence_t      evidence;
    portone_claim_facts_t   facts;

    if (amount <= 0) {
        return;
    }

    memset(&facts, 0, sizeof(portone_claim_facts_t));

    facts.refund_id = portone_str("019aa000-0000-7000-8000-000000000001");
    facts.merchant = portone_str("shop");
    facts.reason = after->status;
    facts.payment = before;
    facts.amount = amount;
    facts.requested_at = now;

    record = portone_record_create(&facts);

    if (record == NULL) {
        fuzz_check(exhausted);
        return;
    }

    text = portone_record_print(record);

    if (text == NULL) {
        fuzz_check(exhausted);
        cJSON_Delete(record);
        return;
    }

    fuzz_record_unchanged(record, before, exhausted);

    again = portone_json_parse(text, strlen(text));

    if (again != NULL) {
        fuzz_record_unchanged(again, before, exhausted);

    } else {
        fuzz_check(exhausted);
    }

    cJSON_Delete(again);
    cJSON_free(text);

    if (portone_record_compare(record, after, &evidence) == PORTONE_OK) {

        n = portone_payment_cancellations(before);
        m = portone_payment_cancellations(after);

        fuzz_check(evidence.appeared <= m && evidence.vanished <= n);
        fuzz_check(m - evidence.appeared == n - evidence.vanished);
        fuzz_check(evidence.ours <= evidence.appeared);

        if (before->exponent == after->exponent) {
            fuzz_check(evidence.appeared == fuzz_record_new(before, after));
        }

        if (evidence.ours != 0) {
            fuzz_check(evidence.entry.amount == amount
                       || before->exponent != after->exponent);
            fuzz_check(portone_str_eq(&evidence.entry.reason, &after->status));
            fuzz_check(evidence.entry.cancelled_at >= now - 5);
        }

        if (before->exponent == after->exponent) {
            fuzz_check(evidence.moved
                       == after->cancel_amount - before->cancel_amount);
        }

    } else {
        fuzz_check(exhausted || before->exponent != after->exponent);
    }

    (void) portone_record_after(record, after);

    cJSON_Delete(record);
}


/* how many entries of after none of before can be put beside */

static size_t
fuzz_record_new(const portone_payment_t *before,
    const portone_payment_t *after)
{
    char                     taken[1000], a[PORTONE_IDENTITY_LEN];
    char                     b[PORTONE_IDENTITY_LEN];
    size_t                   i, j, n, count;
    portone_cancellation_t   c;

    count = 0;
    n = portone_payment_cancellations(before);

    memset(taken, 0, sizeof(taken));

    for (i = 0; i < portone_payment_cancellations(after); i++) {
        portone_payment_cancellation(after, i, &c);
        (void) portone_payment_identity(&c, a);

        for (j = 0; j < n; j++) {
            portone_payment_cancellation(before, j, &c);
            (void) portone_payment_identity(&c, b);

            if (!taken[j] && strcmp(a, b) == 0) {
                taken[j] = 1;
                break;
            }
        }

        count += (j == n);
    }

    return count;
}


/* nothing has happened between a payment and itself */

static void
fuzz_record_unchanged(const cJSON *record, const portone_payment_t *payment,
    int exhausted)
{
    portone_evidence_t  evidence;

    if (portone_record_compare(record, payment, &evidence) != PORTONE_OK) {
        fuzz_check(exhausted);
        return;
    }

    fuzz_check(evidence.appeared == 0);
    fuzz_check(evidence.vanished == 0);
    fuzz_check(evidence.ours == 0);
    fuzz_check(evidence.moved == 0);
}
