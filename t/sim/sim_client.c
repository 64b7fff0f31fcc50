
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <stdio.h>
#include <string.h>

#include "sim.h"


/* the payments of a history, what is asked for, and what PortOne tells */


static void sim_payment_init(sim_t *sim, int i);
static void sim_payment_store(sim_t *sim, int i);
static void sim_refund_init(sim_t *sim, int64_t delay);
static size_t sim_request_text(sim_t *sim, const sim_refund_t *refund,
    char *text);
static char *sim_amount_text(char *p, const char *name, int64_t amount,
    int exponent);


void
sim_clients_init(sim_t *sim)
{
    int      i, n;
    int64_t  delay, together;

    sim->n_payments = (int) sim_between(sim, 1, SIM_PAYMENTS);

    for (i = 0; i < sim->n_payments; i++) {
        sim_payment_init(sim, i);
    }

    n = (int) sim_between(sim, 1, 4);
    together = sim_between(sim, 0, sim->heal_at);

    for (i = 0; i < n; i++) {

        delay = sim->calm ? i * INT64_C(100000)
                : sim_chance(sim, 500) ? together + sim_between(sim, 0, 40)
                                       : sim_between(sim, 0, sim->heal_at);

        sim_refund_init(sim, delay);
    }

    if (sim->calm) {
        return;
    }

    n = (int) sim_between(sim, 0, 2);

    for (i = 0; i < n; i++) {
        sim_schedule(sim, sim_between(sim, 0, sim->heal_at),
                     SIM_READ_PAYMENT,
                     (int) sim_between(sim, 0, sim->n_payments - 1), 0);
    }

    /* anybody can send what looks like a webhook */

    n = (int) sim_between(sim, -1, 2);

    for (i = 0; i < n; i++) {
        sim_schedule(sim, sim_chance(sim, 500)
                          ? together + sim_between(sim, 0, 3000)
                          : sim_between(sim, 0, sim->heal_at),
                     SIM_WEBHOOK,
                     (int) sim_between(sim, 0, sim->n_payments - 1),
                     SIM_RETRIES);
    }

    if (sim_chance(sim, 300)) {
        sim_schedule(sim, sim_chance(sim, 500)
                          ? together + sim_between(sim, 0, 1000)
                          : sim_between(sim, 0, sim->heal_at),
                     SIM_KILL, (int) sim_between(sim, 0, SIM_WORKERS - 1), 0);
    }

    if (sim_chance(sim, 100)) {
        sim_schedule(sim, sim_between(sim, 0, sim->heal_at), SIM_RELOAD, 0,
                     0);
    }

    if (sim_chance(sim, 250)) {
        sim_schedule(sim, sim_chance(sim, 500)
                          ? together + sim_between(sim, 0, 90000)
                          : sim_between(sim, 0, sim->heal_at),
                     SIM_CONSOLE,
                     (int) sim_between(sim, 0, sim->n_payments - 1), 0);
    }

    if (sim_chance(sim, 120)) {
        sim_schedule(sim, sim_between(sim, 0, sim->heal_at), SIM_UNDO,
                     (int) sim_between(sim, 0, sim->n_payments - 1), 0);
    }

    if (sim_chance(sim, 150)) {
        sim_schedule(sim, sim_between(sim, 0, sim->heal_at), SIM_REVOKE, 0,
                     0);
    }
}


static void
sim_payment_init(sim_t *sim, int i)
{
    int             n;
    sim_entry_t    *entry;
    sim_payment_t  *payment;

    static const int64_t  amounts[] = { 1000, 1999, 500, 100000 };

    payment = &sim->payments[i];

    payment->order = (i > 0 && sim_chance(sim, 200)) ? 0 : i;
    payment->amount = amounts[sim_between(sim, 0, 3)];
    payment->exponent = (payment->order != i) ? sim->payments[0].exponent
                        : sim_chance(sim, 200) ? 2 : 0;
    payment->started_at = SIM_EPOCH - sim_between(sim, 3600, 800000);
    payment->asynchronous = sim_chance(sim, 100);
    payment->hidden = sim_chance(sim, 60);
    payment->old = sim_chance(sim, 100);
    payment->paid = 1;
    payment->method = sim_chance(sim, 100) ? "vbank" : "card";
    payment->version = 1;

    if (sim_chance(sim, 60)) {
        payment->paid = 0;

        if (!sim->calm && sim_chance(sim, 800)) {
            sim_schedule(sim, sim_between(sim, 0, sim->heal_at), SIM_PAY, i,
                         0);
        }
    }

    n = payment->paid ? (int) sim_between(sim, -2, 2) : 0;

    while (n-- > 0) {
        entry = &payment->entries[payment->n_entries++];

        entry->id = ++sim->n_entries;
        entry->amount = 100 * sim_between(sim, 1, 3);
        entry->at = payment->started_at + 1000;
        entry->reason = sim_chance(sim, 500) ? "why" : "";
        entry->refund = -1;

        payment->cancelled += entry->amount;

        if (payment->cancelled > payment->amount) {
            payment->cancelled -= entry->amount;
            payment->n_entries--;
        }
    }

    payment->versions[1] = payment->cancelled;

    if (sim_chance(sim, 700)) {
        sim_payment_store(sim, i);
    }
}


