/* SPDX-License-Identifier: MIT */
/* See fingerprint.h. Each stack and each object gives a word; the words are sorted, because which thread
 * of a cycle comes first depends on the schedule. */
#include "fingerprint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FNV_OFFSET 0xcbf29ce484222325u /* FNV-1a, 64 bits (Fowler, Noll, Vo) */
#define FNV_PRIME 0x100000001b3u

static uint64_t add_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * FNV_PRIME;
    return (hash ^ 0xff) * FNV_PRIME; /* ends the word */
}

static const struct doc_frame *own_frame(const struct doc_stack *stack)
{
    if (!stack || !stack->count)
        return NULL;
    return &stack->frames[stack->own < stack->count ? stack->own : 0];
}

/* A function without a name is known by its place in its module, which moves only with a new build. */
static const char *function_word(struct pool *pool, const struct doc_stack *stack)
{
    const struct doc_frame *frame = own_frame(stack);
    if (!frame)
        return "?";
    if (frame->function)
        return frame->function;
    return frame->shown_module
               ? pool_printf(pool, "%s+%" PRIx64, frame->shown_module, frame->offset)
               : "?";
}

/* Which element of an array is met first differs from run to run. */
static const char *without_indices(struct pool *pool, const char *name)
{
    char *text = pool_text(pool, name, strlen(name)), *out = text;
    for (const char *in = name; (*out = *in); out++)
        in += 1 + (*in == '[' ? strspn(in + 1, "0123456789") : 0);
    return text;
}

/* An object without a name is known by its place in a module, or by the function that made it. */
static const char *object_word(struct pool *pool, const struct doc_object *object)
{
    const char *name = object->name    ? object->name
                       : object->place ? object->place
                                       : function_word(pool, object->allocated_at);
    return pool_printf(pool, "%s %s", object->what, object->is_memory ? without_indices(pool, name) : name);
}

/* Where the source is known, its place counts: one line can become several instructions (unrolled loops, inlined functions). */
static const char *frame_word(struct pool *pool, const struct doc_frame *frame, bool with_column)
{
    const char *module = frame->shown_module ? frame->shown_module : "";
    if (frame->line && with_column)
        return pool_printf(pool, "%s %s:%u:%u", module, frame->file, frame->line, frame->column);
    if (frame->line)
        return pool_printf(pool, "%s %s:%u", module, frame->file, frame->line);
    return pool_printf(pool, "%s+%" PRIx64, module, frame->module ? frame->offset : 0);
}

/* One free against several uses in one function is one mistake. */
static bool is_free(const struct doc_access *access) { return access->flags & (ACCESS_FREE | ACCESS_UNMAP); }

static bool has_free(const struct doc_finding *finding)
{
    return finding->stack_count >= 2 && (is_free(&finding->stacks[0].access) || is_free(&finding->stacks[1].access));
}

/* Of an access what counts is its line in the program's own code, whoever has called there: "x++" reads and writes, and so may
 * several functions of a library that it uses. */
static const char *line_word(struct pool *pool, const struct doc_stack *stack)
{
    const char *word = "";
    if (stack->access.kind && stack->own < stack->count)
        return frame_word(pool, &stack->frames[stack->own], false);
    for (size_t i = 0; i < stack->count; i++)
        word = pool_printf(pool, "%s %s", word, frame_word(pool, &stack->frames[i], true));
    return word;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static uint64_t add_words(uint64_t hash, const char **words, size_t count)
{
    qsort(words, count, sizeof(*words), compare);
    for (size_t i = 0; i < count; i++)
        hash = add_text(hash, words[i]);
    return hash;
}

static bool has_frames(const struct doc_finding *finding)
{
    for (size_t i = 0; i < finding->stack_count; i++)
        if (finding->stacks[i].count > 0)
            return true;
    return false;
}

/* Whether an access lies in a library's function that the program's own code uses. */
static bool is_inside(const struct doc_finding *finding)
{
    for (size_t i = 0; i < finding->stack_count; i++)
        if (finding->stacks[i].access.kind && finding->stacks[i].own > 0 &&
            finding->stacks[i].own < finding->stacks[i].count)
            return true;
    return false;
}

/* One use of a map touches many of its nodes, and one free ends all that is in a block. */
static const char *kind_of_object(struct pool *pool, const struct doc_finding *finding, const struct doc_object *object)
{
    if (!object->is_memory)
        return object->what;
    if (is_inside(finding) || has_free(finding))
        return "";
    return object->name ? without_indices(pool, object->name) : object->what;
}

/* Which locks the sides of a race happened to hold makes no other race of it: the memory comes first. */
static size_t identifying(const struct doc_finding *finding)
{
    return finding->object_count && finding->objects[0].is_memory ? 1 : finding->object_count;
}

void fingerprint_set(struct pool *pool, struct doc_finding *finding)
{
    const char **functions = pool_alloc(pool, (finding->stack_count + 1) * sizeof(*functions));
    const char **lines = pool_alloc(pool, (finding->stack_count + 1) * sizeof(*lines));
    const char **objects = pool_alloc(pool, (finding->object_count + 1) * sizeof(*objects));
    for (size_t i = 0; i < finding->stack_count; i++) {
        functions[i] = function_word(pool, &finding->stacks[i]);
        lines[i] = has_free(finding) && !is_free(&finding->stacks[i].access) ? functions[i]
                                                                             : line_word(pool, &finding->stacks[i]);
    }
    size_t count = identifying(finding);
    for (size_t i = 0; i < count; i++)
        objects[i] = object_word(pool, &finding->objects[i]);
    uint64_t hash = add_text(FNV_OFFSET, finding->kind);
    hash = add_words(hash, functions, finding->stack_count);
    hash = add_words(hash, objects, count);
    snprintf(finding->fingerprint, sizeof(finding->fingerprint), "%016" PRIx64, hash);
    /* The same code with other objects of the same kinds, elements of an array for one, makes the same mistake again. */
    for (size_t i = 0; i < count && has_frames(finding); i++)
        objects[i] = kind_of_object(pool, finding, &finding->objects[i]);
    hash = add_words(add_text(FNV_OFFSET, finding->kind), objects, count);
    finding->identity = add_words(hash, lines, finding->stack_count);
}
