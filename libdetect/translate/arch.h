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
    /* Writes the region's shared code at its start; sets its entries and shared_end. */
    bool (*region_prologue)(struct tr_region *region);
    /* Once, before the first region. False: out of memory. */
    bool (*init)(void);

    uintptr_t (*context_pc)(const ucontext_t *context);
    void (*context_set_pc)(ucontext_t *context, uintptr_t pc);
    uintptr_t (*context_sp)(const ucontext_t *context);
    uint64_t (*context_register)(const ucontext_t *context, unsigned reg);
    void (*context_set_register)(ucontext_t *context, unsigned reg, uint64_t value);
    /* Gives the registers (flags too) that `place` says are spilled their program values, from tr_thread.spill. */
    void (*context_restore)(ucontext_t *context, const struct tr_place *place);
    /* A fault of copy_guarded, load_guarded or length_guarded: makes it return. */
    bool (*recover_guarded)(ucontext_t *context);
    /* The program's state while the thread is on its way in (between shared code and WORKING) or out; false: pc is not
     * there. */
    bool (*enter_place)(uintptr_t pc, struct tr_place *place);

    /* Runs function(arg) with the whole vector and floating-point state saved around it. */
    void (*with_vectors_saved)(void (*function)(void *), void *arg);
    void (*on_stack)(uint8_t *top, void (*function)(void *), void *arg);

    /* Where a patched displacement leads from its site, or whether it can. */
    bool (*reaches)(uintptr_t site, uintptr_t to);
    void (*patch)(uintptr_t site, intptr_t write_delta, uintptr_t to);
};

extern const struct tr_arch tr_arch;

#endif
