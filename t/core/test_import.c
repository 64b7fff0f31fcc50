
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * Many payments in and out: lines, batches, and that what goes out can come
 * in again.
 */


#include "unit.h"

#include "portone_export.h"
#include "portone_import.h"

#include "memory_txn.h"


#define LINE(n)                                                               \
    "{\"imp_uid\":\"imp_" n "\",\"merchant_uid\":\"order-" n "\","            \
    "\"amount\":1000,\"cancel_amount\":0,\"currency\":\"KRW\","               \
    "\"status\":\"paid\"}"


static memory_store_t  store;


static int
begin(void **state)
{
    memory_init(&store);
    return 0;
}


static int
end(void **state)
{
    memory_free(&store);
    return 0;
}


static void
prepare(portone_import_t *import, const char *text, size_t max)
{
    memset(import, 0, sizeof(portone_import_t));

    import->merchant = portone_str("shop");
    import->now = 1763757000;
    import->pos = text;
    import->last = text + strlen(text);
    import->line = 1;
    import->max = max;
}


/* lines in, in transactions of max lines; what came of all of them */

static void
import_all(portone_import_result_t *total, const char *text, size_t max)
{
    portone_import_t  import;

    memset(total, 0, sizeof(portone_import_result_t));

    prepare(&import, text, max);

    while (import.pos < import.last) {

        /* the first try may be rolled back */

        assert_int_equal(memory_dry_run(&store, portone_import_apply,
                                        &import),
                         PORTONE_OK);
        assert_int_equal(memory_apply(&store, portone_import_apply, &import),
                         PORTONE_OK);

        assert_true(import.lines > 0 && import.lines <= max);

        portone_import_add(total, &import.result);

        import.pos = import.end;
        import.line += import.lines;
    }
}


static void
lines_are_numbered_in_whatever_batches(void **state)
{
    size_t                    max;
    portone_import_result_t   total;

    static const char  text[] =
        LINE("1") "\n"
        "\n"
        "nonsense\n"
        "  \t\r\n"
        LINE("2") "\r\n"
        "{\"imp_uid\":\"imp_3\",\"amount\":1}\n"
        "{\"merchant_uid\":\"a\",\"amount\":1}\n"
        LINE("4");

    for (max = 1; max < 10; max++) {
        memory_free(&store);
        memory_init(&store);

        import_all(&total, text, max);

        assert_int_equal(total.stored, 3);
        assert_int_equal(total.rejected, 3);
        assert_int_equal(total.n_errors, 3);

        assert_int_equal(total.errors[0].line, 3);
        assert_int_equal(total.errors[0].error, PORTONE_INVALID_JSON);
        assert_string_equal(total.errors[0].field, "");

        assert_int_equal(total.errors[1].line, 6);
        assert_string_equal(total.errors[1].field, "merchant_uid");

        assert_int_equal(total.errors[2].line, 7);
        assert_string_equal(total.errors[2].field, "imp_uid");

        assert_int_equal(memory_count(&store, PORTONE_DB_PAYMENTS), 3);
        assert_int_equal(memory_count(&store, PORTONE_DB_MERCHANT_UIDS), 3);
        assert_int_equal(memory_count(&store, PORTONE_DB_JOURNAL), 3);
    }
}


