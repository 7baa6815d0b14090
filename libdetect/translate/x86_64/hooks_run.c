/* SPDX-License-Identifier: MIT */
/* What call-outs run: on the translator's stack, with the program's general registers in tr_thread.context and its
 * vector registers still in place. So this file is compiled with -mgeneral-regs-only, calls nothing that is not, and
 * reads vector registers by inline assembly where a mask or an index is one. */
#include "translate/x86_64/hooks.h"

#include <cpuid.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "base/sys.h"
#include "translate/arch.h"
#include "translate/translator.h"
#include "translate/x86_64/offsets.h"

#define VECTOR_MAX 64

static struct {
    bool fsgsbase;   /* user code may read the segment bases */
    bool wide_masks; /* kmovq exists */
    uint64_t xcr0;
    uint32_t xsave_end[64]; /* of each component, in the standard format */
} cpu;

static uint64_t read_xcr0(void)
{
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

void hooks_init(void)
{
    unsigned a, b, c, d;
    cpu.fsgsbase = getauxval(AT_HWCAP2) & 2;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d))
        cpu.wide_masks = b & bit_AVX512BW;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
        return;
    cpu.xcr0 = read_xcr0();
    for (unsigned i = 2; i < 63; i++) {
        if (cpu.xcr0 >> i & 1 && __get_cpuid_count(0xd, i, &a, &b, &c, &d))
            cpu.xsave_end[i] = a + b;
    }
}

/* --- addresses ------------------------------------------------------------------------------------------------------ */

static uintptr_t segment_base(uint8_t segment)
{
    uintptr_t base = 0;
    if (segment == TR_FS && cpu.fsgsbase)
        __asm__ volatile("rdfsbase %0" : "=r"(base));
    else if (segment == TR_FS) /* glibc's thread control block names itself there */
        __asm__ volatile("mov %%fs:0, %0" : "=r"(base));
    else if (segment == TR_GS && cpu.fsgsbase)
        __asm__ volatile("rdgsbase %0" : "=r"(base));
    else if (segment == TR_GS)
        sys_call(SYS_arch_prctl, 0x1004 /* ARCH_GET_GS */, (long)&base, 0, 0, 0, 0);
    return base;
}

static uint64_t gpr(unsigned reg)
{
    return reg < TR_REGISTERS ? tr_thread.context.gpr[reg] : 0;
}

static uintptr_t address_at(const struct hook_operand *o, uint64_t offset)
{
    const struct tr_access *access = &o->access;
    uintptr_t address = access->base == TR_RIP
                            ? o->rip_operand
                            : gpr(access->base) + gpr(access->index) * access->scale +
                                  (uint64_t)(int64_t)access->displacement;
    address += offset;
    if (o->form.address_width == 32)
        address = (uint32_t)address;
    return address + segment_base(access->segment);
}

static void tell(const struct hook_operand *o, uintptr_t address, size_t size)
{
    if (size > 0)
        translator.client->on_access(address, size, o->access.kind, o->access.pc);
}

/* --- vector registers ----------------------------------------------------------------------------------------------- */

#define FOR_16(X, ...) X(0, __VA_ARGS__) X(1, __VA_ARGS__) X(2, __VA_ARGS__) X(3, __VA_ARGS__) X(4, __VA_ARGS__) \
    X(5, __VA_ARGS__) X(6, __VA_ARGS__) X(7, __VA_ARGS__) X(8, __VA_ARGS__) X(9, __VA_ARGS__) X(10, __VA_ARGS__) \
    X(11, __VA_ARGS__) X(12, __VA_ARGS__) X(13, __VA_ARGS__) X(14, __VA_ARGS__) X(15, __VA_ARGS__)
