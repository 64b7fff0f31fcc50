
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * The way to the claim: what is looked up, fetched and stored, and what ends
 * a request before anything is recorded.
 */


#include "flow_model.h"
#include "flow_payments.h"


#define BY_IMP   "{\"imp_uid\":\"imp_1\"}"
#define BY_BOTH  "{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"order-1\"}"
#define APART    "{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"order-2\"}"

#define OTHER    PAYMENT("imp_2", "order-2", WON(1000, 0))
#define FAILED   PAYMENT("imp_1", "order-1",                                  \
                     "\"amount\":1000,\"cancel_amount\":0,"                   \
                     "\"currency\":\"KRW\",\"status\":\"failed\"")

#define SUCCESS(payment)                                                      \
    "{\"code\":0,\"message\":null,\"response\":" payment "}"


static void
payments_are_fetched(void **state)
{
    static const model_case_t  cases[] = {
        { "by merchant_uid", { OF(NULL, FRESH, SOME) }, "LTFDLTCXS",
          PORTONE_NO_ERROR, "", "succeeded", 300, 0, NULL, 1 },
        { "by imp_uid", { OF(NULL, FRESH, BY_IMP) }, "LTFDLTCXS",
          PORTONE_NO_ERROR, "", "succeeded", 1000, 0, NULL, 1 },
        { "by both", { OF(NULL, FRESH, BY_BOTH) }, "LTFDLTCXS",
          PORTONE_NO_ERROR, "", "succeeded", 1000, 0, NULL, 1 },
        { "partly cancelled", { OF(NULL, PARTLY, ALL) }, "LTFDLTCXS",
          PORTONE_NO_ERROR, "", "succeeded", 1000, 0, NULL, 1 },

        { "only read", { OF(NULL, PARTLY, NULL) }, "LTFDL",
          PORTONE_NO_ERROR, "", "", 400, 0, NULL, 0 },
        { "read from the store", { OF(FRESH, PARTLY, NULL) }, "L",
          PORTONE_NO_ERROR, "", "", 0, 0, NULL, 0 },

        { "the token is refused once",
          { OF(NULL, FRESH, SOME), .fetch = { MODEL_401, MODEL_OWN } },
          "LTFRFDLTCXS", PORTONE_NO_ERROR, "", "succeeded", 300, 0, NULL,
          1 },
        { "the token is refused for each of three calls",
          { OF(NULL, FRESH, SOME), .fetch = { MODEL_401, MODEL_OWN },
            .cancel = { MODEL_401, MODEL_REFUSED },
            .reread = { MODEL_401, MODEL_OWN } },
          "LTFRFDLTCXRXYRYS", PORTONE_REFUND_REJECTED, "", "rejected", 0, -1,
          "limit", 0 },

        /* stored before it was paid */
        { "paid since", { OF(READY, FRESH, SOME) }, "LTFDLTCXS",
          PORTONE_NO_ERROR, "", "succeeded", 300, 0, NULL, 1 },
        { "paid since, after a failure", { OF(FAILED, FRESH, SOME) },
          "LTFDLTCXS", PORTONE_NO_ERROR, "", "succeeded", 300, 0, NULL, 1 },
        { "still not paid", { OF(READY, READY, SOME) }, "LTFDLTFTF",
          PORTONE_NOT_REFUNDABLE, "", "", 0, 0, NULL, 0 },
        { "still not paid, fetched now", { OF(NULL, READY, SOME) }, "LTFDLTFTF",
          PORTONE_NOT_REFUNDABLE, "", "", 0, 0, NULL, 0 },
        { "not paid, and gone", { OF(READY, NULL, SOME) }, "LTF",
          PORTONE_NOT_REFUNDABLE, "", "", 0, 0, NULL, 0 },
        { "not paid, not fetched",
          { OF(READY, FRESH, SOME), .no_fetch = 1 }, "L",
          PORTONE_NOT_REFUNDABLE, "", "", 0, 0, NULL, 0 },
        { "not paid, not reached",
          { OF(READY, FRESH, SOME), .fetch = { MODEL_LOST } }, "LTF",
          PORTONE_PORTONE_UNAVAILABLE, "", "", 0, 0, NULL, 0 },
        { "not paid, only read", { OF(READY, FRESH, NULL) }, "L",
          PORTONE_NO_ERROR, "", "", 0, 0, NULL, 0 }
    };

    model_run_cases(cases, sizeof(cases) / sizeof(cases[0]));
}


