/* SPDX-License-Identifier: MIT */
/* Memory that the program maps where it likes, as some allocators do: one block before there are threads, one after. The second
 * thread leaves the lock out. */
/* EXPECT: race writes/adds_early */
/* EXPECT: race writes/adds_late */
/* TWIN */
#include "hidden.h"
#include <sys/mman.h>

#define TERABYTES(n) ((int *)((unsigned long)(n) << 40))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static NOINLINE void map(int *place)
{
    if (mmap(place, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != place)
        _exit(1);
}

static NOINLINE void *writes(void *none)
{
    map(TERABYTES(9));
    pthread_mutex_lock(&lock);
    TERABYTES(5)[5000] = 1;
    TERABYTES(9)[7] = 1;
    pthread_mutex_unlock(&lock);
    hidden_done(1);
    return NULL;
}

static NOINLINE void adds_early(void) { TERABYTES(5)[5000] += 2; }
static NOINLINE void adds_late(void) { TERABYTES(9)[7] += 2; }

static NOINLINE void *adds(void *none)
{
    hidden_await(1);
    if (IS_TWIN)
        pthread_mutex_lock(&lock);
    adds_early();
    adds_late();
    if (IS_TWIN)
        pthread_mutex_unlock(&lock);
    return NULL;
}

int main(void)
{
    map(TERABYTES(5));
    return both(writes, adds);
}
