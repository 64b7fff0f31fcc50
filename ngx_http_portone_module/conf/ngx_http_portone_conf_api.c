
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_conf_api.h"
#include "ngx_http_portone_curl.h"


static char *ngx_http_portone_conf_api_check(ngx_conf_t *cf, ngx_str_t *url,
    ngx_str_t *api);
static ngx_int_t ngx_http_portone_conf_api_url(ngx_str_t *api, ngx_url_t *u,
    ngx_uint_t *ssl);
static ngx_int_t ngx_http_portone_conf_api_resolve(ngx_conf_t *cf,
    ngx_url_t *u, ngx_uint_t ssl, ngx_str_t *addrs);


char *
ngx_http_portone_conf_api_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_portone_loc_conf_t *plcf = conf;

    ngx_str_t  *value;

    if (plcf->api.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    return ngx_http_portone_conf_api_check(cf, &value[1], &plcf->api);
}


static char *
ngx_http_portone_conf_api_check(ngx_conf_t *cf, ngx_str_t *url,
    ngx_str_t *api)
{
    u_char      *p;
    ngx_url_t    u;
    ngx_str_t    addrs;
    ngx_uint_t   i, ssl;

    while (url->len && url->data[url->len - 1] == '/') {
        url->len--;
    }

    for (i = 0; i < url->len; i++) {

        if (url->data[i] <= ' ' || url->data[i] >= 0x7f
            || ngx_strchr("?#@\"<>\\^`{|}$", url->data[i]))
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid character in URL \"%V\"", url);
            return NGX_CONF_ERROR;
        }
    }

    p = ngx_pnalloc(cf->pool, url->len + 1);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    api->data = p;
    api->len = url->len;

    p = ngx_cpymem(p, url->data, url->len);
    *p = '\0';

    ngx_memzero(&u, sizeof(ngx_url_t));

    if (ngx_http_portone_conf_api_url(api, &u, &ssl) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid URL prefix in \"%V\", it must be "
                           "https://, or http:// for a loopback address",
                           api);
        return NGX_CONF_ERROR;
    }

    /* the form only: a resolver may still follow */

    u.no_resolve = 1;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s in URL \"%V\"",
                           u.err ? u.err : "error", api);
        return NGX_CONF_ERROR;
    }

    if (u.family == AF_UNIX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no UNIX domain socket can be in URL \"%V\"", api);
        return NGX_CONF_ERROR;
    }

    if (ssl) {
        return NGX_CONF_OK;
    }

    if (ngx_http_portone_conf_api_url(api, &u, &ssl) != NGX_OK
        || ngx_http_portone_conf_api_resolve(cf, &u, ssl, &addrs) != NGX_OK)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s in URL \"%V\"",
                           u.err ? u.err : "error", api);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* fills in the arguments of ngx_parse_url(); NGX_ERROR: another scheme */

static ngx_int_t
ngx_http_portone_conf_api_url(ngx_str_t *api, ngx_url_t *u, ngx_uint_t *ssl)
{
    size_t  add;

    ngx_memzero(u, sizeof(ngx_url_t));

    if (api->len > 8
        && ngx_strncasecmp(api->data, (u_char *) "https://", 8) == 0)
    {
        add = 8;
        u->default_port = 443;
        *ssl = 1;

    } else if (api->len > 7
               && ngx_strncasecmp(api->data, (u_char *) "http://", 7) == 0)
    {
        add = 7;
        u->default_port = 80;
        *ssl = 0;

    } else {
        return NGX_ERROR;
    }

    u->url.data = api->data + add;
    u->url.len = api->len - add;
    u->uri_part = 1;

    return NGX_OK;
}


ngx_http_portone_api_server_t *
ngx_http_portone_conf_api_create(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *plcf)
{
    u_char                         *p;
    ngx_url_t                       u;
    ngx_uint_t                      ssl;
    ngx_http_core_loc_conf_t       *clcf;
    ngx_http_portone_api_server_t  *endpoint;

    endpoint = ngx_pcalloc(cf->pool, sizeof(ngx_http_portone_api_server_t));
    if (endpoint == NULL) {
        return NULL;
    }

    endpoint->url = plcf->api;
    endpoint->connect_timeout = plcf->connect_timeout;
    endpoint->read_timeout = plcf->read_timeout;
    endpoint->ssl_verify = plcf->ssl_verify;
    endpoint->ssl_trusted_certificate = plcf->ssl_trusted_certificate;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (ngx_http_portone_conf_api_url(&plcf->api, &u, &ssl) != NGX_OK) {
        return NULL;
    }

    endpoint->ssl = ssl;

    if (ssl && clcf->resolver && clcf->resolver->connections.nelts) {
        u.no_resolve = 1;
    }

    if (ngx_http_portone_conf_api_resolve(cf, &u, ssl, &endpoint->addrs)
        != NGX_OK)
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "%s in \"portone_api\" URL \"%V\" of \"%V\" in %V:%ui",
                      u.err ? u.err : "error", &plcf->api, &plcf->handler->name,
                      &plcf->file, plcf->line);
        return NULL;
    }

    p = ngx_pnalloc(cf->pool, u.host.len + 1);
    if (p == NULL) {
        return NULL;
    }

    endpoint->host.data = p;
    endpoint->host.len = u.host.len;

    p = ngx_cpymem(p, u.host.data, u.host.len);
    *p = '\0';

    endpoint->port = u.port ? u.port : u.default_port;

    if (endpoint->addrs.len == 0) {
        endpoint->resolver = clcf->resolver;
        endpoint->resolver_timeout = clcf->resolver_timeout;
    }

    return endpoint;
}


/* a list as libcurl takes it: "1.2.3.4,[::1]"; empty with u->no_resolve */

static ngx_int_t
ngx_http_portone_conf_api_resolve(ngx_conf_t *cf, ngx_url_t *u,
    ngx_uint_t ssl, ngx_str_t *addrs)
{
    u_char      *p;
    ngx_uint_t   i;

    ngx_str_null(addrs);

    if (ngx_parse_url(cf->pool, u) != NGX_OK) {
        return NGX_ERROR;
    }

    if (u->naddrs == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(cf->pool, u->naddrs * (NGX_SOCKADDR_STRLEN + 1));
    if (p == NULL) {
        return NGX_ERROR;
    }

    addrs->data = p;

    for (i = 0; i < u->naddrs; i++) {

        if (!ssl && !ngx_http_portone_conf_api_loopback(u->addrs[i].sockaddr))
        {
            u->err = "plain http to an address that is not loopback";
            return NGX_ERROR;
        }

        if (i) {
            *p++ = ',';
        }

        if (u->addrs[i].sockaddr->sa_family == AF_INET6) {
            *p++ = '[';
        }

        p += ngx_sock_ntop(u->addrs[i].sockaddr, u->addrs[i].socklen, p,
                           NGX_SOCKADDR_STRLEN, 0);

        /* ngx_sock_ntop() adds brackets only together with a port */

        if (u->addrs[i].sockaddr->sa_family == AF_INET6) {
            *p++ = ']';
        }
    }

    addrs->len = p - addrs->data;

    return NGX_OK;
}


ngx_uint_t
ngx_http_portone_conf_api_loopback(struct sockaddr *sa)
{
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    switch (sa->sa_family) {

    case AF_INET:
        sin = (struct sockaddr_in *) sa;
        return (ntohl(sin->sin_addr.s_addr) >> 24) == 127;

#if (NGX_HAVE_INET6)

    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sa;
        return IN6_IS_ADDR_LOOPBACK(&sin6->sin6_addr);

#endif

    default:
        return 0;
    }
}
