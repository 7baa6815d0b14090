/* SPDX-License-Identifier: MIT */
/* WITH: with_print_env.c:PLAIN */
/* posix_spawn with file actions, signal masks and defaults. */
#include <fcntl.h>
#include <spawn.h>

#include "show.h"

int main(void)
{
    char path[4096];
    char *argv[] = {"print", NULL}, *envp[] = {"E=1", NULL};
    snprintf(path, sizeof(path), "%s-with_print_env", program_invocation_name);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, 5, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, 5, 7);
    posix_spawn_file_actions_addclose(&actions, 5);
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2);
    posix_spawnattr_setsigmask(&attributes, &mask);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    pid_t pid;
    int status;
    int error = posix_spawn(&pid, path, &actions, &attributes, argv, envp);
    waitpid(pid, &status, 0);
    show("spawned %d", error);
    show_status("child", status);
    return 0;
}
