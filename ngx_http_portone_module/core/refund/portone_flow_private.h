
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_FLOW_PRIVATE_H_INCLUDED_
#define _PORTONE_FLOW_PRIVATE_H_INCLUDED_


#include "portone_flow.h"


/*
 * what portone_flow.c, portone_refund.c, portone_open.c and
 * portone_sync.c share
 */


/*
 * The payment can change between the lookup and the claim, or the save; a
 * flow that finds it changed looks again, at most this often.
 */
#define PORTONE_FLOW_ROUNDS  4


/* the texts that a flow owns */

#define PORTONE_TEXT_SAVE  0
#define PORTONE_TEXT_CLAIM    1
#define PORTONE_TEXT_PAYMENT  2
#define PORTONE_TEXT_SETTLE   3
#define PORTONE_TEXT_KEY      4
#define PORTONE_TEXT_ANSWER   5
#define PORTONE_TEXT_JOURNAL  6


/* hands a text over to the flow */
portone_str_t portone_flow_text(portone_flow_t *flow, size_t i, char *text);

/*
 * portone_flow_payment() takes the payment out of an OK answer into
 * flow->fetched and frees the answer; PORTONE_ERROR: there is none, or it is
 * malformed.
 */
int portone_flow_payment(portone_flow_t *flow, portone_answer_t *answer);

portone_step_e portone_flow_finish(portone_flow_t *flow,
    portone_error_e error);

/* a new token, because PortOne answered 401, and then the step once more */
portone_step_e portone_flow_refresh(portone_flow_t *flow,
    portone_step_e resume);

/*
 * portone_flow_settle() ends the refund of flow->record, of the payment with
 * flow->claim.key, in this state.  The fetched payment, if there is one, is
 * the payment from here on.
 */
portone_step_e portone_flow_settle(portone_flow_t *flow,
    portone_state_e state, portone_error_e error, int64_t now);

/*
 * portone_flow_journal() makes the journal's entry of the fetched payment, if
 * there is one, and of the record, if it is not NULL.  PORTONE_ERROR: no
 * memory.
 */
int portone_flow_journal(portone_flow_t *flow, portone_journal_e kind,
    const cJSON *record, int64_t now, portone_str_t *entry);

/* a token, and then the step */
portone_step_e portone_flow_with_token(portone_flow_t *flow,
    portone_step_e resume);

/*
 * An open refund, flow->lookup.intent: whether it can be settled now, the
 * first step of that, and the ends of its steps.
 */
int portone_resettle_due(const portone_flow_t *flow, int64_t now);
portone_step_e portone_resettle_start(portone_flow_t *flow);
portone_step_e portone_resettle_postpone(portone_flow_t *flow, int64_t now);
portone_step_e portone_resettle_reread(portone_flow_t *flow,
    portone_call_e call, portone_answer_t *answer, int64_t now);
portone_step_e portone_resettle_settled(portone_flow_t *flow, int rc);

/*
 * portone_recheck() is a refusal by the policy, portone_recheck_order() looks
 * for another payment of the order, portone_recheck_failed() is what there is
 * to tell when PortOne cannot be asked.
 */
portone_step_e portone_recheck(portone_flow_t *flow, portone_error_e error);
portone_step_e portone_recheck_order(portone_flow_t *flow);
portone_step_e portone_recheck_failed(portone_flow_t *flow,
    portone_error_e error);

/* a payment that is brought up to date, and was found in the store */
portone_step_e portone_sync_looked_up(portone_flow_t *flow);

/* whether a flow may ask PortOne by what the request names */
int portone_flow_may_fetch(const portone_flow_t *flow);

/*
 * A refund in manual_review, flow->lookup.intent, which a person settles: the
 * first step, and the ends of its steps.
 */
portone_step_e portone_review_start(portone_flow_t *flow, int64_t now);
portone_step_e portone_review_reread(portone_flow_t *flow,
    portone_call_e call, portone_answer_t *answer, int64_t now);
portone_step_e portone_review_failed(portone_flow_t *flow,
    portone_error_e error);
portone_step_e portone_review_settled(portone_flow_t *flow, int rc);

/*
 * portone_replay() looks at what is saved of the request's idempotency key:
 * PORTONE_OK, flow->error and the answer are set; PORTONE_DECLINED, go on.
 */
int portone_replay(portone_flow_t *flow);

/*
 * portone_replay_save() fills in what the settlement does with the key of
 * flow->record, if it has one.  PORTONE_ERROR: no memory.
 */
int portone_replay_save(portone_flow_t *flow, portone_state_e state);

/* the ends of a refund that PortOne has not answered with a payment */
portone_step_e portone_flow_not_executed(portone_flow_t *flow,
    portone_error_e error, int64_t now);
portone_step_e portone_flow_unknown(portone_flow_t *flow, int64_t now);


#endif /* _PORTONE_FLOW_PRIVATE_H_INCLUDED_ */
