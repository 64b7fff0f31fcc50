
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_FLOW_H_INCLUDED_
#define _PORTONE_FLOW_H_INCLUDED_


#include "portone_answer.h"
#include "portone_error.h"
#include "portone_ledger.h"
#include "portone_policy.h"
#include "portone_request.h"


/*
 * The refund as a state machine.  Each function takes one event and returns
 * the step that the caller has to do next; the result of that step goes into
 * the function that is named beside the step.  One step is under way at a
 * time.
 *
 *     LOOKUP --> [TOKEN --> FETCH --> SAVE --> LOOKUP]
 *            --> TOKEN --> CLAIM --> CANCEL --> [REREAD] --> SETTLE --> FINISH
 *
 * A 401 leads from FETCH, CANCEL and REREAD through REFRESH back to the same
 * step, once each.
 *
 * An open refund of the payment whose time has come is settled on the way,
 * and so is a refund that a person settles:
 *
 *     LOOKUP --> TOKEN --> REREAD --> SETTLE --> LOOKUP
 *
 * A refusal that comes from the store is rechecked:
 *
 *     LOOKUP --> TOKEN --> REREAD or FETCH --> SAVE --> LOOKUP
 *
 * PORTONE_WANT_SYNC brings a payment up to date, known or unknown:
 *
 *     LOOKUP --> TOKEN --> REREAD or FETCH --> [SAVE --> LOOKUP]
 */

typedef enum {
    PORTONE_STEP_LOOKUP = 0,   /* portone_flow_looked_up() */
    PORTONE_STEP_TOKEN,        /* portone_flow_token() */
    PORTONE_STEP_REFRESH,      /* portone_flow_token(): another token than the
                                  one that was used */
    PORTONE_STEP_FETCH,        /* portone_flow_fetched(): GET by the request's
                                  imp_uid, else by its merchant_uid and
                                  flow->find */
    PORTONE_STEP_SAVE,         /* portone_flow_saved() */
    PORTONE_STEP_CLAIM,        /* portone_flow_claimed() */
    PORTONE_STEP_CANCEL,       /* portone_flow_cancelled(): POST, once */
    PORTONE_STEP_REREAD,       /* portone_flow_reread(): GET by the payment's
                                  imp_uid */
    PORTONE_STEP_SETTLE,       /* portone_flow_settled() */
    PORTONE_STEP_FINISH        /* the answer is known */
} portone_step_e;


/* the purpose of a flow */

typedef enum {
    PORTONE_WANT_REFUND = 0,
    PORTONE_WANT_READ,         /* the payment as it is stored */
    PORTONE_WANT_SYNC,         /* the payment as PortOne has it, stored, and
                                  its open refund settled; with fetch */
    PORTONE_WANT_SETTLE,       /* an open refund settled, with whatever
                                  account */
    PORTONE_WANT_REVIEW        /* a refund in manual_review settled by a
                                  person, and the payment read */
} portone_want_e;


/* FETCH by merchant_uid: the newest payment of the order of this kind */

typedef enum {
    PORTONE_FIND_ANY = 0,
    PORTONE_FIND_PAID,
    PORTONE_FIND_CANCELLED
} portone_find_e;


/* the end of a call to PortOne */

typedef enum {
    PORTONE_CALL_ANSWERED = 1,
    PORTONE_CALL_NOT_SENT,     /* PortOne cannot have got the request */
    PORTONE_CALL_OVERLOADED,   /* unsent, for want of resources of ours */
    PORTONE_CALL_UNANSWERED    /* sent; the answer is missing or broken off */
} portone_call_e;


/* the end of a request for a token */

typedef enum {
    PORTONE_TOKEN_GRANTED = 1,
    PORTONE_TOKEN_REFUSED,     /* PortOne refuses our keys */
    PORTONE_TOKEN_UNAVAILABLE,
    PORTONE_TOKEN_OVERLOADED
} portone_token_e;


typedef struct portone_task_s  portone_task_t;


