/* SPDX-License-Identifier: MIT */
/* Signals of a translated program.
 *
 * The kernel's handler is ours for whatever an instruction can raise (SIGSEGV first of all, which is also how native
 * code enters the cache) and for what the program handles. In this order: faults of the translator's own are resolved,
 * at any moment; what arrives inside the detector or the translator waits; then the program's handler runs, or the
 * process dies as it would have died without us, its registers and stack being the program's.
 *
 * A handler runs where it would natively: below the interrupted code, or on the program's alternate stack. If the kernel
 * has put the frame elsewhere, on our stack for signals or on the translator's, it is moved first, so that those
 * are free again for whatever the handler meets. The way back is the kernel's, from the frame where it then lies. */
#include <errno.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "runtime/real.h"
#include "runtime/signals_inner.h"
#include "runtime/takeover.h"

#define KEPT (1ull << (SIGSEGV - 1))

/* --- the takeover ---------------------------------------------------------------------------------------------------- */

void signals_take_over(void)
{
    actions_take_over();
    signals_thread_start(false);
}

/* Whether the thread is in the detector or the translator; what is raised there is no fault of the program's. */
static bool is_inside(const ucontext_t *context)
{
    return signal_thread_owns(tr_context_sp(context)) || tr_interrupted(context) == TR_AT_WORK;
}

/* --- waiting --------------------------------------------------------------------------------------------------------- */

static struct signal_queue *queue_here(void)
{
    struct self *self = signals_self();
    if (self)
        return self->signals;
    struct signal_thread *thread = signals_local.thread;
    return thread ? &thread->queue : NULL;
}

static void wait_in_queue(const siginfo_t *info, ucontext_t *context)
{
    struct self *self = signals_self();
    struct signal_queue *queue = queue_here();
    if (!queue)
        return;
    queue_add(queue, info, context);
    if (self)
        self->pending = true;
    tr_signal_deferred();
}

/* All signals are blocked. */
static void send_again(void)
{
    struct self *self = signals_self();
    struct signal_queue *queue = queue_here();
    if (!queue || (self && self->depth > 0))
        return;
    queue_send_again(queue);
    if (self)
        self->pending = false;
}

/* What was blocked because more came than are kept: what the kernel has kept of it comes now. */
static uint64_t lift_blocked(void)
{
    struct self *self = signals_self();
    struct signal_queue *queue = queue_here();
    if (!queue || (self && self->depth > 0))
        return 0;
    uint64_t blocked = queue->blocked;
    queue->blocked = 0;
    return blocked;
}

void signals_on_leave(void *mask)
{
    uint64_t *then = mask;
    send_again();
    *then &= ~lift_blocked();
}

/* Something came while this handler ran on our own stack: it arrives when the kernel has left the handler. */
static void return_from_own_stack(const ucontext_t *context)
{
    const struct signal_queue *queue = queue_here();
    if (LIKELY(!queue || queue->count == 0) || is_inside(context))
        return;
    sys_signal_mask(~0ull);
    send_again();
    lift_blocked(); /* in this handler only */
}

/* --- the program's handler --------------------------------------------------------------------------------------------- */

/* On its way from where the kernel has put it to the stack on which the handler runs. */
struct delivery {
    struct tr_signal_save save;
    struct sigaction set;
    bool bare;             /* libc's own handler: nothing of it is shown to the analysis, nor anything virtual to it */
    bool sets_mask;        /* the kernel has blocked everything: `mask` is what the handler runs with */
    uint64_t mask;
    bool really_blocked;   /* SIGSEGV, in the interrupted native code (signals_real_mask) */
    uint64_t blocked;      /* then: as the program saw it */
};

/* Where the address in `info` is the instruction's. */
static void show_address(int signo, siginfo_t *info)
{
    if (signo == SIGILL || signo == SIGFPE || signo == SIGTRAP)
        info->si_addr = (void *)tr_origin((uintptr_t)info->si_addr);
    else if (signo == SIGSYS)
        info->si_call_addr = (void *)tr_origin((uintptr_t)info->si_call_addr);
}

static void show_mask(ucontext_t *context, struct delivery *delivery)
{
    uint64_t mask = context_mask(context);
    delivery->really_blocked = mask & KEPT;
    if (delivery->really_blocked) {
        uint64_t kept = KEPT;
        sys_call(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&kept, 0, sizeof(kept), 0, 0);
    }
    delivery->blocked = signals_blocked_kept();
    context_set_mask(context, mask | delivery->blocked);
}

