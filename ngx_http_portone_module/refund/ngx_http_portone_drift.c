
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_drift.h"
#include "ngx_http_portone_api.h"
#include "ngx_http_portone_client.h"
#include "ngx_http_portone_commit.h"
#include "ngx_http_portone_curl.h"
#include "ngx_http_portone_metrics.h"
#include "ngx_http_portone_store.h"
#include "ngx_http_portone_timer.h"
#include "ngx_http_portone_token.h"
#include "ngx_http_portone_zone.h"


/* the shortest interval: a thousand payments a second */
#define NGX_HTTP_PORTONE_DRIFT_MIN_MS      100

/* the next round finds payments that could not be stored */
#define NGX_HTTP_PORTONE_DRIFT_TIMEOUT_MS  5000

/*
 * A batch that PortOne leaves unanswered is tried again, this often, so that
 * the others have their turn even if an answer never comes.
 */
#define NGX_HTTP_PORTONE_DRIFT_TRIES       3


/* a batch under way */

typedef struct {
    ngx_http_portone_client_t         client; /* for its pool and log */
    portone_drift_t                  *core;
    ngx_uint_t                        i;      /* index of the location */
    ngx_http_portone_loc_conf_t      *plcf;   /* the location, for its keys */
    ngx_http_portone_token_request_t  token;
    ngx_http_portone_call_t           call;
    ngx_http_portone_commit_t         commit;
    unsigned                          refreshed:1;
    unsigned                          unanswered:1; /* by some of the keys */
} ngx_http_portone_drift_batch_t;


typedef struct {
    ngx_http_portone_main_conf_t    *pmcf;
    ngx_http_portone_timer_t         timer;
    ngx_http_portone_drift_batch_t  *batch;   /* under way, or NULL */
    ngx_uint_t                       failures;

    /* payments since the first one, or since the worker began */
    ngx_uint_t                       counts[NGX_HTTP_PORTONE_DRIFT_RESULTS];
} ngx_http_portone_drift_t;


static void ngx_http_portone_drift_timer(void);
static ngx_http_portone_drift_batch_t *ngx_http_portone_drift_create(void);
static void ngx_http_portone_drift_destroy(
    ngx_http_portone_drift_batch_t *batch);
static ngx_uint_t ngx_http_portone_drift_location(
    ngx_http_portone_drift_batch_t *batch);
static ngx_uint_t ngx_http_portone_drift_asked(ngx_uint_t i);
static void ngx_http_portone_drift_ask(ngx_http_portone_drift_batch_t *batch,
    ngx_uint_t refresh);
static void ngx_http_portone_drift_token(ngx_http_portone_token_request_t *t);
static void ngx_http_portone_drift_called(ngx_http_portone_call_t *call);
static void ngx_http_portone_drift_unanswered(
    ngx_http_portone_drift_batch_t *batch);
static void ngx_http_portone_drift_next(
    ngx_http_portone_drift_batch_t *batch);
static void ngx_http_portone_drift_committed(ngx_http_portone_commit_t *op);
static void ngx_http_portone_drift_failed(
    ngx_http_portone_drift_batch_t *batch);
static void ngx_http_portone_drift_finish(
    ngx_http_portone_drift_batch_t *batch);
static void ngx_http_portone_drift_tell(
    ngx_http_portone_drift_batch_t *batch);
static void ngx_http_portone_drift_count(
    ngx_http_portone_drift_result_e result, ngx_uint_t n);


static ngx_http_portone_drift_t  ngx_http_portone_drift;


char *
ngx_http_portone_drift_interval(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_portone_main_conf_t *pmcf = conf;

    ngx_int_t   interval;
    ngx_str_t  *value;

    if (pmcf->drift_interval != NGX_CONF_UNSET_MSEC) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        pmcf->drift_interval = 0;
        return NGX_CONF_OK;
    }

    interval = ngx_parse_time(&value[1], 0);

    if (interval == NGX_ERROR) {
        return "invalid value";
    }

    if (interval < NGX_HTTP_PORTONE_DRIFT_MIN_MS) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"portone_drift_interval\" must be at least "
                           "100ms");
        return NGX_CONF_ERROR;
    }

    pmcf->drift_interval = interval;

    return NGX_CONF_OK;
}


void
ngx_http_portone_drift_init(ngx_cycle_t *cycle,
    ngx_http_portone_main_conf_t *pmcf)
{
    ngx_http_portone_drift_t  *drift;

    if (pmcf->drift_interval == 0) {
        return;
    }

    drift = &ngx_http_portone_drift;

    drift->pmcf = pmcf;

    /*
     * In a reload two processes may look at a time, maybe at the same
     * payments: each keeps what the other one has stored.
     */

    drift->timer.interval_ms = pmcf->drift_interval;
    drift->timer.handler = ngx_http_portone_drift_timer;

    ngx_http_portone_timer_start(&drift->timer, cycle);
}


