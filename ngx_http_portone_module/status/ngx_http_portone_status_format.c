
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_status.h"
#include "ngx_http_portone_status_table.h"


typedef void (*ngx_http_portone_value_pt)(ngx_http_portone_text_t *text,
    ngx_http_portone_metric_t *metric, ngx_uint_t *index, ngx_atomic_t *v);


static void ngx_http_portone_metric_walk(ngx_http_portone_text_t *text,
    ngx_http_portone_metric_t *metric, ngx_http_portone_status_t *status,
    ngx_http_portone_value_pt handler);
static void ngx_http_portone_prometheus_value(ngx_http_portone_text_t *text,
    ngx_http_portone_metric_t *metric, ngx_uint_t *index, ngx_atomic_t *v);
static void ngx_http_portone_prometheus_sample(ngx_http_portone_text_t *text,
    ngx_http_portone_metric_t *metric, ngx_uint_t *index, const char *suffix,
    const char *le);
static void ngx_http_portone_json_value(ngx_http_portone_text_t *text,
    ngx_http_portone_metric_t *metric, ngx_uint_t *index, ngx_atomic_t *v);
static void ngx_http_portone_json_histogram(ngx_http_portone_text_t *text,
    ngx_http_portone_metric_t *metric, ngx_atomic_t *v);
static void ngx_http_portone_json_reviews(ngx_http_portone_text_t *text,
    portone_overview_t *survey);
static void ngx_http_portone_json_member(ngx_http_portone_text_t *text,
    const char *name, const char *value);
static const char *ngx_http_portone_bound(ngx_http_portone_metric_t *metric,
    ngx_uint_t i, u_char *buf);
static ngx_uint_t ngx_http_portone_bounds(ngx_http_portone_metric_t *metric);
static void ngx_http_portone_number(ngx_http_portone_text_t *text,
    ngx_http_portone_metric_t *metric, ngx_atomic_uint_t value);


