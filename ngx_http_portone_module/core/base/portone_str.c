
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <string.h>

#include "portone_str.h"


int
portone_str_eq(const portone_str_t *a, const portone_str_t *b)
{
    if (a->len != b->len) {
        return 0;
    }

    return a->len == 0 || memcmp(a->data, b->data, a->len) == 0;
}


portone_str_t
portone_str(const char *text)
{
    portone_str_t  str;

    str.len = (text != NULL) ? strlen(text) : 0;
    str.data = text;

    return str;
}


char *
portone_str_copy(const portone_str_t *str)
{
    char  *copy;

    copy = cJSON_malloc(str->len + 1);

    if (copy != NULL) {

        if (str->len) {
            memcpy(copy, str->data, str->len);
        }

        copy[str->len] = '\0';
    }

    return copy;
}


size_t
portone_str_utf8_char(const portone_byte_t *p, const portone_byte_t *last)
{
    size_t          i, n;
    portone_byte_t  low, high;

    /* the second byte excludes overlong forms, surrogates, over U+10FFFF */

    low = 0x80;
    high = 0xbf;

    if (*p < 0x80) {
        return 1;
    }

    if (*p >= 0xc2 && *p <= 0xdf) {
        n = 2;

    } else if (*p >= 0xe0 && *p <= 0xef) {
        n = 3;

        if (*p == 0xe0) {
            low = 0xa0;

        } else if (*p == 0xed) {
            high = 0x9f;
        }

    } else if (*p >= 0xf0 && *p <= 0xf4) {
        n = 4;

        if (*p == 0xf0) {
            low = 0x90;

        } else if (*p == 0xf4) {
            high = 0x8f;
        }

    } else {
        return 0;
    }

    if ((size_t) (last - p) < n || p[1] < low || p[1] > high) {
        return 0;
    }

    for (i = 2; i < n; i++) {

        if (p[i] < 0x80 || p[i] > 0xbf) {
            return 0;
        }
    }

    return n;
}


size_t
portone_str_utf8_length(const char *text, size_t len)
{
    size_t                 n, length;
    const portone_byte_t  *p, *last;

    if (len == 0) {
        return 0;
    }

    length = 0;
    p = (const portone_byte_t *) text;
    last = p + len;

    while (p < last) {
        n = portone_str_utf8_char(p, last);

        if (n == 0) {
            return SIZE_MAX;
        }

        length++;
        p += n;
    }

    return length;
}


size_t
portone_str_utf8_cut(const char *text, size_t len, size_t max)
{
    if (len <= max) {
        return len;
    }

    /* a continuation byte after the cut belongs to the character before it */

    while (max > 0 && ((portone_byte_t) text[max] & 0xc0) == 0x80) {
        max--;
    }

    return max;
}


size_t
portone_str_print_int(char buf[PORTONE_INT_LEN], int64_t value)
{
    char      *p, digits[PORTONE_INT_LEN];
    size_t     n;
    uint64_t   rest;

    /* so that the smallest integer has a positive one, too */

    rest = (value < 0) ? 0 - (uint64_t) value : (uint64_t) value;

    n = PORTONE_INT_LEN;

    do {
        digits[--n] = (char) ('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);

    p = buf;

    if (value < 0) {
        *p++ = '-';
    }

    memcpy(p, &digits[n], PORTONE_INT_LEN - n);
    p += PORTONE_INT_LEN - n;

    *p = '\0';

    return (size_t) (p - buf);
}


int
portone_str_has_control(const portone_str_t *text)
{
    size_t                 i;
    const portone_byte_t  *p;

    p = (const portone_byte_t *) text->data;

    for (i = 0; i < text->len; i++) {

        if (p[i] < ' ' || p[i] == 0x7f) {
            return 1;
        }

        /* U+0080 to U+009F */

        if (p[i] == 0xc2 && i + 1 < text->len && p[i + 1] <= 0x9f) {
            return 1;
        }
    }

    return 0;
}
