
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_CONF_SECRET_H_INCLUDED_
#define _NGX_HTTP_PORTONE_CONF_SECRET_H_INCLUDED_


#include "ngx_http_portone.h"


/*
 * ngx_http_portone_conf_secret_directive() sets the ngx_str_t at cmd->offset
 * to the text itself, or to the text that the file of "file:path" or the
 * variable of "env:NAME" holds now.
 */
char *ngx_http_portone_conf_secret_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


#endif /* _NGX_HTTP_PORTONE_CONF_SECRET_H_INCLUDED_ */
