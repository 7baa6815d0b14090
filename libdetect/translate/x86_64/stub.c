/* SPDX-License-Identifier: MIT */
/* Direct exits' stubs, and the shared code at each region's start that they jump to:
 *
 *   enter_exit:      mov  %rcx, %fs:spill1
 *                    mov  $tr_thread_offset, %rcx
 *                    jmp  *literal               to enter.S
 *   enter_hook:      the same
 *   enter_tested:    the same
 *   enter_quick:     below; and enter_quick_in_loop
 *   enter_indirect:  mov  %rax, %fs:spill2
 *                    mov  %r11, %rax
 *                    mov  %fs:spill0, %r11
 *                    then the same, but rcx is in spill1 already
 *   leave:           mov  %fs:context.rcx, %rcx
 *                    movl $0, %fs:inside
 *                    jmp  *%fs:resume
 */
#include "translate/place.h"
#include "translate/x86_64/hooks.h"
#include "translate/x86_64/offsets.h"
#include "translate/x86_64/shared.h"
#include "translate/x86_64/transfer.h"
#include "translate/translator.h"

uintptr_t tr_leave_tail;

/* mov $simm32, %rcx */
static void emit_offset(struct emitter *e)
{
    emit_bytes(e, (uint8_t[]){0x48, 0xc7, 0xc1}, 3);
    emit32(e, (uint32_t)tr_thread_offset);
}

/* movl $inside, %fs:inside */
static void emit_inside(struct emitter *e, enum tr_inside inside)
{
    emit_bytes(e, (uint8_t[]){0x64, 0xc7, 0x04, 0x25}, 4);
    emit32(e, (uint32_t)TR_FS(inside));
    emit32(e, inside);
}

/* jmp *0(%rip); the literal follows */
static void emit_far_jump(struct emitter *e, const void *to)
{
    emit_bytes(e, (uint8_t[]){0xff, 0x25, 0, 0, 0, 0}, 6);
    emit64(e, (uintptr_t)to);
}

static void emit_jump_in(struct emitter *e, const void *to)
{
    emit_offset(e);
    emit_far_jump(e, to);
    emit_nops(e, -e->at & 15);
}

static uintptr_t emit_way_in(struct emitter *e, const void *to)
{
    uintptr_t start = e->at;
    emit_store_fs(e, TR_RCX, TR_FS(spill[1]));
    emit_jump_in(e, to);
    return start;
}

enum { INDIRECT_RAX_TAKEN = 12, INDIRECT_R11_BACK = 21 };

static uintptr_t emit_way_in_indirect(struct emitter *e)
{
    uintptr_t start = e->at;
    emit_store_fs(e, TR_RAX, TR_FS(spill[2]));
    emit_bytes(e, (uint8_t[]){0x4c, 0x89, 0xd8}, 3);
    emit_load_fs(e, TR_R11, TR_FS(spill[0]));
    emit_jump_in(e, enter_indirect);
    return start;
}

static uintptr_t emit_way_out(struct emitter *e)
{
    uintptr_t start = e->at;
    emit_load_fs(e, TR_RCX, TR_FS(context.gpr[TR_RCX]));
    emit_inside(e, TR_OUTSIDE);
    emit_bytes(e, (uint8_t[]){0x64, 0xff, 0x24, 0x25}, 4);
    emit32(e, (uint32_t)TR_FS(resume));
    return start;
}

/* --- quick calls ------------------------------------------------------------------------------------------------------- */

/* cmpq or cmpl $0, %fs:offset */
static void emit_compare_with_0(struct emitter *e, bool wide, int32_t offset)
{
    emit8(e, 0x64);
    if (wide)
        emit8(e, 0x48);
    emit_bytes(e, (uint8_t[]){0x83, 0x3c, 0x25}, 3);
    emit32(e, (uint32_t)offset);
    emit8(e, 0);
}

/* Those that a function may change; and rsp. */
static const uint8_t quick_saved[] = {TR_RDX, TR_RSI, TR_RDI, TR_R8, TR_R9, TR_R10, TR_R11};
/* The others, which are shown to tr_check.quick_in_loop. */
static const uint8_t quick_shown[] = {TR_RBX, TR_RBP, TR_R12, TR_R13, TR_R14, TR_R15};

