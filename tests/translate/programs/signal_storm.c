/* SPDX-License-Identifier: MIT */
/* CFLAGS: -O2 -mavx */
/* Timers at a few kHz against threads that calculate, call through pointers, are called back, return through deep stacks,
 * use vector and floating-point state. Handlers nest, use all of that themselves, jump out, and nothing of it shows. */
#include <setjmp.h>
#include <stdint.h>
#include <sys/time.h>
#include <ucontext.h>

#include "show.h"

typedef double vector __attribute__((vector_size(32)));

#define THREADS 3
static __thread volatile int handled, jumps_wanted;
static __thread sigjmp_buf back;
static __thread timer_t timer;

/* Once more, so that a handler that takes its time does not interrupt itself for ever. */
static void arm(void)
{
    struct itimerspec soon = {.it_value = {0, 200000 + 1000 * (handled % 100)}};
    timer_settime(timer, 0, &soon, NULL);
}

static int compare(const void *a, const void *b)
{
    long x = *(const long *)a, y = *(const long *)b;
    return (x > y) - (x < y);
}

static uint64_t mix(uint64_t x) { return (x ^ x >> 29) * 0x9e3779b97f4a7c15u; }
static uint64_t add(uint64_t x) { return x * 3 + 7; }
static uint64_t turn(uint64_t x) { return x << 13 | x >> 51; }
static uint64_t (*volatile steps[])(uint64_t) = {mix, add, turn};

static uint64_t __attribute__((noinline)) deep(int level, uint64_t x)
{
    if (level == 0)
        return steps[x % 3](x);
    return deep(level - 1, steps[level % 3](x)) + (uint64_t)level;
}

static uint64_t sorted(uint64_t x)
{
    long numbers[16];
    for (int i = 0; i < 16; i++)
        numbers[i] = (long)(x = mix(x)) >> 8;
    qsort(numbers, 16, sizeof(long), compare);
    for (int i = 1; i < 16; i++)
        x += (uint64_t)(numbers[i] - numbers[i - 1]) * (uint64_t)i;
    return x;
}

static double __attribute__((noinline)) floating(double seed)
{
    vector v = {seed, seed + 1, seed + 2, seed + 3};
    long double ld = seed;
    for (int i = 0; i < 50; i++) {
        v = v * 0.5 + (vector){1, 2, 3, 4};
        ld = ld * 0.5L + 1;
    }
    return v[0] + v[1] + v[2] + v[3] + (double)ld;
}

static void use_everything(int signo, siginfo_t *info, void *context)
{
    (void)info, (void)context;
    handled++;
    uint64_t x = sorted(deep(10, (uint64_t)signo));
    double f = floating((double)signo);
    if (x == 1 && f == 1)
        _exit(4);
    if (signo != SIGPROF)
        arm();
    if (jumps_wanted && handled % 4 == 0) {
        jumps_wanted = 0;
        siglongjmp(back, 1);
    }
}

static uint64_t round_of_work(uint64_t x)
{
    double f = floating((double)(x % 1000));
    x = sorted(deep(40, x));
    f += floating(f);
    return x + (uint64_t)(f * 1000);
}

/* The same with a jump out of a handler now and then; what was under way is done again. */
static uint64_t with_jumps(uint64_t x)
{
    volatile uint64_t now = x;
    for (volatile int i = 0; i < 300; i++) {
        sigsetjmp(back, 1);
        jumps_wanted = 1;
        uint64_t next = round_of_work(now);
        jumps_wanted = 0;
        now = next;
    }
    return now;
}

static void *work(void *seed)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN + 1};
    event._sigev_un._tid = gettid();
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    arm();
    uint64_t x = (uint64_t)seed;
    for (int i = 0; i < 400 || (handled < 200 && i < 40000000); i++) {
        uint64_t next = round_of_work(x);
        if (i < 400)
            x = next;
    }
    x = with_jumps(x);
    timer_delete(timer);
    return (void *)(handled >= 200 ? x : 0);
}

int main(void)
{
    struct sigaction act = {.sa_sigaction = use_everything, .sa_flags = SA_SIGINFO | SA_RESTART};
    pthread_t threads[THREADS];
    struct itimerval interval = {{0, 10000}, {0, 10000}}, none = {{0}};
    sigaction(SIGRTMIN + 1, &act, NULL);
    act.sa_flags |= SA_NODEFER;
    sigaction(SIGPROF, &act, NULL);
    setitimer(ITIMER_PROF, &interval, NULL);
    for (long i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, (void *)(i + 1));
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        show("%lx", (long)result);
    }
    setitimer(ITIMER_PROF, &none, NULL);
    return 0;
}
