/* SPDX-License-Identifier: MIT */
/* Race detection of analysis/race.h: what is a race, what the findings say, exact to the byte. Two threads that exist
 * only as records; addresses are numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/race.h"
#include "analysis/race_state.h"

#define BASE 0x500000000000u

struct fixture {
    struct arena arena;
    struct detector *det;
    struct thread *main, *a, *b;
    struct finding last;
    uint32_t found, withdrawn;
};

static stack_id no_stack(void *ctx)
{
    (void)ctx;
    return STACK_NONE;
}

static void on_finding(void *ctx, const struct finding *finding)
{
    struct fixture *fixture = ctx;
    fixture->last = *finding;
    fixture->found++;
}

static void on_withdrawn(void *ctx, uint32_t number)
{
    (void)number;
    ((struct fixture *)ctx)->withdrawn++;
}

static struct thread *begin(struct fixture *fixture, struct thread *creator)
{
    struct thread *thread = detector_thread_create(fixture->det, creator, STACK_NONE);
    assert_non_null(thread);
    detector_thread_start(fixture->det, thread, 0, 0, 0);
    race_thread_start(fixture->det, thread, NULL);
    return thread;
}

static int set_up(void **state)
{
    static struct fixture fixture;
    static const struct race_shadow shadow;
    memset(&fixture, 0, sizeof(fixture));
    arena_init(&fixture.arena);
    struct detector_env env = {.ctx = &fixture, .capture_stack = no_stack, .on_finding = on_finding,
                               .on_withdrawn = on_withdrawn};
    fixture.det = detector_create(&fixture.arena, depot_create(&fixture.arena), &env);
    assert_true(detector_watch_races(fixture.det, &shadow));
    fixture.main = begin(&fixture, NULL);
    fixture.a = begin(&fixture, fixture.main);
    fixture.b = begin(&fixture, fixture.main);
    *state = &fixture;
    return 0;
}

/* One access from a place of its own; how many findings it makes. */
static uint32_t touch_from(struct fixture *fixture, struct thread *thread, uintptr_t at, size_t size, uint32_t flags,
                           uintptr_t pc)
{
    uint32_t before = fixture->found;
    race_access(fixture->det, thread, BASE + at, size, flags, RACE_SITE_NONE, pc);
    if (race_has_findings(thread))
        race_report(fixture->det, thread);
    assert_true(detector_is_valid(fixture->det));
    return fixture->found - before;
}

static uint32_t touch(struct fixture *fixture, struct thread *thread, uintptr_t at, size_t size, uint32_t flags)
{
    static uintptr_t pc = 0x1000;
    return touch_from(fixture, thread, at, size, flags, pc += 16);
}

static void mutex(struct fixture *fixture, struct thread *thread, enum event_type type, uintptr_t addr)
{
    struct event event = {.type = (uint8_t)type, .object = OBJECT_MUTEX, .addr = addr};
    if (!detector_knows(fixture->det, thread, OBJECT_MUTEX, addr)) {
        struct event first = {.type = EVENT_FIRST_USE, .object = OBJECT_MUTEX, .addr = addr, .flags = EVF_BYTES_VALID};
        detector_feed(fixture->det, thread, &first, 0);
    }
    detector_feed(fixture->det, thread, &event, 0);
}

static void test_write_write(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(touch_from(f, f->a, 0, 8, RACE_WRITE, 0x100), 0);
    assert_int_equal(touch_from(f, f->b, 0, 8, RACE_WRITE, 0x200), 1);
    assert_int_equal(f->last.kind, KIND_RACE);
    assert_int_equal(f->last.confidence, CONFIDENCE_CERTAIN);
    assert_int_equal(f->last.stack_count, 2);
    assert_int_equal(f->last.stacks[0].thread, 3);
    assert_int_equal(f->last.stacks[1].thread, 2);
    assert_int_equal(f->last.objects[0].kind, OBJECT_MEMORY);
    assert_int_equal(f->last.objects[0].addr, BASE);
    assert_int_equal(f->last.objects[0].size, 8);
    assert_int_equal(touch_from(f, f->a, 0, 8, RACE_WRITE, 0x100), 0); /* the same two places */
}

