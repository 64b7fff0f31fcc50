
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_curl_private.h"


/* handles that are kept, 6 KB each */
#define NGX_HTTP_PORTONE_CURL_HANDLES  128

/* seconds; servers commonly close an idle connection after 60 or more */
#define NGX_HTTP_PORTONE_IDLE_TIME        50L

/* seconds; by then a host that has moved is followed */
#define NGX_HTTP_PORTONE_CONNECTION_TIME  3600L

/* bytes; each transfer has one of libcurl's for as long as it waits */
#define NGX_HTTP_PORTONE_BUFFER_SIZE      2048L


static int ngx_http_portone_curl_handle_set_kind(
    ngx_http_portone_curl_call_t *curl_call);
static int ngx_http_portone_curl_handle_set_tls(
    ngx_http_portone_curl_call_t *curl_call);
static int ngx_http_portone_curl_handle_set_request(
    ngx_http_portone_curl_call_t *curl_call, char *url);
static int ngx_http_portone_curl_handle_set_timeouts(
    ngx_http_portone_curl_call_t *curl_call);
static int ngx_http_portone_curl_handle_set_address(
    ngx_http_portone_curl_call_t *curl_call);
static ngx_int_t ngx_http_portone_curl_handle_header(
    ngx_http_portone_curl_call_t *curl_call, char *name, ngx_str_t *value);


/* the last one was used last */

static ngx_http_portone_curl_handle_t
    ngx_http_portone_curl_handles[NGX_HTTP_PORTONE_CURL_HANDLES];
static ngx_uint_t  ngx_http_portone_curl_handles_n;


/* the system's certificates */
static const char  *ngx_http_portone_curl_handle_cafile;


/* an empty value makes libcurl leave out a header of its own */

static struct curl_slist  ngx_http_portone_curl_handle_get_headers[] = {
    { (char *) "Accept: application/json", NULL }
};

static struct curl_slist  ngx_http_portone_curl_handle_post_headers[] = {
    { (char *) "Content-Type: application/json",
      &ngx_http_portone_curl_handle_post_headers[1] },
    { (char *) "Expect:", &ngx_http_portone_curl_handle_get_headers[0] }
};


void
ngx_http_portone_curl_handle_init(void)
{
    curl_version_info_data  *info;

    /*
     * libcurl 7.87.0 and newer keeps the system's certificates parsed only if
     * it has them from a file alone, by default it has a directory as well.
     * To parse them costs each connection milliseconds of the event loop.
     */

    info = curl_version_info(CURLVERSION_NOW);

    if (info->cainfo && access(info->cainfo, R_OK) == 0) {
        ngx_http_portone_curl_handle_cafile = info->cainfo;
    }
}


ngx_int_t
ngx_http_portone_curl_handle_get(ngx_http_portone_curl_handle_t *handle,
    ngx_http_portone_call_t *call)
{
    ngx_uint_t                       i, n;
    ngx_http_portone_curl_handle_e   kind;
    ngx_http_portone_curl_handle_t  *handles;

    n = ngx_http_portone_curl_handles_n;
    handles = ngx_http_portone_curl_handles;
    kind = call->body.len ? NGX_HTTP_PORTONE_CURL_HANDLE_POST
                          : NGX_HTTP_PORTONE_CURL_HANDLE_GET;

    for (i = n; i > 0; i--) {

        if (handles[i - 1].server == call->server
            && handles[i - 1].kind == kind)
        {
            *handle = handles[i - 1];

            ngx_memmove(&handles[i - 1], &handles[i],
                        (n - i) * sizeof(ngx_http_portone_curl_handle_t));
            ngx_http_portone_curl_handles_n--;

            return NGX_OK;
        }
    }

    handle->easy = curl_easy_init();
    if (handle->easy == NULL) {
        return NGX_ERROR;
    }

    handle->server = call->server;
    handle->kind = kind;
    handle->used = 0;

    return NGX_OK;
}


