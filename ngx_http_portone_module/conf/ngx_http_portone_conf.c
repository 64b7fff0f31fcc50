
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_conf.h"
#include "ngx_http_portone_conf_access.h"
#include "ngx_http_portone_conf_api.h"
#include "ngx_http_portone_conf_location.h"
#include "ngx_http_portone_curl.h"
#include "ngx_http_portone_zone.h"

#include <ngx_md5.h>


#define NGX_HTTP_PORTONE_CONF_STORE_MIN  (1024 * 1024)

/* the longest that a claim may wait for its cancel to be sent, s */
#define NGX_HTTP_PORTONE_CONF_SEND_TIME  10


static ngx_uint_t ngx_http_portone_conf_needs_api(
    ngx_http_portone_loc_conf_t *plcf);
static ngx_int_t ngx_http_portone_conf_idempotency(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *plcf);
static ngx_int_t ngx_http_portone_conf_settle_time(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *plcf);
static ngx_http_portone_account_t *ngx_http_portone_conf_account(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *plcf);
static void ngx_http_portone_conf_digest(u_char *digest,
    ngx_http_portone_loc_conf_t *plcf, ngx_uint_t secret);


char *
ngx_http_portone_conf_store_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_portone_main_conf_t *pmcf = conf;

    off_t        size;
    ngx_str_t   *value, s;
    ngx_path_t  *path;

    if (pmcf->store_path.len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "needs a path";
    }

    if (cf->args->nelts == 3) {

        if (value[2].len < 5 || ngx_strncmp(value[2].data, "size=", 5) != 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[2]);
            return NGX_CONF_ERROR;
        }

        s.data = value[2].data + 5;
        s.len = value[2].len - 5;

        size = ngx_parse_offset(&s);

        if (size == NGX_ERROR || size < NGX_HTTP_PORTONE_CONF_STORE_MIN) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid size \"%V\", it must be at least 1m",
                               &s);
            return NGX_CONF_ERROR;
        }

        /* LMDB wants a multiple of the page size */

        pmcf->store_size = ngx_align((size_t) size, (size_t) ngx_pagesize);
    }

    while (value[1].len > 1 && value[1].data[value[1].len - 1] == '/') {
        value[1].len--;
        value[1].data[value[1].len] = '\0';
    }

    if (ngx_http_portone_conf_full_name(cf, &value[1]) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_portone_conf_access_store(cf, &value[1]) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    pmcf->store_path = value[1];

    /* nginx makes the directory, 0700, for the user of the workers */

    path = ngx_pcalloc(cf->pool, sizeof(ngx_path_t));
    if (path == NULL) {
        return NGX_CONF_ERROR;
    }

    path->name = value[1];
    path->conf_file = cf->conf_file->file.name.data;
    path->line = cf->conf_file->line;

    if (ngx_add_path(cf, &path) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_portone_conf_full_name(ngx_conf_t *cf, ngx_str_t *name)
{
    u_char  *p, *last;

    if (name->data[0] != '/') {

        p = name->data;
        last = p + name->len;

        while (p < last) {

            if (last - p >= 2 && p[0] == '.' && p[1] == '.'
                && (last - p == 2 || p[2] == '/'))
            {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "path \"%V\" leaves the prefix, "
                                   "use an absolute one", name);
                return NGX_ERROR;
            }

            p = ngx_strlchr(p, last, '/');
            if (p == NULL) {
                break;
            }

            p++;
        }
    }

    return ngx_conf_full_name(cf->cycle, name, 0);
}


char *
ngx_http_portone_conf_zone_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_portone_main_conf_t *pmcf = conf;

    ssize_t     size;
    ngx_str_t  *value;

    if (pmcf->zone_size != NGX_CONF_UNSET_SIZE) {
        return "is duplicate";
    }

    value = cf->args->elts;

    size = ngx_parse_size(&value[1]);

    if (size == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid size \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    if (size < (ssize_t) (8 * ngx_pagesize)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "size \"%V\" is too small, it must be at least "
                           "%uz", &value[1], 8 * ngx_pagesize);
        return NGX_CONF_ERROR;
    }

    pmcf->zone_size = size;

    return NGX_CONF_OK;
}


/* adds the pool at once, so that an undeclared pool is told with this line */

