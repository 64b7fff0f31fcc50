
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "portone_error.h"
#include "portone_json.h"


typedef struct {
    const char  *word;
    int          status;
    const char  *message[2];    /* by portone_language_e */
} portone_error_entry_t;


static const portone_error_entry_t *portone_error_entry(portone_error_e error);


/*
 * A message says only what its error word proves: where it says that nothing
 * was refunded, the client may simply try again.
 */

static const portone_error_entry_t  portone_errors[PORTONE_ERROR_MAX] = {

    [PORTONE_NO_ERROR] = {
        "", 200, { "", "" }
    },

    [PORTONE_INVALID_JSON] = {
        "invalid_json", 400, {
            "요청 본문이 올바른 JSON이 아닙니다.",
            "The request body is not valid JSON."
        }
    },

    [PORTONE_INVALID_REQUEST] = {
        "invalid_request", 400, {
            "요청 항목이 올바르지 않습니다.",
            "A field of the request is missing or not valid."
        }
    },

    [PORTONE_AMOUNT_REQUIRED] = {
        "amount_required", 400, {
            "환불할 금액을 입력해 주세요.",
            "Please state the amount to refund."
        }
    },

    [PORTONE_AMOUNT_EXCEEDS_REFUNDABLE] = {
        "amount_exceeds_refundable", 400, {
            "환불 요청 금액이 환불 가능한 금액보다 큽니다.",
            "The requested amount is more than can still be refunded."
        }
    },

    [PORTONE_REFUND_ACCOUNT_REQUIRED] = {
        "refund_account_required", 400, {
            "환불받을 계좌의 예금주, 은행 코드, 계좌번호를 입력해 주세요.",
            "Please state the holder, bank code and number of the account "
            "that receives the refund."
        }
    },

    [PORTONE_ALREADY_REFUNDED] = {
        "already_refunded", 400, {
            "이미 전액환불된 주문입니다.",
            "This order has already been fully refunded."
        }
    },

    [PORTONE_PAYMENT_NOT_FOUND] = {
        "payment_not_found", 404, {
            "결제 내역을 찾을 수 없습니다.",
            "The payment was not found."
        }
    },

    [PORTONE_METHOD_NOT_ALLOWED] = {
        "method_not_allowed", 405, {
            "허용되지 않는 요청 메서드입니다.",
            "This request method is not allowed."
        }
    },

    [PORTONE_REFUND_IN_PROGRESS] = {
        "refund_in_progress", 409, {
            "이 주문의 다른 환불이 아직 끝나지 않았습니다. "
            "잠시 후 다시 확인해 주세요.",
            "Another refund of this order is not finished yet. "
            "Please check again later."
        }
    },

    [PORTONE_CHECKSUM_MISMATCH] = {
        "checksum_mismatch", 409, {
            "환불 가능한 금액이 예상과 다릅니다. "
            "금액을 확인한 후 다시 요청해 주세요.",
            "The refundable amount is not the expected one. "
            "Please check it and try again."
        }
    },

    [PORTONE_NOT_REFUNDABLE] = {
        "not_refundable", 409, {
            "결제가 완료되지 않아 환불할 수 없습니다.",
            "This payment was never completed and cannot be refunded."
        }
    },

    [PORTONE_NOT_IN_REVIEW] = {
        "not_in_review", 409, {
            "수동 확인을 기다리는 환불이 아닙니다.",
            "This refund does not wait for manual review."
        }
    },

    [PORTONE_TOO_LARGE] = {
        "too_large", 413, {
            "요청 본문이 너무 큽니다.",
            "The request body is too large."
        }
    },

    [PORTONE_UNSUPPORTED_MEDIA_TYPE] = {
        "unsupported_media_type", 415, {
            "지원하지 않는 Content-Type입니다.",
            "This Content-Type is not supported."
        }
    },

    [PORTONE_REFUND_REJECTED] = {
        "refund_rejected", 422, {
            "환불이 거절되었습니다.",
            "The refund was rejected."
        }
    },

    [PORTONE_PHONE_MONTH_PASSED] = {
        "phone_month_passed", 422, {
            "휴대폰 결제는 결제한 달에만 환불할 수 있습니다.",
            "A phone payment can be refunded only in the month in which it "
            "was made."
        }
    },

    [PORTONE_IDEMPOTENCY_KEY_REUSED] = {
        "idempotency_key_reused", 422, {
            "이미 다른 요청에 사용된 멱등키입니다.",
            "This idempotency key was used for another request."
        }
    },

    [PORTONE_PORTONE_UNAUTHORIZED] = {
        "portone_unauthorized", 502, {
            "포트원 인증에 실패했습니다. 판매자에게 문의해 주세요.",
            "PortOne did not accept the shop's keys. "
            "Please contact the shop."
        }
    },

    [PORTONE_PORTONE_UNAVAILABLE] = {
        "portone_unavailable", 502, {
            "포트원을 이용할 수 없습니다. 환불된 금액은 없으니 "
            "잠시 후 다시 시도해 주세요.",
            "PortOne is not available. Nothing was refunded; "
            "please try again later."
        }
    },

    [PORTONE_STORE_UNAVAILABLE] = {
        "store_unavailable", 503, {
            "결제 기록을 이용할 수 없습니다. 환불된 금액은 없으니 "
            "잠시 후 다시 시도해 주세요.",
            "The payment records are not available. Nothing was refunded; "
            "please try again later."
        }
    },

    [PORTONE_OVERLOADED] = {
        "overloaded", 503, {
            "요청이 너무 많습니다. 환불된 금액은 없으니 "
            "잠시 후 다시 시도해 주세요.",
            "There are too many requests. Nothing was refunded; "
            "please try again later."
        }
    },

    [PORTONE_OUTCOME_UNKNOWN] = {
        "outcome_unknown", 504, {
            "환불 결과를 아직 확인하지 못했습니다. 다시 요청하지 마시고 "
            "잠시 후 결과를 확인해 주세요.",
            "The result of the refund is not known yet. Please do not "
            "request it again, but check the result later."
        }
    }
};


