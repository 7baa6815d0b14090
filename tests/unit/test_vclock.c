/* SPDX-License-Identifier: MIT */
/* Vector clocks: what tests/fuzz/fuzz_vclock.c does not look at: cost, memory, shortage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/vclock.h"

struct fixture {
    struct arena arena;
    struct vc_domain domain;
    struct vc_clock main;
};

static void begin(struct fixture *f, uint32_t slots, unsigned bits)
{
    arena_init(&f->arena);
    vc_domain_init(&f->domain, &f->arena, slots, bits);
    assert_true(vc_clock_begin(&f->domain, &f->main, NULL));
}

static void release_orders(void **state)
{
    struct fixture f;
    struct vc_clock worker;
    struct vc_time before = {0}, after = {0}, sync = {0}, there = {0};
    (void)state;
    begin(&f, VC_SLOTS_DEFAULT, VC_EPOCH_BITS_DEFAULT);
    assert_true(vc_clock_begin(&f.domain, &worker, &f.main));
    vc_now(&f.main, &before);
    vc_release(&f.domain, &f.main, &sync);
    vc_now(&f.main, &after);
    assert_false(vc_knows(&worker, &sync));
    vc_acquire(&f.domain, &worker, &sync);
    assert_true(vc_knows(&worker, &sync));
    vc_now(&worker, &there);
    assert_true(vc_before(&before, &there));
    assert_false(vc_before(&there, &before));
    assert_true(vc_concurrent(&after, &there));
}

/* A release, and an acquire of what is known, take no memory and copy nothing. */
static void steady_state_shares(void **state)
{
    struct fixture f;
    struct vc_clock worker;
    struct vc_time sync = {0}, end = {0};
    (void)state;
    begin(&f, VC_SLOTS_DEFAULT, VC_EPOCH_BITS_DEFAULT);
    assert_true(vc_clock_begin(&f.domain, &worker, &f.main));
    vc_release(&f.domain, &worker, &end);
    vc_acquire(&f.domain, &f.main, &end);
    uint64_t used = f.arena.used;
    for (int i = 0; i < 1000; i++) {
        vc_release(&f.domain, &f.main, &sync);
        assert_ptr_equal(sync.others, f.main.others);
        vc_acquire(&f.domain, &f.main, &sync);
        vc_acquire(&f.domain, &f.main, &end);
    }
    assert_int_equal(f.arena.used, used);
}

/* Threads that are joined leave their slot to the next one. */
static void joined_threads_cost_nothing(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f, VC_SLOTS_DEFAULT, VC_EPOCH_BITS_DEFAULT);
    uint64_t used = 0;
    for (int i = 0; i < 100000; i++) {
        struct vc_clock worker;
        struct vc_time end = {0};
        assert_true(vc_clock_begin(&f.domain, &worker, &f.main));
        vc_clock_end(&f.domain, &worker, &end);
        vc_acquire(&f.domain, &f.main, &end);
        vc_time_clear(&f.domain, &end);
        used = i == 100 ? f.arena.used : used;
    }
    assert_int_equal(f.domain.slot_count, 2);
    assert_int_equal(f.domain.reused_early, 0);
    assert_true(f.arena.used <= used);
}

/* Threads that nobody joins use up the slots, and then reuse them early. */
static void detached_threads_are_bounded(void **state)
{
    struct fixture f;
    (void)state;
    begin(&f, 64, VC_EPOCH_BITS_DEFAULT);
    for (int i = 0; i < 10000; i++) {
        struct vc_clock worker;
        assert_true(vc_clock_begin(&f.domain, &worker, &f.main));
        vc_clock_end(&f.domain, &worker, NULL);
    }
    assert_int_equal(f.domain.slot_count, 64);
    assert_int_equal(f.domain.reused_early, 10000 - 63);
    assert_true(f.arena.used < 64 * 1024);
    assert_true(vc_domain_is_valid(&f.domain));
}

static void more_living_threads_than_slots(void **state)
{
    struct fixture f;
    static struct vc_clock workers[1000];
    (void)state;
    begin(&f, 100, VC_EPOCH_BITS_DEFAULT);
    for (int i = 0; i < 1000; i++)
        assert_true(vc_clock_begin(&f.domain, &workers[i], &f.main));
    assert_int_equal(f.domain.slot_count, 1001);
    assert_int_equal(f.domain.reused_early, 0);
    for (int i = 0; i < 1000; i++)
        for (int j = 0; j < i; j++)
            assert_int_not_equal(workers[i].slot, workers[j].slot);
    assert_true(vc_domain_is_valid(&f.domain));
}

/* When the epochs of a slot run out, its thread moves, and what it did stays known. */
static void epochs_run_out(void **state)
{
    struct fixture f;
    struct vc_clock worker;
    struct vc_time first = {0}, sync = {0};
    (void)state;
    begin(&f, VC_SLOTS_DEFAULT, 3);
    assert_true(vc_clock_begin(&f.domain, &worker, &f.main));
    vc_now(&worker, &first);
    uint32_t slot = worker.slot;
    for (int i = 0; i < 100; i++) {
        vc_release(&f.domain, &worker, &sync);
        assert_false(vc_knows(&f.main, &sync));
        vc_acquire(&f.domain, &f.main, &sync);
    }
    assert_int_not_equal(worker.slot, slot);
    struct vc_time now = {0};
    vc_now(&f.main, &now);
    assert_true(vc_before(&first, &now));
    assert_true(vc_domain_is_valid(&f.domain) && vc_clock_is_valid(&f.domain, &worker));
}

static void shortage_is_counted(void **state)
{
    struct fixture f;
    struct vc_clock workers[200];
    (void)state;
    begin(&f, VC_SLOTS_DEFAULT, VC_EPOCH_BITS_DEFAULT);
    f.arena.limit = f.arena.reserved;
    int started = 0;
    while (started < 200 && vc_clock_begin(&f.domain, &workers[started], &f.main))
        started++;
    while (arena_alloc(&f.arena, 64))
        continue;
    struct vc_time end = {0};
    vc_release(&f.domain, &workers[0], &end);
    vc_now(&f.main, &end); /* shared by a record: must be copied to learn something */
    vc_release(&f.domain, &workers[1], &end);
    vc_acquire(&f.domain, &f.main, &end);
    assert_true(f.domain.lost > 0);
    assert_true(vc_clock_is_valid(&f.domain, &f.main));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(release_orders),
        cmocka_unit_test(steady_state_shares),
        cmocka_unit_test(joined_threads_cost_nothing),
        cmocka_unit_test(detached_threads_are_bounded),
        cmocka_unit_test(more_living_threads_than_slots),
        cmocka_unit_test(epochs_run_out),
        cmocka_unit_test(shortage_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
