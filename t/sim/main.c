
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim.h"


/*
 * Runs histories in a child process, so that a crash is caught as well, and
 * lets one more show the history that went wrong.
 *
 *     SIM_HISTORIES=n   how many, 100000
 *     SIM_SEED=n        the seed of the first, else a random one
 *     SEED=n            shows the history of this seed
 */

typedef struct {
    uint64_t  seed;        /* of the history that goes on */
    uint64_t  done;
    int       invariant;   /* that did not hold */
    char      complaint[sizeof(sim_complaint)];
    uint64_t  counts[SIM_N_MAX];
} sim_shared_t;


static uint64_t sim_number(const char *name, uint64_t dflt);
static uint64_t sim_random_seed(void);
static int sim_run(sim_shared_t *shared, uint64_t first, uint64_t n,
    int verbose);
static void sim_child(sim_shared_t *shared, uint64_t first, uint64_t n,
    int verbose);
static int sim_history_run(sim_shared_t *shared, uint64_t seed, int verbose);
static void sim_report(const sim_shared_t *shared, uint64_t first);


static const char  *sim_invariants[] = {
    "nothing leaks",
    "nothing is refunded twice, or more than was paid",
    "one cancel of a payment is in flight, and none is once it is settled",
    "no cancel without a durable intent",
    "a success that is told is durable and true",
    "the same key and request get the same answer",
    "every intent is settled, or in manual_review, in time",
    "the stored payment is PortOne's",
    "the journal rebuilds the payments",
    "no secret is stored",
    "every cancel names an amount, the one asked for",
    "an error that promises that nothing was refunded keeps it",
    "records only move forward",
    "a refund that nothing prevents is made, without a person",
    "a webhook that was heeded is stored"
};


int
main(void)
{
    uint64_t       seed, n;
    sim_shared_t  *shared;

    /* whatever is printed is there when the process dies */

    setvbuf(stdout, NULL, _IOLBF, 0);

    shared = mmap(NULL, sizeof(sim_shared_t), PROT_READ|PROT_WRITE,
                  MAP_SHARED|MAP_ANONYMOUS, -1, 0);

    if (shared == MAP_FAILED) {
        perror("mmap");
        return 2;
    }

    if (getenv("SEED") != NULL) {
        seed = sim_number("SEED", 0);

        return sim_run(shared, seed, 1, 1) ? 0 : 1;
    }

    n = sim_number("SIM_HISTORIES", 100000);
    seed = sim_number("SIM_SEED", sim_random_seed());

    printf("%llu histories from seed %llu\n", (unsigned long long) n,
           (unsigned long long) seed);

    if (sim_run(shared, seed, n, 0)) {
        sim_report(shared, seed);
        return 0;
    }

    if (getenv("SIM_BRIEF") == NULL) {
        printf("\n");
        (void) sim_run(shared, shared->seed, 1, 1);
    }

    printf("\nreplay it with: SEED=%llu make sim\n",
           (unsigned long long) shared->seed);

    return 1;
}


static uint64_t
sim_number(const char *name, uint64_t dflt)
{
    char               *end;
    const char         *text;
    unsigned long long  number;

    text = getenv(name);

    if (text == NULL || *text == '\0') {
        return dflt;
    }

    errno = 0;
    number = strtoull(text, &end, 10);

    if (errno != 0 || *end != '\0' || *text == '-') {
        fprintf(stderr, "%s=%s is not a number\n", name, text);
        exit(2);
    }

    return number;
}


static uint64_t
sim_random_seed(void)
{
    uint32_t  seed;

    if (getentropy(&seed, sizeof(seed)) != 0) {
        perror("getentropy");
        exit(2);
    }

    return seed;
}


static int
sim_run(sim_shared_t *shared, uint64_t first, uint64_t n, int verbose)
{
    int    status;
    pid_t  pid;

    fflush(stdout);

    pid = fork();

    if (pid == -1) {
        perror("fork");
        exit(2);
    }

    if (pid == 0) {
        sim_child(shared, first, n, verbose);
    }

    if (waitpid(pid, &status, 0) != pid) {
        perror("waitpid");
        exit(2);
    }

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return 1;
    }

    if (WIFEXITED(status) && shared->invariant != -1) {
        printf("seed %llu: invariant %d (%s): %s\n",
               (unsigned long long) shared->seed, shared->invariant,
               sim_invariants[shared->invariant], shared->complaint);

    } else {
        printf("seed %llu: the process died, status %#x\n",
               (unsigned long long) shared->seed, (unsigned) status);
    }

    return 0;
}


static void
sim_child(sim_shared_t *shared, uint64_t first, uint64_t n, int verbose)
{
    uint64_t  i;

    sim_memory_init();

    shared->invariant = -1;

    for (i = 0; i < n; i++) {
        shared->seed = first + i;

        if (!sim_history_run(shared, first + i, verbose)) {
            fflush(stdout);
            _exit(1);
        }

        shared->done = i + 1;
    }

    memcpy(shared->counts, sim_counts, sizeof(sim_counts));

    fflush(stdout);
    _exit(0);
}


static int
sim_history_run(sim_shared_t *shared, uint64_t seed, int verbose)
{
    static sim_t  sim;

    sim_memory_reset();

    if (setjmp(sim_ended) != 0) {
        shared->invariant = sim_broken_invariant;
        memcpy(shared->complaint, sim_complaint, sizeof(sim_complaint));

        return 0;
    }

    sim_history(&sim, seed, verbose);
    sim_history_free(&sim);

    if (sim_memory_live() != 0) {
        sim_broken(&sim, 0, "%zu allocations", sim_memory_live());
    }

    return 1;
}


static void
sim_report(const sim_shared_t *shared, uint64_t first)
{
    int            i;
    double         seconds;
    struct rusage  usage;

    static const char  *names[SIM_N_MAX] = {
        "steps", "cancels sent", "executed", "succeeded", "rejected",
        "not executed", "unknown", "pending", "manual review",
        "settled by a person", "workers killed"
    };

    (void) getrusage(RUSAGE_CHILDREN, &usage);

    seconds = (double) usage.ru_utime.tv_sec + (double) usage.ru_stime.tv_sec
              + (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
                / 1e6;

    for (i = 0; i < SIM_N_MAX; i++) {
        printf("%12llu  %s\n", (unsigned long long) shared->counts[i],
               names[i]);
    }

    printf("%llu histories from seed %llu: all invariants hold; %.1f s of "
           "CPU, %.0f a minute\n", (unsigned long long) shared->done,
           (unsigned long long) first, seconds,
           (double) shared->done * 60 / seconds);
}
