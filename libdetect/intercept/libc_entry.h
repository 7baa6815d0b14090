/* SPDX-License-Identifier: MIT */
/* The way of translated calls to functions of the table; see libc_effects.h. Called at takeover, by one thread at a time:
 *
 *   libc_collect();           finds the functions
 *   libc_leads(…)             by whoever redirects functions for reasons of its own
 *   libc_take_over();         redirects them */
#ifndef DETECT_INTERCEPT_LIBC_ENTRY_H
#define DETECT_INTERCEPT_LIBC_ENTRY_H

#include "base/compiler.h"

void libc_collect(void);
/* Instead of tr_redirect(function, instead), if the function is one of the table (else false): its effects are told on the
 * way. */
bool libc_leads(uintptr_t function, uintptr_t instead);
void libc_take_over(void);
/* The entry for the native function at that address; 0: none of the table. */
uintptr_t libc_entry_of(uintptr_t function);


/* For lazy binding: the way of the function that a name stands for outside of its own library; LIBC_WAYS: none of the
 * table. libc_lazy_entry (assembly) is jumped to with that in r11 and the stack as the resolver finds it. */
#define LIBC_WAYS 2048
uint32_t libc_way_named(const char *name);
void libc_lazy_entry(void) __attribute__((visibility("hidden")));

#endif
