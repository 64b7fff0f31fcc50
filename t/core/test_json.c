
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * The door in front of cJSON is strict: RFC 8259 and nothing else.
 */


#include "unit.h"

#include "portone_json.h"


#define TEXT(text)  { sizeof(text) - 1, text }


static cJSON *
parse(const portone_str_t *text)
{
    char   *copy;
    cJSON  *json;

    copy = unit_exact(text->data, text->len);
    json = portone_json_parse(copy, text->len);
    free(copy);

    return json;
}


static cJSON *
object(const char *text)
{
    cJSON  *json;

    json = portone_json_parse(text, strlen(text));
    assert_non_null(json);

    return json;
}


static void
assert_prints(const cJSON *json, const char *expected)
{
    char  *text;

    text = cJSON_PrintUnformatted(json);
    assert_non_null(text);
    assert_string_equal(text, expected);
    cJSON_free(text);
}


static void
strict_json_is_accepted(void **state)
{
    cJSON   *json;
    size_t   i;

    static const portone_str_t  texts[] = {
        TEXT("{}"), TEXT("[]"), TEXT("null"), TEXT("true"), TEXT("false"),
        TEXT("\"\""), TEXT("0"), TEXT("-0"), TEXT("1"), TEXT("-1"),
        TEXT("1.5"), TEXT("0.5"), TEXT("1e5"), TEXT("1E5"), TEXT("1e+5"),
        TEXT("1e-5"), TEXT("1.25e0"), TEXT("0e0"), TEXT("1e00005"),
        TEXT("1e400"),
        TEXT(" \t\r\n{ \"a\" : [ 1 , 2 ] } \t\r\n"),
        TEXT("{\"a\":{\"a\":{}}}"),
        TEXT("[[],{},[{}],\"]\",\"}\"]"),
        TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
        TEXT("\"\\u0001\\u001f\\u00e9\\uAC00\\uffff\""),
        TEXT("\"\\ud83d\\ude00\\uD800\\uDC00\\udbff\\udfff\""),
        TEXT("\"\\ud7ff\\ue000\""),
        TEXT("\"\x7f\xc2\x80\xdf\xbf\""),
        TEXT("\"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\""),
        TEXT("\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\""),
        TEXT("{\"\xed\x99\x98\xeb\xb6\x88\":\"\xed\x99\x98\"}"),
        TEXT("{\"\":1}"),
        TEXT("{\"a\":1,\"a\":2}"),
        TEXT("\"\xef\xbb\xbf\""),
        TEXT("12345678901234567890123456789012345678901234567890"
             "1234567890123")
    };

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        json = parse(&texts[i]);

        if (json == NULL) {
            fail_msg("refused: %.*s", (int) texts[i].len, texts[i].data);
        }

        cJSON_Delete(json);
    }
}


