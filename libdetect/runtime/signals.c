/* SPDX-License-Identifier: MIT */
/* The program's signal handlers behind one of ours; see signals.h.
 *
 * Hard rules: on_signal() may run on an alternate stack of the smallest size, at any instruction of the
 * detector (depth > 0: then it only queues, without locks or memory), and keeps errno. */
#include "runtime/signals.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "base/sys.h"
#include "runtime/real.h"
#include "runtime/runtime.h"
#include "runtime/work_stack.h"
#include "translate/translate.h"

#define SIGNALS 65
/* A standard signal is queued once; a real-time signal is blocked in the interrupted code from this place on,
 * and so stays in the kernel's queue. 8 + 31 + 33 entries can come together. */
#define QUEUE_LENGTH 80
#define QUEUE_PLENTY 8
#define NESTED_HANDLERS 16
#define ALL_SIGNALS (~(uint64_t)0)

typedef void (*handler_t)(int, siginfo_t *, void *);

/* What the program has installed. `version` is odd while a writer is at work (a sequence lock): handlers
 * read without waiting for anything but a few instructions of another thread. */
static struct action {
    uint32_t version;
    uint32_t known; /* `set` is what the program asked for, the kernel has on_signal */
    struct sigaction set;
} actions[SIGNALS];

struct active_handler {
    int signo;
    uintptr_t frame;             /* the handler's code runs below, what it interrupted above */
    uintptr_t alt_low, alt_high; /* the alternate stack that it runs on, or 0, 0 */
};

/* The part of siginfo_t that Linux fills. */
#define INFO_BYTES 48
struct queued {
    _Alignas(siginfo_t) char bytes[INFO_BYTES];
};
_Static_assert(offsetof(siginfo_t, si_signo) == 0, "the first word of a queued signal is its number");

struct signal_queue {
    uint32_t count, lost;
    uint64_t blocked; /* by us, in the code that was interrupted */
    struct queued info[QUEUE_LENGTH];
    struct active_handler active[NESTED_HANDLERS];
};

uint64_t signals_block_all(void)
{
    uint64_t all = ALL_SIGNALS, before = 0;
    sys_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, sizeof(all), 0, 0);
    return before;
}

void signals_restore(uint64_t mask)
{
    sys_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, sizeof(mask), 0, 0);
}

/* --- the table of actions -------------------------------------------------------------------------------- */

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
    /* Releases the action to read_action and to the next writer. */
    store_release(&action->version, load_relaxed(&action->version) + 1);
}

static bool read_action(int signo, struct sigaction *set)
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

static void on_signal(int signo, siginfo_t *info, void *context);

/* Signals that the translator lives on, once it is on: the kernel has our handler for them whatever the program has set. */
#define FAULTS (1ull << (SIGSEGV - 1) | 1ull << (SIGBUS - 1) | 1ull << (SIGILL - 1) | 1ull << (SIGTRAP - 1))
static bool faults_taken;

static bool is_taken(int signo) { return faults_taken && (FAULTS >> (signo - 1) & 1); }

static bool is_ours(const struct sigaction *set) { return set->sa_sigaction == on_signal; }

static bool is_handler(const struct sigaction *set)
{
    return set->sa_handler != SIG_DFL && set->sa_handler != SIG_IGN;
}

/* One-shot handlers are reset by us when they really run: the kernel would do it when they are queued. */
static struct sigaction for_kernel(int signo, const struct sigaction *act)
{
    struct sigaction set = *act;
    if (is_handler(act) || is_taken(signo)) {
        set.sa_sigaction = on_signal;
        set.sa_flags = (set.sa_flags | SA_SIGINFO) & ~(int)SA_RESETHAND;
    }
    if (is_taken(signo))
        set.sa_flags |= SA_NODEFER;
    return set;
}

static void tell_handled(int signo, bool handled)
{
    uint64_t bit = 1ull << (signo - 1);
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
        *old = is_ours(&kernel_old) && (action->known || is_taken(signo)) ? action->set : kernel_old;
    return 0;
}

void signals_take_faults(void)
{
    uint64_t mask = signals_block_all();
    faults_taken = true;
    for (int signo = 1; signo < SIGNALS; signo++) {
        struct sigaction before;
        if (!is_taken(signo) || REAL(sigaction)(signo, NULL, &before) != 0)
            continue;
        if (!is_ours(&before))
            actions[signo].set = before;
        struct sigaction set = for_kernel(signo, &actions[signo].set);
        REAL(sigaction)(signo, &set, NULL);
    }
    signals_restore(mask);
}

/* The program has no handler: what the kernel would have done. A fault happens again when we return. */
static void act_by_default(int signo, const siginfo_t *info, const struct sigaction *set)
{
    if (set->sa_handler == SIG_IGN && info->si_code <= 0)
        return;
    struct sigaction standard = {.sa_handler = SIG_DFL};
    REAL(sigaction)(signo, &standard, NULL);
    if (info->si_code <= 0)
        sys_tgkill(sys_getpid(), sys_gettid(), signo);
}

/* The child of a vfork shares our memory but has signal handlers of its own. */
static int action_in_vfork_child(int signo, const struct sigaction *act, struct sigaction *old)
{
    struct sigaction kernel_old;
    int result = REAL(sigaction)(signo, act, &kernel_old);
    if (result == 0 && old)
        *old = is_ours(&kernel_old) ? actions[signo].set : kernel_old;
    return result;
}

