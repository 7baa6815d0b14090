/* SPDX-License-Identifier: MIT */
/* Data races by definition; see race_model.h. Called by fuzz_race.c. */
#include "race_model.h"

#include <string.h>

void model_join(struct model_time *into, const struct model_time *from)
{
    for (uint32_t i = 0; i < MODEL_THREADS; i++)
        if (into->events[i] < from->events[i])
            into->events[i] = from->events[i];
}

static uint32_t granule_of(uint32_t at) { return at / MODEL_GRANULE; }

bool model_is_variable(const struct model *model, uint32_t at, uint32_t size)
{
    for (uint32_t i = at; i < at + size; i++)
        if (!model->bytes[i].variable)
            return false;
    return true;
}

/* All variables among the bytes become one; returns it, 0 if there is none. */
static uint32_t one_variable(struct model *model, uint32_t at, uint32_t size)
{
    uint32_t one = 0;
    for (uint32_t i = at; i < at + size; i++) {
        uint32_t other = model->bytes[i].variable;
        if (!other || other == one)
            continue;
        if (!one) {
            one = other;
            continue;
        }
        model_join(&model->variables[one], &model->variables[other]);
        for (uint32_t j = 0; j < MODEL_BYTES; j++)
            if (model->bytes[j].variable == other)
                model->bytes[j].variable = one;
    }
    return one;
}

static uint32_t unused_variable(const struct model *model)
{
    uint32_t number = 1;
    for (uint32_t i = 0; i < MODEL_BYTES; i++)
        if (model->bytes[i].variable == number) {
            number++;
            i = UINT32_MAX; /* from the first byte again */
        }
    return number;
}

static uint32_t make_variable(struct model *model, uint32_t at, uint32_t size)
{
    uint32_t number = one_variable(model, at, size);
    if (!number) {
        number = unused_variable(model);
        memset(&model->variables[number], 0, sizeof(model->variables[number]));
    }
    for (uint32_t i = at; i < at + size; i++)
        model->bytes[i].variable = number;
    return number;
}

static bool races(const struct model *model, uint32_t thread, uint8_t kind, const struct model_access *earlier)
{
    bool ordered = model->threads[thread].events[earlier->thread] >= earlier->event;
    bool conflict = (kind | earlier->kind) & MODEL_WRITE && !(kind & earlier->kind & MODEL_ATOMIC);
    return conflict && !ordered;
}

static bool check(const struct model *model, uint32_t at, uint32_t thread, uint8_t kind)
{
    const struct model_byte *byte = &model->bytes[at];
    for (uint32_t i = 0; i < byte->count; i++)
        if (races(model, thread, kind, &byte->accesses[i]))
            return true;
    return false;
}

static void record(struct model *model, uint32_t at, uint32_t thread, uint8_t kind)
{
    struct model_byte *byte = &model->bytes[at];
    byte->accesses[byte->count++] =
        (struct model_access){.thread = thread, .event = model->threads[thread].events[thread], .kind = kind};
}

static void note_pending(struct model *model, uint32_t thread, uint32_t at, uint32_t variable)
{
    model->pending_granule[thread] = granule_of(at);
    model->pending_mask[thread] = 0;
    for (uint32_t i = 0; i < MODEL_GRANULE; i++)
        if (model->bytes[granule_of(at) * MODEL_GRANULE + i].variable == variable)
            model->pending_mask[thread] |= (uint8_t)(1u << i);
}

void model_complete(struct model *model, uint32_t thread)
{
    for (uint32_t i = 0; i < MODEL_GRANULE; i++) {
        uint32_t variable = model->bytes[model->pending_granule[thread] * MODEL_GRANULE + i].variable;
        if (variable && model->pending_mask[thread] & 1u << i)
            model_join(&model->threads[thread], &model->variables[variable]);
    }
    model->pending_mask[thread] = 0;
}

static void acquire(struct model *model, uint32_t thread, uint32_t at, uint32_t variable)
{
    model_join(&model->threads[thread], &model->variables[variable]);
    note_pending(model, thread, at, variable);
}

/* The part of the operation that lies in one granule. */
static void access_granule(struct model *model, const struct model_operation *operation, uint32_t at, uint32_t size,
                           bool *race)
{
    uint32_t thread = operation->thread, variable = 0;
    uint8_t kind = operation->writes ? MODEL_WRITE : MODEL_READ;
    for (uint32_t i = at; i < at + size && operation->ends; i++)
        model->bytes[i].variable = 0;
    if (operation->atomic)
        variable = make_variable(model, at, size);
    else if (operation->mov) {
        variable = one_variable(model, at, size);
        variable = model_is_variable(model, at, size) ? variable : 0;
    }
    bool is_atomic = operation->atomic || (variable && !operation->source_known), acquires = variable && operation->reads;
    if (is_atomic)
        kind |= MODEL_ATOMIC;
    if (acquires && is_atomic)
        acquire(model, thread, at, variable);
    for (uint32_t i = at; i < at + size; i++) {
        race[i - at] = check(model, i, thread, kind);
        record(model, i, thread, kind);
    }
    if (acquires && !is_atomic)
        acquire(model, thread, at, variable);
    if (variable && operation->writes)
        model_join(&model->variables[variable], &model->threads[thread]);
}

void model_access(struct model *model, const struct model_operation *operation, bool *race)
{
    uint32_t end = operation->at + operation->size;
    memset(race, 0, operation->size);
    for (uint32_t at = operation->at, next; at < end; at = next) {
        next = (granule_of(at) + 1) * MODEL_GRANULE;
        next = next < end ? next : end;
        /* An event of its own: what the part before has released does not include it. */
        model->threads[operation->thread].events[operation->thread]++;
        access_granule(model, operation, at, next - at, race + (at - operation->at));
    }
}

void model_fresh(struct model *model, uint32_t at, uint32_t size)
{
    for (uint32_t i = at; i < at + size; i++) {
        model->bytes[i].count = model->bytes[i].variable = 0;
        model->bytes[i].raced = false;
    }
}
