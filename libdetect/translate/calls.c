/* SPDX-License-Identifier: MIT */
/* The calls that this thread's translated code has made and that have not returned; see tr_calls(). Translated calls
 * (x86_64/keep_calls.c) push onto an array of the thread's own, dropping first what is dead: entries whose stack pointer is not above that of the new
 * call. So nothing needs to be done at returns, and longjmp and exceptions are right as well. Below the first entry lies
 * one that never is dead; a thread without room has that one alone.
 *
 * A signal handler may interrupt a push and push too: the innermost entry is advanced before its fields are written, so
 * that they are the interrupted call's in the end. Compiled with -mgeneral-regs-only. */
#include "base/atomic.h"
#include "translate/translator.h"

static struct tr_call bottom = {.sp = INTPTR_MAX};

__thread struct tr_thread tr_thread __attribute__((tls_model("initial-exec"))) = {
    .call = &bottom, .tags = {[TR_TAG_HALF_WRITTEN] = UINT32_MAX, [TR_TAG_HALF_READ] = UINT32_MAX, [TR_TAG_WHOLE_READ] = UINT32_MAX}};

static struct tr_call *room_of(uint8_t *stack_top) { return (struct tr_call *)(void *)stack_top; }

void calls_begin(uint8_t *room)
{
    struct tr_call *first = room_of(room);
    if (!translator.client || !translator.client->keeps_calls)
        return;
    *first = bottom;
    tr_thread.call = first;
    tr_thread.last_call = first + CALLS_ROOM_BYTES / sizeof(*first) - 1;
}

void tr_call_made(uintptr_t return_pc, uintptr_t sp)
{
    if (tr_thread.last_call && tr_thread.call < tr_thread.last_call)
        *++tr_thread.call = (struct tr_call){.return_pc = return_pc, .sp = sp};
}

struct tr_call *tr_calls(size_t *count)
{
    struct tr_call *first = tr_thread.last_call ? room_of(tr_thread.stack_top) : &bottom;
    *count = (size_t)(tr_thread.call - first);
    return first + 1;
}

struct tr_call *tr_innermost_call(uintptr_t sp)
{
    struct tr_call *call = tr_thread.call;
    while (UNLIKELY(call->sp <= sp))
        call--;
    tr_thread.call = call;
    return call;
}

void tr_calls_around(uintptr_t thread_pointer, uintptr_t address, struct tr_call *from, struct tr_call *into)
{
    const struct tr_thread *thread = (const void *)(thread_pointer + (uintptr_t)(intptr_t)tr_thread_offset);
    const struct tr_call *at = load_relaxed(&thread->call);
    const struct tr_call *first = thread->last_call ? room_of(thread->stack_top) : at;
    for (; at > first; at--) {
        if (at->sp > address) {
            *into = *at;
            return;
        }
        *from = *at;
    }
}
