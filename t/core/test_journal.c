
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "unit.h"

#include "portone_journal.h"
#include "portone_json.h"
#include "portone_ledger.h"

#include "memory_txn.h"


#define PAYMENT(members)                                                      \
    "{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"order-1\",\"amount\":1000,"    \
    "\"cancel_amount\":0,\"currency\":\"KRW\",\"status\":\"paid\""            \
    members "}"

#define ENTRY(refund, payment)                                                \
    "{\"time\":1763757000,\"kind\":\"settle\",\"merchant\":\"shop\","         \
    "\"imp_uid\":\"imp_1\",\"merchant_uid\":\"order-1\"" refund payment "}"

#define SNAPSHOT(members, history)                                            \
    ",\"payment\":{\"status\":\"paid\",\"amount\":1000,"                      \
    "\"cancel_amount\":0,\"currency\":\"KRW\"" members                        \
    ",\"cancel_history\":[" history "]}"

#define UIDS  "\"imp_uid\":\"imp_1\",\"merchant_uid\":\"order-1\""


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


/* payment, record: text or NULL */

static char *
entry_of(const char *payment, const char *record)
{
    char                     *text;
    cJSON                    *json;
    const char               *why;
    portone_payment_t         parsed;
    portone_journal_facts_t   facts;

    unit_paused = 1;

    json = (record != NULL) ? portone_json_parse(record, strlen(record))
                            : NULL;

    if (payment != NULL) {
        assert_int_equal(portone_payment_parse(&parsed, payment,
                                               strlen(payment), &why),
                         PORTONE_OK);
    }

    unit_paused = 0;

    facts.kind = PORTONE_JOURNAL_SETTLE;
    facts.time = 1763757000;
    facts.merchant = portone_str("shop");
    facts.payment = (payment != NULL) ? &parsed : NULL;
    facts.record = json;

    text = portone_journal_entry(&facts);

    unit_paused = 1;

    cJSON_Delete(json);

    if (payment != NULL) {
        portone_payment_free(&parsed);
    }

    unit_paused = 0;

    return text;
}


