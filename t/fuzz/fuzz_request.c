
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "portone_cancel.h"
#include "portone_json.h"
#include "portone_policy.h"

#include "fuzz.h"
#include "fuzz_json.h"


/*
 * The refund request: what a client sends, against a payment.
 *
 *     <now> <allocation that fails, 0: none> <1: phone_month>
 *     <payment>
 *     <request>
 *
 * The request is taken if and only if the table below says so, every number
 * of it is kept to the digit, and the body for PortOne has what it must have.
 */


#define FUZZ_MEMBERS  32


typedef enum {
    FUZZ_UID = 0,
    FUZZ_TEXT,
    FUZZ_ACCOUNT,
    FUZZ_AMOUNT,
    FUZZ_DECIMAL,
    FUZZ_BOOLEAN,
    FUZZ_EXTRA
} fuzz_type_e;


typedef struct {
    const char    *name;
    fuzz_type_e    type;
    size_t         max;      /* characters */
} fuzz_field_t;


static void fuzz_request_check(const portone_request_t *request,
    const portone_str_t *text);
static int fuzz_request_wanted(const portone_str_t *text);
static int fuzz_request_field(const cJSON *item, const fuzz_member_t *member);
static int fuzz_request_text(const cJSON *item, size_t max, int control);
static const fuzz_field_t *fuzz_request_find(const char *name);
static void fuzz_request_refused(const portone_request_t *request,
    portone_error_e error, const char *field, int exhausted);
static void fuzz_request_number(const portone_str_t *text,
    const fuzz_member_t *members, const cJSON *json, const char *name,
    unsigned has, const portone_decimal_t *decimal);
static void fuzz_request_policy(const portone_request_t *request,
    const portone_str_t *payment_text, int64_t now, unsigned phone_month,
    int exhausted);
static void fuzz_request_accepted(const portone_policy_t *policy);
static void fuzz_request_body(const portone_policy_t *policy,
    const char *text);
static void fuzz_request_same(const cJSON *body, const char *name,
    const portone_str_t *value);
static void fuzz_request_money(const cJSON *body, const fuzz_member_t *members,
    const char *name, int64_t amount, int exponent);
static const fuzz_member_t *fuzz_request_member(const cJSON *json,
    const fuzz_member_t *members, const char *name);
static int64_t fuzz_request_amount(const portone_decimal_t *decimal,
    int exponent);


static const fuzz_field_t  fuzz_fields[] = {
    { "merchant_uid", FUZZ_UID, 40 },
    { "imp_uid", FUZZ_UID, 32 },
    { "cancel_request_amount", FUZZ_AMOUNT, 0 },
    { "amount", FUZZ_AMOUNT, 0 },
    { "reason", FUZZ_TEXT, 256 },
    { "refund_holder", FUZZ_ACCOUNT, 16 },
    { "refund_bank", FUZZ_ACCOUNT, 4 },
    { "refund_account", FUZZ_ACCOUNT, 16 },
    { "refund_tel", FUZZ_ACCOUNT, 16 },
    { "tax_free", FUZZ_DECIMAL, 0 },
    { "vat_amount", FUZZ_DECIMAL, 0 },
    { "checksum", FUZZ_DECIMAL, 0 },
    { "retain_promotion", FUZZ_BOOLEAN, 0 },
    { "extra", FUZZ_EXTRA, 0 },
    { NULL, FUZZ_UID, 0 }
};


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char                field[PORTONE_FIELD_LEN], *exact;
    int64_t             now, fails, phone_month;
    portone_str_t       text, line, payment;
    portone_error_e     error;
    portone_request_t   request;

    text.data = (const char *) data;
    text.len = size;

    line = fuzz_line(&text);

    now = fuzz_number(&line);
    fails = fuzz_number(&line);
    phone_month = fuzz_number(&line);

    payment = fuzz_line(&text);

    exact = fuzz_exact(&text);
    text.data = exact;

    memset(field, 'x', sizeof(field));

    fuzz_memory(fails);

    error = portone_request_parse(&request, text.data, text.len, field);

    fuzz_paused = 1;

    if (error == PORTONE_NO_ERROR) {
        fuzz_check(field[0] == '\0');
        fuzz_request_check(&request, &text);

    } else {
        fuzz_request_refused(&request, error, field, fails != 0);
    }

    if (error != PORTONE_OVERLOADED) {
        fuzz_check((error == PORTONE_NO_ERROR) == fuzz_request_wanted(&text));
    }

    fuzz_paused = 0;

    /* the tree is all that is used of it from here on */

    free(exact);

    if (error == PORTONE_NO_ERROR) {
        fuzz_request_policy(&request, &payment, now, phone_month != 0,
                            fails != 0);
        portone_request_free(&request);
    }

    fuzz_memory(0);

    return 0;
}


