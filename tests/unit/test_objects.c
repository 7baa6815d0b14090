/* SPDX-License-Identifier: MIT */
/* The table of objects, the lists of held locks and the table of stacks against obvious models. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/held.h"
#include "analysis/objects.h"
#include "analysis/stacks.h"

static struct arena arena;
static struct object_table table;
static struct object_cache cache;

static int begin(void **state)
{
    (void)state;
    arena_init(&arena);
    objects_init(&table, &arena);
    return objects_cache_init(&table, &cache) ? 0 : -1;
}

static uint64_t random_state = 1;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

/* --- objects ---------------------------------------------------------------------------------- */

static void finds_what_was_added(void **state)
{
    (void)state;
    struct object *mutex = objects_add(&table, OBJECT_MUTEX, 0x1000);
    struct object *other = objects_add(&table, OBJECT_COND, 0x1000);
    assert_ptr_equal(objects_find(&table, OBJECT_MUTEX, 0x1000), mutex);
    assert_ptr_equal(objects_find(&table, OBJECT_COND, 0x1000), other);
    assert_null(objects_find(&table, OBJECT_MUTEX, 0x1008));
    assert_ptr_equal(objects_find_in(&table, &cache, OBJECT_MUTEX, 0x1000), mutex);
    assert_ptr_equal(objects_cached(&cache, OBJECT_MUTEX, 0x1000), mutex);
    objects_remove(&table, mutex);
    assert_null(objects_cached(&cache, OBJECT_MUTEX, 0x1000));
    assert_null(objects_find(&table, OBJECT_MUTEX, 0x1000));
    assert_ptr_equal(objects_find(&table, OBJECT_COND, 0x1000), other);
    assert_true(objects_is_valid(&table));
}

static void cache_grows_with_its_objects(void **state)
{
    (void)state;
    enum { COUNT = OBJECT_CACHE_FIRST * 3 };
    uint32_t first = cache.shift;
    for (uint32_t i = 0; i < COUNT; i++)
        assert_non_null(objects_add(&table, OBJECT_MUTEX, 0x10000 + i * 40));
    for (uint32_t round = 0; round < 10; round++)
        for (uint32_t i = 0; i < COUNT; i++) {
            uintptr_t addr = 0x10000 + i * 40;
            struct object *found = objects_find_in(&table, &cache, OBJECT_MUTEX, addr);
            assert_non_null(found);
            assert_int_equal(found->addr, addr);
            assert_ptr_equal(objects_cached(&cache, OBJECT_MUTEX, addr), found);
        }
    assert_true(cache.shift < first);
    assert_true(1u << (64 - cache.shift) <= OBJECT_CACHE_LAST);
    objects_cache_clear(&table, &cache);
    assert_true(arena_is_valid(&arena));
}

static void identity_ends_with_the_object(void **state)
{
    (void)state;
    struct object *object = objects_add(&table, OBJECT_MUTEX, 0x1000);
    lock_uid first = object->uid;
    object->alone = 5;
    assert_ptr_equal(objects_by_uid(&table, first), object);
    objects_renew(object);
    assert_null(objects_by_uid(&table, first));
    assert_true(object->alone == LG_ROOT);
    assert_ptr_equal(objects_by_uid(&table, object->uid), object);
    lock_uid second = object->uid;
    objects_remove(&table, object);
    assert_null(objects_by_uid(&table, second));
    object = objects_add(&table, OBJECT_RWLOCK, 0x2000);
    assert_true(object->uid != first && object->uid != second);
}

/* Small numbers are descriptors, not addresses: freeing page 0 does not touch them. */
static void numbers_are_no_memory(void **state)
{
    (void)state;
    objects_add(&table, OBJECT_FD, 5);
    objects_add(&table, OBJECT_SIGNAL, 5);
    assert_non_null(objects_find(&table, OBJECT_FD, 5));
    assert_null(objects_find(&table, OBJECT_FD, 6));
    assert_false(objects_may_hold(&table, 0, 4096));
    assert_true(objects_is_valid(&table));
}

#define MODEL 400

