
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_CONF_H_INCLUDED_
#define _NGX_HTTP_PORTONE_CONF_H_INCLUDED_


#include "ngx_http_portone.h"


/* the setters of the directives that need more than a slot */

char *ngx_http_portone_store_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_portone_zone_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_portone_thread_pool_directive(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
char *ngx_http_portone_api_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_portone_text_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_portone_certificate_directive(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
char *ngx_http_portone_match_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_portone_handler_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * the inside of limit_except has the handler of its location; portone_payment
 * may be written to by some and read by others then
 */
void ngx_http_portone_inherit_handler(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *prev, ngx_http_portone_loc_conf_t *conf);

/* the post handler of portone_idempotency_ttl */
char *ngx_http_portone_ttl_check(ngx_conf_t *cf, void *post, void *data);

/* the post handler of portone_settle_time */
char *ngx_http_portone_settle_check(ngx_conf_t *cf, void *post, void *data);

/*
 * "literal", "file:path" or "env:NAME" into the ngx_str_t at cmd->offset;
 * the text that a file or a variable held at that moment
 */
char *ngx_http_portone_conf_secret_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * the full path of a name; a relative one is taken from the prefix, and
 * NGX_ERROR (logged) if it leaves that
 */
ngx_int_t ngx_http_portone_full_name(ngx_conf_t *cf, ngx_str_t *name);

/*
 * ngx_http_portone_complete() checks the settings of a location that has a
 * handler and makes its endpoint and account.  NGX_ERROR: logged, with the
 * place of the handler's directive.
 */
ngx_int_t ngx_http_portone_complete(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *plcf);


#endif /* _NGX_HTTP_PORTONE_CONF_H_INCLUDED_ */
