
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


/*
 * PortOne for benchmarks: it answers as fast as nginx can, keeps nothing, and
 * computes what the payment looks like from the checksum and the amount of the
 * request.
 *
 *     bench_api directory [delay];
 *
 * The directory has the answer, payment.json and cancellation.json; %name% in
 * them is replaced.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* of each payment, won */
#define NGX_HTTP_BENCH_AMOUNT   10000

/* digits of an imp_uid, after "imp_" */
#define NGX_HTTP_BENCH_ID       12

#define NGX_HTTP_BENCH_REFUNDS  100


typedef struct {
    ngx_str_t    payment;
    ngx_str_t    cancellation;
    ngx_msec_t   delay;
} ngx_http_bench_api_conf_t;


typedef struct {
    ngx_str_t    id;
    ngx_int_t    amount;
    ngx_int_t    checksum;
    ngx_event_t  timer;
} ngx_http_bench_api_ctx_t;


static ngx_int_t ngx_http_bench_api_handler(ngx_http_request_t *r);
static void ngx_http_bench_api_body(ngx_http_request_t *r);
static ngx_int_t ngx_http_bench_api_read(ngx_http_request_t *r,
    ngx_http_bench_api_ctx_t *ctx);
static ngx_int_t ngx_http_bench_api_number(ngx_str_t *body, char *name);
static void ngx_http_bench_api_timer(ngx_event_t *ev);
static void ngx_http_bench_api_cleanup(void *data);
static ngx_int_t ngx_http_bench_api_answer(ngx_http_request_t *r,
    ngx_http_bench_api_ctx_t *ctx);
static u_char *ngx_http_bench_api_payment(u_char *p,
    ngx_http_bench_api_conf_t *bcf, ngx_http_bench_api_ctx_t *ctx);
static u_char *ngx_http_bench_api_history(u_char *p,
    ngx_http_bench_api_conf_t *bcf, ngx_http_bench_api_ctx_t *ctx);
