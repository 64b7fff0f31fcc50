
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * The transactions: which refund gets the lock of a payment, what a
 * settlement leaves behind, which payment an order number leads to.
 */


#include "unit.h"

#include "portone_json.h"
#include "portone_ledger.h"

#include "memory_txn.h"


#define SHOP    "shop"
#define IMP     "imp_1"

#define PAID(imp, started)                                                    \
    "{\"imp_uid\":\"" imp "\",\"merchant_uid\":\"order-1\",\"amount\":1000,"  \
    "\"cancel_amount\":0,\"currency\":\"KRW\",\"status\":\"paid\","           \
    "\"started_at\":" #started "}"

#define UNPAID(imp, started)                                                  \
    "{\"imp_uid\":\"" imp "\",\"merchant_uid\":\"order-1\",\"amount\":1000,"  \
    "\"cancel_amount\":0,\"currency\":\"KRW\",\"status\":\"ready\","          \
    "\"started_at\":" #started "}"

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


static void
unit_stored(portone_db_e db, const char *uid, const char *refund_id,
    const char *expected)
{
    const char  *value;

    value = memory_value(&store, db, SHOP, uid, refund_id);

    if (value == NULL || expected == NULL) {
        assert_ptr_equal(value, expected);
        return;
    }

    assert_string_equal(value, expected);
}


static portone_key_t
key_of(const char *merchant, const char *uid)
{
    portone_key_t  key;
    portone_str_t  parts[2];

    parts[0] = portone_str(merchant);
    parts[1] = portone_str(uid);

    assert_int_equal(portone_key(&key, &parts[0], &parts[1]), PORTONE_OK);

    return key;
}


static portone_claim_t
claim_of(const char *imp_uid, const char *payment, const char *record)
{
    portone_claim_t  claim;

    memset(&claim, 0xa5, sizeof(portone_claim_t));

    claim.key = key_of(SHOP, imp_uid);
    claim.payment = portone_str(payment);
    claim.record = portone_str(record);
    claim.idempotency.len = 0;

    return claim;
}


static portone_settlement_t
settlement_of(const char *refund_id, const char *payment, const char *record,
    unsigned open)
{
    portone_settlement_t  settlement;

    memset(&settlement, 0xa5, sizeof(portone_settlement_t));

    settlement.key = key_of(SHOP, IMP);
    settlement.refund_id = portone_str(refund_id);
    settlement.payment = portone_str(payment);
    settlement.record = portone_str(record);
    settlement.journal = portone_str("{}");
    settlement.idempotency.len = 0;
    settlement.intent.len = 0;
    settlement.over.len = 0;
    settlement.seen = PORTONE_STATE_SENDING;
    settlement.open = open;

    return settlement;
}


static const struct {
    const char        *stored;      /* payment, NULL: none */
    const char        *intent;      /* NULL: none */
    int                rc;
    portone_claim_e    verdict;
    portone_state_e    open;        /* of IN_PROGRESS */
    const char        *refund_id;
} locks[] = {

    { PAID(IMP, 1), NULL, PORTONE_OK, PORTONE_CLAIMED, 0, NULL },

    { PAID(IMP, 2), NULL, PORTONE_OK, PORTONE_CLAIM_CHANGED, 0, NULL },
    { PAID(IMP, 1) " ", NULL, PORTONE_OK, PORTONE_CLAIM_CHANGED, 0,
      NULL },
    { "", NULL, PORTONE_OK, PORTONE_CLAIM_CHANGED, 0, NULL },
    { NULL, NULL, PORTONE_OK, PORTONE_CLAIM_CHANGED, 0, NULL },

    { PAID(IMP, 1), RECORD("r0", "sending"), PORTONE_OK,
      PORTONE_CLAIM_IN_PROGRESS, PORTONE_STATE_SENDING, "r0" },
    { PAID(IMP, 1), RECORD("r0", "pending"), PORTONE_OK,
      PORTONE_CLAIM_IN_PROGRESS, PORTONE_STATE_PENDING, "r0" },
    { PAID(IMP, 1), RECORD("r0", "unknown"), PORTONE_OK,
      PORTONE_CLAIM_IN_PROGRESS, PORTONE_STATE_UNKNOWN, "r0" },
    { PAID(IMP, 1), RECORD("r0", "manual_review"), PORTONE_OK,
      PORTONE_CLAIM_IN_PROGRESS, PORTONE_STATE_MANUAL_REVIEW, "r0" },

    /* an intent is a lock, whatever stands in it and around it */
    { PAID(IMP, 1), RECORD("r0", "succeeded"), PORTONE_OK,
      PORTONE_CLAIM_IN_PROGRESS, PORTONE_STATE_SUCCEEDED, "r0" },
    { PAID(IMP, 2), RECORD("r0", "sending"), PORTONE_OK,
      PORTONE_CLAIM_IN_PROGRESS, PORTONE_STATE_SENDING, "r0" },
    { NULL, RECORD("r0", "sending"), PORTONE_OK,
      PORTONE_CLAIM_IN_PROGRESS, PORTONE_STATE_SENDING, "r0" },
    { PAID(IMP, 1), "{}", PORTONE_OK, PORTONE_CLAIM_IN_PROGRESS,
      PORTONE_STATE_MAX, "" },
    { PAID(IMP, 1), "null", PORTONE_OK, PORTONE_CLAIM_IN_PROGRESS,
      PORTONE_STATE_MAX, "" },
    { PAID(IMP, 1),
      RECORD("0123456789012345678901234567890123456", "sending"),
      PORTONE_OK, PORTONE_CLAIM_IN_PROGRESS, PORTONE_STATE_SENDING, "" },
    { PAID(IMP, 1),
      RECORD("012345678901234567890123456789012345", "sending"),
      PORTONE_OK, PORTONE_CLAIM_IN_PROGRESS, PORTONE_STATE_SENDING,
      "012345678901234567890123456789012345" },

    /* one that cannot be read is never taken for none */
    { PAID(IMP, 1), "", PORTONE_ERROR, 0, 0, NULL },
    { PAID(IMP, 1), "{", PORTONE_ERROR, 0, 0, NULL },
    { PAID(IMP, 1), RECORD("r0", "sending") "}", PORTONE_ERROR, 0, 0,
      NULL },
    { PAID(IMP, 1), "{\"refund_id\":\"\xff\"}", PORTONE_ERROR, 0, 0,
      NULL }
};


