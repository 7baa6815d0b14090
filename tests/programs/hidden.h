/* SPDX-License-Identifier: MIT */
/* Orders the threads of a race program by means that no detector takes for order: the file offset of a memory file,
 * which the kernel moves and tells. What one thread does before hidden_done(n) has happened, in fact, when another
 * returns from hidden_await(n), and yet nothing orders the two: the verdict does not depend on timing.
 *
 * To each program belongs a twin, built with -DTWIN, which differs by what TWIN changes and has no race. */
#ifndef TESTS_HIDDEN_H
#define TESTS_HIDDEN_H

#include "unseen.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#ifdef TWIN
#define IS_TWIN 1
#else
#define IS_TWIN 0
#endif

/* Evaluates its argument and keeps the compiler from leaving that out. */
#define USE(value) __asm__ volatile("" ::"r"(value) : "memory")
#define COMPILER_BARRIER() __asm__ volatile("" ::: "memory")
#define NOINLINE __attribute__((noinline))

static int hidden_steps, hidden_present;

/* Opened by name, because the kernel moves the offset of what memfd_create() itself returns without a lock: two threads
 * that count themselves at once would be one. */
UNSEEN int hidden_file(void)
{
    char path[64];
    int file = memfd_create("hidden", MFD_CLOEXEC);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    int opened = open(path, O_RDWR | O_CLOEXEC);
    close(file);
    return opened;
}
__attribute__((constructor)) static void hidden_open(void)
{
    hidden_steps = hidden_file();
    hidden_present = hidden_file();
    if (hidden_steps < 0 || hidden_present < 0)
        abort();
}

/* Steps are numbered from 1; hidden_await(n) returns once hidden_done(n) or a later one was called. */
UNSEEN void hidden_done(int step)
{
    COMPILER_BARRIER();
    lseek(hidden_steps, step, SEEK_SET);
    COMPILER_BARRIER();
}
UNSEEN void hidden_await(int step)
{
    SPIN_UNTIL(lseek(hidden_steps, 0, SEEK_CUR) >= step);
    COMPILER_BARRIER();
}

/* One more has come; returns how many have by now. */
UNSEEN int hidden_count(void)
{
    COMPILER_BARRIER();
    return (int)lseek(hidden_present, 1, SEEK_CUR);
}
/* Returns when `count` threads have come. For one meeting in a program. */
UNSEEN void hidden_meet(int count)
{
    hidden_count();
    SPIN_UNTIL(lseek(hidden_present, 0, SEEK_CUR) >= count);
    COMPILER_BARRIER();
}

/* Runs both threads to their ends. For main(): returns 0. */
UNSEEN int both(void *(*first)(void *), void *(*second)(void *))
{
    pthread_t one = start(first, NULL), two = start(second, NULL);
    join(one);
    join(two);
    return 0;
}

#endif
