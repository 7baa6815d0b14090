/* SPDX-License-Identifier: MIT */
/* What the program has installed for each signal, and what the kernel has instead; see signals.h. */
#include <errno.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "runtime/real.h"
#include "runtime/signals_inner.h"

#define ALL_SIGNALS (~(uint64_t)0)

/* What the program has installed. `version` is odd while a writer is at work (a sequence lock): handlers
 * read without waiting for anything but a few instructions of another thread. */
static struct action {
    uint32_t version;
    uint32_t known; /* `set` is a handler that the program asked for, the kernel has on_signal */
    uint32_t kept;  /* the kernel has on_signal whatever the program asks for, and `set` is what it asked for */
    struct sigaction set;
} actions[SIGNALS];

bool signals_translated;

/* While the detector works. SIGSEGV is what translation runs on: libc calls back into the program (its malloc). */
uint64_t signals_block_all(void)
{
    return sys_signal_mask(ALL_SIGNALS & ~signals_kept());
}

void signals_restore(uint64_t mask)
{
    sys_signal_mask(mask);
}

/* --- reading and writing ----------------------------------------------------------------------------------------- */

static void write_begin(struct action *action)
{
    for (;;) {
        uint32_t even = load_relaxed(&action->version) & ~1u;
        /* Acquires what the last writer's write_end released. */
        if (compare_exchange_acq_rel(&action->version, &even, even | 1))
            return;
        cpu_relax();
    }
}

static void write_end(struct action *action)
{
    /* Releases the action to action_read and to the next writer. */
    store_release(&action->version, load_relaxed(&action->version) + 1);
}

bool action_read(int signo, struct sigaction *set)
{
    struct action *action = &actions[signo];
    for (;;) {
        uint32_t version = load_acquire(&action->version); /* pairs with write_end */
        bool known = action->known != 0;
        *set = action->set;
        __atomic_thread_fence(__ATOMIC_ACQUIRE); /* the reads above come before the check below */
        if (version % 2 == 0 && load_relaxed(&action->version) == version)
            return known;
        cpu_relax();
    }
}

static bool is_ours(const struct sigaction *set) { return set->sa_sigaction == on_signal; }

bool action_is_kept(int signo) { return actions[signo].kept != 0; }

/* --- what the kernel gets ---------------------------------------------------------------------------------------- */

/* Raised by instructions. Their handlers start on a stack of ours: the program's may be what has overflowed. */
static bool is_raised(int signo)
{
    return signo == SIGSEGV || signo == SIGBUS || signo == SIGFPE || signo == SIGILL || signo == SIGTRAP ||
           signo == SIGSYS;
}

/* Of a translated program: what raises them, and abort's, so that the core shows the program's registers. */
static bool is_kept(int signo) { return is_raised(signo) || signo == SIGABRT; }

uint64_t signals_reserved(void)
{
    uint64_t set = 0;
    for (int signo = 1; signo < SIGNALS; signo++)
        if (is_kept(signo) || (signo >= 32 && signo < SIGRTMIN))
            set |= signal_bit(signo);
    return set;
}

/* An ignored SIGSEGV that an instruction has raised kills all the same. */
static bool needs_ours(int signo, const struct sigaction *act)
{
    return signals_translated && is_kept(signo) && (act->sa_handler != SIG_IGN || signo == SIGSEGV);
}

/* What is raised by instructions comes on our stack. SIGSEGV, most of which are the translator's own business, is not
 * interrupted there by what is sent: the mask is set when a handler of the program's runs. */
static struct sigaction for_translation(int signo, struct sigaction set)
{
    if (is_raised(signo))
        set.sa_flags |= SA_ONSTACK;
    if (signo == SIGSEGV) {
        sigfillset(&set.sa_mask);
        sigdelset(&set.sa_mask, SIGBUS);
        set.sa_flags |= SA_NODEFER;
    }
    sigdelset(&set.sa_mask, SIGSEGV);
    return set;
}

/* One-shot handlers are reset by us when they really run: the kernel would do it when they are queued. */
static struct sigaction for_kernel(int signo, const struct sigaction *act)
{
    struct sigaction set = *act;
    bool ours = needs_ours(signo, act);
    if (!action_is_handler(act) && !ours)
        return set;
    if (!action_is_handler(act))
        set.sa_flags = SA_RESTART;
    set.sa_sigaction = on_signal;
    set.sa_flags = (set.sa_flags | SA_SIGINFO) & ~(int)SA_RESETHAND;
    return signals_translated ? for_translation(signo, set) : set;
}

