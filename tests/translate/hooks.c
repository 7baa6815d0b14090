/* SPDX-License-Identifier: MIT */
/* The access oracle: which memory each step of a snippet touches, by the manual's words for its operands; see
 * hooks.h. */
#include "hooks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "client.h"
#include "state.h"

const struct tr_client hooks_client = {
    .wants_access = client_wants, .on_access = client_access, .on_call = client_call, .on_return = client_return};
const struct tr_check hooks_check = {.flip_bit = 45, .offset = 0x5000, .quick = client_quick,
                                     .quick_in_loop = client_quick_in_loop};
const struct tr_client hooks_client_of_checks = {
    .wants_access = client_wants, .on_access = client_checked_access, .on_call = client_kept_call,
    .on_return = client_return, .check = &hooks_check, .keeps_calls = true};
const struct tr_client hooks_client_of_calls = {.on_call = client_kept_call, .on_return = client_return, .keeps_calls = true};

/* In what is expected: a smaller size is right as well, at the start or at the end of the range. */
enum { UP_TO = 0x10000, UP_TO_FROM_END = 0x20000 };

static struct accesses *expecting;
static const struct snippet *snippet;
static uint64_t last_pc;        /* of the step before, if that was a repeated string instruction */
static uint64_t last_count;

static void expect(uint64_t pc, uint64_t address, uint64_t size, uint32_t kind)
{
    struct accesses *a = expecting;
    if (a->count == a->capacity) {
        a->capacity = a->capacity ? 2 * a->capacity : 32;
        a->access = realloc(a->access, a->capacity * sizeof *a->access);
    }
    a->access[a->count++] = (struct access){pc, address, size, kind};
}

/* --- addresses -------------------------------------------------------------------------------------------------------- */

struct scene {
    const struct step *step;
    const struct instruction *i;
    struct machine *m; /* vector registers, if they are needed */
};

static uint64_t register_value(const struct scene *scene, ZydisRegister reg)
{
    const int number = register_number(reg);
    if (reg == ZYDIS_REGISTER_RIP || reg == ZYDIS_REGISTER_EIP)
        return scene->step->pc + scene->i->info.length;
    return number < 0 ? 0 : scene->step->gpr[number];
}

static uint64_t segment_base(const ZydisDecodedOperand *o)
{
    uintptr_t base = 0;
    if (o->mem.segment == ZYDIS_REGISTER_FS)
        __asm__("mov %%fs:0, %0" : "=r"(base));
    return base;
}

static uint64_t finish_address(const struct scene *scene, const ZydisDecodedOperand *o, uint64_t address)
{
    return segment_base(o) + (scene->i->info.address_width == 32 ? (uint32_t)address : address);
}

static uint64_t plain_address(const struct scene *scene, const ZydisDecodedOperand *o)
{
    uint64_t address = register_value(scene, o->mem.base) + (uint64_t)o->mem.disp.value;
    if (o->mem.index != ZYDIS_REGISTER_NONE)
        address += register_value(scene, o->mem.index) * o->mem.scale;
    return finish_address(scene, o, address);
}

/* Bytes [offset, offset + size) of a vector register. */
static uint64_t vector_bits(const struct scene *scene, unsigned reg, unsigned offset, unsigned size)
{
    const uint8_t *image = scene->m->xsave;
    const uint8_t *from;
    uint64_t value = 0;
    if (reg >= 16)
        from = image + machine_area[7].offset + 64 * (reg - 16) + offset;
    else if (offset < 16)
        from = image + 160 + 16 * reg + offset;
    else if (offset < 32)
        from = image + machine_area[2].offset + 16 * reg + offset - 16;
    else
        from = image + machine_area[6].offset + 32 * reg + offset - 32;
    memcpy(&value, from, size);
    return value;
}

static unsigned vector_number(ZydisRegister reg) { return (unsigned)ZydisRegisterGetId(reg); }