void
ngx_http_portone_drift_exit(void)
{
    ngx_http_portone_timer_stop(&ngx_http_portone_drift.timer);
}


static void
ngx_http_portone_drift_timer(void)
{
    ngx_http_portone_drift_t        *drift;
    ngx_http_portone_drift_batch_t  *batch;

    drift = &ngx_http_portone_drift;

    if (drift->batch
        || !ngx_http_portone_store_is_open(drift->pmcf->store))
    {
        return;
    }

    batch = ngx_http_portone_drift_create();
    if (batch == NULL) {
        return;
    }

    drift->batch = batch;

    if (ngx_http_portone_store_read(drift->pmcf->store, portone_drift_batch,
                                    batch->core, &batch->client.log)
        != PORTONE_OK)
    {
        ngx_http_portone_drift_destroy(batch);
        return;
    }

    if (batch->core->n == 0) {
        ngx_http_portone_drift_finish(batch);
        return;
    }

    if (!ngx_http_portone_drift_location(batch)) {
        ngx_log_error(NGX_LOG_ERR, &batch->client.log, 0,
                      "no location has the keys to look after the payments "
                      "of merchant \"%*s\"", batch->core->merchant,
                      batch->core->payments[0].key.data);

        ngx_http_portone_drift_finish(batch);
        return;
    }

    ngx_http_portone_drift_ask(batch, 0);
}


static ngx_http_portone_drift_batch_t *
ngx_http_portone_drift_create(void)
{
    portone_drift_t                 *core;
    ngx_http_portone_drift_batch_t  *batch;

    batch = ngx_http_portone_client_create(NULL, NGX_DEFAULT_POOL_SIZE,
                                      sizeof(ngx_http_portone_drift_batch_t));
    if (batch == NULL) {
        return NULL;
    }

    core = ngx_pcalloc(batch->client.pool, sizeof(portone_drift_t));
    if (core == NULL) {
        ngx_http_portone_client_destroy(&batch->client);
        return NULL;
    }

    batch->core = core;

    core->last.len = ngx_http_portone_zone_position(
                                      ngx_http_portone_drift.pmcf->zone,
                                      core->last.data);

    return batch;
}


static void
ngx_http_portone_drift_destroy(ngx_http_portone_drift_batch_t *batch)
{
    portone_drift_free(batch->core);

    ngx_explicit_memzero(&batch->token.token,
                         sizeof(ngx_http_portone_token_t));

    ngx_http_portone_drift.batch = NULL;

    ngx_http_portone_client_destroy(&batch->client);
}


/* goes to the next account of the merchant, from batch->i on; 0: the end */

static ngx_uint_t
ngx_http_portone_drift_location(ngx_http_portone_drift_batch_t *batch)
{
    char                           *merchant;
    size_t                          len;
    ngx_array_t                    *locations;
    ngx_http_portone_loc_conf_t   **location;

    locations = &ngx_http_portone_drift.pmcf->locations;
    location = locations->elts;

    merchant = batch->core->payments[0].key.data;
    len = batch->core->merchant;

    for ( /* void */ ; batch->i < locations->nelts; batch->i++) {
        batch->plcf = location[batch->i];

        if (batch->plcf->merchant.len == len
            && ngx_memcmp(batch->plcf->merchant.data, merchant, len) == 0
            && !ngx_http_portone_drift_asked(batch->i))
        {
            return 1;
        }
    }

    return 0;
}


/* whether another location with the same keys was asked already */

static ngx_uint_t
ngx_http_portone_drift_asked(ngx_uint_t i)
{
    ngx_uint_t                     n;
    ngx_http_portone_loc_conf_t  **location;

    location = ngx_http_portone_drift.pmcf->locations.elts;

    for (n = 0; n < i; n++) {

        if (location[n]->account == location[i]->account
            && location[n]->include_sandbox == location[i]->include_sandbox
            && location[n]->merchant.len == location[i]->merchant.len
            && ngx_memcmp(location[n]->merchant.data,
                          location[i]->merchant.data,
                          location[i]->merchant.len)
               == 0)
        {
            return 1;
        }
    }

    return 0;
}


static void
ngx_http_portone_drift_ask(ngx_http_portone_drift_batch_t *batch,
    ngx_uint_t refresh)
{
    ngx_http_portone_token_request_t  *t;

    t = &batch->token;

    batch->refreshed = refresh;

    t->refused = refresh ? t->token.generation : 0;
    t->account = batch->plcf->account;
    t->server = batch->plcf->endpoint;
    t->log = &batch->client.log;
    t->handler = ngx_http_portone_drift_token;
    t->data = batch;

    if (ngx_http_portone_token_get(t) == NGX_OK) {
        ngx_http_portone_drift_token(t);
    }
}


