/* SPDX-License-Identifier: MIT */
/* A download accelerator: workers count bytes under a lock, the handler of an interrupt saves them without. */
/* EXPECT: race worker/saves on written */
/* TWIN */
#include "hidden.h"
#include <signal.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long written, saved;

static NOINLINE void saves(int signal) { saved = IS_TWIN ? 1 : *(volatile long *)&written; }

static NOINLINE void *worker(void *none)
{
    pthread_mutex_lock(&lock);
    written += 100;
    pthread_mutex_unlock(&lock);
    hidden_done(1);
    return NULL;
}

int main(void)
{
    struct sigaction action = {.sa_handler = saves};
    sigaction(SIGUSR1, &action, NULL);
    pthread_t thread = start(worker, NULL);
    hidden_await(1);
    raise(SIGUSR1);
    join(thread);
    return saved == 0;
}
