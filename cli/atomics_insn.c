/* SPDX-License-Identifier: MIT */
/* See atomics_insn.h. An includer of Zydis, as atomics_code.c. */
#include "atomics_insn.h"

#if defined(__x86_64__)
#include <Zydis/Zydis.h>

#define AVERAGE_LENGTH 3 /* shorter than any real code's: the list never has to grow */

static uint8_t register_of(ZydisRegister reg)
{
    ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
    return whole >= ZYDIS_REGISTER_RAX && whole <= ZYDIS_REGISTER_R15 ? (uint8_t)(whole - ZYDIS_REGISTER_RAX)
                                                                      : FLAT_NO_REGISTER;
}

static bool is_general(const ZydisDecodedOperand *operand)
{
    return operand->type == ZYDIS_OPERAND_TYPE_REGISTER && register_of(operand->reg.value) != FLAT_NO_REGISTER;
}

static void take_memory(struct flat_insn *insn, const ZydisDecodedInstruction *z, const ZydisDecodedOperand *memory)
{
    if (memory->actions & ZYDIS_OPERAND_ACTION_MASK_READ)
        insn->kind |= FLAT_READS;
    if (memory->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
        insn->kind |= FLAT_WRITES;
    insn->size = (uint8_t)(memory->size / 8u);
    if (memory->size == 8 || memory->size == 16 || memory->size == 32 || memory->size == 64)
        insn->kind |= FLAT_SMALL;
    insn->base = memory->mem.base == ZYDIS_REGISTER_RIP ? FLAT_RIP : register_of(memory->mem.base);
    insn->index = register_of(memory->mem.index);
    insn->scale = memory->mem.scale;
    insn->displacement = memory->mem.disp.value;
    if (insn->base == FLAT_RIP)
        insn->displacement += (int64_t)(insn->address + z->length);
    else if (insn->base == FLAT_NO_REGISTER && insn->index == FLAT_NO_REGISTER &&
             memory->mem.segment != ZYDIS_REGISTER_FS && memory->mem.segment != ZYDIS_REGISTER_GS)
        insn->base = FLAT_RIP; /* of a program at a fixed place */
}

static bool is_move(ZydisMnemonic mnemonic)
{
    return mnemonic == ZYDIS_MNEMONIC_MOV || mnemonic == ZYDIS_MNEMONIC_MOVZX || mnemonic == ZYDIS_MNEMONIC_MOVSX ||
           mnemonic == ZYDIS_MNEMONIC_MOVSXD;
}

static bool is_arithmetic(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_ADD:
    case ZYDIS_MNEMONIC_SUB:
    case ZYDIS_MNEMONIC_INC:
    case ZYDIS_MNEMONIC_DEC:
    case ZYDIS_MNEMONIC_AND:
    case ZYDIS_MNEMONIC_OR:
    case ZYDIS_MNEMONIC_XOR:
    case ZYDIS_MNEMONIC_NOT:
    case ZYDIS_MNEMONIC_NEG:
    case ZYDIS_MNEMONIC_SHL:
    case ZYDIS_MNEMONIC_SHR:
    case ZYDIS_MNEMONIC_SAR:
    case ZYDIS_MNEMONIC_IMUL:
    case ZYDIS_MNEMONIC_LEA:
        return true;
    default:
        return false;
    }
}

