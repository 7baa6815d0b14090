/* SPDX-License-Identifier: MIT */
/* The report for people: one block per finding, 80 columns, colours where wanted. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "kinds.h"
#include "output.h"

#define MOST_FRAMES 24
#define MOST_FURTHER 8
#define WIDEST_NAME 40 /* columns of a function with the arguments of its templates */
#define LONGEST_NAME 512
#define DOTS 3 /* columns of what stands for a part that is left out */
#define DETAIL 2 /* columns that parts of a finding are indented by */

enum style { PLAIN, BOLD, RED, YELLOW, BLUE, DIM };

static void style(struct output *output, enum style style)
{
    static const char *const codes[] = {[PLAIN] = "\033[0m",    [BOLD] = "\033[1m",
                                        [RED] = "\033[1;31m",   [YELLOW] = "\033[1;33m",
                                        [BLUE] = "\033[1;34m",  [DIM] = "\033[2m"};
    if (output->color)
        fputs(codes[style], output->file);
}

/* Names come from the program: no control character of theirs reaches the terminal. */
static void put(struct output *output, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        fputc(c < ' ' || c == 127 ? '?' : c, output->file);
    }
}

static char *format(const char *pattern, va_list args)
{
    char *text = NULL;
    return vasprintf(&text, pattern, args) < 0 ? NULL : text;
}

/* One line without wrapping. */
__attribute__((format(printf, 3, 4))) static void line(struct output *output, int indent,
                                                       const char *pattern, ...)
{
    va_list args;
    va_start(args, pattern);
    char *text = format(pattern, args);
    va_end(args);
    fprintf(output->file, "%*s", indent, "");
    if (text)
        put(output, text, strlen(text));
    fputc('\n', output->file);
    free(text);
}

