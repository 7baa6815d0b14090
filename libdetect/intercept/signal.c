/* SPDX-License-Identifier: MIT */
/* Signal actions: sigaction and the older functions that libc builds on it by internal calls. The handler that the
 * kernel gets is ours (runtime/signals.c), what the program sees is its own.
 *
 * In the child of a vfork the table of handlers is the parent's: there the kernel is asked directly. A handler of
 * the program's would be called without us, which is as well, the child's next step being exec. */
#include <errno.h>

#include "intercept/export.h"
#include "runtime/real.h"
#include "runtime/runtime.h"
#include "runtime/signals.h"

/* The signals that siginterrupt() has told to interrupt system calls; see signal(2). */
static uint64_t interrupting;

static uint64_t bit(int signo) { return 1ull << ((unsigned)(signo - 1) % 64); }

static bool valid(int signo) { return signo >= 1 && signo < NSIG; }

INTERCEPT(int, sigaction, (int signo, const struct sigaction *act, struct sigaction *old))
{
    return signals_action(signo, act, old);
}

EXPORT int intercepted___sigaction(int, const struct sigaction *, struct sigaction *)
    __asm__("__sigaction") __attribute__((alias("sigaction")));

static sighandler_t install(int signo, sighandler_t handler, int flags, bool block_itself)
{
    struct sigaction act = {.sa_handler = handler, .sa_flags = flags}, old;
    sigemptyset(&act.sa_mask);
    if (handler == SIG_ERR || !valid(signo)) {
        errno = EINVAL;
        return SIG_ERR;
    }
    if (block_itself)
        sigaddset(&act.sa_mask, signo);
    return signals_action(signo, &act, &old) < 0 ? SIG_ERR : old.sa_handler;
}

/* BSD: the handler stays, the signal is blocked in it, system calls are restarted. */
INTERCEPT(sighandler_t, signal, (int signo, sighandler_t handler))
{
    bool interrupts = valid(signo) && (load_relaxed(&interrupting) & bit(signo));
    return install(signo, handler, interrupts ? 0 : SA_RESTART, true);
}

EXPORT sighandler_t intercepted_bsd_signal(int, sighandler_t) __asm__("bsd_signal")
    __attribute__((alias("signal")));
EXPORT sighandler_t intercepted_ssignal(int, sighandler_t) __asm__("ssignal")
    __attribute__((alias("signal")));

/* System V: the handler is used once, the signal is not blocked in it. */
INTERCEPT(sighandler_t, sysv_signal, (int signo, sighandler_t handler))
{
    return install(signo, handler, SA_RESETHAND | SA_NODEFER | SA_INTERRUPT, false);
}

EXPORT sighandler_t intercepted___sysv_signal(int, sighandler_t) __asm__("__sysv_signal")
    __attribute__((alias("sysv_signal")));

INTERCEPT(int, siginterrupt, (int signo, int interrupts))
{
    struct sigaction act;
    if (signals_action(signo, NULL, &act) < 0)
        return -1;
    if (interrupts) {
        fetch_or_relaxed(&interrupting, bit(signo));
        act.sa_flags &= ~SA_RESTART;
    } else {
        fetch_and_relaxed(&interrupting, ~bit(signo));
        act.sa_flags |= SA_RESTART;
    }
    return signals_action(signo, &act, NULL);
}

INTERCEPT(int, sigignore, (int signo))
{
    struct sigaction act = {.sa_handler = SIG_IGN};
    return signals_action(signo, &act, NULL);
}

INTERCEPT(int, sigaltstack, (const stack_t *stack, stack_t *old))
{
    if (LIKELY(!signals_translated))
        return REAL(sigaltstack)(stack, old);
    long error = signals_altstack(stack, old, (uintptr_t)__builtin_frame_address(0));
    if (error == 0)
        return 0;
    errno = (int)-error;
    return -1;
}

/* --- sigset ----------------------------------------------------------------------------------------------------- */

/* Blocks or unblocks the signal through the exported function, which tells the analysis; whether it was
 * blocked before, or -1. */
static int block(int how, int signo)
{
    sigset_t set, before;
    sigemptyset(&set);
    sigaddset(&set, signo);
    return sigprocmask(how, &set, &before) < 0 ? -1 : sigismember(&before, signo);
}

INTERCEPT(sighandler_t, sigset, (int signo, sighandler_t handler))
{
    struct sigaction act = {.sa_handler = handler}, old;
    if (handler == SIG_ERR || !valid(signo)) {
        errno = EINVAL;
        return SIG_ERR;
    }
    bool hold = handler == SIG_HOLD;
    if (signals_action(signo, hold ? NULL : &act, &old) < 0)
        return SIG_ERR;
    int was_blocked = block(hold ? SIG_BLOCK : SIG_UNBLOCK, signo);
    if (was_blocked < 0)
        return SIG_ERR;
    return was_blocked ? SIG_HOLD : old.sa_handler;
}
