/* SPDX-License-Identifier: MIT */
/* A forked child has its own copy: no race with what the parent's threads do. The wrong parent's threads race. */
/* EXPECT: race parent/child_and_write on value */
/* TWIN */
#include "hidden.h"
#include <sys/wait.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int value, copied;

static void *parent(void *none)
{
    pthread_mutex_lock(&lock);
    value++;
    pthread_mutex_unlock(&lock);
    copied = 1;
    hidden_done(1);
    return NULL;
}

static void *child_and_write(void *none)
{
    hidden_await(1);
    pid_t pid = fork();
    if (pid == 0) {
        copied++;
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    if (IS_TWIN)
        pthread_mutex_lock(&lock);
    value++;
    if (IS_TWIN)
        pthread_mutex_unlock(&lock);
    return NULL;
}

int main(void) { return both(parent, child_and_write); }
