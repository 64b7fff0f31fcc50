
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * What PortOne sends when a payment has changed, and what anybody else may
 * send in its place.
 */


#include "unit.h"

#include "portone_webhook.h"


#define N(array)  (sizeof(array) / sizeof(array[0]))

#define X16  "xxxxxxxxxxxxxxxx"
#define X32  X16 X16
#define X40  X32 "xxxxxxxx"
#define H4   "\xed\x99\x98\xed\x99\x98\xed\x99\x98\xed\x99\x98"
#define H32  H4 H4 H4 H4 H4 H4 H4 H4

/* the same in a form */
#define P4   "%ed%99%98%ED%99%98%eD%99%98%Ed%99%98"
#define P32  P4 P4 P4 P4 P4 P4 P4 P4


typedef struct {
    const char       *text;
    size_t            len;        /* 0: up to the NUL */
    portone_error_e   error;
    const char       *field;
    const char       *imp_uid;    /* NULL: absent */
    const char       *merchant_uid;
} webhook_case_t;


typedef portone_error_e (*parse_pt)(portone_webhook_t *webhook,
    const char *text, size_t len, const char **field);


static void
check_cases(parse_pt parse, const webhook_case_t *cases, size_t n)
{
    char                  *copy;
    size_t                 i, len;
    const char            *field;
    portone_error_e        error;
    portone_webhook_t      webhook;
    const webhook_case_t  *c;

    for (i = 0; i < n; i++) {
        c = &cases[i];

        len = c->len ? c->len : strlen(c->text);
        copy = unit_exact(c->text, len);
        field = NULL;

        error = parse(&webhook, copy, len, &field);

        /* nothing points into the text */

        free(copy);

        if (error != c->error || strcmp(field, c->field) != 0) {
            fail_msg("%s: error \"%s\", field \"%s\"", c->text,
                     portone_error_word(error), field);
        }

        if (error != PORTONE_NO_ERROR) {
            assert_null(webhook.json);
            assert_null(webhook.text);
            continue;
        }

        assert_int_equal(webhook.imp_uid.data != NULL, c->imp_uid != NULL);
        assert_int_equal(webhook.merchant_uid.data != NULL,
                         c->merchant_uid != NULL);

        unit_text(webhook.imp_uid.data, webhook.imp_uid.len,
                  c->imp_uid ? c->imp_uid : "");
        unit_text(webhook.merchant_uid.data, webhook.merchant_uid.len,
                  c->merchant_uid ? c->merchant_uid : "");

        portone_webhook_free(&webhook);
    }
}


#define TAKEN(text, imp_uid, merchant_uid)                                    \
    { text, 0, PORTONE_NO_ERROR, "", imp_uid, merchant_uid }
#define BAD(text, field)                                                      \
    { text, 0, PORTONE_INVALID_REQUEST, field, NULL, NULL }
#define BROKEN(text)                                                          \
    { text, 0, PORTONE_INVALID_JSON, "", NULL, NULL }


