/* SPDX-License-Identifier: MIT */
/* Children that libc starts by itself: posix_spawn, system, popen. Their environment is put right as in exec.c;
 * system and popen read `environ` where nobody can intervene, so that where it was cleaned their shell command sets
 * the variables. */
#include <fcntl.h>
#include <string.h>

#include "intercept/exec.h"
#include "intercept/export.h"
#include "runtime/real.h"
#include "runtime/runtime.h"

static void mask_of_child(struct signals_real_mask *guard)
{
    signals_real_mask(guard, signals_blocked_kept());
}

static void mask_of_parent(struct signals_real_mask *guard) { signals_real_mask_end(guard); }

/* The child inherits what the program blocks; see runtime/signals.h. */
#define MASK_OF_CHILD(guard)                                                                       \
    struct signals_real_mask guard __attribute__((cleanup(mask_of_parent)));                       \
    mask_of_child(&guard)

INTERCEPT(int, posix_spawn, (pid_t *pid, const char *path,
                             const posix_spawn_file_actions_t *actions,
                             const posix_spawnattr_t *attributes, char *const argv[],
                             char *const envp[]))
{
    struct exec_plan plan;
    exec_plan(&plan, AT_FDCWD, path, envp);
    MASK_OF_CHILD(guard);
    int error = REAL(posix_spawn)(pid, path, actions, attributes, argv,
                                  EXEC_ENVIRONMENT(&plan, envp));
    exec_done(&plan);
    return error;
}

INTERCEPT(int, posix_spawnp, (pid_t *pid, const char *name,
                              const posix_spawn_file_actions_t *actions,
                              const posix_spawnattr_t *attributes, char *const argv[],
                              char *const envp[]))
{
    struct exec_plan plan;
    exec_plan_search(&plan, name, envp);
    MASK_OF_CHILD(guard);
    int error = REAL(posix_spawnp)(pid, name, actions, attributes, argv,
                                   EXEC_ENVIRONMENT(&plan, envp));
    exec_done(&plan);
    return error;
}

static size_t command_room(const char *command)
{
    if (!command || !runtime.on || !runtime.options.children)
        return 0;
    size_t room = environment_command_room(environ, command);
    return room <= EXEC_STACK_ROOM ? room : 0;
}

INTERCEPT(int, system, (const char *command))
{
    size_t room = command_room(command);
    MASK_OF_CHILD(guard);
    return REAL(system)(room ? environment_command(alloca(room), command) : command);
}

INTERCEPT(FILE *, popen, (const char *command, const char *mode))
{
    size_t room = command_room(command);
    MASK_OF_CHILD(guard);
    return REAL(popen)(room ? environment_command(alloca(room), command) : command, mode);
}
