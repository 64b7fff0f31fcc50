
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _FLOW_MODEL_H_INCLUDED_
#define _FLOW_MODEL_H_INCLUDED_


#include "unit.h"

#include "portone_flow.h"

#include "memory_txn.h"


/*
 * Drives a flow against a small PortOne and a store in memory, and checks
 * after every step what must hold whatever happens.  Time stands still
 * unless a test moves it.
 */


#define MODEL_NOW      1763757000
#define MODEL_OFFSET   100              /* PortOne's clock is ahead, s */
#define MODEL_SETTLE   120
#define MODEL_RETRY    10

#define MODEL_REFUND   "019aa000-0000-7000-8000-000000000001"


/* what becomes of a call; all zero: PortOne does it and answers */

typedef struct {
    portone_call_e    call;
    int               executed;    /* the cancel was, whatever is answered */
    int               status;
    const char       *text;        /* answered in place of PortOne's own */
} model_call_t;


#define MODEL_ANSWER(status, text)    { PORTONE_CALL_ANSWERED, 0, status, text }
#define MODEL_EXECUTED(status, text)  { PORTONE_CALL_ANSWERED, 1, status, text }
#define MODEL_OWN            { PORTONE_CALL_ANSWERED, 0, 0, NULL }
#define MODEL_NOT_SENT       { PORTONE_CALL_NOT_SENT, 0, 0, NULL }
#define MODEL_OVERLOADED     { PORTONE_CALL_OVERLOADED, 0, 0, NULL }
#define MODEL_LOST           { PORTONE_CALL_UNANSWERED, 0, 0, NULL }
#define MODEL_LOST_EXECUTED  { PORTONE_CALL_UNANSWERED, 1, 0, NULL }

#define MODEL_401            MODEL_ANSWER(401, "{\"code\":-1}")
#define MODEL_404            MODEL_ANSWER(404, "{\"code\":-1,\"message\":"    \
                                          "\"none\",\"response\":null}")
#define MODEL_500            MODEL_ANSWER(500, "{\"code\":-1}")
#define MODEL_HTML           MODEL_ANSWER(200, "<html>")
#define MODEL_REFUSED        MODEL_ANSWER(200, "{\"code\":-1,\"message\":"    \
                                          "\"limit\",\"response\":null}")


typedef struct model_s  model_t;

typedef struct {
    const char       *stored;      /* payment in the store, NULL: none */
    const char       *portone;     /* payment at PortOne, NULL: none */
    const char       *request;     /* JSON; NULL: order-1 is only read */
    const char       *open;        /* record of an intent that is there */
    const char       *account;     /* NULL: the one of all records */

    model_call_t      fetch[3];
    model_call_t      cancel[3];
    model_call_t      reread[4];
    portone_token_e   tokens[6];

    unsigned          asynchronous:1;    /* the money moves later */
    unsigned          settle:1;    /* imp_1 is only settled */
    unsigned          sync:1;      /* order-1, or what the request names, is
                                      brought up to date */
    unsigned          no_fetch:1;
    unsigned          require_amount:1;
    unsigned          fails:1;     /* steps below fail in the store */
    portone_step_e    step;        /* that fails, or is given up; 0: none */
    unsigned          abandoned:1; /* the client does not wait for it */

    /* called before each step is done */
    void            (*meddle)(model_t *model, portone_step_e step);
} model_script_t;


struct model_s {
    const model_script_t  *script;
    portone_flow_t         flow;
    memory_store_t         store;
    cJSON                 *payment;      /* at PortOne */
    int64_t                now;
    char                   steps[64];    /* done, a letter each, see below */
    char                  *sent;         /* body of the last cancel */
    size_t                 n_steps;
    size_t                 n_tokens;
    size_t                 n_fetches;
    portone_find_e         finds[3];     /* of these */
    size_t                 n_cancels;
    size_t                 n_rereads;
    size_t                 n_unauthorized;   /* cancels answered with 401 */
    size_t                 n_executed;
    size_t                 n_settled;        /* stored, of our own refund */
    unsigned               settled_by_others:1;
};


/*
 * L lookup, T token, R refresh, F fetch, D deposit, C claim, X cancel,
 * Y reread, S settle
 */
#define MODEL_LETTERS  "LTRFDCXYS"


void model_init(model_t *model, const model_script_t *script);

/* runs the flow to its end and checks the invariants */
void model_run(model_t *model);

/* carries one step out, for flows that a test runs by hand */
portone_step_e model_step(model_t *model, portone_step_e step);

void model_free(model_t *model);


/* what a script leads to */

typedef struct {
    const char       *what;
    model_script_t    script;
    const char       *steps;
    portone_error_e   error;
    const char       *intent;       /* state in the store, "": not there */
    const char       *attempt;
    double            cancelled;    /* of the stored payment, -1: none */
    int               code;         /* PortOne's, 0: none told or success */
    const char       *message;      /* PortOne's, NULL: none */
    size_t            executed;     /* cancels at PortOne */
} model_case_t;

void model_run_cases(const model_case_t *cases, size_t n);

/* the state of our refund in a database of the store; "": not there */
const char *model_stored_state(model_t *model, portone_db_e db);

/* cancel_amount of the stored payment, -1: there is no payment */
double model_stored_cancelled(model_t *model);

/* the number that is a member of an object, 0: there is none */
double model_number(const cJSON *object, const char *name);


#endif /* _FLOW_MODEL_H_INCLUDED_ */
