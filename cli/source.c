/* SPDX-License-Identifier: MIT */
/* See source.h. */
#include "source.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAB_WIDTH 4
#define LONGEST_LINE 400

static FILE *open_regular(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    if (fd < 0)
        return NULL;
    FILE *file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? fdopen(fd, "r") : NULL;
    if (!file)
        close(fd);
    return file;
}

/* *column counts from 1, 0: unknown. */
static const char *expand_tabs(struct pool *pool, const char *line, unsigned *column)
{
    char out[LONGEST_LINE];
    size_t used = 0;
    unsigned wanted = *column;
    *column = 0;
    for (unsigned at = 1; *line && *line != '\n' && used + TAB_WIDTH < sizeof(out); line++, at++) {
        if (at == wanted)
            *column = (unsigned)used + 1;
        if (*line != '\t')
            out[used++] = *line;
        else
            do
                out[used++] = ' ';
            while (used % TAB_WIDTH);
    }
    return pool_text(pool, out, used);
}

const char *source_line(struct pool *pool, const char *file, unsigned line)
{
    unsigned column = 0;
    return source_line_at(pool, file, line, &column);
}

const char *source_line_at(struct pool *pool, const char *file, unsigned line, unsigned *column)
{
    FILE *source = open_regular(file);
    if (!source)
        return NULL;
    char *text = NULL;
    size_t size = 0;
    bool found = false;
    for (unsigned i = 0; i < line; i++) {
        found = getline(&text, &size, source) >= 0;
        if (!found)
            break;
    }
    const char *result = found && line ? expand_tabs(pool, text, column) : NULL;
    free(text);
    fclose(source);
    return result;
}
