/* SPDX-License-Identifier: MIT */
/* For dlopen_late and dlclose_cycles: constructors, a thread made by one of them, thread-local storage, a destructor. */
#include "show.h"

static __thread int calls;
static int started;

static void *in_constructor(void *arg)
{
    started = *(int *)arg + 1;
    return NULL;
}

__attribute__((constructor)) static void begin(void)
{
    pthread_t thread;
    int one = 1;
    pthread_create(&thread, NULL, in_constructor, &one);
    pthread_join(thread, NULL);
}

__attribute__((destructor)) static void end(void)
{
    if (getenv("SHOW_END"))
        show("plugin ends");
}

int plugin_work(int (*callback)(int), int value)
{
    calls++;
    return callback(value + started) * 10 + calls;
}
