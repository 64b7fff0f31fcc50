
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_ANSWER_H_INCLUDED_
#define _PORTONE_ANSWER_H_INCLUDED_


#include "portone_payment.h"


/*
 * An answer of PortOne: {"code": int, "message": string | null,
 * "response": object | array | null} with an HTTP status.
 */

typedef enum {
    PORTONE_ANSWER_BROKEN = 0,   /* anything else: proves nothing */
    PORTONE_ANSWER_OK,           /* 2xx and code 0 */
    PORTONE_ANSWER_REFUSED,      /* 2xx or 4xx and code other than 0 */
    PORTONE_ANSWER_NOT_FOUND,    /* 404 and code other than 0 */
    PORTONE_ANSWER_UNAUTHORIZED  /* 401, whatever the body */
} portone_answer_e;


typedef struct {
    portone_answer_e   kind;
    int                status;    /* HTTP */
    int64_t            code;      /* PortOne's, 0 when there is none */
    portone_str_t      message;   /* points into json; at most 4096 bytes,
                                     cut between characters */
    cJSON             *response;  /* of OK, points into json; may be NULL */
    cJSON             *json;      /* owned */
    char              *text;      /* of response, if it is an object, the last
                                     member and of one line; owned; else NULL */
} portone_answer_t;


/* the fields of a getToken answer; strings point into the answer */

typedef struct {
    portone_str_t      access_token;
    int64_t            now;         /* Unix seconds, PortOne's clock */
    int64_t            expired_at;
} portone_grant_t;


/*
 * Never fails: what cannot be understood, also for want of memory, is
 * PORTONE_ANSWER_BROKEN.  The text is not needed any more afterwards.
 */
void portone_answer_parse(portone_answer_t *answer, int status,
    const char *text, size_t len);
void portone_answer_free(portone_answer_t *answer);

/*
 * takes the payment object out of an OK answer for portone_payment_init():
 * the caller owns it; NULL: the response is not an object
 */
cJSON *portone_answer_take(portone_answer_t *answer);

/*
 * portone_answer_payment() does both, and keeps the payment's text: what is
 * stored is what PortOne sent, to the byte.  PORTONE_ERROR: it is none.
 */
int portone_answer_payment(portone_answer_t *answer,
    portone_payment_t *payment);

/*
 * portone_answer_grant() reads a token answer: PORTONE_OK, or
 * PORTONE_ERROR when a field is missing, malformed, or the token is empty,
 * longer than PORTONE_TOKEN_MAX, not visible ASCII, or already expired.
 */

#define PORTONE_TOKEN_MAX  512

int portone_answer_grant(const portone_answer_t *answer,
    portone_grant_t *grant);


#endif /* _PORTONE_ANSWER_H_INCLUDED_ */
