/* SPDX-License-Identifier: MIT */
/* System calls about signals that a translated program makes without libc: syscall(SYS_rt_sigprocmask, …), or an
 * instruction of its own. They are answered from the same tables as libc's functions; those that wait with a mask are
 * left to the kernel, with SIGSEGV taken out of the mask where it lies. */
#include <errno.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "runtime/signals_inner.h"

#if defined(__x86_64__)

#define SET_BYTES 8

struct kernel_action {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

static long change_action(int signo, const struct kernel_action *act, struct kernel_action *old)
{
    struct sigaction set, before;
    int saved = errno;
    if (signo >= 32 && signo < SIGRTMIN) /* libc's own */
        return sys_call(SYS_rt_sigaction, signo, (long)act, (long)old, SET_BYTES, 0, 0);
    memset(&set, 0, sizeof(set));
    if (act) {
        set.sa_handler = act->handler;
        set.sa_flags = (int)(act->flags & ~0x04000000ul); /* SA_RESTORER: libc's is as good */
        memcpy(&set.sa_mask, &act->mask, SET_BYTES);
    }
    int failed = signals_action(signo, act ? &set : NULL, &before);
    long result = failed ? -errno : 0;
    errno = saved;
    if (!failed && old) {
        *old = (struct kernel_action){.handler = before.sa_handler, .flags = (unsigned)before.sa_flags,
                                      .restorer = before.sa_restorer};
        memcpy(&old->mask, &before.sa_mask, SET_BYTES);
    }
    return result;
}

static uint64_t combine(int how, uint64_t before, uint64_t set)
{
    return how == SIG_BLOCK ? before | set : how == SIG_UNBLOCK ? before & ~set : set;
}

static long change_mask(int how, const uint64_t *set, uint64_t *old)
{
    uint64_t asked = set ? *set : 0, for_kernel = asked & ~signals_kept(), before = 0;
    uint64_t blocked = signals_blocked_kept();
    long result = sys_call(SYS_rt_sigprocmask, how, set ? (long)&for_kernel : 0, (long)&before, SET_BYTES, 0, 0);
    if (result != 0)
        return result;
    struct self *self = signals_self();
    if (set && self)
        self->signal_mask = combine(how, before | blocked, asked);
    if (old)
        *old = before | blocked;
    if (set)
        signals_block_kept(combine(how, blocked, asked));
    return 0;
}

static long show_pending(uint64_t *set, size_t size)
{
    long result = sys_call(SYS_rt_sigpending, (long)set, (long)size, 0, 0, 0, 0);
    if (result == 0)
        *set |= signals_pending_kept();
    return result;
}

static void strip(uint64_t *mask)
{
    if (mask && *mask & signals_kept())
        *mask &= ~signals_kept();
}

static void strip_wait(long number, const long a[6])
{
    switch (number) {
    case SYS_rt_sigsuspend:
        strip((uint64_t *)a[0]);
        break;
    case SYS_ppoll:
        strip((uint64_t *)a[3]);
        break;
    case SYS_epoll_pwait:
    case 441: /* epoll_pwait2 */
        strip((uint64_t *)a[4]);
        break;
    case SYS_pselect6:
        if (a[5])
            strip(*(uint64_t **)a[5]);
        break;
    default:
        break;
    }
}

/* What is asked for can be read, if there is anything. */
static bool can_read(long address, size_t bytes)
{
    return !address || sys_can_read_all((const void *)address, bytes);
}

static bool can_read_arguments(long number, const long a[6])
{
    switch (number) {
    case SYS_rt_sigaction: return can_read(a[1], sizeof(struct kernel_action)) && can_read(a[2], sizeof(struct kernel_action));
    case SYS_rt_sigprocmask: return can_read(a[1], SET_BYTES) && can_read(a[2], SET_BYTES);
    case SYS_sigaltstack: return can_read(a[0], sizeof(stack_t)) && can_read(a[1], sizeof(stack_t));
    case SYS_rt_sigsuspend: return can_read(a[0], SET_BYTES);
    case SYS_ppoll: return can_read(a[3], SET_BYTES);
    case SYS_epoll_pwait:
    case 441: return can_read(a[4], SET_BYTES);
    case SYS_pselect6: return can_read(a[5], sizeof(long)) && (!a[5] || can_read(*(long *)a[5], SET_BYTES));
    default: return true;
    }
}

bool signals_by_number(long number, const long a[6], uintptr_t sp, long *result)
{
    if (LIKELY(!signals_translated) || UNLIKELY(!can_read_arguments(number, a))) /* then the kernel refuses */
        return false;
    switch (number) {
    case SYS_rt_sigaction:
        *result = change_action((int)a[0], (const struct kernel_action *)a[1], (struct kernel_action *)a[2]);
        return true;
    case SYS_rt_sigprocmask:
        if (a[3] != SET_BYTES)
            return false;
        *result = change_mask((int)a[0], (const uint64_t *)a[1], (uint64_t *)a[2]);
        return true;
    case SYS_rt_sigpending:
        *result = show_pending((uint64_t *)a[0], (size_t)a[1]);
        return true;
    case SYS_sigaltstack:
        *result = signals_altstack((const stack_t *)a[0], (stack_t *)a[1], sp);
        return true;
    default:
        strip_wait(number, a);
        return false;
    }
}

#else

bool signals_by_number(long number, const long a[6], uintptr_t sp, long *result)
{
    (void)number, (void)a, (void)sp, (void)result;
    return false;
}

#endif
