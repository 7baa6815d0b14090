/* SPDX-License-Identifier: MIT */
/* translate/x86_64/decode.c and relocate.c over real code: the executable segments of whatever large libraries are
 * here, instruction by instruction. Zydis' full decoder is the reference; a relocated copy, decoded again, must be the
 * same instruction with the same operand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <Zydis/Zydis.h>
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "translate/x86_64/decode.h"
#include "translate/x86_64/relocate.h"

#define HOME 0x555555000000u     /* where the code is said to lie */
#define FAR_AWAY 0x7f0000000000u /* where the copy goes: rip-relative operands are out of reach */

static ZydisDecoder decoder;
static uint8_t current[INSN_MAX]; /* for a debugger: the instruction that is being checked */

struct zydis {
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

static bool reference(struct zydis *z, const uint8_t *bytes, size_t size)
{
    return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, size, &z->insn, z->operands));
}

/* --- one instruction ---------------------------------------------------------------------------------------------- */

static bool is_rip(ZydisRegister reg)
{
    return reg == ZYDIS_REGISTER_RIP || reg == ZYDIS_REGISTER_EIP;
}

static uintptr_t rip_operand(const struct zydis *z, uintptr_t pc)
{
    for (unsigned i = 0; i < z->insn.operand_count; i++) {
        const ZydisDecodedOperand *o = &z->operands[i];
        ZyanU64 address;
        if (o->type == ZYDIS_OPERAND_TYPE_MEMORY && is_rip(o->mem.base)) {
            assert_true(ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&z->insn, o, pc, &address)));
            return address;
        }
    }
    return 0;
}

static void check_decode(const struct tr_insn *insn, const struct zydis *z)
{
    assert_int_equal(insn->length, z->insn.length);
    assert_int_equal(insn->rip_operand, rip_operand(z, insn->pc));
    bool is_known = z->insn.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY; /* else never sold */
    if (is_known && insn->flow != FLOW_TRAP && insn->flow != FLOW_TRANSACTION) { /* far ones; none to Zydis */
        bool stays = insn->flow == FLOW_NEXT || insn->flow == FLOW_SYSCALL || insn->flow == FLOW_STOP;
        assert_int_equal(stays, z->insn.meta.branch_type == ZYDIS_BRANCH_TYPE_NONE);
    }
    if (insn->target != 0) {
        ZyanU64 target;
        assert_true(ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&z->insn, &z->operands[0], insn->pc, &target)));
        assert_int_equal(insn->target, target);
    }
}

/* Both decoders of ours agree on all that they share. */
static void check_operands(const struct tr_insn *flow, const struct tr_insn *full)
{
    assert_memory_equal(flow, full, offsetof(struct tr_insn, access_count));
    if (full->rip_operand != 0 && !full->is_lea)
        for (unsigned i = 0; i < full->access_count; i++)
            assert_true(full->access[i].size > 0);
}

static struct emitter emitter_at(uintptr_t at, uint8_t *buffer, size_t size)
{
    memset(buffer, 0xcc, size);
    return (struct emitter){.at = at, .end = at + size, .delta = (intptr_t)((uintptr_t)buffer - at)};
}

static void check_near_copy(const struct tr_insn *insn)
{
    uint8_t buffer[64], places[64];
    struct place_writer w;
    struct tr_insn copy;
    uintptr_t at = insn->pc + 0x1234567;
    struct emitter e = emitter_at(at, buffer, sizeof(buffer));
    place_begin(&w, places, sizeof(places), insn->pc, at);
    place_instruction(&w, insn->pc, at, true);
    if (!relocate_is_plain(&e, insn)) /* random displacements, and 32-bit addresses */
        return;
    relocate_copy(&e, &w, insn, 2, 0);
    assert_true(decode(&copy, buffer, sizeof(buffer), at));
    assert_int_equal(copy.rip_operand, insn->rip_operand);
    assert_int_equal(copy.length, insn->length);
    assert_int_equal(e.at, at + insn->length);
}

