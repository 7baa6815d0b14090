/* SPDX-License-Identifier: MIT */
/* What every interceptor of a synchronisation call is made of: the call (who, from where), how it tells
 * the analysis something, and a wait that cancellation may unwind.
 *
 * Hard rules:
 *  - CALL() stands directly in the exported function, nowhere else: it takes that function's caller.
 *  - call.self NULL means: make the real call and nothing else.
 *  - every path ends with call_leave() or wait_leave(), after the last event. */
#ifndef DETECT_INTERCEPT_INTERCEPT_H
#define DETECT_INTERCEPT_INTERCEPT_H

#include <errno.h>
#include <time.h>

#include "analysis/thread.h"
#include "runtime/real.h"
#include "runtime/runtime.h"

struct call {
    struct self *self;
    struct call_site site;
};

#define CALL(name) struct call name = {self_enter(), CALL_SITE()}

static ALWAYS_INLINE void tell(const struct call *call, struct event event)
{
    emit(call->self, &call->site, &event, false);
}

/* The event that most calls consist of: something happens to one object. */
static ALWAYS_INLINE void tell_object(const struct call *call, enum event_type type,
                                      enum object_kind kind, const volatile void *object,
                                      uint32_t flags)
{
    tell(call, (struct event){.type = (uint8_t)type,
                              .object = (uint8_t)kind,
                              .flags = flags,
                              .addr = (uintptr_t)object});
}

static ALWAYS_INLINE void call_leave(const struct call *call) { self_leave(call->self); }

static ALWAYS_INLINE bool call_knows(const struct call *call, enum object_kind kind,
                                     const volatile void *object)
{
    return LIKELY(detector_knows(runtime.detector, call->self->thread, kind, (uintptr_t)object));
}

/* For an object whose bytes look wrong: another thread may have taken a fresh lock and be just about to tell
 * of it. Waits a moment for that; only mistakes get here otherwise. */
COLD bool call_knows_soon(const struct call *call, enum object_kind kind,
                          const volatile void *object);

static ALWAYS_INLINE bool call_holds(const struct call *call, const volatile void *object)
{
    return detector_holds(runtime.detector, call->self->thread, (uintptr_t)object);
}

/* Before the real call, which has to wait for the object's own memory: the analysis will need its record afterwards. */
static ALWAYS_INLINE void call_prefetch(const struct call *call, const volatile void *object)
{
    objects_prefetch(&call->self->thread->objects, (uintptr_t)object);
}

/* The hot paths: an object that is known, nothing unusual. False: nothing was told yet. */
static ALWAYS_INLINE bool tell_acquired_fast(const struct call *call, enum object_kind kind,
                                             enum lock_mode mode, const volatile void *object,
                                             uint32_t flags)
{
    struct lock_call what = {(uint8_t)kind, (uint8_t)mode, (uint16_t)flags};
    return LIKELY(detector_acquire_fast(runtime.detector, call->self->thread, what,
                                        (uintptr_t)object, unwind_stack(call->self, &call->site),
                                        call->site.sp));
}

static ALWAYS_INLINE bool tell_released_fast(const struct call *call, enum object_kind kind,
                                             const volatile void *object)
{
    return LIKELY(detector_release_fast(runtime.detector, call->self->thread, kind,
                                        (uintptr_t)object, call->site.sp));
}

/* EVENT_INVALID on an object. */
COLD void tell_invalid(const struct call *call, enum object_kind kind, const volatile void *object,
                       enum invalid_argument what, uint64_t value);
/* EVENT_ERROR_RETURNED: the caller is told of its mistake. */
COLD void tell_error(const struct call *call, enum object_kind kind, const volatile void *object,
                     int error);

/* --- until when a call waits --------------------------------------------------------------------- */

enum patience { WAIT_FOREVER, WAIT_UNTIL, WAIT_CLOCK };

struct timeout {
    enum patience patience;
    clockid_t clock;             /* WAIT_CLOCK */
    const struct timespec *time; /* WAIT_UNTIL, WAIT_CLOCK: as the program passed it, may be NULL */
};

static const struct timeout forever = {WAIT_FOREVER, CLOCK_REALTIME, NULL};

static ALWAYS_INLINE uint32_t timeout_flags(const struct timeout *timeout)
{
    return timeout->time ? EVF_TIMED : 0;
}

/* Whether libc will refuse the clock or the time if it has to wait; tells the analysis if so. */
bool timeout_refused(const struct call *call, enum object_kind kind, const volatile void *object,
                     const struct timeout *timeout);
/* As timeout_refused(), without telling. */
bool timeout_valid(const struct timeout *timeout);
bool timeout_clock_valid(const struct timeout *timeout);

/* --- a wait ---------------------------------------------------------------------------------------- */

/* Declared with WAIT(), so that cancellation (or an exception out of a routine) that unwinds through the
 * interceptor ends the wait for the analysis too. */
struct call_wait {
    const struct call *call;
    struct event event; /* the one that began it; sent again with another type at its end */
    uint8_t undo;       /* type of the event that ends it when it is unwound */
    bool over;
};

void wait_unwound(struct call_wait *wait);

#define WAIT(name, its_call, undo_type, ...)                                                        \
    struct call_wait name __attribute__((cleanup(wait_unwound))) = {                                     \
        (its_call), (struct event){__VA_ARGS__}, (undo_type), false}

/* Sends the event; from here until wait_end() the thread is in the program as far as signals and
 * cancellation are concerned. */
void wait_begin(struct call_wait *wait);
/* Both at once; errno is as the real call left it. */
void wait_end(struct call_wait *wait, enum event_type type, uint32_t flags);
/* The real call has returned: back in the detector. The event that ends the wait must follow. */
void wait_resume(struct call_wait *wait);
void wait_tell(struct call_wait *wait, enum event_type type, uint32_t flags);

/* What a lock's blocking call has returned: it has the lock, or has it from a dead owner, or not. */
void wait_end_lock(struct call_wait *wait, int error);

#endif
