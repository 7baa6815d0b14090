/* SPDX-License-Identifier: MIT */
/* A program with an allocator of its own in the executable, which uses a mutex. */
#include "show.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char pool[64 << 20];
static size_t used, frees;

void *malloc(size_t size)
{
    pthread_mutex_lock(&mutex);
    char *block = pool + used;
    used += (size + 31) / 16 * 16;
    *(size_t *)block = size;
    pthread_mutex_unlock(&mutex);
    return block + 16;
}
void free(void *block) { frees += block != NULL; }
void *calloc(size_t a, size_t b) { return memset(malloc(a * b), 0, a * b); }
void *realloc(void *block, size_t size)
{
    char *moved = malloc(size);
    if (block) {
        size_t old = *(size_t *)((char *)block - 16);
        memcpy(moved, block, old < size ? old : size);
    }
    return moved;
}

static void *work(void *arg)
{
    for (int i = 0; i < 1000; i++)
        free(malloc(100));
    return arg;
}

int main(void)
{
    pthread_t t;
    pthread_create(&t, NULL, work, NULL);
    pthread_join(t, NULL);
    show("frees %d", frees >= 1000);
    char *copy = strdup("copy");
    show("%s", copy);
    return 0;
}