static bool same_operand(const ZydisDecodedOperand *a, const ZydisDecodedOperand *b, ZydisRegister base)
{
    if (a->type != b->type || a->size != b->size || a->actions != b->actions)
        return false;
    if (a->type == ZYDIS_OPERAND_TYPE_REGISTER)
        return a->reg.value == b->reg.value;
    if (a->type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
        return a->imm.value.u == b->imm.value.u;
    if (a->type != ZYDIS_OPERAND_TYPE_MEMORY)
        return true;
    if (is_rip(a->mem.base))
        return b->mem.base == base && b->mem.index == ZYDIS_REGISTER_NONE && b->mem.disp.value == 0 &&
               a->mem.segment == b->mem.segment;
    return a->mem.base == b->mem.base && a->mem.index == b->mem.index && a->mem.disp.value == b->mem.disp.value;
}

static uint64_t moved_constant(const struct zydis *z)
{
    uint64_t value = z->operands[1].imm.value.u;
    return z->operands[0].size == 32 ? (uint32_t)value : value;
}

/* The copy proper lies between a store, a constant and a load of one register that it does not use. */
static void check_far_copy(const struct tr_insn *insn, const struct zydis *z)
{
    uint8_t buffer[96], places[64];
    struct place_writer w;
    struct emitter e = emitter_at(FAR_AWAY, buffer, sizeof(buffer));
    place_begin(&w, places, sizeof(places), insn->pc, FAR_AWAY);
    place_instruction(&w, insn->pc, FAR_AWAY, true);
    relocate_copy(&e, &w, insn, 2, 0);
    place_end(&w);
    struct zydis store, constant, copy, load;
    const uint8_t *at = buffer;
    if (insn->is_lea && z->insn.operand_width >= 32) {
        assert_true(reference(&constant, at, 16));
        ZydisRegister reg = z->operands[0].reg.value;
        assert_int_equal(ZydisRegisterGetId(constant.operands[0].reg.value), ZydisRegisterGetId(reg));
        assert_int_equal(moved_constant(&constant),
                         z->insn.operand_width == 32 ? (uint32_t)insn->rip_operand : insn->rip_operand);
        return;
    }
    assert_true(reference(&store, at, 16));
    assert_true(reference(&constant, at += store.insn.length, 16));
    assert_true(reference(&copy, at += constant.insn.length, 16));
    assert_true(reference(&load, at += copy.insn.length, 16));
    assert_int_equal(e.at, FAR_AWAY + (uintptr_t)(at - buffer) + load.insn.length);
    ZydisRegister base = store.operands[1].reg.value;
    assert_int_equal(moved_constant(&constant), insn->rip_operand);
    assert_int_equal(load.operands[0].reg.value, base);
    assert_int_equal(copy.insn.mnemonic, z->insn.mnemonic);
    assert_int_equal(copy.insn.operand_count, z->insn.operand_count);
    ZydisRegister as_base = insn->displacement_width == 64 ? base : (ZydisRegister)(base - ZYDIS_REGISTER_RAX + ZYDIS_REGISTER_EAX);
    for (unsigned i = 0; i < z->insn.operand_count; i++) {
        assert_true(same_operand(&z->operands[i], &copy.operands[i], as_base));
        ZydisRegister reg = z->operands[i].type == ZYDIS_OPERAND_TYPE_REGISTER ? z->operands[i].reg.value : 0;
        assert_true(ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg) != base);
    }
}

static size_t check_instruction(const uint8_t *bytes, size_t size, uintptr_t pc)
{
    struct tr_insn flow, full;
    struct zydis z;
    memcpy(current, bytes, size < sizeof(current) ? size : sizeof(current));
    bool decoded = reference(&z, bytes, size);
    assert_int_equal(decode(&flow, bytes, size, pc), decoded);
    assert_int_equal(decode_operands(&full, bytes, size, pc), decoded);
    if (!decoded)
        return 1;
    check_decode(&flow, &z);
    check_operands(&flow, &full);
    if (flow.flow == FLOW_NEXT)
        check_near_copy(&flow);
    if (flow.rip_operand != 0)
        check_far_copy(&flow, &z);
    return z.insn.length;
}

/* --- whole files ----------------------------------------------------------------------------------------------------- */

static const char *const libraries[] = {
    "/usr/lib/x86_64-linux-gnu/libcrypto.so.3",   "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
    "/usr/lib/x86_64-linux-gnu/libx265.so.199",   "/usr/lib/x86_64-linux-gnu/libavcodec.so.59",
    "/usr/lib/x86_64-linux-gnu/libc.so.6",        "/usr/lib/x86_64-linux-gnu/libm.so.6",
    "/usr/lib/x86_64-linux-gnu/libgcrypt.so.20",  "/usr/lib/x86_64-linux-gnu/libzstd.so.1",
    "/usr/lib/x86_64-linux-gnu/libgmp.so.10",     "/usr/lib/x86_64-linux-gnu/libdav1d.so.6",
};

#define INSTRUCTIONS_PER_FILE 100000u

