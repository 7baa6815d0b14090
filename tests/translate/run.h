/* SPDX-License-Identifier: MIT */
/* Runs a snippet natively, natively step by step, or from the code cache, with the signal handlers that this needs:
 * in the cache they do what the runtime's do. */
#ifndef DETECT_TESTS_TRANSLATE_RUN_H
#define DETECT_TESTS_TRANSLATE_RUN_H

#include "snippet.h"
#include "translate/translate.h"

/* What a snippet did. */
struct outcome {
    bool faulted;
    int signo, code;
    uint64_t address, pc, trap, error; /* of the fault */
    struct machine state;
    uint8_t arena[ARENA_SIZE];
    uint8_t counters[64];
};

/* The states that a native run goes through, from the entry on: the oracle of what a signal may show. */
struct step {
    uint64_t pc, flags, gpr[REGISTERS];
};
struct steps {
    struct step *step;
    size_t count, capacity;
    bool too_many; /* the run was not recorded to its end */
    /* Called at each step, if set: the access oracle. */
    void (*each)(const struct step *step, const ucontext_t *context);
};

/* How the cache is interrupted while a snippet runs from it. */
enum interruption { INTERRUPT_NOT, INTERRUPT_STEPS, INTERRUPT_TIMER };

/* Counts over the whole run, for the last line. */
struct run_counts {
    uint64_t faults, interruptions, at_work, at_native;
};
extern struct run_counts run_counts;
/* Flags that handlers must be shown as they would be natively: added code may change those that nobody reads. */
extern uint64_t run_shown_flags;

/* Maps arena, stack and exit page; installs handlers. */
void run_init(void);
/* All slots' code, writable and executable natively. */
uint8_t *run_map_code(void);

void run_native(const struct snippet *s, struct outcome *out);
void run_steps(const struct snippet *s, struct steps *steps, struct outcome *out);
/* False: the cache showed a state that no step had; what is wrong has been printed. */
bool run_translated(const struct snippet *s, enum interruption how, const struct steps *steps, struct outcome *out);

#endif
