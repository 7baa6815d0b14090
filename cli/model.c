/* SPDX-License-Identifier: MIT */
/* Records into the model; see model.h. */
#include "model.h"

#include <string.h>

#include "report/format.h"

void model_init(struct model *model, struct pool *pool) { *model = (struct model){.pool = pool}; }

/* A pointer to a new zeroed element, appended to an array of pointers. */
#define APPEND_NEW(pool, array, count, capacity)                                                   \
    ((array) = pool_grow((pool), (array), (count), &(capacity), sizeof(*(array))),                 \
     (array)[(count)++] = pool_alloc((pool), sizeof(**(array))))

/* The same for an array of values. */
#define APPEND(pool, array, count, capacity)                                                       \
    ((array) = pool_grow((pool), (array), (count), &(capacity), sizeof(*(array))),                 \
     &(array)[(count)++])

struct raw_process *model_add_process(struct model *model, const char *path)
{
    struct raw_process *process = APPEND_NEW(model->pool, model->processes, model->process_count,
                                             model->process_capacity);
    process->path = pool_text(model->pool, path, strlen(path));
    return process;
}

const struct raw_module *process_module(const struct raw_process *process, uint32_t index)
{
    for (size_t i = process->module_count; i-- > 0;)
        if (process->modules[i]->index == index)
            return process->modules[i];
    return NULL;
}

static struct raw_thread *find_thread(const struct raw_process *process, uint32_t number)
{
    for (size_t i = 0; i < process->thread_count; i++)
        if (process->threads[i]->number == number)
            return process->threads[i];
    return NULL;
}

const struct raw_thread *process_thread(const struct raw_process *process, uint32_t number)
{
    return find_thread(process, number);
}

static struct raw_finding *find_finding(struct raw_process *process, uint64_t number)
{
    for (size_t i = 0; i < process->finding_count; i++)
        if (process->findings[i]->number == number)
            return process->findings[i];
    return NULL;
}

static struct raw_limit *limit_for(struct model *model, struct raw_process *process,
                                   const char *code, const char *text)
{
    for (size_t i = 0; i < process->limit_count; i++)
        if (strcmp(process->limits[i]->code, code) == 0 && strcmp(process->limits[i]->text, text) == 0)
            return process->limits[i];
    struct raw_limit *limit = APPEND_NEW(model->pool, process->limits, process->limit_count,
                                         process->limit_capacity);
    limit->code = pool_text(model->pool, code, strlen(code));
    limit->text = pool_text(model->pool, text, strlen(text));
    return limit;
}

void process_limit(struct model *model, struct raw_process *process, const char *code,
                   const char *text)
{
    limit_for(model, process, code, text)->count = 1;
}

static const char *field_text(struct pool *pool, const struct field *field)
{
    return field->wire == WIRE_TEXT ? pool_text(pool, (const char *)field->bytes, field->size) : "";
}

/* Walks the fields of a record or group and hands each to `take`. */
struct filling {
    struct pool *pool;
    void *into;
    bool well_formed;
};

static void fill(struct pool *pool, const unsigned char *bytes, size_t size, void *into,
                 void (*take)(struct filling *, const struct field *), bool *well_formed)
{
    struct filling filling = {.pool = pool, .into = into, .well_formed = true};
    struct cursor cursor = {bytes, bytes + size};
    struct field field;
    while (field_next(&cursor, &field, &filling.well_formed))
        take(&filling, &field);
    if (!filling.well_formed)
        *well_formed = false;
}

static void fill_group(struct filling *outer, const struct field *field, void *into,
                       void (*take)(struct filling *, const struct field *))
{
    if (field->wire == WIRE_GROUP)
        fill(outer->pool, field->bytes, field->size, into, take, &outer->well_formed);
    else
        outer->well_formed = false;
}

static const uint64_t *field_list(struct pool *pool, const struct field *field, size_t *count)
{
    *count = field_u64_count(field);
    uint64_t *list = pool_alloc(pool, (*count + 1) * sizeof(*list));
    for (size_t i = 0; i < *count; i++)
        list[i] = field_u64_at(field, i);
    return list;
}

static void take_access(struct filling *filling, const struct field *field)
{
    struct raw_access *access = filling->into;
    switch (field->tag) {
    case TAG_FLAGS: access->flags = (uint32_t)field_u64(field); break;
    case TAG_ADDRESS: access->address = field_u64(field); break;
    case TAG_SIZE: access->size = field_u64(field); break;
    default: break;
    }
}

