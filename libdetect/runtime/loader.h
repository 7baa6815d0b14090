/* SPDX-License-Identifier: MIT */
/* Being told by the dynamic linker when modules come and go, also those that libc loads by itself (gconv, NSS).
 *
 * It calls an empty function, _r_debug.r_brk, for debuggers: for modules that come when they are mapped and before
 * they are relocated and their constructors run, for those that go after they are unmapped. That function is patched
 * into a jump to ours. A debugger that has its breakpoint there before us keeps it. */
#ifndef DETECT_RUNTIME_LOADER_H
#define DETECT_RUNTIME_LOADER_H

#include "base/compiler.h"

/* From now on `changed` is called, on the program's stack and with the dynamic linker's lock held, whenever the list
 * of modules is complete again. Before a second thread exists. False: this dynamic linker cannot be patched. */
bool loader_hook(void (*changed)(void));
/* Whether there are namespaces besides the program's own (dlmopen). */
bool loader_has_namespaces(void);

#endif
