
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * How many refunds are open, since when, and which of them need a person.
 */


#include "unit.h"

#include "portone_overview.h"

#include "memory_txn.h"


#define INTENT(state, at)                                                     \
    "{\"state\":\"" state "\",\"requested_at\":" at ",\"refund_id\":\"r1\","  \
    "\"merchant_uid\":\"order\",\"amount\":10.5,\"currency\":\"USD\"}"


static memory_store_t    store;
static portone_overview_t  survey;
static portone_recent_t  recent;


#define JOURNAL(uid, state, at)                                               \
    "{\"time\":" at ",\"kind\":\"settle\",\"merchant\":\"shop\","             \
    "\"imp_uid\":\"" uid "\",\"merchant_uid\":\"order\","                     \
    "\"refund_id\":\"r1\",\"state\":\"" state "\",\"amount\":300,"            \
    "\"currency\":\"KRW\"}"


static struct {
    portone_str_t  key;
    portone_str_t  value;
} put_entry;


static int
apply_entry(portone_txn_t *txn, void *data)
{
    return txn->put(txn, PORTONE_DB_JOURNAL, &put_entry.key,
                    &put_entry.value);
}


static int
begin(void **state)
{
    memory_init(&store);
    memset(&survey, 0, sizeof(portone_overview_t));

    return 0;
}


static int
end(void **state)
{
    memory_free(&store);

    return 0;
}


static void
put(const char *uid, const char *intent)
{
    memory_set(&store, PORTONE_DB_INTENTS, "shop", uid, NULL, intent);
}


/* how many looks it takes */

static size_t
look(void)
{
    size_t  n;

    for (n = 1; n < 100; n++) {
        assert_int_equal(memory_read(&store, portone_overview, &survey),
                         PORTONE_OK);

        if (survey.done) {
            break;
        }
    }

    return n;
}


static void
nothing_is_open(void **state)
{
    memory_set(&store, PORTONE_DB_ATTEMPTS, "shop", "imp_1", "r1",
               INTENT("manual_review", "1"));

    assert_int_equal(look(), 1);

    assert_int_equal(survey.n, 0);
    assert_int_equal(survey.open[PORTONE_STATE_MANUAL_REVIEW], 0);
    assert_int_equal(survey.open[PORTONE_STATE_MAX], 0);
}


static void
each_state_has_a_number_and_an_age(void **state)
{
    put("imp_1", INTENT("sending", "300"));
    put("imp_2", INTENT("unknown", "200"));
    put("imp_3", INTENT("unknown", "100"));
    put("imp_4", INTENT("unknown", "150"));
    put("imp_5", INTENT("pending", "-1"));
    put("imp_6", INTENT("pending", "0"));

    assert_int_equal(look(), 1);

    assert_int_equal(survey.open[PORTONE_STATE_SENDING], 1);
    assert_int_equal(survey.open[PORTONE_STATE_UNKNOWN], 3);
    assert_int_equal(survey.open[PORTONE_STATE_PENDING], 2);
    assert_int_equal(survey.open[PORTONE_STATE_MANUAL_REVIEW], 0);

    assert_int_equal(survey.oldest[PORTONE_STATE_SENDING], 300);
    assert_int_equal(survey.oldest[PORTONE_STATE_UNKNOWN], 100);
    assert_int_equal(survey.oldest[PORTONE_STATE_PENDING], 0);

    assert_int_equal(survey.n, 0);
}


static void
what_needs_a_person_is_described(void **state)
{
    put("imp_1", INTENT("manual_review", "100"));

    assert_int_equal(look(), 1);

    assert_int_equal(survey.n, 1);
    assert_int_equal(survey.reviews[0].state, PORTONE_STATE_MANUAL_REVIEW);
    assert_int_equal(survey.reviews[0].time, 100);
    assert_string_equal(survey.reviews[0].merchant, "shop");
    assert_string_equal(survey.reviews[0].imp_uid, "imp_1");
    assert_string_equal(survey.reviews[0].merchant_uid, "order");
    assert_string_equal(survey.reviews[0].refund_id, "r1");
    assert_string_equal(survey.reviews[0].amount, "10.5");
    assert_string_equal(survey.reviews[0].currency, "USD");
}


/* what cannot be read locks its payment, so a person has to know */

