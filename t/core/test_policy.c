
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * What is decided without asking PortOne: whether a refund may be sent, for
 * how much, and who may see a payment.
 */


#include "unit.h"

#include "portone_policy.h"


#define DECEMBER_KOREA  1764514800    /* 2025-12-01 00:00 Korea time */
#define LONG_AGO           1577836800    /* 2020-01-01 */

#define ACCOUNT                                                               \
    ",\"refund_holder\":\"a\",\"refund_bank\":\"04\",\"refund_account\":\"1\""


static void
payment_of(portone_payment_t *payment, const char *members)
{
    char         text[1024];
    const char  *why;

    snprintf(text, sizeof(text),
             "{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"order-1\",%s}",
             members);

    if (portone_payment_parse(payment, text, strlen(text), &why)
        != PORTONE_OK)
    {
        fail_msg("%s in %s", why, text);
    }
}


static void
request_of(portone_request_t *request, const char *members)
{
    char  text[1024], field[PORTONE_FIELD_LEN];

    snprintf(text, sizeof(text), "{\"merchant_uid\":\"order-1\"%s}",
             members);

    if (portone_request_parse(request, text, strlen(text), field)
        != PORTONE_NO_ERROR)
    {
        fail_msg("%s in %s", field, text);
    }
}


#define WON      "\"amount\":1000,\"cancel_amount\":0,\"currency\":\"KRW\","  \
                 "\"status\":\"paid\""
#define WON_LEFT "\"amount\":1000,\"cancel_amount\":400,"                     \
                 "\"currency\":\"KRW\",\"status\":\"cancelled\""
#define DOLLARS  "\"amount\":19.99,\"cancel_amount\":9.99,"                   \
                 "\"currency\":\"USD\",\"status\":\"paid\""
#define DINAR    "\"amount\":1.234,\"cancel_amount\":0,"                      \
                 "\"currency\":\"KWD\",\"status\":\"paid\""
#define GONE     "\"amount\":1000,\"cancel_amount\":1000,"                    \
                 "\"currency\":\"KRW\",\"status\":\"cancelled\""
#define READY    "\"amount\":1000,\"cancel_amount\":0,"                       \
                 "\"currency\":\"KRW\",\"status\":\"ready\""
#define FAILED   "\"amount\":1000,\"cancel_amount\":0,"                       \
                 "\"currency\":\"KRW\",\"status\":\"failed\""
#define VBANK    WON ",\"pay_method\":\"vbank\""
#define PHONE    WON ",\"pay_method\":\"phone\",\"paid_at\":1577836800"


