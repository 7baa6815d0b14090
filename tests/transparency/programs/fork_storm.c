/* SPDX-License-Identifier: MIT */
/* REPORTS: 61 */
/* Forks while other threads lock, allocate and start threads; the children do all of that as well. */
#include "show.h"

static volatile int stop;
static void *busy(void *arg)
{
    static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_t mine = PTHREAD_MUTEX_INITIALIZER;
    while (!stop) {
        pthread_mutex_lock(&mine);
        free(malloc(100));
        pthread_mutex_unlock(&mine);
        if (arg) {
            pthread_mutex_lock(&m);
            pthread_mutex_unlock(&m);
        }
    }
    return NULL;
}

static void *in_child(void *arg)
{
    static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&m);
    pthread_mutex_unlock(&m);
    return arg;
}

int main(void)
{
    pthread_t threads[3];
    for (long i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, busy, (void *)i);
    int sum = 0;
    for (int i = 0; i < 60; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            pthread_t t;
            void *result;
            pthread_create(&t, NULL, in_child, (void *)(long)i);
            pthread_join(t, &result);
            free(malloc(1000));
            if (i % 2)
                _exit((int)(long)result);
            exit((int)(long)result);
        }
        int status;
        waitpid(pid, &status, 0);
        if (!WIFEXITED(status))
            show_status("child", status);
        sum += WEXITSTATUS(status);
    }
    stop = 1;
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    show("sum %d", sum);
    return 0;
}
