
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <float.h>
#include <string.h>

#include "portone_json_scan.h"


/* cJSON 1.7.15 cuts longer numbers silently, newer versions keep them */
#define PORTONE_NUMBER_LEN     63

/* as many digits of any decimal number survive a double */
#define PORTONE_NUMBER_DIGITS  15

/* beyond the exponents of doubles, and far from the end of int */
#define PORTONE_EXPONENT_END   1000


static const portone_byte_t *portone_json_scan_string(const portone_byte_t *p,
    const portone_byte_t *last);
static const portone_byte_t *portone_json_scan_escape(const portone_byte_t *p,
    const portone_byte_t *last);
static const portone_byte_t *portone_json_scan_number(const portone_byte_t *p,
    const portone_byte_t *last);
static int portone_json_scan_is_rounded(const portone_byte_t *p,
    const portone_byte_t *end);
static const portone_byte_t *portone_json_scan_digits(const portone_byte_t *p,
    const portone_byte_t *last);
static int portone_json_scan_hex4(const portone_byte_t *p,
    const portone_byte_t *last);
static const portone_byte_t *portone_json_scan_space(const portone_byte_t *p,
    const portone_byte_t *last);
static const portone_byte_t *portone_json_scan_skip(const portone_byte_t *p,
    const portone_byte_t *last);
static int portone_is_digit(portone_byte_t c);
static int portone_is_space(portone_byte_t c);


/*
 * The brackets are counted, because cJSON before 1.7.18 reads one byte past a
 * text that ends after a comma.
 */

int
portone_json_scan_strict(const char *text, size_t len)
{
    int                    depth;
    const portone_byte_t  *p, *last;

    p = (const portone_byte_t *) text;
    last = p + len;

    depth = 0;

    while (p < last) {

        switch (*p) {

        case '"':
            p = portone_json_scan_string(p, last);
            break;

        case '{':
        case '[':
            if (depth == PORTONE_JSON_DEPTH) {
                return PORTONE_DECLINED;
            }

            depth++;
            p++;
            break;

        case '}':
        case ']':
            if (depth == 0) {
                return PORTONE_DECLINED;
            }

            depth--;
            p++;
            break;

        default:

            if (*p == '-' || portone_is_digit(*p)) {
                p = portone_json_scan_number(p, last);
                break;
            }

            /* to cJSON every byte up to a space is white space */

            if (*p > '~' || (*p < ' ' && !portone_is_space(*p))) {
                return PORTONE_DECLINED;
            }

            p++;
        }

        if (p == NULL) {
            return PORTONE_DECLINED;
        }
    }

    return (depth == 0) ? PORTONE_OK : PORTONE_DECLINED;
}


/* these three return what follows the token at p, or NULL: it is malformed */

static const portone_byte_t *
portone_json_scan_string(const portone_byte_t *p, const portone_byte_t *last)
{
    size_t  n;

    p++;

    while (p < last) {

        if (*p == '"') {
            return p + 1;
        }

        if (*p == '\\') {
            p = portone_json_scan_escape(p, last);

            if (p == NULL) {
                return NULL;
            }

            continue;
        }

        if (*p < ' ') {
            return NULL;
        }

        if (*p < 0x80) {
            p++;
            continue;
        }

        n = portone_str_utf8_char(p, last);

        if (n == 0) {
            return NULL;
        }

        p += n;
    }

    return NULL;
}


static const portone_byte_t *
portone_json_scan_escape(const portone_byte_t *p, const portone_byte_t *last)
{
    int  code;

    p++;

    if (p == last) {
        return NULL;
    }

    if (*p != 'u') {
        return (*p != '\0' && strchr("\"\\/bfnrt", *p) != NULL) ? p + 1 : NULL;
    }

    code = portone_json_scan_hex4(p + 1, last);

    /* the text would end here for everybody who reads it as a C string */

    if (code <= 0) {
        return NULL;
    }

    p += 5;

    if (code < 0xd800 || code > 0xdfff) {
        return p;
    }

    if (code > 0xdbff || last - p < 6 || p[0] != '\\' || p[1] != 'u') {
        return NULL;
    }

    code = portone_json_scan_hex4(p + 2, last);

    return (code >= 0xdc00 && code <= 0xdfff) ? p + 6 : NULL;
}


static const portone_byte_t *
portone_json_scan_number(const portone_byte_t *p, const portone_byte_t *last)
{
    const portone_byte_t  *start, *mantissa;

    start = p;

    if (*p == '-') {
        p++;
    }

    mantissa = p;
    p = portone_json_scan_digits(p, last);

    if (p == NULL || (*mantissa == '0' && p - mantissa > 1)) {
        return NULL;
    }

    if (p < last && *p == '.') {
        p = portone_json_scan_digits(p + 1, last);

        if (p == NULL) {
            return NULL;
        }
    }

    if (p < last && (*p == 'e' || *p == 'E')) {
        p++;

        if (p < last && (*p == '+' || *p == '-')) {
            p++;
        }

        p = portone_json_scan_digits(p, last);

        if (p == NULL) {
            return NULL;
        }
    }

    if (p - start > PORTONE_NUMBER_LEN) {
        return NULL;
    }

    if (p < last && (*p == '-' || *p == '+' || *p == '.')) {
        return NULL;
    }

    return p;
}


