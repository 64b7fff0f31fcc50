
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_page.h"


static void ngx_http_portone_page_head(ngx_http_portone_page_t *page);
static void ngx_http_portone_page_now(ngx_http_portone_page_t *page);
static void ngx_http_portone_page_tile(ngx_http_portone_page_t *page,
    const char *name, ngx_uint_t open);
static ngx_uint_t ngx_http_portone_page_rows(ngx_http_portone_page_t *page,
    const char *id, const char *title, size_t n, const char *none);
static void ngx_http_portone_page_person(ngx_http_portone_page_t *page);
static void ngx_http_portone_page_review(ngx_http_portone_page_t *page,
    portone_refund_line_t *review);
static void ngx_http_portone_page_recent(ngx_http_portone_page_t *page);
static void ngx_http_portone_page_portone(ngx_http_portone_page_t *page);
static void ngx_http_portone_page_calls(ngx_http_portone_page_t *page,
    ngx_http_portone_counters_t *counters);
static void ngx_http_portone_page_call(ngx_http_portone_page_t *page,
    const char *name, ngx_atomic_uint_t ok, ngx_atomic_uint_t *refused,
    ngx_atomic_uint_t failed, ngx_http_portone_times_t *times);
static void ngx_http_portone_page_times(ngx_http_portone_page_t *page,
    ngx_http_portone_times_t *times);
static void ngx_http_portone_page_results(ngx_http_portone_page_t *page);
static void ngx_http_portone_page_result(ngx_http_portone_page_t *page,
    const char *word, const char *code, ngx_atomic_uint_t n);
static void ngx_http_portone_page_store(ngx_http_portone_page_t *page);


void
ngx_http_portone_page_html(ngx_http_portone_text_t *text,
    ngx_http_portone_status_t *status)
{
    ngx_http_portone_page_t  *page;

    page = ngx_pcalloc(text->pool, sizeof(ngx_http_portone_page_t));
    if (page == NULL) {
        text->failed = 1;
        return;
    }

    page->text = text;
    page->status = status;
    page->w = &ngx_http_portone_page_words[status->language];

    ngx_http_portone_page_health(page);

    ngx_http_portone_page_head(page);
    ngx_http_portone_page_person(page);
    ngx_http_portone_page_now(page);
    ngx_http_portone_page_recent(page);
    ngx_http_portone_page_portone(page);
    ngx_http_portone_page_results(page);
    ngx_http_portone_page_store(page);

    ngx_http_portone_text_print(text, "</main>\n<footer><p>");
    ngx_http_portone_text_print(text, page->w->workers, status->totals.workers);
    ngx_http_portone_text_print(text, "</p></footer>\n</body>\n</html>\n");
}


static void
ngx_http_portone_page_head(ngx_http_portone_page_t *page)
{
    ngx_uint_t                            i;
    ngx_http_portone_text_t              *text;
    const ngx_http_portone_page_words_t  *w;

    static const char  *classes[] = { "ok", "attention", "broken" };

    text = page->text;
    w = page->w;

    ngx_http_portone_text_print(text,
        "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n"
        "<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" "
        "content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<meta name=\"robots\" content=\"noindex\">\n"
        "<title>%s · %s</title>\n<style>",
        w->lang, w->level_short[page->health], w->title);

    ngx_http_portone_text_copy(text, ngx_http_portone_page_style);

    ngx_http_portone_text_print(text,
        "</style>\n</head>\n<body>\n"
        "<a class=\"skip\" href=\"#main\">%s</a>\n"
        "<header><h1>%s</h1><p>", w->skip, w->title);

    ngx_http_portone_page_time(page, page->status->now);

    ngx_http_portone_text_print(text,
        " (%c%02i:%02i) <a href=\"\">%s</a></p></header>\n"
        "<main id=\"main\" tabindex=\"-1\">\n"
        "<section class=\"health %s\" aria-labelledby=\"health\">"
        "<h2 id=\"health\">%s</h2>",
        ngx_cached_time->gmtoff < 0 ? '-' : '+',
        ngx_abs(ngx_cached_time->gmtoff) / 60,
        ngx_abs(ngx_cached_time->gmtoff) % 60,
        w->refresh, classes[page->health], w->level[page->health]);

    if (page->n) {
        ngx_http_portone_text_print(text, "<ul>");

        for (i = 0; i < page->n; i++) {
            ngx_http_portone_text_print(text, "<li>%s</li>", page->reasons[i]);
        }

        ngx_http_portone_text_print(text, "</ul>");
    }

    ngx_http_portone_text_print(text, "</section>\n");
}


