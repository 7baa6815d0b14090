/* SPDX-License-Identifier: MIT */
/* See places.h. A place is a function and a line, or where the instruction is; it holds a lock if it did so in each finding. */
#include "places.h"

#include <string.h>

#define MOST_PLACES 64
#define FEWEST_PLACES 3

struct place {
    const struct doc_frame *frame;
    bool holds;
};

struct places {
    struct place list[MOST_PLACES];
    size_t count, holding;
};

static bool is_same(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

static bool is_same_place(const struct doc_frame *a, const struct doc_frame *b)
{
    if (a->file && b->file)
        return a->line == b->line && strcmp(a->file, b->file) == 0;
    return !a->file && !b->file && a->offset == b->offset && is_same(a->module, b->module);
}

static const struct doc_object *memory_of(const struct doc_finding *finding)
{
    bool is_race = strcmp(finding->kind, "race") == 0 && finding->stack_count >= 2 && finding->object_count;
    return is_race && finding->objects[0].is_memory ? &finding->objects[0] : NULL;
}

static bool is_same_memory(const struct doc_object *a, const struct doc_object *b)
{
    return a->name && b->name && strcmp(a->name, b->name) == 0;
}

static bool is_held(const struct doc_finding *finding, uint32_t thread, const struct doc_object *lock)
{
    for (size_t i = 0; i < finding->held_count; i++)
        for (size_t j = 0; finding->held[i].thread == thread && j < finding->held[i].count; j++) {
            const struct doc_object *held = finding->held[i].locks[j].object;
            if (!finding->held[i].locks[j].shared && held->address == lock->address)
                return true;
        }
    return false;
}

static void add(struct places *places, const struct doc_frame *frame, bool holds)
{
    for (size_t i = 0; i < places->count; i++)
        if (is_same_place(places->list[i].frame, frame)) {
            places->list[i].holds &= holds;
            return;
        }
    if (places->count < MOST_PLACES)
        places->list[places->count++] = (struct place){frame, holds};
}

/* Of all findings in this process on this memory. */
static void collect(struct places *places, const struct document *document, const struct doc_finding *of,
                    const struct doc_object *lock)
{
    for (size_t i = 0; i < document->count; i++) {
        const struct doc_finding *finding = document->findings[i];
        const struct doc_object *memory = memory_of(finding);
        if (!memory || finding->pid != of->pid || !is_same_memory(memory, memory_of(of)))
            continue;
        for (size_t j = 0; j < 2; j++) {
            const struct doc_stack *stack = &finding->stacks[j];
            if (stack->own < stack->count)
                add(places, &stack->frames[stack->own], is_held(finding, stack->thread, lock));
        }
    }
    for (size_t i = 0; i < places->count; i++)
        places->holding += places->list[i].holds;
}

/* The lock that one side of a race holds and the other does not; NULL if that is not so. */
static const struct doc_object *missed(const struct doc_finding *finding)
{
    for (size_t i = 0; i < finding->held_count; i++)
        for (size_t j = 0; j < finding->held[i].count; j++) {
            const struct doc_object *lock = finding->held[i].locks[j].object;
            bool first = is_held(finding, finding->stacks[0].thread, lock);
            if (first != is_held(finding, finding->stacks[1].thread, lock))
                return lock;
        }
    return NULL;
}

static void count_places(struct pool *pool, const struct document *document, struct doc_finding *finding)
{
    const struct doc_object *lock = memory_of(finding) && memory_of(finding)->name ? missed(finding) : NULL;
    struct places places = {.count = 0};
    if (!lock)
        return;
    collect(&places, document, finding, lock);
    if (places.count < FEWEST_PLACES || places.count - places.holding > 2 || places.holding <= places.count / 2)
        return;
    finding->reasons = pool_grow(pool, finding->reasons, finding->reason_count, &finding->reason_capacity,
                                 sizeof(*finding->reasons));
    finding->reasons[finding->reason_count++] =
        pool_printf(pool, "of the %zu places in this report that use %s, %zu hold %s", places.count,
                    memory_of(finding)->label, places.holding, lock->label);
}

void places_count(struct pool *pool, struct document *document)
{
    for (size_t i = 0; i < document->count; i++)
        count_places(pool, document, document->findings[i]);
}
