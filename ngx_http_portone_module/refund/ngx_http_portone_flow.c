
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_flow.h"
#include "ngx_http_portone_api.h"
#include "ngx_http_portone_curl.h"
#include "ngx_http_portone_metrics.h"
#include "ngx_http_portone_store.h"


/* how long an operation may wait for its turn to be committed */
#define NGX_HTTP_PORTONE_FLOW_COMMIT_TIMEOUT_MS  5000

/*
 * A settlement is worth waiting for: its client has long been answered, and
 * PortOne has to be read again for a refund that is settled later.
 */
#define NGX_HTTP_PORTONE_FLOW_SETTLE_TIMEOUT_MS  60000

/* how long a client waits for a commit, whatever holds the commit up */
#define NGX_HTTP_PORTONE_FLOW_PATIENCE_MS        10000


static void ngx_http_portone_flow_run(ngx_http_portone_flow_t *flow,
    portone_step_e step);
static ngx_int_t ngx_http_portone_flow_token(ngx_http_portone_flow_t *flow,
    ngx_uint_t refresh);
static void ngx_http_portone_flow_token_handler(
    ngx_http_portone_token_request_t *t);
static portone_step_e ngx_http_portone_flow_token_done(
    ngx_http_portone_flow_t *flow);
static void ngx_http_portone_flow_call(ngx_http_portone_flow_t *flow);
static void ngx_http_portone_flow_called(ngx_http_portone_call_t *call);
static void ngx_http_portone_flow_log_call(ngx_http_portone_flow_t *flow,
    portone_call_e result, portone_answer_t *answer);
static void ngx_http_portone_flow_commit(ngx_http_portone_flow_t *flow);
static void ngx_http_portone_flow_committed(ngx_http_portone_commit_t *op);
static void ngx_http_portone_flow_timer(ngx_event_t *ev);
static void ngx_http_portone_flow_limit(ngx_event_t *ev);
static void ngx_http_portone_flow_finish(ngx_http_portone_flow_t *flow);
static void ngx_http_portone_flow_count(ngx_http_portone_flow_t *flow);
static void ngx_http_portone_flow_answer(ngx_http_portone_flow_t *flow);
static void ngx_http_portone_flow_gone(void *work);
static void ngx_http_portone_flow_stop_timers(ngx_http_portone_flow_t *flow);


static const char  *ngx_http_portone_flow_actions[] = {
    "looking up a payment",
    "waiting for a token",
    "refreshing a token",
    "fetching a payment from PortOne",
    "storing a payment",
    "claiming a refund",
    "cancelling a payment at PortOne",
    "reading a payment again from PortOne",
    "settling a refund",
    "answering"
};


void
ngx_http_portone_flow_start(ngx_http_portone_flow_t *flow)
{
    ngx_http_request_t  *r;

    r = flow->client.request;

    flow->timer.handler = ngx_http_portone_flow_timer;
    flow->timer.data = flow;
    flow->timer.log = &flow->client.log;

    flow->client.gone = ngx_http_portone_flow_gone;

    if (r && flow->limit_ms) {
        flow->limit_timer.handler = ngx_http_portone_flow_limit;
        flow->limit_timer.data = flow;
        flow->limit_timer.log = &flow->client.log;

        ngx_add_timer(&flow->limit_timer, flow->limit_ms);
    }

    flow->start_ms = ngx_current_msec;

    flow->request_kind = r ? flow->conf->handler->counted
                           : NGX_HTTP_PORTONE_REQUEST_MAX;

    if (flow->request_kind == NGX_HTTP_PORTONE_REQUEST_REFUND) {
        ngx_http_portone_metrics_gauge_inc(refunds);
    }

    ngx_http_portone_flow_run(flow, portone_flow_start(&flow->core));
}


/* runs until something has to be waited for */

