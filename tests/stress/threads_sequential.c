/* SPDX-License-Identifier: MIT */
/* A hundred thousand threads, one after the other, joined or detached: memory and time per thread must
 * be those of the living ones. */
/* EXPECT-NONE */
/* SHORT: 2000 joined */
/* SHORT: 2000 detached */
/* LONG: 100000 joined */
/* LONG: 100000 detached */
/* LONG: 100000 self-detached */
#include <pthread.h>
#include <semaphore.h>

#include "stress.h"

static pthread_mutex_t common = PTHREAD_MUTEX_INITIALIZER;
static sem_t done;
static uint64_t total;
static int detach_self;

static void *work(void *arg)
{
    (void)arg;
    if (detach_self)
        pthread_detach(pthread_self());
    pthread_mutex_lock(&common);
    total++;
    pthread_mutex_unlock(&common);
    sem_post(&done);
    return NULL;
}

int main(int argc, char **argv)
{
    uint64_t count = stress_argument(argc, argv, 1, 100000);
    const char *how = argc > 2 ? argv[2] : "joined";
    detach_self = strcmp(how, "self-detached") == 0;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 64 << 10);
    if (strcmp(how, "detached") == 0)
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sem_init(&done, 0, 0);
    for (uint64_t i = 0; i < count; i++) {
        pthread_t thread;
        if (stress_is_point(i, count))
            stress_point(i);
        CHECK(pthread_create(&thread, &attributes, work, NULL) == 0);
        while (sem_wait(&done) != 0)
            ;
        if (strcmp(how, "joined") == 0)
            pthread_join(thread, NULL);
    }
    stress_point(count);
    pthread_mutex_lock(&common);
    printf("%llu threads %s\n", (unsigned long long)total, how);
    pthread_mutex_unlock(&common);
    return 0;
}