static void
ngx_http_portone_page_now(ngx_http_portone_page_t *page)
{
    const ngx_http_portone_page_words_t  *w;

    w = page->w;

    ngx_http_portone_page_section(page, "now", w->now);

    ngx_http_portone_text_print(page->text,
                          "<dl><div><dt>%s</dt><dd>%uA</dd></div>",
                          w->in_flight, page->status->totals.gauges.refunds);

    if (page->status->store_up) {
        ngx_http_portone_page_tile(page, w->review,
                                   NGX_HTTP_PORTONE_OPEN_MANUAL_REVIEW);
        ngx_http_portone_page_tile(page, w->unknown,
                                   NGX_HTTP_PORTONE_OPEN_UNKNOWN);
        ngx_http_portone_page_tile(page, w->pending,
                                   NGX_HTTP_PORTONE_OPEN_PENDING);
        ngx_http_portone_page_tile(page, w->sending,
                                   NGX_HTTP_PORTONE_OPEN_SENDING);
    }

    ngx_http_portone_text_print(page->text, "</dl></section>\n");
}


static void
ngx_http_portone_page_tile(ngx_http_portone_page_t *page, const char *name,
    ngx_uint_t open)
{
    u_char              age[NGX_HTTP_PORTONE_PAGE_AGE];
    ngx_atomic_uint_t   n;

    n = page->status->open[open];

    ngx_http_portone_text_print(page->text, "<div><dt>%s</dt><dd>%uA</dd>",
                                name, n);

    if (n) {
        ngx_http_portone_text_print(page->text, "<dd class=\"note\">");
        ngx_http_portone_text_print(page->text, page->w->oldest,
                   ngx_http_portone_page_age(page, age,
                                             page->status->ages[open]));
        ngx_http_portone_text_print(page->text, "</dd>");
    }

    ngx_http_portone_text_print(page->text, "</div>");
}


/*
 * begins a section with n rows of the store; 0: a paragraph has told why the
 * rows are missing, and ended the section
 */

static ngx_uint_t
ngx_http_portone_page_rows(ngx_http_portone_page_t *page, const char *id,
    const char *title, size_t n, const char *none)
{
    ngx_http_portone_page_section(page, id, title);

    if (page->status->store_up && n) {
        return 1;
    }

    ngx_http_portone_text_print(page->text, "<p>%s</p></section>\n",
                                page->status->store_up ? none
                                                       : page->w->unavailable);
    return 0;
}


static void
ngx_http_portone_page_person(ngx_http_portone_page_t *page)
{
    size_t                                i;
    ngx_atomic_uint_t                     n;
    portone_overview_t                   *survey;
    ngx_http_portone_text_t              *text;
    const ngx_http_portone_page_words_t  *w;

    text = page->text;
    w = page->w;
    survey = &page->status->survey;

    if (!ngx_http_portone_page_rows(page, "person", w->person, survey->n,
                                    w->person_none))
    {
        return;
    }

    /* PortOne settles a late refund; a person settles the others */

    if (page->status->open[NGX_HTTP_PORTONE_OPEN_MANUAL_REVIEW]
        || page->status->open[NGX_HTTP_PORTONE_OPEN_UNREADABLE])
    {
        ngx_http_portone_text_print(text, "<ol>");

        for (i = 0; i < sizeof(w->person_do) / sizeof(w->person_do[0]); i++) {
            ngx_http_portone_text_print(text, "<li>%s</li>", w->person_do[i]);
        }

        ngx_http_portone_text_print(text, "</ol>");
    }

    ngx_http_portone_text_print(text, "<p>%s <strong>%s</strong></p>",
                                w->person_locked, w->person_dont);

    ngx_http_portone_page_columns(page, w->order, w->payment, w->refund,
                                  w->amount, w->since, NULL);

    for (i = 0; i < survey->n; i++) {
        ngx_http_portone_page_review(page, &survey->reviews[i]);
    }

    ngx_http_portone_text_print(text, "</tbody></table>");

    if (survey->need > survey->n) {
        n = survey->need - survey->n;

        ngx_http_portone_text_print(text, "<p>");
        ngx_http_portone_text_print(text, w->person_more, n);
        ngx_http_portone_text_print(text, "</p>");
    }

    ngx_http_portone_text_print(text, "</section>\n");
}


