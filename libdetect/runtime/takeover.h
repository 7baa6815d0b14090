/* SPDX-License-Identifier: MIT */
/* Mode full: the program's code is handed to the translator. Which code that is, from when on, and what happens when
 * the program changes its code or its threads in a way that the translator has to know of.
 *
 * Native stays, by name, what libdetect itself runs on (libc, the dynamic linker, libm, libgcc_s, libunwind, Zydis), code that
 * is writable, and what belongs to no module. All else is translated, from the first thread that the program makes, or
 * from the start.
 *
 *   takeover_start        once, before a second thread exists
 *   takeover_modules      by whoever was told that modules came or went: the dynamic linker's hook, dlopen, dlclose
 *   takeover_changing     by any thread, before it changes mappings */
#ifndef DETECT_RUNTIME_TAKEOVER_H
#define DETECT_RUNTIME_TAKEOVER_H

#include <sys/prctl.h>
#include <ucontext.h>

#include "base/atomic.h"
#include "base/compiler.h"
#include "translate/translate.h"

enum takeover_state { TAKEOVER_OFF, TAKEOVER_READY, TAKEOVER_ON };
extern uint32_t takeover_state;

/* The interceptors' part: called before the program's code is taken over, and when modules may have come later on,
 * perhaps inside the dynamic linker. Set before init. */
extern void (*takeover_prepare)(void);

/* At init: can it be done? Says in the report if not. */
void takeover_start(void);
/* main is about to be called: the start, as far as the option `translate` is concerned. The constructors of libraries have
 * run, libc's above all, so that the dynamic linker may be asked for modules. */
void takeover_at_main(void);
/* The first thread is about to be made. Signals are deferred. */
COLD void takeover_now(void);
static inline void takeover_before_thread(void)
{
    if (UNLIKELY(load_relaxed(&takeover_state) == TAKEOVER_READY))
        takeover_now();
}
/* Also after it has been left. */
bool takeover_has_begun(void);
/* Accesses are to be looked at: not under a stress option that leaves them alone. */
bool takeover_looks_for_races(void);
static inline bool takeover_is_on(void) { return load_relaxed(&takeover_state) == TAKEOVER_ON; }

/* For good, before something happens that translation cannot follow. Signals are deferred. */
void takeover_leave(const char *code, const char *text);

/* What to call instead of the program's function. */
static inline uintptr_t takeover_entry(uintptr_t function)
{
    return takeover_is_on() ? tr_entry(function) : function;
}
#define TAKEOVER_ENTRY(function) ((__typeof__(function))takeover_entry((uintptr_t)(function)))

/* Modules may have come or gone. */
void takeover_modules(void);
/* The program is about to map, unmap or protect [start, start + size), with `protection` (0 for munmap). Code in it that
 * was translated is native from here on. */
void takeover_changing_slow(uintptr_t start, size_t size, int protection);
static inline void takeover_changing(uintptr_t start, size_t size, int protection)
{
    if (UNLIKELY(takeover_is_on()))
        takeover_changing_slow(start, size, protection);
}

/* A `syscall` instruction in translated code; see struct tr_host. */
bool takeover_on_syscall(ucontext_t *context);
/* A thread will be made by the clone system call with these flags. */
void takeover_cloning(uint64_t flags);
/* The program is about to install a filter of system calls, or to give up executable memory. */
void takeover_restricting(void);

/* Whether this prctl does so. */
static inline bool takeover_restricts(int option) { return option == PR_SET_SECCOMP || option == 65 /* PR_SET_MDWE */; }

/* Whether this seccomp operation does: SECCOMP_SET_MODE_STRICT and _FILTER. */
static inline bool takeover_filters(long operation) { return operation == 0 || operation == 1; }

/* For runtime/fork.c, in the order of ranks. */
void takeover_fork_prepare(void);
void takeover_fork_parent(void);
void takeover_fork_child(void);

/* The process ends: what `debug-translation` asks for. */
void takeover_dump(void);

/* --- between the files of the takeover -------------------------------------------------------------------------------- */

extern struct spin takeover_lock; /* of the table of modules */
/* All modules that are there now go to the translator. */
void takeover_modules_add_all(void);
bool takeover_is_native_name(const char *path);
/* Whether the module's own code looks return addresses up (takeover_frames.c); it stays native. */
struct dl_phdr_info;
bool takeover_reads_frames(const struct dl_phdr_info *info);
/* Slots of native modules that hold the address of a function, through `map` (takeover_calls.c). */
void takeover_map_calls(uintptr_t (*map)(uintptr_t function));
/* Calls from the cache for each memory access, for stress (takeover_hooks.c). */
extern const struct tr_client takeover_stress_client;
/* One that tests accesses inline, as race checks do, and only stores the tag where the test does not pass. */
const struct tr_client *takeover_tags_client(void);

#endif
