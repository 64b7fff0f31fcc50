
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#ifndef _FUZZ_H_INCLUDED_
#define _FUZZ_H_INCLUDED_


#include "portone_str.h"


/*
 * What the targets share.  Their inputs are text, so that a person can read
 * and write them: lines, of which the last part may be of any length.
 */


/* what must hold whatever the input is; the input is kept when it does not */

#define fuzz_check(condition)                                                 \
    ((condition) ? (void) 0 : fuzz_failed(__FILE__, __LINE__, #condition))

void fuzz_failed(const char *file, int line, const char *condition)
    __attribute__((noreturn));


/* takes the first line off text, without its newline */
portone_str_t fuzz_line(portone_str_t *text);

/*
 * takes a decimal number of at most 15 digits, and what separates it from
 * the text before, off the line; 0: there is none
 */
int64_t fuzz_number(portone_str_t *line);

/*
 * A copy, NUL-terminated or, fuzz_exact(), ending where the memory ends: to
 * be freed with free().
 */
char *fuzz_copy(const portone_str_t *text);
char *fuzz_exact(const portone_str_t *text);

/* 1: haystack contains needle, which is not empty */
int fuzz_contains(const portone_str_t *haystack, const portone_str_t *needle);


/*
 * fuzz_memory() makes the allocation of cJSON, and so of the core, with the
 * number n fail; that one and all later ones when n is negative, none when it
 * is 0.  While fuzz_paused is set none is counted and none fails: the checks
 * of a target need memory, too.
 */

extern int  fuzz_paused;

void fuzz_memory(int64_t n);


#endif /* _FUZZ_H_INCLUDED_ */
