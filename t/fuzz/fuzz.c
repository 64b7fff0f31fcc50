
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#define _GNU_SOURCE    /* memmem() */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"


#define FUZZ_LINES  64


static void *fuzz_malloc(size_t size);
static size_t fuzz_split(portone_str_t *lines, const uint8_t *data,
    size_t size);
static size_t fuzz_join(uint8_t *data, size_t max, const portone_str_t *lines,
    size_t n);


int  fuzz_paused;

static int64_t  fuzz_allocations;
static int64_t  fuzz_fail_at;


void
fuzz_failed(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: this does not hold: %s\n", file, line, condition);
    abort();
}


portone_str_t
fuzz_line(portone_str_t *text)
{
    portone_str_t  line;

    line.data = text->data;
    line.len = 0;

    while (line.len < text->len && line.data[line.len] != '\n') {
        line.len++;
    }

    text->data += line.len;
    text->len -= line.len;

    if (text->len != 0) {
        text->data++;
        text->len--;
    }

    return line;
}


int64_t
fuzz_number(portone_str_t *line)
{
    int      negative, digits;
    char     c;
    int64_t  number;

    number = 0;
    digits = 0;
    negative = 0;

    while (line->len != 0 && digits < 15) {
        c = *line->data;

        if (c >= '0' && c <= '9') {
            number = number * 10 + (c - '0');
            digits++;

        } else if (digits != 0 || c == '{' || c == '[') {
            break;

        } else {
            negative = (c == '-');
        }

        line->data++;
        line->len--;
    }

    return negative ? -number : number;
}


char *
fuzz_copy(const portone_str_t *text)
{
    char  *copy;

    copy = malloc(text->len + 1);

    if (copy == NULL) {
        abort();
    }

    if (text->len != 0) {
        memcpy(copy, text->data, text->len);
    }

    copy[text->len] = '\0';

    return copy;
}


char *
fuzz_exact(const portone_str_t *text)
{
    char  *copy;

    copy = malloc((text->len != 0) ? text->len : 1);

    if (copy == NULL) {
        abort();
    }

    if (text->len != 0) {
        memcpy(copy, text->data, text->len);
    }

    return copy;
}


int
fuzz_contains(const portone_str_t *haystack, const portone_str_t *needle)
{
    return haystack->len >= needle->len
           && memmem(haystack->data, haystack->len, needle->data,
                     needle->len) != NULL;
}


void
fuzz_memory(int64_t n)
{
    cJSON_Hooks  hooks;

    fuzz_allocations = 0;
    fuzz_fail_at = n;
    fuzz_paused = 0;

    hooks.malloc_fn = fuzz_malloc;
    hooks.free_fn = free;

    /* without hooks cJSON uses realloc(), as it does in production */

    cJSON_InitHooks((n != 0) ? &hooks : NULL);
}


static void *
fuzz_malloc(size_t size)
{
    if (!fuzz_paused) {
        fuzz_allocations++;

        if (fuzz_allocations == fuzz_fail_at
            || (fuzz_fail_at < 0 && fuzz_allocations >= -fuzz_fail_at))
        {
            errno = ENOMEM;
            return NULL;
        }
    }

    return malloc(size);
}


/*
 * Mutations that know of lines: without them a mutation that is welcome in
 * one line spoils another one most of the time.
 */

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
    unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size,
    const uint8_t *other, size_t other_size, uint8_t *out, size_t max,
    unsigned seed);


size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    char           *copy, *line;
    size_t          n, i, j;
    portone_str_t   text, swap, lines[FUZZ_LINES];

    if (seed % 4 == 0 || size == 0) {
        return LLVMFuzzerMutate(data, size, max);
    }

    text.data = (const char *) data;
    text.len = size;

    copy = fuzz_copy(&text);
    n = fuzz_split(lines, (const uint8_t *) copy, size);

    i = (seed >> 4) % n;
    j = (seed >> 12) % n;
    line = NULL;

    switch ((seed >> 20) % 16) {

    case 0:
        swap = lines[i];
        lines[i] = lines[j];
        lines[j] = swap;
        break;

    case 1:
        lines[i] = lines[j];
        break;

    case 2:
        n--;
        memmove(&lines[i], &lines[i + 1], (n - i) * sizeof(portone_str_t));
        break;

    case 3:

        if (n < FUZZ_LINES) {
            memmove(&lines[i + 1], &lines[i], (n - i) * sizeof(portone_str_t));
            n++;
        }

        break;

    default:
        line = malloc(max);

        if (line == NULL) {
            abort();
        }

        memcpy(line, lines[i].data, lines[i].len);

        lines[i].len = LLVMFuzzerMutate((uint8_t *) line, lines[i].len, max);
        lines[i].data = line;
        break;
    }

    size = fuzz_join(data, max, lines, n);

    free(line);
    free(copy);

    return size;
}


/* one line comes from the other input */

size_t
LLVMFuzzerCustomCrossOver(const uint8_t *data, size_t size,
    const uint8_t *other, size_t other_size, uint8_t *out, size_t max,
    unsigned seed)
{
    size_t         n, m, i, j;
    portone_str_t  lines[FUZZ_LINES], others[FUZZ_LINES];

    n = fuzz_split(lines, data, size);
    m = fuzz_split(others, other, other_size);

    i = (seed >> 4) % n;
    j = (seed % 4 == 0) ? (seed >> 12) % m : i % m;

    lines[i] = others[j];

    return fuzz_join(out, max, lines, n);
}


/* the last line is all that is left */

static size_t
fuzz_split(portone_str_t *lines, const uint8_t *data, size_t size)
{
    size_t         n;
    portone_str_t  text;

    text.data = (const char *) data;
    text.len = size;

    for (n = 0; n < FUZZ_LINES - 1 && text.len != 0; n++) {
        lines[n] = fuzz_line(&text);
    }

    if (n == 0 || text.len != 0) {
        lines[n++] = text;
    }

    return n;
}


static size_t
fuzz_join(uint8_t *data, size_t max, const portone_str_t *lines, size_t n)
{
    size_t  i, len, size;

    size = 0;

    for (i = 0; i < n && size < max; i++) {

        len = lines[i].len;

        if (len > max - size) {
            len = max - size;
        }

        if (len != 0) {
            memcpy(data + size, lines[i].data, len);
            size += len;
        }

        if (size < max) {
            data[size++] = '\n';
        }
    }

    return size;
}
