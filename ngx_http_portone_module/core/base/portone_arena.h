
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _PORTONE_ARENA_H_INCLUDED_
#define _PORTONE_ARENA_H_INCLUDED_


#include "portone_str.h"


/*
 * Memory for cJSON.  A refund makes some 250 small blocks, most of them nodes
 * and strings of trees that come and go as a whole: here a block is the next
 * bytes of a chunk, and a chunk is used again once all of its blocks are freed.
 *
 * Only the thread that called portone_arena_init() gets blocks from chunks, and
 * only it frees them.  Large blocks, other threads, and callers that find all
 * chunks in use are served by malloc().  portone_arena_free() tells the two
 * apart by the address, so other users of cJSON in this process may have got
 * memory before, or may free theirs with free().
 */


/*
 * portone_arena_init() reserves address space for n chunks, 65535 at most, and
 * makes cJSON use it for the life of the process; a page is taken once it is
 * written to.  PORTONE_ERROR: address space is lacking, cJSON stays with
 * malloc(); PORTONE_DECLINED: there is an arena already.
 */

#define PORTONE_ARENA_CHUNK  16384    /* bytes, and the alignment */

int portone_arena_init(size_t n);

/* as cJSON_malloc() and cJSON_free() do after portone_arena_init() */
void *portone_arena_alloc(size_t size);
void portone_arena_free(void *p);

/* chunks that have blocks in use */
size_t portone_arena_used(void);


#endif /* _PORTONE_ARENA_H_INCLUDED_ */
