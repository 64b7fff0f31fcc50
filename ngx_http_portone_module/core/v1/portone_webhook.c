
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


typedef struct {
    const char  *name;
    size_t       offset;    /* place of the value in portone_webhook_t */
    size_t       max;       /* characters */
} portone_webhook_uid_t;


static portone_error_e portone_webhook_member(portone_webhook_t *webhook,
    const portone_webhook_uid_t *uid, const char **field);
static portone_error_e portone_webhook_pair(portone_webhook_t *webhook,
    char **dst, const char *pair, const char *last, const char **field);
static char *portone_webhook_unescape(char *dst, size_t size,
    const char *src, const char *last);
static int portone_webhook_hex(char c);
static portone_error_e portone_webhook_end(portone_webhook_t *webhook,
    portone_error_e error, const char **field);


static const portone_webhook_uid_t  portone_webhook_uids[] = {

    { "imp_uid", offsetof(portone_webhook_t, imp_uid), PORTONE_IMP_UID_MAX },

    { "merchant_uid", offsetof(portone_webhook_t, merchant_uid),
      PORTONE_MERCHANT_UID_MAX },

    { NULL, 0, 0 }
};


portone_error_e
portone_webhook_json(portone_webhook_t *webhook, const char *text,
    size_t len, const char **field)
{
    portone_error_e               error;
    const portone_webhook_uid_t  *uid;

    memset(webhook, 0, sizeof(portone_webhook_t));

    *field = "";

    webhook->json = portone_json_parse(text, len);

    if (webhook->json == NULL) {
        return (errno == ENOMEM) ? PORTONE_OVERLOADED : PORTONE_INVALID_JSON;
    }

    error = cJSON_IsObject(webhook->json) ? PORTONE_NO_ERROR
                                          : PORTONE_INVALID_JSON;

    for (uid = portone_webhook_uids;
         uid->name != NULL && error == PORTONE_NO_ERROR;
         uid++)
    {
        error = portone_webhook_member(webhook, uid, field);
    }

    return portone_webhook_end(webhook, error, field);
}


static portone_error_e
portone_webhook_member(portone_webhook_t *webhook,
    const portone_webhook_uid_t *uid, const char **field)
{
    cJSON          *item;
    portone_str_t  *value;

    if (portone_json_members(webhook->json, &uid->name, &item, 1) == 0
        || (item != NULL && !cJSON_IsNull(item) && !cJSON_IsString(item)))
    {
        *field = uid->name;
        return PORTONE_INVALID_REQUEST;
    }

    value = (portone_str_t *) ((char *) webhook + uid->offset);

    *value = portone_json_item_str(item);

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

    error = PORTONE_NO_ERROR;

    for (p = text; p < last && error == PORTONE_NO_ERROR; p = end + 1) {

        end = memchr(p, '&', last - p);
        if (end == NULL) {
            end = last;
        }

        error = portone_webhook_pair(webhook, &dst, p, end, field);
    }

    return portone_webhook_end(webhook, error, field);
}


static portone_error_e
portone_webhook_pair(portone_webhook_t *webhook, char **dst,
    const char *pair, const char *last, const char **field)
{
    char                          buf[PORTONE_WEBHOOK_NAME], *end;
    const char                   *equals;
    portone_str_t                 name, known, *value;
    const portone_webhook_uid_t  *uid;

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

    for (uid = portone_webhook_uids; uid->name != NULL; uid++) {
        known = portone_str(uid->name);

        if (portone_str_eq(&name, &known)) {
            break;
        }
    }

    if (uid->name == NULL) {
        return PORTONE_NO_ERROR;
    }

    *field = uid->name;
    value = (portone_str_t *) ((char *) webhook + uid->offset);

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


/* the checks after reading, which may have failed; an error frees all */

static portone_error_e
portone_webhook_end(portone_webhook_t *webhook, portone_error_e error,
    const char **field)
{
    const portone_str_t          *value;
    const portone_webhook_uid_t  *uid;

    for (uid = portone_webhook_uids;
         uid->name != NULL && error == PORTONE_NO_ERROR;
         uid++)
    {
        value = (portone_str_t *) ((char *) webhook + uid->offset);

        /* an empty identifier is present, and invalid */

        if (value->data != NULL && !portone_uid_valid(value, uid->max)) {
            *field = uid->name;
            error = PORTONE_INVALID_REQUEST;
        }
    }

    if (error == PORTONE_NO_ERROR
        && webhook->imp_uid.data == NULL
        && webhook->merchant_uid.data == NULL)
    {
        *field = portone_webhook_uids[0].name;
        error = PORTONE_INVALID_REQUEST;
    }

    if (error != PORTONE_NO_ERROR) {
        portone_webhook_free(webhook);
    }

    return error;
}


void
portone_webhook_free(portone_webhook_t *webhook)
{
    cJSON_Delete(webhook->json);
    cJSON_free(webhook->text);

    memset(webhook, 0, sizeof(portone_webhook_t));
}
