
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_RECONCILE_H_INCLUDED_
#define _NGX_HTTP_PORTONE_RECONCILE_H_INCLUDED_


#include "ngx_http_portone.h"


/*
 * The reconciler: one worker looks for open refunds whose time has come, every
 * portone_reconcile_interval, and has them settled.
 */


/* the check of portone_reconcile_interval's value */
char *ngx_http_portone_reconcile_check(ngx_conf_t *cf, void *post,
    void *data);

/* called in each worker; the first worker alone has a reconciler */
void ngx_http_portone_reconcile_init(ngx_cycle_t *cycle,
    ngx_http_portone_main_conf_t *pmcf);
void ngx_http_portone_reconcile_exit(void);


#endif /* _NGX_HTTP_PORTONE_RECONCILE_H_INCLUDED_ */
