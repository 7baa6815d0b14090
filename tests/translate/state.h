/* SPDX-License-Identifier: MIT */
/* Random states to start in, and what a snippet left behind, compared. */
#ifndef DETECT_TESTS_TRANSLATE_STATE_H
#define DETECT_TESTS_TRANSLATE_STATE_H

#include <ucontext.h>

#include "forms.h"
#include "machine.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Everything random; registers with a role get values for it. */
void state_random(struct machine *state, const struct roles *roles, uintptr_t fs_base, struct random *r);
/* Only the registers of `set`, again, for roles that have changed. */
void state_registers(struct machine *state, const struct roles *roles, uint16_t set, uintptr_t fs_base,
                     struct random *r);
/* The arena's contents. */
void state_fill(uint64_t seed, void *arena);

/* A signal's context as a machine's state. */
void state_of_context(struct machine *state, const ucontext_t *context);
/* Components that are in their initial state get its bytes, so that images can be compared. */
void state_normalise(struct machine *state);

#endif
