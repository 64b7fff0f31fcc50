
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_conf_block.h"


/* the most files that include each other */
#define NGX_HTTP_PORTONE_CONF_BLOCK_INCLUDES  16

#define NGX_HTTP_PORTONE_CONF_BLOCK_LUA       "_by_lua_block"


typedef struct {
    ngx_conf_t                      *cf;
    ngx_http_portone_conf_block_pt   handler;
    void                            *data;
    ngx_uint_t                       includes;   /* files that are open */
} ngx_http_portone_conf_block_walk_t;


static ngx_int_t ngx_http_portone_conf_block_file(
    ngx_http_portone_conf_block_walk_t *walk, ngx_str_t *name, off_t offset);
static ngx_int_t ngx_http_portone_conf_block_text(
    ngx_http_portone_conf_block_walk_t *walk, ngx_buf_t *b,
    ngx_uint_t is_file);
static ngx_int_t ngx_http_portone_conf_block_include(
    ngx_http_portone_conf_block_walk_t *walk, ngx_str_t *pattern);
static u_char ngx_http_portone_conf_block_token(ngx_buf_t *b,
    ngx_str_t *word);
static ngx_uint_t ngx_http_portone_conf_block_space(u_char ch);
static ngx_uint_t ngx_http_portone_conf_block_lua(ngx_str_t *word);


void
ngx_http_portone_conf_block_note(ngx_conf_t *cf,
    ngx_http_portone_block_t *block)
{
    ngx_conf_file_t  *conf_file;

    conf_file = cf->conf_file;

    if (conf_file == NULL || conf_file->file.fd == NGX_INVALID_FILE) {
        return;
    }

    /* nginx has read up to file.offset and used up to buffer->pos */

    block->file = conf_file->file.name;
    block->offset = conf_file->file.offset
                    - (conf_file->buffer->last - conf_file->buffer->pos);
}


ngx_int_t
ngx_http_portone_conf_block_read(ngx_conf_t *cf,
    ngx_http_portone_block_t *block, ngx_http_portone_conf_block_pt handler,
    void *data)
{
    ngx_http_portone_conf_block_walk_t  walk;

    if (block->offset == 0) {
        return NGX_DECLINED;
    }

    walk.cf = cf;
    walk.handler = handler;
    walk.data = data;
    walk.includes = 0;

    /* from the "{" on */

    return ngx_http_portone_conf_block_file(&walk, &block->file,
                                            block->offset - 1);
}


static ngx_int_t
ngx_http_portone_conf_block_file(ngx_http_portone_conf_block_walk_t *walk,
    ngx_str_t *name, off_t offset)
{
    size_t      size;
    ngx_buf_t   b;
    ngx_int_t   rc;
    ngx_file_t  file;

    ngx_memzero(&file, sizeof(ngx_file_t));

    file.name = *name;
    file.log = walk->cf->log;
    file.fd = ngx_open_file(name->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE) {
        return NGX_DECLINED;
    }

    rc = NGX_DECLINED;

    if (ngx_fd_info(file.fd, &file.info) != NGX_FILE_ERROR
        && ngx_file_size(&file.info) >= offset)
    {
        size = ngx_file_size(&file.info) - offset;

        b.start = ngx_alloc(size + 1, file.log);

        if (b.start) {
            b.pos = b.start;
            b.last = b.start + size;

            if (ngx_read_file(&file, b.start, size, offset) == (ssize_t) size)
            {
                rc = ngx_http_portone_conf_block_text(walk, &b, offset == 0);
            }

            ngx_free(b.start);
        }
    }

    (void) ngx_close_file(file.fd);

    return rc;
}


/* a file is read to its end, a block from its "{" to its "}" */

