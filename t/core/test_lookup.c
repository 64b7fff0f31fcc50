
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * What is found in the store: the payment of a request, its open refund and
 * the list of its refunds.
 */


#include "unit.h"

#include "portone_json.h"
#include "portone_ledger.h"

#include "memory_txn.h"


#define SHOP  "shop"

#define PAYMENT(imp)                                                          \
    "{\"imp_uid\":\"" imp "\",\"merchant_uid\":\"order-1\",\"amount\":1000,"  \
    "\"cancel_amount\":0,\"currency\":\"KRW\",\"status\":\"paid\"}"

#define RECORD(id, state)                                                     \
    "{\"refund_id\":\"" id "\",\"state\":\"" state "\",\"settle_at\":99}"


static memory_store_t  store;


static int
begin(void **state)
{
    memory_init(&store);
    return 0;
}


static int
end(void **state)
{
    memory_free(&store);
    return 0;
}


static portone_lookup_t
lookup_of(const char *merchant, const char *imp_uid, const char *merchant_uid,
    unsigned want_refunds)
{
    portone_lookup_t  lookup;

    memset(&lookup, 0xa5, sizeof(portone_lookup_t));

    lookup.idempotency.len = 0;

    lookup.merchant = portone_str(merchant);
    lookup.imp_uid = portone_str(imp_uid);
    lookup.merchant_uid = portone_str(merchant_uid);
    lookup.want_refunds = want_refunds;

    return lookup;
}


static void
merchants_are_kept_apart(void **state)
{
    portone_lookup_t  lookup;

    memory_set(&store, PORTONE_DB_PAYMENTS, "a", "imp_1", NULL,
               PAYMENT("imp_1"));
    memory_set(&store, PORTONE_DB_PAYMENTS, "ab", "imp_2", NULL,
               PAYMENT("imp_2"));
    memory_set(&store, PORTONE_DB_MERCHANT_UIDS, "a", "order-1", NULL,
               "imp_1");
    memory_set(&store, PORTONE_DB_MERCHANT_UIDS, "ab", "order-1", NULL,
               "imp_2");

    lookup = lookup_of("a", "", "order-1", 0);
    assert_int_equal(memory_read(&store, portone_ledger_lookup, &lookup),
                     PORTONE_OK);
    assert_string_equal(lookup.payment, PAYMENT("imp_1"));
    portone_ledger_lookup_free(&lookup);

    lookup = lookup_of("ab", "", "order-1", 0);
    assert_int_equal(memory_read(&store, portone_ledger_lookup, &lookup),
                     PORTONE_OK);
    assert_string_equal(lookup.payment, PAYMENT("imp_2"));
    portone_ledger_lookup_free(&lookup);

    lookup = lookup_of("a", "imp_2", "", 0);
    assert_int_equal(memory_read(&store, portone_ledger_lookup, &lookup),
                     PORTONE_DECLINED);

    lookup = lookup_of("", "imp_1", "", 0);
    assert_int_equal(memory_read(&store, portone_ledger_lookup, &lookup),
                     PORTONE_DECLINED);
}


static const struct {
    const char  *imp_uid;
    const char  *merchant_uid;
    int          rc;
    const char  *payment;
    const char  *intent;      /* refund_id */
} finds[] = {
    { "imp_1", "", PORTONE_OK, PAYMENT("imp_1"), "r1" },
    { "", "order-1", PORTONE_OK, PAYMENT("imp_1"), "r1" },
    { "imp_2", "", PORTONE_OK, PAYMENT("imp_2"), NULL },

    /* imp_uid wins; that both belong together is the flow's to see */
    { "imp_2", "order-1", PORTONE_OK, PAYMENT("imp_2"), NULL },
    { "imp_2", "nowhere", PORTONE_OK, PAYMENT("imp_2"), NULL },
    { "imp_9", "order-1", PORTONE_DECLINED, NULL, NULL },

    { "imp_", "", PORTONE_DECLINED, NULL, NULL },
    { "imp_11", "", PORTONE_DECLINED, NULL, NULL },
    { "order-1", "", PORTONE_DECLINED, NULL, NULL },
    { "", "imp_1", PORTONE_DECLINED, NULL, NULL },
    { "", "order-", PORTONE_DECLINED, NULL, NULL },
    { "", "order-11", PORTONE_DECLINED, NULL, NULL },
    { "", "", PORTONE_DECLINED, NULL, NULL },

    /* an order that leads nowhere, or to nothing */
    { "", "lost", PORTONE_DECLINED, NULL, NULL },
    { "", "empty", PORTONE_DECLINED, NULL, NULL },

    /* a lock that cannot be read */
    { "imp_3", "", PORTONE_ERROR, NULL, NULL }
};


