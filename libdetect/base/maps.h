/* SPDX-License-Identifier: MIT */
/* What the kernel says of the process's memory. Reads a file at each call: for what happens seldom. Raw system
 * calls only, so that the monitor can call it. */
#ifndef DETECT_BASE_MAPS_H
#define DETECT_BASE_MAPS_H

#include "base/compiler.h"

/* Another process may see what is written there. False if the address is not mapped, or nothing is known. */
bool maps_is_shared(uintptr_t addr);

struct maps_entry {
    uintptr_t start, end;
    int protection; /* PROT_ bits */
    bool shared;
    uint64_t offset;  /* in the file */
    const char *path; /* absolute; "" or a word in brackets where there is no file; valid during the call */
};

/* Each mapping in ascending order, as long as `visit` returns true. `path` is used for the paths. False: the file
 * cannot be read. */
bool maps_each(char *path, size_t path_size, bool (*visit)(void *ctx, const struct maps_entry *entry), void *ctx);

#endif
