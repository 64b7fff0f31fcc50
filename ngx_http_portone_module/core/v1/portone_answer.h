
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
    int64_t            code;      /* PortOne's, 0: absent */
    portone_str_t      message;   /* points into json; at most 4096 bytes,
                                     cut between characters */
    cJSON             *response;  /* response of an OK answer, points into json;
                                     may be NULL */
    cJSON             *json;      /* owned */
    char              *text;      /* text of response, if that is an object, the
                                     last member and of one line; owned; else
                                     NULL */
} portone_answer_t;


/* the fields of a getToken answer; strings point into the answer */

typedef struct {
    portone_str_t      access_token;
    int64_t            now;         /* Unix seconds, PortOne's clock */
    int64_t            expired_at;
} portone_grant_t;


/*
 * portone_answer_parse() always succeeds: a text that is malformed, or too much
 * for the memory, is PORTONE_ANSWER_BROKEN.  The text may be freed afterwards.
 */
void portone_answer_parse(portone_answer_t *answer, int status,
    const char *text, size_t len);
void portone_answer_free(portone_answer_t *answer);

/*
 * portone_answer_take() takes the payment object out of an OK answer for
 * portone_payment_init(), for the caller to own; NULL: the response is
 * something else.
 */
cJSON *portone_answer_take(portone_answer_t *answer);

/*
 * portone_answer_payment() does both, and keeps the payment's text: the store
 * gets what PortOne sent, to the byte.  PORTONE_ERROR: the response is no
 * payment, or memory ran out.
 */
int portone_answer_payment(portone_answer_t *answer,
    portone_payment_t *payment);

/*
 * portone_answer_grant() reads a token answer.  PORTONE_ERROR: a field is
 * missing or malformed, or the token is empty, longer than PORTONE_TOKEN_MAX,
 * has bytes other than visible ASCII, or has expired already.
 */

#define PORTONE_TOKEN_MAX  512

int portone_answer_grant(const portone_answer_t *answer,
    portone_grant_t *grant);


#endif /* _PORTONE_ANSWER_H_INCLUDED_ */