static void
lookups_find(void **state)
{
    int               rc;
    size_t            i;
    portone_lookup_t  lookup;

    memory_set(&store, PORTONE_DB_PAYMENTS, SHOP, "imp_1", NULL,
               PAYMENT("imp_1"));
    memory_set(&store, PORTONE_DB_PAYMENTS, SHOP, "imp_2", NULL,
               PAYMENT("imp_2"));
    memory_set(&store, PORTONE_DB_PAYMENTS, SHOP, "imp_3", NULL,
               PAYMENT("imp_3"));
    memory_set(&store, PORTONE_DB_MERCHANT_UIDS, SHOP, "order-1", NULL,
               "imp_1");
    memory_set(&store, PORTONE_DB_MERCHANT_UIDS, SHOP, "lost", NULL,
               "imp_9");
    memory_set(&store, PORTONE_DB_MERCHANT_UIDS, SHOP, "empty", NULL, "");
    memory_set(&store, PORTONE_DB_INTENTS, SHOP, "imp_1", NULL,
               RECORD("r1", "sending"));
    memory_set(&store, PORTONE_DB_INTENTS, SHOP, "imp_3", NULL, "{");

    for (i = 0; i < sizeof(finds) / sizeof(finds[0]); i++) {
        lookup = lookup_of(SHOP, finds[i].imp_uid, finds[i].merchant_uid, 0);

        rc = memory_read(&store, portone_ledger_lookup, &lookup);

        if (rc != finds[i].rc) {
            fail_msg("\"%s\" \"%s\": %d", finds[i].imp_uid,
                     finds[i].merchant_uid, rc);
        }

        assert_null(lookup.refunds);

        if (rc != PORTONE_OK) {
            assert_null(lookup.payment);
            assert_null(lookup.intent);
            continue;
        }

        assert_string_equal(lookup.payment, finds[i].payment);
        assert_int_equal(lookup.payment_len, strlen(finds[i].payment));

        if (finds[i].intent == NULL) {
            assert_null(lookup.intent);

        } else {
            assert_string_equal(
                       portone_json_str(lookup.intent, "refund_id").data,
                       finds[i].intent);
        }

        portone_ledger_lookup_free(&lookup);
        portone_ledger_lookup_free(&lookup);
        assert_null(lookup.payment);
    }
}


/* the ids of refunds[] as "r1 r2" */

static void
refund_ids(const cJSON *refunds, char *buf, size_t size)
{
    size_t        n;
    const cJSON  *refund;

    n = 0;
    buf[0] = '\0';

    cJSON_ArrayForEach(refund, refunds) {
        n += (size_t) snprintf(buf + n, size - n, "%s%s", n ? " " : "",
                             portone_json_str(refund, "refund_id").data);
        assert_true(n < size);
    }
}


static void
refunds_are_listed(void **state)
{
    char              ids[256];
    size_t            i;
    portone_lookup_t  lookup;

    static const struct {
        const char  *imp_uid;
        const char  *ids;
    } cases[] = {
        { "imp_1", "r1 r2 r3" },
        { "imp_2", "r5" },
        { "imp_3", "r6" },
        { "imp_4", "" },
        { "imp_10", "" },
        { "imp_11", "r4" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memory_set(&store, PORTONE_DB_PAYMENTS, SHOP, cases[i].imp_uid, NULL,
                   PAYMENT("imp_1"));
    }

    /* neighbours on every side */

    memory_set(&store, PORTONE_DB_ATTEMPTS, "sho", "imp_1", "r0", "{");
    memory_set(&store, PORTONE_DB_ATTEMPTS, SHOP, "imp_", "r9", "{");
    memory_set(&store, PORTONE_DB_ATTEMPTS, SHOP, "imp_1", "r2",
               RECORD("r2", "rejected"));
    memory_set(&store, PORTONE_DB_ATTEMPTS, SHOP, "imp_1", "r1",
               RECORD("r1", "succeeded"));
    memory_set(&store, PORTONE_DB_ATTEMPTS, SHOP, "imp_11", "r4",
               RECORD("r4", "rejected"));
    memory_set(&store, PORTONE_DB_ATTEMPTS, SHOP, "imp_3", "r6",
               RECORD("r6", "succeeded"));
    memory_set(&store, PORTONE_DB_ATTEMPTS, "shop2", "imp_1", "r7", "{");

    memory_set(&store, PORTONE_DB_INTENTS, SHOP, "imp_1", NULL,
               RECORD("r3", "sending"));
    memory_set(&store, PORTONE_DB_INTENTS, SHOP, "imp_2", NULL,
               RECORD("r5", "unknown"));

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        lookup = lookup_of(SHOP, cases[i].imp_uid, "", 1);

        assert_int_equal(memory_read(&store, portone_ledger_lookup, &lookup),
                         PORTONE_OK);

        refund_ids(lookup.refunds, ids, sizeof(ids));
        assert_string_equal(ids, cases[i].ids);

        portone_ledger_lookup_free(&lookup);
    }
}


