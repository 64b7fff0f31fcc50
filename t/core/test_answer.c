
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * What PortOne answered: HTTP 200 alone is no success, and what cannot be
 * understood proves nothing.
 */


#include "unit.h"

#include "portone_answer.h"
#include "portone_json.h"


/* PortOne sends text escaped and unescaped */

#define PAYMENT                                                               \
    "{\"imp_uid\":\"imp_1\",\"amount\":1000,\"receipt_url\":\"https:\\/\\/a\"}"

#define TOKEN  "a9ace025c90c0da2161075da6ddd3492a2fca776"


static void
parse(portone_answer_t *answer, int status, const char *text)
{
    char  *copy;

    copy = unit_exact(text, strlen(text));
    portone_answer_parse(answer, status, copy, strlen(text));
    free(copy);
}


static const struct {
    int                status;
    const char        *text;
    portone_answer_e   kind;
    int64_t            code;
    const char        *message;
} told[] = {

    { 200, "{\"code\":0,\"message\":null,\"response\":" PAYMENT "}",
      PORTONE_ANSWER_OK, 0, "" },
    { 200, "{\"response\":" PAYMENT ",\"code\":0,\"new\":[1]}",
      PORTONE_ANSWER_OK, 0, "" },
    { 200, "{\"code\":0}", PORTONE_ANSWER_OK, 0, "" },
    { 207, "{\"code\":0,\"message\":\"a\",\"response\":[]}",
      PORTONE_ANSWER_OK, 0, "a" },
    { 299, "{\"code\":0.0}", PORTONE_ANSWER_OK, 0, "" },
    { 200, "{\"code\":-0}", PORTONE_ANSWER_OK, 0, "" },

    { 200, "{\"code\":1,\"message\":\"\\uc774\\ubbf8\","
           "\"response\":null}",
      PORTONE_ANSWER_REFUSED, 1, "이미" },
    { 200, "{\"code\":-1,\"message\":\"[500626|기 취소 거래]\","
           "\"response\":null}",
      PORTONE_ANSWER_REFUSED, -1, "[500626|기 취소 거래]" },
    { 200, "{\"code\":1,\"message\":null,\"response\":" PAYMENT "}",
      PORTONE_ANSWER_REFUSED, 1, "" },
    { 200, "{\"code\":4294967296,\"message\":5}",
      PORTONE_ANSWER_REFUSED, 4294967296LL, "" },
    { 200, "{\"code\":-2147483649}",
      PORTONE_ANSWER_REFUSED, -2147483649LL, "" },
    { 400, "{\"code\":-1,\"message\":\"a\"}",
      PORTONE_ANSWER_REFUSED, -1, "a" },
    { 403, "{\"code\":-1}", PORTONE_ANSWER_REFUSED, -1, "" },
    { 429, "{\"code\":-1}", PORTONE_ANSWER_REFUSED, -1, "" },
    { 499, "{\"code\":-1}", PORTONE_ANSWER_REFUSED, -1, "" },

    { 404, "{\"code\":-1,\"message\":\"존재하지 않는 결제정보입니다.\","
           "\"response\":null}",
      PORTONE_ANSWER_NOT_FOUND, -1, "존재하지 않는 결제정보입니다." },
    { 404, "{\"code\":0}", PORTONE_ANSWER_BROKEN, 0, "" },
    { 404, "<html>404 Not Found</html>", PORTONE_ANSWER_BROKEN, 0, "" },
    { 404, "{\"message\":\"no route\"}",
      PORTONE_ANSWER_BROKEN, 0, "no route" },

    { 401, "{\"code\":-1,\"message\":\"Unauthorized\"}",
      PORTONE_ANSWER_UNAUTHORIZED, -1, "Unauthorized" },
    { 401, "{\"code\":0}", PORTONE_ANSWER_UNAUTHORIZED, 0, "" },
    { 401, "", PORTONE_ANSWER_UNAUTHORIZED, 0, "" },
    { 401, "<html>", PORTONE_ANSWER_UNAUTHORIZED, 0, "" },

    /* what proves nothing */
    { 200, "", PORTONE_ANSWER_BROKEN, 0, "" },
    { 200, "OK", PORTONE_ANSWER_BROKEN, 0, "" },
    { 200, "{}", PORTONE_ANSWER_BROKEN, 0, "" },
    { 200, "[]", PORTONE_ANSWER_BROKEN, 0, "" },
    { 200, "0", PORTONE_ANSWER_BROKEN, 0, "" },
    { 200, "[{\"code\":0}]", PORTONE_ANSWER_BROKEN, 0, "" },
    { 200, "{\"Code\":0}", PORTONE_ANSWER_BROKEN, 0, "" },
    { 200, "{\"code\":null}", PORTONE_ANSWER_BROKEN, 0, "" },
    { 200, "{\"code\":\"0\"}", PORTONE_ANSWER_BROKEN, 0, "" },
    { 200, "{\"code\":false}", PORTONE_ANSWER_BROKEN, 0, "" },
    { 200, "{\"code\":0.5}", PORTONE_ANSWER_BROKEN, 0, "" },
    { 200, "{\"code\":1e300}", PORTONE_ANSWER_BROKEN, 0, "" },
    { 200, "{\"code\":1e400}", PORTONE_ANSWER_BROKEN, 0, "" },
    { 200, "{\"code\":1,\"code\":0}", PORTONE_ANSWER_BROKEN, 0, "" },
    { 200, "{\"code\":0,\"code\":0}", PORTONE_ANSWER_BROKEN, 0, "" },
    { 200, "{\"code\":0,\"message\":null,\"response\":{\"imp_uid\":\"im",
      PORTONE_ANSWER_BROKEN, 0, "" },
    { 200, "{\"code\":0}{\"code\":0}", PORTONE_ANSWER_BROKEN, 0, "" },
    { 200, "{\"code\":0,\"message\":\"\xff\"}",
      PORTONE_ANSWER_BROKEN, 0, "" },
    { 500, "{\"code\":-1,\"message\":\"a\"}",
      PORTONE_ANSWER_BROKEN, -1, "a" },
    { 502, "{\"code\":0,\"response\":" PAYMENT "}",
      PORTONE_ANSWER_BROKEN, 0, "" },
    { 503, "", PORTONE_ANSWER_BROKEN, 0, "" },
    { 599, "{\"code\":1}", PORTONE_ANSWER_BROKEN, 1, "" },
    { 400, "{\"code\":0}", PORTONE_ANSWER_BROKEN, 0, "" },
    { 400, "<html>", PORTONE_ANSWER_BROKEN, 0, "" },
    { 300, "{\"code\":0}", PORTONE_ANSWER_BROKEN, 0, "" },
    { 302, "{\"code\":0}", PORTONE_ANSWER_BROKEN, 0, "" },
    { 304, "{\"code\":1}", PORTONE_ANSWER_BROKEN, 1, "" },
    { 100, "{\"code\":0}", PORTONE_ANSWER_BROKEN, 0, "" },
    { 0, "{\"code\":0}", PORTONE_ANSWER_BROKEN, 0, "" },
    { 0, "", PORTONE_ANSWER_BROKEN, 0, "" }
};


