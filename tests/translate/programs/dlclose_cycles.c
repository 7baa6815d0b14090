/* SPDX-License-Identifier: MIT */
/* A library that is opened and closed a thousand times leaves nothing behind that grows. */
/* WITH: with_plugin.c:SHARED */
#include <dlfcn.h>

#include "show.h"

static int twice(int value) { return 2 * value; }

static long resident_pages(void)
{
    long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld %ld", &size, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return resident;
}

int main(int argc, char **argv)
{
    char path[4096];
    int (*work)(int (*)(int), int);
    long sum = 0, early = 0;
    (void)argc;
    become_threaded();
    snprintf(path, sizeof(path), "%s-with_plugin.so", argv[0]);
    for (int i = 0; i < 1000; i++) {
        void *handle = dlopen(path, RTLD_NOW);
        *(void **)&work = dlsym(handle, "plugin_work");
        sum += work(twice, i);
        dlclose(handle);
        if (i == 200)
            early = resident_pages();
    }
    long growth = resident_pages() - early;
    show("sum %ld", sum);
    show("%s", growth < 1000 ? "memory stays" : "memory grows");
    if (growth >= 1000)
        show("%ld pages in 800 cycles", growth);
    return 0;
}