void
ngx_http_portone_curl_handle_keep(ngx_http_portone_curl_handle_t *handle)
{
    CURL                            *easy;
    ngx_http_portone_curl_handle_t  *handles;

    easy = handle->easy;
    handles = ngx_http_portone_curl_handles;

    /*
     * A single process gets new servers at a reload, maybe at the addresses of
     * the old ones.
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

    handles[ngx_http_portone_curl_handles_n++] = *handle;
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


ngx_int_t
ngx_http_portone_curl_handle_setup(ngx_http_portone_curl_call_t *curl_call)
{
    int                       rc;
    u_char                   *url;
    ngx_http_portone_call_t  *call;

    call = curl_call->call;

    curl_call->headers = call->body.len
                             ? ngx_http_portone_curl_handle_post_headers
                             : ngx_http_portone_curl_handle_get_headers;

    if (ngx_http_portone_curl_handle_header(curl_call, "Tier", &call->tier)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_portone_curl_handle_header(curl_call, "Authorization",
                                            &call->authorization)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    url = ngx_pnalloc(call->pool, call->server->url.len + call->path.len + 1);
    if (url == NULL) {
        return NGX_ERROR;
    }

    ngx_sprintf(url, "%V%V%Z", &call->server->url, &call->path);

    if (curl_call->reconnect) {
        curl_call->addrs = curl_call->tried;

    } else {
        curl_call->tried = curl_call->addrs;
    }

    rc = 0;

    if (!curl_call->handle.used) {
        rc |= ngx_http_portone_curl_handle_set_kind(curl_call);
        rc |= ngx_http_portone_curl_handle_set_tls(curl_call);

        curl_call->handle.used = 1;
    }

    rc |= ngx_http_portone_curl_handle_set_request(curl_call, (char *) url);
    rc |= ngx_http_portone_curl_handle_set_timeouts(curl_call);
    rc |= ngx_http_portone_curl_handle_set_address(curl_call);

    curl_call->reconnect = 0;

    return rc ? NGX_ERROR : NGX_OK;
}


/*
 * The options that the requests of one kind to one server have in common.
 * Redirects, cookies, .netrc and Accept-Encoding stay off by libcurl's
 * defaults.
 */

static int
ngx_http_portone_curl_handle_set_kind(ngx_http_portone_curl_call_t *curl_call)
{
    int    rc;
    CURL  *easy;

    easy = curl_call->handle.easy;

    rc = (int) curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
                             curl_call->call->server->ssl ? "https" : "http");

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

    if (curl_call->handle.kind == NGX_HTTP_PORTONE_CURL_HANDLE_POST) {
        rc |= (int) curl_easy_setopt(easy, CURLOPT_POST, 1L);
    }

    return rc;
}


static int
ngx_http_portone_curl_handle_set_tls(ngx_http_portone_curl_call_t *curl_call)
{
    int                             rc;
    CURL                           *easy;
    const char                     *cafile;
    ngx_http_portone_api_server_t  *server;

    easy = curl_call->handle.easy;
    server = curl_call->call->server;

    if (!server->ssl) {
        return 0;
    }

    rc = (int) curl_easy_setopt(easy, CURLOPT_SSLVERSION,
                                (long) CURL_SSLVERSION_TLSv1_2);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER,
                                 server->ssl_verify ? 1L : 0L);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST,
                                 server->ssl_verify ? 2L : 0L);

    cafile = ngx_http_portone_curl_handle_cafile;

    if (server->ssl_trusted_certificate.len) {
        cafile = (char *) server->ssl_trusted_certificate.data;
    }

    if (cafile) {

        /* the NULL keeps the system's directory from being trusted too */

        rc |= (int) curl_easy_setopt(easy, CURLOPT_CAINFO, cafile);
        rc |= (int) curl_easy_setopt(easy, CURLOPT_CAPATH, (char *) NULL);
    }

    return rc;
}


/* each request sets all of these, over those of the request before */

