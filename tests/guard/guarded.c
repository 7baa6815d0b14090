/* SPDX-License-Identifier: MIT */
/* Hot paths one at a time, between two breakpoints, for guard.c to count.
 *
 *   guarded PATH      runs it ROUNDS times */
#include "guard.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = ROUNDS };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, inner = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t semaphore, never;
static volatile long words[WORDS], word;
static volatile int halves[2 * WORDS];
static volatile unsigned char bytes[8 * WORDS];

static void nothing(void) { __asm__ volatile("" ::: "memory"); }
static void lock_pair(unsigned i)
{
    (void)i;
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
}
static void nested_pairs(unsigned i)
{
    pthread_mutex_lock(&inner);
    lock_pair(i);
    pthread_mutex_unlock(&inner);
}
static void read_lock_pair(unsigned i)
{
    (void)i;
    pthread_rwlock_rdlock(&rwlock);
    pthread_rwlock_unlock(&rwlock);
}
static void semaphore_pair(unsigned i)
{
    (void)i;
    sem_post(&semaphore);
    sem_wait(&semaphore);
}
static void read_again(unsigned i)
{
    (void)i;
    (void)word;
}
static void write_again(unsigned i) { word = (long)i; }
static void write_words(unsigned i) { words[i] = (long)i; }
static void read_words(unsigned i) { (void)words[i]; }
static void write_halves(unsigned i) { halves[2 * i] = (int)i; }
static void write_bytes(unsigned i) { bytes[8 * i + 3] = (unsigned char)i; }
static void count_locked(unsigned i)
{
    (void)i;
    pthread_mutex_lock(&mutex);
    word++;
    pthread_mutex_unlock(&mutex);
}
static void loop_only(unsigned i)
{
    (void)i;
    nothing();
}

static const struct path {
    const char *name;
    void (*run)(unsigned round);
} paths[] = {{"lock-pair", lock_pair},       {"nested-pairs", nested_pairs}, {"read-lock-pair", read_lock_pair},
             {"semaphore-pair", semaphore_pair}, {"read-again", read_again}, {"write-again", write_again},
             {"first-write", write_words},   {"first-read", read_words},     {"first-write-of-4", write_halves},
             {"first-write-of-1", write_bytes}, {"count-locked", count_locked}, {"loop", loop_only}};

static void *sleep_on(void *arg)
{
    sem_wait(&never);
    return arg;
}

/* Twice: what is cached is, and each word has been accessed in an epoch before. */
int main(int argc, char **argv)
{
    pthread_t other;
    const struct path *path = NULL;
    for (size_t i = 0; argc > 1 && i < sizeof paths / sizeof *paths; i++)
        if (strcmp(paths[i].name, argv[1]) == 0)
            path = &paths[i];
    if (!path || sem_init(&semaphore, 0, 0) != 0 || sem_init(&never, 0, 0) != 0 || pthread_create(&other, NULL, sleep_on, NULL) != 0)
        return 2;
    for (unsigned turn = 0; turn < 3; turn++) {
        lock_pair(0); /* a new epoch, once something was done in the last one */
        BREAK();
        for (unsigned i = 0; i < ROUNDS; i++)
            path->run(i);
        BREAK();
    }
    sem_post(&never);
    pthread_join(other, NULL);
    return 0;
}
