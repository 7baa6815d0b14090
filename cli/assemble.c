/* SPDX-License-Identifier: MIT */
/* See assemble.h. */
#include "assemble.h"

#include "places.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "paths.h"
#include "say.h"

void assemble_init(struct assembly *assembly, struct pool *pool, struct model *model,
                   struct inputs *inputs, const struct options *options,
                   struct suppressions *suppressions)
{
    *assembly = (struct assembly){.pool = pool,
                                  .model = model,
                                  .inputs = inputs,
                                  .options = options,
                                  .suppressions = suppressions,
                                  .document = pool_alloc(pool, sizeof(struct document))};
    assembly->resolver = (struct resolver){
        .pool = pool,
        .model = model,
        .symbolizer = sym_create(pool, options->debug_dir, options->debuginfod)};
}

void assemble_free(struct assembly *assembly) { sym_free(assembly->resolver.symbolizer); }

/* --- findings ----------------------------------------------------------------------------------------- */

static bool counts(const struct options *options, enum finding_confidence confidence)
{
    _Static_assert((int)FAIL_CERTAIN == (int)CONFIDENCE_CERTAIN &&
                       (int)FAIL_POSSIBLE == (int)CONFIDENCE_POSSIBLE,
                   "the words of --fail-on are confidences");
    return confidence != CONFIDENCE_NOTE && options->fail_on != FAIL_NEVER &&
           (int)confidence <= options->fail_on;
}

static void add_object(struct pool *pool, struct doc_finding *known, const struct doc_object *object)
{
    if (!object->is_memory || strcmp(known->objects[0].label, object->label) == 0)
        return;
    for (size_t i = 0; i < known->further_count; i++)
        if (strcmp(known->further[i].label, object->label) == 0)
            return;
    known->further = pool_grow(pool, known->further, known->further_count, &known->further_capacity,
                               sizeof(*known->further));
    known->further[known->further_count++] = *object;
}

/* The memory of a race that turned out to be the same as a known one is one more that it is about. */
static void merge_objects(struct pool *pool, struct doc_finding *known, const struct doc_finding *finding)
{
    if (!known->object_count || !known->objects[0].is_memory)
        return;
    for (size_t i = 0; i < finding->object_count; i++)
        add_object(pool, known, &finding->objects[i]);
    for (size_t i = 0; i < finding->further_count; i++)
        add_object(pool, known, &finding->further[i]);
}

/* Found already, by another process of the same program or at the same place? Then only counted. */
static bool merge(struct assembly *assembly, const struct doc_finding *finding)
{
    struct document *document = assembly->document;
    for (size_t i = 0; i < document->count; i++) {
        struct doc_finding *known = document->findings[i];
        if (known->identity != finding->identity || known->confidence != finding->confidence ||
            strcmp(known->kind, finding->kind) != 0)
            continue;
        known->count += finding->count;
        merge_objects(assembly->pool, known, finding);
        known->processes += known->pid != finding->pid;
        return true;
    }
    return false;
}

struct doc_finding *assemble_now(struct assembly *assembly, struct raw_finding *raw)
{
    struct document *document = assembly->document;
    if (raw->printed || raw->withdrawn)
        return NULL;
    raw->printed = true;
    if (resolve_confidence(raw->confidence) == CONFIDENCE_NOTE && !assembly->options->notes) {
        document->notes_hidden++;
        return NULL;
    }
    struct doc_finding *finding = resolve_finding(&assembly->resolver, raw);
    if (suppress_matches(assembly->suppressions, finding)) {
        document->suppressed++;
        return NULL;
    }
    if (merge(assembly, finding))
        return NULL;
    uint64_t program = assembly->program_pid ? assembly->program_pid
                                             : assembly->model->processes[0]->pid;
    finding->elsewhere = finding->pid != program;
    if (assembly->options->gen_suppressions)
        finding->suppression = suppress_line_for(assembly->pool, finding);
    document->by_confidence[finding->confidence]++;
    document->counting += counts(assembly->options, finding->confidence);
    document->findings = pool_grow(assembly->pool, document->findings, document->count,
                                   &document->capacity, sizeof(*document->findings));
    return document->findings[document->count++] = finding;
}

/* What another finding replaces may have been written first in another order: only live ones count. */
static void resolve_all(struct assembly *assembly)
{
    for (size_t i = 0; i < assembly->model->process_count; i++) {
        struct raw_process *process = assembly->model->processes[i];
        for (size_t j = 0; j < process->finding_count; j++)
            assemble_now(assembly, process->findings[j]);
    }
}

/* Stable, by confidence; certain and predicted together. */
static unsigned rank(const struct doc_finding *finding)
{
    return finding->confidence <= CONFIDENCE_PREDICTED ? 0 : finding->confidence;
}

static void sort_findings(struct document *document)
{
    for (size_t i = 1; i < document->count; i++) {
        struct doc_finding *finding = document->findings[i];
        size_t j = i;
        for (; j > 0 && rank(document->findings[j - 1]) > rank(finding); j--)
            document->findings[j] = document->findings[j - 1];
        document->findings[j] = finding;
    }
}

/* --- limits and statistics ---------------------------------------------------------------------------- */

static void add_limit(struct assembly *assembly, const char *code, const char *text, uint64_t count)
{
    struct document *document = assembly->document;
    for (size_t i = 0; i < document->limit_count; i++)
        if (strcmp(document->limits[i].code, code) == 0 &&
            strcmp(document->limits[i].text, text) == 0) {
            document->limits[i].count += count;
            return;
        }
    document->limits = pool_grow(assembly->pool, document->limits, document->limit_count,
                                 &document->limit_capacity, sizeof(*document->limits));
    document->limits[document->limit_count++] = (struct doc_limit){code, text, count};
}

