/* SPDX-License-Identifier: MIT */
/* The parts of an interceptor that are not on a hot path; see intercept.h. */
#include "intercept/intercept.h"

#include <sys/syscall.h>

#include "base/sys.h"

void tell_invalid(const struct call *call, enum object_kind kind, const volatile void *object,
                  enum invalid_argument what, uint64_t value)
{
    tell(call, (struct event){.type = EVENT_INVALID,
                              .object = (uint8_t)kind,
                              .addr = (uintptr_t)object,
                              .value = what,
                              .value2 = value});
}

void tell_error(const struct call *call, enum object_kind kind, const volatile void *object,
                int error)
{
    tell(call, (struct event){.type = EVENT_ERROR_RETURNED,
                              .object = (uint8_t)kind,
                              .addr = (uintptr_t)object,
                              .value = (uint64_t)error});
}

/* --- until when a call waits --------------------------------------------------------------------- */

bool timeout_clock_valid(const struct timeout *timeout)
{
    return timeout->patience != WAIT_CLOCK || timeout->clock == CLOCK_REALTIME ||
           timeout->clock == CLOCK_MONOTONIC;
}

static bool time_valid(const struct timeout *timeout)
{
    return !timeout->time || (timeout->time->tv_nsec >= 0 && timeout->time->tv_nsec < 1000000000);
}

bool timeout_valid(const struct timeout *timeout)
{
    return timeout_clock_valid(timeout) && time_valid(timeout);
}

bool timeout_refused(const struct call *call, enum object_kind kind, const volatile void *object,
                     const struct timeout *timeout)
{
    if (!timeout_clock_valid(timeout)) {
        tell_invalid(call, kind, object, INVALID_CLOCK, (uint64_t)timeout->clock);
        return true;
    }
    if (!time_valid(timeout)) {
        tell_invalid(call, kind, object, INVALID_TIME, (uint64_t)timeout->time->tv_nsec);
        return true;
    }
    return false;
}

/* --- a wait ---------------------------------------------------------------------------------------- */

void wait_begin(struct call_wait *wait)
{
    emit(wait->call->self, &wait->call->site, &wait->event, false);
    runtime_account();
    self_block(wait->call->self);
}

void wait_resume(struct call_wait *wait)
{
    wait->over = true;
    self_unblock(wait->call->self);
}

void wait_tell(struct call_wait *wait, enum event_type type, uint32_t flags)
{
    wait->event.type = (uint8_t)type;
    wait->event.flags |= flags;
    emit(wait->call->self, &wait->call->site, &wait->event, false);
}

void wait_end(struct call_wait *wait, enum event_type type, uint32_t flags)
{
    int saved = errno;
    wait_resume(wait);
    wait_tell(wait, type, flags);
    errno = saved;
}

void wait_end_lock(struct call_wait *wait, int error)
{
    if (error == 0)
        wait_end(wait, EVENT_ACQUIRE, 0);
    else if (error == EOWNERDEAD)
        wait_end(wait, EVENT_ACQUIRE, EVF_OWNER_DIED);
    else
        wait_end(wait, EVENT_GIVE_UP, error == ETIMEDOUT ? EVF_TIMED_OUT : 0);
}

void wait_unwound(struct call_wait *wait)
{
    if (wait->over)
        return;
    wait_resume(wait);
    wait_tell(wait, (enum event_type)wait->undo, EVF_CANCELLED);
    self_leave(wait->call->self);
}

#define SOON_YIELDS 10
#define SOON_SLEEPS 30
#define SOON_SLEEP_NS 1000000u

bool call_knows_soon(const struct call *call, enum object_kind kind, const volatile void *object)
{
    for (unsigned i = 0; i < SOON_YIELDS + SOON_SLEEPS; i++) {
        if (call_knows(call, kind, object))
            return true;
        if (i < SOON_YIELDS)
            sys_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
        else
            sys_sleep_ns(SOON_SLEEP_NS);
    }
    return false;
}
