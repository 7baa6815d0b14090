/* SPDX-License-Identifier: MIT */
/* See suppress.h. */
#include "suppress.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kinds.h"
#include "say.h"

#define LONGEST_FILE (4u << 20)

enum part { PART_FUNCTION, PART_FILE, PART_MODULE, PART_OBJECT, PART_COUNT };
static const char *const part_names[PART_COUNT] = {"function", "file", "module", "object"};

struct condition {
    enum part part;
    const char *pattern;
};

struct suppression {
    const char *kind; /* NULL: any */
    struct condition *conditions;
    size_t count, capacity;
    const char *place, *text; /* "FILE:LINE"; the line itself */
    bool used;
};

void suppress_init(struct suppressions *suppressions, struct pool *pool)
{
    *suppressions = (struct suppressions){.pool = pool};
}

/* --- reading ------------------------------------------------------------------------------------------ */

struct line {
    struct pool *pool;
    const char *place;
    const char *at, *end;
};

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static void skip_blanks(struct line *line)
{
    while (line->at < line->end && is_blank(*line->at))
        line->at++;
}

/* The next word; blanks inside double quotes belong to it, the quotes do not. NULL: a quote is open. */
static const char *next_word(struct line *line)
{
    char *word = pool_alloc(line->pool, (size_t)(line->end - line->at) + 1), *out = word;
    bool quoted = false;
    for (; line->at < line->end && (quoted || !is_blank(*line->at)); line->at++) {
        if (*line->at == '"') {
            quoted = !quoted;
            continue;
        }
        if (*line->at == '\\' && line->at + 1 < line->end)
            *out++ = *line->at++;
        *out++ = *line->at;
    }
    skip_blanks(line);
    return quoted ? NULL : word;
}

static const char *part_name(size_t i) { return part_names[i]; }

static bool parse_condition(struct line *line, struct suppression *suppression, const char *word)
{
    const char *colon = strchr(word, ':');
    size_t length = colon ? (size_t)(colon - word) : strlen(word);
    for (int part = 0; part < PART_COUNT && colon; part++)
        if (strlen(part_names[part]) == length && strncmp(part_names[part], word, length) == 0) {
            if (!colon[1]) {
                say("%s: '%s' needs a pattern", line->place, word);
                return false;
            }
            suppression->conditions =
                pool_grow(line->pool, suppression->conditions, suppression->count,
                          &suppression->capacity, sizeof(*suppression->conditions));
            suppression->conditions[suppression->count++] =
                (struct condition){(enum part)part, colon + 1};
            return true;
        }
    const char *nearest = options_nearest(word, length, part_name, PART_COUNT);
    say("%s: '%.60s' is no condition%s%s%s: these are function:, file:, module: and object:",
        line->place, word, nearest ? ", did you mean '" : "", nearest ? nearest : "",
        nearest ? ":'" : "");
    return false;
}

static bool parse_kind(struct line *line, struct suppression *suppression, const char *word)
{
    if (strcmp(word, "*") == 0)
        return true;
    const struct kind_info *kind = kind_find(word);
    if (kind) {
        suppression->kind = kind->name;
        return true;
    }
    const char *nearest = kind_nearest(word);
    if (nearest)
        say("%s: unknown kind '%.60s', did you mean '%s'?", line->place, word, nearest);
    else
        say("%s: unknown kind '%.60s': see detect list", line->place, word);
    return false;
}

static bool parse_line(struct suppressions *suppressions, struct line *line)
{
    const char *text = pool_text(line->pool, line->at, (size_t)(line->end - line->at));
    struct suppression suppression = {.place = line->place, .text = text};
    for (bool first = true; line->at < line->end; first = false) {
        const char *word = next_word(line);
        if (!word) {
            say("%s: a double quote is not closed", line->place);
            return false;
        }
        if (first ? !parse_kind(line, &suppression, word)
                  : !parse_condition(line, &suppression, word))
            return false;
    }
    if (!suppression.kind && !suppression.count) {
        say("%s: '*' alone would suppress everything", line->place);
        return false;
    }
    suppressions->list = pool_grow(line->pool, suppressions->list, suppressions->count,
                                   &suppressions->capacity, sizeof(*suppressions->list));
    suppressions->list[suppressions->count++] = suppression;
    return true;
}

bool suppress_parse(struct suppressions *suppressions, const char *name, const char *text,
                    size_t size)
{
    const char *end = text + size;
    bool fine = true;
    for (unsigned number = 1; text < end; number++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *stop = newline ? newline : end;
        struct line line = {suppressions->pool, NULL, text, stop};
        skip_blanks(&line);
        if (line.at < stop && *line.at != '#') {
            line.place = pool_printf(suppressions->pool, "%s:%u", name, number);
            if (memchr(line.at, 0, (size_t)(stop - line.at))) {
                say("%s: not a text file", line.place);
                return false;
            }
            if (!parse_line(suppressions, &line))
                fine = false;
        }
        text = newline ? newline + 1 : end;
    }
    return fine;
}

bool suppress_load(struct suppressions *suppressions, const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = malloc(LONGEST_FILE);
    bool fine = false;
    errno = file ? 0 : errno;
    size_t size = file && text ? fread(text, 1, LONGEST_FILE, file) : 0;
    if (!file || !text || ferror(file))
        say("cannot read suppressions %s: %s", path, strerror(errno ? errno : EIO));
    else if (size == LONGEST_FILE)
        say("%s: too long for a suppressions file", path);
    else
        fine = suppress_parse(suppressions, path, text, size);
    if (file)
        fclose(file);
    free(text);
    return fine;
}

