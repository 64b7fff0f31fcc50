
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _SIM_H_INCLUDED_
#define _SIM_H_INCLUDED_


#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include "portone_flow.h"

#include "memory_txn.h"


/*
 * The simulator: several refund flows of core/ at a time, in several workers,
 * against a model of the store, the clock, the network and PortOne.  A seed
 * makes a history: everything that happens is drawn from it, nothing depends
 * on the machine.  Time is virtual; ms unless said otherwise.
 */


#define SIM_PAYMENTS   3
#define SIM_ENTRIES    32      /* of a cancel_history */
#define SIM_VERSIONS   64      /* of a payment */
#define SIM_REFUNDS    16      /* requests of clients in a history */
#define SIM_FLOWS      64
#define SIM_CALLS      128
#define SIM_EVENTS     512
#define SIM_WORKERS    3
#define SIM_PLACES     PORTONE_DUE_MAX
#define SIM_TEXT       8192    /* an answer of PortOne, bytes */

#define SIM_EPOCH      INT64_C(1763757000)    /* when a history begins, s */

#define SIM_MERCHANT   "shop"
#define SIM_ACCOUNT    "1102003004"           /* of a refund */
#define SIM_BUYER      "Kim Canary"

/* what is configured */
#define SIM_CONNECT    10000
#define SIM_READ       60000
#define SIM_PATIENCE   10000
#define SIM_TOKEN      20000                  /* a token takes, at most */
#define SIM_INTERVAL   10                     /* of the reconciler, s */
#define SIM_RETRIES    5                      /* of a webhook */
#define SIM_RETRY      60000                  /* pause between them */
#define SIM_TRIES      600                    /* longest pause between two, s */
#define SIM_TTL        86400                  /* of a key, s */


typedef enum {
    SIM_STEP = 0,          /* a step of a flow is done */
    SIM_APPLY,             /* a flow's commit becomes durable */
    SIM_PATIENCE_ENDS,     /* a client is answered, whatever the store does */
    SIM_LEAVE,             /* a client goes away */
    SIM_ARRIVE,            /* a call gets to PortOne */
    SIM_EXECUTE,           /* PortOne executes a cancel */
    SIM_MOVE,              /* the money of an asynchronous method moves */
    SIM_REFUND,            /* a client asks for a refund */
    SIM_READ_PAYMENT,      /* a client reads a payment */
    SIM_WEBHOOK,           /* PortOne says that a payment has changed */
    SIM_REVIEW,            /* a person says what came of a refund */
    SIM_RECONCILE,         /* the timer of the reconciler */
    SIM_KILL,              /* a worker dies */
    SIM_SPAWN,             /* and comes back */
    SIM_RELOAD,            /* the reconciler moves to a new worker */
    SIM_CONSOLE,           /* somebody refunds in PortOne's console */
    SIM_UNDO,              /* a cancellation is undone */
    SIM_PAY,               /* an unpaid payment is paid */
    SIM_REVOKE             /* the token is not good any more */
} sim_event_e;


typedef struct {
    int64_t           at;
    uint64_t          order;
    sim_event_e       type;
    int               i;           /* which flow, call, payment, ... */
    uint64_t          life;        /* of the flow or the call */
} sim_event_t;


/* an entry of cancel_history */

typedef struct {
    int               id;
    int64_t           amount;
    int64_t           at;          /* PortOne's clock, s */
    const char       *reason;
    int               refund;      /* whose; -1: not made by the module */
    unsigned          undone:1;
} sim_entry_t;


typedef struct {
    int64_t           amount;      /* smallest unit */
    int64_t           cancelled;
    int               exponent;
    int               order;       /* number in merchant_uid */
    int64_t           started_at;
    const char       *method;
    size_t            n_entries;
    sim_entry_t       entries[SIM_ENTRIES];
    int               version;     /* of each change the next; is told */
    int64_t           versions[SIM_VERSIONS];     /* cancelled then */
    int               foreign;     /* changes that others made */
    int               executing;   /* cancels that were taken and not done */
    size_t            entry;       /* of the journal, the last one with it,
                                      counted from 1; 0: none */
    int               stored;      /* version in the store; 0: not told */
    int64_t           stored_cancelled;
    unsigned          paid:1;
    unsigned          asynchronous:1;
    unsigned          hidden:1;    /* of a test channel */
    unsigned          old:1;       /* entries have no cancellation_id */
    unsigned          by_hand:1;   /* stored without its history */
} sim_payment_t;


