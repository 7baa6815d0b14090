/* SPDX-License-Identifier: MIT */
/* What a signal handler of the program interrupts, is shown, and goes back to.
 *
 * The kernel's context may be anywhere: in the midst of a fragment with registers borrowed, in shared code, on the way
 * out of the translator. Each of these is a state of the program between two of its instructions, or in one that has
 * not taken effect, which is what the handler is shown; if it changes nothing, exactly the old context is resumed. */
#include <string.h>
#include <sys/ucontext.h>

#include "base/atomic.h"
#include "translate/arch.h"
#include "translate/translator.h"
#include "translate/x86_64/offsets.h"

#define GREGS (REG_EFL + 1) /* general registers, rip, flags: what a handler may change and sigreturn takes */

struct saved {
    uint64_t before[GREGS], shown[GREGS];
    uint64_t spill[TR_SPILLS];
    uint64_t borrowed; /* bit per index of gregs: `before` is not the program's value */
    uint64_t in_cache;
};
_Static_assert(sizeof(struct saved) <= sizeof(struct tr_signal_save), "keep in sync with translate.h");

uintptr_t tr_context_sp(const ucontext_t *context) { return tr_arch.context_sp(context); }

void tr_signal_deferred(void) { store_relaxed(&tr_thread.deferred, 1); }

/* --- where ------------------------------------------------------------------------------------------------------------ */

/* On the way out everything is final. A handler that has interrupted it, and is interrupted itself before it has left
 * the translator's stack, runs further down than the way out ever is: a signal frame is larger than that. */
#define WAY_OUT_BYTES 1024u

static bool is_leaving(const ucontext_t *context)
{
    uintptr_t pc = tr_arch.context_pc(context), used = (uintptr_t)tr_thread.stack_top - tr_arch.context_sp(context);
    struct tr_place place;
    if (load_relaxed(&tr_thread.inside) != TR_LEAVING)
        return false;
    return used < WAY_OUT_BYTES || (pc >= (uintptr_t)leave_start && pc < (uintptr_t)leave_end) ||
           (cache_place(pc, &place) && place.pc_from == PC_OF_RESUME);
}

static bool find_place(uintptr_t pc, struct tr_place *place)
{
    return cache_contains(pc) ? cache_place(pc, place) : tr_arch.enter_place(pc, place);
}

/* Another handler on its way from there to the program's stack, or somebody who asks for a translation. */
static bool is_on_stack(uintptr_t sp)
{
    return tr_thread.stack_top && (uintptr_t)tr_thread.stack_top - sp < TRANSLATOR_STACK_BYTES;
}

enum tr_interrupted tr_interrupted(const ucontext_t *context)
{
    struct tr_place place;
    if (load_relaxed(&tr_thread.inside) != TR_OUTSIDE)
        return is_leaving(context) ? TR_AT_CACHE : TR_AT_WORK;
    if (find_place(tr_arch.context_pc(context), &place))
        return TR_AT_CACHE;
    return is_on_stack(tr_arch.context_sp(context)) ? TR_AT_WORK : TR_AT_NATIVE;
}

/* --- what is shown ---------------------------------------------------------------------------------------------------- */

/* As after the last instruction of the way out. */
static void finish_leaving(ucontext_t *context)
{
    for (unsigned reg = 0; reg < TR_REGISTERS; reg++)
        tr_arch.context_set_register(context, reg, tr_thread.context.gpr[reg]);
    context->uc_mcontext.gregs[REG_EFL] = (greg_t)tr_thread.context.flags;
    tr_arch.context_set_pc(context, tr_thread.resume);
    store_relaxed(&tr_thread.inside, TR_OUTSIDE);
}

/* Some code between the cache and the translator uses tr_thread's context and `resume`, which the handler will use as
 * well: the thread starts such code again, or has done with it. */
static void settle(ucontext_t *context, const struct tr_place *place)
{
    static const char *const ways_in[][2] = {
        {enter_exit, enter_exit_working}, {enter_hook, enter_hook_working}, {enter_tested, enter_tested_working},
        {enter_indirect, enter_indirect_working}};
    uintptr_t pc = tr_arch.context_pc(context);
    if (place->pc_from == PC_OF_RESUME)
        tr_arch.context_set_pc(context, tr_thread.resume);
    if (place->pc_from == PC_OF_QUICK)
        tr_arch.context_set_pc(context, tr_thread.spill[TR_SLOT_QUICK]);
    for (size_t i = 0; i < ARRAY_LEN(ways_in); i++)
        if (pc >= (uintptr_t)ways_in[i][0] && pc < (uintptr_t)ways_in[i][1])
            tr_arch.context_set_pc(context, (uintptr_t)ways_in[i][0]);
}

static uint64_t differences(const uint64_t *a, const uint64_t *b)
{
    uint64_t set = 0;
    for (unsigned i = 0; i < GREGS; i++)
        set |= (uint64_t)(a[i] != b[i]) << i;
    return set;
}

/* The saved rip must not be taken for a return address (tr_unwind_prepare). */
static void hide_pc(struct saved *saved) { saved->before[REG_RIP] = ~saved->before[REG_RIP]; }

void tr_signal_enter(struct tr_signal_save *save, ucontext_t *context)
{
    struct saved *saved = (struct saved *)save;
    struct tr_place place;
    if (is_leaving(context))
        finish_leaving(context);
    else if (find_place(tr_arch.context_pc(context), &place))
        settle(context, &place);
    memcpy(saved->spill, tr_thread.spill, sizeof(saved->spill));
    memcpy(saved->before, context->uc_mcontext.gregs, sizeof(saved->before));
    saved->in_cache = find_place(tr_arch.context_pc(context), &place);
    if (saved->in_cache) {
        uintptr_t pc = translate_pc_of(&place, context);
        tr_arch.context_restore(context, &place);
        tr_arch.context_set_pc(context, pc);
    }
    memcpy(saved->shown, context->uc_mcontext.gregs, sizeof(saved->shown));
    saved->borrowed = differences(saved->before, saved->shown);
    hide_pc(saved);
}

/* --- the way back ------------------------------------------------------------------------------------------------------- */

/* A change of what is borrowed, or of rip, makes the handler's context the program's next state: it goes on at that
 * program address, where it faults and comes back to the cache. Otherwise just the old one, where other registers may
 * have changed. */
void tr_signal_leave(struct tr_signal_save *save, ucontext_t *context)
{
    struct saved *saved = (struct saved *)save;
    uint64_t now[GREGS];
    memcpy(now, context->uc_mcontext.gregs, sizeof(now));
    uint64_t changed = differences(now, saved->shown);
    hide_pc(saved);
    memcpy(tr_thread.spill, saved->spill, sizeof(saved->spill));
    if (!saved->in_cache || changed & (saved->borrowed | 1ull << REG_RIP))
        return;
    for (unsigned i = 0; i < GREGS; i++)
        if (saved->borrowed >> i & 1)
            context->uc_mcontext.gregs[i] = (greg_t)saved->before[i];
}
