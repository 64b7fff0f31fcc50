
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_timer.h"


static void ngx_http_portone_timer_handler(ngx_event_t *ev);


void
ngx_http_portone_timer_start(ngx_http_portone_timer_t *timer,
    ngx_cycle_t *cycle)
{
    if (ngx_worker != 0) {
        return;
    }

    timer->event.handler = ngx_http_portone_timer_handler;
    timer->event.data = timer;
    timer->event.log = cycle->log;
    timer->event.cancelable = 1;

    ngx_add_timer(&timer->event, timer->interval_ms);
}


void
ngx_http_portone_timer_stop(ngx_http_portone_timer_t *timer)
{
    if (timer->event.timer_set) {
        ngx_del_timer(&timer->event);
    }
}


static void
ngx_http_portone_timer_handler(ngx_event_t *ev)
{
    ngx_http_portone_timer_t *timer = ev->data;

    if (ngx_exiting) {
        return;
    }

    ngx_add_timer(ev, timer->interval_ms);

    timer->handler();
}