static void
fuzz_request_refused(const portone_request_t *request, portone_error_e error,
    const char *field, int exhausted)
{
    fuzz_check(request->json == NULL);
    fuzz_check(memchr(field, '\0', PORTONE_FIELD_LEN) != NULL);
    fuzz_check(portone_str_utf8_length(field, strlen(field)) != SIZE_MAX);

    switch (error) {

    case PORTONE_INVALID_JSON:
        fuzz_check(field[0] == '\0');
        break;

    case PORTONE_INVALID_REQUEST:
        break;

    default:
        fuzz_check(error == PORTONE_OVERLOADED && exhausted);
        break;
    }
}


static void
fuzz_request_check(const portone_request_t *request, const portone_str_t *text)
{
    const char     *name;
    fuzz_member_t   members[FUZZ_MEMBERS];

    fuzz_check(fuzz_json_members(text, members, FUZZ_MEMBERS)
               == (size_t) cJSON_GetArraySize(request->json));

    fuzz_check(request->imp_uid.len != 0 || request->merchant_uid.len != 0);

    name = request->has_amount ? request->amount_field : "amount";

    fuzz_check(!request->has_amount || request->amount.coefficient > 0);

    /* an amount that was sent is never overlooked */

    if (!request->has_amount) {
        fuzz_check(portone_json_member(request->json, "cancel_request_amount")
                   == NULL);
    }

    fuzz_request_number(text, members, request->json, name,
                        request->has_amount, &request->amount);
    fuzz_request_number(text, members, request->json, "tax_free",
                        request->cancel.has_tax_free,
                        &request->cancel.tax_free);
    fuzz_request_number(text, members, request->json, "vat_amount",
                        request->cancel.has_vat_amount,
                        &request->cancel.vat_amount);
    fuzz_request_number(text, members, request->json, "checksum",
                        request->has_checksum, &request->checksum);

    fuzz_request_same(request->json, "imp_uid", &request->imp_uid);
    fuzz_request_same(request->json, "merchant_uid", &request->merchant_uid);
}


/* the number that was written is the number that was read */

static void
fuzz_request_number(const portone_str_t *text, const fuzz_member_t *members,
    const cJSON *json, const char *name, unsigned has,
    const portone_decimal_t *decimal)
{
    fuzz_number_t         written, read;
    const fuzz_member_t  *member;

    member = fuzz_request_member(json, members, name);

    fuzz_check((member != NULL) == has);

    if (member != NULL) {
        fuzz_json_number(&written, &member->value);
        fuzz_json_decimal(&read, decimal->coefficient, decimal->scale);

        fuzz_check(fuzz_json_equal(&written, &read));
    }
}


static const fuzz_member_t *
fuzz_request_member(const cJSON *json, const fuzz_member_t *members,
    const char *name)
{
    size_t        i;
    const cJSON  *item;

    i = 0;

    cJSON_ArrayForEach(item, json) {

        if (strcmp(item->string, name) == 0) {
            return &members[i];
        }

        i++;
    }

    return NULL;
}


/* whether the request is one to be taken */

static int
fuzz_request_wanted(const portone_str_t *text)
{
    int              wanted;
    cJSON           *json, *item, *other;
    size_t           i;
    fuzz_number_t    amount, other_amount;
    fuzz_member_t    members[FUZZ_MEMBERS];

    if (!fuzz_json_valid(text)) {
        return 0;
    }

    json = cJSON_ParseWithLength(text->data, text->len);

    wanted = cJSON_IsObject(json)
             && fuzz_json_members(text, members, FUZZ_MEMBERS) <= FUZZ_MEMBERS
             && (portone_json_member(json, "imp_uid") != NULL
                 || portone_json_member(json, "merchant_uid") != NULL);

    i = 0;

    if (wanted) {
        cJSON_ArrayForEach(item, json) {
            wanted = wanted && fuzz_request_field(item, &members[i++])
                     && portone_json_member(json, item->string) == item;
        }
    }

    if (wanted) {
        item = portone_json_member(json, "amount");
        other = portone_json_member(json, "cancel_request_amount");

        if (item != NULL && other != NULL) {
            fuzz_json_number(&amount,
                             &fuzz_request_member(json, members,
                                                  "amount")->value);
            fuzz_json_number(&other_amount,
                             &fuzz_request_member(json, members,
                                            "cancel_request_amount")->value);

            wanted = fuzz_json_equal(&amount, &other_amount);
        }
    }

    cJSON_Delete(json);

    return wanted;
}