/* What the handler has left in the frame is what counts from now on. */
static void hide_mask(ucontext_t *context, const struct delivery *delivery)
{
    uint64_t mask = context_mask(context);
    signals_block_kept(delivery->really_blocked ? delivery->blocked : mask & KEPT);
    context_set_mask(context, delivery->really_blocked ? mask | KEPT : mask & ~KEPT);
}

static uint64_t blocked_in_handler(int signo, const struct sigaction *set)
{
    uint64_t mask;
    memcpy(&mask, &set->sa_mask, sizeof(mask));
    return mask | ((unsigned)set->sa_flags & SA_NODEFER ? 0 : signal_bit(signo));
}

/* Without the fault that a call from here would be. Translating takes a lock, so nothing may come in between. */
static void enter_directly(struct self *self, struct sigaction *set)
{
    if (!takeover_is_on())
        return;
    uint64_t mask = self ? 0 : signals_block_all();
    if (self)
        self->depth++;
    compiler_barrier();
    set->sa_sigaction = TAKEOVER_ENTRY(set->sa_sigaction);
    compiler_barrier();
    if (self)
        self->depth--; /* what has come meanwhile comes when the analysis has been told of the handler */
    else
        signals_restore(mask);
}

static void handle(int signo, siginfo_t *info, ucontext_t *context, struct delivery *delivery)
{
    struct self *self = signals_self();
    uint64_t blocked = signals_blocked_kept();
    signal_stack_show(context);
    show_mask(context, delivery);
    signals_block_kept(blocked | (blocked_in_handler(signo, &delivery->set) & KEPT));
    enter_directly(self, &delivery->set);
    if (delivery->sets_mask)
        signals_restore(delivery->mask);
    handler_call(self, &delivery->set, signo, info, context);
    hide_mask(context, delivery);
    signal_stack_hide(context);
}

/* Signals that came while the frame was on its way come before the handler's first instruction, as natively. */
static void come_what_waits(void)
{
    struct self *self = signals_self();
    struct signal_queue *queue = queue_here();
    if (LIKELY(!queue || queue->count == 0) || (self && self->depth > 0))
        return;
    if (self) {
        signals_deliver(self);
    } else {
        uint64_t mask = signals_block_all();
        send_again();
        signals_restore(mask & ~lift_blocked());
    }
}

static void run(int signo, siginfo_t *info, void *context, void *extra)
{
    struct delivery *delivery = extra;
    come_what_waits();
    if (delivery->bare)
        delivery->set.sa_sigaction(signo, info, context);
    else
        handle(signo, info, context, delivery);
    tr_signal_leave(&delivery->save, context);
}

/* --- death --------------------------------------------------------------------------------------------------------------- */

/* The stack's bounds as far as they are known. */
static uintptr_t stack_end(uintptr_t sp)
{
    const struct self *self = signals_self();
    const struct signal_thread *thread = signals_local.thread;
    if (self && sp >= self->stack_low && sp < self->stack_high)
        return self->stack_high;
    uintptr_t low = thread ? (uintptr_t)thread->program.ss_sp : 0;
    if (thread && sp >= low && sp - low < thread->program.ss_size)
        return low + thread->program.ss_size;
    return sp;
}

/* The default action, which is death, takes place where the interrupted code goes on, with the same siginfo: what the
 * debugger and the core file see is that place. */
static void default_action(int signo, const siginfo_t *info, ucontext_t *context)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    uint64_t mask = context_mask(context), bit = signal_bit(signo);
    sys_call(SYS_rt_sigprocmask, SIG_BLOCK, (long)&bit, 0, sizeof(bit), 0, 0);
    REAL(sigaction)(signo, &standard, NULL);
    signals_send_again(info);
    context_set_mask(context, mask & ~bit);
}

static void die(int signo, siginfo_t *info, ucontext_t *context)
{
    uintptr_t sp = (uintptr_t)tr_context_sp(context);
    tr_unwind_prepare(sp, stack_end(sp));
    default_action(signo, info, context);
}

/* --- delivery -------------------------------------------------------------------------------------------------------------- */

