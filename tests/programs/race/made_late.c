/* SPDX-License-Identifier: MIT */
/* Locks that one thread makes while another may use them already; the twin makes them before there is another. */
/* EXPECT: race makes/uses on mutex */
/* EXPECT: race makes/uses on rwlock */
/* EXPECT: race makes/uses on barrier */
/* EXPECT: race makes/uses on semaphore */
/* TWIN */
#include "hidden.h"
#include <semaphore.h>

static pthread_mutex_t mutex;
static pthread_rwlock_t rwlock;
static pthread_barrier_t barrier;
static sem_t semaphore;

static NOINLINE void *makes(void *none)
{
    pthread_mutex_init(&mutex, NULL);
    pthread_rwlock_init(&rwlock, NULL);
    pthread_barrier_init(&barrier, NULL, 1);
    sem_init(&semaphore, 0, 1);
    hidden_done(1);
    return NULL;
}

static NOINLINE void *uses(void *none)
{
    hidden_await(1);
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    pthread_rwlock_rdlock(&rwlock);
    pthread_rwlock_unlock(&rwlock);
    pthread_barrier_wait(&barrier);
    sem_wait(&semaphore);
    return NULL;
}

int main(void)
{
    if (!IS_TWIN)
        return both(makes, uses);
    makes(NULL);
    pthread_t thread = start(uses, NULL);
    join(thread);
    return 0;
}
