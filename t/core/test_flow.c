
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * The refund from the claim on: what is sent, and what becomes of every kind
 * of answer to it.
 */


#include "flow_model.h"
#include "flow_payments.h"


#define SUCCESS(payment)                                                      \
    "{\"code\":0,\"message\":null,\"response\":" payment "}"

#define AFTER(cancelled, entries)                                             \
    PAYMENT("imp_1", "order-1", WON(1000, cancelled) HISTORY(entries))

#define OURS  ENTRY("NEW", 300, 1763757101, "why")


static void
refunds_succeed(void **state)
{
    static const model_case_t  cases[] = {
        { "full", { OF(FRESH, FRESH, ALL) }, "LTCXS", PORTONE_NO_ERROR,
          "", "succeeded", 1000, 0, NULL, 1 },
        { "partial", { OF(FRESH, FRESH, SOME) }, "LTCXS", PORTONE_NO_ERROR,
          "", "succeeded", 300, 0, NULL, 1 },
        { "all that is left", { OF(PARTLY, PARTLY, ALL) }, "LTCXS",
          PORTONE_NO_ERROR, "", "succeeded", 1000, 0, NULL, 1 },
        { "a part of what is left", { OF(PARTLY, PARTLY, SOME) }, "LTCXS",
          PORTONE_NO_ERROR, "", "succeeded", 700, 0, NULL, 1 },
        { "dollars", { OF(DOLLARS, DOLLARS,
            "{\"imp_uid\":\"imp_1\",\"amount\":10.01}") }, "LTCXS",
          PORTONE_NO_ERROR, "", "succeeded", 10.5, 0, NULL, 1 },

        { "the money moves later",
          { OF(FRESH, FRESH, SOME), .asynchronous = 1 }, "LTCXS",
          PORTONE_NO_ERROR, "pending", "", 0, 0, NULL, 1 },

        { "the token is refused once",
          { OF(FRESH, FRESH, SOME), .cancel = { MODEL_401, MODEL_OWN } },
          "LTCXRXS", PORTONE_NO_ERROR, "", "succeeded", 300, 0, NULL, 1 },

        /* what counts is the balance: PG companies rewrite reasons */
        { "under another reason",
          { OF(FRESH, FRESH, SOME),
            .cancel = { MODEL_EXECUTED(200, SUCCESS(AFTER(300,
                          ENTRY("NEW", 300, 1763757101, "by request")))) } },
          "LTCXS", PORTONE_NO_ERROR, "", "succeeded", 300, 0, NULL, 1 },
        { "without a history",
          { OF(FRESH, FRESH, SOME),
            .cancel = { MODEL_EXECUTED(200, SUCCESS(
                          PAYMENT("imp_1", "order-1", WON(1000, 300)))) } },
          "LTCXS", PORTONE_NO_ERROR, "", "succeeded", 300, 0, NULL, 1 },

        /* a payment that was registered without its history */
        { "the history was not known",
          { OF(PAYMENT("imp_1", "order-1", WON(1000, 400)), PARTLY, SOME) },
          "LTCXS", PORTONE_NO_ERROR, "", "succeeded", 700, 0, NULL, 1 },
        { "the history was not known, the money moves later",
          { OF(PAYMENT("imp_1", "order-1", WON(1000, 400)), PARTLY, SOME),
            .asynchronous = 1 },
          "LTCXS", PORTONE_NO_ERROR, "pending", "", 400, 0, NULL, 1 },
        { "only the balance was known",
          { OF(PAYMENT("imp_1", "order-1", WON(600, 0)), PARTLY, SOME) },
          "LTCXS", PORTONE_NO_ERROR, "", "succeeded", 700, 0, NULL, 1 }
    };

    model_run_cases(cases, sizeof(cases) / sizeof(cases[0]));
}


