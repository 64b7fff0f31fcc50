
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_refund_id.h"

#include <sys/random.h>


/* bytes for 16 ids */
#define NGX_HTTP_PORTONE_RANDOM  256


static ngx_int_t ngx_http_portone_refund_id_random(u_char *bytes, size_t n);


ngx_int_t
ngx_http_portone_refund_id(char id[PORTONE_REFUND_ID_LEN + 1])
{
    u_char      bytes[16], hex[32], *p;
    uint64_t    ms;
    ngx_uint_t  i;

    if (ngx_http_portone_refund_id_random(bytes, sizeof(bytes)) != NGX_OK) {
        return NGX_ERROR;
    }

    ms = (uint64_t) ngx_cached_time->sec * 1000 + ngx_cached_time->msec;

    for (i = 0; i < 6; i++) {
        bytes[i] = (u_char) (ms >> (40 - 8 * i));
    }

    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;

    ngx_hex_dump(hex, bytes, sizeof(bytes));

    p = ngx_sprintf((u_char *) id, "%*s-%*s-%*s-%*s-%*s", (size_t) 8, hex,
                    (size_t) 4, hex + 8, (size_t) 4, hex + 12, (size_t) 4,
                    hex + 16, (size_t) 12, hex + 20);
    *p = '\0';

    return NGX_OK;
}


/*
 * The kernel's random bytes differ in each process, also in one and the one
 * that it was forked from; ngx_random() is seeded with the time and the pid.
 */

static ngx_int_t
ngx_http_portone_refund_id_random(u_char *bytes, size_t n)
{
    static size_t     left;
    static ngx_pid_t  pid;
    static u_char     random[NGX_HTTP_PORTONE_RANDOM];

    if (left < n || pid != ngx_pid) {

        /* after boot it answers at once, and up to 256 bytes come whole */

        if (getrandom(random, sizeof(random), GRND_NONBLOCK)
            != (ssize_t) sizeof(random))
        {
            ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, ngx_errno,
                          "getrandom() failed");
            return NGX_ERROR;
        }

        left = sizeof(random);
        pid = ngx_pid;
    }

    left -= n;

    ngx_memcpy(bytes, &random[left], n);

    return NGX_OK;
}
