
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_BODY_H_INCLUDED_
#define _NGX_HTTP_PORTONE_BODY_H_INCLUDED_


#include "ngx_http_portone.h"


/* a kind of body, constant, and what becomes of the body */

typedef struct {
    ngx_str_t            type;     /* the media type */
    size_t               max;      /* bytes */

    /*
     * Gets the text, in memory of the request.  NGX_DONE: the request is
     * answered later; else the request is finalized with what is returned.
     */
    ngx_int_t          (*handler)(ngx_http_request_t *r, ngx_str_t *text);

    /* answers an error, as ngx_http_portone_reply_error() */
    ngx_int_t          (*error)(ngx_http_request_t *r, portone_error_e error,
                                const char *field, const char *allow);
} ngx_http_portone_body_t;


/*
 * Reads the body of the request and hands it to body->handler; a body of
 * another media type or with more bytes is refused.  Returns what a content
 * handler returns.
 */
ngx_int_t ngx_http_portone_body_read(ngx_http_request_t *r,
    const ngx_http_portone_body_t *body);

/* the same for a location that takes POST only, and refuses subrequests */
ngx_int_t ngx_http_portone_body_post(ngx_http_request_t *r,
    const ngx_http_portone_body_t *body);

/*
 * Whether the header of the request announces such a body.  PORTONE_NO_ERROR:
 * yes; else the error that ngx_http_portone_body_read() answers.
 */
portone_error_e ngx_http_portone_body_check(ngx_http_request_t *r,
    const ngx_http_portone_body_t *body);

/*
 * Answers with an error instead of reading the body; field and allow as those
 * of ngx_http_portone_reply_error().  Returns what a content handler returns.
 */
ngx_int_t ngx_http_portone_body_refuse(ngx_http_request_t *r,
    portone_error_e error, const char *field, const char *allow);

/*
 * NGX_OK: the request has this media type, with whatever parameters (JSON is
 * UTF-8); else NGX_DECLINED.
 */
ngx_int_t ngx_http_portone_body_type(ngx_http_request_t *r,
    const ngx_str_t *type);


#endif /* _NGX_HTTP_PORTONE_BODY_H_INCLUDED_ */
