/* SPDX-License-Identifier: MIT */
/* What translated code calls for each access to memory; the client of the translator.
 *
 * Hard rules: compiled with -mgeneral-regs-only, since the vector registers are the program's; calls nothing that is
 * not, but through tr_with_vectors_saved(); runs on the translator's stack with signals deferred. */
#include "analysis/race_batch.h"
#include "analysis/race_quick.h"
#include "analysis/thread.h"
#include "runtime/races_inner.h"

#include <sys/syscall.h>

#include "base/sys.h"
#include "runtime/atomics.h"
#include "runtime/runtime.h"
#include "translate/thread.h"

/* --- call stacks ------------------------------------------------------------------------------------------------------- */

#define MOST_NEW_CALLS 8 /* since the last access that was told */

/* Entries whose stack pointer is not above `sp` have returned. */
static size_t live_calls(const struct tr_call *calls, size_t count, uintptr_t sp)
{
    while (count > 0 && calls[count - 1].sp <= sp)
        count--;
    return count;
}

static race_site child_of(race_site parent, uintptr_t return_pc)
{
    struct thread *thread = self_current->thread;
    race_site known = thread->race.local ? race_call_known(thread, parent, return_pc) : RACE_SITE_NONE;
    return known != RACE_SITE_NONE ? known : race_call(runtime.detector, thread, parent, return_pc);
}

/* The node of the first `count` calls; those that have none yet get theirs. */
static race_site node_of(struct tr_call *calls, size_t count)
{
    size_t next = count;
    while (next > 0 && calls[next - 1].node == RACE_SITE_NONE)
        next--;
    race_site node = next > 0 ? calls[next - 1].node : RACE_SITE_NONE;
    for (; next < count; next++) {
        node = child_of(node, calls[next].return_pc);
        calls[next].node = node;
    }
    return node;
}

race_site races_node(uintptr_t sp, uintptr_t caller, uintptr_t *pc)
{
    size_t count;
    struct tr_call *calls = tr_calls(&count);
    uintptr_t return_pc = tr_origin(caller);
    count = live_calls(calls, count, sp);
    if (count > 0 && calls[count - 1].return_pc == return_pc)
        count--;
    *pc = return_pc - 1;
    return node_of(calls, count);
}

race_site races_node_with_call(uintptr_t sp)
{
    size_t count;
    struct tr_call *calls = tr_calls(&count);
    return node_of(calls, live_calls(calls, count, sp));
}

/* As races_node_with_call, of the code that has called out. */
static inline race_site node_at(uintptr_t sp)
{
    const struct tr_call *innermost = tr_innermost_call(sp);
    return LIKELY(innermost->node != RACE_SITE_NONE) ? innermost->node : races_node_with_call(sp);
}

/* --- accesses ------------------------------------------------------------------------------------------------------------ */

/* Positive offsets from fs lead into glibc's thread descriptor; the thread-local variables of the program have negative
 * ones. */
static bool is_descriptor(const struct tr_access *access)
{
    return access->segment == TR_FS && access->base == TR_NO_REGISTER && access->displacement >= 0;
}

static bool wants_access(struct tr_access *access)
{
    if ((access->kind & TR_STACK) || is_descriptor(access) ||
        (access->address && races_is_constant(access->address, access->size)))
        return false;
    uint32_t flags = atomics_flags(access);
    if ((flags & RACE_RUNTIME) && (!(flags & RACE_ATOMIC) && !(access->kind & TR_ATOMIC)))
        return false;
    access->kind |= flags << TR_CLIENT_SHIFT | (flags & (RACE_ATOMIC | RACE_SPIN | RACE_RUNTIME) ? TR_ALWAYS : 0u);
    return true;
}

_Static_assert((int)TR_READ == RACE_READ && (int)TR_WRITE == RACE_WRITE && (int)TR_ATOMIC == RACE_ATOMIC, "passed on as they are");

/* Only an aligned mov can be an atomic load or store. */
static uint32_t flags_of(uintptr_t address, size_t size, uint32_t kind)
{
    uint32_t flags = (kind & (TR_READ | TR_WRITE | TR_ATOMIC)) | kind >> TR_CLIENT_SHIFT;
    if (kind & TR_ATOMIC)
        flags |= RACE_RMW;
    if ((kind & TR_MOV) && !(flags & RACE_ATOMIC) && (address & (size - 1)) == 0)
        flags |= RACE_MOV;
    return flags;
}

/* Who waits in a loop on one variable keeps the processor from whom it waits for, checked or not; checked, the others take so much
 * longer that they meet more often. It lets them run now and then. */
#define MOST_TURNS 512u

static inline void count_turn(struct race_thread *race, uintptr_t address)
{
    if (race->waits_at != address) {
        race->waits_at = address;
        race->waits = 0;
    } else if (UNLIKELY(++race->waits == MOST_TURNS)) {
        race->waits = 0;
        sys_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    }
}

static void on_access(uintptr_t address, size_t size, uint32_t kind, uintptr_t pc)
{
    struct self *self = self_current;
    if (UNLIKELY(!self || self->depth > 0 || self->gone || self->ignored || self->races_ignored > 0))
        return;
    uintptr_t sp = tr_thread.context.gpr[TR_RSP];
    if (UNLIKELY(sp > self->thread->race.stack_watch))
        race_stack_left(runtime.detector, self->thread, sp);
    uint32_t flags = flags_of(address, size, kind);
    race_access(runtime.detector, self->thread, address, size, flags, node_at(sp), pc);
    if (flags & (RACE_ATOMIC | RACE_SPIN))
        count_turn(&self->thread->race, address);
    if (UNLIKELY(self->thread->race.to_report))
        tr_with_vectors_saved(races_tell_interrupted, self);
}