static void
payments_are_not_found(void **state)
{
    static const model_case_t  cases[] = {
        { "nowhere", { OF(NULL, NULL, SOME) }, "LTF",
          PORTONE_PAYMENT_NOT_FOUND, "", "", -1, 0, NULL, 0 },
        { "nowhere, only read", { OF(NULL, NULL, NULL) }, "LTF",
          PORTONE_PAYMENT_NOT_FOUND, "", "", -1, 0, NULL, 0 },
        { "another one", { OF(NULL, OTHER, SOME) }, "LTF",
          PORTONE_PAYMENT_NOT_FOUND, "", "", -1, 0, NULL, 0 },
        { "not asked for", { OF(NULL, FRESH, SOME), .no_fetch = 1 }, "L",
          PORTONE_PAYMENT_NOT_FOUND, "", "", -1, 0, NULL, 0 },

        /* it would lead to another resource of PortOne */
        { "an identifier that is a path",
          { OF(NULL, FRESH, "{\"merchant_uid\":\"..\"}") }, "L",
          PORTONE_PAYMENT_NOT_FOUND, "", "", -1, 0, NULL, 0 },
        { "an imp_uid that is a path",
          { OF(NULL, FRESH, "{\"imp_uid\":\"a/..\"}") }, "L",
          PORTONE_PAYMENT_NOT_FOUND, "", "", -1, 0, NULL, 0 },

        /* imp_uid wins */
        { "the order is known, imp_uid is not",
          { OF(PAYMENT("imp_2", "order-1", WON(1000, 0)), NULL, BY_BOTH) },
          "LTF", PORTONE_PAYMENT_NOT_FOUND, "", "", -1, 0, NULL, 0 },

        { "not sent",
          { OF(NULL, FRESH, SOME), .fetch = { MODEL_NOT_SENT } }, "LTF",
          PORTONE_PORTONE_UNAVAILABLE, "", "", -1, 0, NULL, 0 },
        { "overloaded",
          { OF(NULL, FRESH, SOME), .fetch = { MODEL_OVERLOADED } }, "LTF",
          PORTONE_OVERLOADED, "", "", -1, 0, NULL, 0 },
        { "lost", { OF(NULL, FRESH, SOME), .fetch = { MODEL_LOST } }, "LTF",
          PORTONE_PORTONE_UNAVAILABLE, "", "", -1, 0, NULL, 0 },
        { "500", { OF(NULL, FRESH, SOME), .fetch = { MODEL_500 } }, "LTF",
          PORTONE_PORTONE_UNAVAILABLE, "", "", -1, 0, NULL, 0 },
        { "no JSON", { OF(NULL, FRESH, SOME), .fetch = { MODEL_HTML } },
          "LTF", PORTONE_PORTONE_UNAVAILABLE, "", "", -1, 0, NULL, 0 },
        { "404 of somebody else",
          { OF(NULL, FRESH, SOME),
            .fetch = { MODEL_ANSWER(404, "<html>") } },
          "LTF", PORTONE_PORTONE_UNAVAILABLE, "", "", -1, 0, NULL, 0 },
        { "refused",
          { OF(NULL, FRESH, SOME), .fetch = { MODEL_REFUSED } }, "LTF",
          PORTONE_PORTONE_UNAVAILABLE, "", "", -1, 0, NULL, 0 },
        { "no response",
          { OF(NULL, FRESH, SOME),
            .fetch = { MODEL_ANSWER(200, "{\"code\":0}") } },
          "LTF", PORTONE_PORTONE_UNAVAILABLE, "", "", -1, 0, NULL, 0 },
        { "no payment",
          { OF(NULL, FRESH, SOME),
            .fetch = { MODEL_ANSWER(200, SUCCESS("{}")) } },
          "LTF", PORTONE_PORTONE_UNAVAILABLE, "", "", -1, 0, NULL, 0 },
        { "the payment of another order",
          { OF(NULL, FRESH, SOME),
            .fetch = { MODEL_ANSWER(200, SUCCESS(OTHER)) } },
          "LTF", PORTONE_PORTONE_UNAVAILABLE, "", "", -1, 0, NULL, 0 },
        { "another payment",
          { OF(NULL, FRESH, BY_IMP),
            .fetch = { MODEL_ANSWER(200, SUCCESS(OTHER)) } },
          "LTF", PORTONE_PORTONE_UNAVAILABLE, "", "", -1, 0, NULL, 0 },

        { "the token is refused twice",
          { OF(NULL, FRESH, SOME), .fetch = { MODEL_401, MODEL_401 } },
          "LTFRF", PORTONE_PORTONE_UNAUTHORIZED, "", "", -1, 0, NULL, 0 },
        { "the keys are refused then",
          { OF(NULL, FRESH, SOME), .fetch = { MODEL_401 },
            .tokens = { PORTONE_TOKEN_GRANTED, PORTONE_TOKEN_REFUSED } },
          "LTFR", PORTONE_PORTONE_UNAUTHORIZED, "", "", -1, 0, NULL, 0 }
    };

    model_run_cases(cases, sizeof(cases) / sizeof(cases[0]));
}