static void tell_handled(int signo, bool handled)
{
    uint64_t bit = signal_bit(signo);
    uint64_t before = handled ? fetch_or_relaxed(&runtime.handled_signals, bit)
                              : fetch_and_relaxed(&runtime.handled_signals, ~bit);
    struct self *self = self_current;
    if (((before & bit) != 0) == handled || !runtime.on || !self || self->gone)
        return;
    struct event event = {.type = EVENT_HANDLED, .value = load_relaxed(&runtime.handled_signals)};
    int depth = self->depth;
    self->depth = 1;
    detector_feed(runtime.detector, self->thread, &event, 0);
    self->depth = depth;
}

/* Both tables change together; no signal of this thread comes in between. */
static int replace(struct action *action, int signo, const struct sigaction *act,
                   struct sigaction *old)
{
    struct sigaction kernel_old, set;
    if (act)
        set = for_kernel(signo, act);
    int result = REAL(sigaction)(signo, act ? &set : NULL, &kernel_old);
    if (result != 0)
        return result;
    if (old)
        *old = is_ours(&kernel_old) && (action->known || action->kept) ? action->set : kernel_old;
    return 0;
}

/* The child of a vfork shares our memory but has signal handlers of its own. Its SIGSEGV stays ours: the program that
 * it becomes has the default in any case. */
static int action_in_vfork_child(int signo, const struct sigaction *act, struct sigaction *old)
{
    struct sigaction kernel_old;
    int result = REAL(sigaction)(signo, signals_kept() & signal_bit(signo) ? NULL : act, &kernel_old);
    if (result == 0 && old)
        *old = is_ours(&kernel_old) ? actions[signo].set : kernel_old;
    return result;
}

int signals_action(int signo, const struct sigaction *act, struct sigaction *old)
{
    if (signo < 1 || signo >= SIGNALS || (!runtime.on && !signals_translated))
        return REAL(sigaction)(signo, act, old);
    if (sys_getpid() != runtime.pid)
        return action_in_vfork_child(signo, act, old);
    struct sigaction wanted; /* `act` and `old` may be the same object, and may be bad pointers */
    if (act) {
        wanted = *act;
        sigdelset(&wanted.sa_mask, SIGKILL);
        sigdelset(&wanted.sa_mask, SIGSTOP);
    }
    struct action *action = &actions[signo];
    struct sigaction before;
    uint64_t mask = signals_block_all();
    write_begin(action);
    int result = replace(action, signo, act ? &wanted : NULL, &before);
    if (result == 0 && act) {
        action->set = wanted;
        action->known = action_is_handler(&wanted);
    }
    write_end(action);
    signals_restore(mask);
    if (result == 0 && old)
        *old = before;
    if (result == 0 && act)
        tell_handled(signo, action_is_handler(&wanted));
    return result;
}

void action_reset(int signo, const struct sigaction *set)
{
    struct sigaction standard = *set;
    standard.sa_handler = SIG_DFL;
    int saved = errno;
    signals_action(signo, &standard, NULL);
    errno = saved;
}

/* --- the takeover ------------------------------------------------------------------------------------------------ */

/* One thread exists. Handlers that libc has installed for itself stay: it does not tell of them. */
static void take_over(int signo)
{
    struct action *action = &actions[signo];
    struct sigaction now;
    if (REAL(sigaction)(signo, NULL, &now) != 0)
        return;
    if (!is_ours(&now) && !is_kept(signo) && !action_is_handler(&now))
        return;
    write_begin(action);
    if (!is_ours(&now)) { /* a handler came by a bare system call */
        action->set = now;
        action->known = action_is_handler(&now);
    }
    action->kept = is_kept(signo);
    struct sigaction set = for_kernel(signo, &action->set);
    REAL(sigaction)(signo, &set, NULL);
    write_end(action);
}

void actions_take_over(void)
{
    uint64_t mask = signals_block_all();
    signals_translated = true;
    for (int signo = 1; signo < SIGNALS; signo++)
        take_over(signo);
    signals_restore(mask);
}

/* --- fork, exec -------------------------------------------------------------------------------------------------- */

void signals_forked(void)
{
    for (int signo = 1; signo < SIGNALS; signo++)
        if (actions[signo].version % 2 == 1) /* its writer is not in this process */
            actions[signo].version++;
    struct self *self = self_current;
    if (self && self->signals) {
        self->signals->count = 0; /* pending signals are the parent's */
        self->pending = false;
    }
    signals_mask_forked();
}
