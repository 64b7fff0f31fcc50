
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_CONF_LOCATION_H_INCLUDED_
#define _NGX_HTTP_PORTONE_CONF_LOCATION_H_INCLUDED_


#include "ngx_http_portone.h"


/* the setters of a location: its handler, account, time-outs and limits */


/* the longest portone_settle_time, s */
#define NGX_HTTP_PORTONE_CONF_SETTLE_MAX  (24 * 60 * 60)


/* portone_cancel, portone_payment and portone_webhook */
char *ngx_http_portone_conf_location_handler(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);

/* portone_status */
char *ngx_http_portone_conf_location_status(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);

char *ngx_http_portone_conf_location_merchant(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
char *ngx_http_portone_conf_location_tier(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* portone_ssl_trusted_certificate */
char *ngx_http_portone_conf_location_certificate(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);

/* portone_match */
char *ngx_http_portone_conf_location_match(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* the post handlers of portone_idempotency_ttl and portone_settle_time */
char *ngx_http_portone_conf_location_ttl_check(ngx_conf_t *cf, void *post,
    void *data);
char *ngx_http_portone_conf_location_settle_check(ngx_conf_t *cf, void *post,
    void *data);

/*
 * ngx_http_portone_conf_location_inherit() gives the handler of a location to
 * the inside of its limit_except, so that some clients may write to
 * portone_payment and others read.
 */
void ngx_http_portone_conf_location_inherit(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *prev, ngx_http_portone_loc_conf_t *conf);


#endif /* _NGX_HTTP_PORTONE_CONF_LOCATION_H_INCLUDED_ */
