/* SPDX-License-Identifier: MIT */
/* See atomics.h. */
#include "runtime/atomics.h"

#include "runtime/modules.h"
#include "runtime/runtime.h"

uint32_t atomics_flags(const struct tr_access *access)
{
    struct module_span span;
    bool in_library = modules_span(access->pc, &span) && span.name[0] != '\0';
    return in_library ? RACE_LIBRARY : 0;
}

void atomics_module(uintptr_t address) { (void)address; }

void atomics_module_gone(uintptr_t start, uintptr_t end) { (void)start, (void)end; }

void atomics_objects(void (*visit)(void *ctx, uintptr_t address, size_t size), void *ctx) { (void)visit, (void)ctx; }