static uint64_t mask_register(const struct scene *scene, ZydisRegister reg)
{
    uint64_t value;
    if (reg == ZYDIS_REGISTER_K0 || reg == ZYDIS_REGISTER_NONE)
        return ~0ull;
    memcpy(&value, scene->m->xsave + machine_area[5].offset + 8 * (unsigned)(reg - ZYDIS_REGISTER_K0), 8);
    return value;
}

/* --- operands ---------------------------------------------------------------------------------------------------------- */

static uint32_t kind_of(const ZydisDecodedOperand *o)
{
    return ((o->actions & ZYDIS_OPERAND_ACTION_MASK_READ) ? TR_READ : 0u) |
           ((o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) ? TR_WRITE : 0u);
}

static bool is_mov(const struct instruction *i)
{
    return i->info.mnemonic == ZYDIS_MNEMONIC_MOV || i->info.mnemonic == ZYDIS_MNEMONIC_MOVZX ||
           i->info.mnemonic == ZYDIS_MNEMONIC_MOVSX || i->info.mnemonic == ZYDIS_MNEMONIC_MOVSXD;
}

/* A barrier, as compilers write it: what it does to memory changes nothing. */
static bool is_fence(const struct instruction *i)
{
    const ZydisMnemonic mnemonic = i->info.mnemonic;
    const int64_t neutral = mnemonic == ZYDIS_MNEMONIC_AND ? -1 : 0;
    return (mnemonic == ZYDIS_MNEMONIC_OR || mnemonic == ZYDIS_MNEMONIC_ADD || mnemonic == ZYDIS_MNEMONIC_SUB ||
            mnemonic == ZYDIS_MNEMONIC_XOR || mnemonic == ZYDIS_MNEMONIC_AND) &&
           (i->info.attributes & ZYDIS_ATTRIB_HAS_LOCK) && i->operand[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
           i->operand[1].imm.value.s == neutral && register_number(i->operand[0].mem.base) == RSP &&
           i->operand[0].mem.index == ZYDIS_REGISTER_NONE;
}

/* Whether a compare-and-exchange will find what it wants, and so write; the single steps see memory as it is. */
static bool will_exchange(const struct scene *scene, const ZydisDecodedOperand *o, uint64_t address)
{
    const bool pair = scene->i->info.mnemonic != ZYDIS_MNEMONIC_CMPXCHG;
    const size_t size = o->size / 8u / (pair ? 2 : 1);
    const void *at = (const void *)(uintptr_t)address;
    const uint64_t end = address + o->size / 8u;
    if (!(address >= ARENA && end <= ARENA + ARENA_SIZE) && !(address >= CONSTANT_PAGE && end <= CONSTANT_PAGE + 4096))
        return true;
    return memcmp(at, &scene->step->gpr[RAX], size) == 0 &&
           (!pair || memcmp((const char *)at + size, &scene->step->gpr[RDX], size) == 0);
}

static uint32_t kind_at(const struct scene *scene, const ZydisDecodedOperand *o, uint64_t address)
{
    uint32_t kind = kind_of(o);
    if (is_mov(scene->i))
        kind |= TR_MOV;
    if (scene->i->info.mnemonic == ZYDIS_MNEMONIC_CMPXCHG || scene->i->info.mnemonic == ZYDIS_MNEMONIC_CMPXCHG8B ||
        scene->i->info.mnemonic == ZYDIS_MNEMONIC_CMPXCHG16B)
        kind &= will_exchange(scene, o, address) ? ~0u : ~(uint32_t)TR_WRITE;
    return kind;
}

static bool is_atomic(const struct scene *scene, const ZydisDecodedOperand *o)
{
    return (scene->i->info.attributes & ZYDIS_ATTRIB_HAS_LOCK) ||
           (scene->i->info.mnemonic == ZYDIS_MNEMONIC_XCHG && o->visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT);
}

static void string_operand(const struct scene *scene, const ZydisDecodedOperand *o)
{
    const uint64_t attributes = scene->i->info.attributes;
    const uint64_t address = plain_address(scene, o), size = o->size / 8;
    if (!(attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE))) {
        expect(scene->step->pc, address, size, kind_of(o));
        return;
    }
    const uint64_t rcx = scene->step->gpr[RCX];
    uint64_t count = scene->i->info.address_width == 32 ? (uint32_t)rcx : rcx;
    const bool down = scene->step->flags & 0x400;
    const uint8_t opcode = scene->i->info.opcode;
    /* cmps and scas end when they have found something. */
    const uint32_t scan = opcode == 0xa6 || opcode == 0xa7 || opcode == 0xae || opcode == 0xaf ? UP_TO : 0;
    if (scan && count > 1ull << 48) /* more than there is memory for; its product with the size might overflow */
        count = 1ull << 48;
    if (count)
        expect(scene->step->pc, down ? address - (count - 1) * size : address, count * size,
               kind_of(o) | TR_STRING | scan | (scan && down ? UP_TO_FROM_END : 0));
}