/* Does not return if the frame has to move and can. */
static void move_and_run(int signo, siginfo_t *info, ucontext_t *context, struct delivery *delivery)
{
    uintptr_t sp = tr_context_sp(context);
    uintptr_t top = signal_stack_for(&delivery->set, sp);
    struct tr_frame frame;
    if (tr_frame_copy(&frame, top, info, context, delivery, sizeof(*delivery)) &&
        !signal_stack_overflows(sp, frame.sp))
        tr_frame_run(&frame, run, signo);
    /* As the kernel does when it cannot write a frame. */
    siginfo_t fault = {.si_signo = SIGSEGV, .si_code = SI_KERNEL};
    die(SIGSEGV, &fault, context);
}

static void deliver(int signo, siginfo_t *info, ucontext_t *context, struct delivery *delivery)
{
    uintptr_t sp = tr_context_sp(context);
    tr_signal_enter(&delivery->save, context);
    show_address(signo, info);
    if (signal_thread_owns((uintptr_t)context) || tr_context_sp(context) != sp)
        move_and_run(signo, info, context, delivery);
    else
        run(signo, info, context, delivery);
}

static void deliver_default(int signo, siginfo_t *info, ucontext_t *context)
{
    struct tr_signal_save save;
    tr_signal_enter(&save, context);
    show_address(signo, info);
    die(signo, info, context);
}

/* --- the kernel's handler ----------------------------------------------------------------------------------------------------- */

static bool must_wait(const struct self *self, const ucontext_t *context)
{
    return (self && self->depth > 0) || is_inside(context);
}

static void on_program_signal(int signo, siginfo_t *info, ucontext_t *context)
{
    struct delivery delivery = {.bare = false};
    bool fault = signal_is_fault(signo, info);
    if (signals_is_wake(info))
        return;
    if (fault && is_inside(context)) {
        default_action(signo, info, context);
        return;
    }
    if (!fault && must_wait(signals_self(), context)) {
        wait_in_queue(info, context);
        return;
    }
    bool blocked = signals_blocked_kept() & signal_bit(signo);
    if (blocked && !fault) {
        signals_pend(info);
        return;
    }
    bool handled = action_read(signo, &delivery.set) && !blocked;
    if (!handled && !fault && (delivery.set.sa_handler == SIG_IGN || !action_is_kept(signo)))
        return; /* ignored, or reset by another thread meanwhile */
    if (!handled) {
        deliver_default(signo, info, context);
        return;
    }
    if ((unsigned)delivery.set.sa_flags & SA_RESETHAND)
        action_reset(signo, &delivery.set);
    delivery.sets_mask = signo == SIGSEGV;
    delivery.mask = (context_mask(context) | blocked_in_handler(signo, &delivery.set)) & ~KEPT;
    deliver(signo, info, context, &delivery);
}

void on_signal_translated(int signo, siginfo_t *info, ucontext_t *context)
{
    signal_thread_here();
    if (!(signal_is_fault(signo, info) && tr_fault(signo, info, context) == TR_FAULT_RESUMED))
        on_program_signal(signo, info, context);
    if (signal_thread_owns((uintptr_t)context))
        return_from_own_stack(context);
}

/* --- cancellation --------------------------------------------------------------------------------------------------------------- */

#if defined(__x86_64__)

#define SIGCANCEL 32

struct kernel_action {
    void *handler;
    unsigned long flags;
    void *restorer;
    uint64_t mask;
};

static struct kernel_action libc_cancel;

/* libc's handler may end the thread, unwinding from here through the interrupted code. */
static void on_cancel(int signo, siginfo_t *info, void *context)
{
    struct delivery delivery = {.bare = true};
    delivery.set.sa_sigaction = (handler_t)(uintptr_t)libc_cancel.handler;
    if (is_inside(context))
        wait_in_queue(info, context);
    else
        deliver(signo, info, context, &delivery);
}

bool signals_wrap_cancel(void)
{
    struct kernel_action now;
    if (libc_cancel.handler)
        return true;
    if (sys_call(SYS_rt_sigaction, SIGCANCEL, 0, (long)&now, sizeof(uint64_t), 0, 0) != 0 || !now.handler)
        return false;
    libc_cancel = now;
    now.handler = (void *)(uintptr_t)on_cancel;
    return sys_call(SYS_rt_sigaction, SIGCANCEL, (long)&now, 0, sizeof(uint64_t), 0, 0) == 0;
}

#else

bool signals_wrap_cancel(void) { return true; }

#endif