static int
fuzz_request_field(const cJSON *item, const fuzz_member_t *member)
{
    const cJSON         *requester;
    fuzz_number_t        number;
    const fuzz_field_t  *field;

    field = fuzz_request_find(item->string);

    if (field == NULL) {
        return 0;
    }

    switch (field->type) {

    case FUZZ_UID:
        return fuzz_request_text(item, field->max, 0)
               && item->valuestring[0] != '\0';

    case FUZZ_TEXT:
        return fuzz_request_text(item, field->max, 1);

    case FUZZ_ACCOUNT:
        return fuzz_request_text(item, field->max, 0);

    case FUZZ_BOOLEAN:
        return cJSON_IsBool(item);

    case FUZZ_EXTRA:
        requester = item->child;

        return cJSON_IsObject(item)
               && requester != NULL
               && requester->next == NULL
               && strcmp(requester->string, "requester") == 0
               && cJSON_IsString(requester)
               && (strcmp(requester->valuestring, "customer") == 0
                   || strcmp(requester->valuestring, "admin") == 0);

    default:
        break;
    }

    if (!cJSON_IsNumber(item)) {
        return 0;
    }

    fuzz_json_number(&number, &member->value);

    if (number.len == 0) {
        return field->type == FUZZ_DECIMAL;
    }

    return !number.negative
           && number.len <= 15
           && number.len + number.exponent <= 15
           && number.exponent >= -15;
}


static int
fuzz_request_text(const cJSON *item, size_t max, int control)
{
    size_t                 length;
    const portone_byte_t  *p;

    if (!cJSON_IsString(item)) {
        return 0;
    }

    length = 0;

    for (p = (const portone_byte_t *) item->valuestring; *p != '\0'; p++) {

        if (!control
            && (*p < ' ' || *p == 0x7f || (p[0] == 0xc2 && p[1] < 0xa0)))
        {
            return 0;
        }

        if ((*p & 0xc0) != 0x80) {
            length++;
        }
    }

    return length <= max;
}


static const fuzz_field_t *
fuzz_request_find(const char *name)
{
    const fuzz_field_t  *field;

    for (field = fuzz_fields; field->name != NULL; field++) {

        if (strcmp(field->name, name) == 0) {
            return field;
        }
    }

    return NULL;
}


static void
fuzz_request_policy(const portone_request_t *request,
    const portone_str_t *payment_text, int64_t now, unsigned phone_month,
    int exhausted)
{
    int                 rc;
    char               *body, *exact;
    const char         *why;
    portone_error_e     error;
    portone_policy_t    policy;
    portone_payment_t   payment;

    exact = fuzz_exact(payment_text);

    rc = portone_payment_parse(&payment, exact, payment_text->len, &why);

    free(exact);

    if (rc != PORTONE_OK) {
        fuzz_check(why != NULL);
        return;
    }

    policy.request = request;
    policy.payment = &payment;
    policy.now = now;
    policy.phone_month = phone_month;

    error = portone_policy_refund(&policy);

    fuzz_check(policy.field != NULL);

    switch (error) {

    case PORTONE_NO_ERROR:
        fuzz_request_accepted(&policy);

        body = portone_cancel_body(&request->cancel, &payment, policy.amount);

        fuzz_paused = 1;

        if (body != NULL) {
            fuzz_request_body(&policy, body);

        } else {
            fuzz_check(exhausted);
        }

        fuzz_paused = 0;

        cJSON_free(body);
        break;

    case PORTONE_ALREADY_REFUNDED:
        fuzz_check(payment.amount == payment.cancel_amount);
        break;

    case PORTONE_INVALID_REQUEST:
    case PORTONE_AMOUNT_EXCEEDS_REFUNDABLE:
    case PORTONE_REFUND_ACCOUNT_REQUIRED:
    case PORTONE_CHECKSUM_MISMATCH:
        fuzz_check(policy.field[0] != '\0');
        break;

    default:
        fuzz_check(error == PORTONE_NOT_REFUNDABLE
                   || error == PORTONE_PHONE_MONTH_PASSED);
        break;
    }

    portone_payment_free(&payment);
}


static void
fuzz_request_accepted(const portone_policy_t *policy)
{
    int                       exponent;
    int64_t                   balance, free_of_tax, vat;
    const portone_request_t  *request;
    const portone_payment_t  *payment;

    request = policy->request;
    payment = policy->payment;
    exponent = payment->exponent;

    balance = portone_payment_balance(payment);

    fuzz_check(policy->field[0] == '\0');
    fuzz_check(policy->amount > 0);
    fuzz_check(policy->amount <= balance);
    fuzz_check(balance <= payment->amount);

    if (request->has_amount) {
        fuzz_check(policy->amount
                   == fuzz_request_amount(&request->amount, exponent));

    } else {
        fuzz_check(policy->amount == balance);
    }

    if (request->has_checksum) {
        fuzz_check(balance
                   == fuzz_request_amount(&request->checksum, exponent));
    }

    free_of_tax = request->cancel.has_tax_free
                  ? fuzz_request_amount(&request->cancel.tax_free, exponent)
                  : 0;
    vat = request->cancel.has_vat_amount
          ? fuzz_request_amount(&request->cancel.vat_amount, exponent)
          : 0;

    fuzz_check(free_of_tax >= 0 && vat >= 0);
    fuzz_check(free_of_tax + vat <= policy->amount);

    if (payment->pay_method.len == 5
        && memcmp(payment->pay_method.data, "vbank", 5) == 0)
    {
        fuzz_check(request->cancel.refund_holder.len != 0);
        fuzz_check(request->cancel.refund_bank.len != 0);
        fuzz_check(request->cancel.refund_account.len != 0);
    }
}


