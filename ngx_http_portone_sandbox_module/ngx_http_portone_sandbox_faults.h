
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _NGX_HTTP_PORTONE_SANDBOX_FAULTS_H_INCLUDED_
#define _NGX_HTTP_PORTONE_SANDBOX_FAULTS_H_INCLUDED_


/*
 * Faults that are armed by _sandbox/faults, and the gates that hold requests.
 * What takes the zone is called with the zone locked.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <cjson/cJSON.h>

#include "ngx_http_portone_sandbox_text.h"
#include "ngx_http_portone_sandbox_zone.h"


typedef enum {
    NGX_HTTP_PORTONE_SANDBOX_DELAY = 0,
    NGX_HTTP_PORTONE_SANDBOX_GATE,
    NGX_HTTP_PORTONE_SANDBOX_GATE_AFTER,
    NGX_HTTP_PORTONE_SANDBOX_LOSE_REQUEST,
    NGX_HTTP_PORTONE_SANDBOX_LOSE_ANSWER,
    NGX_HTTP_PORTONE_SANDBOX_HANG,
    NGX_HTTP_PORTONE_SANDBOX_HANG_AFTER,
    NGX_HTTP_PORTONE_SANDBOX_STATUS,
    NGX_HTTP_PORTONE_SANDBOX_STATUS_AFTER,
    NGX_HTTP_PORTONE_SANDBOX_TRUNCATE,
    NGX_HTTP_PORTONE_SANDBOX_GARBAGE,
    NGX_HTTP_PORTONE_SANDBOX_BODY,
    NGX_HTTP_PORTONE_SANDBOX_BODY_BEFORE,
    NGX_HTTP_PORTONE_SANDBOX_BIG,
    NGX_HTTP_PORTONE_SANDBOX_UNAUTHORIZED,
    NGX_HTTP_PORTONE_SANDBOX_REFUSE,
    NGX_HTTP_PORTONE_SANDBOX_REFUSE_AFTER,
    NGX_HTTP_PORTONE_SANDBOX_SLOW,
    NGX_HTTP_PORTONE_SANDBOX_ESCAPE,
    NGX_HTTP_PORTONE_SANDBOX_OTHER_PAYMENT,
    NGX_HTTP_PORTONE_SANDBOX_NO_RESPONSE,
    NGX_HTTP_PORTONE_SANDBOX_CLOSE_IDLE,
    NGX_HTTP_PORTONE_SANDBOX_NO_FAULT
} ngx_http_portone_sandbox_kind_e;


typedef enum {
    NGX_HTTP_PORTONE_SANDBOX_BEFORE = 0,
    NGX_HTTP_PORTONE_SANDBOX_AFTER,
    NGX_HTTP_PORTONE_SANDBOX_ANSWER
} ngx_http_portone_sandbox_phase_e;


/*
 * Arms a fault described by a JSON object.  NGX_OK; NGX_ERROR: the
 * description is wrong; NGX_DECLINED: the zone is full.  error tells why.
 */
ngx_int_t ngx_http_portone_sandbox_faults_arm(
    ngx_http_portone_sandbox_zone_t *zone, cJSON *object, u_char *error);

/*
 * Takes the fault that a call meets in a phase, counting it down.  Returns a
 * copy in the pool; NULL: there is none, or memory ran out (*failed).
 */
ngx_http_portone_sandbox_fault_t *ngx_http_portone_sandbox_faults_take(
    ngx_http_portone_sandbox_zone_t *zone, ngx_uint_t phase, ngx_uint_t call,
    ngx_str_t *imp_uid, ngx_str_t *merchant_uid, ngx_pool_t *pool,
    ngx_uint_t *failed);

void ngx_http_portone_sandbox_faults_clear(
    ngx_http_portone_sandbox_zone_t *zone);
void ngx_http_portone_sandbox_faults_write(
    ngx_http_portone_sandbox_zone_t *zone,
    ngx_http_portone_sandbox_text_t *text);

/* the gate of the name, created closed when missing; NULL: zone is full */
ngx_http_portone_sandbox_gate_t *ngx_http_portone_sandbox_faults_gate_get(
    ngx_http_portone_sandbox_zone_t *zone, ngx_str_t *name);
ngx_http_portone_sandbox_gate_t *ngx_http_portone_sandbox_faults_gate_find(
    ngx_http_portone_sandbox_zone_t *zone, ngx_str_t *name);
void ngx_http_portone_sandbox_faults_clear_gates(
    ngx_http_portone_sandbox_zone_t *zone);

/* 1: the call's work is done in spite of the fault, which may be NULL */
ngx_uint_t ngx_http_portone_sandbox_faults_executes(
    ngx_http_portone_sandbox_fault_t *fault);

/* the word for the fault, which may be NULL */
void ngx_http_portone_sandbox_faults_name(
    ngx_http_portone_sandbox_fault_t *fault, ngx_str_t *name);


#endif /* _NGX_HTTP_PORTONE_SANDBOX_FAULTS_H_INCLUDED_ */
