
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_portone_sandbox_module.h"
#include "ngx_http_portone_sandbox_zone.h"


static ngx_int_t ngx_http_portone_sandbox_zone_init(ngx_shm_zone_t *shm_zone,
    void *data);


/* by ngx_http_portone_sandbox_call_e */

static ngx_str_t  ngx_http_portone_sandbox_calls[] = {
    ngx_string("token"),
    ngx_string("cancel"),
    ngx_string("payment"),
    ngx_string("find"),
    ngx_string("other"),
    ngx_string("any")
};


ngx_http_portone_sandbox_zone_t *
ngx_http_portone_sandbox_zone_add(ngx_conf_t *cf, ngx_str_t *name,
    size_t size, const ngx_http_portone_sandbox_parts_t *parts)
{
    ngx_shm_zone_t                   *shm_zone;
    ngx_http_portone_sandbox_zone_t  *zone;

    shm_zone = ngx_shared_memory_add(cf, name, size,
                                     &ngx_http_portone_sandbox_module);
    if (shm_zone == NULL) {
        return NULL;
    }

    if (shm_zone->data) {
        return shm_zone->data;
    }

    zone = ngx_pcalloc(cf->pool, sizeof(ngx_http_portone_sandbox_zone_t));
    if (zone == NULL) {
        return NULL;
    }

    if (ngx_array_init(&zone->declared, cf->pool, 8,
                       sizeof(ngx_http_portone_sandbox_declared_t *))
        != NGX_OK)
    {
        return NULL;
    }

    zone->shm_zone = shm_zone;
    zone->parts = parts;

    shm_zone->init = ngx_http_portone_sandbox_zone_init;
    shm_zone->data = zone;

    return zone;
}


ngx_int_t
ngx_http_portone_sandbox_zone_declare(ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_declared_t *declared,
    ngx_http_portone_sandbox_declared_t **other)
{
    ngx_uint_t                             i;
    ngx_http_portone_sandbox_declared_t  **elt;

    elt = zone->declared.elts;

    for (i = 0; i < zone->declared.nelts; i++) {

        if (elt[i] == declared) {
            /* inherited by several locations */
            return NGX_OK;
        }

        if (elt[i]->imp_uid.len == declared->imp_uid.len
            && ngx_strncmp(elt[i]->imp_uid.data, declared->imp_uid.data,
                           declared->imp_uid.len)
               == 0)
        {
            *other = elt[i];
            return NGX_DECLINED;
        }
    }

    elt = ngx_array_push(&zone->declared);
    if (elt == NULL) {
        return NGX_ERROR;
    }

    *elt = declared;

    return NGX_OK;
}


static ngx_int_t
ngx_http_portone_sandbox_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_http_portone_sandbox_zone_t  *ozone = data;

    ngx_int_t                         rc;
    ngx_http_portone_sandbox_sh_t    *sh;
    ngx_http_portone_sandbox_zone_t  *zone;

    zone = shm_zone->data;
    zone->shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (ozone) {

        /* a reload: what happened so far stays */

        zone->sh = ozone->sh;

    } else {

        sh = ngx_slab_calloc(zone->shpool,
                             sizeof(ngx_http_portone_sandbox_sh_t));
        if (sh == NULL) {
            ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                          "portone sandbox zone \"%V\" is too small",
                          &shm_zone->shm.name);
            return NGX_ERROR;
        }

        zone->sh = sh;
        zone->shpool->data = sh;

        /* a full zone is answered and logged where it matters */

        zone->shpool->log_nomem = 0;

        ngx_rbtree_init(&sh->payments_rbtree, &sh->payments_sentinel,
                        ngx_str_rbtree_insert_value);
        ngx_rbtree_init(&sh->orders_rbtree, &sh->orders_sentinel,
                        ngx_str_rbtree_insert_value);
        ngx_queue_init(&sh->payments);
        ngx_queue_init(&sh->faults);
        ngx_queue_init(&sh->gates);
        ngx_queue_init(&sh->webhooks);
    }

    ngx_http_portone_sandbox_zone_lock(zone);

    rc = zone->parts->declare(zone, shm_zone->shm.log);

    ngx_http_portone_sandbox_zone_unlock(zone);

    return rc;
}


void
ngx_http_portone_sandbox_zone_lock(ngx_http_portone_sandbox_zone_t *zone)
{
    ngx_shmtx_lock(&zone->shpool->mutex);
}


void
ngx_http_portone_sandbox_zone_unlock(ngx_http_portone_sandbox_zone_t *zone)
{
    ngx_shmtx_unlock(&zone->shpool->mutex);
}


void *
ngx_http_portone_sandbox_zone_alloc(ngx_http_portone_sandbox_zone_t *zone,
    size_t size)
{
    return ngx_slab_alloc_locked(zone->shpool, size);
}


void
ngx_http_portone_sandbox_zone_free(ngx_http_portone_sandbox_zone_t *zone,
    void *p)
{
    if (p) {
        ngx_slab_free_locked(zone->shpool, p);
    }
}


ngx_int_t
ngx_http_portone_sandbox_zone_dup(ngx_http_portone_sandbox_zone_t *zone,
    ngx_str_t *dst, ngx_str_t *src)
{
    u_char  *p;

    if (src->len == 0) {
        ngx_str_null(dst);
        return NGX_OK;
    }

    p = ngx_slab_alloc_locked(zone->shpool, src->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, src->data, src->len);

    dst->data = p;
    dst->len = src->len;

    return NGX_OK;
}


ngx_int_t
ngx_http_portone_sandbox_zone_reset(ngx_http_portone_sandbox_zone_t *zone,
    ngx_log_t *log)
{
    ngx_http_portone_sandbox_sh_t              *sh;
    const ngx_http_portone_sandbox_clear_pt    *clear;

    sh = zone->sh;

    for (clear = zone->parts->clear; *clear; clear++) {
        (*clear)(zone);
    }

    ngx_memzero(sh->tokens, sizeof(sh->tokens));

    sh->tokens_issued = 0;
    sh->cancels_executed = 0;
    sh->clock_offset = 0;
    sh->clock_set = 0;
    sh->generation++;

    return zone->parts->declare(zone, log);
}


time_t
ngx_http_portone_sandbox_zone_now(ngx_http_portone_sandbox_zone_t *zone,
    time_t offset)
{
    return ngx_time() + (zone->sh->clock_set ? zone->sh->clock_offset
                                             : offset);
}


ngx_str_t *
ngx_http_portone_sandbox_zone_call_name(ngx_uint_t call)
{
    return &ngx_http_portone_sandbox_calls[call];
}


ngx_int_t
ngx_http_portone_sandbox_zone_call_by_name(u_char *name, size_t len)
{
    ngx_int_t  i;

    for (i = 0; i <= NGX_HTTP_PORTONE_SANDBOX_ANY; i++) {
        if (ngx_http_portone_sandbox_calls[i].len == len
            && ngx_strncmp(ngx_http_portone_sandbox_calls[i].data, name, len)
               == 0)
        {
            return i;
        }
    }

    return NGX_ERROR;
}