struct model {
    struct object *objects[MODEL];
    uint64_t visited; /* sum of indices + 1 */
};

static uintptr_t model_address(unsigned i) { return 0x7f0000000000 + (uintptr_t)i * 0x338; }

static void note_visit(void *ctx, struct object *object)
{
    struct model *model = ctx;
    uint64_t index = (object->addr - 0x7f0000000000) / 0x338;
    assert_ptr_equal(model->objects[index], object);
    model->visited += index + 1;
}

static void check_range(struct model *model)
{
    uintptr_t addr = model_address(random_below(MODEL)) + random_below(64);
    size_t size = 1 + random_below(1u << random_below(18));
    uint64_t expected = 0;
    for (unsigned i = 0; i < MODEL; i++)
        if (model->objects[i] && model_address(i) >= addr && model_address(i) < addr + size)
            expected += i + 1;
    model->visited = 0;
    objects_visit(&table, addr, size, note_visit, model);
    assert_int_equal(model->visited, expected);
    assert_true(expected == 0 || objects_may_hold(&table, addr, size));
}

static void agrees_with_a_list(void **state)
{
    (void)state;
    struct model model = {{NULL}, 0};
    for (unsigned step = 0; step < 40000; step++) {
        unsigned i = random_below(MODEL);
        if (model.objects[i]) {
            assert_ptr_equal(objects_find(&table, OBJECT_MUTEX, model_address(i)), model.objects[i]);
            objects_remove(&table, model.objects[i]);
            model.objects[i] = NULL;
        } else {
            assert_null(objects_find(&table, OBJECT_MUTEX, model_address(i)));
            model.objects[i] = objects_add(&table, OBJECT_MUTEX, model_address(i));
        }
        if (step % 8 == 0)
            check_range(&model);
        if (step % 64 == 0)
            assert_true(objects_is_valid(&table));
    }
}

/* Pages that have been empty are used again: a program that walks through its address space. */
static void forgets_empty_pages(void **state)
{
    (void)state;
    uint64_t reserved = 0;
    for (uintptr_t i = 0; i < 100000; i++) {
        struct object *object = objects_add(&table, OBJECT_MUTEX, 0x100000000 + i * 4096);
        assert_non_null(object);
        objects_remove(&table, object);
        if (i == 10000)
            reserved = arena.reserved;
    }
    assert_true(arena.reserved <= reserved + 65536);
    assert_true(objects_is_valid(&table));
}

static uint32_t readers_go_on;

static void *read_beside(void *argument)
{
    (void)argument;
    while (__atomic_load_n(&readers_go_on, __ATOMIC_RELAXED))
        for (uintptr_t i = 0; i < 64; i++) {
            if (!objects_find(&table, OBJECT_MUTEX, 0x5000000000 + i * 4096) ||
                !objects_may_hold(&table, 0x5000000000 + i * 4096, 8))
                return argument; /* lost sight of an object that was there all the time */
        }
    return NULL;
}

static void readers_need_no_lock(void **state)
{
    (void)state;
    pthread_t reader;
    for (uintptr_t i = 0; i < 64; i++)
        objects_add(&table, OBJECT_MUTEX, 0x5000000000 + i * 4096);
    readers_go_on = 1;
    pthread_create(&reader, NULL, read_beside, &table);
    for (uintptr_t i = 0; i < 60000; i++) {
        struct object *object = objects_add(&table, OBJECT_MUTEX, 0x100000000 + i * 4096);
        if (i % 3)
            objects_remove(&table, object);
    }
    __atomic_store_n(&readers_go_on, 0, __ATOMIC_RELAXED);
    void *lost;
    pthread_join(reader, &lost);
    assert_null(lost);
    assert_true(objects_is_valid(&table));
}

static void degrades_without_memory(void **state)
{
    (void)state;
    arena.limit = 1u << 20;
    uintptr_t added = 0;
    while (objects_add(&table, OBJECT_MUTEX, 0x100000000 + added * 4096))
        added++;
    assert_true(added > 100);
    assert_true(table.lost > 0);
    for (uintptr_t i = 0; i < added; i++)
        assert_non_null(objects_find(&table, OBJECT_MUTEX, 0x100000000 + i * 4096));
    assert_true(objects_is_valid(&table));
}