static void
json_is_read(void **state)
{
    static const webhook_case_t  cases[] = {
        TAKEN("{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"order-1\","
              "\"status\":\"paid\"}", "imp_1", "order-1"),
        TAKEN("{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"order-1\","
              "\"status\":\"cancelled\",\"cancellation_id\":\"c-1\"}",
              "imp_1", "order-1"),
        TAKEN("{\"imp_uid\":\"imp_1\"}", "imp_1", NULL),
        TAKEN("{\"merchant_uid\":\"order-1\"}", NULL, "order-1"),
        TAKEN("{\"imp_uid\":null,\"merchant_uid\":\"o\"}", NULL, "o"),
        TAKEN("{\"imp_uid\":\"i\",\"merchant_uid\":null}", "i", NULL),
        TAKEN(" {\n\t\"imp_uid\" : \"\\u0069\\/\" }\r\n", "i/", NULL),
        TAKEN("{\"imp_uid\":\"" X32 "\",\"merchant_uid\":\"" X40 "\"}", X32,
              X40),
        TAKEN("{\"imp_uid\":\"" H32 "\"}", H32, NULL),

        /* what is not known, or not looked at, is whatever it is */
        TAKEN("{\"imp_uid\":\"i\",\"status\":7,\"cancellation_id\":[]}", "i",
              NULL),
        TAKEN("{\"imp_uid\":\"i\",\"x\":{\"imp_uid\":\"j\"},\"x\":1}", "i",
              NULL),
        TAKEN("{\"imp_uid\":\"i\",\"IMP_UID\":\"j\",\"imp_ui\":\"j\"}", "i",
              NULL),

        BAD("{}", "imp_uid"),
        BAD("{\"status\":\"paid\"}", "imp_uid"),
        BAD("{\"imp_uid\":null}", "imp_uid"),
        BAD("{\"imp_uid\":null,\"merchant_uid\":null}", "imp_uid"),
        BAD("{\"imp_uid\":\"\"}", "imp_uid"),
        BAD("{\"imp_uid\":\"\",\"merchant_uid\":\"o\"}", "imp_uid"),
        BAD("{\"imp_uid\":\"i\",\"merchant_uid\":\"\"}", "merchant_uid"),
        BAD("{\"imp_uid\":1}", "imp_uid"),
        BAD("{\"imp_uid\":true}", "imp_uid"),
        BAD("{\"imp_uid\":[\"i\"]}", "imp_uid"),
        BAD("{\"imp_uid\":\"i\",\"merchant_uid\":{}}", "merchant_uid"),
        BAD("{\"imp_uid\":\"i\",\"imp_uid\":\"i\"}", "imp_uid"),
        BAD("{\"imp_uid\":\"i\",\"imp_uid\":null}", "imp_uid"),
        BAD("{\"imp_uid\":null,\"imp_uid\":\"i\"}", "imp_uid"),
        BAD("{\"merchant_uid\":\"o\",\"imp_uid\":\"i\","
            "\"merchant_uid\":\"p\"}", "merchant_uid"),
        BAD("{\"imp_uid\":\"" X32 "x\"}", "imp_uid"),
        BAD("{\"imp_uid\":\"i\",\"merchant_uid\":\"" X40 "x\"}",
            "merchant_uid"),
        BAD("{\"imp_uid\":\"i\\n\"}", "imp_uid"),
        BAD("{\"imp_uid\":\"\\u007f\"}", "imp_uid"),
        BAD("{\"imp_uid\":\"\xc2\x85\"}", "imp_uid"),

        BROKEN("null"),
        BROKEN("[]"),
        BROKEN("\"imp_1\""),
        BROKEN("[{\"imp_uid\":\"i\"}]"),
        BROKEN("{\"imp_uid\":\"i\"} x"),
        BROKEN("{\"imp_uid\":\"i\""),
        BROKEN("{\"imp_uid\":\"i\",}"),
        BROKEN("{\"imp_uid\":\"\xff\"}"),
        BROKEN("{\"imp_uid\":\"\\u0000\"}"),
        BROKEN("imp_uid=imp_1")
    };

    check_cases(portone_webhook_json, cases, N(cases));
}