/* whole identifiers: the person has to find the refund */

static void
ngx_http_portone_page_review(ngx_http_portone_page_t *page,
    portone_refund_line_t *review)
{
    ngx_http_portone_text_t              *text;
    const ngx_http_portone_page_words_t  *w;

    text = page->text;
    w = page->w;

    ngx_http_portone_page_row(page, w->order);

    if (review->state == PORTONE_STATE_MAX) {
        ngx_http_portone_text_print(text, "<strong>%s</strong> ", w->damaged);

    } else if (review->state == PORTONE_STATE_PENDING) {
        ngx_http_portone_text_print(text, "<strong>%s</strong> ", w->waiting);
    }

    ngx_http_portone_text_print(text, "<code>");
    ngx_http_portone_text_html(text, review->merchant_uid);
    ngx_http_portone_text_print(text, "</code> <small>%s ", w->shop);
    ngx_http_portone_text_html(text, review->merchant);
    ngx_http_portone_text_print(text, "</small></td>");

    ngx_http_portone_page_uid(page, w->payment, review->imp_uid);
    ngx_http_portone_page_uid(page, w->refund, review->refund_id);
    ngx_http_portone_page_amount(page, review);

    ngx_http_portone_page_cell(page, w->since);
    ngx_http_portone_page_time(page, review->time);
    ngx_http_portone_text_print(text, "</td></tr>\n");
}


static void
ngx_http_portone_page_recent(ngx_http_portone_page_t *page)
{
    size_t                                i;
    portone_recent_t                     *recent;
    portone_refund_line_t                *refund;
    ngx_http_portone_text_t              *text;
    const ngx_http_portone_page_words_t  *w;

    text = page->text;
    w = page->w;
    recent = &page->status->recent;

    if (!ngx_http_portone_page_rows(page, "recent", w->recent, recent->n,
                                    w->recent_none))
    {
        return;
    }

    ngx_http_portone_page_columns(page, w->ended, w->order, w->amount,
                                  w->result, w->refund, NULL);

    for (i = 0; i < recent->n; i++) {
        refund = &recent->refunds[i];

        ngx_http_portone_page_row(page, w->ended);
        ngx_http_portone_page_time(page, refund->time);
        ngx_http_portone_text_print(text, "</td>");

        ngx_http_portone_page_cell(page, w->order);
        ngx_http_portone_page_masked(page, refund->merchant_uid);
        ngx_http_portone_text_print(text, "</td>");

        ngx_http_portone_page_amount(page, refund);

        ngx_http_portone_page_cell(page, w->result);
        ngx_http_portone_text_print(text, "%s</td>",
                                    (refund->state == PORTONE_STATE_MAX)
                                        ? "" : w->states[refund->state]);

        ngx_http_portone_page_uid(page, w->refund, refund->refund_id);
        ngx_http_portone_text_print(text, "</tr>\n");
    }

    ngx_http_portone_text_print(text, "</tbody></table></section>\n");
}


static void
ngx_http_portone_page_portone(ngx_http_portone_page_t *page)
{
    u_char                                answered[NGX_HTTP_PORTONE_PAGE_AGE];
    u_char                                failed[NGX_HTTP_PORTONE_PAGE_AGE];
    ngx_atomic_t                         *drift;
    ngx_atomic_uint_t                     looked;
    ngx_http_portone_text_t              *text;
    ngx_http_portone_gauges_t            *gauges;
    const ngx_http_portone_page_words_t  *w;

    text = page->text;
    w = page->w;
    gauges = &page->status->totals.gauges;
    drift = page->status->totals.counters.drift;

    ngx_http_portone_page_section(page, "portone", w->portone);

    ngx_http_portone_text_print(text, "<p>%s: %s. %s: %s.</p>",
        w->last_answer,
        ngx_http_portone_page_ago(page, answered, gauges->answered),
        w->last_failure,
        ngx_http_portone_page_ago(page, failed, gauges->unanswered));

    ngx_http_portone_page_calls(page, &page->status->totals.counters);

    looked = drift[NGX_HTTP_PORTONE_DRIFT_SAME]
             + drift[NGX_HTTP_PORTONE_DRIFT_DIFFERED]
             + drift[NGX_HTTP_PORTONE_DRIFT_MISSING];

    if (looked) {
        ngx_http_portone_text_print(text, "<p>");
        ngx_http_portone_text_print(text, w->drift, looked,
                                    drift[NGX_HTTP_PORTONE_DRIFT_DIFFERED]);
        ngx_http_portone_text_print(text, "</p>");
    }

    ngx_http_portone_text_print(text, "</section>\n");
}


