/* SPDX-License-Identifier: MIT */
/* Which module (executable, library) an address belongs to, as small numbers that are never reused.
 *
 * Look-ups use glibc's lock-free _dl_find_object (2.35) where it exists, dl_iterate_phdr elsewhere. A
 * module's record is written to the report before its number appears in any stack. */
#ifndef DETECT_RUNTIME_MODULES_H
#define DETECT_RUNTIME_MODULES_H

#include "analysis/stackdepot.h"

/* frame_t of a code address (module 0 if unknown). Thread-safe. */
frame_t modules_frame(uintptr_t pc);
/* The stack of these code addresses, innermost first. */
stack_id modules_stack(const uintptr_t *pcs, uint32_t count);
/* frame_t of a data address inside a module's segments; 0 if it lies in none. */
frame_t modules_place(uintptr_t addr);
/* The file of the module at the address (absolute, or a word in brackets), and its build-id in hex, "" if it has none; NULL:
 * unknown. The path stays. */
const char *modules_file(uintptr_t addr, char *build_id, size_t size);
/* After dlopen and before dlclose: ranges are read again at the next look-up. */
void modules_changed(void);
/* Child of a fork: all records are written again, to the new file. */
void modules_forked(void);

/* For runtime/fork.c. */
struct spin *modules_lock(void);
void modules_init(void);
/* Whether the address lies in libdetect.so itself: such frames are in no stack. Where that is, init finds out; a test
 * that has the detector in its own executable says that it is nowhere (0, 0). */
void modules_set_own(uintptr_t start, uintptr_t end);
bool modules_is_own(uintptr_t pc);

/* The object that contains an address; lock-free where glibc has _dl_find_object. */
struct module_span {
    uintptr_t start, end;   /* of the mapping */
    uintptr_t bias;
    const char *name;       /* as in the link map: "" for the program itself */
    uintptr_t eh_frame_hdr; /* PT_GNU_EH_FRAME, 0 if it has none */
};
bool modules_span(uintptr_t addr, struct module_span *span);

#endif
