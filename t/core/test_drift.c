
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * Stored payments are held against PortOne's: which are asked for at a time,
 * what is a difference, and when it is stored.
 */


#include "unit.h"
#include "memory_txn.h"

#include "portone_drift.h"
#include "portone_json.h"


#define NOW  1763757000

#define PAYMENT(imp, members)                                                 \
    "{\"imp_uid\":\"" imp "\",\"merchant_uid\":\"o\",\"amount\":1000,"        \
    "\"currency\":\"KRW\"," members "}"
#define PAID(imp)  PAYMENT(imp, "\"cancel_amount\":0,\"status\":\"paid\"")

#define ENTRY(id, amount)                                                     \
    "{\"amount\":" #amount ",\"cancelled_at\":1,\"reason\":\"r\","            \
    "\"cancellation_id\":\"" id "\"}"
#define OLD(amount)                                                           \
    "{\"amount\":" #amount ",\"cancelled_at\":1,\"pg_tid\":\"t\"}"
#define PART(imp, cancelled, entries)                                         \
    PAYMENT(imp, "\"cancel_amount\":" #cancelled ",\"status\":\"cancelled\"," \
                 "\"cancel_history\":[" entries "]")

#define INTENT(state)  "{\"refund_id\":\"r\",\"state\":\"" state "\"}"


static memory_store_t    store;
static portone_drift_t  *drift;


static int
set_up(void **state)
{
    memory_init(&store);

    drift = calloc(1, sizeof(portone_drift_t));

    return drift == NULL;
}


static int
tear_down(void **state)
{
    portone_drift_free(drift);
    free(drift);
    memory_free(&store);

    return 0;
}


static void
put(const char *merchant, const char *imp_uid, const char *text)
{
    memory_set(&store, PORTONE_DB_PAYMENTS, merchant, imp_uid, NULL, text);
}


static int
batch(void)
{
    portone_drift_free(drift);

    return memory_read(&store, portone_drift_batch, drift);
}


static int
compare(const char *response)
{
    int                rc;
    char              *text;
    portone_answer_t   answer;

    text = malloc(strlen(response) + 64);
    assert_non_null(text);

    sprintf(text, "{\"code\":0,\"message\":null,\"response\":%s}", response);

    portone_answer_parse(&answer, 207, text, strlen(text));
    assert_int_equal(answer.kind, PORTONE_ANSWER_OK);

    rc = portone_drift_compare(drift, &answer, NOW);

    portone_answer_free(&answer);
    free(text);

    return rc;
}


/* the identifiers of the batch, separated by blanks */

static const char *
uids(void)
{
    size_t       i, len;
    static char  text[8192];

    text[0] = '\0';
    len = 0;

    for (i = 0; i < drift->n; i++) {
        len += sprintf(text + len, "%s%.*s", i ? " " : "",
                       (int) drift->payments[i].imp_uid.len,
                       drift->payments[i].imp_uid.data);
    }

    return text;
}


static void
an_empty_store_is_done_at_once(void **state)
{
    assert_int_equal(batch(), PORTONE_OK);
    assert_int_equal(drift->n, 0);
    assert_int_equal(drift->done, 1);
    assert_int_equal(drift->last.len, 0);
}


static void
a_batch_has_a_hundred(void **state)
{
    int   i;
    char  uid[16], text[256];

    for (i = 0; i < 250; i++) {
        sprintf(uid, "imp_%03d", i);
        sprintf(text, PAYMENT("imp_%03d", "\"cancel_amount\":0,\"status\":"
                                          "\"paid\""), i);
        put("shop", uid, text);
    }

    assert_int_equal(batch(), PORTONE_OK);
    assert_int_equal(drift->n, 100);
    assert_int_equal(drift->done, 0);
    unit_text(drift->payments[0].imp_uid.data,
              drift->payments[0].imp_uid.len, "imp_000");
    unit_text(drift->payments[99].imp_uid.data,
              drift->payments[99].imp_uid.len, "imp_099");

    assert_int_equal(batch(), PORTONE_OK);
    assert_int_equal(drift->n, 100);
    unit_text(drift->payments[0].imp_uid.data,
              drift->payments[0].imp_uid.len, "imp_100");

    assert_int_equal(batch(), PORTONE_OK);
    assert_int_equal(drift->n, 50);
    assert_int_equal(drift->done, 1);

    /* and from the first one on again */

    assert_int_equal(batch(), PORTONE_OK);
    assert_int_equal(drift->n, 100);
    unit_text(drift->payments[0].imp_uid.data,
              drift->payments[0].imp_uid.len, "imp_000");
}


