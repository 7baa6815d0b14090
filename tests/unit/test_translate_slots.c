/* SPDX-License-Identifier: MIT */
/* Jumps and calls through the dynamic linker's slots: bound, not yet bound, and bound anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "base/arena.h"
#include "translate/translate.h"

#define TEXT 65536u

static struct arena arena;
static uint8_t *text;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    static const struct tr_options options;
    static struct tr_host host;
    host.arena = &arena;
    if (!tr_init(&options, NULL, &host))
        return 1;
    int protection = PROT_READ | PROT_WRITE | PROT_EXEC;
    text = mmap(NULL, TEXT, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct tr_module module = {.start = (uintptr_t)text, .end = (uintptr_t)text + TEXT / 2, .low = (uintptr_t)text,
                               .high = (uintptr_t)text + TEXT, .protection = protection};
    return tr_module_add(&module) && tr_take_over() ? 0 : 1;
}

/* The slot at `offset` of the text's second, untranslated half. */
static uintptr_t *slot(size_t offset) { return (uintptr_t *)(void *)(text + TEXT / 2 + offset); }

/* [endbr64] and an instruction with a rip-relative displacement at its end, which leads to the slot. */
static uintptr_t put(size_t at, const char *code, size_t size, const uintptr_t *to)
{
    memcpy(text + at, code, size);
    int32_t displacement = (int32_t)((const uint8_t *)to - (text + at + size + 4));
    memcpy(text + at + size, &displacement, 4);
    return (uintptr_t)text + at;
}

static long native_add(long a, long b) { return a + b; }
static long native_subtract(long a, long b) { return a - b; }

static long call(uintptr_t pc, long a, long b) { return ((long (*)(long, long))tr_entry(pc))(a, b); }

static uint64_t dispatches(void)
{
    struct tr_stats stats;
    tr_stats(&stats);
    return stats.dispatches + stats.lookups_missed;
}

static void a_bound_slot_is_followed(void **state)
{
    (void)state;
    *slot(0) = (uintptr_t)native_add;
    uintptr_t stub = put(0, "\xf3\x0f\x1e\xfa\xff\x25", 6, slot(0));
    assert_int_equal(call(stub, 5, 3), 8);
    uint64_t before = dispatches();
    for (int i = 0; i < 10; i++)
        assert_int_equal(call(stub, 5, i), 5 + i);
    assert_int_equal(dispatches(), before);
}

static void a_slot_that_changes_is_noticed(void **state)
{
    (void)state;
    *slot(8) = (uintptr_t)native_add;
    uintptr_t stub = put(64, "\xff\x25", 2, slot(8));
    assert_int_equal(call(stub, 5, 3), 8);
    *slot(8) = (uintptr_t)native_subtract;
    assert_int_equal(call(stub, 5, 3), 2);
    *slot(8) = (uintptr_t)native_add;
    assert_int_equal(call(stub, 5, 3), 8);
}

static void calls_through_a_slot_come_back(void **state)
{
    (void)state;
    *slot(16) = (uintptr_t)native_add;
    /* sub $8,%rsp; call *slot; add $8,%rsp; lea 100(%rax),%rax; ret */
    uintptr_t code = put(128, "\x48\x83\xec\x08\xff\x15", 6, slot(16));
    memcpy(text + 128 + 10, "\x48\x83\xc4\x08\x48\x8d\x40\x64\xc3", 9);
    assert_int_equal(call(code, 5, 3), 108);
    *slot(16) = (uintptr_t)native_subtract;
    assert_int_equal(call(code, 5, 3), 102);
    assert_int_equal(call(code, 5, 4), 101);
}

/* Before binding, the slot leads to `push $index; jmp`; here that jump binds it by hand. */
static void binding_is_waited_for(void **state)
{
    (void)state;
    uintptr_t stub = put(256, "\xff\x25", 2, slot(24));
    /* push $0; jmp 1f; 1: pop %rax; mov target(%rip),%rax; mov %rax,slot(%rip); jmp *%rax */
    put(320, "\x68\x00\x00\x00\x00\xe9\x00\x00\x00\x00\x58\x48\x8b\x05", 14, slot(32));
    put(338, "\x48\x89\x05", 3, slot(24));
    memcpy(text + 345, "\xff\xe0", 2);
    *slot(24) = (uintptr_t)text + 320;
    *slot(32) = (uintptr_t)native_add;
    assert_int_equal(call(stub, 5, 3), 8);
    assert_int_equal(*slot(24), (uintptr_t)native_add);
    assert_int_equal(call(stub, 6, 3), 9);
    uint64_t before = dispatches();
    assert_int_equal(call(stub, 7, 3), 10);
    assert_int_equal(dispatches(), before);
}

/* One that stays unbound does not make a fragment each time. */
static void waiting_ends(void **state)
{
    (void)state;
    uintptr_t stub = put(512, "\xff\x25", 2, slot(40));
    put(576, "\x68\x00\x00\x00\x00\xe9\x00\x00\x00\x00\x58\xff\x25", 13, slot(48));
    *slot(40) = (uintptr_t)text + 576;
    *slot(48) = (uintptr_t)native_add;
    for (int i = 0; i < 20; i++)
        assert_int_equal(call(stub, i, 3), i + 3);
    struct tr_stats before, after;
    tr_stats(&before);
    for (int i = 0; i < 20; i++)
        assert_int_equal(call(stub, i, 3), i + 3);
    tr_stats(&after);
    assert_int_equal(before.fragments, after.fragments);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bound_slot_is_followed),       cmocka_unit_test(a_slot_that_changes_is_noticed),
        cmocka_unit_test(calls_through_a_slot_come_back), cmocka_unit_test(binding_is_waited_for),
        cmocka_unit_test(waiting_ends),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
