
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_SANDBOX_ZONE_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_ZONE_H_INCLUDED_


/*
 * The state of one sandboxed PortOne, shared by all workers.  Everything in
 * ngx_http_portone_sandbox_sh_t and behind its pointers is read and written
 * under the mutex of the zone only.
 */


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_PORTONE_SANDBOX_MAX_KEY       128
#define NGX_HTTP_PORTONE_SANDBOX_TIER_LEN      3
#define NGX_HTTP_PORTONE_SANDBOX_TOKEN_LEN     40
#define NGX_HTTP_PORTONE_SANDBOX_MAX_TOKENS    64
#define NGX_HTTP_PORTONE_SANDBOX_MAX_FAULTS    256
#define NGX_HTTP_PORTONE_SANDBOX_MAX_GATES     64
#define NGX_HTTP_PORTONE_SANDBOX_MAX_REQUESTS  4096
#define NGX_HTTP_PORTONE_SANDBOX_MAX_WEBHOOKS  256


typedef enum {
    NGX_HTTP_PORTONE_SANDBOX_TOKEN = 0,
    NGX_HTTP_PORTONE_SANDBOX_CANCEL,
    NGX_HTTP_PORTONE_SANDBOX_PAYMENT,
    NGX_HTTP_PORTONE_SANDBOX_FIND,
    NGX_HTTP_PORTONE_SANDBOX_OTHER,
    NGX_HTTP_PORTONE_SANDBOX_ANY             /* number of calls, and "all" */
} ngx_http_portone_sandbox_call_e;


typedef enum {
    NGX_HTTP_PORTONE_SANDBOX_READY = 0,
    NGX_HTTP_PORTONE_SANDBOX_PAID,
    NGX_HTTP_PORTONE_SANDBOX_CANCELLED,
    NGX_HTTP_PORTONE_SANDBOX_FAILED,
    NGX_HTTP_PORTONE_SANDBOX_ANY_STATUS
} ngx_http_portone_sandbox_status_e;


/* the payments that share a merchant_uid */

typedef struct {
    ngx_str_node_t                      sn;
    ngx_queue_t                         payments;
} ngx_http_portone_sandbox_order_t;


/* the facts that the sandbox decides by, taken from the payment object */

typedef struct {
    int64_t                             amount;         /* smallest unit */
    int64_t                             cancel_amount;  /* smallest unit */
    time_t                              started_at;
    time_t                              paid_at;
    ngx_uint_t                          decimals;
    ngx_http_portone_sandbox_status_e   status;
    u_char                              currency[4];
    unsigned                            sandbox:1;
    unsigned                            vbank:1;
    unsigned                            phone:1;
    unsigned                            kcp:1;
} ngx_http_portone_sandbox_facts_t;


typedef struct {
    ngx_str_node_t                      sn;             /* imp_uid */
    ngx_queue_t                         queue;
    ngx_queue_t                         order_queue;
    ngx_http_portone_sandbox_order_t   *order;

    ngx_str_t                           account;
    ngx_str_t                           tier;
    ngx_str_t                           json;
    ngx_str_t                           pending;        /* history entry */
    int64_t                             pending_amount;
    ngx_http_portone_sandbox_facts_t    facts;

    uint64_t                            number;
    uint64_t                            updated;

    uint64_t                            executions;
    uint64_t                            console_refunds;
    int64_t                             executed_amount;
    ngx_uint_t                          concurrent_now;
    ngx_uint_t                          concurrent_max;

    unsigned                            async:1;
} ngx_http_portone_sandbox_payment_t;


typedef struct {
    u_char                              key[NGX_HTTP_PORTONE_SANDBOX_MAX_KEY];
    size_t                              key_len;
    u_char                              tier[NGX_HTTP_PORTONE_SANDBOX_TIER_LEN];
    size_t                              tier_len;
    u_char                         token[NGX_HTTP_PORTONE_SANDBOX_TOKEN_LEN];
    time_t                              expired_at;     /* 0: slot is free */
} ngx_http_portone_sandbox_token_t;


typedef struct {
    ngx_queue_t                         queue;
    ngx_uint_t                          kind;
    ngx_uint_t                          call;
    ngx_uint_t                          times;          /* 0: for ever */
    ngx_uint_t                          skip;
    int64_t                             ms;
    int64_t                             bytes;
    int64_t                             status;
    int64_t                             code;
    ngx_str_t                           text;  /* body, message or gate */
    ngx_str_t                           imp_uid;
    ngx_str_t                           merchant_uid;
} ngx_http_portone_sandbox_fault_t;


typedef struct {
    ngx_queue_t                         queue;
    ngx_str_t                           name;
    ngx_uint_t                          waiting;
    ngx_uint_t                          open;
} ngx_http_portone_sandbox_gate_t;


/* one request as it was received; strings lie behind the structure */

typedef struct {
    uint64_t                            number;
    uint64_t                            at;             /* unix, ms */
    uint64_t                            connection;
    size_t                              size;
    ngx_uint_t                          call;
    ngx_uint_t                          status;
    ngx_uint_t                          executed;
    ngx_str_t                           fault;
    ngx_str_t                           method;
    ngx_str_t                           path;
    ngx_str_t                           query;
    ngx_str_t                           imp_uid;
    ngx_str_t                           content_type;
    ngx_str_t                           tier;
    ngx_str_t                           authorization;
    ngx_str_t                           body;
} ngx_http_portone_sandbox_entry_t;


/* a webhook that was sent; strings lie behind the structure */