/* Columns of n bytes of UTF-8. */
static size_t columns(const char *text, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

/* Words, broken at the output's width; `used` columns of the first line are taken, the others start
 * at `indent`. */
static void wrap(struct output *output, size_t used, size_t indent, const char *text)
{
    bool first = true;
    while (*text) {
        size_t n = strcspn(text, " "), wide = columns(text, n);
        if (!first && used + 1 + wide > output->width) {
            fprintf(output->file, "\n%*s", (int)indent, "");
            used = indent;
        } else if (!first) {
            fputc(' ', output->file);
            used++;
        }
        put(output, text, n);
        used += wide;
        text += n + (text[n] == ' ');
        first = false;
    }
    fputc('\n', output->file);
}

__attribute__((format(printf, 3, 4))) static void paragraph(struct output *output, int indent,
                                                            const char *pattern, ...)
{
    va_list args;
    va_start(args, pattern);
    char *text = format(pattern, args);
    va_end(args);
    fprintf(output->file, "%*s", indent, "");
    wrap(output, (size_t)indent, (size_t)indent + DETAIL, text ? text : "");
    free(text);
}

/* --- stacks ------------------------------------------------------------------------------------------- */

/* Where the arguments of a template begin: not the < of an operator. */
static bool begins_arguments(const char *name, const char *at)
{
    static const char word[] = "operator";
    while (at > name && (at[-1] == '<' || at[-1] == '-'))
        at--;
    return !((size_t)(at - name) >= sizeof(word) - 1 && memcmp(at - (sizeof(word) - 1), word, sizeof(word) - 1) == 0);
}

/* std::map<int, int, std::less<int>>::find as std::map<...>::find. */
static void without_arguments(const char *name, char *out, size_t size)
{
    size_t used = 0;
    int depth = 0;
    for (const char *at = name; *at && used + sizeof("<...>") < size; at++) {
        bool opens = *at == '<' && (depth > 0 || begins_arguments(name, at));
        if (opens && depth++ == 0)
            used += (size_t)sprintf(out + used, "<...");
        else if (*at == '>' && depth > 0 && at[-1] != '-')
            depth--;
        if (depth == 0)
            out[used++] = *at;
    }
    out[used] = '\0';
}

static void frame_line(struct output *output, size_t number, const struct doc_frame *frame)
{
    char name[LONGEST_NAME];
    const char *inlined = frame->inlined ? " (inlined)" : "", *function = frame->function;
    if (function && columns(function, strlen(function)) > WIDEST_NAME) {
        without_arguments(function, name, sizeof(name));
        function = name;
    }
    if (frame->shown_file)
        line(output, 2 * DETAIL, "#%zu %s %s:%u%s", number, function ? function : "??",
             frame->shown_file, frame->line, inlined);
    else if (function)
        line(output, 2 * DETAIL, "#%zu %s in %s%s", number, function,
             frame->shown_module ? frame->shown_module : "??", inlined);
    else if (frame->shown_module)
        line(output, 2 * DETAIL, "#%zu %s+0x%" PRIx64, number, frame->shown_module, frame->offset);
    else
        line(output, 2 * DETAIL, "#%zu 0x%" PRIx64, number, frame->offset);
}

/* How much of a line is left out in front, so that the column can be seen, and some text on both sides of it. */
static size_t left_out(const char *source, size_t column, size_t room)
{
    size_t n = strlen(source), begin = column < room - DOTS ? 0 : column - room / 2;
    if (begin && n - begin < room - DOTS)
        begin = n - (room - DOTS);
    while (begin && ((unsigned char)source[begin] & 0xc0) == 0x80)
        begin--;
    return begin;
}

/* Cut rather than wrapped: its columns matter. */
static void source_line(struct output *output, unsigned number, const struct doc_stack *stack)
{
    enum { BEFORE = 2 * DETAIL + 10 }; /* columns of indentation and line number */
    size_t room = output->width - BEFORE, n = strlen(stack->source), begin = 0, shown = n;
    if (n > room) {
        begin = left_out(stack->source, stack->column, room);
        shown = room - (begin ? DOTS : 0);
        shown = n - begin <= shown ? n - begin : shown - DOTS;
    }
    style(output, DIM);
    line(output, 2 * DETAIL, "%7u | %s%.*s%s", number, begin ? "..." : "", (int)shown, stack->source + begin,
         begin + shown < n ? "..." : "");
    style(output, PLAIN);
}

static void stack_lines(struct output *output, const struct doc_stack *stack)
{
    size_t shown = stack->shown < MOST_FRAMES ? stack->shown : MOST_FRAMES;
    for (size_t i = 0; i < shown; i++) {
        frame_line(output, i, &stack->frames[i]);
        if (i == stack->own && stack->source)
            source_line(output, stack->frames[i].line, stack);
    }
    if (shown < stack->shown)
        line(output, 2 * DETAIL, "... %zu more frames", stack->shown - shown);
    if (!stack->count)
        line(output, 2 * DETAIL, "(no stack)");
}

static void stack_part(struct output *output, const struct doc_stack *stack)
{
    style(output, BOLD);
    if (stack->label && *stack->role)
        paragraph(output, DETAIL, "%s: %s", stack->label, stack->role);
    else
        paragraph(output, DETAIL, "%s", stack->label ? stack->label : stack->role);
    style(output, PLAIN);
    stack_lines(output, stack);
}

/* --- details ------------------------------------------------------------------------------------------ */

/* " at file:line in function" of the program's own code on the stack. */
static void own_place(const struct doc_stack *stack, char *text, size_t size)
{
    *text = 0;
    if (!stack || stack->own >= stack->count)
        return;
    const struct doc_frame *frame = &stack->frames[stack->own];
    if (frame->shown_file)
        snprintf(text, size, " at %s:%u", frame->shown_file, frame->line);
    else if (frame->function)
        snprintf(text, size, " in %s", frame->function);
}

static void held_part(struct output *output, const struct doc_held *held)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return;
    for (size_t i = 0; i < held->count; i++) {
        char place[256];
        own_place(held->locks[i].acquired_at, place, sizeof(place));
        fprintf(out, "%s%s%s%s%s%s", i ? ", " : "", held->locks[i].object->label,
                held->locks[i].shared ? " (shared)" : "", *place ? " (taken" : "", place,
                *place ? ")" : "");
    }
    fclose(out);
    paragraph(output, DETAIL, "%s holds %s", held->label, text);
    free(text);
}

