/* SPDX-License-Identifier: MIT */
/* The program's instructions by Zydis, brought into the form of decode.h. Called by the builder under the
 * translator's lock; Zydis may use vector registers, so its caller has saved them. */
#include "translate/x86_64/decode.h"

#include <cpuid.h>
#include <string.h>

#include "translate/thread.h"
#include "translate/x86_64/access.h"
#include "translate/x86_64/decode_fast.h"

static ZydisDecoder full_decoder, flow_decoder;

bool cpu_is_amd(void)
{
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(0, &eax, &ebx, &ecx, &edx))
        return false;
    return ebx == signature_AMD_ebx || ebx == 0x6f677948 /* "Hygo" */;
}

static void init_decoder(ZydisDecoder *decoder, bool minimal)
{
    ZydisDecoderInit(decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZydisDecoderEnableMode(decoder, ZYDIS_DECODER_MODE_MINIMAL, minimal);
    /* AMD's CPUs truncate the target of a branch with a 66 prefix, Intel's ignore the prefix. */
    ZydisDecoderEnableMode(decoder, ZYDIS_DECODER_MODE_AMD_BRANCHES, cpu_is_amd());
    /* No kernel enables MPX any more: its instructions are no-operations, all of them. */
    ZydisDecoderEnableMode(decoder, ZYDIS_DECODER_MODE_MPX, false);
}

void decode_init(void)
{
    init_decoder(&full_decoder, false);
    init_decoder(&flow_decoder, true);
}

/* --- control flow ------------------------------------------------------------------------------------------------ */

/* VEX-encoded branches are of a CPU that was never sold; they are undefined elsewhere. */
static bool is_direct(const ZydisDecodedInstruction *z)
{
    return z->raw.imm[0].is_relative && z->encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY;
}

/* FF /3 and /5: far transfers through memory; 9A, EA do not exist in 64-bit mode. */
static enum tr_flow jump_or_call(const ZydisDecodedInstruction *z, enum tr_flow direct, enum tr_flow indirect)
{
    if (is_direct(z))
        return direct;
    return z->raw.modrm.reg == 3 || z->raw.modrm.reg == 5 ? FLOW_TRAP : indirect;
}

static enum tr_flow flow_of(const ZydisDecodedInstruction *z)
{
    switch (z->mnemonic) {
    case ZYDIS_MNEMONIC_JMP:
        return jump_or_call(z, FLOW_JUMP, FLOW_JUMP_INDIRECT);
    case ZYDIS_MNEMONIC_CALL:
        return jump_or_call(z, FLOW_CALL, FLOW_CALL_INDIRECT);
    case ZYDIS_MNEMONIC_RET:
        return z->opcode == 0xc3 || z->opcode == 0xc2 ? FLOW_RETURN : FLOW_TRAP;
    case ZYDIS_MNEMONIC_JRCXZ:
    case ZYDIS_MNEMONIC_JECXZ:
    case ZYDIS_MNEMONIC_JCXZ:
    case ZYDIS_MNEMONIC_LOOP:
    case ZYDIS_MNEMONIC_LOOPE:
    case ZYDIS_MNEMONIC_LOOPNE:
        return FLOW_BRANCH_SHORT;
    case ZYDIS_MNEMONIC_XBEGIN:
        return FLOW_TRANSACTION;
    case ZYDIS_MNEMONIC_SYSCALL:
        return FLOW_SYSCALL;
    case ZYDIS_MNEMONIC_INT3:
    case ZYDIS_MNEMONIC_INT1:
    case ZYDIS_MNEMONIC_IRET:
    case ZYDIS_MNEMONIC_IRETD:
    case ZYDIS_MNEMONIC_IRETQ:
    case ZYDIS_MNEMONIC_SYSENTER:
        return FLOW_TRAP;
    case ZYDIS_MNEMONIC_UD0:
    case ZYDIS_MNEMONIC_UD1:
    case ZYDIS_MNEMONIC_UD2:
    case ZYDIS_MNEMONIC_HLT:
        return FLOW_STOP;
    default:
        return is_direct(z) ? FLOW_BRANCH : z->raw.imm[0].is_relative ? FLOW_STOP : FLOW_NEXT;
    }
}

static void take_flow(struct tr_insn *insn, const ZydisDecodedInstruction *z)
{
    insn->flow = (uint8_t)flow_of(z);
    if (!is_direct(z))
        return;
    insn->target = insn->pc + z->length + (uint64_t)z->raw.imm[0].value.s;
    insn->condition = z->opcode & 15;
}

/* --- layout -------------------------------------------------------------------------------------------------------- */

static void take_encoding(struct tr_insn *insn, const ZydisDecodedInstruction *z)
{
    switch (z->encoding) {
    case ZYDIS_INSTRUCTION_ENCODING_VEX:
        insn->encoding = z->raw.vex.size == 2 ? ENCODING_VEX2 : ENCODING_VEX3;
        insn->prefix_at = z->raw.vex.offset;
        break;
    case ZYDIS_INSTRUCTION_ENCODING_EVEX:
        insn->encoding = ENCODING_EVEX;
        insn->prefix_at = z->raw.evex.offset;
        break;
    case ZYDIS_INSTRUCTION_ENCODING_XOP:
        insn->encoding = ENCODING_XOP;
        insn->prefix_at = z->raw.xop.offset;
        break;
    default:
        insn->encoding = z->attributes & ZYDIS_ATTRIB_HAS_REX ? ENCODING_REX : ENCODING_LEGACY;
        insn->prefix_at = z->raw.rex.offset;
        break;
    }
}

/* mod 00, r/m 101 is rip-relative wherever ModRM names memory (for a few instructions mod is ignored: moves from and to
 * control and debug registers, which are privileged anyway). */
static void take_layout(struct tr_insn *insn, const ZydisDecodedInstruction *z)
{
    take_encoding(insn, z);
    if (!(z->attributes & ZYDIS_ATTRIB_HAS_MODRM))
        return;
    insn->modrm_at = z->raw.modrm.offset;
    insn->is_lea = z->mnemonic == ZYDIS_MNEMONIC_LEA;
    if (z->raw.modrm.mod != 0 || z->raw.modrm.rm != 5 || z->raw.disp.size != 32)
        return;
    insn->displacement_at = z->raw.disp.offset;
    insn->displacement_width = z->address_width;
    insn->rip_operand = insn->pc + z->length + (uint64_t)z->raw.disp.value;
    if (z->address_width == 32)
        insn->rip_operand = (uint32_t)insn->rip_operand;
}

static bool begin(struct tr_insn *insn, const uint8_t *bytes, size_t size, uintptr_t pc)
{
    memset(insn, 0, offsetof(struct tr_insn, access));
    insn->pc = pc;
    insn->flow = FLOW_STOP;
    memcpy(insn->bytes, bytes, size < INSN_MAX ? size : INSN_MAX);
    return size > 0;
}

bool decode(struct tr_insn *insn, const uint8_t *bytes, size_t size, uintptr_t pc)
{
    ZydisDecodedInstruction z;
    ZydisDecoderContext context;
    if (!begin(insn, bytes, size, pc))
        return false;
    if (size >= INSN_MAX && decode_fast(insn))
        return true;
    if (!begin(insn, bytes, size, pc) ||
        !ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&flow_decoder, &context, bytes, size, &z)))
        return false;
    insn->length = z.length;
    take_flow(insn, &z);
    take_layout(insn, &z);
    return true;
}

