/* SPDX-License-Identifier: MIT */
/* Interceptors of all that changes the mask of blocked signals; see signal_mask.h. What the kernel is asked for changes
 * only in a translated program, where it never blocks SIGSEGV (runtime/signals.h). */
#include "intercept/signal_mask.h"

#include <string.h>

#include "base/sys.h"
#include "intercept/export.h"
#include "intercept/signal_saved.h"
#include "runtime/real.h"

/* In the child of a vfork this thread's state is its parent's. */
static bool own_process(void) { return sys_getpid() == runtime.pid; }

uint64_t mask_now(void)
{
    const struct self *self = self_current;
    return self ? self->signal_mask : 0;
}

void mask_changed(uint64_t mask, const struct call_site *site)
{
    struct self *self = self_enter();
    if (!self)
        return;
    if (self->signal_mask != mask && own_process()) {
        self->signal_mask = mask;
        struct event event = {.type = EVENT_SIGNAL_MASK, .value = mask};
        emit(self, site, &event, false);
    }
    self_leave(self);
}

/* One that is pending and no longer blocked is to end the wait: it comes from the kernel. */
static const sigset_t *replace_kept(struct mask_guard *guard, const sigset_t *mask)
{
    siginfo_t info;
    guard->kept = true;
    guard->kept_before = signals_blocked_kept();
    guard->for_kernel = mask_bits(mask) & ~signals_kept();
    uint64_t freed = signals_pending_kept() & guard->kept_before & ~mask_bits(mask);
    if (freed) {
        signals_real_mask(&guard->really, freed);
        if (signals_take_pending(freed, &info))
            signals_send_again(&info);
    }
    signals_block_kept(mask_bits(mask));
    return (const sigset_t *)(const void *)&guard->for_kernel;
}

const sigset_t *mask_replace(struct mask_guard *guard, const sigset_t *mask, const struct call_site *site)
{
    *guard = (struct mask_guard){.replaced = false};
    if (!mask)
        return mask;
    if (UNLIKELY(signals_translated))
        mask = replace_kept(guard, mask);
    if (mask_bits(mask) != mask_now()) {
        guard->replaced = true;
        guard->before = mask_now();
        guard->site = *site;
        mask_changed(mask_bits(mask), site);
    }
    return mask;
}

void mask_restore(struct mask_guard *guard)
{
    if (guard->replaced)
        mask_changed(guard->before, &guard->site);
    if (UNLIKELY(guard->kept)) {
        signals_block_kept(guard->kept_before);
        signals_real_mask_end(&guard->really);
    }
}

/* --- sigprocmask and its relatives ---------------------------------------------------------------------------- */

static uint64_t combine(int how, uint64_t before, uint64_t set)
{
    switch (how) {
    case SIG_BLOCK:
        return before | set;
    case SIG_UNBLOCK:
        return before & ~set;
    default:
        return set;
    }
}

/* The kernel's part of the mask changes as the program says, ours as well. */
static int change_kept(__typeof__(sigprocmask) *real_call, int how, const sigset_t *set, sigset_t *old,
                       const struct call_site *site)
{
    sigset_t asked, before;
    uint64_t bits = set ? mask_bits(set) : 0, for_kernel = bits & ~signals_kept();
    memcpy(&asked, &for_kernel, sizeof(for_kernel));
    int result = real_call(how, set ? &asked : NULL, &before);
    if (result != 0)
        return result;
    uint64_t shown = mask_bits(&before) | signals_blocked_kept();
    if (old)
        memcpy(old, &shown, sizeof(shown));
    if (set) {
        signals_block_kept(combine(how, signals_blocked_kept(), bits));
        mask_changed(combine(how, shown, bits), site);
    }
    return 0;
}

/* `set` may be the same object as `old`, which the call overwrites: its bits are taken before. */
static int change_mask(__typeof__(sigprocmask) *real_call, int how, const sigset_t *set,
                       sigset_t *old, const struct call_site *site)
{
    if (UNLIKELY(signals_translated))
        return change_kept(real_call, how, set, old, site);
    if (!set)
        return real_call(how, set, old);
    sigset_t before;
    uint64_t bits = mask_bits(set);
    int result = real_call(how, set, old ? old : &before);
    if (result == 0)
        mask_changed(combine(how, mask_bits(old ? old : &before), bits), site);
    return result;
}

