/* SPDX-License-Identifier: MIT */
/* malloc and its family in the program itself: libc calls them, and so does detect. */
#include <dirent.h>

#include "show.h"

static char memory[64 << 20] __attribute__((aligned(16)));
static size_t used;
static long calls;

void *malloc(size_t size)
{
    __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
    size_t need = (size + 31) / 16 * 16;
    size_t at = __atomic_fetch_add(&used, need, __ATOMIC_RELAXED);
    *(size_t *)(memory + at) = size;
    return memory + at + 16;
}

void free(void *block)
{
    if (block)
        __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
}

void *calloc(size_t count, size_t size) { return malloc(count * size); }

void *realloc(void *block, size_t size)
{
    void *larger = malloc(size);
    if (block) {
        size_t old = *(size_t *)((char *)block - 16);
        memcpy(larger, block, old < size ? old : size);
    }
    return larger;
}

static void *works(void *arg)
{
    (void)arg;
    size_t length = 0;
    for (int i = 0; i < 2000; i++) {
        char *copy = strdup("some text");
        length += strlen(copy);
        free(copy);
    }
    return (void *)length;
}

int main(void)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, works, NULL);
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(threads[i], &result);
        show("%ld", (long)result);
    }
    DIR *folder = opendir("/proc/self");
    show("%s", folder && readdir(folder) ? "read" : "not read");
    closedir(folder);
    show("%s", calls > 16000 ? "called" : "not called");
    return 0;
}