static void test_reads(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(touch(f, f->main, 0, 8, RACE_READ), 0);
    assert_int_equal(touch(f, f->a, 0, 8, RACE_READ), 0);
    assert_int_equal(touch(f, f->b, 0, 8, RACE_READ), 0);
    assert_int_equal(touch(f, f->a, 0, 4, RACE_WRITE), 2); /* against main, which came first, and b */
    assert_int_equal(touch(f, f->b, 4, 4, RACE_READ), 0);
    assert_int_equal(touch(f, f->b, 3, 2, RACE_READ), 1);
    assert_int_equal(f->last.objects[0].addr, BASE + 3);
    assert_int_equal(f->last.objects[0].size, 1);
}

static void test_neighbours(void **state)
{
    struct fixture *f = *state;
    for (uintptr_t at = 0; at < 64; at += 2) {
        assert_int_equal(touch(f, f->a, at, 1, RACE_WRITE), 0);
        assert_int_equal(touch(f, f->b, at + 1, 1, RACE_WRITE), 0);
    }
    assert_int_equal(touch(f, f->a, 4, 16, RACE_READ), 8);
}

static void test_locks_order(void **state)
{
    struct fixture *f = *state;
    mutex(f, f->a, EVENT_ACQUIRE, 0x9000);
    assert_int_equal(touch(f, f->a, 0, 100, RACE_WRITE), 0);
    mutex(f, f->a, EVENT_RELEASE, 0x9000);
    mutex(f, f->b, EVENT_ACQUIRE, 0x9000);
    assert_int_equal(touch(f, f->b, 0, 100, RACE_WRITE), 0);
    mutex(f, f->b, EVENT_RELEASE, 0x9000);
    assert_int_equal(touch(f, f->b, 96, 4, RACE_WRITE), 0);
    mutex(f, f->a, EVENT_ACQUIRE, 0x9000);
    assert_int_equal(touch(f, f->a, 90, 6, RACE_WRITE), 0);
    assert_int_equal(touch(f, f->a, 90, 7, RACE_WRITE), 1); /* after b's unlock */
    assert_int_equal(f->last.objects[0].addr, BASE + 96);
    assert_int_equal(f->last.held_count, 1);
    assert_int_equal(f->last.held[0].thread, 2);
    mutex(f, f->a, EVENT_RELEASE, 0x9000);
}

static void test_freed(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(touch(f, f->a, 0, 4, RACE_WRITE), 0);
    race_gone(f->det, f->b, BASE, 64, RACE_FREE, RACE_SITE_NONE, 0x77);
    assert_true(race_has_findings(f->b));
    race_report(f->det, f->b);
    assert_int_equal(f->found, 1);
    assert_int_equal(f->last.kind, KIND_FREE_RACE);
    race_fresh(f->det, f->b, BASE, 64);
    assert_int_equal(touch(f, f->a, 0, 64, RACE_WRITE), 0);
}

static void test_atomics_order(void **state)
{
    struct fixture *f = *state;
    uint32_t rmw = RACE_READ | RACE_WRITE | RACE_ATOMIC | RACE_RMW;
    assert_int_equal(touch(f, f->a, 100, 4, RACE_WRITE), 0);
    assert_int_equal(touch(f, f->a, 0, 4, rmw), 0);
    assert_int_equal(touch(f, f->b, 0, 4, RACE_READ | RACE_MOV), 0);
    assert_int_equal(touch(f, f->b, 100, 4, RACE_WRITE), 0);
    assert_int_equal(touch(f, f->a, 4, 4, RACE_WRITE | RACE_MOV), 0); /* the neighbour is none */
    assert_int_equal(touch(f, f->b, 4, 4, RACE_WRITE | RACE_MOV), 1);
    assert_int_equal(touch(f, f->b, 0, 4, RACE_READ), 0); /* ordered, though not atomic */
    assert_int_equal(touch(f, f->a, 0, 4, RACE_WRITE), 1);
}

/* Two halves that are made variables were written by one instruction before: atomically, as it turns out. */
static void test_moves_turn_atomic(void **state)
{
    struct fixture *f = *state;
    uint32_t rmw = RACE_READ | RACE_WRITE | RACE_ATOMIC | RACE_RMW, store = RACE_WRITE | RACE_MOV;
    assert_int_equal(touch_from(f, f->a, 0, 4, store, 0x10), 0);
    assert_int_equal(touch_from(f, f->a, 4, 4, store, 0x10), 0);
    assert_int_equal(touch(f, f->b, 0, 4, rmw), 0);
    assert_int_equal(touch(f, f->b, 64, 4, RACE_WRITE), 0); /* what it loaded is known by now */
    assert_int_equal(touch(f, f->main, 0, 4, rmw), 0);
    assert_int_equal(touch(f, f->b, 0, 4, RACE_WRITE), 1);
}

