
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <string.h>

#include "sim.h"


/*
 * What PortOne does.  Two cancels of a payment that race are both executed,
 * because nobody knows better; a cancel that comes after another one is done
 * meets the checksum.
 */


static void sim_answer_payment(sim_t *sim, sim_call_t *call);
static void sim_refuse(sim_t *sim, sim_call_t *call, int status, int code,
    const char *message);
static int sim_find(sim_t *sim, sim_call_t *call);
static const char *sim_objection(sim_t *sim, sim_call_t *call);
static void sim_accept(sim_t *sim, sim_call_t *call);
static void sim_cancel(sim_t *sim, int payment, int64_t amount,
    const char *reason, int refund);
static void sim_change(sim_t *sim, sim_payment_t *payment);


#define SIM_NOT_FOUND  "존재하지 않는 결제정보입니다."


void
sim_arrive(sim_t *sim, sim_call_t *call)
{
    const char  *why;

    /* 401 says that nothing was executed; of a repetition it would not */

    if (!call->again
        && (call->token != sim->token
            || sim_portone_time(sim) >= sim->token_ends
            || sim_fault(sim, 10)))
    {
        sim_refuse(sim, call, 401, -1, "Unauthorized");
        return;
    }

    call->payment = sim_find(sim, call);

    if (call->step != PORTONE_STEP_CANCEL) {

        if (call->payment == -1
            || (sim->payments[call->payment].hidden
                && !call->include_sandbox))
        {
            sim_refuse(sim, call, 404, -1, SIM_NOT_FOUND);
            return;
        }

        sim_answer_payment(sim, call);
        return;
    }

    why = sim_objection(sim, call);

    if (why == NULL && sim_fault(sim, 20)) {
        why = "[1234] 카드사 사정";
    }

    if (why != NULL) {
        sim_refuse(sim, call, 200, (*why == '[') ? -1 : 1, why);
        return;
    }

    sim_accept(sim, call);
}


static void
sim_answer_payment(sim_t *sim, sim_call_t *call)
{
    char    text[SIM_TEXT];
    size_t  len;

    static const char  head[] = "{\"code\":0,\"message\":null,\"response\":";

    len = sizeof(head) - 1;

    memcpy(text, head, len);

    len += sim_payment_text(&sim->payments[call->payment], call->payment,
                            text + len, 0);
    text[len++] = '}';

    sim_call_answer(sim, call, 200, text, len);
}


static void
sim_refuse(sim_t *sim, sim_call_t *call, int status, int code,
    const char *message)
{
    char    text[SIM_TEXT];
    size_t  len;

    if (call->step == PORTONE_STEP_CANCEL && !call->taken) {
        sim->refunds[call->refund].live--;
    }

    len = sim_refusal_text(text, code, message);

    sim_log(sim, "PortOne refuses call of flow %d: %d %s", call->flow, status,
            message);

    sim_call_answer(sim, call, status, text, len);
}


/* by imp_uid, else the payment of the order that was begun last */

static int
sim_find(sim_t *sim, sim_call_t *call)
{
    int  i, found;

    if (call->payment >= 0) {
        return (call->payment < sim->n_payments) ? call->payment : -1;
    }

    found = -1;

    for (i = 0; i < sim->n_payments; i++) {

        if (sim->payments[i].order == call->order
            && (call->status[0] == '\0'
                || strcmp(sim_payment_status(&sim->payments[i]),
                          call->status)
                   == 0)
            && (!sim->payments[i].hidden || call->include_sandbox
                || call->step == PORTONE_STEP_CANCEL)
            && (found == -1
                || sim->payments[i].started_at
                   > sim->payments[found].started_at))
        {
            found = i;
        }
    }

    return found;
}