#define FOR_HIGH_16(X, ...) X(16, __VA_ARGS__) X(17, __VA_ARGS__) X(18, __VA_ARGS__) X(19, __VA_ARGS__) \
    X(20, __VA_ARGS__) X(21, __VA_ARGS__) X(22, __VA_ARGS__) X(23, __VA_ARGS__) X(24, __VA_ARGS__) \
    X(25, __VA_ARGS__) X(26, __VA_ARGS__) X(27, __VA_ARGS__) X(28, __VA_ARGS__) X(29, __VA_ARGS__) \
    X(30, __VA_ARGS__) X(31, __VA_ARGS__)
#define STORE(n, instruction, kind) \
    case n: \
        __asm__ volatile(instruction " %%" kind #n ", (%0)" ::"r"(to) : "memory"); \
        break;

/* The first `size` bytes, rounded up to a register's width, of a vector register that the program's instruction is
 * about to use, so that the CPU has it. */
static void read_vector(unsigned reg, size_t size, uint8_t to[VECTOR_MAX])
{
    if (size > 32 || reg > 15) {
        switch (reg) {
            FOR_16(STORE, "vmovdqu64", "zmm")
            FOR_HIGH_16(STORE, "vmovdqu64", "zmm")
        }
    } else if (size > 16) {
        switch (reg) { FOR_16(STORE, "vmovdqu", "ymm") }
    } else {
        switch (reg) { FOR_16(STORE, "movdqu", "xmm") }
    }
}

/* Nothing if a floating-point exception is pending: the program's own instruction will fault for it. */
static uint64_t read_mmx(unsigned reg)
{
    uint64_t value = 0, *to = &value;
    uint16_t status;
    __asm__ volatile("fnstsw %0" : "=a"(status));
    if (status & 0x80)
        return 0;
    switch (reg) {
        STORE(0, "movq", "mm")
        STORE(1, "movq", "mm")
        STORE(2, "movq", "mm")
        STORE(3, "movq", "mm")
        STORE(4, "movq", "mm")
        STORE(5, "movq", "mm")
        STORE(6, "movq", "mm")
    default:
        STORE(7, "movq", "mm")
    }
    return value;
}

static uint64_t read_opmask(unsigned reg, unsigned lanes)
{
    uint64_t value = 0, *to = &value;
    if (cpu.wide_masks) {
        switch (reg) {
            STORE(1, "kmovq", "k") STORE(2, "kmovq", "k") STORE(3, "kmovq", "k") STORE(4, "kmovq", "k")
            STORE(5, "kmovq", "k") STORE(6, "kmovq", "k") STORE(7, "kmovq", "k")
        }
    } else {
        switch (reg) {
            STORE(1, "kmovw", "k") STORE(2, "kmovw", "k") STORE(3, "kmovw", "k") STORE(4, "kmovw", "k")
            STORE(5, "kmovw", "k") STORE(6, "kmovw", "k") STORE(7, "kmovw", "k")
        }
    }
    return lanes < 64 ? value & ((1ull << lanes) - 1) : value;
}

static bool is_negative(const uint8_t *vector, unsigned i, size_t size)
{
    return vector[i * size + size - 1] >> 7;
}

/* A bit per element that is touched, from the sign bits of a vector of elements of this size. */
static uint64_t sign_mask(unsigned reg, unsigned elements, size_t size)
{
    uint8_t vector[VECTOR_MAX];
    uint64_t mask = 0;
    read_vector(reg, elements * size, vector);
    for (unsigned i = 0; i < elements; i++)
        mask |= (uint64_t)is_negative(vector, i, size) << i;
    return mask;
}

/* --- forms ---------------------------------------------------------------------------------------------------------- */

static void tell_elements(const struct hook_operand *o, uint64_t mask)
{
    uintptr_t address = address_at(o, 0);
    for (unsigned i = 0; i < 64; i++) {
        if (mask >> i & 1)
            tell(o, address + i * o->access.size, o->access.size);
    }
}

/* Lanes beyond a broadcast operand's elements repeat them. */
static uint64_t fold(uint64_t mask, unsigned elements)
{
    uint64_t folded = 0;
    for (unsigned i = 0; i < 64; i += elements)
        folded |= mask >> i;
    return elements < 64 ? folded & ((1ull << elements) - 1) : folded;
}

static unsigned count_bits(uint64_t mask)
{
    unsigned count = 0;
    for (; mask; mask &= mask - 1)
        count++;
    return count;
}

static uint64_t low_bits(unsigned count)
{
    return count < 64 ? (1ull << count) - 1 : ~0ull;
}

static void tell_gather(const struct hook_operand *o, uint64_t mask)
{
    const struct tr_form *form = &o->form;
    uint8_t vector[VECTOR_MAX];
    read_vector(form->vector, (size_t)form->elements * form->index_size, vector);
    for (unsigned i = 0; i < form->elements; i++) {
        int64_t index = 0;
        for (unsigned k = form->index_size; k > 0; k--)
            index = (int64_t)((uint64_t)index << 8 | vector[i * form->index_size + k - 1]);
        if (form->index_size == 4)
            index = (int32_t)index;
        if (mask >> i & 1)
            tell(o, address_at(o, (uint64_t)index * o->access.scale), o->access.size);
    }
}

/* [from, from + count elements) upwards, or downwards from the one at `from`. */
static void tell_range(const struct hook_operand *o, uintptr_t from, uint64_t count)
{
    size_t size = o->access.size;
    if (count == 0)
        return;
    tell(o, tr_thread.context.flags & FLAG_DIRECTION ? from - (count - 1) * size : from, count * size);
}

static uint64_t repeat_count(const struct hook_operand *o, uint64_t rcx)
{
    return o->form.address_width == 32 ? (uint32_t)rcx : rcx;
}

/* The chosen bit lies in another unit of the operand's size, as far away as the register says. */
static void tell_bits(const struct hook_operand *o)
{
    uint64_t value = gpr(o->form.vector);
    int64_t bit = o->access.size == 2   ? (int16_t)value
                  : o->access.size == 4 ? (int32_t)value
                                        : (int64_t)value;
    int64_t unit = bit >> (o->access.size == 2 ? 4 : o->access.size == 4 ? 5 : 6);
    tell(o, address_at(o, (uint64_t)unit * o->access.size), o->access.size);
}

static size_t xsave_size(void)
{
    uint64_t wanted = ((gpr(TR_RDX) << 32) | (uint32_t)gpr(TR_RAX)) & cpu.xcr0;
    size_t size = 576; /* x87, SSE and the header */
    for (unsigned i = 2; i < 63; i++) {
        if (wanted >> i & 1 && cpu.xsave_end[i] > size)
            size = cpu.xsave_end[i];
    }
    return size;
}

/* A compare-and-exchange that fails only reads, as far as anybody can tell. Where memory cannot be read, the instruction
 * will fault. */
static void tell_exchange(const struct hook_operand *o)
{
    uintptr_t address = address_at(o, 0);
    size_t half = o->form.is_pair ? o->access.size / 2 : o->access.size;
    uint64_t low, high, mask = half < 8 ? (1ull << 8 * half) - 1 : ~0ull;
    uint32_t kind = o->access.kind;
    if (load_guarded(&low, address, half) && ((low ^ gpr(TR_RAX)) & mask) != 0)
        kind &= ~(uint32_t)TR_WRITE;
    if (half != o->access.size && load_guarded(&high, address + half, half) && ((high ^ gpr(TR_RDX)) & mask) != 0)
        kind &= ~(uint32_t)TR_WRITE;
    translator.client->on_access(address, o->access.size, kind, o->access.pc);
}

static void tell_operand(const struct hook_operand *o)
{
    const struct tr_form *form = &o->form;
    switch (form->kind) {
    case FORM_PLAIN:
        tell(o, address_at(o, 0), o->access.size);
        break;
    case FORM_PUSH:
        tell(o, address_at(o, -(uint64_t)o->access.size), o->access.size);
        break;
    case FORM_STRING:
        tell_range(o, address_at(o, 0), repeat_count(o, gpr(TR_RCX)));
        break;
    case FORM_BITS:
        tell_bits(o);
        break;
    case FORM_XLAT:
        tell(o, address_at(o, (uint8_t)gpr(TR_RAX)), o->access.size);
        break;
    case FORM_EXCHANGE:
        tell_exchange(o);
        break;
    case FORM_XSAVE:
        tell(o, address_at(o, 0), xsave_size());
        break;
    case FORM_VECTOR_MASK:
        tell_elements(o, sign_mask(form->mask, form->elements, o->access.size));
        break;
    case FORM_MMX_MASK: {
        uint64_t bytes = read_mmx(form->mask), mask = 0;
        for (unsigned i = 0; i < 8; i++)
            mask |= (bytes >> (8 * i + 7) & 1) << i;
        tell_elements(o, mask);
        break;
    }
    case FORM_OPMASK:
        tell_elements(o, fold(read_opmask(form->mask, form->lanes), form->elements));
        break;
    case FORM_PACKED:
        tell_elements(o, low_bits(count_bits(read_opmask(form->mask, form->lanes))));
        break;
    case FORM_GATHER:
        tell_gather(o, sign_mask(form->mask, form->elements, o->access.size));
        break;
    case FORM_GATHER_OPMASK:
        tell_gather(o, read_opmask(form->mask, form->elements));
        break;
    }
}

/* --- what call-outs run ----------------------------------------------------------------------------------------------- */

static struct access_hook *of(struct tr_hook *hook)
{
    return (struct access_hook *)(void *)hook;
}

void run_accesses(struct tr_hook *hook)
{
    for (unsigned i = 0; i < of(hook)->count; i++)
        tell_operand(&of(hook)->operands[i]);
}

void run_plain(struct tr_hook *hook)
{
    const struct hook_operand *o = &of(hook)->operands[0];
    uintptr_t address = o->rip_operand;
    if (o->access.base != TR_RIP)
        address = gpr(o->access.base) + gpr(o->access.index) * o->access.scale + (uint64_t)(int64_t)o->access.displacement;
    translator.client->on_access(address, o->access.size, o->access.kind, o->access.pc);
}

/* It has run: its pointers stand behind (or before, downwards) what it has touched. */
void run_scan(struct tr_hook *hook)
{
    for (unsigned i = 0; i < of(hook)->count; i++) {
        const struct hook_operand *o = &of(hook)->operands[i];
        uint64_t count = repeat_count(o, tr_thread.spill[SLOT_SCAN] - gpr(TR_RCX));
        uint64_t moved = count * o->access.size;
        bool down = tr_thread.context.flags & FLAG_DIRECTION;
        tell_range(o, address_at(o, down ? moved : -moved), count);
    }
}

void run_call(struct tr_hook *hook)
{
    translator.client->on_call(of(hook)->return_pc, gpr(TR_RSP));
}

void run_return(struct tr_hook *hook)
{
    translator.client->on_return(hook->pc, gpr(TR_RSP));
}

/* The host is ordinary code. */
static void ask_host(void *arg)
{
    struct syscall_hook *hook = arg;
    ucontext_t context = {0};
    for (unsigned reg = 0; reg < TR_REGISTERS; reg++)
        tr_arch.context_set_register(&context, reg, gpr(reg));
    tr_arch.context_set_pc(&context, hook->hook.pc);
    if (translator.host->on_syscall(&context))
        tr_thread.resume = hook->skip;
    for (unsigned reg = 0; reg < TR_REGISTERS; reg++)
        tr_thread.context.gpr[reg] = tr_arch.context_register(&context, reg);
}

void run_syscall(struct tr_hook *hook)
{
    tr_arch.with_vectors_saved(ask_host, hook);
}
