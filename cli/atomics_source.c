/* SPDX-License-Identifier: MIT */
/* See atomics_source.h. */
#include "atomics_source.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/atomics_format.h"

#define MOST_SOURCE_BYTES (512u << 20) /* of all files of a module */

/* --- files ------------------------------------------------------------------------------------------------------------ */

void sources_init(struct atomic_sources *sources, struct pool *pool, struct names *names, int64_t newest)
{
    *sources = (struct atomic_sources){.pool = pool, .names = names, .newest = newest};
    names_init(&sources->paths, pool);
    names_init(&sources->macros, pool);
    names_init(&sources->functions, pool);
}

void sources_add_directory(struct atomic_sources *sources, const char *path)
{
    for (size_t i = 0; i < sources->directory_count; i++)
        if (strcmp(sources->directories[i], path) == 0)
            return;
    sources->directories = pool_grow(sources->pool, sources->directories, sources->directory_count,
                                     &sources->directory_capacity, sizeof(*sources->directories));
    sources->directories[sources->directory_count++] = path;
}

/* Stays mapped: tokens point into it. */
static void map(struct atomic_sources *sources, struct atomic_source *source)
{
    struct stat st;
    int fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && st.st_mtime <= sources->newest &&
        sources->bytes + (uint64_t)st.st_size <= MOST_SOURCE_BYTES) {
        void *text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (text != MAP_FAILED) {
            source->text = text;
            source->size = (size_t)st.st_size;
            sources->bytes += source->size;
        }
    }
    close(fd);
}

struct atomic_source *sources_get(struct atomic_sources *sources, const char *path)
{
    struct name *name = names_get(&sources->paths, path, strlen(path));
    if (name->data)
        return name->data;
    struct atomic_source *source = pool_alloc(sources->pool, sizeof(*source));
    name->data = source;
    source->path = name->text;
    sources->list = pool_grow(sources->pool, sources->list, sources->count, &sources->capacity,
                              sizeof(struct atomic_source *));
    sources->list[sources->count++] = source;
    map(sources, source);
    if (source->text)
        macros_read(sources, source);
    return source;
}

/* --- tokens around a place -------------------------------------------------------------------------------------------- */

struct scan {
    struct atomic_sources *sources;
    struct atomic_source *source;
    const struct token *tokens;
    size_t count;
    size_t operand_end; /* tokens before this one are an operation's operand, not an access of their own */
    size_t macro, macro_end; /* the outermost macro around: all code of it is at its name's place */
};

static uint8_t kind_at(const struct scan *scan, size_t i) { return i < scan->count ? scan->tokens[i].kind : 0; }

/* The bracket that closes the one at i; the last token if there is none. */
static size_t closing(const struct scan *scan, size_t i)
{
    int depth = 0;
    for (; i < scan->count; i++) {
        uint8_t kind = scan->tokens[i].kind;
        depth += kind == '(' || kind == '[' || kind == '{';
        depth -= kind == ')' || kind == ']' || kind == '}';
        if (depth == 0)
            return i;
    }
    return scan->count - 1;
}

/* The last token of the expression or statement that i is in. */
static size_t statement_end(const struct scan *scan, size_t i)
{
    for (; i < scan->count; i++) {
        uint8_t kind = scan->tokens[i].kind;
        if (kind == '(' || kind == '[')
            i = closing(scan, i);
        else if (kind == ';' || kind == ')' || kind == '{' || kind == '}')
            return i;
    }
    return scan->count - 1;
}

static void mark_lines(struct atomic_source *source, uint32_t from, uint32_t to, uint8_t flag)
{
    for (uint32_t line = from; line <= to && line < source->line_count; line++)
        source->lines[line] |= flag;
}

static uint8_t size_bit(uint64_t size) { return size == 1 || size == 2 || size == 4 || size == 8 ? (uint8_t)size : 0; }

/* Sizes that an object of this name may have, or what it points to; 0 if one is not known. */
static void take_sizes(struct atomic_span *span, bool of_object, bool of_pointee, uint8_t kinds)
{
    uint8_t sizes = 0;
    for (const struct name_variant *variant = span->names[0]->variants; variant; variant = variant->next) {
        if (of_object && (variant->kind & kinds)) {
            sizes |= size_bit(variant->size);
            span->local |= variant->local;
        }
        if (of_pointee && (variant->pointee_kind & kinds))
            sizes |= size_bit(variant->pointee);
    }
    span->sizes = sizes;
}