/* a row for each call of PortOne's API, and one for commits to the store */

static void
ngx_http_portone_page_calls(ngx_http_portone_page_t *page,
    ngx_http_portone_counters_t *counters)
{
    ngx_uint_t                            i;
    ngx_atomic_t                         *calls;
    ngx_atomic_uint_t                     refused;
    const ngx_http_portone_page_words_t  *w;

    w = page->w;

    ngx_http_portone_page_columns(page, w->call, w->ok, w->refused, w->failed,
                                  w->half, w->most, NULL);

    for (i = 0; i < NGX_HTTP_PORTONE_CALL_MAX; i++) {
        calls = counters->calls[i];

        refused = calls[NGX_HTTP_PORTONE_CALL_REFUSED]
                  + calls[NGX_HTTP_PORTONE_CALL_UNAUTHORIZED];

        ngx_http_portone_page_call(page, w->calls[i],
                                   calls[NGX_HTTP_PORTONE_CALL_OK]
                                   + calls[NGX_HTTP_PORTONE_CALL_NOT_FOUND],
                                   &refused,
                                   calls[NGX_HTTP_PORTONE_CALL_BROKEN]
                                   + calls[NGX_HTTP_PORTONE_CALL_UNANSWERED]
                                   + calls[NGX_HTTP_PORTONE_CALL_NOT_SENT]
                                   + calls[NGX_HTTP_PORTONE_CALL_OVERLOADED],
                                   &counters->call_time[i]);
    }

    ngx_http_portone_page_call(page, w->commit, counters->writes[0], NULL,
                               counters->writes[1] + counters->writes[2],
                               &counters->commit_time);

    ngx_http_portone_text_print(page->text, "</tbody></table>");
}


/* refused is NULL for a commit */

static void
ngx_http_portone_page_call(ngx_http_portone_page_t *page, const char *name,
    ngx_atomic_uint_t ok, ngx_atomic_uint_t *refused, ngx_atomic_uint_t failed,
    ngx_http_portone_times_t *times)
{
    ngx_http_portone_page_row(page, page->w->call);
    ngx_http_portone_text_print(page->text, "%s</td>", name);

    ngx_http_portone_page_count(page, page->w->ok, ok);

    ngx_http_portone_page_cell(page, page->w->refused);
    ngx_http_portone_text_print(page->text, refused ? "%uA</td>" : "–</td>",
                                refused ? *refused : 0);

    ngx_http_portone_page_count(page, page->w->failed, failed);
    ngx_http_portone_page_times(page, times);

    ngx_http_portone_text_print(page->text, "</tr>\n");
}


/* the cells of the median and of 99 %: the bound of the bucket it is in */

static void
ngx_http_portone_page_times(ngx_http_portone_page_t *page,
    ngx_http_portone_times_t *times)
{
    uint64_t            usec;
    ngx_uint_t          i, j;
    ngx_atomic_uint_t   count, rank, sum;

    static const ngx_uint_t  per_cent[] = { 50, 99 };

    count = 0;

    for (i = 0; i <= NGX_HTTP_PORTONE_TIMES; i++) {
        count += times->bucket[i];
    }

    for (j = 0; j < 2; j++) {
        ngx_http_portone_page_cell(page, j == 0 ? page->w->half
                                                : page->w->most);

        if (count == 0) {
            ngx_http_portone_text_print(page->text, "–</td>");
            continue;
        }

        rank = (count * per_cent[j] + 99) / 100;
        sum = 0;

        for (i = 0; i < NGX_HTTP_PORTONE_TIMES; i++) {
            sum += times->bucket[i];

            if (sum >= rank) {
                break;
            }
        }

        usec = ngx_http_portone_metrics_times[
                                   ngx_min(i, NGX_HTTP_PORTONE_TIMES - 1)];

        ngx_http_portone_text_print(page->text,
                                    usec < 1000000 ? "%s %uL ms</td>"
                                                   : "%s %uL s</td>",
                                    i < NGX_HTTP_PORTONE_TIMES ? "≤" : "&gt;",
                                    usec < 1000000 ? usec / 1000
                                                   : usec / 1000000);
    }
}


