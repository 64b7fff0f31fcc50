
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * The error words, statuses and sentences that clients are promised.
 */


#include "unit.h"

#include "portone_error.h"
#include "portone_json.h"


static const struct {
    portone_error_e   error;
    const char       *word;
    int               status;
} promised[] = {
    { PORTONE_INVALID_JSON, "invalid_json", 400 },
    { PORTONE_INVALID_REQUEST, "invalid_request", 400 },
    { PORTONE_AMOUNT_REQUIRED, "amount_required", 400 },
    { PORTONE_AMOUNT_EXCEEDS_REFUNDABLE, "amount_exceeds_refundable", 400 },
    { PORTONE_REFUND_ACCOUNT_REQUIRED, "refund_account_required", 400 },
    { PORTONE_ALREADY_REFUNDED, "already_refunded", 400 },
    { PORTONE_PAYMENT_NOT_FOUND, "payment_not_found", 404 },
    { PORTONE_METHOD_NOT_ALLOWED, "method_not_allowed", 405 },
    { PORTONE_REFUND_IN_PROGRESS, "refund_in_progress", 409 },
    { PORTONE_CHECKSUM_MISMATCH, "checksum_mismatch", 409 },
    { PORTONE_NOT_REFUNDABLE, "not_refundable", 409 },
    { PORTONE_NOT_IN_REVIEW, "not_in_review", 409 },
    { PORTONE_TOO_LARGE, "too_large", 413 },
    { PORTONE_UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", 415 },
    { PORTONE_REFUND_REJECTED, "refund_rejected", 422 },
    { PORTONE_PHONE_MONTH_PASSED, "phone_month_passed", 422 },
    { PORTONE_IDEMPOTENCY_KEY_REUSED, "idempotency_key_reused", 422 },
    { PORTONE_PORTONE_UNAUTHORIZED, "portone_unauthorized", 502 },
    { PORTONE_PORTONE_UNAVAILABLE, "portone_unavailable", 502 },
    { PORTONE_STORE_UNAVAILABLE, "store_unavailable", 503 },
    { PORTONE_OVERLOADED, "overloaded", 503 },
    { PORTONE_OUTCOME_UNKNOWN, "outcome_unknown", 504 }
};

#define PROMISED  (sizeof(promised) / sizeof(promised[0]))


static void
every_error_has_its_word_and_status(void **state)
{
    size_t         i;
    portone_str_t  word;

    assert_int_equal(PROMISED, PORTONE_ERROR_MAX - 1);

    for (i = 0; i < PROMISED; i++) {
        word = portone_str(promised[i].word);

        assert_string_equal(portone_error_word(promised[i].error),
                            promised[i].word);
        assert_int_equal(portone_error_status(promised[i].error),
                         promised[i].status);
        assert_int_equal(portone_error_find(&word), promised[i].error);
    }
}


static void
messages_are_sentences_of_their_language(void **state)
{
    int            ascii;
    size_t         i, j;
    const char    *p;
    portone_str_t  message;

    for (i = 0; i < PROMISED; i++) {

        for (j = 0; j < 2; j++) {
            message = portone_str(portone_error_message(promised[i].error,
                                             j ? PORTONE_LANGUAGE_EN
                                               : PORTONE_LANGUAGE_KO));

            assert_true(message.len > 10);
            assert_int_not_equal(portone_str_utf8_length(message.data,
                                                     message.len),
                                 SIZE_MAX);
            assert_false(portone_str_has_control(&message));
            assert_int_equal(message.data[message.len - 1], '.');
            assert_null(strstr(message.data, "  "));

            ascii = 1;

            for (p = message.data; *p != '\0'; p++) {
                ascii &= ((unsigned char) *p < 0x80);
            }

            assert_int_equal(ascii, j);
        }
    }
}


static void
the_answer_of_the_guide_is_kept(void **state)
{
    assert_string_equal(portone_error_message(PORTONE_ALREADY_REFUNDED,
                                              PORTONE_LANGUAGE_KO),
                        "이미 전액환불된 주문입니다.");

    assert_string_equal(portone_error_message(PORTONE_ALREADY_REFUNDED,
                                              PORTONE_LANGUAGE_EN),
                        "This order has already been fully refunded.");
}


static void
other_words_are_no_errors(void **state)
{
    size_t  i;

    static const portone_str_t  words[] = {
        portone_null_string,
        portone_string(""),
        portone_string("already"),
        portone_string("already_refunded "),
        portone_string("ALREADY_REFUNDED"),
        portone_string("already_refunded\0"),
        portone_string("-1")
    };

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        assert_int_equal(portone_error_find(&words[i]), PORTONE_NO_ERROR);
    }

    assert_string_equal(portone_error_word(PORTONE_NO_ERROR), "");
    assert_int_equal(portone_error_status(PORTONE_NO_ERROR), 200);
    assert_string_equal(portone_error_message(PORTONE_NO_ERROR,
                                              PORTONE_LANGUAGE_KO), "");
    assert_string_equal(portone_error_word(PORTONE_ERROR_MAX), "");
    assert_string_equal(portone_error_word((portone_error_e) -1), "");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(every_error_has_its_word_and_status),
        cmocka_unit_test(messages_are_sentences_of_their_language),
        cmocka_unit_test(the_answer_of_the_guide_is_kept),
        cmocka_unit_test(other_words_are_no_errors)
    };

    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
