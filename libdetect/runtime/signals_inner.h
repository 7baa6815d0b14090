/* SPDX-License-Identifier: MIT */
/* Between the files of runtime/signals*.c: who has installed what (signals.c), signals that wait (signals_queue.c), how
 * a handler is run (signals_handler.c), and what translation adds: the thread's stack for signals and the program's
 * idea of one (signals_stack.c), the mask (signals_mask.c), faults, delivery and death (signals_full.c). */
#ifndef DETECT_RUNTIME_SIGNALS_INNER_H
#define DETECT_RUNTIME_SIGNALS_INNER_H

#include <string.h>
#include <ucontext.h>

#include "runtime/runtime.h"
#include "translate/translate.h"

#define SIGNALS 65
/* A standard signal is queued once; a real-time signal is blocked in the interrupted code from this place on,
 * and so stays in the kernel's queue. 8 + 31 + 33 entries can come together. */
#define QUEUE_LENGTH 80
#define QUEUE_PLENTY 8
#define NESTED_HANDLERS 16

typedef void (*handler_t)(int, siginfo_t *, void *);

static inline uint64_t signal_bit(int signo) { return 1ull << (signo - 1); }

/* The mask in a context; the kernel's has 8 bytes, whatever sigset_t says. */
static inline uint64_t context_mask(const ucontext_t *context)
{
    uint64_t mask;
    memcpy(&mask, &context->uc_sigmask, sizeof(mask));
    return mask;
}

static inline void context_set_mask(ucontext_t *context, uint64_t mask)
{
    memcpy(&context->uc_sigmask, &mask, sizeof(mask));
}

/* --- the table of actions ---------------------------------------------------------------------------------------- */

/* What the program asked for, without a lock; whether it is a handler. */
bool action_read(int signo, struct sigaction *set);
/* A one-shot handler is about to run. As the kernel does: nothing but the handler changes. */
void action_reset(int signo, const struct sigaction *set);
/* The kernel has our handler for it, whatever the program asks for. */
bool action_is_kept(int signo);
static inline bool action_is_handler(const struct sigaction *set)
{
    return set->sa_handler != SIG_DFL && set->sa_handler != SIG_IGN;
}
/* From now on the kernel has our handler for each signal that translation needs or whose death it has to prepare, and
 * none of the program's masks blocks SIGSEGV. */
void actions_take_over(void);

/* --- signals that wait ------------------------------------------------------------------------------------------- */

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

/* As the kernel does: a standard signal is pending once, a real-time one as often as it was sent. */
void queue_add(struct signal_queue *queue, const siginfo_t *info, ucontext_t *context);
/* Sends them again, to the calling thread; all signals are blocked. */
void queue_send_again(struct signal_queue *queue);

/* Raised by an instruction of this thread: it cannot go on before the handler has run. */
bool signal_is_fault(int signo, const siginfo_t *info);

/* --- handlers ---------------------------------------------------------------------------------------------------- */

/* The kernel's handler for all of them. */
void on_signal(int signo, siginfo_t *info, void *context);
/* The state of a thread that is watched and has not ended; NULL. */
struct self *signals_self(void);
/* Calls the program's handler, which the analysis is told of where the thread is watched. */
void handler_call(struct self *self, const struct sigaction *set, int signo, siginfo_t *info, void *context);

/* --- with translation -------------------------------------------------------------------------------------------- */

/* on_signal from the takeover on. */
void on_signal_translated(int signo, siginfo_t *info, ucontext_t *context);

/* What a thread of a translated program has for signals; lies at the top of its stack for them. */
struct signal_thread {
    struct signal_thread *next; /* in the list of all */
    pid_t tid;
    uint32_t ending;            /* may be taken over when the kernel no longer knows tid */
    uintptr_t low;              /* of the stack, above its guard page */
    stack_t program;            /* the alternate stack that the program has set up */
    bool pending;               /* a SIGSEGV that was sent while the program blocks it */
    struct queued pending_info;
    pid_t child;                /* of a vfork, which runs with this memory: its own idea of what it blocks */
    bool child_blocks;
    ucontext_t to;              /* for setcontext */
    struct signal_queue queue;  /* where there is no `self` */
};

struct signals_local {
    struct signal_thread *thread;
    bool blocks; /* SIGSEGV, as the program sees it */
};
extern __thread struct signals_local signals_local __attribute__((tls_model("initial-exec")));

/* This thread's, made if need be and made the kernel's; NULL: no memory. Async-signal-safe. */
struct signal_thread *signal_thread_here(void);
/* Whether the address lies on this thread's stack for signals. */
bool signal_thread_owns(uintptr_t address);
/* Where the kernel would put the frame of a handler with these flags, given the interrupted stack pointer; 0: nowhere,
 * the alternate stack is used up. */
uintptr_t signal_stack_for(const struct sigaction *set, uintptr_t sp);
/* Whether a frame there is below the alternate stack that the code at sp runs on. */
bool signal_stack_overflows(uintptr_t sp, uintptr_t frame);
/* A frame's uc_stack shows the program's stack, and the kernel's again. */
void signal_stack_show(ucontext_t *context);
void signal_stack_hide(ucontext_t *context);

/* A SIGSEGV that was not raised by an instruction has come while the program blocks it. */
void signals_pend(const siginfo_t *info);

#endif