/*      cmpq  $0, %fs:stack_top         a thread's first time
 *      je    enter_tested
 *      mov   %rcx, %fs:spill1
 *      movl  $WORKING, %fs:inside      from here on signals are deferred
 *                                      in a loop: rcx, rax and what a function keeps to %fs:context, too
 *      mov   rdx, rsi, rdi, r8 … r11, rsp to %fs:context
 *      mov   %fs:stack_top, %rsp
 *      push  %rax
 *      push  %rax
 *      lea   access(%rax), %rsi
 *      mov   %fs:quick, %rdi
 *      call  *literal                  tr_check.quick
 *      pop   %rcx
 *      mov   %fs:context to rsp, rdx, rsi, rdi, r8 … r11
 *      test  %al, %al
 *      mov   %rcx, %rax
 *      jz    1f
 *      mov   resume(%rax), %rcx
 *      mov   %rcx, %fs:quick
 *      mov   %fs:spill1, %rcx
 *      movl  $OUTSIDE, %fs:inside      from here on they are not
 *      cmpl  $0, %fs:deferred
 *      jne   enter_tested              which delivers them when it leaves
 *      mov   %fs:spill0, %rax
 *      jmp   *%fs:quick
 *   1: mov   %fs:spill1, %rcx
 *      jmp   enter_tested                                                                      */
static void emit_quick_call(struct emitter *e, uintptr_t literal)
{
    for (unsigned i = 0; i < ARRAY_LEN(quick_saved); i++)
        emit_store_fs(e, quick_saved[i], TR_FS(context.gpr[quick_saved[i]]));
    emit_store_fs(e, TR_RSP, TR_FS(context.gpr[TR_RSP]));
    emit_load_fs(e, TR_RSP, TR_FS(stack_top));
    emit_bytes(e, (uint8_t[]){0x50, 0x50, 0x48, 0x8d, 0x70, offsetof(struct access_hook, operands[0].access)}, 6);
    emit_load_fs(e, TR_RDI, TR_FS(spill[TR_SLOT_QUICK]));
    emit_bytes(e, (uint8_t[]){0xff, 0x15}, 2);
    emit32(e, (uint32_t)(literal - (e->at + 4)));
    emit8(e, 0x59);
    emit_load_fs(e, TR_RSP, TR_FS(context.gpr[TR_RSP]));
    for (unsigned i = 0; i < ARRAY_LEN(quick_saved); i++)
        emit_load_fs(e, quick_saved[i], TR_FS(context.gpr[quick_saved[i]]));
}

/*      mov   %rcx, %fs:context.rcx
 *      mov   %fs:spill0, %rcx
 *      mov   %rcx, %fs:context.rax
 *      mov   rbx, rbp, r12 … r15 to %fs:context                                            */
static void emit_show_others(struct emitter *e)
{
    emit_store_fs(e, TR_RCX, TR_FS(context.gpr[TR_RCX]));
    emit_load_fs(e, TR_RCX, TR_FS(spill[0]));
    emit_store_fs(e, TR_RCX, TR_FS(context.gpr[TR_RAX]));
    for (unsigned i = 0; i < ARRAY_LEN(quick_shown); i++)
        emit_store_fs(e, quick_shown[i], TR_FS(context.gpr[quick_shown[i]]));
}

/* Returns where it begins. */
static uintptr_t emit_way_in_quick(struct emitter *e, struct tr_region *region, bool in_loop)
{
    const struct tr_check *check = translator.client->check;
    uintptr_t literal = e->at;
    emit64(e, (uintptr_t)(in_loop ? check->quick_in_loop : check->quick));
    uintptr_t start = e->at;
    emit_compare_with_0(e, true, TR_FS(stack_top));
    emit_branch(e, 4, region->enter_tested, false);
    emit_store_fs(e, TR_RCX, TR_FS(spill[1]));
    emit_inside(e, TR_WORKING);
    if (in_loop)
        emit_show_others(e);
    emit_quick_call(e, literal);
    emit_bytes(e, "\x84\xc0\x48\x89\xc8\x74", 7);
    uintptr_t not_done = e->at - 1;
    emit_bytes(e, (uint8_t[]){0x48, 0x8b, 0x48, offsetof(struct tr_hook, resume)}, 4);
    emit_store_fs(e, TR_RCX, TR_FS(spill[TR_SLOT_QUICK]));
    emit_load_fs(e, TR_RCX, TR_FS(spill[1]));
    emit_inside(e, TR_OUTSIDE);
    emit_compare_with_0(e, false, TR_FS(deferred));
    emit_branch(e, 5, region->enter_tested, false);
    emit_load_fs(e, TR_RAX, TR_FS(spill[0]));
    region->quick_end[in_loop] = e->at;
    emit_bytes(e, (uint8_t[]){0x64, 0xff, 0x24, 0x25}, 4);
    emit32(e, (uint32_t)TR_FS(spill[TR_SLOT_QUICK]));
    emit_set_short(e, not_done, e->at);
    emit_load_fs(e, TR_RCX, TR_FS(spill[1]));
    emit_jump(e, region->enter_tested, false);
    emit_nops(e, -e->at & 15);
    return start;
}