void assemble_limit(struct assembly *assembly, const char *code, const char *text)
{
    add_limit(assembly, code, text, 1);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), n = strlen(end);
    return length >= n && strcmp(text + length - n, end) == 0;
}

/* Over processes counts add up; what was the most at one time is the most of any. */
static void add_stat(struct assembly *assembly, const char *name, uint64_t value)
{
    struct document *document = assembly->document;
    for (size_t i = 0; i < document->stat_count; i++) {
        struct doc_stat *stat = &document->stats[i];
        if (strcmp(stat->name, name) != 0)
            continue;
        if (!ends_with(name, "_peak"))
            stat->value += value;
        else if (value > stat->value)
            stat->value = value;
        return;
    }
    document->stats = pool_grow(assembly->pool, document->stats, document->stat_count,
                                &document->stat_capacity, sizeof(*document->stats));
    document->stats[document->stat_count++] = (struct doc_stat){name, value};
}

uint64_t document_stat(const struct document *document, const char *name)
{
    for (size_t i = 0; i < document->stat_count; i++)
        if (strcmp(document->stats[i].name, name) == 0)
            return document->stats[i].value;
    return 0;
}

static bool is_same_text(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

/* Code that was translated again, or by several processes, is told once. */
static void add_atomic(struct assembly *assembly, struct raw_process *process, const struct raw_atomic *raw)
{
    struct document *document = assembly->document;
    struct doc_atomic atomic = resolve_atomic(&assembly->resolver, process, raw);
    for (size_t i = 0; i < document->atomic_count; i++) {
        const struct doc_atomic *known = &document->atomics[i];
        if (known->offset == atomic.offset && is_same_text(known->module, atomic.module) &&
            strcmp(known->rule, atomic.rule) == 0)
            return;
    }
    document->atomics = pool_grow(assembly->pool, document->atomics, document->atomic_count, &document->atomic_capacity,
                                  sizeof(*document->atomics));
    document->atomics[document->atomic_count++] = atomic;
}

static void add_process(struct assembly *assembly, struct raw_process *process)
{
    if (!process->has_hello)
        return;
    assembly->document->processes++;
    for (size_t i = 0; i < process->limit_count; i++)
        add_limit(assembly, process->limits[i]->code, process->limits[i]->text,
                  process->limits[i]->count);
    for (size_t i = 0; i < process->atomic_count; i++)
        add_atomic(assembly, process, process->atomics[i]);
    for (size_t i = 0; i < process->stat_count; i++)
        add_stat(assembly, process->stats[i]->name, process->stats[i]->value);
    if (process->unknown)
        add_limit(assembly, "unknown-records",
                  "the report holds records of a newer version, which were left out", process->unknown);
    if (!process->ended && !process->alive)
        add_limit(assembly, "no-end",
                  pool_printf(assembly->pool,
                              "process %" PRIu64 " (%s) ended without a last record, killed or "
                              "crashed: its counts may be missing",
                              process->pid, resolve_command(assembly->pool, process)),
                  1);
}

static size_t complain(struct assembly *assembly, bool tell)
{
    size_t damaged = 0;
    for (size_t i = 0; i < assembly->inputs->count; i++) {
        const struct input *input = assembly->inputs->list[i];
        const char *complaint = input_complaint(assembly->inputs, input);
        if (!complaint)
            continue;
        damaged++;
        if (tell)
            say("%s: %s", input->path, complaint);
        add_limit(assembly, input_only_cut(input) ? "report-cut" : "report-damaged",
                  pool_printf(assembly->pool, "%s: %s", path_base(input->path), complaint), 1);
    }
    return damaged;
}

static void list_unused(struct assembly *assembly)
{
    struct document *document = assembly->document;
    for (size_t i = 0; i < assembly->suppressions->count; i++) {
        const char *unused = suppress_unused(assembly->suppressions, i);
        if (!unused)
            continue;
        document->unused_suppressions =
            pool_grow(assembly->pool, document->unused_suppressions, document->unused_count,
                      &document->unused_capacity, sizeof(*document->unused_suppressions));
        document->unused_suppressions[document->unused_count++] = unused;
    }
}

/* The oldest process first: it is the program, the others are its children. */
static int by_age(const void *a, const void *b)
{
    const struct raw_process *left = *(struct raw_process *const *)a;
    const struct raw_process *right = *(struct raw_process *const *)b;
    if (left->has_hello != right->has_hello)
        return left->has_hello ? -1 : 1;
    if (left->time != right->time)
        return left->time < right->time ? -1 : 1;
    return (left->pid > right->pid) - (left->pid < right->pid);
}

size_t assemble_rest(struct assembly *assembly, bool tell)
{
    struct model *model = assembly->model;
    if (model->process_count)
        qsort(model->processes, model->process_count, sizeof(*model->processes), by_age);
    resolve_all(assembly);
    sort_findings(assembly->document);
    places_count(assembly->pool, assembly->document);
    for (size_t i = 0; i < model->process_count; i++)
        add_process(assembly, model->processes[i]);
    size_t damaged = complain(assembly, tell);
    add_stat(assembly, "processes", assembly->document->processes);
    add_stat(assembly, "suppressed", assembly->document->suppressed);
    add_stat(assembly, "notes_hidden", assembly->document->notes_hidden);
    if (assembly->options->gen_suppressions)
        list_unused(assembly);
    return damaged;
}