/* a request of a client, and what has come of it */

typedef struct {
    int               payment;
    int               by_order;
    int64_t           amount;      /* 0: all that is left */
    const char       *reason;      /* "": none */
    int               tries;       /* of the client, with new requests */
    int               key;         /* idempotency key, -1: none */
    int               print;       /* fingerprint of the request */
    int64_t           started_at;

    /* at PortOne */
    int               executed;
    int               undone;
    int               version;     /* of the payment, after that */
    int               live;        /* calls that may still be executed */
    int64_t           requested_at;    /* claim, by PortOne's clock, s */
    int64_t           moving;      /* amount of an asynchronous one */
    unsigned          late:1;      /* that one takes its time */
    unsigned          contradicted:1;   /* PortOne says no and yes */

    /* in the store */
    portone_state_e   state;
    int64_t           settle_at;   /* s */
    portone_state_e   journal;     /* as it ended by the journal */
    unsigned          claimed:1;
    unsigned          pended:1;    /* was pending, if it is not any more */
    unsigned          settled:1;
    unsigned          journaled:1;
    unsigned          mistaken:1;  /* for somebody's that is just like it */
    unsigned          reviewed:1;  /* a person said what came of it: what was
                                      accepted can have been undone */

    /* what the client was told */
    portone_error_e   error;
    int               told_of;     /* the refund whose answer it was */
    unsigned          told:1;
} sim_refund_t;


/* an idempotency key, and the first answer that has to stay */

typedef struct {
    int               known;
    int64_t           since;
    int               print;
    int               refund;      /* that was told so */
    portone_state_e   state;
    uint64_t          digest;
} sim_key_t;


/* a request that was sent to PortOne */

typedef struct {
    uint64_t          life;        /* 0: free */
    int               flow;
    uint64_t          flow_life;
    portone_step_e    step;
    int               refund;
    int               payment;     /* -1: by order */
    int               order;
    const char       *status;      /* "": any */
    int               token;
    int64_t           amount;      /* -1: not there */
    int64_t           checksum;    /* likewise */
    int64_t           deadline;    /* nobody waits any more */
    const char       *reason;
    int               foreign;     /* of the payment, when it was checked */
    unsigned          include_sandbox:1;
    unsigned          deaf:1;      /* nobody hears the answer */
    unsigned          repeated:1;  /* PortOne gets it once more, later */
    unsigned          again:1;     /* that second time */
    unsigned          taken:1;     /* to be executed */
    unsigned          liar:1;      /* executed, and said to be refused */
    unsigned          broken:1;    /* the answer is */
    unsigned          has_account:1;
} sim_call_t;


typedef struct {
    portone_flow_t    core;
    uint64_t          life;        /* 0: free */
    int               worker;
    int               refund;      /* -1: a reading or a settlement */
    int               place;       /* of the reconciler; -1: none */
    int               webhook;     /* payment it is about; -1: none */
    int               version;     /* of that when the webhook came */
    int               tries;       /* how often it had come before */
    int               review;      /* refund that a person settles; -1: none */
    portone_step_e    step;
    int               token;
    int64_t           offset;
    unsigned          client:1;    /* somebody waits */

    /* how the step ends */
    int64_t           patience;    /* when it ends, 0: not waited for */
    int               rc;
    portone_call_e    call;
    portone_token_e   granted;
    int               status;
    unsigned          fails:1;     /* the commit */
    unsigned          lost:1;      /* it does not, and says it does */
    size_t            text_len;
    char              text[SIM_TEXT];

    char              id[PORTONE_REFUND_ID_LEN + 1];
    char              uids[2][48];
    char              key[16];
    char              print[16];
    char              account[PORTONE_ACCOUNT_LEN + 1];
} sim_flow_t;