static void
ngx_http_portone_flow_run(ngx_http_portone_flow_t *flow, portone_step_e step)
{
    int              rc;
    portone_str_t    key;
    portone_flow_t  *core;

    core = &flow->core;

    for ( ;; ) {

        flow->step = step;
        flow->client.log.action = (char *) ngx_http_portone_flow_actions[step];

        ngx_log_debug1(NGX_LOG_DEBUG_HTTP, &flow->client.log, 0,
                       "portone step: %s", flow->client.log.action);

        switch (step) {

        case PORTONE_STEP_LOOKUP:
            core->lookup.now = ngx_time();

            rc = ngx_http_portone_store_read(flow->main_conf->store,
                                             portone_ledger_lookup,
                                             &core->lookup, &flow->client.log);
            step = portone_flow_looked_up(core, rc, ngx_time());

            if (core->unreadable) {
                key = portone_key_str(&core->lookup.key);

                ngx_http_portone_store_unreadable(flow->main_conf->store,
                                                  PORTONE_DB_PAYMENTS, &key,
                                                  &flow->client.log);
            }

            continue;

        case PORTONE_STEP_TOKEN:
        case PORTONE_STEP_REFRESH:

            if (ngx_http_portone_flow_token(flow,
                                            step == PORTONE_STEP_REFRESH)
                == NGX_AGAIN)
            {
                return;
            }

            step = ngx_http_portone_flow_token_done(flow);
            continue;

        case PORTONE_STEP_FETCH:
        case PORTONE_STEP_CANCEL:
        case PORTONE_STEP_REREAD:
            ngx_http_portone_flow_call(flow);
            return;

        case PORTONE_STEP_SAVE:
        case PORTONE_STEP_CLAIM:
        case PORTONE_STEP_SETTLE:
            ngx_http_portone_flow_commit(flow);
            return;

        case PORTONE_STEP_FINISH:
            ngx_http_portone_flow_finish(flow);
            return;
        }
    }
}


static ngx_int_t
ngx_http_portone_flow_token(ngx_http_portone_flow_t *flow, ngx_uint_t refresh)
{
    ngx_http_portone_token_request_t  *t;

    t = &flow->token;

    t->refused = refresh ? t->token.generation : 0;
    t->account = flow->conf->account;
    t->server = flow->conf->endpoint;
    t->log = &flow->client.log;
    t->handler = ngx_http_portone_flow_token_handler;
    t->data = flow;

    return ngx_http_portone_token_get(t);
}


static void
ngx_http_portone_flow_token_handler(ngx_http_portone_token_request_t *t)
{
    ngx_http_portone_flow_t *flow = t->data;

    ngx_http_portone_flow_run(flow, ngx_http_portone_flow_token_done(flow));
}


static portone_step_e
ngx_http_portone_flow_token_done(ngx_http_portone_flow_t *flow)
{
    ngx_http_portone_token_request_t  *t;

    static ngx_str_t  sources[] = {
        ngx_string("hit"),
        ngx_string("miss"),
        ngx_string("refreshed")
    };

    t = &flow->token;

    /* the variable tells the most expensive source of all steps */

    if (flow->client.ctx
        && (!flow->has_token
            || t->source == NGX_HTTP_PORTONE_TOKEN_REFRESHED))
    {
        flow->has_token = 1;
        flow->client.ctx->token = sources[t->source];
    }

    return portone_flow_token(&flow->core, t->result, t->token.clock_offset,
                              ngx_time());
}


static void
ngx_http_portone_flow_call(ngx_http_portone_flow_t *flow)
{
    ngx_int_t                     rc;
    portone_flow_t               *core;
    ngx_http_portone_call_t      *call;

    core = &flow->core;
    call = &flow->call;

    ngx_memzero(call, sizeof(ngx_http_portone_call_t));

    call->server = flow->conf->endpoint;
    call->pool = flow->client.pool;
    call->log = &flow->client.log;
    call->tier = flow->conf->tier;
    call->authorization.data = flow->token.token.data;
    call->authorization.len = flow->token.token.len;
    call->handler = ngx_http_portone_flow_called;
    call->data = flow;

    switch (flow->step) {

    case PORTONE_STEP_CANCEL:
        ngx_log_error(NGX_LOG_INFO, &flow->client.log, 0,
                      "refund of \"%*s\" is being sent",
                      core->payment.imp_uid.len, core->payment.imp_uid.data);

        rc = ngx_http_portone_api_cancel(call, core->body);
        break;

    case PORTONE_STEP_REREAD:
        rc = ngx_http_portone_api_payment(call, &core->payment.imp_uid,
                                          core->include_sandbox);
        break;

    default: /* PORTONE_STEP_FETCH */

        if (core->request.imp_uid.len) {
            rc = ngx_http_portone_api_payment(call, &core->request.imp_uid,
                                              core->include_sandbox);

        } else {
            rc = ngx_http_portone_api_find(call, &core->request.merchant_uid,
                                           core->find,
                                           core->include_sandbox);
        }

        break;
    }

    if (rc != NGX_OK) {
        call->outcome = PORTONE_CALL_OVERLOADED;
        call->reason = "no memory";
        ngx_http_portone_flow_called(call);
        return;
    }

    ngx_http_portone_curl_submit(call);
}