/* Elements of an operand whose mask is a k register: contiguous ones, packed ones, or one that is repeated. */
static void masked_operand(const struct scene *scene, const ZydisDecodedOperand *o, uint64_t mask)
{
    const ZydisDecodedInstruction *info = &scene->i->info;
    const uint64_t address = plain_address(scene, o);
    const uint64_t size = o->element_size / 8, count = o->size / o->element_size;
    uint64_t packed = 0;
    for (uint64_t e = 0; e < count; e++) {
        if (!(mask >> e & 1))
            continue;
        const bool packs = info->meta.category == ZYDIS_CATEGORY_COMPRESS ||
                           info->meta.category == ZYDIS_CATEGORY_EXPAND;
        expect(scene->step->pc, address + size * (packs ? packed++ : e), size, kind_of(o) | TR_MASKED);
    }
}

/* Whether elements that the mask leaves out are not touched: "fault suppression" in the manual. Instructions that move
 * elements about read their whole operand. */
static bool suppresses_faults(const ZydisDecodedInstruction *info)
{
    switch (info->meta.exception_class) {
    case ZYDIS_EXCEPTION_CLASS_E1NF: case ZYDIS_EXCEPTION_CLASS_E2NF: case ZYDIS_EXCEPTION_CLASS_E3NF:
    case ZYDIS_EXCEPTION_CLASS_E4NF: case ZYDIS_EXCEPTION_CLASS_E5NF: case ZYDIS_EXCEPTION_CLASS_E6NF:
    case ZYDIS_EXCEPTION_CLASS_E9NF: case ZYDIS_EXCEPTION_CLASS_E10NF: case ZYDIS_EXCEPTION_CLASS_E11NF:
        return false;
    default:
        return true;
    }
}

static bool is_vector_masked(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_VMASKMOVPS: case ZYDIS_MNEMONIC_VMASKMOVPD: case ZYDIS_MNEMONIC_VPMASKMOVD:
    case ZYDIS_MNEMONIC_VPMASKMOVQ: case ZYDIS_MNEMONIC_MASKMOVDQU: case ZYDIS_MNEMONIC_VMASKMOVDQU:
    case ZYDIS_MNEMONIC_MASKMOVQ:
        return true;
    default:
        return false;
    }
}

/* The mask is the sign bits of a vector register: the one operand that is read, and is neither data nor memory. */
static void vector_masked_operand(const struct scene *scene, const ZydisDecodedOperand *o)
{
    const struct instruction *i = scene->i;
    const uint64_t address = plain_address(scene, o);
    unsigned size = 1, mask = vector_number(i->operand[1].reg.value);
    if (i->info.mnemonic == ZYDIS_MNEMONIC_MASKMOVQ) {
        expecting->incomplete = true; /* an MMX register */
        return;
    }
    if (i->info.mnemonic != ZYDIS_MNEMONIC_MASKMOVDQU && i->info.mnemonic != ZYDIS_MNEMONIC_VMASKMOVDQU)
        size = i->info.mnemonic == ZYDIS_MNEMONIC_VMASKMOVPS || i->info.mnemonic == ZYDIS_MNEMONIC_VPMASKMOVD ? 4 : 8;
    for (unsigned at = 0; at < o->size / 8u; at += size)
        if (vector_bits(scene, mask, at, size) >> (8 * size - 1))
            expect(scene->step->pc, address + at, size, kind_of(o) | TR_MASKED);
}