static const struct {
    const char       *payment;
    const char       *request;
    portone_error_e   error;
    const char       *field;
    int64_t           amount;    /* 0: not looked at */
} asked[] = {

    /* how much */
    { WON, "", PORTONE_NO_ERROR, "", 1000 },
    { WON, ",\"amount\":1", PORTONE_NO_ERROR, "", 1 },
    { WON, ",\"amount\":1000", PORTONE_NO_ERROR, "", 1000 },
    { WON, ",\"amount\":1e3", PORTONE_NO_ERROR, "", 1000 },
    { WON, ",\"cancel_request_amount\":999", PORTONE_NO_ERROR, "", 999 },
    { WON_LEFT, "", PORTONE_NO_ERROR, "", 600 },
    { WON_LEFT, ",\"amount\":600", PORTONE_NO_ERROR, "", 600 },
    { DOLLARS, "", PORTONE_NO_ERROR, "", 1000 },
    { DOLLARS, ",\"amount\":0.01", PORTONE_NO_ERROR, "", 1 },
    { DOLLARS, ",\"amount\":9.99", PORTONE_NO_ERROR, "", 999 },
    { DINAR, ",\"amount\":0.234", PORTONE_NO_ERROR, "", 234 },

    /* too much */
    { WON, ",\"amount\":1001", PORTONE_AMOUNT_EXCEEDS_REFUNDABLE,
      "amount", 0 },
    { WON, ",\"cancel_request_amount\":1001",
      PORTONE_AMOUNT_EXCEEDS_REFUNDABLE, "cancel_request_amount", 0 },
    { WON_LEFT, ",\"amount\":601", PORTONE_AMOUNT_EXCEEDS_REFUNDABLE,
      "amount", 0 },
    { DOLLARS, ",\"amount\":10.01", PORTONE_AMOUNT_EXCEEDS_REFUNDABLE,
      "amount", 0 },

    /* more decimals than the currency has */
    { WON, ",\"amount\":0.5", PORTONE_INVALID_REQUEST, "amount", 0 },
    { WON, ",\"cancel_request_amount\":999.5", PORTONE_INVALID_REQUEST,
      "cancel_request_amount", 0 },
    { DOLLARS, ",\"amount\":0.001", PORTONE_INVALID_REQUEST, "amount",
      0 },
    { DINAR, ",\"amount\":0.0001", PORTONE_INVALID_REQUEST, "amount", 0 },
    { DOLLARS, ",\"tax_free\":0.001", PORTONE_INVALID_REQUEST,
      "tax_free", 0 },
    { WON, ",\"vat_amount\":0.1", PORTONE_INVALID_REQUEST, "vat_amount",
      0 },
    { WON, ",\"checksum\":999.9", PORTONE_INVALID_REQUEST, "checksum",
      0 },

    /* larger than any amount in the unit of the currency */
    { DOLLARS, ",\"amount\":999999999999999",
      PORTONE_INVALID_REQUEST, "amount", 0 },

    /* the balance that the caller believes in */
    { WON, ",\"checksum\":1000", PORTONE_NO_ERROR, "", 1000 },
    { WON_LEFT, ",\"checksum\":600,\"amount\":1", PORTONE_NO_ERROR, "",
      1 },
    { WON_LEFT, ",\"checksum\":1000", PORTONE_CHECKSUM_MISMATCH,
      "checksum", 0 },
    { WON_LEFT, ",\"checksum\":0", PORTONE_CHECKSUM_MISMATCH,
      "checksum", 0 },
    { DOLLARS, ",\"checksum\":10.00", PORTONE_NO_ERROR, "", 1000 },

    /* shares of the amount that is refunded */
    { WON, ",\"amount\":10,\"tax_free\":5,\"vat_amount\":6",
      PORTONE_INVALID_REQUEST, "vat_amount", 0 },
    { WON, ",\"amount\":10,\"tax_free\":4,\"vat_amount\":6",
      PORTONE_NO_ERROR, "", 10 },
    { WON, ",\"amount\":10,\"tax_free\":0,\"vat_amount\":0",
      PORTONE_NO_ERROR, "", 10 },
    { WON, ",\"amount\":10,\"tax_free\":11", PORTONE_INVALID_REQUEST,
      "tax_free", 0 },
    { WON, ",\"amount\":10,\"vat_amount\":11", PORTONE_INVALID_REQUEST,
      "vat_amount", 0 },
    { WON_LEFT, ",\"tax_free\":600", PORTONE_NO_ERROR, "", 600 },
    { WON_LEFT, ",\"tax_free\":601", PORTONE_INVALID_REQUEST, "tax_free",
      0 },

    /* nothing to refund */
    { READY, "", PORTONE_NOT_REFUNDABLE, "", 0 },
    { FAILED, "", PORTONE_NOT_REFUNDABLE, "", 0 },
    { GONE, "", PORTONE_ALREADY_REFUNDED, "", 0 },
    { WON ",\"paid_at\":0,\"pay_method\":null,\"status2\":1", "",
      PORTONE_NO_ERROR, "", 1000 },

    /* where the money of a virtual account goes */
    { VBANK, "", PORTONE_REFUND_ACCOUNT_REQUIRED, "refund_holder", 0 },
    { VBANK, ",\"refund_holder\":\"\"", PORTONE_REFUND_ACCOUNT_REQUIRED,
      "refund_holder", 0 },
    { VBANK, ",\"refund_holder\":\"a\"",
      PORTONE_REFUND_ACCOUNT_REQUIRED, "refund_bank", 0 },
    { VBANK, ",\"refund_holder\":\"a\",\"refund_bank\":\"04\"",
      PORTONE_REFUND_ACCOUNT_REQUIRED, "refund_account", 0 },
    { VBANK, ACCOUNT, PORTONE_NO_ERROR, "", 1000 },
    { WON ",\"pay_method\":\"VBANK\"", "", PORTONE_NO_ERROR, "", 1000 },

    /* what comes first when several are wrong */
    { READY, ",\"amount\":2000,\"checksum\":5", PORTONE_NOT_REFUNDABLE,
      "", 0 },
    { GONE, ",\"amount\":2000,\"checksum\":5", PORTONE_ALREADY_REFUNDED,
      "", 0 },
    { GONE ",\"pay_method\":\"vbank\"", "", PORTONE_ALREADY_REFUNDED, "",
      0 },
    { WON, ",\"amount\":2000,\"checksum\":5", PORTONE_CHECKSUM_MISMATCH,
      "checksum", 0 },
    { WON, ",\"amount\":2000,\"tax_free\":3000",
      PORTONE_AMOUNT_EXCEEDS_REFUNDABLE, "amount", 0 },
    { WON, ",\"amount\":5,\"tax_free\":6,\"vat_amount\":6",
      PORTONE_INVALID_REQUEST, "tax_free", 0 },
    { VBANK, ",\"amount\":2000", PORTONE_AMOUNT_EXCEEDS_REFUNDABLE,
      "amount", 0 },
    { PHONE, ",\"amount\":2000", PORTONE_AMOUNT_EXCEEDS_REFUNDABLE,
      "amount", 0 },
    { PHONE, "", PORTONE_PHONE_MONTH_PASSED, "", 0 }
};