/* an unreachable PortOne costs no write */

static void
no_token_no_claim(void **state)
{
    static const model_case_t  cases[] = {
        { "refused", { OF(FRESH, FRESH, SOME),
                       .tokens = { PORTONE_TOKEN_REFUSED } },
          "LT", PORTONE_PORTONE_UNAUTHORIZED, "", "", 0, 0, NULL, 0 },
        { "unavailable", { OF(FRESH, FRESH, SOME),
                           .tokens = { PORTONE_TOKEN_UNAVAILABLE } },
          "LT", PORTONE_PORTONE_UNAVAILABLE, "", "", 0, 0, NULL, 0 },
        { "overloaded", { OF(FRESH, FRESH, SOME),
                          .tokens = { PORTONE_TOKEN_OVERLOADED } },
          "LT", PORTONE_OVERLOADED, "", "", 0, 0, NULL, 0 },
        { "refused for a fetch", { OF(NULL, FRESH, SOME),
                                   .tokens = { PORTONE_TOKEN_REFUSED } },
          "LT", PORTONE_PORTONE_UNAUTHORIZED, "", "", -1, 0, NULL, 0 },
        { "unavailable after a fetch",
          { OF(NULL, FRESH, SOME),
            .tokens = { PORTONE_TOKEN_GRANTED, PORTONE_TOKEN_UNAVAILABLE } },
          "LTFDLT", PORTONE_PORTONE_UNAVAILABLE, "", "", 0, 0, NULL, 0 }
    };

    model_run_cases(cases, sizeof(cases) / sizeof(cases[0]));
}


