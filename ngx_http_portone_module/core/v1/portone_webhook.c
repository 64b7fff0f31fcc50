
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <errno.h>
#include <string.h>

#include "portone_webhook.h"
#include "portone_json.h"
#include "portone_uid.h"


/* the longest name that is known, in bytes, is shorter */
#define PORTONE_WEBHOOK_NAME  16


static portone_error_e portone_webhook_member(portone_str_t *value,
    const cJSON *json, const char *name, const char **field);
static portone_error_e portone_webhook_pair(portone_webhook_t *webhook,
    char **dst, const char *pair, const char *last, const char **field);
static int portone_webhook_is(const portone_str_t *name, const char *text);
static char *portone_webhook_unescape(char *dst, size_t size,
    const char *src, const char *last);
static int portone_webhook_hex(char c);
static portone_error_e portone_webhook_check(portone_webhook_t *webhook,
    const char **field);
static portone_error_e portone_webhook_fail(portone_webhook_t *webhook,
    portone_error_e error);


static const char  portone_webhook_imp_uid[] = "imp_uid";
static const char  portone_webhook_merchant_uid[] = "merchant_uid";


portone_error_e
portone_webhook_json(portone_webhook_t *webhook, const char *text,
    size_t len, const char **field)
{
    portone_error_e  error;

    memset(webhook, 0, sizeof(portone_webhook_t));

    *field = "";

    webhook->json = portone_json_parse(text, len);

    if (webhook->json == NULL) {
        return (errno == ENOMEM) ? PORTONE_OVERLOADED : PORTONE_INVALID_JSON;
    }

    if (!cJSON_IsObject(webhook->json)) {
        return portone_webhook_fail(webhook, PORTONE_INVALID_JSON);
    }

    error = portone_webhook_member(&webhook->imp_uid, webhook->json,
                                   portone_webhook_imp_uid, field);

    if (error == PORTONE_NO_ERROR) {
        error = portone_webhook_member(&webhook->merchant_uid, webhook->json,
                                       portone_webhook_merchant_uid, field);
    }

    if (error != PORTONE_NO_ERROR) {
        return portone_webhook_fail(webhook, error);
    }

    return portone_webhook_check(webhook, field);
}


static portone_error_e
portone_webhook_member(portone_str_t *value, const cJSON *json,
    const char *name, const char **field)
{
    const cJSON  *item, *member;

    member = NULL;

    cJSON_ArrayForEach(item, json) {

        if (strcmp(item->string, name) != 0) {
            continue;
        }

        if (member != NULL) {
            *field = name;
            return PORTONE_INVALID_REQUEST;
        }

        member = item;
    }

    if (member == NULL || cJSON_IsNull(member)) {
        return PORTONE_NO_ERROR;
    }

    if (!cJSON_IsString(member)) {
        *field = name;
        return PORTONE_INVALID_REQUEST;
    }

    *value = portone_str(member->valuestring);

    return PORTONE_NO_ERROR;
}


portone_error_e
portone_webhook_form(portone_webhook_t *webhook, const char *text,
    size_t len, const char **field)
{
    char             *dst;
    const char       *p, *last, *end;
    portone_error_e   error;

    memset(webhook, 0, sizeof(portone_webhook_t));

    *field = "";

    /* unescaped text is at most as long */

    webhook->text = cJSON_malloc(len + 1);
    if (webhook->text == NULL) {
        return PORTONE_OVERLOADED;
    }

    dst = webhook->text;
    last = text + len;

    for (p = text; p < last; p = end + 1) {

        end = memchr(p, '&', last - p);
        if (end == NULL) {
            end = last;
        }

        error = portone_webhook_pair(webhook, &dst, p, end, field);

        if (error != PORTONE_NO_ERROR) {
            return portone_webhook_fail(webhook, error);
        }
    }

    return portone_webhook_check(webhook, field);
}


