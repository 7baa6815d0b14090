/* SPDX-License-Identifier: MIT */
/* Races made readable: what each side did, the memory it did it to, and why nothing orders the two. Called by resolve.c.
 *
 * Rule: what is said here follows from the record and the debug information; guesses belong nowhere. */
#include "resolve_inner.h"

#include <inttypes.h>
#include <string.h>

#include "paths.h"

#define OFFSET_MASK (((uint64_t)1 << RESOLVE_FRAME_BITS) - 1)

static const char *plural(uint64_t n) { return n == 1 ? "" : "s"; }

/* --- what the memory is ------------------------------------------------------------------------------------------- */

static void set_declared(struct work *work, struct doc_object *object, const struct sym_variable *variable)
{
    object->name = variable->name;
    object->function = variable->function;
    object->bit_fields = variable->bit_fields;
    object->is_static = variable->is_static;
    object->is_volatile = variable->is_volatile;
    object->is_atomic = variable->is_atomic;
    if (variable->file && variable->line) {
        object->declared = pool_printf(work->pool, "%s:%u", variable->file, variable->line);
        object->shown_declared = pool_printf(work->pool, "%s:%u", path_shown(work->pool, variable->file),
                                             variable->line);
    }
}

/* ", declared at file:line", or nothing. */
static const char *declared(struct work *work, const struct doc_object *object)
{
    return object->shown_declared ? pool_printf(work->pool, ", declared at %s", object->shown_declared) : "";
}

static const char *in_function(struct work *work, const struct doc_object *object)
{
    return object->function ? pool_printf(work->pool, " of %s", object->function) : "";
}

void resolve_name_by_place(struct work *work, struct doc_object *object, uint64_t place)
{
    struct sym_variable variable;
    uint64_t offset = place & OFFSET_MASK;
    const struct raw_module *module = process_module(work->process, (uint32_t)(place >> RESOLVE_FRAME_BITS));
    struct sym_binary *binary = resolve_binary(work, module);
    if (module && module->path && *module->path)
        object->place = pool_printf(work->pool, "%s+0x%" PRIx64, path_base(module->path), offset);
    if (binary && sym_variable(work->resolver->symbolizer, binary, offset, object->size, &variable))
        set_declared(work, object, &variable);
}

static void global(struct work *work, struct doc_object *object, uint64_t place)
{
    object->what = "global variable";
    resolve_name_by_place(work, object, place);
    if (object->is_static)
        object->what = "static variable";
    const char *at = object->place ? object->place : "a place in a module";
    if (object->name) {
        object->label = pool_printf(work->pool, "\"%s\"", object->name);
        object->where = pool_printf(work->pool, "%s is a %s%s%s", object->label, object->what, in_function(work, object),
                                    object->declared ? declared(work, object) : pool_printf(work->pool, ", at %s", at));
    } else {
        object->label = pool_printf(work->pool, "memory at %s", at);
        object->where = pool_printf(work->pool, "%" PRIu64 " byte%s at %s, for which there is no symbol", object->size,
                                    plural(object->size), at);
    }
}

static void thread_local_variable(struct work *work, struct doc_object *object, const struct raw_object *raw)
{
    struct sym_variable variable;
    const struct raw_module *module =
        process_module(work->process, (uint32_t)(raw->tls_place >> RESOLVE_FRAME_BITS));
    struct sym_binary *binary = resolve_binary(work, module);
    const char *owner = resolve_thread_label(work, (uint32_t)raw->tls_of);
    object->what = "thread-local variable";
    if (module && module->path && *module->path)
        object->place = pool_printf(work->pool, "%s, thread-local+0x%" PRIx64, path_base(module->path),
                                    raw->tls_place & OFFSET_MASK);
    if (binary && sym_thread_local(work->resolver->symbolizer, binary, raw->tls_place & OFFSET_MASK, object->size,
                                   &variable))
        set_declared(work, object, &variable);
    object->label = object->name ? pool_printf(work->pool, "\"%s\" of %s", object->name, owner)
                                 : pool_printf(work->pool, "thread-local storage of %s", owner);
    object->where = pool_printf(work->pool, "%s is a thread-local variable%s%s; this one is that of %s",
                                object->name ? pool_printf(work->pool, "\"%s\"", object->name) : "it",
                                in_function(work, object), declared(work, object), owner);
}

/* An access of the thread whose stack it is. The earlier one was in the same call only if that was made at the same place. */
static bool is_in_frame(const struct raw_object *raw, const struct raw_stack *access, bool earlier)
{
    uint64_t caller = access->count > 1 ? access->frames[1] : 0;
    return access->count && access->thread == raw->on_stack_of && (!earlier || caller == raw->stack_frame[2]);
}

/* A place in the code of the function whose frame it is; 0 unknown. The frame of a function that has made no call is that of
 * the access itself. */
