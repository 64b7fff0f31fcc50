
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_status.h"
#include "core/portone_flow.h"


/*
 * One table of metrics makes the text for Prometheus and the JSON: the names
 * and values are the same, labels become members.
 */


typedef const char *(*ngx_http_portone_word_pt)(ngx_uint_t i);


typedef struct {
    const char                *name;
    ngx_uint_t                 first;
    ngx_uint_t                 n;         /* values are first to n - 1 */
    ngx_http_portone_word_pt   word;
} ngx_http_portone_label_t;


typedef enum {
    NGX_HTTP_PORTONE_COUNTER = 0,
    NGX_HTTP_PORTONE_GAUGE,
    NGX_HTTP_PORTONE_HISTOGRAM_TIMES,
    NGX_HTTP_PORTONE_HISTOGRAM_SIZES
} ngx_http_portone_metric_e;


typedef struct {
    const char                *name;      /* without "portone_" */
    const char                *help;
    ngx_http_portone_metric_e  type;
    size_t                     offset;    /* in ngx_http_portone_status_t */
    ngx_uint_t                 store;     /* told only if the store is up */
    ngx_http_portone_label_t   label[2];  /* none: n is 0 */
} ngx_http_portone_metric_t;


typedef void (*ngx_http_portone_value_pt)(ngx_http_portone_text_t *text,
    ngx_http_portone_metric_t *metric, ngx_uint_t *index, u_char *value);


static const char *ngx_http_portone_word_refund(ngx_uint_t i);
static const char *ngx_http_portone_word_payment(ngx_uint_t i);
static const char *ngx_http_portone_word_state(ngx_uint_t i);
static const char *ngx_http_portone_word_open(ngx_uint_t i);
static const char *ngx_http_portone_word_call(ngx_uint_t i);
static const char *ngx_http_portone_word_outcome(ngx_uint_t i);
static const char *ngx_http_portone_word_token(ngx_uint_t i);
static const char *ngx_http_portone_word_write(ngx_uint_t i);
static void ngx_http_portone_metric_walk(ngx_http_portone_text_t *text,
    ngx_http_portone_metric_t *metric, ngx_http_portone_status_t *status,
    ngx_http_portone_value_pt handler);
static size_t ngx_http_portone_metric_size(ngx_http_portone_metric_t *metric);
static void ngx_http_portone_prometheus_value(ngx_http_portone_text_t *text,
    ngx_http_portone_metric_t *metric, ngx_uint_t *index, u_char *value);
static void ngx_http_portone_prometheus_sample(ngx_http_portone_text_t *text,
    ngx_http_portone_metric_t *metric, ngx_uint_t *index, const char *suffix,
    const char *le);
static void ngx_http_portone_json_value(ngx_http_portone_text_t *text,
    ngx_http_portone_metric_t *metric, ngx_uint_t *index, u_char *value);
static void ngx_http_portone_json_histogram(ngx_http_portone_text_t *text,
    ngx_http_portone_metric_t *metric, ngx_atomic_t *value);
static void ngx_http_portone_json_reviews(ngx_http_portone_text_t *text,
    portone_survey_t *survey);
static void ngx_http_portone_json_member(ngx_http_portone_text_t *text,
    const char *name, const char *value);
static const char *ngx_http_portone_bound(ngx_http_portone_metric_t *metric,
    ngx_uint_t i, u_char *buf);
static ngx_uint_t ngx_http_portone_bounds(ngx_http_portone_metric_t *metric);
static void ngx_http_portone_seconds(ngx_http_portone_text_t *text,
    ngx_atomic_uint_t usec);


#define ngx_http_portone_no_label      { NULL, 0, 0, NULL }
#define ngx_http_portone_no_labels                                            \
    { ngx_http_portone_no_label, ngx_http_portone_no_label }
#define ngx_http_portone_one_label(name, first, n, word)                      \
    { { name, first, n, word }, ngx_http_portone_no_label }

#define ngx_http_portone_counter_at(member)                                   \
    offsetof(ngx_http_portone_status_t, totals.counters.member)
#define ngx_http_portone_gauge_at(member)                                     \
    offsetof(ngx_http_portone_status_t, totals.gauges.member)
#define ngx_http_portone_status_at(member)                                    \
    offsetof(ngx_http_portone_status_t, member)