typedef struct {

    /* set by the caller before portone_flow_start() */

    portone_want_e            want;
    portone_str_t             merchant;
    portone_str_t             account;
    portone_str_t             tier;
    portone_str_t             refund_id;       /* PORTONE_REFUND_ID_LEN */
    portone_request_t         request;         /* owned; for a reading only
                                                  the uids are set */
    portone_idempotency_t     idempotency;
    portone_language_e        language;        /* for our own messages */
    const portone_match_t    *match_values;
    size_t                    n_match_values;
    int64_t                   settle_time_s;   /* from the claim until a
                                                  re-read is believed, s */
    int64_t                   send_time_s;     /* from the claim until it is
                                                  too late to send, s */
    int64_t                   retry_time_s;    /* until an open refund is
                                                  looked at again, s */
    portone_str_t             review_id;       /* the refund that
                                                  PORTONE_WANT_REVIEW settles */
    portone_state_e           review_state;    /* the person's word */
    unsigned                  fetch:1;         /* portone_fetch */
    unsigned                  require_amount:1;
    unsigned                  phone_month:1;
    unsigned                  include_sandbox:1;

    /* the steps work on these */

    portone_step_e            step;            /* to be done, or under way */
    portone_lookup_t          lookup;          /* for LOOKUP; owned */
    portone_payment_t         payment;         /* as it stands; owned */
    portone_save_t            save;            /* for SAVE */
    portone_claim_t           claim;           /* for CLAIM */
    portone_settlement_t      settlement;      /* for SETTLE */
    char                     *body;            /* for CANCEL; owned */
    portone_find_e            find;            /* for FETCH by merchant_uid */

    /* the answer, valid from PORTONE_STEP_FINISH */

    portone_error_e           error;
    const char               *field;           /* culprit or "" */
    int64_t                   amount;          /* to refund; 0: unknown */
    portone_state_e           state;           /* the refund's, if recorded */
    int64_t                   code;            /* PortOne's */
    portone_str_t             message;         /* PortOne's */
    portone_open_t            open;            /* for REFUND_IN_PROGRESS */
    unsigned                  found:1;         /* payment is set, and may be
                                                  shown */
    unsigned                  recorded:1;      /* refund_id is in the store */
    unsigned                  replayed:1;      /* the answer is the saved one of
                                                  the idempotency key */
    unsigned                  has_code:1;
    unsigned                  mismatch:1;      /* portone_match, for the log */
    unsigned                  unreadable:1;    /* the stored payment, for the
                                                  log: lookup.key is its key */
    unsigned                  key_open:1;      /* the refund of the
                                                  idempotency key is open */
    unsigned                  learned:1;       /* PortOne was read, and its
                                                  payment is stored or says
                                                  that a refund is pending */
    unsigned                  reviewed:1;      /* the refund of review_id was
                                                  settled */
    char                      opened_id[PORTONE_REFUND_ID_LEN + 1];
    portone_state_e           opened_state;
    unsigned                  opened:1;        /* an open refund was looked
                                                  at; with opened_id, it is in
                                                  opened_state now */

    /* private */

    const portone_task_t     *task;            /* the purpose of the reading
                                                  or settlement under way */
    portone_step_e            resume;          /* after the token */
    portone_payment_t         fetched;         /* owned */
    portone_answer_t          answer;          /* the refusal; owned */
    cJSON                    *record;          /* owned */
    char                     *texts[7];        /* owned */
    int64_t                   clock_offset;
    portone_error_e           trouble;         /* the obstacle to looking at
                                                  an open refund */
    portone_error_e           refusal;         /* by the store; PortOne is
                                                  asked before it is told */
    unsigned                  rounds;
    unsigned                  was_fetched:1;
    unsigned                  refreshed:1;
    unsigned                  abandoned:1;
    unsigned                  has_payment:1;
    unsigned                  has_fetched:1;
} portone_flow_t;


/*
 * All functions: now is Unix seconds by our clock.  Answers are taken (and
 * freed) by the flow.
 *
 * The flow keeps the step that it has returned, and each function asserts
 * that its event is that step's.  portone_flow_abandon() is the exception: it
 * comes while a step is under way, and the step goes on.  The assertions hold
 * against the driver, whatever is in a request, an answer or the store.  All
 * builds have them, that of the package too: a worker that dies leaves an
 * intent which is settled later, while a step that is taken for another one
 * could move money.
 */

portone_step_e portone_flow_start(portone_flow_t *flow);

/* rc: of portone_ledger_lookup() with flow->lookup */
portone_step_e portone_flow_looked_up(portone_flow_t *flow, int rc,
    int64_t now);

/* clock_offset: PortOne's clock minus ours, seconds */
portone_step_e portone_flow_token(portone_flow_t *flow,
    portone_token_e result, int64_t clock_offset, int64_t now);

portone_step_e portone_flow_fetched(portone_flow_t *flow, portone_call_e call,
    portone_answer_t *answer, int64_t now);

/* rc: PORTONE_OK when flow->save is durable */
portone_step_e portone_flow_saved(portone_flow_t *flow, int rc);

/* rc: PORTONE_OK when flow->claim was tried and its effect is durable */
portone_step_e portone_flow_claimed(portone_flow_t *flow, int rc,
    int64_t now);

portone_step_e portone_flow_cancelled(portone_flow_t *flow,
    portone_call_e call, portone_answer_t *answer, int64_t now);

portone_step_e portone_flow_reread(portone_flow_t *flow, portone_call_e call,
    portone_answer_t *answer, int64_t now);

/* rc: PORTONE_OK when flow->settlement is durable */
portone_step_e portone_flow_settled(portone_flow_t *flow, int rc);

/*
 * portone_flow_abandon() tells that the store takes too long and that the
 * client is answered now, with flow->error; the step under way still gets its
 * event.  A claim that becomes durable after this is settled as
 * "not_executed".
 */
void portone_flow_abandon(portone_flow_t *flow);

void portone_flow_free(portone_flow_t *flow);


#endif /* _PORTONE_FLOW_H_INCLUDED_ */
