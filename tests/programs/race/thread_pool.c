/* SPDX-License-Identifier: MIT */
/* Tasks through a queue with a condition; the wrong tasks all count in one variable. */
/* EXPECT: race works on done */
/* TWIN */
#include "hidden.h"

enum { TASKS = 24 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static int queue[TASKS], head, tail, finished;
static int results[TASKS], done;

static NOINLINE void *works(void *none)
{
    for (;;) {
        pthread_mutex_lock(&lock);
        while (head == tail && !finished)
            pthread_cond_wait(&more, &lock);
        if (head == tail) {
            pthread_mutex_unlock(&lock);
            break;
        }
        int task = queue[head++];
        pthread_mutex_unlock(&lock);
        results[task] = task * task;
    }
    hidden_meet(3);
    if (!IS_TWIN)
        done++;
    return NULL;
}

int main(void)
{
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        threads[i] = start(works, NULL);
    for (int i = 0; i < TASKS; i++) {
        pthread_mutex_lock(&lock);
        queue[tail++] = i;
        pthread_cond_signal(&more);
        pthread_mutex_unlock(&lock);
    }
    pthread_mutex_lock(&lock);
    finished = 1;
    pthread_cond_broadcast(&more);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 3; i++)
        join(threads[i]);
    return results[5] != 25 || done > 3;
}
