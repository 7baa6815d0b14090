/* SPDX-License-Identifier: MIT */
/* main joins a thread while it holds the mutex that the thread needs to end. */
/* STUCK */
/* EXPECT: deadlock worker/main on m */
#include "unseen.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *worker(void *argument)
{
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    pthread_mutex_lock(&m);
    pthread_t thread = start(worker, NULL);
    pthread_join(thread, NULL);
    pthread_mutex_unlock(&m);
    return 0;
}
