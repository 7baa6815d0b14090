/* SPDX-License-Identifier: MIT */
/* exec: children stay watched even if the program cleans their environment, and the report of this program is
 * completed before it is replaced.
 *
 * All of it runs in the child of a vfork as well, which shares the parent's memory: nothing lasting is changed
 * there, no memory is left behind, and the report, which is the parent's, is not completed. exec is
 * async-signal-safe and stays so. If it fails, the program goes on as if nothing had been. */
#include "intercept/exec.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

#include "intercept/elf_target.h"
#include "intercept/export.h"
#include "intercept/process.h"
#include "intercept/resource.h"
#include "runtime/monitor.h"
#include "runtime/real.h"
#include "runtime/runtime.h"

#define PAGE_BYTES 4096u

/* --- what cannot be watched ----------------------------------------------------------------------------------- */

static void tell(const char *code, const char *path, const char *why)
{
    struct self *self = self_enter();
    if (!self)
        return;
    runtime_path_limit(code, path, why);
    self_leave(self);
}

/* Whether the library may stay in LD_PRELOAD for that program. A static one does not read it, but its own
 * children may. */
static enum child_watch watch_for(enum target target, const char *path)
{
    switch (target) {
    case TARGET_FINE:
        return CHILD_WATCHED;
    case TARGET_STATIC:
        tell("static-child", path, ": not watched, it is statically linked");
        return CHILD_WATCHED;
    case TARGET_PRIVILEGED:
        tell("privileged-child", path, ": not watched, it runs with other privileges");
        return CHILD_WATCHED;
    case TARGET_OTHER_CLASS:
        tell("other-class-child", path, ": not watched, it is for another kind of CPU (32-bit?)");
        break;
    case TARGET_OTHER_LIBC:
        tell("other-libc-child", path, ": not watched, it uses another C library");
        break;
    case TARGET_SANITIZER:
        tell("sanitizer-child", path, ": not watched, it was built with a sanitizer");
        break;
    }
    return CHILD_UNLOADABLE;
}

static enum child_watch decide(int directory, const char *path)
{
    if (!runtime.options.children)
        return CHILD_FREE;
    if (!environment_reachable()) {
        tell("library-unreachable", path, ": not watched, the library cannot be opened from there");
        return CHILD_UNLOADABLE;
    }
    return watch_for(target_inspect(directory, path), path);
}

static bool can_read_text(const char *text)
{
    for (;;) {
        if (!sys_can_read((uintptr_t)text))
            return false;
        do
            if (!*text)
                return true;
        while ((uintptr_t)++text % PAGE_BYTES != 0);
    }
}

static bool can_read_list(char *const list[])
{
    for (; list; list++) {
        if (!sys_can_read_all(list, sizeof(*list)))
            return false;
        if (!*list)
            break;
        if (!can_read_text(*list))
            return false;
    }
    return true;
}

/* What cannot be read the kernel refuses. */
void exec_plan(struct exec_plan *plan, int directory, const char *path, char *const envp[])
{
    *plan = (struct exec_plan){.watch = CHILD_WATCHED};
    if (!runtime.detector || !can_read_text(path) || !can_read_list(envp))
        return;
    plan->watch = decide(directory, path);
    plan->room = environment_room(envp, plan->watch);
}

void exec_plan_search(struct exec_plan *plan, const char *name, char *const envp[])
{
    char path[512];
    const char *found = name ? target_find(name, getenv("PATH"), path, sizeof(path)) : NULL;
    *plan = (struct exec_plan){.watch = CHILD_WATCHED};
    if (found)
        exec_plan(plan, AT_FDCWD, found, envp);
}

/* --- before the real call --------------------------------------------------------------------------------------- */

static void end_report(void)
{
    if (!runtime.on || sys_getpid() != runtime.pid)
        return;
    struct self *self = self_enter();
    if (!self)
        return;
    runtime_flush("exec", 0);
    monitor_stop();
    self_leave(self);
}

/* The process becomes another program: this one's report is complete. */
static void leave_program(struct signals_real_mask *guard)
{
    signals_before_exec(guard);
    end_report();
    resource_before_exec(); /* the last: there may be no more memory afterwards */
}

/* The call came back: errno is untouched. */
static void stay(const struct signals_real_mask *guard)
{
    signals_exec_failed(guard);
    resource_exec_failed();
}

static int exec_path(int directory, const char *path, char *const argv[], char *const envp[])
{
    struct exec_plan plan;
    exec_plan(&plan, directory, path, envp);
    char *const *environment = EXEC_ENVIRONMENT(&plan, envp);
    struct signals_real_mask guard;
    leave_program(&guard);
    int result = REAL(execve)(path, argv, environment);
    stay(&guard);
    exec_done(&plan);
    return result;
}

