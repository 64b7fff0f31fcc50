
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * Text: limits are counted in characters, and nothing is cut inside one.
 */


#include "unit.h"

#include "portone_str.h"


#define TEXT(text)  { sizeof(text) - 1, text }


static void
utf8_is_counted_in_characters(void **state)
{
    size_t  i, n;

    static const struct {
        portone_str_t  text;
        size_t         length;
    } cases[] = {
        { TEXT(""), 0 },
        { TEXT("abc"), 3 },
        { TEXT("a\0c"), 3 },
        { TEXT("\xed\x99\x98\xeb\xb6\x88"), 2 },
        { TEXT("\xf0\x9f\x98\x80"), 1 },
        { TEXT("e\xcc\x81"), 2 },
        { TEXT("\xc3\xa9"), 1 },
        { TEXT("\xc3"), SIZE_MAX },
        { TEXT("a\xed\x99"), SIZE_MAX },
        { TEXT("\xf0\x9f\x98"), SIZE_MAX },
        { TEXT("\x80"), SIZE_MAX },
        { TEXT("abc\xff"), SIZE_MAX },
        { TEXT("\xed\xa0\x80"), SIZE_MAX }
    };

    char  *copy;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        copy = unit_exact(cases[i].text.data, cases[i].text.len);
        n = portone_str_utf8_length(copy, cases[i].text.len);
        free(copy);

        if (n != cases[i].length) {
            fail_msg("%s: %zu", cases[i].text.data, n);
        }
    }

    assert_int_equal(portone_str_utf8_length(NULL, 0), 0);
}


static void
utf8_is_cut_between_characters(void **state)
{
    size_t  i, n;

    static const struct {
        const char  *text;
        size_t       max;
        size_t       len;
    } cases[] = {
        { "", 0, 0 },
        { "", 5, 0 },
        { "abc", 3, 3 },
        { "abc", 2, 2 },
        { "abc", 0, 0 },
        { "\xed\x99\x98\xeb\xb6\x88", 6, 6 },
        { "\xed\x99\x98\xeb\xb6\x88", 5, 3 },
        { "\xed\x99\x98\xeb\xb6\x88", 4, 3 },
        { "\xed\x99\x98\xeb\xb6\x88", 3, 3 },
        { "\xed\x99\x98\xeb\xb6\x88", 2, 0 },
        { "a\xf0\x9f\x98\x80", 4, 1 },
        { "a\xf0\x9f\x98\x80", 5, 5 },
        { "\xc3\xa9", 1, 0 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        n = portone_str_utf8_cut(cases[i].text, strlen(cases[i].text),
                             cases[i].max);

        if (n != cases[i].len) {
            fail_msg("%s, %zu: %zu", cases[i].text, cases[i].max, n);
        }
    }
}


static void
control_characters_are_seen(void **state)
{
    char           *copy;
    size_t          i;
    portone_str_t   text;

    static const struct {
        portone_str_t  text;
        int            control;
    } cases[] = {
        { TEXT(""), 0 },
        { TEXT("ORD-1 ~"), 0 },
        { TEXT("\xed\x99\x98\xc2\xa0\xc3\x80\xe2\x80\x80"), 0 },
        { TEXT("a\0b"), 1 },
        { TEXT("a\n"), 1 },
        { TEXT("\t"), 1 },
        { TEXT("\x1f"), 1 },
        { TEXT("a\x7f"), 1 },
        { TEXT("\xc2\x80"), 1 },
        { TEXT("a\xc2\x85"), 1 },
        { TEXT("\xc2\x9f"), 1 },
        { TEXT("a\xc2"), 0 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        copy = unit_exact(cases[i].text.data, cases[i].text.len);
        text.data = copy;
        text.len = cases[i].text.len;

        if (portone_str_has_control(&text) != cases[i].control) {
            fail_msg("case %zu", i);
        }

        free(copy);
    }
}


static void
strings_are_compared(void **state)
{
    portone_str_t  a = TEXT("a\0b");
    portone_str_t  b = TEXT("a\0c");
    portone_str_t  c = TEXT("a");
    portone_str_t  empty = TEXT("");
    portone_str_t  null = portone_null_string;

    assert_true(portone_str_eq(&a, &a));
    assert_false(portone_str_eq(&a, &b));
    assert_false(portone_str_eq(&a, &c));
    assert_false(portone_str_eq(&c, &null));
    assert_true(portone_str_eq(&empty, &null));
    assert_true(portone_str_eq(&null, &null));

    assert_int_equal(portone_str(NULL).len, 0);
    assert_int_equal(portone_str("").len, 0);
    assert_int_equal(portone_str("abc").len, 3);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(utf8_is_counted_in_characters),
        cmocka_unit_test(utf8_is_cut_between_characters),
        cmocka_unit_test(control_characters_are_seen),
        cmocka_unit_test(strings_are_compared)
    };

    return cmocka_run_group_tests_name("core", tests, NULL, NULL);
}
