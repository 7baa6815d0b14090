/* SPDX-License-Identifier: MIT */
/* The library of dl_cycles.c. */
#include <pthread.h>
#include <stdint.h>

void *plugin_use(void *total);

static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER, second = PTHREAD_MUTEX_INITIALIZER;

static void __attribute__((constructor)) opened(void)
{
    pthread_mutex_lock(&first);
    pthread_mutex_unlock(&first);
}

void *plugin_use(void *total)
{
    pthread_mutex_lock(&first);
    pthread_mutex_lock(&second);
    ++*(uint64_t *)total;
    pthread_mutex_unlock(&second);
    pthread_mutex_unlock(&first);
    return NULL;
}
