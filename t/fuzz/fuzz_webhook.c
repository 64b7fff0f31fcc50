
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <stdlib.h>
#include <string.h>

#include "portone_webhook.h"
#include "portone_json.h"

#include "fuzz.h"
#include "fuzz_json.h"


/*
 * The body of a webhook, as JSON and as a form.
 *
 *     <allocation that fails, 0: none> <1: a form>
 *     <body>
 *
 * It is taken if and only if a second reader, below, takes it, with the same
 * identifiers; nothing is left of one that is refused.
 */


/* what the second reader has found of a name */

typedef struct {
    const char  *name;
    size_t       max;       /* characters */
    size_t       n;         /* how often it stands there */
    int          bad;       /* its value cannot be */
    int          there;     /* it has a value that is not null */
    size_t       len;
    char        *value;     /* owned */
} fuzz_uid_t;


static void fuzz_webhook_check(const portone_webhook_t *webhook,
    portone_error_e error, const char *field, const fuzz_uid_t *uids);
static int fuzz_webhook_json(const portone_str_t *text, fuzz_uid_t *uids);
static void fuzz_webhook_form(const portone_str_t *text, fuzz_uid_t *uids);
static size_t fuzz_webhook_decode(char *dst, const char *src, size_t len,
    int *bad);
static int fuzz_webhook_valid(const fuzz_uid_t *uid);


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int                 is_form, is_json;
    char               *exact;
    size_t              i;
    int64_t             fails;
    const char         *field;
    fuzz_uid_t          uids[2] = { { "imp_uid", 32, 0, 0, 0, 0, NULL },
                                    { "merchant_uid", 40, 0, 0, 0, 0, NULL } };
    portone_str_t       text, line;
    portone_error_e     error;
    portone_webhook_t   webhook;

    text.data = (const char *) data;
    text.len = size;

    line = fuzz_line(&text);

    fails = fuzz_number(&line);
    is_form = (fuzz_number(&line) == 1);
    is_json = 1;

    fuzz_paused = 1;

    if (is_form) {
        fuzz_webhook_form(&text, uids);

    } else {
        is_json = fuzz_webhook_json(&text, uids);
    }

    fuzz_paused = 0;

    exact = fuzz_exact(&text);
    field = NULL;

    fuzz_memory(fails);

    error = is_form
            ? portone_webhook_form(&webhook, exact, text.len, &field)
            : portone_webhook_json(&webhook, exact, text.len, &field);

    fuzz_memory(0);

    /* nothing points into the body from here on */

    free(exact);

    fuzz_check(field != NULL);

    if (error == PORTONE_OVERLOADED) {
        fuzz_check(fails != 0 && field[0] == '\0');
        fuzz_check(webhook.json == NULL && webhook.text == NULL);

    } else if (!is_json) {
        fuzz_check(error == PORTONE_INVALID_JSON && field[0] == '\0');
        fuzz_check(webhook.json == NULL && webhook.text == NULL);

    } else {
        fuzz_webhook_check(&webhook, error, field, uids);
    }

    if (error == PORTONE_NO_ERROR) {
        portone_webhook_free(&webhook);
    }

    for (i = 0; i < 2; i++) {
        free(uids[i].value);
    }

    return 0;
}


static void
fuzz_webhook_check(const portone_webhook_t *webhook, portone_error_e error,
    const char *field, const fuzz_uid_t *uids)
{
    int                   wanted;
    size_t                i;
    const portone_str_t  *str;

    wanted = uids[0].there || uids[1].there;

    for (i = 0; i < 2; i++) {
        wanted = wanted && uids[i].n <= 1 && !uids[i].bad
                 && (!uids[i].there || fuzz_webhook_valid(&uids[i]));
    }

    if (!wanted) {
        fuzz_check(error == PORTONE_INVALID_REQUEST);
        fuzz_check(strcmp(field, uids[0].name) == 0
                   || strcmp(field, uids[1].name) == 0);
        fuzz_check(webhook->json == NULL && webhook->text == NULL);
        return;
    }

    fuzz_check(error == PORTONE_NO_ERROR);
    fuzz_check(field[0] == '\0');

    for (i = 0; i < 2; i++) {
        str = i ? &webhook->merchant_uid : &webhook->imp_uid;

        fuzz_check((str->data != NULL) == uids[i].there);

        if (uids[i].there) {
            fuzz_check(str->len == uids[i].len);
            fuzz_check(memcmp(str->data, uids[i].value, str->len) == 0);
        }
    }
}


