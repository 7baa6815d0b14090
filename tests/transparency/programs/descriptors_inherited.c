/* SPDX-License-Identifier: MIT */
/* WITH: with_print_env.c:PLAIN */
/* A child inherits the program's descriptors and no other; the end of a pipe is seen when it should be. */
#include "show.h"

int main(void)
{
    char path[4096], c;
    int fds[2], status;
    become_threaded();
    snprintf(path, sizeof(path), "%s-with_print_env", program_invocation_name);
    pipe(fds);
    pid_t pid = fork();
    if (pid == 0) {
        clearenv();
        execl(path, "print", NULL);
    }
    waitpid(pid, &status, 0);
    show_status("child", status);
    pid = fork();
    if (pid == 0) {
        close(fds[0]);
        write(fds[1], "abc", 3);
        _exit(0);
    }
    close(fds[1]);
    int n = 0;
    while (read(fds[0], &c, 1) == 1)
        n++;
    show("read %d, then the end", n);
    waitpid(pid, &status, 0);
    return 0;
}
