/* SPDX-License-Identifier: MIT */
/* A finding (analysis/finding.h) as a record of the report file. No logic: what it says was decided by
 * the analysis, how it looks is decided by the CLI. Called by runtime/init.c. */
#include "report/writer.h"

static const char *const kind_names[] = {
#define KIND(id, name, group, line, text) name,
#include "analysis/kinds.def"
#undef KIND
};

static const char *const confidence_names[CONFIDENCE_COUNT] = {
    [CONFIDENCE_CERTAIN] = "certain",
    [CONFIDENCE_PREDICTED] = "predicted",
    [CONFIDENCE_POSSIBLE] = "possible",
    [CONFIDENCE_NOTE] = "note",
};

static const char *const object_names[OBJECT_KINDS] = {
    [OBJECT_NONE] = "object",
    [OBJECT_MUTEX] = "mutex",
    [OBJECT_MTX] = "mtx",
    [OBJECT_RWLOCK] = "rwlock",
    [OBJECT_SPIN] = "spin lock",
    [OBJECT_COND] = "condition variable",
    [OBJECT_SEM] = "semaphore",
    [OBJECT_BARRIER] = "barrier",
    [OBJECT_ONCE] = "once control",
    [OBJECT_THREAD] = "thread",
    [OBJECT_FD] = "descriptor",
    [OBJECT_FUTEX] = "futex",
    [OBJECT_SIGNAL] = "signal",
    [OBJECT_USER] = "annotation",
};

void report_stack(struct report_writer *writer, const struct stackdepot *depot, const char *role,
                  thread_id thread, stack_id stack)
{
    struct stack_view view = depot_get(depot, stack);
    record_group(writer, TAG_STACK);
    record_text(writer, TAG_ROLE, role ? role : "");
    record_u64(writer, TAG_THREAD, thread);
    record_u64s(writer, TAG_FRAMES, view.frames, view.count);
    record_group_end(writer);
}

/* Where an object lies; looked up before the record is begun, because that may write records itself. */
struct whereabouts {
    frame_t place;
    thread_id on_stack_of;
};

static void locate(struct whereabouts *where, const struct finding *finding,
                   const struct report_places *places)
{
    for (uint32_t i = 0; i < finding->object_count; i++) {
        uintptr_t addr = finding->objects[i].addr;
        where[i].place = places->place_of(places->ctx, addr);
        where[i].on_stack_of =
            where[i].place ? THREAD_NONE : places->stack_owner(places->ctx, addr);
    }
}

static void object_entry(struct report_writer *writer, const struct finding_object *object,
                         const struct stackdepot *depot, const struct whereabouts *where)
{
    record_group(writer, TAG_OBJECT);
    record_text(writer, TAG_WHAT, object_names[object->kind]);
    record_u64(writer, TAG_ADDRESS, object->addr);
    record_u64(writer, TAG_SIZE, object->size);
    if (where->place)
        record_u64(writer, TAG_PLACE, where->place);
    if (where->on_stack_of != THREAD_NONE)
        record_u64(writer, TAG_ON_STACK_OF, where->on_stack_of);
    if (object->created_at != STACK_NONE) {
        report_stack(writer, depot, "", THREAD_NONE, object->created_at);
        record_u64(writer, TAG_BY_FIRST_USE, object->static_init);
    }
    record_group_end(writer);
}

static void held_lock(struct report_writer *writer, const struct finding_held *held,
                      const struct stackdepot *depot)
{
    record_group(writer, TAG_HELD);
    record_u64(writer, TAG_THREAD, held->thread);
    record_u64(writer, TAG_OBJECT_INDEX, held->object);
    record_u64(writer, TAG_SHARED, held->mode == MODE_SHARED);
    if (held->acquired_at != STACK_NONE)
        report_stack(writer, depot, "", held->thread, held->acquired_at);
    record_group_end(writer);
}

static void threads(struct report_writer *writer, const struct finding *finding)
{
    uint64_t numbers[FINDING_THREADS];
    for (uint32_t i = 0; i < finding->thread_count; i++)
        numbers[i] = finding->threads[i];
    record_u64s(writer, TAG_THREADS, numbers, finding->thread_count);
}

int report_finding(struct report_writer *writer, const struct finding *finding,
                   const struct stackdepot *depot, const struct report_places *places)
{
    struct whereabouts where[FINDING_OBJECTS];
    locate(where, finding, places);
    record_begin(writer, RECORD_FINDING);
    record_u64(writer, TAG_NUMBER, finding->number);
    record_text(writer, TAG_KIND, kind_names[finding->kind]);
    record_text(writer, TAG_CONFIDENCE, confidence_names[finding->confidence]);
    record_text(writer, TAG_MESSAGE, finding->message);
    record_u64(writer, TAG_REPLACES, finding->replaces);
    threads(writer, finding);
    for (uint32_t i = 0; i < finding->stack_count; i++)
        report_stack(writer, depot, finding->stacks[i].role, finding->stacks[i].thread,
                     finding->stacks[i].stack);
    for (uint32_t i = 0; i < finding->object_count; i++)
        object_entry(writer, &finding->objects[i], depot, &where[i]);
    for (uint32_t i = 0; i < finding->held_count; i++)
        held_lock(writer, &finding->held[i], depot);
    record_u64(writer, TAG_TRUNCATED, finding->truncated);
    return record_end(writer);
}
