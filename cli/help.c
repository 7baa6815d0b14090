/* SPDX-License-Identifier: MIT */
/* See help.h. */
#include "help.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_COLUMN 8
#define WIDTH 80

static const char *const usage[COMMAND_COUNT] = {
    [COMMAND_RUN] = "detect run [OPTIONS] [--] PROGRAM [ARGS...]",
    [COMMAND_REPORT] = "detect report [OPTIONS] FILE|DIR...",
    [COMMAND_LIST] = "detect list [--format=text|json] [KIND]",
};

static const char *const purpose[COMMAND_COUNT] = {
    [COMMAND_RUN] = "Runs a program, watches its threads, and reports data races, deadlocks and misuse of locks and "
                    "threads. The program needs no special build.",
    [COMMAND_REPORT] = "Prints reports that were recorded earlier: files, or directories of them.",
    [COMMAND_LIST] = "Lists the kinds of findings; with a KIND, explains it.",
};

static const char *const statuses[COMMAND_COUNT] = {
    [COMMAND_RUN] =
        "Status: that of --exit-code (66) if something was found that counts, or if the program was "
        "ended because it could never go on; else the program's own, 128 + N if signal N ended it. 127: no such "
        "program; 126: it cannot be executed, or not be watched (static, for another CPU, setuid, built "
        "with a sanitizer); 2: detect was used wrongly, could not write its output or read its input.",
    [COMMAND_REPORT] =
        "Status: 0; that of --exit-code if --exit-code or --fail-on was given and something was found that "
        "counts; 2 if a report could not be read, or not completely (what can be read is shown).",
    [COMMAND_LIST] = "Status: 0; 2 if there is no such kind.",
};

static void wrapped(FILE *out, int indent, const char *text)
{
    int column = indent;
    fprintf(out, "%*s", indent, "");
    while (*text) {
        int n = (int)strcspn(text, " ");
        if (column > indent && column + 1 + n > WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            fputc(' ', out);
            column++;
        }
        fwrite(text, 1, (size_t)n, out);
        column += n;
        text += n + (text[n] == ' ');
    }
    fputc('\n', out);
}

static void option_lines(FILE *out, const struct option_info *option)
{
    struct options defaults;
    options_default(&defaults);
    const char *field = (const char *)&defaults + option->offset;
    bool on = option->type == OPTION_BOOL && *(const bool *)field;
    fprintf(out, "  --%s%s", on ? "no-" : "", option->name);
    if (option->value)
        fprintf(out, "=%s", option->value);
    fputc('\n', out);
    wrapped(out, TEXT_COLUMN, option->help);
    if (option->type == OPTION_INT)
        fprintf(out, "%*sdefault: %d\n", TEXT_COLUMN, "", *(const int *)(const void *)field);
    if (on)
        fprintf(out, "%*sdefault: yes\n", TEXT_COLUMN, "");
    if (option->type == OPTION_ENUM && !strstr(option->help, "default")) {
        const char *word = option->value;
        for (int i = *(const int *)(const void *)field; i > 0; i--)
            word = strchr(word, '|') + 1;
        fprintf(out, "%*sdefault: %.*s\n", TEXT_COLUMN, "", (int)strcspn(word, "|"), word);
    }
}

void help_command(FILE *out, enum command command)
{
    fprintf(out, "Usage: %s\n\n", usage[command]);
    wrapped(out, 0, purpose[command]);
    fputs("\nOptions:\n", out);
    for (size_t i = 0; i < option_count; i++)
        if (arguments_accepts(command, &option_table[i]))
            option_lines(out, &option_table[i]);
    fputs("  --help\n        this text\n\n", out);
    wrapped(out, 0, statuses[command]);
}

void help_print(FILE *out)
{
    fputs("Finds data races, deadlocks and misuse of threads in programs as they are.\n\n", out);
    for (int i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "%s %s\n", i ? "      " : "Usage:", usage[i]);
    fputs("       detect --version\n\n", out);
    wrapped(out, 0, "`detect COMMAND --help` explains a command and its options.");
}
