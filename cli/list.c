/* SPDX-License-Identifier: MIT */
/* `detect list`: the kinds of findings and what each means. */
#include "commands.h"
#include "kinds.h"
#include "output.h"
#include "say.h"

#include <unistd.h>

static bool is_kind(const char *name)
{
    if (kind_find(name))
        return true;
    const char *nearest = kind_nearest(name);
    if (nearest)
        say("no kind is called '%s', did you mean '%s'?", name, nearest);
    else
        say("no kind is called '%s': detect list shows them all", name);
    return false;
}

int command_list(struct arguments *arguments)
{
    for (int i = 0; i < arguments->operand_count; i++)
        if (!is_kind(arguments->operands[i]))
            return STATUS_TROUBLE;
    FILE *file = output_open(NULL, STDOUT_FILENO);
    if (!file)
        return STATUS_TROUBLE;
    struct output output = {0};
    output_prepare(&output, file, arguments->options.color);
    const struct output_format *format = output_format(arguments->options.format);
    if (!arguments->operand_count)
        format->kinds(&output, NULL);
    for (int i = 0; i < arguments->operand_count; i++)
        format->kinds(&output, arguments->operands[i]);
    return output_close(&output, NULL) ? 0 : STATUS_TROUBLE;
}
