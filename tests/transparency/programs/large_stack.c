/* SPDX-License-Identifier: MIT */
/* A deep recursion that takes a lock on each level, on a stack of 256 MB. */
#include "show.h"

static int deep(int n)
{
    volatile char frame[4000];
    pthread_mutex_t mine = PTHREAD_MUTEX_INITIALIZER;
    frame[0] = 1;
    pthread_mutex_lock(&mine);
    int result = n ? deep(n - 1) + frame[0] : 0;
    pthread_mutex_unlock(&mine);
    return result;
}

static void *work(void *arg) { return (void *)(long)deep((int)(long)arg); }

int main(void)
{
    pthread_t t;
    void *result;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 256 << 20);
    for (int i = 0; i < 2; i++) {
        pthread_create(&t, &attr, work, (void *)2000L);
        pthread_join(t, &result);
        show("depth %ld", (long)result);
    }
    return 0;
}