static const portone_str_t  refused_texts[] = {

    /* nothing, and too much */
    TEXT(""), TEXT(" "), TEXT("\n\n"), TEXT("{}{}"), TEXT("{} {}"),
    TEXT("{}x"), TEXT("{},"), TEXT("1 2"), TEXT("null null"),
    TEXT("{}\0"), TEXT("\0{}"), TEXT("{}]"), TEXT("]"), TEXT("}{"),

    /* structure */
    TEXT("{"), TEXT("["), TEXT("{]"), TEXT("[}"), TEXT("[1,]"),
    TEXT("[,1]"), TEXT("[1 2]"), TEXT("{\"a\"}"), TEXT("{\"a\":}"),
    TEXT("{\"a\":1,}"), TEXT("{\"a\":1"), TEXT("{\"a\":1,"),
    TEXT("{\"a\" 1}"), TEXT("{a:1}"), TEXT("{'a':1}"), TEXT("{1:1}"),
    TEXT("{,}"), TEXT(":"), TEXT(","), TEXT("[\"a\":1]"),
    TEXT("{\"a\":1 \"b\":2}"), TEXT("{\"a\"::1}"),

    /* words */
    TEXT("nul"), TEXT("NULL"), TEXT("True"), TEXT("truex"),
    TEXT("undefined"), TEXT("NaN"), TEXT("Infinity"), TEXT("-Infinity"),
    TEXT("inf"), TEXT("nan"),

    /* numbers */
    TEXT("01"), TEXT("-01"), TEXT("00"), TEXT("1."), TEXT(".5"),
    TEXT("-.5"), TEXT("+1"), TEXT("-"), TEXT("--1"), TEXT("1e"),
    TEXT("1e+"), TEXT("1.e5"), TEXT("1e5.5"), TEXT("1e5e5"),
    TEXT("1.2.3"), TEXT("1-2"), TEXT("1+2"), TEXT("0x10"), TEXT("1_000"),
    TEXT("1,000"), TEXT("- 1"), TEXT("1 000"), TEXT("[01]"),
    TEXT("{\"a\":1.}"), TEXT("0e"), TEXT("\xef\xbc\x91"),
    TEXT("12345678901234567890123456789012345678901234567890"
         "12345678901234"),

    /* strings */
    TEXT("\""), TEXT("\"a"), TEXT("'a'"), TEXT("\"\\\""), TEXT("\"\\"),
    TEXT("\"\\a\""), TEXT("\"\\'\""), TEXT("\"\\0\""), TEXT("\"\\x41\""),
    TEXT("\"\\U0041\""), TEXT("\"\\u\""), TEXT("\"\\u00\""),
    TEXT("\"\\u004\""), TEXT("\"\\u004"), TEXT("\"\\u004g\""),
    TEXT("\"\\u 041\""), TEXT("\"\\\0\""), TEXT("\"\\u+041\""),
    TEXT("\"\n\""), TEXT("\"\t\""), TEXT("\"\0\""), TEXT("\"a\0b\""),
    TEXT("\"\x1f\""), TEXT("{\"a\n\":1}"),

    /* NUL by name, lone surrogates */
    TEXT("\"\\u0000\""), TEXT("\"a\\u0000b\""), TEXT("{\"\\u0000\":1}"),
    TEXT("\"\\ud800\""), TEXT("\"\\ud800x\""), TEXT("\"\\udc00\""),
    TEXT("\"\\ud800\\ud800\""), TEXT("\"\\udc00\\ud800\""),
    TEXT("\"\\ud800\\u0041\""), TEXT("\"\\ud800\\udc0\""),
    TEXT("\"\\ud800\\\""), TEXT("\"\\ud800\\u"), TEXT("\"\\ud800\\n\""),
    TEXT("\"\\udbff\\ue000\""), TEXT("\"\\ud800udc00\""),

    /* white space that is none */
    TEXT("\x0b{}"), TEXT("\x0c{}"), TEXT("\x01{}"), TEXT("{\x1f}"),
    TEXT("{}\x0b"), TEXT("\x7f{}"), TEXT("\xc2\xa0{}"),
    TEXT("\xe2\x80\xa8{}"),

    /* byte order marks, other encodings */
    TEXT("\xef\xbb\xbf{}"), TEXT("\xfe\xff\0{\0}"), TEXT("\xff\xfe{\0}\0"),
    TEXT("{\0}\0"),

    /* UTF-8 */
    TEXT("\"\x80\""), TEXT("\"\xbf\""), TEXT("\"\xc0\x80\""),
    TEXT("\"\xc0\xaf\""), TEXT("\"\xc1\xbf\""), TEXT("\"\xc2\""),
    TEXT("\"\xc2"), TEXT("\"\xc2\xc0\""), TEXT("\"\xdf\x7f\""),
    TEXT("\"\xe0\x80\x80\""), TEXT("\"\xe0\x9f\xbf\""),
    TEXT("\"\xe1\x80\""), TEXT("\"\xe1\x80\x7f\""),
    TEXT("\"\xed\xa0\x80\""), TEXT("\"\xed\xbf\xbf\""),
    TEXT("\"\xed\xa0\xbd\xed\xb8\x80\""), TEXT("\"\xf0\x80\x80\x80\""),
    TEXT("\"\xf0\x8f\xbf\xbf\""), TEXT("\"\xf1\x80\x80\""),
    TEXT("\"\xf1\x80\x80\xc0\""), TEXT("\"\xf4\x90\x80\x80\""),
    TEXT("\"\xf5\x80\x80\x80\""), TEXT("\"\xf8\x88\x80\x80\x80\""),
    TEXT("\"\xfe\""), TEXT("\"\xff\""), TEXT("\"\xc8\xaf\xba\xd2\""),
    TEXT("{\"\xff\":1}"), TEXT("\xc3\xa9"), TEXT("{\xc3\xa9}"),

    /* comments */
    TEXT("/**/{}"), TEXT("{}//"), TEXT("{/**/}"), TEXT("#\n{}")
};


