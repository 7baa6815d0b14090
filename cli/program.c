/* SPDX-License-Identifier: MIT */
/* See program.h. */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "elf_file.h"
#include "say.h"

#define SHELL "/bin/sh"
#define DEFAULT_PATH "/bin:/usr/bin" /* as execvp(3) if PATH is not set */
#define MOST_INTERPRETERS 4          /* as the kernel */

/* --- finding it --------------------------------------------------------------------------------------- */

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

static bool is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_executable(const char *path) { return is_file(path) && access(path, X_OK) == 0; }

/* The first executable of that name on PATH; if there is only one that is not executable, that one. */
static const char *search_path(struct pool *pool, const char *name)
{
    const char *path = getenv("PATH"), *second_best = NULL;
    if (!path)
        path = DEFAULT_PATH;
    for (;;) {
        size_t n = strcspn(path, ":");
        const char *candidate = n ? pool_printf(pool, "%.*s/%s", (int)n, path, name)
                                  : pool_printf(pool, "./%s", name); /* empty: the current one */
        if (is_executable(candidate))
            return candidate;
        if (!second_best && is_file(candidate))
            second_best = candidate;
        if (!path[n])
            return second_best;
        path += n + 1;
    }
}

/* What is neither ELF nor "#!" but text is a shell's script, as for execvp(3) and every shell. */
static bool is_plain_script(const char *path)
{
    char start[128];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    ssize_t n = fd >= 0 ? read(fd, start, sizeof(start)) : -1;
    if (fd >= 0)
        close(fd);
    return n >= 0 && !memchr(start, 0, (size_t)n) && !(n >= 2 && memcmp(start, "#!", 2) == 0);
}

static char **shell_words(struct pool *pool, const char *path, char **words)
{
    size_t count = 0;
    while (words[count])
        count++;
    char **argv = pool_alloc(pool, (count + 2) * sizeof(*argv));
    argv[0] = pool_text(pool, SHELL, sizeof(SHELL) - 1);
    argv[1] = pool_text(pool, path, strlen(path));
    memcpy(argv + 2, words + 1, (count - 1) * sizeof(*argv));
    return argv;
}

int program_find(struct pool *pool, char **words, struct program *program)
{
    const char *name = words[0];
    bool has_slash = strchr(name, '/') != NULL;
    const char *path = has_slash ? name : *name ? search_path(pool, name) : NULL;
    struct stat st;
    if (!path || (stat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR))) {
        say("%s: no such program%s", name, has_slash ? "" : " on PATH");
        return STATUS_NOT_FOUND;
    }
    if (is_directory(path) || access(path, X_OK) != 0) {
        say("%s: cannot be executed: %s", path,
            is_directory(path) ? "it is a directory" : strerror(errno));
        return STATUS_NOT_EXECUTABLE;
    }
    program->path = path;
    program->argv = words;
    if (is_plain_script(path)) {
        program->path = SHELL;
        program->argv = shell_words(pool, path, words);
    }
    return 0;
}

/* --- looking at it ------------------------------------------------------------------------------------ */

/* The interpreter of a "#!" script, else NULL. */
static const char *script_interpreter(struct pool *pool, const char *path)
{
    char start[PATH_MAX];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    ssize_t n = fd >= 0 ? read(fd, start, sizeof(start) - 1) : -1;
    if (fd >= 0)
        close(fd);
    if (n < 3 || memcmp(start, "#!", 2) != 0)
        return NULL;
    start[n] = 0;
    char *name = start + 2 + strspn(start + 2, " \t");
    return pool_text(pool, name, strcspn(name, " \t\n"));
}

/* Whether the kernel runs it with other rights than ours: the loader then ignores LD_PRELOAD
 * (AT_SECURE, ld.so(8)). */
static const char *gains_rights(const char *path)
{
    struct stat st;
    struct statvfs fs;
    char capability[64];
    if (stat(path, &st) != 0 || (statvfs(path, &fs) == 0 && fs.f_flag & ST_NOSUID))
        return NULL;
    if (st.st_mode & S_ISUID && st.st_uid != getuid())
        return "setuid";
    if (st.st_mode & S_ISGID && st.st_mode & S_IXGRP && st.st_gid != getgid())
        return "setgid";
    if (getuid() != 0 && getxattr(path, "security.capability", capability, sizeof(capability)) > 0)
        return "given capabilities";
    return NULL;
}