typedef struct {
    ngx_queue_t                         queue;
    uint64_t                            number;
    ngx_uint_t                          tries;          /* ended */
    ngx_uint_t                          status;         /* 0: no answer */
    ngx_uint_t                          done;           /* all tries ended */
    ngx_str_t                           imp_uid;
    ngx_str_t                           body;
} ngx_http_portone_sandbox_sending_t;


typedef struct {
    ngx_rbtree_t                        payments_rbtree;
    ngx_rbtree_node_t                   payments_sentinel;
    ngx_rbtree_t                        orders_rbtree;
    ngx_rbtree_node_t                   orders_sentinel;
    ngx_queue_t                         payments;       /* oldest first */
    ngx_queue_t                         faults;         /* oldest first */
    ngx_queue_t                         gates;
    ngx_queue_t                         webhooks;       /* oldest first */

    ngx_uint_t                          npayments;
    ngx_uint_t                          nfaults;
    ngx_uint_t                          ngates;
    ngx_uint_t                          nwebhooks;

    uint64_t                            generation;     /* counts resets */
    uint64_t                            sequence;
    uint64_t                            webhook_sequence;
    uint64_t                            cancels_executed;
    uint64_t                            tokens_issued;
    uint64_t                            calls[NGX_HTTP_PORTONE_SANDBOX_ANY];

    time_t                              clock_offset;
    ngx_uint_t                          clock_set;

    uint64_t                            first_request;
    uint64_t                            next_request;
    size_t                              requests_size;  /* bytes */

    ngx_http_portone_sandbox_token_t
                              tokens[NGX_HTTP_PORTONE_SANDBOX_MAX_TOKENS];
    ngx_http_portone_sandbox_entry_t
                           *requests[NGX_HTTP_PORTONE_SANDBOX_MAX_REQUESTS];
} ngx_http_portone_sandbox_sh_t;


/* a payment declared by portone_sandbox_payment */

typedef struct {
    ngx_str_t                           imp_uid;
    ngx_str_t                           json;
    ngx_str_t                           file;
    ngx_uint_t                          line;
} ngx_http_portone_sandbox_declared_t;


typedef struct ngx_http_portone_sandbox_zone_s
    ngx_http_portone_sandbox_zone_t;

typedef void (*ngx_http_portone_sandbox_clear_pt)(
    ngx_http_portone_sandbox_zone_t *zone);
typedef ngx_int_t (*ngx_http_portone_sandbox_declare_pt)(
    ngx_http_portone_sandbox_zone_t *zone, ngx_log_t *log);


/* the files that keep something in the zone; called with the zone locked */

typedef struct {
    const ngx_http_portone_sandbox_clear_pt  *clear;   /* the last is NULL */
    ngx_http_portone_sandbox_declare_pt       declare;
} ngx_http_portone_sandbox_parts_t;


struct ngx_http_portone_sandbox_zone_s {
    ngx_http_portone_sandbox_sh_t           *sh;
    ngx_slab_pool_t                         *shpool;
    ngx_shm_zone_t                          *shm_zone;
    const ngx_http_portone_sandbox_parts_t  *parts;
    ngx_array_t                              declared;
                           /* ngx_http_portone_sandbox_declared_t * */
    time_t                                   clock_offset;
};


/*
 * Returns the zone of the name, declared anew or by an earlier call, or NULL
 * after having logged why.  Size 0 refers to a zone declared elsewhere.
 */
ngx_http_portone_sandbox_zone_t *ngx_http_portone_sandbox_zone_add(
    ngx_conf_t *cf, ngx_str_t *name, size_t size,
    const ngx_http_portone_sandbox_parts_t *parts);

/*
 * Remembers a declared payment for the zone.  NGX_DECLINED: another one with
 * the same imp_uid is there, *other tells which.
 */
ngx_int_t ngx_http_portone_sandbox_zone_declare(
    ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_declared_t *declared,
    ngx_http_portone_sandbox_declared_t **other);

void ngx_http_portone_sandbox_zone_lock(ngx_http_portone_sandbox_zone_t *zone);
void ngx_http_portone_sandbox_zone_unlock(
    ngx_http_portone_sandbox_zone_t *zone);

/*
 * The functions below are called with the zone locked.
 */

/* memory of the zone, or NULL when it is full */
void *ngx_http_portone_sandbox_zone_alloc(
    ngx_http_portone_sandbox_zone_t *zone, size_t size);
void ngx_http_portone_sandbox_zone_free(ngx_http_portone_sandbox_zone_t *zone,
    void *p);

/* copies src into the zone; *dst is untouched when NGX_ERROR is returned */
ngx_int_t ngx_http_portone_sandbox_zone_dup(
    ngx_http_portone_sandbox_zone_t *zone, ngx_str_t *dst, ngx_str_t *src);

/*
 * Forgets everything, creates the declared payments again and counts the
 * generation on, by which requests that are held notice.
 */
ngx_int_t ngx_http_portone_sandbox_zone_reset(
    ngx_http_portone_sandbox_zone_t *zone, ngx_log_t *log);

/* the time PortOne tells, unix seconds; offset is the configured one */
time_t ngx_http_portone_sandbox_zone_now(ngx_http_portone_sandbox_zone_t *zone,
    time_t offset);

/* calls: "token", "cancel", "payment", "find", "other", "any" */
ngx_str_t *ngx_http_portone_sandbox_zone_call_name(ngx_uint_t call);

/* NGX_ERROR: the call is unknown */
ngx_int_t ngx_http_portone_sandbox_zone_call_by_name(u_char *name, size_t len);


#endif /* _NGX_HTTP_PORTONE_SANDBOX_ZONE_H_INCLUDED_ */
