/* SPDX-License-Identifier: MIT */
/* A library that starts a thread when it is loaded and joins it when it is unloaded. */
#include "show.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_t thread;
static int stop, loops;

static void *work(void *arg)
{
    pthread_mutex_lock(&mutex);
    while (!stop)
        pthread_cond_wait(&cond, &mutex);
    loops++;
    pthread_mutex_unlock(&mutex);
    return arg;
}

__attribute__((constructor)) static void begin(void) { pthread_create(&thread, NULL, work, NULL); }
__attribute__((destructor)) static void end(void)
{
    pthread_mutex_lock(&mutex);
    stop = 1;
    pthread_cond_signal(&cond);
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
    show("library ends, loops %d", loops);
}

int run(void)
{
    pthread_mutex_lock(&mutex);
    int result = loops + 5;
    pthread_mutex_unlock(&mutex);
    return result;
}
