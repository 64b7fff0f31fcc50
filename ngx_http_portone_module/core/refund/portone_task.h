
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_TASK_H_INCLUDED_
#define _PORTONE_TASK_H_INCLUDED_


#include "portone_flow.h"


/*
 * The files of this folder share this header.  Each calls only those below
 * it:
 *
 *     flow                   events to steps
 *     refund                 the flow's own refund: claim, cancel, reading
 *     open  review           an open refund that is settled: by time, by a
 *                            person
 *     sync                   the payment is brought up to date
 *     settle                 the end of a refund, whoever began it
 *     replay  reply          the saved answer of a key; bodies of answers
 *     step  verdict          the next step; what an answer proves
 */


/*
 * A flow has one task at a time.  The task says what a reading of PortOne,
 * and the settlement after it, are for.
 */

struct portone_task_s {

    /* PortOne has the payment: flow->fetched */
    portone_step_e  (*found)(portone_flow_t *flow, int64_t now);

    /* PortOne says that the payment is unknown */
    portone_step_e  (*missing)(portone_flow_t *flow, int64_t now);

    /* the reading has failed, or its answer proves nothing */
    portone_step_e  (*failed)(portone_flow_t *flow, portone_error_e error,
                              int64_t now);

    /* the settlement has ended; rc as for portone_flow_settled() */
    portone_step_e  (*settled)(portone_flow_t *flow, int rc);

    unsigned          own:1;         /* the refund is the flow's own */
    unsigned          unlocked:1;    /* others may store the payment
                                        meanwhile: the settlement compares */
};


/*
 * The payment can change between the lookup and the claim, or the save; a
 * flow that finds it changed looks again, at most this often.
 */
#define PORTONE_FLOW_ROUNDS  4


/* the texts that a flow owns */

#define PORTONE_TEXT_SAVE     0
#define PORTONE_TEXT_CLAIM    1
#define PORTONE_TEXT_PAYMENT  2
#define PORTONE_TEXT_SETTLE   3
#define PORTONE_TEXT_KEY      4
#define PORTONE_TEXT_ANSWER   5
#define PORTONE_TEXT_JOURNAL  6


/*
 * The flow's own refund.  portone_refund_start() decides about the request by
 * the payment that was looked up.  portone_refund_prepare() makes record, key
 * and body for the claim and the cancel, portone_refund_resume() goes on with
 * the cancel after a new token, portone_refund_unsent() ends a refund whose
 * cancel PortOne has certainly not executed.
 */
portone_step_e portone_refund_start(portone_flow_t *flow, int64_t now);
portone_step_e portone_refund_prepare(portone_flow_t *flow, int64_t now);
portone_step_e portone_refund_claimed(portone_flow_t *flow, int rc,
    int64_t now);
portone_step_e portone_refund_resume(portone_flow_t *flow, int64_t now);
portone_step_e portone_refund_cancelled(portone_flow_t *flow,
    portone_call_e call, portone_answer_t *answer, int64_t now);
portone_step_e portone_refund_unsent(portone_flow_t *flow,
    portone_error_e error, int64_t now);

/* an open refund, flow->lookup.intent: whether it can be settled now */
int portone_open_due(const portone_flow_t *flow, int64_t now);
portone_step_e portone_open_start(portone_flow_t *flow);

/* a refund in manual_review, flow->lookup.intent, that a person settles */
portone_step_e portone_review_start(portone_flow_t *flow, int64_t now);

/*
 * The payment is brought up to date.  portone_sync_start() goes on with a
 * payment that was looked up, portone_sync_fetch() asks for the one that the
 * request names, if portone_sync_may_fetch().  portone_sync_recheck() asks
 * PortOne before a refusal that comes from what is stored is told.
 */
portone_step_e portone_sync_start(portone_flow_t *flow);
int portone_sync_may_fetch(const portone_flow_t *flow);
portone_step_e portone_sync_fetch(portone_flow_t *flow);
portone_step_e portone_sync_recheck(portone_flow_t *flow,
    portone_error_e error);

/*
 * portone_settle() ends the refund of flow->record, of the payment with
 * flow->claim.key, in this state.  The fetched payment, if there is one, is
 * the payment from here on.  portone_settle_take() makes the open refund of
 * flow->lookup.intent that record, portone_settle_read() reads its payment.
 */
portone_step_e portone_settle(portone_flow_t *flow, portone_state_e state,
    portone_error_e error, int64_t now);
void portone_settle_take(portone_flow_t *flow, const portone_task_t *task);
portone_step_e portone_settle_read(portone_flow_t *flow);

/*
 * portone_replay() looks at the answer saved with the request's idempotency
 * key: PORTONE_OK, flow->error and the answer are set; PORTONE_DECLINED, the
 * flow goes on.  portone_replay_save() fills in the settlement's part about
 * the key of flow->record, if that has one; PORTONE_ERROR: no memory.
 */
int portone_replay(portone_flow_t *flow);
int portone_replay_save(portone_flow_t *flow, portone_state_e state);

/*
 * The next step: the end; a lookup once more; a token, and then the step
 * resume; a new token because of a 401, and then the same step once more.
 */
portone_step_e portone_step_finish(portone_flow_t *flow,
    portone_error_e error);
portone_step_e portone_step_lookup(portone_flow_t *flow);
portone_step_e portone_step_token(portone_flow_t *flow,
    portone_step_e resume);
portone_step_e portone_step_refresh(portone_flow_t *flow,
    portone_step_e resume);

/* the text is the flow's from here on */
portone_str_t portone_step_text(portone_flow_t *flow, size_t i, char *text);

/*
 * portone_step_payment() takes the payment out of an OK answer into
 * flow->fetched and frees the answer; PORTONE_ERROR: the payment is missing
 * or malformed.  portone_step_drop() frees flow->fetched.
 */
int portone_step_payment(portone_flow_t *flow, portone_answer_t *answer);
void portone_step_drop(portone_flow_t *flow);

/*
 * portone_step_journal() makes the journal's entry of the fetched payment, if
 * there is one, and of the record, if there is one.  PORTONE_ERROR: no
 * memory.
 */
int portone_step_journal(portone_flow_t *flow, portone_journal_e kind,
    const cJSON *record, int64_t now, portone_str_t *entry);


#endif /* _PORTONE_TASK_H_INCLUDED_ */
