
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * The cancel as PortOne gets it, and what is on disk before it is sent.
 */


#include "flow_model.h"
#include "flow_payments.h"


#define VBANK                                                                 \
    PAYMENT("imp_1", "order-1", WON(1000, 0) ",\"pay_method\":\"vbank\"")

#define DINAR                                                                 \
    PAYMENT("imp_1", "order-1", "\"amount\":1.234,\"cancel_amount\":0.004,"   \
            "\"currency\":\"KWD\",\"status\":\"paid\"")

#define LARGEST                                                               \
    PAYMENT("imp_1", "order-1", WON(999999999999999, 0))


static char  intent[4096];


/* keeps the intent as it is when the cancel is about to be sent */

static void
keep_intent(model_t *model, portone_step_e step)
{
    const char  *text;

    if (step != PORTONE_STEP_CANCEL) {
        return;
    }

    text = memory_value(&model->store, PORTONE_DB_INTENTS, "shop", "imp_1",
                        NULL);

    assert_non_null(text);
    assert_true(strlen(text) < sizeof(intent));
    strcpy(intent, text);
}


static void
the_body_is_complete(void **state)
{
    size_t           i;
    model_t          model;
    model_script_t   script;

    static const struct {
        const char  *payment;
        const char  *request;
        const char  *body;
    } cases[] = {

        { FRESH, ALL,
          "{\"imp_uid\":\"imp_1\",\"amount\":1000,\"checksum\":1000}" },
        { PARTLY, ALL,
          "{\"imp_uid\":\"imp_1\",\"amount\":600,\"checksum\":600}" },
        { PARTLY, SOME,
          "{\"imp_uid\":\"imp_1\",\"amount\":300,\"checksum\":600,"
          "\"reason\":\"why\"}" },

        { FRESH, "{\"imp_uid\":\"imp_1\",\"cancel_request_amount\":1}",
          "{\"imp_uid\":\"imp_1\",\"amount\":1,\"checksum\":1000}" },
        { FRESH, "{\"merchant_uid\":\"order-1\",\"imp_uid\":\"imp_1\","
                 "\"amount\":1e2,\"checksum\":1000}",
          "{\"imp_uid\":\"imp_1\",\"amount\":100,\"checksum\":1000}" },
        { FRESH, "{\"merchant_uid\":\"order-1\",\"reason\":\"\","
                 "\"refund_tel\":\"\"}",
          "{\"imp_uid\":\"imp_1\",\"amount\":1000,\"checksum\":1000}" },

        { DOLLARS, "{\"imp_uid\":\"imp_1\",\"amount\":0.10,"
                   "\"tax_free\":0.05,\"vat_amount\":0.0}",
          "{\"imp_uid\":\"imp_1\",\"amount\":0.1,\"checksum\":19.5,"
          "\"tax_free\":0.05,\"vat_amount\":0}" },
        { DINAR, "{\"imp_uid\":\"imp_1\",\"amount\":0.001}",
          "{\"imp_uid\":\"imp_1\",\"amount\":0.001,\"checksum\":1.23}" },
        { LARGEST, "{\"imp_uid\":\"imp_1\",\"amount\":999999999999998}",
          "{\"imp_uid\":\"imp_1\",\"amount\":999999999999998,"
          "\"checksum\":999999999999999}" },

        { VBANK, "{\"extra\":{\"requester\":\"customer\"},"
                 "\"retain_promotion\":false,\"vat_amount\":3,"
                 "\"tax_free\":5,\"refund_tel\":\"0101234\","
                 "\"refund_account\":\"1102003004\",\"refund_bank\":\"04\","
                 "\"refund_holder\":\"\\uae40\",\"reason\":\"a\\\"b\\u0007/\","
                 "\"amount\":10,\"merchant_uid\":\"order-1\"}",
          "{\"imp_uid\":\"imp_1\",\"amount\":10,\"checksum\":1000,"
          "\"tax_free\":5,\"vat_amount\":3,\"reason\":\"a\\\"b\\u0007/\","
          "\"refund_holder\":\"김\",\"refund_bank\":\"04\","
          "\"refund_account\":\"1102003004\",\"refund_tel\":\"0101234\","
          "\"retain_promotion\":false,"
          "\"extra\":{\"requester\":\"customer\"}}" },
        { FRESH, "{\"imp_uid\":\"imp_1\",\"retain_promotion\":true,"
                 "\"extra\":{\"requester\":\"admin\"}}",
          "{\"imp_uid\":\"imp_1\",\"amount\":1000,\"checksum\":1000,"
          "\"retain_promotion\":true,\"extra\":{\"requester\":\"admin\"}}" }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&script, 0, sizeof(model_script_t));

        script.stored = cases[i].payment;
        script.portone = cases[i].payment;
        script.request = cases[i].request;

        model_init(&model, &script);
        model_run(&model);

        assert_int_equal(model.flow.error, PORTONE_NO_ERROR);
        assert_int_equal(model.n_cancels, 1);
        unit_text(model.sent, strlen(model.sent), cases[i].body);

        model_free(&model);
    }
}


