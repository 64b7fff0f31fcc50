
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * The records of idempotency keys: who gets a key, how long it is kept, and
 * that the index of times always agrees with the records.
 */


#include "unit.h"

#include "idempotency_store.h"


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
a_record_is_readable(void **state)
{
    char  *text;

    text = store_record("r1", NOW + TTL);

    assert_string_equal(text, RECORD("r1", 1763757100, "null"));

    cJSON_free(text);
}


static void
a_record_is_complete_or_none(void **state)
{
    char                  *text;
    size_t                 n, live;
    portone_str_t          id, imp_uid;
    portone_idempotency_t  idempotency;

    memset(&idempotency, 0, sizeof(portone_idempotency_t));

    idempotency.fingerprint = portone_str("f00d");
    idempotency.ttl_s = TTL;
    id = portone_str("r1");
    imp_uid = portone_str("imp_1");

    unit_hooks();
    live = unit_live;

    for (n = 1; /* void */ ; n++) {
        unit_allocations = 0;
        unit_fail_at = n;

        text = portone_idempotency_record(&idempotency, &id, &imp_uid,
                                          NOW + TTL);
        unit_fail_at = 0;

        if (unit_allocations < n) {
            break;
        }

        assert_null(text);
        assert_int_equal(unit_live, live);
    }

    assert_true(n > 10);
    assert_string_equal(text, RECORD("r1", 1763757100, "null"));

    cJSON_free(text);

    /* a time that JSON numbers cannot hold */

    assert_null(portone_idempotency_record(&idempotency, &id, &imp_uid,
                                           INT64_MAX));
}


static void
a_key_is_found_until_it_expires(void **state)
{
    size_t  i;

    static const struct {
        const char  *record;
        int64_t      now;
        int          rc;
    } cases[] = {
        { NULL, 0, PORTONE_DECLINED },

        { RECORD("r1", 1000, ANSWER("succeeded")), 0, PORTONE_OK },
        { RECORD("r1", 1000, ANSWER("succeeded")), 999, PORTONE_OK },
        { RECORD("r1", 1000, ANSWER("succeeded")), 1000, PORTONE_DECLINED },
        { RECORD("r1", 1000, ANSWER("succeeded")), INT64_MAX,
          PORTONE_DECLINED },
        { RECORD("r1", 1000, ANSWER("rejected")), 999, PORTONE_OK },
        { RECORD("r1", 1000, ANSWER("rejected")), 1000, PORTONE_DECLINED },

        /* open: never */
        { RECORD("r1", 1000, "null"), 999, PORTONE_OK },
        { RECORD("r1", 1000, "null"), 1000, PORTONE_OK },
        { RECORD("r1", 1000, "null"), INT64_MAX, PORTONE_OK },
        { RECORD("r1", 1000, ANSWER("pending")), 1000, PORTONE_OK },
        { RECORD("r1", 1000, ANSWER("pending")), INT64_MAX, PORTONE_OK },
        { "{}", INT64_MAX, PORTONE_OK },
        { "{\"answer\":\"x\"}", INT64_MAX, PORTONE_OK },

        /* what cannot be read is never taken for "not used" */
        { "", 0, PORTONE_ERROR },
        { "{", 0, PORTONE_ERROR },
        { RECORD("r1", 1000, "null") "}", 2000, PORTONE_ERROR },
        { "{\"answer\":\"\xff\"}", 0, PORTONE_ERROR }
    };

    for (i = 0; i < N(cases); i++) {
        memory_free(&store);
        memory_init(&store);

        /* those of others change nothing */

        memory_set(&store, PORTONE_DB_IDEMPOTENCY, "shop", "key-", NULL, "{}");
        memory_set(&store, PORTONE_DB_IDEMPOTENCY, "shop", "key-11", NULL,
                   "{}");
        memory_set(&store, PORTONE_DB_IDEMPOTENCY, "sho", "pkey-1", NULL,
                   "{}");
        memory_set(&store, PORTONE_DB_IDEMPOTENCY, "shop2", "key-1", NULL,
                   "{}");

        if (cases[i].record != NULL) {
            memory_set(&store, PORTONE_DB_IDEMPOTENCY, "shop", "key-1", NULL,
                       cases[i].record);
        }

        if (store_get("key-1", cases[i].now) != cases[i].rc) {
            fail_msg("case %zu", i);
        }
    }
}


