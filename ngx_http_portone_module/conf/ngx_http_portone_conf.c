
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_conf.h"
#include "ngx_http_portone_conf_access.h"
#include "ngx_http_portone_cancel.h"
#include "ngx_http_portone_conf_api.h"
#include "ngx_http_portone_curl.h"
#include "ngx_http_portone_metrics.h"
#include "ngx_http_portone_payment.h"
#include "ngx_http_portone_status.h"
#include "ngx_http_portone_webhook.h"
#include "ngx_http_portone_zone.h"
#include "portone_json.h"

#include <ngx_md5.h>


#define NGX_HTTP_PORTONE_STORE_MIN     (1024 * 1024)

/* with an identifier of 40 characters, of 4 bytes at most, it fits a key */
#define NGX_HTTP_PORTONE_MERCHANT_MAX  64

#define NGX_HTTP_PORTONE_TIER_LEN      3

/* seconds that the answer of an idempotency key can be kept, at the most */
#define NGX_HTTP_PORTONE_TTL_MAX       (365 * 24 * 60 * 60)
#define NGX_HTTP_PORTONE_SETTLE_MAX    (24 * 60 * 60)

/* seconds that a claim may wait for its cancel to be sent, at the most */
#define NGX_HTTP_PORTONE_SEND_TIME     10


static ngx_int_t ngx_http_portone_needs_api(
    ngx_http_portone_loc_conf_t *plcf);
static ngx_int_t ngx_http_portone_idempotency_default(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *plcf);
static ngx_int_t ngx_http_portone_settle_time(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *plcf);
static ngx_http_portone_account_t *ngx_http_portone_account(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *plcf);
static void ngx_http_portone_account_digest(u_char *digest,
    ngx_http_portone_loc_conf_t *plcf, ngx_uint_t secret);


typedef struct {
    ngx_str_t                name;
    ngx_http_handler_pt      handler;
    ngx_uint_t               counted;   /* ngx_http_portone_request_e */
} ngx_http_portone_handler_t;


static ngx_http_portone_handler_t  ngx_http_portone_handlers[] = {
    { ngx_string("portone_cancel"), ngx_http_portone_cancel_handler,
      NGX_HTTP_PORTONE_REQUEST_REFUND },
    { ngx_string("portone_payment"), ngx_http_portone_payment_handler,
      NGX_HTTP_PORTONE_REQUEST_PAYMENT },
    { ngx_string("portone_webhook"), ngx_http_portone_webhook_handler,
      NGX_HTTP_PORTONE_REQUEST_WEBHOOK },
    { ngx_string("portone_status"), ngx_http_portone_status_handler,
      NGX_HTTP_PORTONE_REQUEST_MAX },
    { ngx_null_string, NULL, 0 }
};


