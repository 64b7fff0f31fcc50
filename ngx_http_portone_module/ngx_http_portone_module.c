
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone.h"
#include "ngx_http_portone_conf.h"
#include "ngx_http_portone_conf_access.h"
#include "ngx_http_portone_conf_api.h"
#include "ngx_http_portone_conf_block.h"
#include "ngx_http_portone_conf_location.h"
#include "ngx_http_portone_conf_secret.h"
#include "ngx_http_portone_curl.h"
#include "ngx_http_portone_drift.h"
#include "ngx_http_portone_error_status.h"
#include "ngx_http_portone_metrics.h"
#include "ngx_http_portone_reconcile.h"
#include "ngx_http_portone_store.h"
#include "ngx_http_portone_variables.h"
#include "ngx_http_portone_zone.h"
#include "portone_arena.h"


#define NGX_HTTP_PORTONE_API         "https://api.iamport.kr"
#define NGX_HTTP_PORTONE_STORE_SIZE  (1024 * 1024 * 1024)
#define NGX_HTTP_PORTONE_ZONE_SIZE   (1024 * 1024)

/* chunks of 16 KB, so 64 MB; malloc() gives the rest */
#define NGX_HTTP_PORTONE_ARENA       4096

/* AddressSanitizer watches memory from malloc() */

#if defined __SANITIZE_ADDRESS__
#define NGX_HTTP_PORTONE_SANITIZED   1
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define NGX_HTTP_PORTONE_SANITIZED   1
#endif
#endif


static void *ngx_http_portone_create_main_conf(ngx_conf_t *cf);
static char *ngx_http_portone_init_main_conf(ngx_conf_t *cf, void *conf);
static void *ngx_http_portone_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_portone_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static ngx_int_t ngx_http_portone_init(ngx_conf_t *cf);
static ngx_int_t ngx_http_portone_init_process(ngx_cycle_t *cycle);
static void ngx_http_portone_exit_process(ngx_cycle_t *cycle);


static ngx_conf_enum_t  ngx_http_portone_languages[] = {
    { ngx_string("ko"), PORTONE_LANGUAGE_KO },
    { ngx_string("en"), PORTONE_LANGUAGE_EN },
    { ngx_null_string, 0 }
};


static ngx_conf_post_t  ngx_http_portone_reconcile_post = {
    ngx_http_portone_reconcile_check
};


static ngx_conf_post_t  ngx_http_portone_ttl_post = {
    ngx_http_portone_conf_location_ttl_check
};


static ngx_conf_post_t  ngx_http_portone_settle_post = {
    ngx_http_portone_conf_location_settle_check
};


static ngx_conf_num_bounds_t  ngx_http_portone_keepalive_bounds = {
    ngx_conf_check_num_bounds, 0, 10000
};


#define NGX_HTTP_PORTONE_ANY                                                  \
    NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF


