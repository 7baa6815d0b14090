/* SPDX-License-Identifier: MIT */
/* The analysis as a whole under what no script thinks of: any event at any time, memory that runs out, long
 * lives, real threads side by side. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/detector.h"

static struct {
    struct arena arena;
    struct stackdepot *depot;
    struct detector *det;
    uint64_t findings;
    uint64_t by_kind[KIND_COUNT];
} test;

static stack_id no_stack(void *ctx)
{
    (void)ctx;
    return STACK_NONE;
}

static void count_finding(void *ctx, const struct finding *finding)
{
    (void)ctx;
    test.findings++;
    test.by_kind[finding->kind]++;
    assert_true(finding->thread_count <= FINDING_THREADS);
    for (uint32_t i = 0; i < finding->stack_count; i++)
        assert_non_null(finding->stacks[i].role);
}

static void ignore_withdrawn(void *ctx, uint32_t number) { (void)ctx, (void)number; }

static void begin(uint64_t limit)
{
    static const struct detector_env env = {
        .capture_stack = no_stack, .on_finding = count_finding, .on_withdrawn = ignore_withdrawn};
    memset(&test, 0, sizeof(test));
    arena_init(&test.arena);
    test.depot = depot_create(&test.arena);
    test.det = detector_create(&test.arena, test.depot, &env);
    assert_non_null(test.det);
    test.arena.limit = limit ? test.arena.reserved + limit : 0;
}

static struct thread *new_thread(struct thread *creator, uintptr_t stack)
{
    struct thread *thread = detector_thread_create(test.det, creator, STACK_NONE);
    if (thread)
        detector_thread_start(test.det, thread, stack, stack + 0x10000, 0);
    return thread;
}

static void feed(struct thread *thread, enum event_type type, enum object_kind kind, uintptr_t addr)
{
    struct event event = {.type = (uint8_t)type, .object = (uint8_t)kind, .addr = addr};
    detector_feed(test.det, thread, &event, 0);
}

/* --- any event at any time -------------------------------------------------------------------- */

#define THREADS 12
#define OBJECTS 40

static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

/* Objects of all kinds in a few pages, some on the threads' stacks. */
static uintptr_t random_address(unsigned *kind)
{
    unsigned number = random_below(OBJECTS);
    *kind = 1 + number % (OBJECT_KINDS - 1);
    if (random_below(50) == 0)
        *kind = 1 + random_below(OBJECT_KINDS - 1);
    return number % 5 ? 0x100000 + number * 0x90 : 0x10000000ul + number % 3 * 0x100000 + 0x8000 + number * 64;
}

static void random_event(struct thread **threads, uint32_t *ids)
{
    unsigned at = random_below(THREADS), kind;
    struct event event = {.type = (uint8_t)random_below(EVENT_TYPES + 1)};
    if (!threads[at] || random_below(200) == 0) {
        unsigned creator = random_below(THREADS);
        if (threads[at])
            detector_thread_end(test.det, threads[at]);
        threads[at] = NULL;
        threads[at] = new_thread(threads[creator], 0x10000000ul + at * 0x100000);
        ids[at] = threads[at] ? detector_thread_id(threads[at]) : 0;
        return;
    }
    event.addr = random_address(&kind);
    event.object = (uint8_t)kind;
    event.addr2 = random_address(&kind);
    event.mode = (uint8_t)random_below(2);
    event.flags = random_below(3) ? 0 : 1u << random_below(18);
    event.value = random_below(4);
    if (event.type == EVENT_JOINED || event.type == EVENT_DETACH || event.type == EVENT_JOIN_REQUEST)
        event.value = ids[random_below(THREADS)];
    if (event.type == EVENT_HANDLER_ENTER || event.type == EVENT_HANDLER_LEAVE)
        event.value = 1 + random_below(64);
    if (event.type == EVENT_RANGE_GONE)
        event.value = 1u << random_below(14);
    if (event.type == EVENT_DESTROY && random_below(2))
        event.type = EVENT_ACQUIRE;
    uintptr_t sp = random_below(4) ? 0 : 0x10000000ul + at * 0x100000 + random_below(0x10000);
    detector_feed(test.det, threads[at], &event, sp);
}

static void random_run(uint64_t seed, unsigned events, uint64_t limit)
{
    begin(limit);
    random_state = seed;
    struct thread *threads[THREADS] = {NULL};
    uint32_t ids[THREADS] = {0};
    for (unsigned i = 0; i < events; i++) {
        random_event(threads, ids);
        if (i % 16 == 0)
            assert_true(detector_is_valid(test.det));
        if (i % 999 == 0)
            detector_report_stuck(test.det);
        if (i % 20000 == 19999) {
            struct thread *self = threads[random_below(THREADS)];
            detector_freeze(test.det);
            detector_forked(test.det, self);
            for (unsigned t = 0; t < THREADS; t++)
                threads[t] = threads[t] == self ? self : NULL;
        }
    }
    assert_true(detector_is_valid(test.det));
    assert_true(arena_is_valid(&test.arena));
}

static void survives_any_event(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 16; seed++)
        random_run(seed, 25000, 0);
    assert_true(test.findings > 0);
}

/* With so little memory most records cannot be made; nothing breaks, and the loss is counted. */
static void survives_without_memory(void **state)
{
    (void)state;
    for (uint64_t limit = 1; limit < 4u << 20; limit = limit * 3 + 4096) {
        random_run(limit, 8000, limit);
        if (limit < 100000)
            assert_true(detector_losses(test.det).out_of_memory > 0);
    }
}

/* --- long lives ------------------------------------------------------------------------------- */

