
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <stdlib.h>
#include <string.h>

#include "sim.h"


/* calls to PortOne on their way there and back */


static sim_call_t *sim_call_create(sim_t *sim, sim_flow_t *flow);
static void sim_call_address(sim_t *sim, sim_call_t *call,
    const sim_flow_t *flow);
static const char *sim_call_reason(const char *body);
static void sim_call_spoil(sim_t *sim, sim_call_t *call, sim_flow_t *flow);


void
sim_call(sim_t *sim, sim_flow_t *flow)
{
    int64_t      connect;
    sim_call_t  *call;

    if (flow->step == PORTONE_STEP_CANCEL) {
        sim_check_cancel(sim, flow);
        sim_counts[SIM_N_CANCELS]++;
    }

    if (sim_fault(sim, 5)) {
        flow->call = PORTONE_CALL_OVERLOADED;
        sim_flow_end_step(sim, flow, 0);
        return;
    }

    if (sim_fault(sim, 20)) {
        flow->call = PORTONE_CALL_NOT_SENT;
        sim_flow_end_step(sim, flow, sim_between(sim, 0, SIM_CONNECT));
        return;
    }

    call = sim_call_create(sim, flow);

    connect = sim_fault(sim, 10) ? sim_between(sim, 30, SIM_CONNECT)
                                 : sim_between(sim, 1, 30);

    call->deadline = sim->now + connect + SIM_READ;

    if (flow->step == PORTONE_STEP_CANCEL) {
        sim->refunds[call->refund].live++;
    }

    if (sim_fault(sim, 60)) {

        /* the answer is lost, or what comes is not PortOne's */

        call->deaf = 1;

        flow->call = PORTONE_CALL_UNANSWERED;

        if (sim_chance(sim, 250)) {
            flow->call = PORTONE_CALL_ANSWERED;
            flow->status = 502;
            flow->text_len = sim_refusal_text(flow->text, -1, "proxy");
        }

        sim_flow_end_step(sim, flow, sim_chance(sim, 500)
                                     ? call->deadline - sim->now
                                     : sim_between(sim, connect,
                                                   call->deadline
                                                   - sim->now));

        if (sim_chance(sim, 400)) {

            sim_log(sim, "call of flow %d gets lost", call->flow);

            if (flow->step == PORTONE_STEP_CANCEL) {
                sim->refunds[call->refund].live--;
            }

            sim_call_free(call);
            return;
        }
    }

    sim_schedule(sim, connect, SIM_ARRIVE, call - sim->calls, call->life);
}


static sim_call_t *
sim_call_create(sim_t *sim, sim_flow_t *flow)
{
    int          i;
    sim_call_t  *call;

    for (i = 0; i < SIM_CALLS && sim->calls[i].life; i++) { /* void */ }

    if (i == SIM_CALLS) {
        abort();
    }

    call = &sim->calls[i];

    memset(call, 0, sizeof(sim_call_t));

    call->life = ++sim->lives;
    call->flow = flow - sim->flows;
    call->flow_life = flow->life;
    call->step = flow->step;
    call->refund = flow->refund;
    call->token = flow->token;
    call->include_sandbox = flow->core.include_sandbox;

    sim_call_address(sim, call, flow);

    return call;
}


/* which payment it is about, and for a cancel the rest */

static void
sim_call_address(sim_t *sim, sim_call_t *call, const sim_flow_t *flow)
{
    char                  uid[48];
    size_t                len;
    const char           *body;
    const portone_str_t  *str;

    static const char  *statuses[] = { "", "paid", "cancelled" };

    call->payment = -1;
    call->order = -1;
    call->status = statuses[flow->core.find];

    if (flow->step == PORTONE_STEP_CANCEL) {
        body = flow->core.body;
        len = strlen(body);

        sim_text_string(body, len, "imp_uid", uid);

        if (uid[0] != '\0') {
            call->payment = atoi(uid + sizeof("imp_") - 1);

        } else {
            sim_text_string(body, len, "merchant_uid", uid);
            call->order = atoi(uid + sizeof("order-") - 1);
        }

        call->amount = sim_text_amount(body, len, "amount",
                                       flow->core.payment.exponent);
        call->checksum = sim_text_amount(body, len, "checksum",
                                         flow->core.payment.exponent);

        sim_text_string(body, len, "refund_account", uid);
        call->has_account = (strcmp(uid, SIM_ACCOUNT) == 0);

        call->reason = sim_call_reason(body);
        return;
    }

    str = (flow->step == PORTONE_STEP_REREAD) ? &flow->core.payment.imp_uid
                                              : &flow->core.request.imp_uid;

    if (str->len != 0) {
        memcpy(uid, str->data, str->len);
        uid[str->len] = '\0';

        call->payment = atoi(uid + sizeof("imp_") - 1);
        return;
    }

    str = &flow->core.request.merchant_uid;

    memcpy(uid, str->data, str->len);
    uid[str->len] = '\0';

    call->order = atoi(uid + sizeof("order-") - 1);
}


