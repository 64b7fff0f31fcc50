
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_REQUEST_H_INCLUDED_
#define _PORTONE_REQUEST_H_INCLUDED_


#include "portone_cancel.h"
#include "portone_error.h"


/* a refund request as the client sent it; strings point into json */

typedef struct {
    portone_str_t       merchant_uid;
    portone_str_t       imp_uid;
    portone_cancel_t    cancel;             /* for PortOne as it stands */
    portone_decimal_t   amount;             /* > 0 */
    const char         *amount_field;       /* the name it was sent by */
    portone_decimal_t   checksum;           /* >= 0 */
    cJSON              *json;               /* owned */
    unsigned            has_amount:1;
    unsigned            has_checksum:1;
} portone_request_t;


/*
 * portone_request_parse() checks everything that can be checked before the
 * payment is known: PORTONE_NO_ERROR, PORTONE_INVALID_JSON,
 * PORTONE_INVALID_REQUEST, or PORTONE_OVERLOADED when memory ran out.  An error
 * frees everything.  field receives the name of the culprit, cut to fit between
 * two characters, NUL-terminated, or "".  An empty optional string is the same
 * as an absent one; an empty identifier is an error.  Checks that need the
 * currency and the balance are left to the caller, who names
 * request->amount_field.
 */

#define PORTONE_FIELD_LEN  64

portone_error_e portone_request_parse(portone_request_t *request,
    const char *text, size_t len, char field[PORTONE_FIELD_LEN]);
void portone_request_free(portone_request_t *request);

/* PORTONE_INVALID_REQUEST; field receives the name of the culprit, as above */
portone_error_e portone_request_culprit(char field[PORTONE_FIELD_LEN],
    const char *name);


#endif /* _PORTONE_REQUEST_H_INCLUDED_ */
