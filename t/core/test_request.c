
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * A typo must never turn a partial refund into a full one: a request is
 * understood completely or refused with the name of the field.
 */


#include "unit.h"

#include "portone_request.h"
#include "portone_uid.h"


#define HWAN  "\xed\x99\x98"          /* a character of three bytes */

/* character counts */
#define X4    "xxxx"
#define X16   X4 X4 X4 X4
#define X32   X16 X16
#define H4    HWAN HWAN HWAN HWAN
#define H16   H4 H4 H4 H4
#define H32   H16 H16
#define X256  X32 X32 X32 X32 X32 X32 X32 X32
#define H256  H32 H32 H32 H32 H32 H32 H32 H32


/* the buffers end where the memory ends */

static portone_error_e
parse(portone_request_t *request, const char *text, size_t len, char *field)
{
    char             *copy, *name;
    portone_error_e   error;

    copy = unit_exact(text, len);
    name = malloc(PORTONE_FIELD_LEN);
    assert_non_null(name);

    error = portone_request_parse(request, copy, len, name);

    memcpy(field, name, PORTONE_FIELD_LEN);
    free(copy);
    free(name);

    return error;
}


static void
every_field_is_read(void **state)
{
    char               field[PORTONE_FIELD_LEN];
    portone_request_t  request;

    static const char  text[] =
        "{\"merchant_uid\":\"ORD20180131-0000011\","
        "\"imp_uid\":\"imp_448280090638\","
        "\"cancel_request_amount\":2000,"
        "\"reason\":\"" HWAN "\\n\\\"\\ud83d\\ude00\","
        "\"refund_holder\":\"" HWAN HWAN "\","
        "\"refund_bank\":\"88\","
        "\"refund_account\":\"56211105948400\","
        "\"refund_tel\":\"010-1234-5678\","
        "\"tax_free\":0,"
        "\"vat_amount\":181.5,"
        "\"checksum\":30000,"
        "\"retain_promotion\":true,"
        "\"extra\":{\"requester\":\"customer\"}}";

    assert_int_equal(parse(&request, text, sizeof(text) - 1, field),
                     PORTONE_NO_ERROR);
    assert_string_equal(field, "");

    unit_text(request.merchant_uid.data, request.merchant_uid.len,
              "ORD20180131-0000011");
    unit_text(request.imp_uid.data, request.imp_uid.len, "imp_448280090638");
    unit_text(request.cancel.reason.data, request.cancel.reason.len,
              HWAN "\n\"\xf0\x9f\x98\x80");
    unit_text(request.cancel.refund_holder.data,
              request.cancel.refund_holder.len, HWAN HWAN);
    unit_text(request.cancel.refund_bank.data, request.cancel.refund_bank.len,
              "88");
    unit_text(request.cancel.refund_account.data,
              request.cancel.refund_account.len, "56211105948400");
    unit_text(request.cancel.refund_tel.data, request.cancel.refund_tel.len,
              "010-1234-5678");
    unit_text(request.cancel.requester.data, request.cancel.requester.len,
              "customer");

    assert_true(request.has_amount);
    assert_int_equal(request.amount.coefficient, 2000);
    assert_int_equal(request.amount.scale, 0);
    assert_string_equal(request.amount_field, "cancel_request_amount");

    assert_true(request.cancel.has_tax_free);
    assert_int_equal(request.cancel.tax_free.coefficient, 0);

    assert_true(request.cancel.has_vat_amount);
    assert_int_equal(request.cancel.vat_amount.coefficient, 1815);
    assert_int_equal(request.cancel.vat_amount.scale, 1);

    assert_true(request.has_checksum);
    assert_int_equal(request.checksum.coefficient, 30000);

    assert_true(request.cancel.has_retain_promotion);
    assert_true(request.cancel.retain_promotion);

    portone_request_free(&request);

    assert_null(request.json);
    assert_int_equal(request.imp_uid.len, 0);
    portone_request_free(&request);
}