/* --- matching ----------------------------------------------------------------------------------------- */

/* The whole path, or its end from any slash on. */
static bool path_matches(const char *pattern, const char *path)
{
    if (fnmatch(pattern, path, 0) == 0)
        return true;
    for (const char *slash = strchr(path, '/'); slash && *pattern != '/'; slash = strchr(slash + 1, '/'))
        if (fnmatch(pattern, slash + 1, 0) == 0)
            return true;
    return false;
}

static bool frame_matches(const struct condition *condition, const struct doc_frame *frame)
{
    switch (condition->part) {
    case PART_FUNCTION:
        return frame->function && fnmatch(condition->pattern, frame->function, 0) == 0;
    case PART_FILE: return frame->file && path_matches(condition->pattern, frame->file);
    case PART_MODULE: return frame->module && path_matches(condition->pattern, frame->module);
    default: return false;
    }
}

static bool stack_matches(const struct condition *condition, const struct doc_stack *stack)
{
    for (size_t i = 0; stack && i < stack->count; i++)
        if (frame_matches(condition, &stack->frames[i]))
            return true;
    return false;
}

static bool condition_holds(const struct condition *condition, const struct doc_finding *finding)
{
    for (size_t i = 0; i < finding->object_count && condition->part == PART_OBJECT; i++)
        if (finding->objects[i].name &&
            fnmatch(condition->pattern, finding->objects[i].name, 0) == 0)
            return true;
    for (size_t i = 0; i < finding->stack_count; i++)
        if (stack_matches(condition, &finding->stacks[i]))
            return true;
    for (size_t i = 0; i < finding->thread_count; i++)
        if (stack_matches(condition, finding->threads[i].created_at))
            return true;
    for (size_t i = 0; i < finding->object_count; i++)
        if (stack_matches(condition, finding->objects[i].allocated_at))
            return true;
    return false;
}

static bool describes(const struct suppression *suppression, const struct doc_finding *finding)
{
    if (suppression->kind && strcmp(suppression->kind, finding->kind) != 0)
        return false;
    for (size_t i = 0; i < suppression->count; i++)
        if (!condition_holds(&suppression->conditions[i], finding))
            return false;
    return true;
}

bool suppress_matches(struct suppressions *suppressions, const struct doc_finding *finding)
{
    for (size_t i = 0; i < suppressions->count; i++)
        if (describes(&suppressions->list[i], finding)) {
            suppressions->list[i].used = true;
            return true;
        }
    return false;
}

const char *suppress_unused(const struct suppressions *suppressions, size_t i)
{
    const struct suppression *suppression = &suppressions->list[i];
    return suppression->used
               ? NULL
               : pool_printf(suppressions->pool, "%s: %s", suppression->place, suppression->text);
}

/* --- writing ------------------------------------------------------------------------------------------ */

/* " part:text", with what a glob or the line format would take otherwise escaped. */
static const char *add_condition(struct pool *pool, const char *line, const char *part,
                                 const char *text)
{
    char *escaped = pool_alloc(pool, strlen(text) * 2 + 1), *out = escaped;
    for (; *text; text++) {
        if (strchr("*?[\\\"", *text))
            *out++ = '\\';
        *out++ = *text >= ' ' ? *text : '?';
    }
    const char *quote = strchr(escaped, ' ') ? "\"" : "";
    const char *condition = pool_printf(pool, " %s:%s%s%s", part, quote, escaped, quote);
    return strstr(line, condition) ? line : pool_printf(pool, "%s%s", line, condition);
}

/* Which element of an array it is differs from run to run. */
static const char *add_object(struct pool *pool, const char *line, const struct doc_object *object)
{
    const char *condition = add_condition(pool, "", "object", object->name);
    char *any = pool_alloc(pool, strlen(condition) + 1), *out = any;
    for (; *condition; condition++) {
        *out++ = *condition;
        size_t digits = object->is_memory && *condition == '[' ? strspn(condition + 1, "0123456789") : 0;
        if (digits)
            *out++ = '*';
        condition += digits;
    }
    return strstr(line, any) ? line : pool_printf(pool, "%s%s", line, any);
}

/* The first frame of the program's own code. */
static const char *add_stack(struct pool *pool, const char *line, const struct doc_stack *stack)
{
    if (!stack || !stack->count)
        return line;
    const struct doc_frame *frame = &stack->frames[stack->own < stack->count ? stack->own : 0];
    if (frame->function)
        return add_condition(pool, line, "function", frame->function);
    return frame->shown_module ? add_condition(pool, line, "module", frame->shown_module) : line;
}

const char *suppress_line_for(struct pool *pool, const struct doc_finding *finding)
{
    const char *line = finding->kind;
    for (size_t i = 0; i < finding->stack_count; i++)
        line = add_stack(pool, line, &finding->stacks[i]);
    for (size_t i = 0; i < finding->thread_count && !finding->stack_count; i++)
        line = add_stack(pool, line, finding->threads[i].created_at);
    bool is_race = finding->object_count && finding->objects[0].is_memory;
    for (size_t i = 0; i < finding->object_count; i++)
        if (finding->objects[i].name && finding->objects[i].is_memory == is_race)
            line = add_object(pool, line, &finding->objects[i]);
    return line == finding->kind ? NULL : line;
}
