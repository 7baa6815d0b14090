/* SPDX-License-Identifier: MIT */
/* The report as one JSON document. Every key is always there; what is not known is null. The keys and
 * their meaning are in docs/man/detect-report.1 and do not change. */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "kinds.h"
#include "output.h"

#define DOCUMENT_VERSION 1

/* Bytes of a well-formed UTF-8 sequence at `text`, 0 if there is none (RFC 3629). */
static size_t utf8_length(const unsigned char *text)
{
    size_t n = text[0] < 0x80 ? 1 : text[0] >= 0xc2 && text[0] < 0xe0 ? 2
               : text[0] >= 0xe0 && text[0] < 0xf0                    ? 3
               : text[0] >= 0xf0 && text[0] < 0xf5                    ? 4
                                                                      : 0;
    for (size_t i = 1; i < n; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
        (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
        return 0;
    return n;
}

/* Names of files and arguments are bytes: what is not UTF-8 becomes U+FFFD. */
static json_t *text_or_null(const char *text)
{
    if (!text)
        return json_null();
    json_t *plain = json_string(text);
    if (plain)
        return plain;
    char *mended = NULL;
    size_t size;
    FILE *out = open_memstream(&mended, &size);
    if (!out)
        return json_null();
    while (*text) {
        size_t n = utf8_length((const unsigned char *)text);
        fwrite(n ? text : "\xef\xbf\xbd", 1, n ? n : 3, out);
        text += n ? n : 1;
    }
    fclose(out);
    json_t *result = json_string(mended);
    free(mended);
    return result ? result : json_null();
}

static json_t *number(uint64_t value) { return json_integer((json_int_t)value); }
static json_t *number_or_null(uint64_t value) { return value ? number(value) : json_null(); }

static json_t *frame_json(const struct doc_frame *frame)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "function", text_or_null(frame->function),
                     "file", text_or_null(frame->file), "line", number_or_null(frame->line), "column",
                     number_or_null(frame->column), "module", text_or_null(frame->module), "offset",
                     number(frame->offset), "inlined", (int)frame->inlined);
}

static json_t *access_json(const struct doc_access *access)
{
    if (!access->kind)
        return json_null();
    return json_pack("{s:s, s:o, s:o}", "kind", access->kind, "address", number(access->address), "size",
                     number(access->size));
}

static json_t *texts_json(const char *const *texts, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, text_or_null(texts[i]));
    return list;
}

static json_t *stack_json(const struct doc_stack *stack)
{
    if (!stack)
        return json_null();
    json_t *frames = json_array();
    for (size_t i = 0; i < stack->count; i++)
        json_array_append_new(frames, frame_json(&stack->frames[i]));
    return json_pack("{s:o, s:o, s:o, s:o}", "role", text_or_null(stack->role), "thread",
                     number_or_null(stack->thread), "frames", frames, "access", access_json(&stack->access));
}

static json_t *thread_json(const struct doc_thread *thread)
{
    return json_pack("{s:o, s:o, s:o}", "id", number(thread->id), "name", text_or_null(thread->name),
                     "created_at", stack_json(thread->created_at));
}

static json_t *object_json(const struct doc_object *object)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "what", text_or_null(object->what), "name",
                     text_or_null(object->name), "address", number(object->address), "size",
                     number_or_null(object->size), "declared", text_or_null(object->declared),
                     "allocated_at", stack_json(object->allocated_at), "where", text_or_null(object->where));
}

static json_t *lock_json(const struct doc_lock *lock)
{
    return json_pack("{s:o, s:o, s:o, s:s, s:o}", "what", text_or_null(lock->object->what), "name",
                     text_or_null(lock->object->name), "address", number(lock->object->address),
                     "mode", lock->shared ? "shared" : "exclusive", "acquired_at",
                     stack_json(lock->acquired_at));
}

static json_t *held_json(const struct doc_held *held)
{
    json_t *locks = json_array();
    for (size_t i = 0; i < held->count; i++)
        json_array_append_new(locks, lock_json(&held->locks[i]));
    return json_pack("{s:o, s:o}", "thread", number(held->thread), "locks", locks);
}

