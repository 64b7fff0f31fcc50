
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _FUZZ_WORLD_H_INCLUDED_
#define _FUZZ_WORLD_H_INCLUDED_


#include "portone_flow.h"

#include "memory_txn.h"
#include "model.h"


/*
 * What the flows of one input share: the store, one payment at PortOne, and
 * time.  All of it lives in memory that does not fail on purpose.
 */


#define FUZZ_NOW       1763757000
#define FUZZ_MERCHANT  "shop"

/* a cancel at PortOne that no flow has asked for */
#define FUZZ_CONSOLE   "console"


typedef struct {
    memory_store_t   store;
    cJSON           *payment;     /* at PortOne, NULL: it knows none */
    int64_t          now;         /* Unix seconds */
    int              honest;      /* nobody but our flows has changed anything,
                                     and PortOne has answered as it did */
} fuzz_world_t;


void fuzz_world_init(fuzz_world_t *world);
void fuzz_world_free(fuzz_world_t *world);

/*
 * fuzz_world_store() puts a payment into the store, under its own names;
 * fuzz_world_intent() an open refund of that payment; fuzz_world_portone()
 * makes PortOne know a payment, the first one it is told.  What is malformed
 * is left out.
 */
void fuzz_world_store(fuzz_world_t *world, const portone_str_t *text);
void fuzz_world_intent(fuzz_world_t *world, const portone_str_t *payment,
    const portone_str_t *intent);
void fuzz_world_portone(fuzz_world_t *world, const portone_str_t *text);

/*
 * Does what the body of a cancel asks for, and tells whether it did.  Returns
 * the answer of PortOne, a text to be freed with free().
 */
char *fuzz_world_execute(fuzz_world_t *world, const char *body,
    int *executed);

/* a refund made, or the last one undone, at PortOne's console */
void fuzz_world_console(fuzz_world_t *world, int64_t amount);
void fuzz_world_undo(fuzz_world_t *world);

/* what another worker does to the payment in the meantime */
void fuzz_world_save(fuzz_world_t *world);
void fuzz_world_claim(fuzz_world_t *world, const portone_str_t *imp_uid);
void fuzz_world_settle(fuzz_world_t *world, const portone_str_t *imp_uid);

/* the state of a refund in a database, PORTONE_STATE_MAX: it is not there */
portone_state_e fuzz_world_state(fuzz_world_t *world, portone_db_e db,
    const portone_str_t *imp_uid, const char *refund_id);

/* stored values, parsed, owned by the caller; NULL: none, or malformed */
cJSON *fuzz_world_value(fuzz_world_t *world, portone_db_e db,
    const portone_str_t *imp_uid);
cJSON *fuzz_world_attempt(fuzz_world_t *world, const portone_str_t *imp_uid,
    const char *refund_id);


#endif /* _FUZZ_WORLD_H_INCLUDED_ */
