
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_zone.h"
#include "portone_flow.h"


struct ngx_http_portone_slot_s {
    ngx_queue_t                queue;
    u_char                     digest[NGX_HTTP_PORTONE_DIGEST_LEN];
    ngx_http_portone_token_t   token;

    /* monotonic, the same clock in all processes of the machine */
    ngx_msec_t                 leased_until;
    ngx_pid_t                  leased_by;          /* 0: free */
};


/* the root of the zone */

typedef struct {
    ngx_queue_t                  slots;
    ngx_http_portone_metrics_t  *metrics;
    size_t                       position_len;
    char                         position[NGX_HTTP_PORTONE_POSITION];
} ngx_http_portone_zone_t;


/* the wishes of the configuration */

typedef struct {
    ngx_array_t                 *accounts;
    ngx_cycle_t                 *cycle;
    ngx_http_portone_zone_pt     check;
} ngx_http_portone_zone_conf_t;


static ngx_int_t ngx_http_portone_zone_init(ngx_shm_zone_t *shm_zone,
    void *data);
static ngx_http_portone_slot_t *ngx_http_portone_zone_find(
    ngx_slab_pool_t *shpool, ngx_queue_t *slots, u_char *digest);
static ngx_slab_pool_t *ngx_http_portone_zone_lock(
    ngx_http_portone_account_t *account);


static ngx_str_t  ngx_http_portone_zone_name = ngx_string("portone_zone");


