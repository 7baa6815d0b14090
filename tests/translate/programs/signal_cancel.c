/* SPDX-License-Identifier: MIT */
/* CFLAGS: -O1 */
/* Asynchronous cancellation of threads that do nothing but calculate, at any instruction, many times: clean-up handlers run,
 * once each, with the frame's variables. */
#include <stdint.h>

#include "show.h"

static __thread volatile long steps;
static volatile long cleaned, wrong;

static uint64_t mix(uint64_t x) { return (x ^ x >> 29) * 0x9e3779b97f4a7c15u; }
static uint64_t add(uint64_t x) { return x * 3 + 7; }
static uint64_t (*volatile functions[])(uint64_t) = {mix, add};

struct frame {
    uint64_t check;
    int level;
};

static void clean(void *arg)
{
    struct frame *frame = arg;
    __sync_fetch_and_add(&cleaned, 1);
    if (frame->check != 0x1234567890abcdefu + (uint64_t)frame->level)
        __sync_fetch_and_add(&wrong, 1);
}

static uint64_t __attribute__((noinline)) nested(int level, uint64_t x, sem_t *ready)
{
    struct frame frame = {0x1234567890abcdefu + (uint64_t)level, level};
    pthread_cleanup_push(clean, &frame);
    if (level > 0) {
        x = nested(level - 1, functions[x & 1](x), ready);
    } else {
        sem_post(ready);
        pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
        for (;;)
            x = functions[x & 1](x) + (uint64_t)++steps;
    }
    pthread_cleanup_pop(0);
    return x + frame.check;
}

static void *calculate(void *ready)
{
    return (void *)nested(5, 1, ready);
}

int main(void)
{
    sem_t ready;
    int cancelled = 0;
    sem_init(&ready, 0, 0);
    for (int i = 0; i < 300; i++) {
        pthread_t thread;
        void *result;
        pthread_create(&thread, NULL, calculate, &ready);
        sem_wait(&ready);
        for (volatile int wait = 0; wait < i * 100; wait++) {
        }
        pthread_cancel(thread);
        pthread_join(thread, &result);
        cancelled += result == PTHREAD_CANCELED;
    }
    show("cancelled %d, cleaned %ld, wrong %ld", cancelled, cleaned, wrong);
    return 0;
}
