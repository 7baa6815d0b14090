/* SPDX-License-Identifier: MIT */
/* Birth and death of a thread's state; see self.h.
 *
 * The end of a thread is seen by a TSD key whose destructor sets itself again until the last round, so that
 * locks taken in the program's own destructors are still watched. */
#include "runtime/self.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "runtime/races.h"
#include "runtime/real.h"
#include "runtime/runtime.h"
#include "translate/translate.h"

__thread struct self *self_current __attribute__((tls_model("initial-exec")));

/* Stands for threads that have ended, or for which there was no memory. */
static struct self nobody = {.gone = true};

static pthread_key_t end_key;
static bool has_end_key;

void self_leave_for_good(void) { self_current = &nobody; }

/* --- bounds of the stack ------------------------------------------------------------------------------------ */

#define STACK_MAIN_MAX (128ull << 20) /* the least that the kernel keeps free below the main stack */

extern void *__libc_stack_end;

static void main_stack(struct self *self)
{
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    getrlimit(RLIMIT_STACK, &limit);
    uint64_t size = limit.rlim_cur < STACK_MAIN_MAX ? limit.rlim_cur : STACK_MAIN_MAX;
    uintptr_t high = ((uintptr_t)__libc_stack_end | 4095) + 1;
    self->stack_high = high;
    self->stack_low = high - size;
}

/* glibc keeps start, size and guard of a thread's stack in three words of its descriptor. Where, is learnt from
 * the first thread; no other needs pthread_getattr_np, which calls malloc: that gives a thread that has not
 * allocated yet an arena of its own, 64 MiB of address space. So threads that start meanwhile wait for it. */
#define DESCRIPTOR_WORDS 256
#define NOT_THERE SIZE_MAX
#define BEING_LEARNT (SIZE_MAX - 1)
#define MOST_YIELDS 1000 /* the learner may be gone: this is a child of fork */
static size_t stack_words; /* 0: not learnt yet */

static size_t find_stack_words(const uintptr_t *descriptor, uintptr_t low, uintptr_t high)
{
    for (size_t i = 1; i + 2 < DESCRIPTOR_WORDS; i++)
        if (descriptor[i] + descriptor[i + 1] == high && descriptor[i] + descriptor[i + 2] == low)
            return i;
    return NOT_THERE;
}

static void ask_libc(struct self *self)
{
    pthread_attr_t attr;
    void *low = NULL;
    size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attr) != 0)
        return;
    pthread_attr_getstack(&attr, &low, &size);
    pthread_attr_destroy(&attr);
    self->stack_low = (uintptr_t)low;
    self->stack_high = (uintptr_t)low + size;
}

static void learn(struct self *self, const uintptr_t *descriptor)
{
    ask_libc(self);
    store_relaxed(&stack_words,
                  self->stack_high ? find_stack_words(descriptor, self->stack_low, self->stack_high) : 0);
}

static void thread_stack(struct self *self)
{
    const uintptr_t *descriptor = (const uintptr_t *)pthread_self();
    size_t at = 0;
    if (compare_exchange_acq_rel(&stack_words, &at, BEING_LEARNT)) {
        learn(self, descriptor);
        return;
    }
    for (int i = 0; at == BEING_LEARNT && i < MOST_YIELDS; i++) {
        sys_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
        at = load_relaxed(&stack_words);
    }
    if (at == 0 || at >= BEING_LEARNT) {
        ask_libc(self);
        return;
    }
    self->stack_low = descriptor[at] + descriptor[at + 2];
    self->stack_high = descriptor[at] + descriptor[at + 1];
}

static void find_stack(struct self *self)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    int saved = errno;
    if (self->tid == runtime.pid)
        main_stack(self);
    else
        thread_stack(self);
    errno = saved;
    if (here < self->stack_low || here >= self->stack_high) /* a coroutine's, or we guessed wrong */
        self->stack_low = self->stack_high = 0;
}

/* --- beginning ---------------------------------------------------------------------------------------------- */

/* The analysis's record of a thread that came without pthread_create. Nobody joins it. */
static struct thread *unannounced(const struct self *self)
{
    struct thread *thread = detector_thread_create(runtime.detector, NULL, STACK_NONE);
    if (thread && self->tid != runtime.pid)
        detector_thread_set_detached(runtime.detector, thread);
    return thread;
}

static void order(const struct self *self, enum event_type type, uintptr_t carrier)
{
    struct event event = {.type = (uint8_t)type, .object = OBJECT_FD, .addr = carrier};
    detector_feed(runtime.detector, self->thread, &event, 0);
}