static void take_stack(struct filling *filling, const struct field *field)
{
    struct raw_stack *stack = filling->into;
    switch (field->tag) {
    case TAG_ROLE: stack->role = field_text(filling->pool, field); break;
    case TAG_THREAD: stack->thread = (uint32_t)field_u64(field); break;
    case TAG_FRAMES: stack->frames = field_list(filling->pool, field, &stack->count); break;
    case TAG_ACCESS: fill_group(filling, field, &stack->access, take_access); break;
    default: break;
    }
}

static void take_block(struct filling *filling, const struct field *field)
{
    struct raw_block *block = filling->into;
    switch (field->tag) {
    case TAG_ADDRESS: block->address = field_u64(field); break;
    case TAG_SIZE: block->size = field_u64(field); break;
    case TAG_THREAD: block->thread = (uint32_t)field_u64(field); break;
    case TAG_STACK: fill_group(filling, field, &block->allocated, take_stack); break;
    default: break;
    }
}

static void take_object(struct filling *filling, const struct field *field)
{
    struct raw_object *object = filling->into;
    switch (field->tag) {
    case TAG_WHAT: object->what = field_text(filling->pool, field); break;
    case TAG_NAME: object->name = field_text(filling->pool, field); break;
    case TAG_ADDRESS: object->address = field_u64(field); break;
    case TAG_SIZE: object->size = field_u64(field); break;
    case TAG_PLACE: object->place = field_u64(field); break;
    case TAG_ON_STACK_OF: object->on_stack_of = field_u64(field); break;
    case TAG_TLS_OF: object->tls_of = field_u64(field); break;
    case TAG_TLS_PLACE: object->tls_place = field_u64(field); break;
    case TAG_STACK_FRAME:
        object->stack_frame = field_u64_count(field) == 3 ? field_list(filling->pool, field, &(size_t){0}) : NULL;
        break;
    case TAG_BLOCK: fill_group(filling, field, &object->block, take_block); break;
    case TAG_BY_FIRST_USE: object->by_first_use = field_u64(field) != 0; break;
    case TAG_STACK: fill_group(filling, field, &object->created, take_stack); break;
    default: break;
    }
}

static void take_held(struct filling *filling, const struct field *field)
{
    struct raw_held *held = filling->into;
    switch (field->tag) {
    case TAG_THREAD: held->thread = (uint32_t)field_u64(field); break;
    case TAG_OBJECT_INDEX: held->object = (uint32_t)field_u64(field); break;
    case TAG_SHARED: held->shared = field_u64(field) != 0; break;
    case TAG_STACK: fill_group(filling, field, &held->acquired, take_stack); break;
    default: break;
    }
}

static void take_thread_list(struct filling *filling, struct raw_finding *finding,
                             const struct field *field)
{
    finding->thread_count = field_u64_count(field);
    finding->threads = pool_alloc(filling->pool, (finding->thread_count + 1) * sizeof(uint32_t));
    for (size_t i = 0; i < finding->thread_count; i++)
        finding->threads[i] = (uint32_t)field_u64_at(field, i);
}

static void take_finding(struct filling *filling, const struct field *field)
{
    struct raw_finding *finding = filling->into;
    struct pool *pool = filling->pool;
    switch (field->tag) {
    case TAG_NUMBER: finding->number = (uint32_t)field_u64(field); break;
    case TAG_KIND: finding->kind = field_text(pool, field); break;
    case TAG_CONFIDENCE: finding->confidence = field_text(pool, field); break;
    case TAG_MESSAGE: finding->message = field_text(pool, field); break;
    case TAG_BECAUSE: finding->because = field_text(pool, field); break;
    case TAG_REPLACES: finding->replaces = (uint32_t)field_u64(field); break;
    case TAG_TRUNCATED: finding->truncated = field_u64(field); break;
    case TAG_THREADS: take_thread_list(filling, finding, field); break;
    case TAG_STACK:
        fill_group(filling, field,
                   APPEND(pool, finding->stacks, finding->stack_count, finding->stack_capacity),
                   take_stack);
        break;
    case TAG_OBJECT:
        fill_group(filling, field,
                   APPEND(pool, finding->objects, finding->object_count, finding->object_capacity),
                   take_object);
        break;
    case TAG_HELD:
        fill_group(filling, field,
                   APPEND(pool, finding->held, finding->held_count, finding->held_capacity),
                   take_held);
        break;
    default: break;
    }
}

