/* SPDX-License-Identifier: MIT */
/* Copies of instructions; see relocate.h. Nearly all are verbatim. A rip-relative operand gets a new displacement, or,
 * out of its reach, a register that holds its address:
 *
 *     add %eax, x(%rip)      mov    %rcx, %fs:spill
 *                            movabs $x, %rcx
 *                            add    %eax, (%rcx)
 *                            mov    %fs:spill, %rcx
 */
#include "translate/x86_64/relocate.h"

bool relocate_is_plain(const struct emitter *e, const struct tr_insn *insn)
{
    if (insn->displacement_at == 0)
        return true;
    int64_t displacement = (int64_t)(insn->rip_operand - (e->at + insn->length));
    return displacement == (int32_t)displacement && insn->displacement_width == 64;
}

/* Undoes the extension of ModRM.rm to r8 … r15: bit 0 of REX; the inverted bit 5 of the other prefixes' second byte,
 * which the two-byte VEX prefix has not. */
static void clear_base_extension(uint8_t *code, const struct tr_insn *insn)
{
    if (insn->encoding == ENCODING_REX)
        code[insn->prefix_at] &= (uint8_t)~1u;
    else if (insn->encoding == ENCODING_VEX3 || insn->encoding == ENCODING_EVEX || insn->encoding == ENCODING_XOP)
        code[insn->prefix_at + 1] |= 0x20;
}

/* Mod 00 with one of these bases has no displacement, so that the compressed displacements of EVEX do not matter. */
void relocate_with_base(struct emitter *e, const struct tr_insn *insn, unsigned base)
{
    uint8_t code[INSN_MAX];
    size_t after = insn->displacement_at + 4u;
    memcpy(code, insn->bytes, insn->displacement_at);
    memcpy(code + insn->displacement_at, insn->bytes + after, insn->length - after);
    code[insn->modrm_at] = (uint8_t)((code[insn->modrm_at] & 0x38) | base);
    clear_base_extension(code, insn);
    emit_bytes(e, code, insn->length - 4u);
}

/* lea x(%rip), %reg is a constant; with 16-bit operands, which nobody uses, it goes the general way. (A 66 prefix with
 * REX.W means nothing: compilers pad thread-local accesses with it.) */
static bool copy_lea(struct emitter *e, struct place_writer *places, const struct tr_insn *insn)
{
    uint8_t rex = insn->encoding == ENCODING_REX ? insn->bytes[insn->prefix_at] : 0;
    if (!insn->is_lea || (!(rex & 8) && memchr(insn->bytes, 0x66, insn->modrm_at - 1u)))
        return false;
    unsigned reg = (insn->bytes[insn->modrm_at] >> 3 & 7u) | (rex & 4u) << 1;
    place_started(places, e->at);
    emit_constant(e, reg, rex & 8 ? insn->rip_operand : (uint32_t)insn->rip_operand);
    return true;
}

static unsigned free_register(const struct tr_insn *insn, uint16_t avoid)
{
    static const uint8_t candidates[] = {TR_RCX, TR_RDX, TR_RBX, TR_RSI, TR_RDI, TR_RAX};
    struct tr_insn full;
    decode_operands(&full, insn->bytes, insn->length, insn->pc);
    unsigned i = 0;
    while (i + 1 < ARRAY_LEN(candidates) && (full.reads | full.writes | avoid) >> candidates[i] & 1)
        i++;
    return candidates[i];
}

static void copy_by_register(struct emitter *e, struct place_writer *places, const struct tr_insn *insn, unsigned slot,
                             uint16_t avoid)
{
    unsigned base = free_register(insn, avoid);
    emit_store_fs(e, base, TR_FS(spill) + 8 * (int32_t)slot);
    place_spilled(places, e->at, base, slot);
    emit_constant(e, base, insn->rip_operand);
    place_started(places, e->at);
    relocate_with_base(e, insn, base);
    place_instruction(places, insn->pc + insn->length, e->at, false);
    emit_load_fs(e, base, TR_FS(spill) + 8 * (int32_t)slot);
    place_restored(places, e->at, base);
}

void relocate_copy(struct emitter *e, struct place_writer *places, const struct tr_insn *insn, unsigned slot, uint16_t avoid)
{
    if (!relocate_is_plain(e, insn)) {
        if (!copy_lea(e, places, insn))
            copy_by_register(e, places, insn, slot, avoid);
        return;
    }
    uint8_t code[INSN_MAX];
    memcpy(code, insn->bytes, INSN_MAX);
    if (insn->displacement_at > 0) {
        uint32_t displacement = (uint32_t)(insn->rip_operand - (e->at + insn->length));
        memcpy(code + insn->displacement_at, &displacement, 4);
    }
    place_started(places, e->at);
    emit_bytes(e, code, insn->length);
}