static const portone_byte_t *
portone_json_scan_digits(const portone_byte_t *p, const portone_byte_t *last)
{
    const portone_byte_t  *start;

    start = p;

    while (p < last && portone_is_digit(*p)) {
        p++;
    }

    return (p != start) ? p : NULL;
}


static int
portone_json_scan_hex4(const portone_byte_t *p, const portone_byte_t *last)
{
    int             i, code;
    portone_byte_t  c;

    if (last - p < 4) {
        return -1;
    }

    code = 0;

    for (i = 0; i < 4; i++) {
        c = p[i];

        if (portone_is_digit(c)) {
            code = code * 16 + (c - '0');
            continue;
        }

        c |= 0x20;

        if (c < 'a' || c > 'f') {
            return -1;
        }

        code = code * 16 + (c - 'a' + 10);
    }

    return code;
}


size_t
portone_json_scan_inexact(const char *text, size_t len)
{
    size_t                 i;
    const portone_byte_t  *p, *last, *number;

    i = 0;
    p = (const portone_byte_t *) text;
    last = p + len;

    while (p != NULL && p < last) {

        if (*p == '"') {
            p = portone_json_scan_string(p, last);
            continue;
        }

        if (*p != '-' && !portone_is_digit(*p)) {
            p++;
            continue;
        }

        number = p;
        p = portone_json_scan_number(p, last);

        if (p == NULL) {
            break;
        }

        if (portone_json_scan_is_rounded(number, p)) {
            return i;
        }

        i++;
    }

    return SIZE_MAX;
}


static int
portone_json_scan_is_rounded(const portone_byte_t *p, const portone_byte_t *end)
{
    int     fraction, magnitude, exponent, sign;
    size_t  zeroes, significant;

    zeroes = 0;
    fraction = 0;
    magnitude = 0;
    significant = 0;

    for ( /* void */ ; p < end && *p != 'e' && *p != 'E'; p++) {

        if (*p == '-') {
            continue;
        }

        if (*p == '.') {
            fraction = 1;
            continue;
        }

        /*
         * a double has to keep the digits between leading and trailing zeroes
         */

        if (*p != '0') {
            significant += zeroes + 1;
            zeroes = 0;

        } else if (significant != 0) {
            zeroes++;
        }

        /* where the first digit that counts stands, from the point */

        if (significant != 0) {
            magnitude += !fraction;

        } else {
            magnitude -= fraction;
        }
    }

    sign = 1;
    exponent = 0;

    for ( /* void */ ; p < end; p++) {

        if (*p == '-') {
            sign = -1;

        } else if (portone_is_digit(*p) && exponent < PORTONE_EXPONENT_END) {
            exponent = exponent * 10 + (*p - '0');
        }
    }

    if (significant == 0) {
        return 0;
    }

    /* the smallest doubles have fewer digits, and smaller ones become zero */

    return significant > PORTONE_NUMBER_DIGITS
           || magnitude + sign * exponent <= DBL_MIN_10_EXP;
}


int
portone_json_scan_last(const portone_str_t *text, const char *name,
    portone_str_t *value)
{
    size_t                 len;
    const portone_byte_t  *p, *last, *key, *start, *end;

    key = NULL;
    start = NULL;

    p = (const portone_byte_t *) text->data;
    last = p + text->len;

    p = portone_json_scan_space(p, last);

    if (p == last || *p != '{') {
        return PORTONE_DECLINED;
    }

    /* each turn begins at a brace or a comma and ends at the next one */

    do {
        key = portone_json_scan_space(p + 1, last);

        if (key == last || *key != '"') {
            return PORTONE_DECLINED;
        }

        end = portone_json_scan_string(key, last);

        /* the value stands after the colon */

        start = portone_json_scan_space(end, last);
        start = portone_json_scan_space(start + 1, last);

        p = portone_json_scan_skip(start, last);

    } while (p < last && *p == ',');

    len = strlen(name);

    if ((size_t) (end - key) != len + 2 || memcmp(key + 1, name, len) != 0) {
        return PORTONE_DECLINED;
    }

    while (portone_is_space(p[-1])) {
        p--;
    }

    value->data = (char *) start;
    value->len = p - start;

    return PORTONE_OK;
}


static const portone_byte_t *
portone_json_scan_space(const portone_byte_t *p, const portone_byte_t *last)
{
    while (p < last && portone_is_space(*p)) {
        p++;
    }

    return p;
}


/* the comma or bracket after the value that begins at p */

static const portone_byte_t *
portone_json_scan_skip(const portone_byte_t *p, const portone_byte_t *last)
{
    int  depth;

    depth = 0;

    while (p < last) {

        switch (*p) {

        case '"':
            p = portone_json_scan_string(p, last);
            continue;

        case '{':
        case '[':
            depth++;
            break;

        case '}':
        case ']':

            if (depth == 0) {
                return p;
            }

            depth--;
            break;

        case ',':

            if (depth == 0) {
                return p;
            }

            break;

        default:
            break;
        }

        p++;
    }

    return p;
}


static int
portone_is_digit(portone_byte_t c)
{
    return c >= '0' && c <= '9';
}


static int
portone_is_space(portone_byte_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