/* Gathers and scatters: an address for each element. */
static void vsib_operand(const struct scene *scene, const ZydisDecodedOperand *o)
{
    const struct instruction *i = scene->i;
    /* v[p]gather or v[p]scatter, then d or q for the index, then d, q, ps or pd for the element. */
    const char *name = ZydisMnemonicGetString(i->info.mnemonic);
    const char *kind = strrchr(name, 'r') + 1;
    const bool wide_index = *kind == 'q';
    const char element_kind = kind[1] == 'p' ? kind[2] == 'd' ? 'q' : 'd' : kind[1];
    const unsigned element = element_kind == 'q' ? 8 : 4;
    const unsigned index = vector_number(o->mem.index), index_size = wide_index ? 8 : 4;
    const unsigned bytes = i->info.avx.vector_length / 8;
    const unsigned count = bytes / (element > index_size ? element : index_size);
    const bool vex = i->info.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX;
    const uint64_t mask = vex ? 0 : mask_register(scene, i->info.avx.mask.reg);
    for (unsigned e = 0; e < count; e++) {
        if (vex ? !(vector_bits(scene, vector_number(i->operand[2].reg.value), e * element, element) >>
                    (8 * element - 1)) : !(mask >> e & 1))
            continue;
        const uint64_t bits = vector_bits(scene, index, e * index_size, index_size);
        const uint64_t offset = index_size == 4 ? (uint64_t)(int64_t)(int32_t)bits : bits;
        expect(scene->step->pc,
               finish_address(scene, o, register_value(scene, o->mem.base) + offset * o->mem.scale +
                                            (uint64_t)o->mem.disp.value),
               element, kind_of(o) | TR_MASKED);
    }
}

static bool is_bit_test(const struct instruction *i)
{
    return (i->info.mnemonic == ZYDIS_MNEMONIC_BT || i->info.mnemonic == ZYDIS_MNEMONIC_BTC ||
            i->info.mnemonic == ZYDIS_MNEMONIC_BTR || i->info.mnemonic == ZYDIS_MNEMONIC_BTS) &&
           i->operand[1].type == ZYDIS_OPERAND_TYPE_REGISTER;
}

static uint64_t bit_test_address(const struct scene *scene, const ZydisDecodedOperand *o)
{
    const unsigned bits = scene->i->info.operand_width;
    const uint64_t raw = register_value(scene, scene->i->operand[1].reg.value);
    const int64_t offset = bits == 16 ? (int16_t)raw : bits == 32 ? (int32_t)raw : (int64_t)raw;
    const int64_t units = offset >> (bits == 16 ? 4 : bits == 32 ? 5 : 6);
    ZydisDecodedOperand shifted = *o;
    shifted.mem.disp.value += units * (bits / 8);
    return plain_address(scene, &shifted);
}

static bool is_stack(const ZydisDecodedOperand *o)
{
    return o->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN && register_number(o->mem.base) == RSP;
}

