
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_store_private.h"


/* ms */
#define NGX_HTTP_PORTONE_STORE_RETRY    10000
#define NGX_HTTP_PORTONE_STORE_CHECK    60000

/* seconds */
#define NGX_HTTP_PORTONE_STORE_REPORT   60


const char  *ngx_http_portone_store_state_names[] = {
    [PORTONE_DB_PAYMENTS] = "payments",
    [PORTONE_DB_MERCHANT_UIDS] = "merchant_uids",
    [PORTONE_DB_INTENTS] = "intents",
    [PORTONE_DB_ATTEMPTS] = "attempts",
    [PORTONE_DB_IDEMPOTENCY] = "idempotency",
    [PORTONE_DB_IDEMPOTENCY_EXPIRY] = "idempotency_expiry",
    [PORTONE_DB_JOURNAL] = "journal",
    [PORTONE_DB_META] = "meta"
};

_Static_assert(sizeof(ngx_http_portone_store_state_names) / sizeof(char *)
               == PORTONE_DB_MAX, "each database has a name");


void
ngx_http_portone_store_state_up(ngx_http_portone_store_t *store)
{
    store->state = NGX_HTTP_PORTONE_STORE_OPEN;
    store->open_reported = 0;
    store->repair = 0;

    ngx_http_portone_store_state_upkeep(store);
}


void
ngx_http_portone_store_state_down(ngx_http_portone_store_t *store)
{
    store->state = NGX_HTTP_PORTONE_STORE_CLOSED;

    ngx_http_portone_store_state_upkeep(store);
}


void
ngx_http_portone_store_state_upkeep(ngx_http_portone_store_t *store)
{
    if (store->upkeep.timer_set) {
        ngx_del_timer(&store->upkeep);
    }

    if (store->state != NGX_HTTP_PORTONE_STORE_OPEN) {
        ngx_add_timer(&store->upkeep, NGX_HTTP_PORTONE_STORE_RETRY);

    } else if (ngx_worker == 0) {
        ngx_add_timer(&store->upkeep, NGX_HTTP_PORTONE_STORE_CHECK);
    }
}


ngx_uint_t
ngx_http_portone_store_state_level(time_t *reported, ngx_uint_t level)
{
    time_t  now;

    now = ngx_time();

    if (*reported != 0 && now - *reported < NGX_HTTP_PORTONE_STORE_REPORT) {
        return NGX_LOG_INFO;
    }

    *reported = now;

    return level;
}


void
ngx_http_portone_store_state_failed(ngx_http_portone_store_t *store, int rc,
    const char *what)
{
    ngx_uint_t  level;

    level = ngx_http_portone_store_state_level(&store->commit_reported,
                                               NGX_LOG_CRIT);

    store->engine->log_error(store->data, level, store->log, rc, what);
}


void
ngx_http_portone_store_state_unreadable(portone_txn_t *txn, portone_db_e db,
    const portone_str_t *key)
{
    ngx_http_portone_engine_txn_t  *t;

    t = (ngx_http_portone_engine_txn_t *) txn;

    ngx_http_portone_store_state_add_unreadable(&t->unreadable, db, key);
}


void
ngx_http_portone_store_state_add_unreadable(
    ngx_http_portone_unreadable_t *unreadable, portone_db_e db,
    const portone_str_t *key)
{
    if (unreadable->n++ == 0) {
        unreadable->db = db;
        unreadable->len = ngx_min(key->len, PORTONE_KEY_MAX);

        ngx_memcpy(unreadable->key, key->data, unreadable->len);
    }
}


void
ngx_http_portone_store_state_log_unreadable(ngx_http_portone_store_t *store,
    ngx_http_portone_unreadable_t *unreadable, ngx_log_t *log)
{
    u_char      *p, *last;
    ngx_uint_t   level;

    if (unreadable->n == 0) {
        return;
    }

    p = unreadable->key;
    last = p + unreadable->len;

    switch (unreadable->db) {

    case PORTONE_DB_IDEMPOTENCY:

        /* the part that comes from the client stays out of the log */

        last = ngx_strlchr(p, last, '\0');

        if (last == NULL) {
            last = p;
        }

        break;

    case PORTONE_DB_IDEMPOTENCY_EXPIRY:
        last = p;
        break;

    default:
        break;
    }

    for ( /* void */ ; p < last; p++) {

        if (*p < 0x20 || *p == 0x7f) {
            *p = ' ';
        }
    }

    level = ngx_http_portone_store_state_level(&store->unreadable_reported,
                                               NGX_LOG_ERR);

    ngx_log_error(level, log, 0,
                  "store \"%V\": cannot read %ui of the records it had to, "
                  "the first is \"%*s\" in \"%s\"",
                  &store->path, unreadable->n,
                  (size_t) (last - unreadable->key),
                  unreadable->key,
                  ngx_http_portone_store_state_names[unreadable->db]);
}
