
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_REVIEW_H_INCLUDED_
#define _PORTONE_REVIEW_H_INCLUDED_


#include "portone_record.h"
#include "portone_request.h"


/*
 * The word of a person about a refund in manual_review:
 *
 *     {"state": "succeeded" | "not_executed"}
 *
 * PORTONE_NO_ERROR, PORTONE_INVALID_JSON, PORTONE_INVALID_REQUEST with field,
 * or PORTONE_OVERLOADED for want of memory.
 */
portone_error_e portone_review_parse(portone_state_e *state,
    const char *text, size_t len, char field[PORTONE_FIELD_LEN]);


#endif /* _PORTONE_REVIEW_H_INCLUDED_ */
