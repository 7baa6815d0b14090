/* SPDX-License-Identifier: MIT */
/* Interceptors of threads: creation, join, detach, cancellation, names; and what C11's share (thread.h).
 *
 * A new thread runs through a stand-in that makes it known before the program's routine; nobody else can
 * know its handle for sure (the variable that pthread_create fills belongs to the program, which may use
 * it for the next thread at once). Who names a thread that has been created and is not yet known waits a
 * moment for it. */
#include "intercept/thread.h"

#include <sys/syscall.h>

#include "base/sys.h"
#include "intercept/handles.h"
#include "intercept/order.h"
#include "intercept/unwinding.h"
#include "runtime/takeover.h"

/* Threads created and not yet known by their handle. */
static uint32_t starting;

static void only_caller_left(void)
{
    handles_keep_only((uintptr_t)pthread_self());
    store_relaxed(&starting, 0);
}

__attribute__((constructor)) static void take_part_in_forks(void)
{
    runtime_fork_threads = only_caller_left;
}

/* --- creation ------------------------------------------------------------------------------------------ */

struct start *thread_prepare(const struct call *call, bool detached)
{
    struct start *start = arena_alloc(&runtime.arena, sizeof(*start));
    if (!start)
        return NULL;
    start->detached = detached;
    runtime.threaded = true;
    takeover_before_thread(); /* the analysis looks at races from the first creation on */
    start->thread = detector_thread_create(runtime.detector, call->self->thread,
                                           unwind_stack(call->self, &call->site));
    if (!start->thread) {
        arena_free(&runtime.arena, start, sizeof(*start));
        return NULL;
    }
    if (detached)
        detector_thread_set_detached(runtime.detector, start->thread);
    start->blocks_segv = signals_blocked_kept() != 0;
    fetch_add_acq_rel(&starting, 1);
    return start;
}

void thread_created(const struct call *call, struct start *start, bool created)
{
    if (!created) {
        detector_thread_abandon(runtime.detector, start->thread);
        arena_free(&runtime.arena, start, sizeof(*start));
        fetch_sub_acq_rel(&starting, 1);
    }
    call_leave(call);
}

struct start thread_begin(void *block)
{
    struct start start = *(struct start *)block;
    signals_thread_start(start.blocks_segv);
    uintptr_t handle = (uintptr_t)pthread_self();
    struct self *self = self_start(start.thread);
    if (self)
        self_unblock(self);
    handles_add(handle, detector_thread_id(start.thread),
                start.detached ? HANDLE_DETACHED : HANDLE_JOINABLE);
    threads_add(handle, start.thread);
    arena_free(&runtime.arena, block, sizeof(start));
    fetch_sub_acq_rel(&starting, 1);
    if (self)
        self_leave(self);
    return start;
}

void thread_returned(void *const *block)
{
    (void)block;
    struct self *self = self_enter();
    if (self) {
        thread_id id;
        uintptr_t handle = (uintptr_t)pthread_self();
        enum handle_state state = handles_look(handle, &id);
        if (state == HANDLE_DETACHED)
            threads_remove(handle);
        else if (state == HANDLE_JOINABLE)
            handles_change(handle, id, HANDLE_JOINABLE, HANDLE_ENDED);
        self_leave(self);
    }
    self_returned();
}

static void *posix_main(void *block)
{
    void *mark __attribute__((cleanup(thread_returned))) = block;
    struct start start = thread_begin(mark);
    SELF_STARTS();
    return TAKEOVER_ENTRY(start.routine.posix)(start.arg);
}

static bool attr_detached(const pthread_attr_t *attr)
{
    int state = PTHREAD_CREATE_JOINABLE;
    if (attr)
        pthread_attr_getdetachstate(attr, &state);
    return state == PTHREAD_CREATE_DETACHED;
}

static bool attr_has_mask(const pthread_attr_t *attr)
{
    sigset_t mask;
    return attr && pthread_attr_getsigmask_np(attr, &mask) == 0;
}

