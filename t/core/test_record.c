
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * The record of a refund: what it keeps as evidence, and what a later
 * reading of PortOne proves by it.
 */


#include "unit.h"

#include "portone_json.h"
#include "portone_record.h"


#define NOW  1763757000


/* cancellations as PortOne lists them; LEGACY: of before they had ids */

#define ENTRY(id, amount, at, reason)                                         \
    "{\"pg_tid\":\"T\",\"amount\":" #amount ",\"cancelled_at\":" #at          \
    ",\"reason\":" reason ",\"cancellation_id\":\"" id "\"}"

#define LEGACY(tid, amount, at)                                               \
    "{\"pg_tid\":\"" tid "\",\"amount\":" #amount ",\"cancelled_at\":" #at    \
    ",\"reason\":null}"

#define OLD   ENTRY("C1", 100, 1763700000, "\"old\"")
#define MINE  ENTRY("C2", 300, 1763757002, "\"why\"")


static void
payment_of(portone_payment_t *payment, const char *cancel_amount,
    const char *history)
{
    char         text[2048];
    const char  *why;

    snprintf(text, sizeof(text),
             "{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"order-1\","
             "\"amount\":1000,\"cancel_amount\":%s,\"currency\":\"KRW\","
             "\"status\":\"paid\",\"cancel_history\":%s}",
             cancel_amount, history);

    if (portone_payment_parse(payment, text, strlen(text), &why)
        != PORTONE_OK)
    {
        fail_msg("%s in %s", why, text);
    }
}


/* "300" of imp_1, at NOW by our clock; NULL: no memory */

static cJSON *
record_of(const portone_payment_t *before, const char *reason,
    int64_t clock_offset)
{
    portone_claim_facts_t  facts;

    memset(&facts, 0, sizeof(portone_claim_facts_t));

    facts.refund_id = portone_str("0192-a");
    facts.merchant = portone_str("shop");
    facts.account = portone_str("f00d");
    facts.reason = portone_str(reason);
    facts.payment = before;
    facts.amount = 300;
    facts.requested_at = NOW;
    facts.settle_at = NOW + 120;
    facts.clock_offset = clock_offset;
    facts.include_sandbox = 1;

    return portone_record_create(&facts);
}


static void
unit_json(const cJSON *json, const char *expected)
{
    char  *text;

    text = cJSON_PrintUnformatted(json);
    assert_non_null(text);
    unit_text(text, strlen(text), expected);
    cJSON_free(text);
}


static void
keys_never_mix(void **state)
{
    size_t         i;
    char           longest[PORTONE_KEY_MAX + 1];
    portone_key_t  key, attempt;
    portone_str_t  merchant, uid;

    static const struct {
        const char  *merchant;
        const char  *uid;
        size_t       len;          /* 0: refused */
        const char  *key;
    } cases[] = {
        { "a", "b", 3, "a\0b" },
        { "a", "ab", 4, "a\0ab" },
        { "aa", "b", 4, "aa\0b" },
        { "", "b", 0, NULL },
        { "a", "", 0, NULL },
        { "", "", 0, NULL }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        merchant = portone_str(cases[i].merchant);
        uid = portone_str(cases[i].uid);

        if (cases[i].len == 0) {
            assert_int_equal(portone_key(&key, &merchant, &uid),
                             PORTONE_DECLINED);
            continue;
        }

        assert_int_equal(portone_key(&key, &merchant, &uid), PORTONE_OK);
        assert_int_equal(key.len, cases[i].len);
        assert_memory_equal(key.data, cases[i].key, cases[i].len);
        assert_int_equal(portone_key_str(&key).len, cases[i].len);
        assert_ptr_equal(portone_key_str(&key).data, key.data);

        uid = portone_str("r");

        assert_int_equal(portone_key_attempt(&attempt, &key, &uid),
                         PORTONE_OK);
        assert_int_equal(attempt.len, cases[i].len + 2);
        assert_memory_equal(attempt.data, cases[i].key, cases[i].len);
        assert_memory_equal(attempt.data + cases[i].len, "\0r", 2);
    }

    /* a NUL inside of a part would make it two */

    merchant = portone_str("a");
    uid.data = "b\0c";
    uid.len = 3;

    assert_int_equal(portone_key(&key, &merchant, &uid), PORTONE_DECLINED);
    assert_int_equal(portone_key(&key, &uid, &merchant), PORTONE_DECLINED);

    /* what LMDB would refuse */

    memset(longest, 'x', sizeof(longest));
    uid.data = longest;
    uid.len = PORTONE_KEY_MAX - 2;

    assert_int_equal(portone_key(&key, &merchant, &uid), PORTONE_OK);
    assert_int_equal(key.len, PORTONE_KEY_MAX);
    assert_int_equal(portone_key_attempt(&attempt, &key, &merchant),
                     PORTONE_DECLINED);

    uid.len++;

    assert_int_equal(portone_key(&key, &merchant, &uid), PORTONE_DECLINED);
}


