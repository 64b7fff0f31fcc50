
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <errno.h>
#include <stdlib.h>

#include "sim.h"


/*
 * Allocations of cJSON, and so of the whole core.  They are what a history
 * costs, so they come from an arena: each block has its size class in front
 * and goes back to the list of its class.  Under the sanitizers, malloc() has
 * to do.
 */

#define SIM_ARENA    (16 * 1024 * 1024)
#define SIM_CLASSES  24    /* powers of two */


static void *sim_malloc(size_t size);
static void sim_free(void *p);
static void *sim_arena_alloc(size_t size);
static void sim_arena_free(void *p);


typedef union sim_block_u  sim_block_t;

union sim_block_u {
    size_t        class;       /* while it is in use */
    sim_block_t  *next;        /* while it is free */
    max_align_t   align;
};


static char         *sim_arena;
static size_t        sim_arena_used;
static sim_block_t  *sim_arena_free_blocks[SIM_CLASSES];
static size_t        sim_live;
static size_t        sim_fail_in;


void
sim_memory_init(void)
{
    cJSON_Hooks  hooks;

    hooks.malloc_fn = sim_malloc;
    hooks.free_fn = sim_free;

    cJSON_InitHooks(&hooks);

    sim_arena = malloc(SIM_ARENA);

    if (sim_arena == NULL) {
        abort();
    }
}


void
sim_memory_reset(void)
{
    size_t  i;

    sim_live = 0;
    sim_fail_in = 0;
    sim_arena_used = 0;

    for (i = 0; i < SIM_CLASSES; i++) {
        sim_arena_free_blocks[i] = NULL;
    }
}


size_t
sim_memory_live(void)
{
    return sim_live;
}


void
sim_memory_fail(size_t n)
{
    sim_fail_in = n;
}


static void *
sim_malloc(size_t size)
{
    if (sim_fail_in != 0 && --sim_fail_in == 0) {
        errno = ENOMEM;
        return NULL;
    }

    sim_live++;

#ifdef SIM_SANITIZE
    return malloc(size);
#else
    return sim_arena_alloc(size);
#endif
}


static void
sim_free(void *p)
{
    if (p == NULL) {
        return;
    }

    sim_live--;

#ifdef SIM_SANITIZE
    free(p);
#else
    sim_arena_free(p);
#endif
}


static inline void *
sim_arena_alloc(size_t size)
{
    size_t        class;
    sim_block_t  *block;

    for (class = 4; ((size_t) 1 << class) < size; class++) {
        if (class == SIM_CLASSES - 1) {
            return NULL;
        }
    }

    block = sim_arena_free_blocks[class];

    if (block != NULL) {
        sim_arena_free_blocks[class] = block->next;

    } else {
        size = sizeof(sim_block_t) + ((size_t) 1 << class);

        if (size > SIM_ARENA - sim_arena_used) {
            abort();
        }

        block = (sim_block_t *) (sim_arena + sim_arena_used);
        sim_arena_used += size;
    }

    block->class = class;

    return block + 1;
}


static inline void
sim_arena_free(void *p)
{
    size_t        class;
    sim_block_t  *block;

    block = (sim_block_t *) p - 1;
    class = block->class;

    block->next = sim_arena_free_blocks[class];
    sim_arena_free_blocks[class] = block;
}