static void add_span(struct scan *scan, size_t first, size_t last, const struct atomic_span *model)
{
    struct atomic_source *source = scan->source;
    if (first < scan->macro_end) {
        first = first < scan->macro ? first : scan->macro;
        last = last + 1 < scan->macro_end ? scan->macro_end - 1 : last;
    }
    const struct token *start = &scan->tokens[first], *end = &scan->tokens[last];
    source->spans = pool_grow(scan->sources->pool, source->spans, source->span_count, &source->span_capacity,
                              sizeof(*source->spans));
    struct atomic_span *span = &source->spans[source->span_count++];
    *span = *model;
    span->line = start->line;
    span->column = start->column;
    span->end_line = end->line;
    span->end_column = end->column + (end->length ? end->length - 1 : 0);
}

/* --- operations that are named ------------------------------------------------------------------------------------------ */

struct operand {
    size_t end;
    const struct name *name;
    bool address_taken, through_pointer;
};

/* The first argument of the call whose parenthesis is at `open`: "&s->count[i]" is of the name `count`. */
static struct operand first_operand(const struct scan *scan, size_t open)
{
    struct operand operand = {.end = open + 1, .address_taken = kind_at(scan, open + 1) == '&'};
    size_t last = closing(scan, open);
    int depth = 0;
    for (size_t i = open + 1; i < last; i++) {
        const struct token *token = &scan->tokens[i];
        if (token->kind == ',' && depth == 0)
            break;
        depth += token->kind == '(';
        depth -= token->kind == ')';
        operand.through_pointer |= token->kind == TOKEN_ARROW || token->kind == '[' || token->kind == '*';
        if (token->kind == '[')
            i = closing(scan, i);
        else if (token->kind == TOKEN_NAME)
            operand.name = names_find(scan->sources->names, token->text, token->length);
        operand.end = i + 1;
    }
    return operand;
}

static void add_named(struct scan *scan, size_t at, uint8_t op, uint8_t rule, bool is_macro)
{
    struct atomic_span span = {.op = op, .rule = rule};
    size_t end = at;
    if (kind_at(scan, at + 1) == '(') {
        struct operand operand = first_operand(scan, at + 1);
        end = closing(scan, at + 1);
        if (operand.name && operand.name->variants && rule != ATOMICS_BY_ASM) {
            span.names[span.name_count++] = operand.name;
            uint8_t all = NAME_PLAIN | NAME_ATOMIC | NAME_VOLATILE;
            take_sizes(&span, is_macro || operand.address_taken, is_macro || !operand.address_taken, all);
            span.local &= !operand.through_pointer;
        }
        if (scan->operand_end < operand.end)
            scan->operand_end = operand.end;
    }
    if (span.name_count == 0)
        span.name_count = SPAN_NAMES + 1;
    add_span(scan, at, end, &span);
}

static void take_asm(struct scan *scan, size_t at)
{
    size_t open = at + 1;
    while (open < scan->count && scan->tokens[open].kind == TOKEN_NAME)
        open++; /* volatile, goto */
    if (kind_at(scan, open) != '(' && kind_at(scan, open) != '{')
        return;
    struct atomic_span span = {.op = SPAN_LOAD | SPAN_STORE, .rule = ATOMICS_BY_ASM, .name_count = SPAN_NAMES + 1};
    size_t end = closing(scan, open);
    if (asm_moves(&scan->tokens[open], &scan->tokens[end]))
        add_span(scan, at, end, &span);
    if (scan->operand_end <= end)
        scan->operand_end = end + 1;
}

/* "#pragma omp atomic read": the statement behind it. */
static void take_pragma(struct scan *scan, size_t at)
{
    const struct token *pragma = &scan->tokens[at];
    struct atomic_span span = {.rule = ATOMICS_BY_PRAGMA, .name_count = SPAN_NAMES + 1};
    for (uint32_t i = 0; i + 4 <= pragma->length && pragma->kind == TOKEN_ATOMIC_PRAGMA; i++) {
        if (memcmp(pragma->text + i, "read", 4) == 0)
            span.op = SPAN_LOAD;
        else if (i + 5 <= pragma->length && memcmp(pragma->text + i, "write", 5) == 0)
            span.op = SPAN_STORE;
    }
    if (pragma->kind == TOKEN_REDUCTION_PRAGMA) /* what the threads have is put together by atomic operations of the pragma's line */
        add_span(scan, at, at, &span);
    else if (kind_at(scan, at + 1) == '{')
        add_span(scan, at, closing(scan, at + 1), &span);
    else if (at + 1 < scan->count)
        add_span(scan, at, statement_end(scan, at + 1), &span);
}