static void
a_claim_is_the_lock(void **state)
{
    int               rc;
    size_t            i;
    portone_claim_t   claim;

    for (i = 0; i < sizeof(locks) / sizeof(locks[0]); i++) {
        memory_free(&store);
        memory_init(&store);

        /* what belongs to others changes nothing */

        memory_set(&store, PORTONE_DB_INTENTS, SHOP, "imp_10", NULL, "{}");
        memory_set(&store, PORTONE_DB_INTENTS, SHOP, "imp_", NULL, "{}");
        memory_set(&store, PORTONE_DB_INTENTS, "sho", "pimp_1", NULL, "{}");
        memory_set(&store, PORTONE_DB_INTENTS, "shop2", IMP, NULL, "{}");

        if (locks[i].stored != NULL) {
            memory_set(&store, PORTONE_DB_PAYMENTS, SHOP, IMP, NULL,
                       locks[i].stored);
        }

        if (locks[i].intent != NULL) {
            memory_set(&store, PORTONE_DB_INTENTS, SHOP, IMP, NULL,
                       locks[i].intent);
        }

        claim = claim_of(IMP, PAID(IMP, 1), RECORD("r1", "sending"));

        rc = memory_apply(&store, portone_ledger_claim, &claim);

        if (rc != locks[i].rc
            || (rc == PORTONE_OK && claim.verdict != locks[i].verdict))
        {
            fail_msg("case %zu: %d, verdict %d", i, rc, claim.verdict);
        }

        if (rc == PORTONE_OK && claim.verdict == PORTONE_CLAIM_IN_PROGRESS) {
            assert_int_equal(claim.open.state, locks[i].open);
            assert_string_equal(claim.open.refund_id, locks[i].refund_id);

            if (locks[i].refund_id[0] != '\0') {
                assert_int_equal(claim.open.settle_at, 99);
            }
        }

        unit_stored(PORTONE_DB_PAYMENTS, IMP, NULL, locks[i].stored);
        unit_stored(PORTONE_DB_INTENTS, IMP, NULL,
                    (rc == PORTONE_OK && claim.verdict == PORTONE_CLAIMED)
                    ? RECORD("r1", "sending") : locks[i].intent);

        assert_int_equal(memory_count(&store, PORTONE_DB_ATTEMPTS), 0);
    }
}