static const char *
sim_objection(sim_t *sim, sim_call_t *call)
{
    int64_t         balance;
    sim_payment_t  *payment;

    if (call->payment == -1) {
        return "취소할 결제건이 존재하지 않습니다.";
    }

    payment = &sim->payments[call->payment];

    balance = payment->amount - payment->cancelled;

    if (!payment->paid) {
        return "[] 결제되지 않은 결제건입니다.";
    }

    if (balance == 0) {
        return "이미 전액취소된 주문입니다.";
    }

    if (call->checksum >= 0 && call->checksum != balance) {
        return "취소가능금액 검증에 실패하였습니다.";
    }

    if (call->amount > balance) {
        return "[] 취소금액이 미정산 금액보다 큽니다.";
    }

    if (strcmp(payment->method, "vbank") == 0 && !call->has_account) {
        return "[] 환불계좌가 필요합니다.";
    }

    return NULL;
}


static void
sim_accept(sim_t *sim, sim_call_t *call)
{
    int64_t         delay, last;
    sim_payment_t  *payment;

    payment = &sim->payments[call->payment];

    if (call->amount <= 0) {
        call->amount = payment->amount - payment->cancelled;
    }

    sim_check_taken(sim, call);

    sim_log(sim, "PortOne takes cancel of flow %d", call->flow);

    payment->executing++;
    call->foreign = payment->foreign;
    call->taken = 1;

    if (payment->asynchronous) {
        delay = sim_between(sim, 1, call->deadline - sim->now - 1);

        sim->refunds[call->refund].moving = call->amount;
        sim_schedule(sim, delay, SIM_MOVE, call->refund, 0);

        sim_answer_payment(sim, call);
        return;
    }

    if (!payment->hidden) {
        call->liar = sim_fault(sim, 3);
        call->repeated = sim_fault(sim, 5);
    }

    /* it is never later than we wait for it: see docs/guarantees.md */

    last = call->deadline - sim->now - 1;

    delay = sim_fault(sim, 40) ? sim_chance(sim, 300)
                                 ? last : sim_between(sim, 0, last)
                               : sim_between(sim, 20, 800);

    if (delay > last) {
        delay = last;
    }

    sim_schedule(sim, delay, SIM_EXECUTE, call - sim->calls, call->life);
}


void
sim_execute(sim_t *sim, sim_call_t *call)
{
    const char     *why;
    sim_refund_t   *refund;
    sim_payment_t  *payment;

    refund = &sim->refunds[call->refund];
    payment = &sim->payments[call->payment];

    payment->executing--;
    refund->live--;

    if (payment->foreign != call->foreign) {
        why = sim_objection(sim, call);

        if (why != NULL) {
            sim_refuse(sim, call, 200, -1, why);
            return;
        }
    }

    sim_cancel(sim, call->payment, call->amount, call->reason, call->refund);

    if (call->liar) {
        refund->contradicted = 1;
        sim_refuse(sim, call, 200, -1, "[1234] 결제취소에 실패하였습니다.");
        return;
    }

    if (call->repeated && sim->now + 50 < call->deadline) {

        /* something on the way sends it once more, and hears that answer */

        sim_log(sim, "cancel of flow %d gets to PortOne again", call->flow);

        refund->contradicted = 1;
        refund->live++;
        call->repeated = 0;
        call->again = 1;
        call->taken = 0;

        sim_schedule(sim, 20, SIM_ARRIVE, call - sim->calls, call->life);
        return;
    }

    sim_answer_payment(sim, call);
}


void
sim_move(sim_t *sim, int i)
{
    sim_refund_t   *refund;
    sim_payment_t  *payment;

    refund = &sim->refunds[i];
    payment = &sim->payments[refund->payment];

    /* days later, once the shop has it in writing that it is pending */

    if (refund->state == PORTONE_STATE_PENDING && !refund->late) {
        refund->late = 1;

        sim_schedule(sim, sim_between(sim, 0, 900000), SIM_MOVE, i, 0);
        return;
    }

    payment->executing--;
    refund->live--;

    if (sim_fault(sim, 30)
        || refund->moving > payment->amount - payment->cancelled)
    {
        sim_log(sim, "PortOne gives refund %d up", i);
        return;
    }

    sim_cancel(sim, refund->payment, refund->moving, refund->reason, i);
}


