/* SPDX-License-Identifier: MIT */
/* What race.h promises, as long as nobody keeps it: weak, so that the real functions replace it one by one. */
#include "analysis/race.h"

#define WEAK __attribute__((weak))

WEAK void race_access(struct detector *det, struct thread *thread, uintptr_t address, size_t size, uint32_t flags,
                      race_site call, uintptr_t pc)
{
    (void)det, (void)thread, (void)address, (void)size, (void)flags, (void)call, (void)pc;
}

WEAK void race_fresh(struct detector *det, struct thread *thread, uintptr_t address, size_t size)
{
    (void)det, (void)thread, (void)address, (void)size;
}

WEAK void race_gone(struct detector *det, struct thread *thread, uintptr_t address, size_t size, uint32_t flags,
                    race_site call, uintptr_t pc)
{
    (void)det, (void)thread, (void)address, (void)size, (void)flags, (void)call, (void)pc;
}

WEAK bool race_has_findings(const struct thread *thread)
{
    (void)thread;
    return false;
}

WEAK void race_report(struct detector *det, struct thread *thread) { (void)det, (void)thread; }

WEAK race_site race_call(struct detector *det, race_site parent, uintptr_t return_pc)
{
    (void)det, (void)return_pc;
    return parent;
}

WEAK uint32_t race_call_frames(struct detector *det, race_site call, uintptr_t *frames, uint32_t most)
{
    (void)det, (void)call, (void)frames, (void)most;
    return 0;
}

WEAK void race_doubt(struct detector *det) { (void)det; }

WEAK bool detector_watch_races(struct detector *det, const struct race_shadow *shadow)
{
    (void)det, (void)shadow;
    return false;
}

WEAK void race_thread_start(struct detector *det, struct thread *thread, uint32_t *tag_word)
{
    (void)det, (void)thread, (void)tag_word;
}