static void
answers_that_do_not_settle(void **state)
{
    static const model_case_t  cases[] = {
        { "lost", { OF(FRESH, FRESH, SOME), .cancel = { MODEL_LOST } },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, 0, NULL, 0 },
        { "the answer is lost",
          { OF(FRESH, FRESH, SOME), .cancel = { MODEL_LOST_EXECUTED } },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, 0, NULL, 1 },
        { "500", { OF(FRESH, FRESH, SOME), .cancel = { MODEL_500 } },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, 0, NULL, 0 },
        { "502 with a success in it",
          { OF(FRESH, FRESH, SOME),
            .cancel = { MODEL_EXECUTED(502, SUCCESS(AFTER(300, OURS))) } },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, 0, NULL, 1 },
        { "no JSON", { OF(FRESH, FRESH, SOME), .cancel = { MODEL_HTML } },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, 0, NULL, 0 },
        { "nothing",
          { OF(FRESH, FRESH, SOME), .cancel = { MODEL_EXECUTED(200, "") } },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, 0, NULL, 1 },
        { "cut",
          { OF(FRESH, FRESH, SOME), .cancel = {
                MODEL_EXECUTED(200, "{\"code\":0,\"response\":{\"imp") } },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, 0, NULL, 1 },
        { "redirected",
          { OF(FRESH, FRESH, SOME),
            .cancel = { MODEL_ANSWER(302, "{\"code\":0}") } },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, 0, NULL, 0 },

        /* successes that are none */
        { "no response",
          { OF(FRESH, FRESH, SOME),
            .cancel = { MODEL_EXECUTED(200, "{\"code\":0}") } },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, 0, NULL, 1 },
        { "response is null",
          { OF(FRESH, FRESH, SOME),
            .cancel = { MODEL_EXECUTED(200, SUCCESS("null")) } },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, 0, NULL, 1 },
        { "response is a list",
          { OF(FRESH, FRESH, SOME),
            .cancel = { MODEL_EXECUTED(200, SUCCESS("[]")) } },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, 0, NULL, 1 },
        { "response is no payment",
          { OF(FRESH, FRESH, SOME),
            .cancel = { MODEL_EXECUTED(200, SUCCESS("{}")) } },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, 0, NULL, 1 },
        { "another payment",
          { OF(FRESH, FRESH, SOME),
            .cancel = { MODEL_EXECUTED(200, SUCCESS(
                PAYMENT("imp_2", "order-1", WON(1000, 300)))) } },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, 0, NULL, 1 },
        { "another currency",
          { OF(FRESH, FRESH, SOME),
            .cancel = { MODEL_EXECUTED(200, SUCCESS(
                PAYMENT("imp_1", "order-1",
                    "\"amount\":10,\"cancel_amount\":3,"
                    "\"currency\":\"USD\",\"status\":\"paid\""))) } },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, 0, NULL, 1 },
        { "more was cancelled",
          { OF(FRESH, FRESH, SOME),
            .cancel = { MODEL_EXECUTED(200, SUCCESS(AFTER(550,
                                            FOREIGN "," OURS))) } },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, 0, NULL, 1 },
        { "less was cancelled",
          { OF(FRESH, FRESH, SOME),
            .cancel = { MODEL_EXECUTED(200, SUCCESS(AFTER(299,
                            ENTRY("N", 299, 1763757101, "why")))) } },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, 0, NULL, 1 },
        { "an entry, but nothing has moved",
          { OF(FRESH, FRESH, SOME),
            .cancel = { MODEL_EXECUTED(200, SUCCESS(AFTER(0, OURS))) } },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, 0, NULL, 1 },
        { "an earlier cancel was undone at the same time",
          { OF(PARTLY, PARTLY, SOME),
            .cancel = { MODEL_EXECUTED(200, SUCCESS(AFTER(300, OURS))) } },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 400, 0, NULL, 1 },
        { "the amount of the payment has changed",
          { OF(FRESH, FRESH, SOME),
            .cancel = { MODEL_EXECUTED(200, SUCCESS(
                PAYMENT("imp_1", "order-1", WON(900, 300)))) } },
          "LTCXS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, 0, NULL, 1 }
    };

    model_run_cases(cases, sizeof(cases) / sizeof(cases[0]));
}


static void
cancels_that_were_not_executed(void **state)
{
    static const model_case_t  cases[] = {
        { "not sent", { OF(FRESH, FRESH, SOME), .cancel = { MODEL_NOT_SENT } },
          "LTCXS", PORTONE_PORTONE_UNAVAILABLE, "", "not_executed", 0, 0,
          NULL, 0 },
        { "no connection left",
          { OF(FRESH, FRESH, SOME), .cancel = { MODEL_OVERLOADED } },
          "LTCXS", PORTONE_OVERLOADED, "", "not_executed", 0, 0, NULL, 0 },
        { "the token is refused twice",
          { OF(FRESH, FRESH, SOME), .cancel = { MODEL_401, MODEL_401 } },
          "LTCXRXS", PORTONE_PORTONE_UNAUTHORIZED, "", "not_executed", 0, 0,
          NULL, 0 },
        { "the keys are refused then",
          { OF(FRESH, FRESH, SOME), .cancel = { MODEL_401 },
            .tokens = { PORTONE_TOKEN_GRANTED, PORTONE_TOKEN_REFUSED } },
          "LTCXRS", PORTONE_PORTONE_UNAUTHORIZED, "", "not_executed", 0, 0,
          NULL, 0 },
        { "no token then",
          { OF(FRESH, FRESH, SOME), .cancel = { MODEL_401 },
            .tokens = { PORTONE_TOKEN_GRANTED, PORTONE_TOKEN_UNAVAILABLE } },
          "LTCXRS", PORTONE_PORTONE_UNAVAILABLE, "", "not_executed", 0, 0,
          NULL, 0 },
        { "no room for a token then",
          { OF(FRESH, FRESH, SOME), .cancel = { MODEL_401 },
            .tokens = { PORTONE_TOKEN_GRANTED, PORTONE_TOKEN_OVERLOADED } },
          "LTCXRS", PORTONE_OVERLOADED, "", "not_executed", 0, 0, NULL, 0 },
        { "not sent then",
          { OF(FRESH, FRESH, SOME), .cancel = { MODEL_401, MODEL_NOT_SENT } },
          "LTCXRXS", PORTONE_PORTONE_UNAVAILABLE, "", "not_executed", 0, 0,
          NULL, 0 },
        { "lost then",
          { OF(FRESH, FRESH, SOME),
            .cancel = { MODEL_401, MODEL_LOST_EXECUTED } },
          "LTCXRXS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, 0, NULL, 1 },
        { "refused then",
          { OF(FRESH, FRESH, SOME), .cancel = { MODEL_401, MODEL_REFUSED } },
          "LTCXRXYS", PORTONE_REFUND_REJECTED, "", "rejected", 0, -1,
          "limit", 0 }
    };

    model_run_cases(cases, sizeof(cases) / sizeof(cases[0]));
}


static void
refusals_are_read_again(void **state)
{
    static const model_case_t  cases[] = {

        /* unchanged */
        { "refused", { OF(FRESH, FRESH, SOME), .cancel = { MODEL_REFUSED } },
          "LTCXYS", PORTONE_REFUND_REJECTED, "", "rejected", 0, -1, "limit",
          0 },
        { "refused with a status",
          { OF(FRESH, FRESH, SOME), .cancel = {
                MODEL_ANSWER(400, "{\"code\":3,\"message\":\"bad\"}") } },
          "LTCXYS", PORTONE_REFUND_REJECTED, "", "rejected", 0, 3, "bad",
          0 },
        { "not found, and yet it is there",
          { OF(FRESH, FRESH, SOME), .cancel = { MODEL_404 } },
          "LTCXYS", PORTONE_REFUND_REJECTED, "", "rejected", 0, -1, "none",
          0 },
        { "unchanged with a history",
          { OF(PARTLY, PARTLY, SOME), .cancel = { MODEL_REFUSED } },
          "LTCXYS", PORTONE_REFUND_REJECTED, "", "rejected", 400, -1,
          "limit", 0 },
        { "unchanged, the history was not known",
          { OF(PAYMENT("imp_1", "order-1", WON(1000, 400)), PARTLY, SOME),
            .cancel = { MODEL_REFUSED } },
          "LTCXYS", PORTONE_REFUND_REJECTED, "", "rejected", 400, -1,
          "limit", 0 },

        /* nothing is left */
        { "refunded elsewhere", { OF(FRESH, GONE, SOME) },
          "LTCXYS", PORTONE_ALREADY_REFUNDED, "", "rejected", 1000, 1,
          "이미 전액취소된 주문입니다.", 0 },
        { "refunded elsewhere, in other words",
          { OF(FRESH, GONE, ALL), .cancel = {
                MODEL_ANSWER(200, "{\"code\":-1,\"message\":\"[500626|기 취소"
                                  " 거래]\",\"response\":null}") } },
          "LTCXYS", PORTONE_ALREADY_REFUNDED, "", "rejected", 1000, -1,
          "[500626|기 취소 거래]", 0 },
        { "the words alone do not count",
          { OF(FRESH, FRESH, ALL), .cancel = {
                MODEL_ANSWER(200, "{\"code\":1,\"message\":\"이미 전액취소된 "
                                  "주문입니다.\",\"response\":null}") } },
          "LTCXYS", PORTONE_REFUND_REJECTED, "", "rejected", 0, 1,
          "이미 전액취소된 주문입니다.", 0 },

        /* changed */
        { "cancelled elsewhere",
          { OF(FRESH, AFTER(250, FOREIGN), SOME) },
          "LTCXYS", PORTONE_CHECKSUM_MISMATCH, "", "rejected", 250, 1,
          "취소가능금액 검증에 실패하였습니다.", 0 },
        { "undone elsewhere", { OF(PARTLY, FRESH, SOME) },
          "LTCXYS", PORTONE_CHECKSUM_MISMATCH, "", "rejected", 0, 1,
          "취소가능금액 검증에 실패하였습니다.", 0 },
        { "registered with a wrong amount",
          { OF(FRESH, PAYMENT("imp_1", "order-1", WON(900, 0)), SOME) },
          "LTCXYS", PORTONE_CHECKSUM_MISMATCH, "", "rejected", 0, 1,
          "취소가능금액 검증에 실패하였습니다.", 0 },

        /* refused, and yet there is one like ours */
        { "ours has appeared",
          { OF(FRESH, FRESH, SOME),
            .cancel = { MODEL_EXECUTED(200, "{\"code\":-1,\"message\":"
                                       "\"PG\",\"response\":null}") } },
          "LTCXYS", PORTONE_OUTCOME_UNKNOWN, "manual_review", "", 300, -1,
          "PG", 1 },

        /* the reading fails: the payment stays locked */
        { "not read", { OF(FRESH, FRESH, SOME), .cancel = { MODEL_REFUSED },
                        .reread = { MODEL_NOT_SENT } },
          "LTCXYS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, -1, "limit",
          0 },
        { "not read, overloaded",
          { OF(FRESH, FRESH, SOME), .cancel = { MODEL_REFUSED },
            .reread = { MODEL_OVERLOADED } },
          "LTCXYS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, -1, "limit",
          0 },
        { "lost", { OF(FRESH, FRESH, SOME), .cancel = { MODEL_REFUSED },
                    .reread = { MODEL_LOST } },
          "LTCXYS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, -1, "limit",
          0 },
        { "500", { OF(FRESH, FRESH, SOME), .cancel = { MODEL_REFUSED },
                   .reread = { MODEL_500 } },
          "LTCXYS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, -1, "limit",
          0 },
        { "refused as well",
          { OF(FRESH, FRESH, SOME), .cancel = { MODEL_REFUSED },
            .reread = { MODEL_REFUSED } },
          "LTCXYS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, -1, "limit",
          0 },
        { "no JSON", { OF(FRESH, FRESH, SOME), .cancel = { MODEL_REFUSED },
                       .reread = { MODEL_HTML } },
          "LTCXYS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, -1, "limit",
          0 },
        { "no payment",
          { OF(FRESH, FRESH, SOME), .cancel = { MODEL_REFUSED },
            .reread = { MODEL_ANSWER(200, SUCCESS("{}")) } },
          "LTCXYS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, -1, "limit",
          0 },
        { "another payment",
          { OF(FRESH, FRESH, SOME), .cancel = { MODEL_REFUSED },
            .reread = { MODEL_ANSWER(200, SUCCESS(
                PAYMENT("imp_2", "order-1", WON(1000, 0)))) } },
          "LTCXYS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, -1, "limit",
          0 },

        { "unknown to PortOne",
          { OF(FRESH, NULL, SOME) }, "LTCXYS", PORTONE_REFUND_REJECTED, "",
          "rejected", 0, 1, "취소할 결제건이 존재하지 않습니다.", 0 },

        { "the token is refused once",
          { OF(FRESH, FRESH, SOME), .cancel = { MODEL_REFUSED },
            .reread = { MODEL_401, MODEL_OWN } },
          "LTCXYRYS", PORTONE_REFUND_REJECTED, "", "rejected", 0, -1,
          "limit", 0 },
        { "the token is refused for each of both calls",
          { OF(FRESH, FRESH, SOME), .cancel = { MODEL_401, MODEL_REFUSED },
            .reread = { MODEL_401, MODEL_OWN } },
          "LTCXRXYRYS", PORTONE_REFUND_REJECTED, "", "rejected", 0, -1,
          "limit", 0 },
        { "the token is refused twice",
          { OF(FRESH, FRESH, SOME), .cancel = { MODEL_REFUSED },
            .reread = { MODEL_401, MODEL_401 } },
          "LTCXYRYS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, -1,
          "limit", 0 },
        { "no token then",
          { OF(FRESH, FRESH, SOME), .cancel = { MODEL_REFUSED },
            .reread = { MODEL_401 },
            .tokens = { PORTONE_TOKEN_GRANTED, PORTONE_TOKEN_REFUSED } },
          "LTCXYRS", PORTONE_OUTCOME_UNKNOWN, "unknown", "", 0, -1, "limit",
          0 }
    };

    model_run_cases(cases, sizeof(cases) / sizeof(cases[0]));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(refunds_succeed),
        cmocka_unit_test(answers_that_do_not_settle),
        cmocka_unit_test(cancels_that_were_not_executed),
        cmocka_unit_test(refusals_are_read_again)
    };

    return cmocka_run_group_tests_name("flow", tests, NULL, NULL);
}
