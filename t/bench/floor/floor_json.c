
/*
 * cJSON alone, for a refund: three texts are parsed, and four are printed from
 * trees that exist already.
 */


#define _GNU_SOURCE

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portone_arena.h"

#include "floor.h"


#define FLOOR_CHUNKS  64    /* of the arena */
#define FLOOR_TURNS   64    /* between two looks at the clock */


static double floor_json_cpu(char **texts, cJSON **trees, double seconds);
static void floor_json_raw(cJSON *item);


static const char  *floor_parsed[] = {
    "request",
    "payment",
    "answer"
};

static const char  *floor_printed[] = {
    "cancel",
    "intent",
    "attempt",
    "journal"
};


/* the memory of an arena or of malloc() is used for what is parsed only */

int
floor_json(char **argv)
{
    char    *texts[floor_n(floor_parsed)], *text;
    char     buf[FLOOR_TEXT];
    cJSON   *trees[floor_n(floor_printed)];
    double   seconds, with_malloc, with_arena;
    size_t   i;

    seconds = floor_number(argv[1]) / 2;

    for (i = 0; i < floor_n(floor_parsed); i++) {
        texts[i] = floor_sample(argv[0], floor_parsed[i]);
    }

    for (i = 0; i < floor_n(floor_printed); i++) {
        text = floor_sample(argv[0], floor_printed[i]);
        trees[i] = cJSON_Parse(text);

        if (trees[i] == NULL) {
            floor_fail(floor_printed[i], "no JSON");
        }

        floor_json_raw(trees[i]);

        if (!cJSON_PrintPreallocated(trees[i], buf, FLOOR_TEXT, 0)
            || strcmp(buf, text) != 0)
        {
            floor_fail(floor_printed[i], "not printed as it is");
        }

        free(text);
    }

    with_malloc = floor_json_cpu(texts, trees, seconds);

    if (portone_arena_init(FLOOR_CHUNKS) != PORTONE_OK) {
        floor_fail("arena", "no memory");
    }

    with_arena = floor_json_cpu(texts, trees, seconds);

    printf("{\"malloc\":%.3f,\"arena\":%.3f}\n", with_malloc, with_arena);

    for (i = 0; i < floor_n(floor_parsed); i++) {
        free(texts[i]);
    }

    for (i = 0; i < floor_n(floor_printed); i++) {
        cJSON_Delete(trees[i]);
    }

    return 0;
}


/*
 * The three trees of a refund exist at the same time: the stored payment is
 * needed until the answer has come.
 */

static double
floor_json_cpu(char **texts, cJSON **trees, double seconds)
{
    int          turn;
    char         buf[FLOOR_TEXT];
    cJSON       *parsed[floor_n(floor_parsed)];
    double       start, cpu;
    size_t       i, lens[floor_n(floor_parsed)];
    uint64_t     n;
    const char  *end;

    for (i = 0; i < floor_n(floor_parsed); i++) {
        lens[i] = strlen(texts[i]);
    }

    n = 0;
    start = floor_now();
    cpu = floor_cpu();

    do {
        for (turn = 0; turn < FLOOR_TURNS; turn++) {

            for (i = 0; i < floor_n(floor_parsed); i++) {
                parsed[i] = cJSON_ParseWithLengthOpts(texts[i], lens[i],
                                                      &end, 0);

                if (parsed[i] == NULL) {
                    floor_fail(floor_parsed[i], "no JSON");
                }
            }

            for (i = 0; i < floor_n(floor_printed); i++) {
                if (!cJSON_PrintPreallocated(trees[i], buf, FLOOR_TEXT, 0)) {
                    floor_fail(floor_printed[i], "is too long");
                }
            }

            for (i = 0; i < floor_n(floor_parsed); i++) {
                cJSON_Delete(parsed[i]);
            }
        }

        n += FLOOR_TURNS;

    } while (floor_now() - start < seconds);

    return (floor_cpu() - cpu) * 1e6 / (double) n;
}


/* as in the module: cJSON 1.7.15 takes a microsecond to print a number */

static void
floor_json_raw(cJSON *item)
{
    char   *text;
    cJSON  *child;

    if (cJSON_IsNumber(item)) {
        text = cJSON_PrintUnformatted(item);

        if (text == NULL) {
            floor_fail("number", "no memory");
        }

        item->type = cJSON_Raw;
        item->valuestring = text;
    }

    cJSON_ArrayForEach(child, item) {
        floor_json_raw(child);
    }
}