static void
what_cannot_be_read_needs_a_person(void **state)
{
    put("imp_1", "not JSON");
    put("imp_2", INTENT("succeeded", "300"));
    put("imp_3", INTENT("asleep", "200"));
    put("imp_4", "[]");

    assert_int_equal(look(), 1);

    assert_int_equal(survey.open[PORTONE_STATE_MAX], 4);
    assert_int_equal(survey.open[PORTONE_STATE_SUCCEEDED], 0);
    assert_int_equal(survey.oldest[PORTONE_STATE_MAX], 200);

    assert_int_equal(survey.n, 4);
    assert_int_equal(survey.reviews[0].state, PORTONE_STATE_MAX);
    assert_string_equal(survey.reviews[0].imp_uid, "imp_1");
    assert_string_equal(survey.reviews[0].merchant_uid, "");
    assert_string_equal(survey.reviews[0].refund_id, "");
    assert_string_equal(survey.reviews[0].amount, "");
    assert_string_equal(survey.reviews[1].imp_uid, "imp_4");
    assert_string_equal(survey.reviews[2].imp_uid, "imp_3");
    assert_string_equal(survey.reviews[3].imp_uid, "imp_2");
}


/* a record that somebody has damaged does not write over anything */

static void
what_is_too_long_is_cut(void **state)
{
    char    text[4096], value[1024];
    size_t  i;

    /* three bytes each, so that the last one does not fit */

    for (i = 0; i + 3 < sizeof(value); i += 3) {
        memcpy(value + i, "\xea\xb0\x80", 3);
    }

    value[i] = '\0';

    snprintf(text, sizeof(text),
             "{\"state\":\"manual_review\",\"merchant_uid\":\"%s\","
             "\"refund_id\":\"%s\",\"currency\":\"%s\","
             "\"amount\":\"%.9s\"}", value, value, value, value);
    put("imp_1", text);

    assert_int_equal(look(), 1);

    assert_int_equal(survey.n, 1);
    assert_int_equal(strlen(survey.reviews[0].merchant_uid), 159);
    assert_int_equal(strlen(survey.reviews[0].refund_id), 36);
    assert_int_equal(strlen(survey.reviews[0].currency), 3);
    assert_string_equal(survey.reviews[0].amount, "");
    assert_int_equal(survey.reviews[0].time, 0);
}


/* their order in the store is neither that of age nor the reverse */

static void
the_oldest_are_kept(void **state)
{
    char    uid[16], text[256];
    size_t  i, at;

    for (i = 0; i < 50; i++) {
        at = 1000 + i * 37 % 50;

        snprintf(uid, sizeof(uid), "imp_%02zu", i);
        snprintf(text, sizeof(text), INTENT("manual_review", "%zu"), at);
        put(uid, text);
    }

    assert_int_equal(look(), 1);

    assert_int_equal(survey.open[PORTONE_STATE_MANUAL_REVIEW], 50);
    assert_int_equal(survey.need, 50);
    assert_int_equal(survey.oldest[PORTONE_STATE_MANUAL_REVIEW], 1000);
    assert_int_equal(survey.n, PORTONE_OVERVIEW_REVIEWS);

    for (i = 0; i < PORTONE_OVERVIEW_REVIEWS; i++) {
        assert_int_equal(survey.reviews[i].time, 1000 + i);
    }
}


static void
what_is_pending_for_long_needs_a_person(void **state)
{
    put("imp_1", INTENT("pending", "499"));
    put("imp_2", INTENT("pending", "500"));
    put("imp_3", INTENT("unknown", "100"));
    put("imp_4", INTENT("sending", "100"));
    put("imp_5", INTENT("pending", "0"));
    put("imp_6", INTENT("manual_review", "900"));

    survey.late = 500;

    assert_int_equal(look(), 1);

    assert_int_equal(survey.need, 2);
    assert_int_equal(survey.n, 2);
    assert_string_equal(survey.reviews[0].imp_uid, "imp_1");
    assert_int_equal(survey.reviews[0].state, PORTONE_STATE_PENDING);
    assert_string_equal(survey.reviews[1].imp_uid, "imp_6");
}


static void
many_take_several_looks(void **state)
{
    char    uid[16];
    size_t  i;

    for (i = 0; i < 2 * PORTONE_OVERVIEW_LOOK; i++) {
        snprintf(uid, sizeof(uid), "imp_%04zu", i);
        put(uid, INTENT("unknown", "100"));
    }

    /* that it was the last one is seen by looking for the next one */

    assert_int_equal(look(), 3);
    assert_int_equal(survey.open[PORTONE_STATE_UNKNOWN],
                     2 * PORTONE_OVERVIEW_LOOK);
}


static void
a_store_that_fails_is_told(void **state)
{
    put("imp_1", INTENT("unknown", "100"));
    put("imp_2", INTENT("unknown", "100"));

    store.fail_at = 2;

    assert_int_equal(memory_read(&store, portone_overview, &survey),
                     PORTONE_ERROR);
}


/* want of memory is not a damaged record */

static void *
no_memory(size_t size)
{
    errno = ENOMEM;

    return NULL;
}


static void
no_memory_is_told(void **state)
{
    cJSON_Hooks  hooks = { no_memory, free };

    put("imp_1", INTENT("unknown", "100"));

    cJSON_InitHooks(&hooks);

    assert_int_equal(memory_read(&store, portone_overview, &survey),
                     PORTONE_ERROR);

    cJSON_InitHooks(NULL);

    assert_int_equal(survey.open[PORTONE_STATE_MAX], 0);
}