/* 0: it is no JSON object */

static int
fuzz_webhook_json(const portone_str_t *text, fuzz_uid_t *uids)
{
    cJSON       *json, *item;
    size_t       i;
    fuzz_uid_t  *uid;

    if (!fuzz_json_valid(text)) {
        return 0;
    }

    json = cJSON_ParseWithLength(text->data, text->len);

    if (!cJSON_IsObject(json)) {
        cJSON_Delete(json);
        return 0;
    }

    cJSON_ArrayForEach(item, json) {

        for (i = 0; i < 2; i++) {
            uid = &uids[i];

            if (strcmp(item->string, uid->name) != 0) {
                continue;
            }

            uid->n++;

            if (cJSON_IsNull(item)) {
                continue;
            }

            uid->there = 1;

            if (!cJSON_IsString(item)) {
                uid->bad = 1;
                continue;
            }

            free(uid->value);

            uid->len = strlen(item->valuestring);
            uid->value = malloc(uid->len + 1);
            memcpy(uid->value, item->valuestring, uid->len + 1);
        }
    }

    cJSON_Delete(json);

    return 1;
}


/* all names are unescaped, and all values that belong to one of ours */

static void
fuzz_webhook_form(const portone_str_t *text, fuzz_uid_t *uids)
{
    int          bad;
    char        *name;
    size_t       begin, end, equals, len, i;
    fuzz_uid_t  *uid;

    for (begin = 0; begin < text->len; begin = end + 1) {

        for (end = begin; end < text->len && text->data[end] != '&'; end++) {
            /* void */
        }

        for (equals = begin; equals < end && text->data[equals] != '=';
             equals++)
        {
            /* void */
        }

        name = malloc(equals - begin + 1);
        len = fuzz_webhook_decode(name, text->data + begin, equals - begin,
                                  &bad);

        for (i = 0; i < 2; i++) {
            uid = &uids[i];

            if (bad || len != strlen(uid->name)
                || memcmp(name, uid->name, len) != 0)
            {
                continue;
            }

            if (equals < end) {
                equals++;
            }

            free(uid->value);

            uid->n++;
            uid->there = 1;
            uid->value = malloc(end - equals + 1);
            uid->len = fuzz_webhook_decode(uid->value, text->data + equals,
                                           end - equals, &bad);
            uid->bad |= bad;
            break;
        }

        free(name);
    }
}


static size_t
fuzz_webhook_decode(char *dst, const char *src, size_t len, int *bad)
{
    char         hex[3], *after;
    size_t       i, n;
    const char  *digits = "0123456789abcdefABCDEF";

    *bad = 0;
    n = 0;

    for (i = 0; i < len; i++) {

        if (src[i] != '%') {
            dst[n++] = (src[i] == '+') ? ' ' : src[i];
            continue;
        }

        if (i + 2 >= len
            || src[i + 1] == '\0' || strchr(digits, src[i + 1]) == NULL
            || src[i + 2] == '\0' || strchr(digits, src[i + 2]) == NULL)
        {
            *bad = 1;
            return 0;
        }

        memcpy(hex, src + i + 1, 2);
        hex[2] = '\0';

        dst[n++] = (char) strtol(hex, &after, 16);
        i += 2;
    }

    return n;
}


static int
fuzz_webhook_valid(const fuzz_uid_t *uid)
{
    size_t                 i, length;
    const portone_byte_t  *p;

    p = (const portone_byte_t *) uid->value;
    length = 0;

    for (i = 0; i < uid->len; i++) {

        if (p[i] < ' ' || p[i] == 0x7f
            || (p[i] == 0xc2 && i + 1 < uid->len && p[i + 1] < 0xa0))
        {
            return 0;
        }

        if ((p[i] & 0xc0) != 0x80) {
            length++;
        }
    }

    return length > 0 && length <= uid->max
           && portone_str_utf8_length(uid->value, uid->len) != SIZE_MAX;
}