static void
a_record_keeps_what_settling_needs(void **state)
{
    char                    *text;
    cJSON                   *record, *refund;
    portone_str_t            message = portone_string("한도 초과");
    portone_payment_t        before, after;
    portone_cancellation_t   c;

    payment_of(&before, "200", "[" OLD "," LEGACY("T9", 100, 1763700001) "]");
    payment_of(&after, "500", "[" OLD "," MINE "]");

    record = record_of(&before, "why", -7);

    unit_json(record,
              "{\"refund_id\":\"0192-a\",\"state\":\"sending\","
              "\"merchant\":\"shop\",\"merchant_uid\":\"order-1\","
              "\"imp_uid\":\"imp_1\",\"amount\":300,\"currency\":\"KRW\","
              "\"reason\":\"why\",\"requested_at\":1763757000,"
              "\"settle_at\":1763757120,\"clock_offset\":-7,"
              "\"account\":\"f00d\",\"tier\":null,\"include_sandbox\":true,"
              "\"before\":{\"amount\":1000,\"cancel_amount\":200,"
              "\"cancellations\":[\"C1\",\"100/1763700001/T9\"]}}");

    refund = portone_record_refund(record);
    unit_json(refund,
              "{\"refund_id\":\"0192-a\",\"amount\":300,\"reason\":\"why\","
              "\"state\":\"sending\",\"requested_at\":1763757000,"
              "\"settled_at\":null,\"code\":null,\"message\":null,"
              "\"cancellation_id\":null}");
    cJSON_Delete(refund);

    portone_payment_cancellation(&after, 1, &c);

    assert_int_equal(portone_record_answer(record, -1, &message), PORTONE_OK);
    assert_int_equal(portone_record_after(record, &after), PORTONE_OK);
    assert_int_equal(portone_record_evidence(record, &c), PORTONE_OK);
    assert_int_equal(portone_record_settle(record, PORTONE_STATE_SUCCEEDED,
                                           NOW + 1),
                     PORTONE_OK);

    text = portone_record_print(record);
    assert_non_null(strstr(text, "\"after\":{\"amount\":1000,"
                                 "\"cancel_amount\":500,"
                                 "\"cancellations\":[\"C1\",\"C2\"]}"));
    assert_non_null(strstr(text, "\"before\":{\"amount\":1000,"
                                 "\"cancel_amount\":200,"));
    cJSON_free(text);

    refund = portone_record_refund(record);
    unit_json(refund,
              "{\"refund_id\":\"0192-a\",\"amount\":300,\"reason\":\"why\","
              "\"state\":\"succeeded\",\"requested_at\":1763757000,"
              "\"settled_at\":1763757001,\"code\":-1,"
              "\"message\":\"한도 초과\",\"cancellation_id\":\"C2\"}");
    cJSON_Delete(refund);

    cJSON_Delete(record);
    portone_payment_free(&before);
    portone_payment_free(&after);
}


