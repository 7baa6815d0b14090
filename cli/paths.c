/* SPDX-License-Identifier: MIT */
/* See paths.h. */
#include "paths.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#define SHOWN_MAX 44 /* characters of a path in the text report */

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Removes "." and ".." and doubled slashes in place; what leads above the root or start stays. */
static void normalise(char *path)
{
    char *out = path, *parts[256];
    size_t depth = 0;
    const char *in = path;
    bool absolute = *in == '/';
    if (absolute)
        in++, out++;
    while (*in && depth < 256) {
        size_t n = strcspn(in, "/");
        bool up = n == 2 && in[0] == '.' && in[1] == '.';
        bool previous_up = depth && strncmp(parts[depth - 1], "../", 3) == 0;
        if (n == 0 || (n == 1 && *in == '.')) {
            /* nothing */
        } else if (up && depth && !previous_up) {
            out = parts[--depth];
        } else if (!(up && absolute)) {
            parts[depth++] = out;
            memmove(out, in, n);
            out += n;
            *out++ = '/';
        }
        in += n + (in[n] == '/');
    }
    if (out > path + absolute)
        out--; /* the last slash */
    *out = 0;
}

const char *path_join(struct pool *pool, const char *dir, const char *file)
{
    char *path = *file == '/' || !*dir ? pool_text(pool, file, strlen(file))
                                       : pool_printf(pool, "%s/%s", dir, file);
    /* One byte more than the text, as normalise() writes a slash behind the last component. */
    char *roomy = pool_alloc(pool, strlen(path) + 2);
    memcpy(roomy, path, strlen(path));
    normalise(roomy);
    return roomy;
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* System headers as a program includes them: <bits/std_mutex.h>, without the compiler's version. */
static const char *header_name(const char *path)
{
    const char *cplusplus = strstr(path, "/c++/");
    const char *version = cplusplus ? cplusplus + strlen("/c++/") : NULL;
    const char *header = version ? strchr(version, '/') : NULL;
    if (header && header[1])
        return header + 1;
    return starts_with(path, "/usr/include/") ? path + strlen("/usr/include/") : path;
}

const char *path_shown(struct pool *pool, const char *path)
{
    char here[PATH_MAX];
    if (path_is_system(path))
        path = header_name(path);
    if (getcwd(here, sizeof(here)) && here[1]) {
        size_t n = strlen(here);
        if (strncmp(path, here, n) == 0 && path[n] == '/')
            path += n + 1;
    }
    size_t length = strlen(path);
    if (length <= SHOWN_MAX)
        return path;
    const char *from = strchr(path + length - SHOWN_MAX, '/');
    return from ? pool_printf(pool, "...%s", from) : path_base(path);
}

bool path_is_system(const char *path)
{
    return starts_with(path, "/usr/include/") || starts_with(path, "/usr/lib/") ||
           starts_with(path, "/usr/lib64/") || starts_with(path, "/rustc/");
}

bool path_is_runtime(const char *path)
{
    static const char *const names[] = {"libc.so", "libc-", "libpthread", "ld-linux", "ld-",
                                        "libstdc++.so", "libgcc_s.so", "libdetect.so", "libm.so"};
    const char *base = path_base(path);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (starts_with(base, names[i]))
            return true;
    return false;
}
