
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_portone_sandbox_faults.h"
#include "ngx_http_portone_sandbox_ledger.h"
#include "ngx_http_portone_sandbox_module.h"
#include "ngx_http_portone_sandbox_payments.h"
#include "ngx_http_portone_sandbox_request.h"


#define NGX_HTTP_PORTONE_SANDBOX_DEFAULT_SIZE  (8 * 1024 * 1024)
#define NGX_HTTP_PORTONE_SANDBOX_MIN_SIZE      (256 * 1024)
#define NGX_HTTP_PORTONE_SANDBOX_TOKEN_LIFE    1800

/* NGX_CONF_UNSET is -1, a valid offset */
#define NGX_HTTP_PORTONE_SANDBOX_NO_OFFSET     NGX_MAX_INT_T_VALUE


static void *ngx_http_portone_sandbox_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_portone_sandbox_merge_loc_conf(ngx_conf_t *cf,
    void *parent, void *child);
static char *ngx_http_portone_sandbox_merge_zone(ngx_conf_t *cf,
    ngx_http_portone_sandbox_loc_conf_t *prev,
    ngx_http_portone_sandbox_loc_conf_t *conf);
static char *ngx_http_portone_sandbox_merge_accounts(ngx_conf_t *cf,
    ngx_http_portone_sandbox_loc_conf_t *conf);