void
ngx_http_portone_status_format_prometheus(ngx_http_portone_text_t *text,
    ngx_http_portone_status_t *status)
{
    ngx_http_portone_metric_t  *metric;

    static const char  *types[] = {
        "counter", "gauge", "gauge", "histogram", "histogram"
    };

    for (metric = ngx_http_portone_status_table; metric->name; metric++) {

        if (metric->store && !status->store_up) {
            continue;
        }

        ngx_http_portone_text_print(text, "# HELP portone_%s %s\n"
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
    ngx_uint_t                 index[2], n[2], size;
    ngx_atomic_t              *value;
    ngx_http_portone_label_t  *label;

    value = (ngx_atomic_t *) ((u_char *) status + metric->offset);
    label = metric->label;

    /* a histogram has a bucket more than bounds, and the sum */

    size = ngx_http_portone_bounds(metric);
    size = size ? size + 2 : 1;

    n[0] = ngx_max(label[0].n, 1);
    n[1] = ngx_max(label[1].n, 1);

    for (index[0] = label[0].first; index[0] < n[0]; index[0]++) {

        for (index[1] = label[1].first; index[1] < n[1]; index[1]++) {

            handler(text, metric, index,
                    value + (index[0] * n[1] + index[1]) * size);
        }
    }
}


static void
ngx_http_portone_prometheus_value(ngx_http_portone_text_t *text,
    ngx_http_portone_metric_t *metric, ngx_uint_t *index, ngx_atomic_t *v)
{
    u_char             buf[NGX_INT64_LEN + 8];
    ngx_uint_t         i, n;
    ngx_atomic_uint_t  count;

    n = ngx_http_portone_bounds(metric);

    if (n == 0) {
        ngx_http_portone_prometheus_sample(text, metric, index, "", NULL);
        ngx_http_portone_number(text, metric, *v);
        ngx_http_portone_text_print(text, "\n");
        return;
    }

    count = 0;

    for (i = 0; i <= n; i++) {
        count += v[i];

        ngx_http_portone_prometheus_sample(text, metric, index, "_bucket",
                                 ngx_http_portone_bound(metric, i, buf));
        ngx_http_portone_text_print(text, "%uA\n", count);
    }

    ngx_http_portone_prometheus_sample(text, metric, index, "_sum", NULL);

    ngx_http_portone_number(text, metric, v[n + 1]);
    ngx_http_portone_text_print(text, "\n");

    ngx_http_portone_prometheus_sample(text, metric, index, "_count", NULL);
    ngx_http_portone_text_print(text, "%uA\n", count);
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

    ngx_http_portone_text_print(text, "portone_%s%s", metric->name, suffix);

    before = "{";

    for (i = 0; i < 2; i++) {
        label = &metric->label[i];

        if (label->n) {
            ngx_http_portone_text_print(text, "%s%s=\"%s\"", before,
                       label->name,
                       ngx_http_portone_status_table_word(label, index[i]));
            before = ",";
        }
    }

    if (le) {
        ngx_http_portone_text_print(text, "%sle=\"%s\"", before, le);
        before = ",";
    }

    ngx_http_portone_text_print(text, (*before == ',') ? "} " : " ");
}


void
ngx_http_portone_status_format_json(ngx_http_portone_text_t *text,
    ngx_http_portone_status_t *status)
{
    ngx_http_portone_metric_t  *metric;

    ngx_http_portone_text_print(text, "{\"time\":%T", status->now);

    for (metric = ngx_http_portone_status_table; metric->name; metric++) {

        ngx_http_portone_text_print(text, ",\n\"%s\":", metric->name);

        if (metric->store && !status->store_up) {
            ngx_http_portone_text_print(text, "null");
            continue;
        }

        ngx_http_portone_metric_walk(text, metric, status,
                                     ngx_http_portone_json_value);
    }

    ngx_http_portone_text_print(text, ",\n\"reviews\":");

    if (status->store_up) {
        ngx_http_portone_json_reviews(text, &status->survey);

    } else {
        ngx_http_portone_text_print(text, "null");
    }

    ngx_http_portone_text_print(text, "}\n");
}


static void
ngx_http_portone_json_value(ngx_http_portone_text_t *text,
    ngx_http_portone_metric_t *metric, ngx_uint_t *index, ngx_atomic_t *v)
{
    ngx_uint_t                 i, ends;
    ngx_http_portone_label_t  *label;

    label = metric->label;

    for (i = 0; i < 2; i++) {

        /* the outer label is written once for all values of the inner one */

        if (label[i].n == 0
            || (i == 0 && label[1].n && index[1] != label[1].first))
        {
            continue;
        }

        ngx_http_portone_text_print(text, "%s\"%s\":",
                   (index[i] == label[i].first) ? "{" : ",",
                   ngx_http_portone_status_table_word(&label[i], index[i]));
    }

    if (ngx_http_portone_bounds(metric)) {
        ngx_http_portone_json_histogram(text, metric, v);

    } else {
        ngx_http_portone_number(text, metric, *v);
    }

    ends = 1;

    for (i = 2; i-- > 0; /* void */) {

        if (label[i].n == 0) {
            continue;
        }

        ends = ends && index[i] == label[i].n - 1;

        if (ends) {
            ngx_http_portone_text_print(text, "}");
        }
    }
}


static void
ngx_http_portone_json_histogram(ngx_http_portone_text_t *text,
    ngx_http_portone_metric_t *metric, ngx_atomic_t *v)
{
    u_char             buf[NGX_INT64_LEN + 8];
    ngx_uint_t         i, n;
    ngx_atomic_uint_t  count;

    n = ngx_http_portone_bounds(metric);
    count = 0;

    ngx_http_portone_text_print(text, "{\"buckets\":");

    for (i = 0; i <= n; i++) {
        count += v[i];

        ngx_http_portone_text_print(text, "%s\"%s\":%uA", (i == 0) ? "{" : ",",
                              ngx_http_portone_bound(metric, i, buf), count);
    }

    ngx_http_portone_text_print(text, "},\"sum\":");

    ngx_http_portone_number(text, metric, v[n + 1]);
    ngx_http_portone_text_print(text, ",\"count\":%uA}", count);
}


static void
ngx_http_portone_json_reviews(ngx_http_portone_text_t *text,
    portone_overview_t *survey)
{
    size_t                  i;
    portone_refund_line_t  *review;

    ngx_http_portone_text_print(text, "[");

    for (i = 0; i < survey->n; i++) {
        review = &survey->reviews[i];

        ngx_http_portone_text_print(text, "%s\n{\"state\":\"%s\"",
                                    (i == 0) ? "" : ",",
                                    (review->state == PORTONE_STATE_MAX)
                                        ? "unreadable"
                                        : portone_record_word(review->state));

        ngx_http_portone_json_member(text, "merchant", review->merchant);
        ngx_http_portone_json_member(text, "merchant_uid",
                                     review->merchant_uid);
        ngx_http_portone_json_member(text, "imp_uid", review->imp_uid);
        ngx_http_portone_json_member(text, "refund_id", review->refund_id);
        ngx_http_portone_json_member(text, "currency", review->currency);

        ngx_http_portone_text_print(text, ",\"amount\":%s,\"requested_at\":",
                              review->amount[0] ? review->amount : "null");
        ngx_http_portone_text_print(text, (review->time > 0) ? "%L}" : "null}",
                                    review->time);
    }

    ngx_http_portone_text_print(text, "]");
}


/* a string, or null if it is empty */

static void
ngx_http_portone_json_member(ngx_http_portone_text_t *text, const char *name,
    const char *value)
{
    if (value[0] == '\0') {
        ngx_http_portone_text_print(text, ",\"%s\":null", name);
        return;
    }

    ngx_http_portone_text_print(text, ",\"%s\":\"", name);
    ngx_http_portone_text_json(text, value);
    ngx_http_portone_text_print(text, "\"");
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
        (void) ngx_sprintf(buf, "%uL%Z", ngx_http_portone_metrics_sizes[i]);
        return (const char *) buf;
    }

    usec = ngx_http_portone_metrics_times[i];

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


/* the number of bounds of a histogram; 0 for other types */

static ngx_uint_t
ngx_http_portone_bounds(ngx_http_portone_metric_t *metric)
{
    if (metric->type == NGX_HTTP_PORTONE_HISTOGRAM_TIMES) {
        return NGX_HTTP_PORTONE_TIMES;
    }

    return (metric->type == NGX_HTTP_PORTONE_HISTOGRAM_SIZES)
               ? NGX_HTTP_PORTONE_SIZES : 0;
}


/* moments and times are seconds */

static void
ngx_http_portone_number(ngx_http_portone_text_t *text,
    ngx_http_portone_metric_t *metric, ngx_atomic_uint_t value)
{
    uint64_t  usec;

    usec = value;

    if (metric->type == NGX_HTTP_PORTONE_GAUGE_MOMENT && value != 0) {
        usec *= 1000000 / NGX_HTTP_PORTONE_METRICS_TICKS;

    } else if (metric->type != NGX_HTTP_PORTONE_HISTOGRAM_TIMES) {
        ngx_http_portone_text_print(text, "%uA", value);
        return;
    }

    ngx_http_portone_text_print(text, "%uL.%06uL", usec / 1000000,
                                usec % 1000000);
}
