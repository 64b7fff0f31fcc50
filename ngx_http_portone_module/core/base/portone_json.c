
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <assert.h>
#include <errno.h>
#include <string.h>

#include "portone_json.h"


/* bytes that most records fit into */
#define PORTONE_JSON_TEXT    1024

/*
 * cJSON prints 15 digits when they come back as nearly the same double: of
 * integers from here on the last digit can be lost
 */
#define PORTONE_INTEGER_END  4503599627370496LL    /* 2^52 */


static int portone_json_is(const cJSON *item, const char *name);
static cJSON *portone_json_string_item(const portone_str_t *value);
static cJSON *portone_json_int_item(int64_t value);


cJSON *
portone_json_parse(const char *text, size_t len)
{
    cJSON       *json;
    const char  *end, *last;

    errno = 0;

    if (len == 0) {
        return NULL;
    }

    if (portone_json_scan_strict(text, len) != PORTONE_OK) {
        return NULL;
    }

    end = NULL;
    last = text + len;
    json = cJSON_ParseWithLengthOpts(text, len, &end, 0);

    if (json == NULL) {
        return NULL;
    }

    /* portone_json_scan_strict() has refused other bytes up to a space */

    while (end < last && (portone_byte_t) *end <= ' ') {
        end++;
    }

    if (end != last) {
        cJSON_Delete(json);
        return NULL;
    }

    return json;
}


/* cJSON_GetObjectItem() ignores case: to it "Amount" is "amount" */

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

    assert(n <= 64);

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

    if (!portone_json_is_number(item)) {
        return dflt;
    }

    /* valueint is an int and saturates */

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
     * cJSON_ReplaceItemInObjectCaseSensitive() of 1.7.15 loses the name of a
     * member when memory runs out
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
    return portone_json_set(object, name, portone_json_string_item(value));
}


int
portone_json_set_int(cJSON *object, const char *name, int64_t value)
{
    return portone_json_set(object, name, portone_json_int_item(value));
}


int
portone_json_add(cJSON *object, const char *name, cJSON *item)
{
    if (item == NULL) {
        return PORTONE_ERROR;
    }

    if (!cJSON_IsObject(object)
        || !cJSON_AddItemToObjectCS(object, name, item))
    {
        cJSON_Delete(item);
        return PORTONE_ERROR;
    }

    return PORTONE_OK;
}


int
portone_json_add_str(cJSON *object, const char *name,
    const portone_str_t *value)
{
    return portone_json_add(object, name, portone_json_string_item(value));
}


int
portone_json_add_int(cJSON *object, const char *name, int64_t value)
{
    return portone_json_add(object, name, portone_json_int_item(value));
}


/* cJSON_CreateString() would need the text to end with a NUL */

static cJSON *
portone_json_string_item(const portone_str_t *value)
{
    char   *text;
    cJSON  *item;

    item = cJSON_CreateNull();

    if (item == NULL || value->len == 0) {
        return item;
    }

    text = portone_str_copy(value);

    if (text == NULL) {
        cJSON_Delete(item);
        return NULL;
    }

    item->type = cJSON_String;
    item->valuestring = text;

    return item;
}


static cJSON *
portone_json_int_item(int64_t value)
{
    char  buf[PORTONE_INT_LEN];

    if (value <= -PORTONE_INTEGER_END || value >= PORTONE_INTEGER_END) {
        return NULL;
    }

    (void) portone_str_print_int(buf, value);

    return portone_json_number(buf, (double) value);
}


cJSON *
portone_json_number(const char *text, double value)
{
    cJSON  *item;

    item = cJSON_CreateRaw(text);

    if (item != NULL) {
        item->valuedouble = value;
    }

    return item;
}


int
portone_json_is_number(const cJSON *item)
{
    return cJSON_IsNumber(item) || cJSON_IsRaw(item);
}


cJSON *
portone_json_number_copy(const cJSON *item)
{
    int64_t  value;

    if (cJSON_IsRaw(item)) {
        return portone_json_number(item->valuestring, item->valuedouble);
    }

    value = portone_json_item_int(item, PORTONE_INTEGER_END);

    return (value != PORTONE_INTEGER_END) ? portone_json_int_item(value)
                                   : cJSON_CreateNumber(item->valuedouble);
}


/* most texts fit, and take just the memory of their length */

char *
portone_json_print(const cJSON *json)
{
    char           text[PORTONE_JSON_TEXT];
    portone_str_t  str;

    if (json == NULL) {
        return NULL;
    }

    /* printing leaves the tree as it is; 1.7.15 lacks the const */

    if (cJSON_PrintPreallocated((cJSON *) json, text, PORTONE_JSON_TEXT, 0)) {
        str = portone_str(text);
        return portone_str_copy(&str);
    }

    return cJSON_PrintBuffered(json, 4 * PORTONE_JSON_TEXT, 0);
}


char *
portone_json_finish(cJSON *json, int rc)
{
    char  *text;

    text = (rc == PORTONE_OK) ? portone_json_print(json) : NULL;

    cJSON_Delete(json);

    return text;
}