static char *ngx_http_portone_sandbox(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_portone_sandbox_zone(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_portone_sandbox_account(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_portone_sandbox_token_life(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_portone_sandbox_clock_offset(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_portone_sandbox_payment(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_http_portone_sandbox_payment_text(ngx_conf_t *cf,
    cJSON *given, ngx_http_portone_sandbox_declared_t *declared);


static ngx_command_t  ngx_http_portone_sandbox_commands[] = {

    { ngx_string("portone_sandbox"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_portone_sandbox,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("portone_sandbox_zone"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_portone_sandbox_zone,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("portone_sandbox_account"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE23,
      ngx_http_portone_sandbox_account,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("portone_sandbox_token_life"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_portone_sandbox_token_life,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("portone_sandbox_clock_offset"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_portone_sandbox_clock_offset,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("portone_sandbox_payment"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_portone_sandbox_payment,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("portone_sandbox_webhook"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE123,
      ngx_http_portone_sandbox_webhook,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_portone_sandbox_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_portone_sandbox_create_loc_conf,
                                           /* create location configuration */
    ngx_http_portone_sandbox_merge_loc_conf
                                           /* merge location configuration */
};


ngx_module_t  ngx_http_portone_sandbox_module = {
    NGX_MODULE_V1,
    &ngx_http_portone_sandbox_module_ctx,  /* module context */
    ngx_http_portone_sandbox_commands,     /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static const ngx_http_portone_sandbox_clear_pt
    ngx_http_portone_sandbox_clear[] =
{
    ngx_http_portone_sandbox_ledger_clear,
    ngx_http_portone_sandbox_faults_clear,
    ngx_http_portone_sandbox_faults_clear_gates,
    ngx_http_portone_sandbox_webhook_clear,
    ngx_http_portone_sandbox_payments_clear,
    NULL
};


static const ngx_http_portone_sandbox_parts_t
    ngx_http_portone_sandbox_parts =
{
    ngx_http_portone_sandbox_clear,
    ngx_http_portone_sandbox_payments_declare
};


static ngx_str_t  ngx_http_portone_sandbox_default_zone =
    ngx_string("portone_sandbox");


static void *
ngx_http_portone_sandbox_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_portone_sandbox_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_portone_sandbox_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     conf->enable = 0;
     */

    conf->zone = NGX_CONF_UNSET_PTR;
    conf->accounts = NGX_CONF_UNSET_PTR;
    conf->payments = NGX_CONF_UNSET_PTR;
    conf->webhook = NGX_CONF_UNSET_PTR;
    conf->token_life = NGX_CONF_UNSET;
    conf->clock_offset = NGX_HTTP_PORTONE_SANDBOX_NO_OFFSET;

    return conf;
}


static char *
ngx_http_portone_sandbox_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child)
{
    ngx_http_portone_sandbox_loc_conf_t *prev = parent;
    ngx_http_portone_sandbox_loc_conf_t *conf = child;

    ngx_conf_merge_ptr_value(conf->accounts, prev->accounts, NULL);
    ngx_conf_merge_ptr_value(conf->payments, prev->payments, NULL);
    ngx_conf_merge_ptr_value(conf->webhook, prev->webhook, NULL);
    ngx_conf_merge_sec_value(conf->token_life, prev->token_life,
                             NGX_HTTP_PORTONE_SANDBOX_TOKEN_LIFE);

    if (conf->clock_offset == NGX_HTTP_PORTONE_SANDBOX_NO_OFFSET) {
        conf->clock_offset =
                   prev->clock_offset == NGX_HTTP_PORTONE_SANDBOX_NO_OFFSET
                   ? 0 : prev->clock_offset;
    }

    if (conf->enable
        && ngx_http_portone_sandbox_merge_accounts(cf, conf) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_http_portone_sandbox_merge_zone(cf, prev, conf);
}


static char *
ngx_http_portone_sandbox_merge_zone(ngx_conf_t *cf,
    ngx_http_portone_sandbox_loc_conf_t *prev,
    ngx_http_portone_sandbox_loc_conf_t *conf)
{
    ngx_int_t                              rc;
    ngx_uint_t                             i;
    ngx_http_portone_sandbox_declared_t  **payments, *other;

    ngx_conf_merge_ptr_value(conf->zone, prev->zone, NULL);

    if (!conf->enable) {
        return NGX_CONF_OK;
    }

    if (conf->zone == NULL) {
        conf->zone = ngx_http_portone_sandbox_zone_add(cf,
                                      &ngx_http_portone_sandbox_default_zone,
                                      NGX_HTTP_PORTONE_SANDBOX_DEFAULT_SIZE,
                                      &ngx_http_portone_sandbox_parts);
        if (conf->zone == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    conf->zone->clock_offset = conf->clock_offset;

    if (conf->payments == NULL) {
        return NGX_CONF_OK;
    }

    payments = conf->payments->elts;

    for (i = 0; i < conf->payments->nelts; i++) {

        rc = ngx_http_portone_sandbox_zone_declare(conf->zone, payments[i],
                                                   &other);
        if (rc == NGX_ERROR) {
            return NGX_CONF_ERROR;
        }

        if (rc == NGX_DECLINED) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"portone_sandbox_payment\" with imp_uid \"%V\" "
                          "in %V:%ui is declared in %V:%ui already, "
                          "for the same zone \"%V\"",
                          &other->imp_uid, &payments[i]->file,
                          payments[i]->line, &other->file, other->line,
                          &conf->zone->shm_zone->shm.name);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_portone_sandbox_merge_accounts(ngx_conf_t *cf,
    ngx_http_portone_sandbox_loc_conf_t *conf)
{
    ngx_http_portone_sandbox_account_t  *account;

    if (conf->accounts) {
        return NGX_CONF_OK;
    }

    conf->accounts = ngx_array_create(cf->pool, 1,
                                  sizeof(ngx_http_portone_sandbox_account_t));
    if (conf->accounts == NULL) {
        return NGX_CONF_ERROR;
    }

    account = ngx_array_push(conf->accounts);
    if (account == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_str_set(&account->imp_key, "imp_sandbox_key");
    ngx_str_set(&account->imp_secret, "imp_sandbox_secret");
    ngx_str_null(&account->tier);

    return NGX_CONF_OK;
}


static char *
ngx_http_portone_sandbox(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_portone_sandbox_loc_conf_t *pslcf = conf;

    ngx_http_core_loc_conf_t  *clcf;

    if (pslcf->enable) {
        return "is duplicate";
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->named || clcf->exact_match || clcf->noname
#if (NGX_PCRE)
        || clcf->regex
#endif
       )
    {
        return "must be in a location given by a prefix";
    }

    pslcf->enable = 1;
    clcf->handler = ngx_http_portone_sandbox_request_handler;

    return NGX_CONF_OK;
}


static char *
ngx_http_portone_sandbox_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_portone_sandbox_loc_conf_t *pslcf = conf;

    u_char     *p;
    ssize_t     size;
    ngx_str_t  *value, name, s;

    if (pslcf->zone != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len <= 5 || ngx_strncmp(value[1].data, "zone=", 5) != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\", \"zone=name:size\" is "
                           "expected", &value[1]);
        return NGX_CONF_ERROR;
    }

    name.data = value[1].data + 5;
    name.len = value[1].len - 5;
    size = 0;

    p = ngx_strlchr(name.data, name.data + name.len, ':');

    if (p) {
        s.data = p + 1;
        s.len = name.data + name.len - s.data;
        name.len = p - name.data;

        size = ngx_parse_size(&s);

        if (size == NGX_ERROR || name.len == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid zone \"%V\"", &value[1]);
            return NGX_CONF_ERROR;
        }

        if (size < NGX_HTTP_PORTONE_SANDBOX_MIN_SIZE) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "zone \"%V\" is smaller than 256k", &value[1]);
            return NGX_CONF_ERROR;
        }
    }

    pslcf->zone = ngx_http_portone_sandbox_zone_add(cf, &name, size,
                                              &ngx_http_portone_sandbox_parts);

    return pslcf->zone ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static char *
ngx_http_portone_sandbox_account(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_portone_sandbox_loc_conf_t *pslcf = conf;

    ngx_str_t                           *value, tier;
    ngx_uint_t                           i;
    ngx_http_portone_sandbox_account_t  *account;

    value = cf->args->elts;

    for (i = 1; i < 3; i++) {
        if (value[i].len == 0
            || value[i].len > NGX_HTTP_PORTONE_SANDBOX_MAX_KEY)
        {
            return "has an empty or too long key or secret";
        }
    }

    ngx_str_null(&tier);

    if (cf->args->nelts == 4) {

        if (value[3].len != 5 + NGX_HTTP_PORTONE_SANDBOX_TIER_LEN
            || ngx_strncmp(value[3].data, "tier=", 5) != 0)
        {
            goto invalid_tier;
        }

        tier.data = value[3].data + 5;
        tier.len = NGX_HTTP_PORTONE_SANDBOX_TIER_LEN;

        for (i = 0; i < tier.len; i++) {
            if ((tier.data[i] < 'A' || tier.data[i] > 'Z')
                && (tier.data[i] < '0' || tier.data[i] > '9'))
            {
                goto invalid_tier;
            }
        }
    }

    if (pslcf->accounts == NGX_CONF_UNSET_PTR) {
        pslcf->accounts = ngx_array_create(cf->pool, 2,
                                  sizeof(ngx_http_portone_sandbox_account_t));
        if (pslcf->accounts == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    account = pslcf->accounts->elts;

    for (i = 0; i < pslcf->accounts->nelts; i++) {
        if (account[i].imp_key.len == value[1].len
            && account[i].tier.len == tier.len
            && ngx_strcmp(account[i].imp_key.data, value[1].data) == 0
            && (tier.len == 0
                || ngx_strncmp(account[i].tier.data, tier.data, tier.len)
                   == 0))
        {
            return "is duplicate";
        }
    }

    account = ngx_array_push(pslcf->accounts);
    if (account == NULL) {
        return NGX_CONF_ERROR;
    }

    account->imp_key = value[1];
    account->imp_secret = value[2];
    account->tier = tier;

    return NGX_CONF_OK;

invalid_tier:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\", \"tier=\" and three "
                       "characters A-Z0-9 are expected", &value[3]);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_portone_sandbox_token_life(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_portone_sandbox_loc_conf_t *pslcf = conf;

    ngx_int_t   life;
    ngx_str_t  *value;

    if (pslcf->token_life != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;
    life = ngx_parse_time(&value[1], 1);

    if (life == NGX_ERROR || life == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid time \"%V\"",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    pslcf->token_life = life;

    return NGX_CONF_OK;
}


static char *
ngx_http_portone_sandbox_clock_offset(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_portone_sandbox_loc_conf_t *pslcf = conf;

    ngx_int_t   offset;
    ngx_str_t  *value, time;
    ngx_uint_t  negative;

    if (pslcf->clock_offset != NGX_HTTP_PORTONE_SANDBOX_NO_OFFSET) {
        return "is duplicate";
    }

    value = cf->args->elts;
    time = value[1];
    negative = 0;

    if (time.len && (time.data[0] == '-' || time.data[0] == '+')) {
        negative = (time.data[0] == '-');
        time.data++;
        time.len--;
    }

    offset = ngx_parse_time(&time, 1);

    if (offset == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid time \"%V\"",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    pslcf->clock_offset = negative ? -offset : offset;

    return NGX_CONF_OK;
}


static char *
ngx_http_portone_sandbox_payment(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_portone_sandbox_loc_conf_t *pslcf = conf;

    char                                  *rv;
    cJSON                                 *given;
    u_char                                 error[
                                        NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN];
    ngx_str_t                             *value;
    ngx_uint_t                             i;
    ngx_http_portone_sandbox_declared_t   *declared, **elt;

    value = cf->args->elts;

    given = cJSON_CreateObject();
    if (given == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_http_portone_sandbox_fields_add(given, &value[i], error)
            != NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", error);
            cJSON_Delete(given);
            return NGX_CONF_ERROR;
        }
    }

    declared = ngx_pcalloc(cf->pool,
                           sizeof(ngx_http_portone_sandbox_declared_t));
    if (declared == NULL) {
        cJSON_Delete(given);
        return NGX_CONF_ERROR;
    }

    rv = ngx_http_portone_sandbox_payment_text(cf, given, declared);

    cJSON_Delete(given);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (pslcf->payments == NGX_CONF_UNSET_PTR) {
        pslcf->payments = ngx_array_create(cf->pool, 4,
                               sizeof(ngx_http_portone_sandbox_declared_t *));
        if (pslcf->payments == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    elt = ngx_array_push(pslcf->payments);
    if (elt == NULL) {
        return NGX_CONF_ERROR;
    }

    *elt = declared;

    return NGX_CONF_OK;
}


static char *
ngx_http_portone_sandbox_payment_text(ngx_conf_t *cf, cJSON *given,
    ngx_http_portone_sandbox_declared_t *declared)
{
    char                                *text;
    cJSON                               *object, *copy, *imp_uid;
    u_char                               error[
                                        NGX_HTTP_PORTONE_SANDBOX_ERROR_LEN];
    ngx_str_t                            src;
    ngx_http_portone_sandbox_options_t   options;

    /* built once now, so that whatever is wrong shows in "nginx -t" */

    text = cJSON_PrintUnformatted(given);
    if (text == NULL) {
        return NGX_CONF_ERROR;
    }

    src.data = (u_char *) text;
    src.len = ngx_strlen(text);

    declared->json.len = src.len;
    declared->json.data = ngx_pstrdup(cf->pool, &src);

    cJSON_free(text);

    if (declared->json.data == NULL) {
        return NGX_CONF_ERROR;
    }

    copy = cJSON_ParseWithLength((char *) declared->json.data,
                                 declared->json.len);

    object = ngx_http_portone_sandbox_fields_payment(copy, ngx_time(),
                                                     &options, error);
    cJSON_Delete(copy);

    if (object == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", error);
        return NGX_CONF_ERROR;
    }

    cJSON_Delete(object);

    imp_uid = cJSON_GetObjectItemCaseSensitive(given, "imp_uid");

    src.data = (u_char *) imp_uid->valuestring;
    src.len = ngx_strlen(imp_uid->valuestring);

    declared->imp_uid.len = src.len;
    declared->imp_uid.data = ngx_pstrdup(cf->pool, &src);

    if (declared->imp_uid.data == NULL) {
        return NGX_CONF_ERROR;
    }

    declared->file = cf->conf_file->file.name;
    declared->line = cf->conf_file->line;

    return NGX_CONF_OK;
}