static void
the_first_claim_wins(void **state)
{
    portone_claim_t  first, second;

    memory_set(&store, PORTONE_DB_PAYMENTS, SHOP, IMP, NULL, PAID(IMP, 1));

    first = claim_of(IMP, PAID(IMP, 1), RECORD("r1", "sending"));
    second = claim_of(IMP, PAID(IMP, 1), RECORD("r2", "sending"));

    /* a transaction that is rolled back and run again decides anew */

    assert_int_equal(memory_dry_run(&store, portone_ledger_claim, &first),
                     PORTONE_OK);
    assert_int_equal(first.verdict, PORTONE_CLAIMED);
    assert_int_equal(memory_count(&store, PORTONE_DB_INTENTS), 0);

    assert_int_equal(memory_apply(&store, portone_ledger_claim, &second),
                     PORTONE_OK);
    assert_int_equal(second.verdict, PORTONE_CLAIMED);

    assert_int_equal(memory_apply(&store, portone_ledger_claim, &first),
                     PORTONE_OK);
    assert_int_equal(first.verdict, PORTONE_CLAIM_IN_PROGRESS);
    assert_string_equal(first.open.refund_id, "r2");

    /* stored although the store had told that it failed: still locked */

    assert_int_equal(memory_apply(&store, portone_ledger_claim, &second),
                     PORTONE_OK);
    assert_int_equal(second.verdict, PORTONE_CLAIM_IN_PROGRESS);

    unit_stored(PORTONE_DB_INTENTS, IMP, NULL, RECORD("r2", "sending"));
    assert_int_equal(memory_count(&store, PORTONE_DB_INTENTS), 1);
}


static const struct {
    const char  *intent;      /* NULL: none */
    const char  *payment;     /* "": is left */
    unsigned     open;
    int          rc;
    unsigned     stale;
} ends[] = {
    { RECORD("r1", "sending"), PAID(IMP, 2), 0, PORTONE_OK, 0 },
    { RECORD("r1", "sending"), "", 0, PORTONE_OK, 0 },
    { RECORD("r1", "unknown"), PAID(IMP, 2), 0, PORTONE_OK, 0 },
    { RECORD("r1", "sending"), PAID(IMP, 2), 1, PORTONE_OK, 0 },
    { RECORD("r1", "sending"), "", 1, PORTONE_OK, 0 },

    { NULL, PAID(IMP, 2), 0, PORTONE_OK, 1 },
    { NULL, PAID(IMP, 2), 1, PORTONE_OK, 1 },
    { RECORD("r2", "sending"), PAID(IMP, 2), 0, PORTONE_OK, 1 },
    { RECORD("r2", "sending"), PAID(IMP, 2), 1, PORTONE_OK, 1 },
    { RECORD("r11", "sending"), "", 0, PORTONE_OK, 1 },
    { RECORD("r", "sending"), "", 0, PORTONE_OK, 1 },
    { RECORD("r1", "pending"), PAID(IMP, 2), 0, PORTONE_OK, 1 },
    { RECORD("r1", "manual_review"), PAID(IMP, 2), 1, PORTONE_OK, 1 },
    { "{}", PAID(IMP, 2), 0, PORTONE_OK, 1 },
    { "[]", PAID(IMP, 2), 0, PORTONE_OK, 1 },
    { "{\"refund_id\":null}", PAID(IMP, 2), 0, PORTONE_OK, 1 },

    { "", PAID(IMP, 2), 0, PORTONE_ERROR, 0 },
    { "{", PAID(IMP, 2), 1, PORTONE_ERROR, 0 }
};


static void
an_intent_is_settled_once(void **state)
{
    int                    rc;
    size_t                 i;
    portone_settlement_t   settlement;

    for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        memory_free(&store);
        memory_init(&store);

        memory_set(&store, PORTONE_DB_PAYMENTS, SHOP, IMP, NULL,
                   PAID(IMP, 1));
        memory_set(&store, PORTONE_DB_INTENTS, SHOP, "imp_10", NULL, "{}");

        if (ends[i].intent != NULL) {
            memory_set(&store, PORTONE_DB_INTENTS, SHOP, IMP, NULL,
                       ends[i].intent);
        }

        settlement = settlement_of("r1", ends[i].payment,
                                   RECORD("r1", "unknown"), ends[i].open);

        /* a first run that comes to nothing leaves no trace */

        rc = memory_dry_run(&store, portone_ledger_settle, &settlement);
        assert_int_equal(rc, ends[i].rc);

        rc = memory_apply(&store, portone_ledger_settle, &settlement);

        if (rc != ends[i].rc
            || (rc == PORTONE_OK && settlement.stale != ends[i].stale))
        {
            fail_msg("case %zu: %d, stale %u", i, rc, settlement.stale);
        }

        unit_stored(PORTONE_DB_INTENTS, "imp_10", NULL, "{}");

        if (rc != PORTONE_OK || settlement.stale) {
            unit_stored(PORTONE_DB_INTENTS, IMP, NULL, ends[i].intent);
            unit_stored(PORTONE_DB_PAYMENTS, IMP, NULL, PAID(IMP, 1));
            assert_int_equal(memory_count(&store, PORTONE_DB_ATTEMPTS), 0);
            assert_int_equal(memory_count(&store, PORTONE_DB_JOURNAL), 0);
            continue;
        }

        unit_stored(PORTONE_DB_PAYMENTS, IMP, NULL,
                    ends[i].payment[0] ? ends[i].payment : PAID(IMP, 1));

        unit_stored(PORTONE_DB_INTENTS, IMP, NULL,
                    ends[i].open ? RECORD("r1", "unknown") : NULL);
        unit_stored(PORTONE_DB_ATTEMPTS, IMP, "r1",
                    ends[i].open ? NULL : RECORD("r1", "unknown"));

        /* told to fail although stored, and tried again */

        rc = memory_apply(&store, portone_ledger_settle, &settlement);

        assert_int_equal(rc, PORTONE_OK);
        assert_int_equal(settlement.stale, !ends[i].open);

        unit_stored(PORTONE_DB_INTENTS, IMP, NULL,
                    ends[i].open ? RECORD("r1", "unknown") : NULL);
        unit_stored(PORTONE_DB_ATTEMPTS, IMP, "r1",
                    ends[i].open ? NULL : RECORD("r1", "unknown"));

        /* and told once, unless nothing has come of it */

        assert_int_equal(memory_count(&store, PORTONE_DB_JOURNAL),
                         !ends[i].open || ends[i].payment[0]);
    }
}


