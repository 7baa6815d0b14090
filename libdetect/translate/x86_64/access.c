/* SPDX-License-Identifier: MIT */
/* Which memory an instruction touches, as far as that is known before it runs: its operands, how their addresses come
 * about, and by which mask elements are left out. hooks_run.c computes the rest from the registers. */
#include "translate/x86_64/access.h"

#include <string.h>

#include "translate/thread.h"

/* Zydis calls what these hint at, or only name, an operand that is read. */
static bool touches_nothing(const ZydisDecodedInstruction *z)
{
    switch (z->meta.category) {
    case ZYDIS_CATEGORY_NOP:
    case ZYDIS_CATEGORY_WIDENOP:
    case ZYDIS_CATEGORY_PREFETCH:
    case ZYDIS_CATEGORY_PREFETCHWT1:
    case ZYDIS_CATEGORY_CLDEMOTE:
    case ZYDIS_CATEGORY_CLFLUSHOPT:
    case ZYDIS_CATEGORY_CLWB:
        return true;
    default:
        return z->mnemonic == ZYDIS_MNEMONIC_CLFLUSH;
    }
}

/* `lock or $0, (%rsp)` and the like are how compilers write a full barrier. */
static bool is_fence(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands)
{
    bool keeps_value = z->mnemonic == ZYDIS_MNEMONIC_AND ? operands[1].imm.value.s == -1 : operands[1].imm.value.s == 0;
    switch (z->mnemonic) {
    case ZYDIS_MNEMONIC_OR:
    case ZYDIS_MNEMONIC_ADD:
    case ZYDIS_MNEMONIC_SUB:
    case ZYDIS_MNEMONIC_XOR:
    case ZYDIS_MNEMONIC_AND:
        return (z->attributes & ZYDIS_ATTRIB_HAS_LOCK) && operands[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE && keeps_value &&
               operands[0].mem.base == ZYDIS_REGISTER_RSP && operands[0].mem.index == ZYDIS_REGISTER_NONE;
    default:
        return false;
    }
}

/* What an atomic load or store is compiled to. */
static bool is_mov(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operand)
{
    switch (z->mnemonic) {
    case ZYDIS_MNEMONIC_MOV:
    case ZYDIS_MNEMONIC_MOVZX:
    case ZYDIS_MNEMONIC_MOVSX:
    case ZYDIS_MNEMONIC_MOVSXD:
        return operand->size <= 64;
    default:
        return false;
    }
}

static bool is_exchange(const ZydisDecodedInstruction *z)
{
    return z->mnemonic == ZYDIS_MNEMONIC_CMPXCHG || z->mnemonic == ZYDIS_MNEMONIC_CMPXCHG8B ||
           z->mnemonic == ZYDIS_MNEMONIC_CMPXCHG16B;
}

static uint8_t kind_of(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operand)
{
    uint8_t kind = 0;
    if (operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ)
        kind |= TR_READ;
    if (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
        kind |= TR_WRITE;
    if (kind != 0 && ((z->attributes & ZYDIS_ATTRIB_HAS_LOCK) || z->mnemonic == ZYDIS_MNEMONIC_XCHG))
        kind |= TR_ATOMIC;
    if (kind != 0 && is_mov(z, operand))
        kind |= TR_MOV;
    return kind;
}

static uint8_t address_register(ZydisRegister reg)
{
    return reg == ZYDIS_REGISTER_RIP || reg == ZYDIS_REGISTER_EIP ? TR_RIP : general_register(reg);
}

static struct tr_access plain_access(const struct tr_insn *insn, const ZydisDecodedInstruction *z,
                                     const ZydisDecodedOperand *operand)
{
    ZydisRegister segment = operand->mem.segment;
    return (struct tr_access){
        .pc = insn->pc,
        .size = operand->size / 8u,
        .kind = kind_of(z, operand),
        .base = address_register(operand->mem.base),
        .index = address_register(operand->mem.index),
        .scale = operand->mem.scale,
        .displacement = (int32_t)operand->mem.disp.value,
        .segment = segment == ZYDIS_REGISTER_FS ? TR_FS : segment == ZYDIS_REGISTER_GS ? TR_GS : 0,
    };
}

/* --- the stack ---------------------------------------------------------------------------------------------------- */

static void take_stack(const ZydisDecodedInstruction *z, struct tr_access *access, struct tr_form *form,
                       const ZydisDecodedOperand *operands)
{
    access->kind |= TR_STACK;
    if (access->base != TR_RSP || !(access->kind & TR_WRITE))
        return;
    form->kind = FORM_PUSH;
    if (z->mnemonic == ZYDIS_MNEMONIC_ENTER) /* and the frames that it is nested in */
        access->size += 8u * (operands[1].imm.value.u & 31);
}

/* --- strings, bits, tables ----------------------------------------------------------------------------------------- */

static bool is_repeated(const ZydisDecodedInstruction *z)
{
    return (z->attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE)) != 0;
}

/* cmps and scas may end before rcx is 0. */
static bool is_scan(const ZydisDecodedInstruction *z)
{
    return z->opcode == 0xa6 || z->opcode == 0xa7 || z->opcode == 0xae || z->opcode == 0xaf;
}

static bool is_bit_test(const ZydisDecodedInstruction *z)
{
    return z->mnemonic == ZYDIS_MNEMONIC_BT || z->mnemonic == ZYDIS_MNEMONIC_BTC ||
           z->mnemonic == ZYDIS_MNEMONIC_BTR || z->mnemonic == ZYDIS_MNEMONIC_BTS;
}

/* --- vectors ------------------------------------------------------------------------------------------------------- */

static uint8_t register_number(ZydisRegister reg)
{
    return (uint8_t)ZydisRegisterGetId(reg);
}

static uint8_t register_bytes(ZydisRegister reg)
{
    return (uint8_t)(ZydisRegisterGetWidth(ZYDIS_MACHINE_MODE_LONG_64, reg) / 8u);
}

static bool is_vector(const ZydisDecodedOperand *operand)
{
    return operand->type == ZYDIS_OPERAND_TYPE_REGISTER && ZydisRegisterGetClass(operand->reg.value) >= ZYDIS_REGCLASS_XMM &&
           ZydisRegisterGetClass(operand->reg.value) <= ZYDIS_REGCLASS_ZMM;
}

static const ZydisDecodedOperand *first_vector(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands)
{
    for (unsigned i = 0; i < z->operand_count; i++) {
        if (is_vector(&operands[i]))
            return &operands[i];
    }
    return NULL;
}

static bool has_opmask(const ZydisDecodedInstruction *z)
{
    return z->encoding == ZYDIS_INSTRUCTION_ENCODING_EVEX && z->avx.mask.reg >= ZYDIS_REGISTER_K1 &&
           z->avx.mask.reg <= ZYDIS_REGISTER_K7;
}

static bool index_is_dword(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_VGATHERDPD:
    case ZYDIS_MNEMONIC_VGATHERDPS:
    case ZYDIS_MNEMONIC_VPGATHERDD:
    case ZYDIS_MNEMONIC_VPGATHERDQ:
    case ZYDIS_MNEMONIC_VSCATTERDPD:
    case ZYDIS_MNEMONIC_VSCATTERDPS:
    case ZYDIS_MNEMONIC_VPSCATTERDD:
    case ZYDIS_MNEMONIC_VPSCATTERDQ:
        return true;
    default:
        return false;
    }
}

