/* SPDX-License-Identifier: MIT */
/* See survivors.h; reads /proc. */
#include "survivors.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "report/format.h"

#define LONGEST_COMMAND 200
/* The longest wait for processes to get through execve(2). One whose environment is empty for good costs it as well. */
#define EXEC_MS 50
#define EXEC_STEP_MS 2

/* The whole file, terminated; malloc'ed. A process that has ended (also a zombie) has none. */
static char *read_file(const char *path, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t used = 0, capacity = 0;
    char *text = NULL;
    ssize_t n = fd >= 0 ? 1 : 0;
    while (n > 0) {
        if (used + 1 >= capacity) {
            capacity = capacity ? capacity * 2 : 16384;
            char *larger = realloc(text, capacity);
            if (!larger)
                break;
            text = larger;
        }
        n = read(fd, text + used, capacity - used - 1);
        used += n > 0 ? (size_t)n : 0;
    }
    if (fd >= 0)
        close(fd);
    if (text)
        text[used] = 0;
    *size = used;
    return text;
}

static bool has_variable(const char *environment, size_t size, const char *wanted)
{
    for (const char *entry = environment; entry < environment + size; entry += strlen(entry) + 1)
        if (strcmp(entry, wanted) == 0)
            return true;
    return false;
}

static const char *command_of(struct pool *pool, const char *pid)
{
    size_t size;
    char *words = read_file(pool_printf(pool, "/proc/%s/cmdline", pid), &size);
    while (size && !words[size - 1])
        size--;
    for (size_t i = 0; i < size; i++)
        if (!words[i])
            words[i] = ' ';
    const char *command =
        pool_text(pool, words ? words : "", size < LONGEST_COMMAND ? size : LONGEST_COMMAND);
    free(words);
    return command;
}

/* Process numbers go up, so what the program has started has a higher one, unless they have begun again at
 * the bottom since: then the last one given out, the fifth word of /proc/loadavg, is lower. */
static pid_t lowest_descendant(pid_t program)
{
    size_t size;
    char *words = read_file("/proc/loadavg", &size);
    const char *last = words ? strrchr(words, ' ') : NULL;
    bool wrapped = !last || strtol(last, NULL, 10) < program;
    free(words);
    return wrapped ? 1 : program;
}

/* A process that is just changing to another program has no environment for a moment, which one without an address space, a
 * thread of the kernel or a zombie, never has: those have no file that they execute either. */
static bool is_in_exec(struct pool *pool, const char *pid)
{
    char path[2];
    return readlink(pool_printf(pool, "/proc/%s/exe", pid), path, sizeof(path)) > 0;
}

/* One look at all processes; says whether some could not tell yet whose they are. */
static size_t look(struct pool *pool, const char *directory, pid_t lowest, struct survivor **survivors, bool *again)
{
    const char *wanted = pool_printf(pool, REPORT_ENV_DIR "=%s", directory);
    size_t count = 0, capacity = 0;
    *survivors = NULL;
    *again = false;
    DIR *processes = opendir("/proc");
    for (struct dirent *entry; processes && (entry = readdir(processes));) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid < lowest || pid == 0)
            continue;
        size_t size;
        char *environment = read_file(pool_printf(pool, "/proc/%s/environ", entry->d_name), &size);
        if (environment && has_variable(environment, size, wanted)) {
            *survivors = pool_grow(pool, *survivors, count, &capacity, sizeof(**survivors));
            (*survivors)[count++] = (struct survivor){pid, command_of(pool, entry->d_name)};
        }
        *again = *again || (environment && !size && is_in_exec(pool, entry->d_name));
        free(environment);
    }
    if (processes)
        closedir(processes);
    return count;
}

size_t survivors_find(struct pool *pool, const char *directory, pid_t program, struct survivor **survivors)
{
    struct timespec step = {.tv_nsec = EXEC_STEP_MS * 1000000L};
    pid_t lowest = lowest_descendant(program);
    bool again = false;
    size_t count = look(pool, directory, lowest, survivors, &again);
    for (int waited = 0; again && waited < EXEC_MS; waited += EXEC_STEP_MS) {
        nanosleep(&step, NULL);
        count = look(pool, directory, lowest, survivors, &again);
    }
    return count;
}
