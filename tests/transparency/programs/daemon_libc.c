/* SPDX-License-Identifier: MIT */
/* daemon(3) after a thread, with standard output kept. */
#include "show.h"

int main(void)
{
    int start[2], end[2], status;
    char c;
    become_threaded();
    pipe(start);
    pipe(end);
    pid_t pid = fork();
    if (pid == 0) {
        int result = daemon(1, 1);
        read(start[0], &c, 1); /* the first process has said what it has to say */
        show("daemon %d", result);
        pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
        SHOW(pthread_mutex_lock(&m));
        SHOW(pthread_mutex_unlock(&m));
        exit(0);
    }
    close(end[1]);
    waitpid(pid, &status, 0);
    show_status("parent of the daemon", status);
    write(start[1], "x", 1);
    while (read(end[0], &c, 1) > 0) {
    }
    return 0;
}