static void
forms_are_read(void **state)
{
    static const webhook_case_t  cases[] = {
        TAKEN("imp_uid=imp_1&merchant_uid=order-1&status=paid", "imp_1",
              "order-1"),
        TAKEN("status=cancelled&cancellation_id=c&merchant_uid=o&imp_uid=i",
              "i", "o"),
        TAKEN("imp_uid=imp_1", "imp_1", NULL),
        TAKEN("merchant_uid=order-1", NULL, "order-1"),
        TAKEN("merchant_uid=a+b%20c%2Bd%26e%3d", NULL, "a b c+d&e="),
        TAKEN("merchant_uid=a=b==", NULL, "a=b=="),
        TAKEN("%69mp%5fuid=i", "i", NULL),
        TAKEN("imp_uid=" P32, H32, NULL),
        TAKEN("imp_uid=" H32 "&merchant_uid=" X40, H32, X40),
        TAKEN("&&imp_uid=i&&", "i", NULL),

        /* what is not known is whatever it is */
        TAKEN("imp_uid=i&x=%zz&%=1&=&x&imp_uid_of_others=j&Imp_uid=j", "i",
              NULL),
        TAKEN("imp_uid=i&" X40 "=1&imp+uid=j&imp_uid%00=j", "i", NULL),
        TAKEN("imp_uid=i&status=\xff%ff", "i", NULL),

        BAD("&", "imp_uid"),
        BAD("status=paid", "imp_uid"),
        BAD("imp_uid", "imp_uid"),
        BAD("imp_uid=", "imp_uid"),
        BAD("imp_uid=&merchant_uid=o", "imp_uid"),
        BAD("imp_uid=i&merchant_uid", "merchant_uid"),
        BAD("imp_uid=i&imp_uid=i", "imp_uid"),
        BAD("imp_uid=&imp_uid=i", "imp_uid"),
        BAD("imp_uid=i&imp_uid", "imp_uid"),
        BAD("imp_uid=i&merchant_uid=o&merchant_uid=o", "merchant_uid"),
        BAD("imp_uid=%", "imp_uid"),
        BAD("imp_uid=i%4", "imp_uid"),
        BAD("imp_uid=i%4&status=1", "imp_uid"),
        BAD("imp_uid=%4g", "imp_uid"),
        BAD("imp_uid=%g4", "imp_uid"),
        BAD("imp_uid=%-1", "imp_uid"),
        BAD("imp_uid=%00", "imp_uid"),
        BAD("imp_uid=i%0a", "imp_uid"),
        BAD("imp_uid=%c2%85", "imp_uid"),
        BAD("imp_uid=%ff", "imp_uid"),
        BAD("imp_uid=\xff", "imp_uid"),
        BAD("imp_uid=%ed%a0%80", "imp_uid"),
        BAD("imp_uid=" X32 "x", "imp_uid"),
        BAD("imp_uid=i&merchant_uid=" X40 "x", "merchant_uid"),
        BAD("{\"imp_uid\":\"imp_1\"}", "imp_uid"),
        { "imp_uid=i\0j", 11, PORTONE_INVALID_REQUEST, "imp_uid", NULL,
          NULL },
        { "imp_uid\0=i", 10, PORTONE_INVALID_REQUEST, "imp_uid", NULL, NULL },
        { "imp_uid=i\0&", 10, PORTONE_INVALID_REQUEST, "imp_uid", NULL, NULL }
    };

    check_cases(portone_webhook_form, cases, N(cases));
}


static void
nothing_is_no_webhook(void **state)
{
    const char         *field;
    portone_webhook_t   webhook;

    assert_int_equal(portone_webhook_json(&webhook, NULL, 0, &field),
                     PORTONE_INVALID_JSON);
    assert_int_equal(portone_webhook_form(&webhook, NULL, 0, &field),
                     PORTONE_INVALID_REQUEST);
    assert_string_equal(field, "imp_uid");
}


static int
read_once(void)
{
    int                done;
    const char        *field;
    portone_webhook_t  webhook;

    static const char  json[] = "{\"imp_uid\":\"i\",\"merchant_uid\":\"o\"}";
    static const char  form[] = "imp_uid=i&merchant_uid=o";

    done = 0;

    if (portone_webhook_json(&webhook, json, sizeof(json) - 1, &field)
        == PORTONE_NO_ERROR)
    {
        portone_webhook_free(&webhook);
        done++;
    }

    if (portone_webhook_form(&webhook, form, sizeof(form) - 1, &field)
        == PORTONE_NO_ERROR)
    {
        portone_webhook_free(&webhook);
        done++;
    }

    return done == 2;
}


static void
memory_runs_out(void **state)
{
    assert_true(unit_exhaust(read_once) > 3);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(json_is_read),
        cmocka_unit_test(forms_are_read),
        cmocka_unit_test(nothing_is_no_webhook),
        cmocka_unit_test(memory_runs_out)
    };

    return cmocka_run_group_tests_name("webhook", tests, NULL, NULL);
}
