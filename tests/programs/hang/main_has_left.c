/* SPDX-License-Identifier: MIT */
/* main has left by pthread_exit; its last thread waits for work that nobody gives. */
/* STUCK */
/* EXPECT: hang worker on work */
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
    pthread_exit(NULL);
}
