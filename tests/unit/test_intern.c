/* SPDX-License-Identifier: MIT */
/* Interned records: one number for each, whatever comes between, also where threads add them side by side. */
#include "analysis/intern.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

#define MANY 600000u /* more than two levels of buckets take */

static struct arena arena;
static struct intern table;

static uint32_t number_of(uint64_t i)
{
    const uint64_t words[] = {i, i / 7, 3};
    return intern_number(&table, words);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    return intern_init(&table, &arena, 3, 0) ? 0 : -1;
}

static void growing(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(number_of(i), i + 1);
    assert_int_equal(table.level, 2);
    for (uint32_t i = 0; i < MANY; i++) {
        assert_int_equal(number_of(i), i + 1);
        assert_int_equal(intern_words(&table, i + 1)[0], i);
    }
    assert_int_equal(table.last, MANY);
}

static void *add_many(void *argument)
{
    for (uint64_t i = 0; i < MANY / 4; i++) {
        uint32_t number = number_of(i);
        if (!number || intern_words(&table, number)[0] != i)
            return argument;
    }
    return NULL;
}

static void side_by_side(void **state)
{
    (void)state;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, &table), 0);
    for (int i = 0; i < 4; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(growing, set_up),
        cmocka_unit_test_setup(side_by_side, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
