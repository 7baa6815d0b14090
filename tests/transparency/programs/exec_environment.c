/* SPDX-License-Identifier: MIT */
/* WITH: with_print_env.c:PLAIN */
/* REPORTS: 26 */
/* Every way to execute a program, with a cleaned environment: the child is watched and sees what it was given. */
#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>

#include "show.h"

extern char **environ;
static char path[4096];
static char *own[] = {"A=1", "B=two words", NULL};

enum how { EXECVE, EXECV, EXECVP, EXECVPE, EXECL, EXECLP, EXECLE, FEXECVE, EXECVEAT, BY_NUMBER, HOWS };

static void execute(enum how how)
{
    char *argv[] = {"print", "x", NULL};
    char *slash = strrchr(path, '/');
    clearenv();
    setenv("C", "3", 1);
    *slash = '\0';
    setenv("PATH", path, 1);
    *slash = '/';
    switch (how) {
    case EXECVE: execve(path, argv, own); break;
    case EXECV: execv(path, argv); break;
    case EXECVP: execvp(slash + 1, argv); break;
    case EXECVPE: execvpe(slash + 1, argv, own); break;
    case EXECL: execl(path, "print", "x", "y", NULL); break;
    case EXECLP: execlp(slash + 1, "print", "x", "y", NULL); break;
    case EXECLE: execle(path, "print", "x", "y", NULL, own); break;
    case FEXECVE: fexecve(open(path, O_RDONLY | O_CLOEXEC), argv, own); break;
    case EXECVEAT: execveat(AT_FDCWD, path, argv, own, 0); break;
    case BY_NUMBER: syscall(SYS_execve, path, argv, own); break;
    default: break;
    }
    show("failed %d", errno);
    _exit(99);
}

static void reap(const char *what, pid_t pid)
{
    int status;
    waitpid(pid, &status, 0);
    show_status(what, status);
}

int main(void)
{
    snprintf(path, sizeof(path), "%s-with_print_env", program_invocation_name);
    setenv("PATH", "/usr/bin:/bin", 1);
    for (char **entry = environ; *entry; entry++)
        if (strncmp(*entry, "LD_PRELOAD=", 11) && strncmp(*entry, "DETECT_", 7) && strncmp(*entry, "PATH=", 5))
            *entry = "X=1";
    for (int how = 0; how < HOWS; how++) {
        pid_t pid = fork();
        if (pid == 0)
            execute(how);
        char name[20];
        sprintf(name, "exec %d", how);
        reap(name, pid);
    }
    int spawned;
    pid_t pid = vfork();
    if (pid == 0) {
        execle(path, "print", NULL, own);
        _exit(98);
    }
    reap("vfork", pid);
    char *argv[] = {"print", "spawned", NULL}, *empty[] = {NULL};
    spawned = posix_spawn(&pid, path, NULL, NULL, argv, own);
    reap("spawn", pid);
    show("spawned %d", spawned);
    spawned = posix_spawn(&pid, path, NULL, NULL, argv, empty);
    reap("spawn empty", pid);
    show("spawned %d", spawned);
    spawned = posix_spawn(&pid, path, NULL, NULL, argv, NULL);
    reap("spawn null", pid);
    show("spawned %d", spawned);
    *strrchr(path, '/') = '\0';
    setenv("PATH", path, 1);
    char *name = path + strlen(path) + 1;
    spawned = posix_spawnp(&pid, name, NULL, NULL, argv, own);
    reap("spawnp", pid);
    show("spawned %d", spawned);
    SHOW(posix_spawnp(&pid, "no-such-program", NULL, NULL, argv, own));
    SHOW(execve("/no/such/program", argv, own));
    SHOW(execvp("no-such-program", argv));
    return 0;
}