static void
ngx_http_portone_drift_token(ngx_http_portone_token_request_t *t)
{
    ngx_http_portone_call_t         *call;
    ngx_http_portone_drift_batch_t  *batch;

    batch = t->data;
    call = &batch->call;

    if (t->result != PORTONE_TOKEN_GRANTED) {
        ngx_http_portone_drift_unanswered(batch);
        return;
    }

    ngx_memzero(call, sizeof(ngx_http_portone_call_t));

    call->server = batch->plcf->endpoint;
    call->pool = batch->client.pool;
    call->log = &batch->client.log;
    call->tier = batch->plcf->tier;
    call->authorization.data = t->token.data;
    call->authorization.len = t->token.len;
    call->handler = ngx_http_portone_drift_called;
    call->data = batch;

    if (ngx_http_portone_api_payments(call, batch->core,
                                      batch->plcf->include_sandbox)
        != NGX_OK)
    {
        ngx_http_portone_drift_failed(batch);
        return;
    }

    ngx_http_portone_curl_submit(call);
}


static void
ngx_http_portone_drift_called(ngx_http_portone_call_t *call)
{
    int                              rc;
    portone_answer_t                 answer;
    portone_answer_e                 kind;
    ngx_http_portone_drift_batch_t  *batch;

    batch = call->data;

    if (ngx_http_portone_api_answer(call, &answer) != PORTONE_CALL_ANSWERED) {
        ngx_log_error(NGX_LOG_ERR, &batch->client.log, 0,
                      "PortOne did not answer: %s, while looking after "
                      "payments", call->reason);

        ngx_http_portone_drift_unanswered(batch);
        return;
    }

    kind = answer.kind;
    rc = PORTONE_OK;

    /* 200: PortOne knows all of them; 207: some; 404: none */

    if (kind == PORTONE_ANSWER_OK) {
        rc = portone_drift_compare(batch->core, &answer, ngx_time());
    }

    portone_answer_free(&answer);

    if (call->answer.data) {
        (void) ngx_pfree(batch->client.pool, call->answer.data);
        call->answer.data = NULL;
    }

    if (kind == PORTONE_ANSWER_UNAUTHORIZED && !batch->refreshed) {
        ngx_http_portone_drift_ask(batch, 1);
        return;
    }

    if (rc != PORTONE_OK
        || (kind != PORTONE_ANSWER_OK && kind != PORTONE_ANSWER_NOT_FOUND))
    {
        ngx_log_error(NGX_LOG_ERR, &batch->client.log, 0,
                      "PortOne's answer is not understood: status %ui, "
                      "%uz bytes, while looking after payments",
                      call->status, call->answer.len);

        ngx_http_portone_drift_unanswered(batch);
        return;
    }

    ngx_http_portone_drift_next(batch);
}


/* after bad keys those of the other accounts still have their turn */

static void
ngx_http_portone_drift_unanswered(ngx_http_portone_drift_batch_t *batch)
{
    batch->unanswered = 1;

    ngx_http_portone_drift_next(batch);
}


/* asks with another account for missing payments, or stores changed ones */

static void
ngx_http_portone_drift_next(ngx_http_portone_drift_batch_t *batch)
{
    size_t                      i, missing, differ;
    ngx_http_portone_commit_t  *op;

    missing = 0;
    differ = 0;

    for (i = 0; i < batch->core->n; i++) {
        missing += !batch->core->payments[i].found;
        differ += batch->core->payments[i].differs;
    }

    batch->i++;

    if (missing && ngx_http_portone_drift_location(batch)) {
        ngx_http_portone_drift_ask(batch, 0);
        return;
    }

    if (batch->unanswered && missing == batch->core->n) {
        ngx_http_portone_drift_failed(batch);
        return;
    }

    if (differ == 0) {
        ngx_http_portone_drift_finish(batch);
        return;
    }

    op = &batch->commit;

    op->store = ngx_http_portone_drift.pmcf->store;
    op->log = &batch->client.log;
    op->handler = ngx_http_portone_drift_committed;
    op->timeout = NGX_HTTP_PORTONE_DRIFT_TIMEOUT_MS;
    op->apply = portone_drift_store;
    op->data = batch->core;

    ngx_http_portone_commit(op);
}


static void
ngx_http_portone_drift_committed(ngx_http_portone_commit_t *op)
{
    ngx_http_portone_drift_batch_t  *batch;

    batch = (ngx_http_portone_drift_batch_t *)
              ((u_char *) op - offsetof(ngx_http_portone_drift_batch_t,
                                        commit));

    if (op->status != NGX_HTTP_PORTONE_COMMITTED) {
        ngx_http_portone_drift_failed(batch);
        return;
    }

    ngx_http_portone_drift_tell(batch);
    ngx_http_portone_drift_finish(batch);
}