static ngx_http_portone_metric_t  ngx_http_portone_metric_table[] = {

    { "refunds_total",
      "Requests for a refund by how they ended; saved answers are not "
      "counted.",
      NGX_HTTP_PORTONE_COUNTER,
      ngx_http_portone_counter_at(requests[NGX_HTTP_PORTONE_REQUEST_REFUND]),
      0,
      ngx_http_portone_one_label("result", 0, NGX_HTTP_PORTONE_RESULT_MAX,
                                 ngx_http_portone_word_refund) },

    { "idempotent_replays_total",
      "Requests that got the saved answer of their idempotency key.",
      NGX_HTTP_PORTONE_COUNTER,
      ngx_http_portone_counter_at(replays), 0, ngx_http_portone_no_labels },

    { "settlements_total",
      "Open refunds that were looked at again, by the state they were left "
      "in.",
      NGX_HTTP_PORTONE_COUNTER,
      ngx_http_portone_counter_at(settlements), 0,
      ngx_http_portone_one_label("state", 0, PORTONE_STATE_MAX,
                                 ngx_http_portone_word_state) },

    { "refund_duration_seconds",
      "Time from a request for a refund to its end; saved answers are not "
      "counted.",
      NGX_HTTP_PORTONE_HISTOGRAM_TIMES,
      ngx_http_portone_counter_at(refund_time), 0,
      ngx_http_portone_no_labels },

    { "refunds_in_flight",
      "Requests for a refund that have not ended.",
      NGX_HTTP_PORTONE_GAUGE,
      ngx_http_portone_gauge_at(refunds), 0, ngx_http_portone_no_labels },

    { "refunds_open",
      "Refunds in the store that are not settled, by state.",
      NGX_HTTP_PORTONE_GAUGE,
      ngx_http_portone_status_at(open), 1,
      ngx_http_portone_one_label("state", 0, NGX_HTTP_PORTONE_OPEN_MAX,
                                 ngx_http_portone_word_open) },

    { "refunds_open_oldest_age_seconds",
      "Age of the oldest refund that is not settled, by state; 0 if there "
      "is none.",
      NGX_HTTP_PORTONE_GAUGE,
      ngx_http_portone_status_at(ages), 1,
      ngx_http_portone_one_label("state", 0, NGX_HTTP_PORTONE_OPEN_MAX,
                                 ngx_http_portone_word_open) },

    { "payment_requests_total",
      "Requests for a payment by how they ended.",
      NGX_HTTP_PORTONE_COUNTER,
      ngx_http_portone_counter_at(requests[NGX_HTTP_PORTONE_REQUEST_PAYMENT]),
      0,
      ngx_http_portone_one_label("result", 0,
                                 NGX_HTTP_PORTONE_RESULT_PENDING,
                                 ngx_http_portone_word_payment) },

    { "webhooks_total",
      "Webhooks by how they ended.",
      NGX_HTTP_PORTONE_COUNTER,
      ngx_http_portone_counter_at(requests[NGX_HTTP_PORTONE_REQUEST_WEBHOOK]),
      0,
      ngx_http_portone_one_label("result", 0,
                                 NGX_HTTP_PORTONE_RESULT_PENDING,
                                 ngx_http_portone_word_payment) },

    { "api_calls_total",
      "Calls to PortOne by how they ended.",
      NGX_HTTP_PORTONE_COUNTER,
      ngx_http_portone_counter_at(calls), 0,
      { { "call", 0, NGX_HTTP_PORTONE_CALL_MAX, ngx_http_portone_word_call },
        { "outcome", 0, NGX_HTTP_PORTONE_CALL_OUTCOMES,
          ngx_http_portone_word_outcome } } },

    { "api_call_duration_seconds",
      "Time that calls to PortOne took, however they ended.",
      NGX_HTTP_PORTONE_HISTOGRAM_TIMES,
      ngx_http_portone_counter_at(call_time), 0,
      ngx_http_portone_one_label("call", 0, NGX_HTTP_PORTONE_CALL_MAX,
                                 ngx_http_portone_word_call) },

    { "api_calls_in_flight",
      "Calls to PortOne that have not ended.",
      NGX_HTTP_PORTONE_GAUGE,
      ngx_http_portone_gauge_at(calls), 0, ngx_http_portone_no_labels },

    { "api_last_answer_timestamp_seconds",
      "When PortOne last gave an answer that is understood; 0: never.",
      NGX_HTTP_PORTONE_GAUGE,
      ngx_http_portone_gauge_at(answered), 0, ngx_http_portone_no_labels },

    { "api_last_failure_timestamp_seconds",
      "When a call to PortOne last got no answer that is understood; "
      "0: never.",
      NGX_HTTP_PORTONE_GAUGE,
      ngx_http_portone_gauge_at(unanswered), 0, ngx_http_portone_no_labels },

    { "token_refreshes_total",
      "Access tokens that were asked for, by how it ended.",
      NGX_HTTP_PORTONE_COUNTER,
      ngx_http_portone_counter_at(tokens), 0,
      ngx_http_portone_one_label("result", PORTONE_TOKEN_GRANTED,
                                 NGX_HTTP_PORTONE_TOKEN_RESULTS,
                                 ngx_http_portone_word_token) },

    { "store_writes_total",
      "Operations on the store by how they ended.",
      NGX_HTTP_PORTONE_COUNTER,
      ngx_http_portone_counter_at(writes), 0,
      ngx_http_portone_one_label("result", 0, NGX_HTTP_PORTONE_WRITE_RESULTS,
                                 ngx_http_portone_word_write) },

    { "store_writes_in_flight",
      "Operations on the store that wait or are being written.",
      NGX_HTTP_PORTONE_GAUGE,
      ngx_http_portone_gauge_at(writes), 0, ngx_http_portone_no_labels },

    { "store_commit_duration_seconds",
      "Time that transactions took until they were on disk, waiting for "
      "other writers included.",
      NGX_HTTP_PORTONE_HISTOGRAM_TIMES,
      ngx_http_portone_counter_at(commit_time), 0,
      ngx_http_portone_no_labels },

    { "store_commit_operations",
      "Operations in a transaction.",
      NGX_HTTP_PORTONE_HISTOGRAM_SIZES,
      ngx_http_portone_counter_at(commit_size), 0,
      ngx_http_portone_no_labels },

    { "store_last_write_timestamp_seconds",
      "When an operation on the store last was on disk; 0: never.",
      NGX_HTTP_PORTONE_GAUGE,
      ngx_http_portone_gauge_at(written), 0, ngx_http_portone_no_labels },

    { "store_last_failure_timestamp_seconds",
      "When an operation on the store last failed; 0: never.",
      NGX_HTTP_PORTONE_GAUGE,
      ngx_http_portone_gauge_at(unwritten), 0, ngx_http_portone_no_labels },

    { "store_up",
      "1: the store can be read by the worker that answers.",
      NGX_HTTP_PORTONE_GAUGE,
      ngx_http_portone_status_at(store_up), 0, ngx_http_portone_no_labels },

    { "store_size_bytes",
      "What the store may grow to.",
      NGX_HTTP_PORTONE_GAUGE,
      ngx_http_portone_status_at(store.size), 1, ngx_http_portone_no_labels },

    { "store_used_bytes",
      "What of it has been used, pages that are free again included.",
      NGX_HTTP_PORTONE_GAUGE,
      ngx_http_portone_status_at(store.used), 1, ngx_http_portone_no_labels },

    { "store_readers",
      "Places in the table of readers that have been used.",
      NGX_HTTP_PORTONE_GAUGE,
      ngx_http_portone_status_at(store.readers), 1,
      ngx_http_portone_no_labels },

    { "store_reader_limit",
      "Places in the table of readers.",
      NGX_HTTP_PORTONE_GAUGE,
      ngx_http_portone_status_at(store.reader_limit), 1,
      ngx_http_portone_no_labels },

    { "store_entries",
      "Entries of the store by database.",
      NGX_HTTP_PORTONE_GAUGE,
      ngx_http_portone_status_at(store.entries), 1,
      ngx_http_portone_one_label("database", 0, PORTONE_DB_MAX,
                                 ngx_http_portone_store_name) },

    { "workers",
      "Worker processes, those that are shutting down included.",
      NGX_HTTP_PORTONE_GAUGE,
      ngx_http_portone_status_at(totals.workers), 0,
      ngx_http_portone_no_labels },

    { "counting_since_timestamp_seconds",
      "When the counters began at 0.",
      NGX_HTTP_PORTONE_GAUGE,
      ngx_http_portone_status_at(totals.since), 0,
      ngx_http_portone_no_labels },

    { NULL, NULL, 0, 0, 0, ngx_http_portone_no_labels }
};


