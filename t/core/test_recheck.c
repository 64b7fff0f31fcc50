
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * Refusals that come from what is stored: PortOne is asked before they are
 * told.
 */


#include "flow_model.h"
#include "flow_payments.h"


#define BELIEVED(checksum)                                                    \
    "{\"merchant_uid\":\"order-1\",\"amount\":300,\"checksum\":" #checksum "}"

#define OF_IMP(checksum)                                                      \
    "{\"imp_uid\":\"imp_1\",\"amount\":300,\"checksum\":" #checksum "}"

#define FAILED   PAYMENT("imp_9", "order-1",                                  \
                     "\"amount\":1000,\"cancel_amount\":0,"                   \
                     "\"currency\":\"KRW\",\"status\":\"failed\","            \
                     "\"started_at\":1763750009")

/* partly refunded, and "cancelled" for PortOne */

#define REST     PAYMENT("imp_1", "order-1",                                  \
                     "\"amount\":1000,\"cancel_amount\":400,"                 \
                     "\"currency\":\"KRW\",\"status\":\"cancelled\"")

#define BEGUN(imp, at)                                                        \
    PAYMENT(imp, "order-1", WON(1000, 0) ",\"started_at\":" #at)

#define REFUNDED(at)                                                          \
    PAYMENT("imp_1", "order-1",                                               \
            "\"amount\":1000,\"cancel_amount\":1000,\"currency\":\"KRW\","    \
            "\"status\":\"cancelled\",\"started_at\":" #at)

#define SUCCESS(payment)                                                      \
    "{\"code\":0,\"message\":null,\"response\":" payment "}"

#define FIRST_FAILED  MODEL_ANSWER(200, SUCCESS(FAILED))


static void
a_balance_is_read_again(void **state)
{
    static const model_case_t  cases[] = {
        { "the caller is right", { OF(FRESH, PARTLY, BELIEVED(600)) },
          "LTYDLTCXS", PORTONE_NO_ERROR, "", "succeeded", 700, 0, NULL, 1 },
        { "the caller is right, by imp_uid",
          { OF(FRESH, PARTLY, OF_IMP(600)) },
          "LTYDLTCXS", PORTONE_NO_ERROR, "", "succeeded", 700, 0, NULL, 1 },
        { "the caller is wrong, and so are we",
          { OF(FRESH, PARTLY, BELIEVED(500)) },
          "LTYDL", PORTONE_CHECKSUM_MISMATCH, "", "", 400, 0, NULL, 0 },
        { "the caller is wrong", { OF(PARTLY, PARTLY, BELIEVED(1000)) },
          "LTY", PORTONE_CHECKSUM_MISMATCH, "", "", 400, 0, NULL, 0 },
        { "nothing is left", { OF(FRESH, GONE, OF_IMP(600)) },
          "LTYDL", PORTONE_ALREADY_REFUNDED, "", "", 1000, 0, NULL, 0 },

        { "fetched just now", { OF(NULL, PARTLY, BELIEVED(500)) },
          "LTFDL", PORTONE_CHECKSUM_MISMATCH, "", "", 400, 0, NULL, 0 },
        { "not asked for",
          { OF(FRESH, PARTLY, BELIEVED(600)), .no_fetch = 1 },
          "L", PORTONE_CHECKSUM_MISMATCH, "", "", 0, 0, NULL, 0 },

        /* what is known is told */

        { "no token",
          { OF(FRESH, PARTLY, BELIEVED(600)),
            .tokens = { PORTONE_TOKEN_UNAVAILABLE } },
          "LT", PORTONE_CHECKSUM_MISMATCH, "", "", 0, 0, NULL, 0 },
        { "not reached",
          { OF(FRESH, PARTLY, BELIEVED(600)), .reread = { MODEL_NOT_SENT } },
          "LTY", PORTONE_CHECKSUM_MISMATCH, "", "", 0, 0, NULL, 0 },
        { "overloaded",
          { OF(FRESH, PARTLY, BELIEVED(600)),
            .reread = { MODEL_OVERLOADED } },
          "LTY", PORTONE_CHECKSUM_MISMATCH, "", "", 0, 0, NULL, 0 },
        { "no payment",
          { OF(FRESH, PARTLY, BELIEVED(600)),
            .reread = { MODEL_ANSWER(200, SUCCESS("{}")) } },
          "LTY", PORTONE_CHECKSUM_MISMATCH, "", "", 0, 0, NULL, 0 },
        { "another payment",
          { OF(FRESH, PARTLY, BELIEVED(600)), .reread = { FIRST_FAILED } },
          "LTY", PORTONE_CHECKSUM_MISMATCH, "", "", 0, 0, NULL, 0 },
        { "the token is refused once",
          { OF(FRESH, PARTLY, BELIEVED(600)),
            .reread = { MODEL_401, MODEL_OWN } },
          "LTYRYDLTCXS", PORTONE_NO_ERROR, "", "succeeded", 700, 0, NULL,
          1 },
        { "the token is refused twice",
          { OF(FRESH, PARTLY, BELIEVED(600)),
            .reread = { MODEL_401, MODEL_401 } },
          "LTYRY", PORTONE_CHECKSUM_MISMATCH, "", "", 0, 0, NULL, 0 },

        /* the reread after a refusal of PortOne is another one */

        { "refused then",
          { OF(FRESH, PARTLY, BELIEVED(600)), .cancel = { MODEL_REFUSED } },
          "LTYDLTCXYS", PORTONE_REFUND_REJECTED, "", "rejected", 400, -1,
          "limit", 0 }
    };

    model_run_cases(cases, sizeof(cases) / sizeof(cases[0]));
}


static void
a_failed_attempt_hides_nothing(void **state)
{
    static const model_case_t  cases[] = {
        { "the paid one is found",
          { OF(NULL, FRESH, SOME), .fetch = { FIRST_FAILED, MODEL_OWN } },
          "LTFDLTFDLTCXS", PORTONE_NO_ERROR, "", "succeeded", 300, 0, NULL,
          1 },
        { "the failed one is stored",
          { OF(FAILED, FRESH, SOME), .fetch = { FIRST_FAILED, MODEL_OWN } },
          "LTFDLTFDLTCXS", PORTONE_NO_ERROR, "", "succeeded", 300, 0, NULL,
          1 },
        { "one that is partly refunded",
          { OF(NULL, REST, SOME), .fetch = { FIRST_FAILED } },
          "LTFDLTFTFDLTCXS", PORTONE_NO_ERROR, "", "succeeded", 700, 0, NULL,
          1 },
        { "none",
          { OF(NULL, NULL, SOME), .fetch = { FIRST_FAILED } },
          "LTFDLTFTF", PORTONE_NOT_REFUNDABLE, "", "", 0, 0, NULL, 0 },
        { "not reached",
          { OF(NULL, FRESH, SOME), .fetch = { FIRST_FAILED, MODEL_LOST } },
          "LTFDLTF", PORTONE_PORTONE_UNAVAILABLE, "", "", 0, 0, NULL, 0 },
        { "by imp_uid",
          { OF(READY, READY, OF_IMP(1000)) },
          "LTFDL", PORTONE_NOT_REFUNDABLE, "", "", 0, 0, NULL, 0 }
    };

    model_run_cases(cases, sizeof(cases) / sizeof(cases[0]));
}


static void
a_refunded_payment_hides_none_that_came_later(void **state)
{
    static const model_case_t  cases[] = {
        { "paid again",
          { OF(REFUNDED(5), BEGUN("imp_2", 6), SOME) },
          "LTFDLTCXS", PORTONE_NO_ERROR, "", "succeeded", 300, 0, NULL, 1 },

        /* who asks twice for the refund of an order must not get two */

        { "paid before",
          { OF(REFUNDED(5), BEGUN("imp_2", 4), SOME) },
          "LTFDL", PORTONE_ALREADY_REFUNDED, "", "", 1000, 0, NULL, 0 },
        { "none",
          { OF(REFUNDED(5), REFUNDED(5), SOME) },
          "LTF", PORTONE_ALREADY_REFUNDED, "", "", 1000, 0, NULL, 0 },
        { "not reached",
          { OF(REFUNDED(5), BEGUN("imp_2", 6), SOME),
            .fetch = { MODEL_LOST } },
          "LTF", PORTONE_ALREADY_REFUNDED, "", "", 1000, 0, NULL, 0 },
        { "no token",
          { OF(REFUNDED(5), BEGUN("imp_2", 6), SOME),
            .tokens = { PORTONE_TOKEN_REFUSED } },
          "LT", PORTONE_ALREADY_REFUNDED, "", "", 1000, 0, NULL, 0 },
        { "not asked for",
          { OF(REFUNDED(5), BEGUN("imp_2", 6), SOME), .no_fetch = 1 },
          "L", PORTONE_ALREADY_REFUNDED, "", "", 1000, 0, NULL, 0 },
        { "by imp_uid",
          { OF(REFUNDED(5), BEGUN("imp_2", 6), "{\"imp_uid\":\"imp_1\"}") },
          "L", PORTONE_ALREADY_REFUNDED, "", "", 1000, 0, NULL, 0 }
    };

    model_run_cases(cases, sizeof(cases) / sizeof(cases[0]));
}


static void
what_is_searched_for(void **state)
{
    model_t  model;

    static const model_script_t  script = {
        OF(NULL, NULL, SOME), .fetch = { FIRST_FAILED }
    };

    model_init(&model, &script);
    model_run(&model);

    assert_int_equal(model.n_fetches, 3);
    assert_int_equal(model.finds[0], PORTONE_FIND_ANY);
    assert_int_equal(model.finds[1], PORTONE_FIND_PAID);
    assert_int_equal(model.finds[2], PORTONE_FIND_CANCELLED);

    model_free(&model);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_balance_is_read_again),
        cmocka_unit_test(a_failed_attempt_hides_nothing),
        cmocka_unit_test(a_refunded_payment_hides_none_that_came_later),
        cmocka_unit_test(what_is_searched_for)
    };

    return cmocka_run_group_tests_name("recheck", tests, NULL, NULL);
}
