
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <assert.h>

#include "portone_cancel.h"
#include "portone_json.h"


static int portone_cancel_decimal(cJSON *body, const char *name,
    const portone_decimal_t *decimal, int exponent);
static int portone_cancel_text(cJSON *body, const char *name,
    const portone_str_t *text);


char *
portone_cancel_body(const portone_cancel_t *cancel,
    const portone_payment_t *payment, int64_t amount)
{
    int     rc, exponent;
    cJSON  *body, *extra;

    assert(amount > 0 && amount <= portone_payment_balance(payment));

    exponent = payment->exponent;

    body = cJSON_CreateObject();

    rc = portone_json_add_str(body, "imp_uid", &payment->imp_uid);
    rc |= portone_json_add(body, "amount",
                           portone_money_json(amount, exponent));
    rc |= portone_json_add(body, "checksum",
                           portone_money_json(
                               portone_payment_balance(payment),
                               exponent));

    if (cancel->has_tax_free) {
        rc |= portone_cancel_decimal(body, "tax_free", &cancel->tax_free,
                                     exponent);
    }

    if (cancel->has_vat_amount) {
        rc |= portone_cancel_decimal(body, "vat_amount",
                                     &cancel->vat_amount, exponent);
    }

    rc |= portone_cancel_text(body, "reason", &cancel->reason);
    rc |= portone_cancel_text(body, "refund_holder", &cancel->refund_holder);
    rc |= portone_cancel_text(body, "refund_bank", &cancel->refund_bank);
    rc |= portone_cancel_text(body, "refund_account",
                              &cancel->refund_account);
    rc |= portone_cancel_text(body, "refund_tel", &cancel->refund_tel);

    if (cancel->has_retain_promotion) {
        rc |= portone_json_add(body, "retain_promotion",
                               cJSON_CreateBool(cancel->retain_promotion));
    }

    if (cancel->requester.len) {
        extra = cJSON_CreateObject();

        rc |= portone_json_add_str(extra, "requester", &cancel->requester);
        rc |= portone_json_add(body, "extra", extra);
    }

    return portone_json_finish(body, rc);
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


static int
portone_cancel_text(cJSON *body, const char *name, const portone_str_t *text)
{
    return (text->len != 0) ? portone_json_add_str(body, name, text)
                            : PORTONE_OK;
}