static const struct {
    const char  *payment;
    const char  *record;
    const char  *entry;
} listed_entries[] = {

    { PAYMENT(""), NULL, ENTRY("", SNAPSHOT("", "")) },

    { PAYMENT(",\"pay_method\":\"card\",\"channel\":\"pc\","
              "\"pg_provider\":\"nice\",\"emb_pg_provider\":\"toss\","
              "\"pg_id\":\"M1\",\"pg_tid\":\"T1\",\"sandbox\":false,"
              "\"escrow\":true,\"started_at\":1,\"paid_at\":2,"
              "\"failed_at\":0,\"cancelled_at\":3"),
      NULL,
      ENTRY("", SNAPSHOT(",\"pay_method\":\"card\",\"channel\":\"pc\","
                         "\"pg_provider\":\"nice\","
                         "\"emb_pg_provider\":\"toss\","
                         "\"pg_id\":\"M1\",\"pg_tid\":\"T1\","
                         "\"sandbox\":false,\"escrow\":true,"
                         "\"started_at\":1,\"paid_at\":2,"
                         "\"failed_at\":0,\"cancelled_at\":3", "")) },

    /* personal data, and what nobody knows */

    { PAYMENT(",\"name\":\"Canary\",\"buyer_name\":\"Canary\","
              "\"buyer_email\":\"c@example.com\","
              "\"buyer_tel\":\"010\",\"buyer_addr\":\"Seoul\","
              "\"buyer_postcode\":\"1\",\"card_number\":\"4111\","
              "\"vbank_num\":\"123\",\"vbank_holder\":\"Canary\","
              "\"custom_data\":\"{\\\"tel\\\":1}\","
              "\"customer_uid\":\"c\",\"user_agent\":\"u\","
              "\"fail_reason\":\"r\",\"cancel_reason\":\"r\","
              "\"receipt_url\":\"https://example.com\","
              "\"deposit_history\":[{\"depositor_name\":\"Canary\"}],"
              "\"payer\":{\"status\":\"Canary\"}"),
      NULL, ENTRY("", SNAPSHOT("", "")) },

    /* nor under a name that is listed, or one that stands twice */

    { PAYMENT(",\"pg_tid\":{\"buyer_name\":\"Canary\"},"
              "\"channel\":[\"Canary\"],\"pay_method\":null,"
              "\"pg_id\":\"1\",\"pg_id\":\"2\""),
      NULL, ENTRY("", SNAPSHOT("", "")) },

    { PAYMENT(",\"cancel_history\":["
              "{\"amount\":1,\"reason\":\"Canary\",\"pg_tid\":\"T\","
              "\"cancelled_at\":5,\"cancellation_id\":\"c\","
              "\"receipt_url\":\"u\",\"holder\":\"Canary\"},"
              "{\"amount\":2}]"),
      NULL,
      ENTRY("", SNAPSHOT("", "{\"cancellation_id\":\"c\","
                         "\"pg_tid\":\"T\",\"amount\":1,"
                         "\"cancelled_at\":5},{\"amount\":2}")) },

    { PAYMENT(",\"cancel_history\":null"), NULL,
      ENTRY("", SNAPSHOT("", "")) },

    /* of a refund */

    { NULL,
      "{\"refund_id\":\"r1\",\"state\":\"succeeded\",\"merchant\":\"x\","
      UIDS ",\"amount\":300,\"currency\":\"KRW\",\"reason\":\"Canary\","
      "\"requested_at\":1,\"account\":\"a\",\"idempotency_key\":\"Canary\","
      "\"before\":{\"amount\":1},\"code\":0,\"message\":\"Canary\","
      "\"cancellation_id\":\"c\"}",
      ENTRY(",\"refund_id\":\"r1\",\"state\":\"succeeded\","
            "\"amount\":300,\"currency\":\"KRW\",\"code\":0,"
            "\"cancellation_id\":\"c\"", "") },

    { PAYMENT(""),
      "{\"refund_id\":\"r1\",\"state\":\"rejected\",\"imp_uid\":\"no\","
      "\"amount\":10.01,\"code\":-1}",
      ENTRY(",\"refund_id\":\"r1\",\"state\":\"rejected\","
            "\"amount\":10.01,\"code\":-1", SNAPSHOT("", "")) }
};


static void
an_entry_holds_what_is_listed(void **state)
{
    char    *text;
    size_t   i;

    for (i = 0; i < sizeof(listed_entries) / sizeof(listed_entries[0]); i++) {
        text = entry_of(listed_entries[i].payment, listed_entries[i].record);

        assert_non_null(text);
        assert_string_equal(text, listed_entries[i].entry);

        cJSON_free(text);
    }
}


static int
make_entry(void)
{
    char  *text;

    text = entry_of(PAYMENT(",\"pg_tid\":\"T\",\"sandbox\":true,"
                            "\"cancel_history\":[{\"amount\":1},"
                            "{\"amount\":2,\"pg_tid\":\"T\"}]"),
                    "{\"refund_id\":\"r1\",\"code\":1}");

    cJSON_free(text);

    return text != NULL;
}


static void
lack_of_memory_is_told(void **state)
{
    assert_true(unit_exhaust(make_entry) > 20);
}


static int
append(portone_txn_t *txn, void *data)
{
    return portone_journal_append(txn, data);
}


static int
put_first(portone_txn_t *txn, void *data)
{
    portone_str_t  value = portone_string("first");

    return txn->put(txn, PORTONE_DB_JOURNAL, data, &value);
}


