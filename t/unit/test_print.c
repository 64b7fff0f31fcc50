
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * What is printed is what cJSON prints.
 */


#include <float.h>
#include <math.h>

#include "unit.h"

#include "portone_json.h"


static const char  sample[] =
    "{\"a\":[1,\"\\u00e9\",true,null,{\"b\":1.5}],\"b\":\"text\",\"c\":{}}";


static cJSON *
object(const char *text)
{
    cJSON  *json;

    json = portone_json_parse(text, strlen(text));
    assert_non_null(json);

    return json;
}


static int
print_once(void)
{
    char   *text;
    cJSON  *json;

    unit_paused = 1;
    json = object(sample);
    unit_paused = 0;

    text = portone_json_print(json);

    unit_paused = 1;

    if (text != NULL) {
        assert_string_equal(text, "{\"a\":[1,\"\xc3\xa9\",true,null,"
                                  "{\"b\":1.5}],\"b\":\"text\",\"c\":{}}");
    }

    cJSON_free(text);
    cJSON_Delete(json);
    unit_paused = 0;

    return text != NULL;
}


static void
prints_as_cjson_does(const cJSON *json)
{
    char  *text, *expected;

    expected = cJSON_PrintUnformatted(json);
    text = portone_json_print(json);

    assert_non_null(text);
    assert_string_equal(text, expected);

    cJSON_free(text);
    cJSON_free(expected);
}


static void
trees_are_printed_as_cjson_does(void **state)
{
    char    text[256];
    cJSON  *json;
    size_t  i, k;

    static const char  *texts[] = {
        "null", "true", "false", "[]", "{}", "[[],{}]", "\"\"",
        "{\"\":{\"\":[]}}", "[1,[2,[3,{\"a\":\"b\"}]],null]",
        "\"\\u0001\\u001f\\b\\f\\n\\r\\t\\\"\\\\\\/\x7f\"",
        "\"\xec\x9b\x90\"", "{\"\\n\":\"\\u00e9\",\"\\n\":1}"
    };

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        json = object(texts[i]);
        prints_as_cjson_does(json);
        cJSON_Delete(json);
    }

    /* around every size at which the text may have to move */

    for (i = 990; i < 1010; i++) {
        json = cJSON_CreateArray();

        for (k = 0; k < i / 10; k++) {
            (void) snprintf(text, sizeof(text), "%07u", (unsigned) k);
            cJSON_AddItemToArray(json, cJSON_CreateString(text));
        }

        memset(text, 'x', sizeof(text));
        text[i % 10] = '\0';
        cJSON_AddItemToArray(json, cJSON_CreateString(text));

        prints_as_cjson_does(json);
        cJSON_Delete(json);
    }

    assert_null(portone_json_print(NULL));
}


static void
numbers_are_printed_as_cjson_does(void **state)
{
    int        sign;
    cJSON     *json;
    size_t     i;
    double     number;
    uint64_t   bits;

    static const double  numbers[] = {
        0, 1, 9, 10, 1.5, 0.1, 1e14, 999999999999999, 1e15,
        1000000000000001, 4503599627370496, 9007199254740993, 1e16, 1e300,
        5e-324, DBL_MAX, INFINITY, NAN, 2147483647, 2147483648, 1e-7
    };

    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        for (sign = -1; sign < 2; sign += 2) {
            json = cJSON_CreateNumber(sign * numbers[i]);
            prints_as_cjson_does(json);
            cJSON_Delete(json);
        }
    }

    bits = 1;

    for (i = 0; i < 10000; i++) {

        /* xorshift: any double, and integers of any length */

        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;

        memcpy(&number, &bits, sizeof(number));

        if (i % 2) {
            number = (double) (int64_t) (bits >> (bits % 64));
        }

        json = cJSON_CreateNumber(number);
        prints_as_cjson_does(json);
        cJSON_Delete(json);
    }
}


static void
lack_of_memory_is_told(void **state)
{
    assert_true(unit_exhaust(print_once) >= 1);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(trees_are_printed_as_cjson_does),
        cmocka_unit_test(numbers_are_printed_as_cjson_does),
        cmocka_unit_test(lack_of_memory_is_told)
    };

    return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}