static void
sim_payment_store(sim_t *sim, int i)
{
    char            text[SIM_TEXT], uids[2][16];
    sim_entry_t    *entry;
    sim_payment_t  *payment;

    payment = &sim->payments[i];

    payment->by_hand = sim_chance(sim, 100);

    (void) sim_payment_text(payment, i, text, payment->by_hand);
    (void) snprintf(uids[0], sizeof(uids[0]), "imp_%d", i);
    (void) snprintf(uids[1], sizeof(uids[1]), "order-%d", payment->order);

    memory_set(&sim->store, PORTONE_DB_PAYMENTS, SIM_MERCHANT, uids[0], NULL,
               text);
    memory_set(&sim->store, PORTONE_DB_MERCHANT_UIDS, SIM_MERCHANT, uids[1],
               NULL, uids[0]);

    sim_journal(sim, text);

    payment->stored = payment->by_hand ? 0 : 1;
    payment->stored_cancelled = payment->cancelled;

    /* somebody has refunded elsewhere since */

    if (payment->paid && payment->cancelled + 100 <= payment->amount
        && sim_chance(sim, 100))
    {
        entry = &payment->entries[payment->n_entries++];

        entry->id = ++sim->n_entries;
        entry->amount = 100;
        entry->at = SIM_EPOCH + sim->offset - sim_between(sim, 60, 600);
        entry->reason = "why";
        entry->refund = -1;

        payment->cancelled += 100;
        payment->versions[++payment->version] = payment->cancelled;
        payment->foreign++;
    }
}


/* a request that a client makes after the delay */

static void
sim_refund_init(sim_t *sim, int64_t delay)
{
    int             i;
    int64_t         balance;
    sim_refund_t   *refund, *again;
    sim_payment_t  *payment;

    static const char  *reasons[] = { "", "why", "size" };

    if (sim->n_refunds == SIM_REFUNDS) {
        return;
    }

    i = sim->n_refunds++;

    refund = &sim->refunds[i];

    refund->state = PORTONE_STATE_MAX;
    refund->payment = (int) sim_between(sim, 0, sim->n_payments - 1);
    refund->by_order = sim_chance(sim, 400);
    refund->reason = reasons[sim_between(sim, 0, 2)];
    refund->key = sim_chance(sim, 500) ? i : -1;
    refund->print = i;

    if (refund->key != -1 && i > 0 && sim->refunds[i - 1].key != -1
        && !sim->calm && sim_chance(sim, 100))
    {
        /* by mistake, of another request */

        refund->key = sim->refunds[i - 1].key;
    }

    payment = &sim->payments[refund->payment];
    balance = payment->amount - payment->cancelled;

    if (sim_chance(sim, 650)) {
        refund->amount = 100 * sim_between(sim, 1, 4);

        if (refund->amount > balance && sim_chance(sim, 900)) {
            refund->amount = balance;
        }
    }

    sim_schedule(sim, delay, SIM_REFUND, i, 0);

    if (refund->key != -1 && !sim->calm && sim_chance(sim, 300)) {

        /* the client is impatient */

        again = &sim->refunds[sim->n_refunds++];

        *again = *refund;

        sim_schedule(sim, delay + sim_between(sim, 0, 2000), SIM_REFUND,
                     i + 1, 0);
    }
}