static void
entries_are_numbered(void **state)
{
    int             rc;
    size_t          i;
    portone_str_t   entry = portone_string("next");
    memory_map_t   *map;

    static const struct {
        portone_str_t  last;
        const char    *next;           /* NULL: refused */
    } cases[] = {
        { portone_null_string, "\0\0\0\0\0\0\0\1" },
        { portone_string("\0\0\0\0\0\0\0\1"), "\0\0\0\0\0\0\0\2" },
        { portone_string("\0\0\0\0\0\0\0\xff"), "\0\0\0\0\0\0\1\0" },
        { portone_string("\0\0\0\x7f\xff\xff\xff\xff"),
          "\0\0\0\x80\0\0\0\0" },
        { portone_string("\x80\0\0\0\0\0\0\0"), "\x80\0\0\0\0\0\0\1" },

        /* somebody else's, which must not be overwritten either */

        { portone_string("key"), "key\0\0\0\0\1" },
        { portone_string("long key"), "long kez" },
        { portone_string("longer key"), "longer l" },

        { portone_string("\xff\xff\xff\xff\xff\xff\xff\xfd"),
          "\xff\xff\xff\xff\xff\xff\xff\xfe" },
        { portone_string("\xff\xff\xff\xff\xff\xff\xff\xfe"), NULL }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memory_free(&store);
        memory_init(&store);

        if (cases[i].last.len) {
            assert_int_equal(memory_apply(&store, put_first,
                                          (void *) &cases[i].last),
                             PORTONE_OK);
        }

        rc = memory_apply(&store, append, &entry);

        if (cases[i].next == NULL) {
            assert_int_equal(rc, PORTONE_ERROR);
            assert_int_equal(memory_count(&store, PORTONE_DB_JOURNAL), 1);
            continue;
        }

        assert_int_equal(rc, PORTONE_OK);

        map = &store.committed[PORTONE_DB_JOURNAL];

        assert_int_equal(map->n, 1 + (cases[i].last.len != 0));
        assert_int_equal(map->entries[map->n - 1].key_len, 8);
        assert_memory_equal(map->entries[map->n - 1].key, cases[i].next, 8);
        assert_string_equal(map->entries[map->n - 1].value, "next");

    }
}


static void
an_entry_is_not_empty(void **state)
{
    portone_str_t  none = portone_null_string;

    assert_int_equal(memory_apply(&store, append, &none), PORTONE_ERROR);
}


static void
save(const char *text, const char *seen, size_t entries)
{
    const char         *why;
    portone_save_t      save;
    portone_payment_t   payment;

    assert_int_equal(portone_payment_parse(&payment, text, strlen(text),
                                           &why),
                     PORTONE_OK);

    save.merchant = portone_str("shop");
    save.payment = &payment;
    save.text = portone_str(text);
    save.journal = portone_str("{\"kind\":\"deposit\"}");
    save.seen = portone_str(seen);

    assert_int_equal(memory_apply(&store, portone_ledger_save, &save),
                     PORTONE_OK);

    assert_int_equal(memory_count(&store, PORTONE_DB_JOURNAL), entries);

    portone_payment_free(&payment);
}


static void
a_save_that_changes_something_is_told(void **state)
{
    save(PAYMENT(""), "", 1);

    /* as it was */
    save(PAYMENT(""), PAYMENT(""), 1);

    save(PAYMENT(",\"paid_at\":1"), PAYMENT(""), 2);

    /* too late */
    save(PAYMENT(",\"paid_at\":2"), PAYMENT(""), 2);
    save(PAYMENT(",\"paid_at\":2"), "", 2);
}


static void
a_save_without_an_entry_is_refused(void **state)
{
    const char         *why;
    portone_save_t      save;
    portone_payment_t   payment;

    static const char  text[] = PAYMENT("");

    assert_int_equal(portone_payment_parse(&payment, text, sizeof(text) - 1,
                                           &why),
                     PORTONE_OK);

    memset(&save, 0, sizeof(portone_save_t));

    save.merchant = portone_str("shop");
    save.payment = &payment;
    save.text = portone_str(text);

    assert_int_equal(memory_apply(&store, portone_ledger_save, &save),
                     PORTONE_ERROR);
    assert_int_equal(memory_count(&store, PORTONE_DB_PAYMENTS), 0);

    portone_payment_free(&payment);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(an_entry_holds_what_is_listed, begin,
                                        end),
        cmocka_unit_test_setup_teardown(entries_are_numbered, begin, end),
        cmocka_unit_test_setup_teardown(an_entry_is_not_empty, begin, end),
        cmocka_unit_test_setup_teardown(
                      a_save_that_changes_something_is_told, begin, end),
        cmocka_unit_test_setup_teardown(
                      a_save_without_an_entry_is_refused, begin, end),
        cmocka_unit_test(lack_of_memory_is_told)
    };

    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