static void
all_else_is_refused(void **state)
{
    cJSON   *json;
    size_t   i;

    for (i = 0; i < sizeof(refused_texts) / sizeof(refused_texts[0]); i++) {
        json = parse(&refused_texts[i]);

        if (json != NULL) {
            fail_msg("case %zu accepted: %.*s", i, (int) refused_texts[i].len,
                     refused_texts[i].data);
        }

        assert_int_not_equal(errno, ENOMEM);
    }
}


/* alone, and as both halves of a pair */

static void
every_escape_is_judged_and_decoded(void **state)
{
    char            text[32];
    cJSON          *json;
    unsigned        code, high, low, point;
    const char     *s;
    portone_str_t   str;

    str.data = text;

    for (code = 0; code <= 0xffff; code++) {
        str.len = sprintf(text, (code & 1) ? "\"\\u%04x\"" : "\"\\u%04X\"",
                          code);

        json = parse(&str);

        if ((json != NULL)
            != (code != 0 && (code < 0xd800 || code > 0xdfff)))
        {
            fail_msg("%s", text);
        }

        if (json != NULL && code > 0x7ff) {
            s = json->valuestring;
            point = (s[0] & 0x0f) << 12 | (s[1] & 0x3f) << 6 | (s[2] & 0x3f);
            assert_int_equal(point, code);
        }

        cJSON_Delete(json);
    }

    for (high = 0xd7fe; high <= 0xe001; high++) {

        for (low = 0xdbfe; low <= 0xe001; low += (low == 0xdc01) ? 0x3fd : 1) {
            str.len = sprintf(text, "\"\\u%04x\\u%04x\"", high, low);

            json = parse(&str);

            if ((json != NULL)
                != ((high >= 0xd800 && high <= 0xdbff)
                    ? (low >= 0xdc00 && low <= 0xdfff)
                    : (high < 0xd800 || high > 0xdfff)
                      && (low < 0xd800 || low > 0xdfff)))
            {
                fail_msg("%s", text);
            }

            cJSON_Delete(json);
        }
    }
}


/* every beginning of a text is refused, and nothing after it is read */

static void
cut_texts_are_refused(void **state)
{
    cJSON          *json;
    portone_str_t   text = TEXT(
        "{\"a\":[1.5e-3,-20,true,false,null,\"\xed\x99\x98\\ud83d\\ude00\"],"
        "\"b\\\"\":{\"c\":{},\"d\":[],\"e\":[{}]},\"amount\":1000}");

    json = parse(&text);
    assert_non_null(json);
    cJSON_Delete(json);

    while (text.len-- > 0) {
        json = parse(&text);

        if (json != NULL) {
            fail_msg("accepted: %.*s", (int) text.len, text.data);
        }
    }
}


static void
nesting_is_limited(void **state)
{
    char            text[2 * (PORTONE_JSON_DEPTH + 1)];
    cJSON          *json;
    size_t          depth;
    portone_str_t   str;

    for (depth = 1; depth <= PORTONE_JSON_DEPTH + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);

        str.data = text;
        str.len = 2 * depth;

        json = parse(&str);

        assert_int_equal(json != NULL, depth <= PORTONE_JSON_DEPTH);

        cJSON_Delete(json);
    }

    /* siblings do not nest */

    json = object("[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],"
                  "[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]");
    cJSON_Delete(json);
}


static void
members_are_found_by_their_exact_name(void **state)
{
    cJSON  *json;

    json = object("{\"Amount\":1,\"amount\":2,\"twice\":1,\"twice\":1,"
                  "\"\":3,\"a\":{\"nested\":4}}");

    assert_int_equal(portone_json_member(json, "amount")->valueint, 2);
    assert_int_equal(portone_json_member(json, "Amount")->valueint, 1);
    assert_int_equal(portone_json_member(json, "")->valueint, 3);
    assert_null(portone_json_member(json, "AMOUNT"));
    assert_null(portone_json_member(json, "amoun"));
    assert_null(portone_json_member(json, "amount "));
    assert_null(portone_json_member(json, "nested"));
    assert_null(portone_json_member(json, "twice"));
    assert_null(portone_json_member(NULL, "amount"));

    cJSON_Delete(json);

    json = object("[1]");
    assert_null(portone_json_member(json, "amount"));
    assert_null(portone_json_duplicate(json));
    cJSON_Delete(json);
}


