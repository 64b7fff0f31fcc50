
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_VARIABLES_H_INCLUDED_
#define _NGX_HTTP_PORTONE_VARIABLES_H_INCLUDED_


#include "ngx_http_portone.h"


/* adds the variables of the module, before the configuration is read */
ngx_int_t ngx_http_portone_variables_add(ngx_conf_t *cf);


#endif /* _NGX_HTTP_PORTONE_VARIABLES_H_INCLUDED_ */
