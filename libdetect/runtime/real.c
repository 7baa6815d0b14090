/* SPDX-License-Identifier: MIT */
/* Resolves the functions behind our interceptors; see real.h. */
#include "runtime/real.h"

#include <dlfcn.h>
#include <string.h>

#include "base/atomic.h"

struct real real;

static const struct entry {
    const char *name, *version;
    size_t offset;
} entries[] = {
#define REAL_FUNCTION(name) {#name, NULL, offsetof(struct real, name)},
#define REAL_VERSION(name, version) {#name, version, offsetof(struct real, name)},
#include "runtime/real_sync.def"
#include "runtime/real_system.def"
#undef REAL_FUNCTION
#undef REAL_VERSION
};

/* What dlsym calls itself. */
static bool is_needed_first(const char *name)
{
    static const char *const first[] = {"malloc", "calloc", "realloc", "free"};
    for (size_t i = 0; i < ARRAY_LEN(first); i++)
        if (strcmp(name, first[i]) == 0)
            return true;
    return false;
}

static void resolve(const struct entry *entry)
{
    void *found = entry->version ? dlvsym(RTLD_NEXT, entry->name, entry->version)
                                 : dlsym(RTLD_NEXT, entry->name);
    if (found)
        memcpy((char *)&real + entry->offset, &found, sizeof(found));
    else
        dlerror(); /* the program must not find our failure in its own dlerror() */
}

void real_init(void)
{
    static bool resolving;
    if (real.ready || resolving)
        return;
    resolving = true;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < ARRAY_LEN(entries); i++)
            if (is_needed_first(entries[i].name) == (pass == 0))
                resolve(&entries[i]);
    /* No other thread exists yet; the constructor runs this before any can. */
    real.ready = true;
}

void real_map(uintptr_t (*map)(uintptr_t function))
{
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        uintptr_t *function = (uintptr_t *)((char *)&real + entries[i].offset);
        if (*function)
            store_relaxed(function, map(*function));
    }
}