ngx_shm_zone_t *
ngx_http_portone_zone_add(ngx_conf_t *cf, size_t size, ngx_array_t *accounts,
    ngx_http_portone_zone_pt check)
{
    ngx_uint_t                     i;
    ngx_shm_zone_t                *zone;
    ngx_http_portone_account_t   **account;
    ngx_http_portone_zone_conf_t  *conf;

    conf = ngx_palloc(cf->pool, sizeof(ngx_http_portone_zone_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    conf->accounts = accounts;
    conf->cycle = cf->cycle;
    conf->check = check;

    /* a reload keeps the zone by its tag, so the tag stays the same */

    zone = ngx_shared_memory_add(cf, &ngx_http_portone_zone_name, size,
                                 &ngx_http_portone_zone_name);
    if (zone == NULL) {
        return NULL;
    }

    zone->init = ngx_http_portone_zone_init;
    zone->data = conf;

    account = accounts->elts;

    for (i = 0; i < accounts->nelts; i++) {
        account[i]->zone = zone;
    }

    return zone;
}


static ngx_int_t
ngx_http_portone_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_uint_t                      i, workers;
    ngx_array_t                    *accounts;
    ngx_core_conf_t                *ccf;
    ngx_slab_pool_t                *shpool;
    ngx_http_portone_zone_t        *root;
    ngx_http_portone_account_t    **account;
    ngx_http_portone_zone_conf_t   *conf;

    conf = shm_zone->data;
    accounts = conf->accounts;

    if (accounts->nelts && conf->check(conf->cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    /*
     * A reload keeps the zone and the tokens in it: the old workers go on
     * using them beside the new ones.
     */

    if (data == NULL && !shm_zone->shm.exists) {

        root = ngx_slab_calloc(shpool, sizeof(ngx_http_portone_zone_t));
        if (root == NULL) {
            return NGX_ERROR;
        }

        ngx_queue_init(&root->slots);

        shpool->data = root;

        shpool->log_ctx = ngx_slab_alloc(shpool,
                                         sizeof(" in portone_zone"));
        if (shpool->log_ctx == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(shpool->log_ctx, " in portone_zone",
                   sizeof(" in portone_zone"));
    }

    root = shpool->data;

    account = accounts->elts;

    for (i = 0; i < accounts->nelts; i++) {

        account[i]->slot = ngx_http_portone_zone_find(shpool, &root->slots,
                                                      account[i]->digest);

        if (account[i]->slot == NULL) {
            ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                          "portone_zone of %uz bytes is too small for "
                          "%ui accounts", shm_zone->shm.size,
                          accounts->nelts);
            return NGX_ERROR;
        }
    }

    ccf = (ngx_core_conf_t *) ngx_get_conf(conf->cycle->conf_ctx,
                                           ngx_core_module);

    workers = ngx_max(ccf->worker_processes, 1);

    root->metrics = ngx_http_portone_metrics_init(shpool, root->metrics,
                                                  workers,
                                                  shm_zone->shm.size / 4);

    return root->metrics ? NGX_OK : NGX_ERROR;
}


static ngx_http_portone_slot_t *
ngx_http_portone_zone_find(ngx_slab_pool_t *shpool, ngx_queue_t *slots,
    u_char *digest)
{
    ngx_queue_t              *q;
    ngx_http_portone_slot_t  *slot;

    ngx_shmtx_lock(&shpool->mutex);

    for (q = ngx_queue_head(slots);
         q != ngx_queue_sentinel(slots);
         q = ngx_queue_next(q))
    {
        slot = ngx_queue_data(q, ngx_http_portone_slot_t, queue);

        if (ngx_memcmp(slot->digest, digest, NGX_HTTP_PORTONE_DIGEST_LEN)
            == 0)
        {
            goto done;
        }
    }

    slot = ngx_slab_calloc_locked(shpool, sizeof(ngx_http_portone_slot_t));

    if (slot != NULL) {
        ngx_memcpy(slot->digest, digest, NGX_HTTP_PORTONE_DIGEST_LEN);
        ngx_queue_insert_tail(slots, &slot->queue);
    }

done:

    ngx_shmtx_unlock(&shpool->mutex);

    return slot;
}


void
ngx_http_portone_zone_metrics(ngx_shm_zone_t *zone, ngx_log_t *log)
{
    ngx_slab_pool_t          *shpool;
    ngx_http_portone_zone_t  *root;

    shpool = (ngx_slab_pool_t *) zone->shm.addr;
    root = shpool->data;

    ngx_http_portone_metrics_open(shpool, root->metrics, log);
}


size_t
ngx_http_portone_zone_position(ngx_shm_zone_t *zone, char *position)
{
    size_t                    len;
    ngx_slab_pool_t          *shpool;
    ngx_http_portone_zone_t  *root;

    shpool = (ngx_slab_pool_t *) zone->shm.addr;
    root = shpool->data;

    ngx_shmtx_lock(&shpool->mutex);

    len = root->position_len;
    ngx_memcpy(position, root->position, len);

    ngx_shmtx_unlock(&shpool->mutex);

    return len;
}


void
ngx_http_portone_zone_set_position(ngx_shm_zone_t *zone, const char *position,
    size_t len)
{
    ngx_slab_pool_t          *shpool;
    ngx_http_portone_zone_t  *root;

    shpool = (ngx_slab_pool_t *) zone->shm.addr;
    root = shpool->data;

    ngx_shmtx_lock(&shpool->mutex);

    ngx_memcpy(root->position, position, len);
    root->position_len = len;

    ngx_shmtx_unlock(&shpool->mutex);
}


static ngx_slab_pool_t *
ngx_http_portone_zone_lock(ngx_http_portone_account_t *account)
{
    ngx_slab_pool_t  *shpool;

    /* held for the copying of one slot only */

    shpool = (ngx_slab_pool_t *) account->zone->shm.addr;

    ngx_shmtx_lock(&shpool->mutex);

    return shpool;
}


void
ngx_http_portone_zone_read(ngx_http_portone_account_t *account,
    ngx_http_portone_token_t *token)
{
    ngx_slab_pool_t  *shpool;

    shpool = ngx_http_portone_zone_lock(account);

    *token = account->slot->token;

    ngx_shmtx_unlock(&shpool->mutex);
}


ngx_int_t
ngx_http_portone_zone_lease(ngx_http_portone_account_t *account)
{
    ngx_int_t                   rc;
    ngx_slab_pool_t            *shpool;
    ngx_http_portone_slot_t    *slot;

    slot = account->slot;

    shpool = ngx_http_portone_zone_lock(account);

    if (slot->leased_by == 0
        || slot->leased_by == ngx_pid
        || (ngx_msec_int_t) (slot->leased_until - ngx_current_msec) <= 0)
    {
        slot->leased_by = ngx_pid;
        slot->leased_until = ngx_current_msec + NGX_HTTP_PORTONE_LEASE;
        rc = NGX_OK;

    } else {
        rc = NGX_DECLINED;
    }

    ngx_shmtx_unlock(&shpool->mutex);

    return rc;
}


void
ngx_http_portone_zone_grant(ngx_http_portone_account_t *account,
    ngx_http_portone_token_t *token)
{
    ngx_slab_pool_t          *shpool;
    ngx_http_portone_slot_t  *slot;

    slot = account->slot;

    shpool = ngx_http_portone_zone_lock(account);

    token->generation = slot->token.generation + 1;
    token->failures = slot->token.failures;
    token->failure = slot->token.failure;
    token->refused = 0;

    ngx_explicit_memzero(slot->token.data, PORTONE_TOKEN_MAX);

    slot->token = *token;
    slot->leased_by = 0;

    ngx_shmtx_unlock(&shpool->mutex);
}


void
ngx_http_portone_zone_fail(ngx_http_portone_account_t *account,
    ngx_uint_t result)
{
    ngx_slab_pool_t          *shpool;
    ngx_http_portone_slot_t  *slot;

    slot = account->slot;

    shpool = ngx_http_portone_zone_lock(account);

    slot->token.failures++;
    slot->token.failure = result;
    slot->leased_by = 0;

    /* a network that is down leaves the keys as they were */

    if (result == PORTONE_TOKEN_REFUSED) {
        slot->token.refused = 1;
    }

    ngx_shmtx_unlock(&shpool->mutex);
}


ngx_uint_t
ngx_http_portone_zone_refused(ngx_array_t *accounts)
{
    ngx_uint_t                    i, n;
    ngx_http_portone_account_t  **account;

    account = accounts->elts;
    n = 0;

    for (i = 0; i < accounts->nelts; i++) {
        n += account[i]->slot->token.refused;
    }

    return n;
}
