/* SPDX-License-Identifier: MIT */
/* Writing machine code into a region: a cursor, and the few instructions that translation adds.
 *
 * `at` is the address where the code will execute; bytes go to at + delta. Writing beyond `end` sets `full` and writes
 * nothing: callers check once at the end. */
#ifndef DETECT_TRANSLATE_X86_64_EMITTER_H
#define DETECT_TRANSLATE_X86_64_EMITTER_H

#include <string.h>

#include "base/compiler.h"
#include "translate/cache.h"
#include "translate/thread.h"

/* tr_place.flags_form: lahf's in ah, and of the overflow flag in al or in its place; or as in ax, in the slot. */
enum { FLAGS_IN_AX = 1, FLAGS_IN_AH, FLAGS_IN_SLOT };

struct emitter {
    uintptr_t at, end;
    intptr_t delta;
    bool full;
    struct tr_region *region;
};

static inline void emit_bytes(struct emitter *e, const void *bytes, size_t count)
{
    if (UNLIKELY(e->at + count > e->end))
        e->full = true;
    else
        memcpy((void *)(e->at + (uintptr_t)e->delta), bytes, count);
    e->at += count;
}

static inline void emit8(struct emitter *e, uint8_t value) { emit_bytes(e, &value, 1); }
static inline void emit32(struct emitter *e, uint32_t value) { emit_bytes(e, &value, 4); }
static inline void emit64(struct emitter *e, uint64_t value) { emit_bytes(e, &value, 8); }

/* mov %reg, %fs:offset (always EMIT_FS_SIZE bytes) */
enum { EMIT_FS_SIZE = 9 };
void emit_store_fs(struct emitter *e, unsigned reg, int32_t offset);
/* mov %fs:offset, %reg (likewise) */
void emit_load_fs(struct emitter *e, unsigned reg, int32_t offset);
/* %reg = value, by the shortest form */
void emit_constant(struct emitter *e, unsigned reg, uint64_t value);
/* %reg = the 8 bytes at an absolute address */
void emit_load(struct emitter *e, unsigned reg, uintptr_t address);
/* push of an 8-byte literal: the address of its displacement */
uintptr_t emit_push_literal(struct emitter *e);

/* jmp, call, jcc or xbegin to a cache address of the same region. `aligned`: its displacement lies inside one aligned
 * 8-byte word (nops before), so that one store patches it. The displacement's address. */
uintptr_t emit_jump(struct emitter *e, uintptr_t to, bool aligned);
uintptr_t emit_call(struct emitter *e, uintptr_t to, bool aligned);
uintptr_t emit_branch(struct emitter *e, unsigned condition, uintptr_t to, bool aligned);
uintptr_t emit_transaction(struct emitter *e, uintptr_t to, bool aligned);
/* Changes such a displacement in code that has not been published. */
void emit_set_displacement(struct emitter *e, uintptr_t site, uintptr_t to);
/* jmp with an 8-bit displacement, whose address it returns; and where it leads */
uintptr_t emit_short_jump(struct emitter *e);
void emit_set_short(struct emitter *e, uintptr_t site, uintptr_t to);
void emit_nops(struct emitter *e, size_t count);

#endif
