/* SPDX-License-Identifier: MIT */
/* A detached thread's end orders nothing; the twin's says so with a semaphore. */
/* EXPECT: race works/main on result */
/* TWIN */
#include "hidden.h"

static sem_t done;
static int result;

static NOINLINE void *works(void *none)
{
    result = 1;
    sem_post(&done);
    hidden_done(1);
    return NULL;
}

int main(void)
{
    pthread_attr_t detached;
    pthread_t thread;
    sem_init(&done, 0, 0);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_create(&thread, &detached, works, NULL);
    hidden_await(1);
    if (IS_TWIN)
        sem_wait(&done);
    USE(*(volatile int *)&result);
    return 0;
}