static const char *
ngx_http_portone_word_refund(ngx_uint_t i)
{
    switch (i) {

    case NGX_HTTP_PORTONE_RESULT_OK:
        return "succeeded";

    case NGX_HTTP_PORTONE_RESULT_PENDING:
        return "pending";

    default:
        return portone_error_word((portone_error_e) i);
    }
}


static const char *
ngx_http_portone_word_payment(ngx_uint_t i)
{
    if (i == NGX_HTTP_PORTONE_RESULT_OK) {
        return "ok";
    }

    return portone_error_word((portone_error_e) i);
}


static const char *
ngx_http_portone_word_state(ngx_uint_t i)
{
    return portone_state_word((portone_state_e) i);
}


static const char *
ngx_http_portone_word_open(ngx_uint_t i)
{
    static const char  *words[] = {
        "sending", "pending", "unknown", "manual_review", "unreadable"
    };

    return words[i];
}


static const char *
ngx_http_portone_word_call(ngx_uint_t i)
{
    static const char  *words[] = { "token", "payment", "find", "cancel" };

    return words[i];
}


static const char *
ngx_http_portone_word_outcome(ngx_uint_t i)
{
    static const char  *words[] = {
        "ok", "not_found", "refused", "unauthorized", "broken", "unanswered",
        "not_sent", "overloaded"
    };

    return words[i];
}