static void
a_key_is_claimed_once(void **state)
{
    int     rc;
    char   *before, *after;
    size_t  i;

    static const struct {
        const char  *record;
        int64_t      expires_at;
        int          rc;
    } cases[] = {
        { NULL, 0, PORTONE_OK },
        { RECORD("r1", 1763756999, ANSWER("succeeded")), NOW - 1,
          PORTONE_OK },
        { RECORD("r1", 1763757000, ANSWER("succeeded")), NOW, PORTONE_OK },
        { RECORD("r1", 1763757001, ANSWER("succeeded")), NOW + 1,
          PORTONE_DECLINED },
        { RECORD("r1", 1763757001, ANSWER("rejected")), NOW + 1,
          PORTONE_DECLINED },
        { RECORD("r1", 1763757001, "null"), NOW + 1, PORTONE_DECLINED },
        { RECORD("r1", 1000, "null"), 1000, PORTONE_DECLINED },
        { RECORD("r1", 1000, ANSWER("pending")), 1000, PORTONE_DECLINED },
        { "", 1000, PORTONE_ERROR }
    };

    for (i = 0; i < N(cases); i++) {
        memory_free(&store);
        memory_init(&store);

        if (cases[i].record != NULL) {
            store_put("key-1", cases[i].record, cases[i].expires_at);
        }

        before = memory_dump(&store);

        rc = store_claim("key-1", "r2", NOW + TTL, NOW);

        after = memory_dump(&store);

        if (rc != cases[i].rc
            || (rc != PORTONE_OK && strcmp(before, after) != 0))
        {
            fail_msg("case %zu: %d\n%s", i, rc, after);
        }

        free(before);
        free(after);

        if (rc == PORTONE_OK) {
            assert_string_equal(index_saved(&store, "key-1"),
                                RECORD("r2", 1763757100, "null"));
            assert_int_equal(store_entries(), 1);
            index_check(&store);
        }
    }
}


static void
an_expired_key_leaves_no_trace_in_the_index(void **state)
{
    size_t  i;
    char    name[8];

    /* so many that expired earlier, that its own turn does not come */

    for (i = 0; i < PORTONE_IDEMPOTENCY_EXPIRE; i++) {
        snprintf(name, sizeof(name), "old-%zu", i);
        store_put(name, RECORD("r1", 1000, ANSWER("succeeded")), 1000);
    }

    store_put("key-1", RECORD("r1", 1001, ANSWER("succeeded")), 1001);

    assert_int_equal(store_claim("key-1", "r2", NOW + TTL, NOW), PORTONE_OK);

    assert_int_equal(store_entries(), 1);
    index_check(&store);
}


static const struct {
    const char  *record;        /* NULL: none */
    int64_t      expires_at;
    const char  *refund_id;
    const char  *answer;
    int          rc;
    const char  *saved;         /* afterwards; NULL: none */
    int          same;          /* nothing has changed */
} owned[] = {

    /* the time counts from the answer, however late that is */

    { RECORD("r1", 1763757050, "null"), NOW + 50, "r1",
      ANSWER("succeeded"), PORTONE_OK,
      RECORD("r1", 1763757100, ANSWER("succeeded")), 0 },
    { RECORD("r1", 1763757100, "null"), NOW + TTL, "r1",
      ANSWER("succeeded"), PORTONE_OK,
      RECORD("r1", 1763757100, ANSWER("succeeded")), 0 },
    { RECORD("r1", 1000, "null"), 1000, "r1",
      ANSWER("succeeded"), PORTONE_OK,
      RECORD("r1", 1763757100, ANSWER("succeeded")), 0 },
    { RECORD("r1", 1000, ANSWER("pending")), 1000, "r1",
      ANSWER("succeeded"), PORTONE_OK,
      RECORD("r1", 1763757100, ANSWER("succeeded")), 0 },
    { RECORD("r1", 1000, "null"), 1000, "r1",
      ANSWER("pending"), PORTONE_OK,
      RECORD("r1", 1763757100, ANSWER("pending")), 0 },

    { RECORD("r1", 1763757050, "null"), NOW + 50, "r1", "", PORTONE_OK,
      NULL, 0 },
    { RECORD("r1", 1000, ANSWER("pending")), 1000, "r1", "", PORTONE_OK,
      NULL, 0 },

    /* of another refund, or of none */

    { RECORD("r1", 1000, "null"), 1000, "r2", "", PORTONE_OK,
      RECORD("r1", 1000, "null"), 1 },
    { RECORD("r1", 1000, "null"), 1000, "r2", ANSWER("succeeded"),
      PORTONE_OK, RECORD("r1", 1000, "null"), 1 },
    { RECORD("r1", 1000, "null"), 1000, "r11", "", PORTONE_OK,
      RECORD("r1", 1000, "null"), 1 },
    { NULL, 0, "r1", "", PORTONE_OK, NULL, 1 },
    { NULL, 0, "r1", ANSWER("succeeded"), PORTONE_OK, NULL, 1 },

    /* not understood; the refund is settled all the same */

    { "{", 1000, "r1", "", PORTONE_OK, "{", 1 },
    { "{", 1000, "r1", ANSWER("succeeded"), PORTONE_OK, "{", 1 },
    { RECORD("r1", 1000, "null"), 1000, "r1", "{", PORTONE_ERROR,
      RECORD("r1", 1000, "null"), 1 }
};