static ngx_command_t  ngx_http_portone_commands[] = {

    { ngx_string("portone_cancel"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_portone_conf_location_handler,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("portone_payment"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS|NGX_CONF_TAKE1,
      ngx_http_portone_conf_location_handler,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("portone_webhook"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_portone_conf_location_handler,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("portone_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS|NGX_CONF_TAKE1,
      ngx_http_portone_conf_location_status,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("portone_store"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE12,
      ngx_http_portone_conf_store_directive,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("portone_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_portone_conf_zone_directive,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("portone_thread_pool"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_portone_conf_thread_pool_directive,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("portone_keepalive"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_portone_main_conf_t, keepalive),
      &ngx_http_portone_keepalive_bounds },

    { ngx_string("portone_reconcile_interval"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_portone_main_conf_t, reconcile_interval),
      &ngx_http_portone_reconcile_post },

    { ngx_string("portone_drift_interval"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_portone_drift_interval,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("portone_api"),
      NGX_HTTP_PORTONE_ANY|NGX_CONF_TAKE1,
      ngx_http_portone_conf_api_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("portone_imp_key"),
      NGX_HTTP_PORTONE_ANY|NGX_CONF_TAKE1,
      ngx_http_portone_conf_secret_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_portone_loc_conf_t, imp_key),
      NULL },

    { ngx_string("portone_imp_secret"),
      NGX_HTTP_PORTONE_ANY|NGX_CONF_TAKE1,
      ngx_http_portone_conf_secret_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_portone_loc_conf_t, imp_secret),
      NULL },

    { ngx_string("portone_merchant"),
      NGX_HTTP_PORTONE_ANY|NGX_CONF_TAKE1,
      ngx_http_portone_conf_location_merchant,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("portone_tier"),
      NGX_HTTP_PORTONE_ANY|NGX_CONF_TAKE1,
      ngx_http_portone_conf_location_tier,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("portone_include_sandbox"),
      NGX_HTTP_PORTONE_ANY|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_portone_loc_conf_t, include_sandbox),
      NULL },

    { ngx_string("portone_fetch"),
      NGX_HTTP_PORTONE_ANY|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_portone_loc_conf_t, fetch),
      NULL },

    { ngx_string("portone_require_amount"),
      NGX_HTTP_PORTONE_ANY|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_portone_loc_conf_t, require_amount),
      NULL },

    { ngx_string("portone_phone_month"),
      NGX_HTTP_PORTONE_ANY|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_portone_loc_conf_t, phone_month),
      NULL },

    { ngx_string("portone_match"),
      NGX_HTTP_PORTONE_ANY|NGX_CONF_TAKE2,
      ngx_http_portone_conf_location_match,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("portone_idempotency_key"),
      NGX_HTTP_PORTONE_ANY|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_portone_loc_conf_t, idempotency_key),
      NULL },

    { ngx_string("portone_idempotency_ttl"),
      NGX_HTTP_PORTONE_ANY|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_portone_loc_conf_t, idempotency_ttl),
      &ngx_http_portone_ttl_post },

    { ngx_string("portone_error_status"),
      NGX_HTTP_PORTONE_ANY|NGX_CONF_TAKE23,
      ngx_http_portone_error_status,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("portone_connect_timeout"),
      NGX_HTTP_PORTONE_ANY|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_portone_loc_conf_t, connect_timeout),
      NULL },

    { ngx_string("portone_read_timeout"),
      NGX_HTTP_PORTONE_ANY|NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_portone_loc_conf_t, read_timeout),
      NULL },

    { ngx_string("portone_settle_time"),
      NGX_HTTP_PORTONE_ANY|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_portone_loc_conf_t, settle_time),
      &ngx_http_portone_settle_post },

    { ngx_string("portone_ssl_verify"),
      NGX_HTTP_PORTONE_ANY|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_portone_loc_conf_t, ssl_verify),
      NULL },

    { ngx_string("portone_ssl_trusted_certificate"),
      NGX_HTTP_PORTONE_ANY|NGX_CONF_TAKE1,
      ngx_http_portone_conf_location_certificate,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("portone_language"),
      NGX_HTTP_PORTONE_ANY|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_portone_loc_conf_t, language),
      &ngx_http_portone_languages },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_portone_module_ctx = {
    ngx_http_portone_variables_add,        /* preconfiguration */
    ngx_http_portone_init,                 /* postconfiguration */

    ngx_http_portone_create_main_conf,     /* create main configuration */
    ngx_http_portone_init_main_conf,       /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_portone_create_loc_conf,      /* create location configuration */
    ngx_http_portone_merge_loc_conf        /* merge location configuration */
};


ngx_module_t  ngx_http_portone_module = {
    NGX_MODULE_V1,
    &ngx_http_portone_module_ctx,          /* module context */
    ngx_http_portone_commands,             /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_portone_init_process,         /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_portone_exit_process,         /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static void *
ngx_http_portone_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_portone_main_conf_t  *pmcf;

    pmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_portone_main_conf_t));
    if (pmcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     pmcf->store = NULL;
     *     pmcf->store_path = { 0, NULL };
     *     pmcf->store_size = 0;
     *     pmcf->thread_pool = { 0, NULL };
     *     pmcf->zone = NULL;
     *     pmcf->guarded = NULL;
     */

    if (ngx_array_init(&pmcf->accounts, cf->pool, 4,
                       sizeof(ngx_http_portone_account_t *))
        != NGX_OK
        || ngx_array_init(&pmcf->locations, cf->pool, 4,
                          sizeof(ngx_http_portone_loc_conf_t *))
           != NGX_OK)
    {
        return NULL;
    }

    pmcf->zone_size = NGX_CONF_UNSET_SIZE;
    pmcf->keepalive = NGX_CONF_UNSET_UINT;
    pmcf->reconcile_interval = NGX_CONF_UNSET_MSEC;
    pmcf->drift_interval = NGX_CONF_UNSET_MSEC;

    return pmcf;
}


