/* SPDX-License-Identifier: MIT */
/* See resolve.h. */
#include "resolve_inner.h"

#include <inttypes.h>
#include <string.h>

#include "fingerprint.h"
#include "hints.h"
#include "paths.h"
#include "source.h"

#define LONGEST_COMMAND 200

/* --- stacks ------------------------------------------------------------------------------------------- */

/* Told once per module in `limits`: why its frames show no functions. */
static void tell_state(struct work *work, const struct raw_module *module, enum sym_state state)
{
    const char *name = path_base(module->path);
    if (state == SYM_CHANGED)
        process_limit(work->resolver->model, work->process, "module-changed",
                      pool_printf(work->pool, "%s was replaced since the program ran: no symbols of it",
                                  name));
    else if (module->path[0] == '/')
        process_limit(work->resolver->model, work->process, "module-missing",
                      pool_printf(work->pool, "%s cannot be read any more: no symbols of it", name));
}

struct sym_binary *resolve_binary(struct work *work, const struct raw_module *module)
{
    if (!module || !module->path || !*module->path)
        return NULL;
    struct sym_binary *binary =
        sym_binary(work->resolver->symbolizer, module->path, module->build_id);
    if (sym_state(binary) == SYM_READ)
        return binary;
    tell_state(work, module, sym_state(binary));
    return NULL;
}

static void set_own(struct doc_frame *frame)
{
    frame->own = frame->module && !path_is_runtime(frame->module) &&
                 !(frame->file && path_is_system(frame->file));
}

static void add_place(struct work *work, struct doc_stack *stack, const struct raw_module *module,
                      uint64_t offset, const struct sym_place *place)
{
    struct doc_frame *frame = &stack->frames[stack->count++];
    frame->offset = offset;
    if (module && module->path && *module->path) {
        frame->module = module->path;
        frame->shown_module = path_base(module->path);
    }
    frame->function = place->function;
    frame->file = place->line ? place->file : NULL;
    frame->shown_file = frame->file ? path_shown(work->pool, frame->file) : NULL;
    frame->line = frame->file ? place->line : 0;
    frame->column = frame->file ? place->column : 0;
    frame->inlined = place->inlined;
    set_own(frame);
}

/* The places of each frame; with inlined functions there are more of them than frames. */
static void symbolise(struct work *work, struct doc_stack *stack, const struct raw_stack *raw)
{
    static const struct sym_place unknown;
    size_t capacity = 0;
    for (size_t i = 0; i < raw->count; i++) {
        uint64_t offset = raw->frames[i] & ((1ull << RESOLVE_FRAME_BITS) - 1);
        const struct raw_module *module =
            process_module(work->process, (uint32_t)(raw->frames[i] >> RESOLVE_FRAME_BITS));
        const struct sym_place *places = &unknown;
        struct sym_binary *binary = resolve_binary(work, module);
        size_t count = binary ? sym_places(work->resolver->symbolizer, binary, offset, &places) : 1;
        if (binary && !places[count - 1].function && !path_is_runtime(module->path))
            process_limit(work->resolver->model, work->process, "no-symbols",
                          pool_printf(work->pool, "%s has no symbols for some of its functions",
                                      path_base(module->path)));
        for (size_t j = 0; j < count; j++) {
            stack->frames = pool_grow(work->pool, stack->frames, stack->count, &capacity,
                                      sizeof(*stack->frames));
            add_place(work, stack, module, offset, &places[j]);
        }
    }
}

struct doc_atomic resolve_atomic(struct resolver *resolver, struct raw_process *process, const struct raw_atomic *raw)
{
    struct work work = {.resolver = resolver, .pool = resolver->pool, .process = process};
    struct raw_stack raw_stack = {.frames = raw->frames, .count = 1};
    struct doc_stack stack = {0};
    symbolise(&work, &stack, &raw_stack);
    const struct doc_frame *frame = &stack.frames[0];
    return (struct doc_atomic){.what = raw->what, .rule = raw->rule, .function = frame->function, .file = frame->file,
                               .shown_file = frame->shown_file, .module = frame->shown_module, .line = frame->line,
                               .offset = frame->offset};
}

/* Code that starts threads and programs, below the program's outermost function, says nothing. */
static size_t shown_frames(const struct doc_stack *stack)
{
    for (size_t i = 0; i < stack->count; i++) {
        const struct doc_frame *frame = &stack->frames[i];
        if (frame->own && frame->function && strcmp(frame->function, "main") == 0)
            return i + 1;
        if (i && frame->function && strncmp(frame->function, "__libc_start_", strlen("__libc_start_")) == 0)
            return i;
    }
    size_t shown = stack->count;
    while (shown > 0 && !stack->frames[shown - 1].own)
        shown--;
    if (shown && stack->frames[shown - 1].function &&
        strcmp(stack->frames[shown - 1].function, "_start") == 0)
        shown--;
    return shown ? shown : stack->count;
}

