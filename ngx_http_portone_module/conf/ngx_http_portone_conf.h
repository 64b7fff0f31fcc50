
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_CONF_H_INCLUDED_
#define _NGX_HTTP_PORTONE_CONF_H_INCLUDED_


#include "ngx_http_portone.h"


/* the settings of the whole server, and the check of a location's settings */


char *ngx_http_portone_conf_store_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_portone_conf_zone_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_portone_conf_thread_pool_directive(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);

/*
 * ngx_http_portone_conf_full_name() makes the full path of a name; a relative
 * name is below the prefix.  NGX_ERROR: logged, a ".." would leave the prefix.
 */
ngx_int_t ngx_http_portone_conf_full_name(ngx_conf_t *cf, ngx_str_t *name);

/*
 * ngx_http_portone_conf_complete() checks the settings of a location that has
 * a handler and makes its API server and account.  NGX_ERROR: logged, with
 * the place of the handler's directive.
 */
ngx_int_t ngx_http_portone_conf_complete(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *plcf);


#endif /* _NGX_HTTP_PORTONE_CONF_H_INCLUDED_ */