/* the journal's keys are eight bytes, with NUL bytes in them */

static void
journal(size_t sequence, const char *entry)
{
    size_t         i;
    char           key[8];
    portone_str_t  k, v;

    for (i = 0; i < sizeof(key); i++) {
        key[sizeof(key) - 1 - i] = (char) (sequence >> (8 * i) & 0xff);
    }

    k.data = key;
    k.len = sizeof(key);
    v = portone_str(entry);

    put_entry.key = k;
    put_entry.value = v;

    assert_int_equal(memory_apply(&store, apply_entry, NULL), PORTONE_OK);
}


static void
look_back(void)
{
    memset(&recent, 0xa5, sizeof(portone_recent_t));

    assert_int_equal(memory_read(&store, portone_overview_recent, &recent),
                     PORTONE_OK);
}


static void
an_empty_journal_has_no_refunds(void **state)
{
    look_back();

    assert_int_equal(recent.n, 0);
}


static void
refunds_of_the_journal_come_last_first(void **state)
{
    journal(1, JOURNAL("imp_1", "succeeded", "100"));
    journal(2, "{\"kind\":\"deposit\",\"imp_uid\":\"imp_2\"}");
    journal(255, "damaged");
    journal(256, JOURNAL("imp_3", "rejected", "300"));

    look_back();

    assert_int_equal(recent.n, 2);

    assert_int_equal(recent.refunds[0].state, PORTONE_STATE_REJECTED);
    assert_int_equal(recent.refunds[0].time, 300);
    assert_string_equal(recent.refunds[0].imp_uid, "imp_3");
    assert_string_equal(recent.refunds[0].merchant_uid, "order");
    assert_string_equal(recent.refunds[0].merchant, "shop");
    assert_string_equal(recent.refunds[0].refund_id, "r1");
    assert_string_equal(recent.refunds[0].amount, "300");
    assert_string_equal(recent.refunds[0].currency, "KRW");

    assert_int_equal(recent.refunds[1].state, PORTONE_STATE_SUCCEEDED);
    assert_int_equal(recent.refunds[1].time, 100);
}


static void
so_many_refunds_of_the_journal(void **state)
{
    size_t  i;

    for (i = 1; i <= PORTONE_RECENT_MAX + 5; i++) {
        journal(i, JOURNAL("imp_1", "succeeded", "100"));
    }

    look_back();

    assert_int_equal(recent.n, PORTONE_RECENT_MAX);
}


static void
so_far_back_in_the_journal(void **state)
{
    size_t  i;

    journal(1, JOURNAL("imp_1", "succeeded", "100"));

    for (i = 2; i <= PORTONE_RECENT_LOOK; i++) {
        journal(i, "{}");
    }

    look_back();
    assert_int_equal(recent.n, 1);

    journal(PORTONE_RECENT_LOOK + 1, "{}");

    look_back();
    assert_int_equal(recent.n, 0);
}


static void
a_journal_that_fails_is_told(void **state)
{
    journal(1, JOURNAL("imp_1", "succeeded", "100"));
    journal(2, JOURNAL("imp_1", "succeeded", "100"));

    store.fail_at = store.calls + 2;

    assert_int_equal(memory_read(&store, portone_overview_recent, &recent),
                     PORTONE_ERROR);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_open, begin, end),
        cmocka_unit_test_setup_teardown(each_state_has_a_number_and_an_age,
                                        begin, end),
        cmocka_unit_test_setup_teardown(what_needs_a_person_is_described,
                                        begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_needs_a_person,
                                        begin, end),
        cmocka_unit_test_setup_teardown(what_is_too_long_is_cut, begin, end),
        cmocka_unit_test_setup_teardown(the_oldest_are_kept, begin, end),
        cmocka_unit_test_setup_teardown(
                        what_is_pending_for_long_needs_a_person, begin, end),
        cmocka_unit_test_setup_teardown(many_take_several_looks, begin, end),
        cmocka_unit_test_setup_teardown(a_store_that_fails_is_told, begin,
                                        end),
        cmocka_unit_test_setup_teardown(no_memory_is_told, begin, end),
        cmocka_unit_test_setup_teardown(an_empty_journal_has_no_refunds,
                                        begin, end),
        cmocka_unit_test_setup_teardown(
            refunds_of_the_journal_come_last_first, begin, end),
        cmocka_unit_test_setup_teardown(so_many_refunds_of_the_journal,
                                        begin, end),
        cmocka_unit_test_setup_teardown(so_far_back_in_the_journal, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_journal_that_fails_is_told, begin,
                                        end)
    };

    return cmocka_run_group_tests_name("survey", tests, NULL, NULL);
}
