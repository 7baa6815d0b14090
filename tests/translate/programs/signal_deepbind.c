/* SPDX-License-Identifier: MIT */
/* CFLAGS: -ldl */
/* WITH: with_deepbind.c:SHARED */
/* A library that is bound to libc directly handles SIGSEGV, blocks everything and makes threads. */
#include <dlfcn.h>

#include "show.h"

static void *nothing(void *arg) { return arg; }

int main(int argc, char **argv)
{
    char path[4096];
    pthread_t thread;
    pthread_create(&thread, NULL, nothing, NULL);
    pthread_join(thread, NULL);
    snprintf(path, sizeof(path), "%s-with_deepbind.so", argv[0]);
    void *library = dlopen(path, RTLD_NOW | RTLD_DEEPBIND);
    int (*plugin)(void) = dlsym(library, "plugin");
    for (int i = 0; i < 3; i++)
        show("plugin %d", plugin());
    show_mask("at last");
    int (*volatile direct)(int, const sigset_t *, sigset_t *) = dlsym(dlopen("libc.so.6", RTLD_NOLOAD | RTLD_NOW), "sigprocmask");
    sigset_t all;
    sigfillset(&all);
    direct(SIG_BLOCK, &all, NULL);
    show_mask("blocked");
    direct(SIG_UNBLOCK, &all, NULL);
    show("plugin %d", plugin());
    return 0;
}
