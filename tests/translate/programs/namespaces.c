/* SPDX-License-Identifier: MIT */
/* A library in a namespace of its own, with a libc of its own. */
/* WITH: with_shapes.c:SHARED */
/* LIMITS: other-namespaces */
#include <dlfcn.h>

#include "show.h"

static int plus(int a, int b) { return a + b; }

int main(int argc, char **argv)
{
    char path[4096];
    int (*callback)(int (*)(int, int), int, int);
    (void)argc;
    become_threaded();
    snprintf(path, sizeof(path), "%s-with_shapes.so", argv[0]);
    void *handle = dlmopen(LM_ID_NEWLM, path, RTLD_NOW);
    *(void **)&callback = dlsym(handle, "shape_callback");
    show("%d", callback(plus, 3, 4));
    dlclose(handle);
    return 0;
}