static char *
ngx_http_portone_init_main_conf(ngx_conf_t *cf, void *conf)
{
    ngx_http_portone_main_conf_t *pmcf = conf;

    ngx_thread_pool_t  *thread_pool;

    ngx_conf_init_size_value(pmcf->zone_size, NGX_HTTP_PORTONE_ZONE_SIZE);
    ngx_conf_init_uint_value(pmcf->keepalive, 32);
    ngx_conf_init_msec_value(pmcf->reconcile_interval, 10000);
    ngx_conf_init_msec_value(pmcf->drift_interval, 0);

    if (pmcf->store_path.len == 0) {
        return NGX_CONF_OK;
    }

    if (pmcf->store_size == 0) {
        pmcf->store_size = NGX_HTTP_PORTONE_STORE_SIZE;
    }

    thread_pool = ngx_thread_pool_add(cf, pmcf->thread_pool.len
                                              ? &pmcf->thread_pool : NULL);
    if (thread_pool == NULL) {
        return NGX_CONF_ERROR;
    }

    pmcf->store = ngx_http_portone_store_create(cf, &pmcf->store_path,
                                                pmcf->store_size,
                                                thread_pool);
    if (pmcf->store == NULL) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static void *
ngx_http_portone_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_portone_loc_conf_t  *plcf;

    plcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_portone_loc_conf_t));
    if (plcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     plcf->parent = NULL;
     *     plcf->endpoint = NULL;
     *     plcf->account = NULL;
     *     plcf->api = { 0, NULL };
     *     plcf->imp_key = { 0, NULL };
     *     plcf->imp_secret = { 0, NULL };
     *     plcf->merchant = { 0, NULL };
     *     plcf->tier = { 0, NULL };
     *     plcf->ssl_trusted_certificate = { 0, NULL };
     *     plcf->idempotency_key = NULL;
     *     plcf->payment_write = 0;
     *     plcf->handler = NULL;
     *     plcf->status_format = 0;
     *     plcf->file = { 0, NULL };
     *     plcf->line = 0;
     */

    ngx_http_portone_conf_block_note(cf, &plcf->block);

    plcf->connect_timeout = NGX_CONF_UNSET_MSEC;
    plcf->read_timeout = NGX_CONF_UNSET_MSEC;
    plcf->settle_time = NGX_CONF_UNSET;
    plcf->include_sandbox = NGX_CONF_UNSET;
    plcf->fetch = NGX_CONF_UNSET;
    plcf->require_amount = NGX_CONF_UNSET;
    plcf->phone_month = NGX_CONF_UNSET;
    plcf->ssl_verify = NGX_CONF_UNSET;
    plcf->language = NGX_CONF_UNSET_UINT;
    plcf->idempotency_ttl = NGX_CONF_UNSET;
    plcf->matches = NGX_CONF_UNSET_PTR;
    plcf->error_statuses = NGX_CONF_UNSET_PTR;

    return plcf;
}