/* For people: in the same line, if lines are known. */
static bool same_place(const struct doc_frame *one, const struct doc_frame *other)
{
    if (one->module != other->module || one->line != other->line)
        return false;
    return one->line ? strcmp(one->file, other->file) == 0 : one->offset == other->offset;
}

static bool same_creation(const struct doc_thread *one, const struct doc_thread *other)
{
    const struct doc_stack *left = one->created_at, *right = other->created_at;
    if (!left || !right || left->count != right->count || !one->creator || !other->creator ||
        strcmp(one->creator, other->creator) != 0)
        return false;
    for (size_t i = 0; i < left->count; i++)
        if (!same_place(&left->frames[i], &right->frames[i]))
            return false;
    return true;
}

/* Of the thread and those created with it, the one with the next number; NULL: there is none. */
static const struct doc_thread *next_created(const struct doc_finding *finding, const struct doc_thread *thread, uint32_t after)
{
    const struct doc_thread *next = NULL;
    for (size_t i = 0; i < finding->thread_count; i++) {
        const struct doc_thread *candidate = &finding->threads[i];
        if (candidate->id > after && (!next || candidate->id < next->id) &&
            (candidate == thread || same_creation(thread, candidate)))
            next = candidate;
    }
    return next;
}

/* Where the thread was created, and with it those further down the list that were created there too. */
static void thread_part(struct output *output, const struct doc_finding *finding, size_t index)
{
    const struct doc_thread *thread = &finding->threads[index];
    char *labels = NULL;
    size_t size, together = 0;
    for (size_t i = 0; i < index; i++)
        if (same_creation(&finding->threads[i], thread))
            return; /* told with that one */
    FILE *out = thread->created_at ? open_memstream(&labels, &size) : NULL;
    if (!out)
        return;
    const struct doc_thread *next = NULL;
    for (uint32_t after = 0; (next = next_created(finding, thread, after)); after = next->id)
        fprintf(out, "%s%s", together++ ? ", " : "", next->label);
    fclose(out);
    style(output, BOLD);
    paragraph(output, DETAIL, "%s %s created%s%s", labels, together > 1 ? "were" : "was", thread->creator ? " by " : "",
              thread->creator ? thread->creator : "");
    style(output, PLAIN);
    stack_lines(output, thread->created_at);
    free(labels);
}

static void memory_part(struct output *output, const struct doc_object *object)
{
    if (!object->where)
        return;
    if (!object->allocated_at) {
        paragraph(output, DETAIL, "%s", object->where);
        return;
    }
    style(output, BOLD);
    paragraph(output, DETAIL, "%s", object->where);
    style(output, PLAIN);
    stack_lines(output, object->allocated_at);
}

static void object_part(struct output *output, const struct doc_object *object)
{
    if (object->is_memory) {
        memory_part(output, object);
        return;
    }
    const char *how = object->by_first_use ? "was first used" : "was created";
    if (object->shown_declared) {
        paragraph(output, DETAIL, "%s is declared at %s", object->label, object->shown_declared);
    } else if (object->allocated_at) {
        style(output, BOLD);
        paragraph(output, DETAIL, "%s 0x%" PRIx64 " %s", object->what, object->address, how);
        style(output, PLAIN);
        stack_lines(output, object->allocated_at);
    }
}

/* The same code did the same to other objects. */
static void further_part(struct output *output, const struct doc_finding *finding)
{
    char *text = NULL;
    size_t size, shown = finding->further_count < MOST_FURTHER ? finding->further_count : MOST_FURTHER;
    FILE *out = shown ? open_memstream(&text, &size) : NULL;
    if (!out)
        return;
    for (size_t i = 0; i < shown; i++)
        fprintf(out, "%s%s", i ? ", " : "", finding->further[i].label);
    if (shown < finding->further_count)
        fprintf(out, " and %zu more", finding->further_count - shown);
    fclose(out);
    paragraph(output, DETAIL, "the same with %s", text);
    free(text);
}