static void
the_newest_refunds_are_listed(void **state)
{
    int               with_intent;
    char              id[32], record[128];
    size_t            i, n;
    const cJSON      *refund;
    portone_lookup_t  lookup;

    n = PORTONE_REFUNDS_MAX + 20;

    memory_set(&store, PORTONE_DB_PAYMENTS, SHOP, "imp_1", NULL,
               PAYMENT("imp_1"));

    for (i = 0; i < n; i++) {
        snprintf(id, sizeof(id), "r%03zu", i);
        snprintf(record, sizeof(record), RECORD("%s", "rejected"), id);

        memory_set(&store, PORTONE_DB_ATTEMPTS, SHOP, "imp_1", id, record);
    }

    for (with_intent = 0; with_intent < 2; with_intent++) {

        if (with_intent) {
            memory_set(&store, PORTONE_DB_INTENTS, SHOP, "imp_1", NULL,
                       RECORD("r999", "sending"));
        }

        lookup = lookup_of(SHOP, "imp_1", "", 1);

        assert_int_equal(memory_read(&store, portone_ledger_lookup, &lookup),
                         PORTONE_OK);

        assert_int_equal(cJSON_GetArraySize(lookup.refunds),
                         PORTONE_REFUNDS_MAX);

        i = n - PORTONE_REFUNDS_MAX + (size_t) with_intent;

        cJSON_ArrayForEach(refund, lookup.refunds) {
            snprintf(id, sizeof(id), "r%03zu", (i < n) ? i : 999);
            i++;

            assert_string_equal(portone_json_str(refund, "refund_id").data,
                                id);
        }

        portone_ledger_lookup_free(&lookup);
    }
}


/* the payment whose key leaves no room for an attempt */

static void
a_payment_without_room_has_no_refunds(void **state)
{
    char              longest[PORTONE_KEY_MAX];
    portone_lookup_t  lookup;

    memset(longest, 'x', sizeof(longest));
    longest[PORTONE_KEY_MAX - sizeof(SHOP)] = '\0';

    memory_set(&store, PORTONE_DB_PAYMENTS, SHOP, longest, NULL,
               PAYMENT("imp_1"));

    lookup = lookup_of(SHOP, longest, "", 1);

    assert_int_equal(memory_read(&store, portone_ledger_lookup, &lookup),
                     PORTONE_OK);
    assert_int_equal(cJSON_GetArraySize(lookup.refunds), 0);

    portone_ledger_lookup_free(&lookup);
}


static void
a_refund_that_cannot_be_read_is_an_error(void **state)
{
    portone_lookup_t  lookup;

    memory_set(&store, PORTONE_DB_PAYMENTS, SHOP, "imp_1", NULL,
               PAYMENT("imp_1"));
    memory_set(&store, PORTONE_DB_ATTEMPTS, SHOP, "imp_1", "r1", "{");

    lookup = lookup_of(SHOP, "imp_1", "", 1);
    assert_int_equal(memory_read(&store, portone_ledger_lookup, &lookup),
                     PORTONE_ERROR);
    assert_null(lookup.payment);
    assert_null(lookup.refunds);

    /* it does not matter where no list is wanted: a refund goes on */

    lookup = lookup_of(SHOP, "imp_1", "", 0);
    assert_int_equal(memory_read(&store, portone_ledger_lookup, &lookup),
                     PORTONE_OK);
    portone_ledger_lookup_free(&lookup);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(merchants_are_kept_apart, begin, end),
        cmocka_unit_test_setup_teardown(lookups_find, begin, end),
        cmocka_unit_test_setup_teardown(refunds_are_listed, begin, end),
        cmocka_unit_test_setup_teardown(the_newest_refunds_are_listed, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_payment_without_room_has_no_refunds,
                                        begin, end),
        cmocka_unit_test_setup_teardown(
                      a_refund_that_cannot_be_read_is_an_error, begin, end)
    };

    return cmocka_run_group_tests_name("lookup", tests, NULL, NULL);
}
