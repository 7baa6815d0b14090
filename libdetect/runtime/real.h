/* SPDX-License-Identifier: MIT */
/* The functions behind our interceptors: REAL(pthread_mutex_lock)(mutex).
 *
 * Resolved once by real_init() with dlsym(RTLD_NEXT), or dlvsym where a symbol has several versions
 * and the default one is not the one that we implement. A call that comes before our constructor (the
 * dynamic linker's mallocs) does it then; while it goes on, calls that dlsym itself makes find those
 * functions that were resolved first, malloc and its family. */
#ifndef DETECT_RUNTIME_REAL_H
#define DETECT_RUNTIME_REAL_H

#include "base/compiler.h"
#include "runtime/real_includes.h"

struct real {
    bool ready;
#define REAL_FUNCTION(name) __typeof__(name) *name;
#define REAL_VERSION(name, version) __typeof__(name) *name;
#include "runtime/real_sync.def"
#include "runtime/real_system.def"
#undef REAL_FUNCTION
#undef REAL_VERSION
};

extern struct real real;

#define REAL(name) (LIKELY(real.ready) ? real.name : (real_init(), real.name))

/* Resolves all; a function that this libc lacks stays NULL and its interceptor returns ENOSYS. */
void real_init(void);
/* Each function's address through `map`: those of the program's own code may be called at another one (takeover.c). */
void real_map(uintptr_t (*map)(uintptr_t function));

#endif
