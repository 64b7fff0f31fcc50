
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_CONF_API_H_INCLUDED_
#define _NGX_HTTP_PORTONE_CONF_API_H_INCLUDED_


#include "ngx_http_portone.h"


/*
 * portone_api: the URL is stored NUL-terminated, and cut before trailing
 * slashes.  "http" is for loopback addresses only.
 */
char *ngx_http_portone_conf_api_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * ngx_http_portone_conf_api_create() makes the server that a location calls;
 * the name is looked up here unless the location has a resolver.  NULL:
 * logged.
 */
ngx_http_portone_api_server_t *ngx_http_portone_conf_api_create(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *plcf);

/* whether an IP address is one that only this machine reaches */
ngx_uint_t ngx_http_portone_conf_api_loopback(struct sockaddr *sa);


#endif /* _NGX_HTTP_PORTONE_CONF_API_H_INCLUDED_ */
