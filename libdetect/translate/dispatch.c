/* SPDX-License-Identifier: MIT */
/* Where the cache asks how to go on: unlinked exits, indirect jumps to new targets, hooks. Called by x86_64/enter.S on
 * the thread's translator stack, with the program's general registers in tr_thread.context; the vector registers are
 * still the program's, so this file is compiled with -mgeneral-regs-only, and what needs the lock or the decoder runs
 * inside with_vectors_saved. */
#include <signal.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "translate/arch.h"
#include "translate/translator.h"

/* Signals that came meanwhile are handed to the host, which sends them to the thread again; they are blocked until the
 * thread's state is final. */
static void hand_over_signals(void)
{
    uint64_t saved = sys_signal_mask(~0ull);
    tr_thread.deferred = 0;
    if (translator.host->on_leave)
        tr_arch.with_vectors_saved(translator.host->on_leave, &saved);
    store_relaxed(&tr_thread.inside, TR_LEAVING);
    compiler_barrier();
    sys_signal_mask(saved);
}

static void leave(void)
{
    compiler_barrier();
    if (UNLIKELY(load_relaxed(&tr_thread.deferred)))
        hand_over_signals();
    store_relaxed(&tr_thread.inside, TR_LEAVING);
    compiler_barrier();
    /* One that came between the two: its handler found WORKING. */
    if (UNLIKELY(load_relaxed(&tr_thread.deferred))) {
        store_relaxed(&tr_thread.inside, TR_WORKING);
        hand_over_signals();
    }
}

/* The program's next address, or what it is natively if translation has to be given up. */
static uintptr_t resolve_or_leave(uintptr_t pc, struct tr_fragment **fragment)
{
    uintptr_t code = translate_resolve(pc, fragment);
    if (code || !pc) /* a call of nothing faults at 0 */
        return code;
    translate_give_up();
    *fragment = NULL;
    return pc;
}

static bool may_link(void)
{
    return translator.options.links != TR_LINKS_NEVER && !translator.left;
}

static uintptr_t target_of(uintptr_t stub)
{
    struct tr_exit *exit = exit_of_stub(stub);
    struct tr_place place;
    if (exit)
        return exit->target;
    return cache_place(stub, &place) ? place.pc : 0;
}

static void resolve_exit(void *arg)
{
    uintptr_t stub = (uintptr_t)arg;
    spin_lock(&translator.lock);
    uintptr_t pc = target_of(stub);
    struct tr_fragment *fragment = NULL;
    uintptr_t code = resolve_or_leave(pc, &fragment);
    struct tr_exit *exit = exit_of_stub(stub); /* it may have been evicted to make room */
    if (exit && exit->target == pc && code && may_link())
        exit_link(exit, code, fragment);
    spin_unlock(&translator.lock);
    tr_thread.context.pc = pc;
    tr_thread.resume = code;
}

void dispatch_exit(uintptr_t stub)
{
    stat_add(&translator.stats.dispatches, 1);
    tr_arch.with_vectors_saved(resolve_exit, (void *)stub);
    leave();
}

static void resolve_indirect(void *arg)
{
    uintptr_t pc = (uintptr_t)arg;
    spin_lock(&translator.lock);
    struct tr_fragment *fragment = NULL;
    uintptr_t code = resolve_or_leave(pc, &fragment);
    if (code && may_link())
        indirect_learn(pc, code, fragment);
    spin_unlock(&translator.lock);
    tr_thread.context.pc = pc;
    tr_thread.resume = code;
}

void dispatch_indirect(uintptr_t target)
{
    stat_add(&translator.stats.lookups_missed, 1);
    tr_arch.with_vectors_saved(resolve_indirect, (void *)target);
    leave();
}

void dispatch_hook(struct tr_hook *hook)
{
    tr_thread.resume = hook->resume;
    tr_thread.context.pc = hook->pc;
    hook->run(hook);
    leave();
}