static void headline(struct output *output, const struct doc_finding *finding)
{
    char start[64];
    snprintf(start, sizeof(start), "%.30s (%.20s):", finding->kind, finding->confidence_name);
    fputs("\ndetect: ", output->file);
    style(output, finding->confidence == CONFIDENCE_CERTAIN     ? RED
                  : finding->confidence == CONFIDENCE_PREDICTED ? YELLOW
                                                                : BLUE);
    put(output, start, strlen(start));
    style(output, PLAIN);
    style(output, BOLD);
    fputc(' ', output->file);
    wrap(output, sizeof("detect: ") + strlen(start), 2 * DETAIL, finding->message);
    style(output, PLAIN);
    if (finding->because)
        paragraph(output, DETAIL, "%s: %s", finding->confidence_name, finding->because);
    if (finding->elsewhere)
        paragraph(output, DETAIL, "in process %" PRIu64 ": %s", finding->pid, finding->command);
    if (finding->processes > 1)
        paragraph(output, DETAIL, "seen %" PRIu64 " times, in %" PRIu64 " processes", finding->count,
                  finding->processes);
    else if (finding->count > 1)
        paragraph(output, DETAIL, "seen %" PRIu64 " times", finding->count);
}

/* Findings that do not count stand apart. */
static void section(struct output *output, const struct doc_finding *finding)
{
    if ((int)finding->confidence == output->section)
        return;
    output->section = (int)finding->confidence;
    if (finding->confidence == CONFIDENCE_POSSIBLE)
        fputs("\nPossible, on an assumption that the binary cannot prove:\n", output->file);
    else if (finding->confidence == CONFIDENCE_NOTE)
        fputs("\nNotes, on what is allowed:\n", output->file);
}

static void print_finding(struct output *output, const struct doc_finding *finding)
{
    section(output, finding);
    headline(output, finding);
    for (size_t i = 0; i < finding->stack_count; i++)
        stack_part(output, &finding->stacks[i]);
    for (size_t i = 0; i < finding->reason_count; i++)
        paragraph(output, DETAIL, "%s", finding->reasons[i]);
    for (size_t i = 0; i < finding->held_count && !finding->reason_count; i++)
        held_part(output, &finding->held[i]);
    for (size_t i = 0; i < finding->thread_count; i++)
        thread_part(output, finding, i);
    for (size_t i = 0; i < finding->object_count; i++)
        object_part(output, &finding->objects[i]);
    further_part(output, finding);
    if (finding->truncated)
        paragraph(output, DETAIL, "%" PRIu64 " more entries are left out", finding->truncated);
    for (size_t i = 0; i < finding->hint_count; i++)
        paragraph(output, DETAIL, "hint: %s", finding->hints[i]);
    if (finding->suppression)
        line(output, DETAIL, "suppression: %s", finding->suppression);
    fflush(output->file);
}

/* --- the end ------------------------------------------------------------------------------------------ */

static const char *plural(uint64_t n) { return n == 1 ? "" : "s"; }

/* "2 findings (1 certain, 1 predicted)" or "nothing found". */
static void found(FILE *out, const struct document *document)
{
    static const char *const names[] = {"certain", "predicted", "possible"};
    size_t total = 0;
    for (size_t i = 0; i < CONFIDENCE_NOTE; i++)
        total += document->by_confidence[i];
    if (total == 0)
        fputs("nothing found", out);
    else
        fprintf(out, "%zu finding%s", total, plural(total));
    const char *separator = " (";
    for (size_t i = 0; i < CONFIDENCE_NOTE; i++)
        if (document->by_confidence[i]) {
            fprintf(out, "%s%zu %s", separator, document->by_confidence[i], names[i]);
            separator = ", ";
        }
    fputs(total ? ")" : "", out);
    if (document->suppressed)
        fprintf(out, ", %" PRIu64 " suppressed", document->suppressed);
    if (document->notes_hidden)
        fprintf(out, ", %" PRIu64 " note%s (--notes)", document->notes_hidden,
                plural(document->notes_hidden));
}