typedef struct {
    uint64_t          state;       /* of the random numbers */
    uint64_t          seed;
    int               verbose;
    int64_t           now;         /* since SIM_EPOCH */
    int64_t           heal_at;     /* no faults from here on */
    int64_t           last_change; /* at PortOne, or request of a client */
    unsigned          faults;      /* per mille */
    int               calm;        /* nothing unusual happens */
    int64_t           settle_time; /* s */
    int64_t           send_time;   /* s */
    int64_t           offset;      /* PortOne's clock minus ours, s */

    uint64_t          lives;
    uint64_t          orders;
    size_t            n_events;
    sim_event_t       events[SIM_EVENTS];
    uint64_t          steps;

    memory_store_t    store;
    size_t            journaled;   /* entries of the journal, checked */
    uint64_t          journal_digest;

    sim_payment_t     payments[SIM_PAYMENTS];
    int               n_payments;
    int               n_entries;
    sim_refund_t      refunds[SIM_REFUNDS];
    int               n_refunds;
    sim_key_t         keys[SIM_REFUNDS];
    int64_t           ttl;         /* of keys, s */
    sim_flow_t        flows[SIM_FLOWS];
    sim_call_t        calls[SIM_CALLS];

    /* tokens: PortOne's, and the one of the shared zone */
    int               token;
    int64_t           token_ends;
    int               zone_token;
    int64_t           zone_ends;
    int64_t           zone_offset;

    int               include_sandbox;
    unsigned          dead[SIM_WORKERS];
    uint64_t          reconciler;  /* life of the reconciler */
    portone_due_list_t  due;
    portone_key_t     places[SIM_PLACES];
    unsigned          seen;        /* refunds with a record, a bit each */
} sim_t;


/* how often what happened, in all histories */

typedef enum {
    SIM_N_STEPS = 0,
    SIM_N_CANCELS,
    SIM_N_EXECUTED,
    SIM_N_SUCCEEDED,
    SIM_N_REJECTED,
    SIM_N_NOT_EXECUTED,
    SIM_N_UNKNOWN,
    SIM_N_PENDING,
    SIM_N_MANUAL_REVIEW,
    SIM_N_REVIEWED,
    SIM_N_KILLED,
    SIM_N_MAX
} sim_count_e;

extern uint64_t  sim_counts[SIM_N_MAX];


/* sim_random.c */

uint64_t sim_random(sim_t *sim);
int sim_chance(sim_t *sim, unsigned per_mille);
int64_t sim_between(sim_t *sim, int64_t low, int64_t high);

/* a fault of this weight (100: the rate of the history) happens */
int sim_fault(sim_t *sim, unsigned weight);


/* sim_memory.c: allocations of the core */

void sim_memory_init(void);
void sim_memory_reset(void);
size_t sim_memory_live(void);

/* the n-th allocation from now on fails, 0: none */
void sim_memory_fail(size_t n);


/* sim_event.c */

void sim_schedule(sim_t *sim, int64_t delay, sim_event_e type, int i,
    uint64_t life);

/* 0: there is none */
int sim_next(sim_t *sim, sim_event_t *event);


/* sim_log.c */

#define sim_log(sim, ...)                                                     \
    if ((sim)->verbose) {                                                     \
        sim_print(sim, __VA_ARGS__);                                          \
    }

void sim_print(sim_t *sim, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* an invariant does not hold: the history ends */
void sim_broken(sim_t *sim, int invariant, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), noreturn));

extern jmp_buf  sim_ended;
extern int      sim_broken_invariant;
extern char     sim_complaint[512];


/* sim_history.c: a history from its beginning to its end */

void sim_history(sim_t *sim, uint64_t seed, int verbose);
void sim_history_free(sim_t *sim);

/* seconds by our clock and by PortOne's */
int64_t sim_time(const sim_t *sim);
int64_t sim_portone_time(const sim_t *sim);


/* sim_client.c: what clients, administrators and machines do */

void sim_clients_init(sim_t *sim);
void sim_client_refund(sim_t *sim, int i);
void sim_client_read(sim_t *sim, int payment);
void sim_client_told(sim_t *sim, int refund, portone_error_e error);

/* a person has looked at PortOne, and tells what came of the refund */
void sim_review(sim_t *sim, int refund, int tries);
void sim_review_told(sim_t *sim, sim_flow_t *flow);

