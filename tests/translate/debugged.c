/* SPDX-License-Identifier: MIT */
/* For debugger.py. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct thing {
    int number;
};

static int compare(const void *a, const void *b)
{
    static int calls;
    if (calls++ == 5)
        (void)!write(1, "in compare\n", 11);
    return *(const int *)a - *(const int *)b;
}

__attribute__((noinline)) static void innermost(struct thing *thing)
{
    volatile int local = 42;
    int numbers[20];
    for (int i = 0; i < 20; i++)
        numbers[i] = i * 7 % 11;
    qsort(numbers, 20, sizeof(numbers[0]), compare);
    thing->number += numbers[0] + local - 42;
}

__attribute__((noinline)) static void middle(int depth, struct thing *thing)
{
    if (depth == 0)
        innermost(thing);
    else
        middle(depth - 1, thing);
    thing->number++;
}

__attribute__((noinline)) static int faults(volatile int *address) { return *address + 1; }

static void *worker(void *fault)
{
    struct thing thing = {1};
    if (fault)
        thing.number = faults((volatile int *)16) + 1;
    middle(2, &thing);
    printf("number %d\n", thing.number);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    pthread_create(&thread, NULL, worker, argc > 1 ? argv[1] : NULL);
    pthread_join(thread, NULL);
    return 0;
}