static void
a_batch_is_of_one_merchant(void **state)
{
    put("one", "imp_1", PAID("imp_1"));
    put("one", "imp_2", PAID("imp_2"));
    put("oneself", "imp_3", PAID("imp_3"));
    put("two", "imp_4", PAID("imp_4"));

    assert_int_equal(batch(), PORTONE_OK);
    assert_string_equal(uids(), "imp_1 imp_2");
    assert_int_equal(drift->merchant, 3);

    assert_int_equal(batch(), PORTONE_OK);
    assert_string_equal(uids(), "imp_3");
    assert_int_equal(drift->merchant, 7);

    assert_int_equal(batch(), PORTONE_OK);
    assert_string_equal(uids(), "imp_4");
    assert_int_equal(drift->done, 1);
}


static void
open_refunds_are_left_out(void **state)
{
    static const char  *const  states[] = {
        "sending", "pending", "unknown", "paused"
    };

    int   i;
    char  uid[16], intent[64];

    for (i = 0; i < 4; i++) {
        sprintf(uid, "imp_%d", i);
        sprintf(intent, INTENT("%s"), states[i]);

        put("shop", uid, PAID("x"));
        memory_set(&store, PORTONE_DB_INTENTS, "shop", uid, NULL, intent);
    }

    put("shop", "imp_5", PAID("imp_5"));
    memory_set(&store, PORTONE_DB_INTENTS, "shop", "imp_5", NULL,
               INTENT("manual_review"));
    put("shop", "imp_6", PAID("imp_6"));
    put("shop", "imp_7", PAID("imp_7"));
    memory_set(&store, PORTONE_DB_INTENTS, "shop", "imp_7", NULL, "broken");
    put("shop", "imp_8", "");

    assert_int_equal(batch(), PORTONE_OK);
    assert_string_equal(uids(), "imp_5 imp_6");
    assert_int_equal(drift->skipped, 6);
    assert_int_equal(drift->done, 1);
}


/* many that are left out do not make one turn long */

static void
the_work_is_bounded(void **state)
{
    int   i;
    char  uid[16];

    for (i = 0; i < 450; i++) {
        sprintf(uid, "imp_%03d", i);
        put("shop", uid, PAID("x"));
        memory_set(&store, PORTONE_DB_INTENTS, "shop", uid, NULL,
                   INTENT("sending"));
    }

    assert_int_equal(batch(), PORTONE_OK);
    assert_int_equal(drift->n, 0);
    assert_int_equal(drift->skipped, PORTONE_DRIFT_LOOK);
    assert_int_equal(drift->done, 0);

    assert_int_equal(batch(), PORTONE_OK);
    assert_int_equal(batch(), PORTONE_OK);
    assert_int_equal(drift->done, 1);
}


