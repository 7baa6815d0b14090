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

/* SIGSEGV in a translated program: the kernel has never blocked it, and so does not keep it pending. It may have come
 * before; while the call waits it is really blocked, and comes to the call. */
struct kept_wait {
    struct signals_real_mask really;
};

static void kept_wait_end(struct kept_wait *wait)
{
    if (LIKELY(!wait->really.blocked))
        return;
    signals_wait_end();
    signals_real_mask_end(&wait->really);
}

static int kept_wait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
    struct kept_wait wait __attribute__((cleanup(kept_wait_end)));
    uint64_t mask = mask_bits(set);
    siginfo_t unused;
    if (!info)
        info = &unused;
    signals_real_mask(&wait.really, mask);
    signals_wait_begin(mask);
    int signo = signals_take_pending(mask, info);
    while (signo == 0) {
        signo = REAL(sigtimedwait)(set, info, timeout);
        if (signo == SIGSEGV && signals_is_wake(info))
            signo = signals_take_pending(mask, info);
    }
    if (signo > 0 && info->si_code == SI_TKILL) /* as libc does */
        info->si_code = SI_USER;
    return signo;
}

static bool waits_for_kept(const sigset_t *set) { return UNLIKELY(mask_bits(set) & signals_kept()); }

/* sigwait() is not interrupted by handlers. */
static int kept_sigwait(const sigset_t *set, int *signo)
{
    int got;
    do
        got = kept_wait(set, NULL, NULL);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno;
    *signo = got;
    return 0;
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
    int error = waits_for_kept(set) ? kept_sigwait(set, signo) : REAL(sigwait)(set, signo);
    if (error == 0)
        received(*signo, &site);
    return error;
}

INTERCEPT(int, sigwaitinfo, (const sigset_t *set, siginfo_t *info))
{
    struct call_site site = CALL_SITE();
    int signo = waits_for_kept(set) ? kept_wait(set, info, NULL) : REAL(sigwaitinfo)(set, info);
    received(signo, &site);
    return signo;
}

INTERCEPT(int, sigtimedwait, (const sigset_t *set, siginfo_t *info,
                              const struct timespec *timeout))
{
    struct call_site site = CALL_SITE();
    int signo = waits_for_kept(set) ? kept_wait(set, info, timeout) : REAL(sigtimedwait)(set, info, timeout);
    received(signo, &site);
    return signo;
}
