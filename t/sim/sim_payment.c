
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <stdio.h>
#include <string.h>

#include "sim.h"


/*
 * Payments as PortOne writes them, and what is written of them elsewhere,
 * without the functions of the core, so that no error is made on both sides.
 */


static char *sim_payment_amount(char *p, char *last, const char *name,
    int64_t amount, int exponent);
static const char *sim_text_member(const char *text, size_t len,
    const char *name);


const char *
sim_payment_status(const sim_payment_t *payment)
{
    if (!payment->paid) {
        return "ready";
    }

    return (payment->cancelled != 0
            && (payment->cancelled == payment->amount
                || payment->version % 2))
               ? "cancelled" : "paid";
}


size_t
sim_payment_text(const sim_payment_t *payment, int i, char *text, int by_hand)
{
    char               *p, *last;
    size_t              n;
    const char         *comma;
    const sim_entry_t  *entry;

    p = text;
    last = text + SIM_TEXT;

    p += snprintf(p, last - p,
                  "{\"imp_uid\":\"imp_%d\",\"merchant_uid\":\"order-%d\","
                  "\"pay_method\":\"%s\",\"currency\":\"%s\","
                  "\"status\":\"%s\",\"started_at\":%lld,\"paid_at\":%lld,"
                  "\"buyer_name\":\"" SIM_BUYER "\",",
                  i, payment->order, payment->method,
                  payment->exponent ? "USD" : "KRW",
                  sim_payment_status(payment),
                  (long long) payment->started_at,
                  payment->paid ? (long long) payment->started_at + 30 : 0);

    p = sim_payment_amount(p, last, "amount", payment->amount,
                           payment->exponent);
    *p++ = ',';
    p = sim_payment_amount(p, last, "cancel_amount", payment->cancelled,
                           payment->exponent);

    if (by_hand) {
        *p++ = '}';
        *p = '\0';
        return p - text;
    }

    p += snprintf(p, last - p, ",\"version\":%d,\"cancel_history\":[",
                  payment->version);

    comma = "";

    for (n = 0; n < payment->n_entries; n++) {
        entry = &payment->entries[n];

        if (entry->undone) {
            continue;
        }

        p += snprintf(p, last - p, "%s{\"pg_tid\":\"T%d\",", comma,
                      entry->id);
        p = sim_payment_amount(p, last, "amount", entry->amount,
                               payment->exponent);
        p += snprintf(p, last - p, ",\"cancelled_at\":%lld,\"reason\":\"%s\"",
                      (long long) entry->at, entry->reason);

        if (!payment->old) {
            p += snprintf(p, last - p, ",\"cancellation_id\":\"C%d\"",
                          entry->id);
        }

        *p++ = '}';
        comma = ",";
    }

    p += snprintf(p, last - p, "]}");

    return p - text;
}


static char *
sim_payment_amount(char *p, char *last, const char *name, int64_t amount,
    int exponent)
{
    if (exponent == 0) {
        return p + snprintf(p, last - p, "\"%s\":%lld", name,
                            (long long) amount);
    }

    return p + snprintf(p, last - p, "\"%s\":%lld.%02d", name,
                        (long long) amount / 100, (int) (amount % 100));
}


size_t
sim_refusal_text(char *text, int code, const char *message)
{
    return snprintf(text, SIM_TEXT,
                    "{\"code\":%d,\"message\":\"%s\",\"response\":null}",
                    code, message);
}


int64_t
sim_text_amount(const char *text, size_t len, const char *name, int exponent)
{
    int          decimals;
    int64_t      amount;
    const char  *p;

    p = sim_text_member(text, len, name);

    if (p == NULL || *p < '0' || *p > '9') {
        return -1;
    }

    amount = 0;
    decimals = -1;

    for ( /* void */ ; (*p >= '0' && *p <= '9') || *p == '.'; p++) {

        if (*p == '.') {
            decimals = 0;
            continue;
        }

        amount = amount * 10 + (*p - '0');
        decimals += (decimals >= 0);
    }

    for (decimals = (decimals < 0) ? 0 : decimals;
         decimals < exponent;
         decimals++)
    {
        amount *= 10;
    }

    return (decimals == exponent) ? amount : -1;
}


void
sim_text_string(const char *text, size_t len, const char *name,
    char value[48])
{
    size_t       i;
    const char  *p;

    i = 0;
    p = sim_text_member(text, len, name);

    if (p != NULL && *p == '"') {

        for (p++; *p != '"' && i < 47; p++) {
            value[i++] = *p;
        }
    }

    value[i] = '\0';
}


/*
 * the first member with the name, whatever object it is in: the ones that
 * are asked for come before all nested ones
 */

static const char *
sim_text_member(const char *text, size_t len, const char *name)
{
    size_t       n;
    const char  *p, *last;

    n = strlen(name);
    last = text + len;

    for (p = text; (p = memchr(p, '"', last - p)) != NULL; p++) {

        if ((size_t) (last - p) > n + 3
            && memcmp(p + 1, name, n) == 0
            && p[n + 1] == '"'
            && p[n + 2] == ':')
        {
            return p + n + 3;
        }
    }

    return NULL;
}