static const char *
ngx_http_portone_word_token(ngx_uint_t i)
{
    static const char  *words[] = {
        "", "granted", "refused", "unavailable", "overloaded"
    };

    return words[i];
}


static const char *
ngx_http_portone_word_write(ngx_uint_t i)
{
    static const char  *words[] = { "committed", "failed", "late" };

    return words[i];
}


void
ngx_http_portone_status_prometheus(ngx_http_portone_text_t *text,
    ngx_http_portone_status_t *status)
{
    ngx_http_portone_metric_t  *metric;

    static const char  *types[] = {
        "counter", "gauge", "histogram", "histogram"
    };

    for (metric = ngx_http_portone_metric_table; metric->name; metric++) {

        if (metric->store && !status->store_up) {
            continue;
        }

        ngx_http_portone_text(text, "# HELP portone_%s %s\n"
                                    "# TYPE portone_%s %s\n",
                              metric->name, metric->help, metric->name,
                              types[metric->type]);

        ngx_http_portone_metric_walk(text, metric, status,
                                     ngx_http_portone_prometheus_value);
    }
}


static void
ngx_http_portone_metric_walk(ngx_http_portone_text_t *text,
    ngx_http_portone_metric_t *metric, ngx_http_portone_status_t *status,
    ngx_http_portone_value_pt handler)
{
    size_t                     size;
    u_char                    *base;
    ngx_uint_t                 index[2], n[2];
    ngx_http_portone_label_t  *label;

    base = (u_char *) status + metric->offset;
    size = ngx_http_portone_metric_size(metric);
    label = metric->label;

    n[0] = ngx_max(label[0].n, 1);
    n[1] = ngx_max(label[1].n, 1);

    for (index[0] = label[0].first; index[0] < n[0]; index[0]++) {

        for (index[1] = label[1].first; index[1] < n[1]; index[1]++) {

            handler(text, metric, index,
                    base + (index[0] * n[1] + index[1]) * size);
        }
    }
}


static size_t
ngx_http_portone_metric_size(ngx_http_portone_metric_t *metric)
{
    switch (metric->type) {

    case NGX_HTTP_PORTONE_HISTOGRAM_TIMES:
        return sizeof(ngx_http_portone_times_t);

    case NGX_HTTP_PORTONE_HISTOGRAM_SIZES:
        return sizeof(ngx_http_portone_sizes_t);

    default:
        return sizeof(ngx_atomic_t);
    }
}


