
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _UNIT_H_INCLUDED_
#define _UNIT_H_INCLUDED_


#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>


/*
 * Allocations of cJSON, and so of the whole core, are counted; the one with
 * the number unit_fail_at fails, 0: none.  While unit_paused is set, they
 * are neither counted nor failed.
 */

static size_t  unit_allocations;
static size_t  unit_fail_at;
static size_t  unit_live;
static int     unit_paused;


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


static inline void
unit_hooks(void)
{
    cJSON_Hooks  hooks;

    hooks.malloc_fn = unit_malloc;
    hooks.free_fn = unit_free;

    cJSON_InitHooks(&hooks);
}


/*
 * Runs the test once for each allocation it makes, failing that one, until
 * none fails.  The test returns whether it could do its work, which it cannot
 * when an allocation failed, and must have freed everything.  Returns the
 * number of allocations that were failed.
 */

static inline size_t
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


/* compares text of a given length with a C string, and shows both */

static inline void
unit_text(const char *data, size_t len, const char *expected)
{
    if (len == 0) {
        data = "";
    }

    if (len != strlen(expected) || memcmp(data, expected, len) != 0) {
        fail_msg("got \"%.*s\", expected \"%s\"", (int) len, data, expected);
    }
}


/*
 * A copy of the text that ends where the memory ends, so that the address
 * sanitizer sees every read after it.
 */

static inline char *
unit_exact(const char *text, size_t len)
{
    char  *copy;

    copy = malloc(len != 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);

    return copy;
}


#endif /* _UNIT_H_INCLUDED_ */
