/* SPDX-License-Identifier: MIT */
/* Race checking begins and ends; what interceptors and the lives of threads tell it; see races.h. */
#include "analysis/race_quick.h"
#include "runtime/races_inner.h"

#include <errno.h>
#include <string.h>

#include "runtime/modules.h"
#include "runtime/runtime.h"
#include "translate/thread.h"

bool races_are_on, races_watch_blocks;

/* --- beginning and end ---------------------------------------------------------------------------------------------------- */

static struct race_shadow shadow;
static struct tr_check check;

static bool is_extending;

/* A thread that comes in between, and a signal handler, leave it: what has no range goes through a table. */
static void extend(void *ctx, uintptr_t start, uintptr_t end)
{
    (void)ctx;
    if (exchange_acq_rel(&is_extending, true))
        return;
    for (uintptr_t at = start, next; at < end; at = next) {
        const struct race_range *range = races_shadow_extend(&shadow, &check, at);
        if (range)
            race_add_range(runtime.detector, range);
        next = (at | (RACES_EXTENSION - 1)) + 1;
    }
    store_release(&is_extending, false);
}

void races_prepare(void)
{
    races_blocks_init();
    races_watch_blocks = true;
}

_Static_assert((int)TR_TAG == RACE_TAG && (int)TR_TAG_HALF_WRITTEN == RACE_TAG_HALF_WRITTEN &&
                   (int)TR_TAG_HALF_READ == RACE_TAG_HALF_READ && (int)TR_TAG_WHOLE_READ == RACE_TAG_WHOLE_READ,
               "what the analysis stores is what translated code compares");

void races_begin(void)
{
    struct self *self = self_current;
    if (!races_shadow_reserve(&shadow, &check)) {
        runtime_limit("no-races", "data races are not looked for: there is no address space for shadow memory");
        return;
    }
    if (!self || self->gone || !detector_watch_races(runtime.detector, &shadow)) {
        runtime_limit("no-races", "data races are not looked for: there is no memory");
        return;
    }
    shadow.each_mapping(extend, NULL);
    races_client_begin(&check);
    store_relaxed(&races_are_on, true);
    race_thread_start(runtime.detector, self->thread, tr_check_tags());
}

void races_take_calls(void)
{
    struct call_site calls[STACK_MAX_FRAMES];
    uint32_t count = races_are_on ? unwind_calls(self_current, calls, STACK_MAX_FRAMES) : 0;
    while (count > 0) {
        count--;
        tr_call_made(calls[count].pc, calls[count].sp);
    }
}

void races_end(void)
{
    store_relaxed(&races_are_on, false);
    store_relaxed(&races_watch_blocks, false);
}

void races_loaded(uintptr_t low, uintptr_t high)
{
    struct self *self = self_current;
    if (races_are_on && self && !self->gone)
        race_fresh(runtime.detector, self->thread, low, high - low);
}

void races_doubt(void)
{
    if (races_are_on)
        race_doubt(runtime.detector);
}

/* glibc gives stacks, with thread-local storage in them, from one thread to the next. */
void races_thread_started(struct self *self)
{
    if (!races_are_on)
        return;
    race_thread_start(runtime.detector, self->thread, tr_check_tags());
    if (self->stack_high && self->tid != runtime.pid)
        race_fresh(runtime.detector, self->thread, self->stack_low, self->stack_high - self->stack_low);
}

/* --- findings ---------------------------------------------------------------------------------------------------------------- */

static void tell(struct self *self)
{
    int depth = self->depth, saved = errno;
    self->depth = 1;
    race_report(runtime.detector, self->thread);
    self->depth = depth;
    errno = saved;
}

void races_tell_interrupted(void *arg)
{
    struct self *self = arg;
    ucontext_t context;
    tr_program_context(&context);
    self->interrupted = &context;
    tell(self);
    self->interrupted = NULL;
}

static void tell_if_any(struct self *self)
{
    if (UNLIKELY(race_has_findings(self->thread)))
        tell(self);
}

/* --- what interceptors say ---------------------------------------------------------------------------------------------------- */

stack_id races_stack(race_site node)
{
    uintptr_t pcs[STACK_MAX_FRAMES];
    uint32_t count = race_call_frames(runtime.detector, node, pcs, STACK_MAX_FRAMES);
    for (uint32_t i = 0; i < count; i++)
        pcs[i]--; /* inside the call */
    return modules_stack(pcs, count);
}

static uintptr_t here(void) { return (uintptr_t)__builtin_frame_address(0); }

#define MOST_QUICK 64 /* bytes */

void races_touch_slow(struct self *self, uintptr_t address, size_t size, uint32_t flags, uintptr_t caller)
{
    uintptr_t pc;
    if (!address || size == 0 || self->races_ignored > 0)
        return;
    race_site node = races_node(here(), caller, &pc);
    flags |= RACE_LIBC;
    if (size <= MOST_QUICK && !(flags & RACE_ATOMIC) &&
        race_quick_any(runtime.detector, self->thread, address, (uint32_t)size, flags, node, pc))
        return;
    race_access(runtime.detector, self->thread, address, size, flags, node, pc);
    tell_if_any(self);
}

/* Before accesses are looked at, calls are not kept: stacks are walked, up to a number that costs little. */
#define MOST_WALKS 20000u

static struct races_origin origin_of(struct self *self, const struct call_site *site)
{
    struct races_origin origin = {detector_thread_id(self->thread), STACK_NONE, RACE_SITE_NONE};
    if (races_are_on)
        origin.node = races_node_with_call(here());
    else if (unwind_walks() < MOST_WALKS)
        origin.stack = unwind_stack(self, site);
    return origin;
}

void races_allocated(struct self *self, const struct call_site *site, void *block, size_t size, size_t room)
{
    if (races_are_on)
        race_fresh(runtime.detector, self->thread, (uintptr_t)block, room);
    races_blocks_add((uintptr_t)block, size, origin_of(self, site));
}

void races_stayed(struct self *self, const struct call_site *site, void *block, size_t size, size_t room, size_t old_room)
{
    if (races_are_on && room > old_room)
        race_fresh(runtime.detector, self->thread, (uintptr_t)block + old_room, room - old_room);
    races_blocks_add((uintptr_t)block, size, origin_of(self, site));
}

static void gone(struct self *self, uintptr_t start, size_t size, uint32_t how, uintptr_t caller)
{
    uintptr_t pc;
    race_site node = races_node(here(), caller, &pc);
    race_gone(runtime.detector, self->thread, start, size, how | RACE_LIBC, node, pc);
    tell_if_any(self);
}

void races_freeing(struct self *self, void *block, size_t room, uintptr_t caller)
{
    size_t size = races_blocks_remove((uintptr_t)block);
    if (races_are_on)
        gone(self, (uintptr_t)block, size > room ? size : room, RACE_FREE, caller);
}

void races_mapped(struct self *self, void *start, size_t size)
{
    extend(NULL, (uintptr_t)start, (uintptr_t)start + size);
    race_fresh(runtime.detector, self->thread, (uintptr_t)start, size);
}

void races_unmapping(struct self *self, void *start, size_t size, uintptr_t caller)
{
    gone(self, (uintptr_t)start, size, RACE_UNMAP, caller);
}
