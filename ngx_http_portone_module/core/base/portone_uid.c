
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "portone_uid.h"


int
portone_uid_valid(const portone_str_t *text, size_t max)
{
    return text->len != 0
           && portone_str_utf8_length(text->data, text->len) <= max
           && !portone_str_has_control(text);
}


int
portone_uid_addressable(const portone_str_t *uid)
{
    size_t  i, dots, len;

    dots = 0;
    len = 0;

    for (i = 0; i < uid->len; i++) {

        if (uid->data[i] == '/' || uid->data[i] == '\\') {

            if (len != 0 && len == dots && len <= 2) {
                return 0;
            }

            dots = 0;
            len = 0;
            continue;
        }

        if (uid->data[i] == '.') {
            dots++;
        }

        len++;
    }

    return len == 0 || len != dots || len > 2;
}
