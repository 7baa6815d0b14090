/* SPDX-License-Identifier: MIT */
/* Signals that have come while the detector works, until it is left. */
#include <errno.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "runtime/signals_inner.h"

bool signal_is_fault(int signo, const siginfo_t *info)
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

/* Another signal may come in between at any point here: an entry is reserved first, and shows no number until it is
 * written. */
void queue_add(struct signal_queue *queue, const siginfo_t *info, ucontext_t *context)
{
    int signo = info->si_signo;
    if (signo < SIGRTMIN && is_queued(queue, signo))
        return;
    uint32_t place = fetch_add_relaxed(&queue->count, 1);
    if (place < QUEUE_LENGTH)
        memcpy(queue->info[place].bytes, info, INFO_BYTES);
    else
        queue->lost++;
    if (signo >= SIGRTMIN && place >= QUEUE_PLENTY) {
        fetch_or_relaxed(&queue->blocked, signal_bit(signo));
        sigaddset(&context->uc_sigmask, signo);
    }
}

void signals_send_again(const void *bytes)
{
    siginfo_t info;
    memset(&info, 0, sizeof(info));
    memcpy(&info, bytes, INFO_BYTES);
    sys_call(SYS_rt_tgsigqueueinfo, sys_getpid(), sys_gettid(), info.si_signo, (long)&info, 0, 0);
}

void queue_send_again(struct signal_queue *queue)
{
    for (uint32_t i = 0; i < queue->count && i < QUEUE_LENGTH; i++) {
        signals_send_again(queue->info[i].bytes);
        memset(&queue->info[i], 0, sizeof(queue->info[i]));
    }
    queue->count = 0;
}

static void send_again(struct self *self)
{
    queue_send_again(self->signals);
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