static void
ngx_http_portone_page_results(ngx_http_portone_page_t *page)
{
    u_char                                since[NGX_HTTP_PORTONE_PAGE_AGE];
    ngx_uint_t                            i, any;
    ngx_atomic_t                         *requests;
    ngx_http_portone_text_t              *text;
    ngx_http_portone_counters_t          *counters;
    const ngx_http_portone_page_words_t  *w;

    text = page->text;
    w = page->w;

    counters = &page->status->totals.counters;
    requests = counters->requests[NGX_HTTP_PORTONE_REQUEST_REFUND];

    ngx_http_portone_text_print(text, "<section aria-labelledby=\"results\">"
                                "<h2 id=\"results\">");
    ngx_http_portone_text_print(text, w->results,
        ngx_http_portone_page_local(since, page->status->totals.since));
    ngx_http_portone_text_print(text, "</h2>\n");

    any = (counters->replays != 0);

    for (i = 0; i < NGX_HTTP_PORTONE_RESULT_MAX; i++) {
        any |= (requests[i] != 0);
    }

    if (!any) {
        ngx_http_portone_text_print(text, "<p>%s</p></section>\n", w->none);
        return;
    }

    ngx_http_portone_page_columns(page, w->result, w->count, NULL);

    ngx_http_portone_page_result(page, w->succeeded, "succeeded",
                                 requests[NGX_HTTP_PORTONE_RESULT_OK]);
    ngx_http_portone_page_result(page, w->states[PORTONE_STATE_PENDING],
                                 "pending",
                                 requests[NGX_HTTP_PORTONE_RESULT_PENDING]);

    for (i = 1; i < PORTONE_ERROR_MAX; i++) {
        ngx_http_portone_page_result(page,
            portone_error_message((portone_error_e) i,
                       (portone_language_e) page->status->language),
            portone_error_word((portone_error_e) i), requests[i]);
    }

    ngx_http_portone_page_result(page, w->replayed, "replayed",
                                 counters->replays);

    ngx_http_portone_text_print(text, "</tbody></table></section>\n");
}


static void
ngx_http_portone_page_result(ngx_http_portone_page_t *page, const char *word,
    const char *code, ngx_atomic_uint_t n)
{
    if (n == 0) {
        return;
    }

    ngx_http_portone_page_row(page, page->w->result);
    ngx_http_portone_text_html(page->text, word);
    ngx_http_portone_text_print(page->text, " <code>%s</code></td>", code);

    ngx_http_portone_page_count(page, page->w->count, n);
    ngx_http_portone_text_print(page->text, "</tr>\n");
}


static void
ngx_http_portone_page_store(ngx_http_portone_page_t *page)
{
    ngx_atomic_uint_t                     filled;
    ngx_http_portone_text_t              *text;
    ngx_http_portone_store_info_t        *store;
    const ngx_http_portone_page_words_t  *w;

    text = page->text;
    w = page->w;
    store = &page->status->store;

    if (!ngx_http_portone_page_rows(page, "store", w->store, 1, NULL)) {
        return;
    }

    filled = store->used / (store->size / 100);

    ngx_http_portone_text_print(text,
        "<p><label for=\"used\">%s</label> "
        "<meter id=\"used\" min=\"0\" max=\"100\" high=\"%d\" optimum=\"0\" "
        "value=\"%uA\">%uA%%</meter> ",
        w->used, NGX_HTTP_PORTONE_PAGE_FILLING,
        filled, filled);

    ngx_http_portone_page_bytes(page, store->used);
    ngx_http_portone_text_print(text, " / ");
    ngx_http_portone_page_bytes(page, store->size);

    ngx_http_portone_text_print(text,
        "</p><dl><div><dt>%s</dt><dd>%uA</dd></div>"
        "<div><dt>%s</dt><dd>%uA</dd></div>"
        "<div><dt>%s</dt><dd>%uA</dd></div></dl><p>",
        w->payments, store->entries[PORTONE_DB_PAYMENTS],
        w->attempts, store->entries[PORTONE_DB_ATTEMPTS],
        w->journal, store->entries[PORTONE_DB_JOURNAL]);

    ngx_http_portone_text_print(text, w->readers, store->readers,
                                store->reader_limit);
    ngx_http_portone_text_print(text, "</p></section>\n");
}