static void
refunds_are_decided(void **state)
{
    size_t              i;
    portone_error_e     error;
    portone_policy_t    policy;
    portone_payment_t   payment;
    portone_request_t   request;

    for (i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        payment_of(&payment, asked[i].payment);
        request_of(&request, asked[i].request);

        memset(&policy, 0xa5, sizeof(portone_policy_t));

        policy.request = &request;
        policy.payment = &payment;
        policy.now = DECEMBER_KOREA;
        policy.phone_month = 1;

        error = portone_policy_refund(&policy);

        if (error != asked[i].error
            || strcmp(policy.field, asked[i].field) != 0
            || (asked[i].amount != 0 && policy.amount != asked[i].amount))
        {
            fail_msg("{%s} {%s}: %s, field \"%s\", amount %lld",
                     asked[i].payment, asked[i].request,
                     portone_error_word(error), policy.field,
                     (long long) policy.amount);
        }

        portone_payment_free(&payment);
        portone_request_free(&request);
    }
}


/* PortOne takes 0 for everything that is left: it never gets that far */

static void
nothing_is_never_refunded(void **state)
{
    portone_policy_t    policy;
    portone_payment_t   payment;
    portone_request_t   request;

    payment_of(&payment, WON);
    request_of(&request, ",\"amount\":1");

    request.amount.coefficient = 0;

    policy.request = &request;
    policy.payment = &payment;
    policy.now = DECEMBER_KOREA;
    policy.phone_month = 1;

    assert_int_equal(portone_policy_refund(&policy), PORTONE_INVALID_REQUEST);
    assert_string_equal(policy.field, "amount");

    request.amount.coefficient = -1;

    assert_int_equal(portone_policy_refund(&policy), PORTONE_INVALID_REQUEST);

    portone_payment_free(&payment);
    portone_request_free(&request);
}


static void
phone_payments_have_their_month(void **state)
{
    char                members[256];
    size_t              i;
    portone_error_e     error;
    portone_policy_t    policy;
    portone_payment_t   payment;
    portone_request_t   request;

    static const struct {
        const char       *method;
        int64_t           paid_at;
        int64_t           now;
        unsigned          phone_month;
        portone_error_e   error;
    } cases[] = {

        /* a second before and after midnight of December 1 in Korea */
        { "phone", DECEMBER_KOREA - 1, DECEMBER_KOREA - 1, 1,
          PORTONE_NO_ERROR },
        { "phone", DECEMBER_KOREA - 1, DECEMBER_KOREA, 1,
          PORTONE_PHONE_MONTH_PASSED },
        { "phone", DECEMBER_KOREA, DECEMBER_KOREA, 1,
          PORTONE_NO_ERROR },

        /* the whole of December, in Korea and not in UTC */
        { "phone", DECEMBER_KOREA, DECEMBER_KOREA + 31 * 86400 - 1, 1,
          PORTONE_NO_ERROR },
        { "phone", DECEMBER_KOREA, DECEMBER_KOREA + 31 * 86400, 1,
          PORTONE_PHONE_MONTH_PASSED },

        /* the same month of another year */
        { "phone", DECEMBER_KOREA - 365 * 86400, DECEMBER_KOREA, 1,
          PORTONE_PHONE_MONTH_PASSED },

        /* PortOne's clock may be ahead of ours */
        { "phone", DECEMBER_KOREA, DECEMBER_KOREA - 1, 1,
          PORTONE_NO_ERROR },

        { "phone", DECEMBER_KOREA - 1, DECEMBER_KOREA, 0,
          PORTONE_NO_ERROR },
        { "phone", 0, DECEMBER_KOREA, 1, PORTONE_NO_ERROR },
        { "card", LONG_AGO, DECEMBER_KOREA, 1, PORTONE_NO_ERROR },
        { "phones", LONG_AGO, DECEMBER_KOREA, 1, PORTONE_NO_ERROR }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(members, sizeof(members),
                 WON ",\"pay_method\":\"%s\",\"paid_at\":%lld",
                 cases[i].method, (long long) cases[i].paid_at);

        payment_of(&payment, members);
        request_of(&request, "");

        policy.request = &request;
        policy.payment = &payment;
        policy.now = cases[i].now;
        policy.phone_month = cases[i].phone_month;

        error = portone_policy_refund(&policy);

        if (error != cases[i].error) {
            fail_msg("%s paid at %lld, now %lld: %s", cases[i].method,
                     (long long) cases[i].paid_at, (long long) cases[i].now,
                     portone_error_word(error));
        }

        assert_string_equal(policy.field, "");

        portone_payment_free(&payment);
        portone_request_free(&request);
    }
}