static void
long_payments_are_few(void **state)
{
    int    i;
    char   uid[256];
    char  *text;

    text = malloc(PORTONE_DRIFT_TEXTS + 1024);
    assert_non_null(text);

    /* the first one has to be looked at, however long it is */

    memset(text, 'x', PORTONE_DRIFT_TEXTS + 1);
    text[PORTONE_DRIFT_TEXTS + 1] = '\0';

    put("shop", "imp_1", text);

    text[PORTONE_DRIFT_TEXTS / 2] = '\0';

    put("shop", "imp_2", text);
    put("shop", "imp_3", text);
    put("shop", "imp_4", text);

    free(text);

    assert_int_equal(batch(), PORTONE_OK);
    assert_string_equal(uids(), "imp_1");
    assert_int_equal(batch(), PORTONE_OK);
    assert_string_equal(uids(), "imp_2 imp_3");
    assert_int_equal(batch(), PORTONE_OK);
    assert_string_equal(uids(), "imp_4");
    assert_int_equal(drift->done, 1);

    /* so are those with long identifiers, which make the URL long */

    for (i = 0; i < 40; i++) {
        sprintf(uid, "z%0199d", i);
        put("shop", uid, PAID("x"));
    }

    drift->last.len = 0;

    assert_int_equal(batch(), PORTONE_OK);
    assert_int_equal(batch(), PORTONE_OK);
    assert_int_equal(batch(), PORTONE_OK);
    assert_int_equal(drift->n, 11);
    assert_int_equal(batch(), PORTONE_OK);
    assert_int_equal(drift->n, 10);
}


typedef struct {
    const char  *stored;
    const char  *portone;
    int          differs;
    size_t       appeared;
    size_t       vanished;
} difference_t;


static const difference_t  differences[] = {
    { PAID("imp_1"), PAID("imp_1"), 0, 0, 0 },
    { PART("imp_1", 300, ENTRY("a", 300)),
      PART("imp_1", 300, ENTRY("a", 300)), 0, 0, 0 },

    { PAID("imp_1"), PART("imp_1", 300, ENTRY("a", 300)), 1, 1, 0 },
    { PART("imp_1", 300, ENTRY("a", 300)), PAID("imp_1"), 1, 0, 1 },
    { PART("imp_1", 300, ENTRY("a", 300)),
      PART("imp_1", 300, ENTRY("b", 300)), 1, 1, 1 },
    { PART("imp_1", 300, ENTRY("a", 300)),
      PART("imp_1", 400, ENTRY("a", 300) "," ENTRY("b", 100)), 1, 1, 0 },

    /* in another order; two that are alike; one of them gone */
    { PART("imp_1", 300, ENTRY("a", 100) "," ENTRY("b", 200)),
      PART("imp_1", 300, ENTRY("b", 200) "," ENTRY("a", 100)), 0, 0, 0 },
    { PART("imp_1", 200, OLD(100) "," OLD(100)),
      PART("imp_1", 200, OLD(100) "," OLD(100)), 0, 0, 0 },
    { PART("imp_1", 200, OLD(100) "," OLD(100)),
      PART("imp_1", 100, OLD(100)), 1, 0, 1 },
    { PART("imp_1", 100, OLD(100)),
      PART("imp_1", 200, OLD(100) "," OLD(100)), 1, 1, 0 },

    { PAYMENT("imp_1", "\"cancel_amount\":0,\"status\":\"ready\""),
      PAID("imp_1"), 1, 0, 0 },
    { PAID("imp_1"), PAYMENT("imp_1", "\"cancel_amount\":10,"
                                      "\"status\":\"paid\""), 1, 0, 0 },
    { PAID("imp_1"),
      "{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"o\",\"amount\":999,"
      "\"currency\":\"KRW\",\"cancel_amount\":0,\"status\":\"paid\"}", 1,
      0, 0 },
    { PAID("imp_1"),
      "{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"p\",\"amount\":1000,"
      "\"currency\":\"KRW\",\"cancel_amount\":0,\"status\":\"paid\"}", 1,
      0, 0 },
    { PAID("imp_1"),
      "{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"o\",\"amount\":1000,"
      "\"currency\":\"JPY\",\"cancel_amount\":0,\"status\":\"paid\"}", 1,
      0, 0 },

    /* other members, and the order of members */
    { PAYMENT("imp_1", "\"cancel_amount\":0,\"status\":\"paid\","
                       "\"buyer_name\":\"Kim\""),
      PAYMENT("imp_1", "\"status\":\"paid\",\"cancel_amount\":0,"
                       "\"new\":[1]"), 0, 0, 0 },

    /* what is stored and cannot be read is replaced */
    { "{}", PAID("imp_1"), 1, 0, 0 }
};


