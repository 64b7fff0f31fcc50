
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * Which open refunds the reconciler is given, and that it gets to all of
 * them.
 */


#include "unit.h"

#include "portone_ledger.h"

#include "memory_txn.h"


#define NOW  1763757000

#define ACCOUNT  "0123456789abcdef0123456789abcdef"

#define INTENT(state, settle_at)                                              \
    "{\"refund_id\":\"r1\",\"state\":\"" state "\",\"settle_at\":" settle_at  \
    "}"


static memory_store_t      store;
static portone_due_list_t  list;


static int
begin(void **state)
{
    memory_init(&store);

    memset(&list, 0xa5, sizeof(portone_due_list_t));

    list.last.len = 0;
    list.now = NOW;
    list.max = PORTONE_DUE_MAX;

    return 0;
}


static int
end(void **state)
{
    memory_free(&store);

    return 0;
}


static void
put(const char *merchant, size_t number, const char *intent)
{
    char  uid[32];

    snprintf(uid, sizeof(uid), "imp_%04zu", number);

    memory_set(&store, PORTONE_DB_INTENTS, merchant, uid, NULL, intent);
}


static void
look(void)
{
    assert_int_equal(memory_read(&store, portone_ledger_due, &list),
                     PORTONE_OK);
}


static void
expect_key(size_t i, const char *merchant, size_t number)
{
    char    key[64];
    size_t  len;

    len = (size_t) snprintf(key, sizeof(key), "%s/imp_%04zu", merchant,
                            number);
    key[strlen(merchant)] = '\0';

    assert_true(i < list.n);
    assert_int_equal(list.due[i].key.len, len);
    assert_memory_equal(list.due[i].key.data, key, len);
}


static void
nothing_is_open(void **state)
{
    look();

    assert_int_equal(list.n, 0);
    assert_true(list.done);
    assert_int_equal(list.last.len, 0);

    /* what is settled is not open */

    memory_set(&store, PORTONE_DB_ATTEMPTS, "shop", "imp_1", "r1",
               INTENT("unknown", "1"));
    look();

    assert_int_equal(list.n, 0);
}


static void
only_those_whose_time_has_come(void **state)
{
    put("shop", 1, INTENT("sending", "1763757000"));
    put("shop", 2, INTENT("pending", "1763756999"));
    put("shop", 3, INTENT("unknown", "1"));
    put("shop", 4, INTENT("unknown", "1763757001"));
    put("shop", 5, INTENT("manual_review", "1"));
    put("shop", 6, INTENT("succeeded", "1"));
    put("shop", 7, INTENT("paused", "1"));
    put("shop", 8, "{\"state\":\"unknown\"}");
    put("shop", 9, "{\"settle_at\":1}");

    look();

    assert_int_equal(list.n, 3);
    assert_true(list.done);
    expect_key(0, "shop", 1);
    expect_key(1, "shop", 2);
    expect_key(2, "shop", 3);
}


static void
what_cannot_be_read_is_skipped(void **state)
{
    put("shop", 1, "{");
    put("shop", 2, "");
    put("shop", 3, "[]");
    put("shop", 4, "{\"state\":[],\"settle_at\":{}}");
    put("shop", 5, INTENT("unknown", "1"));

    look();

    assert_int_equal(list.n, 1);
    assert_true(list.done);
    expect_key(0, "shop", 5);
}


static void
with_the_account_they_were_sent_by(void **state)
{
    put("shop", 1, "{\"state\":\"unknown\",\"settle_at\":1,"
        "\"account\":\"" ACCOUNT "\",\"tier\":\"ABC\","
        "\"include_sandbox\":true}");
    put("shop", 2, "{\"state\":\"unknown\",\"settle_at\":1,"
        "\"account\":\"f00d\",\"tier\":\"\",\"include_sandbox\":false}");
    put("shop", 3, INTENT("unknown", "1"));
    put("shop", 4, "{\"state\":\"unknown\",\"settle_at\":1,"
        "\"account\":\"" ACCOUNT "0\",\"tier\":\"ABCD\","
        "\"include_sandbox\":1}");

    look();

    assert_int_equal(list.n, 4);

    assert_string_equal(list.due[0].account, ACCOUNT);
    assert_string_equal(list.due[0].tier, "ABC");
    assert_true(list.due[0].include_sandbox);

    assert_string_equal(list.due[1].account, "f00d");
    assert_string_equal(list.due[1].tier, "");
    assert_false(list.due[1].include_sandbox);

    assert_string_equal(list.due[2].account, "");
    assert_string_equal(list.due[2].tier, "");
    assert_false(list.due[2].include_sandbox);

    /* too long to be one */

    assert_string_equal(list.due[3].account, "");
    assert_string_equal(list.due[3].tier, "");
    assert_false(list.due[3].include_sandbox);
}


