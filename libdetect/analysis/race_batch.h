/* SPDX-License-Identifier: MIT */
/* Accesses that a thread is certain to make soon, in a loop, entered with the first of them; for what translated code calls
 * (runtime/races_client.c). Hard rules: as in race_quick.c.
 *
 * It is as if the thread had made them at once. That is right, since
 *   - it would have to make them whatever other threads did meanwhile, so whoever conflicts with one of them now, and comes neither
 *     before what the thread knows nor after what it releases, races with it;
 *   - only what is in perfect order is entered: nothing is ever found here, but when the access itself comes, or another's;
 *   - should it release something first (a signal handler, a store to a synchronisation variable), then its tag is another one when
 *     it makes them, and they are looked at once more.
 * A signal handler that does not return to the loop is the exception (docs/limits.md). */
#ifndef DETECT_ANALYSIS_RACE_BATCH_H
#define DETECT_ANALYSIS_RACE_BATCH_H

#include "analysis/race.h"

struct race_batch {
    uintptr_t address; /* of the first, then by `stride` (not 0) each */
    intptr_t stride;
    uint64_t count;
    uint32_t size, flags;
    uint64_t call;
    uintptr_t pc;
    uint64_t *memo; /* as race_quick() has them */
};

/* Enters as many as are in order, at most a few dozen; the first ones. After race_quick() for the same instruction. */
void race_batch(struct detector *det, struct thread *thread, const struct race_batch *batch);

#endif
