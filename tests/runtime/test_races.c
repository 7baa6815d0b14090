/* SPDX-License-Identifier: MIT */
/* Where shadow memory lies, and what is known of blocks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "runtime/races_inner.h"
#include "runtime/runtime.h"

#define PAGE 4096u

/* --- shadow memory -------------------------------------------------------------------------------------------- */

static struct race_shadow shadow;
static struct tr_check check;
static int global;

static const struct race_range *range_of(const void *address)
{
    for (uint32_t i = 0; i < shadow.range_count; i++)
        if ((uintptr_t)address >= shadow.ranges[i].start && (uintptr_t)address < shadow.ranges[i].end)
            return &shadow.ranges[i];
    return NULL;
}

static void check_place(const void *place)
{
    const struct race_range *range = range_of(place);
    assert_non_null(range);
    uintptr_t address = (uintptr_t)place & ~(uintptr_t)7;
    uintptr_t tags = address + (uintptr_t)range->tags, sites = address + (uintptr_t)range->sites;
    assert_int_equal(tags, (address ^ (uintptr_t)1 << check.flip_bit) + (uintptr_t)check.offset);
    *(uint64_t *)tags = address;
    *(uint64_t *)sites = ~address;
    assert_int_equal(*(uint64_t *)tags, address);
    assert_int_equal(*(uint64_t *)sites, ~address);
}

static void words_of_all_memory(void **state)
{
    int local = 0;
    char *block = malloc(100), *map = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *low = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    (void)state;
    assert_true(races_shadow_reserve(&shadow, &check));
    check_place(&local);
    check_place(&global);
    check_place(block);
    check_place(map);
    check_place(low);
    check_place((void *)(uintptr_t)strlen);
    free(block);
    munmap(map, PAGE);
    munmap(low, PAGE);
}

/* Where the kernel puts what comes after mappings of more than the distance from the top, wherever the top is. */
static void words_of_memory_far_below_the_linker(void **state)
{
    const uintptr_t linker = getauxval(AT_BASE) & ~(uintptr_t)(PAGE - 1), gib = (uintptr_t)1 << 30;
    (void)state;
    for (uintptr_t below = gib; below < 2000 * gib; below += 100 * gib)
        check_place((void *)(linker - below));
}

static void words_of_memory_at_a_chosen_place(void **state)
{
    char *place = mmap((void *)((uintptr_t)3 << 40), PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)state;
    assert_null(range_of(place));
    const struct race_range *range = races_shadow_extend(&shadow, &check, (uintptr_t)place);
    assert_non_null(range);
    check_place(place);
    assert_null(races_shadow_extend(&shadow, &check, (uintptr_t)place));
    assert_null(races_shadow_extend(&shadow, &check, (uintptr_t)place + (uintptr_t)range->tags));
    assert_null(races_shadow_extend(&shadow, &check, (uintptr_t)place + (uintptr_t)range->sites));
    munmap(place, PAGE);
}

static void ranges_are_apart(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < shadow.range_count; i++) {
        const struct race_range *range = &shadow.ranges[i];
        assert_null(range_of((void *)(range->start + (uintptr_t)range->tags)));
        assert_null(range_of((void *)(range->end - 1 + (uintptr_t)range->sites)));
        assert_int_equal((range->tags / PAGE) & 1, 1);
    }
}

static void discarded_pages_are_empty(void **state)
{
    uint8_t resident[2];
    const struct race_range *range = range_of(&global);
    uintptr_t page = ((uintptr_t)&global & ~(uintptr_t)(PAGE - 1)) + (uintptr_t)range->tags;
    (void)state;
    *(uint64_t *)page = 1;
    shadow.resident((void *)page, 2, resident);
    assert_true(resident[0] & 1);
    shadow.discard((void *)page, PAGE);
    shadow.resident((void *)page, 2, resident);
    assert_false(resident[0] & 1);
    assert_int_equal(*(uint64_t *)page, 0);
}

/* --- blocks ------------------------------------------------------------------------------------------------------ */

#define BLOCKS 5000u
#define ROOM 256u

/* Block i may lie in [base + i * ROOM, base + (i + 1) * ROOM). */
static const uintptr_t base = (uintptr_t)1 << 40;
static struct {
    size_t size; /* 0: never allocated */
    bool freed;
} model[BLOCKS];

static void compare(unsigned i)
{
    struct races_block block;
    uintptr_t start = base + i * ROOM;
    bool found = races_find_block(start + (model[i].size ? model[i].size - 1 : 0), &block);
    if (!model[i].freed)
        assert_int_equal(found, model[i].size > 0);
    if (!found)
        return;
    assert_int_equal(block.start, start);
    assert_int_equal(block.size, model[i].size);
    assert_int_equal(block.allocated_by, i + 1);
    assert_int_equal(block.freed, model[i].freed);
    assert_false(races_find_block(start + model[i].size, &block));
}

static void blocks_are_found_from_inside(void **state)
{
    unsigned seed = 1;
    (void)state;
    for (unsigned step = 0; step < 40000; step++) {
        unsigned i = (unsigned)rand_r(&seed) % BLOCKS;
        uintptr_t start = base + i * ROOM;
        if (model[i].size == 0 || model[i].freed) {
            model[i].size = 1 + (unsigned)rand_r(&seed) % (ROOM - 1);
            model[i].freed = false;
            races_blocks_add(start, model[i].size, (struct races_origin){.thread = i + 1});
        } else {
            assert_int_equal(races_blocks_remove(start), model[i].size);
            assert_int_equal(races_blocks_remove(start), 0);
            model[i].freed = true;
        }
        if (step % 400 == 0)
            compare(i);
    }
    for (unsigned i = 0; i < BLOCKS; i += 50)
        compare(i);
}

static void the_last_block_is_the_one(void **state)
{
    struct races_block block;
    uintptr_t start = (uintptr_t)1 << 41;
    (void)state;
    races_blocks_add(start, 1000, (struct races_origin){.thread = 1});
    races_blocks_remove(start);
    races_blocks_add(start + 64, 32, (struct races_origin){.thread = 2});
    assert_true(races_find_block(start + 70, &block));
    assert_int_equal(block.allocated_by, 2);
    assert_true(races_find_block(start + 200, &block));
    assert_true(block.freed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_all_memory),          cmocka_unit_test(words_of_memory_far_below_the_linker),
        cmocka_unit_test(words_of_memory_at_a_chosen_place), cmocka_unit_test(ranges_are_apart),
        cmocka_unit_test(discarded_pages_are_empty),    cmocka_unit_test(blocks_are_found_from_inside),
        cmocka_unit_test(the_last_block_is_the_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