static void
ngx_http_portone_flow_called(ngx_http_portone_call_t *call)
{
    portone_call_e            result;
    portone_step_e            step;
    portone_flow_t           *core;
    portone_answer_t          answer;
    ngx_http_portone_flow_t  *flow;

    flow = call->data;
    core = &flow->core;

    flow->has_api_time = 1;
    flow->api_time += call->time;
    flow->api_status = (call->outcome == PORTONE_CALL_ANSWERED)
                           ? call->status : 0;

    result = ngx_http_portone_api_answer(call, &answer);

    ngx_http_portone_flow_log_call(flow, result, &answer);

    /* answers can be large, and a flow can have three of them */

    if (call->answer.data) {
        (void) ngx_pfree(flow->client.pool, call->answer.data);
        ngx_str_null(&call->answer);
    }

    switch (flow->step) {

    case PORTONE_STEP_CANCEL:
        step = portone_flow_cancelled(core, result, &answer, ngx_time());
        break;

    case PORTONE_STEP_REREAD:
        step = portone_flow_reread(core, result, &answer, ngx_time());
        break;

    default: /* PORTONE_STEP_FETCH */
        step = portone_flow_fetched(core, result, &answer, ngx_time());
        break;
    }

    ngx_http_portone_flow_run(flow, step);
}


static void
ngx_http_portone_flow_log_call(ngx_http_portone_flow_t *flow,
    portone_call_e result, portone_answer_t *answer)
{
    ngx_http_portone_call_t  *call;

    call = &flow->call;

    if (result != PORTONE_CALL_ANSWERED) {
        ngx_log_error(NGX_LOG_ERR, &flow->client.log, 0,
                      "PortOne did not answer%s: %s",
                      (result == PORTONE_CALL_UNANSWERED) ? ""
                                           : ", the request was not sent",
                      call->reason);
        return;
    }

    switch (answer->kind) {

    case PORTONE_ANSWER_OK:
    case PORTONE_ANSWER_NOT_FOUND:
        ngx_log_debug2(NGX_LOG_DEBUG_HTTP, &flow->client.log, 0,
                       "portone answer: status %ui, code %L",
                       call->status, answer->code);
        break;

    case PORTONE_ANSWER_REFUSED:

        /* the message can name people and accounts: the code must do */

        ngx_log_error(NGX_LOG_WARN, &flow->client.log, 0,
                      "PortOne refused: status %ui, code %L",
                      call->status, answer->code);
        break;

    case PORTONE_ANSWER_UNAUTHORIZED:
        ngx_log_error(NGX_LOG_NOTICE, &flow->client.log, 0,
                      "PortOne refused the token");
        break;

    case PORTONE_ANSWER_BROKEN:
        ngx_log_error(NGX_LOG_ERR, &flow->client.log, 0,
                      "PortOne's answer is not understood: "
                      "status %ui, %uz bytes", call->status, call->answer.len);
        break;
    }
}


