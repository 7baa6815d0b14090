/* SPDX-License-Identifier: MIT */
/* Call stacks of the calling thread; the project's only includer of libunwind.
 *
 * The steady state takes no walk. For a call site (return address and stack pointer of the interceptor's
 * caller) the cache remembers the stack of the last walk and where each of its return addresses lay. If
 * those words are unchanged it is the same stack: the caller's frame is given by the site, its return
 * address by the word at its CFA, and so on outwards. (A frame of variable size in between, alloca, can
 * in principle hide a difference; each frame's saved return address still has to match.) */
#ifndef DETECT_RUNTIME_UNWIND_H
#define DETECT_RUNTIME_UNWIND_H

#include "runtime/self.h"

struct call_site {
    uintptr_t pc; /* return address of the interceptor; in translated code an address in the code cache */
    uintptr_t sp; /* the caller's stack pointer after the return: the interceptor's CFA */
};

/* Only directly in an interceptor: names the place in the program that called it. */
#define CALL_SITE()                                                                                \
    ((struct call_site){(uintptr_t)__builtin_return_address(0), (uintptr_t)__builtin_dwarf_cfa()})

/* The stack that leads to the site, innermost frame = the caller of the interceptor. STACK_NONE when
 * there is no memory or no unwind information at all. Must be called below the interceptor's frame. */
stack_id unwind_stack(struct self *self, const struct call_site *site);

/* The stack of the code that a signal interrupted, from the handler's ucontext. */
stack_id unwind_context(struct self *self, const void *ucontext);

/* The calls of the program that have not returned, innermost first: where they return to, and the stack pointer then. */
uint32_t unwind_calls(struct self *self, struct call_site *calls, uint32_t most);

/* At init; false if there is no memory: stacks are then empty. */
bool unwind_init(void);
/* The thread's cache is freed. */
void unwind_end(struct self *self);
/* Nobody walks while the address space is copied. */
void unwind_freeze(void);
void unwind_thaw(void);
/* For `capture_stack` of the analysis: of the event under way, or where this thread is now. */
stack_id unwind_here(struct self *self);
/* How often the stack had to be walked: the report's statistics. */
uint64_t unwind_walks(void);
/* A library was unloaded: what any thread remembers may be of another library by now. */
void unwind_flush(void);

#endif
