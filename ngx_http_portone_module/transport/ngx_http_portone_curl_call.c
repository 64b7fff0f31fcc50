
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_curl_private.h"


static const char *ngx_http_portone_curl_call_reason(
    ngx_http_portone_curl_call_t *curl_call, CURLcode code);


ngx_uint_t          ngx_http_portone_curl_call_recent;

/*
 * The address that libcurl has in its cache, where it stays: to put it there
 * for each call would cost a tenth of the call.  Empty: unknown.
 */
static char         ngx_http_portone_curl_call_address[512];

/* number of addresses put there */
static ngx_uint_t   ngx_http_portone_curl_call_generation;


void
ngx_http_portone_curl_call_init(void)
{
    ngx_http_portone_curl_call_address[0] = '\0';

    ngx_http_portone_curl_call_recent =
             (curl_version_info(CURLVERSION_NOW)->version_num >= 0x080000);
}


ngx_int_t
ngx_http_portone_curl_call_valid(ngx_http_portone_call_t *call)
{
    size_t       i;
    ngx_str_t   *s;
    ngx_uint_t   k;

    ngx_str_t   *strings[] = { &call->path, &call->authorization, &call->tier };

    for (k = 0; k < sizeof(strings) / sizeof(strings[0]); k++) {
        s = strings[k];

        for (i = 0; i < s->len; i++) {
            if (s->data[i] < 0x20 || s->data[i] == 0x7f) {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


struct curl_slist *
ngx_http_portone_curl_call_cache(ngx_http_portone_curl_call_t *curl_call,
    char *address)
{
    if (!curl_call->reconnect
        && ngx_strcmp(ngx_http_portone_curl_call_address, address) == 0)
    {
        curl_call->cached = 1;
        curl_call->cache_generation = ngx_http_portone_curl_call_generation;

        return NULL;
    }

    curl_call->cached = 0;

    curl_call->address.data = address;
    curl_call->address.next = NULL;

    /*
     * replaces the address that libcurl has cached, and that stays for good:
     * libcurl would block if it looked up a name by itself
     */

    ngx_http_portone_curl_call_address[0] = '\0';
    curl_call->cache_generation = ++ngx_http_portone_curl_call_generation;

    return &curl_call->address;
}


void
ngx_http_portone_curl_call_connected(ngx_http_portone_curl_call_t *curl_call)
{
    /* the address of a later call may have taken its place */

    if (!curl_call->cached
        && curl_call->address.data
        && curl_call->cache_generation == ngx_http_portone_curl_call_generation)
    {
        ngx_cpystrn((u_char *) ngx_http_portone_curl_call_address,
                    (u_char *) curl_call->address.data,
                    sizeof(ngx_http_portone_curl_call_address));
    }
}


ngx_uint_t
ngx_http_portone_curl_call_more(ngx_http_portone_curl_call_t *curl_call,
    CURLcode code)
{
    if (curl_call->cached && !curl_call->issued) {

        /*
         * another call may have put another address in its place, or libcurl
         * may have lost it
         */

        if (curl_call->cache_generation != ngx_http_portone_curl_call_generation
            || code == CURLE_COULDNT_RESOLVE_HOST)
        {
            curl_call->reconnect = 1;
        }

        ngx_http_portone_curl_call_address[0] = '\0';
    }

    return (curl_call->addrs.len || curl_call->reconnect)
           && !curl_call->issued
           && !curl_call->no_resources
           && ngx_current_msec - curl_call->connect_start
              < curl_call->call->server->connect_timeout;
}


/*
 * A request that was given to libcurl may have left, whatever libcurl says of
 * sending: also a send() that fails can have sent.
 */

ngx_uint_t
ngx_http_portone_curl_call_sent(ngx_http_portone_curl_call_t *curl_call)
{
    return curl_call->issued;
}


void
ngx_http_portone_curl_call_unwait(ngx_http_portone_curl_call_t *curl_call)
{
    if (curl_call->waiting) {
        (*curl_call->waiting)--;
        curl_call->waiting = NULL;
    }
}


void
ngx_http_portone_curl_call_result(ngx_http_portone_curl_call_t *curl_call,
    CURLcode code)
{
    long                      status;
    ngx_http_portone_call_t  *call;

    call = curl_call->call;

    call->time = ngx_current_msec - curl_call->start;

    if (curl_call->added) {
        status = 0;
        (void) curl_easy_getinfo(curl_call->handle.easy, CURLINFO_RESPONSE_CODE,
                                 &status);

        call->status = (ngx_uint_t) status;
    }

    /* to libcurl an answer that ends within its header is one */

    if (code == CURLE_OK && curl_call->headed && call->status >= 200) {
        call->outcome = PORTONE_CALL_ANSWERED;
        call->reason = "";
        return;
    }

    call->answer.len = 0;
    call->reason = ngx_http_portone_curl_call_reason(curl_call, code);

    if (ngx_http_portone_curl_call_sent(curl_call)) {
        call->outcome = PORTONE_CALL_UNANSWERED;

    } else if (curl_call->no_resources || code == CURLE_OUT_OF_MEMORY) {
        call->outcome = PORTONE_CALL_OVERLOADED;

    } else {
        call->outcome = PORTONE_CALL_NOT_SENT;
    }
}


static const char *
ngx_http_portone_curl_call_reason(ngx_http_portone_curl_call_t *curl_call,
    CURLcode code)
{
    char  *p;

    if (curl_call->reason) {
        return curl_call->reason;
    }

    /* a second sending was prevented, which libcurl words as our fault */

    if (code == CURLE_ABORTED_BY_CALLBACK) {
        return "the connection was closed before an answer came";
    }

    if (code == CURLE_OK) {
        return "the connection was closed within the header of the answer";
    }

    if (curl_call->error[0] == '\0') {
        return curl_easy_strerror(code);
    }

    /* it may quote the server */

    for (p = curl_call->error; *p; p++) {
        if ((u_char) *p < 0x20 || (u_char) *p == 0x7f) {
            *p = ' ';
        }
    }

    return curl_call->error;
}
