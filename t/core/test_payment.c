
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * PortOne's payment object: what refunds depend on is checked and exact,
 * everything else passes unharmed.
 */


#include "unit.h"

#include <time.h>

#include "portone_json.h"
#include "portone_payment.h"


#define X64  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"


/* changes[] are "name":value pairs, which replace or add members */

static char *
payment_text(const char *changes)
{
    char   *text;
    cJSON  *json, *members, *item;

    static const char  base[] =
        "{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"order-1\","
        "\"amount\":1000,\"cancel_amount\":300,\"currency\":\"KRW\","
        "\"status\":\"paid\",\"pay_method\":\"card\",\"paid_at\":1763757070,"
        "\"started_at\":1763757000,\"cancel_history\":["
        "{\"pg_tid\":\"T1\",\"amount\":100,\"cancelled_at\":1763757100,"
        "\"reason\":\"first\",\"cancellation_id\":\"C1\"},"
        "{\"pg_tid\":\"T2\",\"amount\":200,\"cancelled_at\":1763757200,"
        "\"reason\":null}]}";

    json = cJSON_Parse(base);
    members = cJSON_Parse(changes);
    assert_non_null(members);

    while (members->child != NULL) {
        item = cJSON_DetachItemViaPointer(members, members->child);

        if (strcmp(item->string, "remove") == 0) {
            cJSON_DeleteItemFromObjectCaseSensitive(json, item->valuestring);
            cJSON_Delete(item);
            continue;
        }

        if (strcmp(item->string, "again") == 0) {
            cJSON_AddNullToObject(json, item->valuestring);
            cJSON_Delete(item);
            continue;
        }

        cJSON_DeleteItemFromObjectCaseSensitive(json, item->string);
        cJSON_AddItemToObject(json, item->string, item);
    }

    text = cJSON_PrintUnformatted(json);
    assert_non_null(text);
    cJSON_Delete(members);
    cJSON_Delete(json);

    return text;
}


static int
payment_parse(portone_payment_t *payment, const char *changes,
    const char **why)
{
    int    rc;
    char  *text;

    text = payment_text(changes);
    rc = portone_payment_parse(payment, text, strlen(text), why);
    cJSON_free(text);

    return rc;
}


static void
a_payment_is_read(void **state)
{
    const char              *why;
    portone_payment_t        payment;
    portone_cancellation_t   c;

    assert_int_equal(payment_parse(&payment, "{}", &why), PORTONE_OK);
    assert_null(why);

    unit_text(payment.imp_uid.data, payment.imp_uid.len, "imp_1");
    unit_text(payment.merchant_uid.data, payment.merchant_uid.len, "order-1");
    unit_text(payment.currency.data, payment.currency.len, "KRW");
    unit_text(payment.status.data, payment.status.len, "paid");
    unit_text(payment.pay_method.data, payment.pay_method.len, "card");
    assert_int_equal(payment.amount, 1000);
    assert_int_equal(payment.cancel_amount, 300);
    assert_int_equal(payment.exponent, 0);
    assert_int_equal(payment.paid_at, 1763757070);
    assert_int_equal(payment.started_at, 1763757000);
    assert_int_equal(portone_payment_balance(&payment), 700);
    assert_int_equal(portone_payment_cancellations(&payment), 2);

    portone_payment_cancellation(&payment, 0, &c);
    assert_int_equal(c.amount, 100);
    assert_int_equal(c.cancelled_at, 1763757100);
    unit_text(c.reason.data, c.reason.len, "first");
    unit_text(c.cancellation_id.data, c.cancellation_id.len, "C1");
    unit_text(c.pg_tid.data, c.pg_tid.len, "T1");

    portone_payment_cancellation(&payment, 1, &c);
    assert_int_equal(c.amount, 200);
    assert_int_equal(c.reason.len, 0);
    assert_int_equal(c.cancellation_id.len, 0);
    unit_text(c.pg_tid.data, c.pg_tid.len, "T2");

    portone_payment_free(&payment);

    assert_null(payment.json);
    portone_payment_free(&payment);
}


static void
amounts_are_of_the_currency(void **state)
{
    const char         *why;
    portone_payment_t   payment;

    assert_int_equal(payment_parse(&payment,
                                   "{\"amount\":10.05,\"cancel_amount\":0.1,"
                                   "\"currency\":\"USD\","
                                   "\"cancel_history\":["
                                   "{\"amount\":0.1}]}", &why),
                     PORTONE_OK);

    assert_int_equal(payment.exponent, 2);
    assert_int_equal(payment.amount, 1005);
    assert_int_equal(payment.cancel_amount, 10);
    assert_int_equal(portone_payment_balance(&payment), 995);

    portone_payment_free(&payment);
}


