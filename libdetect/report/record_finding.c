/* SPDX-License-Identifier: MIT */
/* A finding (analysis/finding.h) as a record of the report file. No logic: what it says was decided by
 * the analysis, how it looks is decided by the CLI. Called by runtime/init.c. */
#include "analysis/race.h"
#include "report/writer.h"

_Static_assert((int)ACCESS_READ == (int)RACE_READ && (int)ACCESS_WRITE == (int)RACE_WRITE &&
                   (int)ACCESS_ATOMIC == (int)RACE_ATOMIC && (int)ACCESS_RMW == (int)RACE_RMW &&
                   (int)ACCESS_MOV == (int)RACE_MOV && (int)ACCESS_SOURCE_KNOWN == (int)RACE_SOURCE_KNOWN &&
                   (int)ACCESS_LIBRARY == (int)RACE_LIBRARY && (int)ACCESS_LIBC == (int)RACE_LIBC &&
                   (int)ACCESS_FREE == (int)RACE_FREE && (int)ACCESS_UNMAP == (int)RACE_UNMAP &&
                   (int)ACCESS_VOLATILE == (int)RACE_VOLATILE && (int)ACCESS_STATIC == (int)RACE_STATIC &&
                   (int)ACCESS_SPIN == (int)RACE_SPIN && (int)ACCESS_DESCRIPTOR == (int)RACE_DESCRIPTOR && RACE_DESCRIPTOR != RACE_RUNTIME,
               "the bits are written as they are");


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

static const char *const object_names[OBJECT_KINDS + 1] = {
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
    [OBJECT_MEMORY] = "memory",
};

static void access_entry(struct report_writer *writer, const struct finding_access *access)
{
    record_group(writer, TAG_ACCESS);
    record_u64(writer, TAG_FLAGS, access->flags);
    record_u64(writer, TAG_ADDRESS, access->address);
    record_u64(writer, TAG_SIZE, access->size);
    record_group_end(writer);
}

static void finding_stack(struct report_writer *writer, const struct stackdepot *depot, const struct finding_stack *stack)
{
    struct stack_view view = depot_get(depot, stack->stack);
    record_group(writer, TAG_STACK);
    record_text(writer, TAG_ROLE, stack->role ? stack->role : "");
    record_u64(writer, TAG_THREAD, stack->thread);
    record_u64s(writer, TAG_FRAMES, view.frames, view.count);
    if (stack->access.flags)
        access_entry(writer, &stack->access);
    record_group_end(writer);
}

void report_stack(struct report_writer *writer, const struct stackdepot *depot, const char *role,
                  thread_id thread, stack_id stack)
{
    finding_stack(writer, depot, &(struct finding_stack){.role = role, .thread = thread, .stack = stack});
}

#define STATE_TEXT 96

/* Where an object lies; looked up before the record is begun, because that may write records itself. */
struct whereabouts {
    frame_t place, tls_place;
    thread_id on_stack_of, tls_of;
    bool has_block, has_frame;
    struct report_frame frame;
    struct report_block block;
    char state[STATE_TEXT]; /* "": it is memory */
};

static void locate_memory(struct whereabouts *where, uintptr_t addr, const struct report_places *places)
{
    void *ctx = places->ctx;
    where->has_block = places->block_of && places->block_of(ctx, addr, &where->block);
    if (!where->has_block && places->tls_owner)
        where->tls_of = places->tls_owner(ctx, addr, &where->tls_place);
}

