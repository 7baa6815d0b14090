/* SPDX-License-Identifier: MIT */
/* The code of inline tests; see check.h. With the address in A, for a read of 4 bytes:
 *
 *         lea    operand, %A
 *         test   $3, %A              it may lie in two words
 *         jnz    way_out
 *         and    $-8, %A
 *         btc    $flip_bit, %A
 *         mov    offset(%A), %A
 *         cmp    %fs:tag, %A         as 32 bits: the last write
 *         je     1f
 *         shr    $32, %A
 *         cmp    %fs:tag, %A         the reads since
 *         jne    way_out
 *      1: the program's instruction
 *
 * Where the address is a constant, so is that of its word. A write is known already only if the last write was this
 * thread's. Wide operands have the tag in B and compare it with each of their words. Where flags are live they are kept in
 * rax meanwhile (lahf, seto). The way out lies behind the fragment's instructions: it tests again what the tags of halves and
 * of shared words say, gives all registers back and calls out; the hook resumes behind the test. */
#include "translate/x86_64/check.h"

#include "translate/translator.h"

static int32_t slot_at(unsigned slot) { return TR_FS(spill) + 8 * (int32_t)slot; }

/* --- encodings ------------------------------------------------------------------------------------------------------ */

static void emit_rex(struct emitter *e, bool wide, unsigned reg, unsigned index, unsigned base)
{
    emit8(e, (uint8_t)(0x40 | wide << 3 | (reg >> 3) << 2 | (index >> 3) << 1 | base >> 3));
}

/* ModRM, SIB and displacement of displacement(base). */
static void emit_at_base(struct emitter *e, unsigned reg, unsigned base, int32_t displacement)
{
    emit8(e, (uint8_t)(0x80 | (reg & 7) << 3 | (base & 7)));
    if ((base & 7) == TR_RSP)
        emit8(e, 0x24);
    emit32(e, (uint32_t)displacement);
}

static void emit_at_fs(struct emitter *e, bool wide, uint8_t opcode, unsigned reg, int32_t offset)
{
    emit8(e, 0x64);
    emit_rex(e, wide, reg, 0, 0);
    emit_bytes(e, (uint8_t[]){opcode, (uint8_t)((reg & 7) << 3 | 4), 0x25}, 3);
    emit32(e, (uint32_t)offset);
}

/* cmp %fs:tag, %reg */
static void emit_compare_tag(struct emitter *e, unsigned reg, enum tr_tag tag)
{
    emit_at_fs(e, false, 0x3b, reg, TR_FS(tags[tag]));
}

static unsigned scale_bits(unsigned scale) { return scale == 8 ? 3 : scale == 4 ? 2 : scale == 2 ? 1 : 0; }

static void emit_lea(struct emitter *e, unsigned reg, const struct tr_access *access)
{
    bool has_base = access->base != TR_NO_REGISTER, has_index = access->index != TR_NO_REGISTER;
    unsigned base = has_base ? access->base : TR_RBP, index = has_index ? access->index : TR_RSP;
    int32_t displacement = access->displacement;
    bool is_short = has_base && displacement == (int8_t)displacement;
    unsigned mod = !has_base ? 0 : is_short ? 1 : 2;
    bool has_sib = has_index || !has_base || (base & 7) == TR_RSP;
    emit_rex(e, true, reg, has_index ? index : 0, has_base ? base : 0);
    emit8(e, 0x8d);
    emit8(e, (uint8_t)(mod << 6 | (reg & 7) << 3 | (has_sib ? 4 : base & 7)));
    if (has_sib)
        emit8(e, (uint8_t)(scale_bits(access->scale) << 6 | (index & 7) << 3 | (base & 7)));
    if (is_short)
        emit8(e, (uint8_t)displacement);
    else
        emit32(e, (uint32_t)displacement);
}

/* --- borrowing -------------------------------------------------------------------------------------------------------- */

static void give_back(struct emitter *e, struct place_writer *places, unsigned reg, unsigned slot)
{
    emit_load_fs(e, reg, slot_at(slot));
    place_restored(places, e->at, reg);
}

static void take(struct emitter *e, struct place_writer *places, unsigned reg, unsigned slot)
{
    emit_store_fs(e, reg, slot_at(slot));
    place_spilled(places, e->at, reg, slot);
}