char *
ngx_http_portone_conf_thread_pool_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_portone_main_conf_t *pmcf = conf;

    ngx_str_t  *value;

    if (pmcf->thread_pool.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_thread_pool_add(cf, &value[1]) == NULL) {
        return NGX_CONF_ERROR;
    }

    pmcf->thread_pool = value[1];

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_portone_conf_complete(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *plcf)
{
    const char                    *missing;
    ngx_http_portone_loc_conf_t  **slot;
    ngx_http_portone_main_conf_t  *pmcf;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_portone_module);

    missing = NULL;

    if (plcf->handler->needs_store && pmcf->store == NULL) {
        missing = "portone_store";

    } else if (ngx_http_portone_conf_needs_api(plcf)) {

        if (plcf->imp_key.len == 0) {
            missing = "portone_imp_key";

        } else if (plcf->imp_secret.len == 0) {
            missing = "portone_imp_secret";
        }
    }

    if (missing) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%V\" needs \"%s\" in %V:%ui",
                      &plcf->handler->name, missing, &plcf->file, plcf->line);
        return NGX_ERROR;
    }

    if (!ngx_http_portone_conf_needs_api(plcf)) {
        return NGX_OK;
    }

    if (plcf->idempotency_key == NULL
        && ngx_http_portone_conf_idempotency(cf, plcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    plcf->endpoint = ngx_http_portone_conf_api_create(cf, plcf);
    if (plcf->endpoint == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_portone_conf_settle_time(cf, plcf) != NGX_OK) {
        return NGX_ERROR;
    }

    plcf->account = ngx_http_portone_conf_account(cf, plcf);
    if (plcf->account == NULL) {
        return NGX_ERROR;
    }

    slot = ngx_array_push(&pmcf->locations);
    if (slot == NULL) {
        return NGX_ERROR;
    }

    *slot = plcf;

    return NGX_OK;
}


static ngx_int_t
ngx_http_portone_conf_idempotency(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *plcf)
{
    ngx_http_compile_complex_value_t  ccv;

    static ngx_str_t  value = ngx_string("$http_idempotency_key");

    plcf->idempotency_key = ngx_palloc(cf->pool,
                                       sizeof(ngx_http_complex_value_t));
    if (plcf->idempotency_key == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &value;
    ccv.complex_value = plcf->idempotency_key;

    return ngx_http_compile_complex_value(&ccv);
}


/*
 * A reading settles the refund after portone_settle_time: by then the cancel
 * must have arrived or failed, or the reading comes before it.
 */

static ngx_int_t
ngx_http_portone_conf_settle_time(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *plcf)
{
    ngx_msec_t                      call, settle, max;
    ngx_http_portone_api_server_t  *endpoint;

    endpoint = plcf->endpoint;

    /* clamp, or the sum may overflow */

    max = (ngx_msec_t) NGX_HTTP_PORTONE_CONF_SETTLE_MAX * 1000;

    call = ngx_min(endpoint->connect_timeout, max)
           + ngx_min(endpoint->read_timeout, max);

    if (endpoint->addrs.len == 0) {
        call += ngx_min(endpoint->resolver_timeout, max);
    }

    settle = (ngx_msec_t) plcf->settle_time * 1000;

    if (settle < call + 2000) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"portone_settle_time\" of %T s must be at least 2 s "
                      "longer than the %M ms that a call can take "
                      "in %V:%ui",
                      plcf->settle_time, call, &plcf->file, plcf->line);
        return NGX_ERROR;
    }

    /* ngx_time() truncates: up to a second more may have passed */

    plcf->send_time = ngx_min((settle - call) / 1000 - 1,
                              NGX_HTTP_PORTONE_CONF_SEND_TIME);

    return NGX_OK;
}


/* with portone_fetch off, portone_payment reads the store alone */

static ngx_uint_t
ngx_http_portone_conf_needs_api(ngx_http_portone_loc_conf_t *plcf)
{
    return plcf->handler->needs_api
           || (plcf->handler->has_path && plcf->fetch);
}


static ngx_http_portone_account_t *
ngx_http_portone_conf_account(ngx_conf_t *cf, ngx_http_portone_loc_conf_t *plcf)
{
    u_char                         digest[NGX_HTTP_PORTONE_DIGEST_LEN];
    u_char                         fingerprint[NGX_HTTP_PORTONE_DIGEST_LEN];
    ngx_uint_t                     i;
    ngx_http_portone_account_t    *account, **slot;
    ngx_http_portone_main_conf_t  *pmcf;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_portone_module);

    ngx_http_portone_conf_digest(digest, plcf, 1);

    slot = pmcf->accounts.elts;

    for (i = 0; i < pmcf->accounts.nelts; i++) {

        if (ngx_memcmp(slot[i]->digest, digest, sizeof(digest)) == 0) {
            return slot[i];
        }
    }

    account = ngx_pcalloc(cf->pool, sizeof(ngx_http_portone_account_t));
    if (account == NULL) {
        return NULL;
    }

    slot = ngx_array_push(&pmcf->accounts);
    if (slot == NULL) {
        return NULL;
    }

    *slot = account;

    ngx_memcpy(account->digest, digest, sizeof(digest));

    ngx_http_portone_conf_digest(fingerprint, plcf, 0);

    account->fingerprint.len = 2 * sizeof(fingerprint);
    account->fingerprint.data = ngx_pnalloc(cf->pool,
                                            account->fingerprint.len);

    if (account->fingerprint.data == NULL) {
        return NULL;
    }

    ngx_hex_dump(account->fingerprint.data, fingerprint, sizeof(fingerprint));

    account->imp_key = plcf->imp_key;
    account->imp_secret = plcf->imp_secret;
    account->tier = plcf->tier;

    ngx_queue_init(&account->waiters);

    return account;
}


static void
ngx_http_portone_conf_digest(u_char *digest,
    ngx_http_portone_loc_conf_t *plcf, ngx_uint_t secret)
{
    ngx_md5_t  md5;

    /* a NUL after each part tells "ab" "c" from "a" "bc" */

    ngx_md5_init(&md5);
    ngx_md5_update(&md5, plcf->api.data, plcf->api.len);
    ngx_md5_update(&md5, "", 1);
    ngx_md5_update(&md5, plcf->imp_key.data, plcf->imp_key.len);
    ngx_md5_update(&md5, "", 1);
    ngx_md5_update(&md5, plcf->tier.data, plcf->tier.len);

    if (secret) {
        ngx_md5_update(&md5, "", 1);
        ngx_md5_update(&md5, plcf->imp_secret.data, plcf->imp_secret.len);
    }

    ngx_md5_final(digest, &md5);
}
