
/*
 * Copyright (C) ngx_http_portone_module contributors
 *
 * Memory of cJSON: blocks do not overlap, chunks are used again, and what is
 * not from a chunk goes back to where it is from.
 */


#include <pthread.h>
#include <string.h>

#include "unit.h"

#include "portone_arena.h"
#include "portone_json.h"


#define CHUNKS  8
#define BLOCKS  2000
#define TREE    "{\"a\":[1,2.5,\"b\"],\"c\":{\"d\":null,\"e\":true}}"


typedef struct {
    portone_byte_t  *data;
    size_t           size;
    portone_byte_t   fill;
} block_t;


static block_t  blocks[BLOCKS];


static void
take(block_t *block, size_t size, portone_byte_t fill)
{
    block->data = portone_arena_alloc(size);
    block->size = size;
    block->fill = fill;

    assert_non_null(block->data);
    assert_int_equal((uintptr_t) block->data % sizeof(void *), 0);

    memset(block->data, fill, size);
}


static void
give_back(block_t *block)
{
    size_t  i;

    for (i = 0; i < block->size; i++) {
        assert_int_equal(block->data[i], block->fill);
    }

    portone_arena_free(block->data);

    block->data = NULL;
}


/* xorshift: the same in every run */

static uint32_t
number(void)
{
    static uint32_t  n = 2463534242;

    n ^= n << 13;
    n ^= n >> 17;
    n ^= n << 5;

    return n;
}


static void
blocks_keep_what_is_written_to_them(void **state)
{
    size_t   i, most;
    block_t  *block;

    most = 0;

    for (i = 0; i < 200000; i++) {
        block = &blocks[number() % BLOCKS];

        if (block->data != NULL) {
            give_back(block);

        } else {

            /* also larger than what chunks give, and more than they hold */

            take(block, number() % (i % 100 == 0 ? 5000 : 200),
                 (portone_byte_t) i);
        }

        if (portone_arena_used() > most) {
            most = portone_arena_used();
        }

        assert_true(portone_arena_used() <= CHUNKS);
    }

    assert_int_equal(most, CHUNKS);

    for (i = 0; i < BLOCKS; i++) {
        if (blocks[i].data != NULL) {
            give_back(&blocks[i]);
        }
    }

    assert_int_equal(portone_arena_used(), 0);
}


static void
a_chunk_is_used_again(void **state)
{
    size_t   i;
    block_t  first, block;

    /* far more than there is, a block at a time */

    for (i = 0; i < 100 * CHUNKS; i++) {
        take(&block, 2000, 1);
        assert_int_equal(portone_arena_used(), 1);
        give_back(&block);
    }

    /* one block keeps its chunk, and no other */

    take(&first, 100, 2);

    for (i = 0; i < 100 * CHUNKS; i++) {
        take(&block, 2000, 3);
        assert_true(portone_arena_used() <= 2);
        give_back(&block);
    }

    give_back(&first);

    assert_int_equal(portone_arena_used(), 0);
}


static void *
thread(void *data)
{
    size_t          used;
    cJSON         **json;
    portone_byte_t *p;

    json = data;
    used = portone_arena_used();

    p = portone_arena_alloc(100);
    memset(p, 1, 100);
    portone_arena_free(p);

    *json = portone_json_parse(TREE, sizeof(TREE) - 1);

    assert_int_equal(portone_arena_used(), used);

    return NULL;
}


static void
other_threads_have_malloc(void **state)
{
    char       *text;
    cJSON      *ours, *theirs;
    pthread_t   id;

    ours = portone_json_parse(TREE, sizeof(TREE) - 1);

    assert_int_equal(portone_arena_used(), 1);

    assert_int_equal(pthread_create(&id, NULL, thread, &theirs), 0);
    assert_int_equal(pthread_join(id, NULL), 0);

    assert_true(cJSON_Compare(ours, theirs, 1));

    text = portone_json_print(theirs);
    assert_string_equal(text, TREE);

    cJSON_free(text);
    cJSON_Delete(ours);
    cJSON_Delete(theirs);

    assert_int_equal(portone_arena_used(), 0);
}


static void
memory_of_before_can_be_freed(void **state)
{
    cJSON_Delete(*state);
    portone_arena_free(NULL);
    assert_int_equal(portone_arena_init(1), PORTONE_DECLINED);
}


int
main(void)
{
    void  *before;

    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(blocks_keep_what_is_written_to_them),
        cmocka_unit_test(a_chunk_is_used_again),
        cmocka_unit_test(other_threads_have_malloc),
        cmocka_unit_test_prestate(memory_of_before_can_be_freed, NULL)
    };

    struct CMUnitTest  all[sizeof(tests) / sizeof(tests[0])];

    before = portone_json_parse(TREE, sizeof(TREE) - 1);

    if (portone_arena_init(CHUNKS) != PORTONE_OK) {
        return 1;
    }

    memcpy(all, tests, sizeof(tests));
    all[3].initial_state = before;

    return cmocka_run_group_tests_name("arena", all, NULL, NULL);
}
