/* SPDX-License-Identifier: MIT */
/* translate/place.c: whatever the builder tells comes back for every single cache address. The model is a table with a
 * row per address, filled as the writer is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "translate/place.h"

#define CODE_MAX 4096
#define CODE 0x7f1234560000u

static uint64_t state;

static uint32_t random_below(uint32_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % n;
}

struct model {
    struct tr_place now, rows[CODE_MAX];
    uintptr_t entry_pc[CODE_MAX]; /* enterable instruction that begins here */
    uintptr_t pc, code, last_insn;
    struct place_writer w;
    uint8_t bytes[1 << 16];
};

/* Emits n bytes of code in the present state. */
static void advance(struct model *m, uint32_t n)
{
    for (; n > 0; n--) {
        m->rows[m->code - CODE] = m->now;
        m->now.at_return_site = false;
        m->code++;
    }
}

static void instruction(struct model *m, uintptr_t pc, bool enterable)
{
    place_instruction(&m->w, pc, m->code, enterable);
    m->now.pc = pc;
    m->now.started = false;
    if (enterable)
        m->entry_pc[m->code - CODE] = pc;
}

static void start(struct model *m)
{
    place_started(&m->w, m->code);
    m->now.started = true;
}

static void spill(struct model *m, unsigned reg, unsigned slot)
{
    place_spilled(&m->w, m->code, reg, slot);
    m->now.spilled |= (uint16_t)(1u << reg);
    m->now.spill_of[reg] = (uint8_t)slot;
}

static void restore(struct model *m, unsigned reg)
{
    place_restored(&m->w, m->code, reg);
    m->now.spilled &= (uint16_t)~(1u << reg);
}

static void plain(struct model *m)
{
    uint32_t length = 1 + random_below(15);
    instruction(m, m->pc, true);
    start(m);
    advance(m, length);
    m->pc += length;
}

static void with_borrowed_register(struct model *m)
{
    unsigned reg = random_below(16), slot = random_below(TR_SPILLS);
    instruction(m, m->pc, true);
    advance(m, 9);
    spill(m, reg, slot);
    advance(m, 1 + random_below(10));
    start(m);
    advance(m, 1 + random_below(15));
    m->pc += 1 + random_below(15);
    instruction(m, m->pc, false);
    advance(m, 9);
    restore(m, reg);
}

static void with_spilled_flags(struct model *m)
{
    unsigned slot = random_below(TR_SPILLS), form = random_below(8);
    instruction(m, m->pc, true);
    advance(m, random_below(3));
    place_flags_spilled(&m->w, m->code, slot, form);
    m->now.flags_spilled = true;
    m->now.spill_of_flags = (uint8_t)slot;
    m->now.flags_form = (uint8_t)form;
    advance(m, 1 + random_below(40));
    place_flags_restored(&m->w, m->code);
    m->now.flags_spilled = false;
    start(m);
    advance(m, 4);
    m->pc += 3;
}

static void call(struct model *m)
{
    instruction(m, m->pc, true);
    advance(m, random_below(4));
    start(m);
    advance(m, 5);
    m->pc += 5;
    place_return_site(&m->w, m->code, m->pc);
    m->now.pc = m->pc;
    m->now.started = false;
    m->now.at_return_site = true;
}

static void jump_elsewhere(struct model *m)
{
    m->pc += random_below(1u << 20);
    m->pc -= random_below(1u << 19);
    plain(m);
}

static void stub(struct model *m)
{
    uintptr_t target = m->pc + random_below(1u << 30) - (1u << 29);
    place_stub(&m->w, m->code, target);
    m->now = (struct tr_place){.pc = target};
    memcpy(m->now.spill_of, m->rows[m->code - 1 - CODE].spill_of, sizeof(m->now.spill_of));
    advance(m, 9);
    spill(m, TR_RAX, 0);
    advance(m, 15);
}