static int exec_search(const char *name, char *const argv[], char *const envp[])
{
    struct exec_plan plan;
    exec_plan_search(&plan, name, envp);
    char *const *environment = EXEC_ENVIRONMENT(&plan, envp);
    struct signals_real_mask guard;
    leave_program(&guard);
    int result = REAL(execvpe)(name, argv, environment);
    stay(&guard);
    exec_done(&plan);
    return result;
}

/* --- the family --------------------------------------------------------------------------------------------------- */

INTERCEPT(int, execve, (const char *path, char *const argv[], char *const envp[]))
{
    return exec_path(AT_FDCWD, path, argv, envp);
}

INTERCEPT(int, execv, (const char *path, char *const argv[]))
{
    return exec_path(AT_FDCWD, path, argv, environ);
}

INTERCEPT(int, execvpe, (const char *name, char *const argv[], char *const envp[]))
{
    return exec_search(name, argv, envp);
}

INTERCEPT(int, execvp, (const char *name, char *const argv[]))
{
    return exec_search(name, argv, environ);
}

INTERCEPT(int, fexecve, (int fd, char *const argv[], char *const envp[]))
{
    struct exec_plan plan;
    exec_plan(&plan, fd, "", envp);
    char *const *environment = EXEC_ENVIRONMENT(&plan, envp);
    struct signals_real_mask guard;
    leave_program(&guard);
    int result = REAL(fexecve)(fd, argv, environment);
    stay(&guard);
    exec_done(&plan);
    return result;
}

INTERCEPT(int, execveat, (int directory, const char *path, char *const argv[],
                          char *const envp[], int flags))
{
    struct exec_plan plan;
    exec_plan(&plan, directory, path, envp);
    char *const *environment = EXEC_ENVIRONMENT(&plan, envp);
    struct signals_real_mask guard;
    leave_program(&guard);
    int result = REAL(execveat)(directory, path, argv, environment, flags);
    stay(&guard);
    exec_done(&plan);
    return result;
}

/* syscall(SYS_execve, …): only the environment differs. */
long exec_by_number(long number, const long arguments[6])
{
    bool at = number == SYS_execveat;
    long a[6];
    memcpy(a, arguments, sizeof(a));
    char *const *envp = (char *const *)a[at ? 3 : 2];
    struct exec_plan plan;
    exec_plan(&plan, at ? (int)a[0] : AT_FDCWD, (const char *)a[at ? 1 : 0], envp);
    a[at ? 3 : 2] = (long)EXEC_ENVIRONMENT(&plan, envp);
    struct signals_real_mask guard;
    leave_program(&guard);
    long result = REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    stay(&guard);
    exec_done(&plan);
    return result;
}

/* --- arguments one by one ------------------------------------------------------------------------------------------- */

/* Counts up to the terminating NULL, which counts too. */
#define COUNT_ARGUMENTS(count, first)                                                              \
    do {                                                                                           \
        va_list list_;                                                                             \
        va_start(list_, first);                                                                    \
        for ((count) = 1; va_arg(list_, char *); (count)++) {                                      \
        }                                                                                          \
        (count)++;                                                                                 \
        va_end(list_);                                                                             \
    } while (0)

static void copy_arguments(char **argv, size_t count, const char *first, va_list list)
{
    argv[0] = (char *)(uintptr_t)first;
    for (size_t i = 1; i < count; i++)
        argv[i] = va_arg(list, char *);
}

INTERCEPT(int, execl, (const char *path, const char *first, ...))
{
    size_t count;
    va_list list;
    COUNT_ARGUMENTS(count, first);
    char **argv = alloca(count * sizeof(char *));
    va_start(list, first);
    copy_arguments(argv, count, first, list);
    va_end(list);
    return exec_path(AT_FDCWD, path, argv, environ);
}

INTERCEPT(int, execlp, (const char *name, const char *first, ...))
{
    size_t count;
    va_list list;
    COUNT_ARGUMENTS(count, first);
    char **argv = alloca(count * sizeof(char *));
    va_start(list, first);
    copy_arguments(argv, count, first, list);
    va_end(list);
    return exec_search(name, argv, environ);
}

INTERCEPT(int, execle, (const char *path, const char *first, ...))
{
    size_t count;
    va_list list;
    COUNT_ARGUMENTS(count, first);
    char **argv = alloca(count * sizeof(char *));
    va_start(list, first);
    copy_arguments(argv, count, first, list);
    char *const *envp = va_arg(list, char *const *);
    va_end(list);
    return exec_path(AT_FDCWD, path, argv, envp);
}
