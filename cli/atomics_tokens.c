/* SPDX-License-Identifier: MIT */
/* C and C++ text as tokens, as far as atomics_source.c needs them. Damaged text gives some tokens, never an error. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "atomics_source.h"
#include "say.h"

struct cursor {
    const char *at, *end, *line_start;
    uint32_t line;
    bool in_line; /* something but blanks was seen on this line */
};

bool token_is(const struct token *token, const char *text)
{
    return strlen(text) == token->length && memcmp(token->text, text, token->length) == 0;
}

static void add(struct tokens *tokens, const struct cursor *cursor, const char *start, uint8_t kind)
{
    if (tokens->count == tokens->capacity) {
        tokens->capacity = tokens->capacity ? 2 * tokens->capacity : 4096;
        tokens->list = realloc(tokens->list, tokens->capacity * sizeof(*tokens->list));
        if (!tokens->list) {
            say("out of memory");
            exit(STATUS_TROUBLE);
        }
    }
    tokens->list[tokens->count++] = (struct token){.text = start,
                                                   .length = (uint32_t)(cursor->at - start),
                                                   .line = cursor->line,
                                                   .column = (uint32_t)(start - cursor->line_start) + 1,
                                                   .kind = kind};
}

static char peek(const struct cursor *cursor, size_t ahead)
{
    return (size_t)(cursor->end - cursor->at) > ahead ? cursor->at[ahead] : '\0';
}

static void new_line(struct cursor *cursor)
{
    cursor->line++;
    cursor->line_start = cursor->at;
    cursor->in_line = false;
}

static void skip_comment(struct cursor *cursor)
{
    cursor->at += 2;
    while (cursor->at < cursor->end && !(cursor->at[0] == '*' && peek(cursor, 1) == '/'))
        if (*cursor->at++ == '\n')
            new_line(cursor);
    cursor->at = cursor->at + 2 <= cursor->end ? cursor->at + 2 : cursor->end;
}

/* To the end of the line, which a backslash continues. Leaves the newline. */
static void skip_line(struct cursor *cursor)
{
    for (; cursor->at < cursor->end && *cursor->at != '\n'; cursor->at++)
        if (*cursor->at == '\\' && peek(cursor, 1) == '\n') {
            cursor->at += 2;
            new_line(cursor);
            cursor->at--;
        }
}

static void skip_quoted(struct cursor *cursor, char quote)
{
    for (cursor->at++; cursor->at < cursor->end && *cursor->at != quote && *cursor->at != '\n'; cursor->at++)
        if (*cursor->at == '\\' && cursor->at + 1 < cursor->end) {
            cursor->at++;
            if (*cursor->at == '\n') {
                cursor->at++;
                new_line(cursor);
                cursor->at--;
            }
        }
    if (cursor->at < cursor->end && *cursor->at == quote)
        cursor->at++;
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

/* The word at *at, which moves behind it and the blanks that follow. */
static bool takes_word(const char **at, const char *end, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(end - *at) < length || memcmp(*at, word, length) != 0 ||
        ((size_t)(end - *at) > length && (isalnum((unsigned char)(*at)[length]) || (*at)[length] == '_')))
        return false;
    *at = skip_blanks(*at + length, end);
    return true;
}

static void take_directive(struct tokens *tokens, struct cursor *cursor)
{
    struct cursor start = *cursor;
    const char *at = skip_blanks(cursor->at + 1, cursor->end);
    skip_line(cursor);
    uint8_t kind = 0;
    if (takes_word(&at, cursor->at, "define"))
        kind = TOKEN_DEFINE;
    else if (takes_word(&at, cursor->at, "include"))
        kind = TOKEN_INCLUDE;
    else if (takes_word(&at, cursor->at, "pragma") && takes_word(&at, cursor->at, "omp"))
        kind = takes_word(&at, cursor->at, "atomic") ? TOKEN_ATOMIC_PRAGMA
               : memmem(at, (size_t)(cursor->at - at), "reduction", 9) ? TOKEN_REDUCTION_PRAGMA : 0;
    if (kind == 0)
        return;
    start.at = cursor->at;
    add(tokens, &start, at, kind);
    tokens->list[tokens->count - 1].column = 1;
}

static bool is_name_start(char c) { return isalpha((unsigned char)c) || c == '_' || c == '$' || (c & 0x80); }
static bool is_name(char c) { return is_name_start(c) || isdigit((unsigned char)c); }

static uint8_t operator_kind(struct cursor *cursor)
{
    char first = peek(cursor, 0), second = peek(cursor, 1), third = peek(cursor, 2);
    cursor->at++;
    if (first == '-' && second == '>') {
        cursor->at++;
        return TOKEN_ARROW;
    }
    if ((first == '+' || first == '-') && second == first) {
        cursor->at++;
        return TOKEN_CHANGE;
    }
    if ((first == '<' || first == '>') && second == first && third == '=') {
        cursor->at += 2;
        return TOKEN_CHANGE;
    }
    if (second == '=' && strchr("+-*/%&|^", first)) {
        cursor->at++;
        return TOKEN_CHANGE;
    }
    if (second == '=' && strchr("=!<>", first)) {
        cursor->at++;
        return TOKEN_OTHER;
    }
    if (second == first && (first == '&' || first == '|')) {
        cursor->at++;
        return (uint8_t)'|'; /* a binary operator */
    }
    return first == '=' ? TOKEN_ASSIGN : first >= ' ' ? (uint8_t)first : TOKEN_OTHER;
}

static void take(struct tokens *tokens, struct cursor *cursor)
{
    const char *start = cursor->at;
    char c = *start;
    if (is_name_start(c)) {
        while (cursor->at < cursor->end && is_name(*cursor->at))
            cursor->at++;
        add(tokens, cursor, start, TOKEN_NAME);
    } else if (isdigit((unsigned char)c)) {
        while (cursor->at < cursor->end && (is_name(*cursor->at) || *cursor->at == '.' || *cursor->at == '\''))
            cursor->at++;
        add(tokens, cursor, start, TOKEN_OTHER);
    } else if (c == '"' || c == '\'') {
        struct cursor before = *cursor;
        skip_quoted(cursor, c);
        before.at++;
        add(tokens, &before, start, TOKEN_OTHER);
    } else {
        struct cursor before = *cursor;
        uint8_t kind = operator_kind(cursor);
        before.at = cursor->at;
        add(tokens, &before, start, kind);
    }
}

void tokens_read(struct tokens *tokens, const char *text, size_t size)
{
    struct cursor cursor = {text, text + size, text, 1, false};
    tokens->count = 0;
    while (cursor.at < cursor.end) {
        char c = *cursor.at;
        if (c == '\n') {
            cursor.at++;
            new_line(&cursor);
        } else if (isspace((unsigned char)c) || c == '\\') {
            cursor.at++;
        } else if (c == '/' && peek(&cursor, 1) == '*') {
            skip_comment(&cursor);
        } else if (c == '/' && peek(&cursor, 1) == '/') {
            skip_line(&cursor);
        } else if (c == '#' && !cursor.in_line) {
            take_directive(tokens, &cursor);
        } else {
            cursor.in_line = true;
            take(tokens, &cursor);
        }
    }
}