static void stack_operand(const struct scene *scene, const ZydisDecodedOperand *o)
{
    const uint64_t size = o->size / 8;
    const bool push = (o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
    expect(scene->step->pc, scene->step->gpr[RSP] - (push ? size : 0), size, kind_of(o) | TR_STACK);
}

/* Not accesses: hints. And what this oracle does not know the size of. */
static bool is_beyond_the_oracle(const struct instruction *i)
{
    switch (i->info.meta.category) {
    case ZYDIS_CATEGORY_XSAVE: case ZYDIS_CATEGORY_XSAVEOPT: case ZYDIS_CATEGORY_SYSTEM:
    case ZYDIS_CATEGORY_CLFLUSHOPT: case ZYDIS_CATEGORY_CLWB: case ZYDIS_CATEGORY_CLDEMOTE:
    case ZYDIS_CATEGORY_CLZERO: case ZYDIS_CATEGORY_MISC: case ZYDIS_CATEGORY_PREFETCH:
    case ZYDIS_CATEGORY_WIDENOP: case ZYDIS_CATEGORY_NOP: case ZYDIS_CATEGORY_PREFETCHWT1:
    case ZYDIS_CATEGORY_IOSTRINGOP: case ZYDIS_CATEGORY_PADLOCK:
        return true;
    default:
        break;
    }
    switch (i->info.mnemonic) {
    case ZYDIS_MNEMONIC_ENTER: case ZYDIS_MNEMONIC_LEAVE: case ZYDIS_MNEMONIC_FXSAVE: case ZYDIS_MNEMONIC_FXSAVE64:
    case ZYDIS_MNEMONIC_FXRSTOR: case ZYDIS_MNEMONIC_FXRSTOR64: case ZYDIS_MNEMONIC_CLFLUSH:
        return true;
    default:
        if (i->info.meta.isa_set == ZYDIS_ISA_SET_AVX512PF_512)
            return true;
        return i->info.meta.isa_ext == ZYDIS_ISA_EXT_PAUSE || i->info.meta.isa_ext == ZYDIS_ISA_EXT_CET;
    }
}

static void operand(const struct scene *scene, const ZydisDecodedOperand *o)
{
    const struct instruction *i = scene->i;
    const bool evex = i->info.encoding == ZYDIS_INSTRUCTION_ENCODING_EVEX;
    if (o->mem.type == ZYDIS_MEMOP_TYPE_VSIB) {
        vsib_operand(scene, o);
    } else if (i->info.meta.category == ZYDIS_CATEGORY_STRINGOP) {
        string_operand(scene, o);
    } else if (is_stack(o)) {
        stack_operand(scene, o);
    } else if (is_vector_masked(i->info.mnemonic)) {
        vector_masked_operand(scene, o);
    } else if (evex && i->info.avx.mask.reg > ZYDIS_REGISTER_K0 && i->info.avx.mask.reg <= ZYDIS_REGISTER_K7 &&
               suppresses_faults(&i->info)) {
        /* Broadcasts and operands that are not as wide as the vector: one element for several bits. */
        if (i->info.avx.broadcast.mode != ZYDIS_BROADCAST_MODE_INVALID || !o->element_size)
            expecting->incomplete = true;
        else
            masked_operand(scene, o, mask_register(scene, i->info.avx.mask.reg));
    } else if (is_bit_test(i)) {
        expect(scene->step->pc, bit_test_address(scene, o), o->size / 8,
               kind_of(o) | (is_atomic(scene, o) ? TR_ATOMIC : 0));
    } else if (i->info.mnemonic == ZYDIS_MNEMONIC_POP) {
        /* The address of pop's operand is computed after rsp has moved. */
        const bool moved = register_number(o->mem.base) == RSP;
        expect(scene->step->pc, plain_address(scene, o) + (moved ? i->info.operand_width / 8u : 0), o->size / 8,
               kind_of(o));
    } else if (!is_fence(i)) {
        const uint64_t address = plain_address(scene, o);
        expect(scene->step->pc, address, o->size / 8,
               kind_at(scene, o, address) | (is_atomic(scene, o) ? TR_ATOMIC : 0));
    }
}

static bool has_vector_index(const struct instruction *i)
{
    for (unsigned o = 0; o < i->info.operand_count; o++)
        if (i->operand[o].type == ZYDIS_OPERAND_TYPE_MEMORY && i->operand[o].mem.type == ZYDIS_MEMOP_TYPE_VSIB)
            return true;
    return false;
}

static void expect_step(const struct step *step, const ucontext_t *context)
{
    static struct machine m;
    struct instruction i;
    const uint32_t offset = (uint32_t)(step->pc - (CODE_START + snippet->slot * SLOT_SIZE));
    if (offset >= SLOT_SIZE)
        return;
    if (!instruction_decode(&i, snippet->code + offset, SLOT_SIZE - offset)) {
        expecting->incomplete = true;
        return;
    }
    bool repeated = i.info.meta.category == ZYDIS_CATEGORY_STRINGOP &&
                          (i.info.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE));
    /* Its second and later rounds are steps too, and so is the rest of a gather behind an element that it has got. */
    const bool gathers = has_vector_index(&i);
    const bool later = last_pc == step->pc && (gathers || (repeated && (uint32_t)last_count - 1 == (uint32_t)step->gpr[RCX]));
    repeated |= gathers;
    last_pc = repeated ? step->pc : 0;
    last_count = step->gpr[RCX];
    if (later)
        return;
    state_of_context(&m, context);
    state_normalise(&m);
    const struct scene scene = {step, &i, &m};
    if (i.info.meta.category == ZYDIS_CATEGORY_CALL)
        expect(step->pc + i.info.length, step->gpr[RSP], 0, CLIENT_CALL);
    if (i.info.meta.category == ZYDIS_CATEGORY_RET)
        expect(step->pc, step->gpr[RSP], 0, CLIENT_RETURN);
    bool touches = i.info.mnemonic == ZYDIS_MNEMONIC_CLZERO;
    for (unsigned o = 0; o < i.info.operand_count; o++)
        if (i.operand[o].type == ZYDIS_OPERAND_TYPE_MEMORY && i.operand[o].mem.type != ZYDIS_MEMOP_TYPE_AGEN) {
            touches = true;
            operand(&scene, &i.operand[o]);
        }
    expecting->incomplete |= touches && is_beyond_the_oracle(&i);
}

