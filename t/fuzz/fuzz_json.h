
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _FUZZ_JSON_H_INCLUDED_
#define _FUZZ_JSON_H_INCLUDED_


#include "portone_str.h"


/*
 * A second reader of JSON, written from RFC 8259 alone, that the first one is
 * held against.  It builds no tree: it tells whether a text is to be taken,
 * and where its numbers stand, digit by digit.
 */


/* 1: portone_json_parse() has to take the text, 0: to refuse it */
int fuzz_json_valid(const portone_str_t *text);


typedef struct {
    portone_str_t  name;     /* as it is written, without the quotes */
    portone_str_t  value;
} fuzz_member_t;

/*
 * the members of the object that a valid text is, at most max of them;
 * returns how many there are, 0 if it is no object
 */
size_t fuzz_json_members(const portone_str_t *text, fuzz_member_t *members,
    size_t max);


/* value = digits * 10^exponent; no zero at either end of the digits */

typedef struct {
    char           digits[64];
    int            len;         /* 0: the number is 0 */
    int            exponent;
    int            negative;
} fuzz_number_t;

/* takes a valid number apart; a number of magnitude 10^9999 is all the same */
void fuzz_json_number(fuzz_number_t *number, const portone_str_t *text);

/* the amount as portone_decimal_t and as money would have it */
void fuzz_json_decimal(fuzz_number_t *number, int64_t coefficient, int scale);

int fuzz_json_equal(const fuzz_number_t *a, const fuzz_number_t *b);


#endif /* _FUZZ_JSON_H_INCLUDED_ */