static void
an_answer_is_saved_for_its_own_refund(void **state)
{
    int     rc;
    char   *before, *after;
    size_t  i;

    for (i = 0; i < N(owned); i++) {
        memory_free(&store);
        memory_init(&store);

        store_put("other", RECORD("r1", 1000, "null"), 1000);

        if (owned[i].record != NULL) {
            store_put("key-1", owned[i].record, owned[i].expires_at);
        }

        before = memory_dump(&store);

        rc = store_settle("key-1", owned[i].refund_id, owned[i].answer, NOW);

        after = memory_dump(&store);

        if (rc != owned[i].rc
            || (strcmp(before, after) == 0) != owned[i].same)
        {
            fail_msg("case %zu: %d\n%s", i, rc, after);
        }

        free(before);
        free(after);

        if (owned[i].saved == NULL) {
            assert_null(index_saved(&store, "key-1"));

        } else {
            assert_string_equal(index_saved(&store, "key-1"),
                                owned[i].saved);
        }

        assert_string_equal(index_saved(&store, "other"),
                            RECORD("r1", 1000, "null"));

        if (rc == PORTONE_OK && !owned[i].same) {
            index_check(&store);
        }
    }
}


static void
a_claim_clears_away_a_few_the_oldest_first(void **state)
{
    char    name[8], record[256];
    size_t  i, left;

    /* times that only compare right with the high byte first */

    static const int64_t  times[] = {
        65536, 255, 256, 1, 16777216, 128, 65535, 257, 16777215, 127
    };
    static const int64_t  sorted[] = {
        1, 127, 128, 255, 256, 257, 65535, 65536, 16777215, 16777216
    };

    for (i = 0; i < N(times); i++) {
        snprintf(name, sizeof(name), "old-%zu", i);
        snprintf(record, sizeof(record), "{\"expires_at\":%lld,\"answer\":{}}",
                 (long long) times[i]);
        store_put(name, record, times[i]);
    }

    store_put("last", RECORD("r1", 1763757000, ANSWER("succeeded")), NOW);
    store_put("live", RECORD("r1", 1763757001, ANSWER("succeeded")), NOW + 1);

    left = N(times) + 2;

    for (i = 1; left > 1; i++) {
        snprintf(name, sizeof(name), "new-%zu", i);
        assert_int_equal(store_claim(name, "r2", NOW + TTL, NOW), PORTONE_OK);

        left = (left > 1 + PORTONE_IDEMPOTENCY_EXPIRE)
               ? left - PORTONE_IDEMPOTENCY_EXPIRE : 1;

        assert_int_equal(store_entries(), left + i);
        index_check(&store);

        if (i * PORTONE_IDEMPOTENCY_EXPIRE < N(sorted)) {
            assert_int_equal(index_time(&store.committed
                                        [PORTONE_DB_IDEMPOTENCY_EXPIRY]
                                        .entries[0]),
                             sorted[i * PORTONE_IDEMPOTENCY_EXPIRE]);
        }
    }

    assert_int_equal(PORTONE_IDEMPOTENCY_EXPIRE, 4);
    assert_int_equal(i, 4);
    assert_null(index_saved(&store, "last"));
    assert_non_null(index_saved(&store, "live"));
}


static void
the_key_of_an_open_refund_is_never_cleared_away(void **state)
{
    size_t  i;
    char    name[8];

    store_put("lost", RECORD("r1", 1000, "null"), 1000);
    store_put("pending", RECORD("r1", 1001, ANSWER("pending")), 1001);

    for (i = 0; i < 4; i++) {
        snprintf(name, sizeof(name), "new-%zu", i);
        assert_int_equal(store_claim(name, "r2", NOW + i * 100000 + TTL,
                               NOW + i * 100000),
                         PORTONE_OK);
        index_check(&store);

        assert_int_equal(store_get("lost", INT64_MAX), PORTONE_OK);
        assert_int_equal(store_get("pending", INT64_MAX), PORTONE_OK);
    }

    assert_int_equal(store_settle("lost", "r1", ANSWER("succeeded"), NOW),
                     PORTONE_OK);
    index_check(&store);

    assert_int_equal(store_get("lost", NOW + TTL - 1), PORTONE_OK);
    assert_int_equal(store_get("lost", NOW + TTL), PORTONE_DECLINED);
}


