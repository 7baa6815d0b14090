/* SPDX-License-Identifier: MIT */
/* A block goes from hand to hand through a queue; the wrong giver still writes to it after that. */
/* EXPECT: race gives/takes */
/* TWIN */
#include "hidden.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static int *queue[4], length;

static void *gives(void *none)
{
    int *block = malloc(100);
    block[0] = 1;
    pthread_mutex_lock(&lock);
    queue[length++] = block;
    pthread_cond_signal(&filled);
    pthread_mutex_unlock(&lock);
    if (!IS_TWIN)
        block[0] = 2;
    hidden_done(1);
    return NULL;
}

static void *takes(void *none)
{
    pthread_mutex_lock(&lock);
    while (length == 0)
        pthread_cond_wait(&filled, &lock);
    int *block = queue[--length];
    pthread_mutex_unlock(&lock);
    hidden_await(1);
    USE(*(volatile int *)block);
    hidden_done(2);
    return NULL;
}

int main(void) { return both(gives, takes); }