static void
duplicates_are_found_by_their_exact_name(void **state)
{
    char         buf[16];
    cJSON       *json;
    size_t       i;
    const char  *name;

    static const struct {
        const char  *text;
        const char  *name;
    } cases[] = {
        { "{}", NULL },
        { "[\"a\",\"a\"]", NULL },
        { "{\"a\":1}", NULL },
        { "{\"a\":1,\"A\":1,\"b\":1}", NULL },
        { "{\"a\":{\"b\":1},\"b\":{\"a\":1}}", NULL },
        { "{\"a\":{\"b\":1,\"b\":1}}", NULL },
        { "{\"a\":1,\"a\":1}", "a" },
        { "{\"a\":1,\"b\":1,\"c\":1,\"b\":null}", "b" },
        { "{\"a\":1,\"\\u0061\":2}", "a" },
        { "{\"\":1,\"\":2}", "" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json = object(cases[i].text);
        name = portone_json_duplicate(json);

        if (cases[i].name == NULL) {
            assert_null(name);

        } else {
            assert_non_null(name);
            assert_string_equal(name, cases[i].name);
        }

        cJSON_Delete(json);
    }

    assert_null(portone_json_duplicate(NULL));

    json = cJSON_CreateObject();

    for (i = 0; i < PORTONE_JSON_MEMBERS; i++) {
        snprintf(buf, sizeof(buf), "m%zu", i);
        assert_non_null(cJSON_AddNullToObject(json, buf));
    }

    assert_null(portone_json_duplicate(json));

    assert_non_null(cJSON_AddNullToObject(json, "one more"));
    assert_string_equal(portone_json_duplicate(json), "one more");

    cJSON_Delete(json);
}


static void
strings_are_read(void **state)
{
    size_t          i;
    cJSON          *json;
    portone_str_t   str;

    static const char  *absent[] = {
        "empty", "null", "number", "object", "array", "true", "none", "Text"
    };

    json = object("{\"text\":\"\xed\x99\x98\",\"empty\":\"\",\"null\":null,"
                  "\"number\":1,\"object\":{},\"array\":[\"a\"],"
                  "\"true\":true}");

    str = portone_json_str(json, "text");
    unit_text(str.data, str.len, "\xed\x99\x98");

    for (i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
        assert_int_equal(portone_json_str(json, absent[i]).len, 0);
    }

    assert_int_equal(portone_json_str(NULL, "text").len, 0);

    cJSON_Delete(json);
}


static void
integers_are_read_exactly_or_not_at_all(void **state)
{
    char     text[64];
    cJSON   *json;
    size_t   i;
    int64_t  value;

    static const struct {
        const char  *text;
        int64_t      value;
    } cases[] = {
        { "0", 0 },
        { "-0", 0 },
        { "1700000000", 1700000000 },
        { "-1", -1 },
        { "2147483648", 2147483648LL },
        { "-2147483649", -2147483649LL },
        { "4102444800", 4102444800LL },
        { "1e3", 1000 },
        { "1.0", 1 },
        { "4503599627370495", 4503599627370495LL },
        { "-4503599627370495", -4503599627370495LL },
        { "4503599627370496", 77 },
        { "-4503599627370496", 77 },
        { "9007199254740993", 77 },
        { "1e18", 77 },
        { "1e19", 77 },
        { "-1e19", 77 },
        { "1e400", 77 },
        { "-1e400", 77 },
        { "0.5", 77 },
        { "1700000000.25", 77 },
        { "\"1\"", 77 },
        { "null", 77 },
        { "true", 77 },
        { "[1]", 77 },
        { "{}", 77 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(text, sizeof(text), "{\"n\":%s}", cases[i].text);

        json = object(text);
        value = portone_json_int(json, "n", 77);

        if (value != cases[i].value) {
            fail_msg("%s: %lld", text, (long long) value);
        }

        cJSON_Delete(json);
    }

    assert_int_equal(portone_json_int(NULL, "n", 77), 77);
}


static void
members_are_set_in_their_place(void **state)
{
    cJSON          *json;
    portone_str_t   text = TEXT("\xed\x99\x98\"x");
    portone_str_t   null = portone_null_string;

    json = object("{\"a\":1,\"b\":[2],\"c\":\"3\"}");

    assert_int_equal(portone_json_set_int(json, "b", -7), PORTONE_OK);
    assert_prints(json, "{\"a\":1,\"b\":-7,\"c\":\"3\"}");

    text.len -= 1;
    assert_int_equal(portone_json_set_str(json, "a", &text), PORTONE_OK);
    assert_prints(json, "{\"a\":\"\xed\x99\x98\\\"\",\"b\":-7,\"c\":\"3\"}");

    assert_int_equal(portone_json_set_str(json, "c", &null), PORTONE_OK);
    assert_prints(json, "{\"a\":\"\xed\x99\x98\\\"\",\"b\":-7,\"c\":null}");

    assert_int_equal(portone_json_set(json, "A", cJSON_CreateTrue()),
                     PORTONE_OK);
    assert_prints(json, "{\"a\":\"\xed\x99\x98\\\"\",\"b\":-7,\"c\":null,"
                        "\"A\":true}");

    assert_int_equal(portone_json_set(json, "a", NULL), PORTONE_ERROR);
    assert_prints(json, "{\"a\":\"\xed\x99\x98\\\"\",\"b\":-7,\"c\":null,"
                        "\"A\":true}");

    cJSON_Delete(json);

    /* the only member, and the first one of an empty object */

    json = cJSON_CreateObject();
    assert_int_equal(portone_json_set_int(json, "a", 1), PORTONE_OK);
    assert_int_equal(portone_json_set_int(json, "a", 2), PORTONE_OK);
    assert_int_equal(portone_json_set_int(json, "b", 3), PORTONE_OK);
    assert_int_equal(portone_json_set_int(json, "a", 4), PORTONE_OK);
    assert_int_equal(portone_json_set_int(json, "b", 5), PORTONE_OK);
    assert_int_equal(portone_json_set_int(json, "c", 6), PORTONE_OK);
    assert_prints(json, "{\"a\":4,\"b\":5,\"c\":6}");
    cJSON_Delete(json);

    /* no object: the item is freed all the same */

    json = object("[1]");
    assert_int_equal(portone_json_set_int(json, "a", 1), PORTONE_ERROR);
    assert_prints(json, "[1]");
    cJSON_Delete(json);

    assert_int_equal(portone_json_set_int(NULL, "a", 1), PORTONE_ERROR);
}


static void
integers_that_were_set_are_printed_exactly(void **state)
{
    char     expected[64];
    cJSON   *json;
    size_t   i;

    static const int64_t  values[] = {
        0, 1, -1, 1700000000, 4102444800LL, 999999999999999LL,
        1000000000000001LL, 1763757070123457LL, 4503599627370493LL,
        4503599627370494LL, 4503599627370495LL, -4503599627370495LL
    };

    static const int64_t  refused[] = {
        4503599627370496LL, -4503599627370496LL, 9007199254740991LL,
        INT64_MAX, INT64_MIN
    };

    json = cJSON_CreateObject();

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        assert_int_equal(portone_json_set_int(json, "n", values[i]),
                         PORTONE_OK);

        snprintf(expected, sizeof(expected), "{\"n\":%lld}",
                 (long long) values[i]);

        assert_prints(json, expected);
        assert_int_equal(portone_json_int(json, "n", 77), values[i]);
    }

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        assert_int_equal(portone_json_set_int(json, "n", refused[i]),
                         PORTONE_ERROR);
        assert_prints(json, expected);
    }

    cJSON_Delete(json);
}


