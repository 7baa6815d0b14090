/* SPDX-License-Identifier: MIT */
/* Cancellation and pthread_exit in C: pthread_cleanup_push without exceptions (a jump), and cleanup attributes. */
/* CFLAGS: -O2 */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <unistd.h>

static sem_t ready;
static __thread int level;

static void handler(void *name) { printf("  handler %s at level %d\n", (const char *)name, level); }

static void leave(int *value) { printf("  variable %d\n", *value); }

__attribute__((noinline)) static void inner(int how)
{
    level = 2;
    pthread_cleanup_push(handler, "inner");
    if (how == 0)
        pthread_exit(&level);
    sem_post(&ready);
    if (how == 1)
        for (;;)
            sleep(1);
    if (how == 2) {
        pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
        for (volatile unsigned i = 0;; i++)
            ;
    }
    pthread_cleanup_pop(1);
}

__attribute__((noinline)) static int outer(int how)
{
    level = 1;
    pthread_cleanup_push(handler, "outer");
    inner(how);
    pthread_cleanup_pop(1);
    return level;
}

static void *run(void *how)
{
    int value __attribute__((cleanup(leave))) = 7;
    outer(*(int *)how);
    printf("  returned\n");
    return NULL;
}

int main(void)
{
    sem_init(&ready, 0, 0);
    for (int how = 0; how < 4; how++) {
        pthread_t thread;
        void *result;
        printf("way %d\n", how);
        pthread_create(&thread, NULL, run, &how);
        if (how > 0) {
            sem_wait(&ready);
            if (how < 3)
                pthread_cancel(thread);
        }
        pthread_join(thread, &result);
        printf("  %s\n", result == PTHREAD_CANCELED ? "cancelled" : result ? "exited" : "returned");
    }
    return 0;
}