static void emit_ways_in_quick(struct emitter *e, struct tr_region *region)
{
    const struct tr_client *client = translator.client;
    if (!client || !client->check || !client->check->quick)
        return;
    region->enter_quick = emit_way_in_quick(e, region, false);
    if (client->check->quick_in_loop)
        region->enter_quick_in_loop = emit_way_in_quick(e, region, true);
}

/* Where signals are not deferred, all is in place but rax. */
static void quick_place(const struct tr_region *region, uintptr_t code, struct tr_place *place)
{
    bool is_done = code == region->quick_end[0] || code == region->quick_end[1];
    place->pc_from = is_done ? PC_OF_QUICK : PC_OF_HOOK;
    if (!is_done)
        place_put(place, TR_RAX, 0);
}

bool region_prologue(struct tr_region *region)
{
    struct emitter e = {.at = region->start, .end = region->start + CHUNK_SIZE, .delta = region->write_delta,
                        .region = region};
    region->enter_exit = emit_way_in(&e, enter_exit);
    region->enter_hook = emit_way_in(&e, enter_hook);
    region->enter_tested = emit_way_in(&e, enter_tested);
    emit_ways_in_quick(&e, region);
    region->enter_indirect = emit_way_in_indirect(&e);
    region->leave = emit_way_out(&e);
    emit_nops(&e, -e.at & 15);
    region->shared_end = e.at;
    if (!tr_leave_tail)
        tr_leave_tail = region->leave;
    return !e.full && indirect_init(region->enter_indirect);
}

static void indirect_way_in_place(uintptr_t offset, struct tr_place *place)
{
    place->pc_from = PC_IN_REGISTER;
    place->pc_register = offset < INDIRECT_RAX_TAKEN ? TR_R11 : TR_RAX;
    if (offset >= INDIRECT_RAX_TAKEN)
        place_put(place, TR_RAX, 2);
    if (offset < INDIRECT_R11_BACK)
        place_put(place, TR_R11, 0);
    place_put(place, TR_RCX, 1);
}

bool shared_place(const struct tr_region *region, uintptr_t code, struct tr_place *place)
{
    if (code - region->start >= region->shared_end - region->start)
        return false;
    *place = (struct tr_place){0};
    if (code >= region->leave) { /* before the last jump, `inside` is LEAVING and says more */
        place->pc_from = PC_OF_RESUME;
        return true;
    }
    if (code >= region->enter_indirect) {
        indirect_way_in_place(code - region->enter_indirect, place);
        return true;
    }
    if (region->enter_quick && code >= region->enter_quick) {
        quick_place(region, code, place);
        return true;
    }
    uintptr_t entry = code >= region->enter_tested ? region->enter_tested
                      : code >= region->enter_hook ? region->enter_hook
                                                   : region->enter_exit;
    place->pc_from = code >= region->enter_hook ? PC_OF_HOOK : PC_OF_EXIT;
    place_put(place, TR_RAX, 0);
    if (code > entry)
        place_put(place, TR_RCX, 1);
    return true;
}

void stub_emit(struct emitter *e, struct tr_exit *exit, struct place_writer *places)
{
    exit->stub = e->at;
    if (places)
        place_stub(places, e->at, exit->target);
    emit_store_fs(e, TR_RAX, TR_FS(spill[0]));
    if (places)
        place_spilled(places, e->at, TR_RAX, 0);
    emit_constant(e, TR_RAX, exit->stub);
    emit_jump(e, e->region->enter_exit, false);
}