static void
an_entry_that_is_not_its_own_takes_no_record_away(void **state)
{
    store_put("gone", NULL, 1000);
    store_put("key-1", RECORD("r1", 1763757001, ANSWER("succeeded")), NOW + 1);
    store_put("key-1", NULL, 1001);
    store_put("key-2", RECORD("r1", 1763757001, "null"), NOW + 1);
    store_put("key-2", NULL, 1002);

    assert_int_equal(store_claim("key-3", "r2", NOW + TTL, NOW), PORTONE_OK);

    index_check(&store);
    assert_int_equal(store_entries(), 3);
    assert_string_equal(index_saved(&store, "key-1"),
                        RECORD("r1", 1763757001, ANSWER("succeeded")));
    assert_string_equal(index_saved(&store, "key-2"),
                        RECORD("r1", 1763757001, "null"));
}


static void
what_is_not_understood_holds_up_itself_only(void **state)
{
    size_t  i;

    for (i = 0; i < 3; i++) {
        memory_free(&store);
        memory_init(&store);

        switch (i) {

        case 0:
            store_put("old", "{", 1000);
            break;

        case 1:

            /* an entry without a key, and one of no valid length */

            memory_set(&store, PORTONE_DB_IDEMPOTENCY_EXPIRY, "12345678",
                       NULL, NULL, "");
            break;

        case 2:
            memory_set(&store, PORTONE_DB_IDEMPOTENCY_EXPIRY, "1234",
                       NULL, NULL, "");
            break;
        }

        assert_int_equal(store_claim("key-1", "r2", NOW + TTL, NOW),
                         PORTONE_OK);

        /* told once, and not in the way of the next ones */

        assert_int_equal(store.unreadable, 1);
        assert_int_equal(store_entries(), 1);

        assert_int_equal(store_claim("key-2", "r3", NOW + TTL, NOW),
                         PORTONE_OK);
        assert_int_equal(store.unreadable, 1);

        if (i == 0) {
            assert_string_equal(index_saved(&store, "old"), "{");
            assert_int_equal(store_get("old", NOW), PORTONE_ERROR);
            assert_int_equal(store_claim("old", "r4", NOW + TTL, NOW),
                             PORTONE_ERROR);
            assert_int_equal(store.unreadable, 3);
        }
    }
}


static void
a_time_of_64_bits_is_in_the_future(void **state)
{
    memory_set(&store, PORTONE_DB_IDEMPOTENCY_EXPIRY,
               "\377\377\377\377\377\377\377\377" "shop", "old", NULL, "");

    assert_int_equal(store_claim("key-1", "r2", NOW + TTL, NOW), PORTONE_OK);
    assert_int_equal(memory_count(&store, PORTONE_DB_IDEMPOTENCY_EXPIRY), 2);
}


static void
a_key_that_does_not_fit_the_index_is_an_error(void **state)
{
    size_t       len;
    operation_t  op;

    for (len = PORTONE_KEY_MAX - 9; len <= PORTONE_KEY_MAX; len++) {
        memset(&op, 0, sizeof(operation_t));

        op.what = CLAIM;
        op.key.len = len;
        memset(op.key.data, 'k', len);
        op.record = portone_str(RECORD("r2", 1763757100, "null"));
        op.expires_at = NOW + TTL;
        op.now = NOW;

        assert_int_equal(memory_apply(&store, store_apply, &op),
                         (len <= PORTONE_KEY_MAX - 8) ? PORTONE_OK
                                                      : PORTONE_ERROR);
    }

    assert_int_equal(store_entries(), 2);
    index_check(&store);

    /* the longest one there can be */

    assert_true(64 + 1 + PORTONE_IDEMPOTENCY_KEY_MAX + 8 <= PORTONE_KEY_MAX);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_record_is_readable),
        cmocka_unit_test(a_record_is_complete_or_none),
        cmocka_unit_test_setup_teardown(a_key_is_found_until_it_expires,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_key_is_claimed_once, begin, end),
        cmocka_unit_test_setup_teardown(
            an_expired_key_leaves_no_trace_in_the_index, begin, end),
        cmocka_unit_test_setup_teardown(
            an_answer_is_saved_for_its_own_refund, begin, end),
        cmocka_unit_test_setup_teardown(
            a_claim_clears_away_a_few_the_oldest_first, begin, end),
        cmocka_unit_test_setup_teardown(
            the_key_of_an_open_refund_is_never_cleared_away, begin, end),
        cmocka_unit_test_setup_teardown(
            an_entry_that_is_not_its_own_takes_no_record_away, begin, end),
        cmocka_unit_test_setup_teardown(
            what_is_not_understood_holds_up_itself_only, begin, end),
        cmocka_unit_test_setup_teardown(
            a_time_of_64_bits_is_in_the_future, begin, end),
        cmocka_unit_test_setup_teardown(
            a_key_that_does_not_fit_the_index_is_an_error, begin, end)
    };

    return cmocka_run_group_tests_name("idempotency", tests, NULL, NULL);
}
