/* SPDX-License-Identifier: MIT */
/* WITH: with_cxx_plugin.cc:SHARED */
/* A C program with a C++ plugin: cancellation and pthread_exit run the plugin's destructors, exceptions are caught. */
#include <dlfcn.h>

#include "show.h"

static void *(*run)(void *);
static void (*throw_and_catch)(void (*)(void));
static void callback(void) { show("callback"); }

int main(void)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s-with_cxx_plugin.so", program_invocation_name);
    void *plugin = dlopen(path, RTLD_NOW);
    if (!plugin)
        show("%s", dlerror());
    run = dlsym(plugin, "run");
    throw_and_catch = dlsym(plugin, "throw_and_catch");
    throw_and_catch(callback);
    for (long how = 0; how < 5; how++) {
        pthread_t t;
        void *result;
        pthread_create(&t, NULL, run, (void *)how);
        sleep_ms(60);
        if (how != 1)
            pthread_cancel(t);
        SHOW(pthread_join(t, &result));
        show("how %ld: cancelled %d", how, result == PTHREAD_CANCELED);
    }
    return 0;
}
