/* SPDX-License-Identifier: MIT */
/* The program's handlers: called by the only one that the kernel knows, followed for the analysis while they run.
 *
 * Hard rules: on_signal() may run on an alternate stack of the smallest size, at any instruction of the
 * detector (depth > 0: then it only queues, without locks or memory), and keeps errno. */
#include <errno.h>

#include "runtime/signals_inner.h"
#include "runtime/work_stack.h"


struct handler_event {
    struct self *self;
    struct event event;
    uintptr_t sp;
};

static void feed(void *arg)
{
    struct handler_event *call = arg;
    detector_feed(runtime.detector, call->self->thread, &call->event, call->sp);
}

/* On a stack of our own: the handler's may be tiny. */
static void tell_handler(struct self *self, enum event_type type, int signo, uintptr_t sp)
{
    struct handler_event call = {self, {.type = (uint8_t)type, .value = (uint64_t)signo}, sp};
    work_stack_run(feed, &call);
}

/* What the sender did happens before the handler. */
static void acquire_from_sender(struct self *self, int signo)
{
    struct handler_event call = {self,
                                 {.type = EVENT_ORDER_ACQUIRE,
                                  .object = OBJECT_SIGNAL,
                                  .addr = (uintptr_t)signo},
                                 0};
    if (runtime.threaded)
        work_stack_run(feed, &call);
}

/* The kernel gives the interrupted code its mask back, whatever the handler has set. */
static void restore_mask(struct self *self, const ucontext_t *context)
{
    uint64_t mask = context_mask(context);
    if (self->signal_mask == mask)
        return;
    self->signal_mask = mask;
    struct handler_event call = {self, {.type = EVENT_SIGNAL_MASK, .value = mask}, 0};
    work_stack_run(feed, &call);
}

static bool contains(uintptr_t low, uintptr_t high, uintptr_t addr)
{
    return addr >= low && addr < high;
}

/* Whether code that runs at `sp` is no longer below the handler. */
static bool is_left(const struct self *self, const struct active_handler *active, uintptr_t sp)
{
    if (sp == 0)
        return false;
    if (active->alt_high)
        return !contains(active->alt_low, active->alt_high, sp) || sp >= active->frame;
    if (contains(self->stack_low, self->stack_high, active->frame) !=
        contains(self->stack_low, self->stack_high, sp))
        return false; /* another stack: an inner handler's alternate one, or a coroutine's */
    return sp >= active->frame;
}

void signals_check_left(struct self *self, uintptr_t sp)
{
    while (self->in_handler > 0) {
        struct active_handler *top = &self->signals->active[self->in_handler - 1];
        if (!is_left(self, top, sp))
            return;
        self->in_handler--;
        tell_handler(self, EVENT_HANDLER_LEAVE, top->signo, sp);
    }
}

void signals_all_left(struct self *self)
{
    for (; self->in_handler > 0; self->in_handler--)
        tell_handler(self, EVENT_HANDLER_LEAVE, self->signals->active[self->in_handler - 1].signo,
                     0);
}

/* False: nested too deeply to be followed. */
static bool enter_handler(struct self *self, int signo, const ucontext_t *context)
{
    uintptr_t frame = (uintptr_t)context; /* the kernel put it between the handler and what it interrupts */
    uintptr_t alt_low = (uintptr_t)context->uc_stack.ss_sp;
    uintptr_t alt_high = alt_low + context->uc_stack.ss_size;
    bool on_alt = contains(alt_low, alt_high, frame);
    signals_check_left(self, frame);
    if (self->in_handler == NESTED_HANDLERS)
        return false;
    self->signals->active[self->in_handler++] =
        (struct active_handler){signo, frame, on_alt ? alt_low : 0, on_alt ? alt_high : 0};
    tell_handler(self, EVENT_HANDLER_ENTER, signo, 0);
    acquire_from_sender(self, signo);
    return true;
}

static void leave_handler(struct self *self, int signo, uint16_t nesting)
{
    self->in_handler = nesting - 1;
    tell_handler(self, EVENT_HANDLER_LEAVE, signo, 0);
}

static void call_watched(struct self *self, handler_t handler, int signo, siginfo_t *info,
                         void *context)
{
    self->depth = 1;
    /* The handler of a fault comes at that very instruction, never in between: it is the thread's own code. */
    bool followed = !signal_is_fault(signo, info) && enter_handler(self, signo, context);
    uint16_t nesting = self->in_handler;
    self_leave(self);
    handler(signo, info, context);
    self->depth = 1;
    if (followed && self->in_handler >= nesting) /* else it was taken for left */
        leave_handler(self, signo, nesting);
    restore_mask(self, context);
    self_leave(self);
}

struct self *signals_self(void)
{
    struct self *self = self_current;
    return self && !self->gone && self->signals ? self : NULL;
}

void handler_call(struct self *self, const struct sigaction *set, int signo, siginfo_t *info, void *context)
{
    int depth = self ? self->depth : 0;
    if (!self) {
        set->sa_sigaction(signo, info, context);
    } else if (depth > 0) {
        /* A fault inside a real call, on a bad pointer of the program's: the handler may never return. */
        self->depth = 0;
        set->sa_sigaction(signo, info, context);
        self->depth = depth;
    } else {
        call_watched(self, set->sa_sigaction, signo, info, context);
    }
}

void on_signal(int signo, siginfo_t *info, void *context)
{
    if (UNLIKELY(signals_translated)) {
        on_signal_translated(signo, info, context);
        return;
    }
    struct self *self = signals_self();
    if (self && self->depth > 0 && !signal_is_fault(signo, info)) {
        queue_add(self->signals, info, context);
        self->pending = true;
        return;
    }
    struct sigaction set;
    if (!action_read(signo, &set))
        return; /* reset by another thread while this signal was on its way */
    if ((unsigned)set.sa_flags & SA_RESETHAND)
        action_reset(signo, &set);
    handler_call(self, &set, signo, info, context);
}