static void
absent_fields_are_absent(void **state)
{
    char               field[PORTONE_FIELD_LEN];
    portone_request_t  request;

    static const char  text[] = "{\"merchant_uid\":\"a\",\"reason\":\"\","
                                "\"refund_account\":\"\","
                                "\"retain_promotion\":false}";

    assert_int_equal(parse(&request, text, sizeof(text) - 1, field),
                     PORTONE_NO_ERROR);

    assert_int_equal(request.imp_uid.len, 0);
    assert_int_equal(request.cancel.reason.len, 0);
    assert_int_equal(request.cancel.refund_holder.len, 0);
    assert_int_equal(request.cancel.refund_account.len, 0);
    assert_int_equal(request.cancel.requester.len, 0);
    assert_false(request.has_amount);
    assert_null(request.amount_field);
    assert_false(request.cancel.has_tax_free);
    assert_false(request.cancel.has_vat_amount);
    assert_false(request.has_checksum);
    assert_true(request.cancel.has_retain_promotion);
    assert_false(request.cancel.retain_promotion);

    portone_request_free(&request);
}


static void
numbers_are_not_taken_for_each_other(void **state)
{
    char               text[64], field[PORTONE_FIELD_LEN];
    size_t             i;
    portone_request_t  request;

    static const char  *names[] = {
        "amount", "tax_free", "vat_amount", "checksum"
    };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(text, sizeof(text), "{\"imp_uid\":\"a\",\"%s\":10.5}",
                 names[i]);

        assert_int_equal(parse(&request, text, strlen(text), field),
                         PORTONE_NO_ERROR);

        assert_int_equal(request.has_amount, i == 0);
        assert_int_equal(request.cancel.has_tax_free, i == 1);
        assert_int_equal(request.cancel.has_vat_amount, i == 2);
        assert_int_equal(request.has_checksum, i == 3);
        assert_int_equal(request.amount.coefficient, i == 0 ? 105 : 0);
        assert_int_equal(request.cancel.tax_free.coefficient,
                         i == 1 ? 105 : 0);
        assert_int_equal(request.cancel.vat_amount.coefficient,
                         i == 2 ? 105 : 0);
        assert_int_equal(request.checksum.coefficient, i == 3 ? 105 : 0);

        portone_request_free(&request);
    }
}


static void
what_the_rules_allow_is_accepted(void **state)
{
    char               field[PORTONE_FIELD_LEN];
    size_t             i;
    portone_error_e    error;
    portone_request_t  request;

    static const char  *texts[] = {
        "{\"merchant_uid\":\"a\"}",
        "{\"imp_uid\":\"a\"}",
        " \r\n\t{\"imp_uid\" : \"a\"} \r\n",
        "{\"merchant_uid\":\"" X32 X4 X4 "\"}",
        "{\"merchant_uid\":\"" H32 H4 H4 "\"}",
        "{\"imp_uid\":\"" X32 "\"}",
        "{\"imp_uid\":\"" H32 "\"}",
        "{\"merchant_uid\":\" / ? & # % ' \\\" \\\\ \"}",
        "{\"merchant_\\u0075id\":\"a\"}",
        "{\"imp_uid\":\"a\",\"reason\":\"" X256 "\"}",
        "{\"imp_uid\":\"a\",\"reason\":\"" H256 "\"}",
        "{\"imp_uid\":\"a\",\"reason\":\"a\\tb\\r\\nc\"}",
        "{\"imp_uid\":\"a\",\"refund_holder\":\"" H16 "\"}",
        "{\"imp_uid\":\"a\",\"refund_bank\":\"" X4 "\"}",
        "{\"imp_uid\":\"a\",\"refund_account\":\"" X16 "\"}",
        "{\"imp_uid\":\"a\",\"refund_tel\":\"" X16 "\"}",
        "{\"imp_uid\":\"a\",\"amount\":1}",
        "{\"imp_uid\":\"a\",\"amount\":0.0001}",
        "{\"imp_uid\":\"a\",\"amount\":999999999999999}",
        "{\"imp_uid\":\"a\",\"amount\":1000,\"cancel_request_amount\":1e3}",
        "{\"imp_uid\":\"a\",\"amount\":1.50,\"cancel_request_amount\":1.5}",
        "{\"imp_uid\":\"a\",\"tax_free\":0,\"vat_amount\":0}",
        "{\"imp_uid\":\"a\",\"tax_free\":-0,\"checksum\":0}",
        "{\"imp_uid\":\"a\",\"amount\":1000.00000000000000000}",
        "{\"imp_uid\":\"a\",\"extra\":{\"requester\":\"admin\"}}",
        "{\"imp_uid\":\"1234567890123456789\"}"
    };

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        error = parse(&request, texts[i], strlen(texts[i]), field);

        if (error != PORTONE_NO_ERROR || field[0] != '\0') {
            fail_msg("%s: %s, \"%s\"", texts[i], portone_error_word(error),
                     field);
        }

        portone_request_free(&request);
    }
}


