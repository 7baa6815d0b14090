/* SPDX-License-Identifier: MIT */
/* The lock in the block is still the same. */
/* EXPECT: lock-order take_ab/take_ba on a */
#include <sys/mman.h>

#include "unseen.h"

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, *b;

static void *block_at(void *where)
{
    return mmap(where, 4096, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | (where ? MAP_FIXED : 0), -1, 0);
}

static void *take_ab(void *argument)
{
    pthread_mutex_lock(&a);
    pthread_mutex_lock(b);
    pthread_mutex_unlock(b);
    pthread_mutex_unlock(&a);
    step_done(1);
    return NULL;
}

static void *take_ba(void *argument)
{
    await_step(1);
    pthread_mutex_lock(b);
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    pthread_mutex_unlock(b);
    return NULL;
}

int main(void)
{
    b = block_at(NULL);
    pthread_t one = start(take_ab, NULL), two = start(take_ba, NULL);
    join(one);
    join(two);
    return 0;
}