static const char  customer[] =
    WON ",\"customer_uid\":\"kim\",\"empty\":\"\",\"null\":null,"
    "\"count\":5,\"half\":0.5,\"yes\":true,\"no\":false,\"list\":[\"kim\"],"
    "\"object\":{\"customer_uid\":\"kim\"},\"name\":\"\\uae40\","
    "\"twice\":\"kim\",\"twice\":\"lee\",\"same\":\"kim\",\"same\":\"kim\"";


static void
values_match(void **state)
{
    int                 matches;
    size_t              i;
    portone_match_t     match;
    portone_payment_t   payment;

    static const struct {
        const char   *field;
        const char   *value;
        int           matches;
    } cases[] = {
        { "customer_uid", "kim", 1 },
        { "customer_uid", "Kim", 0 },
        { "customer_uid", "ki", 0 },
        { "customer_uid", "kim ", 0 },
        { "customer_uid", "", 0 },
        { "Customer_uid", "kim", 0 },
        { "customer_ui", "kim", 0 },
        { "name", "\xea\xb9\x80", 1 },

        { "empty", "", 0 },
        { "null", "null", 0 },
        { "null", "", 0 },
        { "missing", "kim", 0 },
        { "missing", "", 0 },
        { "", "kim", 0 },

        { "count", "5", 1 },
        { "count", "5.0", 0 },
        { "count", "05", 0 },
        { "count", "50", 0 },
        { "half", "0.5", 1 },
        { "half", ".5", 0 },
        { "amount", "1000", 1 },

        { "yes", "true", 1 },
        { "yes", "1", 0 },
        { "yes", "false", 0 },
        { "no", "false", 1 },
        { "no", "", 0 },

        { "list", "[\"kim\"]", 0 },
        { "list", "kim", 0 },
        { "object", "{\"customer_uid\":\"kim\"}", 0 },

        /* nobody can tell which one counts */
        { "twice", "kim", 0 },
        { "twice", "lee", 0 },
        { "same", "kim", 0 }
    };

    payment_of(&payment, customer);

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        match.field = portone_str(cases[i].field);
        match.value = portone_str(cases[i].value);

        matches = portone_policy_matches(&payment, &match, 1);

        if (matches != cases[i].matches) {
            fail_msg("%s=\"%s\": %d", cases[i].field, cases[i].value,
                     matches);
        }
    }

    /* neither end of a name or value is a NUL */

    match.field.data = "customer_uid2";
    match.field.len = sizeof("customer_uid") - 1;
    match.value.data = "kimono";
    match.value.len = 3;
    assert_true(portone_policy_matches(&payment, &match, 1));

    match.value.data = "kim\0x";
    match.value.len = 5;
    assert_false(portone_policy_matches(&payment, &match, 1));

    portone_payment_free(&payment);
}


static void
all_values_have_to_match(void **state)
{
    size_t              i;
    portone_match_t     matches[3];
    portone_payment_t   payment;

    payment_of(&payment, customer);

    assert_true(portone_policy_matches(&payment, NULL, 0));

    matches[0].field = portone_str("customer_uid");
    matches[0].value = portone_str("kim");
    matches[1].field = portone_str("count");
    matches[1].value = portone_str("5");
    matches[2].field = portone_str("yes");
    matches[2].value = portone_str("true");

    assert_true(portone_policy_matches(&payment, matches, 3));

    for (i = 0; i < 3; i++) {
        matches[i].value.len--;
        assert_false(portone_policy_matches(&payment, matches, 3));
        matches[i].value.len++;
    }

    portone_payment_free(&payment);
}


static portone_payment_t  exhaust_payment;


static int
match_once(void)
{
    portone_match_t  matches[2];

    matches[0].field = portone_str("count");
    matches[0].value = portone_str("5");
    matches[1].field = portone_str("yes");
    matches[1].value = portone_str("true");

    return portone_policy_matches(&exhaust_payment, matches, 2);
}


static void
lack_of_memory_never_matches(void **state)
{
    unit_hooks();

    payment_of(&exhaust_payment, customer);
    assert_true(unit_exhaust(match_once) > 1);
    portone_payment_free(&exhaust_payment);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(refunds_are_decided),
        cmocka_unit_test(nothing_is_never_refunded),
        cmocka_unit_test(phone_payments_have_their_month),
        cmocka_unit_test(values_match),
        cmocka_unit_test(all_values_have_to_match),
        cmocka_unit_test(lack_of_memory_never_matches)
    };

    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
