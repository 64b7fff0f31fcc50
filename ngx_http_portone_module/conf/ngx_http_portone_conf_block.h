
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_CONF_BLOCK_H_INCLUDED_
#define _NGX_HTTP_PORTONE_CONF_BLOCK_H_INCLUDED_


#include "ngx_http_portone.h"


/*
 * The text of a block of the configuration: which directives stand there,
 * those of other modules included, whose structures are private.
 */


/* name and arg, which can be empty, are as written between their quotes */
typedef void (*ngx_http_portone_conf_block_pt)(ngx_str_t *name,
    ngx_str_t *arg, void *data);


/* notes the block that nginx has just begun to read, for _read() */
void ngx_http_portone_conf_block_note(ngx_conf_t *cf,
    ngx_http_portone_block_t *block);

/*
 * ngx_http_portone_conf_block_read() calls handler for each directive of the
 * block that ends with ";", and for those of its include files; blocks inside
 * are skipped.  NGX_DECLINED: the text is readable in part only, because it
 * has Lua, comes from the command line or has changed.
 */
ngx_int_t ngx_http_portone_conf_block_read(ngx_conf_t *cf,
    ngx_http_portone_block_t *block, ngx_http_portone_conf_block_pt handler,
    void *data);


#endif /* _NGX_HTTP_PORTONE_CONF_BLOCK_H_INCLUDED_ */