static int
save_seen(const char *merchant, const char *text, const char *seen)
{
    int                 rc;
    const char         *why;
    portone_save_t      save;
    portone_payment_t   payment;

    assert_int_equal(portone_payment_parse(&payment, text, strlen(text),
                                           &why),
                     PORTONE_OK);

    save.merchant = portone_str(merchant);
    save.payment = &payment;
    save.text = portone_str(text);
    save.journal = portone_str("{}");
    save.seen = portone_str(seen);

    rc = memory_apply(&store, portone_ledger_save, &save);

    portone_payment_free(&payment);

    return rc;
}


/* as a reading does that began when the stored payment was seen as it is */

static int
save_text(const char *merchant, const char *text)
{
    int            rc;
    char          *seen;
    cJSON         *json;
    const char    *stored;

    json = cJSON_Parse(text);
    stored = memory_value(&store, PORTONE_DB_PAYMENTS, merchant,
                          cJSON_GetObjectItem(json, "imp_uid")->valuestring,
                          NULL);
    seen = strdup(stored != NULL ? stored : "");

    rc = save_seen(merchant, text, seen);

    free(seen);
    cJSON_Delete(json);

    return rc;
}


static void
the_best_payment_has_the_order(void **state)
{
    size_t  i, j;

    static const struct {
        const char  *deposits[3];
        const char  *winner;
    } cases[] = {
        { { PAID("imp_1", 5) }, "imp_1" },
        { { UNPAID("imp_1", 5) }, "imp_1" },

        /* a paid one goes before an unpaid one */
        { { UNPAID("imp_1", 9), PAID("imp_2", 5) }, "imp_2" },
        { { PAID("imp_2", 5), UNPAID("imp_1", 9) }, "imp_2" },

        /* the one started last */
        { { PAID("imp_1", 5), PAID("imp_2", 6) }, "imp_2" },
        { { PAID("imp_1", 6), PAID("imp_2", 5) }, "imp_1" },
        { { UNPAID("imp_1", 5), UNPAID("imp_2", 6) }, "imp_2" },
        { { UNPAID("imp_1", 6), UNPAID("imp_2", 5) }, "imp_1" },
        { { PAID("imp_1", 0), PAID("imp_2", 5) }, "imp_2" },
        { { PAID("imp_1", 5), PAID("imp_2", 0) }, "imp_1" },

        /* what came last, where nothing else tells them apart */
        { { PAID("imp_1", 5), PAID("imp_2", 5) }, "imp_2" },
        { { PAID("imp_2", 0), PAID("imp_1", 0) }, "imp_1" },

        /* the same one again keeps what it has */
        { { PAID("imp_1", 6), PAID("imp_2", 5), PAID("imp_2", 5) }, "imp_1" },
        { { PAID("imp_1", 5), PAID("imp_1", 4) }, "imp_1" },

        /* one that has been paid since */
        { { PAID("imp_1", 5), UNPAID("imp_2", 9), PAID("imp_2", 9) },
          "imp_2" },
        { { UNPAID("imp_1", 5), UNPAID("imp_2", 9), PAID("imp_1", 5) },
          "imp_1" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memory_free(&store);
        memory_init(&store);

        for (j = 0; j < 3 && cases[i].deposits[j] != NULL; j++) {
            assert_int_equal(save_text(SHOP, cases[i].deposits[j]),
                             PORTONE_OK);
        }

        if (strcmp(memory_value(&store, PORTONE_DB_MERCHANT_UIDS, SHOP,
                                "order-1", NULL),
                   cases[i].winner)
            != 0)
        {
            fail_msg("case %zu: not %s", i, cases[i].winner);
        }

        /* its text is kept, whoever has the order */

        unit_stored(PORTONE_DB_PAYMENTS,
                    strstr(cases[i].deposits[j - 1], "imp_2") ? "imp_2"
                                                              : "imp_1",
                    NULL, cases[i].deposits[j - 1]);
    }
}


static void
an_order_that_leads_astray_is_taken_over(void **state)
{
    /* to nowhere */

    memory_set(&store, PORTONE_DB_MERCHANT_UIDS, SHOP, "order-1", NULL,
               "imp_9");

    assert_int_equal(save_text(SHOP, PAID("imp_1", 1)), PORTONE_OK);
    unit_stored(PORTONE_DB_MERCHANT_UIDS, "order-1", NULL, "imp_1");

    /* to nothing */

    memory_set(&store, PORTONE_DB_MERCHANT_UIDS, SHOP, "order-1", NULL, "");

    assert_int_equal(save_text(SHOP, PAID("imp_1", 1)), PORTONE_OK);
    unit_stored(PORTONE_DB_MERCHANT_UIDS, "order-1", NULL, "imp_1");

    /* to a payment that cannot be read: nobody knows its claim */

    memory_set(&store, PORTONE_DB_PAYMENTS, SHOP, "imp_1", NULL, "{");

    store.unreadable = 0;

    assert_int_equal(save_text(SHOP, PAID("imp_2", 1)), PORTONE_ERROR);
    assert_int_equal(store.unreadable, 1);
    unit_stored(PORTONE_DB_MERCHANT_UIDS, "order-1", NULL, "imp_1");
    unit_stored(PORTONE_DB_PAYMENTS, "imp_2", NULL, NULL);
}


/* the payment whose key leaves no room for an attempt */

static void
an_attempt_needs_a_key(void **state)
{
    char                   longest[PORTONE_KEY_MAX];
    portone_settlement_t   settlement;

    memset(longest, 'x', sizeof(longest));
    longest[PORTONE_KEY_MAX - sizeof(SHOP)] = '\0';

    memory_set(&store, PORTONE_DB_INTENTS, SHOP, longest, NULL,
               RECORD("r1", "sending"));

    settlement = settlement_of("r1", "", RECORD("r1", "rejected"), 0);
    settlement.key = key_of(SHOP, longest);

    assert_int_equal(memory_apply(&store, portone_ledger_settle,
                                  &settlement),
                     PORTONE_ERROR);
    unit_stored(PORTONE_DB_INTENTS, longest, NULL, RECORD("r1", "sending"));
}


/* a reading that began before another worker has settled a refund */

static void
a_late_reading_undoes_nothing(void **state)
{
    assert_int_equal(save_text(SHOP, PAID("imp_1", 5)), PORTONE_OK);
    assert_int_equal(save_text(SHOP, PAID("imp_1", 6)), PORTONE_OK);

    assert_int_equal(save_seen(SHOP, PAID("imp_1", 7), PAID("imp_1", 5)),
                     PORTONE_OK);
    unit_stored(PORTONE_DB_PAYMENTS, "imp_1", NULL, PAID("imp_1", 6));

    assert_int_equal(save_seen(SHOP, PAID("imp_1", 7), ""), PORTONE_OK);
    unit_stored(PORTONE_DB_PAYMENTS, "imp_1", NULL, PAID("imp_1", 6));

    assert_int_equal(save_seen(SHOP, PAID("imp_1", 7), PAID("imp_1", 6)),
                     PORTONE_OK);
    unit_stored(PORTONE_DB_PAYMENTS, "imp_1", NULL, PAID("imp_1", 7));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(a_claim_is_the_lock, begin, end),
        cmocka_unit_test_setup_teardown(the_first_claim_wins, begin, end),
        cmocka_unit_test_setup_teardown(an_intent_is_settled_once, begin,
                                        end),
        cmocka_unit_test_setup_teardown(the_best_payment_has_the_order, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_late_reading_undoes_nothing, begin,
                                        end),
        cmocka_unit_test_setup_teardown(
                      an_order_that_leads_astray_is_taken_over, begin, end),
        cmocka_unit_test_setup_teardown(an_attempt_needs_a_key, begin, end)
    };

    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