EXPORT int pthread_create(pthread_t *restrict handle, const pthread_attr_t *restrict attr,
                          void *(*routine)(void *), void *restrict arg)
{
    CALL(call);
    struct start *start = call.self ? thread_prepare(&call, attr_detached(attr)) : NULL;
    if (!start) {
        if (call.self)
            call_leave(&call);
        return REAL(pthread_create)(handle, attr, routine, arg);
    }
    start->routine.posix = routine;
    start->arg = arg;
    if (UNLIKELY(signals_translated) && attr_has_mask(attr)) /* then the kernel has it, and the thread finds out */
        start->blocks_segv = false;
    int error = REAL(pthread_create)(handle, attr, posix_main, start);
    thread_created(&call, start, error == 0);
    return error;
}

/* --- who is meant by a handle ---------------------------------------------------------------------------- */

struct target {
    thread_id id;
    enum handle_state state;
};

static struct target look(pthread_t handle)
{
    struct target target = {THREAD_NONE, HANDLE_UNKNOWN};
    target.state = handles_look((uintptr_t)handle, &target.id);
    if (target.state == HANDLE_UNKNOWN) {
        struct thread *thread = threads_find((uintptr_t)handle);
        if (thread) {
            target.id = detector_thread_id(thread);
            target.state = HANDLE_JOINABLE;
        }
    }
    return target;
}

/* A handle that nobody knows, or that of a thread that is gone, may be that of one that has not started
 * yet: it needs no more than a turn on a processor. So may that of a thread that has ended: whoever joined it
 * may not have come to say so. */
static struct target look_patiently(pthread_t handle)
{
    for (int i = 0;; i++) {
        bool all_started = load_acquire(&starting) == 0; /* then the look finds the thread that has the handle now */
        struct target target = look(handle);
        bool has_ended = target.state == HANDLE_ENDED;
        if (has_ended)
            target.state = HANDLE_JOINABLE;
        if (all_started || i >= (has_ended ? 400 : 2000) || (target.state == HANDLE_JOINABLE && !has_ended))
            return target;
        if (i < 200)
            sys_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
        else
            sys_sleep_ns(100000);
    }
}

static void forget(pthread_t handle, thread_id id)
{
    struct thread *thread = threads_find((uintptr_t)handle);
    if (thread && detector_thread_id(thread) == id)
        threads_remove((uintptr_t)handle);
    handles_take((uintptr_t)handle, id, HANDLE_JOINED);
}

static void tell_bad_thread(const struct call *call, pthread_t handle, enum invalid_argument what,
                            thread_id id)
{
    tell_invalid(call, OBJECT_THREAD, (const void *)handle, what, id);
}

/* --- join ------------------------------------------------------------------------------------------------ */

static int real_join(pthread_t handle, void **result, const struct timeout *timeout)
{
    switch (timeout->patience) {
    case WAIT_UNTIL:
        return REAL(pthread_timedjoin_np)(handle, result, timeout->time);
    case WAIT_CLOCK:
        return REAL(pthread_clockjoin_np)(handle, result, timeout->clock, timeout->time);
    default:
        return REAL(pthread_join)(handle, result);
    }
}

/* A join that cannot be right, told before libc touches what may no longer be a thread. */
static bool join_refused(const struct call *call, pthread_t handle, struct target target)
{
    if (target.state == HANDLE_DETACHED)
        tell_bad_thread(call, handle, INVALID_JOIN_DETACHED, target.id);
    else if (target.state == HANDLE_JOINED)
        tell_bad_thread(call, handle, INVALID_JOIN_TWICE, target.id);
    else if (pthread_equal(handle, pthread_self()))
        tell_bad_thread(call, handle, INVALID_JOIN_SELF, target.id);
    else
        return false;
    return true;
}

static int join_unknown(const struct call *call, pthread_t handle, void **result,
                        const struct timeout *timeout)
{
    call_leave(call);
    int error = real_join(handle, result, timeout);
    if (error != ESRCH && error != EINVAL)
        return error;
    self_unblock(call->self);
    tell_bad_thread(call, handle, INVALID_THREAD, THREAD_NONE);
    call_leave(call);
    return error;
}

