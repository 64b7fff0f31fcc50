
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_ERROR_H_INCLUDED_
#define _PORTONE_ERROR_H_INCLUDED_


#include "portone_str.h"


/* every error a client can be told; the order of the table in the docs */

typedef enum {
    PORTONE_NO_ERROR = 0,
    PORTONE_INVALID_JSON,
    PORTONE_INVALID_REQUEST,
    PORTONE_AMOUNT_REQUIRED,
    PORTONE_AMOUNT_EXCEEDS_REFUNDABLE,
    PORTONE_REFUND_ACCOUNT_REQUIRED,
    PORTONE_ALREADY_REFUNDED,
    PORTONE_PAYMENT_NOT_FOUND,
    PORTONE_METHOD_NOT_ALLOWED,
    PORTONE_REFUND_IN_PROGRESS,
    PORTONE_CHECKSUM_MISMATCH,
    PORTONE_NOT_REFUNDABLE,
    PORTONE_NOT_IN_REVIEW,
    PORTONE_TOO_LARGE,
    PORTONE_UNSUPPORTED_MEDIA_TYPE,
    PORTONE_REFUND_REJECTED,
    PORTONE_PHONE_MONTH_PASSED,
    PORTONE_IDEMPOTENCY_KEY_REUSED,
    PORTONE_PORTONE_UNAUTHORIZED,
    PORTONE_PORTONE_UNAVAILABLE,
    PORTONE_STORE_UNAVAILABLE,
    PORTONE_OVERLOADED,
    PORTONE_OUTCOME_UNKNOWN,
    PORTONE_ERROR_MAX
} portone_error_e;


typedef enum {
    PORTONE_LANGUAGE_KO = 0,
    PORTONE_LANGUAGE_EN
} portone_language_e;


/* the error word of the JSON answer, e.g. "already_refunded" */
const char *portone_error_word(portone_error_e error);

/* the HTTP status that goes with it unless portone_error_status says else */
int portone_error_status(portone_error_e error);

/* one or two sentences for people, UTF-8; static, as the word is */
const char *portone_error_message(portone_error_e error,
    portone_language_e language);

/* the error that has this word, or PORTONE_NO_ERROR */
portone_error_e portone_error_find(const portone_str_t *word);


/* the members that bodies of errors have in common */

typedef struct {
    portone_error_e   error;
    portone_str_t     message;
    int64_t           code;            /* PortOne's; 0: null */
    portone_str_t     merchant_uid;    /* len 0: null, as imp_uid */
    portone_str_t     imp_uid;
    const char       *field;           /* the culprit; "" or NULL: left out */
} portone_error_body_t;


/* a new object, owned by the caller; NULL: out of memory */
cJSON *portone_error_body(const portone_error_body_t *body);


#endif /* _PORTONE_ERROR_H_INCLUDED_ */