static bool keeps(const struct check_held *from, const struct check_held *to, unsigned k)
{
    return from->reg[k] == to->reg[k] && from->stretch[k] == to->stretch[k];
}

void check_convert(struct emitter *e, struct place_writer *places, const struct check_held *from, const struct check_held *to)
{
    for (unsigned k = 0; k < CHECK_REGISTERS; k++)
        if (from->reg[k] != TR_NO_REGISTER && !keeps(from, to, k))
            give_back(e, places, from->reg[k], SLOT_CHECK + k);
    for (unsigned k = 0; k < CHECK_REGISTERS; k++)
        if (to->reg[k] != TR_NO_REGISTER && !keeps(from, to, k))
            take(e, places, to->reg[k], SLOT_CHECK + k);
}

void check_tell_held(struct place_writer *places, uintptr_t code, const struct check_held *held)
{
    for (unsigned k = 0; k < CHECK_REGISTERS; k++)
        if (held->reg[k] != TR_NO_REGISTER)
            place_spilled(places, code, held->reg[k], SLOT_CHECK + k);
}

void check_tell_given_back(struct place_writer *places, uintptr_t code, const struct check_held *held)
{
    for (unsigned k = 0; k < CHECK_REGISTERS; k++)
        if (held->reg[k] != TR_NO_REGISTER)
            place_restored(places, code, held->reg[k]);
}

/* --- flags -------------------------------------------------------------------------------------------------------------- */

static void save_flags(struct emitter *e, struct place_writer *places)
{
    take(e, places, TR_RAX, SLOT_CHECK_RAX);
    emit_bytes(e, "\x9f\x0f\x90\xc0", 4); /* lahf; seto %al */
    place_flags_spilled(places, e->at, 0, FLAGS_IN_AX);
}

static void restore_flags(struct emitter *e, struct place_writer *places)
{
    emit_bytes(e, "\x04\x7f", 2); /* add $127, %al: overflows if al was 1 */
    place_flags_spilled(places, e->at, 0, FLAGS_IN_AH);
    emit8(e, 0x9e); /* sahf */
    place_flags_restored(places, e->at);
    give_back(e, places, TR_RAX, SLOT_CHECK_RAX);
}

/* --- the test ------------------------------------------------------------------------------------------------------------- */

enum { IF_EQUAL = 4, IF_NOT_EQUAL = 5 };

struct test {
    struct emitter *e;
    struct check_sites *sites;
    uint32_t i;
    const struct tr_access *access;
    unsigned a, b;
    uintptr_t known; /* where the second test goes on if it passes */
};

static void leave(struct test *t, bool is_misaligned)
{
    uintptr_t site = emit_branch(t->e, IF_NOT_EQUAL, t->e->at, false);
    if (t->sites->count == ARRAY_LEN(t->sites->site))
        t->e->full = true;
    else
        t->sites->site[t->sites->count++] = (struct check_site){t->i, is_misaligned, site};
}

static uintptr_t emit_skip(struct emitter *e)
{
    emit_bytes(e, (uint8_t[]){0x70 | IF_EQUAL, 0}, 2);
    return e->at - 1;
}

static void emit_alignment_test(struct test *t)
{
    unsigned size = t->access->size > 8 ? 8 : t->access->size;
    if (size == 1)
        return;
    emit_rex(t->e, false, 0, 0, t->a);
    emit_bytes(t->e, (uint8_t[]){0xf6, (uint8_t)(0xc0 | (t->a & 7)), (uint8_t)(size - 1)}, 3);
    leave(t, true);
}

/* A = the address of the word, less the offset, or of its half; unless the address is as `aligned` already. */
static void emit_word_address(struct test *t, unsigned unit, unsigned aligned)
{
    struct emitter *e = t->e;
    if (aligned < unit) {
        emit_rex(e, true, 0, 0, t->a);
        emit_bytes(e, (uint8_t[]){0x83, (uint8_t)(0xe0 | (t->a & 7)), (uint8_t)-unit}, 3);
    }
    emit_rex(e, true, 0, 0, t->a);
    emit_bytes(e, (uint8_t[]){0x0f, 0xba, (uint8_t)(0xf8 | (t->a & 7)), translator.client->check->flip_bit}, 4);
}

