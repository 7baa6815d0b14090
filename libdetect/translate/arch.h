/* SPDX-License-Identifier: MIT */
/* What differs per CPU, behind one table. A CPU without a translator has none/arch.c, where `supported` says why. */
#ifndef DETECT_TRANSLATE_ARCH_H
#define DETECT_TRANSLATE_ARCH_H

#include <ucontext.h>

#include "base/compiler.h"
#include "translate/fragment.h"

struct tr_arch {
    /* NULL: translation works here; else a plain sentence. */
    const char *(*supported)(void);
    /* Writes the region's own entry code at its start; the number of bytes. */
    size_t (*region_prologue)(struct tr_region *region);
    uintptr_t (*context_pc)(const ucontext_t *context);
    void (*context_set_pc)(ucontext_t *context, uintptr_t pc);
    uintptr_t (*context_sp)(const ucontext_t *context);
    /* Runs function(arg) with the whole vector and floating-point state saved around it. */
    void (*with_vectors_saved)(void (*function)(void *), void *arg);
};

extern const struct tr_arch tr_arch;

#endif