/* Evenly spread stretches of the segment, as many as the limit allows. */
static size_t check_segment(const uint8_t *code, size_t size)
{
    size_t count = 0, stretch = 4096, step = size / (INSTRUCTIONS_PER_FILE * 4 / stretch);
    if (step < stretch)
        step = stretch;
    for (size_t start = 0; start < size; start += step)
        for (size_t at = start; at < start + stretch && at < size; count++)
            at += check_instruction(code + at, size - at, HOME + at);
    return count;
}

static size_t check_elf(const uint8_t *file, size_t size)
{
    const Elf64_Ehdr *header = (const void *)file;
    const Elf64_Phdr *segment = (const void *)(file + header->e_phoff);
    size_t count = 0;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (segment[i].p_type == PT_LOAD && segment[i].p_flags & PF_X &&
            segment[i].p_offset + segment[i].p_filesz <= size)
            count += check_segment(file + segment[i].p_offset, segment[i].p_filesz);
    }
    return count;
}

static size_t check_file(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0)
        return 0;
    void *file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (file == MAP_FAILED)
        return 0;
    size_t count = check_elf(file, (size_t)st.st_size);
    munmap(file, (size_t)st.st_size);
    return count;
}

static void test_libraries(void **state)
{
    (void)state;
    size_t count = 0;
    for (unsigned i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++)
        count += check_file(libraries[i]);
    assert_true(count > 50000);
}

/* Any bytes at all: as Zydis says, and never beyond the end. */
static void test_random_bytes(void **state)
{
    (void)state;
    uint8_t bytes[INSN_MAX];
    for (unsigned i = 0; i < 300000; i++) {
        for (unsigned k = 0; k < sizeof(bytes); k++)
            bytes[k] = (uint8_t)(random() >> 5);
        check_instruction(bytes, i % 2 ? INSN_MAX : 1 + (size_t)random() % INSN_MAX, HOME + i);
    }
}

/* The tables of decode_fast.c, entry by entry: each opcode after each prefix, with ModRM bytes of all kinds. */
static void test_opcodes(void **state)
{
    (void)state;
    static const uint8_t prefixes[][3] = {{0}, {0x66}, {0xf2}, {0xf3}, {0x48}, {0x66, 0x48}, {0xf3, 0x41}, {0x66, 0xf2},
                                          {0x67}, {0xf0}, {0x64}, {0x48, 0x66}, {0x2e, 0x66, 0x44}};
    for (unsigned p = 0; p < sizeof(prefixes) / sizeof(prefixes[0]); p++) {
        for (unsigned opcode = 0; opcode < 0x400; opcode++) {
            for (unsigned modrm = 0; modrm < 0x100; modrm += 1 + modrm % 3) {
                uint8_t bytes[INSN_MAX] = {0}, used = 0;
                for (unsigned i = 0; i < 3 && prefixes[p][i]; i++)
                    bytes[used++] = prefixes[p][i];
                if (opcode >= 0x100)
                    bytes[used++] = 0x0f;
                if (opcode >= 0x200)
                    bytes[used++] = opcode < 0x300 ? 0x38 : 0x3a;
                bytes[used++] = (uint8_t)opcode;
                bytes[used++] = (uint8_t)modrm;
                bytes[used++] = 0x25; /* a SIB without base */
                bytes[used] = 0x81;
                check_instruction(bytes, INSN_MAX, HOME);
            }
        }
    }
}

/* --- single facts ---------------------------------------------------------------------------------------------------- */

static struct tr_insn of(const char *bytes, size_t size)
{
    struct tr_insn insn;
    assert_true(decode_operands(&insn, (const uint8_t *)bytes, size, HOME));
    assert_int_equal(insn.length, size);
    return insn;
}
#define INSN(bytes) of(bytes, sizeof(bytes) - 1)

