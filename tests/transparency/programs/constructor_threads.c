/* SPDX-License-Identifier: MIT */
/* WITH: with_constructor.c:SHARED */
/* Threads and locks before main, in the program's constructors and in those of a library; after main as well. */
#include <dlfcn.h>

#include "show.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_t thread;
static int ready;
static void *work(void *arg)
{
    pthread_mutex_lock(&mutex);
    ready = 1;
    pthread_mutex_unlock(&mutex);
    return arg;
}
__attribute__((constructor)) static void begin(void) { SHOW(pthread_create(&thread, NULL, work, NULL)); }
__attribute__((destructor)) static void end(void)
{
    SHOW(pthread_create(&thread, NULL, work, NULL));
    SHOW(pthread_join(thread, NULL));
    SHOW(pthread_mutex_lock(&mutex));
    SHOW(pthread_mutex_unlock(&mutex));
}

int main(void)
{
    char path[4096];
    SHOW(pthread_join(thread, NULL));
    show("ready %d", ready);
    snprintf(path, sizeof(path), "%s-with_constructor.so", program_invocation_name);
    void *library = dlopen(path, RTLD_NOW);
    int (*run)(void) = dlsym(library, "run");
    show("run %d", run());
    SHOW(dlclose(library));
    return 0;
}
