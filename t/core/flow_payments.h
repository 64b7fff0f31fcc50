
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _FLOW_PAYMENTS_H_INCLUDED_
#define _FLOW_PAYMENTS_H_INCLUDED_


/* payments as PortOne tells them; MODEL_NOW is 1763757000 */

#define PAYMENT(imp, order, members)                                          \
    "{\"imp_uid\":\"" imp "\",\"merchant_uid\":\"" order "\"," members "}"

#define WON(amount, cancelled)                                                \
    "\"amount\":" #amount ",\"cancel_amount\":" #cancelled                    \
    ",\"currency\":\"KRW\",\"status\":\"paid\",\"paid_at\":1763750000"

#define ENTRY(id, amount, at, reason)                                         \
    "{\"amount\":" #amount ",\"cancelled_at\":" #at ",\"reason\":\"" reason   \
    "\",\"cancellation_id\":\"" id "\"}"

#define HISTORY(entries)  ",\"cancel_history\":[" entries "]"

#define OLD      ENTRY("OLD", 400, 1763751000, "old")
#define FOREIGN  ENTRY("CON", 250, 1763757090, "console")

#define FRESH    PAYMENT("imp_1", "order-1", WON(1000, 0))
#define PARTLY   PAYMENT("imp_1", "order-1", WON(1000, 400) HISTORY(OLD))
#define GONE     PAYMENT("imp_1", "order-1", WON(1000, 1000)                  \
                     HISTORY(OLD "," ENTRY("O2", 600, 1763751001, "old")))
#define DOLLARS  PAYMENT("imp_1", "order-1",                                  \
                     "\"amount\":19.99,\"cancel_amount\":0.49,"               \
                     "\"currency\":\"USD\",\"status\":\"paid\"")
#define READY    PAYMENT("imp_1", "order-1",                                  \
                     "\"amount\":1000,\"cancel_amount\":0,"                   \
                     "\"currency\":\"KRW\",\"status\":\"ready\"")

#define ALL      "{\"merchant_uid\":\"order-1\"}"
#define SOME     "{\"merchant_uid\":\"order-1\",\"amount\":300,"              \
                 "\"reason\":\"why\"}"

/* what a script begins with: the payment in the store and at PortOne */

#define OF(in_store, at_portone, asked)                                       \
    .stored = in_store, .portone = at_portone, .request = asked


#endif /* _FLOW_PAYMENTS_H_INCLUDED_ */