static void
missing_times_are_zero(void **state)
{
    size_t                   i;
    const char              *why;
    portone_payment_t        payment;
    portone_cancellation_t   c;

    static const char  *changes[] = {
        "{\"paid_at\":null,\"started_at\":null,\"cancel_history\":["
        "{\"amount\":300,\"cancelled_at\":null}]}",

        "{\"remove\":\"paid_at\",\"started_at\":\"1\",\"cancel_history\":["
        "{\"amount\":300}]}"
    };

    for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        assert_int_equal(payment_parse(&payment, changes[i], &why),
                         PORTONE_OK);

        portone_payment_cancellation(&payment, 0, &c);

        assert_int_equal(payment.paid_at, 0);
        assert_int_equal(payment.started_at, 0);
        assert_int_equal(c.cancelled_at, 0);
        assert_int_equal(c.pg_tid.len, 0);

        portone_payment_free(&payment);
    }
}


static void
what_portone_may_send_is_accepted(void **state)
{
    size_t              i;
    const char         *why;
    portone_payment_t   payment;

    static const char  *changes[] = {
        "{\"cancel_history\":null}",
        "{\"cancel_history\":[]}",
        "{\"remove\":\"cancel_history\"}",
        "{\"remove\":\"pay_method\"}",
        "{\"pay_method\":null}",
        "{\"pay_method\":\"something new\"}",
        "{\"status\":\"something new\"}",
        "{\"status\":\"cancelled\"}",
        "{\"paid_at\":null}",
        "{\"remove\":\"paid_at\"}",
        "{\"cancel_amount\":0}",
        "{\"cancel_amount\":1000}",
        "{\"amount\":0,\"cancel_amount\":0}",
        "{\"amount\":999999999999999}",
        "{\"currency\":\"JPY\"}",
        "{\"new\":{\"a\":[1,{}]},\"Amount\":\"x\",\"again\":\"buyer_name\"}",
        "{\"again\":\"new\",\"new\":1}",
        "{\"cancel_history\":[{\"amount\":1,\"pg_tid\":\""
        X64 X64 X64 "12345678\"}]}",
        "{\"cancel_history\":[{\"amount\":300,\"new\":1,\"pg_tid\":null}]}",
        "{\"cancel_history\":[{\"amount\":300,\"cancelled_at\":null}]}"
    };

    for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {

        if (payment_parse(&payment, changes[i], &why) != PORTONE_OK) {
            fail_msg("%s: %s", changes[i], why);
        }

        portone_payment_free(&payment);
    }
}


