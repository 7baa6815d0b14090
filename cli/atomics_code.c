/* SPDX-License-Identifier: MIT */
/* Which instructions of a source place are its atomic operation: the code of "x = atomic_load(&s->next->flag) + y" also
 * loads s->next and y. Compilers make an atomic load or store a plain mov of the object's size; clang and rustc also fold
 * one into cmp, add, inc … of memory. What only leads to the object, or lies on the stack, is none.
 *
 * An includer of Zydis besides the translator, which decides nothing: it sees one instruction at a time, and no source. */
#include <string.h>

#if defined(__x86_64__)
#include <Zydis/Zydis.h>
#endif

#include "atomics_table.h"

bool code_contains(const struct code *code, uint64_t start, uint64_t end)
{
    for (size_t i = 0; i < code->segment_count; i++)
        if (start >= code->segments[i].start && end <= code->segments[i].end)
            return true;
    return false;
}

#if defined(__x86_64__)

#define LOOK_AHEAD 24 /* instructions in which a loaded pointer is used, or not */

struct insn {
    uint64_t address;
    ZydisDecodedInstruction z;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

static const unsigned char *bytes_at(const struct code *code, uint64_t address, size_t *left)
{
    for (size_t i = 0; i < code->segment_count; i++) {
        const struct code_segment *segment = &code->segments[i];
        if (address >= segment->start && address < segment->end) {
            *left = segment->end - address;
            return code->bytes + segment->offset + (address - segment->start);
        }
    }
    return NULL;
}

static bool decode(const struct code *code, uint64_t address, struct insn *insn)
{
    static ZydisDecoder decoder;
    static bool is_ready;
    size_t left;
    if (!is_ready)
        ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    is_ready = true;
    const unsigned char *bytes = bytes_at(code, address, &left);
    insn->address = address;
    return bytes && ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, left, &insn->z, insn->operands));
}

/* --- one instruction ------------------------------------------------------------------------------------------------------ */

static const ZydisDecodedOperand *memory_operand(const struct insn *insn)
{
    for (unsigned i = 0; i < insn->z.operand_count_visible; i++) {
        const ZydisDecodedOperand *operand = &insn->operands[i];
        if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY && operand->mem.type == ZYDIS_MEMOP_TYPE_MEM)
            return operand;
    }
    return NULL;
}

static bool is_move(const struct insn *insn)
{
    switch (insn->z.mnemonic) {
    case ZYDIS_MNEMONIC_MOV:
    case ZYDIS_MNEMONIC_MOVZX:
    case ZYDIS_MNEMONIC_MOVSX:
    case ZYDIS_MNEMONIC_MOVSXD:
        return true;
    default:
        return false;
    }
}

/* What LLVM makes of a load with a comparison, or of a load, a change and a store. */
static bool is_folded(const struct insn *insn)
{
    switch (insn->z.mnemonic) {
    case ZYDIS_MNEMONIC_CMP:
    case ZYDIS_MNEMONIC_TEST:
    case ZYDIS_MNEMONIC_ADD:
    case ZYDIS_MNEMONIC_SUB:
    case ZYDIS_MNEMONIC_AND:
    case ZYDIS_MNEMONIC_OR:
    case ZYDIS_MNEMONIC_XOR:
    case ZYDIS_MNEMONIC_INC:
    case ZYDIS_MNEMONIC_DEC:
    case ZYDIS_MNEMONIC_NOT:
    case ZYDIS_MNEMONIC_NEG:
        return true;
    case ZYDIS_MNEMONIC_MOVSS: /* a load or store of an atomic<float> */
    case ZYDIS_MNEMONIC_MOVSD:
    case ZYDIS_MNEMONIC_MOVD:
    case ZYDIS_MNEMONIC_MOVQ:
        return true;
    default:
        return false;
    }
}

