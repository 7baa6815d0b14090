/* SPDX-License-Identifier: MIT */
/* Dies in the way that its argument says, in a second thread, with something to be seen in each frame. */
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct object {
    int value;
};

static int __attribute__((noinline)) inner(struct object *object, int depth)
{
    int kept = depth * 3;
    if (depth > 0)
        kept += inner(object, depth - 1);
    else
        kept += object->value;
    return kept + depth;
}

static int __attribute__((noinline)) middle(int depth)
{
    int result = inner((struct object *)8, depth);
    return result + depth;
}

static int compare(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    if (x == 2 || y == 2)
        return middle(2);
    return x - y;
}

static int __attribute__((noinline)) divide(int a, int b)
{
    volatile int quotient = 0; /* a value that gdb can show */
    quotient = a / b;
    return quotient + a;
}

static void on_signal(int signo)
{
    middle(signo % 4);
}

static void *work(void *kind)
{
    int numbers[] = {3, 2, 1};
    void (*volatile nothing)(void) = NULL;
    const char *name = kind;
    if (strcmp(name, "null") == 0)
        middle(3);
    else if (strcmp(name, "callback") == 0)
        qsort(numbers, 3, sizeof(int), compare);
    else if (strcmp(name, "assert") == 0)
        assert(numbers[0] == 1);
    else if (strcmp(name, "division") == 0)
        divide(numbers[0], numbers[1] - 2);
    else if (strcmp(name, "no-function") == 0)
        nothing();
    else if (strcmp(name, "abort") == 0)
        abort();
    else if (strcmp(name, "raise") == 0)
        raise(SIGSEGV);
    else if (strcmp(name, "trap") == 0)
        __builtin_trap();
    else if (strcmp(name, "in-handler") == 0)
        signal(SIGUSR1, on_signal), raise(SIGUSR1);
    return numbers;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    pthread_create(&thread, NULL, work, argv[argc - 1]);
    pthread_join(thread, NULL);
    return 0;
}
