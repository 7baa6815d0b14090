/* SPDX-License-Identifier: MIT */
/* Faults that are the translator's own: native code that executes a translated address, cache pages that were evicted,
 * text that vanished while it was read. Runs in the runtime's signal handler, on
 * whatever stack that has, at any moment but while the lock is held by this thread. */
#include "translate/arch.h"
#include "translate/ranges.h"
#include "translate/translator.h"

struct entry {
    uintptr_t pc, code;
};

static void resolve_entry(void *arg)
{
    struct entry *entry = arg;
    struct tr_fragment *fragment = NULL;
    spin_lock(&translator.lock);
    entry->code = translate_resolve(entry->pc, &fragment);
    if (!entry->code) {
        translate_give_up();
        entry->code = translator.left ? entry->pc : 0;
    }
    spin_unlock(&translator.lock);
}

/* Signals that come meanwhile wait until the handler returns. */
static uintptr_t resolve_slowly(uintptr_t pc)
{
    struct entry entry = {pc, 0};
    uint32_t inside = tr_thread.inside;
    store_relaxed(&tr_thread.inside, TR_WORKING);
    compiler_barrier();
    bool done = translate_on_stack(resolve_entry, &entry);
    compiler_barrier();
    store_relaxed(&tr_thread.inside, inside);
    return done ? entry.code : 0;
}

/* Goes on at program address pc. False: it cannot, for want of memory. */
static bool go_on(ucontext_t *context, uintptr_t pc)
{
    uintptr_t code = range_find(pc) ? map_find(pc) : pc;
    if (UNLIKELY(!code || !tr_thread.stack_top))
        code = resolve_slowly(pc);
    if (!code)
        return false;
    tr_arch.context_set_pc(context, code);
    return true;
}

uintptr_t translate_pc_of(const struct tr_place *place, const ucontext_t *context)
{
    switch (place->pc_from) {
    case PC_IN_REGISTER:
        return tr_arch.context_register(context, place->pc_register);
    case PC_OF_EXIT:
        return tr_origin(tr_arch.context_register(context, TR_RAX));
    case PC_OF_HOOK:
        return ((struct tr_hook *)tr_arch.context_register(context, TR_RAX))->pc;
    case PC_OF_RESUME:
        return tr_origin(tr_thread.resume);
    case PC_OF_QUICK:
        return tr_origin(tr_thread.spill[TR_SLOT_QUICK]);
    default:
        return place->pc;
    }
}

/* The thread was inside a fragment that is gone, or returns to one. */
static bool go_on_elsewhere(ucontext_t *context, uintptr_t code)
{
    struct tr_place place;
    if (!cache_place(code, &place))
        return false;
    uintptr_t pc = translate_pc_of(&place, context);
    tr_arch.context_restore(context, &place);
    return go_on(context, pc);
}

#define INSTRUCTION_MAX 15

/* The address is the instruction's own, or lies inside it: one that crosses into the next page faults there if only
 * that has stopped being executable. */
static bool is_executed(const siginfo_t *info, uintptr_t pc)
{
    return info->si_code == SEGV_ACCERR && (uintptr_t)info->si_addr - pc < INSTRUCTION_MAX;
}

/* Cache code reads constants that lie behind it: a thread that is there when its pages go may have fetched the
 * instruction, and faults where it reads. */
static bool is_own_constant(const siginfo_t *info)
{
    return info->si_code == SEGV_ACCERR && cache_contains((uintptr_t)info->si_addr);
}

/* A test of an address that has no word to be tested: its call-out comes next, and then the program's access, which may
 * fault for itself. */
static bool recover_test(ucontext_t *context, uintptr_t code)
{
    const struct tr_fragment *fragment = cache_fragment(code);
    struct tr_place place;
    if (!fragment || !fragment_place(fragment, code, &place) || place.started)
        return false;
    uintptr_t call_out = fragment_call_out(fragment, place.pc);
    if (call_out)
        tr_arch.context_set_pc(context, call_out);
    return call_out != 0;
}

static bool is_evicted(uintptr_t code)
{
    const struct tr_fragment *fragment = cache_fragment(code);
    return fragment && load_relaxed(&fragment->evicted);
}

enum tr_fault tr_fault(int signo, const siginfo_t *info, ucontext_t *context)
{
    if (!translator.ready)
        return TR_FAULT_PROGRAM;
    uintptr_t pc = tr_arch.context_pc(context);
    if (signo == SIGSEGV && is_executed(info, pc)) {
        if (range_find(pc)) {
            stat_add(&translator.stats.entry_faults, 1);
            /* After a detach the range is executable again: just once more. */
            if (translator.left || go_on(context, pc))
                return TR_FAULT_RESUMED;
        } else if (is_evicted(pc) && go_on_elsewhere(context, pc)) {
            return TR_FAULT_RESUMED;
        }
        return TR_FAULT_PROGRAM;
    }
    if (signo == SIGSEGV && is_own_constant(info) && is_evicted(pc) && go_on_elsewhere(context, pc))
        return TR_FAULT_RESUMED;
    if ((signo == SIGSEGV || signo == SIGBUS) && (tr_arch.recover_guarded(context) || recover_test(context, pc)))
        return TR_FAULT_RESUMED;
    return TR_FAULT_PROGRAM;
}