static void
states_have_words(void **state)
{
    size_t             i;
    cJSON             *record;
    portone_payment_t  before;

    static const struct {
        portone_state_e  state;
        const char      *word;
        int64_t          settled_at;
    } cases[] = {
        { PORTONE_STATE_SENDING, "sending", 0 },
        { PORTONE_STATE_PENDING, "pending", 0 },
        { PORTONE_STATE_SUCCEEDED, "succeeded", NOW },
        { PORTONE_STATE_REJECTED, "rejected", NOW },
        { PORTONE_STATE_UNKNOWN, "unknown", 0 },
        { PORTONE_STATE_NOT_EXECUTED, "not_executed", NOW },
        { PORTONE_STATE_MANUAL_REVIEW, "manual_review", 0 }
    };

    static const char  *broken[] = {
        "{}", "{\"state\":null}", "{\"state\":\"\"}", "{\"state\":\"paid\"}",
        "{\"state\":\"Sending\"}", "{\"state\":\"sendin\"}",
        "{\"state\":\"sending\",\"state\":\"unknown\"}", "[]", "null"
    };

    assert_int_equal(sizeof(cases) / sizeof(cases[0]), PORTONE_STATE_MAX);

    payment_of(&before, "0", "[]");

    for (i = 0; i < PORTONE_STATE_MAX; i++) {
        record = record_of(&before, "", 0);

        assert_int_equal(portone_record_state(record), PORTONE_STATE_SENDING);
        assert_int_equal(portone_record_settle(record, cases[i].state, NOW),
                         PORTONE_OK);
        assert_int_equal(portone_record_state(record), cases[i].state);
        assert_string_equal(portone_record_word(cases[i].state),
                            cases[i].word);
        assert_int_equal(portone_json_int(record, "settled_at", 0),
                         cases[i].settled_at);

        cJSON_Delete(record);
    }

    portone_payment_free(&before);

    for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        record = cJSON_Parse(broken[i]);
        assert_int_equal(portone_record_state(record), PORTONE_STATE_MAX);
        cJSON_Delete(record);
    }
}


static const struct {
    const char  *what;
    const char  *reason;            /* sent */
    int64_t      clock_offset;
    const char  *before[2];         /* cancel_amount, history */
    const char  *after[2];
    size_t       appeared, vanished, ours;
    int64_t      moved;
    const char  *identity;          /* of the entry */
} reads[] = {

    { "unchanged", "why", 0, { "100", "[" OLD "]" },
      { "100", "[" OLD "]" }, 0, 0, 0, 0, NULL },
    { "no history on either side", "why", 0, { "0", "null" },
      { "0", "[]" }, 0, 0, 0, 0, NULL },

    { "ours", "why", 0, { "100", "[" OLD "]" },
      { "400", "[" OLD "," MINE "]" }, 1, 0, 1, 300, "C2" },
    { "ours, listed first", "why", 0, { "100", "[" OLD "]" },
      { "400", "[" MINE "," OLD "]" }, 1, 0, 1, 300, "C2" },
    { "ours, no reason sent", "", 0, { "0", "[]" },
      { "300", "[" MINE "]" }, 1, 0, 1, 300, "C2" },
    { "ours, without an id", "", 0, { "0", "[]" },
      { "300", "[" LEGACY("T2", 300, 1763757001) "]" },
      1, 0, 1, 300, "300/1763757001/T2" },

    { "other amount", "why", 0, { "0", "[]" },
      { "299", "[" ENTRY("C3", 299, 1763757002, "\"why\"") "]" },
      1, 0, 0, 299, "C3" },
    { "other reason", "why", 0, { "0", "[]" },
      { "300", "[" ENTRY("C3", 300, 1763757002, "\"console\"") "]" },
      1, 0, 0, 300, "C3" },
    { "reason with more to it", "why", 0, { "0", "[]" },
      { "300", "[" ENTRY("C3", 300, 1763757002, "\"why not\"") "]" },
      1, 0, 0, 300, "C3" },
    { "reason missing", "why", 0, { "0", "[]" },
      { "300", "[" ENTRY("C3", 300, 1763757002, "null") "]" },
      1, 0, 0, 300, "C3" },

    { "dated in the second of the claim", "why", 0, { "0", "[]" },
      { "300", "[" ENTRY("C3", 300, 1763757000, "\"why\"") "]" },
      1, 0, 1, 300, "C3" },
    { "within the tolerance", "why", 0, { "0", "[]" },
      { "300", "[" ENTRY("C3", 300, 1763756995, "\"why\"") "]" },
      1, 0, 1, 300, "C3" },
    { "before the claim", "why", 0, { "0", "[]" },
      { "300", "[" ENTRY("C3", 300, 1763756994, "\"why\"") "]" },
      1, 0, 0, 300, "C3" },
    { "PortOne's clock is behind", "why", -60, { "0", "[]" },
      { "300", "[" ENTRY("C3", 300, 1763756935, "\"why\"") "]" },
      1, 0, 1, 300, "C3" },
    { "too early for a clock behind", "why", -60, { "0", "[]" },
      { "300", "[" ENTRY("C3", 300, 1763756934, "\"why\"") "]" },
      1, 0, 0, 300, "C3" },
    { "PortOne's clock is ahead", "why", 60, { "0", "[]" },
      { "300", "[" ENTRY("C3", 300, 1763757055, "\"why\"") "]" },
      1, 0, 1, 300, "C3" },
    { "too early for a clock ahead", "why", 60, { "0", "[]" },
      { "300", "[" ENTRY("C3", 300, 1763757054, "\"why\"") "]" },
      1, 0, 0, 300, "C3" },

    { "a foreign one and ours", "why", 0, { "0", "[]" },
      { "400", "[" ENTRY("C3", 100, 1763757002, "\"x\"") "," MINE "]" },
      2, 0, 1, 400, "C2" },
    { "two foreign ones, the first is told", "why", 0, { "0", "[]" },
      { "300", "[" ENTRY("C3", 100, 1763757002, "\"x\"") ","
                   ENTRY("C4", 200, 1763757003, "\"x\"") "]" },
      2, 0, 0, 300, "C3" },
    { "two that could be ours", "why", 0, { "0", "[]" },
      { "600", "[" MINE ","
                   ENTRY("C3", 300, 1763757003, "\"why\"") "]" },
      2, 0, 2, 600, "C2" },

    { "undone", "why", 0, { "100", "[" OLD "]" },
      { "0", "[]" }, 0, 1, 0, -100, NULL },
    { "undone, and ours is there", "why", 0, { "100", "[" OLD "]" },
      { "300", "[" MINE "]" }, 1, 1, 1, 200, "C2" },
    { "undone and replaced", "why", 0, { "300", "["
                   ENTRY("C1", 300, 1763700000, "\"x\"") "]" },
      { "300", "[" MINE "]" }, 1, 1, 1, 0, "C2" },

    { "an entry like an old one", "", 0,
      { "100", "[" LEGACY("T", 100, 1763700000) "]" },
      { "200", "[" LEGACY("T", 100, 1763700000) ","
                   LEGACY("T", 100, 1763700000) "]" },
      1, 0, 0, 100, "100/1763700000/T" },
    { "one of two alike undone", "", 0,
      { "200", "[" LEGACY("T", 100, 1763700000) ","
                   LEGACY("T", 100, 1763700000) "]" },
      { "100", "[" LEGACY("T", 100, 1763700000) "]" },
      0, 1, 0, -100, NULL }
};


