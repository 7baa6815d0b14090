/* SPDX-License-Identifier: MIT */
/* A fork while another thread runs a once routine: libc lets the child run it again. */
/* EXPECT-NONE */
#include <sys/wait.h>

#include "unseen.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int inside[2], leave[2];
static char byte;

static void slow_routine(void)
{
    if (write(inside[1], "x", 1) != 1 || read(leave[0], &byte, 1) != 1)
        abort();
}

static void quick_routine(void) {}

static void *initialise(void *argument)
{
    pthread_once(&once, slow_routine);
    return argument;
}

int main(void)
{
    pthread_t thread;
    int status;
    if (pipe(inside) || pipe(leave))
        return 1;
    pthread_create(&thread, NULL, initialise, NULL);
    if (read(inside[0], &byte, 1) != 1)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        pthread_once(&once, quick_routine);
        _exit(0);
    }
    waitpid(child, &status, 0);
    if (write(leave[1], "x", 1) != 1)
        return 1;
    pthread_join(thread, NULL);
    return status != 0;
}
