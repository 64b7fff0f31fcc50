
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_portone_curl_callback.h"
#include "ngx_http_portone_curl_socket.h"


/* seconds; servers commonly close an idle connection after 60 or more */
#define NGX_HTTP_PORTONE_IDLE_TIME        50L

/* seconds; by then a host that has moved is followed */
#define NGX_HTTP_PORTONE_CONNECTION_TIME  3600L

/* bytes; each transfer has one of libcurl's for as long as it waits */
#define NGX_HTTP_PORTONE_BUFFER_SIZE      2048L


static int ngx_http_portone_curl_call_set_kind(ngx_http_portone_curl_call_t *x);
static int ngx_http_portone_curl_call_set_tls(ngx_http_portone_curl_call_t *x);
static int ngx_http_portone_curl_call_set_request(
    ngx_http_portone_curl_call_t *x, char *url);
static int ngx_http_portone_curl_call_set_timeouts(
    ngx_http_portone_curl_call_t *x);
static int ngx_http_portone_curl_call_set_address(
    ngx_http_portone_curl_call_t *x);
static ngx_int_t ngx_http_portone_curl_call_header(
    ngx_http_portone_curl_call_t *x, char *name, ngx_str_t *value);
static const char *ngx_http_portone_curl_call_reason(
    ngx_http_portone_curl_call_t *x, CURLcode code);


/* the system's certificates */
static const char  *ngx_http_portone_curl_call_cafile;

ngx_uint_t          ngx_http_portone_curl_call_recent;

/*
 * The address that libcurl has in its cache, where it stays: to put it there
 * for each exchange would cost a tenth of it.  Empty: not known.
 */
static char         ngx_http_portone_curl_call_address[512];

/* how often one was put there */
static ngx_uint_t   ngx_http_portone_curl_call_puts;


/* an empty value makes libcurl leave out a header of its own */

static struct curl_slist  ngx_http_portone_curl_call_get_headers[] = {
    { (char *) "Accept: application/json", NULL }
};

static struct curl_slist  ngx_http_portone_curl_call_post_headers[] = {
    { (char *) "Content-Type: application/json",
      &ngx_http_portone_curl_call_post_headers[1] },
    { (char *) "Expect:", &ngx_http_portone_curl_call_get_headers[0] }
};


void
ngx_http_portone_curl_call_init(void)
{
    curl_version_info_data  *info;

    /*
     * libcurl 7.87.0 and newer keeps the system's certificates parsed only if
     * it has them from a file alone, by default it has a directory as well.
     * To parse them costs each connection milliseconds of the event loop.
     */

    info = curl_version_info(CURLVERSION_NOW);

    ngx_http_portone_curl_call_address[0] = '\0';
    ngx_http_portone_curl_call_recent = (info->version_num >= 0x080000);

    if (info->cainfo && access(info->cainfo, R_OK) == 0) {
        ngx_http_portone_curl_call_cafile = info->cainfo;
    }
}


