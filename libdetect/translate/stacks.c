/* SPDX-License-Identifier: MIT */
/* The threads' translator stacks. Called on the way from the cache into the translator too, where the vector registers
 * are the program's: compiled with -mgeneral-regs-only, as is what it calls. */
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "translate/translator.h"

#define GUARD_BYTES 4096u

#define ENDED_KEPT 16

/* At the stack's low end, above the guard page. Above its high end lies the room for calls. */
struct stack {
    struct stack *next, *previous;
    struct stack *next_ended;
    pid_t ended; /* the thread that has come to its end on it, or nearly so */
};

static struct stack *stacks; /* all of them */
/* Of threads that came to their end, oldest first. */
static struct stack *first_ended, *last_ended;
static uint32_t ended_count;

static struct stack *stack_of(uint8_t *top) { return (struct stack *)(top - TRANSLATOR_STACK_BYTES + GUARD_BYTES); }

static void unmap_stack(struct stack *stack)
{
    sys_unmap((uint8_t *)stack - GUARD_BYTES, TRANSLATOR_STACK_BYTES + CALLS_ROOM_BYTES);
}

/* The lock is held. */
static void link_stack(struct stack *stack)
{
    stack->next = stacks;
    stack->previous = NULL;
    if (stacks)
        stacks->previous = stack;
    stacks = stack;
}

static void unlink_stack(struct stack *stack)
{
    if (stack->next)
        stack->next->previous = stack->previous;
    if (stack->previous)
        stack->previous->next = stack->next;
    else
        stacks = stack->next;
}

/* The oldest whose thread is really gone. The lock is held. */
static struct stack *take_ended(void)
{
    struct stack *stack = first_ended;
    if (!stack || sys_tgkill(sys_getpid(), stack->ended, 0) != -ESRCH)
        return NULL;
    first_ended = stack->next_ended;
    ended_count--;
    stack->ended = 0;
    return stack;
}

static struct stack *make_stack(void)
{
    uint8_t *start = sys_reserve(TRANSLATOR_STACK_BYTES + CALLS_ROOM_BYTES);
    if (!start)
        return NULL;
    sys_call(SYS_mprotect, (long)start, GUARD_BYTES, PROT_NONE, 0, 0, 0);
    struct stack *stack = stack_of(start + TRANSLATOR_STACK_BYTES);
    spin_lock(&translator.lock);
    link_stack(stack);
    spin_unlock(&translator.lock);
    return stack;
}

bool tr_thread_start(void)
{
    if (tr_thread.stack_top)
        return true;
    spin_lock(&translator.lock);
    struct stack *stack = take_ended();
    spin_unlock(&translator.lock);
    if (!stack && !(stack = make_stack()))
        return false;
    tr_thread.stack_top = (uint8_t *)stack - GUARD_BYTES + TRANSLATOR_STACK_BYTES;
    calls_begin(tr_thread.stack_top);
    return true;
}

void tr_thread_end(void)
{
    if (!tr_thread.stack_top || sys_gettid() == sys_getpid()) /* the first thread's id lasts as long as the process */
        return;
    struct stack *stack = stack_of(tr_thread.stack_top), *surplus = NULL;
    if (stack->ended)
        return;
    spin_lock(&translator.lock);
    stack->ended = sys_gettid();
    stack->next_ended = NULL;
    if (first_ended)
        last_ended->next_ended = stack;
    else
        first_ended = stack;
    last_ended = stack;
    if (++ended_count > ENDED_KEPT && (surplus = take_ended()))
        unlink_stack(surplus);
    spin_unlock(&translator.lock);
    if (surplus)
        unmap_stack(surplus);
}

void stacks_fork_child(void)
{
    struct stack *own = tr_thread.stack_top ? stack_of(tr_thread.stack_top) : NULL;
    for (struct stack *stack = stacks, *next; stack; stack = next) {
        next = stack->next;
        if (stack != own)
            unmap_stack(stack);
    }
    stacks = own;
    first_ended = NULL;
    ended_count = 0;
    if (own) {
        own->next = own->previous = NULL;
        own->ended = 0;
    }
}
