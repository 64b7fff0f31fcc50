
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * Two look at the same open refund; the one that is slower must not undo what
 * the other has found out.
 */


#include "unit.h"

#include "portone_ledger.h"

#include "memory_txn.h"


#define RECORD(state)  "{\"refund_id\":\"r1\",\"state\":\"" state "\"}"


static void
what_was_overtaken_writes_nothing(void **unused)
{
    int                    rc;
    size_t                 i;
    const char            *intent;
    portone_str_t          merchant, imp_uid;
    memory_store_t         store;
    portone_settlement_t   settlement;

    static const struct {
        const char        *stored;      /* state of the intent */
        portone_state_e    seen;
        unsigned           stale;
    } cases[] = {
        { "sending", PORTONE_STATE_SENDING, 0 },
        { "unknown", PORTONE_STATE_SENDING, 0 },
        { "pending", PORTONE_STATE_SENDING, 1 },
        { "manual_review", PORTONE_STATE_SENDING, 1 },

        { "sending", PORTONE_STATE_UNKNOWN, 1 },
        { "unknown", PORTONE_STATE_UNKNOWN, 0 },
        { "pending", PORTONE_STATE_UNKNOWN, 1 },
        { "manual_review", PORTONE_STATE_UNKNOWN, 1 },

        { "unknown", PORTONE_STATE_PENDING, 1 },
        { "pending", PORTONE_STATE_PENDING, 0 },
        { "manual_review", PORTONE_STATE_PENDING, 1 },

        { "manual_review", PORTONE_STATE_MANUAL_REVIEW, 0 },
        { "no such state", PORTONE_STATE_SENDING, 1 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char  record[128];

        (void) snprintf(record, sizeof(record), RECORD("%s"),
                        cases[i].stored);

        memory_init(&store);
        memory_set(&store, PORTONE_DB_PAYMENTS, "shop", "imp_1", NULL, "old");
        memory_set(&store, PORTONE_DB_INTENTS, "shop", "imp_1", NULL, record);

        memset(&settlement, 0, sizeof(portone_settlement_t));

        merchant = portone_str("shop");
        imp_uid = portone_str("imp_1");

        assert_int_equal(portone_key(&settlement.key, &merchant, &imp_uid),
                         PORTONE_OK);

        settlement.refund_id = portone_str("r1");
        settlement.payment = portone_str("new");
        settlement.record = portone_str(RECORD("succeeded"));
        settlement.journal = portone_str("{}");
        settlement.seen = cases[i].seen;

        rc = memory_apply(&store, portone_ledger_settle, &settlement);

        assert_int_equal(rc, PORTONE_OK);

        intent = memory_value(&store, PORTONE_DB_INTENTS, "shop", "imp_1",
                              NULL);

        if (settlement.stale != cases[i].stale
            || (intent != NULL) != cases[i].stale)
        {
            fail_msg("case %zu: stale %u, intent %s", i, settlement.stale,
                     intent ? intent : "none");
        }

        assert_string_equal(memory_value(&store, PORTONE_DB_PAYMENTS, "shop",
                                         "imp_1", NULL),
                            cases[i].stale ? "old" : "new");

        memory_free(&store);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(what_was_overtaken_writes_nothing)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