static void test_flow(void **state)
{
    (void)state;
    assert_int_equal(INSN("\xeb\x10").flow, FLOW_JUMP);
    assert_int_equal(INSN("\xf2\xe9\0\0\0\0").flow, FLOW_JUMP); /* bnd */
    assert_int_equal(INSN("\x67\xe8\0\0\0\0").flow, FLOW_CALL); /* padded by the linker */
    assert_int_equal(INSN("\x66\x66\x48\xe8\0\0\0\0").flow, FLOW_CALL); /* of a thread-local address */
    assert_int_equal(INSN("\x7f\x10").flow, FLOW_BRANCH);
    assert_int_equal(INSN("\x7f\x10").condition, 15);
    assert_int_equal(INSN("\x0f\x84\0\0\0\0").condition, 4);
    assert_int_equal(INSN("\xe3\x10").flow, FLOW_BRANCH_SHORT);
    assert_int_equal(INSN("\x67\xe3\x10").flow, FLOW_BRANCH_SHORT);
    assert_int_equal(INSN("\xe2\x10").flow, FLOW_BRANCH_SHORT);
    assert_int_equal(INSN("\x3e\xff\xe0").flow, FLOW_JUMP_INDIRECT); /* notrack */
    assert_int_equal(INSN("\xff\x15\0\0\0\0").flow, FLOW_CALL_INDIRECT);
    assert_int_equal(INSN("\xff\x28").flow, FLOW_TRAP); /* far */
    assert_int_equal(INSN("\xff\x18").flow, FLOW_TRAP);
    assert_int_equal(INSN("\xcb").flow, FLOW_TRAP);
    assert_int_equal(INSN("\xc2\x08\0").flow, FLOW_RETURN);
    assert_int_equal(INSN("\xf3\xc3").flow, FLOW_RETURN);
    assert_int_equal(INSN("\x0f\x05").flow, FLOW_SYSCALL);
    assert_int_equal(INSN("\xcc").flow, FLOW_TRAP);
    assert_int_equal(INSN("\x0f\x0b").flow, FLOW_STOP);
    assert_int_equal(INSN("\xc7\xf8\0\0\0\0").flow, FLOW_TRANSACTION);
    assert_int_equal(INSN("\xcd\x80").flow, FLOW_NEXT);
}

static void test_registers(void **state)
{
    (void)state;
    struct tr_insn insn = INSN("\x89\xc8"); /* mov %ecx, %eax */
    assert_int_equal(insn.reads, 1 << TR_RCX);
    assert_int_equal(insn.writes, 1 << TR_RAX);
    insn = INSN("\xb4\x01"); /* mov $1, %ah: the rest of rax stays */
    assert_int_equal(insn.reads, 1 << TR_RAX);
    assert_int_equal(insn.writes, 1 << TR_RAX);
    insn = INSN("\x48\x0f\x44\xc1"); /* cmove %rcx, %rax */
    assert_int_equal(insn.reads, 1 << TR_RAX | 1 << TR_RCX);
    insn = INSN("\x0f\xbc\xc1"); /* bsf %ecx, %eax: keeps eax if ecx is 0 */
    assert_int_equal(insn.reads, 1 << TR_RAX | 1 << TR_RCX);
    insn = INSN("\xf3\xa4"); /* rep movsb */
    assert_int_equal(insn.reads & (1 << TR_RCX | 1 << TR_RSI | 1 << TR_RDI),
                     1 << TR_RCX | 1 << TR_RSI | 1 << TR_RDI);
    insn = INSN("\x4d\x8b\x54\xcd\x08"); /* mov 8(%r13,%rcx,8), %r10 */
    assert_int_equal(insn.reads, 1 << TR_R13 | 1 << TR_RCX);
    assert_int_equal(insn.writes, 1 << TR_R10);
}

static void test_flags(void **state)
{
    (void)state;
    enum { CF = 1, PF = 4, AF = 16, ZF = 64, SF = 128, DF = 1024, OF = 2048, ARITHMETIC = CF | PF | AF | ZF | SF | OF };
    assert_int_equal(INSN("\x48\x01\xc8").flags_written & ARITHMETIC, ARITHMETIC); /* add */
    assert_int_equal(INSN("\x48\xff\xc0").flags_written & ARITHMETIC, ARITHMETIC & ~CF); /* inc */
    assert_int_equal(INSN("\xd3\xe0").flags_written, 0); /* shl %cl: the count may be 0 */
    assert_int_equal(INSN("\xc1\xe0\x00").flags_written, 0);
    assert_int_equal(INSN("\xc1\xe0\x20").flags_written, 0); /* 32 is 0 */
    assert_int_equal(INSN("\xc1\xe0\x03").flags_written & ARITHMETIC, ARITHMETIC);
    assert_int_equal(INSN("\xf3\xa6").flags_written, 0); /* repe cmpsb with a count of 0 */
    assert_int_equal(INSN("\x0f\x92\xc0").flags_read, CF); /* setb */
    assert_int_equal(INSN("\x89\xc8").flags_written, 0);
}

int main(void)
{
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_MPX, false);
    ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_AMD_BRANCHES, __builtin_cpu_is("amd") != 0);
    decode_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_libraries), cmocka_unit_test(test_random_bytes),
        cmocka_unit_test(test_opcodes), cmocka_unit_test(test_flow),
        cmocka_unit_test(test_registers), cmocka_unit_test(test_flags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
