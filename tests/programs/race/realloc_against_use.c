/* SPDX-License-Identifier: MIT */
/* realloc gives the old block back while another thread uses it; the twin holds the lock. */
/* EXPECT: free-race|race reads/grows */
/* TWIN */
#include "hidden.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *block;

static NOINLINE void *reads(void *none)
{
    pthread_mutex_lock(&lock);
    char *mine = block;
    if (!IS_TWIN)
        pthread_mutex_unlock(&lock);
    USE((int)*(volatile char *)(mine + 100));
    if (IS_TWIN)
        pthread_mutex_unlock(&lock);
    hidden_done(1);
    return NULL;
}

static NOINLINE void *grows(void *none)
{
    hidden_await(1);
    pthread_mutex_lock(&lock);
    block = realloc(block, 1 << 20);
    pthread_mutex_unlock(&lock);
    return NULL;
}

int main(void)
{
    block = calloc(1, 1000);
    return both(reads, grows);
}
