/* SPDX-License-Identifier: MIT */
/* Code in a segment that is writable and executable runs natively, and calls back and forth. */
/* LIMITS: native-module */
#include "show.h"

static int twice(int value) { return 2 * value; }

__attribute__((section(".rwx,\"awx\",@progbits#"), noinline)) static int writable(int (*function)(int), int value)
{
    return function(value) + 1;
}

static void *calls(void *arg)
{
    long sum = 0;
    for (int i = 0; i < 1000; i++)
        sum += writable(twice, i);
    *(long *)arg = sum;
    return NULL;
}

int main(void)
{
    pthread_t thread;
    long sum;
    pthread_create(&thread, NULL, calls, &sum);
    pthread_join(thread, NULL);
    show("%ld", sum);
    show("%d", writable(twice, 4));
    return 0;
}
