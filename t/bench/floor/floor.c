
/*
 * What the parts that a refund cannot go without cost by themselves:
 *
 *     floor exchange URL N SECONDS
 *     floor json SAMPLES SECONDS
 *     floor store SAMPLES STORE OPERATIONS SECONDS
 *
 * libcurl's multi interface with N exchanges at a time; cJSON with the texts
 * of a refund, which are in the directory SAMPLES; LMDB with commits of so
 * many operations, in a copy of a store of the module whose payments have not
 * been refunded.  Each prints a line of JSON; CPU time is in microseconds.
 */


#define _GNU_SOURCE

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "floor.h"


int
main(int argc, char **argv)
{
    (void) signal(SIGPIPE, SIG_IGN);

    if (argc == 5 && strcmp(argv[1], "exchange") == 0) {
        return floor_exchange(argv + 2);
    }

    if (argc == 4 && strcmp(argv[1], "json") == 0) {
        return floor_json(argv + 2);
    }

    if (argc == 6 && strcmp(argv[1], "store") == 0) {
        return floor_store(argv + 2);
    }

    fprintf(stderr, "usage: floor exchange URL N SECONDS\n"
                    "       floor json SAMPLES SECONDS\n"
                    "       floor store SAMPLES STORE OPERATIONS SECONDS\n");

    return 2;
}


void
floor_digits(char *p, uint64_t number)
{
    int  i;

    for (i = FLOOR_DIGITS - 1; i >= 0; i--) {
        p[i] = (char) ('0' + number % 10);
        number /= 10;
    }
}


char *
floor_sample(const char *directory, const char *name)
{
    char    path[FLOOR_TEXT], *text;
    FILE   *file;
    size_t  n;

    (void) snprintf(path, sizeof(path), "%s/%s.json", directory, name);

    file = fopen(path, "r");

    if (file == NULL) {
        floor_fail(path, "cannot be opened");
    }

    text = malloc(FLOOR_TEXT);
    n = (text == NULL) ? 0 : fread(text, 1, FLOOR_TEXT, file);

    (void) fclose(file);

    if (n <= 1 || n == FLOOR_TEXT) {
        floor_fail(path, "is empty or too long");
    }

    text[n - 1] = '\0';

    return text;
}


double
floor_number(const char *text)
{
    char    *end;
    double   number;

    number = strtod(text, &end);

    if (end == text || *end != '\0' || !(number > 0)) {
        floor_fail(text, "no number");
    }

    return number;
}


double
floor_cpu(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);

    return (double) ts.tv_sec + (double) ts.tv_nsec / 1e9;
}


double
floor_now(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (double) ts.tv_sec + (double) ts.tv_nsec / 1e9;
}


void
floor_check(const char *what, int rc, const char *why)
{
    if (rc != 0) {
        fprintf(stderr, "floor: %s: %s (%d)\n", what, why, rc);
        exit(1);
    }
}


void
floor_fail(const char *what, const char *why)
{
    fprintf(stderr, "floor: %s: %s\n", what, why);
    exit(1);
}
