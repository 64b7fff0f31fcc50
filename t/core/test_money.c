
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * Money is exact: a JSON number becomes the integer it spells, or nothing.
 */


#include "unit.h"

#include <math.h>

#include "portone_json.h"
#include "portone_money.h"


#define DECLINED  INT64_MIN


static void
decimals_are_taken_apart_exactly(void **state)
{
    size_t             i;
    portone_decimal_t  decimal;

    static const struct {
        double   number;
        int64_t  coefficient;    /* or DECLINED */
        int      scale;
    } cases[] = {
        { 0.0, 0, 0 },
        { -0.0, 0, 0 },
        { 1, 1, 0 },
        { -1, -1, 0 },
        { 10, 10, 0 },
        { 1e3, 1000, 0 },
        { 1000.0, 1000, 0 },
        { 0.1, 1, 1 },
        { 0.10, 1, 1 },
        { -0.5, -5, 1 },
        { 0.3, 3, 1 },
        { 0.1 + 0.2, DECLINED, 0 },
        { 0.30000000000000004, DECLINED, 0 },
        { 0.29999999999999999, 3, 1 },      /* the same double as 0.3 */
        { 10.05, 1005, 2 },
        { 19.99, 1999, 2 },
        { 1.005, 1005, 3 },
        { 0.0001, 1, 4 },
        { 99999999999.9999, 999999999999999, 4 },
        { 1e-15, 1, 15 },
        { 1.5e-14, 15, 15 },
        { 1e-16, DECLINED, 0 },
        { 1.5e-15, DECLINED, 0 },
        { 5e-324, DECLINED, 0 },
        { 999999999999999.0, 999999999999999, 0 },
        { -999999999999999.0, -999999999999999, 0 },
        { 1e14, 100000000000000, 0 },
        { 999999999999990.0, 999999999999990, 0 },
        { 1e15, DECLINED, 0 },
        { 1234567890123456.0, DECLINED, 0 },
        { 1234567890123450.0, DECLINED, 0 },
        { 9007199254740993.0, DECLINED, 0 },
        { 2147483647.0, 2147483647, 0 },
        { 2147483648.0, 2147483648, 0 },
        { 4294967296.0, 4294967296, 0 },
        { 1e308, DECLINED, 0 },
        { 1.7976931348623157e308, DECLINED, 0 },
        { INFINITY, DECLINED, 0 },
        { -INFINITY, DECLINED, 0 },
        { NAN, DECLINED, 0 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        if (portone_money_decimal(&decimal, cases[i].number) != PORTONE_OK) {
            decimal.coefficient = DECLINED;
            decimal.scale = 0;
        }

        if (decimal.coefficient != cases[i].coefficient
            || decimal.scale != cases[i].scale)
        {
            fail_msg("%.17g: got %lld / 10^%d", cases[i].number,
                     (long long) decimal.coefficient, decimal.scale);
        }
    }
}


static void
currencies_have_their_iso_4217_exponent(void **state)
{
    size_t         i;
    portone_str_t  code;

    static const struct {
        const char  *codes;
        int          exponent;
    } cases[] = {
        { "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF "
          "XPF", 0 },
        { "USD EUR CNY TWD THB HKD GBP AUD CAD SGD IDR MYR PHP INR AED ZWG",
          2 },
        { "BHD IQD JOD KWD LYD OMR TND", 3 },
        { "CLF UYW", 4 },
        { "XDR XTS XAU ZZZ AAA krw Krw KR\xa9", -1 }
    };

    static const portone_str_t  malformed[] = {
        portone_string(""),
        portone_string("K"),
        portone_string("KR"),
        portone_string("KRW "),
        portone_string("KRWX"),
        portone_string("W U"),
        portone_string("RW "),
        portone_string(" KR"),
        portone_string("K\0W"),
        portone_string("KRW USD")
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        code.len = 3;

        for (code.data = cases[i].codes; /* void */ ; code.data += 4) {

            if (portone_money_exponent(&code) != cases[i].exponent) {
                fail_msg("%.3s", code.data);
            }

            if (code.data[3] == '\0') {
                break;
            }
        }
    }

    for (i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        assert_int_equal(portone_money_exponent(&malformed[i]), -1);
    }
}


static void
decimals_become_money_or_nothing(void **state)
{
    int      rc;
    size_t   i;
    int64_t  amount;

    static const struct {
        portone_decimal_t  decimal;
        int                exponent;
        int64_t            amount;    /* or DECLINED */
    } cases[] = {
        { { 0, 0 }, 0, 0 },
        { { 0, 0 }, 4, 0 },
        { { 1000, 0 }, 0, 1000 },
        { { 1000, 0 }, 2, 100000 },
        { { 105, 1 }, 0, DECLINED },        /* 10.5 won */
        { { 105, 1 }, 2, 1050 },
        { { 1999, 2 }, 2, 1999 },
        { { 1999, 3 }, 2, DECLINED },
        { { 1990, 3 }, 2, 199 },
        { { 1, 3 }, 3, 1 },
        { { 1, 4 }, 3, DECLINED },
        { { 1, 4 }, 4, 1 },
        { { 1, 15 }, 4, DECLINED },
        { { -1, 0 }, 0, DECLINED },
        { { -1, 2 }, 2, DECLINED },
        { { PORTONE_MONEY_MAX, 0 }, 0, PORTONE_MONEY_MAX },
        { { PORTONE_MONEY_MAX, 2 }, 2, PORTONE_MONEY_MAX },
        { { PORTONE_MONEY_MAX, 0 }, 2, DECLINED },
        { { PORTONE_MONEY_MAX + 1, 0 }, 0, DECLINED },
        { { 9999999999999, 0 }, 2, 999999999999900 },
        { { 10000000000000, 0 }, 2, DECLINED },
        { { 99999999999999, 1 }, 2, 999999999999990 },
        { { 100000000000000, 1 }, 2, DECLINED },
        { { INT64_MAX, 0 }, 4, DECLINED },
        { { INT64_MIN, 0 }, 4, DECLINED }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        amount = 4711;

        rc = portone_money_from_decimal(&amount, &cases[i].decimal,
                                        cases[i].exponent);

        if (cases[i].amount == DECLINED) {
            assert_int_equal(rc, PORTONE_DECLINED);
            assert_int_equal(amount, 4711);
            continue;
        }

        assert_int_equal(rc, PORTONE_OK);
        assert_int_equal(amount, cases[i].amount);
    }
}


static void
json_numbers_become_money_or_nothing(void **state)
{
    int      rc;
    cJSON   *json;
    size_t   i;
    int64_t  amount;

    static const struct {
        const char  *text;
        int          exponent;
        int64_t      amount;    /* or DECLINED */
    } cases[] = {
        { "1000", 0, 1000 },
        { "1000.00", 0, 1000 },
        { "1e3", 0, 1000 },
        { "1E+3", 0, 1000 },
        { "100000e-2", 0, 1000 },
        { "-0", 0, 0 },
        { "0.0", 2, 0 },
        { "0e999", 2, 0 },
        { "10.5", 2, 1050 },
        { "10.5", 0, DECLINED },
        { "10.055", 2, DECLINED },
        { "-1", 0, DECLINED },
        { "4294967297", 0, 4294967297 },
        { "1e400", 0, DECLINED },
        { "-1e400", 0, DECLINED },
        { "0.30000000000000004", 2, DECLINED },
        { "\"1000\"", 0, DECLINED },
        { "null", 0, DECLINED },
        { "true", 0, DECLINED },
        { "[1000]", 0, DECLINED },
        { "{\"amount\":1000}", 0, DECLINED }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json = portone_json_parse(cases[i].text, strlen(cases[i].text));
        assert_non_null(json);

        amount = DECLINED;
        rc = portone_money_from_json(&amount, json, cases[i].exponent);

        assert_int_equal(rc, cases[i].amount == DECLINED ? PORTONE_DECLINED
                                                         : PORTONE_OK);
        assert_int_equal(amount, cases[i].amount);

        cJSON_Delete(json);
    }

    assert_int_equal(portone_money_from_json(&amount, NULL, 0),
                     PORTONE_DECLINED);
}


static void
money_is_printed_without_trailing_zeroes(void **state)
{
    char    buf[PORTONE_MONEY_LEN], *text;
    cJSON  *json;
    size_t  i, len;

    static const struct {
        int64_t      amount;
        int          exponent;
        const char  *text;
    } cases[] = {
        { 0, 0, "0" },
        { 0, 4, "0" },
        { 1000, 0, "1000" },
        { 1050, 2, "10.5" },
        { 1005, 2, "10.05" },
        { 1000, 2, "10" },
        { 5, 2, "0.05" },
        { 50, 2, "0.5" },
        { 1, 3, "0.001" },
        { 1, 4, "0.0001" },
        { PORTONE_MONEY_MAX, 0, "999999999999999" },
        { PORTONE_MONEY_MAX, 4, "99999999999.9999" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        len = portone_money_print(buf, cases[i].amount, cases[i].exponent);

        assert_int_equal(len, strlen(buf));
        assert_string_equal(buf, cases[i].text);

        json = portone_money_json(cases[i].amount, cases[i].exponent);
        text = cJSON_PrintUnformatted(json);
        assert_string_equal(text, cases[i].text);
        cJSON_free(text);
        cJSON_Delete(json);
    }
}


/* whether it is read from the tree that it was put in, or from the text */

static void
money_survives_printing_and_parsing(void **state)
{
    int       exponent;
    char     *text, expected[PORTONE_MONEY_LEN];
    cJSON    *json;
    size_t    i;
    int64_t   amount, parsed, seed;

    seed = 1;

    for (i = 0; i < 20000; i++) {
        seed = (seed * 48271) % 2147483647;
        amount = (i % 2) ? seed : PORTONE_MONEY_MAX - seed * (int64_t) (i + 1);
        exponent = (int) (i % 5);

        portone_money_print(expected, amount, exponent);

        json = portone_money_json(amount, exponent);
        assert_non_null(json);
        assert_int_equal(portone_money_from_json(&parsed, json, exponent),
                         PORTONE_OK);
        assert_int_equal(parsed, amount);

        text = cJSON_PrintUnformatted(json);
        assert_non_null(text);
        assert_string_equal(text, expected);
        cJSON_Delete(json);

        json = portone_json_parse(text, strlen(text));
        assert_non_null(json);
        assert_int_equal(portone_money_from_json(&parsed, json, exponent),
                         PORTONE_OK);
        assert_int_equal(parsed, amount);

        cJSON_free(text);
        cJSON_Delete(json);
    }
}


static int
money_json_once(void)
{
    cJSON  *json;

    json = portone_money_json(1050, 2);

    if (json == NULL) {
        return 0;
    }

    assert_true(portone_json_is_number(json));
    assert_true(json->valuedouble == 10.5);
    cJSON_Delete(json);

    return 1;
}


static void
lack_of_memory_is_told(void **state)
{
    assert_true(unit_exhaust(money_json_once) > 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(decimals_are_taken_apart_exactly),
        cmocka_unit_test(currencies_have_their_iso_4217_exponent),
        cmocka_unit_test(decimals_become_money_or_nothing),
        cmocka_unit_test(json_numbers_become_money_or_nothing),
        cmocka_unit_test(money_is_printed_without_trailing_zeroes),
        cmocka_unit_test(money_survives_printing_and_parsing),
        cmocka_unit_test(lack_of_memory_is_told)
    };

    return cmocka_run_group_tests_name("money", tests, NULL, NULL);
}
