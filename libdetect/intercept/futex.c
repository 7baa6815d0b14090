/* SPDX-License-Identifier: MIT */
/* syscall(2): the ways around libc that concern us. A futex wake happens before the wait that it ends (hand-made
 * locks, std::atomic::wait); fork, exec, exit and close made by number are treated like libc's.
 *
 * It is no cancellation point and touches nothing but errno, and stays so. All else is passed on with its six
 * arguments at the cost of a switch. */
#include <errno.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "intercept/export.h"
#include "intercept/fd_life.h"
#include "intercept/order.h"
#include "intercept/process.h"
#include "runtime/real.h"
#include "runtime/takeover.h"

static long pass_on(long number, const long a[6])
{
    return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* --- futex ------------------------------------------------------------------------------------------------- */

static bool futex_wakes(int operation)
{
    switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
    case FUTEX_WAKE_OP:
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
    case FUTEX_CMP_REQUEUE_PI:
    case FUTEX_UNLOCK_PI:
        return true;
    default:
        return false;
    }
}

static bool futex_waits(int operation)
{
    switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
    case FUTEX_WAIT_REQUEUE_PI:
    case FUTEX_LOCK_PI:
    case FUTEX_TRYLOCK_PI:
    case FUTEX_LOCK_PI2:
        return true;
    default:
        return false;
    }
}

/* Operations on two words wake waiters of either. */
static bool futex_has_second(int operation)
{
    switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAKE_OP:
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
    case FUTEX_CMP_REQUEUE_PI:
        return true;
    default:
        return false;
    }
}

/* Without a time limit. Whether the word is shared with other processes is looked up before anything is made of it: libstdc++
 * waits for a future or a static without FUTEX_PRIVATE_FLAG. */
static bool futex_waits_for_ever(const long a[6])
{
    int command = (int)a[1] & FUTEX_CMD_MASK;
    return (command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET) && a[3] == 0;
}

/* The analysis knows that this thread waits, but for whom it cannot know. */
static long futex_wait(const long a[6], const struct call_site *site)
{
    struct self *self = self_enter();
    if (!self)
        return pass_on(SYS_futex, a);
    struct event event = {
        .type = EVENT_REQUEST, .object = OBJECT_FUTEX, .addr = (uintptr_t)a[0]};
    emit(self, site, &event, false);
    self_block(self);
    long result = pass_on(SYS_futex, a);
    int saved = errno;
    self_unblock(self);
    event.type = EVENT_GIVE_UP;
    emit(self, site, &event, false);
    self_leave(self);
    errno = saved;
    return result;
}

static long futex_pass_on(const long a[6], const struct call_site *site)
{
    return futex_waits_for_ever(a) ? futex_wait(a, site) : pass_on(SYS_futex, a);
}

/* A wait that finds the value changed (EAGAIN) is ordered after the change as well as one that slept. */
static long futex_call(const long a[6], const struct call_site *site)
{
    if (!order_wanted())
        return futex_pass_on(a, site);
    int operation = (int)a[1];
    if (futex_wakes(operation))
        order_release(OBJECT_FUTEX, (uintptr_t)a[0], site);
    if (futex_has_second(operation))
        order_release(OBJECT_FUTEX, (uintptr_t)a[4], site);
    long result = futex_pass_on(a, site);
    if (futex_waits(operation) && (result >= 0 || errno == EAGAIN))
        order_acquire(OBJECT_FUTEX, (uintptr_t)a[0], site);
    return result;
}

/* Its reads and writes are done by the kernel, unseen. */
static void tell_io_uring(void)
{
    struct self *self = self_enter();
    if (!self)
        return;
    runtime_limit("io-uring", "what is read and written through io_uring orders nothing");
    self_leave(self);
}

/* In a translated program, calls about signals are answered as libc's functions would (runtime/signals.h). */
static long pass_on_signals(long number, const long a[6], uintptr_t sp)
{
    long result;
    if (LIKELY(!signals_translated))
        return pass_on(number, a);
    if (!signals_by_number(number, a, sp, &result))
        return pass_on(number, a);
    if ((unsigned long)result <= -4096ul)
        return result;
    errno = (int)-result;
    return -1;
}

/* --- the switch ---------------------------------------------------------------------------------------------- */

EXPORT long intercepted_syscall(long number, long a, long b, long c, long d, long e, long f)
    __asm__("syscall");

long intercepted_syscall(long number, long a, long b, long c, long d, long e, long f)
{
    struct call_site site = CALL_SITE();
    const long arguments[6] = {a, b, c, d, e, f};
    switch (number) {
    case SYS_futex:
        return futex_call(arguments, &site);
    case SYS_close:
        return fd_close_by_number((int)a, &site) ? pass_on(number, arguments) : -1;
    case SYS_close_range:
        return close_range((unsigned)a, (unsigned)b, (int)c);
    case SYS_execve:
    case SYS_execveat:
        return exec_by_number(number, arguments);
    case SYS_exit_group:
        process_ends((int)a, &site);
        return pass_on(number, arguments);
#ifdef SYS_fork
    case SYS_fork:
        return process_forks(number, arguments);
#endif
#ifdef SYS_vfork
    case SYS_vfork: /* would return twice through this frame: the child gets a stack of its own */
        return process_forks(SYS_fork, arguments);
#endif
    case SYS_clone:
        return process_clones(number, (uint64_t)a, arguments);
    case SYS_clone3:
        return sys_can_read((uintptr_t)a) ? process_clones(number, *(const uint64_t *)a, arguments)
                                          : pass_on(number, arguments);
    case SYS_mprotect:
    case SYS_munmap:
    case SYS_pkey_mprotect:
        takeover_changing((uintptr_t)a, (size_t)b, number == SYS_munmap ? 0 : (int)c);
        return pass_on(number, arguments);
    case SYS_mlockall:
        return mlockall((int)a);
    case SYS_prctl:
    case SYS_seccomp:
        if (number == SYS_seccomp ? takeover_filters(a) : takeover_restricts((int)a))
            process_restricts();
        return pass_on(number, arguments);
    case SYS_io_uring_setup:
        tell_io_uring();
        return pass_on(number, arguments);
    default:
        return pass_on_signals(number, arguments, site.sp);
    }
}
