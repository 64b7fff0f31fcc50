
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "unit.h"

#include "portone_json.h"


static void
the_first_rounded_number_is_found(void **state)
{
    size_t  i, n;

    static const struct {
        const char  *text;
        size_t       index;
    } cases[] = {
        { "{}", SIZE_MAX },
        { "1", SIZE_MAX },
        { "123456789012345", SIZE_MAX },
        { "1234567890123456", 0 },
        { "-123456789012345", SIZE_MAX },
        { "-1234567890123456", 0 },
        { "1000.00000000000000001", 0 },
        { "1000.00000000000000000", SIZE_MAX },
        { "0.000000000000000000001", SIZE_MAX },
        { "0.0000001234567890123456", 0 },
        { "1000000000000000000000000", SIZE_MAX },
        { "9.99999999999999999999", 0 },
        { "1.23456789012345e-300", SIZE_MAX },
        { "1e-307", SIZE_MAX },
        { "1e-308", 0 },
        { "-1e-400", 0 },
        { "1e-0000000000000000307", SIZE_MAX },
        { "1e-123456789012345678", 0 },
        { "0e-400", SIZE_MAX },
        { "0.00e-400", SIZE_MAX },
        { "0.001e-304", SIZE_MAX },
        { "0.001e-305", 0 },
        { "1000e-310", SIZE_MAX },
        { "1000e-311", 0 },
        { "1e123456789012345678", SIZE_MAX },
        { "{\"a\":1,\"b\":[2,3.0000000000000001],\"c\":1}", 2 },
        { "{\"1234567890123456\":\"1234567890123456 \\\" 1\",\"c\":1}",
          SIZE_MAX },
        { "[1,\"\\\"\",1234567890123456]", 1 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        n = portone_json_scan_inexact(cases[i].text, strlen(cases[i].text));

        if (n != cases[i].index) {
            fail_msg("%s: %zu", cases[i].text, n);
        }
    }
}


static void
the_last_member_is_found_in_the_text(void **state)
{
    int            rc;
    size_t         i;
    portone_str_t  text, value;

    static const struct {
        const char  *text;
        const char  *value;
    } cases[] = {
        { "{\"a\":1}", "1" },
        { " { \"a\" : { } } ", "{ }" },
        { "{\"b\":[{\"a\":1},2],\"a\":[3,\"}\"]}", "[3,\"}\"]" },
        { "{\"b\":\",\\\"a\\\":2\",\"a\":\"{\\\"\"}", "\"{\\\"\"" },
        { "{\"b\":{\"c\":[]} , \"a\":true\n}", "true" },
        { "{\"a\":1,\"b\":2}", NULL },
        { "{\"b\":{\"a\":1}}", NULL },
        { "{\"\\u0061\":1}", NULL },
        { "{\"aa\":1}", NULL },
        { "{\"\":1}", NULL },
        { "{}", NULL },
        { "{ }", NULL },
        { "[\"a\",1]", NULL },
        { "\"a\"", NULL },
        { "1", NULL }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        text = portone_str(cases[i].text);

        rc = portone_json_scan_last(&text, "a", &value);

        if (cases[i].value == NULL) {
            assert_int_equal(rc, PORTONE_DECLINED);
            continue;
        }

        assert_int_equal(rc, PORTONE_OK);
        unit_text(value.data, value.len, cases[i].value);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_first_rounded_number_is_found),
        cmocka_unit_test(the_last_member_is_found_in_the_text)
    };

    return cmocka_run_group_tests_name("json_text", tests, NULL, NULL);
}