static void
errors_are_listed_up_to_a_number_and_counted_beyond(void **state)
{
    char                     *text, *reply;
    size_t                    i;
    portone_import_result_t   total;

    text = malloc(3 * 250 + 1);
    assert_non_null(text);

    for (i = 0; i < 250; i++) {
        memcpy(text + 3 * i, "{}\n", 3);
    }

    text[3 * 250] = '\0';

    import_all(&total, text, 60);

    free(text);

    assert_int_equal(total.stored, 0);
    assert_int_equal(total.rejected, 250);
    assert_int_equal(total.n_errors, PORTONE_IMPORT_ERRORS);
    assert_int_equal(total.errors[PORTONE_IMPORT_ERRORS - 1].line,
                     PORTONE_IMPORT_ERRORS);

    total.n_errors = 1;

    reply = portone_import_reply(&total, PORTONE_NO_ERROR, 0,
                                 PORTONE_LANGUAGE_EN);
    assert_non_null(reply);
    assert_string_equal(reply, "{\"stored\":0,\"rejected\":250,\"errors\":["
                        "{\"line\":1,\"error\":\"invalid_request\","
                        "\"field\":\"imp_uid\"}]}");
    cJSON_free(reply);

    total.n_errors = 0;

    reply = portone_import_reply(&total, PORTONE_STORE_UNAVAILABLE, 251,
                                 PORTONE_LANGUAGE_EN);
    assert_non_null(reply);
    assert_non_null(strstr(reply, "{\"error\":\"store_unavailable\""));
    assert_non_null(strstr(reply, ",\"line\":251,\"stored\":0,"));
    cJSON_free(reply);
}


/* what is exported, in chunks of this size at first; to be freed */

static char *
export_all(const char *merchant, size_t size)
{
    char              *text;
    size_t             len;
    portone_export_t   export;

    memset(&export, 0, sizeof(portone_export_t));

    export.merchant = portone_str(merchant);
    export.buf = malloc(size);
    export.size = size;
    assert_non_null(export.buf);

    len = 0;
    text = malloc(1);
    assert_non_null(text);

    do {
        assert_int_equal(memory_read(&store, portone_export_read, &export),
                         PORTONE_OK);

        if (export.need != 0) {
            assert_int_equal(export.len, 0);
            assert_true(export.need > export.size);

            export.size = export.need;
            export.buf = realloc(export.buf, export.size);
            assert_non_null(export.buf);
        }

        text = realloc(text, len + export.len + 1);
        assert_non_null(text);
        memcpy(text + len, export.buf, export.len);
        len += export.len;

    } while (!export.done);

    free(export.buf);

    text[len] = '\0';

    return text;
}


static void
what_goes_out_can_come_in_again(void **state)
{
    char                     *first, *second;
    size_t                    size;
    portone_import_result_t   total;

    static const char  text[] =
        LINE("1") "\n"
        "{\"imp_uid\":\"imp_2\",\"merchant_uid\":\"주문 \\\"2\\\"/\\\\\","
        "\"amount\":10.5,\"cancel_amount\":0.25,\"currency\":\"USD\","
        "\"status\":\"paid\",\"x\":[1.5,null,true,\"\\u0001\\n\","
        "0.1,1e+300,{\"y\":{}}],\"cancel_history\":"
        "[{\"amount\":0.25}]}\n"
        LINE("3") "\n";

    import_all(&total, text, 10);
    assert_int_equal(total.stored, 3);

    /* of other merchants nothing is told, whatever their names begin with */

    memory_set(&store, PORTONE_DB_PAYMENTS, "sho", "imp_1", NULL, "a");
    memory_set(&store, PORTONE_DB_PAYMENTS, "shop2", "imp_1", NULL, "b");

    for (size = 1; size < 700; size += 9) {
        first = export_all("shop", size);
        assert_string_equal(first, text);
        free(first);
    }

    first = export_all("shop", 1000);

    memory_free(&store);
    memory_init(&store);

    import_all(&total, first, 2);
    second = export_all("shop", 1000);

    assert_string_equal(first, second);

    /* over itself it changes nothing */

    import_all(&total, first, 2);
    assert_int_equal(total.stored, 3);
    assert_int_equal(memory_count(&store, PORTONE_DB_JOURNAL), 3);

    free(first);
    free(second);

    first = export_all("nobody", 1000);
    assert_string_equal(first, "");
    free(first);
}


