
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_WEBHOOK_H_INCLUDED_
#define _PORTONE_WEBHOOK_H_INCLUDED_


#include "portone_str.h"
#include "portone_error.h"


/*
 * A message that PortOne sends when a payment has changed: imp_uid,
 * merchant_uid, status, and for cancellations cancellation_id.  It is unsigned,
 * anybody can send it: it only tells which payment is to be read.  So status,
 * cancellation_id and members that PortOne may add are ignored.
 */

typedef struct {
    portone_str_t   imp_uid;
    portone_str_t   merchant_uid;
    cJSON          *json;           /* owned, as is text: the strings point */
    char           *text;           /* into one of them */
} portone_webhook_t;


/*
 * Both read a body, as JSON or as application/x-www-form-urlencoded:
 * PORTONE_NO_ERROR, PORTONE_INVALID_JSON, PORTONE_INVALID_REQUEST, or
 * PORTONE_OVERLOADED when memory ran out.  An error frees everything.  *field
 * is the name of the culprit (static text), or "".  imp_uid or merchant_uid has
 * to be there, each once, and valid; JSON null is the same as absent.  The work
 * is bounded by len, which the caller bounds.
 */
portone_error_e portone_webhook_json(portone_webhook_t *webhook,
    const char *text, size_t len, const char **field);
portone_error_e portone_webhook_form(portone_webhook_t *webhook,
    const char *text, size_t len, const char **field);

void portone_webhook_free(portone_webhook_t *webhook);


#endif /* _PORTONE_WEBHOOK_H_INCLUDED_ */
