
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * Payments that the shop registers: what is taken, what is refused, and what
 * is left of them when there is one already.
 */


#include "unit.h"

#include "portone_json.h"
#include "portone_register.h"

#include "memory_txn.h"


#define N(array)  (sizeof(array) / sizeof(array[0]))

#define STORED(members)                                                       \
    "{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"order-1\"," members "}"

#define GIVEN(members)                                                        \
    "{\"imp_uid\":\"imp_1\",\"amount\":1000" members "}"

#define PAID                                                                  \
    "\"amount\":1000,\"cancel_amount\":0,\"currency\":\"KRW\","               \
    "\"status\":\"paid\""

#define PARTLY                                                                \
    "\"amount\":1000,\"cancel_amount\":300,\"currency\":\"KRW\","             \
    "\"status\":\"paid\",\"cancel_history\":[{\"amount\":300,"                \
    "\"cancellation_id\":\"A\"}]"

#define OPEN                                                                  \
    "{\"refund_id\":\"019aa000-0000-7000-8000-000000000001\","                \
    "\"state\":\"unknown\",\"settle_at\":1}"

#define NEW      PORTONE_REGISTER_NEW
#define CHANGED  PORTONE_REGISTER_CHANGED
#define SAME     PORTONE_REGISTER_SAME


typedef struct {
    const char         *stored;     /* NULL: nothing */
    const char         *given;
    portone_register_e  verdict;    /* 0: refused */
    const char         *result;     /* the stored payment afterwards; or the
                                       field that is refused */
} register_case_t;


static const register_case_t  cases[] = {

    { NULL, GIVEN(""), NEW,
      "{\"imp_uid\":\"imp_1\",\"amount\":1000,\"merchant_uid\":\"order-1\","
      "\"currency\":\"KRW\",\"cancel_amount\":0,\"status\":\"paid\"}" },

    { NULL, "{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"order-1\"," PARTLY
            ",\"x\":null,\"refundable_amount\":9}", NEW,
      STORED(PARTLY ",\"x\":null") },

    { NULL, "{\"amount\":10.5,\"imp_uid\":\"imp_1\",\"currency\":\"USD\"}",
      NEW,
      "{\"amount\":10.5,\"imp_uid\":\"imp_1\",\"currency\":\"USD\","
      "\"merchant_uid\":\"order-1\",\"cancel_amount\":0,"
      "\"status\":\"paid\"}" },

    /* nothing new */

    { STORED(PAID), GIVEN(""), SAME, STORED(PAID) },
    { STORED(PARTLY), GIVEN(""), SAME, STORED(PARTLY) },
    { STORED(PARTLY), GIVEN(",\"cancel_amount\":0"), SAME, STORED(PARTLY) },
    { STORED(PARTLY), GIVEN(",\"cancel_amount\":0,\"cancel_history\":[],"
                            "\"status\":\"cancelled\",\"cancelled_at\":5,"
                            "\"cancel_reason\":\"r\""),
      SAME, STORED(PARTLY) },
    { STORED(PARTLY), GIVEN(",\"cancel_amount\":300,\"cancel_history\":[]"),
      SAME, STORED(PARTLY) },
    { STORED(PAID), GIVEN(",\"status\":\"ready\""), SAME, STORED(PAID) },
    { STORED(PAID), GIVEN(",\"status\":\"failed\""), SAME, STORED(PAID) },

    /* more than was known */

    { STORED(PAID), GIVEN(",\"x\":1"), CHANGED, STORED(PAID ",\"x\":1") },
    { STORED(PAID ",\"x\":1,\"y\":2"), GIVEN(",\"x\":[]"), CHANGED,
      STORED(PAID ",\"x\":[],\"y\":2") },
    { STORED(PAID), GIVEN(",\"cancel_amount\":1000"), CHANGED,
      STORED("\"amount\":1000,\"cancel_amount\":1000,\"currency\":\"KRW\","
             "\"status\":\"paid\"") },
    { STORED(PARTLY), GIVEN(",\"cancel_amount\":400,\"cancel_history\":[]"),
      CHANGED,
      STORED("\"amount\":1000,\"cancel_amount\":400,\"currency\":\"KRW\","
             "\"status\":\"paid\",\"cancel_history\":[]") },
    { STORED("\"amount\":1000,\"cancel_amount\":0,\"currency\":\"KRW\","
             "\"status\":\"ready\""), GIVEN(",\"status\":\"paid\""), CHANGED,
      STORED(PAID) },
    { STORED("\"amount\":1000,\"cancel_amount\":0,\"currency\":\"KRW\","
             "\"status\":\"ready\""), GIVEN(",\"x\":1"), CHANGED,
      STORED("\"amount\":1000,\"cancel_amount\":0,\"currency\":\"KRW\","
             "\"status\":\"ready\",\"x\":1") },

    /* what cannot be */

    { NULL, "{\"amount\":1000}", 0, "imp_uid" },
    { NULL, "{\"imp_uid\":\"imp_1\"}", 0, "amount" },
    { NULL, "{\"imp_uid\":\"imp_1\",\"amount\":10.5}", 0, "amount" },
    { NULL, "[]", 0, "" },
    { NULL, "7", 0, "" },
    { NULL, GIVEN(",\"merchant_uid\":\"order-2\""), 0, "merchant_uid" },
    { NULL, GIVEN(",\"merchant_uid\":null"), 0, "merchant_uid" },
    { NULL, GIVEN(",\"amount\":1000"), 0, "amount" },
    { NULL, GIVEN(",\"x\":1,\"x\":1"), 0, "x" },
    { NULL, GIVEN(",\"cancel_amount\":1001"), 0, "cancel_amount" },
    { NULL, GIVEN(",\"cancel_amount\":-1"), 0, "cancel_amount" },
    { NULL, GIVEN(",\"cancel_history\":[]"), 0, "cancel_amount" },
    { NULL, GIVEN(",\"cancel_amount\":0,\"cancel_history\":{}"), 0,
      "cancel_history" },
    { NULL, GIVEN(",\"currency\":\"QQQ\""), 0, "currency" },
    { NULL, GIVEN(",\"currency\":null"), 0, "currency" },
    { NULL, GIVEN(",\"status\":null"), 0, "status" },
    { NULL, GIVEN(",\"pay_method\":5"), 0, "pay_method" },
    { NULL, GIVEN(",\"pg_provider\":[]"), 0, "pg_provider" },
    { NULL, GIVEN(",\"customer_uid\":true"), 0, "customer_uid" },
    { NULL, GIVEN(",\"paid_at\":\"1\""), 0, "paid_at" },
    { NULL, GIVEN(",\"paid_at\":-1"), 0, "paid_at" },
    { NULL, GIVEN(",\"paid_at\":1.5"), 0, "paid_at" },
    { NULL, GIVEN(",\"started_at\":1700000000000"), 0, "started_at" },
    { STORED(PAID), "{\"imp_uid\":\"imp_1\",\"amount\":999}", 0, "amount" },
    { STORED(PAID), GIVEN(",\"currency\":\"USD\""), 0, "currency" },
    { STORED("\"amount\":10.5,\"cancel_amount\":0,\"currency\":\"USD\","
             "\"status\":\"paid\""),
      "{\"imp_uid\":\"imp_1\",\"amount\":10}", 0, "amount" }
};


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