INTERCEPT(int, sigprocmask, (int how, const sigset_t *set, sigset_t *old))
{
    if (UNLIKELY(self_needs_no_mask()))
        return 0;
    struct call_site site = CALL_SITE();
    return change_mask(REAL(sigprocmask), how, set, old, &site);
}

INTERCEPT(int, pthread_sigmask, (int how, const sigset_t *set, sigset_t *old))
{
    struct call_site site = CALL_SITE();
    return change_mask(REAL(pthread_sigmask), how, set, old, &site);
}

/* System V's names; libc does the same by internal calls. */
static int change_one(int how, int signo, const struct call_site *site)
{
    sigset_t set;
    sigemptyset(&set);
    return sigaddset(&set, signo) < 0 ? -1 : change_mask(REAL(sigprocmask), how, &set, NULL, site);
}

INTERCEPT(int, sighold, (int signo))
{
    struct call_site site = CALL_SITE();
    return change_one(SIG_BLOCK, signo, &site);
}

INTERCEPT(int, sigrelse, (int signo))
{
    struct call_site site = CALL_SITE();
    return change_one(SIG_UNBLOCK, signo, &site);
}

/* BSD's names: an int of the lowest 32 signals. Return the mask before. */
static int change_lowest(int how, int bits, const struct call_site *site)
{
    sigset_t set, old;
    sigemptyset(&set);
    *(uint64_t *)(void *)&set = (uint32_t)bits;
    if (change_mask(REAL(sigprocmask), how, &set, &old, site) < 0)
        return -1;
    return (int)mask_bits(&old);
}

INTERCEPT(int, sigblock, (int bits))
{
    struct call_site site = CALL_SITE();
    return change_lowest(SIG_BLOCK, bits, &site);
}

INTERCEPT(int, sigsetmask, (int bits))
{
    struct call_site site = CALL_SITE();
    return change_lowest(SIG_SETMASK, bits, &site);
}

/* --- waiting with another mask ----------------------------------------------------------------------------------- */

INTERCEPT(int, sigsuspend, (const sigset_t *mask))
{
    struct call_site site = CALL_SITE();
    struct mask_guard guard __attribute__((cleanup(mask_restore)));
    mask = mask_replace(&guard, mask, &site);
    return REAL(sigsuspend)(mask);
}

INTERCEPT(int, __xpg_sigpause, (int signo))
{
    struct call_site site = CALL_SITE();
    struct mask_guard guard __attribute__((cleanup(mask_restore)));
    sigset_t mask;
    sigemptyset(&mask);
    *(uint64_t *)(void *)&mask = mask_now() & ~(1ull << ((unsigned)(signo - 1) % 64));
    const sigset_t *for_kernel = mask_replace(&guard, &mask, &site);
    return UNLIKELY(signals_translated) ? REAL(sigsuspend)(for_kernel) : REAL(__xpg_sigpause)(signo);
}

/* --- contexts: the mask is a part of them ------------------------------------------------------------------------- */

/* The mask of the context that is switched to is the thread's; what to switch to instead, for the kernel's sake. */
static const ucontext_t *switch_mask(const ucontext_t *to, const struct call_site *site)
{
    uint64_t mask = mask_bits(&to->uc_sigmask);
    if (UNLIKELY(signals_translated)) {
        mask |= saved_in_context(to);
        to = context_for_kernel(to);
        signals_block_kept(mask);
    }
    if (mask != mask_now())
        mask_changed(mask, site);
    return to;
}

INTERCEPT(int, setcontext, (const ucontext_t *to))
{
    struct call_site site = CALL_SITE();
    return REAL(setcontext)(switch_mask(to, &site));
}

/* Returns when somebody, perhaps another thread, switches back. */
INTERCEPT(int, swapcontext, (ucontext_t *from, const ucontext_t *to))
{
    struct call_site site = CALL_SITE();
    save_in_context(from);
    to = switch_mask(to, &site);
    int result = REAL(swapcontext)(from, to);
    if (result == 0 && mask_bits(&from->uc_sigmask) != mask_now())
        mask_changed(mask_bits(&from->uc_sigmask), &site);
    return result;
}
