/* SPDX-License-Identifier: MIT */
/* Blocks and mappings with locks in them that grow, shrink, move and go. */
#include <malloc.h>
#include <sys/mman.h>

#include "show.h"

struct item {
    pthread_mutex_t mutex;
    int value;
};

int main(void)
{
    become_threaded();
    struct item *items = malloc(sizeof(*items));
    for (int n = 1; n < 2000; n++) {
        items = realloc(items, n * sizeof(*items));
        pthread_mutex_init(&items[n - 1].mutex, NULL);
        items[n - 1].value = n;
        pthread_mutex_lock(&items[n - 1].mutex);
        pthread_mutex_unlock(&items[n - 1].mutex);
    }
    long sum = 0;
    for (int i = 0; i < 1999; i++) {
        pthread_mutex_lock(&items[i].mutex);
        sum += items[i].value;
        pthread_mutex_unlock(&items[i].mutex);
    }
    show("sum %ld", sum);
    items = reallocarray(items, 3, sizeof(*items));
    show("value %d", items[2].value);
    SHOW(realloc(items, 0));
    void *aligned = NULL;
    SHOW(posix_memalign(&aligned, 4096, 100));
    pthread_mutex_init(aligned, NULL);
    free(aligned);
    free(NULL);
    char *map = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_mutex_t *m = (pthread_mutex_t *)(map + 500000);
    pthread_mutex_init(m, NULL);
    pthread_mutex_lock(m);
    pthread_mutex_unlock(m);
    SHOW(mmap(map, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == map);
    pthread_mutex_lock(m);
    pthread_mutex_unlock(m);
    char *moved = mremap(map, 1 << 20, 8 << 20, MREMAP_MAYMOVE);
    m = (pthread_mutex_t *)(moved + 500000);
    SHOW(pthread_mutex_trylock(m));
    SHOW(pthread_mutex_unlock(m));
    SHOW(madvise(moved, 8 << 20, MADV_DONTNEED));
    SHOW(munmap(moved, 8 << 20));
    SHOW(mlockall(MCL_CURRENT) == 0 || errno == EPERM || errno == ENOMEM);
    return 0;
}