void hooks_expect(const struct snippet *s, struct accesses *expected, struct steps *steps, struct outcome *out)
{
    expected->count = 0;
    expected->incomplete = false;
    expecting = expected;
    snippet = s;
    last_pc = 0;
    steps->each = expect_step;
    run_steps(s, steps, out);
    expected->incomplete |= steps->too_many;
}

/* --- comparing --------------------------------------------------------------------------------------------------------------- */

static bool same(const struct access *a, const struct access *b)
{
    if (a->kind & UP_TO) {
        const uint64_t slack = a->size - b->size;
        return a->pc == b->pc && b->size <= a->size && b->kind == (a->kind & 0xffff) &&
               b->address == a->address + (a->kind & UP_TO_FROM_END ? slack : 0);
    }
    return a->pc == b->pc && a->address == b->address && a->size == b->size && a->kind == b->kind;
}

/* Accesses of one instruction come in any order: looks a few places ahead. */
static bool take(const struct access *wanted, struct access *from, size_t count)
{
    for (size_t i = 0; i < count && i < 70; i++)
        if (same(wanted, &from[i])) {
            memmove(from + 1, from, i * sizeof *from);
            return true;
        }
    return false;
}

static void print_access(const char *what, const struct access *a)
{
    printf("  %s: pc %#lx address %#lx size %lu kind %#x\n", what, a->pc, a->address, a->size, a->kind);
}

void hooks_forget(void) { recorded.count = 0; }

bool hooks_agree(const struct snippet *s, const struct accesses *expected)
{
    const size_t count = recorded.count;
    const bool abi_broken = recorded.abi_broken;
    (void)s;
    recorded.count = 0;
    recorded.abi_broken = false;
    if (abi_broken) {
        printf("the client was called with DF set or a misaligned stack\n");
        return false;
    }
    if (expected->incomplete)
        return true;
    size_t taken = 0;
    for (size_t i = 0; i < expected->count; i++) {
        const size_t left = count - taken;
        if (take(&expected->access[i], recorded.access + taken, left)) {
            taken++;
        } else if (!(expected->access[i].kind & UP_TO)) { /* what is told afterwards is not told if it faults */
            print_access("expected access", &expected->access[i]);
            for (size_t n = 0; n < left && n < 4; n++)
                print_access("recorded instead", &recorded.access[taken + n]);
            return false;
        }
    }
    if (taken < count)
        print_access("access that was not expected", &recorded.access[taken]);
    return taken == count;
}

