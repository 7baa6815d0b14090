/* SPDX-License-Identifier: MIT */
/* Other programs from translated code: by fork, vfork, spawn, system, popen, and in place of this one from a second
 * thread, after an exec that failed. */
#include <spawn.h>

#include "show.h"

extern char **environ;

static char *arguments[] = {"sh", "-c", "echo from $0; exit 3", NULL};

static void by_fork(void)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        execv("/bin/sh", arguments);
        _exit(1);
    }
    waitpid(pid, &status, 0);
    show_status("fork", status);
}

static void by_vfork(const char *path)
{
    int status;
    volatile int written = 0;
    pid_t pid = vfork();
    if (pid == 0) {
        written = 1;
        execv(path, arguments);
        written = errno;
        _exit(9);
    }
    waitpid(pid, &status, 0);
    show("vfork wrote %d", written);
    show_status("vfork", status);
}

static void by_spawn(void)
{
    int status;
    pid_t pid;
    int error = posix_spawn(&pid, "/bin/sh", NULL, NULL, arguments, environ);
    waitpid(pid, &status, 0);
    show("spawn: %d", error);
    show_status("spawn", status);
    show("spawn: %d", posix_spawnp(&pid, "no-such-program", NULL, NULL, arguments, environ));
}

static void *all(void *arg)
{
    char line[100] = "";
    by_fork();
    by_vfork("/bin/sh");
    by_vfork("/no/such/program");
    by_spawn();
    show_status("system", system("exit 5"));
    FILE *pipe = popen("echo through a pipe", "r");
    (void)!fgets(line, sizeof(line), pipe);
    show("%d %s", pclose(pipe), line);
    SHOW(execv("/no/such/program", arguments));
    if (arg) {
        char *last[] = {"sh", "-c", "echo in place", NULL};
        execv("/bin/sh", last);
    }
    return NULL;
}

int main(void)
{
    pthread_t thread;
    all(NULL);
    become_threaded();
    all(NULL);
    pthread_create(&thread, NULL, all, "last");
    pthread_join(thread, NULL);
    return 1;
}