static const char *
sim_call_reason(const char *body)
{
    char    text[48];
    size_t  i;

    static const char  *reasons[] = { "", "why", "size" };

    sim_text_string(body, strlen(body), "reason", text);

    for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (strcmp(text, reasons[i]) == 0) {
            return reasons[i];
        }
    }

    return "?";
}


/* the answer goes back; the call is over */

void
sim_call_answer(sim_t *sim, sim_call_t *call, int status, const char *text,
    size_t len)
{
    int64_t      delay;
    sim_flow_t  *flow;

    flow = sim_flow_find(sim, call->flow, call->flow_life);

    if (flow == NULL || call->deaf) {
        sim_call_free(call);
        return;
    }

    delay = sim_fault(sim, 15) ? sim_between(sim, 30, 70000)
                               : sim_between(sim, 1, 30);

    if (sim->now + delay > call->deadline) {
        flow->call = PORTONE_CALL_UNANSWERED;
        sim_flow_end_step(sim, flow, call->deadline - sim->now);

    } else {
        flow->call = PORTONE_CALL_ANSWERED;
        flow->status = status;
        flow->text_len = len;

        memcpy(flow->text, text, len);

        if (status != 401 && sim_fault(sim, 20)) {
            sim_call_spoil(sim, call, flow);
        }

        sim_flow_end_step(sim, flow, delay);
    }

    sim_call_free(call);
}


/* an answer that cannot be what PortOne has to say, or is not understood */

static void
sim_call_spoil(sim_t *sim, sim_call_t *call, sim_flow_t *flow)
{
    sim_payment_t  lie;

    static const char  html[] = "<html>";
    static const char  empty[] = "{\"code\":0,\"message\":null}";
    static const char  head[] = "{\"code\":0,\"response\":";

    switch (sim_between(sim, 0, 5)) {

    case 0:
        flow->text_len = (size_t) sim_between(sim, 0,
                                              (int64_t) flow->text_len - 1);
        break;

    case 1:
        flow->text_len = sizeof(html) - 1;
        memcpy(flow->text, html, flow->text_len);
        break;

    case 2:
        flow->text_len = sizeof(empty) - 1;
        memcpy(flow->text, empty, flow->text_len);
        break;

    case 3:
        flow->status = 500;
        break;

    default:

        /* numbers that do not fit; of a reading, they would be believed */

        if (call->step != PORTONE_STEP_CANCEL || call->payment == -1
            || flow->status != 200)
        {
            flow->status = 503;
            break;
        }

        lie = sim->payments[call->payment];

        if (lie.cancelled + 7 > lie.amount || !sim_chance(sim, 500)) {
            lie.order++;
            call->payment++;

        } else {
            lie.cancelled += 7;
        }

        flow->text_len = sizeof(head) - 1;
        memcpy(flow->text, head, flow->text_len);
        flow->text_len += sim_payment_text(&lie, call->payment,
                                           flow->text + flow->text_len, 0);
        flow->text[flow->text_len++] = '}';
        break;
    }

    sim_log(sim, "the answer to flow %d is spoilt: %d %.*s", call->flow,
            flow->status, (int) flow->text_len, flow->text);
}


void
sim_call_free(sim_call_t *call)
{
    call->life = 0;
}


sim_call_t *
sim_call_find(sim_t *sim, int i, uint64_t life)
{
    return (sim->calls[i].life == life) ? &sim->calls[i] : NULL;
}


/*
 * The token of the shared zone, or a new one; of two flows that get one at
 * the same time, one after the other does.  The steps after it know the
 * generation that they use.
 */

void
sim_token(sim_t *sim, sim_flow_t *flow, int refresh)
{
    int64_t  delay;

    flow->granted = PORTONE_TOKEN_GRANTED;

    if (sim->zone_token
        && sim_time(sim) < sim->zone_ends - 30
        && !(refresh && sim->zone_token == flow->token))
    {
        flow->token = sim->zone_token;
        flow->offset = sim->zone_offset;

        sim_flow_end_step(sim, flow, 0);
        return;
    }

    delay = sim_fault(sim, 40) ? sim_between(sim, 0, SIM_TOKEN)
                               : sim_between(sim, 1, 50);

    if (sim_fault(sim, 30)) {

        flow->granted = sim_chance(sim, 500) ? PORTONE_TOKEN_UNAVAILABLE
                        : sim_chance(sim, 500) ? PORTONE_TOKEN_OVERLOADED
                                               : PORTONE_TOKEN_REFUSED;

        sim_flow_end_step(sim, flow, delay);
        return;
    }

    if (sim_portone_time(sim) >= sim->token_ends) {
        sim->token++;
        sim->token_ends = sim_portone_time(sim) + 1800;
    }

    /* its age is counted from the arrival of the answer */

    sim->zone_token = sim->token;
    sim->zone_offset = sim_portone_time(sim)
                       - (SIM_EPOCH + (sim->now + delay) / 1000);
    sim->zone_ends = sim->token_ends - sim->zone_offset;

    flow->token = sim->zone_token;
    flow->offset = sim->zone_offset;

    sim_flow_end_step(sim, flow, delay);
}
