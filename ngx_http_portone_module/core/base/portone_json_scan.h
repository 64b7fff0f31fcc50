
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_JSON_SCAN_H_INCLUDED_
#define _PORTONE_JSON_SCAN_H_INCLUDED_


#include "portone_str.h"


/* facts about a JSON text that cJSON hides */


/*
 * portone_json_scan_strict() looks at the tokens of a text: valid UTF-8,
 * strings free of control characters, \u0000 and lone surrogates, numbers as in
 * RFC 8259 and of at most 63 characters, white space of four kinds only,
 * brackets nested up to PORTONE_JSON_DEPTH.  Their order is left to cJSON.
 * PORTONE_DECLINED: a token is malformed.
 */

#define PORTONE_JSON_DEPTH  32

int portone_json_scan_strict(const char *text, size_t len);

/*
 * portone_json_scan_inexact() finds the first number that has more than 15
 * significant digits, or is too small for a double to keep as many, in a text
 * that portone_json_parse() took, and returns how many numbers stand before it;
 * SIZE_MAX: all numbers are exact.
 */
size_t portone_json_scan_inexact(const char *text, size_t len);

/*
 * portone_json_scan_last() finds the last member of the object that text is,
 * which portone_json_parse() took: where its value stands.  PORTONE_DECLINED:
 * that member has another name, or its name is written with escapes.
 */
int portone_json_scan_last(const portone_str_t *text, const char *name,
    portone_str_t *value);


#endif /* _PORTONE_JSON_SCAN_H_INCLUDED_ */