static void test_withdrawn(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(touch_from(f, f->a, 0, 4, RACE_WRITE | RACE_MOV, 0x10), 0);
    assert_int_equal(touch_from(f, f->b, 0, 4, RACE_WRITE | RACE_MOV, 0x20), 1);
    assert_int_equal(f->last.confidence, CONFIDENCE_POSSIBLE);
    assert_int_equal(touch(f, f->b, 0, 4, RACE_READ | RACE_WRITE | RACE_ATOMIC | RACE_RMW), 0);
    assert_int_equal(f->withdrawn, 1);
    assert_int_equal(touch_from(f, f->a, 64, 4, RACE_WRITE | RACE_MOV, 0x10), 0);
    assert_int_equal(touch_from(f, f->b, 64, 4, RACE_WRITE | RACE_MOV, 0x20), 1); /* of these two, that was not */
}

/* --- big ranges ----------------------------------------------------------------------------------------------------- */

#define BIG (1u << 20)

static uint32_t discarded;

static void discard(void *start, size_t size)
{
    memset(start, 0, size);
    discarded++;
}

/* Every other page, whatever is in it: the others must not be looked at. */
static void resident(void *start, size_t pages, uint8_t *which)
{
    for (size_t i = 0; i < pages; i++)
        which[i] = ((uintptr_t)start / 4096 + i) % 2 == 0;
}

static void test_big_ranges(void **state)
{
    struct fixture *f = *state;
    static uint64_t tags[BIG / 8] __attribute__((aligned(8192))), sites[BIG / 8] __attribute__((aligned(8192)));
    f->det->races->shadow.layout = (struct race_shadow){
        .ranges = {{BASE, BASE + BIG, (intptr_t)((uintptr_t)tags - BASE), (intptr_t)((uintptr_t)sites - BASE)}},
        .range_count = 1, .discard = discard, .resident = resident};
    for (uintptr_t at = 0; at < BIG; at += 4096)
        assert_int_equal(touch_from(f, f->a, at, 4, RACE_WRITE, 0x10), 0);
    race_gone(f->det, f->b, BASE + 8, BIG - 16, RACE_FREE, RACE_SITE_NONE, 0x20);
    assert_int_equal(f->b->race.local->finding_count, 8); /* of 128: the first, second, fourth... */
    assert_int_equal(f->b->race.local->findings[0].address, BASE + 4096);
    race_report(f->det, f->b);
    race_fresh(f->det, f->b, BASE + 8, BIG - 16);
    assert_int_equal(discarded, 2);
    assert_int_equal(touch_from(f, f->b, 4096, 4, RACE_WRITE, 0x30), 0);
    assert_int_equal(touch_from(f, f->b, 0, 4, RACE_WRITE, 0x30), 1); /* was not in the range */
}

/* What is reserved and not used must cost nothing: with a step per granule, this would take hours. */
static void test_reservation(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(touch(f, f->a, 0, 4, RACE_WRITE), 0);
    race_gone(f->det, f->b, BASE, 1ul << 43, RACE_UNMAP, RACE_SITE_NONE, 0x20);
    assert_true(race_has_findings(f->b));
    race_report(f->det, f->b);
    assert_int_equal(f->found, 1);
    assert_int_equal(touch(f, f->b, 0, 4, RACE_WRITE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_write_write, set_up),
        cmocka_unit_test_setup(test_reads, set_up),
        cmocka_unit_test_setup(test_neighbours, set_up),
        cmocka_unit_test_setup(test_locks_order, set_up),
        cmocka_unit_test_setup(test_freed, set_up),
        cmocka_unit_test_setup(test_atomics_order, set_up),
        cmocka_unit_test_setup(test_moves_turn_atomic, set_up),
        cmocka_unit_test_setup(test_withdrawn, set_up),
        cmocka_unit_test_setup(test_big_ranges, set_up),
        cmocka_unit_test_setup(test_reservation, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
