
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <stdio.h>
#include <string.h>

#include "portone_json.h"

#include "fuzz_json.h"


#define FUZZ_NUMBER_LEN    63
#define FUZZ_EXPONENT_MAX  9999


/* each takes what it is named after off the text; 0: it is not there */

static int fuzz_json_value(portone_str_t *text, int depth);
static int fuzz_json_container(portone_str_t *text, char end, int depth);
static int fuzz_json_string(portone_str_t *text);
static int fuzz_json_escaped(portone_str_t *text);
static int fuzz_json_unit(portone_str_t *text, unsigned *unit);
static int fuzz_json_character(portone_str_t *text);
static int fuzz_json_digits(portone_str_t *text);
static int fuzz_json_literal(portone_str_t *text, const char *literal);
static int fuzz_json_byte(portone_str_t *text, char c);
static void fuzz_json_space(portone_str_t *text);


int
fuzz_json_valid(const portone_str_t *text)
{
    portone_str_t  rest;

    rest = *text;

    fuzz_json_space(&rest);

    if (!fuzz_json_value(&rest, 0)) {
        return 0;
    }

    fuzz_json_space(&rest);

    return rest.len == 0;
}


static int
fuzz_json_value(portone_str_t *text, int depth)
{
    size_t  len;

    if (text->len == 0) {
        return 0;
    }

    switch (*text->data) {

    case '{':
        return fuzz_json_container(text, '}', depth + 1);

    case '[':
        return fuzz_json_container(text, ']', depth + 1);

    case '"':
        return fuzz_json_string(text);

    case 't':
        return fuzz_json_literal(text, "true");

    case 'f':
        return fuzz_json_literal(text, "false");

    case 'n':
        return fuzz_json_literal(text, "null");

    default:
        break;
    }

    len = text->len;

    (void) fuzz_json_byte(text, '-');

    if (!fuzz_json_byte(text, '0') && !fuzz_json_digits(text)) {
        return 0;
    }

    if (fuzz_json_byte(text, '.') && !fuzz_json_digits(text)) {
        return 0;
    }

    if (fuzz_json_byte(text, 'e') || fuzz_json_byte(text, 'E')) {

        if (!fuzz_json_byte(text, '-')) {
            (void) fuzz_json_byte(text, '+');
        }

        if (!fuzz_json_digits(text)) {
            return 0;
        }
    }

    return len - text->len <= FUZZ_NUMBER_LEN;
}


static int
fuzz_json_container(portone_str_t *text, char end, int depth)
{
    if (depth > PORTONE_JSON_DEPTH) {
        return 0;
    }

    text->data++;
    text->len--;

    fuzz_json_space(text);

    if (fuzz_json_byte(text, end)) {
        return 1;
    }

    do {
        fuzz_json_space(text);

        if (end == '}') {

            if (!fuzz_json_string(text)) {
                return 0;
            }

            fuzz_json_space(text);

            if (!fuzz_json_byte(text, ':')) {
                return 0;
            }

            fuzz_json_space(text);
        }

        if (!fuzz_json_value(text, depth)) {
            return 0;
        }

        fuzz_json_space(text);

    } while (fuzz_json_byte(text, ','));

    return fuzz_json_byte(text, end);
}


static int
fuzz_json_string(portone_str_t *text)
{
    if (!fuzz_json_byte(text, '"')) {
        return 0;
    }

    while (text->len != 0) {

        if (fuzz_json_byte(text, '"')) {
            return 1;
        }

        if (fuzz_json_byte(text, '\\')) {

            if (!fuzz_json_escaped(text)) {
                return 0;
            }

        } else if (!fuzz_json_character(text)) {
            return 0;
        }
    }

    return 0;
}


static int
fuzz_json_escaped(portone_str_t *text)
{
    unsigned     unit;
    const char  *p;

    for (p = "\"\\/bfnrt"; *p != '\0'; p++) {
        if (fuzz_json_byte(text, *p)) {
            return 1;
        }
    }

    if (!fuzz_json_byte(text, 'u') || !fuzz_json_unit(text, &unit)) {
        return 0;
    }

    if (unit >= 0xd800 && unit <= 0xdbff) {
        return fuzz_json_byte(text, '\\')
               && fuzz_json_byte(text, 'u')
               && fuzz_json_unit(text, &unit)
               && unit >= 0xdc00 && unit <= 0xdfff;
    }

    return unit != 0 && (unit < 0xdc00 || unit > 0xdfff);
}


static int
fuzz_json_unit(portone_str_t *text, unsigned *unit)
{
    int          i;
    const char  *digits, *digit;

    digits = "0123456789abcdefABCDEF";
    *unit = 0;

    for (i = 0; i < 4; i++) {

        if (text->len == 0 || *text->data == '\0') {
            return 0;
        }

        digit = strchr(digits, *text->data);

        if (digit == NULL) {
            return 0;
        }

        *unit = *unit * 16 + (unsigned) (digit - digits);

        if (digit - digits > 15) {
            *unit -= 6;
        }

        text->data++;
        text->len--;
    }

    return 1;
}


/* any character but a control character, by its code point */