ngx_int_t
ngx_http_portone_curl_call_valid(ngx_http_portone_call_t *t)
{
    size_t       i;
    ngx_str_t   *s;
    ngx_uint_t   k;

    ngx_str_t   *strings[] = { &t->path, &t->authorization, &t->tier };

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


ngx_int_t
ngx_http_portone_curl_call_setup(ngx_http_portone_curl_call_t *x)
{
    int                           rc;
    u_char                       *url;
    ngx_http_portone_call_t      *t;

    t = x->transfer;

    x->headers = t->body.len ? ngx_http_portone_curl_call_post_headers
                             : ngx_http_portone_curl_call_get_headers;

    if (ngx_http_portone_curl_call_header(x, "Tier", &t->tier) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_portone_curl_call_header(x, "Authorization",
                                         &t->authorization)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    url = ngx_pnalloc(t->pool, t->server->url.len + t->path.len + 1);
    if (url == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(url, "%V%V%Z", &t->server->url, &t->path);

    if (x->stale) {
        x->addrs = x->tried;

    } else {
        x->tried = x->addrs;
    }

    rc = 0;

    if (!x->handle.used) {
        rc |= ngx_http_portone_curl_call_set_kind(x);
        rc |= ngx_http_portone_curl_call_set_tls(x);

        x->handle.used = 1;
    }

    rc |= ngx_http_portone_curl_call_set_request(x, (char *) url);
    rc |= ngx_http_portone_curl_call_set_timeouts(x);
    rc |= ngx_http_portone_curl_call_set_address(x);

    x->stale = 0;

    return rc ? NGX_ERROR : NGX_OK;
}


/*
 * What the requests of one kind to one endpoint have in common.  Of libcurl's
 * defaults these are relied upon: no redirects are followed, no cookies, no
 * .netrc, no Accept-Encoding.
 */

static int
ngx_http_portone_curl_call_set_kind(ngx_http_portone_curl_call_t *x)
{
    int    rc;
    CURL  *easy;

    easy = x->handle.easy;

    rc = (int) curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
                             x->transfer->server->ssl ? "https" : "http");

    /* keep the proxies that the environment may name out */

    rc |= (int) curl_easy_setopt(easy, CURLOPT_PROXY, "");
    rc |= (int) curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");

    rc |= (int) curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_USERAGENT,
                                 "ngx_http_portone_module");
    rc |= (int) curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                                 (long) CURL_HTTP_VERSION_1_1);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);

    rc |= (int) curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN,
                                 NGX_HTTP_PORTONE_IDLE_TIME);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN,
                                 NGX_HTTP_PORTONE_CONNECTION_TIME);

    rc |= (int) curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION,
                                 ngx_http_portone_curl_callback_socket);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION,
                                 ngx_http_portone_curl_socket_close);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION,
                                 ngx_http_portone_curl_callback_issue);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION,
                                 ngx_http_portone_curl_callback_write_header);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION,
                                 ngx_http_portone_curl_callback_write);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_BUFFERSIZE,
                                 NGX_HTTP_PORTONE_BUFFER_SIZE);

    if (x->handle.kind == NGX_HTTP_PORTONE_CURL_HANDLE_POST) {
        rc |= (int) curl_easy_setopt(easy, CURLOPT_POST, 1L);
    }

    return rc;
}


static int
ngx_http_portone_curl_call_set_tls(ngx_http_portone_curl_call_t *x)
{
    int                             rc;
    CURL                           *easy;
    const char                     *cafile;
    ngx_http_portone_api_server_t  *ep;

    easy = x->handle.easy;
    ep = x->transfer->server;

    if (!ep->ssl) {
        return 0;
    }

    rc = (int) curl_easy_setopt(easy, CURLOPT_SSLVERSION,
                                (long) CURL_SSLVERSION_TLSv1_2);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER,
                                 ep->ssl_verify ? 1L : 0L);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST,
                                 ep->ssl_verify ? 2L : 0L);

    cafile = ngx_http_portone_curl_call_cafile;

    if (ep->ssl_trusted_certificate.len) {
        cafile = (char *) ep->ssl_trusted_certificate.data;
    }

    if (cafile) {

        /* without the latter the system's directory would be trusted too */

        rc |= (int) curl_easy_setopt(easy, CURLOPT_CAINFO, cafile);
        rc |= (int) curl_easy_setopt(easy, CURLOPT_CAPATH, (char *) NULL);
    }

    return rc;
}


/* what each request has of its own: nothing is left of the one before */