void
sim_client_refund(sim_t *sim, int i)
{
    int            worker;
    char           text[512], field[PORTONE_FIELD_LEN];
    sim_flow_t    *flow;
    sim_refund_t  *refund;

    refund = &sim->refunds[i];
    worker = sim_worker(sim);

    refund->started_at = sim->now;
    sim->last_change = sim->now;

    if (worker == -1) {
        return;
    }

    flow = sim_flow_create(sim, worker);

    flow->refund = i;
    flow->client = 1;

    (void) snprintf(flow->id, sizeof(flow->id),
                    "019aa000-0000-7000-8000-%012d", i);

    flow->core.refund_id = portone_str(flow->id);

    if (refund->key != -1) {
        (void) snprintf(flow->key, sizeof(flow->key), "key-%d", refund->key);
        (void) snprintf(flow->print, sizeof(flow->print), "print-%d",
                        refund->print);

        flow->core.idempotency.key = portone_str(flow->key);
        flow->core.idempotency.fingerprint = portone_str(flow->print);
        flow->core.idempotency.ttl_s = sim->ttl;
    }

    if (portone_request_parse(&flow->core.request, text,
                              sim_request_text(sim, refund, text), field)
        != PORTONE_NO_ERROR)
    {
        sim_broken(sim, 13, "%s of a request is not taken", field);
    }

    sim_log(sim, "refund %d, worker %d flow %d: %s%s%s", i, worker,
            (int) (flow - sim->flows), text,
            (refund->key == -1) ? "" : " ",
            (refund->key == -1) ? "" : flow->key);

    if (sim_fault(sim, 30)) {
        sim_schedule(sim, sim_between(sim, 0, 20000), SIM_LEAVE,
                     (int) (flow - sim->flows), flow->life);
    }

    sim_flow_start(sim, flow);
}


static size_t
sim_request_text(sim_t *sim, const sim_refund_t *refund, char *text)
{
    char           *p;
    sim_payment_t  *payment;

    payment = &sim->payments[refund->payment];
    p = text;

    if (refund->by_order) {
        p += sprintf(p, "{\"merchant_uid\":\"order-%d\"", payment->order);

    } else {
        p += sprintf(p, "{\"imp_uid\":\"imp_%d\"", refund->payment);
    }

    if (refund->amount) {
        p = sim_amount_text(p, sim_chance(sim, 500) ? "amount"
                                                    : "cancel_request_amount",
                            refund->amount, payment->exponent);
    }

    if (refund->reason[0] != '\0') {
        p += sprintf(p, ",\"reason\":\"%s\"", refund->reason);
    }

    if (sim_fault(sim, 50)) {
        p = sim_amount_text(p, "checksum",
                            payment->amount - payment->cancelled,
                            payment->exponent);
    }

    if (strcmp(payment->method, "vbank") == 0 || sim_chance(sim, 50)) {
        p += sprintf(p, ",\"refund_holder\":\"Hong\",\"refund_bank\":\"04\","
                        "\"refund_account\":\"" SIM_ACCOUNT "\"");
    }

    *p++ = '}';
    *p = '\0';

    return p - text;
}


static char *
sim_amount_text(char *p, const char *name, int64_t amount, int exponent)
{
    if (exponent == 0) {
        return p + sprintf(p, ",\"%s\":%lld", name, (long long) amount);
    }

    return p + sprintf(p, ",\"%s\":%lld.%02d", name,
                       (long long) amount / 100, (int) (amount % 100));
}


void
sim_client_read(sim_t *sim, int i)
{
    int          worker;
    sim_flow_t  *flow;

    worker = sim_worker(sim);

    if (worker == -1) {
        return;
    }

    flow = sim_flow_create(sim, worker);

    flow->client = 1;
    flow->core.want = PORTONE_WANT_READ;

    if (sim_chance(sim, 500)) {
        (void) snprintf(flow->uids[0], sizeof(flow->uids[0]), "imp_%d", i);
        flow->core.request.imp_uid = portone_str(flow->uids[0]);

    } else {
        (void) snprintf(flow->uids[1], sizeof(flow->uids[1]), "order-%d",
                        sim->payments[i].order);
        flow->core.request.merchant_uid = portone_str(flow->uids[1]);
    }

    sim_log(sim, "a reading of payment %d, worker %d flow %d", i, worker,
            (int) (flow - sim->flows));

    sim_flow_start(sim, flow);
}


void
sim_review(sim_t *sim, int i, int tries)
{
    int            worker;
    sim_flow_t    *flow;
    sim_refund_t  *refund;

    refund = &sim->refunds[i];

    worker = sim_worker(sim);

    /* a person does not say anything while it can still come */

    if (worker == -1 || refund->live
        || (refund->moving && !refund->executed))
    {

        if (tries < SIM_RETRIES) {
            sim_schedule(sim, SIM_RETRY, SIM_REVIEW, i, tries + 1);
        }

        return;
    }

    flow = sim_flow_create(sim, worker);

    flow->client = 1;
    flow->review = i;
    flow->tries = tries;

    flow->core.want = PORTONE_WANT_REVIEW;
    flow->core.account = portone_str("f00d");
    flow->core.include_sandbox = 1;

    (void) snprintf(flow->uids[0], sizeof(flow->uids[0]), "imp_%d",
                    refund->payment);
    flow->core.request.imp_uid = portone_str(flow->uids[0]);

    (void) snprintf(flow->id, sizeof(flow->id),
                    "019aa000-0000-7000-8000-%012d", i);
    flow->core.review_id = portone_str(flow->id);

    refund->reviewed = 1;

    flow->core.review_state = (refund->executed > refund->undone)
                                  ? PORTONE_STATE_SUCCEEDED
                                  : PORTONE_STATE_NOT_EXECUTED;

    sim_log(sim, "a person says that refund %d is %s, worker %d flow %d", i,
            portone_record_word(flow->core.review_state), worker,
            (int) (flow - sim->flows));

    sim_flow_start(sim, flow);
}


