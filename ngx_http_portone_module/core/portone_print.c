
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <math.h>
#include <string.h>

#include "portone_json.h"


/*
 * cJSON 1.7.15 prints a number by snprintf() and sscanf(), which took more
 * than half of the time that a payment was printed in.
 */


/* what most records fit into, and malloc() keeps at hand */
#define PORTONE_PRINT_SIZE     1000

/* integers below have no exponent with "%.15g" */
#define PORTONE_PRINT_INTEGER  1e15


typedef struct {
    char      *data;
    size_t     len;
    size_t     size;
} portone_print_t;


static int portone_print_item(portone_print_t *out, const cJSON *item);
static int portone_print_list(portone_print_t *out, const cJSON *list,
    char open, char close);
static int portone_print_number(portone_print_t *out, const cJSON *item);
static int portone_print_string(portone_print_t *out, const char *text);
static char *portone_print_escape(char *p, portone_byte_t c);
static int portone_print_text(portone_print_t *out, const char *text,
    size_t len);
static char *portone_print_reserve(portone_print_t *out, size_t len);


char *
portone_json_print(const cJSON *json)
{
    portone_print_t  out;

    memset(&out, 0, sizeof(portone_print_t));

    if (json == NULL
        || portone_print_item(&out, json) != PORTONE_OK
        || portone_print_text(&out, "", 1) != PORTONE_OK)
    {
        cJSON_free(out.data);
        return NULL;
    }

    return out.data;
}


static int
portone_print_item(portone_print_t *out, const cJSON *item)
{
    switch (item->type & 0xff) {

    case cJSON_NULL:
        return portone_print_text(out, "null", 4);

    case cJSON_True:
        return portone_print_text(out, "true", 4);

    case cJSON_False:
        return portone_print_text(out, "false", 5);

    case cJSON_Number:
        return portone_print_number(out, item);

    case cJSON_String:
        return portone_print_string(out, item->valuestring);

    case cJSON_Array:
        return portone_print_list(out, item, '[', ']');

    case cJSON_Object:
        return portone_print_list(out, item, '{', '}');

    default:
        return PORTONE_ERROR;
    }
}


/* trees are bounded in depth when they are parsed */

static int
portone_print_list(portone_print_t *out, const cJSON *list, char open,
    char close)
{
    const cJSON  *item;

    if (portone_print_text(out, &open, 1) != PORTONE_OK) {
        return PORTONE_ERROR;
    }

    cJSON_ArrayForEach(item, list) {

        if (item != list->child
            && portone_print_text(out, ",", 1) != PORTONE_OK)
        {
            return PORTONE_ERROR;
        }

        if (open == '{'
            && (portone_print_string(out, item->string) != PORTONE_OK
                || portone_print_text(out, ":", 1) != PORTONE_OK))
        {
            return PORTONE_ERROR;
        }

        if (portone_print_item(out, item) != PORTONE_OK) {
            return PORTONE_ERROR;
        }
    }

    return portone_print_text(out, &close, 1);
}


static int
portone_print_number(portone_print_t *out, const cJSON *item)
{
    int       rc, negative;
    char      buf[24], *p, *text;
    double    number;
    int64_t   value;

    number = item->valuedouble;

    /* false for NaN; "-0" is not an integer here */

    if (number > -PORTONE_PRINT_INTEGER && number < PORTONE_PRINT_INTEGER
        && !(fpclassify(number) == FP_ZERO && signbit(number)))
    {
        value = (int64_t) number;

        if ((double) value == number) {
            negative = value < 0;
            value = negative ? -value : value;
            p = buf + sizeof(buf);

            do {
                *--p = (char) ('0' + value % 10);
                value /= 10;
            } while (value);

            if (negative) {
                *--p = '-';
            }

            return portone_print_text(out, p, (size_t) (buf + sizeof(buf)
                                                        - p));
        }
    }

    text = cJSON_PrintUnformatted(item);

    if (text == NULL) {
        return PORTONE_ERROR;
    }

    rc = portone_print_text(out, text, strlen(text));

    cJSON_free(text);

    return rc;
}


static int
portone_print_string(portone_print_t *out, const char *text)
{
    char                  *p;
    size_t                 len;
    const portone_byte_t  *s;

    if (text == NULL) {
        return portone_print_text(out, "\"\"", 2);
    }

    len = 0;

    for (s = (const portone_byte_t *) text; *s; s++) {
        len += (*s < ' ') ? 6 : 1 + (*s == '"' || *s == '\\');
    }

    p = portone_print_reserve(out, len + 2);

    if (p == NULL) {
        return PORTONE_ERROR;
    }

    *p++ = '"';

    if (len == (size_t) (s - (const portone_byte_t *) text)) {
        memcpy(p, text, len);
        p += len;

    } else {

        for (s = (const portone_byte_t *) text; *s; s++) {
            p = portone_print_escape(p, *s);
        }
    }

    *p++ = '"';

    out->len = (size_t) (p - out->data);

    return PORTONE_OK;
}


static char *
portone_print_escape(char *p, portone_byte_t c)
{
    char               letter;
    static const char  hex[] = "0123456789abcdef";

    switch (c) {

    case '"':
    case '\\':
        letter = (char) c;
        break;

    case '\b':
        letter = 'b';
        break;

    case '\f':
        letter = 'f';
        break;

    case '\n':
        letter = 'n';
        break;

    case '\r':
        letter = 'r';
        break;

    case '\t':
        letter = 't';
        break;

    default:

        if (c >= ' ') {
            *p++ = (char) c;
            return p;
        }

        memcpy(p, "\\u00", 4);
        p[4] = hex[c >> 4];
        p[5] = hex[c & 0x0f];

        return p + 6;
    }

    *p++ = '\\';
    *p++ = letter;

    return p;
}


static int
portone_print_text(portone_print_t *out, const char *text, size_t len)
{
    char  *p;

    p = portone_print_reserve(out, len);

    if (p == NULL) {
        return PORTONE_ERROR;
    }

    memcpy(p, text, len);
    out->len += len;

    return PORTONE_OK;
}


/* room for len bytes after what is there */

static char *
portone_print_reserve(portone_print_t *out, size_t len)
{
    char    *data;
    size_t   size;

    if (len > out->size - out->len) {

        size = (out->size != 0) ? 2 * out->size : PORTONE_PRINT_SIZE;

        while (size < out->len + len) {
            size *= 2;
        }

        data = cJSON_malloc(size);

        if (data == NULL) {
            return NULL;
        }

        if (out->data != NULL) {
            memcpy(data, out->data, out->len);
            cJSON_free(out->data);
        }

        out->data = data;
        out->size = size;
    }

    return out->data + out->len;
}