static void
sim_cancel(sim_t *sim, int i, int64_t amount, const char *reason, int refund)
{
    sim_entry_t    *entry;
    sim_payment_t  *payment;

    payment = &sim->payments[i];

    if (payment->n_entries == SIM_ENTRIES) {
        sim_broken(sim, 1, "payment %d is cancelled again and again", i);
    }

    entry = &payment->entries[payment->n_entries++];

    memset(entry, 0, sizeof(sim_entry_t));

    entry->id = ++sim->n_entries;
    entry->amount = amount;
    entry->at = sim_portone_time(sim);
    entry->reason = reason;
    entry->refund = refund;

    payment->cancelled += amount;

    sim_change(sim, payment);

    sim_log(sim, "PortOne executes C%d: %lld of payment %d, for refund %d",
            entry->id, (long long) amount, i, refund);

    if (refund != -1) {
        sim_check_executed(sim, i, refund, amount);

    } else {
        payment->foreign++;
    }
}


static void
sim_change(sim_t *sim, sim_payment_t *payment)
{
    int  n;

    payment->version++;

    if (payment->version == SIM_VERSIONS) {
        sim_broken(sim, 1, "a payment changes again and again");
    }

    payment->versions[payment->version] = payment->cancelled;

    sim->last_change = sim->now;

    if (sim->calm || sim_chance(sim, 400)) {
        return;
    }

    /* once, or more often; soon, or so late that others overtake it */

    n = sim_chance(sim, 800) ? 1 : 3;

    while (n-- > 0) {
        sim_schedule(sim, sim_chance(sim, 700) ? sim_between(sim, 0, 500)
                                               : sim_between(sim, 0, 200000),
                     SIM_WEBHOOK, (int) (payment - sim->payments),
                     sim_chance(sim, 500) ? 0 : SIM_RETRIES);
    }
}


void
sim_console(sim_t *sim, int i)
{
    int64_t         amount, balance;
    const char     *reason;
    sim_refund_t   *refund;
    sim_payment_t  *payment;

    static const char  *reasons[] = { "console", "why", "" };

    payment = &sim->payments[i];
    balance = payment->amount - payment->cancelled;

    if (!payment->paid || balance == 0) {
        return;
    }

    amount = 100 * sim_between(sim, 1, 4);
    reason = reasons[sim_between(sim, 0, 2)];

    /* one that looks like a refund of ours */

    if (sim->n_refunds && sim_chance(sim, 500)) {
        refund = &sim->refunds[sim_between(sim, 0, sim->n_refunds - 1)];

        amount = refund->amount ? refund->amount : balance;
    }

    if (amount > balance) {
        amount = balance;
    }

    sim_cancel(sim, i, amount, reason, -1);
}


void
sim_undo(sim_t *sim, int i)
{
    sim_entry_t    *entry;
    sim_payment_t  *payment;

    payment = &sim->payments[i];

    if (payment->n_entries == 0) {
        return;
    }

    entry = &payment->entries[sim_between(sim, 0,
                                          (int64_t) payment->n_entries - 1)];

    if (entry->undone) {
        return;
    }

    entry->undone = 1;

    payment->cancelled -= entry->amount;
    payment->foreign++;

    if (entry->refund != -1) {
        sim->refunds[entry->refund].undone++;
    }

    sim_change(sim, payment);

    sim_log(sim, "PortOne undoes C%d of payment %d", entry->id, i);
}


void
sim_pay(sim_t *sim, int i)
{
    sim->payments[i].paid = 1;

    sim_change(sim, &sim->payments[i]);

    sim_log(sim, "payment %d is paid", i);
}