int signals_action(int signo, const struct sigaction *act, struct sigaction *old)
{
    if (signo < 1 || signo >= SIGNALS || !runtime.on)
        return REAL(sigaction)(signo, act, old);
    if (sys_getpid() != runtime.pid)
        return action_in_vfork_child(signo, act, old);
    struct sigaction wanted; /* `act` and `old` may be the same object, and may be bad pointers */
    if (act)
        wanted = *act;
    struct action *action = &actions[signo];
    struct sigaction before;
    uint64_t mask = signals_block_all();
    write_begin(action);
    int result = replace(action, signo, act ? &wanted : NULL, &before);
    if (result == 0 && act) {
        action->set = wanted;
        action->known = is_handler(&wanted);
    }
    write_end(action);
    signals_restore(mask);
    if (result == 0 && old)
        *old = before;
    if (result == 0 && act)
        tell_handled(signo, is_handler(&wanted));
    return result;
}

/* A one-shot handler is about to run. As the kernel does: nothing but the handler changes. */
static void reset_action(int signo, const struct sigaction *set)
{
    struct sigaction standard = *set;
    standard.sa_handler = SIG_DFL;
    int saved = errno;
    signals_action(signo, &standard, NULL);
    errno = saved;
}

/* --- the queue -------------------------------------------------------------------------------------------- */

/* Raised by an instruction of this thread: it cannot go on before the handler has run. */
static bool is_fault(int signo, const siginfo_t *info)
{
    switch (signo) {
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGTRAP:
    case SIGSYS:
        return info->si_code > 0;
    default:
        return false;
    }
}

static int number_of(const struct queued *queued)
{
    int signo;
    memcpy(&signo, queued->bytes, sizeof(signo));
    return signo;
}

static bool is_queued(const struct signal_queue *queue, int signo)
{
    for (uint32_t i = 0; i < queue->count && i < QUEUE_LENGTH; i++)
        if (number_of(&queue->info[i]) == signo)
            return true;
    return false;
}

/* As the kernel does: a standard signal is pending once, a real-time one as often as it was sent. Another signal
 * may come in between at any point here: an entry is reserved first, and shows no number until it is written. */
static void enqueue(struct self *self, const siginfo_t *info, ucontext_t *context)
{
    struct signal_queue *queue = self->signals;
    int signo = info->si_signo;
    if (signo < SIGRTMIN && is_queued(queue, signo))
        return;
    uint32_t place = fetch_add_relaxed(&queue->count, 1);
    if (place < QUEUE_LENGTH)
        memcpy(queue->info[place].bytes, info, INFO_BYTES);
    else
        queue->lost++;
    if (signo >= SIGRTMIN && place >= QUEUE_PLENTY) {
        fetch_or_relaxed(&queue->blocked, 1ull << (signo - 1));
        sigaddset(&context->uc_sigmask, signo);
    }
    self->pending = true;
}

/* All signals are blocked. */
static void send_again(struct self *self)
{
    struct signal_queue *queue = self->signals;
    pid_t pid = sys_getpid();
    for (uint32_t i = 0; i < queue->count && i < QUEUE_LENGTH; i++) {
        siginfo_t info;
        memset(&info, 0, sizeof(info));
        memcpy(&info, queue->info[i].bytes, INFO_BYTES);
        sys_call(SYS_rt_tgsigqueueinfo, pid, self->tid, info.si_signo, (long)&info, 0, 0);
        memset(&queue->info[i], 0, sizeof(queue->info[i]));
    }
    queue->count = 0;
    self->pending = false;
}

void signals_deliver(struct self *self)
{
    uint64_t mask = signals_block_all();
    struct signal_queue *queue = self->signals;
    send_again(self);
    if (queue->lost > 0) {
        queue->lost = 0;
        self->depth = 1;
        runtime_limit("signals-lost", "more signals arrived in one detector call than are queued");
        self->depth = 0;
    }
    mask &= ~queue->blocked;
    queue->blocked = 0;
    signals_restore(mask); /* here they arrive, in the kernel's order */
}

bool signals_start(struct self *self)
{
    self->signals = arena_alloc(&runtime.arena, sizeof(*self->signals));
    return self->signals != NULL;
}

void signals_deliver_last(struct self *self) { send_again(self); }

void signals_discard(struct self *self)
{
    arena_free(&runtime.arena, self->signals, sizeof(*self->signals));
    self->signals = NULL;
}

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
}

/* --- handlers --------------------------------------------------------------------------------------------- */

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
    uint64_t mask;
    memcpy(&mask, &context->uc_sigmask, sizeof(mask));
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
    bool followed = enter_handler(self, signo, context);
    uint16_t nesting = self->in_handler;
    self_leave(self);
    handler(signo, info, context);
    self->depth = 1;
    if (followed && self->in_handler >= nesting) /* else it was taken for left */
        leave_handler(self, signo, nesting);
    restore_mask(self, context);
    self_leave(self);
}

/* The only handler that the kernel knows. */
static void on_signal(int signo, siginfo_t *info, void *context)
{
    if (is_taken(signo) && is_fault(signo, info) && tr_fault(signo, info, context) == TR_FAULT_RESUMED)
        return;
    struct self *self = self_current;
    bool watched = self && !self->gone && self->signals;
    int depth = watched ? self->depth : 0;
    if (depth > 0 && !is_fault(signo, info)) {
        enqueue(self, info, context);
        return;
    }
    struct sigaction set;
    if (!read_action(signo, &set) && is_taken(signo)) {
        act_by_default(signo, info, &set);
        return;
    }
    if (!is_handler(&set))
        return; /* reset by another thread while this signal was on its way */
    if ((unsigned)set.sa_flags & SA_RESETHAND)
        reset_action(signo, &set);
    if (!watched) {
        set.sa_sigaction(signo, info, context);
    } else if (depth > 0) {
        /* A fault inside a real call, on a bad pointer of the program's: the handler may never return. */
        self->depth = 0;
        set.sa_sigaction(signo, info, context);
        self->depth = depth;
    } else {
        call_watched(self, set.sa_sigaction, signo, info, context);
    }
}