static int join_known(const struct call *call, pthread_t handle, struct target target,
                      void **result, const struct timeout *timeout)
{
    bool bad_time = timeout_refused(call, OBJECT_THREAD, (const void *)handle, timeout);
    WAIT(wait, call, EVENT_GIVE_UP, .type = EVENT_JOIN_REQUEST, .object = OBJECT_THREAD,
         .flags = timeout_flags(timeout), .addr = (uintptr_t)handle, .value = target.id);
    wait_begin(&wait);
    int error = real_join(handle, result, timeout);
    wait_resume(&wait);
    if (error == 0) {
        forget(handle, target.id);
        wait_tell(&wait, EVENT_JOINED, 0);
    } else {
        wait_tell(&wait, EVENT_GIVE_UP, error == ETIMEDOUT ? EVF_TIMED_OUT : 0);
        if (error == EINVAL && !bad_time) /* somebody else is at it, or has detached it meanwhile */
            tell_bad_thread(call, handle, INVALID_JOIN_TWICE, target.id);
    }
    call_leave(call);
    return error;
}

int thread_join(const struct call *call, pthread_t handle, void **result,
                const struct timeout *timeout)
{
    if (!call->self)
        return real_join(handle, result, timeout);
    struct target target = look_patiently(handle);
    if (join_refused(call, handle, target)) {
        call_leave(call);
        return real_join(handle, result, timeout);
    }
    if (target.state == HANDLE_UNKNOWN)
        return join_unknown(call, handle, result, timeout);
    return join_known(call, handle, target, result, timeout);
}

EXPORT int pthread_join(pthread_t handle, void **result)
{
    CALL(call);
    return thread_join(&call, handle, result, &forever);
}

EXPORT int pthread_timedjoin_np(pthread_t handle, void **result, const struct timespec *abstime)
{
    CALL(call);
    struct timeout timeout = {WAIT_UNTIL, CLOCK_REALTIME, abstime};
    return thread_join(&call, handle, result, &timeout);
}

EXPORT int pthread_clockjoin_np(pthread_t handle, void **result, clockid_t clock,
                                const struct timespec *abstime)
{
    CALL(call);
    struct timeout timeout = {WAIT_CLOCK, clock, abstime};
    return thread_join(&call, handle, result, &timeout);
}

EXPORT int pthread_tryjoin_np(pthread_t handle, void **result)
{
    CALL(call);
    if (!call.self)
        return REAL(pthread_tryjoin_np)(handle, result);
    struct target target = look_patiently(handle);
    join_refused(&call, handle, target);
    int error = REAL(pthread_tryjoin_np)(handle, result);
    if (error == 0 && target.state == HANDLE_JOINABLE) {
        forget(handle, target.id);
        tell(&call, (struct event){.type = EVENT_JOINED,
                                   .object = OBJECT_THREAD,
                                   .flags = EVF_TRY,
                                   .addr = (uintptr_t)handle,
                                   .value = target.id});
    }
    call_leave(&call);
    return error;
}

/* --- detach, cancel, names --------------------------------------------------------------------------------- */

int thread_detach(const struct call *call, pthread_t handle)
{
    if (!call->self)
        return REAL(pthread_detach)(handle);
    struct target target = look_patiently(handle);
    if (target.state == HANDLE_DETACHED)
        tell_bad_thread(call, handle, INVALID_DETACH_TWICE, target.id);
    else if (target.state == HANDLE_JOINED)
        tell_bad_thread(call, handle, INVALID_THREAD, target.id);
    /* Before the real call, after which libc may give the handle to a new thread. */
    bool changed = target.state == HANDLE_JOINABLE &&
                   handles_take((uintptr_t)handle, target.id, HANDLE_DETACHED);
    int error = REAL(pthread_detach)(handle);
    if (error == 0 && target.state == HANDLE_JOINABLE)
        tell(call, (struct event){.type = EVENT_DETACH,
                                  .object = OBJECT_THREAD,
                                  .addr = (uintptr_t)handle,
                                  .value = target.id});
    else if (error && changed)
        handles_change((uintptr_t)handle, target.id, HANDLE_DETACHED, HANDLE_JOINABLE);
    call_leave(call);
    return error;
}

