
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_conf_access.h"
#include "ngx_http_portone_conf_api.h"
#include "ngx_http_portone_conf_block.h"


typedef struct {
    ngx_http_conf_ctx_t            *ctx;
    ngx_http_portone_loc_conf_t    *plcf;
} ngx_http_portone_guarded_t;


#define NGX_HTTP_PORTONE_CONF_ACCESS_RULES    0x1
#define NGX_HTTP_PORTONE_CONF_ACCESS_BASIC    0x2
#define NGX_HTTP_PORTONE_CONF_ACCESS_REQUEST  0x4
#define NGX_HTTP_PORTONE_CONF_ACCESS_CERT     0x8
#define NGX_HTTP_PORTONE_CONF_ACCESS_ANY      0xf


static ngx_uint_t ngx_http_portone_conf_access_has(ngx_conf_t *cf,
    ngx_http_portone_guarded_t *guarded);
static ngx_uint_t ngx_http_portone_conf_access_method(ngx_conf_t *cf,
    ngx_http_portone_guarded_t *guarded, ngx_uint_t method);
static ngx_uint_t ngx_http_portone_conf_access_blocks(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *plcf);
static void ngx_http_portone_conf_access_directive(ngx_str_t *name,
    ngx_str_t *arg, void *data);
static ngx_uint_t ngx_http_portone_conf_access_match(
    ngx_http_portone_loc_conf_t *plcf);
static ngx_uint_t ngx_http_portone_conf_access_listen(ngx_conf_t *cf,
    ngx_http_conf_ctx_t *ctx);
static ngx_uint_t ngx_http_portone_conf_access_address(
    ngx_http_listen_opt_t *opt, ngx_uint_t verify);
static void ngx_http_portone_conf_access_parents(ngx_conf_t *cf, u_char *name);


/* a directive replaces those of its kind in the blocks around */

static ngx_conf_bitmask_t  ngx_http_portone_conf_access_controls[] = {
    { ngx_string("allow"), NGX_HTTP_PORTONE_CONF_ACCESS_RULES },
    { ngx_string("deny"), NGX_HTTP_PORTONE_CONF_ACCESS_RULES },
    { ngx_string("auth_basic"), NGX_HTTP_PORTONE_CONF_ACCESS_BASIC },
    { ngx_string("auth_request"), NGX_HTTP_PORTONE_CONF_ACCESS_REQUEST },
    { ngx_string("ssl_verify_client"), NGX_HTTP_PORTONE_CONF_ACCESS_CERT },
    { ngx_null_string, 0 }
};


/* the store's directory and its files */

static char  *ngx_http_portone_conf_access_files[] = {
    "", "/data.mdb", "/lock.mdb", "/open.lock", NULL
};


ngx_int_t
ngx_http_portone_conf_access_add(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *plcf)
{
    ngx_http_portone_guarded_t    *guarded;
    ngx_http_portone_main_conf_t  *pmcf;

    /* portone_webhook reads the payment back, so anybody may call it */

    if (!plcf->handler->needs_access) {
        return NGX_OK;
    }

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_portone_module);

    if (pmcf->guarded == NULL) {
        pmcf->guarded = ngx_array_create(cf->pool, 4,
                                         sizeof(ngx_http_portone_guarded_t));
        if (pmcf->guarded == NULL) {
            return NGX_ERROR;
        }
    }

    guarded = ngx_array_push(pmcf->guarded);
    if (guarded == NULL) {
        return NGX_ERROR;
    }

    guarded->ctx = cf->ctx;
    guarded->plcf = plcf;

    return NGX_OK;
}


void
ngx_http_portone_conf_access_check(ngx_conf_t *cf)
{
    ngx_uint_t                     i;
    ngx_http_core_loc_conf_t      *clcf;
    ngx_http_portone_guarded_t    *guarded;
    ngx_http_portone_main_conf_t  *pmcf;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_portone_module);

    if (pmcf->guarded == NULL) {
        return;
    }

    guarded = pmcf->guarded->elts;

    for (i = 0; i < pmcf->guarded->nelts; i++) {

        if (ngx_http_portone_conf_access_has(cf, &guarded[i])) {
            continue;
        }

        clcf = guarded[i].ctx->loc_conf[ngx_http_core_module.ctx_index];

        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"%V\" in location \"%V\" has no access control: "
                      "whoever can connect can use it in %V:%ui",
                      &guarded[i].plcf->handler->name, &clcf->name,
                      &guarded[i].plcf->file, guarded[i].plcf->line);
    }
}