static void take_hello(struct filling *filling, const struct field *field)
{
    struct raw_process *process = filling->into;
    switch (field->tag) {
    case TAG_VERSION: process->version = field_u64(field); break;
    case TAG_PID: process->pid = field_u64(field); break;
    case TAG_PARENT: process->parent = field_u64(field); break;
    case TAG_PROGRAM: process->program = field_text(filling->pool, field); break;
    case TAG_ARG:
        *APPEND(filling->pool, process->args, process->arg_count, process->arg_capacity) =
            field_text(filling->pool, field);
        break;
    case TAG_MODE: process->mode = field_u64(field); break;
    case TAG_UNDER_RUN: process->under_run = field_u64(field) != 0; break;
    case TAG_TIME: process->time = field_u64(field); break;
    default: break;
    }
}

static void take_module(struct filling *filling, const struct field *field)
{
    struct raw_module *module = filling->into;
    switch (field->tag) {
    case TAG_INDEX: module->index = (uint32_t)field_u64(field); break;
    case TAG_PATH: module->path = field_text(filling->pool, field); break;
    case TAG_BUILD_ID: module->build_id = field_text(filling->pool, field); break;
    case TAG_BIAS: module->bias = field_u64(field); break;
    case TAG_SIZE: module->size = field_u64(field); break;
    default: break;
    }
}

static void take_thread(struct filling *filling, const struct field *field)
{
    struct raw_thread *thread = filling->into;
    switch (field->tag) {
    case TAG_THREAD: thread->number = (uint32_t)field_u64(field); break;
    case TAG_NAME: thread->name = field_text(filling->pool, field); break;
    case TAG_TID: thread->tid = field_u64(field); break;
    case TAG_CREATOR: thread->creator = (uint32_t)field_u64(field); break;
    case TAG_STACK: fill_group(filling, field, &thread->created, take_stack); break;
    default: break;
    }
}

static void take_ended(struct filling *filling, const struct field *field)
{
    struct raw_process *process = filling->into;
    if (field->tag == TAG_REASON)
        process->reason = field_text(filling->pool, field);
    else if (field->tag == TAG_STATUS)
        process->status = field_u64(field);
}

/* NUMBER, COUNT, CODE, TEXT, NAME: the small records have few fields in common. */
struct small {
    uint64_t number, count;
    const char *code, *text;
    bool has_count;
};

static void take_small(struct filling *filling, const struct field *field)
{
    struct small *small = filling->into;
    switch (field->tag) {
    case TAG_NUMBER: small->number = field_u64(field); break;
    case TAG_COUNT:
        small->count = field_u64(field);
        small->has_count = true;
        break;
    case TAG_CODE: small->code = field_text(filling->pool, field); break;
    case TAG_TEXT: small->text = field_text(filling->pool, field); break;
    default: break;
    }
}

static void take_atomic(struct filling *filling, const struct field *field)
{
    struct raw_atomic *atomic = filling->into;
    switch (field->tag) {
    case TAG_CODE: atomic->rule = field_text(filling->pool, field); break;
    case TAG_TEXT: atomic->what = field_text(filling->pool, field); break;
    case TAG_FRAMES: atomic->frames = field_list(filling->pool, field, &atomic->frame_count); break;
    default: break;
    }
}

/* NAME then COUNT, repeated. */
struct stats_filling {
    struct raw_process *process;
    struct raw_stat *current;
};

static void take_stat(struct filling *filling, const struct field *field)
{
    struct stats_filling *stats = filling->into;
    struct raw_process *process = stats->process;
    if (field->tag == TAG_COUNT && stats->current)
        stats->current->value = field_u64(field);
    if (field->tag != TAG_NAME)
        return;
    const char *name = field_text(filling->pool, field);
    stats->current = NULL;
    for (size_t i = 0; i < process->stat_count; i++)
        if (strcmp(process->stats[i]->name, name) == 0)
            stats->current = process->stats[i];
    if (!stats->current) {
        stats->current = APPEND_NEW(filling->pool, process->stats, process->stat_count,
                                    process->stat_capacity);
        stats->current->name = name;
    }
}