/* "5 threads, 12 locks, 31 lock orders seen in 1 process": what makes "nothing found" believable. */
static void seen(FILE *out, const struct document *document)
{
    uint64_t threads = document_stat(document, "threads_seen");
    uint64_t locks = document_stat(document, "locks_seen");
    uint64_t orders = document_stat(document, "lock_orders");
    if (threads)
        fprintf(out, "; %" PRIu64 " thread%s, %" PRIu64 " lock%s, %" PRIu64 " lock order%s seen", threads,
                plural(threads), locks, plural(locks), orders, plural(orders));
    else
        fputs("; threads and locks were not counted", out); /* every process has a thread */
    fprintf(out, " in %zu process%s", document->processes, document->processes == 1 ? "" : "es");
}

static void summary(struct output *output, const struct document *document)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return;
    fputs("detect: ", out);
    if (document->processes == 0)
        fputs("no process was watched", out);
    else
        found(out, document);
    if (document->processes)
        seen(out, document);
    fclose(out);
    style(output, BOLD);
    wrap(output, 0, 2 * DETAIL, text);
    style(output, PLAIN);
    free(text);
}

static void print_atomics(struct output *output, const struct document *document)
{
    for (size_t i = 0; i < document->atomic_count; i++) {
        const struct doc_atomic *atomic = &document->atomics[i];
        const char *function = atomic->function ? atomic->function : "?";
        if (atomic->shown_file)
            fprintf(output->file, "detect: %s: %s in %s %s:%u\n", atomic->rule, atomic->what, function, atomic->shown_file,
                    atomic->line);
        else
            fprintf(output->file, "detect: %s: %s in %s %s+0x%" PRIx64 "\n", atomic->rule, atomic->what, function,
                    atomic->module ? atomic->module : "?", atomic->offset);
    }
}

static void print_limits(struct output *output, const struct document *document)
{
    for (size_t i = 0; i < document->limit_count; i++) {
        const struct doc_limit *limit = &document->limits[i];
        if (limit->count > 1)
            paragraph(output, 0, "detect: limit: %s (%s, %" PRIu64 " times)", limit->text, limit->code,
                      limit->count);
        else
            paragraph(output, 0, "detect: limit: %s (%s)", limit->text, limit->code);
    }
}

static void finish(struct output *output, const struct document *document, bool quiet)
{
    if (quiet && document->count == 0)
        return;
    if (document->count)
        fputc('\n', output->file);
    for (size_t i = 0; i < document->unused_count; i++)
        paragraph(output, 0, "detect: suppression never used: %s", document->unused_suppressions[i]);
    print_atomics(output, document);
    print_limits(output, document);
    summary(output, document);
}

/* --- kinds -------------------------------------------------------------------------------------------- */

static void explain(struct output *output, const struct kind_info *kind)
{
    style(output, BOLD);
    line(output, 0, "%s", kind->name);
    style(output, PLAIN);
    paragraph(output, DETAIL, "%s.", kind->line);
    fputc('\n', output->file);
    fprintf(output->file, "%*s", DETAIL, "");
    wrap(output, DETAIL, DETAIL, kind->text);
    fputc('\n', output->file);
    paragraph(output, DETAIL, "hint: %s", kind->hint);
}

static void kinds(struct output *output, const char *only)
{
    int group = -1;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        const struct kind_info *kind = &kind_table[i];
        if (only) {
            if (strcmp(only, kind->name) == 0)
                explain(output, kind);
            continue;
        }
        if (group != (int)kind->group)
            line(output, 0, "%s:", group_name(kind->group));
        group = (int)kind->group;
        fprintf(output->file, "  %-24s", kind->name);
        wrap(output, 26, 28, kind->line);
    }
}

const struct output_format output_text = {.finding = print_finding, .finish = finish, .kinds = kinds};
