/* SPDX-License-Identifier: MIT */
/* The command line of a subcommand: options of report/options.def, then operands. */
#ifndef DETECT_CLI_ARGUMENTS_H
#define DETECT_CLI_ARGUMENTS_H

#include "pool.h"
#include "report/format.h"

enum command { COMMAND_RUN, COMMAND_REPORT, COMMAND_LIST, COMMAND_COUNT };

struct arguments {
    struct pool *pool;
    enum command command;
    struct options options;
    const char **suppressions; /* --suppressions may be given more than once */
    size_t suppression_count, suppression_capacity;
    char **operands;
    int operand_count;
    bool help;
};

/* Whether the option has a meaning for the command. */
bool arguments_accepts(enum command command, const struct option_info *option);
/* Options up to the first operand or "--" for `run`, anywhere for the others. False after a message. */
bool arguments_parse(struct arguments *arguments, char **words);
/* DETECT_OPTIONS of the environment, which the command line then overrides. False after a message. */
bool arguments_environment(struct arguments *arguments);

#endif
