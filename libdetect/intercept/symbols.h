/* SPDX-License-Identifier: MIT */
/* The dynamic symbols of a loaded library, read from memory as the dynamic linker does: all versions of a function, without
 * the loader's lock, and without the interposers that dlsym may find. */
#ifndef DETECT_INTERCEPT_SYMBOLS_H
#define DETECT_INTERCEPT_SYMBOLS_H

#include <link.h>

#include "base/compiler.h"

struct symbols {
    const struct link_map *map;
    const ElfW(Sym) *table;
    const char *strings;
    uint32_t count;
};

/* Whether the dynamic linker is done with it: before, functions that choose others (IFUNC) cannot be called. */
bool symbols_are_relocated(const struct symbols *symbols);
/* By the name of its file; NULL: this library. False: it is not loaded. */
bool symbols_of(struct symbols *symbols, const char *file);
/* Each function that is defined there, under each of its names. */
void symbols_visit(const struct symbols *symbols,
                   void (*visit)(const struct symbols *symbols, const char *name, uintptr_t function));
/* 0: none. Of several versions, the last in the table that is not hidden. */
uintptr_t symbols_find(const struct symbols *symbols, const char *name);
/* What the name stands for in the program and the libraries that it was started with, as for the dynamic linker: the first
 * that has it. */
uintptr_t symbols_global(const char *name);
/* The value of an entry of the library's dynamic section, relocated; 0: it has none. */
uintptr_t symbols_dynamic(const struct link_map *map, ElfW(Sxword) tag);

#endif