/* A = the operand's address, where its segment begins at 0. */
static void emit_operand(struct test *t)
{
    if (t->access->base == TR_RIP)
        emit_constant(t->e, t->a, t->access->address);
    else
        emit_lea(t->e, t->a, t->access);
}

/* glibc's thread control block, which the base points to, names itself there. */
static void emit_segment(struct test *t)
{
    if (t->access->segment == TR_FS)
        emit_at_fs(t->e, true, 0x03, t->a, 0);
}

static bool is_constant(const struct tr_access *access) { return access->base == TR_RIP && access->segment == 0; }

/* A = the address of the operand's word, or half, less the offset. */
static void emit_word(struct test *t, unsigned unit, unsigned aligned)
{
    if (is_constant(t->access)) {
        uintptr_t flip = (uintptr_t)1 << translator.client->check->flip_bit;
        emit_constant(t->e, t->a, (t->access->address & -(uintptr_t)unit) ^ flip);
        return;
    }
    emit_operand(t);
    emit_segment(t);
    emit_word_address(t, unit, aligned);
}

/* mov displacement(%A), %A */
static void emit_load_word(struct test *t, bool wide, int32_t displacement)
{
    emit_rex(t->e, wide, t->a, 0, t->a);
    emit8(t->e, 0x8b);
    emit_at_base(t->e, t->a, t->a, displacement);
}

/* Equal: nothing needs to be told of the word that A is the address of. Returns the displacement of a short jump that leads away
 * if so; 0: there is none. */
static uintptr_t emit_word_test(struct test *t)
{
    struct emitter *e = t->e;
    bool is_write = t->access->kind & TR_WRITE;
    emit_load_word(t, !is_write, translator.client->check->offset);
    emit_compare_tag(e, t->a, TR_TAG);
    if (is_write)
        return 0;
    uintptr_t known = emit_skip(e);
    emit_rex(e, true, 0, 0, t->a);
    emit_bytes(e, (uint8_t[]){0xc1, (uint8_t)(0xe8 | (t->a & 7)), 32}, 3);
    emit_compare_tag(e, t->a, TR_TAG);
    return known;
}

static void test_word(struct test *t)
{
    uintptr_t known = emit_word_test(t);
    leave(t, false);
    if (known)
        emit_set_short(t->e, known, t->e->at);
}

/* cmp %B, displacement(%A) */
static void emit_compare_word(struct test *t, int32_t displacement)
{
    emit_rex(t->e, false, t->b, 0, t->a);
    emit8(t->e, 0x39);
    emit_at_base(t->e, t->b, t->a, displacement);
}

static void test_words(struct test *t)
{
    int32_t displacement = translator.client->check->offset;
    struct emitter *e = t->e;
    emit_at_fs(e, false, 0x8b, t->b, TR_FS(tags[TR_TAG]));
    for (unsigned at = 0; at < t->access->size; at += 8, displacement += 8) {
        emit_compare_word(t, displacement);
        uintptr_t known = t->access->kind & TR_WRITE ? 0 : emit_skip(e);
        if (known)
            emit_compare_word(t, displacement + 4);
        leave(t, false);
        if (known)
            emit_set_short(e, known, e->at);
    }
}

static bool is_aligned_constant(const struct tr_access *access)
{
    unsigned unit = access->size > 8 ? 8 : access->size;
    return is_constant(access) && access->address % unit == 0;
}

static void check_operand(struct test *t, struct place_writer *places, bool flags_live)
{
    bool constant = is_aligned_constant(t->access);
    if (constant)
        emit_word(t, 8, 8);
    else
        emit_operand(t);
    if (flags_live)
        save_flags(t->e, places);
    if (!constant) {
        emit_segment(t);
        emit_alignment_test(t);
        emit_word_address(t, 8, t->access->size);
    }
    if (t->access->size > 8)
        test_words(t);
    else
        test_word(t);
    t->sites->resume[t->i] = t->e->at;
    if (flags_live)
        restore_flags(t->e, places);
}

