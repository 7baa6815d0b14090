/* SPDX-License-Identifier: MIT */
/* Little address space is left: nothing fails that would not fail without detect. */
#include <sys/resource.h>

#include "show.h"

static int twice(int value) { return 2 * value; }

static void *computes(void *arg)
{
    long sum = (long)arg;
    char *block = malloc(1 << 20);
    memset(block, 1, 1 << 20);
    for (int i = 0; i < 100000; i++)
        sum = sum * 7 % 1000003 + twice(i % 10) + block[i];
    free(block);
    return (void *)sum;
}

int main(void)
{
    long size = 0;
    pthread_t threads[4];
    FILE *file = fopen("/proc/self/statm", "r");
    (void)!fscanf(file, "%ld", &size);
    fclose(file);
    struct rlimit limit = {(unsigned long)size * 4096 + (200ul << 20), RLIM_INFINITY};
    SHOW(setrlimit(RLIMIT_AS, &limit));
    for (long i = 0; i < 4; i++)
        SHOW(pthread_create(&threads[i], NULL, computes, (void *)i));
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(threads[i], &result);
        show("%ld", (long)result);
    }
    return 0;
}
