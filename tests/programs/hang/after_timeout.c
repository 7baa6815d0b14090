/* SPDX-License-Identifier: MIT */
/* A thread waits with a timeout and then without; nobody signals. */
/* STUCK */
/* EXPECT: hang main on s */
#include "unseen.h"

static sem_t s;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;

static void *patient(void *argument)
{
    struct timespec limit = in_milliseconds(1500);
    pthread_mutex_lock(&m);
    while (pthread_cond_timedwait(&never, &m, &limit) != ETIMEDOUT)
        ;
    for (;;)
        pthread_cond_wait(&never, &m);
    pthread_mutex_unlock(&m);
    sem_post(&s);
    return NULL;
}

int main(void)
{
    sem_init(&s, 0, 0);
    pthread_t thread = start(patient, NULL);
    sem_wait(&s);
    join(thread);
    return 0;
}
