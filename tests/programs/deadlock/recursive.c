/* SPDX-License-Identifier: MIT */
/* A recursive mutex is unlocked once less than it was locked; the joined thread needs it. */
/* STUCK */
/* EXPECT: deadlock worker/main on m */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

static void *worker(void *argument)
{
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    pthread_mutex_lock(&m);
    pthread_mutex_lock(&m);
    pthread_t thread = start(worker, NULL);
    pthread_mutex_unlock(&m);
    pthread_join(thread, NULL);
    pthread_mutex_unlock(&m);
    return 0;
}
