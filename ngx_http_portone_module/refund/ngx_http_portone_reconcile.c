
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_reconcile.h"
#include "ngx_http_portone_flow.h"
#include "ngx_http_portone_store.h"
#include "ngx_http_portone_timer.h"


/* how many refunds are settled at the same time */
#define NGX_HTTP_PORTONE_RECONCILE_MAX  PORTONE_DUE_MAX


typedef struct {
    ngx_http_portone_main_conf_t  *pmcf;
    ngx_http_portone_timer_t       timer;
    portone_due_list_t             list;

    /* keys of the refunds being settled; a len of 0 is a free place */
    portone_key_t                  keys[NGX_HTTP_PORTONE_RECONCILE_MAX];
    ngx_uint_t                     active;

    ngx_event_t                    next;       /* posted: look on */
    unsigned                       more:1;     /* the list goes on */
    unsigned                       learned:1;  /* PortOne has answered since
                                                  the last look */
    unsigned                       told:1;     /* missing keys were logged in
                                                  this interval */
} ngx_http_portone_reconcile_t;


static void ngx_http_portone_reconcile_timer(void);
static void ngx_http_portone_reconcile_look(ngx_event_t *ev);
static void ngx_http_portone_reconcile_go_on(void);
static void ngx_http_portone_reconcile_settle(portone_due_t *due);
static portone_key_t *ngx_http_portone_reconcile_place(portone_key_t *key);
static ngx_http_portone_loc_conf_t *ngx_http_portone_reconcile_location(
    portone_due_t *due);
static void ngx_http_portone_reconcile_done(ngx_http_portone_flow_t *flow,
    void *data);


static ngx_http_portone_reconcile_t  ngx_http_portone_reconcile;


char *
ngx_http_portone_reconcile_check(ngx_conf_t *cf, void *post, void *data)
{
    ngx_msec_t *interval = data;

    if (*interval < 1000) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"portone_reconcile_interval\" must be at least "
                           "1s");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


void
ngx_http_portone_reconcile_init(ngx_cycle_t *cycle,
    ngx_http_portone_main_conf_t *pmcf)
{
    ngx_http_portone_reconcile_t  *reconcile;

    reconcile = &ngx_http_portone_reconcile;

    reconcile->pmcf = pmcf;

    reconcile->next.handler = ngx_http_portone_reconcile_look;
    reconcile->next.data = reconcile;
    reconcile->next.log = cycle->log;

    /*
     * In a reload two processes may look at a time: the first settlement wins,
     * the other finds the intent gone.
     */

    reconcile->timer.interval_ms = pmcf->reconcile_interval;
    reconcile->timer.handler = ngx_http_portone_reconcile_timer;

    ngx_http_portone_timer_start(&reconcile->timer, cycle);
}


void
ngx_http_portone_reconcile_exit(void)
{
    ngx_http_portone_timer_stop(&ngx_http_portone_reconcile.timer);

    if (ngx_http_portone_reconcile.next.posted) {
        ngx_delete_posted_event(&ngx_http_portone_reconcile.next);
    }
}


static void
ngx_http_portone_reconcile_timer(void)
{
    ngx_http_portone_reconcile.told = 0;

    ngx_http_portone_reconcile_look(&ngx_http_portone_reconcile.next);
}


static void
ngx_http_portone_reconcile_look(ngx_event_t *ev)
{
    size_t                         i;
    ngx_http_portone_reconcile_t  *reconcile;

    reconcile = ev->data;

    if (ngx_exiting || reconcile->active == NGX_HTTP_PORTONE_RECONCILE_MAX) {
        return;
    }

    reconcile->more = 0;
    reconcile->learned = 0;

    reconcile->list.now = ngx_time();
    reconcile->list.max = NGX_HTTP_PORTONE_RECONCILE_MAX - reconcile->active;

    if (ngx_http_portone_store_read(reconcile->pmcf->store, portone_ledger_due,
                                    &reconcile->list, ev->log)
        != PORTONE_OK)
    {
        return;
    }

    reconcile->more = !reconcile->list.done;

    for (i = 0; i < reconcile->list.n; i++) {
        ngx_http_portone_reconcile_settle(&reconcile->list.due[i]);
    }

    ngx_http_portone_reconcile_go_on();
}


/*
 * The rest of the list follows at once: with the timer alone an outage that
 * has left thousands of refunds open would be felt for hours.  A part of the
 * list is looked at in one turn of the event loop.
 */