static int
ngx_http_portone_curl_call_set_request(ngx_http_portone_curl_call_t *x,
    char *url)
{
    int         rc;
    CURL       *easy;
    ngx_str_t  *body;

    easy = x->handle.easy;
    body = &x->transfer->body;

    rc = (int) curl_easy_setopt(easy, CURLOPT_PRIVATE, x);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->error);

    rc |= (int) curl_easy_setopt(easy, CURLOPT_URL, url);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_HTTPHEADER, x->headers);

    rc |= (int) curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, x);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_PREREQDATA, x);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);

    rc |= (int) curl_easy_setopt(easy, CURLOPT_FORBID_REUSE,
                                 x->reuse ? 0L : 1L);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT,
                                 x->stale ? 1L : 0L);

    /*
     * As a whole in memory the body leaves with the header, and takes no
     * buffer of 16 KB for as long as the answer is awaited.
     */

    if (x->handle.kind == NGX_HTTP_PORTONE_CURL_HANDLE_POST) {
        rc |= (int) curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body->data);
        rc |= (int) curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                     (curl_off_t) body->len);
    }

    return rc;
}


/* each of the addresses left gets the same part of the time left to connect */

static int
ngx_http_portone_curl_call_set_timeouts(ngx_http_portone_curl_call_t *x)
{
    int                             rc;
    size_t                          i;
    ngx_uint_t                      n;
    ngx_msec_t                      spent, connect, total;
    ngx_http_portone_api_server_t  *ep;

    ep = x->transfer->server;
    n = 1;

    for (i = 0; i < x->addrs.len; i++) {
        if (x->addrs.data[i] == ',') {
            n++;
        }
    }

    spent = ngx_current_msec - x->connect_start;

    connect = ep->connect_timeout;
    total = connect + ep->read_timeout;

    connect = (spent < connect) ? (connect - spent) / n : 0;
    total = (spent < total) ? total - spent : 0;

    /* 0 would stand for libcurl's defaults */

    rc = (int) curl_easy_setopt(x->handle.easy, CURLOPT_CONNECTTIMEOUT_MS,
                                (long) ngx_max(connect, 1));
    rc |= (int) curl_easy_setopt(x->handle.easy, CURLOPT_TIMEOUT_MS,
                                 (long) ngx_max(total, 1));

    return rc;
}


static int
ngx_http_portone_curl_call_set_address(ngx_http_portone_curl_call_t *x)
{
    int                             rc;
    CURL                           *easy;
    u_char                         *p, *last;
    ngx_str_t                      *host, addr;
    ngx_http_portone_api_server_t  *ep;

    easy = x->handle.easy;
    ep = x->transfer->server;
    host = &ep->host;

    addr = x->addrs;
    last = addr.data + addr.len;
    p = ngx_strlchr(addr.data, last, ',');

    if (p) {
        addr.len = p - addr.data;
        x->addrs.data = p + 1;
        x->addrs.len = last - x->addrs.data;

    } else {
        x->addrs.len = 0;
    }

    /* the list has no way to write an IPv6 address in the place of a name */

    if (ngx_strlchr(host->data, host->data + host->len, ':')) {
        return 0;
    }

    p = ngx_pnalloc(x->transfer->pool, host->len + addr.len + NGX_INT_T_LEN
                                       + sizeof("::"));
    if (p == NULL) {
        return 1;
    }

    ngx_sprintf(p, "%V:%ui:%V%Z", host, (ngx_uint_t) ep->port, &addr);

    rc = (int) curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION,
                                ngx_http_portone_curl_callback_lookup);

    if (!x->stale
        && ngx_strcmp(ngx_http_portone_curl_call_address, p) == 0)
    {
        x->listed = 1;
        x->puts = ngx_http_portone_curl_call_puts;

        rc |= (int) curl_easy_setopt(easy, CURLOPT_RESOLVE, NULL);

        return rc;
    }

    x->listed = 0;

    x->address.data = (char *) p;
    x->address.next = NULL;

    /*
     * replaces the address that libcurl has cached and does not age, so that
     * it never looks a name up by itself, which could block
     */

    ngx_http_portone_curl_call_address[0] = '\0';
    x->puts = ++ngx_http_portone_curl_call_puts;

    rc |= (int) curl_easy_setopt(easy, CURLOPT_RESOLVE, &x->address);

    return rc;
}


