
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _REPLAY_MODEL_H_INCLUDED_
#define _REPLAY_MODEL_H_INCLUDED_


#include "flow_model.h"
#include "flow_payments.h"
#include "idempotency_index.h"


/* flows of the model with an idempotency key */


#define TTL   86400
#define KEY   "key-1"
#define MINE  "0123456789012345678901234567890123456789"

#define SAVED(answer)                                                         \
    "{\"fingerprint\":\"" MINE "\",\"refund_id\":\"" MODEL_REFUND "\","       \
    "\"imp_uid\":\"imp_1\",\"ttl\":86400,\"expires_at\":1763757001,"          \
    "\"answer\":" answer "}"


/* gives the request of the flow the key */
void replay_set_key(portone_flow_t *flow);

/*
 * The first step of a request after the lookup, on the store of the model;
 * FINISH, if the key has answered it.
 */
portone_step_e replay_ask(model_t *model, portone_flow_t *flow,
    const char *fingerprint, int64_t now);

/* the state of a refund of imp_1 in a database; "": it is not there */
const char *replay_state(model_t *model, portone_db_e db, const char *id);

/*
 * The key has the fate of its refund: it is there while the refund is open,
 * with an answer if it was accepted; afterwards if it has come to something;
 * else it is not there.
 */
void replay_check(model_t *model, const char *id);


#endif /* _REPLAY_MODEL_H_INCLUDED_ */
