/* SPDX-License-Identifier: MIT */
/* What the child of a vfork does to its signals, masks and descriptors is its own affair. */
#include <fcntl.h>

#include "show.h"

static int handled;
static void handler(int signo) { handled++; (void)signo; }

int main(void)
{
    become_threaded();
    int fds[2], status;
    char c;
    pipe(fds);
    signal(SIGUSR1, handler);
    signal(SIGPIPE, handler);
    for (int i = 0; i < 3; i++) {
        pid_t pid = vfork();
        if (pid == 0) {
            sigset_t all;
            sigfillset(&all);
            signal(SIGUSR1, SIG_DFL);
            signal(SIGPIPE, SIG_IGN);
            sigprocmask(SIG_SETMASK, &all, NULL);
            dup2(fds[1], 1);
            close(fds[0]);
            close(fds[1]);
            execl("/bin/echo", "echo", "from the child", NULL);
            _exit(1);
        }
        waitpid(pid, &status, 0);
        show_status("child", status);
        raise(SIGUSR1);
        raise(SIGPIPE);
    }
    show_mask("parent");
    show("handled %d", handled);
    close(fds[1]);
    int n = 0;
    while (read(fds[0], &c, 1) == 1)
        n++;
    show("bytes %d", n);
    if (vfork() == 0)
        _exit(12);
    wait(&status);
    show_status("exit", status);
    return 0;
}