static void memory_stays_bounded(void **state)
{
    (void)state;
    begin(0);
    struct thread *main_thread = new_thread(NULL, 0x10000000);
    uint64_t reserved = 0;
    for (unsigned i = 0; i < 60000; i++) {
        struct thread *thread = new_thread(main_thread, 0x20000000);
        uintptr_t lock = 0x7000000000 + (uintptr_t)i * 0x3040;
        feed(thread, EVENT_INIT, OBJECT_MUTEX, lock);
        feed(thread, EVENT_ACQUIRE, OBJECT_MUTEX, lock);
        feed(thread, EVENT_ACQUIRE, OBJECT_MUTEX, 0x100000 + i % 7 * 64);
        feed(thread, EVENT_RELEASE, OBJECT_MUTEX, 0x100000 + i % 7 * 64);
        feed(thread, EVENT_RELEASE, OBJECT_MUTEX, lock);
        struct event gone = {.type = EVENT_RANGE_GONE, .flags = EVF_FREE, .addr = lock, .value = 64};
        detector_feed(test.det, thread, &gone, 0);
        struct event joined = {.type = EVENT_JOINED, .value = detector_thread_id(thread)};
        detector_thread_end(test.det, thread);
        detector_feed(test.det, main_thread, &joined, 0);
        if (i == 20000)
            reserved = test.arena.reserved;
    }
    assert_true(test.arena.reserved <= reserved + (512u << 10));
    assert_true(detector_is_valid(test.det));
    assert_int_equal(test.findings, 0);
}

static void keeps_a_million_locks(void **state)
{
    (void)state;
    begin(0);
    struct thread *thread = new_thread(NULL, 0x10000000);
    for (uintptr_t i = 0; i < 1000000; i++)
        feed(thread, EVENT_INIT, OBJECT_MUTEX, 0x100000000 + i * 40);
    assert_int_equal(detector_stats(test.det).locks_alive, 1000000);
    assert_true(test.arena.reserved < 120u << 20);
    for (uintptr_t i = 0; i < 1000000; i += 997)
        assert_true(detector_knows(test.det, thread, OBJECT_MUTEX, 0x100000000 + i * 40));
    assert_false(detector_knows(test.det, thread, OBJECT_MUTEX, 0x100000000 + 1000000 * 40));
    struct event gone = {.type = EVENT_RANGE_GONE, .flags = EVF_UNMAP, .addr = 0x100000000,
                         .value = 40000000};
    detector_feed(test.det, thread, &gone, 0);
    assert_int_equal(detector_stats(test.det).locks_alive, 0);
    assert_false(detector_may_hold_objects(test.det, 0x100000000, 4000));
    assert_true(detector_is_valid(test.det));
}

/* --- side by side ----------------------------------------------------------------------------- */

#define WORKERS 4
#define SHARED_LOCKS 8

static pthread_mutex_t real_locks[SHARED_LOCKS];

/* Locks as an interceptor does it: trylock, else a request and a blocking lock. */
static void lock_watched(struct thread *self, unsigned lock)
{
    uintptr_t addr = (uintptr_t)&real_locks[lock];
    if (pthread_mutex_trylock(&real_locks[lock])) {
        feed(self, EVENT_REQUEST, OBJECT_MUTEX, addr);
        pthread_mutex_lock(&real_locks[lock]);
    }
    feed(self, EVENT_ACQUIRE, OBJECT_MUTEX, addr);
}

static void unlock_watched(struct thread *self, unsigned lock)
{
    feed(self, EVENT_RELEASE, OBJECT_MUTEX, (uintptr_t)&real_locks[lock]);
    pthread_mutex_unlock(&real_locks[lock]);
}

static void *work(void *argument)
{
    struct thread *self = argument;
    uintptr_t own = 0x40000000 + (uintptr_t)detector_thread_id(self) * 0x10000;
    for (unsigned i = 0; i < 20000; i++) {
        unsigned low = i * 7 % (SHARED_LOCKS - 1), high = low + 1 + i % (SHARED_LOCKS - 1 - low);
        lock_watched(self, low);
        lock_watched(self, high);
        unlock_watched(self, i & 1 ? low : high);
        unlock_watched(self, i & 1 ? high : low);
        feed(self, EVENT_INIT, OBJECT_SEM, own + i % 50 * 64);
        struct event gone = {.type = EVENT_RANGE_GONE, .addr = own, .value = 4096};
        if (i % 100 == 99)
            detector_feed(test.det, self, &gone, 0);
        feed(self, EVENT_ORDER_RELEASE, OBJECT_FD, i % 5);
        feed(self, EVENT_ORDER_ACQUIRE, OBJECT_FD, i % 3);
    }
    detector_thread_end(test.det, self);
    return NULL;
}

static void threads_side_by_side(void **state)
{
    (void)state;
    begin(0);
    for (unsigned i = 0; i < SHARED_LOCKS; i++)
        pthread_mutex_init(&real_locks[i], NULL);
    struct thread *main_thread = new_thread(NULL, 0);
    pthread_t workers[WORKERS];
    for (unsigned i = 0; i < WORKERS; i++)
        pthread_create(&workers[i], NULL, work, new_thread(main_thread, 0));
    for (unsigned i = 0; i < WORKERS; i++)
        pthread_join(workers[i], NULL);
    assert_true(detector_is_valid(test.det));
    assert_int_equal(test.findings, 0);
    assert_int_equal(detector_pulse(test.det).waiting, 0);
    assert_int_equal(detector_pulse(test.det).alive, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_any_event),     cmocka_unit_test(survives_without_memory),
        cmocka_unit_test(memory_stays_bounded),   cmocka_unit_test(keeps_a_million_locks),
        cmocka_unit_test(threads_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