static void
ngx_http_portone_flow_commit(ngx_http_portone_flow_t *flow)
{
    ngx_http_portone_commit_t  *op;

    op = &flow->commit;

    ngx_memzero(op, sizeof(ngx_http_portone_commit_t));

    op->store = flow->main_conf->store;
    op->log = &flow->client.log;
    op->handler = ngx_http_portone_flow_committed;
    op->timeout = NGX_HTTP_PORTONE_FLOW_COMMIT_TIMEOUT_MS;

    switch (flow->step) {

    case PORTONE_STEP_SAVE:
        op->apply = portone_ledger_save;
        op->data = &flow->core.save;
        break;

    case PORTONE_STEP_CLAIM:
        op->apply = portone_ledger_claim;
        op->data = &flow->core.claim;
        break;

    default: /* PORTONE_STEP_SETTLE */
        op->apply = portone_ledger_settle;
        op->data = &flow->core.settlement;
        op->settles = 1;
        op->timeout = NGX_HTTP_PORTONE_FLOW_SETTLE_TIMEOUT_MS;
        break;
    }

    flow->commit_start_ms = ngx_current_msec;

    if (flow->client.request) {
        ngx_add_timer(&flow->timer, NGX_HTTP_PORTONE_FLOW_PATIENCE_MS);
    }

    ngx_http_portone_commit(op);
}


static void
ngx_http_portone_flow_committed(ngx_http_portone_commit_t *op)
{
    int                       rc;
    portone_step_e            step;
    portone_flow_t           *core;
    ngx_http_portone_flow_t  *flow;

    flow = (ngx_http_portone_flow_t *)
               ((u_char *) op - offsetof(ngx_http_portone_flow_t, commit));
    core = &flow->core;

    if (flow->timer.timer_set) {
        ngx_del_timer(&flow->timer);
    }

    flow->has_store_time = 1;
    flow->store_time += ngx_current_msec - flow->commit_start_ms;

    rc = (op->status == NGX_HTTP_PORTONE_COMMITTED) ? PORTONE_OK
                                                    : PORTONE_ERROR;

    switch (flow->step) {

    case PORTONE_STEP_SAVE:
        step = portone_flow_saved(core, rc);
        break;

    case PORTONE_STEP_CLAIM:
        step = portone_flow_claimed(core, rc, ngx_time());
        break;

    default: /* PORTONE_STEP_SETTLE */
        step = portone_flow_settled(core, rc);
        break;
    }

    ngx_http_portone_flow_run(flow, step);
}


static void
ngx_http_portone_flow_timer(ngx_event_t *ev)
{
    ngx_http_portone_flow_t *flow = ev->data;

    /*
     * a commit that is under way is beyond withdrawal: the client is told, the
     * flow stays for the result
     */

    ngx_log_error(NGX_LOG_ERR, &flow->client.log, 0,
                  "the store does not answer, the client is told so");

    portone_flow_abandon(&flow->core);

    ngx_http_portone_flow_count(flow);
    ngx_http_portone_flow_answer(flow);
}


static void
ngx_http_portone_flow_limit(ngx_event_t *ev)
{
    ngx_http_portone_flow_t *flow = ev->data;

    portone_error_e  error;

    ngx_log_error(NGX_LOG_ERR, &flow->client.log, 0,
                  "it takes too long, the client is told so");

    switch (flow->step) {

    case PORTONE_STEP_SAVE:
    case PORTONE_STEP_CLAIM:
    case PORTONE_STEP_SETTLE:
        error = PORTONE_STORE_UNAVAILABLE;
        break;

    default:
        error = PORTONE_PORTONE_UNAVAILABLE;
        break;
    }

    flow->core.error = error;

    ngx_http_portone_flow_count(flow);
    ngx_http_portone_flow_answer(flow);
}