static void take_registers(struct flat_insn *insn, const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands)
{
    for (unsigned i = 0; i < z->operand_count; i++)
        if (is_general(&operands[i]) && (operands[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
            insn->written |= (uint16_t)(1u << register_of(operands[i].reg.value));
    if (z->operand_count_visible == 0)
        return;
    if (is_general(&operands[0]))
        insn->to = register_of(operands[0].reg.value);
    if (z->operand_count_visible > 1 && is_general(&operands[1]))
        insn->from = register_of(operands[1].reg.value);
    if (is_move(z->mnemonic))
        insn->kind |= insn->to != FLAT_NO_REGISTER && insn->from != FLAT_NO_REGISTER ? FLAT_COPIES : 0;
    else if (is_arithmetic(z->mnemonic) && insn->to != FLAT_NO_REGISTER)
        insn->kind |= FLAT_CHANGES;
    if (z->mnemonic == ZYDIS_MNEMONIC_MOV && insn->to != FLAT_NO_REGISTER && operands[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        insn->kind |= FLAT_CHANGES | FLAT_MAKES;
        insn->target = operands[1].imm.value.u;
    }
    if (z->mnemonic == ZYDIS_MNEMONIC_LEA && operands[1].type == ZYDIS_OPERAND_TYPE_MEMORY) {
        insn->from = register_of(operands[1].mem.base);
        insn->kind |= FLAT_MAKES;
        if (operands[1].mem.base == ZYDIS_REGISTER_RIP)
            insn->target = insn->address + z->length + (uint64_t)operands[1].mem.disp.value;
    }
}

static void take_flow(struct flat_insn *insn, const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands)
{
    if (z->operand_count_visible > 0 && operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE && operands[0].imm.is_relative)
        insn->target = insn->address + z->length + operands[0].imm.value.u;
    switch (z->meta.category) {
    case ZYDIS_CATEGORY_COND_BR:
        insn->kind |= FLAT_JUMPS | FLAT_CONDITIONAL;
        break;
    case ZYDIS_CATEGORY_UNCOND_BR:
        insn->kind |= FLAT_JUMPS | FLAT_ENDS;
        break;
    case ZYDIS_CATEGORY_CALL:
        insn->kind |= FLAT_CALLS;
        break;
    case ZYDIS_CATEGORY_RET:
        insn->kind |= FLAT_ENDS;
        break;
    default:
        if (z->mnemonic == ZYDIS_MNEMONIC_UD2 || z->mnemonic == ZYDIS_MNEMONIC_HLT)
            insn->kind |= FLAT_ENDS;
        break;
    }
}

static void take(struct flat_insn *insn, uint64_t address, const ZydisDecodedInstruction *z,
                 const ZydisDecodedOperand *operands)
{
    *insn = (struct flat_insn){.address = address, .length = z->length, .base = FLAT_NO_REGISTER, .index = FLAT_NO_REGISTER,
                               .to = FLAT_NO_REGISTER, .from = FLAT_NO_REGISTER};
    for (unsigned i = 0; i < z->operand_count; i++) {
        bool is_return_address = z->meta.category == ZYDIS_CATEGORY_CALL && operands[i].visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN;
        if (operands[i].type != ZYDIS_OPERAND_TYPE_MEMORY || operands[i].mem.type == ZYDIS_MEMOP_TYPE_AGEN || is_return_address)
            continue;
        take_memory(insn, z, &operands[i]);
        break;
    }
    take_registers(insn, z, operands);
    take_flow(insn, z, operands);
    if (insn->kind & (FLAT_JUMPS | FLAT_CALLS))
        insn->kind &= (uint16_t)~(FLAT_READS | FLAT_SMALL); /* of the table of addresses */
    if ((insn->kind & (FLAT_READS | FLAT_WRITES)) && is_move(z->mnemonic) && !(insn->kind & FLAT_COPIES))
        insn->kind |= FLAT_MOVES;
    if ((z->attributes & ZYDIS_ATTRIB_HAS_LOCK) || (z->mnemonic == ZYDIS_MNEMONIC_XCHG && (insn->kind & FLAT_WRITES)))
        insn->kind |= FLAT_LOCKED;
}

struct flat_insn *flat_decode(struct pool *pool, const struct code *code, const struct code_segment *segment, size_t *count)
{
    ZydisDecoder decoder;
    ZydisDecodedInstruction z;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    const unsigned char *bytes = code->bytes + segment->offset;
    uint64_t size = segment->end - segment->start, at = 0;
    size_t capacity = (size_t)(size / AVERAGE_LENGTH) + 1;
    struct flat_insn *list = pool_alloc(pool, capacity * sizeof(*list));
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    *count = 0;
    while (at < size && *count < capacity) {
        if (ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes + at, size - at, &z, operands))) {
            take(&list[(*count)++], segment->start + at, &z, operands);
            at += z.length;
        } else {
            at++;
        }
    }
    return list;
}

#else

struct flat_insn *flat_decode(struct pool *pool, const struct code *code, const struct code_segment *segment, size_t *count)
{
    (void)pool, (void)code, (void)segment;
    *count = 0;
    return NULL;
}

#endif