void
sim_review_told(sim_t *sim, sim_flow_t *flow)
{
    sim_refund_t  *refund;

    refund = &sim->refunds[flow->review];

    switch (flow->core.error) {

    case PORTONE_NO_ERROR:

        if (!refund->settled || refund->state != flow->core.review_state) {
            sim_broken(sim, 4, "a person was told that refund %d is settled, "
                       "it is %s", flow->review,
                       portone_record_word(refund->state));
        }

        sim_counts[SIM_N_REVIEWED]++;
        return;

    case PORTONE_NOT_IN_REVIEW:

        if (refund->state == PORTONE_STATE_MANUAL_REVIEW) {
            sim_broken(sim, 6, "a person was told that refund %d is not in "
                       "manual_review", flow->review);
        }

        return;

    default:

        if (flow->tries < SIM_RETRIES) {
            sim_schedule(sim, SIM_RETRY, SIM_REVIEW, flow->review,
                         flow->tries + 1);
        }
    }
}


void
sim_webhook(sim_t *sim, int i, int tries)
{
    int          worker;
    sim_flow_t  *flow;

    worker = sim_worker(sim);

    if (worker == -1) {

        if (tries < SIM_RETRIES) {
            sim_schedule(sim, SIM_RETRY, SIM_WEBHOOK, i, tries + 1);
        }

        return;
    }

    flow = sim_flow_create(sim, worker);

    flow->client = 1;
    flow->webhook = i;
    flow->version = sim->payments[i].version;
    flow->tries = tries;
    flow->core.want = PORTONE_WANT_SYNC;

    if (sim_chance(sim, 900)) {
        (void) snprintf(flow->uids[0], sizeof(flow->uids[0]), "imp_%d", i);
        flow->core.request.imp_uid = portone_str(flow->uids[0]);

    } else {
        (void) snprintf(flow->uids[1], sizeof(flow->uids[1]), "order-%d",
                        sim->payments[i].order);
        flow->core.request.merchant_uid = portone_str(flow->uids[1]);
    }

    sim_log(sim, "a webhook about payment %d, worker %d flow %d", i, worker,
            (int) (flow - sim->flows));

    sim_flow_start(sim, flow);
}


/* what was not heeded comes again, if the shop has switched that on */

void
sim_webhook_told(sim_t *sim, sim_flow_t *flow)
{
    portone_error_e  error;

    error = flow->core.error;

    if (error != PORTONE_NO_ERROR
        && error != PORTONE_PAYMENT_NOT_FOUND
        && flow->tries < SIM_RETRIES)
    {
        sim_schedule(sim, SIM_RETRY, SIM_WEBHOOK, flow->webhook,
                     flow->tries + 1);
    }
}


/*
 * One that has not got its money tries again, a little later; so does one
 * that has a key, and did not listen.
 */

void
sim_client_told(sim_t *sim, int i, portone_error_e error)
{
    sim_refund_t  *refund, *again;

    refund = &sim->refunds[i];

    if (refund->tries == 2 || sim->calm
        || (error == PORTONE_NO_ERROR
            && !(refund->key != -1 && sim_chance(sim, 300)))
        || sim->n_refunds == SIM_REFUNDS || sim_chance(sim, 500))
    {
        return;
    }

    again = &sim->refunds[sim->n_refunds];

    again->state = PORTONE_STATE_MAX;
    again->payment = refund->payment;
    again->by_order = refund->by_order;
    again->amount = refund->amount;
    again->reason = refund->reason;
    again->tries = refund->tries + 1;
    again->key = (refund->key != -1 && sim_chance(sim, 800)) ? refund->key
                                                             : -1;
    again->print = refund->print;

    sim_schedule(sim, sim_between(sim, 0, sim_chance(sim, 500) ? 200 : 150000),
                 SIM_REFUND, sim->n_refunds++, 0);
}
