/* SPDX-License-Identifier: MIT */
/* Functions that look at their caller's address, and programs that look at their own callers. */
/* CFLAGS: -O1 -rdynamic -Wl,--enable-new-dtags,-rpath,$ORIGIN -fno-optimize-sibling-calls */
/* WITH: with_caller.c:SHARED */
#include <dlfcn.h>
#include <link.h>

#include "show.h"

#define NOINLINE __attribute__((noinline))

static const char *base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* A symbol that libc has as well: which one is found depends on who asks. */
int getppid(void) { return 12345; }

static void who(const char *what, void *address)
{
    Dl_info info;
    if (!dladdr(address, &info))
        show("%s: nowhere", what);
    else
        show("%s: %s in %s", what, info.dli_sname ? info.dli_sname : "?",
             strncmp(base(info.dli_fname), "caller", 6) == 0 ? "program or library" : base(info.dli_fname));
}

NOINLINE void called(void) { who("my caller", __builtin_return_address(0)); }
NOINLINE void calling(void) { called(); show("back"); }

static void lookups(void)
{
    int (*mine)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "getppid");
    int (*next)(void) = (int (*)(void))dlsym(RTLD_NEXT, "getppid");
    show("default is mine %d, next is mine %d, next found %d", mine == getppid, next == getppid, next != NULL);
    show("next gives another %d", next() != 12345);
    void *versioned = dlvsym(RTLD_NEXT, "pthread_cond_wait", "GLIBC_2.3.2");
    show("versioned %d", versioned != NULL);
    show("nothing %d", dlsym(RTLD_NEXT, "there_is_no_such_function") == NULL);
    show("%s", strstr(dlerror(), "there_is_no_such_function") ? "error kept" : "other error");
    who("next", (void *)(uintptr_t)next);
}

static char *library;

static void load(const char *name)
{
    void *handle = dlopen(name, RTLD_NOW);
    show("%s", handle ? "loaded" : dlerror());
    if (!handle)
        return;
    void (*run)(void) = (void (*)(void))dlsym(handle, "run_in_library");
    run();
    char origin[4096];
    if (dlinfo(handle, RTLD_DI_ORIGIN, origin) == 0)
        show("origin known %d", origin[0] == '/');
    dlclose(handle);
}

static int count_modules(struct dl_phdr_info *info, size_t size, void *count)
{
    (void)info, (void)size;
    ++*(int *)count;
    return 0;
}

static void *everything(void *unused)
{
    (void)unused;
    lookups();
    load(library); /* by its name alone: through the RUNPATH of who asks */
    calling();
    int count = 0;
    dl_iterate_phdr(count_modules, &count);
    show("modules %d", count > 2);
    return NULL;
}

int main(int argc, char **argv)
{
    (void)argc;
    char name[4096];
    snprintf(name, sizeof(name), "%s-with_caller.so", base(argv[0]));
    library = name;
    pthread_t thread;
    everything(NULL);
    pthread_create(&thread, NULL, everything, NULL);
    pthread_join(thread, NULL);
    everything(NULL);
    return 0;
}