static void find_own(struct work *work, struct doc_stack *stack)
{
    stack->own = stack->count;
    for (size_t i = 0; i < stack->count; i++)
        if (stack->frames[i].own) {
            stack->own = i;
            break;
        }
    stack->shown = shown_frames(stack);
    if (stack->own < stack->count && stack->frames[stack->own].file) {
        const struct doc_frame *frame = &stack->frames[stack->own];
        stack->column = frame->column;
        stack->source = source_line_at(work->pool, frame->file, frame->line, &stack->column);
    }
}

#define KERNEL_NAME_MAX 15 /* TASK_COMM_LEN without the terminator, prctl(2) */

/* NULL if nobody named it: a new thread is called like the program. */
static const char *thread_name(const struct raw_process *process, const struct raw_thread *thread)
{
    if (!thread || !thread->name || !*thread->name)
        return NULL;
    const char *inherited = process->program ? path_base(process->program) : "";
    return strncmp(thread->name, inherited, KERNEL_NAME_MAX) == 0 ? NULL : thread->name;
}

const char *resolve_thread_label(struct work *work, uint32_t number)
{
    const char *name = thread_name(work->process, process_thread(work->process, number));
    if (number == 1)
        return "main thread";
    if (!name)
        return pool_printf(work->pool, "thread %" PRIu32, number);
    return pool_printf(work->pool, "thread %" PRIu32 " (%s)", number, name);
}

static void resolve_stack(struct work *work, struct doc_stack *stack, const struct raw_stack *raw,
                          const char *role)
{
    stack->role = role;
    stack->thread = raw->thread;
    stack->label = raw->thread ? resolve_thread_label(work, raw->thread) : NULL;
    symbolise(work, stack, raw);
    find_own(work, stack);
}

/* NULL if nothing is known. */
const struct doc_stack *resolve_new_stack(struct work *work, const struct raw_stack *raw,
                                         const char *role)
{
    if (!raw->count)
        return NULL;
    struct doc_stack *stack = pool_alloc(work->pool, sizeof(*stack));
    resolve_stack(work, stack, raw, role);
    return stack;
}

/* --- threads ------------------------------------------------------------------------------------------ */

static void resolve_thread(struct work *work, struct doc_thread *thread, uint32_t number)
{
    const struct raw_thread *raw = process_thread(work->process, number);
    thread->id = number;
    thread->label = resolve_thread_label(work, number);
    if (!raw)
        return;
    thread->name = thread_name(work->process, raw);
    thread->creator = raw->creator ? resolve_thread_label(work, raw->creator) : NULL;
    struct raw_stack created = raw->created;
    created.thread = raw->creator;
    thread->created_at = resolve_new_stack(work, &created, "created");
}

/* --- objects ------------------------------------------------------------------------------------------ */

const char *resolve_own_place(struct work *work, const struct doc_stack *stack)
{
    if (!stack || stack->own >= stack->count)
        return NULL;
    const struct doc_frame *frame = &stack->frames[stack->own];
    if (frame->shown_file)
        return pool_printf(work->pool, "%s:%u", frame->shown_file, frame->line);
    return frame->function;
}

static const char *object_label(struct work *work, const struct doc_object *object,
                                const struct raw_object *raw)
{
    if (object->name)
        return pool_printf(work->pool, "%s \"%s\"", object->what, object->name);
    if (strcmp(object->what, "descriptor") == 0)
        return pool_printf(work->pool, "descriptor %" PRIu64, object->address);
    if (object->place)
        return pool_printf(work->pool, "%s at %s", object->what, object->place);
    const char *place = resolve_own_place(work, object->allocated_at);
    const char *known =
        place ? pool_printf(work->pool, " (%s at %s)",
                            object->by_first_use ? "first used" : "created", place)
        : raw->on_stack_of
            ? pool_printf(work->pool, " (on the stack of %s)",
                          resolve_thread_label(work, (uint32_t)raw->on_stack_of))
            : "";
    return pool_printf(work->pool, "%s 0x%" PRIx64 "%s", object->what, object->address, known);
}

static void resolve_object(struct work *work, struct doc_object *object,
                           const struct raw_object *raw)
{
    object->what = raw->what;
    object->address = raw->address;
    object->size = raw->size;
    if (strcmp(raw->what, "memory") == 0) {
        resolve_memory(work, object, raw);
        return;
    }
    object->by_first_use = raw->by_first_use;
    object->allocated_at =
        resolve_new_stack(work, &raw->created, raw->by_first_use ? "first used" : "created");
    if (raw->place)
        resolve_name_by_place(work, object, raw->place);
    object->label = object_label(work, object, raw);
}

/* --- held locks --------------------------------------------------------------------------------------- */

static struct doc_held *held_of(struct work *work, uint32_t thread)
{
    struct doc_finding *finding = work->finding;
    for (size_t i = 0; i < finding->held_count; i++)
        if (finding->held[i].thread == thread)
            return &finding->held[i];
    struct doc_held *held = &finding->held[finding->held_count++];
    held->thread = thread;
    held->label = resolve_thread_label(work, thread);
    held->locks = pool_alloc(work->pool, work->raw->held_count * sizeof(*held->locks));
    return held;
}