static uint8_t operation_of(const ZydisDecodedOperand *memory)
{
    uint8_t op = 0;
    if (memory->actions & ZYDIS_OPERAND_ACTION_MASK_READ)
        op |= SPAN_LOAD;
    if (memory->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
        op |= SPAN_STORE;
    return op;
}

static bool is_on_stack(const ZydisDecodedOperand *memory)
{
    return memory->mem.base == ZYDIS_REGISTER_RSP ||
           (memory->mem.base == ZYDIS_REGISTER_RBP && memory->mem.disp.value < 0);
}

static ZydisRegister whole(ZydisRegister reg)
{
    return ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
}

/* --- pointers on the way to the object --------------------------------------------------------------------------------------- */

static const struct candidate *candidate_at(const struct candidates *candidates, uint64_t address)
{
    size_t low = 0, high = candidates->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (candidates->list[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < candidates->count && candidates->list[low].start <= address ? &candidates->list[low] : NULL;
}

static bool fits(const struct atomic_span *span, const ZydisDecodedOperand *memory)
{
    unsigned size = memory->size / 8u;
    return (operation_of(memory) & span->op) != 0 && (size & (size - 1)) == 0 && size <= 8 &&
           (!span->sizes || (span->sizes & size));
}

/* The register is the address of what may be the operation itself. */
static bool uses_as_address(const struct atomic_span *span, const struct insn *insn, ZydisRegister reg)
{
    const ZydisDecodedOperand *memory = memory_operand(insn);
    return memory && (whole(memory->mem.base) == reg || whole(memory->mem.index) == reg) && fits(span, memory);
}

static bool overwrites(const struct insn *insn, ZydisRegister reg)
{
    for (unsigned i = 0; i < insn->z.operand_count; i++)
        if (insn->operands[i].type == ZYDIS_OPERAND_TYPE_REGISTER && whole(insn->operands[i].reg.value) == reg &&
            (insn->operands[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
            return true;
    return false;
}

static bool ends_block(const struct insn *insn)
{
    return insn->z.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE || insn->z.mnemonic == ZYDIS_MNEMONIC_RET;
}

/* "lea" and "add" make a new pointer of the old one, and "mov" hands it on: the register they write stands for it. */
static ZydisRegister derived(const struct insn *insn, ZydisRegister reg)
{
    const ZydisDecodedOperand *to = &insn->operands[0], *from = &insn->operands[1];
    if (insn->z.operand_count_visible < 2 || to->type != ZYDIS_OPERAND_TYPE_REGISTER)
        return ZYDIS_REGISTER_NONE;
    bool from_it = (from->type == ZYDIS_OPERAND_TYPE_REGISTER && whole(from->reg.value) == reg) ||
                   (insn->z.mnemonic == ZYDIS_MNEMONIC_LEA && from->type == ZYDIS_OPERAND_TYPE_MEMORY &&
                    (whole(from->mem.base) == reg || whole(from->mem.index) == reg));
    bool hands_on = insn->z.mnemonic == ZYDIS_MNEMONIC_MOV || insn->z.mnemonic == ZYDIS_MNEMONIC_LEA ||
                    insn->z.mnemonic == ZYDIS_MNEMONIC_ADD;
    if (hands_on && from_it)
        return whole(to->reg.value);
    if (insn->z.mnemonic == ZYDIS_MNEMONIC_ADD && whole(to->reg.value) == reg)
        return reg;
    return ZYDIS_REGISTER_NONE;
}

/* Unoptimised code keeps it in a slot of the frame meanwhile. */
struct slot {
    ZydisRegister base;
    int64_t offset;
};

static bool is_slot(const ZydisDecodedOperand *operand, const struct slot *slot)
{
    return operand->type == ZYDIS_OPERAND_TYPE_MEMORY && operand->mem.base == slot->base &&
           operand->mem.index == ZYDIS_REGISTER_NONE && operand->mem.disp.value == slot->offset;
}

static void follow_slot(const struct insn *insn, ZydisRegister *reg, struct slot *slot)
{
    const ZydisDecodedOperand *to = &insn->operands[0], *from = &insn->operands[1];
    if (insn->z.mnemonic != ZYDIS_MNEMONIC_MOV)
        return;
    if (to->type == ZYDIS_OPERAND_TYPE_MEMORY && is_on_stack(to) && from->type == ZYDIS_OPERAND_TYPE_REGISTER &&
        whole(from->reg.value) == *reg)
        *slot = (struct slot){to->mem.base, to->mem.disp.value};
    else if (to->type == ZYDIS_OPERAND_TYPE_REGISTER && is_slot(from, slot))
        *reg = whole(to->reg.value);
}

/* The loaded value is an address of another access of the same source place. */
static bool leads_on(const struct code *code, const struct candidates *candidates, const struct candidate *here,
                     const struct insn *load)
{
    if (load->operands[0].type != ZYDIS_OPERAND_TYPE_REGISTER)
        return false;
    ZydisRegister reg = whole(load->operands[0].reg.value);
    uint64_t address = load->address + load->z.length;
    struct slot slot = {ZYDIS_REGISTER_NONE, 0};
    struct insn next;
    for (int i = 0; i < LOOK_AHEAD && decode(code, address, &next); i++, address += next.z.length) {
        const struct candidate *there = candidate_at(candidates, address);
        if (there && there->span == here->span && uses_as_address(here->span, &next, reg) && next.z.mnemonic != ZYDIS_MNEMONIC_LEA)
            return true;
        ZydisRegister onward = derived(&next, reg), before = reg;
        follow_slot(&next, &reg, &slot);
        if (onward != ZYDIS_REGISTER_NONE)
            reg = onward;
        else if (ends_block(&next) || (before == reg && slot.base == ZYDIS_REGISTER_NONE && overwrites(&next, reg)))
            return false;
    }
    return false;
}

/* An operand at a fixed address is the operation's only if one of its names lies there. */
static bool is_named(const struct atomic_span *span, const struct insn *insn, const ZydisDecodedOperand *memory)
{
    bool has_address = false;
    bool is_relative = memory->mem.base == ZYDIS_REGISTER_RIP;
    if ((!is_relative && memory->mem.base != ZYDIS_REGISTER_NONE) || memory->mem.index != ZYDIS_REGISTER_NONE ||
        memory->mem.segment == ZYDIS_REGISTER_FS || span->name_count > SPAN_NAMES)
        return true;
    uint64_t target = (is_relative ? insn->address + insn->z.length : 0) + (uint64_t)memory->mem.disp.value;
    for (uint8_t i = 0; i < span->name_count; i++) {
        for (const struct name_variant *variant = span->names[i]->variants; variant; variant = variant->next) {
            if (variant->address && target >= variant->address && target - variant->address < variant->extent)
                return true;
            has_address |= variant->address != 0;
        }
    }
    return !has_address;
}

/* --- decisions ----------------------------------------------------------------------------------------------------------------- */

/* Of a memory operand within the source place of an atomic operation: it is the operation itself. */
static bool is_operation(const struct code *code, const struct candidates *candidates, const struct candidate *here,
                         const struct insn *insn, const ZydisDecodedOperand *memory)
{
    const struct atomic_span *span = here->span;
    uint8_t op = operation_of(memory);
    if ((!is_move(insn) && !(here->llvm && is_folded(insn))) || !fits(span, memory))
        return false;
    /* Optimisers reach what a pointer of the source leads to in its own frame; what they keep there for themselves is no
     * other thread's. */
    if (is_on_stack(memory) && !here->optimised && !(span->local && span->rule != ATOMICS_BY_LIBRARY))
        return false;
    if (!is_named(span, insn, memory))
        return false;
    return !(op == SPAN_LOAD && leads_on(code, candidates, here, insn));
}

static bool is_same_operand(const ZydisDecodedOperand *a, const ZydisDecodedOperand *b, int64_t distance)
{
    if (a->mem.base != b->mem.base || a->mem.index != b->mem.index || a->mem.scale != b->mem.scale)
        return false;
    return a->mem.disp.value == b->mem.disp.value + (a->mem.base == ZYDIS_REGISTER_RIP ? distance : 0);
}

/* The first look of a loop of compare-and-exchange, which an operation without an instruction of its own is made of. */
static bool begins_exchange(const struct code *code, const struct insn *load, const ZydisDecodedOperand *memory)
{
    uint64_t end = load->address + load->z.length, address = end;
    struct insn next;
    if (operation_of(memory) != SPAN_LOAD || !(is_move(load) || is_folded(load)))
        return false;
    for (int i = 0; i < LOOK_AHEAD && decode(code, address, &next); i++, address += next.z.length) {
        const ZydisDecodedOperand *other = memory_operand(&next);
        if (other && (next.z.attributes & ZYDIS_ATTRIB_HAS_LOCK))
            return is_same_operand(memory, other, (int64_t)(address + next.z.length - end));
    }
    return false;
}

static void decide(struct atomics_table *table, const struct code *code, const struct candidates *candidates,
                   const struct candidate *here, const struct insn *insn)
{
    const struct atomic_span *span = here->span;
    const ZydisDecodedOperand *memory = memory_operand(insn);
    if ((insn->z.attributes & ZYDIS_ATTRIB_HAS_LOCK) || insn->z.mnemonic == ZYDIS_MNEMONIC_XCHG)
        return;
    if (span->op == 0) {
        if (memory && begins_exchange(code, insn, memory))
            table_add(table, insn->address, insn->z.length, ATOMICS_LOAD, (uint8_t)(memory->size / 8u), span->rule);
        return;
    }
    if (memory && is_operation(code, candidates, here, insn, memory)) {
        uint8_t op = operation_of(memory);
        table_add(table, insn->address, insn->z.length,
                  (uint16_t)((op & SPAN_LOAD ? ATOMICS_LOAD : 0) | (op & SPAN_STORE ? ATOMICS_STORE : 0)),
                  (uint8_t)(memory->size / 8u), span->rule);
    } else if (span->rule != ATOMICS_BY_LIBRARY && span->rule != ATOMICS_BY_ASM) {
        table_add(table, insn->address, insn->z.length, 0, 0, ATOMICS_PLAIN);
    }
}

void code_decide(struct atomics_table *table, const struct code *code, const struct candidates *candidates, size_t i)
{
    const struct candidate *here = &candidates->list[i];
    struct insn insn;
    for (uint64_t at = here->start; at < here->end && decode(code, at, &insn); at += insn.z.length)
        decide(table, code, candidates, here, &insn);
}

#else

void code_decide(struct atomics_table *table, const struct code *code, const struct candidates *candidates, size_t i)
{
    (void)table, (void)code, (void)candidates, (void)i; /* nothing is translated here: nobody asks */
}

#endif
