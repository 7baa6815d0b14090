/* SPDX-License-Identifier: MIT */
/* The one parser of options (options.def), for the preload library and the command line.
 *
 * Rules: no allocation, no libc state, nothing is ignored silently. The preload library calls this
 * before the program's first constructor. */
#include "report/options.h"

#include <string.h>

#define LONGEST_NAME 40

const struct option_info option_table[] = {
#define OPTION(type, field, name, def, value, scope, help)                                         \
    {name, value, help, OPTION_##type, SCOPE_##scope, offsetof(struct options, field),             \
     offsetof(struct options, field##_set)},
#include "report/options.def"
#undef OPTION
};

const size_t option_count = ARRAY_LEN(option_table);

void options_default(struct options *options)
{
    memset(options, 0, sizeof(*options));
#define OPTION(type, field, name, def, value, scope, help) options->field = def;
#include "report/options.def"
#undef OPTION
}

/* --- names ------------------------------------------------------------------------------------------ */

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Levenshtein distance, with one row of memory. */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t row[LONGEST_NAME + 1];
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t above = row[j];
            row[j] = smaller(smaller(above, row[j - 1]) + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[b_len];
}

/* How unlike two names are; a name that continues what was typed is the nearest of all. */
static size_t unlikeness(const char *typed, size_t typed_len, const char *name)
{
    size_t name_len = strlen(name);
    if (name_len > LONGEST_NAME)
        return LONGEST_NAME;
    if (typed_len >= 3 && typed_len < name_len && memcmp(typed, name, typed_len) == 0)
        return 1;
    return edit_distance(typed, typed_len, name, name_len);
}

const char *options_nearest(const char *name, size_t name_len, const char *(*candidate)(size_t i),
                            size_t count)
{
    const char *nearest = NULL;
    size_t best = 1 + name_len / 3; /* farther than this is no help */
    for (size_t i = 0; i < count && name_len <= LONGEST_NAME; i++) {
        size_t distance = unlikeness(name, name_len, candidate(i));
        if (distance <= best && (!nearest || distance < best)) {
            best = distance;
            nearest = candidate(i);
        }
    }
    return nearest;
}

static const char *option_name(size_t i) { return option_table[i].name; }

static const struct option_info *find(const char *name, size_t name_len)
{
    for (size_t i = 0; i < option_count; i++)
        if (strlen(option_table[i].name) == name_len &&
            memcmp(option_table[i].name, name, name_len) == 0)
            return &option_table[i];
    return NULL;
}

/* --- values ------------------------------------------------------------------------------------------ */

/* The position of `value` among words joined by '|', or -1. */
static int word_index(const char *words, const char *value)
{
    size_t length = strlen(value);
    for (int index = 0; words; index++) {
        const char *end = strchr(words, '|');
        size_t word = end ? (size_t)(end - words) : strlen(words);
        if (word == length && memcmp(words, value, length) == 0)
            return index;
        words = end ? end + 1 : NULL;
    }
    return -1;
}

/* A status: 0 to 255, decimal. */
static bool parse_status(const char *value, int *number)
{
    size_t digits = strspn(value, "0123456789");
    if (digits == 0 || digits > 3 || value[digits] != '\0')
        return false;
    int result = 0;
    for (size_t i = 0; i < digits; i++)
        result = result * 10 + (value[i] - '0');
    *number = result;
    return result <= 255;
}

static int parse_bool(const char *value)
{
    static const char words[] = "no|yes|false|true|0|1|off|on";
    int index = word_index(words, value);
    return index < 0 ? -1 : index % 2;
}

static bool store(const struct option_info *info, char *options, const char *value)
{
    void *field = options + info->offset;
    int number = 0;
    switch (info->type) {
    case OPTION_STRING:
        if (value[0] == '\0')
            return false;
        memcpy(field, &value, sizeof(value));
        return true;
    case OPTION_INT:
        if (!parse_status(value, &number))
            return false;
        break;
    case OPTION_ENUM:
        number = word_index(info->value, value);
        if (number < 0)
            return false;
        break;
    case OPTION_BOOL:
        number = parse_bool(value);
        if (number < 0)
            return false;
        *(bool *)field = number != 0;
        return true;
    }
    memcpy(field, &number, sizeof(number));
    return true;
}

/* "NAME" or, for a bool, "no-NAME", which sets *negated. */
static const struct option_info *look_up(const char *name, size_t name_len, bool *negated)
{
    const struct option_info *info = find(name, name_len);
    *negated = false;
    if (!info && name_len > 3 && memcmp(name, "no-", 3) == 0) {
        info = find(name + 3, name_len - 3);
        *negated = info && info->type == OPTION_BOOL;
        if (!*negated)
            info = NULL;
    }
    return info;
}

enum option_error options_set(struct options *options, const char *name, size_t name_len,
                              const char *value, const char **nearest)
{
    bool negated;
    const struct option_info *info = look_up(name, name_len, &negated);
    if (!info) {
        *nearest = options_nearest(name, name_len, option_name, option_count);
        return OPTION_UNKNOWN;
    }
    if (negated && value)
        return OPTION_EXTRA_VALUE;
    if (!value && info->type != OPTION_BOOL)
        return OPTION_NO_VALUE;
    if (!store(info, (char *)options, negated ? "no" : value ? value : "yes"))
        return OPTION_BAD_VALUE;
    *((bool *)options + info->offset_set) = true;
    return OPTION_OK;
}

/* --- DETECT_OPTIONS ---------------------------------------------------------------------------------- */

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n'; }

static bool is_octal(char c) { return c >= '0' && c <= '7'; }

/* \040 and the like, in place. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from; to++) {
        if (from[0] == '\\' && is_octal(from[1]) && is_octal(from[2]) && is_octal(from[3])) {
            *to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

struct line {
    char *next, *end;
};

static void add(struct line *line, const char *text)
{
    while (*text && line->next < line->end)
        *line->next++ = *text++;
    *line->next = '\0';
}

/* One line without newline: what is wrong with `word`, and what could have been meant. */
static void explain(struct line *line, enum option_error error, const char *name,
                    const char *value, const char *nearest)
{
    add(line, "DETECT_OPTIONS: ");
    add(line, error == OPTION_UNKNOWN ? "unknown option '" : "option '");
    add(line, name);
    add(line, "'");
    if (error == OPTION_UNKNOWN && nearest) {
        add(line, ", did you mean '");
        add(line, nearest);
        add(line, "'?");
    } else if (error == OPTION_BAD_VALUE) {
        bool negated;
        const struct option_info *info = look_up(name, strlen(name), &negated);
        add(line, " cannot be '");
        add(line, value ? value : "");
        add(line, "', it takes ");
        add(line, info && info->value ? info->value : "yes or no");
    } else if (error == OPTION_NO_VALUE) {
        add(line, " needs a value");
    } else if (error == OPTION_EXTRA_VALUE) {
        add(line, " takes no value");
    }
}

static bool parse_word(struct options *options, char *word, struct line *line, bool first_error)
{
    char *value = strchr(word, '=');
    if (value) {
        *value++ = '\0';
        unescape(value);
    }
    const char *nearest = NULL;
    enum option_error error = options_set(options, word, strlen(word), value, &nearest);
    if (error == OPTION_OK)
        return true;
    if (!first_error)
        add(line, "; ");
    explain(line, error, word, value, nearest);
    return false;
}

unsigned options_parse_environment(struct options *options, char *text, char *error,
                                   size_t error_size)
{
    struct line line = {error, error + error_size - 1};
    unsigned errors = 0;
    *error = '\0';
    while (*text) {
        while (is_blank(*text))
            text++;
        char *word = text;
        while (*text && !is_blank(*text))
            text++;
        if (*text)
            *text++ = '\0';
        if (*word && !parse_word(options, word, &line, errors == 0))
            errors++;
    }
    return errors;
}
