/* SPDX-License-Identifier: MIT */
/* A program with threads limits its own address space: it is shown what it has set, and what is too much still is. */
#include <sys/resource.h>

#include "show.h"

#define LIMIT (400ul << 20)

static void show_limit(int resource)
{
    struct rlimit limit, same;
    SHOW(getrlimit((enum __rlimit_resource)resource, &limit));
    SHOW(prlimit(0, (enum __rlimit_resource)resource, NULL, &same));
    show("%d: %d %d", resource, limit.rlim_cur == LIMIT && same.rlim_cur == LIMIT,
         limit.rlim_max == RLIM_INFINITY && same.rlim_max == RLIM_INFINITY);
}

static void *limits(void *arg)
{
    struct rlimit limit = {LIMIT, RLIM_INFINITY}, before;
    for (int i = 0; i < 2; i++) {
        int resource = i ? RLIMIT_DATA : RLIMIT_AS;
        SHOW(setrlimit((enum __rlimit_resource)resource, &limit));
        show_limit(resource);
        SHOW(prlimit(0, (enum __rlimit_resource)resource, &limit, &before));
        show("before %d", before.rlim_cur == LIMIT);
    }
    void *fits = malloc(50ul << 20), *does_not = malloc(2 * LIMIT);
    show("%d %d", fits != NULL, does_not == NULL);
    free(fits);
    return arg;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, limits, NULL);
    pthread_join(thread, NULL);
    return 0;
}
