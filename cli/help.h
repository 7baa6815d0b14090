/* SPDX-License-Identifier: MIT */
/* --help, from the table of options. */
#ifndef DETECT_CLI_HELP_H
#define DETECT_CLI_HELP_H

#include <stdio.h>

#include "arguments.h"

void help_print(FILE *out);
void help_command(FILE *out, enum command command);

#endif
