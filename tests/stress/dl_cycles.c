/* SPDX-License-Identifier: MIT */
/* A library with locks is opened and closed again and again; each time its static mutex may be a new one
 * at the same address or elsewhere, and its constructor and a thread of it use it. */
/* EXPECT-NONE */
/* SHORT: 100 */
/* LONG: 5000 */
/* LIBRARY: dl_plugin */
#include <dlfcn.h>
#include <pthread.h>

#include "stress.h"

int main(int argc, char **argv)
{
    uint64_t count = stress_argument(argc, argv, 1, 500), total = 0;
    char path[4096];
    snprintf(path, sizeof path, "%s.plugin.so", argv[0]);
    for (uint64_t i = 0; i < count; i++) {
        if (stress_is_point(i, count))
            stress_point(i);
        void *library = dlopen(path, RTLD_NOW);
        if (!library)
            fprintf(stderr, "%s\n", dlerror());
        CHECK(library);
        void *(*use)(void *) = (void *(*)(void *))(uintptr_t)dlsym(library, "plugin_use");
        CHECK(use);
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, use, &total) == 0);
        use(&total);
        pthread_join(thread, NULL);
        CHECK(dlclose(library) == 0);
    }
    stress_point(count);
    printf("%llu uses\n", (unsigned long long)total);
    return 0;
}