void
ngx_http_portone_curl_call_connected(ngx_http_portone_curl_call_t *x)
{
    /* that of a later exchange may have taken its place */

    if (!x->listed
        && x->address.data
        && x->puts == ngx_http_portone_curl_call_puts)
    {
        ngx_cpystrn((u_char *) ngx_http_portone_curl_call_address,
                    (u_char *) x->address.data,
                    sizeof(ngx_http_portone_curl_call_address));
    }
}


static ngx_int_t
ngx_http_portone_curl_call_header(ngx_http_portone_curl_call_t *x, char *name,
    ngx_str_t *value)
{
    u_char             *p;
    ngx_pool_t         *pool;
    struct curl_slist  *header;

    if (value->len == 0) {
        return NGX_OK;
    }

    pool = x->transfer->pool;

    header = ngx_palloc(pool, sizeof(struct curl_slist));
    if (header == NULL) {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(pool, ngx_strlen(name) + sizeof(": ") + value->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(p, "%s: %V%Z", name, value);

    header->data = (char *) p;
    header->next = x->headers;

    x->headers = header;

    return NGX_OK;
}


ngx_uint_t
ngx_http_portone_curl_call_more(ngx_http_portone_curl_call_t *x, CURLcode code)
{
    if (x->listed && !x->issued) {

        /*
         * another exchange may have put another address in its place, or
         * libcurl may not have it any more
         */

        if (x->puts != ngx_http_portone_curl_call_puts
            || code == CURLE_COULDNT_RESOLVE_HOST)
        {
            x->stale = 1;
        }

        ngx_http_portone_curl_call_address[0] = '\0';
    }

    return (x->addrs.len || x->stale)
           && !x->issued
           && !x->starved
           && ngx_current_msec - x->connect_start
              < x->transfer->server->connect_timeout;
}


/*
 * What was given to libcurl may have left, whatever it says of sending: also
 * a send() that fails can have sent.
 */

ngx_uint_t
ngx_http_portone_curl_call_sent(ngx_http_portone_curl_call_t *x)
{
    return x->issued;
}


void
ngx_http_portone_curl_call_unwait(ngx_http_portone_curl_call_t *x)
{
    if (x->waiting) {
        (*x->waiting)--;
        x->waiting = NULL;
    }
}


void
ngx_http_portone_curl_call_result(ngx_http_portone_curl_call_t *x,
    CURLcode code)
{
    long                      status;
    ngx_http_portone_call_t  *t;

    t = x->transfer;

    t->time = ngx_current_msec - x->start;

    if (x->added) {
        status = 0;
        (void) curl_easy_getinfo(x->handle.easy, CURLINFO_RESPONSE_CODE,
                                 &status);

        t->status = (ngx_uint_t) status;
    }

    /* to libcurl an answer that ends within its header is one */

    if (code == CURLE_OK && x->headed && t->status >= 200) {
        t->outcome = PORTONE_CALL_ANSWERED;
        t->reason = "";
        return;
    }

    t->answer.len = 0;
    t->reason = ngx_http_portone_curl_call_reason(x, code);

    if (ngx_http_portone_curl_call_sent(x)) {
        t->outcome = PORTONE_CALL_UNANSWERED;

    } else if (x->starved || code == CURLE_OUT_OF_MEMORY) {
        t->outcome = PORTONE_CALL_OVERLOADED;

    } else {
        t->outcome = PORTONE_CALL_NOT_SENT;
    }
}


static const char *
ngx_http_portone_curl_call_reason(ngx_http_portone_curl_call_t *x,
    CURLcode code)
{
    char  *p;

    if (x->reason) {
        return x->reason;
    }

    /* a second sending was prevented, which libcurl words as our fault */

    if (code == CURLE_ABORTED_BY_CALLBACK) {
        return "the connection was closed before an answer came";
    }

    if (code == CURLE_OK) {
        return "the connection was closed within the header of the answer";
    }

    if (x->error[0] == '\0') {
        return curl_easy_strerror(code);
    }

    /* it may quote the server */

    for (p = x->error; *p; p++) {
        if ((u_char) *p < 0x20 || (u_char) *p == 0x7f) {
            *p = ' ';
        }
    }

    return x->error;
}
