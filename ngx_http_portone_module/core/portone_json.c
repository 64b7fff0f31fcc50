
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <errno.h>
#include <float.h>
#include <string.h>

#include "portone_json.h"


/* cJSON 1.7.15 cuts longer numbers silently, newer versions do not */
#define PORTONE_NUMBER_LEN     63

/* as many digits of any decimal number survive a double */
#define PORTONE_NUMBER_DIGITS  15

/* bytes that most records fit into */
#define PORTONE_JSON_TEXT      1024

/* of no double any more, and far from the end of int */
#define PORTONE_EXPONENT_END   1000

/*
 * cJSON prints 15 digits when they come back as nearly the same double: of
 * integers from here on the last digit can be lost
 */
#define PORTONE_INTEGER_END    4503599627370496LL    /* 2^52 */


static int portone_json_scan(const portone_byte_t *p,
    const portone_byte_t *last);
static const portone_byte_t *portone_json_string(const portone_byte_t *p,
    const portone_byte_t *last);
static const portone_byte_t *portone_json_escape(const portone_byte_t *p,
    const portone_byte_t *last);
static const portone_byte_t *portone_json_number(const portone_byte_t *p,
    const portone_byte_t *last);
static int portone_json_is_rounded(const portone_byte_t *p,
    const portone_byte_t *end);
static const portone_byte_t *portone_json_digits(const portone_byte_t *p,
    const portone_byte_t *last);
static int portone_json_hex4(const portone_byte_t *p,
    const portone_byte_t *last);
static int portone_json_is(const cJSON *item, const char *name);
static int portone_is_digit(portone_byte_t c);
static int portone_is_space(portone_byte_t c);


cJSON *
portone_json_parse(const char *text, size_t len)
{
    cJSON       *json;
    const char  *end, *last;

    errno = 0;

    if (len == 0) {
        return NULL;
    }

    last = text + len;

    if (portone_json_scan((const portone_byte_t *) text,
                          (const portone_byte_t *) last)
        != PORTONE_OK)
    {
        return NULL;
    }

    end = NULL;
    json = cJSON_ParseWithLengthOpts(text, len, &end, 0);

    if (json == NULL) {
        return NULL;
    }

    while (end < last && portone_is_space((portone_byte_t) *end)) {
        end++;
    }

    if (end != last) {
        cJSON_Delete(json);
        return NULL;
    }

    return json;
}


/*
 * Looks at the tokens only: that they stand in the right order is left to
 * cJSON.  The brackets are counted, because cJSON before 1.7.18 reads one byte
 * past a text that ends after a comma.
 */