static ngx_int_t ngx_http_bench_api_token(ngx_http_request_t *r);
static ngx_int_t ngx_http_bench_api_send(ngx_http_request_t *r, ngx_buf_t *b);
static void *ngx_http_bench_api_create_conf(ngx_conf_t *cf);
static char *ngx_http_bench_api(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_bench_api_template(ngx_conf_t *cf, ngx_str_t *directory,
    char *name, ngx_str_t *text);


static ngx_command_t  ngx_http_bench_api_commands[] = {

    { ngx_string("bench_api"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_http_bench_api,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_bench_api_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_bench_api_create_conf,        /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_bench_api_module = {
    NGX_MODULE_V1,
    &ngx_http_bench_api_module_ctx,        /* module context */
    ngx_http_bench_api_commands,           /* module directives */
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


/* what configure writes for a dynamic module; one file needs no configure */

ngx_module_t *ngx_modules[] = {
    &ngx_http_bench_api_module,
    NULL
};

char *ngx_module_names[] = {
    "ngx_http_bench_api_module",
    NULL
};

char *ngx_module_order[] = {
    NULL
};


static ngx_int_t
ngx_http_bench_api_handler(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    r->request_body_in_single_buf = 1;

    rc = ngx_http_read_client_request_body(r, ngx_http_bench_api_body);

    return (rc >= NGX_HTTP_SPECIAL_RESPONSE) ? rc : NGX_DONE;
}


static void
ngx_http_bench_api_body(ngx_http_request_t *r)
{
    ngx_http_cleanup_t         *cln;
    ngx_http_bench_api_ctx_t   *ctx;
    ngx_http_bench_api_conf_t  *bcf;

    static ngx_str_t  token = ngx_string("/users/getToken");

    if (r->uri.len == token.len
        && ngx_memcmp(r->uri.data, token.data, token.len) == 0)
    {
        ngx_http_finalize_request(r, ngx_http_bench_api_token(r));
        return;
    }

    bcf = ngx_http_get_module_loc_conf(r, ngx_http_bench_api_module);

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_bench_api_ctx_t));

    if (ctx == NULL || ngx_http_bench_api_read(r, ctx) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_HTTP_BAD_REQUEST);
        return;
    }

    if (bcf->delay == 0) {
        ngx_http_finalize_request(r, ngx_http_bench_api_answer(r, ctx));
        return;
    }

    cln = ngx_http_cleanup_add(r, 0);

    if (cln == NULL) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return;
    }

    cln->handler = ngx_http_bench_api_cleanup;
    cln->data = ctx;

    ngx_http_set_ctx(r, ctx, ngx_http_bench_api_module);

    ctx->timer.handler = ngx_http_bench_api_timer;
    ctx->timer.data = r;
    ctx->timer.log = r->connection->log;

    ngx_add_timer(&ctx->timer, bcf->delay);
}


static ngx_int_t
ngx_http_bench_api_read(ngx_http_request_t *r, ngx_http_bench_api_ctx_t *ctx)
{
    u_char     *p;
    ngx_str_t   body;
    ngx_buf_t  *b;

    static ngx_str_t  uid = ngx_string("\"imp_uid\":\"imp_");

    if (r->request_body == NULL || r->request_body->bufs == NULL) {
        return NGX_ERROR;
    }

    b = r->request_body->bufs->buf;

    if (b->in_file) {
        return NGX_ERROR;
    }

    body.data = b->pos;
    body.len = b->last - b->pos;

    p = ngx_strnstr(body.data, (char *) uid.data, body.len);

    if (p == NULL || body.data + body.len - p
                     < (ssize_t) uid.len + NGX_HTTP_BENCH_ID)
    {
        return NGX_ERROR;
    }

    ctx->id.data = p + uid.len;
    ctx->id.len = NGX_HTTP_BENCH_ID;

    ctx->amount = ngx_http_bench_api_number(&body, "\"amount\":");
    ctx->checksum = ngx_http_bench_api_number(&body, "\"checksum\":");

    if (ctx->amount <= 0
        || ctx->amount > ctx->checksum
        || ctx->checksum > NGX_HTTP_BENCH_AMOUNT
        || NGX_HTTP_BENCH_AMOUNT / ctx->amount > NGX_HTTP_BENCH_REFUNDS)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_bench_api_number(ngx_str_t *body, char *name)
{
    u_char  *p, *start, *last;

    last = body->data + body->len;
    p = ngx_strnstr(body->data, name, body->len);

    if (p == NULL) {
        return NGX_ERROR;
    }

    p += ngx_strlen(name);
    start = p;

    while (p < last && *p >= '0' && *p <= '9') {
        p++;
    }

    return ngx_atoi(start, p - start);
}


static void
ngx_http_bench_api_timer(ngx_event_t *ev)
{
    ngx_connection_t          *c;
    ngx_http_request_t        *r;
    ngx_http_bench_api_ctx_t  *ctx;

    r = ev->data;
    c = r->connection;
    ctx = ngx_http_get_module_ctx(r, ngx_http_bench_api_module);

    ngx_http_finalize_request(r, ngx_http_bench_api_answer(r, ctx));
    ngx_http_run_posted_requests(c);
}


static void
ngx_http_bench_api_cleanup(void *data)
{
    ngx_http_bench_api_ctx_t *ctx = data;

    if (ctx->timer.timer_set) {
        ngx_del_timer(&ctx->timer);
    }
}


static ngx_int_t
ngx_http_bench_api_answer(ngx_http_request_t *r, ngx_http_bench_api_ctx_t *ctx)
{
    size_t                      size;
    ngx_buf_t                  *b;
    ngx_uint_t                  n;
    ngx_http_bench_api_conf_t  *bcf;

    static ngx_str_t  head =
                  ngx_string("{\"code\":0,\"message\":null,\"response\":");

    bcf = ngx_http_get_module_loc_conf(r, ngx_http_bench_api_module);

    n = (NGX_HTTP_BENCH_AMOUNT - ctx->checksum) / ctx->amount + 1;

    size = head.len + 2 * bcf->payment.len
           + n * (2 * bcf->cancellation.len + 1) + 1;

    b = ngx_create_temp_buf(r->pool, size);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->last = ngx_cpymem(b->last, head.data, head.len);
    b->last = ngx_http_bench_api_payment(b->last, bcf, ctx);
    *b->last++ = '}';

    return ngx_http_bench_api_send(r, b);
}


static u_char *
ngx_http_bench_api_payment(u_char *p, ngx_http_bench_api_conf_t *bcf,
    ngx_http_bench_api_ctx_t *ctx)
{
    u_char     *s, *last, *name;
    ngx_int_t   cancel_amount;

    cancel_amount = NGX_HTTP_BENCH_AMOUNT - ctx->checksum + ctx->amount;

    last = bcf->payment.data + bcf->payment.len;

    for (s = bcf->payment.data; s < last; /* void */) {
        name = ngx_strlchr(s, last, '%');

        if (name == NULL) {
            return ngx_cpymem(p, s, last - s);
        }

        p = ngx_cpymem(p, s, name - s);
        name++;

        if (ngx_strncmp(name, "id%", 3) == 0) {
            p = ngx_cpymem(p, ctx->id.data, ctx->id.len);

        } else if (ngx_strncmp(name, "status%", 7) == 0) {
            p = ngx_cpymem(p, "cancelled", sizeof("cancelled") - 1);

        } else if (ngx_strncmp(name, "cancel_amount%", 14) == 0) {
            p = ngx_sprintf(p, "%i", cancel_amount);

        } else if (ngx_strncmp(name, "cancelled_at%", 13) == 0) {
            p = ngx_sprintf(p, "%T", ngx_time());

        } else if (ngx_strncmp(name, "cancel_reason%", 14) == 0) {
            p = ngx_cpymem(p, "\"변심\"", sizeof("\"변심\"") - 1);

        } else {
            p = ngx_http_bench_api_history(p, bcf, ctx);
        }

        s = ngx_strlchr(name, last, '%') + 1;
    }

    return p;
}


/* refunds of one payment are taken to have the same amount each */

static u_char *
ngx_http_bench_api_history(u_char *p, ngx_http_bench_api_conf_t *bcf,
    ngx_http_bench_api_ctx_t *ctx)
{
    u_char     *s, *last, *name;
    ngx_int_t   i, n;

    n = (NGX_HTTP_BENCH_AMOUNT - ctx->checksum) / ctx->amount + 1;
    last = bcf->cancellation.data + bcf->cancellation.len;

    for (i = 0; i < n; i++) {

        if (i) {
            *p++ = ',';
        }

        for (s = bcf->cancellation.data; s < last; /* void */) {
            name = ngx_strlchr(s, last, '%');

            if (name == NULL) {
                p = ngx_cpymem(p, s, last - s);
                break;
            }

            p = ngx_cpymem(p, s, name - s);
            name++;

            if (ngx_strncmp(name, "id%", 3) == 0) {
                p = ngx_cpymem(p, ctx->id.data, ctx->id.len);

            } else if (ngx_strncmp(name, "amount%", 7) == 0) {
                p = ngx_sprintf(p, "%i", ctx->amount);

            } else if (ngx_strncmp(name, "n%", 2) == 0) {
                p = ngx_sprintf(p, "%i", i);

            } else {

                /* one that was there keeps its time */

                p = ngx_sprintf(p, "%T", (i == n - 1) ? ngx_time()
                                                      : (time_t) 1795219200);
            }

            s = ngx_strlchr(name, last, '%') + 1;
        }
    }

    return p;
}


static ngx_int_t
ngx_http_bench_api_token(ngx_http_request_t *r)
{
    ngx_buf_t  *b;

    b = ngx_create_temp_buf(r->pool, 256);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->last = ngx_sprintf(b->last,
                          "{\"code\":0,\"message\":null,\"response\":"
                          "{\"access_token\":"
                          "\"a9ace025c90c0da2161075da6ddd3492a2fca776\","
                          "\"now\":%T,\"expired_at\":%T}}",
                          ngx_time(), ngx_time() + 1800);

    return ngx_http_bench_api_send(r, b);
}


static ngx_int_t
ngx_http_bench_api_send(ngx_http_request_t *r, ngx_buf_t *b)
{
    ngx_int_t    rc;
    ngx_chain_t  out;

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = b->last - b->pos;

    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK) {
        return rc;
    }

    b->last_buf = 1;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


static void *
ngx_http_bench_api_create_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_http_bench_api_conf_t));
}


