/* SPDX-License-Identifier: MIT */
/* Asynchronous cancellation of threads in loops of lock calls, and of none at all. */
#include "show.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static void clean(void *arg) { show("clean-up"); }

static void *spin(void *arg)
{
    pthread_cleanup_push(clean, NULL);
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    for (volatile long i = 0;; i++) {
    }
    pthread_cleanup_pop(0);
    return arg;
}

static void *toggle(void *arg)
{
    int old;
    pthread_cleanup_push(clean, NULL);
    for (;;) {
        pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
        for (volatile int i = 0; i < 100; i++) {
        }
        pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &old);
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
    }
    pthread_cleanup_pop(0);
    return arg;
}

static void *lock_own(void *arg)
{
    pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    for (;;) {
        pthread_mutex_trylock(&own);
        pthread_mutex_unlock(&own);
    }
    return arg;
}

int main(void)
{
    void *(*const bodies[])(void *) = {spin, toggle, lock_own};
    for (int i = 0; i < 15; i++) {
        pthread_t t;
        void *result;
        pthread_create(&t, NULL, bodies[i % 3], NULL);
        sleep_ms(10 + i);
        pthread_cancel(t);
        pthread_join(t, &result);
        show("%d: cancelled %d", i, result == PTHREAD_CANCELED);
    }
    SHOW(pthread_mutex_lock(&mutex));
    SHOW(pthread_mutex_unlock(&mutex));
    return 0;
}
