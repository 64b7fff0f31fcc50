
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "portone_arena.h"


/* larger ones waste the end of too many chunks */
#define PORTONE_ARENA_BLOCK  2048    /* bytes */

/* the alignment that cJSON's structure and pointers need */
#define PORTONE_ARENA_ALIGN  8

#define PORTONE_ARENA_MAX    65535


typedef struct portone_arena_chunk_s  portone_arena_chunk_t;

struct portone_arena_chunk_s {
    size_t                  blocks;   /* blocks in use */

    union {
        portone_byte_t         *last;    /* where the next block begins */
        portone_arena_chunk_t  *next;    /* the next free chunk */
    } u;
};


typedef struct {
    portone_byte_t         *start;
    portone_byte_t         *end;
    portone_byte_t         *fresh;    /* chunks from here on were never used */
    portone_arena_chunk_t  *free;     /* those that were */
    portone_arena_chunk_t  *chunk;    /* being filled, or NULL */
    size_t                  used;
    pthread_t               owner;
} portone_arena_t;


static portone_arena_chunk_t *portone_arena_chunk(void);
static int portone_arena_is_mine(void);


static portone_arena_t  portone_arena;


int
portone_arena_init(size_t n)
{
    void             *p;
    size_t            size;
    uintptr_t         start;
    cJSON_Hooks       hooks;
    portone_arena_t  *arena;

    arena = &portone_arena;

    assert(n > 0 && n <= PORTONE_ARENA_MAX);

    if (arena->start != NULL) {
        return PORTONE_DECLINED;
    }

    /* one more, to begin at a multiple of their size */

    size = (n + 1) * PORTONE_ARENA_CHUNK;

    p = mmap(NULL, size, PROT_READ|PROT_WRITE,
             MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED) {
        return PORTONE_ERROR;
    }

    start = ((uintptr_t) p + PORTONE_ARENA_CHUNK - 1)
            & ~(uintptr_t) (PORTONE_ARENA_CHUNK - 1);

    arena->start = (portone_byte_t *) start;
    arena->end = arena->start + n * PORTONE_ARENA_CHUNK;
    arena->fresh = arena->start;
    arena->owner = pthread_self();

    hooks.malloc_fn = portone_arena_alloc;
    hooks.free_fn = portone_arena_free;

    cJSON_InitHooks(&hooks);

    return PORTONE_OK;
}


void *
portone_arena_alloc(size_t size)
{
    void                   *p;
    portone_arena_t        *arena;
    portone_arena_chunk_t  *chunk;

    arena = &portone_arena;

    if (size > PORTONE_ARENA_BLOCK || !portone_arena_is_mine()) {
        return malloc(size);
    }

    size = (size + PORTONE_ARENA_ALIGN - 1)
           & ~(size_t) (PORTONE_ARENA_ALIGN - 1);

    chunk = arena->chunk;

    if (chunk == NULL
        || size > (size_t) ((portone_byte_t *) chunk + PORTONE_ARENA_CHUNK
                            - chunk->u.last))
    {
        chunk = portone_arena_chunk();

        if (chunk == NULL) {
            return malloc(size);
        }
    }

    p = chunk->u.last;

    chunk->u.last += size;

    if (chunk->blocks++ == 0) {
        arena->used++;
    }

    return p;
}


/* the next one to fill; NULL: all are in use */

static portone_arena_chunk_t *
portone_arena_chunk(void)
{
    portone_arena_t        *arena;
    portone_arena_chunk_t  *chunk;

    arena = &portone_arena;

    /* the one before is freed by its last block, which it has: it is full */

    if (arena->free != NULL) {
        chunk = arena->free;
        arena->free = chunk->u.next;

    } else if (arena->fresh != arena->end) {
        chunk = (portone_arena_chunk_t *) arena->fresh;
        arena->fresh += PORTONE_ARENA_CHUNK;

    } else {
        arena->chunk = NULL;
        return NULL;
    }

    chunk->blocks = 0;
    chunk->u.last = (portone_byte_t *) (chunk + 1);

    arena->chunk = chunk;

    return chunk;
}


void
portone_arena_free(void *p)
{
    uintptr_t               start;
    portone_byte_t         *block;
    portone_arena_t        *arena;
    portone_arena_chunk_t  *chunk;

    block = p;
    arena = &portone_arena;

    if (block < arena->start || block >= arena->end) {
        free(p);
        return;
    }

    assert(portone_arena_is_mine());

    start = (uintptr_t) p & ~(uintptr_t) (PORTONE_ARENA_CHUNK - 1);
    chunk = (portone_arena_chunk_t *) start;

    assert(chunk->blocks > 0);

    if (--chunk->blocks != 0) {
        return;
    }

    arena->used--;

    if (chunk == arena->chunk) {
        chunk->u.last = (portone_byte_t *) (chunk + 1);
        return;
    }

    chunk->u.next = arena->free;
    arena->free = chunk;
}


size_t
portone_arena_used(void)
{
    return portone_arena.used;
}


static int
portone_arena_is_mine(void)
{
    return portone_arena.start != NULL
           && pthread_equal(pthread_self(), portone_arena.owner);
}