static void
ngx_http_portone_prometheus_value(ngx_http_portone_text_t *text,
    ngx_http_portone_metric_t *metric, ngx_uint_t *index, u_char *value)
{
    u_char              buf[NGX_INT64_LEN + 8];
    ngx_uint_t          i, n;
    ngx_atomic_t       *v;
    ngx_atomic_uint_t   count;

    v = (ngx_atomic_t *) value;
    n = ngx_http_portone_bounds(metric);

    if (n == 0) {
        ngx_http_portone_prometheus_sample(text, metric, index, "", NULL);
        ngx_http_portone_text(text, "%uA\n", *v);
        return;
    }

    count = 0;

    for (i = 0; i <= n; i++) {
        count += v[i];

        ngx_http_portone_prometheus_sample(text, metric, index, "_bucket",
                                 ngx_http_portone_bound(metric, i, buf));
        ngx_http_portone_text(text, "%uA\n", count);
    }

    ngx_http_portone_prometheus_sample(text, metric, index, "_sum", NULL);

    if (metric->type == NGX_HTTP_PORTONE_HISTOGRAM_TIMES) {
        ngx_http_portone_seconds(text, v[n + 1]);

    } else {
        ngx_http_portone_text(text, "%uA", v[n + 1]);
    }

    ngx_http_portone_text(text, "\n");

    ngx_http_portone_prometheus_sample(text, metric, index, "_count", NULL);
    ngx_http_portone_text(text, "%uA\n", count);
}


/* the name and labels of a value, and the blank after them */

static void
ngx_http_portone_prometheus_sample(ngx_http_portone_text_t *text,
    ngx_http_portone_metric_t *metric, ngx_uint_t *index, const char *suffix,
    const char *le)
{
    char                      *before;
    ngx_uint_t                 i;
    ngx_http_portone_label_t  *label;

    ngx_http_portone_text(text, "portone_%s%s", metric->name, suffix);

    before = "{";

    for (i = 0; i < 2; i++) {
        label = &metric->label[i];

        if (label->n) {
            ngx_http_portone_text(text, "%s%s=\"%s\"", before, label->name,
                                  label->word(index[i]));
            before = ",";
        }
    }

    if (le) {
        ngx_http_portone_text(text, "%sle=\"%s\"", before, le);
        before = ",";
    }

    ngx_http_portone_text(text, (*before == ',') ? "} " : " ");
}


void
ngx_http_portone_status_json(ngx_http_portone_text_t *text,
    ngx_http_portone_status_t *status)
{
    ngx_http_portone_metric_t  *metric;

    ngx_http_portone_text(text, "{\"time\":%T", status->now);

    for (metric = ngx_http_portone_metric_table; metric->name; metric++) {

        ngx_http_portone_text(text, ",\n\"%s\":", metric->name);

        if (metric->store && !status->store_up) {
            ngx_http_portone_text(text, "null");
            continue;
        }

        ngx_http_portone_metric_walk(text, metric, status,
                                     ngx_http_portone_json_value);
    }

    ngx_http_portone_text(text, ",\n\"reviews\":");

    if (status->store_up) {
        ngx_http_portone_json_reviews(text, &status->survey);

    } else {
        ngx_http_portone_text(text, "null");
    }

    ngx_http_portone_text(text, "}\n");
}


static void
ngx_http_portone_json_value(ngx_http_portone_text_t *text,
    ngx_http_portone_metric_t *metric, ngx_uint_t *index, u_char *value)
{
    ngx_uint_t                 i, ends;
    ngx_http_portone_label_t  *label;

    label = metric->label;

    for (i = 0; i < 2; i++) {

        if (label[i].n == 0) {
            continue;
        }

        /* the outer label is written once for all values of the inner one */

        if (i == 0 && label[1].n && index[1] != label[1].first) {
            continue;
        }

        ngx_http_portone_text(text, "%s\"%s\":",
                              (index[i] == label[i].first) ? "{" : ",",
                              label[i].word(index[i]));
    }

    if (ngx_http_portone_bounds(metric)) {
        ngx_http_portone_json_histogram(text, metric, (ngx_atomic_t *) value);

    } else {
        ngx_http_portone_text(text, "%uA", *(ngx_atomic_t *) value);
    }

    ends = 1;

    for (i = 2; i-- > 0; /* void */) {

        if (label[i].n == 0) {
            continue;
        }

        ends = ends && index[i] == label[i].n - 1;

        if (ends) {
            ngx_http_portone_text(text, "}");
        }
    }
}


