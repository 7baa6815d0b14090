/* SPDX-License-Identifier: MIT */
/* A program that waits for all kinds of children sees its own, also after all its threads have waited for each other. */
#include <sys/resource.h>

#include "show.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *takes(void *arg)
{
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    return arg;
}

/* The thread waits for the mutex, and this one for the thread as soon as it may have it. */
static void wait_for_each_other(void)
{
    for (int i = 0; i < 30; i++) {
        pthread_t thread;
        pthread_mutex_lock(&mutex);
        pthread_create(&thread, NULL, takes, NULL);
        sleep_ms(2);
        pthread_mutex_unlock(&mutex);
        pthread_join(thread, NULL);
    }
}

int main(void)
{
    int status;
    siginfo_t info;
    struct rusage usage;
    wait_for_each_other();
    SHOW(waitpid(-1, &status, __WALL | WNOHANG));
    SHOW(waitpid(-1, &status, __WCLONE | WNOHANG));
    SHOW(wait4(-1, &status, __WALL, &usage));
    SHOW(wait3(&status, __WALL, &usage));
    SHOW(waitid(P_ALL, 0, &info, WEXITED | __WALL));
    pid_t child = fork();
    if (child == 0)
        _exit(3);
    SHOW(waitpid(-1, &status, __WALL) == child);
    show_status("child", status);
    return 0;
}