static ngx_uint_t
ngx_http_portone_conf_access_has(ngx_conf_t *cf,
    ngx_http_portone_guarded_t *guarded)
{
    ngx_uint_t                 match;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = guarded->ctx->loc_conf[ngx_http_core_module.ctx_index];

    /* another location leads here, and may ask */

    if (clcf->internal || clcf->named) {
        return 1;
    }

    if (ngx_http_portone_conf_access_listen(cf, guarded->ctx)) {
        return 1;
    }

    match = ngx_http_portone_conf_access_match(guarded->plcf);

    if (!match
        && !ngx_http_portone_conf_access_method(cf, guarded,
                                     guarded->plcf->handler->needs_access))
    {
        return 0;
    }

    /* portone_match says whose payment it is; a writer must be asked for */

    return !guarded->plcf->payment_write
           || (ngx_http_portone_conf_access_method(cf, guarded, NGX_HTTP_POST)
               && ngx_http_portone_conf_access_method(cf, guarded,
                                                      NGX_HTTP_PUT));
}


/* limit_except can add access control, and take it away */

static ngx_uint_t
ngx_http_portone_conf_access_method(ngx_conf_t *cf,
    ngx_http_portone_guarded_t *guarded, ngx_uint_t method)
{
    void                      **loc_conf;
    ngx_http_core_loc_conf_t   *clcf;

    loc_conf = guarded->ctx->loc_conf;
    clcf = loc_conf[ngx_http_core_module.ctx_index];

    if (clcf->limit_except_loc_conf && (clcf->limit_except & method)) {
        loc_conf = clcf->limit_except_loc_conf;
    }

    return ngx_http_portone_conf_access_blocks(cf,
                              loc_conf[ngx_http_portone_module.ctx_index])
           & ~NGX_HTTP_PORTONE_CONF_ACCESS_CERT;
}


/*
 * returns the controls that hold in a block: the text of the configuration
 * tells, as the structures of other modules are theirs; a block whose text is
 * unknown has them all
 */

static ngx_uint_t
ngx_http_portone_conf_access_blocks(ngx_conf_t *cf,
    ngx_http_portone_loc_conf_t *plcf)
{
    ngx_uint_t                 controls, lifted;
    ngx_http_portone_block_t  *block;

    controls = 0;

    for (lifted = 0; plcf; plcf = plcf->parent) {
        block = &plcf->block;

        if (!block->read) {
            block->unknown = (ngx_http_portone_conf_block_read(cf, block,
                                      ngx_http_portone_conf_access_directive,
                                      block)
                              != NGX_OK);
            block->read = 1;
        }

        if (block->unknown) {
            return NGX_HTTP_PORTONE_CONF_ACCESS_ANY;
        }

        controls |= block->controls & ~lifted;
        lifted |= block->lifted;
    }

    return controls;
}


static void
ngx_http_portone_conf_access_directive(ngx_str_t *name, ngx_str_t *arg,
    void *data)
{
    ngx_http_portone_block_t *block = data;

    ngx_conf_bitmask_t  *control;

    for (control = ngx_http_portone_conf_access_controls;
         control->name.len;
         control++)
    {
        if (name->len != control->name.len
            || ngx_strncmp(name->data, control->name.data, name->len) != 0)
        {
            continue;
        }

        if ((arg->len == 3 && ngx_strncmp(arg->data, "off", 3) == 0)
            || (control->mask == NGX_HTTP_PORTONE_CONF_ACCESS_CERT
                && (arg->len != 2 || ngx_strncmp(arg->data, "on", 2) != 0)))
        {
            /* "ssl_verify_client optional" lets everybody in, too */

            block->lifted |= control->mask;

        } else {
            block->controls |= control->mask;
        }
    }
}


/* a variable in portone_match differs from client to client */

static ngx_uint_t
ngx_http_portone_conf_access_match(ngx_http_portone_loc_conf_t *plcf)
{
    ngx_uint_t                 i;
    ngx_http_portone_match_t  *match;

    if (plcf->matches == NULL) {
        return 0;
    }

    match = plcf->matches->elts;

    for (i = 0; i < plcf->matches->nelts; i++) {

        if (match[i].value.lengths) {
            return 1;
        }
    }

    return 0;
}


