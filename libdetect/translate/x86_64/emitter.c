/* SPDX-License-Identifier: MIT */
/* Encodings of the instructions that translation adds. Called by whatever writes into a region; knows nothing of
 * fragments. None of these instructions changes a flag. */
#include "translate/x86_64/emitter.h"

/* [64] [REX.W R] opcode ModRM(00 reg 100) SIB(25: no base, no index) disp32 */
static void move_fs(struct emitter *e, uint8_t opcode, unsigned reg, int32_t offset)
{
    uint8_t code[9] = {0x64, (uint8_t)(0x48 | (reg >> 3) << 2), opcode, (uint8_t)((reg & 7) << 3 | 4), 0x25};
    memcpy(code + 5, &offset, 4);
    emit_bytes(e, code, sizeof(code));
}

void emit_store_fs(struct emitter *e, unsigned reg, int32_t offset)
{
    move_fs(e, 0x89, reg, offset);
}

void emit_load_fs(struct emitter *e, unsigned reg, int32_t offset)
{
    move_fs(e, 0x8b, reg, offset);
}

/* The shortest of: mov $imm32, %r32 (zero-extended); mov $simm32, %r64; lea disp32(%rip), %r64; movabs. */
void emit_constant(struct emitter *e, unsigned reg, uint64_t value)
{
    uint8_t code[10];
    size_t used = 0;
    int64_t distance = (int64_t)(value - (e->at + 7));
    if (value <= UINT32_MAX) {
        if (reg >= 8)
            code[used++] = 0x41;
        code[used++] = (uint8_t)(0xb8 | (reg & 7));
        memcpy(code + used, &value, 4);
        used += 4;
    } else if (distance == (int32_t)distance) {
        int32_t displacement = (int32_t)distance;
        memcpy(code, (uint8_t[]){(uint8_t)(0x48 | (reg >> 3) << 2), 0x8d, (uint8_t)((reg & 7) << 3 | 5)}, 3);
        memcpy(code + 3, &displacement, 4);
        used = 7;
    } else {
        code[used++] = (uint8_t)(0x48 | reg >> 3);
        code[used++] = (uint8_t)(0xb8 | (reg & 7));
        memcpy(code + used, &value, 8);
        used += 8;
    }
    emit_bytes(e, code, used);
}

/* mov address(%rip), %reg; or a constant and mov (%reg), %reg, for which reg must not be rsp, rbp, r12 or r13. */
void emit_load(struct emitter *e, unsigned reg, uintptr_t address)
{
    int64_t distance = (int64_t)(address - (e->at + 7));
    unsigned low = reg & 7, high = reg >> 3;
    if (distance == (int32_t)distance) {
        emit_bytes(e, (uint8_t[]){(uint8_t)(0x48 | high << 2), 0x8b, (uint8_t)(low << 3 | 5)}, 3);
        emit32(e, (uint32_t)distance);
    } else {
        emit_constant(e, reg, address);
        emit_bytes(e, (uint8_t[]){(uint8_t)(0x48 | high << 2 | high), 0x8b, (uint8_t)(low << 3 | low)}, 3);
    }
}

/* The recommended forms of 1 to 9 bytes (Intel SDM, NOP). */
void emit_nops(struct emitter *e, size_t count)
{
    static const uint8_t nops[9][9] = {
        {0x90},
        {0x66, 0x90},
        {0x0f, 0x1f, 0x00},
        {0x0f, 0x1f, 0x40, 0x00},
        {0x0f, 0x1f, 0x44, 0x00, 0x00},
        {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
        {0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00},
        {0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
        {0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
    };
    while (count > 0) {
        size_t now = count < 9 ? count : 9;
        emit_bytes(e, nops[now - 1], now);
        count -= now;
    }
}

/* A displacement that is patched while others execute must not cross an aligned 8-byte word: such a store is seen
 * whole or not at all. */
static void align_displacement(struct emitter *e, size_t opcode_size)
{
    size_t offset = (e->at + opcode_size) & 7;
    if (offset > 4)
        emit_nops(e, 8 - offset);
}

static uintptr_t emit_transfer(struct emitter *e, const uint8_t *opcode, size_t opcode_size, uintptr_t to, bool aligned)
{
    if (aligned)
        align_displacement(e, opcode_size);
    emit_bytes(e, opcode, opcode_size);
    uintptr_t site = e->at;
    emit32(e, (uint32_t)(to - (site + 4)));
    return site;
}

uintptr_t emit_jump(struct emitter *e, uintptr_t to, bool aligned)
{
    return emit_transfer(e, (uint8_t[]){0xe9}, 1, to, aligned);
}

uintptr_t emit_call(struct emitter *e, uintptr_t to, bool aligned)
{
    return emit_transfer(e, (uint8_t[]){0xe8}, 1, to, aligned);
}

uintptr_t emit_branch(struct emitter *e, unsigned condition, uintptr_t to, bool aligned)
{
    return emit_transfer(e, (uint8_t[]){0x0f, (uint8_t)(0x80 | condition)}, 2, to, aligned);
}

uintptr_t emit_transaction(struct emitter *e, uintptr_t to, bool aligned)
{
    return emit_transfer(e, (uint8_t[]){0xc7, 0xf8}, 2, to, aligned);
}

void emit_set_displacement(struct emitter *e, uintptr_t site, uintptr_t to)
{
    int32_t displacement = (int32_t)(to - (site + 4));
    if (site + 4 <= e->end)
        memcpy((void *)(site + (uintptr_t)e->delta), &displacement, 4);
}

uintptr_t emit_push_literal(struct emitter *e)
{
    return emit_transfer(e, (uint8_t[]){0xff, 0x35}, 2, e->at, false);
}

uintptr_t emit_short_jump(struct emitter *e)
{
    emit_bytes(e, (uint8_t[]){0xeb, 0}, 2);
    return e->at - 1;
}

void emit_set_short(struct emitter *e, uintptr_t site, uintptr_t to)
{
    int8_t displacement = (int8_t)(to - (site + 1));
    if (site + 1 <= e->end)
        memcpy((void *)(site + (uintptr_t)e->delta), &displacement, 1);
}