static void
the_same_body_is_sent_again(void **state)
{
    model_t  model;

    static const model_script_t  script = {
        OF(FRESH, FRESH, SOME), .cancel = { MODEL_401, MODEL_OWN }
    };

    model_init(&model, &script);
    model_run(&model);

    assert_int_equal(model.n_cancels, 2);
    unit_text(model.sent, strlen(model.sent),
              "{\"imp_uid\":\"imp_1\",\"amount\":300,\"checksum\":1000,"
              "\"reason\":\"why\"}");

    model_free(&model);
}


static void
the_intent_is_complete(void **state)
{
    model_t  model;

    static const model_script_t  script = {
        OF(PARTLY, PARTLY, SOME), .meddle = keep_intent
    };

    intent[0] = '\0';

    model_init(&model, &script);

    model.flow.tier = portone_str("A1B");
    model.flow.include_sandbox = 1;

    model_run(&model);

    unit_text(intent, strlen(intent),
              "{\"refund_id\":\"" MODEL_REFUND "\",\"state\":\"sending\","
              "\"merchant\":\"shop\",\"merchant_uid\":\"order-1\","
              "\"imp_uid\":\"imp_1\",\"amount\":300,\"currency\":\"KRW\","
              "\"reason\":\"why\",\"requested_at\":1763757000,"
              "\"settle_at\":1763757120,\"clock_offset\":100,"
              "\"account\":\"f00d\",\"tier\":\"A1B\","
              "\"include_sandbox\":true,\"before\":{\"amount\":1000,"
              "\"cancel_amount\":400,\"cancellations\":[\"OLD\"]}}");

    model_free(&model);
}


static void
the_attempt_is_complete(void **state)
{
    char          *value;
    cJSON         *record, *member;
    size_t         i, j;
    model_t        model;
    const char    *text;
    portone_db_e   db;

    /* code, message, cancellation_id, settled_at, after; NULL: absent */

    static const struct {
        model_script_t   script;
        const char      *members[5];
    } cases[] = {
        { { OF(PARTLY, PARTLY, SOME) },
          { "0", "null", "\"NEW1\"", "1763757000",
            "{\"amount\":1000,\"cancel_amount\":700,"
            "\"cancellations\":[\"OLD\",\"NEW1\"]}" } },
        { { OF(PARTLY, PARTLY, SOME), .asynchronous = 1 },
          { "0", "null", NULL, NULL,
            "{\"amount\":1000,\"cancel_amount\":400,"
            "\"cancellations\":[\"OLD\"]}" } },
        { { OF(PARTLY, PARTLY, SOME), .cancel = { MODEL_REFUSED } },
          { "-1", "\"limit\"", NULL, "1763757000",
            "{\"amount\":1000,\"cancel_amount\":400,"
            "\"cancellations\":[\"OLD\"]}" } },
        { { OF(PARTLY, PARTLY, SOME), .cancel = { MODEL_REFUSED },
            .reread = { MODEL_LOST } },
          { "-1", "\"limit\"", NULL, NULL, NULL } },
        { { OF(PARTLY, PARTLY, SOME), .cancel = { MODEL_NOT_SENT } },
          { NULL, NULL, NULL, "1763757000", NULL } },
        { { OF(PARTLY, PARTLY, SOME), .cancel = { MODEL_LOST } },
          { NULL, NULL, NULL, NULL, NULL } }
    };

    static const char  *names[] = {
        "code", "message", "cancellation_id", "settled_at", "after"
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        model_init(&model, &cases[i].script);
        model_run(&model);

        db = (model_stored_state(&model, PORTONE_DB_INTENTS)[0] != '\0')
             ? PORTONE_DB_INTENTS : PORTONE_DB_ATTEMPTS;

        text = memory_value(&model.store, db, "shop", "imp_1",
                            (db == PORTONE_DB_ATTEMPTS) ? MODEL_REFUND
                                                        : NULL);
        record = cJSON_Parse(text);
        assert_non_null(record);

        /* what settling needs is still there */

        assert_non_null(strstr(text, "\"before\":{\"amount\":1000,"
                                     "\"cancel_amount\":400,"
                                     "\"cancellations\":[\"OLD\"]}"));

        for (j = 0; j < 5; j++) {
            member = cJSON_GetObjectItemCaseSensitive(record, names[j]);

            if (cases[i].members[j] == NULL) {
                assert_null(member);
                continue;
            }

            value = cJSON_PrintUnformatted(member);
            assert_non_null(value);
            unit_text(value, strlen(value), cases[i].members[j]);
            cJSON_free(value);
        }

        cJSON_Delete(record);
        model_free(&model);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_body_is_complete),
        cmocka_unit_test(the_same_body_is_sent_again),
        cmocka_unit_test(the_intent_is_complete),
        cmocka_unit_test(the_attempt_is_complete)
    };

    return cmocka_run_group_tests_name("flow_sent", tests, NULL, NULL);
}
