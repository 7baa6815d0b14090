/* SPDX-License-Identifier: MIT */
/* Macros, as far as they stand for atomic operations or volatile accesses. All definitions of a name in all files of the
 * module are taken together: which of them was in force is not followed. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "atomics_source.h"
#include "paths.h"
#include "report/atomics_format.h"

#define MOST_DEPTH 12        /* of macros in macros */
#define MOST_DEFINITIONS 8   /* of one name that are looked at */
#define MOST_FILES 20000
#define MOST_INCLUDE_PATH 1024

/* Kept in the table of macros as a name's variants: `pointee` is the address of the body's text, `size` its length. */
static void define(struct atomic_sources *sources, const struct token *directive)
{
    size_t length = 0;
    while (length < directive->length &&
           (isalnum((unsigned char)directive->text[length]) || directive->text[length] == '_'))
        length++;
    struct name *name = names_get(&sources->macros, directive->text, length);
    struct name_variant body = {.size = directive->length - length,
                                .pointee = (uintptr_t)(directive->text + length),
                                .offset = length < directive->length && directive->text[length] == '('};
    names_add(&sources->macros, name, &body);
}

/* --- includes ------------------------------------------------------------------------------------------------------- */

static struct atomic_source *find_include(struct atomic_sources *sources, const struct atomic_source *from,
                                          const char *file, bool quoted)
{
    if (file[0] == '/')
        return sources_get(sources, file);
    if (quoted) {
        const char *base = path_base(from->path);
        const char *directory = pool_text(sources->pool, from->path, (size_t)(base - from->path));
        struct atomic_source *found = sources_get(sources, path_join(sources->pool, directory, file));
        if (found->text)
            return found;
    }
    for (size_t i = 0; i < sources->directory_count; i++) {
        struct atomic_source *found =
            sources_get(sources, path_join(sources->pool, sources->directories[i], file));
        if (found->text)
            return found;
    }
    return NULL;
}

static void include(struct atomic_sources *sources, struct atomic_source *source, const struct token *directive)
{
    char quote = directive->length ? directive->text[0] : '\0', end = quote == '<' ? '>' : quote;
    const char *close = directive->length > 1 && (quote == '<' || quote == '"')
                            ? memchr(directive->text + 1, end, directive->length - 1)
                            : NULL;
    if (!close || close - directive->text > MOST_INCLUDE_PATH || sources->count > MOST_FILES) {
        source->complete = false;
        return;
    }
    const char *file = pool_text(sources->pool, directive->text + 1, (size_t)(close - directive->text) - 1);
    struct atomic_source *found = find_include(sources, source, file, quote == '"');
    if (!found || !found->complete)
        source->complete = found && found == source;
}

void macros_read(struct atomic_sources *sources, struct atomic_source *source)
{
    struct tokens tokens = {0};
    source->macros_read = source->complete = true; /* one that includes itself ends here */
    tokens_read(&tokens, source->text, source->size);
    for (size_t i = 0; i < tokens.count; i++) {
        if (tokens.list[i].kind == TOKEN_DEFINE)
            define(sources, &tokens.list[i]);
        else if (tokens.list[i].kind == TOKEN_INCLUDE)
            include(sources, source, &tokens.list[i]);
        else if (sources->types_are_silent && tokens.list[i].kind == TOKEN_NAME)
            declaration_read(sources, &tokens, i);
    }
    free(tokens.list);
}

/* --- declarations ----------------------------------------------------------------------------------------------------- */

static bool is_atomic_type(const struct token *token)
{
    static const char *const types[] = {"_Atomic", "atomic_bool", "atomic_char", "atomic_schar", "atomic_uchar", "atomic_short",
                                        "atomic_ushort", "atomic_int", "atomic_uint", "atomic_long", "atomic_ulong",
                                        "atomic_llong", "atomic_ullong", "atomic_intptr_t", "atomic_uintptr_t", "atomic_size_t",
                                        "atomic_ptrdiff_t", "atomic_flag"};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (token_is(token, types[i]))
            return true;
    return false;
}

static void make_atomic(struct atomic_sources *sources, const struct token *token, bool pointee)
{
    struct name *name = names_get(sources->names, token->text, token->length);
    name->kinds |= NAME_ATOMIC;
    for (struct name_variant *variant = name->variants; variant; variant = variant->next)
        *(pointee ? &variant->pointee_kind : &variant->kind) = NAME_ATOMIC;
}

void declaration_read(struct atomic_sources *sources, const struct tokens *tokens, size_t at)
{
    const struct token *last = NULL;
    bool pointee = false;
    int depth = 0;
    if (!is_atomic_type(&tokens->list[at]))
        return;
    for (size_t i = at + 1; i < tokens->count; i++) {
        const struct token *token = &tokens->list[i];
        depth += token->kind == '(' || token->kind == '[' || token->kind == '{';
        depth -= token->kind == ')' || token->kind == ']' || token->kind == '}';
        if (depth == 0 && token->kind == TOKEN_NAME)
            last = token;
        else if (depth == 0 && token->kind == '*')
            pointee = true;
        bool ends = token->kind == ';' || (depth == 0 && token->kind == ',') || depth < 0;
        if ((ends || token->kind == TOKEN_ASSIGN || token->kind == '[' || token->kind == ':') && last && depth <= 1) {
            make_atomic(sources, last, pointee);
            last = NULL;
        }
        if (token->kind == ';' || depth < 0 || token->kind == '{')
            return;
    }
}