/* 1: only this machine, or clients with a certificate, reach the server */

static ngx_uint_t
ngx_http_portone_conf_access_listen(ngx_conf_t *cf, ngx_http_conf_ctx_t *ctx)
{
    ngx_uint_t                   a, p, s, verify;
    ngx_http_conf_addr_t        *addr;
    ngx_http_conf_port_t        *port;
    ngx_http_core_srv_conf_t    *cscf, **server;
    ngx_http_core_main_conf_t   *cmcf;

    cscf = ctx->srv_conf[ngx_http_core_module.ctx_index];
    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    if (cmcf->ports == NULL) {
        return 0;
    }

    verify = ngx_http_portone_conf_access_blocks(cf,
                              ctx->loc_conf[ngx_http_portone_module.ctx_index])
             & NGX_HTTP_PORTONE_CONF_ACCESS_CERT;

    port = cmcf->ports->elts;

    for (p = 0; p < cmcf->ports->nelts; p++) {

        addr = port[p].addrs.elts;

        for (a = 0; a < port[p].addrs.nelts; a++) {

            server = addr[a].servers.elts;

            for (s = 0; s < addr[a].servers.nelts; s++) {

                if (server[s] == cscf
                    && !ngx_http_portone_conf_access_address(&addr[a].opt,
                                                             verify))
                {
                    return 0;
                }
            }
        }
    }

    return 1;
}


static ngx_uint_t
ngx_http_portone_conf_access_address(ngx_http_listen_opt_t *opt,
    ngx_uint_t verify)
{
    if (verify && opt->ssl) {
        return 1;
    }

#if (NGX_HTTP_V3)

    if (verify && opt->quic) {
        return 1;
    }

#endif

#if (NGX_HAVE_UNIX_DOMAIN)

    if (opt->sockaddr->sa_family == AF_UNIX) {
        return 1;
    }

#endif

    return ngx_http_portone_conf_api_loopback(opt->sockaddr);
}


void
ngx_http_portone_conf_access_secret(ngx_conf_t *cf, ngx_fd_t fd,
    ngx_str_t *path)
{
    ngx_file_info_t  fi;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, ngx_errno,
                           ngx_fd_info_n " \"%V\" failed", path);
        return;
    }

    if (ngx_file_access(&fi) & (S_IRWXG|S_IRWXO)) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"%V\" is open to others than its owner, "
                           "\"chmod 600\" closes it", path);
    }
}


ngx_int_t
ngx_http_portone_conf_access_store(ngx_conf_t *cf, ngx_str_t *path)
{
    char             **file;
    u_char            *name;
    ngx_file_info_t    fi;

    name = ngx_pnalloc(cf->temp_pool, path->len + sizeof("/open.lock"));
    if (name == NULL) {
        return NGX_ERROR;
    }

    for (file = ngx_http_portone_conf_access_files; *file; file++) {

        (void) ngx_sprintf(name, "%V%s%Z", path, *file);

        /* a missing file will be made for its owner only */

        if (ngx_file_info(name, &fi) == NGX_FILE_ERROR) {
            continue;
        }

        if (file == ngx_http_portone_conf_access_files && !ngx_is_dir(&fi)) {

            /* a warning: the other sites of this server must live on */

            ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                               "\"%s\" is not a directory, so the store "
                               "cannot be opened", name);
        }

        if (ngx_file_access(&fi) & S_IWOTH) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%s\" can be written to by everybody", name);
            return NGX_ERROR;
        }
    }

    (void) ngx_sprintf(name, "%V%Z", path);

    ngx_http_portone_conf_access_parents(cf, name);

    return NGX_OK;
}


/* a directory that others can write to lets them replace the store in it */

static void
ngx_http_portone_conf_access_parents(ngx_conf_t *cf, u_char *name)
{
    u_char           *p;
    ngx_file_info_t   fi;

    for (p = name + ngx_strlen(name); p > name + 1; p--) {

        if (*p != '/') {
            continue;
        }

        *p = '\0';

        if (ngx_file_info(name, &fi) == NGX_FILE_ERROR) {
            continue;
        }

        /* in a sticky directory, as /tmp, only the owner can rename */

        if ((fi.st_mode & S_IWOTH) && !(fi.st_mode & S_ISVTX)) {
            ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                               "\"%s\" can be written to by everybody, so the "
                               "store below it can be replaced", name);
            return;
        }
    }
}
