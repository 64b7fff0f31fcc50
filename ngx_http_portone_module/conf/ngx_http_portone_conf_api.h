
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_CONF_API_H_INCLUDED_
#define _NGX_HTTP_PORTONE_CONF_API_H_INCLUDED_


#include "ngx_http_portone.h"


/*
 * ngx_http_portone_conf_api_check() looks at the form of portone_api's URL
 * and sets *api to it, NUL-terminated and without trailing slash.
 * "http" is for loopback addresses only.
 */
char *ngx_http_portone_conf_api_check(ngx_conf_t *cf, ngx_str_t *url,
    ngx_str_t *api);

/*
 * ngx_http_portone_conf_api_create() makes the endpoint of a location; the
 * name is looked up here unless the location has a resolver.  NULL: logged.
 */
ngx_http_portone_api_server_t *ngx_http_portone_conf_api_create(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *plcf);

/* whether an address is reached from this machine only; no UNIX sockets */
ngx_uint_t ngx_http_portone_conf_api_loopback(struct sockaddr *sa);


#endif /* _NGX_HTTP_PORTONE_CONF_API_H_INCLUDED_ */