static void
what_matters_is_a_difference(void **state)
{
    size_t  i;
    char    list[1024];

    for (i = 0; i < sizeof(differences) / sizeof(differences[0]); i++) {
        put("shop", "imp_1", differences[i].stored);

        drift->last.len = 0;

        assert_int_equal(batch(), PORTONE_OK);
        assert_int_equal(drift->n, 1);

        snprintf(list, sizeof(list), "[%s]", differences[i].portone);

        assert_int_equal(compare(list), PORTONE_OK);

        if (drift->payments[0].differs != (unsigned) differences[i].differs
            || drift->payments[0].appeared != differences[i].appeared
            || drift->payments[0].vanished != differences[i].vanished)
        {
            fail_msg("case %zu: differs %u, appeared %zu, vanished %zu", i,
                     drift->payments[0].differs, drift->payments[0].appeared,
                     drift->payments[0].vanished);
        }

        assert_int_equal(drift->payments[0].found, 1);
        assert_int_equal(memory_apply(&store, portone_drift_store, drift),
                         PORTONE_OK);
        assert_int_equal(drift->payments[0].save.stored,
                         differences[i].differs);

        if (differences[i].differs) {
            assert_string_equal(memory_value(&store, PORTONE_DB_PAYMENTS,
                                             "shop", "imp_1", NULL),
                                differences[i].portone);

        } else {
            assert_string_equal(memory_value(&store, PORTONE_DB_PAYMENTS,
                                             "shop", "imp_1", NULL),
                                differences[i].stored);
        }
    }
}


static void
only_what_was_asked_for_is_taken(void **state)
{
    put("shop", "imp_1", PAID("imp_1"));
    put("shop", "imp_2", PAID("imp_2"));

    assert_int_equal(batch(), PORTONE_OK);

    /* PortOne does not know one of them: no error */

    assert_int_equal(compare("[" PART("imp_2", 300, ENTRY("a", 300)) "]"),
                     PORTONE_OK);
    assert_int_equal(drift->payments[0].found, 0);
    assert_int_equal(drift->payments[1].found, 1);
    assert_int_equal(drift->payments[1].differs, 1);

    /* twice, another one, none, no list */

    assert_int_equal(compare("[" PAID("imp_2") "]"), PORTONE_ERROR);
    assert_int_equal(compare("[" PAID("imp_3") "]"), PORTONE_ERROR);
    assert_int_equal(compare("[{}]"), PORTONE_ERROR);
    assert_int_equal(compare("[null]"), PORTONE_ERROR);
    assert_int_equal(compare("{}"), PORTONE_ERROR);
    assert_int_equal(compare("null"), PORTONE_ERROR);

    /* what is good beside them is taken */

    assert_int_equal(compare("[{}," PAID("imp_1") "]"), PORTONE_ERROR);
    assert_int_equal(drift->payments[0].found, 1);
    assert_int_equal(drift->payments[1].differs, 1);
    assert_int_equal(compare("[]"), PORTONE_OK);
}


/* while PortOne was asked, somebody else has stored more */

