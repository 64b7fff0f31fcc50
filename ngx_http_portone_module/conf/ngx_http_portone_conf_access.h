
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_CONF_ACCESS_H_INCLUDED_
#define _NGX_HTTP_PORTONE_CONF_ACCESS_H_INCLUDED_


#include "ngx_http_portone.h"


/*
 * The warnings of nginx -t: locations that make refunds or show payments to
 * everybody who can connect, and files that others than their owner can use.
 */


/* keeps the location of cf for ngx_http_portone_conf_access_check() */
ngx_int_t ngx_http_portone_conf_access_add(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *plcf);

/*
 * ngx_http_portone_conf_access_check() warns of each location that is open to
 * everybody.  All of the configuration must have been merged.
 */
void ngx_http_portone_conf_access_check(ngx_conf_t *cf);

/*
 * Setters of directives call these.  _secret() warns if others can use the
 * open file; _store() returns NGX_ERROR (logged) if everybody can write to
 * the directory or to a file of the database, as far as they exist.
 */
void ngx_http_portone_conf_access_secret(ngx_conf_t *cf, ngx_fd_t fd,
    ngx_str_t *path);
ngx_int_t ngx_http_portone_conf_access_store(ngx_conf_t *cf, ngx_str_t *path);


#endif /* _NGX_HTTP_PORTONE_CONF_ACCESS_H_INCLUDED_ */
