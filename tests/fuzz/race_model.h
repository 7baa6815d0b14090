/* SPDX-License-Identifier: MIT */
/* Data races by definition: each byte keeps every access to it, each thread a full vector of what happened before it. The
 * slow and obvious counterpart of analysis/race.h. */
#ifndef DETECT_TESTS_FUZZ_RACE_MODEL_H
#define DETECT_TESTS_FUZZ_RACE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define MODEL_THREADS 24u /* ever */
#define MODEL_BYTES 96u
#define MODEL_ACCESSES 400u /* of one byte */
#define MODEL_GRANULE 8u

enum { MODEL_READ = 0, MODEL_WRITE = 1, MODEL_ATOMIC = 2 };

struct model_access {
    uint32_t thread, event; /* the thread's so many-th */
    uint8_t kind;
};

struct model_byte {
    uint32_t count, variable; /* 0: of none */
    bool raced;               /* since it was fresh: later verdicts may differ */
    struct model_access accesses[MODEL_ACCESSES];
};

struct model_time {
    uint32_t events[MODEL_THREADS];
};

struct model {
    struct model_byte bytes[MODEL_BYTES];
    struct model_time threads[MODEL_THREADS];
    struct model_time variables[MODEL_BYTES + 1]; /* by the number that its bytes have */
    uint32_t pending_granule[MODEL_THREADS];      /* what model_complete() acquires: */
    uint8_t pending_mask[MODEL_THREADS];          /* the variables of these bytes */
};

/* A thread's access; race[i] is set to whether byte i of it races with an earlier one. */
struct model_operation {
    uint32_t thread, at, size;
    bool reads, writes, atomic, mov, source_known, ends;
};
void model_access(struct model *model, const struct model_operation *operation, bool *race);
void model_fresh(struct model *model, uint32_t at, uint32_t size);
bool model_is_variable(const struct model *model, uint32_t at, uint32_t size);

void model_join(struct model_time *into, const struct model_time *from);
/* What was released since the thread's last atomic load on what it loaded is acquired: before its next event. */
void model_complete(struct model *model, uint32_t thread);

#endif
