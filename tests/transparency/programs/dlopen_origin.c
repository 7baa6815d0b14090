/* SPDX-License-Identifier: MIT */
/* WITH: with_constructor.c:SHARED */
/* LIMITS: other-namespaces */
/* CFLAGS: -Wl,-rpath,$ORIGIN -Wl,--enable-new-dtags */
/* Libraries found by the caller's RUNPATH, symbols by RTLD_NEXT and RTLD_DEFAULT, errors by dlerror. */
#include <dlfcn.h>
#include <link.h>

#include "show.h"

int main(void)
{
    char name[300];
    snprintf(name, sizeof(name), "%s-with_constructor.so", program_invocation_short_name);
    void *library = dlopen(name, RTLD_LAZY);
    show("by RUNPATH: %s", library ? "found" : dlerror());
    SHOW(dlclose(library));
    SHOW(dlopen("libnosuch.so", RTLD_NOW));
    show("%s", dlerror());
    show("no more errors %d", dlerror() == NULL);
    SHOW(dlsym(RTLD_DEFAULT, "no_such_symbol"));
    show("error %d", dlerror() != NULL);
    void *next = dlsym(RTLD_NEXT, "pthread_mutex_lock"), *lock = dlsym(RTLD_DEFAULT, "pthread_mutex_lock");
    pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    SHOW(((int (*)(pthread_mutex_t *))next)(&m));
    SHOW(pthread_mutex_unlock(&m));
    SHOW(((int (*)(pthread_mutex_t *))lock)(&m));
    SHOW(pthread_mutex_unlock(&m));
    for (int i = 0; i < 20; i++) {
        library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
        dlclose(library);
    }
    void *other = dlmopen(LM_ID_NEWLM, "libm.so.6", RTLD_NOW);
    show("dlmopen %d", other != NULL);
    if (other)
        SHOW(dlclose(other));
    Dl_info info;
    SHOW(dladdr((void *)main, &info) != 0);
    show("%s", info.dli_sname ? info.dli_sname : "-");
    return 0;
}