static char *
ngx_http_portone_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_portone_loc_conf_t *prev = parent;
    ngx_http_portone_loc_conf_t *conf = child;

    conf->parent = prev;

    ngx_conf_merge_str_value(conf->api, prev->api, NGX_HTTP_PORTONE_API);
    ngx_conf_merge_str_value(conf->imp_key, prev->imp_key, "");
    ngx_conf_merge_str_value(conf->imp_secret, prev->imp_secret, "");
    ngx_conf_merge_str_value(conf->merchant, prev->merchant, "default");
    ngx_conf_merge_str_value(conf->tier, prev->tier, "");
    ngx_conf_merge_str_value(conf->ssl_trusted_certificate,
                             prev->ssl_trusted_certificate, "");

    ngx_conf_merge_msec_value(conf->connect_timeout, prev->connect_timeout,
                              10000);
    ngx_conf_merge_msec_value(conf->read_timeout, prev->read_timeout, 60000);
    ngx_conf_merge_sec_value(conf->settle_time, prev->settle_time, 120);

    ngx_conf_merge_value(conf->include_sandbox, prev->include_sandbox, 0);
    ngx_conf_merge_value(conf->fetch, prev->fetch, 1);
    ngx_conf_merge_value(conf->require_amount, prev->require_amount, 0);
    ngx_conf_merge_value(conf->phone_month, prev->phone_month, 1);
    ngx_conf_merge_value(conf->ssl_verify, prev->ssl_verify, 1);
    ngx_conf_merge_uint_value(conf->language, prev->language,
                              PORTONE_LANGUAGE_KO);

    ngx_conf_merge_sec_value(conf->idempotency_ttl, prev->idempotency_ttl,
                             86400);

    if (conf->idempotency_key == NULL) {
        conf->idempotency_key = prev->idempotency_key;
    }

    ngx_conf_merge_ptr_value(conf->matches, prev->matches, NULL);
    ngx_conf_merge_ptr_value(conf->error_statuses, prev->error_statuses,
                             NULL);

    if (conf->handler == NULL) {
        ngx_http_portone_conf_location_inherit(cf, prev, conf);
    }

    if (conf->handler == NULL) {
        return NGX_CONF_OK;
    }

    if (ngx_http_portone_conf_complete(cf, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_portone_init(ngx_conf_t *cf)
{
    ngx_http_portone_main_conf_t  *pmcf;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_portone_module);

    ngx_http_portone_conf_access_check(cf);

    if (pmcf->accounts.nelts == 0 && !pmcf->status) {
        return NGX_OK;
    }

    if (pmcf->accounts.nelts
        && ngx_http_portone_curl_check(cf->log) != NGX_OK)
    {
        return NGX_ERROR;
    }

    pmcf->zone = ngx_http_portone_zone_add(cf, pmcf->zone_size,
                                           &pmcf->accounts,
                                           ngx_http_portone_store_check_events);

    return pmcf->zone ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_portone_init_process(ngx_cycle_t *cycle)
{
    ngx_http_portone_main_conf_t  *pmcf;

    /* the cache manager and its like leave refunds and store to workers */

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    pmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_portone_module);

    if (pmcf == NULL) {
        return NGX_OK;
    }

    if (pmcf->zone) {
        ngx_http_portone_zone_metrics(pmcf->zone, cycle->log);
    }

    /*
     * a failure is logged, and requests are answered with 503: other sites
     * of this server must live on
     */

    if (pmcf->store) {

#if !(NGX_HTTP_PORTONE_SANITIZED)

        /* malloc() takes the place of the arena, and is slower */

        if (portone_arena_init(NGX_HTTP_PORTONE_ARENA) == PORTONE_ERROR) {
            ngx_log_error(NGX_LOG_WARN, cycle->log, ngx_errno,
                          "no address space for JSON");
        }

#endif

        (void) ngx_http_portone_store_open(pmcf->store, cycle);
    }

    if (pmcf->accounts.nelts) {
        (void) ngx_http_portone_curl_init(cycle, pmcf->keepalive);

        ngx_http_portone_reconcile_init(cycle, pmcf);
        ngx_http_portone_drift_init(cycle, pmcf);
    }

    return NGX_OK;
}


static void
ngx_http_portone_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_portone_main_conf_t  *pmcf;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return;
    }

    pmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_portone_module);

    if (pmcf == NULL) {
        return;
    }

    if (pmcf->accounts.nelts) {
        ngx_http_portone_reconcile_exit();
        ngx_http_portone_drift_exit();
        ngx_http_portone_curl_exit(cycle);
    }

    if (pmcf->store) {
        ngx_http_portone_store_close(pmcf->store, cycle);
    }

    ngx_http_portone_metrics_close();
}
