
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_TIMER_H_INCLUDED_
#define _NGX_HTTP_PORTONE_TIMER_H_INCLUDED_


#include "ngx_http_portone.h"


/*
 * A timer that only the first worker has.  A worker that dies is replaced by
 * one with the same number.  In a reload two processes have the timer for a
 * while: the old one still ends what is under way.
 */

typedef struct {
    ngx_event_t     event;
    ngx_msec_t      interval_ms;
    void          (*handler)(void);    /* called each interval */
} ngx_http_portone_timer_t;


/* in a worker; the timer, filled in by the caller, lives as long as that */
void ngx_http_portone_timer_start(ngx_http_portone_timer_t *timer,
    ngx_cycle_t *cycle);
void ngx_http_portone_timer_stop(ngx_http_portone_timer_t *timer);


#endif /* _NGX_HTTP_PORTONE_TIMER_H_INCLUDED_ */