static void
ngx_http_portone_flow_finish(ngx_http_portone_flow_t *flow)
{
    ngx_uint_t       level;
    portone_flow_t  *core;

    core = &flow->core;

    if (core->replayed) {
        ngx_log_error(NGX_LOG_INFO, &flow->client.log, 0,
                      "saved answer of refund %*s",
                      core->refund_id.len, core->refund_id.data);

    } else if (core->recorded) {
        level = (core->state == PORTONE_STATE_SUCCEEDED
                 || core->state == PORTONE_STATE_REJECTED)
                    ? NGX_LOG_INFO : NGX_LOG_WARN;

        ngx_log_error(level, &flow->client.log, 0, "refund of \"%*s\" is %s",
                      core->payment.imp_uid.len, core->payment.imp_uid.data,
                      portone_record_word(core->state));
    }

    if (core->opened && core->opened_id[0]) {
        level = (core->opened_state == PORTONE_STATE_MANUAL_REVIEW)
                    ? NGX_LOG_ERR : NGX_LOG_NOTICE;

        ngx_log_error(level, &flow->client.log, 0,
                      "open refund %s is %s", core->opened_id,
                      portone_record_word(core->opened_state));
    }

    if (core->reviewed) {
        ngx_log_error(NGX_LOG_NOTICE, &flow->client.log, 0,
                      "refund %s was settled by hand, it is %s",
                      flow->review_id, portone_record_word(core->review_state));
    }

    if (core->recorded && !core->replayed && core->settlement.stale) {
        ngx_log_error(NGX_LOG_CRIT, &flow->client.log, 0,
                      "refund of \"%*s\" was settled by somebody else while "
                      "it was made",
                      core->payment.imp_uid.len, core->payment.imp_uid.data);
    }

    if (core->mismatch) {
        ngx_log_error(NGX_LOG_WARN, &flow->client.log, 0,
                      "payment does not match portone_match");
    }

    if (core->opened && core->opened_id[0]) {
        ngx_http_portone_metrics_count(settlements[core->opened_state]);
    }

    if (core->reviewed) {
        ngx_http_portone_metrics_count(settlements[core->review_state]);
    }

    if (flow->request_kind == NGX_HTTP_PORTONE_REQUEST_REFUND) {
        ngx_http_portone_metrics_gauge_dec(refunds);
    }

    ngx_http_portone_flow_count(flow);
    ngx_http_portone_flow_answer(flow);

    if (flow->done) {
        flow->done(flow, flow->data);
    }

    ngx_http_portone_flow_destroy(flow);
}


static void
ngx_http_portone_flow_count(ngx_http_portone_flow_t *flow)
{
    ngx_uint_t       result;
    portone_flow_t  *core;

    core = &flow->core;

    /* once: a client that was answered before the end counts with that */

    if (flow->counted || flow->request_kind == NGX_HTTP_PORTONE_REQUEST_MAX) {
        return;
    }

    flow->counted = 1;

    result = core->error;

    if (flow->request_kind != NGX_HTTP_PORTONE_REQUEST_REFUND) {
        ngx_http_portone_metrics_count(requests[flow->request_kind][result]);
        return;
    }

    /* the refund of a saved answer was counted before */

    if (core->replayed) {
        ngx_http_portone_metrics_count(replays);
        return;
    }

    if (result == NGX_HTTP_PORTONE_RESULT_OK
        && core->state == PORTONE_STATE_PENDING)
    {
        result = NGX_HTTP_PORTONE_RESULT_PENDING;
    }

    ngx_http_portone_metrics_count(
                            requests[NGX_HTTP_PORTONE_REQUEST_REFUND][result]);

    ngx_http_portone_metrics_observe_time(
                     &ngx_http_portone_metrics_counters->refund_time,
                     (uint64_t) (ngx_current_msec - flow->start_ms) * 1000);
}


static void
ngx_http_portone_flow_answer(ngx_http_portone_flow_t *flow)
{
    ngx_http_request_t  *r;

    r = flow->client.request;

    if (r == NULL) {
        return;
    }

    ngx_http_portone_flow_stop_timers(flow);

    ngx_http_portone_client_finalize(&flow->client, flow->answer(r, flow));
}


static void
ngx_http_portone_flow_gone(void *work)
{
    ngx_http_portone_flow_t *flow = work;

    ngx_log_error(NGX_LOG_INFO, &flow->client.log, 0,
                  "client has gone, its request goes on");

    ngx_http_portone_flow_stop_timers(flow);
}


/* the timers of the client's patience */

static void
ngx_http_portone_flow_stop_timers(ngx_http_portone_flow_t *flow)
{
    if (flow->timer.timer_set) {
        ngx_del_timer(&flow->timer);
    }

    if (flow->limit_timer.timer_set) {
        ngx_del_timer(&flow->limit_timer);
    }
}


void
ngx_http_portone_flow_destroy(ngx_http_portone_flow_t *flow)
{
    ngx_http_portone_flow_stop_timers(flow);

    portone_flow_free(&flow->core);

    ngx_explicit_memzero(&flow->token.token,
                         sizeof(ngx_http_portone_token_t));

    ngx_http_portone_client_destroy(&flow->client);
}
