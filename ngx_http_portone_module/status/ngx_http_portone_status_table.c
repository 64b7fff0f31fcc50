
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_status_table.h"
#include "ngx_http_portone_status.h"
#include "portone_flow.h"
#include "portone_txn.h"


static const char *ngx_http_portone_word_refund(ngx_uint_t i);
static const char *ngx_http_portone_word_payment(ngx_uint_t i);
static const char *ngx_http_portone_word_state(ngx_uint_t i);


static const char  *ngx_http_portone_words_open[] = {
    "sending", "pending", "unknown", "manual_review", "unreadable"
};

static const char  *ngx_http_portone_words_call[] = {
    "token", "payment", "find", "payments", "cancel"
};

static const char  *ngx_http_portone_words_outcome[] = {
    "ok", "not_found", "refused", "unauthorized", "broken", "unanswered",
    "not_sent", "overloaded"
};

static const char  *ngx_http_portone_words_token[] = {
    "", "granted", "refused", "unavailable", "overloaded"
};

static const char  *ngx_http_portone_words_write[] = {
    "committed", "failed", "late"
};

static const char  *ngx_http_portone_words_drift[] = {
    "same", "differed", "missing", "left_out"
};


#define ngx_http_portone_no_label      { NULL, 0, 0, NULL, NULL }
#define ngx_http_portone_no_labels                                            \
    { ngx_http_portone_no_label, ngx_http_portone_no_label }
#define ngx_http_portone_one_label(name, first, n, words)                     \
    { { name, first, n, words, NULL }, ngx_http_portone_no_label }
#define ngx_http_portone_word_label(name, n, word)                            \
    { { name, 0, n, NULL, word }, ngx_http_portone_no_label }

/* the type of a metric, the offset of the value, and "store" */

#define ngx_http_portone_counter_at(member)                                   \
    NGX_HTTP_PORTONE_COUNTER,                                                 \
    offsetof(ngx_http_portone_status_t, totals.counters.member), 0
#define ngx_http_portone_times_at(member)                                     \
    NGX_HTTP_PORTONE_HISTOGRAM_TIMES,                                         \
    offsetof(ngx_http_portone_status_t, totals.counters.member), 0
#define ngx_http_portone_sizes_at(member)                                     \
    NGX_HTTP_PORTONE_HISTOGRAM_SIZES,                                         \
    offsetof(ngx_http_portone_status_t, totals.counters.member), 0
#define ngx_http_portone_gauge_at(member)                                     \
    NGX_HTTP_PORTONE_GAUGE,                                                   \
    offsetof(ngx_http_portone_status_t, totals.gauges.member), 0
#define ngx_http_portone_moment_at(member)                                    \
    NGX_HTTP_PORTONE_GAUGE_MOMENT,                                            \
    offsetof(ngx_http_portone_status_t, totals.gauges.member), 0
#define ngx_http_portone_status_at(member)                                    \
    NGX_HTTP_PORTONE_GAUGE,                                                   \
    offsetof(ngx_http_portone_status_t, member), 0
#define ngx_http_portone_stored_at(member)                                    \
    NGX_HTTP_PORTONE_GAUGE,                                                   \
    offsetof(ngx_http_portone_status_t, member), 1