static void
readings_are_compared(void **state)
{
    size_t               i;
    cJSON               *record;
    portone_payment_t    before, after;
    portone_evidence_t   evidence;
    char                 identity[PORTONE_IDENTITY_LEN];

    for (i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
        payment_of(&before, reads[i].before[0], reads[i].before[1]);
        payment_of(&after, reads[i].after[0], reads[i].after[1]);

        record = record_of(&before, reads[i].reason, reads[i].clock_offset);

        assert_int_equal(portone_record_compare(record, &after, &evidence),
                         PORTONE_OK);

        if (evidence.appeared != reads[i].appeared
            || evidence.vanished != reads[i].vanished
            || evidence.ours != reads[i].ours
            || evidence.moved != reads[i].moved)
        {
            fail_msg("%s: %zu appeared, %zu vanished, %zu ours, moved %lld",
                     reads[i].what, evidence.appeared, evidence.vanished,
                     evidence.ours, (long long) evidence.moved);
        }

        if (reads[i].identity != NULL) {
            (void) portone_payment_identity(&evidence.entry, identity);
            assert_string_equal(identity, reads[i].identity);

        } else {
            assert_int_equal(evidence.entry.amount, 0);
        }

        cJSON_Delete(record);
        portone_payment_free(&before);
        portone_payment_free(&after);
    }
}


static void
malformed_records_prove_nothing(void **state)
{
    size_t               i;
    cJSON               *record;
    portone_payment_t    after;
    portone_evidence_t   evidence;

    static const char  *cases[] = {
        "{}", "null", "[]",
        "{\"amount\":300}",
        "{\"amount\":300,\"before\":null}",
        "{\"amount\":300,\"before\":{\"cancel_amount\":0}}",
        "{\"amount\":300,\"before\":{\"cancellations\":[]}}",
        "{\"amount\":300,\"before\":{\"cancel_amount\":0,"
            "\"cancellations\":null}}",
        "{\"amount\":300,\"before\":{\"cancel_amount\":0,"
            "\"cancellations\":{}}}",
        "{\"amount\":300,\"before\":{\"cancel_amount\":\"0\","
            "\"cancellations\":[]}}",
        "{\"amount\":0.5,\"before\":{\"cancel_amount\":0,"
            "\"cancellations\":[]}}",
        "{\"amount\":-1,\"before\":{\"cancel_amount\":0,"
            "\"cancellations\":[]}}",
        "{\"amount\":1,\"amount\":1,\"before\":{\"cancel_amount\":0,"
            "\"cancellations\":[]}}",
        "{\"before\":{\"cancel_amount\":0,\"cancellations\":[]}}"
    };

    payment_of(&after, "300", "[" MINE "]");

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        record = cJSON_Parse(cases[i]);

        if (portone_record_compare(record, &after, &evidence)
            != PORTONE_ERROR)
        {
            fail_msg("compared: %s", cases[i]);
        }

        cJSON_Delete(record);
    }

    assert_int_equal(portone_record_compare(NULL, &after, &evidence),
                     PORTONE_ERROR);

    portone_payment_free(&after);
}