/* --- registers and flags ------------------------------------------------------------------------------------------ */

uint8_t general_register(ZydisRegister reg)
{
    if (reg >= ZYDIS_REGISTER_RAX && reg <= ZYDIS_REGISTER_R15)
        return (uint8_t)(reg - ZYDIS_REGISTER_RAX);
    if (reg >= ZYDIS_REGISTER_EAX && reg <= ZYDIS_REGISTER_R15D)
        return (uint8_t)(reg - ZYDIS_REGISTER_EAX);
    if (reg >= ZYDIS_REGISTER_AX && reg <= ZYDIS_REGISTER_R15W)
        return (uint8_t)(reg - ZYDIS_REGISTER_AX);
    if (reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH)
        return (uint8_t)(reg - ZYDIS_REGISTER_AH);
    if (reg >= ZYDIS_REGISTER_AL && reg <= ZYDIS_REGISTER_BL)
        return (uint8_t)(reg - ZYDIS_REGISTER_AL);
    if (reg >= ZYDIS_REGISTER_SPL && reg <= ZYDIS_REGISTER_R15B)
        return (uint8_t)(reg - ZYDIS_REGISTER_SPL + TR_RSP);
    return TR_NO_REGISTER;
}

/* A write leaves the rest of the register as it was. */
static bool is_partial(ZydisRegister reg)
{
    return reg < ZYDIS_REGISTER_EAX;
}

static uint16_t register_bit(ZydisRegister reg)
{
    uint8_t number = general_register(reg);
    return number == TR_NO_REGISTER ? 0 : (uint16_t)(1u << number);
}

/* Zydis calls the destination of these written; with a zero source (bsf, bsr), or a count of zero, it is not. */
static bool may_keep_destination(const ZydisDecodedInstruction *z)
{
    switch (z->mnemonic) {
    case ZYDIS_MNEMONIC_BSF:
    case ZYDIS_MNEMONIC_BSR:
    case ZYDIS_MNEMONIC_LAR:
    case ZYDIS_MNEMONIC_LSL:
    case ZYDIS_MNEMONIC_RDSSPD:
    case ZYDIS_MNEMONIC_RDSSPQ:
        return true;
    default:
        return (z->attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE)) != 0;
    }
}

static void take_register(struct tr_insn *insn, const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operand)
{
    uint16_t bit = register_bit(operand->reg.value);
    if (operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ)
        insn->reads |= bit;
    if (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) {
        insn->writes |= bit;
        if (is_partial(operand->reg.value) || !(operand->actions & ZYDIS_OPERAND_ACTION_WRITE) ||
            may_keep_destination(z))
            insn->reads |= bit;
    }
}