/* Gathers and scatters; those that prefetch have no vector of data. */
static bool take_gather(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands,
                        const ZydisDecodedOperand *memory, struct tr_access *access, struct tr_form *form)
{
    const ZydisDecodedOperand *data = first_vector(z, operands);
    if (!data)
        return false;
    bool by_opmask = has_opmask(z);
    form->kind = by_opmask ? FORM_GATHER_OPMASK : FORM_GATHER;
    form->mask = register_number(by_opmask ? z->avx.mask.reg : operands[2].reg.value);
    form->vector = register_number(memory->mem.index);
    form->index_size = index_is_dword(z->mnemonic) ? 4 : 8;
    form->elements = (uint8_t)(register_bytes(memory->mem.index) / form->index_size);
    if (form->elements > data->element_count)
        form->elements = (uint8_t)data->element_count;
    access->size = data->element_size / 8u;
    access->kind |= TR_MASKED;
    access->index = TR_NO_REGISTER;
    return true;
}

static bool is_vector_masked(ZydisMnemonic mnemonic)
{
    return mnemonic == ZYDIS_MNEMONIC_VMASKMOVPS || mnemonic == ZYDIS_MNEMONIC_VMASKMOVPD ||
           mnemonic == ZYDIS_MNEMONIC_VPMASKMOVD || mnemonic == ZYDIS_MNEMONIC_VPMASKMOVQ;
}

