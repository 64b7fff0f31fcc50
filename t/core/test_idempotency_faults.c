
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * The records of idempotency keys when calls of the store and allocations
 * fail, and whatever follows on what: the index of times always agrees with
 * the records.
 */


#include "unit.h"

#include "idempotency_store.h"


/* operations whose calls and allocations fail one after the other */

static void
prepare(void)
{
    memory_init(&store);

    store_put("expired-1", RECORD("r1", 1000, ANSWER("succeeded")), 1000);
    store_put("expired-2", RECORD("r1", 1001, "null"), 1001);
    store_put("expired-3", NULL, 1002);
    store_put("key-1", RECORD("r1", 1003, ANSWER("rejected")), 1003);
    store_put("key-2", RECORD("r1", 1004, "null"), 1004);
}


static int
run_claim(void)
{
    operation_t  op;

    memset(&op, 0, sizeof(operation_t));

    op.what = CLAIM;
    op.key = store_key("key-1");
    op.now = NOW;
    op.record = portone_str(RECORD("r2", 1763757100, "null"));
    op.expires_at = NOW + TTL;

    return memory_apply(&store, store_apply, &op);
}


static int
run_save(void)
{
    return store_settle("key-2", "r1", ANSWER("succeeded"), NOW);
}


static int
run_forget(void)
{
    return store_settle("key-2", "r1", "", NOW);
}


static int
run_get(void)
{
    int          rc;
    operation_t  op;

    memset(&op, 0, sizeof(operation_t));

    op.what = GET;
    op.key = store_key("key-2");
    op.now = NOW;

    rc = memory_read(&store, store_apply, &op);

    assert_int_equal(rc == PORTONE_OK, op.found != NULL);

    cJSON_Delete(op.found);

    return rc;
}


static int (*const runs[])(void) = { run_claim, run_save, run_forget, run_get };


static void
a_failure_leaves_nothing(void **state)
{
    int     rc, memory;
    char   *before, *after;
    size_t  i, n, live;

    unit_hooks();

    for (i = 0; i < N(runs) * 2; i++) {
        memory = i % 2;

        for (n = 1; /* void */ ; n++) {
            prepare();
            before = memory_dump(&store);

            live = unit_live;
            unit_allocations = 0;

            if (memory) {
                unit_fail_at = n;

            } else {
                store.fail_at = n;
            }

            rc = runs[i / 2]();

            unit_fail_at = 0;

            assert_int_equal(unit_live, live);

            if ((memory ? unit_allocations : store.calls) < n) {
                assert_int_equal(rc, PORTONE_OK);
                free(before);
                break;
            }

            after = memory_dump(&store);

            if (rc != PORTONE_ERROR || strcmp(before, after) != 0) {
                fail_msg("operation %zu, failure %zu: %d, left:\n%s", i, n,
                         rc, after);
            }

            free(before);
            free(after);

            /* the same again comes to the same */

            store.fail_at = 0;
            assert_int_equal(runs[i / 2](), PORTONE_OK);

            memory_free(&store);
        }

        assert_true(n > 1);
        memory_free(&store);
    }
}


typedef struct {
    size_t   refund;        /* 0: nobody has the key */
    int      open;
    int64_t  expires_at;
} owner_t;


static int
settle_one(owner_t *key, const char *name, size_t how, int64_t now)
{
    int   rc;
    char  id[32];

    snprintf(id, sizeof(id), "r%zu", key->refund);

    switch (how % 4) {

    case 0:
        rc = store_settle(name, id, "", now);

        if (rc == PORTONE_OK) {
            key->refund = 0;
        }

        return rc;

    case 1:
        return store_settle(name, id, ANSWER("pending"), now);

    case 2:
        return store_settle(name, "r0", "", now);

    default:
        rc = store_settle(name, id, ANSWER("succeeded"), now);

        if (rc == PORTONE_OK) {
            key->open = 0;
            key->expires_at = now + TTL;
        }

        return rc;
    }
}


/*
 * Many claims and settlements, some of which fail, by a simple model: which
 * refund has the key, whether it is open, until when.
 */

static void
the_index_agrees_whatever_happens(void **state)
{
    int       rc, free_key;
    char      name[32], id[32];
    size_t    i, k, what;
    int64_t   now;
    unsigned  seed;
    owner_t   keys[12];

    memory_init(&store);
    memset(keys, 0, sizeof(keys));

    now = NOW;
    seed = 1;

    for (i = 1; i <= 5000; i++) {
        seed = seed * 1103515245 + 12345;
        what = seed >> 16;

        k = what % N(keys);
        now += (what >> 4) % 16;

        snprintf(name, sizeof(name), "key-%zu", k);

        /* one in eight fails at some call of the store */

        store.calls = 0;
        store.fail_at = ((what >> 8) % 8 == 0) ? 1 + (what >> 11) % 8 : 0;

        free_key = keys[k].refund == 0
                   || (!keys[k].open && keys[k].expires_at <= now);

        if ((what >> 5) % 2) {
            snprintf(id, sizeof(id), "r%zu", i);

            rc = store_claim(name, id, now + TTL, now);

            if (store.fail_at == 0) {
                assert_int_equal(rc, free_key ? PORTONE_OK
                                              : PORTONE_DECLINED);
            }

            if (rc == PORTONE_OK) {
                assert_true(free_key);

                keys[k].refund = i;
                keys[k].open = 1;
            }

        } else if (keys[k].refund != 0 && keys[k].open) {
            rc = settle_one(&keys[k], name, what >> 6, now);

            assert_true(rc == PORTONE_OK || store.fail_at != 0);
        }

        store.fail_at = 0;

        index_check(&store);

        assert_int_equal(store_get(name, now),
                         (keys[k].refund == 0
                          || (!keys[k].open && keys[k].expires_at <= now))
                         ? PORTONE_DECLINED : PORTONE_OK);
    }

    memory_free(&store);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_failure_leaves_nothing),
        cmocka_unit_test(the_index_agrees_whatever_happens)
    };

    return cmocka_run_group_tests_name("idempotency_faults", tests, NULL,
                                       NULL);
}
