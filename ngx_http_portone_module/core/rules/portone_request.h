
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_REQUEST_H_INCLUDED_
#define _PORTONE_REQUEST_H_INCLUDED_


#include "portone_str.h"
#include "portone_error.h"
#include "portone_money.h"


/* limits of the identifiers, in characters */
#define PORTONE_IMP_UID_MAX       32
#define PORTONE_MERCHANT_UID_MAX  40


/* a refund request as the client sent it; strings point into json */

typedef struct {
    portone_str_t       merchant_uid;
    portone_str_t       imp_uid;
    portone_str_t       reason;
    portone_str_t       refund_holder;
    portone_str_t       refund_bank;
    portone_str_t       refund_account;
    portone_str_t       refund_tel;
    portone_str_t       requester;          /* of extra: customer, admin */
    portone_decimal_t   amount;             /* > 0 */
    const char         *amount_field;       /* the name it was sent by */
    portone_decimal_t   tax_free;           /* >= 0 */
    portone_decimal_t   vat_amount;         /* >= 0 */
    portone_decimal_t   checksum;           /* >= 0 */
    cJSON              *json;               /* owned */
    unsigned            has_amount:1;
    unsigned            has_tax_free:1;
    unsigned            has_vat_amount:1;
    unsigned            has_checksum:1;
    unsigned            has_retain_promotion:1;
    unsigned            retain_promotion:1;
} portone_request_t;


/*
 * portone_request_parse() checks everything that can be checked without
 * knowing the payment: PORTONE_NO_ERROR, PORTONE_INVALID_JSON,
 * PORTONE_INVALID_REQUEST, or PORTONE_OVERLOADED when there is no memory.  Any
 * error leaves nothing to free.  field receives the name of the culprit, cut
 * to fit between two characters, NUL-terminated; "" where none can be named.
 * An empty optional string is the same as an absent one, but not so an empty
 * identifier.  What depends on the currency and the balance is left to the
 * caller, who names request->amount_field.
 */

#define PORTONE_FIELD_LEN  64

portone_error_e portone_request_parse(portone_request_t *request,
    const char *text, size_t len, char field[PORTONE_FIELD_LEN]);
void portone_request_free(portone_request_t *request);

/*
 * portone_uid_valid() tells whether text is an identifier of 1 to max
 * characters: valid UTF-8 without control characters.
 */
int portone_uid_valid(const portone_str_t *text, size_t max);

/*
 * portone_uid_addressable() tells whether a valid identifier can stand in
 * the path of a URL.  One that has "." or ".." between slashes cannot: on the
 * way to PortOne it would be resolved, even escaped, to the path of another
 * call.
 */
int portone_uid_addressable(const portone_str_t *uid);


#endif /* _PORTONE_REQUEST_H_INCLUDED_ */