static bool is_byte_masked(ZydisMnemonic mnemonic)
{
    return mnemonic == ZYDIS_MNEMONIC_MASKMOVDQU || mnemonic == ZYDIS_MNEMONIC_VMASKMOVDQU ||
           mnemonic == ZYDIS_MNEMONIC_MASKMOVQ;
}

static bool is_packed(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_VCOMPRESSPD:
    case ZYDIS_MNEMONIC_VCOMPRESSPS:
    case ZYDIS_MNEMONIC_VPCOMPRESSB:
    case ZYDIS_MNEMONIC_VPCOMPRESSW:
    case ZYDIS_MNEMONIC_VPCOMPRESSD:
    case ZYDIS_MNEMONIC_VPCOMPRESSQ:
    case ZYDIS_MNEMONIC_VEXPANDPD:
    case ZYDIS_MNEMONIC_VEXPANDPS:
    case ZYDIS_MNEMONIC_VPEXPANDB:
    case ZYDIS_MNEMONIC_VPEXPANDW:
    case ZYDIS_MNEMONIC_VPEXPANDD:
    case ZYDIS_MNEMONIC_VPEXPANDQ:
        return true;
    default:
        return false;
    }
}

/* Elements whose mask bit is clear are not touched, unless the instruction's exception class is one without fault
 * suppression ("NF"): it reads all of its operand. */
static bool suppresses_faults(const ZydisDecodedInstruction *z)
{
    switch (z->meta.exception_class) {
    case ZYDIS_EXCEPTION_CLASS_E1NF:
    case ZYDIS_EXCEPTION_CLASS_E2NF:
    case ZYDIS_EXCEPTION_CLASS_E3NF:
    case ZYDIS_EXCEPTION_CLASS_E4NF:
    case ZYDIS_EXCEPTION_CLASS_E5NF:
    case ZYDIS_EXCEPTION_CLASS_E6NF:
    case ZYDIS_EXCEPTION_CLASS_E9NF:
    case ZYDIS_EXCEPTION_CLASS_E10NF:
        return false;
    default:
        return true;
    }
}

/* Mask bits count elements of the destination; a broadcast operand has fewer, which repeat. A scalar has one, and one
 * bit. */
static void take_opmask(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands,
                        const ZydisDecodedOperand *memory, struct tr_access *access, struct tr_form *form)
{
    const ZydisDecodedOperand *vector = first_vector(z, operands);
    unsigned elements = memory->element_count ? memory->element_count : 1;
    bool repeats = z->avx.broadcast.mode != ZYDIS_BROADCAST_MODE_INVALID;
    unsigned lanes = repeats && vector && vector->element_count > elements ? vector->element_count : elements;
    form->kind = is_packed(z->mnemonic) ? FORM_PACKED : FORM_OPMASK;
    form->mask = register_number(z->avx.mask.reg);
    form->elements = (uint8_t)elements;
    form->lanes = (uint8_t)(lanes > 64 ? 64 : lanes);
    access->size = memory->size / 8u / elements;
    access->kind |= TR_MASKED;
}

static void take_vector(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands,
                        const ZydisDecodedOperand *memory, struct tr_access *access, struct tr_form *form)
{
    if (is_vector_masked(z->mnemonic)) {
        form->kind = FORM_VECTOR_MASK;
        form->mask = register_number(operands[1].reg.value);
        form->elements = (uint8_t)memory->element_count;
        access->size = memory->element_size / 8u;
        access->kind |= TR_MASKED;
    } else if (is_byte_masked(z->mnemonic)) {
        form->kind = z->mnemonic == ZYDIS_MNEMONIC_MASKMOVQ ? FORM_MMX_MASK : FORM_VECTOR_MASK;
        form->mask = register_number(operands[1].reg.value);
        form->elements = (uint8_t)(memory->size / 8u);
        access->size = 1;
        access->kind |= TR_MASKED;
    } else if (has_opmask(z) && suppresses_faults(z)) {
        take_opmask(z, operands, memory, access, form);
    }
}