/* in the smallest unit of the currency, -1: it has more decimals */

static int64_t
fuzz_request_amount(const portone_decimal_t *decimal, int exponent)
{
    int      i;
    int64_t  amount;

    amount = decimal->coefficient;

    if (decimal->scale > exponent) {
        return -1;
    }

    for (i = decimal->scale; i < exponent; i++) {
        amount *= 10;
    }

    return amount;
}


static void
fuzz_request_body(const portone_policy_t *policy, const char *text)
{
    cJSON                    *body, *item;
    int64_t                   amount;
    portone_str_t             str;
    fuzz_member_t             members[FUZZ_MEMBERS];
    const portone_request_t  *request;
    const portone_payment_t  *payment;

    request = policy->request;
    payment = policy->payment;

    str = portone_str(text);

    fuzz_check(fuzz_json_valid(&str));

    body = portone_json_parse(str.data, str.len);

    fuzz_check(body != NULL);
    fuzz_check(fuzz_json_members(&str, members, FUZZ_MEMBERS)
               == (size_t) cJSON_GetArraySize(body));

    cJSON_ArrayForEach(item, body) {
        fuzz_check(fuzz_request_find(item->string) != NULL);
        fuzz_check(portone_json_member(body, item->string) == item);
    }

    fuzz_check(portone_json_member(body, "merchant_uid") == NULL);
    fuzz_check(portone_json_member(body, "cancel_request_amount") == NULL);

    fuzz_check(payment->imp_uid.len != 0);
    fuzz_request_same(body, "imp_uid", &payment->imp_uid);

    fuzz_request_money(body, members, "amount", policy->amount,
                       payment->exponent);
    fuzz_request_money(body, members, "checksum",
                       portone_payment_balance(payment), payment->exponent);

    amount = fuzz_request_amount(&request->cancel.tax_free, payment->exponent);
    fuzz_request_money(body, members, "tax_free",
                       request->cancel.has_tax_free ? amount : -1,
                       payment->exponent);

    amount = fuzz_request_amount(&request->cancel.vat_amount,
                                 payment->exponent);
    fuzz_request_money(body, members, "vat_amount",
                       request->cancel.has_vat_amount ? amount : -1,
                       payment->exponent);

    fuzz_request_same(body, "reason", &request->cancel.reason);
    fuzz_request_same(body, "refund_holder", &request->cancel.refund_holder);
    fuzz_request_same(body, "refund_bank", &request->cancel.refund_bank);
    fuzz_request_same(body, "refund_account", &request->cancel.refund_account);
    fuzz_request_same(body, "refund_tel", &request->cancel.refund_tel);

    item = portone_json_member(body, "retain_promotion");

    fuzz_check((item != NULL) == request->cancel.has_retain_promotion);
    fuzz_check(item == NULL
               || cJSON_IsTrue(item) == request->cancel.retain_promotion);

    item = portone_json_member(body, "extra");

    fuzz_check((item != NULL) == (request->cancel.requester.len != 0));
    fuzz_request_same(item, "requester", &request->cancel.requester);

    cJSON_Delete(body);
}


/* the member is the value, or not there when the value is empty */

static void
fuzz_request_same(const cJSON *body, const char *name,
    const portone_str_t *value)
{
    portone_str_t  str;

    str = portone_json_str(body, name);

    fuzz_check(portone_str_eq(&str, value));
    fuzz_check(value->len != 0
               || !cJSON_IsNull(portone_json_member(body, name)));
}


/* the member is the amount to the digit, or not there for an amount of -1 */

static void
fuzz_request_money(const cJSON *body, const fuzz_member_t *members,
    const char *name, int64_t amount, int exponent)
{
    fuzz_number_t         sent, wanted;
    const fuzz_member_t  *member;

    member = fuzz_request_member(body, members, name);

    fuzz_check((member != NULL) == (amount >= 0));

    if (member != NULL) {
        fuzz_json_number(&sent, &member->value);
        fuzz_json_decimal(&wanted, amount, exponent);

        fuzz_check(cJSON_IsNumber(portone_json_member(body, name)));
        fuzz_check(fuzz_json_equal(&sent, &wanted));
    }
}
