/* SPDX-License-Identifier: MIT */
/* See output.h. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "say.h"

#define WIDTH 80
#define NARROWEST 40

const struct output_format *output_format(int format)
{
    return format == FORMAT_JSON ? &output_json : &output_text;
}

/* "%p" becomes our process id. malloc'ed. */
static char *expand_name(const char *path)
{
    char *name = NULL;
    size_t size;
    FILE *out = open_memstream(&name, &size);
    if (!out)
        return NULL;
    for (; *path; path++) {
        if (path[0] == '%' && path[1] == 'p') {
            fprintf(out, "%ld", (long)getpid());
            path++;
        } else {
            fputc(*path, out);
        }
    }
    fclose(out);
    return name;
}

FILE *output_open(const char *path, int fallback)
{
    char *name = path ? expand_name(path) : NULL;
    int fd = name ? open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666)
                  : fcntl(fallback, F_DUPFD_CLOEXEC, 3);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!file)
        say("cannot write the report to %s: %s", name ? name : "standard output or error",
            strerror(errno));
    free(name);
    return file;
}

static unsigned terminal_width(int fd)
{
    struct winsize size;
    if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col >= WIDTH || !size.ws_col)
        return WIDTH;
    return size.ws_col < NARROWEST ? NARROWEST : size.ws_col;
}

static bool wants_color(int fd)
{
    const char *terminal = getenv("TERM");
    return isatty(fd) && terminal && strcmp(terminal, "dumb") != 0 && !getenv("NO_COLOR");
}

void output_prepare(struct output *output, FILE *file, int color)
{
    output->file = file;
    output->width = terminal_width(fileno(file));
    output->color = color == COLOR_ALWAYS || (color == COLOR_AUTO && wants_color(fileno(file)));
}

bool output_close(struct output *output, const char *path)
{
    errno = 0;
    bool failed = ferror(output->file) != 0;
    if (fclose(output->file) != 0)
        failed = true;
    if (failed)
        say("cannot write the report%s%s: %s", path ? " to " : "", path ? path : "",
            strerror(errno ? errno : EIO));
    return !failed;
}