/* --- held locks ------------------------------------------------------------------------------- */

static void held_locks_in_any_order(void **state)
{
    (void)state;
    struct held_list held;
    struct object *objects[200], *model[200];
    unsigned count = 0;
    held_init(&held);
    for (unsigned i = 0; i < 200; i++)
        objects[i] = objects_add(&table, OBJECT_MUTEX, 0x1000 + i * 64);
    for (unsigned step = 0; step < 20000; step++) {
        struct object *object = objects[random_below(200)];
        struct held_lock *lock = held_find(&held, object);
        if (lock) {
            unsigned at = (unsigned)(lock - held.locks);
            assert_ptr_equal(model[at], object);
            held_remove_at(&held, at);
            memmove(&model[at], &model[at + 1], (--count - at) * sizeof(model[0]));
        } else {
            assert_true(held_grow(&held, &arena));
            held_push(&held, object, MODE_EXCLUSIVE, step);
            model[count++] = object;
        }
        assert_int_equal(held.count, count);
        assert_true(held_is_valid(&held));
    }
    held_clear(&held, &arena);
    assert_int_equal(held.count, 0);
}

/* --- stacks ----------------------------------------------------------------------------------- */

static struct thread *fake_thread(unsigned i) { return (struct thread *)(uintptr_t)(0x1000 + i); }

static void stacks_agree_with_a_list(void **state)
{
    (void)state;
    struct stack_table stacks = {NULL, 0, 0};
    bool there[100] = {false};
    for (unsigned step = 0; step < 20000; step++) {
        unsigned i = random_below(100);
        uintptr_t low = 0x100000 + i * 0x2000;
        if (there[i])
            stacks_remove(&stacks, fake_thread(i), low);
        else
            assert_true(stacks_add(&stacks, &arena,
                                   (struct stack_bounds){low, low + 0x1000, fake_thread(i)}));
        there[i] = !there[i];
        i = random_below(100);
        low = 0x100000 + i * 0x2000;
        struct thread *expected = there[i] ? fake_thread(i) : NULL;
        assert_ptr_equal(stacks_find(&stacks, low), expected);
        assert_ptr_equal(stacks_find(&stacks, low + 0xfff), expected);
        assert_null(stacks_find(&stacks, low + 0x1000));
        assert_true(stacks_are_valid(&stacks));
    }
}

/* A thread that went away unseen: its stack is another thread's now. */
static void stacks_that_overlap(void **state)
{
    (void)state;
    struct stack_table stacks = {NULL, 0, 0};
    for (unsigned i = 0; i < 4; i++)
        stacks_add(&stacks, &arena,
                   (struct stack_bounds){0x1000 * i, 0x1000 * i + 0x1000, fake_thread(i)});
    stacks_add(&stacks, &arena, (struct stack_bounds){0x800, 0x2800, fake_thread(9)});
    assert_true(stacks_are_valid(&stacks));
    assert_ptr_equal(stacks_find(&stacks, 0x1000), fake_thread(9));
    assert_null(stacks_find(&stacks, 0x2900));
    assert_ptr_equal(stacks_find(&stacks, 0x3000), fake_thread(3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(finds_what_was_added, begin),
        cmocka_unit_test_setup(cache_grows_with_its_objects, begin),
        cmocka_unit_test_setup(identity_ends_with_the_object, begin),
        cmocka_unit_test_setup(numbers_are_no_memory, begin),
        cmocka_unit_test_setup(agrees_with_a_list, begin),
        cmocka_unit_test_setup(forgets_empty_pages, begin),
        cmocka_unit_test_setup(readers_need_no_lock, begin),
        cmocka_unit_test_setup(degrades_without_memory, begin),
        cmocka_unit_test_setup(held_locks_in_any_order, begin),
        cmocka_unit_test_setup(stacks_agree_with_a_list, begin),
        cmocka_unit_test_setup(stacks_that_overlap, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
