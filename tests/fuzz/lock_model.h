/* SPDX-License-Identifier: MIT */
/* The slow, obvious model of what the acquisition tree must find: every acquisition is kept with all that it
 * held and a full vector of what it knew, and cycles are found by trying all sequences. */
#ifndef DETECT_TESTS_FUZZ_LOCK_MODEL_H
#define DETECT_TESTS_FUZZ_LOCK_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define MODEL_THREADS 12 /* in all of a run */
#define MODEL_HELD 8
#define MODEL_EVENTS 128
#define MODEL_RINGS 1024
#define MODEL_UIDS 64

struct model_lock {
    uint64_t uid;
    bool shared;
};

struct model_event {
    int thread;
    struct model_lock held[MODEL_HELD], wants;
    int held_count;
    uint32_t clock[MODEL_THREADS]; /* events of each thread that happened before, own one included */
};

struct model {
    struct model_event events[MODEL_EVENTS];
    int event_count;
    bool writer_first[MODEL_UIDS], dead[MODEL_UIDS], not_a_lock[MODEL_UIDS];
    /* Keys (lockgraph_locks_key) and lengths of all cycles that were ever possible. */
    struct model_ring {
        uint64_t key;
        int length;
    } rings[MODEL_RINGS];
    int ring_count;
};

void model_add(struct model *model, const struct model_event *event);
/* A lock has turned out to be none: looks at everything again. */
void model_look_again(struct model *model);
const struct model_ring *model_find(const struct model *model, uint64_t key);

#endif
