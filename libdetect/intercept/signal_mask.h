/* SPDX-License-Identifier: MIT */
/* The signals that this thread blocks, as the analysis knows them. Events are sent when that changes, not
 * for each call. */
#ifndef DETECT_INTERCEPT_SIGNAL_MASK_H
#define DETECT_INTERCEPT_SIGNAL_MASK_H

#include <signal.h>

#include "runtime/runtime.h"

/* The kernel's part of a sigset_t: bit signo-1. */
static inline uint64_t mask_bits(const sigset_t *set)
{
    return *(const uint64_t *)(const void *)set;
}

/* The thread blocks exactly `mask` from now on. Called outside of the detector. */
void mask_changed(uint64_t mask, const struct call_site *site);
/* What is blocked now; 0 where the thread is not watched. */
uint64_t mask_now(void);

/* Calls that block other signals while they wait (ppoll, sigsuspend …):
 *     struct mask_guard guard __attribute__((cleanup(mask_restore)));
 *     mask_replace(&guard, mask, &site);
 * The cleanup runs when the call is cancelled, too. */
struct mask_guard {
    bool replaced;
    uint64_t before;
    struct call_site site;
    bool kept;            /* the rest is in use: a translated program */
    uint64_t kept_before; /* as signals_blocked_kept() */
    uint64_t for_kernel;  /* the mask without what the kernel must not block (signals_kept) */
    struct signals_real_mask really;
};

/* Returns what to pass to the kernel for `mask`. */
const sigset_t *mask_replace(struct mask_guard *guard, const sigset_t *mask, const struct call_site *site);
void mask_restore(struct mask_guard *guard);

#endif
