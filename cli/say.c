/* SPDX-License-Identifier: MIT */
/* One-line messages; see say.h. */
#include "say.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void say(const char *format, ...)
{
    char line[4096] = "detect: ";
    size_t start = sizeof("detect: ") - 1, room = sizeof(line) - start - 1;
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line + start, room, format, args);
    va_end(args);
    size_t used = length < 0 ? 0 : (size_t)length < room ? (size_t)length : room - 1;
    for (size_t i = start; i < start + used; i++)
        if ((unsigned char)line[i] < ' ' || line[i] == 127)
            line[i] = '?';
    line[start + used] = '\n';
    if (write(STDERR_FILENO, line, start + used + 1) < 0)
        return; /* nowhere is left to say so */
}
