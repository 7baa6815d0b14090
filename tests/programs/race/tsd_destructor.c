/* SPDX-License-Identifier: MIT */
/* The destructor of thread-specific data runs in the thread that ends, before its join. */
/* EXPECT: race destroys/main on destroyed */
/* TWIN */
#include "hidden.h"

static pthread_key_t key;
static int destroyed;

static NOINLINE void destroys(void *value)
{
    destroyed++;
    hidden_done(1);
}

static void *uses(void *none)
{
    pthread_setspecific(key, &destroyed);
    return NULL;
}

int main(void)
{
    pthread_key_create(&key, destroys);
    pthread_t thread = start(uses, NULL);
    if (IS_TWIN)
        join(thread);
    hidden_await(1);
    USE(*(volatile int *)&destroyed);
    if (!IS_TWIN)
        join(thread);
    return 0;
}
