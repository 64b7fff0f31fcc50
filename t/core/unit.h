
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
 * unit_hooks() makes cJSON, and so the whole core, allocate here: allocations
 * are counted, and the one with the number unit_fail_at fails, 0: none.  While
 * unit_paused is set, they are neither counted nor failed.
 */

extern size_t  unit_allocations;
extern size_t  unit_fail_at;
extern size_t  unit_live;
extern int     unit_paused;

void unit_hooks(void);

/*
 * Runs the test once for each allocation it makes, failing that one, until
 * none fails.  The test returns whether it could do its work, which it cannot
 * when an allocation failed, and must have freed everything.  Returns the
 * number of allocations that were failed.
 */
size_t unit_exhaust(int (*test)(void));

/* compares text of a given length with a C string, and shows both */
void unit_text(const char *data, size_t len, const char *expected);

/*
 * A copy of the text that ends where the memory ends, so that the address
 * sanitizer sees every read after it; to be freed with free().
 */
char *unit_exact(const char *text, size_t len);


#endif /* _UNIT_H_INCLUDED_ */