static void
what_others_have_stored_stays(void **state)
{
    put("shop", "imp_1", PAID("imp_1"));
    put("shop", "imp_2", PAID("imp_2"));
    put("shop", "imp_3", PAID("imp_3"));

    assert_int_equal(batch(), PORTONE_OK);
    assert_int_equal(compare("[" PART("imp_1", 300, ENTRY("a", 300)) ","
                             PART("imp_2", 300, ENTRY("b", 300)) ","
                             PART("imp_3", 300, ENTRY("c", 300)) "]"),
                     PORTONE_OK);

    put("shop", "imp_1", PART("imp_1", 400, ENTRY("d", 400)));
    memory_set(&store, PORTONE_DB_INTENTS, "shop", "imp_2", NULL,
               INTENT("sending"));

    assert_int_equal(memory_apply(&store, portone_drift_store, drift),
                     PORTONE_OK);

    assert_int_equal(drift->payments[0].save.stored, 0);
    assert_int_equal(drift->payments[1].save.stored, 0);
    assert_int_equal(drift->payments[2].save.stored, 1);

    assert_string_equal(memory_value(&store, PORTONE_DB_PAYMENTS, "shop",
                                     "imp_1", NULL),
                        PART("imp_1", 400, ENTRY("d", 400)));
    assert_string_equal(memory_value(&store, PORTONE_DB_PAYMENTS, "shop",
                                     "imp_2", NULL),
                        PAID("imp_2"));

    /* each change has its entry */

    assert_int_equal(memory_count(&store, PORTONE_DB_JOURNAL), 1);
}


static void
the_store_fails(void **state)
{
    size_t  n;

    put("shop", "imp_1", PAID("imp_1"));
    put("shop", "imp_2", PAID("imp_2"));

    for (n = 1; ; n++) {
        drift->last.len = 0;
        store.fail_at = store.calls + n;

        if (batch() == PORTONE_OK && drift->skipped == 0) {
            break;
        }

        assert_true(n < 20);
    }

    store.fail_at = 0;

    assert_string_equal(uids(), "imp_1 imp_2");
    assert_int_equal(compare("[" PART("imp_1", 300, ENTRY("a", 300)) ","
                             PART("imp_2", 300, ENTRY("b", 300)) "]"),
                     PORTONE_OK);

    /* all of them, or none */

    for (n = 1; ; n++) {
        store.fail_at = store.calls + n;

        if (memory_apply(&store, portone_drift_store, drift) == PORTONE_OK) {
            break;
        }

        assert_string_equal(memory_value(&store, PORTONE_DB_PAYMENTS, "shop",
                                         "imp_1", NULL), PAID("imp_1"));
        assert_true(n < 40);
    }

    store.fail_at = 0;

    assert_int_equal(drift->payments[0].save.stored, 1);
    assert_int_equal(drift->payments[1].save.stored, 1);
}


static int
round_once(void)
{
    int                done, paused;
    char              *text;
    portone_answer_t   answer;

    static const char  response[] =
        "{\"code\":0,\"message\":null,\"response\":["
        PART("imp_1", 300, ENTRY("a", 300)) "," PAID("imp_2") "]}";

    drift->last.len = 0;
    done = 0;

    paused = unit_paused;
    unit_paused = 1;

    put("shop", "imp_1", PART("imp_1", 200, ENTRY("b", 200)));
    put("shop", "imp_2", PAID("imp_2"));

    unit_paused = paused;

    if (batch() == PORTONE_OK && drift->skipped == 0) {
        text = unit_exact(response, sizeof(response) - 1);

        portone_answer_parse(&answer, 200, text, sizeof(response) - 1);

        free(text);

        done = (answer.kind == PORTONE_ANSWER_OK
                && portone_drift_compare(drift, &answer, NOW) == PORTONE_OK
                && memory_apply(&store, portone_drift_store, drift)
                   == PORTONE_OK
                && drift->payments[0].save.stored);

        portone_answer_free(&answer);
    }

    portone_drift_free(drift);

    return done;
}


static void
memory_runs_out(void **state)
{
    assert_true(unit_exhaust(round_once) > 20);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_store_is_done_at_once,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_has_a_hundred, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_batch_is_of_one_merchant, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(open_refunds_are_left_out, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_work_is_bounded, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(long_payments_are_few, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_matters_is_a_difference, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(only_what_was_asked_for_is_taken,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_others_have_stored_stays,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_store_fails, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_runs_out, set_up, tear_down)
    };

    return cmocka_run_group_tests_name("drift", tests, NULL, NULL);
}