static void
all_merchants_in_turn(void **state)
{
    size_t  i;

    for (i = 0; i < 12; i++) {
        put("a", i, INTENT("unknown", "1"));
        put("b", i, INTENT("unknown", "1"));
    }

    look();

    assert_int_equal(list.n, PORTONE_DUE_MAX);
    assert_false(list.done);
    expect_key(0, "a", 0);
    expect_key(11, "a", 11);
    expect_key(15, "b", 3);

    look();

    assert_int_equal(list.n, 8);
    assert_true(list.done);
    expect_key(0, "b", 4);
    expect_key(7, "b", 11);

    /* and from the first on */

    look();

    assert_int_equal(list.n, PORTONE_DUE_MAX);
    expect_key(0, "a", 0);
}


static void
it_goes_on_where_it_ended_although_that_is_gone(void **state)
{
    size_t  i;

    for (i = 0; i < 20; i++) {
        put("shop", i, INTENT("unknown", "1"));
    }

    look();
    expect_key(15, "shop", 15);

    memory_unset(&store, PORTONE_DB_INTENTS, 15);

    look();

    assert_int_equal(list.n, 4);
    assert_true(list.done);
    expect_key(0, "shop", 16);
}


/* many that are not due do not make one look long, nor hide those that are */

static void
a_look_has_an_end(void **state)
{
    size_t  i, calls;

    for (i = 0; i < PORTONE_DUE_LOOK; i++) {
        put("shop", i, INTENT("manual_review", "1"));
    }

    put("shop", PORTONE_DUE_LOOK, INTENT("unknown", "1"));

    calls = store.calls;

    look();

    assert_int_equal(store.calls - calls, PORTONE_DUE_LOOK);
    assert_int_equal(list.n, 0);
    assert_false(list.done);

    look();

    assert_int_equal(list.n, 1);
    assert_true(list.done);
    expect_key(0, "shop", PORTONE_DUE_LOOK);
}


static void
exactly_one_look_full(void **state)
{
    size_t  i;

    for (i = 0; i < PORTONE_DUE_MAX; i++) {
        put("shop", i, INTENT("unknown", "1"));
    }

    look();

    assert_int_equal(list.n, PORTONE_DUE_MAX);

    look();

    assert_int_equal(list.n, 0);
    assert_true(list.done);
}


static void
the_store_fails(void **state)
{
    size_t  n;

    for (n = 0; n < 3; n++) {
        put("shop", n, INTENT("unknown", "1"));
    }

    for (n = 1; n <= 4; n++) {
        list.last.len = 0;
        store.calls = 0;
        store.fail_at = n;

        assert_int_equal(memory_read(&store, portone_ledger_due, &list),
                         PORTONE_ERROR);
    }

    /* what was passed over by that comes again */

    store.fail_at = 0;

    look();
    look();

    assert_int_equal(list.n, 3);
}


static void
memory_runs_out(void **state)
{
    size_t  n, live;

    for (n = 0; n < 3; n++) {
        put("shop", n, INTENT("unknown", "1"));
    }

    unit_hooks();
    live = unit_live;

    for (n = 1; /* void */ ; n++) {
        unit_allocations = 0;
        unit_fail_at = n;

        look();

        unit_fail_at = 0;

        assert_int_equal(unit_live, live);
        assert_true(list.done);

        if (unit_allocations < n) {
            break;
        }

        /* those of the rest are there */

        assert_true(list.n >= 2);
    }

    assert_int_equal(list.n, 3);
    assert_true(n > 10);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_open, begin, end),
        cmocka_unit_test_setup_teardown(only_those_whose_time_has_come,
                                        begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_is_skipped,
                                        begin, end),
        cmocka_unit_test_setup_teardown(with_the_account_they_were_sent_by,
                                        begin, end),
        cmocka_unit_test_setup_teardown(all_merchants_in_turn, begin, end),
        cmocka_unit_test_setup_teardown(
            it_goes_on_where_it_ended_although_that_is_gone, begin, end),
        cmocka_unit_test_setup_teardown(a_look_has_an_end, begin, end),
        cmocka_unit_test_setup_teardown(exactly_one_look_full, begin, end),
        cmocka_unit_test_setup_teardown(the_store_fails, begin, end),
        cmocka_unit_test_setup_teardown(memory_runs_out, begin, end)
    };

    return cmocka_run_group_tests_name("due", tests, NULL, NULL);
}
