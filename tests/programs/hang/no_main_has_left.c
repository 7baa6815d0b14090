/* SPDX-License-Identifier: MIT */
/* The last thread is told to stop. */
/* EXPECT-NONE */
#include "unseen.h"

static sem_t work;

static void *worker(void *argument)
{
    sem_wait(&work);
    return NULL;
}

int main(void)
{
    sem_init(&work, 0, 0);
    pthread_detach(start(worker, NULL));
    sem_post(&work);
    pthread_exit(NULL);
}
