/* SPDX-License-Identifier: MIT */
/* Stacks for signals in a translated program. Each thread has one of ours, which the kernel knows as its alternate
 * stack: a thread faults whenever native code calls translated code, and its own stack may have 16 KiB, or be what has
 * overflowed. sigaltstack() is answered from the program's idea of its alternate stack, and handlers run where they would
 * without us (signals_full.c moves their frames).
 *
 * Stacks are recycled, not freed: translated code may run to the very end of a thread (destructors of thread-specific
 * data), so one is free only when the kernel no longer knows its thread. */
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "runtime/signals_inner.h"

#define STACK_BYTES (128u << 10)
#define GUARD_BYTES 4096u
#define SMALLEST 2048u /* the kernel's MINSIGSTKSZ */
#define DISARM (int)(1u << 31) /* SS_AUTODISARM, which <linux/signal.h> has */

__thread struct signals_local signals_local __attribute__((tls_model("initial-exec")));

static struct signal_thread *all; /* grows at its head only */

/* --- ours -------------------------------------------------------------------------------------------------------- */

static uintptr_t top_of(const struct signal_thread *thread) { return (uintptr_t)thread & ~(uintptr_t)63; }

bool signal_thread_owns(uintptr_t address)
{
    const struct signal_thread *thread = signals_local.thread;
    return thread && address >= thread->low && address <= top_of(thread);
}

static struct signal_thread *new_stack(void)
{
    char *start = sys_reserve(STACK_BYTES);
    if (!start)
        return NULL;
    sys_call(SYS_mprotect, (long)start, GUARD_BYTES, PROT_NONE, 0, 0, 0);
    uintptr_t end = (uintptr_t)start + STACK_BYTES;
    struct signal_thread *thread = (struct signal_thread *)((end - sizeof(*thread)) & ~(uintptr_t)63);
    thread->low = (uintptr_t)start + GUARD_BYTES;
    thread->tid = sys_gettid();
    struct signal_thread *first = load_acquire(&all);
    do {
        thread->next = first;
    } while (!compare_exchange_acq_rel(&all, &first, thread));
    return thread;
}

/* One whose thread has said that it ends, and has. */
static struct signal_thread *recycled(void)
{
    for (struct signal_thread *thread = load_acquire(&all); thread; thread = thread->next) {
        uint32_t ending = 1;
        if (load_relaxed(&thread->ending) != 1 || sys_tgkill(sys_getpid(), thread->tid, 0) != -ESRCH)
            continue;
        if (!compare_exchange_acq_rel(&thread->ending, &ending, 2)) /* another thread was faster */
            continue;
        thread->tid = sys_gettid();
        thread->pending = false;
        thread->child = 0;
        thread->queue.count = 0;
        store_release(&thread->ending, 0);
        return thread;
    }
    return NULL;
}

/* What the kernel has now is the program's. Where there is none, flags are as a process begins, or another thread. */
static void adopt_program_stack(struct signal_thread *thread)
{
    if (sys_call(SYS_sigaltstack, 0, (long)&thread->program, 0, 0, 0, 0) != 0 || thread->program.ss_size == 0)
        thread->program = (stack_t){.ss_flags = thread->tid == runtime.pid ? 0 : SS_DISABLE};
    else
        thread->program.ss_flags &= ~SS_ONSTACK;
}

static stack_t kernel_stack(const struct signal_thread *thread)
{
    return (stack_t){.ss_sp = (void *)thread->low, .ss_size = top_of(thread) - thread->low};
}

/* Refused (EPERM) while the thread runs on the program's: its frames are built there until that is left. */
static void install(struct signal_thread *thread)
{
    stack_t ours = kernel_stack(thread);
    sys_call(SYS_sigaltstack, (long)&ours, 0, 0, 0, 0, 0);
}

struct signal_thread *signal_thread_here(void)
{
    struct signal_thread *thread = signals_local.thread;
    if (LIKELY(thread))
        return thread;
    thread = recycled();
    if (!thread)
        thread = new_stack();
    if (!thread)
        return NULL;
    adopt_program_stack(thread);
    signals_local.thread = thread;
    install(thread);
    return thread;
}

void signals_thread_ending(void)
{
    if (signals_local.thread)
        store_release(&signals_local.thread->ending, 1); /* to recycled() */
}

/* --- the program's ----------------------------------------------------------------------------------------------- */

static bool is_on(const stack_t *stack, uintptr_t sp)
{
    uintptr_t low = (uintptr_t)stack->ss_sp;
    return !(stack->ss_flags & DISARM) && sp > low && sp - low <= stack->ss_size;
}

/* As the kernel's do_sigaltstack(): 0 or -errno. */
static long change(stack_t *program, const stack_t *wanted, uintptr_t sp)
{
    int mode = wanted->ss_flags & ~DISARM;
    if (is_on(program, sp))
        return -EPERM;
    if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
        return -EINVAL;
    if (mode == SS_DISABLE)
        *program = (stack_t){.ss_flags = wanted->ss_flags};
    else if (wanted->ss_size < SMALLEST)
        return -ENOMEM;
    else
        *program = (stack_t){.ss_sp = wanted->ss_sp, .ss_size = wanted->ss_size,
                             .ss_flags = wanted->ss_flags};
    return 0;
}

long signals_altstack(const stack_t *wanted, stack_t *old, uintptr_t sp)
{
    struct signal_thread *thread = signal_thread_here();
    if (!thread)
        return sys_call(SYS_sigaltstack, (long)wanted, (long)old, 0, 0, 0, 0);
    stack_t before = thread->program;
    before.ss_flags &= DISARM;
    before.ss_flags |= before.ss_size == 0 ? SS_DISABLE : is_on(&before, sp) ? SS_ONSTACK : 0;
    long error = wanted ? change(&thread->program, wanted, sp) : 0;
    if (error == 0 && old)
        *old = before;
    return error;
}

#define RED_ZONE 128

uintptr_t signal_stack_for(const struct sigaction *set, uintptr_t sp)
{
    const struct signal_thread *thread = signals_local.thread;
    const stack_t *stack = thread ? &thread->program : NULL;
    if (!stack || !((unsigned)set->sa_flags & SA_ONSTACK) || stack->ss_size == 0 || is_on(stack, sp))
        return sp - RED_ZONE;
    return (uintptr_t)stack->ss_sp + stack->ss_size;
}

bool signal_stack_overflows(uintptr_t sp, uintptr_t frame)
{
    const struct signal_thread *thread = signals_local.thread;
    if (!thread || thread->program.ss_size == 0)
        return false;
    uintptr_t low = (uintptr_t)thread->program.ss_sp;
    return (sp - 1) - low < thread->program.ss_size && frame < low;
}

void signal_stack_show(ucontext_t *context)
{
    struct signal_thread *thread = signals_local.thread;
    if (!thread)
        return;
    context->uc_stack = thread->program;
    if (thread->program.ss_flags & DISARM)
        thread->program = (stack_t){.ss_flags = SS_DISABLE};
}

/* Returning from a handler sets what its frame says, unless the thread is on it. */
void signal_stack_hide(ucontext_t *context)
{
    struct signal_thread *thread = signals_local.thread;
    if (!thread)
        return;
    stack_t shown = context->uc_stack;
    change(&thread->program, &shown, (uintptr_t)context);
    context->uc_stack = kernel_stack(thread);
}
