
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "unit.h"


size_t  unit_allocations;
size_t  unit_fail_at;
size_t  unit_live;
int     unit_paused;


static void *
unit_malloc(size_t size)
{
    if (!unit_paused && ++unit_allocations == unit_fail_at) {
        errno = ENOMEM;
        return NULL;
    }

    unit_live++;

    return malloc(size);
}


static void
unit_free(void *p)
{
    if (p != NULL) {
        unit_live--;
        free(p);
    }
}


void
unit_hooks(void)
{
    cJSON_Hooks  hooks;

    hooks.malloc_fn = unit_malloc;
    hooks.free_fn = unit_free;

    cJSON_InitHooks(&hooks);
}


size_t
unit_exhaust(int (*test)(void))
{
    int     done;
    size_t  n, live;

    unit_hooks();
    live = unit_live;

    for (n = 1; /* void */ ; n++) {
        unit_allocations = 0;
        unit_fail_at = n;

        done = test();

        unit_fail_at = 0;

        if (unit_live != live) {
            fail_msg("allocation %zu failed: %zu leaked", n,
                     unit_live - live);
        }

        if (unit_allocations < n) {
            assert_true(done);
            return n - 1;
        }

        if (done) {
            fail_msg("allocation %zu failed and nobody noticed", n);
        }
    }
}


void
unit_text(const char *data, size_t len, const char *expected)
{
    if (len == 0) {
        data = "";
    }

    if (len != strlen(expected) || memcmp(data, expected, len) != 0) {
        fail_msg("got \"%.*s\", expected \"%s\"", (int) len, data, expected);
    }
}


char *
unit_exact(const char *text, size_t len)
{
    char  *copy;

    copy = malloc(len != 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);

    return copy;
}
