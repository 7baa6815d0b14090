/* SPDX-License-Identifier: MIT */
/* Signals sent and waited for: the sender's past happens before the handler (runtime/signals.c acquires when it
 * starts) and before the return of a sigwait.
 *
 * The carrier is the signal's number: two signals of one number share it, which orders a little more than the
 * kernel promises. */
#include <errno.h>

#include "base/sys.h"
#include "intercept/export.h"
#include "intercept/order.h"
#include "intercept/signal_mask.h"
#include "runtime/real.h"

static void sending(int signo, const struct call_site *site)
{
    if (order_wanted() && signo > 0 && signo <= 64)
        order_release(OBJECT_SIGNAL, (uintptr_t)signo, site);
}

static void received(int signo, const struct call_site *site)
{
    if (order_wanted() && signo > 0)
        order_acquire(OBJECT_SIGNAL, (uintptr_t)signo, site);
}

/* 0 and negative numbers name groups that this process may be in. */
static bool may_be_us(pid_t pid) { return pid <= 0 || pid == runtime.pid; }

INTERCEPT(int, kill, (pid_t pid, int signo))
{
    struct call_site site = CALL_SITE();
    if (may_be_us(pid))
        sending(signo, &site);
    return REAL(kill)(pid, signo);
}

INTERCEPT(int, killpg, (pid_t group, int signo))
{
    struct call_site site = CALL_SITE();
    sending(signo, &site);
    return REAL(killpg)(group, signo);
}

INTERCEPT(int, tgkill, (pid_t pid, pid_t tid, int signo))
{
    struct call_site site = CALL_SITE();
    if (may_be_us(pid))
        sending(signo, &site);
    return REAL(tgkill)(pid, tid, signo);
}

INTERCEPT(int, raise, (int signo))
{
    struct call_site site = CALL_SITE();
    sending(signo, &site);
    return REAL(raise)(signo);
}

INTERCEPT(int, sigqueue, (pid_t pid, int signo, const union sigval value))
{
    struct call_site site = CALL_SITE();
    if (may_be_us(pid))
        sending(signo, &site);
    return REAL(sigqueue)(pid, signo, value);
}

INTERCEPT(int, pthread_kill, (pthread_t thread, int signo))
{
    struct call_site site = CALL_SITE();
    sending(signo, &site);
    return REAL(pthread_kill)(thread, signo);
}

INTERCEPT(int, pthread_sigqueue, (pthread_t thread, int signo, const union sigval value))
{
    struct call_site site = CALL_SITE();
    sending(signo, &site);
    return REAL(pthread_sigqueue)(thread, signo, value);
}

/* --- waiting ---------------------------------------------------------------------------------------------------- */

/* A signal that the kernel has never blocked, and so does not keep pending, may have come before; from here on it is
 * really blocked, and comes to the call. True: it was there. */
struct kept_wait {
    struct signals_real_mask really;
    siginfo_t info;
};

static bool kept_wait_begin(struct kept_wait *wait, const sigset_t *set)
{
    wait->really.blocked = 0;
    if (LIKELY(!(mask_bits(set) & signals_kept())))
        return false;
    signals_real_mask(&wait->really, mask_bits(set));
    signals_wait_begin(mask_bits(set));
    return signals_take_pending(mask_bits(set), &wait->info) != 0;
}

static void kept_wait_end(struct kept_wait *wait)
{
    if (LIKELY(!wait->really.blocked))
        return;
    signals_wait_end();
    signals_real_mask_end(&wait->really);
}

INTERCEPT(int, sigpending, (sigset_t *set))
{
    int result = REAL(sigpending)(set);
    if (result == 0 && UNLIKELY(signals_translated))
        *(uint64_t *)(void *)set |= signals_pending_kept();
    return result;
}

INTERCEPT(int, sigwait, (const sigset_t *set, int *signo))
{
    struct call_site site = CALL_SITE();
    struct kept_wait wait __attribute__((cleanup(kept_wait_end)));
    bool there = kept_wait_begin(&wait, set);
    int error = there ? 0 : REAL(sigwait)(set, signo);
    if (there)
        *signo = wait.info.si_signo;
    if (error == 0)
        received(*signo, &site);
    return error;
}

INTERCEPT(int, sigwaitinfo, (const sigset_t *set, siginfo_t *info))
{
    struct call_site site = CALL_SITE();
    struct kept_wait wait __attribute__((cleanup(kept_wait_end)));
    bool there = kept_wait_begin(&wait, set);
    int signo = there ? wait.info.si_signo : REAL(sigwaitinfo)(set, info);
    if (there && info)
        *info = wait.info;
    received(signo, &site);
    return signo;
}

INTERCEPT(int, sigtimedwait, (const sigset_t *set, siginfo_t *info,
                              const struct timespec *timeout))
{
    struct call_site site = CALL_SITE();
    struct kept_wait wait __attribute__((cleanup(kept_wait_end)));
    bool there = kept_wait_begin(&wait, set);
    int signo = there ? wait.info.si_signo : REAL(sigtimedwait)(set, info, timeout);
    if (there && info)
        *info = wait.info;
    received(signo, &site);
    return signo;
}
