/* SPDX-License-Identifier: MIT */
/* Order that no lock explains: what a thread did before a release happens before what another thread
 * does after an acquire of the same object. Used by the interceptors of descriptors, futexes, signals,
 * message queues and annotations.
 *
 * Both functions enter and leave the detector by themselves; call them outside of it. Neither touches
 * errno. Nothing can be out of order before there is a second thread: ask order_wanted() first. */
#ifndef DETECT_INTERCEPT_ORDER_H
#define DETECT_INTERCEPT_ORDER_H

#include "base/atomic.h"
#include "base/sys.h"
#include "runtime/runtime.h"

static inline bool order_wanted(void) { return UNLIKELY(load_relaxed(&runtime.threaded)); }

/* Whether the kernel will be able to read it: it refuses, where we would fault. Nearly all lie on the caller's stack. */
static inline bool order_can_read(const void *start, size_t bytes, const struct call_site *site)
{
    const struct self *self = self_current;
    uintptr_t from = (uintptr_t)start;
    if (LIKELY(self && from >= site->sp && from < self->stack_high && bytes <= self->stack_high - from))
        return true;
    return start && sys_can_read_all(start, bytes);
}

void order_release(enum object_kind kind, uintptr_t addr, const struct call_site *site);
void order_acquire(enum object_kind kind, uintptr_t addr, const struct call_site *site);
/* The carrier will not be used again. */
void order_gone(enum object_kind kind, uintptr_t addr, const struct call_site *site);

/* Carriers of kind OBJECT_FD that are no descriptors: numbers above all of the table's channels (fd_table.h). */
enum carrier_space {
    CARRIERS_MESSAGES = 1, /* queues of msgget(2), by id */
    CARRIERS_SEMAPHORES,   /* sets of semget(2), by id */
    CARRIERS_CANCELS,      /* threads that were cancelled, by number */
    CARRIERS_FILE_LOCKS,   /* by the file's number, folded */
};

static inline uintptr_t order_carrier(enum carrier_space space, int id)
{
    return (uintptr_t)space << 40 | (uint32_t)id;
}

#endif