static void
ngx_http_portone_json_histogram(ngx_http_portone_text_t *text,
    ngx_http_portone_metric_t *metric, ngx_atomic_t *value)
{
    u_char             buf[NGX_INT64_LEN + 8];
    ngx_uint_t         i, n;
    ngx_atomic_uint_t  count;

    n = ngx_http_portone_bounds(metric);
    count = 0;

    ngx_http_portone_text(text, "{\"buckets\":");

    for (i = 0; i <= n; i++) {
        count += value[i];

        ngx_http_portone_text(text, "%s\"%s\":%uA", (i == 0) ? "{" : ",",
                              ngx_http_portone_bound(metric, i, buf), count);
    }

    ngx_http_portone_text(text, "},\"sum\":");

    if (metric->type == NGX_HTTP_PORTONE_HISTOGRAM_TIMES) {
        ngx_http_portone_seconds(text, value[n + 1]);

    } else {
        ngx_http_portone_text(text, "%uA", value[n + 1]);
    }

    ngx_http_portone_text(text, ",\"count\":%uA}", count);
}


static void
ngx_http_portone_json_reviews(ngx_http_portone_text_t *text,
    portone_survey_t *survey)
{
    size_t             i;
    portone_review_t  *review;

    ngx_http_portone_text(text, "[");

    for (i = 0; i < survey->n; i++) {
        review = &survey->reviews[i];

        ngx_http_portone_text(text, "%s\n{\"state\":\"%s\"",
                              (i == 0) ? "" : ",",
                              (review->state == PORTONE_STATE_MAX)
                                  ? "unreadable"
                                  : portone_state_word(review->state));

        ngx_http_portone_json_member(text, "merchant", review->merchant);
        ngx_http_portone_json_member(text, "merchant_uid",
                                     review->merchant_uid);
        ngx_http_portone_json_member(text, "imp_uid", review->imp_uid);
        ngx_http_portone_json_member(text, "refund_id", review->refund_id);
        ngx_http_portone_json_member(text, "currency", review->currency);

        ngx_http_portone_text(text, ",\"amount\":%s,\"requested_at\":",
                              review->amount[0] ? review->amount : "null");

        if (review->requested_at > 0) {
            ngx_http_portone_text(text, "%L}", review->requested_at);

        } else {
            ngx_http_portone_text(text, "null}");
        }
    }

    ngx_http_portone_text(text, "]");
}


/* a string, or null if it is empty */

static void
ngx_http_portone_json_member(ngx_http_portone_text_t *text, const char *name,
    const char *value)
{
    if (value[0] == '\0') {
        ngx_http_portone_text(text, ",\"%s\":null", name);
        return;
    }

    ngx_http_portone_text(text, ",\"%s\":\"", name);
    ngx_http_portone_text_json(text, value);
    ngx_http_portone_text(text, "\"");
}


/* the upper bound of a bucket, as both formats write it */

static const char *
ngx_http_portone_bound(ngx_http_portone_metric_t *metric, ngx_uint_t i,
    u_char *buf)
{
    u_char    *p;
    uint64_t   usec;

    if (i == ngx_http_portone_bounds(metric)) {
        return "+Inf";
    }

    if (metric->type == NGX_HTTP_PORTONE_HISTOGRAM_SIZES) {
        (void) ngx_sprintf(buf, "%uL%Z", ngx_http_portone_sizes[i]);
        return (const char *) buf;
    }

    usec = ngx_http_portone_times[i];

    p = ngx_sprintf(buf, "%uL.%06uL", usec / 1000000, usec % 1000000);

    /* "0.050000" is 0.05, "2.000000" is 2 */

    while (p[-1] == '0') {
        p--;
    }

    if (p[-1] == '.') {
        p--;
    }

    *p = '\0';

    return (const char *) buf;
}


/* how many bounds a histogram has; 0: it is none */

static ngx_uint_t
ngx_http_portone_bounds(ngx_http_portone_metric_t *metric)
{
    switch (metric->type) {

    case NGX_HTTP_PORTONE_HISTOGRAM_TIMES:
        return NGX_HTTP_PORTONE_TIMES;

    case NGX_HTTP_PORTONE_HISTOGRAM_SIZES:
        return NGX_HTTP_PORTONE_SIZES;

    default:
        return 0;
    }
}


static void
ngx_http_portone_seconds(ngx_http_portone_text_t *text,
    ngx_atomic_uint_t usec)
{
    ngx_http_portone_text(text, "%uL.%06uL", (uint64_t) usec / 1000000,
                          (uint64_t) usec % 1000000);
}
