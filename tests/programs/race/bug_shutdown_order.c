/* SPDX-License-Identifier: MIT */
/* A plugin is told to stop by a flag and its tables are cleared before its thread has seen it. */
/* EXPECT: race plugin/shuts_down on tables */
/* TWIN */
#include "hidden.h"
#include <stdatomic.h>

static atomic_int stops;
static int tables[4] = {1, 2, 3, 4};

static NOINLINE void *plugin(void *none)
{
    int sum = 0;
    while (!atomic_load(&stops)) {
        sum += tables[1];
        hidden_done(1);
    }
    USE(sum);
    return NULL;
}

static NOINLINE void shuts_down(pthread_t thread)
{
    hidden_await(1);
    if (IS_TWIN) {
        atomic_store(&stops, 1);
        join(thread);
    }
    tables[1] = 0;
    if (!IS_TWIN) {
        atomic_store(&stops, 1);
        join(thread);
    }
}

int main(void)
{
    shuts_down(start(plugin, NULL));
    return 0;
}
