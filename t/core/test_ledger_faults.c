
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * Every call of the store and every allocation fails once: the transaction
 * is given up, and nothing of it is left.
 */


#include "unit.h"

#include "portone_ledger.h"

#include "memory_txn.h"


#define PAYMENT(imp, started)                                                 \
    "{\"imp_uid\":\"" imp "\",\"merchant_uid\":\"order-1\",\"amount\":1000,"  \
    "\"cancel_amount\":0,\"currency\":\"KRW\",\"status\":\"paid\","           \
    "\"started_at\":" #started "}"

#define RECORD(id)  "{\"refund_id\":\"" id "\",\"state\":\"sending\"}"


typedef struct {
    const char       *what;
    int             (*run)(memory_store_t *store);
    unsigned          intent:1;       /* there is one */
    unsigned          allocates:1;
} fault_case_t;


static int run_claim(memory_store_t *store);
static int run_settle(memory_store_t *store);
static int run_keep_open(memory_store_t *store);
static int run_save(memory_store_t *store);
static int run_lookup(memory_store_t *store);


static const fault_case_t  fault_cases[] = {
    { "claim", run_claim, 0, 0 },
    { "claim of a payment that is locked", run_claim, 1, 1 },
    { "settle", run_settle, 1, 1 },
    { "settle, the refund stays open", run_keep_open, 1, 1 },
    { "settle what is not there", run_settle, 0, 0 },
    { "deposit", run_save, 0, 1 },
    { "lookup", run_lookup, 0, 1 },
    { "lookup of a payment that is locked", run_lookup, 1, 1 }
};


static void
prepare(memory_store_t *store, const fault_case_t *fault)
{
    memory_init(store);

    memory_set(store, PORTONE_DB_PAYMENTS, "shop", "imp_1", NULL,
               PAYMENT("imp_1", 1));
    memory_set(store, PORTONE_DB_MERCHANT_UIDS, "shop", "order-1", NULL,
               "imp_1");
    memory_set(store, PORTONE_DB_ATTEMPTS, "shop", "imp_1", "r0",
               RECORD("r0"));
    memory_set(store, PORTONE_DB_ATTEMPTS, "shop", "imp_1", "r00",
               RECORD("r00"));

    if (fault->intent) {
        memory_set(store, PORTONE_DB_INTENTS, "shop", "imp_1", NULL,
                   RECORD("r1"));
    }
}


static portone_key_t
payment_key(void)
{
    portone_key_t  key;
    portone_str_t  merchant = portone_string("shop");
    portone_str_t  imp_uid = portone_string("imp_1");

    assert_int_equal(portone_key(&key, &merchant, &imp_uid), PORTONE_OK);

    return key;
}


static int
run_claim(memory_store_t *store)
{
    portone_claim_t  claim;

    memset(&claim, 0, sizeof(portone_claim_t));

    claim.key = payment_key();
    claim.payment = portone_str(PAYMENT("imp_1", 1));
    claim.record = portone_str(RECORD("r2"));

    return memory_apply(store, portone_ledger_claim, &claim);
}


static int
settle(memory_store_t *store, unsigned open)
{
    portone_settlement_t  settlement;

    memset(&settlement, 0, sizeof(portone_settlement_t));

    settlement.key = payment_key();
    settlement.refund_id = portone_str("r1");
    settlement.payment = portone_str(PAYMENT("imp_1", 2));
    settlement.record = portone_str(RECORD("r1"));
    settlement.journal = portone_str("{}");
    settlement.open = open;

    return memory_apply(store, portone_ledger_settle, &settlement);
}


static int
run_settle(memory_store_t *store)
{
    return settle(store, 0);
}


static int
run_keep_open(memory_store_t *store)
{
    return settle(store, 1);
}


static int
run_save(memory_store_t *store)
{
    int                 rc;
    size_t              fail_at;
    const char         *why;
    portone_save_t      save;
    portone_payment_t   payment;

    static const char  text[] = PAYMENT("imp_2", 2);

    /* the payment is there already when the transaction begins */

    fail_at = unit_fail_at;
    unit_fail_at = 0;

    assert_int_equal(portone_payment_parse(&payment, text, sizeof(text) - 1,
                                           &why),
                     PORTONE_OK);

    unit_allocations = 0;
    unit_fail_at = fail_at;

    save.merchant = portone_str("shop");
    save.payment = &payment;
    save.text = portone_str(text);
    save.journal = portone_str("{}");
    save.seen = portone_str("");

    rc = memory_apply(store, portone_ledger_save, &save);

    portone_payment_free(&payment);

    return rc;
}


static int
run_lookup(memory_store_t *store)
{
    int               rc;
    portone_lookup_t  lookup;

    memset(&lookup, 0, sizeof(portone_lookup_t));

    lookup.merchant = portone_str("shop");
    lookup.merchant_uid = portone_str("order-1");
    lookup.want_refunds = 1;

    rc = memory_read(store, portone_ledger_lookup, &lookup);

    if (rc != PORTONE_OK) {
        assert_null(lookup.payment);
        assert_null(lookup.intent);
        assert_null(lookup.refunds);
    }

    portone_ledger_lookup_free(&lookup);

    return rc;
}


static void
unit_unchanged(const fault_case_t *fault, size_t n, int rc, char *before,
    memory_store_t *store)
{
    char  *after;

    after = memory_dump(store);

    if (rc != PORTONE_ERROR || strcmp(before, after) != 0) {
        fail_msg("%s, failure %zu: %d, left:\n%s", fault->what, n, rc, after);
    }

    free(after);
    free(before);
}


static void
a_call_that_fails_leaves_nothing(void **state)
{
    int              rc;
    char            *before;
    size_t           i, n;
    memory_store_t   store;

    for (i = 0; i < sizeof(fault_cases) / sizeof(fault_cases[0]); i++) {

        for (n = 1; /* void */ ; n++) {
            prepare(&store, &fault_cases[i]);
            before = memory_dump(&store);

            store.fail_at = n;
            rc = fault_cases[i].run(&store);

            if (store.calls < n) {
                assert_int_equal(rc, PORTONE_OK);
                free(before);
                break;
            }

            unit_unchanged(&fault_cases[i], n, rc, before, &store);

            /* the same again comes to the same */

            store.fail_at = 0;
            assert_int_equal(fault_cases[i].run(&store), PORTONE_OK);

            memory_free(&store);
        }

        assert_true(n > 1);
        memory_free(&store);
    }
}


static void
lack_of_memory_leaves_nothing(void **state)
{
    int              rc;
    char            *before;
    size_t           i, n, live;
    memory_store_t   store;

    unit_hooks();
    live = unit_live;

    for (i = 0; i < sizeof(fault_cases) / sizeof(fault_cases[0]); i++) {

        for (n = 1; /* void */ ; n++) {
            prepare(&store, &fault_cases[i]);
            before = memory_dump(&store);

            unit_allocations = 0;
            unit_fail_at = n;

            rc = fault_cases[i].run(&store);

            unit_fail_at = 0;

            assert_int_equal(unit_live, live);

            if (unit_allocations < n) {
                assert_int_equal(rc, PORTONE_OK);
                free(before);
                break;
            }

            unit_unchanged(&fault_cases[i], n, rc, before, &store);
            memory_free(&store);
        }

        assert_int_equal(n > 1, fault_cases[i].allocates);
        memory_free(&store);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_call_that_fails_leaves_nothing),
        cmocka_unit_test(lack_of_memory_leaves_nothing)
    };

    return cmocka_run_group_tests_name("ledger_faults", tests, NULL, NULL);
}