/* PORTONE_ERROR: no memory, or the store has failed */

static int
put(portone_register_t *reg, const char *text)
{
    char             *copy;
    size_t            len;
    portone_error_e   error;

    memset(reg, 0, sizeof(portone_register_t));

    reg->merchant = portone_str("shop");
    reg->merchant_uid = portone_str("order-1");
    reg->now = 1763757000;

    len = strlen(text);
    copy = unit_exact(text, len);

    error = portone_register_parse(reg, copy, len);

    free(copy);

    if (error == PORTONE_OVERLOADED) {
        return PORTONE_ERROR;
    }

    if (error != PORTONE_NO_ERROR) {
        return PORTONE_OK;
    }

    /* the first time may be rolled back, and says the same */

    if (unit_fail_at == 0) {
        (void) memory_dry_run(&store, portone_register_apply, reg);
    }

    return memory_apply(&store, portone_register_apply, reg);
}


static void
stored_is(const char *expected)
{
    const char  *value;

    value = memory_value(&store, PORTONE_DB_PAYMENTS, "shop", "imp_1", NULL);

    if (expected == NULL) {
        assert_null(value);
        return;
    }

    assert_non_null(value);
    assert_string_equal(value, expected);
}


static void
each_case(void **state)
{
    size_t               i, journal;
    portone_register_t   reg;

    for (i = 0; i < N(cases); i++) {
        memory_free(&store);
        memory_init(&store);

        if (cases[i].stored != NULL) {
            memory_set(&store, PORTONE_DB_PAYMENTS, "shop", "imp_1", NULL,
                       cases[i].stored);
            memory_set(&store, PORTONE_DB_MERCHANT_UIDS, "shop", "order-1",
                       NULL, "imp_1");
        }

        print_message("%s\n", cases[i].given);

        assert_int_equal(put(&reg, cases[i].given), PORTONE_OK);

        journal = memory_count(&store, PORTONE_DB_JOURNAL);

        if (cases[i].verdict == 0) {
            assert_int_equal(reg.verdict, PORTONE_REGISTER_REFUSED);
            assert_int_equal(reg.error, PORTONE_INVALID_REQUEST);
            assert_string_equal(reg.field, cases[i].result);
            stored_is(cases[i].stored);
            assert_int_equal(journal, 0);

        } else {
            assert_int_equal(reg.verdict, cases[i].verdict);
            assert_int_equal(reg.error, PORTONE_NO_ERROR);
            stored_is(cases[i].result);
            assert_int_equal(journal, cases[i].verdict != SAME);
            assert_string_equal(memory_value(&store, PORTONE_DB_MERCHANT_UIDS,
                                             "shop", "order-1", NULL),
                                "imp_1");
        }

        portone_register_free(&reg);
    }
}


