/* SPDX-License-Identifier: MIT */
/*   kernels NAME [THREADS [SIZE]]      runs one kernel and prints a checksum */
#include "kernels.h"

#include <stdio.h>

unsigned threads = 2;
double checksum;

static pthread_barrier_t barrier;
static const struct kernel *const kernels[] = {&fft, &radix, &lu, &cholesky, &water, &barnes, &ocean, &list};
static const struct kernel *chosen;

void meet(void) { pthread_barrier_wait(&barrier); }

void share(unsigned self, unsigned count, unsigned *from, unsigned *to)
{
    *from = (unsigned)((uint64_t)count * self / threads);
    *to = (unsigned)((uint64_t)count * (self + 1) / threads);
}

double chance(uint64_t *state)
{
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    return (double)(*state >> 11) / (double)(1ull << 53);
}

void *memory(size_t size)
{
    void *block = calloc(1, size);
    if (!block)
        abort();
    return block;
}

static void *run(void *self)
{
    chosen->run((unsigned)(uintptr_t)self);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t others[MOST_THREADS];
    for (size_t i = 0; argc > 1 && i < sizeof kernels / sizeof *kernels; i++)
        if (strcmp(argv[1], kernels[i]->name) == 0)
            chosen = kernels[i];
    if (argc > 2)
        threads = (unsigned)atoi(argv[2]);
    if (!chosen || threads < 1 || threads > MOST_THREADS)
        return 2;
    pthread_barrier_init(&barrier, NULL, threads);
    chosen->prepare(argc > 3 ? (unsigned)atoi(argv[3]) : 0);
    for (uintptr_t i = 1; i < threads; i++)
        pthread_create(&others[i], NULL, run, (void *)i);
    run((void *)0);
    for (unsigned i = 1; i < threads; i++)
        pthread_join(others[i], NULL);
    printf("%s %.6g\n", chosen->name, checksum);
    return 0;
}