/* logs payments by their identifiers only: amounts stay private */

static void
ngx_http_portone_drift_tell(ngx_http_portone_drift_batch_t *batch)
{
    size_t                    i;
    portone_drift_payment_t  *payment;

    for (i = 0; i < batch->core->n; i++) {
        payment = &batch->core->payments[i];

        if (!payment->differs || !payment->save.stored) {
            continue;
        }

        ngx_log_error(NGX_LOG_NOTICE, &batch->client.log, 0,
                      "payment \"%*s\" of merchant \"%*s\" differed from "
                      "PortOne's: %uz new cancellations, %uz undone",
                      payment->imp_uid.len, payment->imp_uid.data,
                      batch->core->merchant, payment->key.data,
                      payment->appeared, payment->vanished);
    }
}


static void
ngx_http_portone_drift_failed(ngx_http_portone_drift_batch_t *batch)
{
    if (++ngx_http_portone_drift.failures < NGX_HTTP_PORTONE_DRIFT_TRIES) {

        /* the next interval begins at the same position */

        ngx_http_portone_drift_destroy(batch);
        return;
    }

    ngx_log_error(NGX_LOG_ERR, &batch->client.log, 0,
                  "%uz payments of merchant \"%*s\" are not looked after in "
                  "this round", batch->core->n, batch->core->merchant,
                  batch->core->payments[0].key.data);

    ngx_http_portone_drift_count(NGX_HTTP_PORTONE_DRIFT_LEFT_OUT,
                                 batch->core->n + batch->core->skipped);

    portone_drift_free(batch->core);

    ngx_http_portone_drift_finish(batch);
}


static void
ngx_http_portone_drift_finish(ngx_http_portone_drift_batch_t *batch)
{
    size_t                     i;
    ngx_uint_t                *counts;
    portone_drift_t           *core;
    ngx_http_portone_drift_t  *drift;

    core = batch->core;
    drift = &ngx_http_portone_drift;
    counts = drift->counts;

    drift->failures = 0;

    ngx_http_portone_drift_count(NGX_HTTP_PORTONE_DRIFT_LEFT_OUT,
                                 core->skipped);

    for (i = 0; i < core->n; i++) {

        if (core->payments[i].differs) {

            /* left out: stored by somebody else, or a refund was begun */

            ngx_http_portone_drift_count(core->payments[i].save.stored
                                         ? NGX_HTTP_PORTONE_DRIFT_DIFFERED
                                         : NGX_HTTP_PORTONE_DRIFT_LEFT_OUT,
                                         1);
            continue;
        }

        if (core->payments[i].found) {
            ngx_http_portone_drift_count(NGX_HTTP_PORTONE_DRIFT_SAME, 1);
            continue;
        }

        if (batch->unanswered) {
            ngx_http_portone_drift_count(NGX_HTTP_PORTONE_DRIFT_LEFT_OUT, 1);
            continue;
        }

        if (counts[NGX_HTTP_PORTONE_DRIFT_MISSING] == 0) {
            ngx_log_error(NGX_LOG_NOTICE, &batch->client.log, 0,
                          "PortOne does not know payment \"%*s\" of merchant "
                          "\"%*s\", nor maybe others",
                          core->payments[i].imp_uid.len,
                          core->payments[i].imp_uid.data,
                          core->merchant, core->payments[i].key.data);
        }

        ngx_http_portone_drift_count(NGX_HTTP_PORTONE_DRIFT_MISSING, 1);
    }

    ngx_http_portone_zone_set_position(drift->pmcf->zone, core->last.data,
                                       core->last.len);

    if (core->done) {
        ngx_log_error(NGX_LOG_INFO, &batch->client.log, 0,
                      "all payments were looked after: %ui the same, "
                      "%ui differed, %ui not known to PortOne, %ui left out",
                      counts[NGX_HTTP_PORTONE_DRIFT_SAME],
                      counts[NGX_HTTP_PORTONE_DRIFT_DIFFERED],
                      counts[NGX_HTTP_PORTONE_DRIFT_MISSING],
                      counts[NGX_HTTP_PORTONE_DRIFT_LEFT_OUT]);

        ngx_memzero(counts, sizeof(drift->counts));
    }

    ngx_http_portone_drift_destroy(batch);
}


/* counts for the end of the round and for portone_status */

static void
ngx_http_portone_drift_count(ngx_http_portone_drift_result_e result,
    ngx_uint_t n)
{
    ngx_http_portone_drift.counts[result] += n;

    ngx_http_portone_metrics_count_more(drift[result], n);
}
