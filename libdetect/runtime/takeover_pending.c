/* SPDX-License-Identifier: MIT */
/* Stands for the parts of the translator that are not there yet: weak, so that the real ones win. */
#include "translate/translate.h"

#define PENDING __attribute__((weak))

PENDING bool tr_supported(const char **why)
{
    *why = "the translator is not complete yet";
    return false;
}

PENDING bool tr_init(const struct tr_options *options, const struct tr_client *client, const struct tr_host *host)
{
    (void)options, (void)client, (void)host;
    return false;
}

PENDING bool tr_module_add(const struct tr_module *module)
{
    (void)module;
    return false;
}

PENDING void tr_module_remove(uintptr_t start, uintptr_t end) { (void)start, (void)end; }

PENDING bool tr_is_translated(uintptr_t pc)
{
    (void)pc;
    return false;
}

PENDING bool tr_take_over(void) { return false; }
PENDING void tr_detach(void) {}
PENDING bool tr_thread_start(void) { return false; }
PENDING void tr_thread_end(void) {}
PENDING void tr_fork_prepare(void) {}
PENDING void tr_fork_parent(void) {}
PENDING void tr_fork_child(void) {}
PENDING uintptr_t tr_entry(uintptr_t pc) { return pc; }
PENDING uintptr_t tr_origin(uintptr_t address) { return address; }
PENDING void tr_stats(struct tr_stats *stats) { *stats = (struct tr_stats){0}; }
