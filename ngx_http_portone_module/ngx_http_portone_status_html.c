
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_status.h"


const char  ngx_http_portone_status_policy[] = "default-src 'none'";


void
ngx_http_portone_status_html(ngx_http_portone_text_t *text,
    ngx_http_portone_status_t *status)
{
    ngx_http_portone_text(text, "<!doctype html>\n");
}