ngx_http_portone_metric_t  ngx_http_portone_status_table[] = {

    { "refunds_total",
      "Requests for a refund by how they ended; saved answers are not counted.",
      ngx_http_portone_counter_at(requests[NGX_HTTP_PORTONE_REQUEST_REFUND]),
      ngx_http_portone_word_label("result", NGX_HTTP_PORTONE_RESULT_MAX,
                                  ngx_http_portone_word_refund) },

    { "idempotent_replays_total",
      "Requests that got the saved answer of their idempotency key.",
      ngx_http_portone_counter_at(replays), ngx_http_portone_no_labels },

    { "settlements_total",
      "Open refunds that were looked at again, by the state they were left in.",
      ngx_http_portone_counter_at(settlements),
      ngx_http_portone_word_label("state", PORTONE_STATE_MAX,
                                  ngx_http_portone_word_state) },

    { "refund_duration_seconds",
      "Time from a request for a refund to its end; saved answers are not "
      "counted.",
      ngx_http_portone_times_at(refund_time), ngx_http_portone_no_labels },

    { "refunds_in_flight", "Requests for a refund that have not ended.",
      ngx_http_portone_gauge_at(refunds), ngx_http_portone_no_labels },

    { "refunds_open", "Refunds in the store that are not settled, by state.",
      ngx_http_portone_stored_at(open),
      ngx_http_portone_one_label("state", 0, NGX_HTTP_PORTONE_OPEN_MAX,
                                 ngx_http_portone_words_open) },

    { "refunds_open_oldest_age_seconds",
      "Age of the oldest refund that is not settled, by state; 0 if there is "
      "none.",
      ngx_http_portone_stored_at(ages),
      ngx_http_portone_one_label("state", 0, NGX_HTTP_PORTONE_OPEN_MAX,
                                 ngx_http_portone_words_open) },

    { "payment_requests_total", "Requests for a payment by how they ended.",
      ngx_http_portone_counter_at(requests[NGX_HTTP_PORTONE_REQUEST_PAYMENT]),
      ngx_http_portone_word_label("result", NGX_HTTP_PORTONE_RESULT_PENDING,
                                  ngx_http_portone_word_payment) },

    { "webhooks_total", "Webhooks by how they ended.",
      ngx_http_portone_counter_at(requests[NGX_HTTP_PORTONE_REQUEST_WEBHOOK]),
      ngx_http_portone_word_label("result", NGX_HTTP_PORTONE_RESULT_PENDING,
                                  ngx_http_portone_word_payment) },

    { "drift_payments_total",
      "Stored payments that were held against PortOne's, by what was found.",
      ngx_http_portone_counter_at(drift),
      ngx_http_portone_one_label("result", 0, NGX_HTTP_PORTONE_DRIFT_RESULTS,
                                 ngx_http_portone_words_drift) },

    { "api_calls_total", "Calls to PortOne by how they ended.",
      ngx_http_portone_counter_at(calls),
      { { "call", 0, NGX_HTTP_PORTONE_CALL_MAX, ngx_http_portone_words_call,
          NULL },
        { "outcome", 0, NGX_HTTP_PORTONE_CALL_OUTCOMES,
          ngx_http_portone_words_outcome, NULL } } },

    { "api_call_duration_seconds",
      "Time that calls to PortOne took, however they ended.",
      ngx_http_portone_times_at(call_time),
      ngx_http_portone_one_label("call", 0, NGX_HTTP_PORTONE_CALL_MAX,
                                 ngx_http_portone_words_call) },

    { "api_calls_in_flight", "Calls to PortOne that have not ended.",
      ngx_http_portone_gauge_at(calls), ngx_http_portone_no_labels },

    { "api_last_answer_timestamp_seconds",
      "When PortOne last gave an answer that is understood; 0: never.",
      ngx_http_portone_moment_at(answered), ngx_http_portone_no_labels },

    { "api_last_failure_timestamp_seconds",
      "When a call to PortOne last got no answer that is understood; 0: never.",
      ngx_http_portone_moment_at(unanswered), ngx_http_portone_no_labels },

    { "token_refreshes_total",
      "Access tokens that were asked for, by how it ended.",
      ngx_http_portone_counter_at(tokens),
      ngx_http_portone_one_label("result", PORTONE_TOKEN_GRANTED,
                                 NGX_HTTP_PORTONE_TOKEN_RESULTS,
                                 ngx_http_portone_words_token) },

    { "keys_refused",
      "Accounts of the configuration whose keys PortOne has refused, and not "
      "accepted since.",
      ngx_http_portone_status_at(refused), ngx_http_portone_no_labels },

    { "store_writes_total", "Operations on the store by how they ended.",
      ngx_http_portone_counter_at(writes),
      ngx_http_portone_one_label("result", 0, NGX_HTTP_PORTONE_WRITE_RESULTS,
                                 ngx_http_portone_words_write) },

    { "store_writes_in_flight",
      "Operations on the store that wait or are being written.",
      ngx_http_portone_gauge_at(writes), ngx_http_portone_no_labels },

    { "store_commit_duration_seconds",
      "Time that transactions took until they were on disk, waiting for other "
      "writers included.",
      ngx_http_portone_times_at(commit_time), ngx_http_portone_no_labels },

    { "store_commit_operations", "Operations in a transaction.",
      ngx_http_portone_sizes_at(commit_size), ngx_http_portone_no_labels },

    { "store_last_write_timestamp_seconds",
      "When an operation on the store last was on disk; 0: never.",
      ngx_http_portone_moment_at(written), ngx_http_portone_no_labels },

    { "store_last_failure_timestamp_seconds",
      "When an operation on the store last failed; 0: never.",
      ngx_http_portone_moment_at(unwritten), ngx_http_portone_no_labels },

    { "store_up", "1: the store can be read by the worker that answers.",
      ngx_http_portone_status_at(store_up), ngx_http_portone_no_labels },

    { "store_size_bytes", "What the store may grow to.",
      ngx_http_portone_stored_at(store.size), ngx_http_portone_no_labels },

    { "store_used_bytes",
      "What of it has been used, pages that are free again included.",
      ngx_http_portone_stored_at(store.used), ngx_http_portone_no_labels },

    { "store_full",
      "1: new refunds are refused, only what settles open ones is written.",
      ngx_http_portone_stored_at(store.full), ngx_http_portone_no_labels },

    { "store_readers", "Places in the table of readers that have been used.",
      ngx_http_portone_stored_at(store.readers), ngx_http_portone_no_labels },

    { "store_reader_limit", "Places in the table of readers.",
      ngx_http_portone_stored_at(store.reader_limit),
      ngx_http_portone_no_labels },

    { "store_entries", "Entries of the store by database.",
      ngx_http_portone_stored_at(store.entries),
      ngx_http_portone_word_label("database", PORTONE_DB_MAX,
                                  ngx_http_portone_store_name) },

    { "workers", "Worker processes, those that are shutting down included.",
      ngx_http_portone_status_at(totals.workers), ngx_http_portone_no_labels },

    { "counting_since_timestamp_seconds", "When the counters began at 0.",
      ngx_http_portone_status_at(totals.since), ngx_http_portone_no_labels },

    { NULL, NULL, 0, 0, 0, ngx_http_portone_no_labels }
};


static const char *
ngx_http_portone_word_refund(ngx_uint_t i)
{
    if (i == NGX_HTTP_PORTONE_RESULT_OK) {
        return "succeeded";
    }

    return (i == NGX_HTTP_PORTONE_RESULT_PENDING)
               ? "pending" : portone_error_word((portone_error_e) i);
}


static const char *
ngx_http_portone_word_payment(ngx_uint_t i)
{
    return (i == NGX_HTTP_PORTONE_RESULT_OK)
               ? "ok" : portone_error_word((portone_error_e) i);
}


static const char *
ngx_http_portone_word_state(ngx_uint_t i)
{
    return portone_record_word((portone_state_e) i);
}


const char *
ngx_http_portone_status_table_word(ngx_http_portone_label_t *label,
    ngx_uint_t i)
{
    return label->words ? label->words[i] : label->word(i);
}