const char *
portone_error_word(portone_error_e error)
{
    return portone_error_entry(error)->word;
}


int
portone_error_status(portone_error_e error)
{
    return portone_error_entry(error)->status;
}


const char *
portone_error_message(portone_error_e error, portone_language_e language)
{
    return portone_error_entry(error)->
                                 message[language == PORTONE_LANGUAGE_EN];
}


static const portone_error_entry_t *
portone_error_entry(portone_error_e error)
{
    return &portone_errors[(unsigned) error < PORTONE_ERROR_MAX
                           ? error : PORTONE_NO_ERROR];
}


portone_error_e
portone_error_find(const portone_str_t *word)
{
    int            error;
    portone_str_t  candidate;

    for (error = PORTONE_NO_ERROR + 1; error < PORTONE_ERROR_MAX; error++) {
        candidate = portone_str(portone_errors[error].word);

        if (portone_str_eq(&candidate, word)) {
            return error;
        }
    }

    return PORTONE_NO_ERROR;
}


cJSON *
portone_error_body(const portone_error_body_t *body)
{
    int             rc;
    cJSON          *json;
    portone_str_t   word, field;

    json = cJSON_CreateObject();
    word = portone_str(portone_error_word(body->error));

    rc = portone_json_add_str(json, "error", &word);
    rc |= portone_json_add_str(json, "message", &body->message);
    rc |= (body->code != 0)
              ? portone_json_add_int(json, "code", body->code)
              : portone_json_add(json, "code", cJSON_CreateNull());
    rc |= portone_json_add_str(json, "merchant_uid", &body->merchant_uid);
    rc |= portone_json_add_str(json, "imp_uid", &body->imp_uid);

    field = portone_str(body->field);

    if (field.len != 0) {
        rc |= portone_json_add_str(json, "field", &field);
    }

    if (rc != PORTONE_OK) {
        cJSON_Delete(json);
        return NULL;
    }

    return json;
}