static void
ngx_http_portone_reconcile_go_on(void)
{
    ngx_http_portone_reconcile_t  *reconcile;

    reconcile = &ngx_http_portone_reconcile;

    if (reconcile->more
        && reconcile->active <= NGX_HTTP_PORTONE_RECONCILE_MAX / 2
        && !reconcile->next.posted)
    {
        ngx_post_event(&reconcile->next, &ngx_posted_next_events);
    }
}


static void
ngx_http_portone_reconcile_settle(portone_due_t *due)
{
    portone_key_t                 *place;
    portone_str_t                  merchant, imp_uid;
    ngx_http_portone_flow_t       *flow;
    ngx_http_portone_loc_conf_t   *plcf;
    ngx_http_portone_reconcile_t  *reconcile;

    reconcile = &ngx_http_portone_reconcile;

    place = ngx_http_portone_reconcile_place(&due->key);
    if (place == NULL) {
        return;
    }

    plcf = ngx_http_portone_reconcile_location(due);

    if (plcf == NULL) {

        if (reconcile->told) {
            return;
        }

        reconcile->told = 1;

        (void) portone_key_split(&due->key, &merchant, &imp_uid);

        ngx_log_error(NGX_LOG_ERR, reconcile->next.log, 0,
                      "no location has the keys to settle a refund of "
                      "merchant \"%*s\"",
                      merchant.len, merchant.data);
        return;
    }

    flow = ngx_http_portone_flow_create_settlement(reconcile->pmcf, plcf, due,
                                              ngx_http_portone_reconcile_done,
                                                   place);
    if (flow == NULL) {
        return;
    }

    *place = due->key;
    reconcile->active++;

    ngx_http_portone_flow_start(flow);
}


/* NULL: all places are taken, or the refund is being settled already */

static portone_key_t *
ngx_http_portone_reconcile_place(portone_key_t *key)
{
    ngx_uint_t      i;
    portone_key_t  *place, *free;

    free = NULL;

    for (i = 0; i < NGX_HTTP_PORTONE_RECONCILE_MAX; i++) {
        place = &ngx_http_portone_reconcile.keys[i];

        if (place->len == 0) {
            free = place;
            continue;
        }

        if (place->len == key->len
            && ngx_memcmp(place->data, key->data, key->len) == 0)
        {
            return NULL;
        }
    }

    return free;
}


/*
 * Returns a location with the same account; else, because keys are changed now
 * and then, one with another account of the same merchant; or NULL.
 */

static ngx_http_portone_loc_conf_t *
ngx_http_portone_reconcile_location(portone_due_t *due)
{
    ngx_str_t                     *fingerprint;
    ngx_uint_t                     i;
    portone_str_t                  merchant, imp_uid;
    ngx_http_portone_loc_conf_t  **location, *found;

    found = NULL;

    (void) portone_key_split(&due->key, &merchant, &imp_uid);

    location = ngx_http_portone_reconcile.pmcf->locations.elts;

    for (i = 0; i < ngx_http_portone_reconcile.pmcf->locations.nelts; i++) {

        if (location[i]->merchant.len != merchant.len
            || ngx_memcmp(location[i]->merchant.data, merchant.data,
                          merchant.len)
               != 0)
        {
            continue;
        }

        fingerprint = &location[i]->account->fingerprint;

        if (fingerprint->len == ngx_strlen(due->account)
            && ngx_memcmp(fingerprint->data, due->account, fingerprint->len)
               == 0)
        {
            return location[i];
        }

        if (found == NULL && location[i]->tier.len == ngx_strlen(due->tier)
            && ngx_memcmp(location[i]->tier.data, due->tier,
                          location[i]->tier.len)
               == 0)
        {
            found = location[i];
        }
    }

    return found;
}


static void
ngx_http_portone_reconcile_done(ngx_http_portone_flow_t *flow, void *data)
{
    portone_key_t *place = data;

    ngx_http_portone_reconcile_t  *reconcile;

    reconcile = &ngx_http_portone_reconcile;

    place->len = 0;
    reconcile->active--;

    if (flow->core.learned
        || flow->core.opened_state == PORTONE_STATE_MANUAL_REVIEW)
    {
        reconcile->learned = 1;
    }

    /* PortOne is down: wait for the timer */

    if (reconcile->learned) {
        ngx_http_portone_reconcile_go_on();
    }
}