/* --- objects that are named -------------------------------------------------------------------------------------------- */

/* The first token of the postfix expression that ends at i: of "!s->a[2].ready" the "!". */
static size_t expression_start(const struct scan *scan, size_t i)
{
    while (i > 0) {
        uint8_t before = scan->tokens[i - 1].kind;
        if (before != '.' && before != TOKEN_ARROW)
            break;
        i -= 2;
        int depth = 0;
        for (; i > 0; i--) { /* back over "(…)" and "[…]" */
            uint8_t kind = kind_at(scan, i);
            depth += kind == ')' || kind == ']';
            depth -= kind == '(' || kind == '[';
            if (depth == 0 && (kind == TOKEN_NAME || kind == '('))
                break;
        }
    }
    while (i > 0 && strchr("!~-*(", scan->tokens[i - 1].kind) && scan->tokens[i - 1].kind)
        i--;
    return i;
}

static bool is_address_of(const struct scan *scan, size_t start)
{
    if (start == 0 || scan->tokens[start - 1].kind != '&')
        return false;
    uint8_t before = start > 1 ? scan->tokens[start - 2].kind : 0;
    return before != TOKEN_NAME && before != TOKEN_OTHER && before != ')' && before != ']';
}

static bool is_step(const struct token *token) { return token_is(token, "++") || token_is(token, "--"); }

/* An access to an object of atomic type without the name of an operation. */
static void take_object(struct scan *scan, size_t at, const struct name *name)
{
    size_t start = expression_start(scan, at), end = at + 1;
    while (kind_at(scan, end) == '[')
        end = closing(scan, end) + 1;
    if (is_address_of(scan, start) || kind_at(scan, end) == '.' || kind_at(scan, end) == TOKEN_ARROW)
        if (is_address_of(scan, start))
            return;
    struct atomic_span span = {.op = SPAN_LOAD, .rule = ATOMICS_BY_TYPE, .names = {name}, .name_count = 1};
    take_sizes(&span, true, true, NAME_ATOMIC);
    uint8_t next = kind_at(scan, end);
    if (next == TOKEN_ASSIGN) {
        span.op = SPAN_STORE;
        end = statement_end(scan, end) + 1;
    } else if (next == TOKEN_CHANGE || (start > 0 && is_step(&scan->tokens[start - 1]))) {
        span.op = 0;
        end = statement_end(scan, end) + 1;
    }
    add_span(scan, start, end - 1, &span);
}

/* --- a file -------------------------------------------------------------------------------------------------------------- */

static bool contains_atomic(const struct token *token)
{
    for (uint32_t i = 0; i + 6 <= token->length; i++)
        if (strncasecmp(token->text + i, "atomic", 6) == 0)
            return true;
    return false;
}

static bool is_capital(const struct token *token)
{
    for (uint32_t i = 0; i < token->length; i++)
        if (token->text[i] >= 'a' && token->text[i] <= 'z')
            return false;
    return token->length > 1;
}

/* A macro whose definition was not found may be anything. */
static bool may_be_macro(const struct scan *scan, size_t at)
{
    const struct token *token = &scan->tokens[at];
    if (scan->source->complete || kind_at(scan, at + 1) != '(' ||
        names_find(&scan->sources->functions, token->text, token->length))
        return false;
    return is_capital(token) || contains_atomic(token);
}

