/* SPDX-License-Identifier: MIT */
/* The stack depot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "analysis/stackdepot.h"

static struct arena arena;

static struct stackdepot *new_depot(void)
{
    arena_init(&arena);
    struct stackdepot *depot = depot_create(&arena);
    assert_non_null(depot);
    return depot;
}

static void same_stack_same_id(void **state)
{
    (void)state;
    struct stackdepot *depot = new_depot();
    frame_t stack[] = {FRAME(1, 0x10), FRAME(1, 0x20), FRAME(2, 0x30)};
    stack_id whole = depot_intern(depot, stack, 3), part = depot_intern(depot, stack, 2);
    assert_int_not_equal(whole, STACK_NONE);
    assert_int_not_equal(whole, part);
    assert_int_equal(depot_intern(depot, stack, 3), whole);
    assert_int_equal(depot_count(depot), 2);
    struct stack_view view = depot_get(depot, whole);
    assert_int_equal(view.count, 3);
    assert_memory_equal(view.frames, stack, sizeof(stack));
}

static void tops(void **state)
{
    (void)state;
    struct stackdepot *depot = new_depot();
    frame_t a[] = {FRAME(1, 0x10), FRAME(1, 0x20)}, b[] = {FRAME(1, 0x10), FRAME(1, 0x21)};
    frame_t c[] = {FRAME(2, 0x10), FRAME(1, 0x20)};
    uint64_t top = depot_top(depot, depot_intern(depot, a, 2));
    assert_int_equal(top, depot_top(depot, depot_intern(depot, b, 2)));
    assert_int_not_equal(top, depot_top(depot, depot_intern(depot, c, 2)));
}

static void nothing_and_too_much(void **state)
{
    (void)state;
    struct stackdepot *depot = new_depot();
    frame_t deep[STACK_MAX_FRAMES + 5];
    for (unsigned i = 0; i < STACK_MAX_FRAMES + 5; i++)
        deep[i] = FRAME(1, i);
    assert_int_equal(depot_intern(depot, deep, 0), STACK_NONE);
    assert_int_equal(depot_get(depot, STACK_NONE).count, 0);
    assert_int_equal(depot_get(depot, 12345).count, 0);
    stack_id id = depot_intern(depot, deep, STACK_MAX_FRAMES + 5);
    assert_int_equal(depot_get(depot, id).count, STACK_MAX_FRAMES);
}

/* Records stay where they are while the tables grow. */
static void views_stay(void **state)
{
    (void)state;
    struct stackdepot *depot = new_depot();
    static struct stack_view views[20000];
    static stack_id ids[20000];
    for (uint32_t i = 0; i < 20000; i++) {
        frame_t frames[] = {FRAME(1, i), FRAME(2, i / 7)};
        ids[i] = depot_intern(depot, frames, 2);
        views[i] = depot_get(depot, ids[i]);
    }
    for (uint32_t i = 0; i < 20000; i++) {
        frame_t frames[] = {FRAME(1, i), FRAME(2, i / 7)};
        assert_int_equal(depot_intern(depot, frames, 2), ids[i]);
        assert_ptr_equal(depot_get(depot, ids[i]).frames, views[i].frames);
        assert_memory_equal(views[i].frames, frames, sizeof(frames));
    }
}

static void shortage(void **state)
{
    (void)state;
    struct stackdepot *depot = new_depot();
    arena.limit = arena.reserved;
    frame_t frames[2] = {FRAME(1, 1)};
    stack_id first = depot_intern(depot, frames, 2), id = first;
    for (uint64_t i = 2; id != STACK_NONE; i++) {
        frames[1] = i;
        id = depot_intern(depot, frames, 2);
    }
    assert_true(arena.failed > 0);
    assert_int_equal(depot_get(depot, first).count, 2);
}

static void *intern_many(void *argument)
{
    struct stackdepot *depot = argument;
    for (uint32_t i = 0; i < 5000; i++) {
        frame_t frames[] = {FRAME(3, i), FRAME(4, i)};
        stack_id id = depot_intern(depot, frames, 2);
        struct stack_view view = depot_get(depot, id);
        if (view.count != 2 || view.frames[0] != frames[0] || view.frames[1] != frames[1])
            return argument;
    }
    return NULL;
}

static void side_by_side(void **state)
{
    (void)state;
    struct stackdepot *depot = new_depot();
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, intern_many, depot), 0);
    for (int i = 0; i < 4; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    assert_int_equal(depot_count(depot), 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_stack_same_id), cmocka_unit_test(tops),
        cmocka_unit_test(nothing_and_too_much), cmocka_unit_test(views_stay),
        cmocka_unit_test(shortage),           cmocka_unit_test(side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
