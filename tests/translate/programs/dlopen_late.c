/* SPDX-License-Identifier: MIT */
/* Libraries that are opened before the first thread, after it, by several threads at once; with constructors that make
 * threads themselves; and closed and opened again. */
/* WITH: with_plugin.c:SHARED */
#include <dlfcn.h>

#include "show.h"

typedef int plugin_t(int (*)(int), int);

static char path[4096];

static int twice(int value) { return 2 * value; }

static int use(void *handle, int value)
{
    plugin_t *work = (plugin_t *)dlsym(handle, "plugin_work");
    return work ? work(twice, value) : -1;
}

static void *opens(void *arg)
{
    void *handle = dlopen(path, RTLD_NOW);
    int result = use(handle, (int)(long)arg);
    dlclose(handle);
    return (void *)(long)result;
}

int main(int argc, char **argv)
{
    pthread_t threads[4];
    (void)argc;
    snprintf(path, sizeof(path), "%s-with_plugin.so", argv[0]);
    setenv("SHOW_END", "1", 1);
    void *early = dlopen(path, RTLD_LAZY);
    show("early %d", use(early, 1));
    dlclose(early);
    for (int round = 0; round < 3; round++) {
        void *handle = dlopen(path, RTLD_LAZY);
        show("again %d %d", use(handle, round), use(handle, round));
        dlclose(handle);
    }
    void *kept = dlopen(path, RTLD_NOW);
    for (long i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, opens, (void *)i);
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(threads[i], &result);
        show("thread %d: %ld", i, (long)result);
    }
    dlclose(kept);
    return 0;
}