static void
malformed_payments_are_refused_by_name(void **state)
{
    size_t              i;
    const char         *why;
    portone_payment_t   payment;

    static const struct {
        const char  *changes;
        const char  *why;
    } cases[] = {
        { "{\"remove\":\"imp_uid\"}", "imp_uid" },
        { "{\"imp_uid\":null}", "imp_uid" },
        { "{\"imp_uid\":\"\"}", "imp_uid" },
        { "{\"imp_uid\":1}", "imp_uid" },
        { "{\"imp_uid\":\"a\\nb\"}", "imp_uid" },
        { "{\"imp_uid\":\"" X64 "\"}", "imp_uid" },
        { "{\"again\":\"imp_uid\"}", "imp_uid" },
        { "{\"remove\":\"merchant_uid\"}", "merchant_uid" },
        { "{\"merchant_uid\":\"\"}", "merchant_uid" },
        { "{\"merchant_uid\":\"" X64 "\"}", "merchant_uid" },
        { "{\"again\":\"merchant_uid\"}", "merchant_uid" },
        { "{\"remove\":\"currency\"}", "currency" },
        { "{\"currency\":\"krw\"}", "currency" },
        { "{\"currency\":\"???\"}", "currency" },
        { "{\"currency\":410}", "currency" },
        { "{\"remove\":\"amount\"}", "amount" },
        { "{\"amount\":null}", "amount" },
        { "{\"amount\":\"1000\"}", "amount" },
        { "{\"amount\":-1}", "amount" },
        { "{\"amount\":1000.5}", "amount" },
        { "{\"amount\":1e300}", "amount" },
        { "{\"again\":\"amount\"}", "amount" },
        { "{\"currency\":\"USD\",\"amount\":1000.005}", "amount" },
        { "{\"currency\":\"USD\",\"amount\":999999999999999}", "amount" },
        { "{\"remove\":\"cancel_amount\"}", "cancel_amount" },
        { "{\"cancel_amount\":null}", "cancel_amount" },
        { "{\"cancel_amount\":-1}", "cancel_amount" },
        { "{\"cancel_amount\":1001}", "cancel_amount" },
        { "{\"cancel_amount\":0.5}", "cancel_amount" },
        { "{\"again\":\"cancel_amount\"}", "cancel_amount" },
        { "{\"remove\":\"status\"}", "status" },
        { "{\"status\":\"\"}", "status" },
        { "{\"status\":null}", "status" },
        { "{\"again\":\"status\"}", "status" },
        { "{\"again\":\"paid_at\"}", "paid_at" },
        { "{\"again\":\"pay_method\"}", "pay_method" },
        { "{\"refundable_amount\":1,\"again\":\"refundable_amount\"}",
          "refundable_amount" },
        { "{\"cancel_history\":{}}", "cancel_history" },
        { "{\"cancel_history\":\"\"}", "cancel_history" },
        { "{\"cancel_history\":0}", "cancel_history" },
        { "{\"cancel_history\":[null]}", "cancel_history" },
        { "{\"cancel_history\":[1]}", "cancel_history" },
        { "{\"cancel_history\":[[]]}", "cancel_history" },
        { "{\"cancel_history\":[{}]}", "cancel_history" },
        { "{\"cancel_history\":[{\"amount\":null}]}", "cancel_history" },
        { "{\"cancel_history\":[{\"amount\":\"1\"}]}", "cancel_history" },
        { "{\"cancel_history\":[{\"amount\":-1}]}", "cancel_history" },
        { "{\"cancel_history\":[{\"amount\":0.5}]}", "cancel_history" },
        { "{\"cancel_history\":[{\"amount\":1},{\"Amount\":1}]}",
          "cancel_history" },
        { "{\"cancel_history\":[{\"amount\":1,\"cancellation_id\":\""
          X64 X64 X64 X64 "\"}]}", "cancel_history" },
        { "{\"cancel_history\":[{\"amount\":1,\"pg_tid\":\""
          X64 X64 X64 "123456789\"}]}", "cancel_history" },
        { "{\"again\":\"cancel_history\"}", "cancel_history" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        why = NULL;

        if (payment_parse(&payment, cases[i].changes, &why) != PORTONE_ERROR
            || why == NULL
            || strcmp(why, cases[i].why) != 0)
        {
            fail_msg("%s: %s", cases[i].changes, why ? why : "accepted");
        }

        assert_null(payment.json);
    }
}


static void
what_is_no_object_is_refused(void **state)
{
    size_t              i;
    const char         *why;
    portone_payment_t   payment;

    static const char  *texts[] = {
        "", "null", "[]", "1", "\"a\"", "{", "{}x"
    };

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(portone_payment_parse(&payment, texts[i],
                                               strlen(texts[i]), &why),
                         PORTONE_ERROR);
        assert_string_equal(why, "payment");
    }

    assert_int_equal(portone_payment_init(&payment, NULL, &why),
                     PORTONE_ERROR);
    assert_string_equal(why, "payment");
}


static void
the_history_is_limited(void **state)
{
    int                 n;
    char               *changes;
    cJSON              *json, *history, *entry;
    const char         *why;
    portone_payment_t   payment;

    json = cJSON_CreateObject();
    history = cJSON_AddArrayToObject(json, "cancel_history");

    for (n = 0; n <= 1000; n++) {

        if (n == 1000) {
            changes = cJSON_PrintUnformatted(json);
            assert_int_equal(payment_parse(&payment, changes, &why),
                             PORTONE_OK);
            assert_int_equal(portone_payment_cancellations(&payment), 1000);
            portone_payment_free(&payment);
            cJSON_free(changes);
        }

        entry = cJSON_CreateObject();
        cJSON_AddNumberToObject(entry, "amount", 0);
        cJSON_AddItemToArray(history, entry);
    }

    changes = cJSON_PrintUnformatted(json);
    assert_int_equal(payment_parse(&payment, changes, &why), PORTONE_ERROR);
    assert_string_equal(why, "cancel_history");
    cJSON_free(changes);
    cJSON_Delete(json);
}


