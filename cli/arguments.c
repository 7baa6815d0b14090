/* SPDX-License-Identifier: MIT */
/* See arguments.h. The values are parsed by report/options.c, for all alike. */
#include "arguments.h"

#include <stdlib.h>
#include <string.h>

#include "say.h"

static const char *const command_names[COMMAND_COUNT] = {"run", "report", "list"};

bool arguments_accepts(enum command command, const struct option_info *option)
{
    switch (command) {
    case COMMAND_RUN: return true;
    case COMMAND_REPORT: return option->scope == SCOPE_SHOW || option->scope == SCOPE_ALL;
    case COMMAND_LIST:
        return strcmp(option->name, "format") == 0 || strcmp(option->name, "color") == 0;
    default: return false;
    }
}

/* The option that a word without its dashes names, also as no-NAME; NULL: none. */
static const struct option_info *find(const char *name, size_t length)
{
    bool negated = length > 3 && strncmp(name, "no-", 3) == 0;
    for (size_t i = 0; i < option_count; i++) {
        const char *known = option_table[i].name;
        if (strlen(known) == length && strncmp(known, name, length) == 0)
            return &option_table[i];
        if (negated && option_table[i].type == OPTION_BOOL && strlen(known) == length - 3 &&
            strncmp(known, name + 3, length - 3) == 0)
            return &option_table[i];
    }
    return NULL;
}

static void add_suppression(struct arguments *arguments, const char *path)
{
    arguments->suppressions =
        pool_grow(arguments->pool, arguments->suppressions, arguments->suppression_count,
                  &arguments->suppression_capacity, sizeof(*arguments->suppressions));
    arguments->suppressions[arguments->suppression_count++] = path;
}

static bool complain(const struct arguments *arguments, enum option_error error, const char *name,
                     int length, const char *value, const char *nearest)
{
    const char *command = command_names[arguments->command];
    const struct option_info *info = find(name, (size_t)length);
    switch (error) {
    case OPTION_UNKNOWN:
        if (nearest)
            say("unknown option --%.*s, did you mean --%s?", length, name, nearest);
        else
            say("unknown option --%.*s: see detect %s --help", length, name, command);
        break;
    case OPTION_BAD_VALUE:
        say("--%.*s cannot be '%s': it takes %s", length, name, value ? value : "",
            !info || !info->value                   ? "yes or no"
            : info->type == OPTION_INT              ? "a number from 0 to 255"
            : info->type == OPTION_STRING           ? "a name that is not empty"
                                                    : info->value);
        break;
    case OPTION_NO_VALUE:
        say("--%.*s needs a value: --%.*s=%s", length, name, length, name,
            info && info->value ? info->value : "VALUE");
        break;
    default: say("--%.*s takes no value", length, name); break;
    }
    return false;
}

/* `word` without its dashes; `next`: the word behind it, used as the value if one is needed. */
static bool parse_option(struct arguments *arguments, const char *word, char **next, bool *used_next)
{
    size_t length = strcspn(word, "=");
    const char *value = word[length] ? word + length + 1 : NULL, *nearest = NULL;
    const struct option_info *info = find(word, length);
    if (info && !arguments_accepts(arguments->command, info)) {
        say("--%.*s has no meaning for detect %s", (int)length, word,
            command_names[arguments->command]);
        return false;
    }
    if (info && !value && info->type != OPTION_BOOL && *next) {
        value = *next;
        *used_next = true;
    }
    enum option_error error = options_set(&arguments->options, word, length, value, &nearest);
    if (error != OPTION_OK)
        return complain(arguments, error, word, (int)length, value, nearest);
    if (info && strcmp(info->name, "suppressions") == 0)
        add_suppression(arguments, value);
    return true;
}

static bool is_help(const char *word) { return strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0; }

bool arguments_parse(struct arguments *arguments, char **words)
{
    size_t count = 0;
    while (words[count])
        count++;
    arguments->operands = pool_alloc(arguments->pool, (count + 1) * sizeof(char *));
    for (; *words; words++) {
        const char *word = *words;
        if (strcmp(word, "--") == 0) {
            words++;
            break;
        }
        if (word[0] != '-' || !word[1]) {
            if (arguments->command == COMMAND_RUN)
                break;
            arguments->operands[arguments->operand_count++] = *words;
        } else if (is_help(word)) {
            arguments->help = true;
            return true;
        } else if (word[1] != '-') {
            say("unknown option %s: options have two dashes, see detect %s --help", word,
                command_names[arguments->command]);
            return false;
        } else {
            bool used_next = false;
            if (!parse_option(arguments, word + 2, words + 1, &used_next))
                return false;
            words += used_next;
        }
    }
    for (; *words; words++)
        arguments->operands[arguments->operand_count++] = *words;
    return true;
}

bool arguments_environment(struct arguments *arguments)
{
    const char *given = getenv(REPORT_ENV_OPTIONS);
    if (!given)
        return true;
    char error[512];
    char *text = pool_text(arguments->pool, given, strlen(given));
    if (options_parse_environment(&arguments->options, text, error, sizeof(error)) > 0) {
        say("%s", error);
        return false;
    }
    if (arguments->options.suppressions)
        add_suppression(arguments, arguments->options.suppressions);
    return true;
}