void check_emit(struct emitter *e, struct place_writer *places, struct check_sites *sites, const struct check_plan *plan,
                uint32_t i, const struct tr_insn *insn)
{
    for (unsigned k = 0; k < insn->access_count; k++) {
        struct test test = {e, sites, i, &insn->access[k], plan->held[i].reg[0], plan->held[i].reg[1], 0};
        check_operand(&test, places, plan->flags_live[i]);
    }
    if (insn->access_count > 1)
        sites->resume[i] = e->at;
}

/* --- the second test --------------------------------------------------------------------------------------------------- */

static void lead_here(struct emitter *e, const struct check_sites *sites, uint32_t i, bool is_misaligned)
{
    for (uint32_t k = 0; k < sites->count; k++)
        if (sites->site[k].i == i && sites->site[k].is_misaligned == is_misaligned)
            emit_set_displacement(e, sites->site[k].site, e->at);
}

static void resume_on_equal(struct test *t) { emit_branch(t->e, IF_EQUAL, t->known, false); }

static void compare_half(struct test *t, enum tr_tag tag)
{
    emit_compare_tag(t->e, t->a, tag);
    resume_on_equal(t);
}

/*      lea   operand, %A
 *      and   $-4, %A
 *      btc   $flip_bit, %A
 *      mov   offset(%A), %A            the half of the bytes
 *      cmp   %fs:half_written, %A
 *      je    resume
 * and for a read
 *      cmp   %fs:half_read, %A
 *      je    resume
 *      lea   operand, %A
 *      and   $-8, %A
 *      btc   $flip_bit, %A
 *      mov   offset(%A), %A            the low half
 *      cmp   %fs:whole_read, %A
 *      je    resume                    */
static void test_halves(struct test *t)
{
    unsigned size = t->access->size;
    bool is_write = t->access->kind & TR_WRITE;
    if (size <= 4) {
        emit_word(t, 4, size);
        emit_load_word(t, false, translator.client->check->offset);
        compare_half(t, TR_TAG_HALF_WRITTEN);
        if (!is_write)
            compare_half(t, TR_TAG_HALF_READ);
    }
    if (size <= 8 && !is_write) {
        emit_word(t, 8, size);
        emit_load_word(t, false, translator.client->check->offset);
        compare_half(t, TR_TAG_WHOLE_READ);
    }
}

/* The words of the first and of the last byte, which may be one:
 *
 *      lea   operand, %A
 *      (as above)
 *      jne   call-out
 *      lea   operand + size - 1, %A
 *      (as above)
 *      je    resume
 *      jmp   call-out
 *
 * The two jumps' displacements are in `to_call_out`. */
static void test_both_words(struct test *t, uintptr_t to_call_out[2])
{
    struct tr_access last = *t->access;
    last.displacement = (int32_t)((uint32_t)last.displacement + last.size - 1);
    last.address += last.size - 1;
    emit_word(t, 8, 1);
    uintptr_t known = emit_word_test(t);
    to_call_out[0] = emit_branch(t->e, IF_NOT_EQUAL, t->e->at, false);
    if (known)
        emit_set_short(t->e, known, t->e->at);
    t->access = &last;
    emit_word(t, 8, 1);
    known = emit_word_test(t);
    if (known)
        emit_set_short(t->e, known, t->e->at);
    resume_on_equal(t);
    to_call_out[1] = emit_jump(t->e, t->e->at, false);
}

/* The last byte's displacement is one. */
static bool tests_both_words(const struct tr_access *access)
{
    return access->size > 1 && access->size <= 8 && access->displacement <= INT32_MAX - 8;
}

static void test_again(struct test *t, struct place_writer *places, const struct check_held *held)
{
    uintptr_t to_call_out[2] = {0, 0};
    const struct tr_access *access = t->access;
    place_stub(places, t->e->at, access->pc);
    check_tell_held(places, t->e->at, held);
    if (tests_both_words(access)) {
        lead_here(t->e, t->sites, t->i, true);
        test_both_words(t, to_call_out);
        t->access = access;
    }
    lead_here(t->e, t->sites, t->i, false);
    test_halves(t);
    if (!tests_both_words(access))
        lead_here(t->e, t->sites, t->i, true);
    for (unsigned k = 0; k < ARRAY_LEN(to_call_out); k++)
        if (to_call_out[k])
            emit_set_displacement(t->e, to_call_out[k], t->e->at);
    place_call_out(places, t->e->at, access->pc);
    check_tell_held(places, t->e->at, held);
}

