/* SPDX-License-Identifier: MIT */
/* Findings: their builders, and each mistake once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/finding.h"

static struct arena arena;
static struct finding finding;

static void builders(void **state)
{
    (void)state;
    struct finding_object a = {.kind = OBJECT_MUTEX, .addr = 0x10};
    struct finding_object b = {.kind = OBJECT_MUTEX, .addr = 0x20};
    struct finding_object cond_at_a = {.kind = OBJECT_COND, .addr = 0x10};
    finding_begin(&finding, KIND_DEADLOCK, CONFIDENCE_CERTAIN, "text");
    assert_int_equal(finding_add_thread(&finding, 7), 0);
    assert_int_equal(finding_add_thread(&finding, 8), 1);
    assert_int_equal(finding_add_thread(&finding, 7), 0);
    assert_int_equal(finding_add_object(&finding, &a), 0);
    assert_int_equal(finding_add_object(&finding, &b), 1);
    assert_int_equal(finding_add_object(&finding, &a), 0);
    assert_int_equal(finding_add_object(&finding, &cond_at_a), 2);
    finding_add_stack(&finding, "waits for %O0", 7, 5);
    finding_add_held(&finding, 7, 1, MODE_SHARED, 6);
    assert_int_equal(finding.stack_count, 1);
    assert_int_equal(finding.held[0].acquired_at, 6);
    assert_int_equal(finding.truncated, 0);
}

static void too_much_is_counted(void **state)
{
    (void)state;
    finding_begin(&finding, KIND_HANG, CONFIDENCE_CERTAIN, "text");
    for (uint32_t i = 0; i < FINDING_THREADS + 3; i++)
        finding_add_thread(&finding, i + 1);
    for (uint32_t i = 0; i < FINDING_STACKS + 2; i++)
        finding_add_stack(&finding, "waits", i + 1, 1);
    for (uint32_t i = 0; i < FINDING_HELD + 1; i++)
        finding_add_held(&finding, 1, 0, MODE_EXCLUSIVE, 1);
    for (uint32_t i = 0; i < FINDING_OBJECTS + 4; i++) {
        struct finding_object object = {.kind = OBJECT_MUTEX, .addr = i + 1};
        assert_true(finding_add_object(&finding, &object) < FINDING_OBJECTS);
    }
    assert_int_equal(finding.thread_count, FINDING_THREADS);
    assert_int_equal(finding.stack_count, FINDING_STACKS);
    assert_int_equal(finding.truncated, 3 + 2 + 1 + 4);
}

static void sum_up(void *ctx, uint32_t number, uint64_t count)
{
    uint64_t *counts = ctx;
    counts[number] += count;
}

static void each_mistake_once(void **state)
{
    struct finding_table table;
    uint32_t number;
    uint64_t counts[4] = {0};
    (void)state;
    arena_init(&arena);
    finding_table_init(&table, &arena);
    assert_true(finding_is_new(&table, 100, &number));
    assert_int_equal(number, 1);
    assert_true(finding_is_new(&table, 200, &number));
    assert_int_equal(number, 2);
    assert_false(finding_is_new(&table, 100, &number));
    assert_int_equal(number, 1);
    assert_int_equal(finding_lookup(&table, 200), 2);
    assert_int_equal(finding_lookup(&table, 300), 0);
    finding_table_visit(&table, sum_up, counts);
    assert_int_equal(counts[1], 2);
    assert_int_equal(counts[2], 1);
}

/* A mistake with two names, of places and of locks. */
static void several_names(void **state)
{
    struct finding_table table;
    uint32_t number;
    uint64_t counts[4] = {0};
    (void)state;
    arena_init(&arena);
    finding_table_init(&table, &arena);
    assert_true(finding_is_new_any(&table, (uint64_t[]){1, 10}, 2, &number));
    /* the same places, other locks */
    assert_false(finding_is_new_any(&table, (uint64_t[]){1, 20}, 2, &number));
    /* the same locks at other places, which are then known too */
    assert_false(finding_is_new_any(&table, (uint64_t[]){2, 10}, 2, &number));
    assert_false(finding_is_new_any(&table, (uint64_t[]){2, 30}, 2, &number));
    assert_int_equal(number, 1);
    /* locks of a repetition are no name of their own: a loop over new locks would fill the table */
    assert_int_equal(finding_lookup(&table, 20), 0);
    assert_true(finding_is_new_any(&table, (uint64_t[]){3, 20}, 2, &number));
    assert_int_equal(number, 2);
    finding_table_visit(&table, sum_up, counts);
    assert_int_equal(counts[1], 4);
    assert_int_equal(counts[2], 1);
}

static void shortage_is_silence(void **state)
{
    struct finding_table table;
    uint32_t number;
    (void)state;
    arena_init(&arena);
    finding_table_init(&table, &arena);
    assert_true(finding_is_new(&table, 1, &number));
    arena.limit = arena.reserved;
    while (arena_alloc(&arena, 64))
        continue;
    assert_false(finding_is_new(&table, 2, &number));
    assert_int_equal(number, 0);
    assert_int_equal(finding_lookup(&table, 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builders),          cmocka_unit_test(too_much_is_counted),
        cmocka_unit_test(each_mistake_once), cmocka_unit_test(several_names),
        cmocka_unit_test(shortage_is_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