/* All signals are blocked. */
static struct self *make(struct thread *thread, uint64_t signal_mask)
{
    struct self *self = arena_alloc(&runtime.arena, sizeof(*self));
    if (!self)
        return NULL;
    self->depth = 1;
    self->tid = sys_gettid();
    self->signal_mask = signal_mask;
    self_current = self; /* what libc does for us below comes back through interceptors */
    find_stack(self);
    bool announced = thread != NULL;
    self->thread = announced ? thread : unannounced(self);
    if (!self->thread || !signals_start(self)) {
        self_current = NULL;
        arena_free(&runtime.arena, self, sizeof(*self));
        return NULL;
    }
    detector_thread_start(runtime.detector, self->thread, self->stack_low, self->stack_high,
                          signal_mask);
    races_thread_started(self);
    self->info = threads_started(self);
    if (!announced) {
        threads_add((uintptr_t)pthread_self(), self->thread);
        order(self, EVENT_ORDER_ACQUIRE, RUNTIME_UNSEEN_THREADS); /* whatever made libc start it came before */
    }
    if (has_end_key)
        pthread_setspecific(end_key, self);
    return self;
}

static struct self *begin(struct thread *thread, bool goes_on)
{
    signals_thread_adopt();
    uint64_t mask = signals_block_all();
    struct self *self = make(thread, mask | signals_blocked_kept());
    if (self && goes_on)
        order(self, EVENT_ORDER_ACQUIRE, RUNTIME_EARLY_HANDLERS);
    if (self)
        self->depth = 0;
    else
        self_leave_for_good();
    signals_restore(mask);
    return self;
}

struct self *self_adopt(void)
{
    if (!load_relaxed(&runtime.on))
        return NULL;
    begin(NULL, false);
    return self_current;
}

/* libc may have called us before, for what it does in the thread itself; that is not the program's. */
void self_adopt_on_request(void)
{
    struct self *self = self_enter();
    if (!self)
        return;
    detector_thread_on_request(runtime.detector, self->thread);
    order(self, EVENT_ORDER_ACQUIRE, RUNTIME_UNSEEN_THREADS);
    self_leave(self);
}

struct self *self_start(struct thread *thread)
{
    struct self *before = self_current;
    if (before && !before->gone) { /* a signal handler came before us, and its locks made a state for this thread */
        uint64_t mask = signals_block_all();
        before->depth = 1;
        order(before, EVENT_ORDER_RELEASE, RUNTIME_EARLY_HANDLERS);
        self_end(before);
        signals_restore(mask);
    }
    self_current = NULL;
    return begin(thread, before != NULL);
}

/* --- end ------------------------------------------------------------------------------------------------------ */

void self_end(struct self *self)
{
    if (self->gone)
        return;
    uint64_t mask = signals_block_all();
    self->depth = 1;
    signals_all_left(self);
    detector_thread_end(runtime.detector, self->thread);
    threads_ended(self);
    signals_deliver_last(self);
    tr_thread_end();
    signals_thread_ending();
    self_leave_for_good();
    self_discard(self);
    signals_restore(mask);
}

void self_discard(struct self *self)
{
    unwind_end(self);
    signals_discard(self);
    arena_free(&runtime.arena, self, sizeof(*self));
}

static void on_thread_end(void *value)
{
    struct self *self = value;
    if (self != self_current)
        return;
    if (++self->end_rounds < PTHREAD_DESTRUCTOR_ITERATIONS &&
        pthread_setspecific(end_key, self) == 0)
        return;
    self_end(self);
}

void self_returned(void)
{
    if (!has_end_key && self_current)
        self_end(self_current);
}

void self_init(void)
{
    has_end_key = pthread_key_create(&end_key, on_thread_end) == 0;
}

/* --- slow ways in and out -------------------------------------------------------------------------------------- */

struct self *self_enter_slow(struct self *self)
{
    if (self->depth > 0 || self->gone || self->ignored)
        return NULL;
    self->depth = 1;
    compiler_barrier();
    if (self->async_cancel)
        self_enter_async(self);
    return self;
}

void self_enter_async(struct self *self)
{
    int ignored;
    (void)self;
    REAL(pthread_setcanceltype)(PTHREAD_CANCEL_DEFERRED, &ignored);
}

void self_leave_slow(struct self *self)
{
    int ignored;
    if (self->pending)
        signals_deliver(self);
    if (self->async_cancel) /* a cancellation that came in between takes effect here */
        REAL(pthread_setcanceltype)(PTHREAD_CANCEL_ASYNCHRONOUS, &ignored);
}