static void resolve_held(struct work *work)
{
    work->finding->held =
        pool_alloc(work->pool, work->raw->held_count * sizeof(*work->finding->held));
    for (size_t i = 0; i < work->raw->held_count; i++) {
        const struct raw_held *raw = &work->raw->held[i];
        if (raw->object >= work->finding->object_count)
            continue;
        struct doc_held *held = held_of(work, raw->thread);
        struct raw_stack acquired = raw->acquired;
        acquired.thread = raw->thread;
        held->locks[held->count++] =
            (struct doc_lock){.object = &work->finding->objects[raw->object],
                              .shared = raw->shared,
                              .acquired_at = resolve_new_stack(work, &acquired, "acquired")};
    }
}

/* --- texts -------------------------------------------------------------------------------------------- */

static const char *placeholder(struct work *work, char what, size_t index)
{
    struct doc_finding *finding = work->finding;
    if (what == 'T')
        return index < finding->thread_count ? finding->threads[index].label : "a thread";
    return index < finding->object_count ? finding->objects[index].label : "an object";
}

/* Replaces %T0 to %T9 and %O0 to %O9. */
static const char *fill_in(struct work *work, const char *text)
{
    const char *out = "";
    while (*text) {
        const char *percent = strchr(text, '%');
        size_t plain = percent ? (size_t)(percent - text) : strlen(text);
        bool known = percent && (percent[1] == 'T' || percent[1] == 'O') && percent[2] >= '0' &&
                     percent[2] <= '9';
        if (percent && !known)
            plain++; /* just a percent sign */
        out = pool_printf(work->pool, "%s%.*s%s", out, (int)plain, text,
                          known ? placeholder(work, percent[1], (size_t)(percent[2] - '0')) : "");
        text += plain + (known ? 3 : 0);
    }
    return out;
}

const char *resolve_command(struct pool *pool, const struct raw_process *process)
{
    const char *command = process->arg_count ? "" : process->program ? process->program : "?";
    for (size_t i = 0; i < process->arg_count && strlen(command) < LONGEST_COMMAND; i++)
        command = pool_printf(pool, "%s%s%s", command, i ? " " : "", process->args[i]);
    return strlen(command) > LONGEST_COMMAND
               ? pool_printf(pool, "%.*s...", LONGEST_COMMAND, command)
               : command;
}

enum finding_confidence resolve_confidence(const char *name)
{
    static const char *const names[] = {"certain", "predicted", "possible", "note"};
    for (size_t i = 0; i < CONFIDENCE_COUNT; i++)
        if (strcmp(names[i], name) == 0)
            return (enum finding_confidence)i;
    return CONFIDENCE_POSSIBLE; /* a newer version's: it cannot be relied on */
}

/* --- all together ------------------------------------------------------------------------------------- */

static void resolve_parts(struct work *work)
{
    const struct raw_finding *raw = work->raw;
    struct doc_finding *finding = work->finding;
    finding->threads = pool_alloc(work->pool, raw->thread_count * sizeof(*finding->threads));
    finding->thread_count = raw->thread_count;
    for (size_t i = 0; i < raw->thread_count; i++)
        resolve_thread(work, &finding->threads[i], raw->threads[i]);
    finding->objects = pool_alloc(work->pool, raw->object_count * sizeof(*finding->objects));
    finding->object_count = raw->object_count;
    for (size_t i = 0; i < raw->object_count; i++)
        resolve_object(work, &finding->objects[i], &raw->objects[i]);
    finding->further = pool_alloc(work->pool, raw->further_count * sizeof(*finding->further));
    finding->further_count = finding->further_capacity = raw->further_count;
    for (size_t i = 0; i < raw->further_count; i++)
        resolve_object(work, &finding->further[i], &raw->further[i]);
    finding->stacks = pool_alloc(work->pool, raw->stack_count * sizeof(*finding->stacks));
    finding->stack_count = raw->stack_count;
    for (size_t i = 0; i < raw->stack_count; i++) {
        resolve_stack(work, &finding->stacks[i], &raw->stacks[i],
                      fill_in(work, raw->stacks[i].role));
        resolve_access(work, &finding->stacks[i], &raw->stacks[i].access, i == 1);
    }
    resolve_held(work);
}

struct doc_finding *resolve_finding(struct resolver *resolver, const struct raw_finding *raw)
{
    struct doc_finding *finding = pool_alloc(resolver->pool, sizeof(*finding));
    struct work work = {.resolver = resolver,
                        .pool = resolver->pool,
                        .raw = raw,
                        .process = raw->process,
                        .finding = finding};
    finding->kind = raw->kind;
    finding->confidence_name = raw->confidence;
    finding->confidence = resolve_confidence(raw->confidence);
    finding->pid = raw->process->pid;
    finding->command = resolve_command(resolver->pool, raw->process);
    finding->count = raw->count;
    finding->processes = 1;
    finding->truncated = raw->truncated;
    resolve_parts(&work);
    finding->message = fill_in(&work, raw->message);
    finding->because = raw->because;
    resolve_race(&work);
    hints_add(resolver->pool, finding);
    fingerprint_set(resolver->pool, finding);
    return finding;
}