static int refuse(const char *path, const char *why)
{
    say("%s %s; it is not run", path, why);
    return STATUS_NOT_EXECUTABLE;
}

/* Something else than glibc's loader knows nothing of our library. */
static bool is_foreign_loader(const char *interpreter) { return strstr(interpreter, "ld-musl") != NULL; }

static int check_elf(struct pool *pool, const char *path, const struct elf_file *elf,
                     const struct elf_file *library)
{
    const char *rights = gains_rights(path);
    if (elf->bits != library->bits)
        return refuse(path, pool_printf(pool, "is a %d-bit program, and detect a %d-bit one", elf->bits,
                                        library->bits));
    if (!elf->same_order || elf->machine != library->machine || !elf->loadable)
        return refuse(path, "is no program for this machine");
    bool is_loader = elf->soname && strncmp(elf->soname, "ld-", 3) == 0;
    if (!elf->interpreter && !is_loader)
        return refuse(path, "is statically linked, so nothing can be preloaded into it");
    if (elf->interpreter && is_foreign_loader(elf->interpreter))
        return refuse(path, "uses another C library than glibc");
    if (rights)
        return refuse(path, pool_printf(pool, "is %s, so nothing can be preloaded into it", rights));
    if (elf->sanitizer)
        return refuse(path, pool_printf(pool, "was built with %s, which watches the same calls",
                                        elf->sanitizer));
    return 0;
}

int program_check(struct pool *pool, const struct program *program, const char *library)
{
    const char *path = program->path;
    struct elf_file ours, elf;
    if (elf_read(pool, library, &ours) != 0)
        return 0; /* program_library() has read it a moment ago */
    for (int i = 0; i < MOST_INTERPRETERS; i++) {
        const char *interpreter = script_interpreter(pool, path);
        if (!interpreter)
            break;
        if (!is_executable(interpreter)) {
            say("%s: its interpreter %s cannot be executed: %s", path, interpreter, strerror(errno));
            return STATUS_NOT_EXECUTABLE;
        }
        path = interpreter;
    }
    if (elf_read(pool, path, &elf) != 0)
        return 0;
    if (!elf.is_elf)
        return refuse(path, "is neither an ELF program nor a script");
    return check_elf(pool, path, &elf, &ours);
}

/* --- what is preloaded -------------------------------------------------------------------------------- */

static const char *own_directory(struct pool *pool)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path));
    if (n <= 0 || (size_t)n == sizeof(path))
        return NULL;
    while (n > 1 && path[n - 1] != '/')
        n--;
    return pool_text(pool, path, (size_t)n);
}

/* The places where the library is looked for, relative to the directory of the command. */
static const char *const library_places[] = {"../libdetect/libdetect.so", DETECT_LIBRARY_INSTALLED,
                                             "../lib/detect/libdetect.so"};

static const char *find_library(struct pool *pool, const char *directory)
{
    for (size_t i = 0; i < sizeof(library_places) / sizeof(library_places[0]); i++) {
        const char *place = library_places[i];
        char *full = realpath(*place == '/' ? place : pool_printf(pool, "%s%s", directory, place), NULL);
        const char *kept = full ? pool_text(pool, full, strlen(full)) : NULL;
        free(full);
        if (kept)
            return kept;
    }
    return NULL;
}

const char *program_library(struct pool *pool)
{
    const char *directory = own_directory(pool);
    const char *path = directory ? find_library(pool, directory) : NULL;
    struct elf_file self, library;
    if (!path) {
        say("libdetect.so is missing: it should be at %s%s", directory ? directory : "",
            library_places[0]);
        return NULL;
    }
    int error = elf_read(pool, path, &library);
    if (error) {
        say("%s cannot be preloaded: %s", path, strerror(-error));
        return NULL;
    }
    if (!library.is_elf || elf_read(pool, "/proc/self/exe", &self) != 0 || self.bits != library.bits ||
        self.machine != library.machine || !library.loadable) {
        say("%s cannot be preloaded: it is no library for this machine", path);
        return NULL;
    }
    if (strpbrk(path, " :")) {
        say("%s cannot be preloaded: LD_PRELOAD takes no path with blanks or colons", path);
        return NULL;
    }
    return path;
}