static uint64_t place_of_frame(const struct work *work, const struct raw_object *raw)
{
    for (size_t i = 0; i < work->raw->stack_count && i < 2 && !raw->stack_frame[0]; i++)
        if (is_in_frame(raw, &work->raw->stacks[i], i > 0))
            return work->raw->stacks[i].frames[0];
    return raw->stack_frame[0];
}

static void local_variable(struct work *work, struct doc_object *object, const struct raw_object *raw)
{
    struct sym_variable variable = {0};
    uint64_t place = raw->stack_frame ? place_of_frame(work, raw) : 0;
    if (!place)
        return;
    const struct raw_module *module = process_module(work->process, (uint32_t)(place >> RESOLVE_FRAME_BITS));
    struct sym_binary *binary = resolve_binary(work, module);
    struct sym_frame frame = {place & OFFSET_MASK, raw->stack_frame[1]};
    if (binary &&
        sym_local(work->resolver->symbolizer, binary, &frame, raw->address, object->size, &variable))
        set_declared(work, object, &variable);
    object->function = variable.function;
}

static void on_stack(struct work *work, struct doc_object *object, const struct raw_object *raw)
{
    const char *owner = resolve_thread_label(work, (uint32_t)raw->on_stack_of);
    object->what = "local variable";
    object->on_stack_of = (uint32_t)raw->on_stack_of;
    local_variable(work, object, raw);
    object->label = object->name ? pool_printf(work->pool, "\"%s\"", object->name)
                                 : pool_printf(work->pool, "memory on the stack of %s", owner);
    if (object->name)
        object->where = pool_printf(work->pool, "%s is a local variable%s, on the stack of %s%s", object->label,
                                    in_function(work, object), owner, declared(work, object));
    else if (object->function)
        object->where = pool_printf(work->pool, "%" PRIu64 " byte%s in the frame of %s, on the stack of %s",
                                    object->size, plural(object->size), object->function, owner);
    else
        object->where = pool_printf(work->pool, "%" PRIu64 " byte%s on the stack of %s", object->size,
                                    plural(object->size), owner);
}

static const char *bytes_from(struct work *work, uint64_t offset, uint64_t size)
{
    if (size == 1)
        return pool_printf(work->pool, "byte %" PRIu64, offset);
    return pool_printf(work->pool, "bytes %" PRIu64 " to %" PRIu64, offset, offset + size - 1);
}

static void in_block(struct work *work, struct doc_object *object, const struct raw_block *block)
{
    struct raw_stack allocated = block->allocated;
    allocated.thread = block->thread;
    object->what = "heap block";
    object->offset = object->address - block->address;
    object->block_size = block->size;
    object->allocated_at = resolve_new_stack(work, &allocated, "allocated");
    const char *by = block->thread ? pool_printf(work->pool, ", allocated by %s", resolve_thread_label(work, block->thread))
                                   : "";
    bool whole = object->offset == 0 && object->size >= block->size;
    object->label =
        whole ? pool_printf(work->pool, "a heap block of %" PRIu64 " bytes", block->size)
              : pool_printf(work->pool, "%s of a heap block of %" PRIu64,
                            bytes_from(work, object->offset, object->size), block->size);
    object->where =
        whole ? pool_printf(work->pool, "all of a heap block of %" PRIu64 " bytes%s", block->size, by)
              : pool_printf(work->pool, "%" PRIu64 " byte%s, %" PRIu64 " bytes into a heap block of %" PRIu64 "%s",
                            object->size, plural(object->size), object->offset, block->size, by);
}

void resolve_memory(struct work *work, struct doc_object *object, const struct raw_object *raw)
{
    object->is_memory = true;
    if (raw->name) {
        bool descriptor = strncmp(raw->name, "descriptor ", strlen("descriptor ")) == 0;
        object->label = raw->name;
        object->what = descriptor ? "descriptor" : "state";
        object->name = descriptor ? NULL : raw->name;
    } else if (raw->place) {
        global(work, object, raw->place);
    } else if (raw->block.size) {
        in_block(work, object, &raw->block);
    } else if (raw->tls_of) {
        thread_local_variable(work, object, raw);
    } else if (raw->on_stack_of) {
        on_stack(work, object, raw);
    } else {
        object->label = pool_printf(work->pool, "memory at 0x%" PRIx64, object->address);
        object->where = pool_printf(work->pool, "%" PRIu64 " byte%s of mapped memory, in no module, stack or heap block",
                                    object->size, plural(object->size));
    }
}