static void
answers_are_told_apart(void **state)
{
    size_t            i;
    portone_answer_t  answer;

    for (i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        parse(&answer, told[i].status, told[i].text);

        if (answer.kind != told[i].kind || answer.code != told[i].code) {
            fail_msg("%d %s: kind %d, code %lld", told[i].status,
                     told[i].text, answer.kind, (long long) answer.code);
        }

        assert_int_equal(answer.status, told[i].status);
        unit_text(answer.message.data, answer.message.len, told[i].message);

        if (answer.kind != PORTONE_ANSWER_OK) {
            assert_null(answer.response);
            assert_null(portone_answer_take(&answer));
        }

        portone_answer_free(&answer);

        assert_null(answer.json);
        portone_answer_free(&answer);
    }
}


static void
only_objects_are_taken_out(void **state)
{
    char              *text;
    cJSON             *json;
    size_t             i;
    portone_answer_t   answer;

    static const struct {
        const char  *text;
        int          has_response;
    } cases[] = {
        { "{\"code\":0}", 0 },
        { "{\"code\":0,\"response\":null}", 0 },
        { "{\"code\":0,\"response\":\"a\"}", 0 },
        { "{\"code\":0,\"response\":1}", 0 },
        { "{\"code\":0,\"response\":true}", 0 },
        { "{\"code\":0,\"Response\":{}}", 0 },
        { "{\"code\":0,\"response\":{},\"response\":{}}", 0 },
        { "{\"code\":0,\"response\":[" PAYMENT "]}", 1 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        parse(&answer, 200, cases[i].text);

        assert_int_equal(answer.kind, PORTONE_ANSWER_OK);
        assert_int_equal(answer.response != NULL, cases[i].has_response);
        assert_null(portone_answer_take(&answer));

        portone_answer_free(&answer);
    }

    parse(&answer, 200, "{\"code\":0,\"response\":" PAYMENT ",\"a\":1}");

    json = portone_answer_take(&answer);
    assert_non_null(json);
    assert_null(answer.response);
    assert_null(portone_answer_take(&answer));

    portone_answer_free(&answer);

    text = cJSON_PrintUnformatted(json);
    assert_string_equal(text, "{\"imp_uid\":\"imp_1\",\"amount\":1000,"
                              "\"receipt_url\":\"https://a\"}");
    cJSON_free(text);
    cJSON_Delete(json);
}


static void
messages_are_cut_between_characters(void **state)
{
    int               n, chars;
    char              text[8192];
    portone_answer_t  answer;

    for (chars = 1364; chars <= 1367; chars++) {
        n = sprintf(text, "{\"code\":1,\"message\":\"");

        while (chars * 3 > n - 21) {
            n += sprintf(text + n, "환");
        }

        sprintf(text + n, "\"}");
        parse(&answer, 200, text);

        assert_int_equal(answer.kind, PORTONE_ANSWER_REFUSED);
        assert_int_equal(answer.message.len,
                         (chars > 1365 ? 1365 : chars) * 3);

        portone_answer_free(&answer);
    }
}


static void
grants_are_read(void **state)
{
    portone_grant_t   grant;
    portone_answer_t  answer;

    parse(&answer, 200, "{\"code\":0,\"message\":null,\"response\":{"
                        "\"access_token\":\"" TOKEN "\","
                        "\"now\":1763757070,\"expired_at\":1763758870,"
                        "\"new\":true}}");

    assert_int_equal(portone_answer_grant(&answer, &grant), PORTONE_OK);
    unit_text(grant.access_token.data, grant.access_token.len, TOKEN);
    assert_int_equal(grant.now, 1763757070);
    assert_int_equal(grant.expired_at, 1763758870);

    portone_answer_free(&answer);
}


static void
malformed_grants_are_refused(void **state)
{
    char              text[1024];
    size_t            i;
    portone_grant_t   grant;
    portone_answer_t  answer;

    static const struct {
        int          status;
        const char  *response;
    } cases[] = {
        { 401, "{\"access_token\":\"a\",\"now\":1,\"expired_at\":2}" },
        { 500, "{\"access_token\":\"a\",\"now\":1,\"expired_at\":2}" },
        { 200, "null" },
        { 200, "[]" },
        { 200, "[{\"access_token\":\"a\",\"now\":1,\"expired_at\":2}]" },
        { 200, "{}" },
        { 200, "{\"now\":1,\"expired_at\":2}" },
        { 200, "{\"access_token\":\"\",\"now\":1,\"expired_at\":2}" },
        { 200, "{\"access_token\":null,\"now\":1,\"expired_at\":2}" },
        { 200, "{\"access_token\":1,\"now\":1,\"expired_at\":2}" },
        { 200, "{\"access_token\":\" a\",\"now\":1,\"expired_at\":2}" },
        { 200, "{\"access_token\":\"a b\",\"now\":1,\"expired_at\":2}" },
        { 200, "{\"access_token\":\"a\\r\\nX: 1\",\"now\":1,"
               "\"expired_at\":2}" },
        { 200, "{\"access_token\":\"a\\u007f\",\"now\":1,\"expired_at\":2}" },
        { 200, "{\"access_token\":\"환\",\"now\":1,\"expired_at\":2}" },
        { 200, "{\"access_token\":\"a\",\"expired_at\":2}" },
        { 200, "{\"access_token\":\"a\",\"now\":0,\"expired_at\":2}" },
        { 200, "{\"access_token\":\"a\",\"now\":-1,\"expired_at\":2}" },
        { 200, "{\"access_token\":\"a\",\"now\":\"1\",\"expired_at\":2}" },
        { 200, "{\"access_token\":\"a\",\"now\":1}" },
        { 200, "{\"access_token\":\"a\"}" },
        { 200, "{\"access_token\":\"a\",\"now\":1,\"expired_at\":1}" },
        { 200, "{\"access_token\":\"a\",\"now\":2,\"expired_at\":1}" },
        { 200, "{\"access_token\":\"a\",\"now\":1,\"expired_at\":null}" },
        { 200, "{\"access_token\":\"a\",\"now\":1,\"expired_at\":1.5}" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(text, sizeof(text), "{\"code\":0,\"response\":%s}",
                 cases[i].response);

        parse(&answer, cases[i].status, text);

        if (portone_answer_grant(&answer, &grant) != PORTONE_ERROR) {
            fail_msg("%d %s", cases[i].status, text);
        }

        portone_answer_free(&answer);
    }
}


static void
tokens_are_limited(void **state)
{
    int               len;
    char              text[1024], token[PORTONE_TOKEN_MAX + 2];
    portone_grant_t   grant;
    portone_answer_t  answer;

    for (len = PORTONE_TOKEN_MAX; len <= PORTONE_TOKEN_MAX + 1; len++) {
        memset(token, '~', sizeof(token));

        snprintf(text, sizeof(text),
                 "{\"code\":0,\"response\":{\"access_token\":\"%.*s\","
                 "\"now\":1,\"expired_at\":2}}", len, token);

        parse(&answer, 200, text);

        assert_int_equal(portone_answer_grant(&answer, &grant),
                         len <= PORTONE_TOKEN_MAX ? PORTONE_OK
                                                  : PORTONE_ERROR);

        portone_answer_free(&answer);
    }
}


static void
payments_keep_their_text(void **state)
{
    size_t              i;
    char               *text;
    portone_answer_t    answer;
    portone_payment_t   payment;

#define MEMBERS  "\"imp_uid\": \"imp_1\", \"merchant_uid\":\"\\u006f\","    \
                 "\"amount\":1.0e3,\"cancel_amount\":0,"                   \
                 "\"currency\":\"KRW\",\"status\":\"paid\","               \
                 "\"id\":12345678901234567890"

    static const struct {
        const char  *text;
        const char  *printed;
    } cases[] = {

        /* as it was sent: spaces, escapes, digits */

        { "{\"code\":0,\"message\":null,\"response\":{" MEMBERS "}}",
          "{" MEMBERS "}" },
        { "{\"code\":0,\"response\" : { " MEMBERS " } }\n",
          "{ " MEMBERS " }" },

        /* printed: several lines, a member of ours, not at the end, escaped */

        { "{\"code\":0,\"response\":{\n" MEMBERS "}}",
          NULL },
        { "{\"code\":0,\"response\":{" MEMBERS ",\"refundable_amount\":1}}",
          NULL },
        { "{\"code\":0,\"response\":{" MEMBERS "},\"a\":1}",
          NULL },
        { "{\"code\":0,\"\\u0072esponse\":{" MEMBERS "}}",
          NULL }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        parse(&answer, 200, cases[i].text);

        assert_int_equal(portone_answer_payment(&answer, &payment),
                         PORTONE_OK);
        assert_int_equal(payment.amount, 1000);

        portone_answer_free(&answer);

        text = portone_payment_print(&payment, 0);

        if (cases[i].printed != NULL) {
            assert_string_equal(text, cases[i].printed);

        } else {
            assert_string_equal(text,
                "{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"o\","
                "\"amount\":1000,\"cancel_amount\":0,\"currency\":\"KRW\","
                "\"status\":\"paid\",\"id\":1.2345678901234567e+19}");
        }

        cJSON_free(text);

        text = portone_payment_print(&payment, 1);

        assert_non_null(strstr(text, ",\"refundable_amount\":1000}"));

        cJSON_free(text);
        portone_payment_free(&payment);
    }

    parse(&answer, 200, "{\"code\":0,\"response\":{\"imp_uid\":\"imp_1\"}}");

    assert_int_equal(portone_answer_payment(&answer, &payment),
                     PORTONE_ERROR);

    portone_answer_free(&answer);
}


static int
parse_once(void)
{
    int               kind, kept;
    portone_answer_t  answer;

    static const char  text[] =
        "{\"code\":0,\"message\":\"a\",\"response\":" PAYMENT "}";

    portone_answer_parse(&answer, 200, text, sizeof(text) - 1);

    kind = answer.kind;
    kept = (answer.text != NULL);

    if (kind != PORTONE_ANSWER_OK) {
        assert_int_equal(kind, PORTONE_ANSWER_BROKEN);
    }

    cJSON_Delete(portone_answer_take(&answer));
    portone_answer_free(&answer);

    assert_true(!kept || kind == PORTONE_ANSWER_OK);

    return kept;
}


static void
lack_of_memory_proves_nothing(void **state)
{
    assert_true(unit_exhaust(parse_once) > 1);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(answers_are_told_apart),
        cmocka_unit_test(only_objects_are_taken_out),
        cmocka_unit_test(payments_keep_their_text),
        cmocka_unit_test(messages_are_cut_between_characters),
        cmocka_unit_test(grants_are_read),
        cmocka_unit_test(malformed_grants_are_refused),
        cmocka_unit_test(tokens_are_limited),
        cmocka_unit_test(lack_of_memory_proves_nothing)
    };

    return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
