/* SPDX-License-Identifier: MIT */
/* Threads with the smallest stacks that there are, deep into them, with callbacks from libc and a signal each. */
#include <limits.h>

#include "show.h"

static volatile sig_atomic_t handled;

static void on_signal(int signo) { handled += signo == SIGUSR1; }

static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

static long deep(int left)
{
    volatile char room[64];
    room[0] = (char)left;
    return left == 0 ? room[0] : deep(left - 1) + room[0] % 3;
}

static void *works(void *arg)
{
    int numbers[50];
    for (int i = 0; i < 50; i++)
        numbers[i] = i * 7919 % 101;
    qsort(numbers, 50, sizeof(numbers[0]), compare);
    raise(SIGUSR1);
    *(long *)arg = deep(40) + numbers[25];
    return NULL;
}

int main(void)
{
    pthread_attr_t attr;
    long result;
    signal(SIGUSR1, on_signal);
    pthread_attr_init(&attr);
    show("%d", pthread_attr_setstacksize(&attr, 16384));
    for (int i = 0; i < 50; i++) {
        pthread_t thread;
        pthread_create(&thread, &attr, works, &result);
        pthread_join(thread, NULL);
    }
    show("%ld, %d handled", result, (int)handled);
    return 0;
}