static portone_error_e
portone_webhook_pair(portone_webhook_t *webhook, char **dst,
    const char *pair, const char *last, const char **field)
{
    char            buf[PORTONE_WEBHOOK_NAME], *end;
    const char     *equals;
    portone_str_t   name, *value;

    equals = memchr(pair, '=', last - pair);
    if (equals == NULL) {
        equals = last;
    }

    end = portone_webhook_unescape(buf, sizeof(buf), pair, equals);

    /* a name that is longer, or broken, is unknown */

    if (end == NULL) {
        return PORTONE_NO_ERROR;
    }

    name.data = buf;
    name.len = end - buf;

    if (portone_webhook_is(&name, portone_webhook_imp_uid)) {
        *field = portone_webhook_imp_uid;
        value = &webhook->imp_uid;

    } else if (portone_webhook_is(&name, portone_webhook_merchant_uid)) {
        *field = portone_webhook_merchant_uid;
        value = &webhook->merchant_uid;

    } else {
        return PORTONE_NO_ERROR;
    }

    if (value->data != NULL) {
        return PORTONE_INVALID_REQUEST;
    }

    if (equals < last) {
        equals++;
    }

    end = portone_webhook_unescape(*dst, last - equals, equals, last);
    if (end == NULL) {
        return PORTONE_INVALID_REQUEST;
    }

    value->data = *dst;
    value->len = end - *dst;

    *dst = end;
    *field = "";

    return PORTONE_NO_ERROR;
}


static int
portone_webhook_is(const portone_str_t *name, const char *text)
{
    portone_str_t  str;

    str = portone_str(text);

    return portone_str_eq(name, &str);
}


/* returns the end of the written text; NULL: src is broken or too long */

static char *
portone_webhook_unescape(char *dst, size_t size, const char *src,
    const char *last)
{
    int   high, low;
    char  *end;

    for (end = dst + size; src < last; src++) {

        if (dst == end) {
            return NULL;
        }

        switch (*src) {

        case '+':
            *dst++ = ' ';
            break;

        case '%':

            if (last - src < 3) {
                return NULL;
            }

            high = portone_webhook_hex(src[1]);
            low = portone_webhook_hex(src[2]);

            if (high == -1 || low == -1) {
                return NULL;
            }

            *dst++ = (char) (high * 16 + low);
            src += 2;
            break;

        default:
            *dst++ = *src;
            break;
        }
    }

    return dst;
}


static int
portone_webhook_hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }

    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }

    return -1;
}


static portone_error_e
portone_webhook_check(portone_webhook_t *webhook, const char **field)
{
    /* an empty identifier is present, and invalid */

    if (webhook->imp_uid.data != NULL
        && !portone_uid_valid(&webhook->imp_uid, PORTONE_IMP_UID_MAX))
    {
        *field = portone_webhook_imp_uid;
        return portone_webhook_fail(webhook, PORTONE_INVALID_REQUEST);
    }

    if (webhook->merchant_uid.data != NULL
        && !portone_uid_valid(&webhook->merchant_uid,
                              PORTONE_MERCHANT_UID_MAX))
    {
        *field = portone_webhook_merchant_uid;
        return portone_webhook_fail(webhook, PORTONE_INVALID_REQUEST);
    }

    if (webhook->imp_uid.data == NULL && webhook->merchant_uid.data == NULL) {
        *field = portone_webhook_imp_uid;
        return portone_webhook_fail(webhook, PORTONE_INVALID_REQUEST);
    }

    return PORTONE_NO_ERROR;
}


static portone_error_e
portone_webhook_fail(portone_webhook_t *webhook, portone_error_e error)
{
    portone_webhook_free(webhook);

    return error;
}


void
portone_webhook_free(portone_webhook_t *webhook)
{
    cJSON_Delete(webhook->json);
    cJSON_free(webhook->text);

    memset(webhook, 0, sizeof(portone_webhook_t));
}