static void locate(struct whereabouts *where, const struct finding *finding, const struct report_places *places)
{
    for (uint32_t i = 0; i < finding->object_count; i++) {
        uintptr_t addr = finding->objects[i].addr;
        where[i] = (struct whereabouts){.place = 0};
        if (finding->objects[i].kind == OBJECT_MEMORY && places->state_of &&
            places->state_of(places->ctx, addr, where[i].state, STATE_TEXT))
            continue;
        where[i].place = places->place_of(places->ctx, addr);
        if (where[i].place)
            continue;
        if (finding->objects[i].kind == OBJECT_MEMORY)
            locate_memory(&where[i], addr, places);
        if (!where[i].has_block && where[i].tls_of == THREAD_NONE)
            where[i].on_stack_of = places->stack_owner(places->ctx, addr);
        if (finding->objects[i].kind == OBJECT_MEMORY && where[i].on_stack_of != THREAD_NONE && places->frame_of)
            where[i].has_frame = places->frame_of(places->ctx, where[i].on_stack_of, addr, &where[i].frame);
    }
}

static void block_entry(struct report_writer *writer, const struct stackdepot *depot, const struct report_block *block)
{
    record_group(writer, TAG_BLOCK);
    record_u64(writer, TAG_ADDRESS, block->start);
    record_u64(writer, TAG_SIZE, block->size);
    record_u64(writer, TAG_THREAD, block->allocated_by);
    if (block->allocated_at != STACK_NONE)
        report_stack(writer, depot, "", block->allocated_by, block->allocated_at);
    record_group_end(writer);
}

static void whereabouts_fields(struct report_writer *writer, const struct stackdepot *depot,
                               const struct whereabouts *where)
{
    if (where->place)
        record_u64(writer, TAG_PLACE, where->place);
    if (where->on_stack_of != THREAD_NONE)
        record_u64(writer, TAG_ON_STACK_OF, where->on_stack_of);
    if (where->has_frame)
        record_u64s(writer, TAG_STACK_FRAME,
                    (const uint64_t[]){where->frame.place, where->frame.cfa, where->frame.caller}, 3);
    if (where->tls_of != THREAD_NONE) {
        record_u64(writer, TAG_TLS_OF, where->tls_of);
        record_u64(writer, TAG_TLS_PLACE, where->tls_place);
    }
    if (where->has_block)
        block_entry(writer, depot, &where->block);
}

static void object_entry(struct report_writer *writer, const struct finding_object *object,
                         const struct stackdepot *depot, const struct whereabouts *where)
{
    record_group(writer, TAG_OBJECT);
    record_text(writer, TAG_WHAT, object_names[object->kind]);
    record_u64(writer, TAG_ADDRESS, object->addr);
    record_u64(writer, TAG_SIZE, object->size);
    if (where->state[0])
        record_text(writer, TAG_NAME, where->state);
    whereabouts_fields(writer, depot, where);
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

static void what_happened(struct report_writer *writer, const struct finding *finding)
{
    record_text(writer, TAG_KIND, kind_names[finding->kind]);
    record_text(writer, TAG_CONFIDENCE, confidence_names[finding->confidence]);
    record_text(writer, TAG_MESSAGE, finding->message);
    if (finding->because)
        record_text(writer, TAG_BECAUSE, finding->because);
    record_u64(writer, TAG_REPLACES, finding->replaces);
    threads(writer, finding);
}

int report_finding(struct report_writer *writer, const struct finding *finding,
                   const struct stackdepot *depot, const struct report_places *places)
{
    struct whereabouts where[FINDING_OBJECTS];
    locate(where, finding, places);
    record_begin(writer, finding->further ? RECORD_FURTHER : RECORD_FINDING);
    record_u64(writer, TAG_NUMBER, finding->number);
    if (!finding->further)
        what_happened(writer, finding);
    for (uint32_t i = 0; i < finding->stack_count; i++)
        finding_stack(writer, depot, &finding->stacks[i]);
    for (uint32_t i = 0; i < finding->object_count; i++)
        object_entry(writer, &finding->objects[i], depot, &where[i]);
    for (uint32_t i = 0; i < finding->held_count; i++)
        held_lock(writer, &finding->held[i], depot);
    if (!finding->further)
        record_u64(writer, TAG_TRUNCATED, finding->truncated);
    return record_end(writer);
}