bool hooks_calls_agree(void)
{
    const bool differ = recorded.calls_differ;
    recorded.calls_differ = false;
    if (differ)
        printf("the calls that are kept are not those that were made\n");
    return !differ;
}

/* --- inline tests ---------------------------------------------------------------------------------------------------------- */

/* The oracle's words: the client's have been changed by the run. */
struct oracle_word {
    uint8_t half[2];          /* enum tr_tag + 1 */
    uint8_t written, touched; /* bytes that were the thread's own at any time of this round */
};
static struct oracle_word known[(WORDS_END - WORDS_START) / 8];
static uint64_t touched[4096];
static size_t touched_count;
uint64_t hooks_second, hooks_second_told, hooks_early;

void hooks_init_words(void)
{
    const size_t size = WORDS_END - WORDS_START;
    void *at = hooks_word(WORDS_START);
    if (mmap(at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) != at) {
        fprintf(stderr, "differential: no memory for words at %p\n", at);
        exit(1);
    }
}

void hooks_forget_words(void)
{
    const uint32_t tag = ++tr_check_tags()[TR_TAG];
    for (enum tr_tag other = TR_TAG + 1; other < TR_TAGS; other++)
        tr_check_tags()[other] = (uint32_t)other << 29 | tag;
    for (size_t i = 0; i < touched_count && i < ARRAY_SIZE(touched); i++)
        known[touched[i]] = (struct oracle_word){0};
    if (touched_count > ARRAY_SIZE(touched))
        memset(known, 0, sizeof known);
    touched_count = 0;
}

static bool has_words(const struct access *a)
{
    return a->size > 0 && a->address >= WORDS_START && a->address < WORDS_END && a->size <= WORDS_END - a->address;
}

static struct oracle_word *word_of(uint64_t at) { return &known[(at - WORDS_START) / 8]; }

static uint8_t bytes_of(const struct access *a, uint64_t at)
{
    uint8_t mask = 0;
    for (unsigned i = 0; i < 8; i++)
        if (at + i >= a->address && at + i < a->address + a->size)
            mask |= (uint8_t)(1u << i);
    return mask;
}

/* Not to be told is right. */
static bool is_own(const struct access *a)
{
    if (!has_words(a))
        return false;
    for (uint64_t at = a->address & ~7ull; at < a->address + a->size; at += 8)
        if (bytes_of(a, at) & ~(a->kind & TR_WRITE ? word_of(at)->written : word_of(at)->touched))
            return false;
    return true;
}

static bool words_pass(const struct access *a)
{
    if (!has_words(a))
        return false;
    for (uint64_t at = a->address & ~7ull; at < a->address + a->size; at += 8)
        if (word_of(at)->half[0] != TR_TAG + 1 && ((a->kind & TR_WRITE) || word_of(at)->half[1] != TR_TAG + 1))
            return false;
    return true;
}

static bool is_aligned(const struct access *a) { return a->address % (a->size > 8 ? 8 : a->size) == 0; }

static bool first_test_passes(const struct access *a) { return is_aligned(a) && words_pass(a); }

static bool second_test_passes(const struct access *a)
{
    if (!has_words(a) || a->size > 8)
        return false;
    if (!is_aligned(a))
        return words_pass(a);
    const struct oracle_word *word = word_of(a->address);
    const uint8_t half = word->half[a->address >> 2 & 1];
    const bool in_half = a->size <= 4, reads = !(a->kind & TR_WRITE);
    return (in_half && (half == TR_TAG_HALF_WRITTEN + 1 || (reads && half == TR_TAG_HALF_READ + 1))) ||
           (reads && word->half[0] == TR_TAG_WHOLE_READ + 1);
}