/* --- what they mean ----------------------------------------------------------------------------------------------------- */

static bool takes_prefix(const char **text, size_t *length, const char *prefix)
{
    size_t size = strlen(prefix);
    if (*length < size || memcmp(*text, prefix, size) != 0)
        return false;
    *text += size;
    *length -= size;
    return true;
}

bool atomic_function(const struct token *name, uint8_t *op)
{
    static const struct {
        const char *start;
        uint8_t op;
    } operations[] = {
        {"load", SPAN_LOAD},   {"store", SPAN_STORE},      {"init", SPAN_STORE}, {"clear", SPAN_STORE},
        {"flag_clear", SPAN_STORE}, {"lock_release", SPAN_STORE}, {"flag_test_and_set", 0}, {"flag_test", SPAN_LOAD},
        {"exchange", 0},       {"compare_exchange", 0},    {"fetch_", 0},        {"add_fetch", 0},
        {"sub_fetch", 0},      {"and_fetch", 0},           {"or_fetch", 0},      {"xor_fetch", 0},
        {"nand_fetch", 0},     {"add_and_fetch", 0},       {"sub_and_fetch", 0}, {"and_and_fetch", 0},
        {"or_and_fetch", 0},   {"xor_and_fetch", 0},       {"nand_and_fetch", 0},
        {"bool_compare", 0},   {"val_compare", 0},         {"lock_test_and_set", 0}, {"test_and_set", 0},
    };
    const char *text = name->text;
    size_t length = name->length;
    if (!takes_prefix(&text, &length, "__atomic_") && !takes_prefix(&text, &length, "__c11_atomic_") &&
        !takes_prefix(&text, &length, "atomic_") && !takes_prefix(&text, &length, "__sync_"))
        return false;
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        size_t size = strlen(operations[i].start);
        if (length >= size && memcmp(text, operations[i].start, size) == 0) {
            *op = operations[i].op;
            return true;
        }
    }
    return false;
}

static void resolve(struct atomic_sources *sources, const struct name *name, struct macro *macro, int depth);

bool asm_moves(const struct token *open, const struct token *close)
{
    for (const struct token *token = open; token < close; token++)
        if (token->length > 4 && token->text[0] == '"' && memmem(token->text, token->length, "mov", 3))
            return true;
    return false;
}

static void take_operation(struct macro *macro, uint8_t op, uint8_t rule)
{
    macro->op = macro->atomic && macro->op != op ? 0 : op;
    macro->rule = rule;
    macro->atomic = true;
}

static bool is_asm(const struct token *token)
{
    return token_is(token, "asm") || token_is(token, "__asm__") || token_is(token, "__asm");
}

static bool is_volatile(const struct token *token)
{
    return token_is(token, "volatile") || token_is(token, "__volatile__");
}

/* One definition's tokens. */
static void look_at(struct atomic_sources *sources, const struct tokens *tokens, struct macro *macro, int depth)
{
    const struct token *end = tokens->list + tokens->count;
    for (const struct token *token = tokens->list; token < end; token++) {
        uint8_t op;
        if (token->kind != TOKEN_NAME)
            continue;
        if (is_asm(token)) {
            if (asm_moves(token, end))
                take_operation(macro, SPAN_LOAD | SPAN_STORE, ATOMICS_BY_ASM);
            token += token + 1 < end && is_volatile(token + 1);
        } else if (atomic_function(token, &op)) {
            take_operation(macro, op, ATOMICS_BY_NAME);
        } else if (is_volatile(token)) {
            macro->is_volatile = true;
        } else {
            const struct name *inner = names_find(&sources->macros, token->text, token->length);
            if (inner && inner->variants)
                resolve(sources, inner, macro, depth + 1);
        }
    }
}

static void resolve(struct atomic_sources *sources, const struct name *name, struct macro *macro, int depth)
{
    int looked = 0, atomic = 0;
    if (depth > MOST_DEPTH)
        return;
    for (const struct name_variant *body = name->variants; body && looked < MOST_DEFINITIONS; body = body->next, looked++) {
        struct tokens tokens = {0};
        struct macro one = {0};
        tokens_read(&tokens, (const char *)(uintptr_t)body->pointee, body->size);
        look_at(sources, &tokens, &one, depth);
        if (one.atomic)
            take_operation(macro, one.op, one.rule);
        atomic += one.atomic;
        macro->is_volatile |= one.is_volatile;
        macro->unknown |= one.unknown || (one.atomic && one.is_volatile);
        macro->has_arguments |= depth == 0 && body->offset;
        free(tokens.list);
    }
    macro->unknown |= atomic > 0 && atomic < looked;
}

bool macro_resolve(struct atomic_sources *sources, const struct token *token, struct macro *macro)
{
    struct name *name = names_find(&sources->macros, token->text, token->length);
    if (!name || !name->variants)
        return false;
    if (!name->data) {
        struct macro *known = pool_alloc(sources->pool, sizeof(*known));
        name->data = known;
        resolve(sources, name, known, 0);
    }
    *macro = *(const struct macro *)name->data;
    return true;
}