static ngx_int_t
ngx_http_portone_conf_block_text(ngx_http_portone_conf_block_walk_t *walk,
    ngx_buf_t *b, ngx_uint_t is_file)
{
    u_char      token;
    ngx_int_t   rc;
    ngx_str_t   word, args[2];
    ngx_uint_t  n, depth;

    if (!is_file && ngx_http_portone_conf_block_token(b, &word) != '{') {
        return NGX_DECLINED;
    }

    n = 0;
    depth = 0;
    rc = NGX_OK;

    ngx_memzero(args, sizeof(args));

    while (rc == NGX_OK) {
        token = ngx_http_portone_conf_block_token(b, &word);

        if (token == '\0') {
            return (is_file && depth == 0) ? NGX_OK : NGX_DECLINED;
        }

        if (token == 'w') {

            if (ngx_http_portone_conf_block_lua(&word)) {
                return NGX_DECLINED;
            }

            if (n < 2) {
                args[n++] = word;
            }

            continue;
        }

        if (token == ';' && depth == 0) {

            if (args[0].len == 7
                && ngx_strncmp(args[0].data, "include", 7) == 0)
            {
                rc = ngx_http_portone_conf_block_include(walk, &args[1]);

            } else {
                walk->handler(&args[0], &args[1], walk->data);
            }

        } else if (token == '{') {
            depth++;

        } else if (token == '}' && depth-- == 0) {
            return is_file ? NGX_DECLINED : NGX_OK;
        }

        n = 0;
        ngx_memzero(args, sizeof(args));
    }

    return rc;
}


static ngx_int_t
ngx_http_portone_conf_block_include(ngx_http_portone_conf_block_walk_t *walk,
    ngx_str_t *pattern)
{
    ngx_int_t   rc;
    ngx_str_t   name;
    ngx_glob_t  glob;

    if (walk->includes == NGX_HTTP_PORTONE_CONF_BLOCK_INCLUDES) {
        return NGX_DECLINED;
    }

    name.len = pattern->len;
    name.data = ngx_pnalloc(walk->cf->temp_pool, name.len + 1);

    if (name.data == NULL) {
        return NGX_DECLINED;
    }

    (void) ngx_cpystrn(name.data, pattern->data, name.len + 1);

    if (ngx_conf_full_name(walk->cf->cycle, &name, 1) != NGX_OK) {
        return NGX_DECLINED;
    }

    ngx_memzero(&glob, sizeof(ngx_glob_t));

    glob.pattern = name.data;
    glob.log = walk->cf->log;
    glob.test = 1;

    if (ngx_open_glob(&glob) != NGX_OK) {
        return NGX_DECLINED;
    }

    walk->includes++;

    rc = NGX_OK;

    while (rc == NGX_OK && ngx_read_glob(&glob, &name) == NGX_OK) {
        rc = ngx_http_portone_conf_block_file(walk, &name, 0);
    }

    walk->includes--;

    ngx_close_glob(&glob);

    return rc;
}


/*
 * returns ';', '{' or '}', 'w' for a word, or '\0' at the end; the rules are
 * those of ngx_conf_read_token() in nginx 1.22.1
 */

static u_char
ngx_http_portone_conf_block_token(ngx_buf_t *b, ngx_str_t *word)
{
    u_char  *p, *last, quote;

    p = b->pos;
    last = b->last;

    while (p < last && (ngx_http_portone_conf_block_space(*p) || *p == '#')) {

        if (*p == '#') {
            p = ngx_strlchr(p, last, LF);

            if (p == NULL) {
                return '\0';
            }
        }

        p++;
    }

    if (p == last) {
        return '\0';
    }

    if (*p == ';' || *p == '{' || *p == '}') {
        b->pos = p + 1;
        return *p;
    }

    quote = (*p == '"' || *p == '\'') ? *p++ : '\0';

    for (word->data = p; p < last; p++) {

        if (*p == '\\') {
            p++;
            continue;
        }

        if (quote) {

            if (*p == quote) {
                break;
            }

            continue;
        }

        /* "${" begins a variable */

        if (ngx_http_portone_conf_block_space(*p) || *p == ';'
            || (*p == '{' && (p == word->data || p[-1] != '$')))
        {
            break;
        }
    }

    if (p >= last) {
        return '\0';
    }

    word->len = p - word->data;
    b->pos = quote ? p + 1 : p;

    return 'w';
}


static ngx_uint_t
ngx_http_portone_conf_block_space(u_char ch)
{
    return ch == ' ' || ch == '\t' || ch == CR || ch == LF;
}


/* Lua has quotes and braces of its own */

static ngx_uint_t
ngx_http_portone_conf_block_lua(ngx_str_t *word)
{
    size_t  len;

    len = sizeof(NGX_HTTP_PORTONE_CONF_BLOCK_LUA) - 1;

    return word->len > len
           && ngx_strncmp(word->data + word->len - len,
                          NGX_HTTP_PORTONE_CONF_BLOCK_LUA, len) == 0;
}