char *
ngx_http_portone_store_directive(ngx_conf_t *cf, ngx_command_t *cmd,
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

        if (size == NGX_ERROR || size < NGX_HTTP_PORTONE_STORE_MIN) {
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

    if (ngx_http_portone_full_name(cf, &value[1]) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_portone_conf_access_store(cf, &value[1]) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    pmcf->store_path = value[1];

    /* so nginx makes the directory, 0700, for the user of the workers */

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
ngx_http_portone_full_name(ngx_conf_t *cf, ngx_str_t *name)
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
ngx_http_portone_zone_directive(ngx_conf_t *cf, ngx_command_t *cmd,
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


/* now, so that a pool that is not declared is told with this line */

char *
ngx_http_portone_thread_pool_directive(ngx_conf_t *cf, ngx_command_t *cmd,
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


char *
ngx_http_portone_api_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_portone_loc_conf_t *plcf = conf;

    ngx_str_t  *value;

    if (plcf->api.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    return ngx_http_portone_conf_api_check(cf, &value[1], &plcf->api);
}


/* portone_merchant and portone_tier */

char *
ngx_http_portone_text_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    char  *p = conf;

    ngx_str_t      *field, *value;
    ngx_uint_t      i, tier;
    portone_str_t   text;

    field = (ngx_str_t *) (p + cmd->offset);

    if (field->data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    tier = (cmd->offset == offsetof(ngx_http_portone_loc_conf_t, tier));

    if (!tier) {
        text.len = value[1].len;
        text.data = (char *) value[1].data;

        if (text.len == 0
            || text.len > NGX_HTTP_PORTONE_MERCHANT_MAX
            || portone_str_utf8_length(text.data, text.len) == SIZE_MAX
            || portone_str_has_control(&text))
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid merchant \"%V\", it must have 1 to "
                               "%d bytes of text", &value[1],
                               NGX_HTTP_PORTONE_MERCHANT_MAX);
            return NGX_CONF_ERROR;
        }

    } else {

        for (i = 0; i < value[1].len; i++) {

            if ((value[1].data[i] < 'A' || value[1].data[i] > 'Z')
                && (value[1].data[i] < '0' || value[1].data[i] > '9'))
            {
                break;
            }
        }

        if (value[1].len != NGX_HTTP_PORTONE_TIER_LEN || i < value[1].len) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid tier \"%V\", it must have %d "
                               "characters of A-Z and 0-9", &value[1],
                               NGX_HTTP_PORTONE_TIER_LEN);
            return NGX_CONF_ERROR;
        }
    }

    *field = value[1];

    return NGX_CONF_OK;
}


char *
ngx_http_portone_certificate_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_portone_loc_conf_t *plcf = conf;

    ngx_str_t        *value;
    ngx_file_info_t   fi;

    if (plcf->ssl_trusted_certificate.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_conf_full_name(cf->cycle, &value[1], 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    /*
     * libcurl reads it in the workers, maybe as another user: what can be
     * found out now is told now
     */

    if (ngx_file_info(value[1].data, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_file_info_n " \"%V\" failed", &value[1]);
        return NGX_CONF_ERROR;
    }

    plcf->ssl_trusted_certificate = value[1];

    return NGX_CONF_OK;
}


char *
ngx_http_portone_ttl_check(ngx_conf_t *cf, void *post, void *data)
{
    time_t *ttl = data;

    /* with 0, a repeated request would be another refund */

    if (*ttl < 1 || *ttl > NGX_HTTP_PORTONE_TTL_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"portone_idempotency_ttl\" must be from 1s to "
                           "365d");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_portone_settle_check(ngx_conf_t *cf, void *post, void *data)
{
    time_t *settle_time = data;

    if (*settle_time > NGX_HTTP_PORTONE_SETTLE_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"portone_settle_time\" must not be more than "
                           "1d");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_portone_match_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_portone_loc_conf_t *plcf = conf;

    ngx_str_t                         *value;
    ngx_http_portone_match_t          *match;
    ngx_http_compile_complex_value_t   ccv;

    value = cf->args->elts;

    if (value[1].len == 0) {
        return "needs the name of a field";
    }

    if (plcf->matches == NGX_CONF_UNSET_PTR) {
        plcf->matches = ngx_array_create(cf->pool, 2,
                                         sizeof(ngx_http_portone_match_t));
        if (plcf->matches == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    match = ngx_array_push(plcf->matches);
    if (match == NULL) {
        return NGX_CONF_ERROR;
    }

    match->field = value[1];

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &value[2];
    ccv.complex_value = &match->value;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* portone_cancel, portone_payment, portone_webhook, portone_status */

char *
ngx_http_portone_handler_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_portone_loc_conf_t *plcf = conf;

    ngx_str_t                   *value;
    ngx_http_core_loc_conf_t    *clcf;
    ngx_http_portone_handler_t  *h;

    if (plcf->handler.len) {

        if (plcf->handler.len == cmd->name.len
            && ngx_strncmp(plcf->handler.data, cmd->name.data, cmd->name.len)
               == 0)
        {
            return "is duplicate";
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" and \"%V\" cannot share a location",
                           &plcf->handler, &cmd->name);
        return NGX_CONF_ERROR;
    }

    for (h = ngx_http_portone_handlers; h->name.len != cmd->name.len
         || ngx_strncmp(h->name.data, cmd->name.data, h->name.len) != 0; h++)
    {
        /* void */
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

#if (NGX_PCRE)

    if (clcf->regex && h->handler == ngx_http_portone_payment_handler) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" cannot be used in a location given by a "
                           "regular expression: the order is what follows "
                           "the location's prefix", &cmd->name);
        return NGX_CONF_ERROR;
    }

#endif

    if (clcf->named && h->handler == ngx_http_portone_payment_handler) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" cannot be used in a named location: the "
                           "order is what follows the location's prefix",
                           &cmd->name);
        return NGX_CONF_ERROR;
    }

    if (h->handler == ngx_http_portone_payment_handler
        && cf->args->nelts == 2)
    {
        value = cf->args->elts;

        if (ngx_strcmp(value[1].data, "write") != 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[1]);
            return NGX_CONF_ERROR;
        }

        plcf->payment_write = 1;
    }

    clcf->handler = h->handler;

    plcf->counted = h->counted;
    plcf->handler = cmd->name;
    plcf->file = cf->conf_file->file.name;
    plcf->line = cf->conf_file->line;

    if (ngx_http_portone_conf_access_add(cf, plcf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


void
ngx_http_portone_inherit_handler(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *prev, ngx_http_portone_loc_conf_t *conf)
{
    ngx_http_core_loc_conf_t    *clcf;
    ngx_http_portone_handler_t  *h;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (!clcf->lmt_excpt || clcf->handler || prev->handler.len == 0) {
        return;
    }

    for (h = ngx_http_portone_handlers; h->name.len; h++) {

        if (h->name.len == prev->handler.len
            && ngx_strncmp(h->name.data, prev->handler.data, h->name.len)
               == 0)
        {
            clcf->handler = h->handler;
        }
    }

    conf->handler = prev->handler;
    conf->payment_write = prev->payment_write;
    conf->file = prev->file;
    conf->line = prev->line;
}


ngx_int_t
ngx_http_portone_complete(ngx_conf_t *cf, ngx_http_portone_loc_conf_t *plcf)
{
    const char                    *missing;
    ngx_http_portone_loc_conf_t  **slot;
    ngx_http_portone_main_conf_t  *pmcf;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_portone_module);

    /* what there is to tell, it tells; what is missing, too */

    if (plcf->counted == NGX_HTTP_PORTONE_REQUEST_MAX) {
        return NGX_OK;
    }

    missing = NULL;

    if (pmcf->store == NULL) {
        missing = "portone_store";

    } else if (ngx_http_portone_needs_api(plcf)) {

        if (plcf->imp_key.len == 0) {
            missing = "portone_imp_key";

        } else if (plcf->imp_secret.len == 0) {
            missing = "portone_imp_secret";
        }
    }

    if (missing) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%V\" needs \"%s\" in %V:%ui",
                      &plcf->handler, missing, &plcf->file, plcf->line);
        return NGX_ERROR;
    }

    if (!ngx_http_portone_needs_api(plcf)) {
        return NGX_OK;
    }

    if (plcf->idempotency_key == NULL
        && ngx_http_portone_idempotency_default(cf, plcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    plcf->endpoint = ngx_http_portone_conf_api_create(cf, plcf);
    if (plcf->endpoint == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_portone_settle_time(cf, plcf) != NGX_OK) {
        return NGX_ERROR;
    }

    plcf->account = ngx_http_portone_account(cf, plcf);
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
ngx_http_portone_idempotency_default(ngx_conf_t *cf,
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
 * A re-read that is believed while the cancel can still arrive would call a
 * refund not executed that is about to be.
 */

static ngx_int_t
ngx_http_portone_settle_time(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *plcf)
{
    ngx_msec_t                      call, settle, max;
    ngx_http_portone_api_server_t  *endpoint;

    endpoint = plcf->endpoint;

    /* what is longer than settle_time can be is too long, and adds up */

    max = (ngx_msec_t) NGX_HTTP_PORTONE_SETTLE_MAX * 1000;

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

    /* of whole seconds one more can have passed */

    plcf->send_time = ngx_min((settle - call) / 1000 - 1,
                              NGX_HTTP_PORTONE_SEND_TIME);

    return NGX_OK;
}


/* reading payments that are stored takes no keys */

static ngx_int_t
ngx_http_portone_needs_api(ngx_http_portone_loc_conf_t *plcf)
{
    return plcf->fetch
           || ngx_strcmp(plcf->handler.data, "portone_payment") != 0;
}


static ngx_http_portone_account_t *
ngx_http_portone_account(ngx_conf_t *cf, ngx_http_portone_loc_conf_t *plcf)
{
    u_char                         digest[NGX_HTTP_PORTONE_DIGEST_LEN];
    u_char                         fingerprint[NGX_HTTP_PORTONE_DIGEST_LEN];
    ngx_uint_t                     i;
    ngx_http_portone_account_t    *account, **slot;
    ngx_http_portone_main_conf_t  *pmcf;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_portone_module);

    ngx_http_portone_account_digest(digest, plcf, 1);

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

    ngx_http_portone_account_digest(fingerprint, plcf, 0);

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
ngx_http_portone_account_digest(u_char *digest,
    ngx_http_portone_loc_conf_t *plcf, ngx_uint_t secret)
{
    ngx_md5_t  md5;

    /* the NUL bytes keep "ab" "c" apart from "a" "bc" */

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
