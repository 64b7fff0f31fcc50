
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_ZONE_H_INCLUDED_
#define _NGX_HTTP_PORTONE_ZONE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "portone_answer.h"
#include "ngx_http_portone_metrics.h"


/*
 * The shared zone holds one fixed-size slot an account: the access token that
 * all workers use, and the lease of the worker that fetches a new one; and the
 * counters, see ngx_http_portone_metrics.h.
 */


#define NGX_HTTP_PORTONE_DIGEST_LEN  16


/* the token of a slot, as one worker sees it at one moment */

typedef struct {
    ngx_uint_t                       generation;    /* counts the tokens that
                                                       were granted */
    time_t                           expires;       /* wall clock, s */
    time_t                           refresh;       /* time to ask for a new
                                                       one, wall clock, s */
    ngx_int_t                        clock_offset;  /* PortOne's - ours, s */
    ngx_uint_t                       failures;      /* counts up */
    ngx_uint_t                       failure;       /* portone_token_e */
    ngx_uint_t                       refused;       /* 1: PortOne has refused
                                                       the keys since it last
                                                       granted a token */
    size_t                           len;
    u_char                           data[PORTONE_TOKEN_MAX];
} ngx_http_portone_token_t;


typedef struct ngx_http_portone_slot_s  ngx_http_portone_slot_t;


/*
 * An account: one pair of keys with one tier at one API.  Locations that
 * have the same share it.  Lives as long as the configuration cycle.
 */

typedef struct ngx_http_portone_account_s {
    u_char                           digest[NGX_HTTP_PORTONE_DIGEST_LEN];
    ngx_str_t                        fingerprint;   /* API, key and tier,
                                                       hashed, hex; free of
                                                       secrets */
    ngx_str_t                        imp_key;
    ngx_str_t                        imp_secret;
    ngx_str_t                        tier;
    ngx_shm_zone_t                  *zone;
    ngx_http_portone_slot_t         *slot;      /* in the zone */

    /* members of this worker alone */
    ngx_queue_t                      waiters;       /* for a token */
    void                            *refresh;       /* under way, or NULL */
} ngx_http_portone_account_t;


typedef ngx_int_t (*ngx_http_portone_zone_pt)(ngx_cycle_t *cycle);

/*
 * ngx_http_portone_zone_add() declares the zone for the accounts; they get
 * their slots when nginx initializes its zones.  If there are accounts, check
 * is called then: all of the configuration has been read, and an NGX_ERROR
 * from check still refuses it.
 */
ngx_shm_zone_t *ngx_http_portone_zone_add(ngx_conf_t *cf, size_t size,
    ngx_array_t *accounts, ngx_http_portone_zone_pt check);

/*
 * the place of the walk over the stored payments, for the worker that goes on
 * with it; the key is the store's, position has NGX_HTTP_PORTONE_POSITION
 * bytes
 */

#define NGX_HTTP_PORTONE_POSITION  511

size_t ngx_http_portone_zone_position(ngx_shm_zone_t *zone, char *position);
void ngx_http_portone_zone_set_position(ngx_shm_zone_t *zone,
    const char *position, size_t len);

/* the zone's part of ngx_http_portone_metrics_open() */
void ngx_http_portone_zone_metrics(ngx_shm_zone_t *zone, ngx_log_t *log);

/* copies the slot; the caller wipes the copy */
void ngx_http_portone_zone_read(ngx_http_portone_account_t *account,
    ngx_http_portone_token_t *token);

/*
 * ngx_http_portone_zone_lease() makes this worker the one that fetches the
 * token, or renews its lease, for NGX_HTTP_PORTONE_LEASE ms.  NGX_DECLINED:
 * another worker has the lease.
 */

#define NGX_HTTP_PORTONE_LEASE  5000

ngx_int_t ngx_http_portone_zone_lease(ngx_http_portone_account_t *account);

/*
 * Both end the lease.  _grant() puts a new token and sets its generation,
 * _fail() makes the failure known to all who wait; result: portone_token_e.
 */
void ngx_http_portone_zone_grant(ngx_http_portone_account_t *account,
    ngx_http_portone_token_t *token);
void ngx_http_portone_zone_fail(ngx_http_portone_account_t *account,
    ngx_uint_t result);

/* number of accounts, of an array of pointers, whose keys are refused */
ngx_uint_t ngx_http_portone_zone_refused(ngx_array_t *accounts);


#endif /* _NGX_HTTP_PORTONE_ZONE_H_INCLUDED_ */