/* one more of PortOne's webhooks about the payment */
void sim_webhook(sim_t *sim, int payment, int tries);
void sim_webhook_told(sim_t *sim, sim_flow_t *flow);


/* sim_worker.c */

void sim_kill(sim_t *sim, int worker);
void sim_spawn(sim_t *sim, int worker);
void sim_reload(sim_t *sim);
void sim_reconcile(sim_t *sim, uint64_t life);

/* a worker that lives, -1: there is none */
int sim_worker(sim_t *sim);


/* sim_flow.c */

sim_flow_t *sim_flow_create(sim_t *sim, int worker);
void sim_flow_start(sim_t *sim, sim_flow_t *flow);
void sim_flow_step(sim_t *sim, sim_flow_t *flow);
void sim_flow_patience(sim_t *sim, sim_flow_t *flow);
void sim_flow_free(sim_t *sim, sim_flow_t *flow);

/* NULL: it has ended */
sim_flow_t *sim_flow_find(sim_t *sim, int i, uint64_t life);

/* the step under way ends after the delay */
void sim_flow_end_step(sim_t *sim, sim_flow_t *flow, int64_t delay);


/* sim_store.c */

void sim_commit(sim_t *sim, sim_flow_t *flow);
void sim_apply(sim_t *sim, sim_flow_t *flow);
int sim_lookup(sim_t *sim, sim_flow_t *flow);

/* the journal's entry of a payment that the history begins with */
void sim_journal(sim_t *sim, const char *text);


/* sim_network.c: calls on their way */

void sim_call(sim_t *sim, sim_flow_t *flow);
void sim_call_answer(sim_t *sim, sim_call_t *call, int status,
    const char *text, size_t len);
void sim_call_free(sim_call_t *call);
sim_call_t *sim_call_find(sim_t *sim, int i, uint64_t life);
void sim_token(sim_t *sim, sim_flow_t *flow, int refresh);


/* sim_portone.c: what PortOne does */

void sim_arrive(sim_t *sim, sim_call_t *call);
void sim_execute(sim_t *sim, sim_call_t *call);
void sim_move(sim_t *sim, int refund);
void sim_console(sim_t *sim, int payment);
void sim_undo(sim_t *sim, int payment);
void sim_pay(sim_t *sim, int payment);


/* sim_payment.c: payments as text */

const char *sim_payment_status(const sim_payment_t *p);
size_t sim_payment_text(const sim_payment_t *p, int i, char *text,
    int by_hand);
size_t sim_refusal_text(char *text, int code, const char *message);

/* the number of a member in unformatted JSON, -1: it is not there */
int64_t sim_text_amount(const char *text, size_t len, const char *name,
    int exponent);

/* the string of a member, "": it is not there */
void sim_text_string(const char *text, size_t len, const char *name,
    char value[48]);


/* sim_check.c: the invariants */

/* a cancel is about to be sent */
void sim_check_cancel(sim_t *sim, sim_flow_t *flow);

/* PortOne is about to execute a cancel, or has */
void sim_check_taken(sim_t *sim, sim_call_t *call);
void sim_check_executed(sim_t *sim, int payment, int refund, int64_t amount);

/* a client is told */
void sim_check_answer(sim_t *sim, sim_flow_t *flow);

/* PortOne is told that its webhook was heeded */
void sim_check_webhook(sim_t *sim, sim_flow_t *flow);

/* nothing goes on any more */
void sim_check_rest(sim_t *sim);


/* the number of a refund by its refund_id, -1: none */
int sim_refund_number(const char *id);

/* the refund that an answer is about */
int sim_told_of(const portone_flow_t *core);


/* sim_check_key.c */

void sim_check_keys(sim_t *sim);
void sim_check_key_executed(sim_t *sim, int i);
void sim_check_key_answer(sim_t *sim, sim_flow_t *flow);


/* sim_check_store.c */

/* after every commit */
void sim_check_store(sim_t *sim);

/* PORTONE_STATE_MAX: no such word */
portone_state_e sim_state(const char *word);


/* sim_check_journal.c */

void sim_check_journal(sim_t *sim);
void sim_check_journal_rest(sim_t *sim);


#endif /* _SIM_H_INCLUDED_ */