/* --- state ---------------------------------------------------------------------------------------------------------- */

static bool is_xsave(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_XSAVE:
    case ZYDIS_MNEMONIC_XSAVE64:
    case ZYDIS_MNEMONIC_XSAVEC:
    case ZYDIS_MNEMONIC_XSAVEC64:
    case ZYDIS_MNEMONIC_XSAVEOPT:
    case ZYDIS_MNEMONIC_XSAVEOPT64:
    case ZYDIS_MNEMONIC_XRSTOR:
    case ZYDIS_MNEMONIC_XRSTOR64:
        return true;
    default:
        return false;
    }
}

/* --- all together --------------------------------------------------------------------------------------------------- */

static void take_access(struct tr_insn *insn, const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands,
                        const ZydisDecodedOperand *memory)
{
    struct tr_access *access = &insn->access[insn->access_count];
    struct tr_form *form = &insn->form[insn->access_count];
    *access = plain_access(insn, z, memory);
    *form = (struct tr_form){.address_width = z->address_width};
    if (access->kind == 0 || insn->access_count == ARRAY_LEN(insn->access))
        return;
    if (memory->mem.type == ZYDIS_MEMOP_TYPE_VSIB) {
        if (!take_gather(z, operands, memory, access, form))
            return;
    } else if (z->meta.category == ZYDIS_CATEGORY_STRINGOP) {
        form->kind = !is_repeated(z) ? FORM_PLAIN : is_scan(z) ? FORM_SCAN : FORM_STRING;
        access->kind |= is_repeated(z) ? TR_STRING : 0;
    } else if (memory->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN &&
               (access->base == TR_RSP || z->mnemonic == ZYDIS_MNEMONIC_LEAVE)) {
        take_stack(z, access, form, operands);
    } else if (z->mnemonic == ZYDIS_MNEMONIC_POP && access->base == TR_RSP) {
        access->displacement += z->operand_width / 8; /* rsp has been increased when the address is computed */
    } else if (is_bit_test(z) && operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER) {
        form->kind = FORM_BITS;
        form->vector = general_register(operands[1].reg.value);
    } else if (z->mnemonic == ZYDIS_MNEMONIC_XLAT) {
        form->kind = FORM_XLAT;
    } else if (z->raw.disp.size == 64) {
        access->base = TR_RIP; /* an address like that of a rip-relative operand; hooks.c finds it */
    } else if (is_xsave(z->mnemonic)) {
        form->kind = FORM_XSAVE;
    } else if (is_exchange(z)) {
        form->kind = FORM_EXCHANGE;
        form->is_pair = z->mnemonic != ZYDIS_MNEMONIC_CMPXCHG;
    } else {
        take_vector(z, operands, memory, access, form);
    }
    insn->access_count++;
}

static void take_cache_line(struct tr_insn *insn)
{
    insn->access[insn->access_count] =
        (struct tr_access){.pc = insn->pc, .size = 64, .kind = TR_WRITE, .base = TR_RAX, .index = TR_NO_REGISTER};
    insn->form[insn->access_count++] = (struct tr_form){.address_width = 64};
}

/* The absolute one ends the instruction (mov between rax and memory). */
uintptr_t known_address(const struct tr_insn *insn, unsigned operand)
{
    uintptr_t address = insn->rip_operand;
    if (insn->access[operand].base == TR_RIP && !address)
        memcpy(&address, insn->bytes + insn->length - sizeof(address), sizeof(address));
    return address;
}

void take_accesses(struct tr_insn *insn, const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands)
{
    if (touches_nothing(z) || is_fence(z, operands))
        return;
    for (unsigned i = 0; i < z->operand_count; i++) {
        if (operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY && operands[i].mem.type != ZYDIS_MEMOP_TYPE_AGEN &&
            insn->access_count < ARRAY_LEN(insn->access))
            take_access(insn, z, operands, &operands[i]);
    }
    if (z->mnemonic == ZYDIS_MNEMONIC_CLZERO)
        take_cache_line(insn);
}