static void assert_same(const struct tr_place *got, const struct tr_place *want)
{
    assert_int_equal(got->pc, want->pc);
    assert_int_equal(got->spilled, want->spilled);
    for (unsigned reg = 0; reg < TR_REGISTERS; reg++) {
        if (want->spilled >> reg & 1)
            assert_int_equal(got->spill_of[reg], want->spill_of[reg]);
    }
    assert_int_equal(got->flags_spilled, want->flags_spilled);
    if (want->flags_spilled) {
        assert_int_equal(got->spill_of_flags, want->spill_of_flags);
        assert_int_equal(got->flags_form, want->flags_form);
    }
    assert_int_equal(got->started, want->started);
    assert_int_equal(got->at_return_site, want->at_return_site);
}

static struct tr_fragment fragment_of(struct model *m, uintptr_t first_pc)
{
    return (struct tr_fragment){.pc = first_pc, .pc_end = first_pc + (1u << 26), .code = CODE, .code_end = m->code,
                                .places = m->bytes, .places_size = m->w.used};
}

static void check(struct model *m, uintptr_t first_pc)
{
    struct tr_fragment fragment = fragment_of(m, first_pc);
    struct tr_place place;
    for (uintptr_t code = CODE; code < m->code; code++) {
        assert_true(fragment_place(&fragment, code, &place));
        assert_same(&place, &m->rows[code - CODE]);
    }
    assert_false(fragment_place(&fragment, CODE - 1, &place));
    assert_false(fragment_place(&fragment, m->code, &place));
    assert_true(fragment_is_valid(&fragment));
}

/* Every enterable instruction is found, where it first is. */
static void check_entries(struct model *m, uintptr_t first_pc)
{
    struct tr_fragment fragment = fragment_of(m, first_pc);
    for (uintptr_t code = CODE; code < m->code; code++) {
        uintptr_t pc = m->entry_pc[code - CODE];
        if (pc < first_pc)
            continue;
        uintptr_t found = fragment_code_at(&fragment, pc);
        assert_true(found != 0 && found <= code);
        assert_int_equal(m->entry_pc[found - CODE], pc);
    }
    assert_int_equal(fragment_code_at(&fragment, first_pc + (1u << 25)), 0);
}

static void test_random(void **unused)
{
    (void)unused;
    static struct model m;
    static void (*const steps[])(struct model *) = {plain, plain, plain, plain, with_borrowed_register,
                                                    with_spilled_flags, call, jump_elsewhere};
    for (unsigned round = 0; round < 300; round++) {
        memset(&m, 0, sizeof(m));
        state = round;
        uintptr_t first_pc = 0x555500000000u + random_below(1u << 30);
        m.pc = m.now.pc = first_pc;
        m.code = CODE;
        place_begin(&m.w, m.bytes, sizeof(m.bytes), first_pc, CODE);
        plain(&m);
        for (uint32_t n = random_below(60); n > 0; n--)
            steps[random_below(ARRAY_LEN(steps))](&m);
        plain(&m);
        for (uint32_t n = random_below(5); n > 0; n--)
            stub(&m);
        place_end(&m.w);
        assert_false(m.w.full);
        check(&m, first_pc);
        check_entries(&m, first_pc);
    }
}

static void test_verbatim_code_takes_a_byte_each(void **unused)
{
    (void)unused;
    uint8_t bytes[64];
    struct place_writer w;
    place_begin(&w, bytes, sizeof(bytes), 0x1000, CODE);
    for (unsigned i = 0; i < 20; i++) {
        place_instruction(&w, 0x1000 + 4u * i, CODE + 4u * i, true);
        place_started(&w, CODE + 4u * i);
    }
    place_end(&w);
    assert_true(w.used <= 21);
}

static void test_full(void **unused)
{
    (void)unused;
    uint8_t bytes[4];
    struct place_writer w;
    place_begin(&w, bytes, sizeof(bytes), 0x1000, CODE);
    for (unsigned i = 0; i < 8; i++)
        place_spilled(&w, CODE + i, TR_RAX, 0);
    place_end(&w);
    assert_true(w.full);
    assert_true(w.used <= sizeof(bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_verbatim_code_takes_a_byte_each),
        cmocka_unit_test(test_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
