
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _FUZZ_FLOW_H_INCLUDED_
#define _FUZZ_FLOW_H_INCLUDED_


#include "portone_reply.h"
#include "portone_task.h"

#include "fuzz_world.h"


#define FUZZ_SETTLE  120    /* seconds, as portone_flow_t has them */
#define FUZZ_SEND    10
#define FUZZ_TTL     1000


typedef enum {
    FUZZ_SAID_NOTHING = 0,
    FUZZ_SAID_PENDING,
    FUZZ_SAID_SUCCEEDED
} fuzz_said_e;


typedef struct fuzz_flow_s  fuzz_flow_t;

struct fuzz_flow_s {
    fuzz_world_t         *world;
    const portone_str_t  *input;         /* all of it */
    const fuzz_flow_t    *first;         /* of all flows, up to this one */
    portone_flow_t        core;
    char                  refund_id[PORTONE_REFUND_ID_LEN + 1];
    portone_str_t         imp_uid;       /* of what was claimed; owned */
    char                  key[3];        /* of idempotency */
    char                  fingerprint[17];
    portone_match_t       match;
    portone_str_t         event;         /* what is left of it */
    portone_answer_e      reread;        /* kind of the last answer */
    int64_t               clock_offset;
    size_t                n_steps;
    size_t                n_cancels;
    size_t                n_unauthorized;
    size_t                n_executed;
    fuzz_said_e           said;          /* by the last answer to a cancel */
    int                   settled;       /* durable, and the flow knows it */
    int                   exhausted;     /* something of ours shall fail */
    int                   dies;
    int                   asked;         /* PortOne has told a payment */
    portone_error_e       error;         /* what the client was told */
    portone_state_e       state;
    char                 *body;          /* NULL: it was told nothing; owned */
};


/*
 * What must hold: when a cancel is about to be sent, when a settlement is
 * about to be written, when the client is answered, for the account that the
 * money goes to, and of each refund when all flows have come to their end.
 */
void fuzz_flow_check_cancel(fuzz_flow_t *flow);
void fuzz_flow_check_settlement(fuzz_flow_t *flow);
void fuzz_flow_check_end(fuzz_flow_t *flow);
void fuzz_flow_check_secrets(fuzz_flow_t *flow);
void fuzz_flow_check_truth(fuzz_flow_t *flow);


#endif /* _FUZZ_FLOW_H_INCLUDED_ */