/* A thread's second record adds what the first did not know. */
static void add_thread(struct model *model, struct raw_process *process,
                       const struct raw_thread *thread)
{
    struct raw_thread *known = find_thread(process, thread->number);
    if (!known) {
        known = APPEND_NEW(model->pool, process->threads, process->thread_count,
                           process->thread_capacity);
        *known = *thread;
        return;
    }
    if (thread->name)
        known->name = thread->name;
    if (thread->tid)
        known->tid = thread->tid;
    if (thread->creator)
        known->creator = thread->creator;
    if (thread->created.count)
        known->created = thread->created;
}

static const char *or_unknown(const char *text) { return text && *text ? text : "unknown"; }

static void add_finding(struct model *model, struct raw_process *process,
                        const struct raw_finding *finding)
{
    struct raw_finding *added = APPEND_NEW(model->pool, process->findings, process->finding_count,
                                           process->finding_capacity);
    *added = *finding;
    added->process = process;
    added->count = 1;
    added->kind = or_unknown(finding->kind);
    added->confidence = or_unknown(finding->confidence);
    added->message = finding->message ? finding->message : "";
    for (size_t i = 0; i < added->stack_count; i++)
        if (!added->stacks[i].role)
            added->stacks[i].role = "";
    for (size_t i = 0; i < added->object_count; i++)
        if (!added->objects[i].what)
            added->objects[i].what = "object";
    struct raw_finding *replaced =
        finding->replaces ? find_finding(process, finding->replaces) : NULL;
    if (replaced && replaced != added)
        replaced->withdrawn = true;
}

/* The objects of a record RECORD_FURTHER go to the finding that it names. */
static void add_further(struct model *model, struct raw_process *process, const struct raw_finding *more)
{
    struct raw_finding *finding = find_finding(process, more->number);
    for (size_t i = 0; finding && i < more->object_count; i++) {
        struct raw_object *object = APPEND(model->pool, finding->further, finding->further_count,
                                           finding->further_capacity);
        *object = more->objects[i];
        if (!object->what)
            object->what = "object";
    }
}

static void add_small(struct model *model, struct raw_process *process, unsigned type,
                      const struct small *small)
{
    struct raw_finding *finding = find_finding(process, small->number);
    if (type == RECORD_WITHDRAWN && finding)
        finding->withdrawn = true;
    if (type == RECORD_COUNT && finding)
        finding->count = small->count;
    if (type == RECORD_LIMIT && small->code && small->text)
        limit_for(model, process, small->code, small->text)->count =
            small->has_count ? small->count : 1;
}

bool model_record(struct model *model, struct raw_process *process, const struct record *record)
{
    struct pool *pool = model->pool;
    bool well_formed = true;
#define FILL(into, take) fill(pool, record->payload, record->size, (into), (take), &well_formed)
    switch (record->type) {
    case RECORD_HELLO:
        process->arg_count = 0;
        FILL(process, take_hello);
        process->has_hello = true;
        break;
    case RECORD_MODULE: {
        struct raw_module module = {0};
        FILL(&module, take_module);
        *APPEND_NEW(pool, process->modules, process->module_count, process->module_capacity) = module;
        break;
    }
    case RECORD_THREAD: {
        struct raw_thread thread = {0};
        FILL(&thread, take_thread);
        add_thread(model, process, &thread);
        break;
    }
    case RECORD_FINDING: {
        struct raw_finding finding = {0};
        FILL(&finding, take_finding);
        add_finding(model, process, &finding);
        break;
    }
    case RECORD_FURTHER: {
        struct raw_finding more = {0};
        FILL(&more, take_finding);
        add_further(model, process, &more);
        break;
    }
    case RECORD_WITHDRAWN:
    case RECORD_COUNT:
    case RECORD_LIMIT: {
        struct small small = {0};
        FILL(&small, take_small);
        add_small(model, process, record->type, &small);
        break;
    }
    case RECORD_ATOMIC: {
        struct raw_atomic atomic = {0};
        FILL(&atomic, take_atomic);
        if (atomic.rule && atomic.what && atomic.frame_count == 1)
            *APPEND_NEW(pool, process->atomics, process->atomic_count, process->atomic_capacity) = atomic;
        break;
    }
    case RECORD_STAT: {
        struct stats_filling stats = {.process = process};
        FILL(&stats, take_stat);
        break;
    }
    case RECORD_ENDED:
        FILL(process, take_ended);
        process->ended = true;
        break;
    default: process->unknown++; break;
    }
#undef FILL
    if (!well_formed)
        process->malformed++;
    return process->version <= REPORT_VERSION;
}
