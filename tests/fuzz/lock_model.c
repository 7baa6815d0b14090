/* SPDX-License-Identifier: MIT */
/* See lock_model.h. Written from the definition at the top of lockgraph_search.c, sharing nothing with it. */
#include "lock_model.h"

#include <stdio.h>
#include <stdlib.h>

#include "analysis/lockgraph.h"

static bool happened_before(const struct model_event *a, const struct model_event *b)
{
    return b->clock[a->thread] >= a->clock[a->thread];
}

static bool counts(const struct model *model, uint64_t uid)
{
    return !model->not_a_lock[uid];
}

static bool has_dead_lock(const struct model *model, const struct model_event *event)
{
    for (int i = 0; i < event->held_count; i++)
        if (model->dead[event->held[i].uid])
            return true;
    return model->dead[event->wants.uid];
}

static bool share_a_gate(const struct model *model, const struct model_event *a,
                         const struct model_event *b)
{
    for (int i = 0; i < a->held_count; i++)
        for (int j = 0; j < b->held_count; j++)
            if (a->held[i].uid == b->held[j].uid && counts(model, a->held[i].uid) &&
                !(a->held[i].shared && b->held[j].shared))
                return true;
    return false;
}

static bool can_meet(const struct model *model, const struct model_event *a,
                     const struct model_event *b)
{
    return a->thread != b->thread && !share_a_gate(model, a, b) && !happened_before(a, b) &&
           !happened_before(b, a);
}

static bool waits_for(const struct model *model, const struct model_event *a,
                      const struct model_event *b)
{
    if (!counts(model, a->wants.uid))
        return false;
    for (int i = 0; i < b->held_count; i++)
        if (b->held[i].uid == a->wants.uid && !(b->held[i].shared && a->wants.shared))
            return true;
    return a->wants.uid == b->wants.uid && model->writer_first[a->wants.uid] && a->wants.shared &&
           !b->wants.shared;
}

const struct model_ring *model_find(const struct model *model, uint64_t key)
{
    for (int i = 0; i < model->ring_count; i++)
        if (model->rings[i].key == key)
            return &model->rings[i];
    return NULL;
}

/* Whether nobody waits for another one than its successor. */
static bool has_no_chord(const struct model *model, const struct model_event **ring, int length)
{
    for (int i = 0; i < length; i++)
        for (int j = 0; j < length; j++)
            if (i != j && j != (i + 1) % length && waits_for(model, ring[i], ring[j]))
                return false;
    return true;
}

static void add_ring(struct model *model, const struct model_event **ring, int length)
{
    uint64_t uids[MODEL_THREADS];
    for (int i = 0; i < length; i++)
        uids[i] = ring[i]->wants.uid;
    uint64_t key = lockgraph_locks_key(uids, (uint32_t)length);
    if (model_find(model, key))
        return;
    if (model->ring_count == MODEL_RINGS) {
        fprintf(stderr, "model: too many rings\n");
        exit(2);
    }
    model->rings[model->ring_count++] = (struct model_ring){key, length};
}

static void extend(struct model *model, const struct model_event **ring, int length)
{
    const struct model_event *last = ring[length - 1];
    if (length >= 2 && waits_for(model, last, ring[0]) && has_no_chord(model, ring, length))
        add_ring(model, ring, length);
    for (int i = 0; i < model->event_count; i++) {
        const struct model_event *event = &model->events[i];
        bool fits = waits_for(model, last, event) && !has_dead_lock(model, event);
        for (int j = 0; j < length && fits; j++)
            fits = can_meet(model, ring[j], event);
        if (!fits)
            continue;
        ring[length] = event;
        extend(model, ring, length + 1);
    }
}

void model_add(struct model *model, const struct model_event *event)
{
    const struct model_event *ring[MODEL_THREADS + 1];
    if (model->event_count == MODEL_EVENTS) {
        fprintf(stderr, "model: too many events\n");
        exit(2);
    }
    model->events[model->event_count] = *event;
    ring[0] = &model->events[model->event_count++];
    extend(model, ring, 1);
}

void model_look_again(struct model *model)
{
    const struct model_event *ring[MODEL_THREADS + 1];
    for (int i = 0; i < model->event_count; i++) {
        ring[0] = &model->events[i];
        if (!has_dead_lock(model, ring[0]))
            extend(model, ring, 1);
    }
}