static const struct {
    const char  *text;
    const char  *field;
} named[] = {

    /* not an object */
    { "[]", "" },
    { "[{\"imp_uid\":\"a\"}]", "" },
    { "\"imp_uid\"", "" },
    { "null", "" },
    { "1", "" },
    { "1000.00000000000000001", "" },

    /* identifiers */
    { "{}", "merchant_uid" },
    { "{\"amount\":1000}", "merchant_uid" },
    { "{\"merchant_uid\":\"\"}", "merchant_uid" },
    { "{\"merchant_uid\":null}", "merchant_uid" },
    { "{\"merchant_uid\":1}", "merchant_uid" },
    { "{\"merchant_uid\":[\"a\"]}", "merchant_uid" },
    { "{\"merchant_uid\":{\"$ne\":null}}", "merchant_uid" },
    { "{\"merchant_uid\":\"" X32 X4 X4 "x\"}", "merchant_uid" },
    { "{\"merchant_uid\":\"" H32 H4 H4 "x\"}", "merchant_uid" },
    { "{\"merchant_uid\":\"a\\n\"}", "merchant_uid" },
    { "{\"merchant_uid\":\"a\\u007f\"}", "merchant_uid" },
    { "{\"merchant_uid\":\"a\\u0085\"}", "merchant_uid" },
    { "{\"merchant_uid\":\"a\\u0001b\"}", "merchant_uid" },
    { "{\"imp_uid\":\"\",\"merchant_uid\":\"a\"}", "imp_uid" },
    { "{\"imp_uid\":null,\"merchant_uid\":\"a\"}", "imp_uid" },
    { "{\"merchant_uid\":\"a\",\"imp_uid\":false}", "imp_uid" },
    { "{\"imp_uid\":\"" X32 "x\"}", "imp_uid" },
    { "{\"imp_uid\":\"imp_1\\t\"}", "imp_uid" },
    { "{\"imp_uid\":\"a\",\"merchant_uid\":\"\"}", "merchant_uid" },

    /* amounts */
    { "{\"imp_uid\":\"a\",\"amount\":0}", "amount" },
    { "{\"imp_uid\":\"a\",\"amount\":-0}", "amount" },
    { "{\"imp_uid\":\"a\",\"amount\":0.0}", "amount" },
    { "{\"imp_uid\":\"a\",\"amount\":-1}", "amount" },
    { "{\"imp_uid\":\"a\",\"amount\":\"1000\"}", "amount" },
    { "{\"imp_uid\":\"a\",\"amount\":null}", "amount" },
    { "{\"imp_uid\":\"a\",\"amount\":true}", "amount" },
    { "{\"imp_uid\":\"a\",\"amount\":[1000]}", "amount" },
    { "{\"imp_uid\":\"a\",\"amount\":1e400}", "amount" },
    { "{\"imp_uid\":\"a\",\"amount\":-1e400}", "amount" },
    { "{\"imp_uid\":\"a\",\"amount\":1e-400}", "amount" },
    { "{\"imp_uid\":\"a\",\"amount\":1e15}", "amount" },
    { "{\"imp_uid\":\"a\",\"amount\":0.30000000000000004}", "amount" },
    { "{\"imp_uid\":\"a\",\"amount\":1000.00000000000000001}", "amount" },
    { "{\"imp_uid\":\"a\",\"amount\":999.99999999999999999999}",
      "amount" },
    { "{\"imp_uid\":\"a\",\"cancel_request_amount\":0}",
      "cancel_request_amount" },
    { "{\"imp_uid\":\"a\",\"cancel_request_amount\":\"\"}",
      "cancel_request_amount" },
    { "{\"imp_uid\":\"a\",\"cancel_request_amount\":"
      "1000.00000000000000001}", "cancel_request_amount" },
    { "{\"imp_uid\":\"a\",\"amount\":1,\"cancel_request_amount\":"
      "1.00000000000000000001}", "cancel_request_amount" },
    { "{\"imp_uid\":\"a\",\"amount\":1,\"cancel_request_amount\":2}",
      "cancel_request_amount" },
    { "{\"imp_uid\":\"a\",\"cancel_request_amount\":1,\"amount\":10}",
      "amount" },
    { "{\"imp_uid\":\"a\",\"cancel_request_amount\":1,\"amount\":1.5}",
      "amount" },
    { "{\"imp_uid\":\"a\",\"amount\":1,\"cancel_request_amount\":null}",
      "cancel_request_amount" },

    { "{\"imp_uid\":\"a\",\"tax_free\":-1}", "tax_free" },
    { "{\"imp_uid\":\"a\",\"tax_free\":\"0\"}", "tax_free" },
    { "{\"imp_uid\":\"a\",\"tax_free\":null}", "tax_free" },
    { "{\"imp_uid\":\"a\",\"vat_amount\":-0.5}", "vat_amount" },
    { "{\"imp_uid\":\"a\",\"vat_amount\":false}", "vat_amount" },
    { "{\"imp_uid\":\"a\",\"vat_amount\":0.00000000012345678901234567}",
      "vat_amount" },
    { "{\"imp_uid\":\"a\",\"checksum\":-1}", "checksum" },
    { "{\"imp_uid\":\"a\",\"checksum\":\"1000\"}", "checksum" },
    { "{\"imp_uid\":\"a\",\"checksum\":null}", "checksum" },
    { "{\"imp_uid\":\"a\",\"checksum\":12345678901234567}", "checksum" },
    { "{\"imp_uid\":\"a\",\"amount\":1,\"checksum\":"
      "1000.00000000000000001}", "checksum" },
    { "{\"imp_uid\":\"a\",\"tax_free\":1e-400}", "tax_free" },

    /* text */
    { "{\"imp_uid\":\"a\",\"reason\":\"" X256 "x\"}", "reason" },
    { "{\"imp_uid\":\"a\",\"reason\":\"" H256 "x\"}", "reason" },
    { "{\"imp_uid\":\"a\",\"reason\":null}", "reason" },
    { "{\"imp_uid\":\"a\",\"reason\":1}", "reason" },
    { "{\"imp_uid\":\"a\",\"reason\":[]}", "reason" },
    { "{\"imp_uid\":\"a\",\"refund_holder\":\"" H16 "x\"}",
      "refund_holder" },
    { "{\"imp_uid\":\"a\",\"refund_holder\":\"a\\nb\"}",
      "refund_holder" },
    { "{\"imp_uid\":\"a\",\"refund_bank\":\"" X4 "x\"}", "refund_bank" },
    { "{\"imp_uid\":\"a\",\"refund_bank\":88}", "refund_bank" },
    { "{\"imp_uid\":\"a\",\"refund_account\":\"" X16 "x\"}",
      "refund_account" },
    { "{\"imp_uid\":\"a\",\"refund_account\":56211105948400}",
      "refund_account" },
    { "{\"imp_uid\":\"a\",\"refund_account\":\"1\\u00002\"}", NULL },
    { "{\"imp_uid\":\"a\",\"refund_tel\":\"" X16 "x\"}", "refund_tel" },
    { "{\"imp_uid\":\"a\",\"refund_tel\":{}}", "refund_tel" },

    /* others */
    { "{\"imp_uid\":\"a\",\"retain_promotion\":\"true\"}",
      "retain_promotion" },
    { "{\"imp_uid\":\"a\",\"retain_promotion\":1}", "retain_promotion" },
    { "{\"imp_uid\":\"a\",\"retain_promotion\":null}",
      "retain_promotion" },
    { "{\"imp_uid\":\"a\",\"extra\":null}", "extra" },
    { "{\"imp_uid\":\"a\",\"extra\":\"admin\"}", "extra" },
    { "{\"imp_uid\":\"a\",\"extra\":[\"admin\"]}", "extra" },
    { "{\"imp_uid\":\"a\",\"extra\":{}}", "extra" },
    { "{\"imp_uid\":\"a\",\"extra\":{\"requester\":null}}", "extra" },
    { "{\"imp_uid\":\"a\",\"extra\":{\"requester\":1}}", "extra" },
    { "{\"imp_uid\":\"a\",\"extra\":{\"requester\":\"\"}}", "extra" },
    { "{\"imp_uid\":\"a\",\"extra\":{\"requester\":\"Admin\"}}",
      "extra" },
    { "{\"imp_uid\":\"a\",\"extra\":{\"requester\":\"customers\"}}",
      "extra" },
    { "{\"imp_uid\":\"a\",\"extra\":{\"Requester\":\"admin\"}}",
      "extra" },
    { "{\"imp_uid\":\"a\",\"extra\":{\"requester\":\"admin\",\"x\":1}}",
      "extra" },
    { "{\"imp_uid\":\"a\",\"extra\":{\"requester\":\"admin\","
      "\"requester\":\"admin\"}}", "extra" },

    /* duplicates, also of another spelling of the same name */
    { "{\"imp_uid\":\"a\",\"imp_uid\":\"a\"}", "imp_uid" },
    { "{\"imp_uid\":\"a\",\"amount\":1,\"amount\":1}", "amount" },
    { "{\"imp_uid\":\"a\",\"amount\":1,\"\\u0061mount\":1}", "amount" },
    { "{\"imp_uid\":\"a\",\"retain_promotion\":true,"
      "\"retain_promotion\":true}", "retain_promotion" },
    { "{\"imp_uid\":\"a\",\"reason\":\"\",\"reason\":\"a\"}", "reason" },

    /* unknown ones */
    { "{\"imp_uid\":\"a\",\"cancel_amount\":1}", "cancel_amount" },
    { "{\"imp_uid\":\"a\",\"Amount\":1}", "Amount" },
    { "{\"imp_uid\":\"a\",\"amount \":1}", "amount " },
    { "{\"imp_uid\":\"a\",\"AMOUNT\":1}", "AMOUNT" },
    { "{\"imp_uid\":\"a\",\"cancelRequestAmount\":1}",
      "cancelRequestAmount" },
    { "{\"imp_uid\":\"a\",\"\":1}", "" },
    { "{\"imp_uid\":\"a\",\"__proto__\":{}}", "__proto__" },
    { "{\"unknown\":null}", "unknown" },
    { "{\"" HWAN "\":1}", HWAN },

    /* 63 bytes fit, not a part of a character */
    { "{\"" X32 X16 X4 X4 X4 "xxx\":1}", X32 X16 X4 X4 X4 "xxx" },
    { "{\"" X32 X32 X32 "\":1}", X32 X16 X4 X4 X4 "xxx" },
    { "{\"" H16 H4 HWAN HWAN "\":1}", H16 H4 HWAN },
    { "{\"x" H16 H4 HWAN "\":1}", "x" H16 H4 },

    /* not JSON */
    { "", NULL },
    { "{", NULL },
    { "{\"imp_uid\":\"a\"}x", NULL },
    { "{\"imp_uid\":\"a\"}{\"imp_uid\":\"a\"}", NULL },
    { "{\"imp_uid\":\"a\",}", NULL },
    { "{\"imp_uid\":\"a\",\"amount\":01}", NULL },
    { "{\"imp_uid\":\"a\",\"amount\":NaN}", NULL },
    { "{\"imp_uid\":\"\xff\"}", NULL },
    { "{\"imp_uid\":\"\\ud800\"}", NULL },
    { "{\"imp_uid\":\"a\\u0000b\"}", NULL },
    { "imp_uid=a", NULL },
    { "\xef\xbb\xbf{\"imp_uid\":\"a\"}", NULL }
};


