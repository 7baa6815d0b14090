/* SPDX-License-Identifier: MIT */
/* For the stress programs: progress, and checks that end the program loudly.
 *
 * With STRESS_POINTS in the environment, stress_point() prints `point DONE CPU_NS RSS_KIB` on standard
 * error; the runner and the bench judge growth from these lines. Standard output stays the same from run
 * to run, so that it can be compared. */
#ifndef STRESS_H
#define STRESS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static inline uint64_t stress_clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline long stress_rss_kib(void)
{
    char line[256];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    CHECK(file);
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    }
    fclose(file);
    return kib;
}

static inline void stress_point(uint64_t done)
{
    if (getenv("STRESS_POINTS"))
        fprintf(stderr, "point %llu %llu %ld\n", (unsigned long long)done,
                (unsigned long long)stress_clock_ns(CLOCK_PROCESS_CPUTIME_ID), stress_rss_kib());
}

/* Whether a loop of `total` turns is at one of its ten points. */
static inline int stress_is_point(uint64_t turn, uint64_t total)
{
    uint64_t step = total < 10 ? 1 : total / 10;
    return turn % step == 0;
}

static inline uint64_t stress_argument(int argc, char **argv, int index, uint64_t otherwise)
{
    return argc > index ? strtoull(argv[index], NULL, 10) : otherwise;
}

/* xorshift64: the same sequence in every run. */
static inline uint64_t stress_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#endif