static const char  sample[] =
    "{\"a\":[1,\"\\u00e9\",true,null,{\"b\":1.5}],\"b\":\"text\",\"c\":{}}";


static int
parse_once(void)
{
    cJSON  *json;

    json = portone_json_parse(sample, sizeof(sample) - 1);

    if (json == NULL) {
        assert_int_equal(errno, ENOMEM);
        return 0;
    }

    cJSON_Delete(json);

    return 1;
}


static int
set_once(void)
{
    int             rc;
    cJSON          *json;
    portone_str_t   text = TEXT("new");

    unit_paused = 1;
    json = object(sample);
    unit_paused = 0;

    rc = portone_json_set_str(json, "b", &text);

    if (rc == PORTONE_OK) {
        rc = portone_json_set_int(json, "new", 1);
    }

    if (rc == PORTONE_OK) {
        rc = portone_json_set(json, "a", cJSON_CreateTrue());
    }

    unit_paused = 1;

    if (rc == PORTONE_OK) {
        assert_prints(json, "{\"a\":true,\"b\":\"new\",\"c\":{},\"new\":1}");

    } else {
        assert_true(cJSON_IsArray(portone_json_member(json, "a")));
        assert_non_null(portone_json_member(json, "b"));
        assert_non_null(portone_json_member(json, "c"));
    }

    cJSON_Delete(json);
    unit_paused = 0;

    return rc == PORTONE_OK;
}