static void
errors_name_the_field(void **state)
{
    char               field[PORTONE_FIELD_LEN];
    size_t             i;
    portone_error_e    error;
    portone_request_t  request;

    for (i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        memset(field, 'F', sizeof(field));

        error = parse(&request, named[i].text, strlen(named[i].text), field);

        if (named[i].field == NULL) {

            if (error != PORTONE_INVALID_JSON || field[0] != '\0') {
                fail_msg("%s: %s, \"%.64s\"", named[i].text,
                         portone_error_word(error), field);
            }

            continue;
        }

        if (error != PORTONE_INVALID_REQUEST
            || strcmp(field, named[i].field) != 0)
        {
            fail_msg("%s: %s, \"%.64s\"", named[i].text,
                     portone_error_word(error), field);
        }

        assert_null(request.json);
    }
}


/* every beginning of a valid request is refused */

static void
cut_requests_are_refused(void **state)
{
    char               field[PORTONE_FIELD_LEN];
    size_t             len;
    portone_request_t  request;

    static const char  text[] =
        "{\"merchant_uid\":\"a\",\"cancel_request_amount\":2000}";

    for (len = 0; len < sizeof(text) - 1; len++) {
        assert_int_equal(parse(&request, text, len, field),
                         PORTONE_INVALID_JSON);
    }
}


