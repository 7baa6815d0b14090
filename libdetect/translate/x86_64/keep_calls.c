/* SPDX-License-Identifier: MIT */
/* The code before a call that keeps it for tr_calls() (calls.c says how):
 *
 *         mov   %r11, %fs:spill
 *         mov   %fs:call, %r11
 *      1: cmp   %rsp, 8(%r11)              dead entries
 *         lea   -24(%r11), %r11
 *         jle   1b
 *         lea   48(%r11), %r11
 *         cmp   %fs:last_call, %r11        no room
 *         ja    2f
 *         mov   %r11, %fs:call
 *         mov   %rsp, 8(%r11)
 *         movq  $return_pc, (%r11)         or its two halves
 *         movq  $0, 16(%r11)
 *      2: mov   %fs:spill, %r11
 *
 * Where the callee might read the flags of its caller, comparisons are made without them: the difference's highest byte
 * in rcx, and jrcxz. */
#include "translate/x86_64/keep_calls.h"

#include "translate/translator.h"
#include "translate/x86_64/liveness.h"

_Static_assert(sizeof(struct tr_call) == 24 && offsetof(struct tr_call, sp) == 8 && offsetof(struct tr_call, node) == 16,
               "encoded below");

/* --- code ------------------------------------------------------------------------------------------------------------ */

static void set_short(struct emitter *e, uintptr_t site) { emit_set_short(e, site, e->at); }

/* The displacement of a short jump of this opcode to `to`. */
static uintptr_t emit_short(struct emitter *e, uint8_t opcode, uintptr_t to)
{
    emit_bytes(e, (uint8_t[]){opcode, (uint8_t)(to - (e->at + 2))}, 2);
    return e->at - 1;
}

/* r11 = the last entry that is not dead, less one. */
static void emit_drop_dead(struct emitter *e)
{
    emit_load_fs(e, TR_R11, TR_FS(call));
    uintptr_t again = e->at;
    emit_bytes(e, "\x49\x39\x63\x08" "\x4d\x8d\x5b\xe8", 8);
    emit_short(e, 0x7e, again);
}

/*     mov    %fs:call, %r11
 *  1: mov    8(%r11), %rcx
 *     not    %rcx
 *     lea    1(%rsp,%rcx), %rcx
 *     bswap  %rcx
 *     movzbl %cl, %ecx
 *     lea    -24(%r11), %r11
 *     jrcxz  1b                   */
static void emit_drop_dead_without_flags(struct emitter *e)
{
    emit_load_fs(e, TR_R11, TR_FS(call));
    uintptr_t again = e->at;
    emit_bytes(e, "\x49\x8b\x4b\x08" "\x48\xf7\xd1" "\x48\x8d\x4c\x0c\x01" "\x48\x0f\xc9" "\x0f\xb6\xc9"
                  "\x4d\x8d\x5b\xe8", 22);
    emit_short(e, 0xe3, again);
}

/* Leads away if there is no room. */
static uintptr_t emit_room_test(struct emitter *e)
{
    emit_bytes(e, "\x64\x4c\x3b\x1c\x25", 5);
    emit32(e, (uint32_t)TR_FS(last_call));
    return emit_short(e, 0x77, e->at);
}

/*     mov    %fs:last_call, %rcx
 *     not    %rcx
 *     lea    (%r11,%rcx), %rcx
 *     bswap  %rcx
 *     movzbl %cl, %ecx
 *     jrcxz  2f                   */
static uintptr_t emit_room_test_without_flags(struct emitter *e)
{
    emit_load_fs(e, TR_RCX, TR_FS(last_call));
    emit_bytes(e, "\x48\xf7\xd1" "\x49\x8d\x0c\x0b" "\x48\x0f\xc9" "\x0f\xb6\xc9", 13);
    return emit_short(e, 0xe3, e->at);
}

static void emit_return_pc(struct emitter *e, uintptr_t pc)
{
    if ((intptr_t)pc == (int32_t)pc) {
        emit_bytes(e, "\x49\xc7\x03", 3);
        emit32(e, (uint32_t)pc);
        return;
    }
    emit_bytes(e, "\x41\xc7\x03", 3);
    emit32(e, (uint32_t)pc);
    emit_bytes(e, "\x41\xc7\x43\x04", 4);
    emit32(e, (uint32_t)(pc >> 32));
}

static void emit_entry(struct emitter *e, uintptr_t return_pc)
{
    emit_store_fs(e, TR_R11, TR_FS(call));
    emit_bytes(e, "\x49\x89\x63\x08", 4);
    emit_return_pc(e, return_pc);
    emit_bytes(e, "\x49\xc7\x43\x10\0\0\0\0", 8);
}

static void borrow(struct emitter *e, struct place_writer *places, unsigned reg, unsigned slot)
{
    emit_store_fs(e, reg, TR_FS(spill) + 8 * (int32_t)slot);
    place_spilled(places, e->at, reg, slot);
}

static void give_back(struct emitter *e, struct place_writer *places, unsigned reg, unsigned slot)
{
    emit_load_fs(e, reg, TR_FS(spill) + 8 * (int32_t)slot);
    place_restored(places, e->at, reg);
}

bool keep_calls_wants(const struct tr_insn *insn)
{
    return translator.client && translator.client->keeps_calls &&
           (insn->flow == FLOW_CALL || insn->flow == FLOW_CALL_INDIRECT);
}

void keep_calls_emit(struct emitter *e, struct place_writer *places, const struct tr_insn *insn)
{
    bool flags = insn->flow == FLOW_CALL_INDIRECT || !flags_die_at(insn->target);
    borrow(e, places, TR_R11, SLOT_CALL);
    if (flags)
        borrow(e, places, TR_RCX, SLOT_CALL + 1);
    if (flags)
        emit_drop_dead_without_flags(e);
    else
        emit_drop_dead(e);
    emit_bytes(e, "\x4d\x8d\x5b\x30", 4);
    uintptr_t no_room = flags ? emit_room_test_without_flags(e) : emit_room_test(e);
    emit_entry(e, insn->pc + insn->length);
    set_short(e, no_room);
    if (flags)
        give_back(e, places, TR_RCX, SLOT_CALL + 1);
    give_back(e, places, TR_R11, SLOT_CALL);
}
