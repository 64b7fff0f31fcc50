
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <string.h>

#include "portone_policy.h"
#include "portone_json.h"


static portone_error_e portone_policy_amounts(portone_policy_t *policy);
static portone_error_e portone_policy_method(portone_policy_t *policy);
static int portone_policy_match(const portone_payment_t *payment,
    const portone_match_t *match);


portone_error_e
portone_policy_refund(portone_policy_t *policy)
{
    portone_error_e           error;
    const portone_payment_t  *payment;

    policy->amount = 0;
    policy->field = "";

    payment = policy->payment;

    if (!portone_payment_was_paid(payment)) {
        return PORTONE_NOT_REFUNDABLE;
    }

    if (portone_payment_balance(payment) == 0) {
        return PORTONE_ALREADY_REFUNDED;
    }

    error = portone_policy_amounts(policy);

    if (error != PORTONE_NO_ERROR) {
        return error;
    }

    return portone_policy_method(policy);
}


static portone_error_e
portone_policy_amounts(portone_policy_t *policy)
{
    int                       exponent;
    int64_t                   amount, balance, tax_free;
    const portone_request_t  *request;

    request = policy->request;
    exponent = policy->payment->exponent;
    balance = portone_payment_balance(policy->payment);

    if (request->has_checksum) {

        if (portone_money_from_decimal(&amount, &request->checksum, exponent)
            != PORTONE_OK)
        {
            policy->field = "checksum";
            return PORTONE_INVALID_REQUEST;
        }

        if (amount != balance) {
            policy->field = "checksum";
            return PORTONE_CHECKSUM_MISMATCH;
        }
    }

    amount = balance;

    if (request->has_amount) {
        policy->field = request->amount_field;

        if (portone_money_from_decimal(&amount, &request->amount, exponent)
            != PORTONE_OK
            || amount == 0)
        {
            return PORTONE_INVALID_REQUEST;
        }

        if (amount > balance) {
            return PORTONE_AMOUNT_EXCEEDS_REFUNDABLE;
        }
    }

    policy->amount = amount;

    tax_free = 0;

    if (request->cancel.has_tax_free) {
        policy->field = "tax_free";

        if (portone_money_from_decimal(&tax_free, &request->cancel.tax_free,
                                       exponent)
            != PORTONE_OK
            || tax_free > policy->amount)
        {
            return PORTONE_INVALID_REQUEST;
        }
    }

    if (request->cancel.has_vat_amount) {
        policy->field = "vat_amount";

        /* the tax-free part has no VAT in it */

        if (portone_money_from_decimal(&amount, &request->cancel.vat_amount,
                                       exponent)
            != PORTONE_OK
            || amount > policy->amount - tax_free)
        {
            return PORTONE_INVALID_REQUEST;
        }
    }

    policy->field = "";

    return PORTONE_NO_ERROR;
}


static portone_error_e
portone_policy_method(portone_policy_t *policy)
{
    portone_str_t             vbank = portone_string("vbank");
    portone_str_t             phone = portone_string("phone");
    const portone_request_t  *request;
    const portone_payment_t  *payment;

    request = policy->request;
    payment = policy->payment;

    if (portone_str_eq(&payment->pay_method, &vbank)) {

        if (request->cancel.refund_holder.len == 0) {
            policy->field = "refund_holder";
            return PORTONE_REFUND_ACCOUNT_REQUIRED;
        }

        if (request->cancel.refund_bank.len == 0) {
            policy->field = "refund_bank";
            return PORTONE_REFUND_ACCOUNT_REQUIRED;
        }

        if (request->cancel.refund_account.len == 0) {
            policy->field = "refund_account";
            return PORTONE_REFUND_ACCOUNT_REQUIRED;
        }
    }

    if (policy->phone_month
        && portone_str_eq(&payment->pay_method, &phone)
        && payment->paid_at > 0
        && portone_payment_month_passed(payment->paid_at, policy->now))
    {
        return PORTONE_PHONE_MONTH_PASSED;
    }

    return PORTONE_NO_ERROR;
}


int
portone_policy_matches(const portone_payment_t *payment,
    const portone_match_t *match_values, size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (!portone_policy_match(payment, &match_values[i])) {
            return 0;
        }
    }

    return 1;
}


static int
portone_policy_match(const portone_payment_t *payment,
    const portone_match_t *match)
{
    int             rc;
    char           *text;
    cJSON          *item, *member;
    portone_str_t   value;

    if (match->value.len == 0) {
        return 0;
    }

    member = NULL;

    cJSON_ArrayForEach(item, payment->json) {

        value = portone_str(item->string);

        if (!portone_str_eq(&value, &match->field)) {
            continue;
        }

        /* a duplicate member is ambiguous: no match */

        if (member != NULL) {
            return 0;
        }

        member = item;
    }

    if (member == NULL) {
        return 0;
    }

    if (cJSON_IsString(member)) {
        value = portone_str(member->valuestring);
        return portone_str_eq(&value, &match->value);
    }

    if (!cJSON_IsNumber(member) && !cJSON_IsBool(member)) {
        return 0;
    }

    text = portone_json_print(member);
    if (text == NULL) {
        return 0;
    }

    value = portone_str(text);
    rc = portone_str_eq(&value, &match->value);

    cJSON_free(text);

    return rc;
}