static void
identifiers_are_valid_characters(void **state)
{
    size_t  i;

    static const struct {
        portone_str_t  text;
        int            valid;
    } cases[] = {
        { portone_string("a"), 1 },
        { portone_string("abcd"), 1 },
        { portone_string(H4), 1 },
        { portone_string("abcde"), 0 },
        { portone_string(H4 "a"), 0 },
        { portone_string(""), 0 },
        { portone_null_string, 0 },
        { portone_string("a\0"), 0 },
        { portone_string("a\n"), 0 },
        { portone_string("\xc2\x85"), 0 },
        { portone_string("\xff"), 0 },
        { portone_string("a\xc2"), 0 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        if (portone_uid_valid(&cases[i].text, 4) != cases[i].valid) {
            fail_msg("case %zu", i);
        }
    }
}


static int
parse_once(void)
{
    char               field[PORTONE_FIELD_LEN];
    portone_error_e    error;
    portone_request_t  request;

    static const char  text[] =
        "{\"merchant_uid\":\"a\",\"amount\":1000,\"reason\":\"b\","
        "\"extra\":{\"requester\":\"admin\"}}";

    error = portone_request_parse(&request, text, sizeof(text) - 1, field);

    assert_string_equal(field, "");

    if (error != PORTONE_NO_ERROR) {
        assert_int_equal(error, PORTONE_OVERLOADED);
        return 0;
    }

    portone_request_free(&request);

    return 1;
}


static void
lack_of_memory_is_no_fault_of_the_client(void **state)
{
    assert_true(unit_exhaust(parse_once) > 1);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(every_field_is_read),
        cmocka_unit_test(absent_fields_are_absent),
        cmocka_unit_test(numbers_are_not_taken_for_each_other),
        cmocka_unit_test(what_the_rules_allow_is_accepted),
        cmocka_unit_test(errors_name_the_field),
        cmocka_unit_test(cut_requests_are_refused),
        cmocka_unit_test(identifiers_are_valid_characters),
        cmocka_unit_test(lack_of_memory_is_no_fault_of_the_client)
    };

    return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