/* --- where flags are live ---------------------------------------------------------------------------------------------- */

static void tell_flags_in_ax(struct place_writer *places, uintptr_t code)
{
    place_spilled(places, code, TR_RAX, SLOT_CHECK_RAX);
    place_flags_spilled(places, code, 0, FLAGS_IN_AX);
}

/*      mov   %rax, %fs:flags
 *      mov   %fs:spill, %rax           flags may change from here on */
static void put_flags_away(struct emitter *e, struct place_writer *places)
{
    emit_store_fs(e, TR_RAX, slot_at(TR_SLOT_FLAGS));
    place_flags_spilled(places, e->at, TR_SLOT_FLAGS, FLAGS_IN_SLOT);
    give_back(e, places, TR_RAX, SLOT_CHECK_RAX);
}

/*      mov   %rax, %fs:spill
 *      mov   %fs:flags, %rax
 *      jmp   resume                    where they are given back */
static void take_flags_back(struct test *t, struct place_writer *places, const struct check_held *held)
{
    struct emitter *e = t->e;
    place_stub(places, e->at, t->access->pc);
    check_tell_held(places, e->at, held);
    place_flags_spilled(places, e->at, TR_SLOT_FLAGS, FLAGS_IN_SLOT);
    take(e, places, TR_RAX, SLOT_CHECK_RAX);
    emit_load_fs(e, TR_RAX, slot_at(TR_SLOT_FLAGS));
    place_flags_spilled(places, e->at, 0, FLAGS_IN_AX);
    emit_jump(e, t->sites->resume[t->i], false);
}

/* Where the first test has faulted the others are left out, as where it has found nothing to read. */
static void test_again_with_flags(struct test *t, struct place_writer *places, const struct check_held *held)
{
    struct emitter *e = t->e;
    place_stub(places, e->at, t->access->pc);
    check_tell_held(places, e->at, held);
    tell_flags_in_ax(places, e->at);
    lead_here(e, t->sites, t->i, false);
    put_flags_away(e, places);
    test_halves(t);
    uintptr_t to_call_out = emit_jump(e, e->at, false);
    place_call_out(places, e->at, t->access->pc);
    check_tell_held(places, e->at, held);
    tell_flags_in_ax(places, e->at);
    lead_here(e, t->sites, t->i, true);
    put_flags_away(e, places);
    emit_set_displacement(e, to_call_out, e->at);
}

/* --- the way out --------------------------------------------------------------------------------------------------------- */

/* One operand: what it is about comes again, and a quick call may do. */
static struct call_out emit_way_out_of_one(struct test *t, struct place_writer *places, const struct check_held *held,
                                           bool flags_live)
{
    struct emitter *e = t->e;
    t->known = flags_live ? e->at : t->sites->resume[t->i];
    if (flags_live) {
        take_flags_back(t, places, held);
        test_again_with_flags(t, places, held);
    } else {
        test_again(t, places, held);
    }
    if (e->region->enter_quick) {
        emit_operand(t);
        emit_segment(t);
        emit_store_fs(e, t->a, slot_at(TR_SLOT_QUICK));
    }
    check_convert(e, places, held, &held_none);
    return (struct call_out){e->region->enter_quick ? e->region->enter_quick : e->region->enter_tested, t->known, flags_live};
}

struct call_out check_emit_way_out(struct emitter *e, struct place_writer *places, struct check_sites *sites,
                                   const struct check_plan *plan, uint32_t i, const struct tr_insn *insn)
{
    const struct check_held *held = &plan->held[i];
    bool flags_live = plan->flags_live[i];
    struct test test = {e, sites, i, &insn->access[0], held->reg[0], held->reg[1], 0};
    if (insn->access_count == 1)
        return emit_way_out_of_one(&test, places, held, flags_live);
    lead_here(e, sites, i, true);
    lead_here(e, sites, i, false);
    place_call_out(places, e->at, insn->pc);
    check_tell_held(places, e->at, held);
    if (flags_live) {
        tell_flags_in_ax(places, e->at);
        restore_flags(e, places);
    }
    check_convert(e, places, held, &held_none);
    return (struct call_out){flags_live ? e->region->enter_hook : e->region->enter_tested, sites->resume[i], false};
}
