/* SPDX-License-Identifier: MIT */
/* Ranges of memory that come and go, and what is a variable there; see race.h. Called by call-outs and interceptors. Hard
 * rules: as in race.c.
 *
 * A range may be the stack of a thread or a gigabyte of mmap, most of which nobody has touched: what shadow memory of it is
 * resident is asked for, and given back when the range is fresh. */
#include "analysis/race_state.h"

#define BIG_PAGES 16u    /* so many are worth two system calls */

typedef void each_granule(struct race_access *access, uintptr_t at, uint8_t mask);

static inline void visit(struct race_access *access, uintptr_t address, uintptr_t end, each_granule *each)
{
    while (address < end) {
        uintptr_t offset = address % GRANULE, at = address - offset;
        size_t part = end - address < GRANULE - offset ? end - address : GRANULE - offset;
        each(access, at, race_mask(offset, part));
        address += part;
    }
}

struct visitor {
    struct race_access *access;
    each_granule *each;
};

static void visit_page(void *ctx, uintptr_t start, uintptr_t end)
{
    const struct visitor *visitor = ctx;
    visit(visitor->access, start, end, visitor->each);
}

static void discard(const struct race_shadow *layout, const struct race_range *range, uintptr_t address, uintptr_t end)
{
    layout->discard((void *)(address + (uintptr_t)range->tags), end - address);
    layout->discard((void *)(address + (uintptr_t)range->sites), end - address);
}

/* A part of a range whose shadow words are in one piece. `ends`: there is no history after it. */
static void visit_piece(struct race_access *access, uintptr_t address, uintptr_t end, each_granule *each, bool ends)
{
    const struct race_shadow *layout = &access->races->shadow.layout;
    const struct race_range *range = shadow_range(&access->races->shadow, address);
    uintptr_t first = (address + SHADOW_PAGE - 1) & ~(uintptr_t)(SHADOW_PAGE - 1), last = end & ~(uintptr_t)(SHADOW_PAGE - 1);
    if (!range || !layout->resident || last < first + BIG_PAGES * SHADOW_PAGE) {
        visit(access, address, end, each);
        return;
    }
    visit(access, address, first, each);
    shadow_each_resident(&access->races->shadow, range, first, last, visit_page, &(struct visitor){access, each});
    if (ends && layout->discard)
        discard(layout, range, first, last);
    visit(access, last, end, each);
}

/* A piece outside of the direct ranges has words for all of its granules or for none: terabytes that are only reserved are
 * passed over. */
static void visit_range(struct race_access *access, uintptr_t address, size_t size, each_granule *each, bool ends)
{
    struct granule first;
    uintptr_t end = address + size < address ? UINTPTR_MAX : address + size;
    for (uintptr_t next; address < end; address = next) {
        next = shadow_piece_end(&access->races->shadow, address, end);
        if (each == race_step || shadow_find(&access->races->shadow, address, false, &first))
            visit_piece(access, address, next, each, ends);
    }
}

/* --- fresh and gone --------------------------------------------------------------------------------------------------------- */

static bool has_history(const struct granule *granule)
{
    return load_relaxed(granule->tags) || load_relaxed(granule->sites);
}

static void forget(struct race_access *access, uintptr_t at, uint8_t mask)
{
    struct granule granule;
    if (!shadow_find(&access->races->shadow, at, false, &granule) || !has_history(&granule))
        return;
    uint64_t tags = shadow_lock(&access->races->shadow, &granule, load_relaxed(granule.tags));
    if (mask == 0xff && !(*granule.sites & SITES_IN_CELLS)) {
        *granule.sites = 0;
        tags = 0;
    } else {
        tags = race_cells_clear(access->det, access->thread, &granule, tags, mask);
    }
    shadow_unlock(&granule, tags);
}

void race_fresh(struct detector *det, struct thread *thread, uintptr_t address, size_t size)
{
    struct race_access access = {.det = det, .races = det->races, .thread = thread};
    visit_range(&access, address, size, forget, true);
}

/* A write to what has a history. */
static void end_history(struct race_access *access, uintptr_t at, uint8_t mask)
{
    struct granule granule;
    if (shadow_find(&access->races->shadow, at, false, &granule) && has_history(&granule))
        race_step(access, at, mask);
}

void race_gone(struct detector *det, struct thread *thread, uintptr_t address, size_t size, uint32_t flags,
               race_site call, uintptr_t pc)
{
    struct race_access access;
    if (race_begin(&access, det, thread, flags | RACE_WRITE)) {
        access.call = call;
        access.pc = pc;
        access.size = size;
        size_t whole = flags & RACE_UNMAP ? 0 : size < RACE_FREE_WHOLE ? size : RACE_FREE_WHOLE;
        visit_range(&access, address, whole, race_step, false);
        visit_range(&access, address + whole, size - whole, end_history, false);
    }
    if (flags & RACE_UNMAP)
        race_fresh(det, thread, address, size);
}

/* --- variables ----------------------------------------------------------------------------------------------------------------- */

static void make_variable(struct race_access *access, uintptr_t at, uint8_t mask)
{
    struct granule granule;
    if (!shadow_find(&access->races->shadow, at, true, &granule))
        return;
    uint64_t tags = shadow_lock(&access->races->shadow, &granule, load_relaxed(granule.tags));
    shadow_unlock(&granule, race_cells_make_variable(access, &granule, tags, mask));
}

void race_make_atomic(struct detector *det, struct thread *thread, uintptr_t address, size_t size)
{
    struct race_access access;
    if (race_begin(&access, det, thread, RACE_ATOMIC))
        visit(&access, address, address + size, make_variable);
}

#define RED_ZONE 128u /* below the stack pointer, still in use (System V ABI for x86-64, 3.2.2) */

void race_stack_left(struct detector *det, struct thread *thread, uintptr_t sp)
{
    uintptr_t low = thread->race.stack_watch;
    if (sp - thread->stack_low >= thread->stack_high - thread->stack_low)
        return; /* on another stack for a while */
    sp -= RED_ZONE;
    if (sp <= low)
        return;
    thread->race.stack_watch = UINTPTR_MAX;
    race_fresh(det, thread, low, sp - low);
}