static void
requests_are_refused(void **state)
{
    size_t   i;
    model_t  model;

    static const struct {
        model_script_t    script;
        const char       *steps;
        portone_error_e   error;
        const char       *field;
        int64_t           amount;
        unsigned          found;
    } cases[] = {
        { { OF(FRESH, FRESH, ALL), .require_amount = 1 }, "",
          PORTONE_AMOUNT_REQUIRED, "amount", 0, 0 },
        { { OF(FRESH, FRESH, SOME), .require_amount = 1 }, "LTCXS",
          PORTONE_NO_ERROR, "", 300, 1 },
        { { OF(FRESH, FRESH, NULL), .require_amount = 1 }, "L",
          PORTONE_NO_ERROR, "", 0, 1 },

        { { OF(FRESH, FRESH, APART) }, "L", PORTONE_INVALID_REQUEST,
          "merchant_uid", 0, 1 },
        { { OF(NULL, FRESH, APART) }, "LTFDL", PORTONE_INVALID_REQUEST,
          "merchant_uid", 0, 1 },

        { { OF(GONE, GONE, ALL) }, "LTF", PORTONE_ALREADY_REFUNDED, "", 0,
          1 },
        { { OF(NULL, GONE, ALL) }, "LTFDLTF", PORTONE_ALREADY_REFUNDED, "", 0,
          1 },
        { { OF(FRESH, FRESH, "{\"imp_uid\":\"imp_1\","
                             "\"cancel_request_amount\":1001}") },
          "L", PORTONE_AMOUNT_EXCEEDS_REFUNDABLE, "cancel_request_amount", 0,
          1 },
        { { OF(FRESH, FRESH, "{\"imp_uid\":\"imp_1\",\"checksum\":999}") },
          "LTY", PORTONE_CHECKSUM_MISMATCH, "checksum", 0, 1 },
        { { OF(PAYMENT("imp_1", "order-1", WON(1000, 0)
                       ",\"pay_method\":\"vbank\""), FRESH, ALL) },
          "L", PORTONE_REFUND_ACCOUNT_REQUIRED, "refund_holder", 1000, 1 },
        { { OF(PAYMENT("imp_1", "order-1",
                       "\"amount\":1,\"cancel_amount\":0,\"currency\":"
                       "\"KRW\",\"status\":\"paid\",\"paid_at\":1761900000,"
                       "\"pay_method\":\"phone\""), FRESH, ALL) },
          "L", PORTONE_PHONE_MONTH_PASSED, "", 1, 1 },

        /* nothing is made of a payment that cannot be read */
        { { OF("{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"order-1\"}", FRESH,
               ALL) },
          "L", PORTONE_STORE_UNAVAILABLE, "", 0, 0 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        model_init(&model, &cases[i].script);
        model_run(&model);

        if (strcmp(model.steps, cases[i].steps) != 0
            || model.flow.error != cases[i].error
            || strcmp(model.flow.field, cases[i].field) != 0
            || model.flow.amount != cases[i].amount
            || model.flow.found != cases[i].found
            || model.flow.unreadable
               != (cases[i].error == PORTONE_STORE_UNAVAILABLE))
        {
            fail_msg("case %zu: steps %s, error \"%s\", field \"%s\", "
                     "amount %lld, found %u", i, model.steps,
                     portone_error_word(model.flow.error), model.flow.field,
                     (long long) model.flow.amount, model.flow.found);
        }

        if (cases[i].error != PORTONE_NO_ERROR) {
            assert_int_equal(model.flow.recorded, 0);
            assert_int_equal(memory_count(&model.store, PORTONE_DB_INTENTS),
                             0);
        }

        model_free(&model);
    }
}


/* who may not see a payment learns as much as if there were none */

static void
strangers_find_nothing(void **state)
{
    size_t            i;
    model_t           model;
    portone_match_t   match;

    static const struct {
        model_script_t   script;
        const char      *customer;
        unsigned         mismatch;
    } cases[] = {
        { { OF(FRESH, FRESH, ALL) }, "kim", 1 },
        { { OF(NULL, FRESH, ALL) }, "kim", 1 },
        { { OF(GONE, GONE, ALL) }, "kim", 1 },
        { { OF(READY, FRESH, ALL) }, "kim", 1 },
        { { OF(FRESH, FRESH, APART) }, "kim", 1 },
        { { OF(FRESH, FRESH, NULL) }, "kim", 1 },
        { { OF(PAYMENT("imp_1", "order-1", WON(1000, 0)
                       ",\"customer_uid\":\"kim\""), FRESH, ALL) }, "lee", 1 },
        { { OF(PAYMENT("imp_1", "order-1", WON(1000, 0)
                       ",\"customer_uid\":\"kim\""), FRESH, ALL) }, "", 1 },
        { { OF(PAYMENT("imp_1", "order-1", WON(1000, 0)
                       ",\"customer_uid\":\"kim\""), FRESH, ALL) }, "kim", 0 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        model_init(&model, &cases[i].script);

        match.field = portone_str("customer_uid");
        match.value = portone_str(cases[i].customer);

        model.flow.match_values = &match;
        model.flow.n_match_values = 1;

        model_run(&model);

        assert_int_equal(model.flow.mismatch, cases[i].mismatch);
        assert_int_equal(model.flow.found, !cases[i].mismatch);
        assert_int_equal(model.flow.error,
                         cases[i].mismatch ? PORTONE_PAYMENT_NOT_FOUND
                                           : PORTONE_NO_ERROR);

        model_free(&model);
    }
}


static void
other_shops_are_other_shops(void **state)
{
    model_t  model;

    static const model_script_t  script = {
        OF(FRESH, FRESH, ALL), .no_fetch = 1
    };

    model_init(&model, &script);
    model.flow.merchant = portone_str("sho");
    model_run(&model);

    assert_int_equal(model.flow.error, PORTONE_PAYMENT_NOT_FOUND);

    model_free(&model);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(payments_are_fetched),
        cmocka_unit_test(payments_are_not_found),
        cmocka_unit_test(no_token_no_claim),
        cmocka_unit_test(requests_are_refused),
        cmocka_unit_test(strangers_find_nothing),
        cmocka_unit_test(other_shops_are_other_shops)
    };

    return cmocka_run_group_tests_name("flow_fetch", tests, NULL, NULL);
}