static int
fuzz_json_character(portone_str_t *text)
{
    int             i, n;
    uint32_t        point, smallest;
    portone_byte_t  c;

    c = (portone_byte_t) *text->data;

    if (c < 0x80) {
        n = 0;
        point = c;
        smallest = 0x20;

    } else if ((c & 0xe0) == 0xc0) {
        n = 1;
        point = c & 0x1f;
        smallest = 0x80;

    } else if ((c & 0xf0) == 0xe0) {
        n = 2;
        point = c & 0x0f;
        smallest = 0x800;

    } else if ((c & 0xf8) == 0xf0) {
        n = 3;
        point = c & 0x07;
        smallest = 0x10000;

    } else {
        return 0;
    }

    if (text->len < (size_t) n + 1) {
        return 0;
    }

    for (i = 1; i <= n; i++) {
        c = (portone_byte_t) text->data[i];

        if ((c & 0xc0) != 0x80) {
            return 0;
        }

        point = (point << 6) | (c & 0x3f);
    }

    text->data += n + 1;
    text->len -= (size_t) n + 1;

    return point >= smallest && point <= 0x10ffff
           && (point < 0xd800 || point > 0xdfff);
}


static int
fuzz_json_digits(portone_str_t *text)
{
    size_t  len;

    len = text->len;

    while (text->len != 0 && *text->data >= '0' && *text->data <= '9') {
        text->data++;
        text->len--;
    }

    return text->len != len;
}


static int
fuzz_json_literal(portone_str_t *text, const char *literal)
{
    for ( /* void */ ; *literal != '\0'; literal++) {
        if (!fuzz_json_byte(text, *literal)) {
            return 0;
        }
    }

    return 1;
}


static int
fuzz_json_byte(portone_str_t *text, char c)
{
    if (text->len == 0 || *text->data != c) {
        return 0;
    }

    text->data++;
    text->len--;

    return 1;
}


static void
fuzz_json_space(portone_str_t *text)
{
    while (fuzz_json_byte(text, ' ') || fuzz_json_byte(text, '\t')
           || fuzz_json_byte(text, '\n') || fuzz_json_byte(text, '\r'))
    {
        /* void */
    }
}


size_t
fuzz_json_members(const portone_str_t *text, fuzz_member_t *members,
    size_t max)
{
    size_t         n;
    portone_str_t  rest;

    n = 0;
    rest = *text;

    fuzz_json_space(&rest);

    if (!fuzz_json_byte(&rest, '{')) {
        return 0;
    }

    fuzz_json_space(&rest);

    if (fuzz_json_byte(&rest, '}')) {
        return 0;
    }

    do {
        fuzz_json_space(&rest);

        if (n < max) {
            members[n].name.data = rest.data + 1;
            members[n].value.len = 0;
        }

        (void) fuzz_json_string(&rest);

        if (n < max) {
            members[n].name.len = (size_t) (rest.data - 1
                                            - members[n].name.data);
        }

        fuzz_json_space(&rest);
        (void) fuzz_json_byte(&rest, ':');
        fuzz_json_space(&rest);

        if (n < max) {
            members[n].value.data = rest.data;
        }

        (void) fuzz_json_value(&rest, 0);

        if (n < max) {
            members[n].value.len = (size_t) (rest.data
                                             - members[n].value.data);
        }

        n++;

        fuzz_json_space(&rest);

    } while (fuzz_json_byte(&rest, ','));

    return n;
}


void
fuzz_json_number(fuzz_number_t *number, const portone_str_t *text)
{
    int     fraction, exponent, negative;
    char    c;
    size_t  i;

    memset(number, 0, sizeof(fuzz_number_t));

    fraction = 0;

    for (i = 0; i < text->len; i++) {
        c = text->data[i];

        if (c == 'e' || c == 'E') {
            break;
        }

        if (c == '-') {
            number->negative = 1;

        } else if (c == '.') {
            fraction = 1;

        } else {
            number->exponent -= fraction;

            if ((c != '0' || number->len != 0)
                && number->len < (int) sizeof(number->digits))
            {
                number->digits[number->len++] = c;
            }
        }
    }

    while (number->len != 0 && number->digits[number->len - 1] == '0') {
        number->len--;
        number->exponent++;
    }

    exponent = 0;
    negative = 0;

    for ( /* void */ ; i < text->len; i++) {
        c = text->data[i];

        if (c == '-') {
            negative = 1;

        } else if (c >= '0' && c <= '9' && exponent < FUZZ_EXPONENT_MAX) {
            exponent = exponent * 10 + (c - '0');
        }
    }

    number->exponent += negative ? -exponent : exponent;

    if (number->len == 0) {
        number->exponent = 0;
        number->negative = 0;
    }
}


void
fuzz_json_decimal(fuzz_number_t *number, int64_t coefficient, int scale)
{
    int            n;
    char           buf[64];
    portone_str_t  text;

    n = snprintf(buf, sizeof(buf), "%llde%d", (long long) coefficient, -scale);

    text.data = buf;
    text.len = (size_t) n;

    fuzz_json_number(number, &text);
}


int
fuzz_json_equal(const fuzz_number_t *a, const fuzz_number_t *b)
{
    return a->negative == b->negative
           && a->exponent == b->exponent
           && a->len == b->len
           && memcmp(a->digits, b->digits, (size_t) a->len) == 0;
}
