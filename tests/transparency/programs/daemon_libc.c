/* SPDX-License-Identifier: MIT */
/* daemon(3) after a thread, with standard output kept. */
#include "show.h"

int main(void)
{
    become_threaded();
    pid_t pid = fork();
    if (pid == 0) {
        SHOW(daemon(1, 1));
        pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
        SHOW(pthread_mutex_lock(&m));
        SHOW(pthread_mutex_unlock(&m));
        exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    show_status("parent of the daemon", status);
    sleep_ms(300);
    return 0;
}
