/* SPDX-License-Identifier: MIT */
/* Two mappings of one file are one memory: a lock in it orders. The wrong thread writes without it. */
/* EXPECT: race first/second */
/* TWIN */
#include "hidden.h"

static pthread_mutex_t *lock;
static int *number;

static void *first(void *none)
{
    pthread_mutex_lock(lock);
    *number = 1;
    pthread_mutex_unlock(lock);
    hidden_done(1);
    return NULL;
}

static void *second(void *none)
{
    hidden_await(1);
    if (IS_TWIN)
        pthread_mutex_lock(lock);
    *number = 2;
    if (IS_TWIN)
        pthread_mutex_unlock(lock);
    return NULL;
}

int main(void)
{
    int file = memfd_create("shared", MFD_CLOEXEC);
    if (ftruncate(file, 4096))
        return 1;
    char *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    lock = (pthread_mutex_t *)memory;
    number = (int *)(memory + 1024);
    pthread_mutex_init(lock, NULL);
    return both(first, second);
}