static void take_name(struct scan *scan, size_t at)
{
    const struct token *token = &scan->tokens[at];
    uint8_t before = at > 0 ? scan->tokens[at - 1].kind : 0, op;
    bool is_member = before == '.' || before == TOKEN_ARROW;
    struct macro macro;
    if (is_member && kind_at(scan, at + 1) == '(')
        return; /* a method; std::atomic's are inlined from their header */
    if (token_is(token, "asm") || token_is(token, "__asm__") || token_is(token, "__asm")) {
        take_asm(scan, at);
    } else if (!is_member && atomic_function(token, &op) && kind_at(scan, at + 1) == '(') {
        add_named(scan, at, op, ATOMICS_BY_NAME, false);
    } else if (!is_member && macro_resolve(scan->sources, token, &macro)) {
        size_t end = macro.has_arguments && kind_at(scan, at + 1) == '(' ? closing(scan, at + 1) : at;
        if (end > at && at >= scan->macro_end) {
            scan->macro = at;
            scan->macro_end = end + 1;
        }
        if (macro.is_volatile)
            mark_lines(scan->source, token->line, scan->tokens[end].line, LINE_VOLATILE);
        if (macro.atomic)
            add_named(scan, at, macro.unknown ? 0 : macro.op, macro.rule, true);
    } else if (at >= scan->operand_end) {
        const struct name *name = names_find(scan->sources->names, token->text, token->length);
        if (name && (name->kinds & NAME_VOLATILE))
            mark_lines(scan->source, token->line, token->line, LINE_VOLATILE);
        if (name && (name->kinds & NAME_ATOMIC))
            take_object(scan, at, name);
        else if (may_be_macro(scan, at))
            mark_lines(scan->source, token->line, scan->tokens[closing(scan, at + 1)].line, LINE_UNKNOWN);
    }
}

static size_t count_lines(const struct atomic_source *source)
{
    size_t lines = 2;
    for (const char *at = source->text, *end = at + source->size; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        lines++;
    return lines;
}

static int by_start(const void *a, const void *b)
{
    const struct atomic_span *x = a, *y = b;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    if (x->end_line != y->end_line)
        return x->end_line > y->end_line ? -1 : 1;
    return x->end_column > y->end_column ? -1 : x->end_column < y->end_column;
}

/* Several operations at one place, inside a macro's arguments, are one that may be either. */
static void join(struct atomic_span *into, const struct atomic_span *from)
{
    into->op = into->op && from->op ? into->op | from->op : 0;
    into->sizes = into->sizes && from->sizes ? into->sizes | from->sizes : 0;
    into->local |= from->local;
    for (uint8_t i = 0; i < from->name_count; i++) {
        if (into->name_count >= SPAN_NAMES || from->name_count > SPAN_NAMES) {
            into->name_count = SPAN_NAMES + 1;
            return;
        }
        into->names[into->name_count++] = from->names[i];
    }
}

static void join_spans(struct atomic_source *source)
{
    size_t kept = 0;
    for (size_t i = 0; i < source->span_count; i++)
        if (kept && by_start(&source->spans[kept - 1], &source->spans[i]) == 0)
            join(&source->spans[kept - 1], &source->spans[i]);
        else
            source->spans[kept++] = source->spans[i];
    source->span_count = kept;
}

void source_scan(struct atomic_sources *sources, struct atomic_source *source)
{
    struct tokens tokens = {0};
    if (source->scanned || !source->text)
        return;
    source->scanned = true;
    source->line_count = count_lines(source);
    source->lines = pool_alloc(sources->pool, source->line_count);
    tokens_read(&tokens, source->text, source->size);
    struct scan scan = {.sources = sources, .source = source, .tokens = tokens.list, .count = tokens.count};
    for (size_t i = 0; i < scan.count; i++) {
        if (scan.tokens[i].kind == TOKEN_NAME)
            take_name(&scan, i);
        else if (scan.tokens[i].kind == TOKEN_ATOMIC_PRAGMA || scan.tokens[i].kind == TOKEN_REDUCTION_PRAGMA)
            take_pragma(&scan, i);
    }
    if (source->span_count)
        qsort(source->spans, source->span_count, sizeof(*source->spans), by_start);
    join_spans(source);
    free(tokens.list);
}

static bool contains(const struct atomic_span *span, uint32_t line, uint32_t column)
{
    if (line < span->line || line > span->end_line)
        return false;
    if (column == 0)
        return true;
    return (line > span->line || column >= span->column) && (line < span->end_line || column <= span->end_column);
}

const struct atomic_span *source_span(const struct atomic_source *source, uint32_t line, uint32_t column)
{
    size_t low = 0, high = source->span_count;
    while (low < high) { /* the first that begins behind the place */
        size_t middle = (low + high) / 2;
        const struct atomic_span *span = &source->spans[middle];
        if (span->line < line || (span->line == line && (column == 0 || span->column <= column)))
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low, looked = 0; i-- > 0 && looked < 64; looked++)
        if (contains(&source->spans[i], line, column))
            return &source->spans[i];
    return NULL;
}
