
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_conf_secret.h"
#include "ngx_http_portone_conf.h"
#include "ngx_http_portone_conf_access.h"
#include "portone_str.h"


#define NGX_HTTP_PORTONE_CONF_SECRET_MAX  4096


static char *ngx_http_portone_conf_secret_file(ngx_conf_t *cf, ngx_str_t *path,
    ngx_str_t *secret);


char *
ngx_http_portone_conf_secret_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    char  *p = conf;

    char       *rv, *env;
    ngx_str_t  *secret, *value, name;

    secret = (ngx_str_t *) (p + cmd->offset);

    if (secret->data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    /* messages hide the value: it can be the secret itself */

    if (value[1].len > 5 && ngx_strncmp(value[1].data, "file:", 5) == 0) {

        name.data = value[1].data + 5;
        name.len = value[1].len - 5;

        rv = ngx_http_portone_conf_secret_file(cf, &name, secret);

        if (rv != NGX_CONF_OK) {
            return rv;
        }

    } else if (value[1].len > 4 && ngx_strncmp(value[1].data, "env:", 4) == 0)
    {
        name.data = value[1].data + 4;
        name.len = value[1].len - 4;

        env = getenv((char *) name.data);

        if (env == NULL || env[0] == '\0') {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "environment variable \"%V\" of \"%V\" is "
                               "not set", &name, &cmd->name);
            return NGX_CONF_ERROR;
        }

        secret->len = ngx_strlen(env);
        secret->data = ngx_pnalloc(cf->pool, secret->len);

        if (secret->data == NULL) {
            return NGX_CONF_ERROR;
        }

        ngx_memcpy(secret->data, env, secret->len);

    } else {
        *secret = value[1];
    }

    if (secret->len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" is empty",
                           &cmd->name);
        return NGX_CONF_ERROR;
    }

    if (portone_str_utf8_length((char *) secret->data, secret->len)
        == SIZE_MAX)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" is not text",
                           &cmd->name);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_portone_conf_secret_file(ngx_conf_t *cf, ngx_str_t *path,
    ngx_str_t *secret)
{
    u_char   *p;
    ssize_t   n;
    ngx_fd_t  fd;

    if (ngx_http_portone_conf_full_name(cf, path) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    fd = ngx_open_file(path->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", path);
        return NGX_CONF_ERROR;
    }

    ngx_http_portone_conf_access_secret(cf, fd, path);

    p = ngx_pnalloc(cf->pool, NGX_HTTP_PORTONE_CONF_SECRET_MAX + 1);
    n = p ? ngx_read_fd(fd, p, NGX_HTTP_PORTONE_CONF_SECRET_MAX + 1) : -1;

    if (n == -1) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_read_fd_n " \"%V\" failed", path);
    }

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", path);
    }

    if (n == -1) {
        return NGX_CONF_ERROR;
    }

    if (n > NGX_HTTP_PORTONE_CONF_SECRET_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is longer than %d bytes", path,
                           NGX_HTTP_PORTONE_CONF_SECRET_MAX);
        return NGX_CONF_ERROR;
    }

    /* editors end the last line */

    while (n > 0 && (p[n - 1] == '\n' || p[n - 1] == '\r')) {
        n--;
    }

    secret->data = p;
    secret->len = n;

    return NGX_CONF_OK;
}
