/* SPDX-License-Identifier: MIT */
/* The table of operations for x86-64: signal contexts, vector state, patches. */
#include "translate/arch.h"

#include <cpuid.h>
#include <sys/ucontext.h>

#include "base/atomic.h"
#include "translate/translator.h"
#include "translate/x86_64/decode.h"
#include "translate/x86_64/emitter.h"
#include "translate/x86_64/hooks.h"
#include "translate/x86_64/offsets.h"
#include "translate/x86_64/shared.h"

/* --- vector state: for enter.S -------------------------------------------------------------------------------------- */

extern uint32_t vector_method;
extern uint64_t vector_area_size;
__attribute__((visibility("hidden"))) uint32_t vector_method; /* 0 FXSAVE, 1 XSAVE, 2 XSAVEC */
__attribute__((visibility("hidden"))) uint64_t vector_area_size = 512;

static void find_vector_method(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !__get_cpuid_count(0xd, 0, &a, &b, &c, &d))
        return;
    vector_area_size = b; /* of all that is enabled, in the standard format: the compacted one is no larger */
    vector_method = __get_cpuid_count(0xd, 1, &a, &b, &c, &d) && (a & 2) ? 2 : 1;
}

static const char *supported(void)
{
#ifdef __ILP32__
    return "programs of the x32 kind are not translated";
#else
    return NULL;
#endif
}

static uintptr_t thread_pointer(void)
{
    uintptr_t value;
    __asm__("mov %%fs:0, %0" : "=r"(value));
    return value;
}

static bool init(void)
{
    tr_thread_offset = (int32_t)((uintptr_t)&tr_thread - thread_pointer());
    find_vector_method();
    decode_init();
    hooks_init();
    return true;
}

/* --- contexts ------------------------------------------------------------------------------------------------------- */

static const uint8_t register_at[TR_REGISTERS] = {
    [TR_RAX] = REG_RAX, [TR_RCX] = REG_RCX, [TR_RDX] = REG_RDX, [TR_RBX] = REG_RBX,
    [TR_RSP] = REG_RSP, [TR_RBP] = REG_RBP, [TR_RSI] = REG_RSI, [TR_RDI] = REG_RDI,
    [TR_R8] = REG_R8,   [TR_R9] = REG_R9,   [TR_R10] = REG_R10, [TR_R11] = REG_R11,
    [TR_R12] = REG_R12, [TR_R13] = REG_R13, [TR_R14] = REG_R14, [TR_R15] = REG_R15,
};

static uintptr_t context_pc(const ucontext_t *context) { return (uintptr_t)context->uc_mcontext.gregs[REG_RIP]; }

static void context_set_pc(ucontext_t *context, uintptr_t pc)
{
    context->uc_mcontext.gregs[REG_RIP] = (greg_t)pc;
}

static uintptr_t context_sp(const ucontext_t *context) { return (uintptr_t)context->uc_mcontext.gregs[REG_RSP]; }

static uint64_t context_register(const ucontext_t *context, unsigned reg)
{
    return (uint64_t)context->uc_mcontext.gregs[register_at[reg]];
}

static void context_set_register(ucontext_t *context, unsigned reg, uint64_t value)
{
    context->uc_mcontext.gregs[register_at[reg]] = (greg_t)value;
}

#define FLAGS_OF_LAHF 0xd5u
#define FLAG_OVERFLOW 0x800u

static void restore_flags(ucontext_t *context, unsigned form, unsigned slot)
{
    uint64_t ax = form == FLAGS_IN_SLOT ? tr_thread.spill[slot] : context_register(context, TR_RAX);
    uint64_t flags = (uint64_t)context->uc_mcontext.gregs[REG_EFL];
    flags = (flags & ~(uint64_t)FLAGS_OF_LAHF) | (ax >> 8 & FLAGS_OF_LAHF);
    if (form != FLAGS_IN_AH)
        flags = (flags & ~(uint64_t)FLAG_OVERFLOW) | (ax & 1 ? FLAG_OVERFLOW : 0);
    context->uc_mcontext.gregs[REG_EFL] = (greg_t)flags;
}