/* The member that one side's line names. */
static const char *used_member(struct work *work, const struct doc_object *object, const struct doc_stack *stack,
                               const struct raw_stack *raw)
{
    if (!stack->source || stack->own >= stack->count || !raw->count || (stack->access.flags & (ACCESS_FREE | ACCESS_UNMAP)) ||
        stack->access.size > object->block_size || stack->access.size < object->size)
        return NULL;
    const struct doc_frame *frame = &stack->frames[stack->own];
    const struct raw_module *module = NULL;
    for (size_t i = 0; i < raw->count && !module; i++)
        if ((raw->frames[i] & OFFSET_MASK) == frame->offset)
            module = process_module(work->process, (uint32_t)(raw->frames[i] >> RESOLVE_FRAME_BITS));
    struct sym_binary *binary = resolve_binary(work, module);
    struct sym_use use = {frame->offset, stack->source, frame->function, stack->access.address - (object->address - object->offset),
                          stack->access.size, object->block_size};
    return binary && use.offset < use.block_size ? sym_used_member(work->resolver->symbolizer, binary, &use) : NULL;
}

/* What the bytes of a heap block are called, if both sides agree, or only one says it. */
static void name_in_block(struct work *work, struct doc_object *object)
{
    const char *names[2];
    if (!object->block_size)
        return;
    for (size_t i = 0; i < 2; i++)
        names[i] = used_member(work, object, &work->finding->stacks[i], &work->raw->stacks[i]);
    if (names[0] && names[1] && strcmp(names[0], names[1]) != 0)
        return;
    object->name = names[0] ? names[0] : names[1];
    if (!object->name)
        return;
    object->label = pool_printf(work->pool, "\"%s\"", object->name);
    object->where = pool_printf(work->pool, "%s is %s", object->label, object->where);
}

/* --- what was done ---------------------------------------------------------------------------------------------------- */

static const char *access_kind(uint32_t flags)
{
    bool reads = flags & ACCESS_READ, writes = flags & ACCESS_WRITE;
    if (flags & ACCESS_FREE)
        return "free";
    if (flags & ACCESS_UNMAP)
        return "unmap";
    if (flags & ACCESS_ATOMIC)
        return reads && writes ? "atomic read-modify-write" : writes ? "atomic write" : "atomic read";
    return reads && writes ? "read and write" : writes ? "write" : "read";
}

/* What a call does to a descriptor or to libc's own state; NULL: it touches memory. */
static const char *state_role(uint32_t flags)
{
    bool reads = flags & ACCESS_READ, writes = flags & ACCESS_WRITE;
    if (flags & (ACCESS_FREE | ACCESS_UNMAP))
        return NULL;
    if (flags & ACCESS_DESCRIPTOR)
        return !writes ? "use of the descriptor" : reads ? "making of the descriptor" : "closing of the descriptor";
    if (flags & ACCESS_STATIC)
        return writes ? "call that changes it" : "call that uses it";
    return NULL;
}

void resolve_access(struct work *work, struct doc_stack *stack, const struct raw_access *raw, bool earlier)
{
    if (!raw->flags)
        return;
    stack->access = (struct doc_access){raw->flags, access_kind(raw->flags), raw->address, raw->size};
    if (*stack->role)
        return;
    const char *when = earlier ? "earlier " : "", *role = state_role(raw->flags);
    if (role)
        stack->role = pool_printf(work->pool, "%s%s", when, role);
    else if (raw->flags & (ACCESS_FREE | ACCESS_UNMAP))
        stack->role = pool_printf(work->pool, "%s%s of the %s", when, stack->access.kind,
                                  raw->flags & ACCESS_FREE ? "block" : "memory");
    else
        stack->role = pool_printf(work->pool, "%s%s%s of %" PRIu64 " byte%s%s", when,
                                  raw->flags & ACCESS_VOLATILE ? "volatile " : "", stack->access.kind, raw->size,
                                  plural(raw->size), raw->flags & ACCESS_LIBC ? " by libc" : "");
}

/* "writes": for a sentence whose subject is the thread. */
static const char *verb(const struct doc_access *access, bool many)
{
    bool writes = access->flags & ACCESS_WRITE;
    if (access->flags & ACCESS_FREE)
        return many ? "free" : "frees";
    if (access->flags & ACCESS_UNMAP)
        return many ? "unmap" : "unmaps";
    if (access->flags & ACCESS_ATOMIC)
        return writes ? many ? "atomically write" : "atomically writes" : many ? "atomically read" : "atomically reads";
    return writes ? many ? "write" : "writes" : many ? "read" : "reads";
}

/* --- what orders them not ------------------------------------------------------------------------------------------------ */

static void reason(struct work *work, const char *text)
{
    struct doc_finding *finding = work->finding;
    finding->reasons = pool_grow(work->pool, finding->reasons, finding->reason_count, &finding->reason_capacity,
                                 sizeof(*finding->reasons));
    finding->reasons[finding->reason_count++] = text;
}

static const struct doc_held *held_by(const struct doc_finding *finding, uint32_t thread)
{
    for (size_t i = 0; i < finding->held_count; i++)
        if (finding->held[i].thread == thread)
            return &finding->held[i];
    return NULL;
}