static void
what_is_not_json(void **state)
{
    portone_register_t  reg;

    assert_int_equal(put(&reg, "{\"imp_uid\":"), PORTONE_OK);
    assert_int_equal(reg.error, PORTONE_INVALID_JSON);
    portone_register_free(&reg);

    assert_int_equal(put(&reg, ""), PORTONE_OK);
    assert_int_equal(reg.error, PORTONE_INVALID_JSON);
    portone_register_free(&reg);
}


static void
an_open_refund_locks_its_payment(void **state)
{
    char                *text;
    portone_register_t   reg;

    memory_set(&store, PORTONE_DB_PAYMENTS, "shop", "imp_1", NULL,
               STORED(PAID));
    memory_set(&store, PORTONE_DB_INTENTS, "shop", "imp_1", NULL, OPEN);

    assert_int_equal(put(&reg, GIVEN(",\"cancel_amount\":300")), PORTONE_OK);
    assert_int_equal(reg.verdict, PORTONE_REGISTER_REFUSED);
    assert_int_equal(reg.error, PORTONE_REFUND_IN_PROGRESS);
    assert_string_equal(reg.open.refund_id,
                        "019aa000-0000-7000-8000-000000000001");
    stored_is(STORED(PAID));

    text = portone_register_reply(&reg, PORTONE_LANGUAGE_EN);
    assert_non_null(text);
    assert_non_null(strstr(text, "\"error\":\"refund_in_progress\""));
    assert_non_null(strstr(text, "\"refund_id\":\"019aa000-"));
    assert_non_null(strstr(text, "\"merchant_uid\":\"order-1\""));
    assert_non_null(strstr(text, "\"imp_uid\":\"imp_1\""));

    cJSON_free(text);
    portone_register_free(&reg);

    assert_int_equal(put(&reg, GIVEN("")), PORTONE_OK);
    assert_int_equal(reg.verdict, PORTONE_REGISTER_SAME);
    portone_register_free(&reg);

    /* one that cannot be read locks it as well */

    memory_set(&store, PORTONE_DB_INTENTS, "shop", "imp_1", NULL, "{");

    store.unreadable = 0;

    assert_int_equal(put(&reg, GIVEN(",\"x\":1")), PORTONE_OK);
    assert_int_equal(reg.error, PORTONE_REFUND_IN_PROGRESS);
    assert_true(store.unreadable > 0);
    stored_is(STORED(PAID));
    portone_register_free(&reg);
}


static void
a_damaged_payment_is_left_alone(void **state)
{
    portone_register_t  reg;

    memory_set(&store, PORTONE_DB_PAYMENTS, "shop", "imp_1", NULL, "{\"a\":");

    assert_int_equal(put(&reg, GIVEN("")), PORTONE_OK);
    assert_int_equal(reg.verdict, PORTONE_REGISTER_REFUSED);
    assert_int_equal(reg.error, PORTONE_STORE_UNAVAILABLE);
    assert_true(store.unreadable > 0);
    stored_is("{\"a\":");
    portone_register_free(&reg);
}


static void
portone_match_guards_both(void **state)
{
    portone_match_t     match;
    portone_register_t  reg;

    match.field = portone_str("customer_uid");
    match.value = portone_str("alice");

    memset(&reg, 0, sizeof(portone_register_t));
    reg.merchant = portone_str("shop");
    reg.merchant_uid = portone_str("order-1");
    reg.match_values = &match;
    reg.n_match_values = 1;

    assert_int_equal(portone_register_parse(&reg, GIVEN(""),
                                            strlen(GIVEN(""))),
                     PORTONE_NO_ERROR);
    assert_int_equal(memory_apply(&store, portone_register_apply, &reg),
                     PORTONE_OK);
    assert_int_equal(reg.error, PORTONE_PAYMENT_NOT_FOUND);
    assert_true(reg.mismatch);
    stored_is(NULL);

    /* nor can a payment of somebody else be taken over */

    portone_register_free(&reg);
    memory_set(&store, PORTONE_DB_PAYMENTS, "shop", "imp_1", NULL,
               STORED(PAID ",\"customer_uid\":\"bob\""));

    assert_int_equal(portone_register_parse(&reg,
                              GIVEN(",\"customer_uid\":\"alice\""),
                              strlen(GIVEN(",\"customer_uid\":\"alice\""))),
                     PORTONE_NO_ERROR);
    assert_int_equal(memory_apply(&store, portone_register_apply, &reg),
                     PORTONE_OK);
    assert_int_equal(reg.error, PORTONE_PAYMENT_NOT_FOUND);
    assert_true(reg.mismatch);
    stored_is(STORED(PAID ",\"customer_uid\":\"bob\""));

    portone_register_free(&reg);
}


