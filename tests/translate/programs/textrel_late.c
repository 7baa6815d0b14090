/* SPDX-License-Identifier: MIT */
/* A library with text relocations that is opened later runs natively, and the report says so. */
/* WITH: with_textrel.c:SHARED */
/* LIMITS: native-module */
#include <dlfcn.h>

#include "show.h"

int main(int argc, char **argv)
{
    char path[4096];
    int (*function)(void), (*callback)(int (*)(int, int), int, int);
    (void)argc;
    become_threaded();
    snprintf(path, sizeof(path), "%s-with_textrel.so", argv[0]);
    void *handle = dlopen(path, RTLD_NOW);
    if (!handle)
        show("%s", dlerror());
    *(void **)&function = dlsym(handle, "shape_textrel");
    *(void **)&callback = dlsym(handle, "shape_callback");
    show("%d", function());
    int plus(int a, int b) { return a + b; }
    show("%d", callback(plus, 3, 4));
    dlclose(handle);
    return 0;
}