/* Before rax is restored. Code on the way to a hook is shared by those whose flags are elsewhere and others. */
static void context_restore_flags(ucontext_t *context, const struct tr_place *place)
{
    if (place->flags_spilled)
        restore_flags(context, place->flags_form, place->spill_of_flags);
    else if (place->pc_from == PC_OF_HOOK && ((struct tr_hook *)context_register(context, TR_RAX))->flags_in_slot)
        restore_flags(context, FLAGS_IN_SLOT, TR_SLOT_FLAGS);
}

static void context_restore(ucontext_t *context, const struct tr_place *place)
{
    context_restore_flags(context, place);
    for (unsigned reg = 0; reg < TR_REGISTERS; reg++) {
        if (!(place->spilled >> reg & 1))
            continue;
        unsigned where = place->spill_of[reg];
        context_set_register(context, reg, where == PLACE_OF_PC          ? place->pc
                                           : where >= PLACE_IN_REGISTER ? context_register(context, where - PLACE_IN_REGISTER)
                                                                        : tr_thread.spill[where]);
    }
}

static bool is_between(uintptr_t pc, const char *start, const char *end)
{
    return pc >= (uintptr_t)start && pc < (uintptr_t)end;
}

/* A fault inside [start, end) goes on at `then`. */
static bool recover(ucontext_t *context, const char *start, const char *end, const char *then)
{
    if (!is_between(context_pc(context), start, end))
        return false;
    context_set_pc(context, (uintptr_t)then);
    return true;
}

static bool recover_guarded(ucontext_t *context)
{
    return recover(context, copy_start, copy_end, copy_end) ||
           recover(context, load_start, load_end, load_failed) ||
           recover(context, length_guarded_start, length_guarded_end, length_guarded_end) ||
           recover(context, length_guarded_wide_start, length_guarded_wide_end, length_guarded_wide_end);
}

static bool enter_place(uintptr_t pc, struct tr_place *place)
{
    *place = (struct tr_place){0};
    if (is_between(pc, enter_exit, enter_exit_working))
        place->pc_from = PC_OF_EXIT;
    else if (is_between(pc, enter_hook, enter_hook_working) || is_between(pc, enter_tested, enter_tested_working))
        place->pc_from = PC_OF_HOOK;
    else if (is_between(pc, enter_indirect, enter_indirect_working))
        place->pc_from = PC_IN_REGISTER, place->pc_register = TR_RAX;
    else
        return false;
    place_put(place, TR_RAX, place->pc_from == PC_IN_REGISTER ? 2 : 0);
    place_put(place, TR_RCX, 1);
    return true;
}

/* --- patches -------------------------------------------------------------------------------------------------------- */

static bool reaches(uintptr_t site, uintptr_t to)
{
    intptr_t distance = (intptr_t)(to - (site + 4));
    return distance == (int32_t)distance;
}

/* The displacement lies within an aligned 8-byte word: seen whole or not at all by who executes it (Intel SDM volume
 * 3, 9.1.1 and 9.1.3 on cross-modifying code; the target is complete before). */
static void patch(uintptr_t site, intptr_t write_delta, uintptr_t to)
{
    store_release((uint32_t *)(site + (uintptr_t)write_delta), (uint32_t)(to - (site + 4)));
}

const struct tr_arch tr_arch = {
    .supported = supported,
    .region_prologue = region_prologue,
    .init = init,
    .context_pc = context_pc,
    .context_set_pc = context_set_pc,
    .context_sp = context_sp,
    .context_register = context_register,
    .context_set_register = context_set_register,
    .context_restore = context_restore,
    .recover_guarded = recover_guarded,
    .enter_place = enter_place,
    .with_vectors_saved = with_vectors_saved,
    .on_stack = on_stack,
    .reaches = reaches,
    .patch = patch,
};
