
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _OPEN_RECORDS_H_INCLUDED_
#define _OPEN_RECORDS_H_INCLUDED_


#include "flow_model.h"
#include "flow_payments.h"


/*
 * An open refund of 300 won of imp_1, and what became of it.  It was claimed
 * 200 s ago, which is 1763756900 by PortOne's clock, and can be settled since
 * 80 s.
 */

#define OPEN_ID         "019aa000-0000-7000-8000-0000000000ff"
#define OPEN_SETTLE_AT  1763756920

#define TIMES                                                                 \
    "\"requested_at\":1763756800,\"settle_at\":1763756920,"                   \
    "\"clock_offset\":100,\"account\":\"f00d\","

#define RECORD(state, reason, before, members)                                \
    "{\"refund_id\":\"" OPEN_ID "\",\"state\":\"" state "\","                 \
    "\"amount\":300,\"reason\":\"" reason "\"," TIMES                         \
    "\"before\":" before members "}"

/* the payment before the refund */

#define NOTHING                                                               \
    "{\"amount\":1000,\"cancel_amount\":0,\"cancellations\":[]}"
#define EARLIER                                                               \
    "{\"amount\":1000,\"cancel_amount\":400,\"cancellations\":[\"OLD\"]}"

#define LOST        RECORD("unknown", "why", NOTHING, "")
#define LOST_LATER  RECORD("unknown", "why", EARLIER, "")

/* the entry that proves it */

#define OURS  ENTRY("OUR", 300, 1763756901, "why")

#define CENTS(cancelled)                                                      \
    "\"amount\":19.99,\"cancel_amount\":" #cancelled ","                      \
    "\"currency\":\"USD\",\"status\":\"paid\""


/* what a script begins with: the payment in the store and at PortOne */

#define OPEN(in_store, at_portone, record)                                    \
    .stored = in_store, .portone = at_portone, .open = record


/*
 * The record of the open refund in a database, owned by the caller; NULL: it
 * is not there.
 */
cJSON *open_record(model_t *model, portone_db_e db);

/* the open refund has this home only, and this state */
void open_check(model_t *model, portone_db_e db, const char *state);


#endif /* _OPEN_RECORDS_H_INCLUDED_ */