static json_t *finding_json(const struct doc_finding *finding)
{
    json_t *threads = json_array(), *stacks = json_array(), *objects = json_array();
    json_t *held = json_array(), *further = json_array();
    for (size_t i = 0; i < finding->further_count; i++)
        json_array_append_new(further, object_json(&finding->further[i]));
    for (size_t i = 0; i < finding->thread_count; i++)
        json_array_append_new(threads, thread_json(&finding->threads[i]));
    for (size_t i = 0; i < finding->stack_count; i++)
        json_array_append_new(stacks, stack_json(&finding->stacks[i]));
    for (size_t i = 0; i < finding->object_count; i++)
        json_array_append_new(objects, object_json(&finding->objects[i]));
    for (size_t i = 0; i < finding->held_count; i++)
        json_array_append_new(held, held_json(&finding->held[i]));
    json_t *result = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "kind", text_or_null(finding->kind),
        "confidence", text_or_null(finding->confidence_name), "message",
        text_or_null(finding->message), "pid", number(finding->pid), "command",
        text_or_null(finding->command), "count", number(finding->count), "fingerprint",
        finding->fingerprint, "threads", threads, "stacks", stacks, "objects", objects, "locks_held",
        held, "further_objects", further, "because", text_or_null(finding->because), "reasons",
        texts_json(finding->reasons, finding->reason_count), "hints", texts_json(finding->hints, finding->hint_count));
    if (finding->suppression)
        json_object_set_new(result, "suppression", text_or_null(finding->suppression));
    return result;
}

static json_t *atomics_json(const struct document *document)
{
    json_t *atomics = json_array();
    for (size_t i = 0; i < document->atomic_count; i++) {
        const struct doc_atomic *atomic = &document->atomics[i];
        json_array_append_new(atomics, json_pack("{s:s, s:s, s:o, s:o, s:i, s:o, s:o}", "rule", atomic->rule, "what",
                                                 atomic->what, "function", text_or_null(atomic->function), "file",
                                                 text_or_null(atomic->file), "line", (int)atomic->line, "module",
                                                 text_or_null(atomic->module), "offset", number(atomic->offset)));
    }
    return atomics;
}

static json_t *limits_json(const struct document *document)
{
    json_t *limits = json_array();
    for (size_t i = 0; i < document->limit_count; i++) {
        const struct doc_limit *limit = &document->limits[i];
        json_array_append_new(limits, json_pack("{s:o, s:o, s:o}", "code", text_or_null(limit->code),
                                                "text", text_or_null(limit->text), "count",
                                                number(limit->count)));
    }
    return limits;
}

static void write_json(struct output *output, json_t *root)
{
    /* A failure to write stays with the stream, and output_close() tells of it. */
    json_dumpf(root, output->file, JSON_INDENT(1));
    fputc('\n', output->file);
    json_decref(root);
}

static void finish(struct output *output, const struct document *document, bool quiet)
{
    (void)quiet; /* a reader of JSON expects a document */
    json_t *args = json_array(), *findings = json_array(), *stats = json_object();
    for (size_t i = 0; i < document->arg_count; i++)
        json_array_append_new(args, text_or_null(document->args[i]));
    for (size_t i = 0; i < document->count; i++)
        json_array_append_new(findings, finding_json(document->findings[i]));
    for (size_t i = 0; i < document->stat_count; i++)
        json_object_set_new(stats, document->stats[i].name, number(document->stats[i].value));
    json_t *whole =
        json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "version", DOCUMENT_VERSION, "program",
                         text_or_null(document->program), "args", args, "status",
                         document->has_status ? json_integer(document->status) : json_null(),
                         "findings", findings, "limits", limits_json(document), "stats", stats);
    if (document->atomic_count)
        json_object_set_new(whole, "atomics", atomics_json(document));
    write_json(output, whole);
}

static void kinds(struct output *output, const char *only)
{
    json_t *list = json_array();
    for (size_t i = 0; i < KIND_COUNT; i++) {
        const struct kind_info *kind = &kind_table[i];
        if (only && strcmp(only, kind->name) != 0)
            continue;
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "kind", kind->name, "group",
                                              group_name(kind->group), "summary", kind->line,
                                              "explanation", kind->text, "hint", kind->hint));
    }
    write_json(output, list);
}

const struct output_format output_json = {.finding = NULL, .finish = finish, .kinds = kinds};
