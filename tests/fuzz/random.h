/* SPDX-License-Identifier: MIT */
/* Repeatable random numbers for the fuzzers (splitmix64; public domain, S. Vigna), and their command
 * line: `fuzz [--long] [--seed=N] [--runs=N]`. */
#ifndef DETECT_TESTS_FUZZ_RANDOM_H
#define DETECT_TESTS_FUZZ_RANDOM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
    uint64_t z = (random->state += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* 0 .. below - 1 */
static inline uint32_t random_below(struct random *random, uint32_t below)
{
    return (uint32_t)(random_next(random) % below);
}

static inline int random_percent(struct random *random, uint32_t percent)
{
    return random_below(random, 100) < percent;
}

struct fuzz_options {
    uint64_t seed, runs;
    int one; /* only this seed, telling what happens */
};

static inline struct fuzz_options fuzz_parse(int argc, char **argv, uint64_t runs,
                                             uint64_t long_runs)
{
    struct fuzz_options options = {.seed = 1, .runs = runs};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--long") == 0)
            options.runs = long_runs;
        else if (strncmp(argv[i], "--runs=", 7) == 0)
            options.runs = strtoull(argv[i] + 7, NULL, 10);
        else if (strncmp(argv[i], "--seed=", 7) == 0) {
            options.seed = strtoull(argv[i] + 7, NULL, 10);
            options.runs = 1;
        } else {
            fprintf(stderr, "usage: %s [--long] [--runs=N] [--seed=N]\n", argv[0]);
            exit(2);
        }
    }
    options.one = options.runs == 1;
    return options;
}

/* Runs first .. first + runs - 1 in batches, each in a process of its own: what a run takes from its arena
 * goes back with the process. batch() returns 0 or the status to end with. */
static inline int fuzz_in_batches(const struct fuzz_options *options, uint64_t per_batch,
                                  int (*batch)(uint64_t first, uint64_t runs, int one))
{
    for (uint64_t done = 0; done < options->runs; done += per_batch) {
        uint64_t left = options->runs - done;
        int status = 1;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0)
            exit(batch(options->seed + done, left < per_batch ? left : per_batch, options->one));
        if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
            return 1;
    }
    return 0;
}

#endif
