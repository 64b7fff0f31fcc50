
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_portone_curl_handle.h"


/* of 6 KB each */
#define NGX_HTTP_PORTONE_CURL_HANDLES  128


/* the one that was used last is the last */

static ngx_http_portone_curl_handle_t
    ngx_http_portone_curl_handles[NGX_HTTP_PORTONE_CURL_HANDLES];
static ngx_uint_t  ngx_http_portone_curl_handles_n;


ngx_int_t
ngx_http_portone_curl_handle_get(ngx_http_portone_curl_handle_t *h,
    ngx_http_portone_call_t *t)
{
    ngx_uint_t                       i, n;
    ngx_http_portone_curl_handle_e   kind;
    ngx_http_portone_curl_handle_t  *handles;

    n = ngx_http_portone_curl_handles_n;
    handles = ngx_http_portone_curl_handles;
    kind = t->body.len ? NGX_HTTP_PORTONE_CURL_HANDLE_POST
                       : NGX_HTTP_PORTONE_CURL_HANDLE_GET;

    for (i = n; i > 0; i--) {

        if (handles[i - 1].server == t->server
            && handles[i - 1].kind == kind)
        {
            *h = handles[i - 1];

            ngx_memmove(&handles[i - 1], &handles[i],
                        (n - i) * sizeof(ngx_http_portone_curl_handle_t));
            ngx_http_portone_curl_handles_n--;

            return NGX_OK;
        }
    }

    h->easy = curl_easy_init();
    if (h->easy == NULL) {
        return NGX_ERROR;
    }

    h->server = t->server;
    h->kind = kind;
    h->used = 0;

    return NGX_OK;
}


void
ngx_http_portone_curl_handle_keep(ngx_http_portone_curl_handle_t *h)
{
    CURL                            *easy;
    ngx_http_portone_curl_handle_t  *handles;

    easy = h->easy;
    handles = ngx_http_portone_curl_handles;

    /*
     * A single process gets new endpoints at a reload, maybe at the addresses
     * of the old ones.
     */

    if (ngx_process == NGX_PROCESS_SINGLE) {
        curl_easy_cleanup(easy);
        return;
    }

    /* these go with the transfer */

    (void) curl_easy_setopt(easy, CURLOPT_PRIVATE, NULL);
    (void) curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);

    if (ngx_http_portone_curl_handles_n == NGX_HTTP_PORTONE_CURL_HANDLES) {
        curl_easy_cleanup(handles[0].easy);

        ngx_http_portone_curl_handles_n--;
        ngx_memmove(&handles[0], &handles[1],
                    ngx_http_portone_curl_handles_n
                    * sizeof(ngx_http_portone_curl_handle_t));
    }

    handles[ngx_http_portone_curl_handles_n++] = *h;
}


void
ngx_http_portone_curl_handle_exit(void)
{
    while (ngx_http_portone_curl_handles_n > 0) {
        ngx_http_portone_curl_handles_n--;

        curl_easy_cleanup(
            ngx_http_portone_curl_handles[ngx_http_portone_curl_handles_n]
                .easy);
    }
}
