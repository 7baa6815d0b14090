/* SPDX-License-Identifier: MIT */
/* Libraries that are unloaded. dlopen is not intercepted: glibc takes the caller's address to find the RUNPATH and the
 * namespace that count, which a wrapper would change; loads are noticed when an address is looked up
 * (runtime/modules.c). dlclose asks for no caller. */
#include <dlfcn.h>
#include <link.h>

#include "intercept/export.h"
#include "intercept/order.h"
#include "runtime/modules.h"
#include "runtime/real.h"
#include "runtime/takeover.h"

#define MODULES 512

struct range {
    uintptr_t low, high;
};

struct snapshot {
    size_t count;
    unsigned long long unloads;
    struct range ranges[MODULES];
};

static int add_module(struct dl_phdr_info *info, size_t size, void *argument)
{
    (void)size;
    struct snapshot *snapshot = argument;
    struct range range = {UINTPTR_MAX, 0};
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD)
            continue;
        uintptr_t low = info->dlpi_addr + segment->p_vaddr, high = low + segment->p_memsz;
        range.low = low < range.low ? low : range.low;
        range.high = high > range.high ? high : range.high;
    }
    snapshot->unloads = info->dlpi_subs;
    if (snapshot->count < MODULES && range.high)
        snapshot->ranges[snapshot->count++] = range;
    return 0;
}

static bool contains(const struct snapshot *snapshot, const struct range *range)
{
    for (size_t i = 0; i < snapshot->count; i++)
        if (snapshot->ranges[i].low == range->low && snapshot->ranges[i].high == range->high)
            return true;
    return false;
}

static void tell_unloaded(struct self *self, const struct snapshot *before,
                          const struct snapshot *after, const struct call_site *site)
{
    for (size_t i = 0; i < before->count; i++) {
        const struct range *range = &before->ranges[i];
        size_t size = range->high - range->low;
        if (contains(after, range) ||
            !detector_may_hold_objects(runtime.detector, range->low, size))
            continue;
        struct event event = {.type = EVENT_RANGE_GONE, .flags = EVF_UNMAP, .addr = range->low,
                              .value = size};
        emit(self, site, &event, false);
    }
}

static struct snapshot *take_snapshot(void)
{
    struct self *self = self_enter();
    if (!self)
        return NULL;
    struct snapshot *snapshot = arena_alloc(&runtime.arena, sizeof(*snapshot));
    self_leave(self);
    /* Outside: it takes the dynamic linker's lock, and a thread that holds that may run constructors. */
    if (snapshot)
        dl_iterate_phdr(add_module, snapshot);
    return snapshot;
}

/* What was unloaded is found by comparing: a library's dependencies may go with it. */
static void unloaded(struct snapshot *before, const struct call_site *site)
{
    struct snapshot *after = take_snapshot();
    struct self *self = self_enter();
    if (!self)
        return;
    if (before && after && before->unloads != after->unloads) {
        tell_unloaded(self, before, after, site);
        modules_changed();
        unwind_flush();
    }
    arena_free(&runtime.arena, before, sizeof(*before));
    arena_free(&runtime.arena, after, sizeof(*after));
    self_leave(self);
}

INTERCEPT(int, dlclose, (void *handle))
{
    struct call_site site = CALL_SITE();
    if (!runtime.on)
        return REAL(dlclose)(handle);
    struct snapshot *before = take_snapshot();
    int result = REAL(dlclose)(handle);
    takeover_modules();
    unloaded(before, &site);
    return result;
}
