
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_DRIFT_H_INCLUDED_
#define _NGX_HTTP_PORTONE_DRIFT_H_INCLUDED_


#include "ngx_http_portone.h"


/*
 * A timer of one worker compares the stored payments with PortOne, a batch an
 * interval, and brings those up to date that differ: after refunds in the
 * console, undone refunds, a store that was restored from a backup.
 */


/* portone_drift_interval time | off */
char *ngx_http_portone_drift_interval(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

void ngx_http_portone_drift_init(ngx_cycle_t *cycle,
    ngx_http_portone_main_conf_t *pmcf);
void ngx_http_portone_drift_exit(void);


#endif /* _NGX_HTTP_PORTONE_DRIFT_H_INCLUDED_ */
