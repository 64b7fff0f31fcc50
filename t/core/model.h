
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _MODEL_H_INCLUDED_
#define _MODEL_H_INCLUDED_


#include "portone_str.h"


/*
 * PortOne with one payment, for unit tests and fuzzers.  It computes with
 * amounts by itself, so that an error in the core's money is seen.  Memory
 * must not fail here: callers pause the allocations that fail on purpose.
 */


/*
 * The answers of PortOne, texts to be freed with free(); *status is that of
 * HTTP.  model_read() looks for the imp_uid, or, if this is empty, for a
 * payment of the order whose status is the wanted one, "": any.
 */
char *model_read(const cJSON *payment, const portone_str_t *imp_uid,
    const portone_str_t *merchant_uid, const char *wanted, int *status);

/*
 * Does what the body of a cancel asks for at the time, and tells whether it
 * did; moves: the payment shows the refund at once.
 */
char *model_execute(cJSON *payment, const char *body, int64_t now, int moves,
    int *executed);

char *model_envelope(int code, const char *message, const cJSON *response);

/* a refund of an amount, in the smallest unit, that is shown at once */
void model_refund(cJSON *payment, uint64_t amount, const char *reason,
    const char *id, int64_t now);


#endif /* _MODEL_H_INCLUDED_ */