static void
amounts_have_the_decimals_of_the_currency(void **state)
{
    cJSON               *record;
    const char          *why;
    portone_payment_t    before, after;
    portone_evidence_t   evidence;

    static const char  dollars[] =
        "{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"order-1\","
        "\"amount\":19.99,\"cancel_amount\":0.1,\"currency\":\"USD\","
        "\"status\":\"paid\"}";

    static const char  refunded[] =
        "{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"order-1\","
        "\"amount\":19.99,\"cancel_amount\":3.1,\"currency\":\"USD\","
        "\"status\":\"paid\",\"cancel_history\":["
        ENTRY("C1", 3.00, 1763757000, "null") "]}";

    assert_int_equal(portone_payment_parse(&before, dollars,
                                           sizeof(dollars) - 1, &why),
                     PORTONE_OK);
    assert_int_equal(portone_payment_parse(&after, refunded,
                                           sizeof(refunded) - 1, &why),
                     PORTONE_OK);

    record = record_of(&before, "", 0);

    unit_json(portone_json_member(record, "amount"), "3");
    unit_json(portone_json_member(record, "before"),
              "{\"amount\":19.99,\"cancel_amount\":0.1,"
              "\"cancellations\":[]}");

    assert_int_equal(portone_record_compare(record, &after, &evidence),
                     PORTONE_OK);
    assert_int_equal(evidence.moved, 300);
    assert_int_equal(evidence.ours, 1);

    cJSON_Delete(record);
    portone_payment_free(&before);
    portone_payment_free(&after);
}


static portone_payment_t  exhaust_before, exhaust_after;


static int
whole_life(void)
{
    int                      done;
    char                    *text;
    cJSON                   *record, *refund;
    portone_str_t            message = portone_string("no");
    portone_evidence_t       evidence;
    portone_cancellation_t   c;

    record = record_of(&exhaust_before, "why", 0);
    if (record == NULL) {
        return 0;
    }

    text = NULL;
    refund = NULL;

    portone_payment_cancellation(&exhaust_after, 1, &c);

    done = portone_record_compare(record, &exhaust_after, &evidence)
               == PORTONE_OK
           && portone_record_answer(record, 1, &message) == PORTONE_OK
           && portone_record_after(record, &exhaust_after) == PORTONE_OK
           && portone_record_evidence(record, &c) == PORTONE_OK
           && portone_record_settle(record, PORTONE_STATE_SUCCEEDED, NOW)
              == PORTONE_OK
           && (text = portone_record_print(record)) != NULL
           && (refund = portone_record_refund(record)) != NULL;

    if (done) {
        assert_non_null(strstr(text, "\"cancellation_id\":\"C2\""));
    }

    cJSON_free(text);
    cJSON_Delete(refund);
    cJSON_Delete(record);

    return done;
}


static void
lack_of_memory_is_told(void **state)
{
    unit_hooks();

    payment_of(&exhaust_before, "100", "[" OLD "]");
    payment_of(&exhaust_after, "400", "[" OLD "," MINE "]");

    assert_true(unit_exhaust(whole_life) > 50);

    portone_payment_free(&exhaust_before);
    portone_payment_free(&exhaust_after);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(keys_never_mix),
        cmocka_unit_test(a_record_keeps_what_settling_needs),
        cmocka_unit_test(states_have_words),
        cmocka_unit_test(readings_are_compared),
        cmocka_unit_test(malformed_records_prove_nothing),
        cmocka_unit_test(amounts_have_the_decimals_of_the_currency),
        cmocka_unit_test(lack_of_memory_is_told)
    };

    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