static int
portone_json_scan(const portone_byte_t *p, const portone_byte_t *last)
{
    int  depth;

    depth = 0;

    while (p < last) {

        switch (*p) {

        case '"':
            p = portone_json_string(p, last);
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
                p = portone_json_number(p, last);
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
portone_json_string(const portone_byte_t *p, const portone_byte_t *last)
{
    size_t  n;

    p++;

    while (p < last) {

        if (*p == '"') {
            return p + 1;
        }

        if (*p == '\\') {
            p = portone_json_escape(p, last);

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

        n = portone_utf8_char(p, last);

        if (n == 0) {
            return NULL;
        }

        p += n;
    }

    return NULL;
}


static const portone_byte_t *
portone_json_escape(const portone_byte_t *p, const portone_byte_t *last)
{
    int  code;

    p++;

    if (p == last) {
        return NULL;
    }

    if (*p != 'u') {
        return (*p != '\0' && strchr("\"\\/bfnrt", *p) != NULL) ? p + 1 : NULL;
    }

    code = portone_json_hex4(p + 1, last);

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

    code = portone_json_hex4(p + 2, last);

    return (code >= 0xdc00 && code <= 0xdfff) ? p + 6 : NULL;
}


static const portone_byte_t *
portone_json_number(const portone_byte_t *p, const portone_byte_t *last)
{
    const portone_byte_t  *start, *mantissa;

    start = p;

    if (*p == '-') {
        p++;
    }

    mantissa = p;
    p = portone_json_digits(p, last);

    if (p == NULL || (*mantissa == '0' && p - mantissa > 1)) {
        return NULL;
    }

    if (p < last && *p == '.') {
        p = portone_json_digits(p + 1, last);

        if (p == NULL) {
            return NULL;
        }
    }

    if (p < last && (*p == 'e' || *p == 'E')) {
        p++;

        if (p < last && (*p == '+' || *p == '-')) {
            p++;
        }

        p = portone_json_digits(p, last);

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
portone_json_digits(const portone_byte_t *p, const portone_byte_t *last)
{
    const portone_byte_t  *start;

    start = p;

    while (p < last && portone_is_digit(*p)) {
        p++;
    }

    return (p != start) ? p : NULL;
}


static int
portone_json_hex4(const portone_byte_t *p, const portone_byte_t *last)
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
portone_json_rounded(const char *text, size_t len)
{
    size_t                 i;
    const portone_byte_t  *p, *last, *number;

    i = 0;
    p = (const portone_byte_t *) text;
    last = p + len;

    while (p != NULL && p < last) {

        if (*p == '"') {
            p = portone_json_string(p, last);
            continue;
        }

        if (*p != '-' && !portone_is_digit(*p)) {
            p++;
            continue;
        }

        number = p;
        p = portone_json_number(p, last);

        if (p == NULL) {
            break;
        }

        if (portone_json_is_rounded(number, p)) {
            return i;
        }

        i++;
    }

    return SIZE_MAX;
}


static int
portone_json_is_rounded(const portone_byte_t *p, const portone_byte_t *end)
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

        /* leading and trailing zeroes do not need to be kept by a double */

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


/*
 * not cJSON_GetObjectItem(), which ignores case: "Amount" is not "amount"
 */

cJSON *
portone_json_member(const cJSON *object, const char *name)
{
    cJSON  *item, *found;

    if (!cJSON_IsObject(object)) {
        return NULL;
    }

    found = NULL;

    cJSON_ArrayForEach(item, object) {

        if (!portone_json_is(item, name)) {
            continue;
        }

        if (found != NULL) {
            return NULL;
        }

        found = item;
    }

    return found;
}


size_t
portone_json_members(const cJSON *object, const char *const *names,
    cJSON **items, size_t n)
{
    cJSON     *item;
    size_t     i, first;
    uint64_t   bit, twice;

    twice = 0;
    first = n;

    memset(items, 0, n * sizeof(cJSON *));

    if (!cJSON_IsObject(object)) {
        return first;
    }

    cJSON_ArrayForEach(item, object) {

        for (i = 0; i < n; i++) {

            if (!portone_json_is(item, names[i])) {
                continue;
            }

            bit = (uint64_t) 1 << i;

            if (items[i] != NULL || (twice & bit)) {
                items[i] = NULL;
                twice |= bit;
                first = (i < first) ? i : first;

            } else {
                items[i] = item;
            }

            break;
        }
    }

    return first;
}


/* most names differ in their first byte */

static int
portone_json_is(const cJSON *item, const char *name)
{
    return item->string[0] == name[0] && strcmp(item->string, name) == 0;
}


const char *
portone_json_duplicate(const cJSON *object)
{
    size_t  n;
    cJSON  *item, *prior;

    if (!cJSON_IsObject(object)) {
        return NULL;
    }

    n = 0;

    cJSON_ArrayForEach(item, object) {

        if (n++ == PORTONE_JSON_MEMBERS) {
            return item->string;
        }

        for (prior = object->child; prior != item; prior = prior->next) {

            if (strcmp(item->string, prior->string) == 0) {
                return item->string;
            }
        }
    }

    return NULL;
}


portone_str_t
portone_json_str(const cJSON *object, const char *name)
{
    return portone_json_item_str(portone_json_member(object, name));
}


portone_str_t
portone_json_item_str(const cJSON *item)
{
    portone_str_t  null = portone_null_string;

    return cJSON_IsString(item) ? portone_str(item->valuestring) : null;
}


int64_t
portone_json_int(const cJSON *object, const char *name, int64_t dflt)
{
    return portone_json_item_int(portone_json_member(object, name), dflt);
}


int64_t
portone_json_item_int(const cJSON *item, int64_t dflt)
{
    double   number;
    int64_t  value;

    if (!cJSON_IsNumber(item)) {
        return dflt;
    }

    /* never valueint: it is an int and saturates */

    number = item->valuedouble;

    /* also false for NaN */

    if (!(number > -PORTONE_INTEGER_END && number < PORTONE_INTEGER_END)) {
        return dflt;
    }

    value = (int64_t) number;

    return ((double) value == number) ? value : dflt;
}


int
portone_json_set(cJSON *object, const char *name, cJSON *item)
{
    cJSON  *old;

    if (item == NULL) {
        return PORTONE_ERROR;
    }

    /*
     * cJSON_ReplaceItemInObjectCaseSensitive() of 1.7.15 leaves a member
     * without a name when it runs out of memory
     */

    old = portone_json_member(object, name);

    if (!cJSON_IsObject(object) || !cJSON_AddItemToObject(object, name, item)) {
        cJSON_Delete(item);
        return PORTONE_ERROR;
    }

    if (old != NULL) {
        (void) cJSON_DetachItemViaPointer(object, item);
        (void) cJSON_ReplaceItemViaPointer(object, old, item);
    }

    return PORTONE_OK;
}


int
portone_json_set_str(cJSON *object, const char *name,
    const portone_str_t *value)
{
    char   *text;
    cJSON  *item;

    if (value->len == 0) {
        return portone_json_set(object, name, cJSON_CreateNull());
    }

    text = cJSON_malloc(value->len + 1);

    if (text == NULL) {
        return PORTONE_ERROR;
    }

    memcpy(text, value->data, value->len);
    text[value->len] = '\0';

    item = cJSON_CreateString(text);

    cJSON_free(text);

    return portone_json_set(object, name, item);
}


int
portone_json_set_int(cJSON *object, const char *name, int64_t value)
{
    if (value <= -PORTONE_INTEGER_END || value >= PORTONE_INTEGER_END) {
        return PORTONE_ERROR;
    }

    return portone_json_set(object, name, cJSON_CreateNumber((double) value));
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


/* the buffer is seldom grown, which is what printing spends its time on */

char *
portone_json_print(const cJSON *json)
{
    return (json != NULL) ? cJSON_PrintBuffered(json, PORTONE_JSON_TEXT, 0)
                          : NULL;
}