/* String instructions move their pointers, which Zydis does not always say. */
static void take_address(struct tr_insn *insn, const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operand)
{
    uint16_t registers = register_bit(operand->mem.base) | register_bit(operand->mem.index);
    insn->reads |= registers;
    if (z->meta.category == ZYDIS_CATEGORY_STRINGOP)
        insn->writes |= registers;
}

/* The kernel sees all registers. */
static bool enters_kernel(const ZydisDecodedInstruction *z)
{
    return z->mnemonic == ZYDIS_MNEMONIC_SYSCALL || z->mnemonic == ZYDIS_MNEMONIC_INT ||
           z->mnemonic == ZYDIS_MNEMONIC_SYSENTER;
}

/* Shifts and rotations by a count of zero leave the flags as they were, as do repeated compares that do nothing. */
static bool may_keep_flags(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands)
{
    if (z->attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE))
        return true;
    switch (z->mnemonic) {
    case ZYDIS_MNEMONIC_SHL:
    case ZYDIS_MNEMONIC_SHR:
    case ZYDIS_MNEMONIC_SAR:
    case ZYDIS_MNEMONIC_ROL:
    case ZYDIS_MNEMONIC_ROR:
    case ZYDIS_MNEMONIC_RCL:
    case ZYDIS_MNEMONIC_RCR:
    case ZYDIS_MNEMONIC_SHLD:
    case ZYDIS_MNEMONIC_SHRD: {
        const ZydisDecodedOperand *count = &operands[z->operand_count_visible - 1];
        return count->type != ZYDIS_OPERAND_TYPE_IMMEDIATE ||
               (count->imm.value.u & (z->operand_width == 64 ? 63 : 31)) == 0;
    }
    default:
        return false;
    }
}

/* Where the manual says "undefined", these do set the flag; CPUs of AMD leave it alone in multiplications and the like. */
static bool sets_undefined_flags(const ZydisDecodedInstruction *z)
{
    return z->meta.category == ZYDIS_CATEGORY_LOGICAL || z->meta.category == ZYDIS_CATEGORY_SHIFT;
}

static void take_flags(struct tr_insn *insn, const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands)
{
    const ZydisAccessedFlags *flags = z->cpu_flags;
    if (!flags)
        return;
    insn->flags_read = flags->tested;
    if (!may_keep_flags(z, operands))
        insn->flags_written = flags->modified | flags->set_0 | flags->set_1;
    if (insn->flags_written && sets_undefined_flags(z))
        insn->flags_written |= flags->undefined;
}

static bool has_memory(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands)
{
    for (unsigned i = 0; i < z->operand_count; i++) {
        if (operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY && operands[i].mem.type != ZYDIS_MEMOP_TYPE_AGEN)
            return true;
    }
    return false;
}

/* The usual operations on registers cannot; whatever else may. */
static bool may_fault(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands)
{
    if (has_memory(z, operands) || z->mnemonic == ZYDIS_MNEMONIC_DIV || z->mnemonic == ZYDIS_MNEMONIC_IDIV)
        return true;
    switch (z->meta.category) {
    case ZYDIS_CATEGORY_BINARY:
    case ZYDIS_CATEGORY_LOGICAL:
    case ZYDIS_CATEGORY_SHIFT:
    case ZYDIS_CATEGORY_ROTATE:
    case ZYDIS_CATEGORY_CMOV:
    case ZYDIS_CATEGORY_SETCC:
    case ZYDIS_CATEGORY_BITBYTE:
    case ZYDIS_CATEGORY_COND_BR:
    case ZYDIS_CATEGORY_NOP:
    case ZYDIS_CATEGORY_WIDENOP:
        return false;
    default:
        return z->mnemonic != ZYDIS_MNEMONIC_MOV && z->mnemonic != ZYDIS_MNEMONIC_LEA &&
               z->mnemonic != ZYDIS_MNEMONIC_MOVZX && z->mnemonic != ZYDIS_MNEMONIC_MOVSX &&
               z->mnemonic != ZYDIS_MNEMONIC_MOVSXD;
    }
}

bool decode_operands(struct tr_insn *insn, const uint8_t *bytes, size_t size, uintptr_t pc)
{
    ZydisDecodedInstruction z;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    if (!begin(insn, bytes, size, pc) ||
        !ZYAN_SUCCESS(ZydisDecoderDecodeFull(&full_decoder, bytes, size, &z, operands)))
        return false;
    insn->length = z.length;
    take_flow(insn, &z);
    take_layout(insn, &z);
    take_flags(insn, &z, operands);
    insn->may_fault = may_fault(&z, operands);
    for (unsigned i = 0; i < z.operand_count; i++) {
        if (operands[i].type == ZYDIS_OPERAND_TYPE_REGISTER)
            take_register(insn, &z, &operands[i]);
        else if (operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY)
            take_address(insn, &z, &operands[i]);
    }
    if (enters_kernel(&z)) {
        insn->reads = UINT16_MAX;
        insn->flags_read = UINT32_MAX;
    }
    take_accesses(insn, &z, operands);
    return true;
}