static void make_known(const struct access *a)
{
    const enum tr_tag tag = hooks_tag_of(a->address, a->size, a->kind, a->pc);
    const unsigned half = hooks_half_of(a->address, a->kind, tag);
    const uint8_t bytes = tag == TR_TAG || tag == TR_TAG_WHOLE_READ ? 0xff : half ? 0xf0 : 0x0f;
    const uintptr_t end = hooks_words_end(a->address, a->size);
    for (uintptr_t at = hooks_words_begin(a->address); at < end; at += 8) {
        struct oracle_word *word = word_of(at);
        word->half[half] = (uint8_t)(tag + 1);
        word->touched |= bytes;
        if (a->kind & TR_WRITE)
            word->written |= bytes;
        if (touched_count++ < ARRAY_SIZE(touched))
            touched[touched_count - 1] = (at - WORDS_START) / 8;
    }
}

/* Wherever it is told, it is right that it is. */
static bool may_be_told(const struct access *a)
{
    if (a->size == 0)
        return true;
    return a->size > 64 || (a->size & (a->size - 1)) || (a->kind & ~(uint32_t)(TR_READ | TR_WRITE | TR_MOV));
}

/* The oracle does not say of what segment an operand is, how wide its address, and what else its instruction touches. */
static bool is_plain(const struct snippet *s, const struct access *a)
{
    struct instruction i;
    const uint32_t offset = (uint32_t)(a->pc - (CODE_START + s->slot * SLOT_SIZE));
    unsigned operands = 0;
    if (!instruction_decode(&i, s->code + offset, SLOT_SIZE - offset) || i.info.address_width != 64)
        return false;
    for (unsigned o = 0; o < i.info.operand_count; o++) {
        if (i.operand[o].type != ZYDIS_OPERAND_TYPE_MEMORY || i.operand[o].mem.type == ZYDIS_MEMOP_TYPE_AGEN)
            continue;
        operands++;
        if (i.operand[o].mem.segment == ZYDIS_REGISTER_FS || i.operand[o].mem.segment == ZYDIS_REGISTER_GS)
            return false;
    }
    return operands == 1 && !is_bit_test(&i) && i.info.mnemonic != ZYDIS_MNEMONIC_XLAT &&
           i.info.mnemonic != ZYDIS_MNEMONIC_CMPXCHG && i.info.mnemonic != ZYDIS_MNEMONIC_CMPXCHG8B &&
           i.info.mnemonic != ZYDIS_MNEMONIC_CMPXCHG16B;
}

/* The write that was told with a read does come. */
static bool comes_later(const struct accesses *expected, size_t from, struct access *early)
{
    early->kind &= ~(uint32_t)CLIENT_EARLY;
    hooks_early++;
    make_known(early);
    for (size_t i = from; i < expected->count; i++)
        if (same(&expected->access[i], early))
            return true;
    return false;
}

bool hooks_checks_agree(const struct snippet *s, const struct accesses *expected, bool faulted)
{
    const size_t count = recorded.count;
    size_t taken = 0;
    const bool abi_broken = recorded.abi_broken;
    recorded.count = 0;
    recorded.abi_broken = false;
    if (expected->incomplete || abi_broken)
        return !abi_broken;
    for (size_t i = 0; i < expected->count; i++) {
        const struct access *a = &expected->access[i];
        const bool simple = !may_be_told(a) && is_plain(s, a);
        if (simple && first_test_passes(a))
            continue;
        const bool is_second = simple && second_test_passes(a);
        hooks_second += is_second;
        if (take(a, recorded.access + taken, count - taken)) {
            hooks_second_told += is_second;
            make_known(&recorded.access[taken++]);
            struct access *next = &recorded.access[taken];
            if (taken < count && next->kind & CLIENT_EARLY) {
                taken++;
                if (!comes_later(expected, i + 1, next) && !faulted) {
                    print_access("told early, but does not come", next);
                    return false;
                }
            }
        } else if (!is_own(a) && !(a->kind & UP_TO)) {
            print_access("expected access", a);
            return false;
        }
    }
    if (taken < count)
        print_access("access that was not expected", &recorded.access[taken]);
    return taken == count;
}