static int
ngx_http_portone_curl_handle_set_request(
    ngx_http_portone_curl_call_t *curl_call, char *url)
{
    int         rc;
    CURL       *easy;
    ngx_str_t  *body;

    easy = curl_call->handle.easy;
    body = &curl_call->call->body;

    rc = (int) curl_easy_setopt(easy, CURLOPT_PRIVATE, curl_call);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, curl_call->error);

    rc |= (int) curl_easy_setopt(easy, CURLOPT_URL, url);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_HTTPHEADER, curl_call->headers);

    rc |= (int) curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, curl_call);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_PREREQDATA, curl_call);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_HEADERDATA, curl_call);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_WRITEDATA, curl_call);

    rc |= (int) curl_easy_setopt(easy, CURLOPT_FORBID_REUSE,
                                 curl_call->reuse ? 0L : 1L);
    rc |= (int) curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT,
                                 curl_call->reconnect ? 1L : 0L);

    /*
     * As a whole in memory the body leaves with the header, and needs no
     * buffer of 16 KB while the answer is awaited.
     */

    if (curl_call->handle.kind == NGX_HTTP_PORTONE_CURL_HANDLE_POST) {
        rc |= (int) curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body->data);
        rc |= (int) curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                     (curl_off_t) body->len);
    }

    return rc;
}


/* each of the addresses left gets the same part of the time left to connect */

static int
ngx_http_portone_curl_handle_set_timeouts(
    ngx_http_portone_curl_call_t *curl_call)
{
    int                             rc;
    CURL                           *easy;
    size_t                          i;
    ngx_uint_t                      n;
    ngx_msec_t                      spent, connect, total;
    ngx_http_portone_api_server_t  *server;

    server = curl_call->call->server;
    n = 1;

    for (i = 0; i < curl_call->addrs.len; i++) {
        if (curl_call->addrs.data[i] == ',') {
            n++;
        }
    }

    spent = ngx_current_msec - curl_call->connect_start;

    connect = server->connect_timeout;
    total = connect + server->read_timeout;

    connect = (spent < connect) ? (connect - spent) / n : 0;
    total = (spent < total) ? total - spent : 0;

    easy = curl_call->handle.easy;

    /* 0 would stand for libcurl's defaults */

    rc = (int) curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                                (long) ngx_max(connect, 1));
    rc |= (int) curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                                 (long) ngx_max(total, 1));

    return rc;
}


static int
ngx_http_portone_curl_handle_set_address(
    ngx_http_portone_curl_call_t *curl_call)
{
    int                             rc;
    CURL                           *easy;
    u_char                         *p, *last;
    ngx_str_t                      *host, addr;
    struct curl_slist              *list;
    ngx_http_portone_api_server_t  *server;

    easy = curl_call->handle.easy;
    server = curl_call->call->server;
    host = &server->host;

    addr = curl_call->addrs;
    last = addr.data + addr.len;
    p = ngx_strlchr(addr.data, last, ',');

    if (p) {
        addr.len = p - addr.data;
        curl_call->addrs.data = p + 1;
        curl_call->addrs.len = last - curl_call->addrs.data;

    } else {
        curl_call->addrs.len = 0;
    }

    /* the list cannot have an IPv6 address in the place of a name */

    if (ngx_strlchr(host->data, host->data + host->len, ':')) {
        return 0;
    }

    p = ngx_pnalloc(curl_call->call->pool,
                    host->len + addr.len + NGX_INT_T_LEN + sizeof("::"));
    if (p == NULL) {
        return 1;
    }

    ngx_sprintf(p, "%V:%ui:%V%Z", host, (ngx_uint_t) server->port, &addr);

    rc = (int) curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION,
                                ngx_http_portone_curl_callback_lookup);

    list = ngx_http_portone_curl_call_cache(curl_call, (char *) p);

    rc |= (int) curl_easy_setopt(easy, CURLOPT_RESOLVE, list);

    return rc;
}


static ngx_int_t
ngx_http_portone_curl_handle_header(ngx_http_portone_curl_call_t *curl_call,
    char *name, ngx_str_t *value)
{
    u_char             *p;
    ngx_pool_t         *pool;
    struct curl_slist  *header;

    if (value->len == 0) {
        return NGX_OK;
    }

    pool = curl_call->call->pool;

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
    header->next = curl_call->headers;

    curl_call->headers = header;

    return NGX_OK;
}
