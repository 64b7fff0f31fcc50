
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "portone_cancel.h"
#include "portone_json.h"


static int portone_cancel_decimal(cJSON *body, const char *name,
    const portone_decimal_t *decimal, int exponent);


char *
portone_cancel_body(const portone_request_t *request,
    const portone_payment_t *payment, int64_t amount)
{
    int     rc, exponent;
    char   *text;
    cJSON  *body, *extra;

    exponent = payment->exponent;

    body = cJSON_CreateObject();
    if (body == NULL) {
        return NULL;
    }

    rc = portone_json_add_str(body, "imp_uid", &payment->imp_uid);
    rc |= portone_json_add(body, "amount",
                           portone_money_json(amount, exponent));
    rc |= portone_json_add(body, "checksum",
                           portone_money_json(
                               portone_payment_balance(payment),
                               exponent));

    if (request->has_tax_free) {
        rc |= portone_cancel_decimal(body, "tax_free", &request->tax_free,
                                     exponent);
    }

    if (request->has_vat_amount) {
        rc |= portone_cancel_decimal(body, "vat_amount",
                                     &request->vat_amount, exponent);
    }

    if (request->reason.len) {
        rc |= portone_json_add_str(body, "reason", &request->reason);
    }

    if (request->refund_holder.len) {
        rc |= portone_json_add_str(body, "refund_holder",
                                   &request->refund_holder);
    }

    if (request->refund_bank.len) {
        rc |= portone_json_add_str(body, "refund_bank",
                                   &request->refund_bank);
    }

    if (request->refund_account.len) {
        rc |= portone_json_add_str(body, "refund_account",
                                   &request->refund_account);
    }

    if (request->refund_tel.len) {
        rc |= portone_json_add_str(body, "refund_tel", &request->refund_tel);
    }

    if (request->has_retain_promotion) {
        rc |= portone_json_add(body, "retain_promotion",
                               cJSON_CreateBool(request->retain_promotion));
    }

    if (request->requester.len) {
        extra = cJSON_CreateObject();

        rc |= portone_json_add_str(extra, "requester", &request->requester);
        rc |= portone_json_add(body, "extra", extra);
    }

    text = (rc == PORTONE_OK) ? portone_json_print(body) : NULL;

    cJSON_Delete(body);

    return text;
}


static int
portone_cancel_decimal(cJSON *body, const char *name,
    const portone_decimal_t *decimal, int exponent)
{
    int64_t  amount;

    if (portone_money_from_decimal(&amount, decimal, exponent)
        != PORTONE_OK)
    {
        return PORTONE_ERROR;
    }

    return portone_json_add(body, name, portone_money_json(amount, exponent));
}
