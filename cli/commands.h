/* SPDX-License-Identifier: MIT */
/* The subcommands. Each returns the status of detect. */
#ifndef DETECT_CLI_COMMANDS_H
#define DETECT_CLI_COMMANDS_H

#include "arguments.h"

int command_run(struct arguments *arguments);
int command_report(struct arguments *arguments);
int command_list(struct arguments *arguments);

#endif
