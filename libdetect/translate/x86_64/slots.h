/* SPDX-License-Identifier: MIT */
/* Slots: small pieces of code with an exit each, of no fragment (indirect.c), for what jumps of the program lead through. Lock
 * held, but for the places. */
#ifndef DETECT_TRANSLATE_X86_64_SLOTS_H
#define DETECT_TRANSLATE_X86_64_SLOTS_H

#include "translate/x86_64/emitter.h"

enum { SLOT_SIZE = 88 };

/* Space for a slot, and its exit. 0: none. */
uintptr_t slot_take(struct tr_region *region, struct tr_exit **exit);
/* Writes it. */
struct emitter slot_emitter(uintptr_t slot);
/* It is complete: signal handlers may find it. */
void slot_keep(uintptr_t slot);
/* Nobody leads there any more, nor is anybody inside. */
void slot_give_back(uintptr_t slot);

/* `count` words whose addresses fit into 31 bits, all for good; NULL: none. */
uintptr_t *low_words(size_t count);

#endif