/* A read that is written back at once is told as the write, which stands for both; with an atomic operation not, whose order
 * counts. */
static inline bool is_told_as_write(uintptr_t address, const struct tr_access *access)
{
    const struct tr_access *write = access->writes_back;
    return write && !((flags_of(address, access->size, access->kind) | flags_of(address, write->size, write->kind)) & RACE_ATOMIC);
}

/* The node of the innermost call, if it takes no more than a look at what the thread has asked for lately. */
static NOINLINE race_site known_node(const struct thread *thread, struct tr_call *innermost)
{
    struct tr_call *call = innermost;
    while (call->node == RACE_SITE_NONE && tr_call_is_one(call) && innermost - call < MOST_NEW_CALLS)
        call--;
    race_site node = call->node;
    if (!thread->race.local || (node == RACE_SITE_NONE && tr_call_is_one(call)))
        return RACE_SITE_NONE;
    while (call < innermost) {
        call++;
        node = call->node = race_call_known(thread, node, call->return_pc);
        if (node == RACE_SITE_NONE)
            break;
    }
    return node;
}

/* String instructions go backwards: code that may have some is not called. */
static inline bool is_backwards(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_readeflags_u64() & 0x400;
#else
    return false;
#endif
}

/* Only where nothing was done that is not known: what a read does not race with, since both may be atomic operations, the write
 * would. What the read gets may still come from another thread. */
static inline bool quick_as_write(struct thread *thread, uintptr_t address, const struct tr_access *read, uint64_t node)
{
    struct tr_access *told = read->writes_back;
    if (!race_quick(runtime.detector, thread, address, told->size, flags_of(address, told->size, told->kind), node, told->pc,
                    &told->memo))
        return false;
    race_quick_note(thread, address, read->size, flags_of(address, read->size, read->kind));
    return true;
}

static inline bool quick(struct thread *thread, uintptr_t address, struct tr_access *access, uint64_t node)
{
    return race_quick(runtime.detector, thread, address, access->size, flags_of(address, access->size, access->kind), node,
                      access->pc, &access->memo);
}

/* What is no frequent case can be done here as well; a finding waits for the call-out, to which the access is known then. */
static NOINLINE bool slowly(struct self *self, uintptr_t address, struct tr_access *access, bool as_write, uint64_t node)
{
    struct thread *thread = self->thread;
    if (as_write && quick(thread, address, access, node))
        return true;
    if (is_backwards())
        return false;
    race_access(runtime.detector, thread, address, access->size, flags_of(address, access->size, access->kind),
                (race_site)node, access->pc);
    return !thread->race.to_report;
}

/* call: gets the node of the call that the access is in. */
static ALWAYS_INLINE bool quickly(uintptr_t address, struct tr_access *access, uint64_t *call)
{
    struct self *self = self_current;
    uintptr_t sp = tr_thread.context.gpr[TR_RSP];
    if (UNLIKELY(!self || ((uint32_t)self->depth | self->unusual | self->races_ignored)))
        return false;
    race_quick_expect(self->thread, address);
    struct tr_call *innermost = tr_thread.call;
    if (UNLIKELY(innermost->sp <= sp))
        innermost = tr_innermost_call(sp);
    uint64_t node = innermost->node;
    if (UNLIKELY(node == RACE_SITE_NONE) && tr_call_is_one(innermost) &&
        (node = known_node(self->thread, innermost)) == RACE_SITE_NONE)
        return false;
    if (UNLIKELY(sp > self->thread->race.stack_watch))
        return false;
    *call = node;
    bool as_write = UNLIKELY(is_told_as_write(address, access));
    if (LIKELY(as_write ? quick_as_write(self->thread, address, access, node) : quick(self->thread, address, access, node)))
        return true;
    return slowly(self, address, access, as_write, node);
}

static bool on_quick(uintptr_t address, struct tr_access *access)
{
    uint64_t call;
    return quickly(address, access, &call);
}

/* What the loop's rounds to come are certain to do. */
static bool on_quick_in_loop(uintptr_t address, struct tr_access *access)
{
    uint64_t call;
    struct tr_coming coming;
    if (!quickly(address, access, &call))
        return false;
    if (!tr_coming(access, &coming) || coming.stride == 0)
        return true;
    struct tr_access *told = is_told_as_write(coming.address, access) ? access->writes_back : access;
    if (told->size <= 8 && (uintptr_t)coming.stride % told->size) /* some are aligned, some are not */
        return true;
    struct race_batch batch = {coming.address, coming.stride, coming.count, told->size,
                               flags_of(coming.address, told->size, told->kind), call, told->pc, &told->memo};
    race_batch(runtime.detector, self_current->thread, &batch);
    return true;
}

/* Complete once there is shadow memory. */
struct tr_client races_client;

void races_client_begin(struct tr_check *check)
{
    check->quick = on_quick;
    check->quick_in_loop = on_quick_in_loop;
    races_client = (struct tr_client){
        .wants_access = wants_access, .on_access = on_access, .check = check, .keeps_calls = true};
}