static void
only_money_received_can_be_refunded(void **state)
{
    size_t              i;
    const char         *why;
    portone_payment_t   payment;

    static const struct {
        const char  *changes;
        int          paid;
    } cases[] = {
        { "{\"status\":\"ready\",\"cancel_amount\":0}", 0 },
        { "{\"status\":\"failed\",\"cancel_amount\":0}", 0 },
        { "{\"status\":\"ready\",\"cancel_amount\":1}", 1 },
        { "{\"status\":\"failed\",\"cancel_amount\":1000}", 1 },
        { "{\"status\":\"paid\",\"cancel_amount\":0}", 1 },
        { "{\"status\":\"cancelled\",\"cancel_amount\":0}", 1 },
        { "{\"status\":\"Ready\",\"cancel_amount\":0}", 1 },
        { "{\"status\":\"something new\",\"cancel_amount\":0}", 1 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(payment_parse(&payment, cases[i].changes, &why),
                         PORTONE_OK);

        if (portone_payment_was_paid(&payment) != cases[i].paid) {
            fail_msg("%s", cases[i].changes);
        }

        portone_payment_free(&payment);
    }
}


static void
cancellations_have_an_identity(void **state)
{
    char    buf[PORTONE_IDENTITY_LEN + 1];
    size_t  i, len;

    static const struct {
        portone_cancellation_t   c;
        const char              *identity;
    } cases[] = {
        { { 100, 5, portone_string("r"), portone_string("C1"),
            portone_string("T1") }, "C1" },
        { { 100, 5, portone_string("r"), portone_null_string,
            portone_string("T1") }, "100/5/T1" },
        { { 100, 5, portone_null_string, portone_null_string,
            portone_null_string }, "100/5/" },
        { { 999999999999999, 4503599627370495, portone_null_string,
            portone_null_string, portone_string(X64) },
          "999999999999999/4503599627370495/" X64 }
    };

    static const portone_cancellation_t  overlong = {
        1, 1, portone_null_string, portone_string(X64 X64 X64 X64),
        portone_null_string
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        len = portone_payment_identity(&cases[i].c, buf);

        unit_text(buf, len, cases[i].identity);
        assert_int_equal(buf[len], '\0');
    }

    buf[PORTONE_IDENTITY_LEN] = '!';
    len = portone_payment_identity(&overlong, buf);

    assert_int_equal(len, PORTONE_IDENTITY_LEN - 1);
    assert_int_equal(strlen(buf), len);
    assert_int_equal(buf[PORTONE_IDENTITY_LEN], '!');
}


static void
months_are_those_of_korea(void **state)
{
    size_t  i;

    static const struct {
        int64_t  then;
        int64_t  now;
        int      passed;
    } cases[] = {
        { 1769871599, 1769871599, 0 },  /* 2026-01-31 23:59:59 */
        { 1769871599, 1769871600, 1 },  /* 2026-02-01 00:00:00 */
        { 1769871600, 1769871599, 0 },  /* clocks that disagree */
        { 1767193200, 1769871599, 0 },  /* all of January 2026 */
        { 1767193199, 1767193200, 1 },  /* 2025-12-31 to 2026-01-01 */
        { 1767193200, 1767193199, 0 },
        { 1736000000, 1767600000, 1 },  /* January of two years */
        { 1709132400, 1709218799, 0 },  /* 2024-02-29, all of it */
        { 1709218799, 1709218800, 1 },  /* 2024-03-01 */
        { 1740754799, 1740754800, 1 },  /* 2025-02-28 to 03-01 */
        { 951836399, 951836400, 1 },    /* 2000-02-29 to 03-01 */
        { 4107510000, 4107510000 - 1, 0 },
        { 0, 0, 0 },
        { 0, 1769871600, 1 },
        { -1, 0, 0 },
        { INT64_MIN, 0, 0 },
        { 0, INT64_MAX, 1 },
        { INT64_MAX, INT64_MAX, 0 },
        { INT64_MAX, INT64_MIN, 0 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        if (portone_payment_month_passed(cases[i].then, cases[i].now)
            != cases[i].passed)
        {
            fail_msg("%lld, %lld", (long long) cases[i].then,
                     (long long) cases[i].now);
        }
    }
}


/* against the C library, at the edges of every day of 250 years */

static void
every_month_begins_when_it_does(void **state)
{
    time_t     korea;
    int64_t    day;
    struct tm  tm;

    for (day = 1; day < 250 * 365; day++) {
        korea = day * 86400;
        assert_non_null(gmtime_r(&korea, &tm));

        if (portone_payment_month_passed(korea - 9 * 3600 - 1, korea - 9 * 3600)
            != (tm.tm_mday == 1))
        {
            fail_msg("%d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1,
                     tm.tm_mday);
        }
    }
}


static void
payments_are_printed_whole(void **state)
{
    char               *text;
    size_t              i;
    const char         *why;
    portone_payment_t   payment;

    static const char  text_in[] =
        "{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"o\",\"amount\":10.05,"
        "\"cancel_amount\":0.1,\"currency\":\"USD\",\"status\":\"paid\","
        "\"refundable_amount\":77,"
        "\"new\":{\"a\":[1,null,true,\"\xed\x99\x98\"]},\"card_quota\":0}";

    static const char  text_out[] =
        "{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"o\",\"amount\":10.05,"
        "\"cancel_amount\":0.1,\"currency\":\"USD\",\"status\":\"paid\","
        "\"new\":{\"a\":[1,null,true,\"\xed\x99\x98\"]},\"card_quota\":0";

    assert_int_equal(portone_payment_parse(&payment, text_in,
                                           sizeof(text_in) - 1, &why),
                     PORTONE_OK);

    /* the second time nothing of the first one is left */

    for (i = 0; i < 2; i++) {
        text = portone_payment_print(&payment, 1);
        unit_text(text + sizeof(text_out) - 1,
                  strlen(text) - (sizeof(text_out) - 1),
                  ",\"refundable_amount\":9.95}");
        unit_text(text, sizeof(text_out) - 1, text_out);
        cJSON_free(text);

        text = portone_payment_print(&payment, 0);
        unit_text(text + sizeof(text_out) - 1,
                  strlen(text) - (sizeof(text_out) - 1), "}");
        unit_text(text, sizeof(text_out) - 1, text_out);
        cJSON_free(text);
    }

    portone_payment_free(&payment);
}


static int
parse_and_print_once(void)
{
    int                 rc;
    char               *text;
    const char         *why;
    portone_payment_t   payment;

    unit_paused = 1;
    text = payment_text("{}");
    unit_paused = 0;

    rc = portone_payment_parse(&payment, text, strlen(text), &why);

    cJSON_free(text);

    if (rc != PORTONE_OK) {
        assert_string_equal(why, "payment");
        return 0;
    }

    text = portone_payment_print(&payment, 1);

    assert_null(portone_json_member(payment.json, "refundable_amount"));
    portone_payment_free(&payment);

    if (text == NULL) {
        return 0;
    }

    assert_non_null(strstr(text, "\"refundable_amount\":700}"));
    cJSON_free(text);

    return 1;
}


static void
lack_of_memory_is_told(void **state)
{
    assert_true(unit_exhaust(parse_and_print_once) > 1);
}


static void
some_methods_move_the_money_later(void **state)
{
    size_t              i;
    char                text[256];
    const char         *why;
    portone_payment_t   payment;

    static const struct {
        const char  *members;
        int          slow;
    } cases[] = {
        { "", 0 },
        { ",\"pay_method\":\"card\",\"pg_provider\":\"nice\"", 0 },
        { ",\"pay_method\":\"trans\"", 0 },
        { ",\"pay_method\":null,\"pg_provider\":null", 0 },
        { ",\"pay_method\":\"vbank\",\"pg_provider\":\"smartro\"", 1 },
        { ",\"pay_method\":\"paypal\"", 1 },
        { ",\"pay_method\":\"card\",\"pg_provider\":\"paypal_v2\"", 1 },
        { ",\"pay_method\":\"wechatpay\"", 1 },
        { ",\"pg_provider\":\"paymentwall\"", 1 },
        { ",\"pay_method\":\"payp\"", 0 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(text, sizeof(text),
                 "{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"order-1\","
                 "\"amount\":1000,\"cancel_amount\":0,"
                 "\"currency\":\"KRW\",\"status\":\"paid\"%s}",
                 cases[i].members);

        assert_int_equal(portone_payment_parse(&payment, text, strlen(text),
                                               &why),
                         PORTONE_OK);
        assert_int_equal(portone_payment_is_slow(&payment), cases[i].slow);

        portone_payment_free(&payment);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_payment_is_read),
        cmocka_unit_test(amounts_are_of_the_currency),
        cmocka_unit_test(missing_times_are_zero),
        cmocka_unit_test(what_portone_may_send_is_accepted),
        cmocka_unit_test(malformed_payments_are_refused_by_name),
        cmocka_unit_test(what_is_no_object_is_refused),
        cmocka_unit_test(the_history_is_limited),
        cmocka_unit_test(only_money_received_can_be_refunded),
        cmocka_unit_test(cancellations_have_an_identity),
        cmocka_unit_test(months_are_those_of_korea),
        cmocka_unit_test(every_month_begins_when_it_does),
        cmocka_unit_test(some_methods_move_the_money_later),
        cmocka_unit_test(payments_are_printed_whole),
        cmocka_unit_test(lack_of_memory_is_told)
    };

    return cmocka_run_group_tests_name("payment", tests, NULL, NULL);
}