static void
several_members_are_found_at_once(void **state)
{
    cJSON  *json, *items[4];

    static const char *const  names[] = { "a", "ab", "none", "b" };

    json = object("{\"ab\":1,\"A\":2,\"b\":3,\"a\":4,\"bb\":5}");

    assert_int_equal(portone_json_members(json, names, items, 4), 4);
    assert_int_equal(items[0]->valueint, 4);
    assert_int_equal(items[1]->valueint, 1);
    assert_null(items[2]);
    assert_int_equal(items[3]->valueint, 3);

    cJSON_Delete(json);

    /* of several that stand twice, the first of the names */

    json = object("{\"b\":1,\"b\":2,\"ab\":3,\"c\":4,\"b\":5,\"ab\":6}");

    assert_int_equal(portone_json_members(json, names, items, 4), 1);
    assert_null(items[1]);
    assert_null(items[3]);
    assert_int_equal(portone_json_members(json, names, items, 1), 1);

    cJSON_Delete(json);

    json = object("[1]");

    assert_int_equal(portone_json_members(json, names, items, 4), 4);
    assert_null(items[0]);
    assert_null(items[3]);

    cJSON_Delete(json);

    assert_int_equal(portone_json_members(NULL, names, items, 4), 4);
    assert_null(items[3]);
}


static void
numbers_are_copied_as_they_print(void **state)
{
    char    *text;
    size_t   i;
    cJSON   *json, *copy, *again;

    static const char  *numbers[] = {
        "0", "-1", "1000", "4503599627370495", "-4503599627370495", "10.05",
        "0.1", "1e+20", "-2.5"
    };

    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        json = cJSON_Parse(numbers[i]);
        copy = portone_json_number_copy(json);
        again = portone_json_number_copy(copy);

        assert_true(portone_json_is_number(copy));
        assert_true(portone_json_is_number(again));
        assert_true(copy->valuedouble == json->valuedouble);
        assert_true(again->valuedouble == json->valuedouble);

        text = cJSON_PrintUnformatted(again);
        assert_string_equal(text, numbers[i]);
        cJSON_free(text);

        cJSON_Delete(json);
        cJSON_Delete(copy);
        cJSON_Delete(again);
    }

    assert_false(portone_json_is_number(NULL));
}


static void
members_are_added_at_the_end(void **state)
{
    char           *text;
    cJSON          *json;
    portone_str_t   str = portone_string("x\0y");
    portone_str_t   none = portone_null_string;

    str.len = 1;
    json = cJSON_CreateObject();

    assert_int_equal(portone_json_add_str(json, "a", &str), PORTONE_OK);
    assert_int_equal(portone_json_add_str(json, "b", &none), PORTONE_OK);
    assert_int_equal(portone_json_add_int(json, "c", -12), PORTONE_OK);
    assert_int_equal(portone_json_add_int(json, "d", 4503599627370496LL),
                     PORTONE_ERROR);
    assert_int_equal(portone_json_add(json, "d", NULL), PORTONE_ERROR);
    assert_int_equal(portone_json_add(NULL, "d", cJSON_CreateNull()),
                     PORTONE_ERROR);

    assert_int_equal(portone_json_int(json, "c", 0), -12);

    /* what was added can be replaced */

    assert_int_equal(portone_json_set_int(json, "c", 5), PORTONE_OK);

    text = portone_json_print(json);
    assert_string_equal(text, "{\"a\":\"x\",\"b\":null,\"c\":5}");
    cJSON_free(text);
    cJSON_Delete(json);
}


static void
lack_of_memory_is_told(void **state)
{
    assert_true(unit_exhaust(parse_once) > 1);
    assert_true(unit_exhaust(set_once) > 1);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(strict_json_is_accepted),
        cmocka_unit_test(all_else_is_refused),
        cmocka_unit_test(every_escape_is_judged_and_decoded),
        cmocka_unit_test(cut_texts_are_refused),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(members_are_found_by_their_exact_name),
        cmocka_unit_test(duplicates_are_found_by_their_exact_name),
        cmocka_unit_test(strings_are_read),
        cmocka_unit_test(integers_are_read_exactly_or_not_at_all),
        cmocka_unit_test(members_are_set_in_their_place),
        cmocka_unit_test(integers_that_were_set_are_printed_exactly),
        cmocka_unit_test(several_members_are_found_at_once),
        cmocka_unit_test(numbers_are_copied_as_they_print),
        cmocka_unit_test(members_are_added_at_the_end),
        cmocka_unit_test(lack_of_memory_is_told)
    };

    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