static void
of_many_that_do_not_match_some_are_looked_at(void **state)
{
    char               imp[32], text[256], buf[256];
    size_t             i, rounds;
    portone_match_t    match;
    portone_export_t   export;

    for (i = 0; i < 2100; i++) {
        snprintf(imp, sizeof(imp), "imp_%05zu", i);
        snprintf(text, sizeof(text), "{\"imp_uid\":\"%s\",\"merchant_uid\":"
                 "\"o\",\"amount\":1,\"cancel_amount\":0,\"currency\":"
                 "\"KRW\",\"status\":\"paid\",\"customer_uid\":\"%s\"}",
                 imp, (i == 2050) ? "alice" : "bob");
        memory_set(&store, PORTONE_DB_PAYMENTS, "shop", imp, NULL, text);
    }

    match.field = portone_str("customer_uid");
    match.value = portone_str("alice");

    memset(&export, 0, sizeof(portone_export_t));

    export.merchant = portone_str("shop");
    export.match_values = &match;
    export.n_match_values = 1;
    export.buf = buf;
    export.size = sizeof(buf);

    i = 0;
    rounds = 0;

    do {
        assert_int_equal(memory_read(&store, portone_export_read, &export),
                         PORTONE_OK);
        i += export.len;
        rounds++;

    } while (!export.done);

    assert_int_equal(rounds, 3);
    assert_non_null(strstr(buf, "imp_02050"));
    assert_int_equal(i, strlen(text) + 3);
    assert_int_equal(store.unreadable, 0);

    /* nobody knows whether one that cannot be read would match */

    memory_set(&store, PORTONE_DB_PAYMENTS, "shop", "imp_02050", NULL, "{");
    export.last.len = 0;

    do {
        assert_int_equal(memory_read(&store, portone_export_read, &export),
                         PORTONE_OK);
        assert_int_equal(export.len, 0);

    } while (!export.done);

    assert_int_equal(store.unreadable, 1);
}


static int
import_once(void)
{
    int               rc;
    char             *reply;
    portone_import_t  import;

    prepare(&import, LINE("1") "\n{}\n" LINE("2"), 10);

    rc = memory_dry_run(&store, portone_import_apply, &import);

    if (rc != PORTONE_OK) {
        return 0;
    }

    reply = portone_import_reply(&import.result, PORTONE_STORE_UNAVAILABLE, 1,
                                 PORTONE_LANGUAGE_KO);

    rc = (reply != NULL);

    cJSON_free(reply);

    return rc;
}


static void
without_memory_the_batch_is_given_up(void **state)
{
    assert_true(unit_exhaust(import_once) > 20);
}


static void
a_store_that_fails_keeps_nothing_of_the_batch(void **state)
{
    int               rc;
    size_t            n;
    portone_import_t  import;

    for (n = 1; /* void */ ; n++) {
        memory_free(&store);
        memory_init(&store);

        prepare(&import, LINE("1") "\n" LINE("2"), 10);

        store.calls = 0;
        store.fail_at = n;

        rc = memory_apply(&store, portone_import_apply, &import);

        store.fail_at = 0;

        if (store.calls < n) {
            assert_int_equal(rc, PORTONE_OK);
            break;
        }

        assert_int_equal(rc, PORTONE_ERROR);
        assert_int_equal(memory_count(&store, PORTONE_DB_PAYMENTS), 0);
        assert_int_equal(memory_count(&store, PORTONE_DB_JOURNAL), 0);
    }

    assert_true(n > 12);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(
            lines_are_numbered_in_whatever_batches, begin, end),
        cmocka_unit_test_setup_teardown(
            errors_are_listed_up_to_a_number_and_counted_beyond, begin, end),
        cmocka_unit_test_setup_teardown(what_goes_out_can_come_in_again,
                                        begin, end),
        cmocka_unit_test_setup_teardown(
            of_many_that_do_not_match_some_are_looked_at, begin, end),
        cmocka_unit_test_setup_teardown(without_memory_the_batch_is_given_up,
                                        begin, end),
        cmocka_unit_test_setup_teardown(
            a_store_that_fails_keeps_nothing_of_the_batch, begin, end)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