static void
an_order_of_another_payment_is_taken_over_by_right_only(void **state)
{
    portone_register_t  reg;

    /* imp_9 leads the order, and was started later */

    memory_set(&store, PORTONE_DB_PAYMENTS, "shop", "imp_9", NULL,
               "{\"imp_uid\":\"imp_9\",\"merchant_uid\":\"order-1\"," PAID
               ",\"started_at\":9}");
    memory_set(&store, PORTONE_DB_MERCHANT_UIDS, "shop", "order-1", NULL,
               "imp_9");

    assert_int_equal(put(&reg, GIVEN(",\"started_at\":8")), PORTONE_OK);
    assert_int_equal(reg.verdict, NEW);
    assert_string_equal(memory_value(&store, PORTONE_DB_MERCHANT_UIDS, "shop",
                                     "order-1", NULL), "imp_9");
    portone_register_free(&reg);

    /* one that turned out to be of another order has no right to it */

    memory_set(&store, PORTONE_DB_PAYMENTS, "shop", "imp_9", NULL,
               "{\"imp_uid\":\"imp_9\",\"merchant_uid\":\"order-2\"," PAID
               ",\"started_at\":9}");

    assert_int_equal(put(&reg, GIVEN(",\"started_at\":8,\"x\":1")),
                     PORTONE_OK);
    assert_string_equal(memory_value(&store, PORTONE_DB_MERCHANT_UIDS, "shop",
                                     "order-1", NULL), "imp_1");
    portone_register_free(&reg);
}


static int
register_once(void)
{
    int                  rc;
    portone_register_t   reg;

    rc = put(&reg, GIVEN(",\"x\":[1,{\"y\":\"z\"}],\"cancel_amount\":300"));

    portone_register_free(&reg);

    /* for the next time as it was */

    memory_set(&store, PORTONE_DB_PAYMENTS, "shop", "imp_1", NULL,
               STORED(PAID));

    return rc == PORTONE_OK;
}


static void
without_memory_nothing_is_stored(void **state)
{
    memory_set(&store, PORTONE_DB_PAYMENTS, "shop", "imp_1", NULL,
               STORED(PAID));

    assert_true(unit_exhaust(register_once) > 20);
}


static void
a_store_that_fails_keeps_nothing(void **state)
{
    int                  rc;
    size_t               n;
    portone_register_t   reg;

    for (n = 1; /* void */ ; n++) {
        memory_free(&store);
        memory_init(&store);

        memset(&reg, 0, sizeof(portone_register_t));
        reg.merchant = portone_str("shop");
        reg.merchant_uid = portone_str("order-1");

        assert_int_equal(portone_register_parse(&reg, GIVEN(""),
                                                strlen(GIVEN(""))),
                         PORTONE_NO_ERROR);

        store.calls = 0;
        store.fail_at = n;

        rc = memory_apply(&store, portone_register_apply, &reg);

        store.fail_at = 0;

        portone_register_free(&reg);

        if (store.calls < n) {
            assert_int_equal(rc, PORTONE_OK);
            break;
        }

        assert_int_equal(rc, PORTONE_ERROR);
        assert_int_equal(memory_count(&store, PORTONE_DB_PAYMENTS), 0);
        assert_int_equal(memory_count(&store, PORTONE_DB_MERCHANT_UIDS), 0);
        assert_int_equal(memory_count(&store, PORTONE_DB_JOURNAL), 0);
    }

    assert_true(n > 6);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(each_case, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_json, begin, end),
        cmocka_unit_test_setup_teardown(an_open_refund_locks_its_payment,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_damaged_payment_is_left_alone,
                                        begin, end),
        cmocka_unit_test_setup_teardown(portone_match_guards_both,
                                        begin, end),
        cmocka_unit_test_setup_teardown(
            an_order_of_another_payment_is_taken_over_by_right_only,
            begin, end),
        cmocka_unit_test_setup_teardown(without_memory_nothing_is_stored,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_store_that_fails_keeps_nothing,
                                        begin, end)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