static char *
ngx_http_bench_api(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_bench_api_conf_t *bcf = conf;

    char                      *rv;
    ngx_int_t                  delay;
    ngx_str_t                 *value;
    ngx_http_core_loc_conf_t  *clcf;

    value = cf->args->elts;

    rv = ngx_http_bench_api_template(cf, &value[1], "payment.json",
                                     &bcf->payment);

    if (rv == NGX_CONF_OK) {
        rv = ngx_http_bench_api_template(cf, &value[1], "cancellation.json",
                                         &bcf->cancellation);
    }

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (cf->args->nelts == 3) {
        delay = ngx_parse_time(&value[2], 0);

        if (delay == NGX_ERROR) {
            return "has an invalid delay";
        }

        bcf->delay = (ngx_msec_t) delay;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_bench_api_handler;

    return NGX_CONF_OK;
}


/* a file of one line, which comes without its end */

static char *
ngx_http_bench_api_template(ngx_conf_t *cf, ngx_str_t *directory, char *name,
    ngx_str_t *text)
{
    u_char     path[NGX_MAX_PATH];
    ssize_t    n;
    ngx_fd_t   fd;

    ngx_snprintf(path, NGX_MAX_PATH, "%V/%s%Z", directory, name);
    path[NGX_MAX_PATH - 1] = '\0';

    fd = ngx_open_file(path, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%s\" failed", path);
        return NGX_CONF_ERROR;
    }

    text->data = ngx_pnalloc(cf->pool, 8192);
    n = (text->data == NULL) ? -1 : ngx_read_fd(fd, text->data, 8192);

    (void) ngx_close_file(fd);

    if (n <= 1) {
        return "has an empty template";
    }

    text->len = n - 1;

    return NGX_CONF_OK;
}