EXPORT int pthread_detach(pthread_t handle)
{
    CALL(call);
    return thread_detach(&call, handle);
}

/* Whether what it holds now is given up by clean-up handlers shows at its end. */
void thread_leaves(const struct call *call)
{
    if (!call->self)
        return;
    if (call->self->thread->held.count > 0)
        detector_thread_leaves(call->self->thread, unwind_stack(call->self, &call->site));
    call_leave(call);
}

EXPORT _Noreturn void pthread_exit(void *result)
{
    CALL(call);
    thread_leaves(&call);
    REAL(pthread_exit)(result);
    __builtin_unreachable();
}

/* The first pthread_cancel installs libc's handler and sends its signal in one go. In a translated program ours has to come
 * before it (runtime/signals.h), so libc is made to install it for a thread of our own that cannot be cancelled. */
static void *uncancellable(void *arg)
{
    uint32_t *stage = arg;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    store_release(stage, 1); /* to cancel_install() */
    sys_futex_wake(stage, 1);
    while (load_acquire(stage) == 1)
        sys_futex_wait(stage, 1, 0);
    return NULL;
}

static COLD void cancel_install(void)
{
    uint32_t stage = 0;
    pthread_t thread;
    if (REAL(pthread_create)(&thread, NULL, uncancellable, &stage) != 0)
        return;
    while (load_acquire(&stage) == 0)
        sys_futex_wait(&stage, 0, 0);
    REAL(pthread_cancel)(thread);
    signals_wrap_cancel();
    store_release(&stage, 2); /* to uncancellable() */
    sys_futex_wake(&stage, 1);
    REAL(pthread_join)(thread, NULL);
}

static void cancel_prepare(void)
{
    if (UNLIKELY(signals_translated) && !signals_wrap_cancel())
        cancel_install();
}

EXPORT int pthread_cancel(pthread_t handle)
{
    CALL(call);
    if (!call.self)
        return REAL(pthread_cancel)(handle);
    struct target target = look_patiently(handle);
    if (target.state == HANDLE_JOINED)
        tell_bad_thread(&call, handle, INVALID_THREAD, target.id);
    cancel_prepare();
    call_leave(&call);
    if (target.state != HANDLE_UNKNOWN) {
        order_release(OBJECT_FD, order_carrier(CARRIERS_CANCELS, (int)target.id), &call.site);
        store_relaxed(&unwinding_has_cancels, true);
    }
    return REAL(pthread_cancel)(handle);
}

/* While the detector works the real type is "deferred" (self_enter_async), and self_leave() sets what is
 * asked for here, which acts on a cancellation that is pending. */
EXPORT int pthread_setcanceltype(int type, int *old)
{
    struct self *self = self_enter();
    if (!self)
        return REAL(pthread_setcanceltype)(type, old);
    bool valid = type == PTHREAD_CANCEL_ASYNCHRONOUS || type == PTHREAD_CANCEL_DEFERRED;
    if (valid && old)
        *old = self->async_cancel ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED;
    if (valid)
        self->async_cancel = type == PTHREAD_CANCEL_ASYNCHRONOUS;
    self_leave(self);
    return valid ? 0 : EINVAL;
}

EXPORT int pthread_setname_np(pthread_t handle, const char *name)
{
    CALL(call);
    int error = REAL(pthread_setname_np)(handle, name);
    if (!call.self)
        return error;
    struct thread *thread = error ? NULL : threads_find((uintptr_t)handle);
    if (thread)
        threads_set_name(thread, name);
    call_leave(&call);
    return error;
}
