
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_ERROR_STATUS_H_INCLUDED_
#define _NGX_HTTP_PORTONE_ERROR_STATUS_H_INCLUDED_


#include "ngx_http_portone.h"


/* the setter of portone_error_status */
char *ngx_http_portone_error_status(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * Returns the HTTP status of an error: that of the first portone_error_status
 * that fits, else the error's own.  code and message are PortOne's; code
 * NULL: the error is this module's.
 */
ngx_uint_t ngx_http_portone_error_status_get(
    ngx_http_portone_loc_conf_t *plcf, portone_error_e error, int64_t *code,
    portone_str_t *message);


#endif /* _NGX_HTTP_PORTONE_ERROR_STATUS_H_INCLUDED_ */
