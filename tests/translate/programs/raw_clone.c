/* SPDX-License-Identifier: MIT */
/* A thread by the clone call that has no storage of its own; others, made before it, go on. */
/* LIMITS: raw-clone */
#include <sched.h>
#include <sys/mman.h>

#include "show.h"

static volatile int stop, counted;

static int twice(int value) { return 2 * value; }

static void *busy(void *arg)
{
    unsigned long rounds = 0;
    while (!stop) {
        counted = twice((int)rounds++ % 100);
        if (rounds % 1000 == 0)
            sched_yield();
    }
    return arg;
}

/* Uses nothing of libc's that is a thread's own. */
static int in_clone(void *arg)
{
    volatile int *result = arg;
    int sum = 0;
    for (int i = 0; i < 1000; i++)
        sum += twice(i);
    *result = sum;
    return 0;
}

int main(void)
{
    pthread_t threads[2];
    volatile int result = 0;
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, busy, NULL);
    sleep_ms(20);
    char *stack = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pid_t pid = clone(in_clone, stack + 65536, CLONE_VM | CLONE_FILES | CLONE_FS | SIGCHLD, (void *)&result);
    int status;
    waitpid(pid, &status, 0);
    show_status("clone", status);
    show("it counted %d", result);
    sleep_ms(20);
    stop = 1;
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    show("%d", counted < 200);
    return 0;
}
