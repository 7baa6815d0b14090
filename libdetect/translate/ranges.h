/* SPDX-License-Identifier: MIT */
/* Which program addresses are translated, and reading the program's text.
 *
 * Writers hold the translator's lock; look-ups take none and may come from signal handlers. */
#ifndef DETECT_TRANSLATE_RANGES_H
#define DETECT_TRANSLATE_RANGES_H

#include "translate/translate.h"

struct tr_chunk;

/* A translated range. Recycled when removed, never given back: a reader that holds one too long reads another's. */
struct tr_range {
    struct tr_module module;
    char *path;             /* own copy of module.path */
    const uint8_t *file;    /* the range as the file has it, mapped at first need; NULL: not yet, or not to be had */
    bool file_tried;
    struct tr_chunk *chunk; /* where its next fragment goes */
    struct tr_hook *hooks;  /* of its instructions */
    struct tr_range *next;  /* in the list of free ones */
};

/* Lock held. NULL: out of memory, or it overlaps another. */
struct tr_range *range_add(const struct tr_module *module);
void range_remove(struct tr_range *range);
/* The i-th by address; NULL at the end. Lock held. */
struct tr_range *range_at(size_t i);

/* The range that contains pc, or NULL. Lock-free, async-signal-safe. */
struct tr_range *range_find(uintptr_t pc);

/* Copies program text [pc, pc + size) as far as it lies in pc's range and can be read: the number of bytes. Where
 * memory holds an int3 that the module's file does not, the file's byte is taken. Lock held. */
size_t text_read(uintptr_t pc, uint8_t *buffer, size_t size);

#endif