static const struct doc_lock *lock_in(const struct doc_held *held, const struct doc_object *object)
{
    for (size_t i = 0; held && i < held->count; i++)
        if (held->locks[i].object == object)
            return &held->locks[i];
    return NULL;
}

static const char *taken(struct work *work, const struct doc_stack *stack)
{
    const char *place = resolve_own_place(work, stack);
    return place ? pool_printf(work->pool, " (taken at %s)", place) : "";
}

static const char *locks_of(struct work *work, const struct doc_held *held)
{
    const char *text = "";
    for (size_t i = 0; held && i < held->count; i++)
        text = pool_printf(work->pool, "%s%s%s%s%s", text, i ? ", " : "", held->locks[i].object->label,
                           held->locks[i].shared ? " as a reader" : "", taken(work, held->locks[i].acquired_at));
    return *text ? text : "no lock";
}

static void why_no_lock(struct work *work, const struct doc_stack *one, const struct doc_stack *other)
{
    if (one->thread > other->thread) {
        const struct doc_stack *swapped = one;
        one = other;
        other = swapped;
    }
    const struct doc_held *left = held_by(work->finding, one->thread), *right = held_by(work->finding, other->thread);
    const char *common = NULL;
    for (size_t i = 0; left && i < left->count; i++)
        if (lock_in(right, left->locks[i].object))
            common = left->locks[i].object->label;
    if (common)
        reason(work, pool_printf(work->pool, "both hold %s, but as readers: these do not exclude each other", common));
    if (!left && !right)
        reason(work, "neither thread held a lock");
    else
        reason(work, pool_printf(work->pool, "%s: %s held %s; %s held %s",
                                 common ? "locks" : "no lock in common", one->label, locks_of(work, left), other->label,
                                 locks_of(work, right)));
}

/* A thread that has created the other one is ordered before all that this one does, and after it once it has joined it. */
static void why_no_life(struct work *work, const struct doc_stack *parent, const struct doc_stack *child)
{
    const struct raw_thread *thread = process_thread(work->process, child->thread);
    if (thread && thread->creator == parent->thread)
        reason(work, pool_printf(work->pool, "%s did this after it had created %s and without having joined it", parent->label,
                                 child->label));
}

/* --- the sentence ----------------------------------------------------------------------------------------------------- */

/* What is freed is the whole block, whichever bytes of it the other side uses. */
static const char *touched(struct work *work, const struct doc_object *object, const struct doc_access *access)
{
    if ((access->flags & ACCESS_FREE) && object->block_size)
        return pool_printf(work->pool, "a heap block of %" PRIu64 " bytes", object->block_size);
    return object->label;
}

/* `one` is the side that changes something. */
static const char *sentence(struct work *work, const struct doc_stack *one, const struct doc_stack *other)
{
    static const struct doc_object unknown = {.label = "memory"};
    const struct doc_object *memory = work->finding->object_count ? &work->finding->objects[0] : &unknown;
    const char *object = touched(work, memory, &one->access);
    const char *first = verb(&one->access, false), *second = verb(&other->access, false);
    if (strcmp(first, second) == 0)
        return pool_printf(work->pool, "%s and %s both %s %s, and nothing orders the two",
                           one->thread < other->thread ? one->label : other->label,
                           one->thread < other->thread ? other->label : one->label, verb(&one->access, true), object);
    return pool_printf(work->pool, "%s %s %s, which %s %s, and nothing orders the two", one->label, first, object,
                       other->label, second);
}

bool resolve_race(struct work *work)
{
    struct doc_finding *finding = work->finding;
    if (finding->stack_count < 2 || !finding->stacks[0].access.flags || !finding->stacks[1].access.flags)
        return false;
    const struct doc_stack *one = &finding->stacks[0], *other = &finding->stacks[1];
    if (finding->object_count)
        name_in_block(work, &finding->objects[0]);
    /* Who writes or frees comes first in the sentence. */
    bool swap = !(one->access.flags & (ACCESS_WRITE | ACCESS_FREE | ACCESS_UNMAP)) ||
                (other->access.flags & (ACCESS_FREE | ACCESS_UNMAP));
    bool is_stream = finding->object_count && finding->objects[0].block_size && strcmp(finding->kind, "libc-race") == 0;
    if (!*work->raw->message || is_stream || strcmp(finding->kind, "race") == 0 || strcmp(finding->kind, "free-race") == 0)
        finding->message = swap ? sentence(work, other, one) : sentence(work, one, other);
    if ((one->access.flags & other->access.flags & ACCESS_STATIC) && finding->object_count)
        finding->objects[0].where = "state that libc keeps for the whole process";
    why_no_lock(work, one, other);
    why_no_life(work, one, other);
    why_no_life(work, other, one);
    return true;
}
