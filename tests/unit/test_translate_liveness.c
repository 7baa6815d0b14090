/* SPDX-License-Identifier: MIT */
/* translate/x86_64/liveness.c over short paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "translate/x86_64/liveness.h"

#define PC 0x10000u
#define BIT(reg) (1u << (reg))

static struct tr_insn insns[16];
static struct tr_live live[16];

/* Decodes the bytes one after the other and analyses them. */
static void analyse(const char *bytes, size_t size)
{
    uint32_t count = 0;
    for (size_t at = 0; at < size; at += insns[count++].length)
        assert_true(decode_operands(&insns[count], (const uint8_t *)bytes + at, size - at, PC + at));
    liveness(insns, count, live);
}
#define ANALYSE(bytes) analyse(bytes, sizeof(bytes) - 1)

static void what_is_overwritten_is_dead(void **state)
{
    (void)state;
    ANALYSE("\x89\xc8\x89\xca\xb9\x01\x00\x00\x00\xc3"); /* mov %ecx,%eax; mov %ecx,%edx; mov $1,%ecx; ret */
    assert_false(live[0].registers & BIT(TR_RAX));
    assert_false(live[0].registers & BIT(TR_RDX));
    assert_true(live[0].registers & BIT(TR_RCX));
    assert_true(live[1].registers & BIT(TR_RAX));
    assert_false(live[2].registers & BIT(TR_RCX));
    assert_int_equal(live[3].registers, UINT16_MAX);
}

static void partial_writes_keep_the_rest_alive(void **state)
{
    (void)state;
    ANALYSE("\xb0\x01\xc3"); /* mov $1,%al; ret */
    assert_true(live[0].registers & BIT(TR_RAX));
}

static void a_fault_may_show_what_is_dead(void **state)
{
    (void)state;
    ANALYSE("\x8b\x0f\xb8\x01\x00\x00\x00\xc3"); /* mov (%rdi),%ecx; mov $1,%eax; ret */
    assert_false(live[0].registers & BIT(TR_RAX));
    assert_true(live[0].visible & BIT(TR_RAX));
    assert_false(live[1].visible & BIT(TR_RAX));
}

static void flags(void **state)
{
    (void)state;
    ANALYSE("\x48\x01\xc8\xc3"); /* add; ret */
    assert_int_equal(live[0].flags & 1, 0);
    assert_int_equal(live[1].flags, LIVE_FLAGS);
    ANALYSE("\x48\x11\xc8\xc3"); /* adc reads the carry */
    assert_int_equal(live[0].flags & 1, 1);
    ANALYSE("\x48\xff\xc0\x48\x01\xc8\xc3"); /* inc leaves it to add, which overwrites it */
    assert_int_equal(live[0].flags & 1, 0);
    ANALYSE("\xd3\xe0\xc3"); /* shl %cl,%eax: a count of 0 keeps all flags */
    assert_int_equal(live[0].flags & 1, 1);
}

static void branches_join_both_ways(void **state)
{
    (void)state;
    /* je 1f; mov $1,%eax; 1: mov $2,%ecx; ret: eax is live where it is not overwritten; ecx never is */
    ANALYSE("\x74\x05\xb8\x01\x00\x00\x00\xb9\x02\x00\x00\x00\xc3");
    assert_true(live[0].registers & BIT(TR_RAX));
    assert_false(live[1].registers & BIT(TR_RAX));
    assert_false(live[0].registers & BIT(TR_RCX));
    /* the way out of the path needs everything */
    ANALYSE("\x74\x40\xb9\x02\x00\x00\x00\xc3");
    assert_true(live[0].registers & BIT(TR_RCX));
    /* as does the way back */
    ANALYSE("\x90\x74\xfd\xb9\x02\x00\x00\x00\xc3");
    assert_true(live[1].registers & BIT(TR_RCX));
}

static void calls_and_the_kernel_see_everything(void **state)
{
    (void)state;
    ANALYSE("\xe8\x00\x01\x00\x00\xb8\x01\x00\x00\x00\xc3"); /* call; mov $1,%eax; ret */
    assert_true(live[0].registers & BIT(TR_RAX));
    ANALYSE("\x0f\x05\xb8\x01\x00\x00\x00\xc3"); /* syscall */
    assert_true(live[0].registers & BIT(TR_RAX));
}

int main(void)
{
    decode_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_overwritten_is_dead), cmocka_unit_test(partial_writes_keep_the_rest_alive),
        cmocka_unit_test(a_fault_may_show_what_is_dead), cmocka_unit_test(flags),
        cmocka_unit_test(branches_join_both_ways), cmocka_unit_test(calls_and_the_kernel_see_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
